"""The student's side: run the visible checks on one's own file as grading would, and pack it for handing in."""

from __future__ import annotations

import getpass
import hashlib
import io
import json
import re
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat

import pgkit
from pgkit.check import SETS
from pgkit.files import write_beside
from pgkit.grading.course import LARGEST_FILE
from pgkit.grading.judge import Verdict, request, verdicts
from pgkit.grading.rebuild import Rebuilt, checks, read, rebuild
from pgkit.grading.sandbox import Sandbox
from pgkit.workdir import default_workdir, material

MANIFEST = "manifest.json"
VISIBLE: list[int | None] = [None]


@dataclass(frozen=True)
class Checked:
    """What a notebook would get for the visible inputs, and what would be handed in of it."""

    path: Path
    verdicts: list[Verdict]
    notes: list[str]
    written: list[str]  # questions in words that are not answered yet
    end: str


def find(ps: str, file: str | Path | None = None) -> Path:
    """The student's notebook: the file given, psN.ipynb here, or the one in the working copy.  ValueError."""
    if ps not in SETS:
        raise ValueError(f"ps = {ps!r}, but it must be one of {', '.join(SETS)}")
    places = (
        [Path(file)]
        if file
        else [Path(f"{ps}.ipynb"), default_workdir() / "assignments" / ps / f"{ps}.ipynb"]
    )
    for place in places:
        if place.is_file():
            return place
    tried = " and ".join(map(str, places))
    raise ValueError(f"{ps}: there is no {tried}; give the notebook: pgkit check {ps} FILE")


def opened(ps: str, path: Path) -> Rebuilt:
    """What grading would make of the file.  ValueError for what would not be graded, with the way out."""
    release = nbformat.read(material() / "assignments" / ps / f"{ps}.ipynb", as_version=4)
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError(
            f"{path.name} has {path.stat().st_size / 1e6:.0f} MB, and at most {LARGEST_FILE / 1e6:.0f} are graded; "
            "in JupyterLab: Edit, Clear Outputs of All Cells, then save"
        )
    try:
        mine = read(path.read_bytes())
    except ValueError as error:
        raise ValueError(
            f"{path.name}: {error}; save it again in JupyterLab, or begin from a fresh copy of {ps}.ipynb"
        ) from error
    made = rebuild(release, mine)
    if len(made.missing) == sum(bool(c.metadata.nbgrader.get("solution")) for c in release.cells):
        raise ValueError(
            f"{path.name} has none of the answer cells of {ps}; is it another notebook?"
        )
    return made


def check(ps: str, path: Path) -> Checked:
    """Run the visible checks on a file, where there can be a sandbox in one.  ValueError as `opened`."""
    made = opened(ps, path)
    release = nbformat.read(material() / "assignments" / ps / f"{ps}.ipynb", as_version=4)
    with Sandbox([ps], unsafe=True) as box:
        reply = box.run(request(made.notebook, checks(release)), VISIBLE)
    return Checked(
        path,
        verdicts(checks(release), reply, VISIBLE),
        made.notes,
        _unanswered(release, made),
        reply["end"],
    )


def _unanswered(release: Any, made: Rebuilt) -> list[str]:
    """The questions in words whose text is still the release's."""
    pairs = zip(
        release.cells, [c for c in made.notebook.cells if "nbgrader" in c.metadata], strict=True
    )
    return [
        old.metadata.nbgrader["grade_id"]
        for old, new in pairs
        if old.cell_type == "markdown" and old.metadata.nbgrader.get("solution")
        and new.source.strip() in ("", old.source.strip())
    ]  # fmt: skip


def pack(ps: str, path: Path, student: str | None = None, target: Path | None = None) -> Path:
    """A zip file with the notebook as it is and a manifest with its hash; returns where it lies.

    Raises ValueError for what would not be graded, and for a name that is no name.
    """
    opened(ps, path)
    name = student or getpass.getuser()
    if not re.fullmatch(r"[A-Za-z0-9][\w.@+-]{0,63}", name, re.ASCII):
        raise ValueError(
            f"name = {name!r}, but a name has letters, digits and . _ @ + - only; give yours: --name ada"
        )
    data = path.read_bytes()
    manifest = {
        "ps": ps, "student": name, "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": hashlib.sha256(data).hexdigest(), "pgkit": pgkit.__version__,
    }  # fmt: skip
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"{ps}.ipynb", data)
        file.writestr(MANIFEST, json.dumps(manifest, indent=1) + "\n")
    target = target or path.with_name(f"{ps}-{name}.zip")
    write_beside(target, buffer.getvalue())
    return target
