"""Problem set 6's oracles against what defines them: sums, differences, search, simulation, the package's own AWR."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pgkit import exact
from pgkit.algorithms import AWR
from pgkit.check import check, draw_cases, judge, probe
from pgkit.checks import ps6, ps6_judge

SEEDS = (None, 5, 6)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_entry_of_the_dataset_is_the_sum_of_its_definition(seed):
    for case in draw_cases("add_to_dataset", seed):
        blocks, gamma = case.args
        entries = []
        for s, a, r, live in blocks:
            for i, t in np.argwhere(live):
                to_come = [gamma ** (k - t) * r[i, k] for k in range(t, r.shape[1]) if live[i, k]]
                entries.append((s[i, t], a[i, t], math.fsum(to_come)))
        np.testing.assert_allclose(ps6_judge._dataset(blocks, gamma), sorted(entries), rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_other_fit_is_better_and_none_as_good_is_shorter(seed):
    rng = np.random.default_rng(seed)
    for case in draw_cases("value_of_dataset", seed):
        x, s, R = case.args
        V = ps6_judge._value(x, s, R)
        phi = ps6_judge._shortest(x[s], R)
        np.testing.assert_allclose(x @ phi, V, atol=1e-12)
        np.testing.assert_allclose(x[s].T @ (R - V[s]), 0.0, atol=1e-9)  # the gradient vanishes
        for _ in range(50):  # any other φ of the same fit
            null = np.linalg.svd(x[s])[2][np.linalg.matrix_rank(x[s]) :]
            other = phi + null.T @ rng.normal(size=len(null))
            assert np.linalg.norm(other) >= np.linalg.norm(phi) - 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cases_of_the_fit_are_what_their_parts_say(seed):
    for case in draw_cases("value_of_dataset", seed):
        x, s, _ = case.args
        full = np.linalg.matrix_rank(x[s]) == x.shape[1]
        assert full == (case.part == ps6.FEATURES)
        assert (case.part == ps6.TABLE) == np.array_equal(x, np.eye(len(x)))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_weights_have_the_ratios_that_the_formula_gives(seed):
    for case in draw_cases("awr_weights", seed):
        adv, beta, clip, normalise = case.args
        flat = [float(x) for x in adv.ravel()]
        if normalise:
            mean = math.fsum(flat) / len(flat)
            std = math.sqrt(math.fsum((x - mean) ** 2 for x in flat) / len(flat))
            flat = [(x - mean) / std for x in flat]
        limit = math.inf if clip is None else math.log(clip)
        logs = np.array([min(x / beta, limit) for x in flat])
        found = ps6_judge._weight(adv, beta, clip, normalise).ravel()
        assert found.max() == pytest.approx(1)
        np.testing.assert_allclose(found, np.exp(logs - logs.max()), rtol=1e-9, atol=1e-300)


def test_the_weights_are_those_of_the_packages_own_awr():
    adv = np.random.default_rng(2).normal(0, 2, 40)
    for clip in (0.0, 3.0):
        own = AWR(beta=0.7, clip=clip).weight(adv)
        np.testing.assert_allclose(
            ps6_judge._weight(adv, 0.7, clip or None, False), own / own.max()
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_of_the_likelihood_is_its_difference_quotient(seed):
    h = 1e-6
    for case in draw_cases("weighted_log_likelihood", seed):
        theta, s, a, w = case.args
        if case.part == ps6.HUGE:
            theta = theta / 200.0
        gradient = ps6_judge._likelihood(theta, s, a, w, "gradient")
        for at in np.ndindex(theta.shape):
            up, down = theta.copy(), theta.copy()
            up[at] += h
            down[at] -= h
            slope = [ps6_judge._likelihood(x, s, a, w, "value") for x in (up, down)]
            assert (slope[0] - slope[1]) / (2 * h) == pytest.approx(gradient[at], abs=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_other_table_has_a_higher_likelihood_than_the_best_policy(seed):
    rng = np.random.default_rng(seed)
    for case in draw_cases("weighted_policy", seed):
        s, a, w, states, actions = case.args
        best = ps6_judge._best_policy(*case.args)
        np.testing.assert_allclose(best.sum(axis=1), 1.0)
        with np.errstate(divide="ignore"):
            top = (w[w > 0] * np.log(best[s, a])[w > 0]).sum()
        for mix in (0.5, 0.1, 0.01):
            others = (1 - mix) * best + mix * rng.dirichlet(np.ones(actions), (200, states))
            assert (w * np.log(others[:, s, a])).sum(axis=1).max() <= top + 1e-12
        empty = ~np.isin(np.arange(states), s[w > 0])
        assert empty.any() == (case.part == ps6.UNSEEN)
        np.testing.assert_allclose(best[empty], 1 / actions)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_effective_sample_size_is_the_packages_and_knows_no_units(seed):
    for case in draw_cases("effective_sample_size", seed):
        (w,) = case.args
        size = ps6_judge._size(w)
        u = w / w.max() if w.any() else w
        assert size == pytest.approx(exact.effective_sample_size(u), rel=1e-12)
    assert ps6_judge._size(np.full(7, 3.0)) == pytest.approx(7)
    assert ps6_judge._size(np.array([1e9, 1e-9, 0])) == pytest.approx(1)


# ---------------------------------------------------------------- the loop


def test_the_judge_knows_the_exact_return_of_a_policy_in_the_corridor():
    rng = np.random.default_rng(4)
    for _ in range(3):
        world = ps6.corridor(rng)
        pi = rng.dirichlet(np.ones(3), 5)
        _, _, r, live = world.roll_out(pi, rng, 40_000)
        discounted = (np.where(live, r, 0.0) * 0.9 ** np.arange(r.shape[1])).sum(axis=1)
        error = discounted.std() / np.sqrt(len(r))
        assert abs(discounted.mean() - ps6_judge._return_of(world, pi, 0.9)) < 4 * error


def test_no_policy_is_better_than_the_best_one_in_the_corridor():
    rng = np.random.default_rng(4)
    world = ps6.corridor(rng)
    best = ps6_judge._return_of(world, None, 0.9)
    goes_on = np.eye(3)[np.argmax(world.moves, axis=1)]
    found = [ps6_judge._return_of(world, pi, 0.9) for pi in rng.dirichlet(np.ones(3), (500, 5))]
    assert max(found) < ps6_judge._return_of(world, goes_on, 0.9) <= best + 1e-12


def steps_of(case):
    """The policies that Algorithm 1 goes through in a case of the loop, π_1 first."""
    *_, iterations = case.args
    policies = [np.full(case.args[0].moves.shape, 1 / 3)]
    for k in range(iterations):
        policies.append(ps6_judge._next(*ps6_judge._history(case, np.array(policies), k + 1)))
    return np.array(policies)


def test_a_right_loop_learns_with_much_to_spare_and_the_first_policy_is_far_from_it():
    for seed in range(8):
        *_, case = draw_cases("awr", seed)
        assert case.part == ps6.LEARNS
        world = case.args[0]
        best = ps6_judge._return_of(world, None, 0.9)
        first, *_, last = (ps6_judge._return_of(world, pi, 0.9) / best for pi in steps_of(case))
        assert first < 0.25
        assert last > ps6_judge.ENOUGH + 0.1


def test_the_clip_and_the_states_without_data_matter_in_the_loop():
    for seed in range(20):
        one = [case for case in draw_cases("awr", seed) if case.part == ps6.ONE]
        unseen = []
        for case in one:
            batches, policies, gamma, beta, clip = ps6_judge._history(case, steps_of(case), 1)
            right = ps6_judge._next(batches, policies, gamma, beta, clip)
            unclipped = ps6_judge._next(batches, policies, gamma, beta, 1e12)
            assert np.abs(right - unclipped).max() > 0.01
            s, _, _, live = batches[0]
            unseen.append(len(np.unique(s[live])) < 5)
        assert unseen == [True, False]


# ---------------------------------------------------------------- what the model answers say


def constrained(mu, A, d, beta) -> tuple[np.ndarray, float, float]:
    """(the AWR policy, its mean KL from μ, its objective)."""
    pi = exact.awr_policy(mu, A, beta)
    return pi, float(exact.mean_divergence(pi, mu, d)), float(d @ (pi * A).sum(axis=1))


def test_a_constraint_on_the_mean_kl_gives_awr_with_one_beta_for_all_states():
    rng = np.random.default_rng(8)
    d, mu = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4), 3)
    A = rng.normal(size=(3, 4)) * [[0.5], [1.0], [2.0]]
    A -= (mu * A).sum(axis=1, keepdims=True)
    variance = d @ (mu * A**2).sum(axis=1)
    kls = [constrained(mu, A, d, beta)[1] for beta in (0.1, 0.3, 1.0, 3.0, 10.0)]
    assert np.all(np.diff(kls) < 0)
    pi, epsilon, best = constrained(mu, A, d, 1.0)
    others = (1 - rng.random((20_000, 1, 1))) * (rng.dirichlet(np.ones(4), (20_000, 3)) - pi) + pi
    allowed = np.asarray(exact.mean_divergence(others, mu, d)) <= epsilon
    assert allowed.sum() > 1000
    assert ((others[allowed] * A).sum(axis=2) @ d).max() < best
    for beta in (30.0, 300.0):
        epsilon = constrained(mu, A, d, beta)[1]
        assert np.sqrt(variance / (2 * epsilon)) == pytest.approx(beta, rel=3 / beta)
        own = exact.divergence(exact.awr_policy(mu, A, beta), mu)
        np.testing.assert_allclose(own * 2 * beta**2, (mu * A**2).sum(axis=1), rtol=10 / beta)
        assert constrained(mu, 2 * A, d, beta)[1] == pytest.approx(4 * epsilon, rel=10 / beta)
        np.testing.assert_allclose(
            constrained(mu, 2 * A, d, 2 * beta)[0], constrained(mu, A, d, beta)[0]
        )
    F = np.diag(mu[0]) - np.outer(mu[0], mu[0])
    np.testing.assert_allclose(F @ A[0], mu[0] * A[0])  # FΔ = g has the solution Δ = A


def test_a_large_dataset_gives_the_policy_of_the_penalty():
    rng = np.random.default_rng(9)
    mu, A = np.array([0.2, 0.5, 0.3]), np.array([1.0, -0.4, 0.0])
    a = rng.choice(3, size=200_000, p=mu)
    fitted = ps6_judge._best_policy(0 * a, a, np.exp(A[a] / 0.5), 1, 3)[0]
    np.testing.assert_allclose(fitted, exact.awr_policy(mu, A, 0.5), atol=0.01)


def lottery(beta, clip=math.inf, v=0.0):
    """Mean weights of the safe action and of the lottery."""
    weight = [min(math.exp((R - v) / beta), clip) for R in (2.0, 10.0, 0.0)]
    return weight[0], 0.1 * weight[1] + 0.9 * weight[2]


def test_the_numbers_of_the_lottery_are_those_of_the_model_answer():
    safe, risky = lottery(1.0)
    assert (safe, risky) == (pytest.approx(7.39, abs=0.005), pytest.approx(2203.5, abs=0.1))
    assert risky / (risky + safe) == pytest.approx(0.997, abs=5e-4)
    moved = lottery(1.0, v=1.5)
    assert moved[1] / moved[0] == pytest.approx(risky / safe)  # V cancels
    x = max(np.roots([0.1, 0, 0, 0, -1, 0.9]).real[np.roots([0.1, 0, 0, 0, -1, 0.9]).imag == 0])
    assert x == pytest.approx(1.352, abs=5e-4)
    threshold = 2 / math.log(x)
    assert threshold == pytest.approx(6.6, abs=0.05)
    assert lottery(threshold - 0.1)[1] > lottery(threshold - 0.1)[0]
    assert lottery(threshold + 0.1)[1] < lottery(threshold + 0.1)[0]
    safe, risky = lottery(1.0, 20.0, 1.5)
    assert (safe, risky) == (pytest.approx(1.65, abs=0.005), pytest.approx(2.20, abs=0.005))
    assert risky / (safe + risky) == pytest.approx(0.57, abs=0.005)
    assert lottery(1.0, 5.0, 1.5)[1] == pytest.approx(0.70, abs=0.005)


# ---------------------------------------------------------------- odd answers, and odd forms of right ones


def likelihood(*args):
    return tuple(ps6_judge._likelihood(*args, which) for which in ("value", "gradient"))


FOUND = {
    "value_of_dataset": ps6_judge._value,
    "awr_weights": ps6_judge._weight,
    "weighted_policy": ps6_judge._best_policy,
    "effective_sample_size": ps6_judge._size,
}


@pytest.mark.parametrize("exercise", FOUND)
@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (lambda x: NotImplemented, "NotImplementedType"),
        (lambda x: None, "returned None"),
        (lambda x: "w", "no array of numbers"),
        (lambda x: [[1.0], [1.0, 2.0]], "no array of numbers"),
        (lambda x: np.zeros((2, 3, 4, 5)), "shape"),
    ],
)
def test_odd_answers_are_told_what_is_odd(exercise, odd, words):
    truths = iter([FOUND[exercise](*case.args) for case in draw_cases(exercise)])
    report = check(exercise, lambda *args: odd(next(truths)))
    assert report.score == 0
    assert all(words in part.message for part in report.parts), str(report)


@pytest.mark.parametrize("exercise", FOUND)
@pytest.mark.parametrize(
    "form",
    [
        lambda x: np.asarray(x, dtype=np.float32),
        lambda x: np.asarray(x).tolist(),
        lambda x: np.ma.masked_array(x),
        lambda x: np.asarray(x, dtype=object),
        lambda x: np.asarray(x)[()],
    ],
)
def test_the_form_of_a_right_answer_does_not_matter(exercise, form):
    truths = iter([FOUND[exercise](*case.args) for case in draw_cases(exercise, 4)])
    values = probe(exercise, lambda *args: form(next(truths)), seed=4)
    assert judge(exercise, values, seed=4).score == pytest.approx(1)


def test_the_two_things_of_the_likelihood_come_in_any_form():
    for form in (
        list,
        lambda pair: (np.array([[pair[0]]]), pair[1].tolist()),
        lambda pair: (np.float32(pair[0]), np.float32(pair[1])),
    ):
        truths = iter([likelihood(*case.args) for case in draw_cases("weighted_log_likelihood", 4)])
        given = probe("weighted_log_likelihood", lambda *_, t=truths, f=form: f(next(t)), seed=4)
        assert judge("weighted_log_likelihood", given, seed=4).score == pytest.approx(1)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (np.full((5, 3), 0.3), "no probabilities"),
        (np.full((3, 5), 0.2), "it must be (5, 3)"),
        (np.full((5, 3), np.nan), "nan"),
        ("uniform", "an array [S, A]"),
    ],
)
def test_a_rollout_of_something_that_is_no_policy_says_so(policy, words):
    report = check("awr", lambda rollout, *args: rollout(policy))
    assert report.score == 0
    assert all(words in part.message for part in report.parts), str(report)


def test_rolling_out_again_and_again_is_stopped():
    def greedy_for_data(rollout, states, actions, *args):
        while True:
            rollout(np.full((states, actions), 1 / actions))

    report = check("awr", greedy_for_data)
    assert report.score == 0
    assert "more than 3 times for 1 iteration" in str(report)
