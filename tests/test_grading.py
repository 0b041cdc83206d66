"""Grading: submissions are rebuilt, run where they can harm nobody, and judged by values."""

from __future__ import annotations

import base64
import copy
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

from pgkit.check import WITHDRAWN
from pgkit.cli import main
from pgkit.grading import grade as grading
from pgkit.grading.course import Course
from pgkit.grading.judge import graded, harmless, request, verdicts
from pgkit.grading.rebuild import checks, read, rebuild
from pgkit.grading.sandbox import Sandbox, values, why_not, without_answers

ROOT = Path(__file__).resolve().parent.parent
SEEDS = [None, 77]
FULL = 25.0
LIMITS = {"seconds": 8, "cell_seconds": 2}
sandboxed = pytest.mark.skipif(bool(why_not()), reason=why_not() or "")


@pytest.fixture(scope="module")
def release():
    return nbformat.read(ROOT / "assignments" / "ps1" / "ps1.ipynb", 4)


@pytest.fixture(scope="module")
def solution():
    return nbformat.read(ROOT / "solutions" / "ps1" / "ps1.ipynb", 4)


@pytest.fixture(scope="module")
def box():
    with Sandbox(["ps1"]) as box:
        yield box


def with_cell(book, name, source):
    """A copy in which the cell of that grade_id reads differently."""
    new = copy.deepcopy(book)
    cell = next(c for c in new.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)
    cell.source = source(cell.source) if callable(source) else source
    return new


def before(line):
    return lambda source: f"{line}\n{source}"


def at(book, name):
    return next(
        i
        for i, c in enumerate(book.cells)
        if c.metadata.get("nbgrader", {}).get("grade_id") == name
    )


def points(release, submitted, box, **limits):
    """(points by check, the reply, notes)."""
    made = rebuild(release, submitted)
    found = checks(release)
    reply = box.run(request(made.notebook, found), SEEDS, **(LIMITS | limits))
    return {v.grade_id: v.points for v in verdicts(found, reply, SEEDS)}, reply, made.notes


# ---------------------------------------------------------------- rebuilding


def test_the_release_rebuilt_from_itself_is_itself(release):
    made = rebuild(release, release)
    assert [c.source for c in made.notebook.cells] == [c.source for c in release.cells]
    assert made.notes == []


def test_only_answers_are_taken_from_a_submission(release, solution):
    forged = with_cell(solution, "check-log_softmax", "report = 4\n4")
    forged.cells[0].source = "<script>"
    forged.cells[at(forged, "check-log_softmax")].metadata.nbgrader["points"] = 1000
    made = rebuild(release, forged)
    assert [c.metadata for c in made.notebook.cells] == [c.metadata for c in release.cells]
    for old, new in zip(release.cells, made.notebook.cells, strict=True):
        if not old.metadata.nbgrader.get("solution"):
            assert new.source == old.source
    assert "HIDDEN" not in nbformat.writes(made.notebook)


def test_lost_doubled_split_moved_and_unmarked_cells(release, solution):
    split = copy.deepcopy(solution)
    i = at(split, "log_softmax")
    lines = split.cells[i].source.splitlines(keepends=True)
    second = copy.deepcopy(split.cells[i])
    split.cells[i].source, second.source = "".join(lines[:-1]), "".join(lines[-1:])
    split.cells.insert(i + 1, second)
    made = rebuild(release, split)
    assert (
        made.notebook.cells[at(release, "log_softmax")].source.split()
        == solution.cells[i].source.split()
    )
    assert any("split into 2" in note for note in made.notes)

    doubled = copy.deepcopy(solution)
    doubled.cells.append(copy.deepcopy(doubled.cells[at(doubled, "log_softmax")]))
    doubled.cells[-1].source = "def log_softmax(x):\n    return 'later'"
    made = rebuild(release, doubled)
    assert "later" in made.notebook.cells[at(release, "log_softmax")].source
    assert any("2 times; the last" in note for note in made.notes)

    lost = copy.deepcopy(solution)
    del lost.cells[at(lost, "log_softmax")]
    made = rebuild(release, lost)
    assert made.missing == ["log_softmax"]
    assert "NotImplementedError" in made.notebook.cells[at(release, "log_softmax")].source

    bare = copy.deepcopy(solution)
    for cell in bare.cells:
        cell.metadata = {}
    answers = [
        c.source
        for c in solution.cells
        if c.metadata.nbgrader.get("solution") and c.cell_type == "code"
    ]
    told = "".join(c.source for c in rebuild(release, bare).notebook.cells)
    assert all(answer in told for answer in answers)

    own = copy.deepcopy(solution)
    own.cells.insert(3, nbformat.v4.new_code_cell("helper = 1"))
    made = rebuild(release, own)
    assert any(c.source == "helper = 1" for c in made.notebook.cells)
    assert any("student's own" in note for note in made.notes)


@pytest.mark.parametrize(
    "text",
    ["", "not json", "[]", "{}", '{"cells": 3}', '{"nbformat": 99, "cells": []}', b"\xff\xfe"],
)
def test_what_is_no_notebook_is_said_to_be_none(text):
    with pytest.raises(ValueError, match="no notebook"):
        read(text)


def test_no_tag_of_html_is_left_in_an_answer_in_words():
    hostile = "a<b $x<y$ <img src=x onerror=alert(1)> </p><script>1</script> <!-- --> 1 < 2"
    assert not any(f"<{c}" in harmless(hostile) for c in "abisxy/!")
    assert "1 < 2" in harmless(hostile)


# ---------------------------------------------------------------- replies are data


@pytest.mark.parametrize(
    "said",
    [
        None, 3, [], [1, 2], [{"arrays": 3}] * 2, [{"arrays": {"value": {}}}] * 2,
        [{"arrays": {"value": {"shape": [10**9], "data": ""}}}] * 2,
        [{"arrays": {"value": {"shape": [-1], "data": ""}}}] * 2,
        [{"arrays": {"value": {"shape": [2], "data": "AAAA"}}}] * 2,
        [{"arrays": {"value": {"shape": "x", "data": 3}}}] * 2,
    ],
)  # fmt: skip
def test_a_reply_that_makes_no_sense_is_a_problem_in_words(said):
    assert all(v.problem for v in values(said, 2))


def sent(arrays):
    """Arrays as a reply carries them."""
    told = {}
    for name, array in arrays.items():
        whole = np.asarray(array, dtype="<f8")
        told[name] = {
            "shape": list(whole.shape),
            "data": base64.b64encode(whole.tobytes()).decode(),
        }
    return {"arrays": told}


def test_values_come_through_to_the_last_digit():
    truth = np.random.default_rng(0).normal(size=(3, 4))
    np.testing.assert_array_equal(values([sent({"value": truth})], 1)[0]["value"], truth)


@pytest.mark.parametrize(
    "reply",
    [{}, {"cells": {}}, {"cells": {"check-log_softmax": {"values": {}}}}, {"cells": {"x": 3}}],
)
def test_whatever_the_reply_everybody_gets_a_verdict(release, reply):
    found = verdicts(checks(release), reply, SEEDS)
    assert [v.points for v in found] == [0.0] * len(found)
    book = graded(rebuild(release, None).notebook, reply, found)
    nbformat.validate(book)


# ---------------------------------------------------------------- the sandbox


@sandboxed
def test_the_solution_gets_all_points_and_the_untouched_release_none(release, solution, box):
    scores, reply, notes = points(release, solution, box)
    assert sum(scores.values()) == FULL
    assert (reply["end"], notes) == ("", [])
    assert sum(points(release, release, box)[0].values()) == 0


ANSWER = "log_softmax"
LATE = "check-reward_to_go"  # needs nothing of the first exercise
STEAL = {  # what a submission does first -> nothing is gained
    "an input transformer that empties all cells": (
        "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])"
    ),
    "print and display the points": "print('4.0')\n4.0",
    "numpy compares everything as equal": "import numpy as np\nnp.allclose = lambda *a, **k: True",
    "the judge asked": "from pgkit.checks import ps1_judge",
    "the judge's file read": "print(open(__import__('pgkit.checks.ps1_judge').checks.ps1_judge.__file__).read())",
    "the solution looked for": (
        "import os\nfound = [p for p, _, f in os.walk('/') if 'ps1.ipynb' in f or 'gradebook.db' in f]\n"
        "assert not found, found"
    ),
    "the check replaced": "import pgkit.check\npgkit.check.judge = pgkit.check.check = lambda *a, **k: 4",
    "values made up": (
        "import pgkit.check as c\nc.probe = lambda name, answer, seed=None: [c.Value({'value': c.np.zeros(3)})] * 6"
    ),
}


@sandboxed
@pytest.mark.parametrize("name", STEAL)
def test_nothing_is_stolen(release, box, name):
    scores, _, _ = points(release, with_cell(release, ANSWER, STEAL[name]), box)
    assert sum(scores.values()) == 0


@sandboxed
def test_nothing_of_an_earlier_submission_is_left_in_memory(release, solution, box):
    """The answers of one are not in the memory from which the next one's process is made."""
    points(release, with_cell(solution, ANSWER, before("print('left by the first, 4711')")), box)
    look = (
        "import re\nfound = 0\n"
        "with open('/proc/self/mem', 'rb', 0) as memory, open('/proc/self/maps') as maps:\n"
        "    for line in maps:\n"
        "        where, rights = line.split()[:2]\n"
        "        low, high = (int(x, 16) for x in where.split('-'))\n"
        "        if rights[0] == 'r' and '[v' not in line and high - low < 10**9:\n"
        "            memory.seek(low)\n"
        "            found += len(re.findall(rb'left by the firs[t], 4711', memory.read(high - low)))\n"
        "print('found', found)"
    )
    _, reply, _ = points(release, with_cell(release, ANSWER, look), box)
    assert reply["cells"][ANSWER]["stdout"].startswith("found 0\n"), reply["cells"][ANSWER]
    own = look.replace("import re\n", "import re\nkept = 'left by the ' + 'FIRST, 4711'.lower()\n")
    _, reply, _ = points(release, with_cell(release, ANSWER, own), box)
    assert not reply["cells"][ANSWER]["stdout"].startswith(
        "found 0\n"
    )  # what is there it does find


@sandboxed
@pytest.mark.parametrize("ps", ["ps1", "ps2", "ps3", "ps4"])
def test_the_answers_of_the_package_are_not_in_the_sandbox(ps):
    """Neither as functions nor as text, and the solution does without them."""
    texts = without_answers([ps])
    assert texts
    show = (
        (
            "import importlib, inspect\nfrom pgkit.checks import PS\n"
            "for entry in sorted({e for task in PS.EXERCISES.values() for e in task.withdrawn}):\n"
            "    module, name = entry.split(':')\n"
            "    print(inspect.getsource(getattr(importlib.import_module(module), name)).count(WORDS) > 0)"
        )
        .replace("PS", ps)
        .replace(f"{ps}.EXERCISES", f"{ps}.EXERCISES")
        .replace("WORDS", repr(WITHDRAWN))
    )
    made, given = (
        nbformat.read(ROOT / folder / ps / f"{ps}.ipynb", 4)
        for folder in ("assignments", "solutions")
    )
    found = checks(made)
    with Sandbox([ps]) as box:
        cells = [*request(rebuild(made, given).notebook, found), {"id": "show", "source": show}]
        reply = box.run(cells, SEEDS)
    assert sum(v.points for v in verdicts(found, reply, SEEDS)) == FULL
    assert set(reply["cells"]["show"]["stdout"].split()) == {"True"}, reply["cells"]["show"]


@sandboxed
def test_warnings_and_progress_bars_cost_nothing(release, solution, box):
    loud = with_cell(
        solution,
        "reward_to_go",
        before("import warnings, sys\nwarnings.warn('old')\nprint('|###|', file=sys.stderr)"),
    )
    assert sum(points(release, loud, box)[0].values()) == FULL


@sandboxed
def test_one_submission_sees_nothing_of_another(release, solution, box):
    leave = with_cell(
        solution,
        ANSWER,
        before("open('/tmp/left', 'w').write('4')\nimport builtins\nbuiltins.left = 4"),
    )
    points(release, leave, box)
    look = with_cell(
        solution, ANSWER,
        before(
            "import os, builtins\n"
            "print('seen', os.path.exists('/tmp/left'), hasattr(builtins, 'left'), os.listdir('.'))"
        ),
    )  # fmt: skip
    _, reply, _ = points(release, look, box)
    assert reply["cells"][ANSWER]["stdout"] == "seen False False []\n"


# ---------------------------------------------------------------- a class


@pytest.fixture
def course(tmp_path, solution):
    shutil.copytree(ROOT / "solutions" / "ps1", tmp_path / "solutions" / "ps1")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    nbgrader(tmp_path, "generate_assignment", "ps1")
    half = with_cell(solution, "reward_to_go", "def reward_to_go(r, gamma):\n    return r")
    hand_in(tmp_path, "ada", nbformat.writes(solution))
    hand_in(tmp_path, "ben", nbformat.writes(half))
    hand_in(tmp_path, "cem", "not a notebook")
    hand_in(tmp_path, "dan", nbformat.writes(with_cell(solution, ANSWER, "import os\nos._exit(0)")))
    return tmp_path


def nbgrader(folder, *arguments):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def hand_in(root, student, text, name="ps1.ipynb"):
    folder = root / "submitted" / student / "ps1"
    folder.mkdir(parents=True)
    (folder / name).write_text(text)


def scores_of(root):
    from pgkit.grading.gradebook import Gradebook

    rows = Gradebook(Course.at(root), "ps1").scores()
    return {row["student"]: row["score"] for row in rows}


@sandboxed
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_class_is_graded_into_nbgraders_gradebook_and_again_with_the_same_scores(
    course, capsys, monkeypatch
):
    assert main(["grade", "ps1", "--course", str(course), "--workers", "2"]) == 0
    said = capsys.readouterr().out
    assert "4 graded (2 ok, 1 stopped, 1 unreadable)" in said
    first = scores_of(course)
    assert first["ada"] == FULL
    assert 0 < first["ben"] < FULL
    assert (first["cem"], first["dan"]) == (0, 0)
    book = (course / "autograded" / "ada" / "ps1" / "ps1.ipynb").read_text()
    seeds = Course.at(course).seeds("ps1")[1:]
    assert "7 of" not in book
    assert all(str(seed) not in book for seed in seeds)
    assert main(["grade", "ps1", "--course", str(course)]) == 0
    assert scores_of(course) == first
    log = [
        json.loads(line) for line in (course / ".pgkit" / "ps1.log.jsonl").read_text().splitlines()
    ]
    assert len(log) == 8
    assert [entry["points"] for entry in log if entry["student"] == "ada"] == [FULL, FULL]

    def refuse(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr(grading, "_computed", lambda jobs, *_: iter([]) if not jobs else refuse())
    assert main(["grade", "ps1", "--course", str(course), "--resume"]) == 0
    assert scores_of(course) == first


@sandboxed
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_stop_in_the_middle_loses_nothing(course, monkeypatch):
    place = Course.at(course)

    class Cut(Exception):
        pass

    def cut(outcome, done, total):
        if done == 2:
            raise Cut

    with pytest.raises(Cut):
        grading.grade(place, "ps1", tell=cut)
    kept = {path.stem for path in (course / ".pgkit" / "graded" / "ps1").glob("*.json")}
    assert kept
    asked, compute = [], grading._computed

    def counted(jobs, *rest):
        asked.extend(job.student for job in jobs)
        return compute(jobs, *rest)

    monkeypatch.setattr(grading, "_computed", counted)
    outcomes = grading.grade(place, "ps1", resume=True)
    assert {o.student: o.points for o in outcomes}["ada"] == FULL
    assert set(asked) == {"ada", "ben", "dan"} - kept  # what was kept is not computed again


@sandboxed
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_manual_grade_stays_and_what_cannot_be_graded_is_said(course, capsys):
    place = Course.at(course)
    grading.grade(place, "ps1", students=["ada"])
    from nbgrader.api import Gradebook

    with Gradebook(place.database, place.directory.course_id) as book:
        book.find_grade("all_plus_100", "ps1", "ps1", "ada").manual_score = 2.5
        book.db.commit()
    grading.grade(place, "ps1", students=["ada"])
    assert scores_of(course)["ada"] == FULL + 2.5
    for arguments, words in (
        (["grade", "ps1", "--course", str(course), "--student", "zoe"], "has not handed in ps1"),
        (["grade", "ps9", "--course", str(course)], "ps9 is not released"),
        (["grade", "ps1", "--course", str(course / "solutions")], "no nbgrader_config.py"),
    ):
        assert main(arguments) == 2
        assert words in capsys.readouterr().err
    with place.locked():
        assert main(["grade", "ps1", "--course", str(course)]) == 2
    assert "another pgkit grade is at work" in capsys.readouterr().err


def test_without_a_sandbox_it_refuses_and_says_what_to_do(monkeypatch, tmp_path):
    from pgkit.grading import sandbox

    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    assert "install bubblewrap" in sandbox.why_not()
    with pytest.raises(sandbox.SandboxError, match="not installed"):
        Sandbox(["ps1"])
    with pytest.raises(sandbox.SandboxError, match="--unsafe"):
        grading.grade(Course.at(ROOT), "ps1")
    with Sandbox(["ps1"], unsafe=True) as bare:
        reply = bare.run([{"id": "a", "source": "print(6 * 7)"}], [None])
    assert reply["cells"]["a"]["stdout"] == "42\n"


@sandboxed
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_nbgraders_own_autograde_goes_through_the_sandbox_and_the_judge(course, release):
    """The same as behind the formgrader's button."""
    hostile = STEAL["an input transformer that empties all cells"]
    hand_in(course, "eve", nbformat.writes(with_cell(release, ANSWER, hostile)))
    twice = nbformat.read(course / "submitted" / "ada" / "ps1" / "ps1.ipynb", 4)
    twice.cells.append(copy.deepcopy(twice.cells[at(twice, "check-log_softmax")]))
    twice.cells[-1].id = "pasted"
    nbformat.write(twice, course / "submitted" / "ada" / "ps1" / "ps1.ipynb")
    shutil.rmtree(course / "submitted" / "cem")  # plain nbgrader does not take what is no notebook
    shutil.rmtree(course / "submitted" / "dan")
    nbgrader(course, "autograde", "ps1")
    scores = scores_of(course)
    assert (scores["ada"], scores["eve"]) == (FULL, 0)
    by_pgkit = grading.grade(Course.at(course), "ps1", students=["ben"])
    assert scores["ben"] == by_pgkit[0].points
