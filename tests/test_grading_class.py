"""A class with everything that can be handed in, graded for real: points, words, notes, and nothing is ever lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import nbformat
import numpy as np
import pytest

from pgkit.cli import main
from pgkit.grading import grade as grading
from pgkit.grading.course import Course
from pgkit.grading.desk import scores_csv
from pgkit.grading.outcome import Outcome, read_log
from pgkit.grading.sandbox import why_not
from tests.folders import course_folder, once
from tests.hostile import ANSWER, CASES, FULL, LIMITS, OTHERS, PS, at, with_cell

ROOT = Path(__file__).resolve().parent.parent
GOOD = 4  # as many good submissions, among the others
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or ""),
    pytest.mark.filterwarnings("ignore"),  # nbgrader's database layer warns of its own ways
]


@pytest.fixture(scope="module")
def books():
    return tuple(
        nbformat.read(ROOT / place / PS / f"{PS}.ipynb", 4)
        for place in ("solutions", "assignments")
    )


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A course folder with ps1 released and nothing handed in."""
    return course_folder(tmp_path_factory, (PS,))


def hand_in(root, student, files):
    folder = root / "submitted" / student / PS
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_bytes(
            text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        )


def small_class(root, solution):
    """ada has all points, ben has no weighted_loss, cem no notebook."""
    hand_in(root, "ada", {"ps1.ipynb": nbformat.writes(solution)})
    hand_in(root, "ben", {"ps1.ipynb": nbformat.writes(with_cell(solution, ANSWER, "1 / 0"))})
    hand_in(root, "cem", {"ps1.ipynb": "{ not json"})
    return {"ada": FULL, "ben": OTHERS, "cem": 0.0}


@pytest.fixture
def course(released, books, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(released, root)
    small_class(root, books[0])
    return Course.at(root)


def scores(place):
    from pgkit.grading.gradebook import Gradebook

    return {row["student"]: row["score"] for row in Gradebook(place, PS).scores()}


# ---------------------------------------------------------------- the table


@pytest.fixture(scope="module")
def graded(released, books, tmp_path_factory):
    """(course, outcomes) of everybody, graded at once by two workers."""

    def make(root):
        shutil.copytree(released, root, dirs_exist_ok=True)
        (root / "made").unlink()
        for name, case in CASES.items():
            hand_in(root, name, case.make(*books))
        (root / "submitted" / "a-link").symlink_to(root / "solutions")
        for name in sorted(CASES)[:: len(CASES) // GOOD]:
            hand_in(root, f"{name}-neighbour", {"ps1.ipynb": nbformat.writes(books[0])})
        found = grading.grade(Course.at(root), PS, workers=2, limits=LIMITS)
        (root / "outcomes.json").write_text(json.dumps([asdict(o) for o in found]))

    root = once(tmp_path_factory, "class", make)
    found = [Outcome(**told) for told in json.loads((root / "outcomes.json").read_text())]
    return Course.at(root), {o.student: o for o in found}


@pytest.mark.parametrize("name", CASES)
def test_every_case_comes_to_what_it_must(graded, name):
    place, outcomes = graded
    case, found = CASES[name], outcomes[name]
    assert (found.points, found.status) == (case.score, case.status), found
    notes = " ".join(found.notes)
    assert case.note in notes
    assert bool(case.note) == bool(notes), notes
    book = place.graded(name, PS)
    nbformat.validate(book)
    said = "".join(
        output.get("text", "") for cell in book.cells for output in cell.get("outputs", [])
    )
    assert case.said in said
    kinds = {kind for c in book.cells for o in c.get("outputs", []) for kind in o.get("data", {})}
    assert kinds == {"text/plain"}
    assert scores(place)[name] == case.score


def test_good_neighbours_are_graded_as_if_they_were_alone(graded):
    place, outcomes = graded
    good = [o for name, o in outcomes.items() if name.endswith("-neighbour")]
    assert len(good) >= GOOD
    assert all((o.points, o.status, o.notes, o.failed) == (FULL, "ok", [], {}) for o in good)
    assert len(outcomes) == len(good) + len(CASES)
    texts = {nbformat.writes(place.graded(o.student, PS)) for o in good}
    assert len(texts) == 1


def test_no_secret_seed_is_in_what_students_get(graded):
    place, _ = graded
    seeds = [str(seed) for seed in place.seeds(PS)[1:]]
    assert len(seeds) == 2
    for folder in ("assignments", "autograded"):
        for path in (place.root / folder).rglob("*.ipynb"):
            text = path.read_text()
            assert not any(seed in text for seed in seeds)
            assert "HIDDEN TESTS" not in text


def test_the_same_class_again_gives_the_same_bytes(graded, tmp_path):
    place, outcomes = graded
    shutil.copytree(place.root, tmp_path / "copy", symlinks=True)
    other, first = Course.at(tmp_path / "copy"), scores_csv(place, PS)
    names = [n for n, o in outcomes.items() if o.seconds < 4][
        ::3
    ]  # not those that wait for a limit
    again = grading.grade(other, PS, workers=1, limits=LIMITS, students=names)
    assert scores_csv(other, PS) == first
    for o in again:
        assert replace(o, seconds=0) == replace(outcomes[o.student], seconds=0)


def test_draws_that_nobody_seeded_are_the_same_in_every_grading(course, books):
    source = (
        "import random, numpy as np\nnoise = (np.random.rand(), np.random.default_rng().random(), random.random(),\n"
        "         hash('a'))\nprint(noise)"
    )
    hand_in(course.root, "dan", {"ps1.ipynb": nbformat.writes(with_cell(books[0], ANSWER, source))})
    told = set()
    for _ in range(2):
        grading.grade(course, PS, students=["dan"], workers=1)
        told.add(course.graded("dan", PS).cells[at(books[0], ANSWER)].outputs[0].text)
    assert len(told) == 1


# ---------------------------------------------------------------- nothing is lost

KILLED = """
import os, signal, sys, json, sqlite3
sys.path.insert(0, {root!r})
import warnings; warnings.simplefilter("ignore")
import pgkit.grading.grade as g, pgkit.grading.gradebook, nbgrader.api, nbgrader.preprocessors
from pgkit.grading.course import Course
replies = json.loads(open({replies!r}).read())
g._computed = lambda jobs, *_: ((job, replies[job.student], 0.1) for job in jobs)
g.why_not = lambda: ""
point, place = 0, {course!r}
POINTS = ("os.rename", "open", "sqlite3.connect", "os.chmod", "tempfile.mkstemp", "os.remove", "shutil.copyfile")
while True:
    point += 1
    child = os.fork()
    if child == 0:
        count = 0
        def look(event, *_):
            global count
            if event in POINTS:
                count += 1
                if count == {step} * point:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(look)
        g.grade(Course.at(place), "ps1", resume=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0, status
    print(point, status, flush=True)
    outcomes = None
    if status == 0:
        break
    child = os.fork()
    if child == 0:
        found = g.grade(Course.at(place), "ps1", resume=True)
        assert {{o.student: o.points for o in found}} == {expected!r}, found
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, "point %d" % point
    database = sqlite3.connect(place + "/gradebook.db")
    assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    assert database.execute("select count(*) from submitted_assignment").fetchone() == (3,)
    database.close()
    import shutil
    shutil.rmtree(place); shutil.copytree({fresh!r}, place)
"""


def test_a_kill_at_any_point_loses_nothing_and_resume_finishes(course, books, tmp_path):
    expected = {"ada": FULL, "ben": OTHERS, "cem": 0.0}
    fresh, place = tmp_path / "fresh", tmp_path / "course"
    grading.grade(course, PS, workers=1)
    replies = {
        name: json.loads((course.state / "graded" / PS / f"{name}.json").read_text())["reply"]
        for name in ("ada", "ben")
    }
    (tmp_path / "replies.json").write_text(json.dumps(replies))
    shutil.rmtree(course.root / "autograded")
    shutil.rmtree(course.state / "graded")
    (course.state / f"{PS}.log.jsonl").unlink()
    shutil.copytree(place, fresh)
    script = KILLED.format(
        root=str(ROOT), replies=str(tmp_path / "replies.json"), course=str(place), fresh=str(fresh), step=7,
        expected=expected,
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-3000:]
    lines = done.stdout.split("\n")
    assert len(lines) > 12  # so many points at which it was killed
    assert scores(Course.at(place)) == expected


def test_a_torn_line_of_the_log_is_nobodys(course):
    grading.grade(course, PS, workers=1, students=["ada"])
    path = course.state / f"{PS}.log.jsonl"
    whole = path.read_bytes()
    for cut in (1, 20, len(whole) - 1):
        path.write_bytes(whole + whole[:cut])
        assert [entry["student"] for entry in read_log(course, PS)] == ["ada"]
        grading.grade(course, PS, workers=1, students=["cem"])
        assert [entry["student"] for entry in read_log(course, PS)] == ["ada", "cem"]


def until(holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def test_a_worker_of_a_cluster_is_killed_in_the_middle(course, books):
    from distributed import LocalCluster

    for i in range(6):
        hand_in(course.root, f"s{i}", {"ps1.ipynb": nbformat.writes(books[0])})
    killed = []
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:

        def tell(outcome, done, total):
            """Kills a worker that holds finished replies nobody has fetched yet."""
            if done == 3:
                known = cluster.scheduler.workers
                until(lambda: sum(len(state.has_what) for state in known.values()) >= 3)
                fullest = max(known.values(), key=lambda state: len(state.has_what))
                killed.append(fullest.name)
                os.kill(cluster.workers[fullest.name].pid, signal.SIGKILL)
                until(lambda: fullest.address not in known)

        outcomes = grading.grade(course, PS, scheduler=cluster.scheduler_address, tell=tell)
    assert len(killed) == 1
    expected = {"ada": FULL, "ben": OTHERS, "cem": 0.0} | {f"s{i}": FULL for i in range(6)}
    assert {o.student: o.points for o in outcomes} == expected == scores(course)
    assert [entry["status"] for entry in read_log(course, PS)] == ["ok", "ok", "unreadable"] + [
        "ok"
    ] * 6


def test_another_grader_is_refused_and_a_dead_one_is_in_nobodys_way(course, capsys):
    hold = (
        f"import sys, time; sys.path.insert(0, {str(ROOT)!r})\nfrom pgkit.grading.course import Course\n"
        f"with Course.at({str(course.root)!r}).locked():\n    print('held', flush=True)\n    time.sleep(600)"
    )
    other = subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"held\n"
    arguments = ["grade", PS, "--course", str(course.root), "--workers", "1"]
    assert main(arguments) == 2
    assert "another pgkit grade is at work" in capsys.readouterr().err
    other.kill()
    other.communicate()
    assert main(arguments) == 0
    assert "3 graded (2 ok, 1 unreadable)" in capsys.readouterr().out


def test_nbgrader_grades_at_the_same_time_and_nothing_is_counted_twice(course):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", "nbgrader", "autograde", PS, "--student", "ada"]
    other = subprocess.Popen(
        command,
        cwd=course.root,
        env=os.environ | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    while other.poll() is None:
        grading.grade(course, PS, workers=1)
    assert other.returncode == 0, other.stdout.read().decode()
    other.stdout.close()
    assert scores(course) == {"ada": FULL, "ben": OTHERS, "cem": 0.0}


# ---------------------------------------------------------------- after a check was mended


def test_one_exercise_is_regraded_and_what_people_wrote_stays(course, monkeypatch):
    from nbgrader.api import Gradebook

    from pgkit import check

    grading.grade(course, PS, workers=1, students=["ada", "ben"])
    with Gradebook(course.database, course.directory.course_id) as book:
        book.find_grade("all_plus_100", PS, PS, "ada").manual_score = 2.5
        book.find_comment("all_plus_100", PS, PS, "ada").manual_comment = "Good eye."
        book.db.commit()
    true = check.judge

    def mended(name, values, *, seed=None):
        """The check of mismatched exercises: reward_to_go counts half, and log_softmax would count nothing."""
        report = true(name, values, seed=seed)
        if name == "log_softmax":
            return check.Report(
                name, tuple(check.Part(p.name, p.share, "broken") for p in report.parts)
            )
        if name == "reward_to_go":
            first, *rest = report.parts
            return check.Report(name, (check.Part(first.name, first.share, "mended"), *rest))
        return report

    monkeypatch.setattr("pgkit.grading.judge.judge", mended)
    monkeypatch.setattr(
        grading, "_computed", lambda jobs, *_: iter([]) if not jobs else pytest.fail("ran again")
    )
    before = dict(read_log(course, PS)[0]["scores"])
    outcomes = grading.grade(
        course, PS, exercise="reward_to_go", resume=True, students=["ada", "ben"]
    )
    ada = outcomes[0]
    assert {k: v for k, v in ada.scores.items() if k != "check-reward_to_go"} == {
        k: v for k, v in before.items() if k != "check-reward_to_go"
    }
    assert ada.scores["check-log_softmax"] == 4.0
    assert 0 < ada.scores["check-reward_to_go"] < 4.0
    assert set(ada.failed) == {"check-reward_to_go"}
    assert set(outcomes[1].failed) == {"check-weighted_loss", "check-reward_to_go"}
    assert scores(course)["ada"] == pytest.approx(ada.points + 2.5)
    with Gradebook(course.database, course.directory.course_id) as book:
        assert book.find_comment("all_plus_100", PS, PS, "ada").manual_comment == "Good eye."
    with pytest.raises(ValueError, match="must be one of log_softmax"):
        grading.grade(course, PS, exercise="nothing")


# ---------------------------------------------------------------- late days


def test_late_days_are_used_up_in_the_order_of_the_due_dates():
    from pgkit.grading.late import DAY, LateDays

    rule = LateDays(free_days=3, per_day=0.25, grace_minutes=30)
    assert [rule.days(s) for s in (0, 1800, 1801, DAY + 1800, DAY + 1801)] == [0, 0, 1, 1, 2]
    assert rule.penalty(20.0, 3 * DAY, []) == 0
    assert rule.penalty(20.0, 4 * DAY, []) == 5.0
    assert rule.penalty(20.0, 2 * DAY, [2 * DAY]) == 5.0
    assert rule.penalty(20.0, 2 * DAY, [9 * DAY]) == 10.0
    assert rule.penalty(20.0, 99 * DAY, []) == 20.0
    assert LateDays().penalty(20.0, 99 * DAY, []) == 0


def test_a_late_submission_loses_its_share_also_of_points_given_later(course, capsys):
    from nbgrader.api import Gradebook

    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.LateDays.free_days = 1\nc.LateDays.per_day = 0.1\n")
    for name, day in (("ada", 4), ("ben", 2), ("cem", 1)):
        (course.root / "submitted" / name / PS / "timestamp.txt").write_text(
            f"2026-10-0{day} 12:00:00 UTC"
        )
    at_course = ["--course", str(course.root)]
    assert main(["release", PS, "--due", "2026-10-01 14:00 +02:00", *at_course]) == 0
    assert "due 2026-10-01 14:00 +0200" in capsys.readouterr().out
    assert main(["grade", PS, "--workers", "1", *at_course]) == 0
    place = Course.at(course.root)
    assert scores(place) == {"ada": 0.8 * FULL, "ben": OTHERS, "cem": 0.0}
    with Gradebook(place.database, place.directory.course_id) as book:
        book.find_grade("all_plus_100", PS, PS, "ada").manual_score = 2.0
        book.db.commit()
    table = scores_csv(place, PS).splitlines()
    assert table[1].split(",")[-6:-2] == ["21.6", "35", "259200", "5.4"]
    assert main(["release", PS, "--due", "soon", *at_course]) == 2
    assert "due = 'soon', but it must read like" in capsys.readouterr().err


# ---------------------------------------------------------------- the judge takes whatever comes


def test_no_form_of_values_stops_the_judge_or_earns_points():
    from pgkit.check import SETS, draw_cases, exercises
    from pgkit.grading.judge import verdicts
    from pgkit.grading.rebuild import Check
    from tests.test_grading import sent

    rng = np.random.default_rng(0)
    names = [(ps, name) for ps in SETS for name in exercises(ps)]
    for _, name in names:
        for arrays in (
            {"value": 0.0}, {"x": 1.0}, {"value": np.full((2, 3), np.nan)},
            {key: rng.normal(size=rng.integers(0, 4, size=rng.integers(0, 4))) for key in
             ("value", "loss", "gradient", "s", "a", "q_hat", "theta", "phi", "step", "direction", "probs")},
        ):  # fmt: skip
            values = [sent(arrays)] * len(draw_cases(name, None))
            reply = {"cells": {"c": {"values": {f"{name}/None": values}}}}
            (found,) = verdicts([Check("c", 4.0, ((name, name),))], reply, [None])
            assert found.points == 0.0, (name, arrays)
            assert found.text
