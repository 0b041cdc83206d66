"""The problem sets' checks: every planted mistake fails with its own hint, every right answer passes."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import warnings

import mutants
import numpy as np
import pytest

from pgkit import check as checks
from pgkit.check import CheckFailed, Report, Value, check, draw_cases, judge, probe
from pgkit.checks import ps2_judge

SETS = mutants.all_sets()
SET_OF = {exercise: ps for ps, file in SETS.items() for exercise in file.POINTS}
MISMATCH = SETS["ps2"].MISMATCH
OCCUPANCY = SETS["ps2"].OCCUPANCY
CONSTANTS = (
    0, 1.0, np.inf, np.nan, [], "none", None, np.zeros((81, 4)), (0.0, 0.0), (0.0, [0.0, 0.0]),
    ([], [], []), {"loss": 0},
)  # fmt: skip


# answers that take seconds: tests/test_course.py grades them, by nbgrader
TRAINS = ("reinforce_with_resets",)


def named(table: str) -> list:
    """(exercise, name) of every entry of RIGHT or MUTANTS."""
    return [
        (e, n)
        for file in SETS.values()
        for e, entries in getattr(file, table).items()
        for n in entries
        if e not in TRAINS
    ]


def answer(exercise: str, source: str):
    """The function that a student's cell defines."""
    space = {"np": np}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(getattr(SETS[SET_OF[exercise]], "PREAMBLE", "") + source, space)
    return space[exercise]


def graded(exercise: str, source: str) -> tuple[Report, float]:
    """The report on visible and other inputs together, and the points, as a check cell computes them."""
    fn = answer(exercise, source)
    report = check(exercise, fn) + check(exercise, fn, seed=77)
    try:
        return report, report.points(SETS[SET_OF[exercise]].POINTS[exercise])
    except CheckFailed:
        return report, 0.0


@pytest.mark.filterwarnings("ignore")  # students' own
@pytest.mark.parametrize(("exercise", "name"), named("RIGHT"))
def test_every_right_answer_gets_full_points(exercise, name):
    file = SETS[SET_OF[exercise]]
    report, points = graded(exercise, file.RIGHT[exercise][name])
    assert points == file.POINTS[exercise], str(report)


@pytest.mark.slow
@pytest.mark.parametrize("exercise", SET_OF)
def test_inputs_are_drawn_for_any_seed(exercise):
    for seed in range(120):  # a class is graded with seeds that nobody has seen
        draw_cases(exercise, seed)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # students' own
@pytest.mark.parametrize("exercise", [e for e in SET_OF if e not in TRAINS])
def test_right_answers_pass_with_any_seed(exercise):
    for name, source in SETS[SET_OF[exercise]].RIGHT[exercise].items():
        for seed in range(100, 103):
            report = check(exercise, answer(exercise, source), seed=seed)
            assert report.score == pytest.approx(1), (name, seed, str(report))


@pytest.mark.parametrize(("exercise", "name"), named("MUTANTS"))
def test_mutants_fail_with_a_hint_that_names_the_misconception(exercise, name, record_property):
    file = SETS[SET_OF[exercise]]
    source, expected, words = file.MUTANTS[exercise][name]
    report, points = graded(exercise, source)
    row = (SET_OF[exercise], exercise, name, points, file.POINTS[exercise])
    record_property("mutant", (*row, mutants.first_hint(str(report))))
    assert points == expected < file.POINTS[exercise], str(report)
    assert words in re.sub(r"\s+", " ", str(report)), str(report)


@pytest.mark.parametrize("ps", SETS)
def test_every_exercise_has_five_misconceptions_and_three_right_answers(ps):
    file, judged = SETS[ps], checks.exercises(ps)
    assert set(file.POINTS) == set(file.MUTANTS) == set(file.RIGHT) == set(judged)
    assert min(map(len, file.MUTANTS.values())) >= 5
    assert min(map(len, file.RIGHT.values())) >= 3


def test_every_problem_set_with_checks_has_its_mutants():
    assert set(SETS) == set(checks.SETS)
    assert len(SET_OF) == sum(len(file.POINTS) for file in SETS.values()), (
        "an exercise's name is its own"
    )


@pytest.mark.parametrize("exercise", SET_OF)
@pytest.mark.parametrize("constant", CONSTANTS)
def test_no_constant_earns_a_point(exercise, constant):
    report = check(exercise, lambda *args, **options: constant)
    assert report.score == 0


@pytest.mark.parametrize("exercise", SET_OF)
def test_returning_an_input_earns_no_point(exercise):
    for which in range(len(checks.draw_cases(exercise)[0].args)):
        assert check(exercise, lambda *args, i=which, **options: args[i % len(args)]).score == 0


@pytest.mark.parametrize("exercise", SET_OF)
def test_an_unwritten_answer_scores_nothing_and_says_so_in_one_line(exercise, capsys):
    def unwritten(*args):
        raise NotImplementedError(exercise)

    report = check(exercise, unwritten)
    assert "Not written yet" in str(report)
    assert len(capsys.readouterr().out.splitlines()) == 2
    with pytest.raises(CheckFailed, match=exercise):
        report.points(5.0)


def test_an_answer_that_calls_an_unwritten_one_is_told_so():
    def builds_on_another(*args):
        raise NotImplementedError("log_softmax")

    report = check("loss_of_logits", builds_on_another)
    assert "calls log_softmax, which is not written yet" in str(report)
    assert report.score == 0


@pytest.mark.parametrize("seed", [11, 12])
@pytest.mark.parametrize("exercise", SET_OF)
def test_other_inputs_follow_the_same_rules(exercise, seed):
    fn = answer(exercise, next(iter(SETS[SET_OF[exercise]].RIGHT[exercise].values())))
    assert judge(exercise, probe(exercise, fn, seed=seed), seed=seed).score == pytest.approx(1)


@pytest.mark.parametrize("exercise", [e for file in SETS.values() for e in file.BORROWED])
def test_the_packages_own_answer_is_switched_off_even_if_it_was_imported_before(exercise):
    source, expected = SETS[SET_OF[exercise]].BORROWED[exercise]
    report, points = graded(exercise, source)
    assert points == expected
    assert "write yourself" in re.sub(r"\s+", " ", str(report))


def test_the_packages_own_functions_are_on_again_after_a_check():
    from pgkit.exact import mismatch

    graded("mismatch", SETS["ps2"].BORROWED["mismatch"][0])
    assert mismatch(np.array([0.5]), np.array([1.0])) == 0.5


PEEKING = """
def log_softmax(logits):
    from pgkit.checks.ps1_judge import _log_softmax
    return _log_softmax(logits)
"""


@pytest.mark.parametrize(
    "source", [PEEKING, "from pgkit.checks.ps1_judge import _log_softmax as log_softmax\n"]
)
def test_an_answer_cannot_ask_the_judge(source):
    assert graded("log_softmax", source)[1] == 0
    assert graded("log_softmax", SETS["ps1"].LOG_SOFTMAX)[1] == 4


def test_an_answer_that_knows_only_the_visible_inputs_fails():
    cases = checks.draw_cases("mismatch")
    seen = {v.args[1].tobytes(): ps2_judge._mismatch(*v.args) for v in cases}

    def parrot(d_star, mu):
        return seen.get(mu.tobytes(), 1.0)

    visible, other = check("mismatch", parrot), check("mismatch", parrot, seed=5)
    assert visible.score == pytest.approx(1)
    assert (visible + other).score == 0


def test_a_probe_emits_numbers_and_needs_no_judge():
    values = probe("mismatch", answer("mismatch", MISMATCH), seed=3)
    assert all(isinstance(v, Value) and v["value"].dtype == np.float64 for v in values)
    code = (
        "import sys; from pgkit.check import probe\n"
        "probe('mismatch', lambda d, mu: 1.0)\n"
        "print('pgkit.checks.ps2_judge' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


def test_nothing_that_a_function_writes_on_stderr_leaves_the_check(capfd):
    handler = logging.StreamHandler(sys.stderr)
    logger = logging.getLogger("student")
    logger.addHandler(handler)

    def noisy(d_star, mu):
        import os

        warnings.warn("careful", stacklevel=1)
        print("progress 50 %", file=sys.stderr)
        os.write(2, b"from compiled code\n")
        return answer("mismatch", MISMATCH)(d_star, mu)

    try:
        assert check("mismatch", noisy).score == pytest.approx(1)
    finally:
        logger.removeHandler(handler)
    assert capfd.readouterr().err == ""
    print("still there", file=sys.stderr)
    assert capfd.readouterr().err == "still there\n"


def test_a_function_that_writes_into_its_inputs_harms_only_itself():
    def spoils(d_star, mu):
        right = answer("mismatch", MISMATCH)(d_star, mu)
        d_star[:] = mu[:] = 0.0
        return right

    assert check("mismatch", spoils).score == pytest.approx(1)


def test_an_unknown_exercise_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match=r"no exercise 'mismach'.*mismatch"):
        check("mismach", print)


def test_points_are_never_more_than_the_cell_is_worth():
    report = check("occupancy", answer("occupancy", OCCUPANCY))
    assert report.points(6.0) == 6.0
