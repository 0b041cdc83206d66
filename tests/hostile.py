"""What is handed in besides good work: files that are none, notebooks in pieces, and programs that mean harm.

Each case says what it must come to. A program stands in the place of the answer to `weighted_loss`, 5 of 25 points, on
which nothing else depends: whoever harms only oneself keeps the other 20; whoever ends the run there keeps the 11
points of the exercises before it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nbformat

from pgkit.grading.rebuild import without_hidden

PS, ANSWER, FULL, OTHERS, BEFORE = "ps1", "weighted_loss", 25.0, 20.0, 11.0
LIMITS = {"seconds": 12, "cell_seconds": 2, "memory": 500_000_000, "processes": 10}
NO_ANSWER = "There is no weighted_loss: the cell that defines it did not run."
ENDED = "The notebook stopped before this check."
EMPTY = "Not written yet"


@dataclass(frozen=True)
class Case:
    """make : (solution, release) -> {file name: its text}.

    said : in the student's notebook;  note : to the instructor.
    """

    make: Callable[[Any, Any], dict[str, Any]]
    score: float
    status: str = "ok"
    said: str = ""
    note: str = ""


def at(book: Any, name: str) -> int:
    return next(
        i
        for i, c in enumerate(book.cells)
        if c.metadata.get("nbgrader", {}).get("grade_id") == name
    )


def with_cell(book: Any, name: str, source: Any) -> Any:
    """A copy in which the cell of that grade_id reads differently."""
    new = copy.deepcopy(book)
    cell = new.cells[at(new, name)]
    cell.source = source(cell.source) if callable(source) else source
    return new


def program(
    source: str, score: float = OTHERS, status: str = "ok", said: str = NO_ANSWER, note: str = ""
) -> Case:
    def make(solution: Any, _: Any) -> dict[str, Any]:
        return {"ps1.ipynb": nbformat.writes(with_cell(solution, ANSWER, source))}

    return Case(make, score, status, said, note)


def answering(source: str, said: str, score: float = OTHERS) -> Case:
    """A program that does define the function."""
    return program(source, score, "ok", said)


def ends(source: str) -> Case:
    return program(
        source, BEFORE, "stopped", ENDED, "It ended its own process in the cell weighted_loss."
    )


def stopped(source: str, why: str) -> Case:
    return program(
        source, BEFORE, "stopped", f"Grading stopped before this check: {why}", f"Stopped: {why}"
    )


def file(text: Any, note: str, name: str = "ps1.ipynb") -> Case:
    """A file that is no notebook."""
    return Case(
        lambda *_: {name: text}, 0.0, "unreadable", f"Nothing could be graded. {note}", note
    )


def changed(
    change: Callable[[Any], None], score: float = FULL, note: str = "", said: str = ""
) -> Case:
    """The solution after somebody has been at its cells."""

    def make(solution: Any, _: Any) -> dict[str, Any]:
        book = copy.deepcopy(solution)
        change(book)
        return {"ps1.ipynb": nbformat.writes(book)}

    return Case(make, score, "repaired" if note else "ok", said or note, note)


# ---------------------------------------------------------------- changes to cells


def _delete(name: str) -> Callable[[Any], None]:
    return lambda book: book.cells.pop(at(book, name))


def _paste(name: str) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        book.cells.append(copy.deepcopy(book.cells[at(book, name)]))
        book.cells[-1].id = "pasted"

    return change


def _write(name: str, text: str) -> Callable[[Any], None]:
    return lambda book: book.cells[at(book, name)].update(source=text)


def _mark(name: str, **marks: Any) -> Callable[[Any], None]:
    return lambda book: book.cells[at(book, name)].metadata.nbgrader.update(marks)


def _split(book: Any) -> None:
    i = at(book, ANSWER)
    lines = book.cells[i].source.splitlines(keepends=True)
    rest = copy.deepcopy(book.cells[i])
    rest.id = "rest"
    book.cells[i].source, rest.source = "".join(lines[:-2]), "".join(lines[-2:])
    book.cells.insert(i + 1, rest)


def _move(book: Any) -> None:
    book.cells.insert(0, book.cells.pop(at(book, "check-weighted_loss")))


def _kernel(book: Any) -> None:
    book.metadata.kernelspec = {"name": "ir", "display_name": "R", "language": "R"}


def _stranger(book: Any) -> None:
    book.cells.append(nbformat.v4.new_code_cell("full = 25"))
    book.cells[-1].metadata.nbgrader = {
        "grade_id": "bonus", "grade": True, "solution": False, "locked": True, "points": 100, "schema_version": 3,
        "task": False,
    }  # fmt: skip


def _without_marks(book: Any) -> None:
    for cell in book.cells:
        cell.metadata = {}
        cell.source = without_hidden(cell.source)  # which no student has


def _null_metadata(solution: Any, _: Any) -> dict[str, Any]:
    book = json.loads(nbformat.writes(solution))
    book["cells"][0]["metadata"] = None
    return {"ps1.ipynb": json.dumps(book)}


def _half_a_letter(solution: Any, _: Any) -> dict[str, Any]:
    book = with_cell(
        with_cell(solution, "confident_wrong", "because HALF"),
        "reward_to_go",
        lambda s: f"'HALF'\n{s}",
    )
    return {"ps1.ipynb": nbformat.writes(book).replace("HALF", "\\ud800")}


def _named(name: str) -> Callable[[Any, Any], dict[str, Any]]:
    return lambda solution, _: {name: nbformat.writes(solution)}


def _with_module(solution: Any, _: Any) -> dict[str, Any]:
    return {
        "ps1.ipynb": nbformat.writes(solution),
        "numpy.py": "raise SystemExit",
        "ipykernel_launcher.py": "1 / 0",
    }


def _old_format(solution: Any, _: Any) -> dict[str, Any]:
    return {"ps1.ipynb": nbformat.writes(copy.deepcopy(solution), version=3)}


CASES: dict[str, Case] = {
    # files
    "not-json": file("{ not json", "The file cannot be read: this is no notebook (NotJSONError"),
    "empty-file": file("", "ps1.ipynb is empty."),
    "a-list": file("[]", "The file cannot be read: this is no notebook"),
    "bytes": file(b"\xff\xfe\x00\x01", "The file cannot be read: this is no notebook (UnicodeDecodeError"),
    "deep": file('{"cells": ' + "[" * 100_000, "The file cannot be read: this is no notebook"),
    "too-large": file(b" " * 20_000_001, "ps1.ipynb has 20000001 bytes; at most 20000000 are read."),
    "no-notebook": file("my work", "No notebook was handed in.", "work.txt"),
    "two-names": Case(
        lambda solution, _: {"a.ipynb": "{}", "b.ipynb": "{}"}, 0.0, "unreadable",
        "Several notebooks and none of them is ps1.ipynb: a.ipynb, b.ipynb.", "Several notebooks",
    ),
    "renamed": Case(
        _named("my ps1 (final).ipynb"), FULL, "repaired", "it was taken for ps1.ipynb", "called my ps1 (final).ipynb"
    ),
    "modules-beside-it": Case(_with_module, FULL),
    "old-format": Case(_old_format, FULL, "ok"),
    "null-metadata": Case(
        _null_metadata, 0.0, "unreadable", "Nothing could be graded.", "The file cannot be read: this is no notebook"
    ),
    # cells
    "wrong-kernel": changed(_kernel),
    "check-deleted": changed(_delete("check-weighted_loss")),
    "check-pasted": changed(_paste("check-weighted_loss")),
    "check-edited": changed(_write("check-weighted_loss", "5")),
    "check-moved": changed(_move),
    "check-worth-1000": changed(_mark("check-weighted_loss", points=1000)),
    "check-unlocked": changed(_mark("check-weighted_loss", grade=False, locked=False)),
    "answer-deleted": changed(
        _delete(ANSWER), OTHERS, "No cell for weighted_loss: not answered, or the cell was deleted."
    ),
    "answer-with-another-id": changed(_mark(ANSWER, grade_id="mine"), FULL, "No cell for weighted_loss"),
    "answer-pasted": changed(_paste(ANSWER), FULL, "weighted_loss is there 2 times; the last one counts."),
    "answer-split": changed(_split, FULL, "weighted_loss was split into 2 cells; they are joined."),
    "answer-too-long": changed(
        _write(ANSWER, "#" * 300_000), OTHERS, "weighted_loss has 300000 characters; only an answer of up to 200000"
    ),
    "a-check-of-ones-own": changed(_stranger, FULL, "1 code cell of the student's own, run as well."),
    "marks-lost": changed(_without_marks, FULL, "No cell for confident_wrong, all_plus_100, not_supervised"),
    "half-a-letter": Case(_half_a_letter, FULL),
    "no-python": program("def weighted_loss(:"),
    "nothing-written": Case(
        lambda _, release: {"ps1.ipynb": nbformat.writes(release)}, 0.0, "ok", EMPTY
    ),
    # harm
    "endless-loop": program("while True:\n    pass"),
    "endless-loop-in-the-answer": answering(
        "def weighted_loss(*_):\n    while True:\n        pass", "It did not finish within 2 s."
    ),
    "endless-loop-that-catches": stopped(
        "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
        "it took more than 12 s.",
    ),
    "sleep-without-alarm": stopped("import signal, time\nsignal.alarm(0)\nsignal.setitimer(signal.ITIMER_REAL, 0)\n"
                                   "time.sleep(600)", "it took more than 12 s."),
    "memory": stopped("block = b'x' * 10**9\nwhile True:\n    pass", "it used more than 0.5 GB"),
    "shared-memory": stopped(
        "import ctypes, mmap\nblock = mmap.mmap(-1, 10**9)\n"
        "ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(block)), 1, 10**9)\nwhile True:\n    pass",
        "it used more than 0.5 GB",
    ),
    "memory-only-reserved": program(
        "import numpy as np\nblocks = []\nwhile True:\n    blocks.append(np.empty(10**8))"
    ),
    "memory-without-a-name": program("import os\nos.memfd_create('x')"),
    "folders-filled": program(
        "for place in ('/tmp', '/dev/shm', '.'):\n    try:\n        for i in range(99):\n"
        "            open(f'{place}/{i}', 'wb').write(bytes(4 * 10**7))\n    except OSError as error:\n"
        "        print('full', error.errno)"
    ),
    "large-file": program("f = open('big', 'wb')\nwhile True:\n    f.write(bytes(10**7))\n    f.flush()"),
    "exit-now": ends("import os\nos._exit(0)"),
    "exit-with-a-number": ends("import os\nos._exit(70)"),
    "segmentation-fault": ends("import ctypes\nctypes.string_at(0)"),
    "kills-itself": ends("import os\nos.kill(os.getpid(), 9)"),
    "kills-everybody": program("import os\ntry:\n    os.kill(-1, 9)\nexcept OSError:\n    pass"),
    "kills-its-parent": program("import os, signal\nfor s in (9, signal.SIGSTOP):\n    os.kill(os.getppid(), s)"),
    "fork-bomb": stopped("import os\nwhile True:\n    os.fork()", "it started more than 10 processes."),
    "background": program("import subprocess\nsubprocess.Popen(['sleep', '600'], start_new_session=True)"),
    "sys-exit": program("import sys\nsys.exit(3)"),
    "quit": program("quit()"),
    "input": program("input()"),
    "endless-output": program("while True:\n    print('x' * 1000)"),
    "large-output": program(
        "from IPython.display import HTML, display\nprint('y' * 3 * 10**7)\ndisplay(HTML('<script>' + 'z' * 10**7))"
    ),
    "network": program("import socket\nsocket.create_connection(('1.1.1.1', 80), 1)"),
    "files-deleted": program(
        "import shutil\nfor place in ('/usr', '/grader', '/work', '/home', '/root', '/tmp'):\n"
        "    shutil.rmtree(place, ignore_errors=True)"
    ),
    "written-outside": program("open('/usr/left', 'w')"),
    "kernel-settings": program("open('/proc/sys/kernel/domainname', 'w').write('mine')"),
    "devices": program("import os\nos.chmod('/dev/null', 0o600)"),
    "new-namespaces": program(
        "import ctypes\nif ctypes.CDLL(None).unshare(0x10000000) == 0:\n    def weighted_loss(*_): raise SystemExit"
    ),
    "environment-cleared": program("import os\nos.environ.clear()"),
    "loader-poisoned": program(
        "import os, sys\nos.environ.update(LD_PRELOAD='./x.so', PYTHONPATH='.', PYTHONSTARTUP='x.py')\n"
        "sys.path.insert(0, '.')\nopen('json.py', 'w').write('1 / 0')\nopen('base64.py', 'w').write('1 / 0')"
    ),
    # thefts
    "input-transformer": program(
        "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])", BEFORE  # its own later answers
    ),
    "points-printed": program("from IPython.display import display\nprint('5.0')\ndisplay(5.0)\n5.0"),
    "assert-patched": answering(
        "import builtins, numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True\n"
        "builtins.AssertionError = type('Never', (BaseException,), {})\n"
        "def weighted_loss(*_):\n    return 0.0, np.zeros((3, 4))", "✗",
    ),
    "equal-to-everything": answering(
        "class Yes:\n    def __eq__(self, _): return True\n    def __array__(self, *_, **__): return self\n"
        "    def __float__(self): return 0.0\ndef weighted_loss(*_):\n    return Yes(), Yes()", "✗",
    ),
    "pgkit-patched": answering(
        "import pgkit.check as c\nc.judge = c.check = c.close = lambda *a, **k: 5\n"
        "c.probe = lambda name, answer, seed=None: [c.Value({'value': c.np.zeros(3)})] * 6\n"
        "def weighted_loss(*_):\n    return 5", "✗", BEFORE,
    ),
    "judge-imported": program("from pgkit.checks import ps1_judge\nweighted_loss = ps1_judge.EXERCISES"),
    "package-copied": answering(
        "import pgkit.policies as p\nscope = {'__name__': 'x'}\nexec(open(p.__file__).read(), scope)\n"
        "def weighted_loss(theta, phi, a, weight):\n"
        "    return scope['SoftmaxTable'](*theta.shape).grad_log_prob(theta[None], None, weight=weight)", "✗",
    ),
    "memory-of-others": program(
        "import os\nmine = os.readlink('/proc/self')\nfor pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "    for what in ('mem', 'environ', 'maps') if pid != mine else ():\n        try:\n"
        "            open(f'/proc/{pid}/{what}', 'rb').read(1)\n        except OSError:\n            continue\n"
        "        def weighted_loss(*_): raise SystemExit(pid)"
    ),
    "gradebook-looked-for": program(
        "import os\nfound = [p for p, _, names in os.walk('/') for n in names\n"
        "         if n in ('gradebook.db', 'seeds.json', 'ps1_judge.py') and os.path.getsize(os.path.join(p, n))]\n"
        "assert not found, found\nprint('nothing', 'found')"
    ),
    "reply-forged": program(
        "import json, os\nfor fd in range(3, 256):\n    try:\n"
        "        os.write(fd, json.dumps({'id': 'check-weighted_loss', 'values': {}, 'score': 5}).encode() + b'\\n')\n"
        "    except OSError:\n        pass", said="The results are not as they must be.",
    ),
    "reply-flooded": program(
        "import os\nfor fd in range(3, 256):\n    try:\n        while True:\n            os.write(fd, b'[' * 10**5)\n"
        "    except OSError:\n        pass", 0.0, "stopped", "it wrote more than 16000000 bytes of results",
        "Stopped: it wrote more than",
    ),
    "reply-closed": ends("import os\nos.closerange(3, 256)"),
    "stdout-replaced": program("import os, sys\nsys.stdout = sys.stderr = None\nos.close(1)\nos.close(2)"),
    "save-replaced": answering(
        "import base64, numpy as np\nnp.array = np.ascontiguousarray = base64.b64encode = lambda *a, **k: b'AAAA'\n"
        "def weighted_loss(*_):\n    return 1, 2", "✗", BEFORE,
    ),
    "pickled": answering(
        "import numpy as np\nclass Evil:\n    def __reduce__(self): return (exec, ('1 / 0',))\n"
        "def weighted_loss(*_):\n    return Evil(), np.array([Evil()], dtype=object)", "no array of numbers",
    ),
    "script-in-words": Case(
        lambda solution, _: {
            "ps1.ipynb": nbformat.writes(
                with_cell(
                    with_cell(solution, "confident_wrong", "<img src=x onerror=\"document.title='stolen'\">"),
                    ANSWER, "print('<script>document.title=1</script>')",
                )
            )
        }, OTHERS, "ok", NO_ANSWER,
    ),
}  # fmt: skip
