"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


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
