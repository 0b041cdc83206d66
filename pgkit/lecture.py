"""A chapter as it is lectured: its sections, the presenter's notes, and the minutes planned for them.

All of it is read from the percent scripts in course/, where notes are cells tagged `instructor`; the
notebooks leave them out. The pages of the lecture view are in lecture_view/.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

PACKAGE = Path(__file__).resolve().parent
VIEW = PACKAGE / "lecture_view"
CELL = re.compile(r"^# %%(?: |$)(.*)\n?", re.MULTILINE)
HEADING = re.compile(r"^#{1,2} +(.+?) *$", re.MULTILINE)
MINUTES = re.compile(r"\bMinutes? (\d+) to (\d+)\b")
SETTINGS = {  # JupyterLab's, of the lecture only; the lecturer's own stay as they are
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},  # sections are shown and hidden whole
    "docmanager-extension/plugin": {"autosave": False},
}


@dataclass
class Section:
    """A heading of the notebook, what the presenter has to know there (Markdown), and when, in minutes."""

    title: str
    notes: list[str] = field(default_factory=list)
    minutes: tuple[int, int] | None = None


def course_folder() -> Path:
    """Where the chapters' scripts are: in an installed wheel's material, else in the repository."""
    packed = PACKAGE / "material" / "course"
    return packed if packed.is_dir() else PACKAGE.parent / "course"


def chapters(folder: Path | None = None) -> dict[str, Path]:
    """Number, as "05", to script."""
    return {p.stem[:2]: p for p in sorted((folder or course_folder()).glob("[0-9][0-9]_*.py"))}


def find_chapter(number: str | int, folder: Path | None = None) -> Path:
    """The script of a chapter; "5" and "05" are alike.  ValueError lists the chapters."""
    known = chapters(folder)
    wanted = str(number).strip().zfill(2)
    if wanted not in known:
        there = ", ".join(path.stem for path in known.values()) or "none"
        raise ValueError(f"chapter = {number}, but the chapters are: {there}")
    return known[wanted]


def outline(script: Path) -> list[Section]:
    """The sections of a chapter in order; each heading # or ## opens one."""
    sections: list[Section] = []
    begin, *cells = CELL.split(script.read_text(encoding="utf-8"))
    del begin  # what stands before the first cell
    for head, body in zip(cells[::2], cells[1::2], strict=True):
        if "[markdown]" not in head:
            continue
        text = re.sub(r"^# ?", "", body, flags=re.MULTILINE).strip()
        if "instructor" not in head:
            sections += [Section(title) for title in HEADING.findall(text)]
        elif sections:
            sections[-1].notes.append(text)
            if said := MINUTES.search(text):
                sections[-1].minutes = (int(said[1]), int(said[2]))
    return sections


def lay_out(notebook: Path, lectures: Path) -> Path:
    """A new folder in `lectures` with a copy of the notebook: bets start afresh, the original stays as it is.

    Raises OSError where it cannot be written.
    """
    name = f"{notebook.stem[:2]}-{datetime.now():%Y-%m-%d-%H%M%S}"
    folder = lectures / name
    for i in range(2, 100):
        if not folder.exists():
            break
        folder = lectures / f"{name}-{i}"
    for setting, value in SETTINGS.items():
        path = folder / ".jupyterlab/settings/@jupyterlab" / f"{setting}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value), encoding="utf-8")
    shutil.copyfile(notebook, folder / notebook.name)
    return folder


def stage(script: Path, *, code: bool) -> str:
    """The address, without the host, of the page for the projector."""
    query = {"notebook": f"{script.stem}.ipynb", "chapter": script.stem[:2], "code": int(code)}
    return f"/pgkit/lecture/stage?{urlencode(query)}"


def options(folder: Path) -> list[str]:
    """What JupyterLab is told for a lecture: the kit's pages, and settings and workspaces of its own."""
    home = folder / ".jupyterlab"
    return [
        "--expose-app-in-browser", "--ServerApp.jpserver_extensions=pgkit.server=True",
        f"--LabApp.user_settings_dir={home / 'settings'}", f"--LabApp.workspaces_dir={home / 'workspaces'}",
    ]  # fmt: skip
