"""The sandbox, from outside: bubblewrap, what is visible in it, and the requests to the process that runs there.

Visible are Python, its libraries and pgkit without its judges, all read-only. There is no network, no home, no course
folder, no gradebook. Source of the layers: bubblewrap's manual (namespaces, binds), credentials(7), namespaces(7).
"""

from __future__ import annotations

import ast
import base64
import importlib
import json
import math
import os
import re
import shutil
import site
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import pgkit
from pgkit.check import WITHDRAWN, Value, exercises
from pgkit.grading.inside import receive, send
from pgkit.grading.rebuild import clean

PACKAGE = Path(pgkit.__file__).resolve().parent
MOST_NUMBERS = 4_000_000  # in one array of a reply
HOW = (
    "install bubblewrap (apt-get install bubblewrap); on Ubuntu 24.04 its AppArmor profile bwrap-userns-restrict must "
    "be loaded; on macOS and Windows grade in a Linux machine or WSL2"
)


OLDEST_LINUX = [5, 12]  # mount_setattr(2)


class SandboxError(RuntimeError):
    """The sandbox cannot be had, or its process has died."""


def why_not() -> str:
    """Why there can be no sandbox here, and what to do; "" if there can."""
    if shutil.which("bwrap") is None:
        return f"bubblewrap is not installed; {HOW}"
    version = [int(part) for part in re.findall(r"\d+", os.uname().release)[:2]]
    if version < OLDEST_LINUX:
        return f"the sandbox needs Linux 5.12 or later, and this is {os.uname().release}"
    probe = subprocess.run(
        ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"],
        capture_output=True,
        text=True,
    )
    return "" if probe.returncode == 0 else f"bubblewrap cannot run ({probe.stderr.strip()}); {HOW}"


class Sandbox:
    """A process in a sandbox that runs submissions, one after the other, each in a child of its own.

    sets : the problem sets whose probes it knows.
    unsafe : run them without any walls where there can be none; the limits hold as far as they can.

    Raises SandboxError where there can be no sandbox.
    """

    def __init__(self, sets: Sequence[str], *, unsafe: bool = False) -> None:
        problem = why_not()
        if problem and not unsafe:
            raise SandboxError(problem)
        self._sets, self._bare = list(sets), bool(problem)
        self._process: subprocess.Popen | None = None

    def run(
        self, cells: list[dict[str, Any]], seeds: list[int | None], **limits: Any
    ) -> dict[str, Any]:
        """{"cells": {id: {...}}, "end": why it was stopped, or ""}; nothing in it is to be believed."""
        for attempt in (1, 2):
            process = self._process = self._process or self._start()
            try:
                send(process.stdin, {"cells": cells, "seeds": seeds, "limits": limits})
                reply = receive(process.stdout)
            except (OSError, ValueError):
                reply = None
            if isinstance(reply, dict) and "failed" in reply:
                said = self._said()
                self.close()
                raise SandboxError(f"{reply['failed']}: {said}")
            if reply is not None:
                return _parsed(reply, cells)
            self.close()
            if attempt == 2:
                raise SandboxError("the sandbox's process died twice on the same submission")
        raise AssertionError

    def _start(self) -> subprocess.Popen:
        words, files = (bare_command(self._sets), []) if self._bare else command(self._sets)
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=files,
        )
        for file in files:
            os.close(file)
        ready = receive(process.stdout)
        if not isinstance(ready, dict) or "ready" not in ready:
            process.kill()
            said = process.stderr.read().decode(errors="replace") if process.stderr else ""
            raise SandboxError(f"the sandbox's process did not start: {said.strip()[-600:]}")
        assert process.stderr is not None
        os.set_blocking(process.stderr.fileno(), False)
        return process

    def _said(self) -> str:
        """What its process has written on stderr so far."""
        assert self._process is not None
        assert self._process.stderr is not None
        data = self._process.stderr.read() or b""
        return data.decode(errors="replace").strip()[-600:]

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime")
EXCHANGE = Path("/usr/local/share/nbgrader")  # nbgrader's own place: what others have handed in


def _python() -> list[Path]:
    """Where Python, its libraries and pgkit lie."""
    return [Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), PACKAGE]


def shows(folder: Path) -> Path | None:
    """The folder that the sandbox shows to submissions and that this one lies in; None if there is none."""
    shown = [Path(place).resolve() for place in SYSTEM] + _python()
    here = [folder.resolve(), *folder.resolve().parents]
    return next((place for place in shown if place in here), None)


def command(sets: Sequence[str]) -> tuple[list[str], list[int]]:
    """The bubblewrap command line, and the open files that it reads."""
    needed = _python()
    within_tmp = any(Path("/tmp") in place.parents for place in needed)
    libraries = [Path(p).resolve() for p in site.getsitepackages()]
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    words += ["--uid", "65534", "--gid", "65534", "--hostname", "sandbox"]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/private"]
    for place in SYSTEM:
        if os.path.islink(place):
            words += ["--symlink", os.readlink(place), place]
        elif os.path.exists(place):
            words += ["--ro-bind", place, place]
    for place in dict.fromkeys(needed[:2]):
        words += ["--ro-bind", str(place), str(place)]
    if EXCHANGE.is_dir():
        words += ["--tmpfs", str(EXCHANGE)]
    for library in libraries:
        if (library / "pgkit").is_dir() and library in PACKAGE.parents:
            words += ["--tmpfs", str(library / "pgkit")]
    words += ["--ro-bind", str(PACKAGE), "/grader/pgkit"]
    judges = sorted(PACKAGE.glob("checks/*_judge.py"))
    for path in [*judges, *(cached for judge in judges for cached in _compiled(judge))]:
        words += ["--ro-bind", "/dev/null", str("/grader/pgkit" / path.relative_to(PACKAGE))]
    files = []
    for path, text in without_answers(sets).items():
        files.append(_readable(text))
        place = "/grader/pgkit" / path.relative_to(PACKAGE)
        words += ["--ro-bind-data", str(files[-1]), str(place)]
        for cached in _compiled(path):
            words += ["--ro-bind", "/dev/null", str("/grader/pgkit" / cached.relative_to(PACKAGE))]
    environment = {
        "PYTHONPATH": "/grader", "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
        "PATH": "/usr/bin:/bin",
        "HOME": "/private", "LANG": "C.UTF-8", "MPLBACKEND": "agg", "NUMBA_CACHE_DIR": "/private/numba",
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "IPYTHONDIR": "/private/ipython",
        "MPLCONFIGDIR": "/private/matplotlib", "PGKIT_OWN_TMP": "0" if within_tmp else "1",
    }  # fmt: skip
    for name, value in environment.items():
        words += ["--setenv", name, value]
    python = [sys.executable, "-m", "pgkit.grading.inside", *sets]
    if within_tmp:  # then nobody may write there
        words += ["--remount-ro", "/tmp"]
    return [*words, "--chdir", "/", "--", *python], files


def _compiled(path: Path) -> list[Path]:
    return sorted((path.parent / "__pycache__").glob(f"{path.stem}.*"))


def _readable(text: str) -> int:
    """An open file that holds the text and has no name."""
    file = os.memfd_create("pgkit")
    os.write(file, text.encode())
    os.lseek(file, 0, os.SEEK_SET)
    return file


def without_answers(sets: Sequence[str]) -> dict[Path, str]:
    """Modules of pgkit without the bodies of the functions that would be answers to one of the sets."""
    names: dict[Path, set[str]] = {}
    for entry in {e for ps in sets for task in exercises(ps).values() for e in task.withdrawn}:
        module, name = entry.split(":")
        thing = getattr(importlib.import_module(module), name)
        path = Path(str(sys.modules[thing.__module__].__file__)).resolve()
        names.setdefault(path, set()).add(thing.__name__)
    found = {}
    for path, withdrawn in sorted(names.items()):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if getattr(node, "name", None) in withdrawn:
                for function in [node] if isinstance(node, ast.FunctionDef) else _methods(node):
                    function.body = ast.parse(f"raise RuntimeError({WITHDRAWN!r})").body
        found[path] = ast.unparse(tree) + "\n"
    return found


def _methods(node: ast.AST) -> list[ast.FunctionDef]:
    """The public methods of a class."""
    found = node.body if isinstance(node, ast.ClassDef) else []
    return [f for f in found if isinstance(f, ast.FunctionDef) and not f.name.startswith("_")]


def bare_command(sets: Sequence[str]) -> list[str]:
    """The same process without walls."""
    return [sys.executable, "-m", "pgkit.grading.inside", "--bare", *sets]


# ---------------------------------------------------------------- replies are data


KNOWN = ("stdout", "stderr", "error", "seconds", "values")  # what a reply says about a cell


def _parsed(reply: Any, asked: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lines of JSON about the cells that were asked for, as far as they make sense."""
    cells: dict[str, Any] = {}
    text, end = (reply.get("text"), reply.get("end")) if isinstance(reply, dict) else ("", "")
    names = {cell["id"] for cell in asked}
    for line in str(text).splitlines():
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            break
        if isinstance(said, dict) and isinstance(said.get("id"), str) and said["id"] in names:
            cells.setdefault(said["id"], {k: _cleaned(said[k]) for k in KNOWN if k in said})
    return {"cells": cells, "end": str(end)}


def _cleaned(thing: Any) -> Any:
    """The same with text that can be written."""
    if isinstance(thing, str):
        return clean(thing)
    if isinstance(thing, dict):
        return {clean(k): _cleaned(v) for k, v in thing.items()}
    return [_cleaned(v) for v in thing] if isinstance(thing, list) else thing


def values(said: Any, count: int) -> list[Value]:
    """The Values of one probe out of a reply, `count` of them; what is not as it must be becomes a problem in words."""
    if isinstance(said, str):
        return [Value(problem=said[:4000])] * count
    if not isinstance(said, list) or len(said) != count:
        return [Value(problem="The results are not as they must be.")] * count
    return [_value(one) for one in said]


def _value(one: Any) -> Value:
    broken = Value(problem="The results are not as they must be.")
    if not isinstance(one, Mapping) or not isinstance(one.get("arrays"), Mapping):
        return broken
    problem = one.get("problem")
    if problem:
        return Value(problem=str(problem)[:4000])
    arrays = {}
    for key, array in one["arrays"].items():
        try:
            shape = tuple(int(n) for n in array["shape"])
            data = base64.b64decode(array["data"], validate=True)
            if min(shape, default=0) < 0 or len(shape) > 8 or math.prod(shape) > MOST_NUMBERS:
                return broken
            arrays[str(key)] = np.frombuffer(data, dtype="<f8").reshape(shape)
        except (KeyError, TypeError, ValueError, OverflowError):
            return broken
    return Value(arrays)
