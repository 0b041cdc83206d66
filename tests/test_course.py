"""The course as it is handed out: built from its sources, run from top to bottom, graded by nbgrader itself."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import mutants
import nbformat
import psutil
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "course"))

import build  # noqa: E402
import promises  # noqa: E402

from tests.folders import course_folder  # noqa: E402

LECTURES = sorted(p.stem for p in (ROOT / "course").glob("[0-9]*.py"))
SETS = sorted(p.stem for p in (ROOT / "course").glob("ps*.py"))
ANSWERS = mutants.all_sets()
LAB = re.compile(r"\b(RingOfFire|RunLab|LogitBars|\w+Lab)\(")
# Processor seconds; two workers on the two halves of one core take up to twice as many for the same work.
SHARED = 2 if "PYTEST_XDIST_WORKER" in os.environ else 1
CELL_SECONDS, NOTEBOOK_SECONDS = 5.0 * SHARED, 60.0 * SHARED


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
        assert "slide(" in text
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
    assert {c.metadata.nbgrader.grade_id for c in answers} == set(ANSWERS[stem].POINTS)


# ---------------------------------------------------------------- run from top to bottom


def execute(nb: nbformat.NotebookNode, folder: Path) -> tuple[float, float]:
    """(processor seconds of the slowest cell, of all cells): how busy the machine is does not count."""
    spent: list[float] = []

    def seconds() -> float:
        return sum(psutil.Process(client.km.provisioner.pid).cpu_times()[:2])

    client = NotebookClient(
        nb,
        timeout=60,
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=lambda cell, cell_index: spent.append(-seconds()),
        on_cell_executed=lambda cell, cell_index, execute_reply: spent.append(
            spent.pop() + seconds()
        ),
    )
    client.execute()
    return max(spent), sum(spent)


def shown(nb: nbformat.NotebookNode) -> str:
    texts = []
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            texts.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
    return "\n".join(texts)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the kernel client's own
@pytest.mark.parametrize("stem", LECTURES)
def test_a_lecture_notebook_runs_from_top_to_bottom_in_time(stem, tmp_path):
    nb = notebook("notebooks", f"{stem}.ipynb")
    slowest, total = execute(nb, tmp_path)
    assert slowest < CELL_SECONDS
    assert total < NOTEBOOK_SECONDS
    assert list(tmp_path.iterdir()) == [], "an unattended run commits no prediction"
    errors = [o for c in nb.cells for o in c.get("outputs", []) if o.get("name") == "stderr"]
    assert errors == []
    promises.KEPT[stem[:2]](shown(nb))


# ---------------------------------------------------------------- graded by nbgrader itself

ENV = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PGKIT_PLAIN_AUTOGRADE": "1",  # nbgrader's own way; test_grading.py has ours
}


def nbgrader(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder, env=ENV, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def classroom(tmp_path_factory, tmp_path):
    """A course folder in which every problem set is released."""
    folder = tmp_path / "course"
    shutil.copytree(course_folder(tmp_path_factory, SETS), folder)
    return folder


def submission(ps: str, answers: dict[str, str]) -> nbformat.NotebookNode:
    """The release with these answer cells filled in."""
    nb = notebook("assignments", ps, f"{ps}.ipynb")
    for cell in nb.cells:
        name = cell.metadata.nbgrader.grade_id
        if name in answers:
            cell.source = (getattr(ANSWERS[ps], "PREAMBLE", "") + answers[name]).strip()
    return nb


def autograded(folder: Path, ps: str, students: dict[str, nbformat.NotebookNode]):
    """student -> check -> points, by `nbgrader autograde`, and the processor seconds that it took."""
    for student, nb in students.items():
        path = folder / "submitted" / student / ps / f"{ps}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(nb, path)
    before = os.times()
    nbgrader(folder, "autograde", ps)
    after = os.times()
    spent = after.children_user + after.children_system
    return scores(folder, ps), spent - before.children_user - before.children_system


def scores(folder: Path, ps: str) -> dict[str, dict[str, float]]:
    """student -> check -> automatic points, as the gradebook has them; a written answer has none."""
    code = (
        "import json\nfrom nbgrader.api import Gradebook\n"
        "with Gradebook('sqlite:///gradebook.db', 'pgkit') as gb:\n"
        "    print(json.dumps({s.student.id: {g.name: g.auto_score for n in s.notebooks for g in n.grades}\n"
        f"          for s in gb.assignment_submissions('{ps}')}}))"
    )
    out = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=folder,
        env=ENV,
        capture_output=True,
        text=True,
        check=True,
    )
    everything = json.loads(out.stdout.splitlines()[-1])
    return {
        student: {k.removeprefix("check-"): v for k, v in grades.items() if k.startswith("check-")}
        for student, grades in everything.items()
    }


def packed(table: dict[str, dict[str, object]]) -> list[dict[str, str]]:
    """[{exercise: name, ...}, ...]: in each notebook one answer to each exercise, until all are used."""
    longest = max(map(len, table.values()))
    return [
        {e: list(names)[k] for e, names in table.items() if k < len(names)} for k in range(longest)
    ]


NOISY = """
_quiet_{0} = {0}
def {0}(*args, **options):
    import os, sys, warnings
    warnings.warn("divide by zero, perhaps")
    print("  50 %|#####     |", file=sys.stderr)
    os.write(2, b"a library says hello")
    return _quiet_{0}(*args, **options)
"""


@pytest.mark.slow
@pytest.mark.parametrize("ps", SETS)
def test_the_release_is_byte_for_byte_what_nbgrader_generates(classroom, ps):
    made = (classroom / "assignments" / ps / f"{ps}.ipynb").read_bytes()
    assert made == (ROOT / "assignments" / ps / f"{ps}.ipynb").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("ps", SETS)
def test_nbgrader_gives_right_answers_full_marks_also_noisy_ones_and_the_untouched_none(
    classroom, ps
):
    file = ANSWERS[ps]
    students = {
        "solution": notebook("solutions", ps, f"{ps}.ipynb"),
        "untouched": notebook("assignments", ps, f"{ps}.ipynb"),
    }
    expected = {"solution": file.POINTS, "untouched": dict.fromkeys(file.POINTS, 0)}
    for k, names in enumerate(packed(file.RIGHT)):
        answers = {e: file.RIGHT[e][name] for e, name in names.items()}
        expected[f"right_{k:02}"] = {e: p if e in names else 0 for e, p in file.POINTS.items()}
        students[f"right_{k:02}"] = submission(ps, answers)
    noisy = {e: next(iter(file.RIGHT[e].values())) + NOISY.format(e) for e in file.POINTS}
    students["noisy"], expected["noisy"] = submission(ps, noisy), file.POINTS
    points, seconds = autograded(classroom, ps, students)
    assert points == expected
    assert seconds / len(students) < NOTEBOOK_SECONDS


@pytest.mark.slow
@pytest.mark.parametrize("ps", SETS)
def test_nbgrader_gives_mutants_exactly_their_points_and_their_hint(classroom, ps, record_property):
    file = ANSWERS[ps]
    wrong = {e: {name: m for name, m in file.MUTANTS[e].items()} for e in file.POINTS}
    for exercise, (source, points) in file.BORROWED.items():
        wrong[exercise]["borrowed"] = (source, points, "write yourself")
    packs = {f"wrong_{k:02}": names for k, names in enumerate(packed(wrong))}
    students = {
        student: submission(ps, {e: wrong[e][name][0] for e, name in names.items()})
        for student, names in packs.items()
    }
    points, _ = autograded(classroom, ps, students)
    unsaid = []
    for student, names in packs.items():
        graded = nbformat.read(classroom / "autograded" / student / ps / f"{ps}.ipynb", 4)
        said = {c.metadata.nbgrader.grade_id: printed(c) for c in graded.cells if "outputs" in c}
        for e, name in names.items():
            text = said[f"check-{e}"]
            row = (ps, e, name, points[student][e], file.POINTS[e], mutants.first_hint(text))
            record_property("graded mutant", row)
            if wrong[e][name][2] not in re.sub(r"\s+", " ", text):
                unsaid.append((e, name, text))
    assert points == {
        student: {e: wrong[e][names[e]][1] if e in names else 0 for e in file.POINTS}
        for student, names in packs.items()
    }
    assert unsaid == []
    nbgrader(classroom, "generate_feedback", ps, "--student", "wrong_00")
    page = (classroom / "feedback" / "wrong_00" / ps / f"{ps}.html").read_text()
    page = re.sub(r"\s+", " ", html.unescape(page))
    for e, name in packs["wrong_00"].items():
        assert wrong[e][name][2] in page, "the feedback tells the student which idea to look at"


def printed(cell) -> str:
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")
