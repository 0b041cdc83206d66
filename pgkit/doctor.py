"""`pgkit doctor`: is this machine ready for the course? Each check says what it found and what to do."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pgkit.workdir import default_workdir

PACKAGES = (
    "numpy", "numba", "torch", "matplotlib", "ipywidgets", "anywidget", "jupyterlab", "nbgrader",
)  # fmt: skip
AGAIN = "run `make lab` (or create the conda environment) again"


@dataclass(frozen=True)
class Check:
    """name; ok; what was found; what to do if it is not ok."""

    name: str
    ok: bool
    found: str
    advice: str = ""


def examine(*, quick: bool = False) -> list[Check]:
    """All checks, in the order in which a reader should mend them; quick: packages are found, not imported."""
    parts = (_python, _found if quick else _packages, _engine, _jupyter, _disk)
    return [check for part in parts for check in part()]


def _python() -> Iterator[Check]:
    ok = sys.version_info >= (3, 11)
    yield Check(
        "python", ok, platform.python_version(), "" if ok else "install Python 3.11 or newer"
    )


def _packages() -> Iterator[Check]:
    pins = _pins()
    for name in PACKAGES:
        try:
            importlib.import_module(name)
            found = importlib.metadata.version(name)
        except Exception as error:  # whatever an installed package raises on import is the finding
            yield Check(name, False, f"{type(error).__name__}: {error}", AGAIN)
            continue
        yield _as_locked(name, found, pins)


def _found() -> Iterator[Check]:
    """The same from what is written on the disk, in an instant."""
    pins = _pins()
    for name in PACKAGES:
        try:
            yield _as_locked(name, importlib.metadata.version(name), pins)
        except importlib.metadata.PackageNotFoundError:
            yield Check(name, False, "not installed", AGAIN)


def _as_locked(name: str, found: str, pins: dict[str, str]) -> Check:
    locked = pins.get(name)
    same = locked is None or found.split("+")[0] == locked
    return Check(name, same, found, "" if same else f"the tested version is {locked}; {AGAIN}")


def _pins() -> dict[str, str]:
    lock = Path(__file__).resolve().parent.parent / "requirements.lock"
    if not lock.is_file():
        return {}
    lines = (line.split("==") for line in lock.read_text().splitlines() if "==" in line)
    return {name: version.split()[0] for name, version in lines}


def _engine() -> Iterator[Check]:
    from pgkit import engine

    try:
        engine.warmup(block=True)
        found, ok = ("compiled", True) if engine.ready() else ("not compiled", False)
    except Exception as error:  # the compiler's own failure is the finding
        found, ok = f"{type(error).__name__}: {error}", False
    yield Check("engine", ok, found, "" if ok else "labs work on numpy, slower; run `pgkit warmup`")


def _jupyter() -> Iterator[Check]:
    yield _yes("widgets", _labextension, "anywidget's front end", AGAIN)
    yield _yes(
        "low-latency widgets",
        _server_extension,
        "pgkit.server",
        "labs work, 40 ms slower; " + AGAIN,
    )


def _yes(name: str, test: Callable[[], bool], found: str, advice: str) -> Check:
    ok = test()
    return Check(name, ok, found if ok else f"{found} is not installed", "" if ok else advice)


def _labextension() -> bool:
    from jupyter_core.paths import jupyter_path

    return any(Path(p, "anywidget").is_dir() for p in jupyter_path("labextensions"))


def _server_extension() -> bool:
    from jupyter_core.paths import jupyter_config_path

    files = (Path(p, "jupyter_server_config.d", "pgkit.json") for p in jupyter_config_path())
    return any(
        json.loads(f.read_text())["ServerApp"]["jpserver_extensions"].get("pgkit.server")
        for f in files
        if f.is_file()
    )


def _disk() -> Iterator[Check]:
    folder = default_workdir()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    yield Check(
        "disk", free > 0.5, f"{free:.1f} GB free", "" if free > 0.5 else "free half a gigabyte"
    )


def report(checks: list[Check]) -> str:
    """The checks as one JSON object: {"ok": ..., "checks": [...]}."""
    return json.dumps(
        {"ok": all(c.ok for c in checks), "checks": [asdict(c) for c in checks]}, indent=1
    )
