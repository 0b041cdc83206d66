"""The instructor's desk: release a problem set, collect what was handed in, give feedback, read the scores."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat

from pgkit.files import write_beside
from pgkit.grading.course import LARGEST_FILE, Course, key
from pgkit.grading.gradebook import Gradebook, quietly
from pgkit.grading.judge import request, verdicts
from pgkit.grading.outcome import read_log
from pgkit.grading.rebuild import rebuild
from pgkit.grading.sandbox import Sandbox
from pgkit.grading.student import MANIFEST

# ---------------------------------------------------------------- release


def release(course: Course, ps: str) -> str:
    """Write the release by nbgrader and try it: the solution must get all points, the release none.

    Returns a sentence.  Raises ValueError where there is no source, or where it does not hold.
    """
    source = course.folder("source", ".", ps) / f"{ps}.ipynb"
    if not source.is_file():
        raise ValueError(
            f"{ps}: there is no {source.relative_to(course.root)}; build the course first"
        )
    from nbgrader.apps import NbGraderAPI

    with quietly():
        done = NbGraderAPI(course.directory, config=course.directory.config).generate_assignment(
            ps, force=True
        )
    if not done["success"]:
        raise ValueError(
            f"{ps}: nbgrader could not make the release: {str(done.get('error') or done['log'])[-600:]}"
        )
    made, found = course.release(ps), course.checks(ps)
    total = sum(check.points for check in found)
    with Sandbox([ps]) as box:
        scores = []
        for book in (nbformat.read(source, as_version=4), made):
            reply = box.run(request(rebuild(made, book).notebook, found), course.seeds(ps))
            scores.append(sum(v.points for v in verdicts(found, reply, course.seeds(ps))))
    if scores != [total, 0.0]:
        raise ValueError(
            f"{ps}: the solution gets {scores[0]:g} of {total:g} points and the untouched release {scores[1]:g}; "
            "mend the set before you hand it out"
        )
    return f"{ps} is released: the solution gets {total:g} of {total:g} points, the untouched release 0"


# ---------------------------------------------------------------- collect


@dataclass(frozen=True)
class HandedIn:
    """One notebook that was handed in."""

    student: str
    data: bytes
    at: datetime
    source: str


def collect(course: Course, ps: str, places: list[Path]) -> tuple[list[HandedIn], list[str]]:
    """Lay notebooks down under submitted/; (what was taken, what was left and why).

    places : folders, notebooks, zip files made by `pgkit submit`, or a learning management system's zip of many.
    The latest of a student counts; an earlier one that it replaces is kept under .pgkit/collected/.
    """
    left: list[str] = []
    found = [one for place in places for one in _found(ps, place, left)]
    latest: dict[str, HandedIn] = {}
    for one in sorted(found, key=lambda one: one.at):
        latest[one.student] = one
    for one in latest.values():
        folder = course.folder("submitted", one.student, ps)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{ps}.ipynb"
        if path.is_file() and path.read_bytes() != one.data:
            kept = course.state / "collected" / ps / one.student
            kept.mkdir(parents=True, exist_ok=True)
            write_beside(kept / f"{key(path.read_bytes())[:12]}.ipynb", path.read_bytes())
        write_beside(path, one.data)
        write_beside(folder / "timestamp.txt", f"{one.at:%Y-%m-%d %H:%M:%S} UTC\n".encode())
    return sorted(latest.values(), key=lambda one: one.student), left


def _found(ps: str, place: Path, left: list[str]) -> Iterator[HandedIn]:
    if place.is_dir():
        for path in sorted(place.rglob("*")):
            if path.suffix in (".ipynb", ".zip") and path.is_file() and not path.is_symlink():
                yield from _found_in(ps, path, path.relative_to(place), left)
    elif place.is_file():
        yield from _found_in(ps, place, Path(place.name), left)
    else:
        raise ValueError(f"{place}: there is no such file or folder")


def _found_in(ps: str, path: Path, shown: Path, left: list[str]) -> Iterator[HandedIn]:
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if path.suffix == ".ipynb":
        yield from _notebook(ps, PurePosixPath(shown.as_posix()), path.read_bytes(), at, left)
        return
    try:
        with zipfile.ZipFile(path) as file:
            yield from _zipped(ps, shown, file, at, left)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        left.append(f"{shown}: cannot be read ({error})")


def _zipped(
    ps: str, shown: Path, file: zipfile.ZipFile, at: datetime, left: list[str]
) -> Iterator[HandedIn]:
    names = [i for i in file.infolist() if not i.is_dir()]
    for info in names:
        if info.file_size > LARGEST_FILE:
            left.append(
                f"{shown}/{info.filename}: {info.file_size} bytes, more than {LARGEST_FILE}"
            )
    small = [i for i in names if i.file_size <= LARGEST_FILE]
    manifest = next((i for i in small if i.filename == MANIFEST), None)
    if manifest is not None:
        yield from _packed(ps, shown, file, json.loads(file.read(manifest)), left)
        return
    for info in small:
        inside = PurePosixPath(info.filename)
        if inside.suffix == ".ipynb":
            yield from _notebook(ps, inside, file.read(info), at, left)
        elif inside.suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(file.read(info))) as inner:
                yield from _zipped(ps, Path(inside.name), inner, at, left)


def _packed(
    ps: str, shown: Path, file: zipfile.ZipFile, told: Any, left: list[str]
) -> Iterator[HandedIn]:
    """What `pgkit submit` made."""
    if not isinstance(told, dict) or told.get("ps") != ps:
        left.append(f"{shown}: of another problem set")
        return
    data = file.read(f"{ps}.ipynb")
    if hashlib.sha256(data).hexdigest() != told.get("sha256"):
        left.append(
            f"{shown}: the notebook is not the one that its manifest names; taken all the same"
        )
    yield HandedIn(
        _safe(str(told.get("student"))), data, datetime.fromisoformat(str(told["at"])), str(shown)
    )


def _notebook(
    ps: str, path: PurePosixPath, data: bytes, at: datetime, left: list[str]
) -> Iterator[HandedIn]:
    """student/psN/x.ipynb, student/x.ipynb, or student_..._psN.ipynb as learning management systems name them."""
    folders = [
        part for part in path.parts[:-1] if part not in (ps, "submitted", ".ipynb_checkpoints")
    ]
    if ".ipynb_checkpoints" in path.parts:
        return
    if folders:
        yield HandedIn(_safe(folders[-1]), data, at, str(path))
    elif ps in path.stem and path.stem != ps:
        yield HandedIn(_safe(re.split(r"[_\-\s]", path.stem)[0]), data, at, str(path))
    else:
        left.append(
            f"{path}: whose is it? name it STUDENT_{ps}.ipynb or lay it into a folder STUDENT/"
        )


def _safe(name: str) -> str:
    """A folder's name."""
    return re.sub(r"[^\w.@+-]", "_", name, flags=re.ASCII).lstrip(".-")[:64] or "unnamed"


# ---------------------------------------------------------------- feedback and scores


def feedback(course: Course, ps: str) -> Path:
    """An HTML page for each student, by nbgrader.  ValueError says what failed."""
    from nbgrader.apps import NbGraderAPI

    api = NbGraderAPI(course.directory, config=course.directory.config)
    for student in course.students(ps):
        if (course.folder("autograded", student, ps) / f"{ps}.ipynb").is_file():
            with quietly():
                done = api.generate_feedback(ps, student, force=True)
            if not done["success"]:
                raise ValueError(
                    f"feedback for {student}: {str(done.get('error') or done['log'])[-400:]}"
                )
    return course.root / course.directory.feedback_directory


def scores_csv(course: Course, ps: str, *, layout: str = "wide", anonymous: bool = False) -> str:
    """The scores as a table.

    layout : "wide", a column for each exercise; "lms", student and total only, as learning management systems read.
    """
    if layout not in ("wide", "lms"):
        raise ValueError(f"layout = {layout!r}, but it must be wide or lms")
    rows = Gradebook(course, ps).scores()
    status = {entry["student"]: entry for entry in read_log(course, ps)}
    parts = list(dict.fromkeys(name for row in rows for name in row["parts"]))
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    if layout == "lms":
        write.writerow(["SIS Login ID", f"{ps} ({rows[0]['max_score']:g})" if rows else ps])
    else:
        write.writerow(
            [
                "student",
                "status",
                *parts,
                "score",
                "max_score",
                "late_seconds",
                "to_be_read",
                "notes",
            ]
        )
    for row in rows:
        name = alias(course, row["student"]) if anonymous else row["student"]
        if layout == "lms":
            write.writerow([name, f"{row['score']:g}"])
            continue
        told = status.get(row["student"], {})
        points = [f"{row['parts'][p][0]:g}" if p in row["parts"] else "" for p in parts]
        write.writerow(
            [name, told.get("status", ""), *points, f"{row['score']:g}", f"{row['max_score']:g}", row["late_seconds"],
             "yes" if row["needs_manual_grade"] else "", " ".join(told.get("notes", []))]
        )  # fmt: skip
    return out.getvalue()


def alias(course: Course, student: str) -> str:
    """A name that says nothing, the same in all reports of this course."""
    return "student-" + key(json.dumps(course.seeds("aliases")), student)[:8]
