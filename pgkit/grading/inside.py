"""What runs inside the sandbox: a process with the heavy imports done, which forks one child for each submission.

    python -m pgkit.grading.inside psN [psM ...]

It takes requests and gives replies on stdin and stdout, each a JSON text after its length in four bytes. A child has
its own processes, mounts, network and /tmp, all of which end with it. Nothing that it says is believed: a reply is data
that the judge outside looks at.

Request: {"cells": [{"id", "source"} or {"id", "probes": [[exercise, expression], ...]}], "seeds": [null, 1234, ...],
"limits": {...}}.  Reply: {"cells": {id: {"stdout", "stderr", "error", "seconds"}}, "values": {id: {...}}, "end"}.
"""

from __future__ import annotations

import base64
import io
import json
import os
import select
import shutil
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pgkit.grading import walls

TICK = 0.05  # seconds between two looks at the child's processes
LONGEST_REPLY = 16_000_000  # bytes
LIMITS = {
    "seconds": 120.0, "cell_seconds": 60.0, "memory": 3_000_000_000, "processes": 64, "file": 50_000_000,
    "text": 20_000, "disk": 200_000_000,
}  # fmt: skip


BEGUN = b"begun\n"  # what a child writes first; without it, it could not be started
# /tmp holds nothing that is needed: each child has its own
OWN_TMP = os.environ.get("PGKIT_OWN_TMP") == "1"
BARE = False  # without walls: no namespaces, and processes are not counted


def main(sets: list[str]) -> int:
    """Serve until stdin ends.

    This process never reads a request: each is read by a child that ends with it. So what one student wrote, and
    what it gave, was never in the memory from which the next one's process is made.
    """
    global BARE
    BARE = sets[:1] == ["--bare"]
    _preload(sets[BARE:])
    requests, replies = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # nobody else writes to the replies
    with os.fdopen(replies, "wb") as out, os.fdopen(requests, "rb", buffering=0) as asked:
        send(out, {"ready": os.getpid()})
        while _is_asked(requests):
            child = os.fork()
            if child == 0:
                _serve_one(asked, out)
            if os.waitpid(child, 0)[1]:
                return 1  # a new process is made for the next one
    return 0


def _is_asked(requests: int) -> bool:
    """Wait for a request; False when there will be no more."""
    poll = select.poll()
    poll.register(requests, select.POLLIN)
    return any(event & select.POLLIN for _, event in poll.poll())


def _serve_one(requests: Any, replies: Any) -> None:
    """Read a request, supervise it and reply; never returns."""
    status = 1
    try:
        walls.end_with_parent()
        request = receive(requests)
        if request is not None:
            send(replies, supervise(request))
        status = 0 if request is not None else 1
    except BaseException as error:
        os.write(2, f"pgkit.grading.inside: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(status)


def _preload(sets: list[str]) -> None:
    """What every submission would import."""
    import importlib

    from IPython.core import interactiveshell  # noqa: F401

    import pgkit.check  # noqa: F401

    for name in sets:
        for task in importlib.import_module(f"pgkit.checks.{name}").EXERCISES.values():
            for entry in (
                task.withdrawn
            ):  # a probe switches them off: torch among them, where a set needs it
                importlib.import_module(entry.split(":")[0])


# ---------------------------------------------------------------- messages


def send(stream: Any, message: Any) -> None:
    data = json.dumps(message).encode()
    stream.write(struct.pack(">I", len(data)) + data)
    stream.flush()


def receive(stream: Any) -> Any:
    """The next message; None at the end."""
    head = _exactly(stream, 4)
    if len(head) < 4:
        return None
    return json.loads(_exactly(stream, struct.unpack(">I", head)[0]))


def _exactly(stream: Any, size: int) -> bytes:
    """So many bytes; fewer where the stream ends."""
    data = b""
    while len(data) < size and (piece := stream.read(size - len(data))):
        data += piece
    return data


# ---------------------------------------------------------------- one submission, seen from the parent


def supervise(request: dict[str, Any]) -> dict[str, Any]:
    """Run one submission in a child of its own and return what it said, and how it ended."""
    limits = LIMITS | request.get("limits", {})
    read_end, write_end = os.pipe()
    place = tempfile.mkdtemp(prefix="pgkit-grading-") if BARE else "/private/work"
    child = os.fork()
    if child == 0:
        os.close(read_end)
        _as_child(lambda: _submission(request, limits, write_end), limits, place, write_end)
    os.close(write_end)
    data, end = _listen(read_end, limits)
    os.close(read_end)
    _ended(child)
    _until_gone()
    if BARE:
        shutil.rmtree(place, ignore_errors=True)
    if not data.startswith(BEGUN) and not end:
        return {"failed": "a submission could not be started in the sandbox"}
    return {"text": data.removeprefix(BEGUN).decode("utf-8", "replace"), "end": end}


def _ended(child: int) -> None:
    """Wait until the child has ended; kill it if that takes long."""
    for _ in range(20):
        if os.waitpid(child, os.WNOHANG)[0]:
            return
        time.sleep(TICK / 10)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _listen(pipe: int, limits: dict[str, Any]) -> tuple[bytes, str]:
    """What the child writes until it closes its end, and why it was stopped if it was."""
    data, begin = bytearray(), time.monotonic()
    while True:
        ready, _, _ = select.select([pipe], [], [], TICK)
        if ready:
            piece = os.read(pipe, 1 << 20)
            if not piece:
                return bytes(data), ""
            data += piece
            if len(data) > LONGEST_REPLY:
                return bytes(data[:0]), f"it wrote more than {LONGEST_REPLY} bytes of results"
        if time.monotonic() - begin > limits["seconds"]:
            return bytes(data), f"it took more than {limits['seconds']:g} s"
        processes, memory = _uses()
        if processes > limits["processes"]:
            return bytes(data), f"it started more than {limits['processes']} processes"
        if memory > limits["memory"]:
            return bytes(data), f"it used more than {limits['memory'] / 1e9:g} GB of memory"


def _until_gone() -> None:
    """Nothing of one submission is left when the next one comes; else this process ends, and a new one is made."""
    end = time.monotonic() + 10
    while _uses()[0]:
        if time.monotonic() > end:
            raise SystemExit("processes of a submission do not end")
        time.sleep(TICK / 10)


def _uses() -> tuple[int, int]:
    """Processes and bytes of memory of everything in the sandbox but ourselves and the process that made us."""
    count, memory = 0, 0
    if BARE:
        return 0, 0
    ours = (1, os.getpid(), os.getppid())
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) in ours:
            continue
        with suppress(OSError, ValueError, IndexError):
            memory += walls.used_by(int(name))
            count += 1
    return count, memory


# ---------------------------------------------------------------- one submission, in its child


def _as_child(work: Callable[[], None], limits: dict[str, Any], place: str, pipe: int) -> None:
    """Two forks into namespaces of its own; never returns."""
    try:
        walls.end_with_parent()
        if BARE:
            os.chdir(place)
            walls.limit(limits | {"processes": 4096})
            os.write(pipe, BEGUN)
            work()
            os._exit(0)
        walls.own_namespaces()
        first = os.fork()  # the first process of the new namespace: with it all others end
        if first:
            _, status = os.waitpid(first, 0)
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
        walls.end_with_parent()
        walls.nothing_writable()
        for folder in ["/private", "/dev/shm", *(["/tmp"] if OWN_TMP else [])]:
            walls.own_folder(folder, limits["disk"])
        os.mkdir(place)
        os.chdir(place)
        student = os.fork()
        if student:
            _, status = os.waitpid(student, 0)
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
        walls.drop_rights()
        walls.limit(limits)
        walls.filter_calls()
        os.write(pipe, BEGUN)
        work()
        os._exit(0)
    except BaseException as error:
        os.write(2, f"pgkit.grading.inside: {type(error).__name__}: {error}\n".encode())
        os._exit(1)


class _Time(BaseException):
    """A cell took too long; no `except Exception` of the student's catches it."""


def _submission(request: dict[str, Any], limits: dict[str, Any], pipe: int) -> None:
    """Run the cells, then the probes; write the reply."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    keep = {0, 1, 2, pipe}
    for fd in [int(name) for name in os.listdir("/proc/self/fd")]:
        if fd not in keep:
            with suppress(OSError):
                os.close(fd)
    os.environ.update(HOME=os.getcwd(), TMPDIR=os.getcwd(), NBGRADER_EXECUTION="autograde")
    _same_randomness()
    shell = _shell()
    with os.fdopen(pipe, "w", encoding="utf-8") as out:
        for cell in request["cells"]:
            if "probes" in cell:
                said = _probe(shell, cell["probes"], request["seeds"], limits)
            else:
                said = _run(shell, cell["source"], limits)
            out.write(json.dumps({"id": cell["id"], **said}) + "\n")
            out.flush()  # whatever comes later, this is kept


def _same_randomness() -> None:
    """Draws that nobody has seeded are the same in every grading; also those of np.random.default_rng()."""
    import random

    import numpy as np

    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  students do use it
    entropy = random.Random(0).getrandbits
    np.random.bit_generator.__dict__["randbits"] = entropy  # what default_rng() asks


def _shell() -> Any:
    """A notebook's shell: cells share their names, and magics work."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    return InteractiveShell(config=config)


def _run(shell: Any, source: str, limits: dict[str, Any]) -> dict[str, Any]:
    """One code cell: its text, and the error that ended it."""
    out, err, begin, failed = _Text(limits["text"]), _Text(limits["text"]), time.monotonic(), ""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    _alarm(limits["cell_seconds"])
    try:
        result = shell.run_cell(source, store_history=False, silent=False)
        error = result.error_before_exec or result.error_in_exec
        failed = f"{type(error).__name__}: {error}" if error is not None else ""
    except _Time:
        failed = f"stopped after {limits['cell_seconds']:g} s"
    except BaseException as error:
        failed = f"{type(error).__name__}: {error}"
    finally:
        _alarm(0)
        sys.stdout, sys.stderr = before
    return {
        "stdout": out.text, "stderr": err.text, "error": failed[:2000], "seconds": time.monotonic() - begin,
    }  # fmt: skip


def _probe(shell: Any, probes: list, seeds: list, limits: dict[str, Any]) -> dict[str, Any]:
    """What the student's functions give for the visible inputs and the secret ones."""
    from pgkit.check import probe

    values: dict[str, Any] = {}
    begin = time.monotonic()
    for name, expression in probes:
        for seed in seeds:
            _alarm(limits["cell_seconds"])
            try:
                answer = eval(expression, shell.user_ns)
                found = [_plain(v) for v in probe(name, answer, seed=seed)]
            except _Time:
                found = f"It did not finish within {limits['cell_seconds']:g} s."
            except NameError:
                found = f"There is no {expression}: the cell that defines it did not run."
            except BaseException as error:
                found = f"It stopped with {type(error).__name__}: {error}"[:2000]
            finally:
                _alarm(0)
            values[f"{name}/{seed}"] = found
    return {"values": values, "seconds": time.monotonic() - begin}


def _plain(value: Any) -> dict[str, Any]:
    """A Value as JSON: float64 numbers, base64."""
    import numpy as np

    arrays = {
        key: {
            "shape": list(array.shape),
            "data": base64.b64encode(np.ascontiguousarray(array, dtype="<f8").tobytes()).decode(),
        }
        for key, array in value.arrays.items()
    }
    return {"arrays": arrays, "problem": str(value.problem)[:4000]}


def _alarm(seconds: float) -> None:
    """Raise _Time after so many seconds; 0: never."""

    def over(*_: Any) -> None:
        raise _Time

    signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)


class _Text(io.TextIOBase):
    """Text up to a length; what comes after is counted and dropped."""

    def __init__(self, most: int) -> None:
        self._parts: list[str] = []
        self._left, self._lost = most, 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        kept = text[: self._left]
        self._parts.append(kept)
        self._left -= len(kept)
        self._lost += len(text) - len(kept)
        return len(text)

    @property
    def text(self) -> str:
        lost = f"\n... {self._lost} more characters\n" if self._lost else ""
        return "".join(self._parts) + lost


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
