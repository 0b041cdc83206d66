"""A course folder: where releases, submissions and grades lie, and the secret that a grading's inputs follow from."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from pgkit.files import write_beside
from pgkit.grading.rebuild import Check, checks

LARGEST_FILE = 20_000_000  # bytes of a submitted notebook
SECRET_INPUTS = 2  # draws of secret inputs for each exercise, beside the visible ones


@dataclass(frozen=True)
class Course:
    """The folder with nbgrader_config.py.

    Raises ValueError for a folder that is none.
    """

    root: Path
    directory: Any = field(repr=False, compare=False)  # nbgrader's CourseDirectory

    @classmethod
    def at(cls, root: str | Path = ".") -> Course:
        from nbgrader.coursedir import CourseDirectory
        from traitlets.config.loader import PyFileConfigLoader

        _find_our_programs()
        place = Path(root).resolve()
        if not (place / "nbgrader_config.py").is_file():
            raise ValueError(
                f"{place.name or place}: no nbgrader_config.py here; change to the course's folder, or give "
                "--course FOLDER"
            )
        config = PyFileConfigLoader("nbgrader_config.py", path=str(place)).load_config()
        return cls(place, CourseDirectory(config=config, root=str(place)))

    @property
    def database(self) -> str:
        return self.directory.db_url

    @property
    def state(self) -> Path:
        """What grading keeps for itself, beside the gradebook."""
        place = self.root / ".pgkit"
        place.mkdir(exist_ok=True)
        return place

    def release(self, ps: str) -> NotebookNode:
        """The notebook that students got.  ValueError where there is none."""
        path = self.folder("release", ".", ps) / f"{ps}.ipynb"
        if not path.is_file():
            raise ValueError(
                f"{ps} is not released: there is no {path.relative_to(self.root)}; run pgkit release {ps}"
            )
        return nbformat.read(path, as_version=4)

    def checks(self, ps: str) -> list[Check]:
        return checks(self.release(ps))

    def folder(self, step: str, student: str, ps: str) -> Path:
        """step: "release", "submitted", "autograded" or "feedback"."""
        where = getattr(self.directory, f"{step}_directory")
        return self.root / self.directory.format_path(where, student, ps).removeprefix(
            str(self.root)
        ).lstrip("/")

    def students(self, ps: str) -> list[str]:
        """Who has handed in, by name."""
        submitted = self.root / self.directory.submitted_directory
        found = (
            p.name
            for p in submitted.glob("*")
            if (p / ps).is_dir() and not p.name.startswith(".") and _inside(p / ps, submitted)
        )
        return sorted(found)

    def submission(self, student: str, ps: str) -> tuple[bytes, str]:
        """(the submitted notebook, what was odd about its file); b"" if there is none to be read.

        Links are not followed.
        """
        folder = self.folder("submitted", student, ps)
        books = sorted(p for p in folder.glob("*.ipynb") if p.is_file() and _inside(p, folder))
        right = [p for p in books if p.stem == ps]
        if not books:
            return b"", "No notebook was handed in."
        if not right and len(books) > 1:
            return (
                b"",
                f"Several notebooks and none of them is {ps}.ipynb: {', '.join(p.name for p in books)}.",
            )
        path = right[0] if right else books[0]
        if path.stat().st_size == 0:
            return b"", f"{path.name} is empty."
        if path.stat().st_size > LARGEST_FILE:
            return (
                b"",
                f"{path.name} has {path.stat().st_size} bytes; at most {LARGEST_FILE} are read.",
            )
        note = "" if right else f"The file is called {path.name}; it was taken for {ps}.ipynb."
        return path.read_bytes(), note

    def graded(self, student: str, ps: str) -> NotebookNode | None:
        """The graded notebook that is there already."""
        path = self.folder("autograded", student, ps) / f"{ps}.ipynb"
        return nbformat.read(path, as_version=4) if path.is_file() else None

    def handed_in(self, student: str, ps: str) -> datetime | None:
        """When, by timestamp.txt, in UTC without a zone as nbgrader keeps it; None where that says nothing."""
        from nbgrader.utils import parse_utc

        path = self.folder("submitted", student, ps) / "timestamp.txt"
        if not path.is_file() or not _inside(path, path.parent) or path.stat().st_size > 100:
            return None
        try:
            return parse_utc(path.read_text(encoding="utf-8", errors="replace").strip())
        except (ValueError, OverflowError):
            return None

    def seeds(self, ps: str) -> list[int | None]:
        """The visible inputs (None) and the secret ones: drawn once for each set, kept beside the gradebook."""
        path = self.state / "seeds.json"
        kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if ps not in kept:
            kept[ps] = [secrets.randbits(48) for _ in range(SECRET_INPUTS)]
            write_beside(path, json.dumps(kept, indent=1, sort_keys=True) + "\n")
        return [None, *kept[ps]]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One grader at a time.  ValueError where another one is at work."""
        import fcntl  # where there is a sandbox there is this

        with (self.state / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ValueError(
                    "another pgkit grade is at work in this course folder; wait until it ends"
                ) from None
            yield


def _inside(path: Path, folder: Path) -> bool:
    """Is it no link that leads out of the folder?"""
    return folder.resolve() in path.resolve().parents


def _find_our_programs() -> None:
    """nbgrader calls alembic by its bare name, also where the environment is not activated."""
    ours, path = str(Path(sys.executable).parent), os.environ.get("PATH", "")
    if ours not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([ours, path])


def key(*parts: bytes | str) -> str:
    """A name for exactly this input."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
