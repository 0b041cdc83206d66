"""The student's working copy of the notebooks and assignments. Nothing that a student changed is ever overwritten."""

from __future__ import annotations

import errno
import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pgkit.files import write_beside

FOLDERS = ("notebooks", "assignments")
MANIFEST = ".pgkit-delivered.json"  # what was delivered: file -> sha256 of the delivered version


@dataclass
class Delivery:
    """What one delivery did, for telling the student.

    new: files copied for the first time (or again, after they were removed); updated: files that the
    student had not changed; beside: (the student's file, the new version laid beside it).
    """

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    beside: list[tuple[str, str]] = field(default_factory=list)


def material() -> Path:
    """The folder that holds the kit's own notebooks/ and assignments/."""
    package = Path(__file__).resolve().parent
    return package / "material" if (package / "material").is_dir() else package.parent


def default_workdir() -> Path:
    """work/ beside the repository's own folders; for an installed wheel, pgkit-work/ where one is."""
    root = material()
    return Path.cwd() / "pgkit-work" if root.name == "material" else root / "work"


def deliver(workdir: Path, source: Path | None = None) -> Delivery:
    """Bring the kit's files into `workdir`.

    A file that is not there is copied. A file that the student has not touched is brought up to date.
    A file that the student has changed stays, and a new version of the kit's is laid beside it, once.

    Raises OSError with a clear text where the folder cannot be written or the disk is full.
    """
    source = source or material()
    done = Delivery()
    if workdir.resolve() == source.resolve():
        raise OSError(
            errno.EINVAL, f"{workdir} is the kit itself; choose another folder with --workdir DIR"
        )
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        delivered = _manifest(workdir)
        for name, data in _files(source):
            fresh, target = _sha(data), workdir / name
            mine = _sha(target.read_bytes()) if target.exists() else None
            if mine is None:
                target.parent.mkdir(parents=True, exist_ok=True)
                write_beside(target, data)
                done.new.append(name)
            elif mine != fresh and mine == delivered.get(name):
                write_beside(target, data)
                done.updated.append(name)
            elif mine != fresh and delivered.get(name) != fresh:
                done.beside.append((name, _lay_beside(workdir, target, data)))
            delivered[name] = fresh
        write_beside(workdir / MANIFEST, json.dumps(delivered, indent=1, sort_keys=True).encode())
    except OSError as error:
        raise OSError(error.errno, _explain(error, workdir)) from error
    return done


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    for folder in FOLDERS:
        for path in sorted((source / folder).rglob("*")):
            if path.is_file() and not any(
                part.startswith(".") for part in path.relative_to(source).parts
            ):
                yield path.relative_to(source).as_posix(), path.read_bytes()


def _manifest(workdir: Path) -> dict[str, str]:
    """What was delivered before. A damaged record counts as none: then every file is the student's."""
    try:
        record = json.loads((workdir / MANIFEST).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _lay_beside(workdir: Path, target: Path, data: bytes) -> str:
    for i in range(1, 1000):
        other = target.with_name(f"{target.stem}.new{'' if i == 1 else i}{target.suffix}")
        if not other.exists():
            write_beside(other, data)
            return other.relative_to(workdir).as_posix()
        if other.read_bytes() == data:
            return other.relative_to(workdir).as_posix()
    raise OSError(errno.EEXIST, f"there are a thousand new versions beside {target.name} already")


def check_writable(target: Path) -> None:
    """OSError or ValueError now if a file could not be written later, when there would be something to lose."""
    if target.is_dir():
        raise ValueError(f"{target}: this is a folder; give the name of a file in it")
    folder = target.resolve().parent
    if not folder.is_dir():
        raise ValueError(
            f"{target}: there is no folder {folder.name!r}; make it, or give another name"
        )
    with tempfile.TemporaryFile(dir=folder):
        pass


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _explain(error: OSError, workdir: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"the disk is full: free some space for the working copy {workdir} and start again"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"the working copy {workdir} cannot be written; choose another with --workdir DIR"
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"{workdir} is not a folder; choose another with --workdir DIR"
    return f"the working copy {workdir} could not be brought up to date ({error.strerror or error})"
