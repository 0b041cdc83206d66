"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import itertools
import os
import tempfile
from pathlib import Path


def write_new(path: Path, data: str | bytes) -> None:
    """Write a file that must not be there yet, whole or not at all.  FileExistsError where it is."""
    if path.exists():
        raise FileExistsError(errno.EEXIST, "is there already; choose another name", str(path))
    write_beside(path, data)


def free_name(path: Path) -> Path:
    """This name, or with -2, -3, ... before its ending, so that no file is there yet."""
    names = (path.with_stem(f"{path.stem}-{n}") for n in itertools.count(2))
    return path if not path.exists() else next(name for name in names if not name.exists())


def write_beside(path: Path, data: str | bytes) -> None:
    """Write beside, then rename: an interruption leaves the old file or the new one, never half of one.  OSError."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, 0o644)  # others may read and collect it
        os.replace(beside, path)
    finally:
        Path(beside).unlink(missing_ok=True)
