"""Problem set 4's oracles against what defines them: least squares, all trajectories, the limit of the updates."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import mutants
import nbformat
import numpy as np
import pytest
from mutants import ps4 as bank

from pgkit.check import VISIBLE_SEED, Value, check, draw_cases, judge, probe
from pgkit.checks import ps4, ps4_judge

ROOT = Path(__file__).resolve().parent.parent
SEEDS = (None, 5, 6)
MANY_SEEDS = range(100, 200)


def cases_of(exercise, part, seeds=SEEDS):
    return [c.args for seed in seeds for c in draw_cases(exercise, seed) if c.part == part]


# ---------------------------------------------------------------- the oracles


@pytest.mark.parametrize("seed", SEEDS)
def test_the_fit_is_the_least_squares_table_nearest_to_the_old_one(seed):
    for case in draw_cases("fit_value", seed):
        v, s, q_hat = case.args
        X = np.eye(len(v))[s]
        nearest = v + np.linalg.pinv(X) @ (q_hat - X @ v)
        np.testing.assert_allclose(ps4_judge._fit(v, s, q_hat), nearest, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_other_table_fits_a_batch_better(seed):
    rng = np.random.default_rng(seed)
    for case in draw_cases("fit_value_clock", seed):
        v, s, q_hat, live = case.args
        found = ps4_judge._fit_clock(v, s, q_hat, live)

        def cost(table, s=s, q_hat=q_hat, live=live):
            steps = [(i, t) for i, t in np.ndindex(s.shape) if live[i, t]]
            return sum((table[t, s[i, t]] - q_hat[i, t]) ** 2 for i, t in steps)

        for step in 0.3 * rng.normal(size=(50, *v.shape)):
            assert cost(found + step) > cost(found)
        met = {(t, s[i, t]) for i, t in np.ndindex(s.shape) if live[i, t]}
        assert all(found[cell] == v[cell] for cell in np.ndindex(v.shape) if cell not in met)


def test_the_weights_of_a_fitted_baseline_sum_to_0_in_every_cell():
    for v, s, q_hat, live in cases_of("fit_value_clock", ps4.PADDED):
        b = ps4_judge._fit_clock(v, s, q_hat, live)
        adv = ps4_judge._advantage(q_hat, s, live, b)
        total = np.zeros(v.shape)
        np.add.at(total, (np.broadcast_to(np.arange(len(v)), s.shape), s), adv)
        np.testing.assert_allclose(total, 0.0, atol=1e-12)
        assert (adv[~live] == 0).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_slope_is_the_mean_score_times_return_and_no_baseline_moves_it(seed):
    for theta, s, a, q_hat, live, b, chance in cases_of("baseline_gradient", ps4.EVERY, (seed,)):
        p = ps4_judge._probability(theta, s, a, chance)
        assert p.sum() == pytest.approx(1, abs=1e-12)
        slope = ps4_judge._slope(theta, s, a, q_hat, live, b, chance)
        pi = np.exp(theta) / np.exp(theta).sum(axis=1, keepdims=True)
        by_hand = np.zeros(theta.shape)
        for m in range(len(s)):
            for t in range(s.shape[1]):
                by_hand[s[m, t]] += p[m] * q_hat[m, 0] * (np.eye(2)[a[m, t]] - pi[s[m, t]])
        np.testing.assert_allclose(slope, by_hand, atol=1e-6)
        for baseline in (b, 0 * b, b**2):
            one_by_one = ps4_judge._one_by_one(ps4_judge._estimate)
            mean = np.tensordot(p, one_by_one(theta, s, a, q_hat, live, baseline), 1)
            np.testing.assert_allclose(mean, slope, atol=1e-6)


def test_what_the_set_invites_to_try_gives_the_mean_and_twice_the_variances_of_notebook_07(capsys):
    released = (ROOT / "assignments" / "ps4" / "ps4.ipynb").read_text()
    text = "\n".join(cell["source"] for cell in nbformat.reads(released, 4).cells)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert max(map(len, code.splitlines())) < 85  # else JupyterLab breaks the lines
    space = {"np": np, "baseline_gradient": ps4_judge._estimate}
    exec(code, space)
    without, fitted = capsys.readouterr().out.splitlines()
    for line, variance in ((without, 144479.76), (fitted, 12.061)):
        mean, number = line.split(" variance ")
        assert mean == "[[-1.425, 1.425], [-1.425, 1.425]]"
        assert float(number) == pytest.approx(2 * variance, rel=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_leave_one_out_is_the_mean_of_a_batch_without_the_trajectory(seed):
    for case in draw_cases("leave_one_out", seed):
        q_hat, live = case.args
        found = ps4_judge._others(q_hat, live)
        for i, t in np.argwhere(live):
            others = [q_hat[j, t] for j in range(len(live)) if j != i and live[j, t]]
            assert found[i, t] == pytest.approx(np.mean(others) if others else 0.0, abs=1e-12)
            moved = q_hat.copy()
            moved[i] += 7.0  # what the own trajectory got never matters
            assert ps4_judge._others(moved, live)[i, t] == pytest.approx(found[i, t], abs=1e-12)


def test_the_whole_batch_mean_shrinks_the_gradient_by_1_minus_1_over_N():
    """The model answer to 7a (iv), and that leave-one-out (iii) does not: two trajectories of one step each."""
    rng = np.random.default_rng(0)
    pi, reward = np.array([0.3, 0.7]), rng.normal(size=2)
    psi = np.eye(2) - pi
    exact_gradient = sum(pi[a] * reward[a] * psi[a] for a in range(2))
    all_mean, others_mean = np.zeros(2), np.zeros(2)
    for a in range(2):
        for other in range(2):
            p = pi[a] * pi[other]
            all_mean += p * psi[a] * (reward[a] - (reward[a] + reward[other]) / 2)
            others_mean += p * psi[a] * (reward[a] - reward[other])
    np.testing.assert_allclose(all_mean, exact_gradient / 2, atol=1e-14)
    np.testing.assert_allclose(others_mean, exact_gradient, atol=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_monte_carlo_update_is_a_weighted_mean_of_the_old_value_and_the_returns(seed):
    for case in draw_cases("monte_carlo_update", seed):
        v, s, r, gamma, alpha = case.args
        new = ps4_judge._monte_carlo(*case.args)
        for x in range(len(v)):
            returns = [r[t:] @ gamma ** np.arange(len(r) - t) for t in np.flatnonzero(s == x)]
            rest = (1 - alpha) ** np.arange(len(returns))[::-1]
            by_hand = (1 - alpha) ** len(returns) * v[x] + alpha * rest @ np.array(returns)
            assert new[x] == pytest.approx(by_hand)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_td_fixed_point_is_where_the_errors_of_every_state_sum_to_0(seed):
    for case in cases_of("td_update", ps4.MANY, (seed,)):
        *batch, _ = case
        rest = ps4_judge._fixed_point(*case)
        np.testing.assert_allclose(ps4_judge._td(rest, *batch[1:]), rest, atol=1e-12)
        v, s, *_ = case
        assert set(range(len(v))) - set(s) == {4, 5}
        np.testing.assert_array_equal(rest[4:], v[4:])
        swept = ps4_judge._swept(ps4_judge._td)(*case)
        np.testing.assert_allclose(swept, rest, atol=1e-8)


# ---------------------------------------------------------------- the inputs keep what they promise


def test_every_draw_holds_what_tells_the_mistakes_apart():
    for v, s, q_hat in cases_of("fit_value", ps4.UNSEEN, MANY_SEEDS):
        assert len(v) - 1 not in s  # counts without minlength are too short
        assert (q_hat == 0).sum() == 1  # a sum of 0 is not "no data"
    for _, s, q_hat in cases_of("fit_value", ps4.SEEN, MANY_SEEDS):
        assert len(np.unique(q_hat)) == len(q_hat) - 1  # two are equal
        assert len(np.unique(s)) == s.max() + 1
    for v, s, q_hat, live in cases_of("fit_value_clock", ps4.PADDED, MANY_SEEDS):
        cells = (live[..., None] & (s[..., None] == np.arange(v.shape[1]))).sum(axis=0)
        assert cells[:, -1].min() == 0
        assert cells.max() >= 3
        assert (q_hat[live] == 0).sum() == 1
    for v, s, _, s_next, terminated, truncated, *_ in cases_of("td_update", ps4.ENDS, MANY_SEEDS):
        assert not (terminated & truncated).any()
        assert truncated.any()
        assert set(s_next[terminated]) & set(s_next[~terminated])  # the step decides
        assert not (s == s_next).any()
        assert len(v) - 1 not in s


def test_the_gradient_is_never_so_small_that_float32_would_be_wrong():
    for theta, s, a, q_hat, live, b, chance in cases_of("baseline_gradient", ps4.EVERY, range(60)):
        truth = ps4_judge._slope(theta, s, a, q_hat, live, b, chance)
        args = (np.float32(theta), s, a, np.float32(q_hat), live, np.float32(b))
        rough = ps4_judge._one_by_one(ps4_judge._estimate)(*args).astype(np.float32)
        off = np.abs(ps4_judge._mean_of(rough, theta, s, a, chance) - truth).max()
        assert off < ps4_judge.MEAN_TOLERANCE / 4 * np.abs(truth).max()


# ---------------------------------------------------------------- the bank on other seeds


def answer(source: str, exercise: str):
    space: dict[str, Any] = {"np": np}
    exec(source, space)
    return space[exercise]


@pytest.mark.slow
@pytest.mark.parametrize("exercise", bank.POINTS)
def test_the_points_of_every_answer_are_the_same_for_any_seed(exercise):
    points = bank.POINTS[exercise]
    for seed in range(31, 33):
        for name, source in bank.RIGHT[exercise].items():
            values = probe(exercise, answer(source, exercise), seed=seed)
            assert judge(exercise, values, seed=seed).score == pytest.approx(1), (name, seed)
        for name, (source, earned, hint) in bank.MUTANTS[exercise].items():
            values = probe(exercise, answer(source, exercise), seed=seed)
            report = judge(exercise, values, seed=seed)
            assert report.score * points == pytest.approx(earned), (name, seed, str(report))
            said = " ".join(part.message for part in report.parts)
            assert hint in said, (name, seed, str(report))


@pytest.mark.parametrize(
    ("exercise", "name"),
    [
        ("advantage", "zeros"),
        ("baseline_gradient", "clock one late"),
        ("baseline_gradient", "clock one early"),
        ("leave_one_out", "zeros"),
    ],
)
def test_every_part_says_the_same_of_a_mistake_that_spoils_them_all(exercise, name):
    source, _, hint = bank.MUTANTS[exercise][name]
    report = check(exercise, answer(source, exercise))
    assert all(hint in part.message for part in report.parts), str(report)


def test_every_exercise_has_right_answers_and_five_named_mistakes():
    assert set(bank.POINTS) == set(ps4.EXERCISES) == set(ps4_judge.EXERCISES)
    for exercise in bank.POINTS:
        assert len(bank.RIGHT[exercise]) >= 3
        assert len({hint for _, _, hint in bank.MUTANTS[exercise].values()}) >= 5
    assert "ps4" in mutants.all_sets()
    assert VISIBLE_SEED not in MANY_SEEDS


SLIPS = {
    "fit_value": ps4_judge.FIT_SLIPS,
    "fit_value_clock": ps4_judge.CLOCK_SLIPS,
    "advantage": ps4_judge.ADVANTAGE_SLIPS,
    "baseline_gradient": ps4_judge.GRADIENT_SLIPS,
    "leave_one_out": ps4_judge.OTHERS_SLIPS,
    "monte_carlo_update": ps4_judge.MC_SLIPS,
    "td_update": ps4_judge.TD_SLIPS,
}


def judged(exercise, way, seed):
    """The report on an answer that computes what `way` does."""
    values = []
    for case in draw_cases(exercise, seed):
        if case.part == ps4.EVERY:
            value = ps4_judge._one_by_one(way)(*case.args[:-1])
        elif exercise == "td_update":
            value = ps4_judge._swept(way)(*case.args)
        else:
            value = way(*case.args)
        values.append(Value({"value": np.asarray(value, dtype=np.float64)}))
    return judge(exercise, values, seed=seed)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a wrong way may divide by 0
@pytest.mark.parametrize("exercise", SLIPS)
def test_every_mistake_that_the_judge_knows_is_one_and_gets_a_named_hint(exercise):
    """The hint is its own, or that of another mistake which looks the same in all parts that fail."""
    for slip in SLIPS[exercise]:
        for k, way in enumerate(slip.ways):
            report = judged(exercise, way, 8)
            said = {part.message.split("\n")[0] for part in report.parts if part.message}
            assert said, (slip.name, k)
            assert said <= {other.hint for other in SLIPS[exercise]}, (slip.name, k, str(report))
            assert slip.hint in said or len(said) == 1, (slip.name, k, str(report))


# ---------------------------------------------------------------- odd answers, odd forms

FOUND = {
    "fit_value": ps4_judge._fit,
    "fit_value_clock": ps4_judge._fit_clock,
    "advantage": ps4_judge._advantage,
    "baseline_gradient": ps4_judge._estimate,
    "leave_one_out": ps4_judge._others,
    "monte_carlo_update": ps4_judge._monte_carlo,
    "td_update": ps4_judge._td,
}


def truths(exercise, seed=None):
    """The right values in the order in which a probe asks for them."""
    for case in draw_cases(exercise, seed):
        args = case.args
        if case.part == ps4.EVERY:
            yield from ps4_judge._one_by_one(FOUND[exercise])(*args[:-1])
        elif exercise == "td_update":
            v, *batch, sweeps = args
            for _ in range(sweeps):
                v = ps4_judge._td(v, *batch)
                yield v
        else:
            yield FOUND[exercise](*args)


@pytest.mark.parametrize("exercise", FOUND)
@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (lambda x: x * np.nan, "nan"),
        (lambda x: NotImplemented, "NotImplementedType"),
        (lambda x: None, "returned None"),
        (lambda x: "Δ", "no array of numbers"),
        (lambda x: [[1.0], [1.0, 2.0]], "no array of numbers"),
        (lambda x: np.zeros((2, 3, 4, 5)), "shape"),
    ],
)
def test_odd_answers_are_told_what_is_odd(exercise, odd, words):
    following = iter(list(truths(exercise)))
    report = check(exercise, lambda *args: odd(next(following)))
    assert report.score == 0
    if exercise not in ("baseline_gradient", "td_update"):
        assert all(words in part.message for part in report.parts), str(report)
    assert words in report.parts[0].message


class Foreign:
    """An array of another library, that only says what it is when asked."""

    def __init__(self, x):
        self.x = np.asarray(x, dtype=np.float32)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.x, dtype=dtype)


@pytest.mark.parametrize("exercise", FOUND)
@pytest.mark.parametrize(
    "form",
    [
        lambda x: np.asarray(x, dtype=np.float32),
        lambda x: np.asarray(x).tolist(),
        lambda x: np.ma.masked_array(x),
        lambda x: np.asarray(x, dtype=object),
        lambda x: np.asfortranarray(x),
        Foreign,
    ],
)
def test_the_form_of_a_right_answer_does_not_matter(exercise, form):
    following = iter(list(truths(exercise, 4)))
    values = probe(exercise, lambda *args: form(next(following)), seed=4)
    assert judge(exercise, values, seed=4).score == pytest.approx(1)


def test_rounding_does_not_cost_the_lonely_trajectory_its_points():
    """With N = 1 all b are 0, and float32 leaves 1e-7: the tolerance is of the largest Q̂."""

    def rough(q_hat, live):
        q = np.where(live, q_hat, 0.0)
        total = q.astype(np.float32).sum(axis=0) - q
        return total / np.maximum(live.sum(axis=0) - live, 1)

    assert judge("leave_one_out", probe("leave_one_out", rough)).score == pytest.approx(1)


def test_the_judge_says_nothing_on_stderr_whatever_it_is_given():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for exercise in FOUND:
            for seed in SEEDS:
                values = probe(exercise, lambda *args: np.zeros(3), seed=seed)
                assert judge(exercise, values, seed=seed).score == 0
