"""Collect what was handed in: folders, notebooks, zip files of students and of whole classes, nbgrader's exchange.

What lies in them was written by students, names included. Nothing is unpacked: each notebook is read on its own, up to
a size, and laid down under a name made here.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from pgkit.files import write_beside
from pgkit.grading.course import LARGEST_FILE, Course, key
from pgkit.grading.student import MANIFEST

DEEPEST = 2  # a student's zip file in that of a learning management system, and no further
MOST_ENTRIES = 20_000  # of one zip file
LONGEST_NAME = 100  # bytes
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError, ValueError,
)  # fmt: skip


@dataclass(frozen=True)
class HandedIn:
    """One notebook.  by: whom the place says that it is from, where it says more than the student did."""

    student: str
    data: bytes = field(repr=False)
    at: datetime
    source: str
    by: str = ""


def collect(course: Course, ps: str, places: list[Path]) -> tuple[list[str], list[str]]:
    """Lay notebooks down under submitted/; (the students, what was left and why).

    places : folders, notebooks, zip files made by `pgkit submit`, or a learning management system's zip of many.
    The latest of a student counts; every other one is kept under .pgkit/collected/. Two senders of one name are told,
    and the first of them stays.
    """
    left: list[str] = []
    students = {
        one.student
        for place in places
        for one in _found(ps, place, left)
        if _lay_down(course, ps, one, left)
    }
    return sorted(students), left


def collect_exchange(course: Course, ps: str) -> list[str]:
    """The students whose submissions nbgrader's exchange has.  ValueError says what failed."""
    from nbgrader.apps import NbGraderAPI

    from pgkit.grading.gradebook import quietly

    api: Any = NbGraderAPI(course.directory, config=course.directory.config)
    with quietly():
        done = api.collect(ps)
    if not done["success"]:
        raise ValueError(f"nbgrader collect: {str(done.get('error') or done['log'])[-600:]}")
    return course.students(ps)


def _lay_down(course: Course, ps: str, one: HandedIn, left: list[str]) -> bool:
    """Into submitted/, or beside it if there is a later one; False where another sender has that name."""
    kept = course.state / "collected" / ps / one.student
    kept.mkdir(parents=True, exist_ok=True)
    sender = kept / "sender.txt"
    first = sender.read_text(encoding="utf-8") if sender.is_file() else ""
    if first and one.by and first != one.by:
        left.append(
            f"{one.source}: {one.student} is the name on what {first} has handed in; is it {one.by}'s, too? not taken"
        )
        return False
    if one.by:
        write_beside(sender, one.by)
    write_beside(kept / f"{key(one.data)[:12]}.ipynb", one.data)
    folder = course.folder("submitted", one.student, ps)
    folder.mkdir(parents=True, exist_ok=True)
    path, there = folder / f"{ps}.ipynb", course.handed_in(one.student, ps)
    at = one.at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    if path.is_file():
        write_beside(kept / f"{key(path.read_bytes())[:12]}.ipynb", path.read_bytes())
        if there is not None and there > at:
            return True
    write_beside(path, one.data)
    write_beside(folder / "timestamp.txt", f"{at:%Y-%m-%d %H:%M:%S} UTC\n")
    return True


# ---------------------------------------------------------------- what lies where


def _found(ps: str, place: Path, left: list[str]) -> Iterator[HandedIn]:
    if place.is_dir():
        for path in sorted(place.rglob("*")):
            if path.suffix in (".ipynb", ".zip") and path.is_file() and not path.is_symlink():
                yield from _found_in(
                    ps, path, PurePosixPath(path.relative_to(place).as_posix()), left
                )
    elif place.is_file():
        yield from _found_in(ps, place, PurePosixPath(place.name), left)
    else:
        raise ValueError(f"{place}: there is no such file or folder")


def _found_in(ps: str, path: Path, shown: PurePosixPath, left: list[str]) -> Iterator[HandedIn]:
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if path.suffix == ".zip":
        by = _folder(ps, shown)
        yield from _zipped(ps, shown, path, at, by, 1 + bool(by), left)
    elif path.stat().st_size > LARGEST_FILE:
        left.append(f"{shown}: {path.stat().st_size} bytes, more than {LARGEST_FILE}")
    else:
        yield from _notebook(ps, shown, path.read_bytes(), at, "", left)


def _zipped(
    ps: str, shown: PurePosixPath, source: Any, at: datetime, by: str, depth: int, left: list[str]
) -> Iterator[HandedIn]:
    """by : whose it is, where the place says so;  depth : 1, a zip file of many; 2, a student's."""
    try:
        with zipfile.ZipFile(source) as file:
            yield from _entries(ps, shown, file, at, by, depth, left)
    except UNREADABLE as error:
        left.append(f"{shown}: cannot be read ({error})")


def _entries(
    ps: str,
    shown: PurePosixPath,
    file: zipfile.ZipFile,
    at: datetime,
    by: str,
    depth: int,
    left: list[str],
) -> Iterator[HandedIn]:
    names = [i for i in file.infolist() if not i.is_dir()]
    if len(names) > MOST_ENTRIES:
        left.append(f"{shown}: {len(names)} files, more than {MOST_ENTRIES}")
        return
    for info in names:
        if info.file_size > LARGEST_FILE:
            left.append(
                f"{shown}/{info.filename}: {info.file_size} bytes, more than {LARGEST_FILE}"
            )
    small = {i.filename: i for i in names if i.file_size <= LARGEST_FILE}
    if MANIFEST in small:
        yield from _packed(ps, shown, file, by, left)
        return
    for info in small.values():
        inside = PurePosixPath(info.filename.replace("\\", "/"))
        if inside.suffix not in (".ipynb", ".zip") or "__MACOSX" in inside.parts:
            continue
        try:
            data = file.read(info)
        except UNREADABLE as error:
            left.append(f"{shown}/{inside}: cannot be read ({error})")
            continue
        if inside.suffix == ".ipynb":
            yield from _notebook(ps, inside, data, at, by, left)
        elif depth >= DEEPEST:
            left.append(f"{shown}/{inside}: a zip file in a zip file in a zip file is not opened")
        else:
            sender = by or _folder(ps, inside) or _prefix(ps, inside, of_any=True)
            yield from _zipped(ps, inside, io.BytesIO(data), at, sender, depth + 1, left)


def _packed(
    ps: str, shown: PurePosixPath, file: zipfile.ZipFile, by: str, left: list[str]
) -> Iterator[HandedIn]:
    """What `pgkit submit` made."""
    told = json.loads(file.read(MANIFEST))
    if not isinstance(told, dict) or told.get("ps") != ps:
        left.append(f"{shown}: of another problem set")
        return
    try:
        data = file.read(f"{ps}.ipynb")
        at = datetime.fromisoformat(str(told["at"]))
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        if at > datetime.now(UTC) + timedelta(days=1):
            raise ValueError(f"handed in at {at:%Y-%m-%d}, which is still to come")
    except KeyError as error:
        raise ValueError(f"there is no {error} in it") from error
    if hashlib.sha256(data).hexdigest() != told.get("sha256"):
        left.append(
            f"{shown}: the notebook is not the one that its manifest names; taken all the same"
        )
    yield HandedIn(safe_name(str(told.get("student"))), data, at, str(shown), by)


def _notebook(
    ps: str, path: PurePosixPath, data: bytes, at: datetime, by: str, left: list[str]
) -> Iterator[HandedIn]:
    """student/psN/x.ipynb, student/x.ipynb, or student_..._psN.ipynb as learning management systems name them."""
    if ".ipynb_checkpoints" in path.parts:
        return
    whose = by or _folder(ps, path) or _prefix(ps, path)
    if whose:
        yield HandedIn(safe_name(whose), data, at, str(path), whose)
    else:
        left.append(
            f"{path}: whose is it? name it STUDENT_{ps}.ipynb or lay it into a folder STUDENT/"
        )


def _folder(ps: str, path: PurePosixPath) -> str:
    """The last folder that can be a student's; "" if there is none."""
    names = [part for part in path.parts[:-1] if part not in (ps, "submitted", "..", ".", "/")]
    return names[-1] if names else ""


def _prefix(ps: str, path: PurePosixPath, *, of_any: bool = False) -> str:
    """What a file's name begins with, up to _, - or a space, if the set's name follows (or anything); "" else."""
    first, *rest = re.split(r"[_\-\s]", path.stem)
    named = any(ps in part for part in rest) or (of_any and bool(rest))
    return first if named and first != ps else ""


def safe_name(name: str) -> str:
    """A folder's name: letters of any script, digits and . _ @ + -, none of the marks in front, not too long."""
    whole = unicodedata.normalize("NFC", name).strip()
    safe = re.sub(r"[^\w.@+-]", "_", whole).lstrip(".-+@")
    short = safe.encode()[:LONGEST_NAME].decode("utf-8", "ignore")
    return (
        short
        if short and short == safe
        else f"{short or 'unnamed'}-{key(name.encode('utf-8', 'replace'))[:8]}"
    )
