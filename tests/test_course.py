"""The course as it is handed out: built from its sources, run from top to bottom, graded by nbgrader itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from test_check import MUTANTS, POINTS, RIGHT

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "course"))

import build  # noqa: E402
import promises  # noqa: E402

LECTURES = sorted(p.stem for p in (ROOT / "course").glob("[0-9]*.py"))
SETS = sorted(p.stem for p in (ROOT / "course").glob("ps*.py"))
LAB = re.compile(r"\b(RingOfFire|RunLab|LogitBars|\w+Lab)\(")
CELL_SECONDS, NOTEBOOK_SECONDS = 5.0, 60.0


# ---------------------------------------------------------------- built from source


def test_the_generated_notebooks_are_what_the_sources_say():
    assert build.drift(build.build(ROOT), ROOT) == []


@pytest.fixture
def sources(tmp_path):
    shutil.copytree(ROOT / "course", tmp_path / "course")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    assert build.main([], tmp_path) == 0
    return tmp_path


def test_check_names_every_file_that_drifted(sources, capsys):
    assert build.main(["--check"], sources) == 0
    release = sources / "assignments" / "ps2" / "ps2.ipynb"
    release.write_text(release.read_text() + "\n")
    (sources / "notebooks" / "05_ring_of_fire.ipynb").unlink()
    (sources / "notebooks" / "77_old.ipynb").write_text("{}")
    (sources / "solutions" / "ps2" / "answers.py").write_text("")
    capsys.readouterr()
    assert build.main(["--check"], sources) == 1
    said = capsys.readouterr().out
    assert "assignments/ps2/ps2.ipynb: differs" in said
    assert "notebooks/05_ring_of_fire.ipynb: missing" in said
    assert "notebooks/77_old.ipynb: no source" in said
    assert "solutions/ps2/answers.py: no source" in said
    assert build.main([], sources) == 0
    assert not (sources / "notebooks" / "77_old.ipynb").exists()


def test_building_twice_gives_the_same_bytes():
    assert build.build(ROOT) == build.build(ROOT)


ANSWER = """# %% tags=["answer:a"]
def a():
    ### BEGIN SOLUTION
    return 1
    ### END SOLUTION
    raise NotImplementedError("a")
"""


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('# %%\n1\n# %% tags=["anser:a"]\n2\n', 3, "unknown tag 'anser:a'"),
        ('# %% tags=["check:a"]\n1\n', 1, "must read check:<id>:<points>"),
        ('# %% tags=["check:a:-1"]\n1\n', 1, "points must be a positive number"),
        ('# %% tags=["check:a:0"]\n1\n', 1, "points must be a positive number"),
        ('# %% tags=["check:a b:1"]\n1\n', 1, "the id of letters"),
        ('# %%\n1\n# %% [markdown] tags=["check:a:1"]\n# x\n', 3, "belongs on a code cell"),
        ('# %% tags=["written:a:1"]\n1\n', 1, "belongs on a markdown cell"),
        (ANSWER + ANSWER, 7, "taken already, at course/ps9.py:1"),
        ('# %% tags=["answer:a", "check:a:1"]\n1\n', 1, "cannot be answer:a and check:a:1"),
        (ANSWER.replace("    ### END SOLUTION\n", ""), 1, "1 '### BEGIN SOLUTION' but 0"),
        (
            '# %% tags=["answer:a"]\nraise NotImplementedError("a")\n',
            1,
            "its answer would be released",
        ),
        (ANSWER.replace('    raise NotImplementedError("a")\n', ""), 1, "as placeholder"),
        ("# %%\n### BEGIN SOLUTION\n1\n### END SOLUTION\n", 1, "not tagged answer"),
        ("# %%\n### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS\n", 1, "not tagged check"),
        ("x = 1\n# %%\n2\n", 1, "must begin with a line"),
        ('# %% [markdown] tags=["glossary"]\n# - basline\n', 1, "did you mean baseline"),
        ("# %% [markdown]\n# A [[basline]].\n", 1, "did you mean baseline"),
    ],
)
def test_a_bad_tag_is_named_with_file_and_line(tmp_path, capsys, text, line, words):
    (tmp_path / "course").mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    (tmp_path / "course" / "ps9.py").write_text(text)
    assert build.main([], tmp_path) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"course/ps9.py:{line}:")
    assert words in said


def notebook(*parts: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT.joinpath(*parts), 4)


@pytest.mark.parametrize("stem", LECTURES)
def test_a_lecture_notebook_has_no_outputs_no_notes_and_short_cells(stem):
    nb = notebook("notebooks", f"{stem}.ipynb")
    source = (ROOT / "course" / f"{stem}.py").read_text()
    notes = [c for c in build.read_cells(ROOT / "course" / f"{stem}.py") if "instructor" in c.tags]
    assert notes, "a lecture has instructor notes"
    assert 'tags=["instructor"]' in source
    for cell in nb.cells:
        assert cell.source not in {note.source for note in notes}
        if cell.cell_type == "code":
            assert cell.outputs == []
            lines = [line for line in cell.source.splitlines() if line.strip()]
            assert len(lines) <= 8, cell.source
            assert max(map(len, lines)) <= 104, cell.source
    ids = [cell.id for cell in nb.cells]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("stem", LECTURES)
def test_a_lecture_notebook_has_every_part_that_is_promised(stem):
    nb = notebook("notebooks", f"{stem}.ipynb")
    text = "\n".join(cell.source for cell in nb.cells)
    head = nb.cells[0].source
    assert len(re.findall(r"^\d\. ", head, re.MULTILINE)) <= 4
    for word in ("**Time**", "**Needs**", "**Lecture**"):
        assert word in head
    needed = [
        "predict(",
        ".reveal(",
        "quiz",
        "Hint 1 of 3",
        "Hint 3 of 3",
        "## Glossary",
        "recap(60",
    ]
    if stem != "00_start_here":
        needed += ["## Spot the bug", "## Corrections to the slides"]
        assert "slide(" in text or "slide_and_code(" in text
    for part in needed:
        assert part in text, part
    code = [cell.source for cell in nb.cells if cell.cell_type == "code"]
    assert LAB.search("\n".join(code[:3])), "the live lab runs in the first minute"


@pytest.mark.parametrize("stem", SETS)
def test_a_release_holds_no_answer_and_no_hidden_check(stem):
    text = (ROOT / "assignments" / stem / f"{stem}.ipynb").read_text()
    for secret in (
        "BEGIN SOLUTION",
        "HIDDEN TESTS",
        "Model answer",
        "Rubric",
        "seed=",
        "linalg.inv",
    ):
        assert secret not in text, secret
    nb = notebook("assignments", stem, f"{stem}.ipynb")
    answers = [c for c in nb.cells if c.metadata.nbgrader.solution and c.cell_type == "code"]
    for cell in answers:
        assert f'raise NotImplementedError("{cell.metadata.nbgrader.grade_id}")' in cell.source
        compile(cell.source, stem, "exec")
    points = [c.metadata.nbgrader.get("points", 0) for c in nb.cells]
    assert sum(points) == 35
    assert {c.metadata.nbgrader.grade_id for c in answers} == set(POINTS)


# ---------------------------------------------------------------- run from top to bottom


def execute(nb: nbformat.NotebookNode, folder: Path) -> tuple[float, float]:
    """(seconds of the slowest cell, seconds of all cells)."""
    NotebookClient(
        nb, timeout=60, record_timing=True, resources={"metadata": {"path": str(folder)}}
    ).execute()
    spans = []
    for cell in nb.cells:
        stamps = cell.metadata.get("execution", {})
        if "iopub.execute_input" in stamps and "shell.execute_reply" in stamps:
            ends = (stamps["iopub.execute_input"], stamps["shell.execute_reply"])
            begin, end = (datetime.fromisoformat(x.replace("Z", "+00:00")) for x in ends)
            spans.append((end - begin).total_seconds())
    return max(spans), sum(spans)


def shown(nb: nbformat.NotebookNode) -> str:
    texts = []
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            texts.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
    return "\n".join(texts)


@pytest.mark.filterwarnings("ignore")  # the kernel client's own
@pytest.mark.parametrize("stem", LECTURES)
def test_a_lecture_notebook_runs_from_top_to_bottom_in_time(stem, tmp_path):
    nb = notebook("notebooks", f"{stem}.ipynb")
    for attempt in range(2):  # a busy machine gets a second chance
        slowest, total = execute(nb, tmp_path)
        if slowest < CELL_SECONDS or attempt:
            break
    assert slowest < CELL_SECONDS
    assert total < NOTEBOOK_SECONDS
    assert list(tmp_path.iterdir()) == [], "an unattended run commits no prediction"
    errors = [o for c in nb.cells for o in c.get("outputs", []) if o.get("name") == "stderr"]
    assert errors == []
    promises.KEPT[stem[:2]](shown(nb))


# ---------------------------------------------------------------- graded by nbgrader itself

ENV = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def nbgrader(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder, env=ENV, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def submission(**answers: str) -> nbformat.NotebookNode:
    """The release with these answer cells filled in."""
    nb = notebook("assignments", "ps2", "ps2.ipynb")
    for cell in nb.cells:
        name = cell.metadata.nbgrader.grade_id
        if name in answers:
            cell.source = answers[name].strip()
    return nb


def only(exercise: str, source: str) -> nbformat.NotebookNode:
    return submission(**{exercise: source})


SAMPLE_OF_MUTANTS = {
    "mismatch": "holes skipped",
    "reinforce_update": "G_0 everywhere",
    "occupancy": "normalised",
    "sample_resets": "own generator",
}
NOISY = """
def mismatch(d_star, mu):
    import os, sys, warnings
    warnings.warn("divide by zero, perhaps")
    print("  50 %|#####     |", file=sys.stderr)
    os.write(2, b"a library says hello")
    return np.nanmax(d_star / mu)
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course folder after release, autograde and feedback, and the points of every submission."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "solutions", folder / "solutions")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    nbgrader(folder, "generate_assignment", "ps2")
    students = {
        "solution": notebook("solutions", "ps2", "ps2.ipynb"),
        "untouched": notebook("assignments", "ps2", "ps2.ipynb"),
        "noisy": only("mismatch", NOISY),
        "others": submission(**{e: list(RIGHT[e].values())[1] for e in POINTS if "with" not in e}),
    }
    for exercise, name in SAMPLE_OF_MUTANTS.items():
        students[f"wrong_{exercise}"] = only(exercise, MUTANTS[exercise][name][0])
    for student, nb in students.items():
        path = folder / "submitted" / student / "ps2" / "ps2.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(nb, path)
    begin = time.monotonic()
    nbgrader(folder, "autograde", "ps2")
    seconds = time.monotonic() - begin
    nbgrader(folder, "generate_feedback", "ps2")
    return folder, seconds, scores(folder)


def scores(folder: Path) -> dict[str, dict[str, float]]:
    """student -> check -> automatic points."""
    code = (
        "import json\nfrom nbgrader.api import Gradebook\n"
        "with Gradebook('sqlite:///gradebook.db', 'pgkit') as gb:\n"
        "    print(json.dumps({s.student.id: {g.name: g.auto_score for n in s.notebooks for g in n.grades}\n"
        "          for s in gb.assignment_submissions('ps2')}))"
    )
    out = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=folder,
        env=ENV,
        capture_output=True,
        text=True,
        check=True,
    )
    import json

    return json.loads(out.stdout.splitlines()[-1])


@pytest.mark.slow
def test_the_release_is_byte_for_byte_what_nbgrader_generates(graded):
    folder, _, _ = graded
    made = (folder / "assignments" / "ps2" / "ps2.ipynb").read_bytes()
    assert made == (ROOT / "assignments" / "ps2" / "ps2.ipynb").read_bytes()


@pytest.mark.slow
def test_nbgrader_gives_the_solution_full_marks_and_the_untouched_release_none(graded):
    _, seconds, points = graded
    expected = {f"check-{name}": worth for name, worth in POINTS.items()}
    assert {k: v for k, v in points["solution"].items() if k in expected} == expected
    assert sum(v or 0 for v in points["untouched"].values()) == 0
    assert seconds < 90


@pytest.mark.slow
@pytest.mark.parametrize("exercise", SAMPLE_OF_MUTANTS)
def test_nbgrader_gives_wrong_answers_their_exact_part_of_the_points(graded, exercise):
    _, _, points = graded
    _, expected, _ = MUTANTS[exercise][SAMPLE_OF_MUTANTS[exercise]]
    got = points[f"wrong_{exercise}"]
    assert got[f"check-{exercise}"] == expected
    assert sum(v or 0 for v in got.values()) == expected


@pytest.mark.slow
def test_nbgrader_gives_other_right_answers_full_marks(graded):
    _, _, points = graded
    for exercise in ("sample_resets", "reinforce_update", "occupancy", "mismatch"):
        assert points["others"][f"check-{exercise}"] == POINTS[exercise]


@pytest.mark.slow
def test_what_is_written_on_stderr_costs_nobody_a_point(graded):
    _, _, points = graded
    assert points["noisy"]["check-mismatch"] == POINTS["mismatch"]


@pytest.mark.slow
def test_the_feedback_tells_the_student_which_idea_to_look_at(graded):
    folder, _, _ = graded
    page = (folder / "feedback" / "wrong_mismatch" / "ps2" / "ps2.html").read_text()
    assert "the theorem promises nothing" in re.sub(r"\s+", " ", page)
