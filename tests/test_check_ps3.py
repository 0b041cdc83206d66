"""Problem set 3's oracles against what defines them: differences of KL, search over the ball, other parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pgkit.check import check, draw_cases, judge, probe
from pgkit.checks import ps3, ps3_judge

SEEDS = (None, 5, 6)


def kl_by_hand(occupancy, pi, pi_new) -> float:
    """Σ d π log(π/π'), term by term; ∞ and 0 as the exercise says."""
    total = 0.0
    for d, p, q in zip(occupancy, pi, pi_new, strict=True):
        for x, y in zip(p, q, strict=True):
            if d * x > 0:
                total += d * x * math.log(x / y) if y > 0 else math.inf
    return total


def moved(policy, step) -> float:
    """The exact mean KL that a step makes."""
    features, theta, occupancy = policy
    old, new = ps3.table_of(features, theta), ps3.table_of(features, theta + step)
    return kl_by_hand(occupancy, old, new)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_mean_kl_is_the_sum_of_its_definition(seed):
    found = []
    for case in draw_cases("mean_kl", seed):
        found.append(ps3_judge._mean_kl(*case.args))
        assert found[-1] == pytest.approx(kl_by_hand(*case.args), rel=1e-12)
    assert np.isfinite(found[:-1]).all()
    assert found[-1] == np.inf


@pytest.mark.parametrize("seed", SEEDS)
def test_the_fisher_matrix_is_the_curvature_of_the_kl(seed):
    rng = np.random.default_rng(seed)
    for sizes in ((5, 3, 3), (3, 2, 0)):
        x, theta, pi = ps3._policy(rng, *sizes)
        policy = x, theta, ps3._occupancy(rng, sizes[0])
        F = ps3_judge._fisher(policy[2], pi, ps3._scores(x, pi))
        h, axes = 1e-3, np.eye(len(theta))
        for k, a in enumerate(axes):
            for m, b in enumerate(axes):
                corners = [
                    moved(policy, h * (i * a + j * b)) * i * j for i in (1, -1) for j in (1, -1)
                ]
                assert sum(corners) / (4 * h * h) == pytest.approx(F[k, m], abs=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_fisher_matrix_has_no_negative_direction_and_scores_have_mean_zero(seed):
    for case in draw_cases("fisher", seed):
        d, pi, scores = case.args
        F = ps3_judge._fisher(d, pi, scores)
        np.testing.assert_allclose(F, F.T, atol=1e-14)
        assert np.linalg.eigvalsh(F).min() > -1e-12
        np.testing.assert_allclose(np.einsum("sa,sak->sk", pi, scores), 0.0, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_step_on_the_ellipse_gains_more_than_the_steepest(seed):
    rng = np.random.default_rng(seed)
    for case in draw_cases("steepest_step", seed):
        G, g, epsilon = case.args
        best = ps3_judge._steepest(G, g, epsilon)
        assert best @ G @ best / 2 == pytest.approx(epsilon)
        others = best + rng.normal(size=(20000, len(g))) * rng.choice(
            [0.01, 0.1, 1, 10], (20000, 1)
        )
        others *= np.sqrt(2 * epsilon / np.einsum("nk,kl,nl->n", others, G, others))[:, None]
        gains = others @ g
        assert gains.max() <= g @ best * (1 + 1e-12)
        assert gains.max() > 0.999 * (g @ best)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_natural_step_is_the_same_in_other_parameters_unless_it_is_damped(seed):
    rng = np.random.default_rng(seed)
    F, g, _ = ps3._fisher_and_gradient(rng, 5, 3, 3)
    M = rng.normal(size=(3, 3)) + 2 * np.eye(3)
    here, there = (
        lambda lam, F=F, g=g: ps3_judge._natural(F, g, lam),
        lambda lam: M @ ps3_judge._natural(M.T @ F @ M, M.T @ g, lam),
    )
    np.testing.assert_allclose(there(0.0), here(0.0), rtol=1e-9)
    damping = 0.3
    assert np.abs(there(damping) - here(damping)).max() > 0.01 * np.abs(here(damping)).max()
    model = np.linalg.solve(F + damping * np.linalg.inv(M @ M.T), g)  # as the model answer says
    np.testing.assert_allclose(there(damping), model, rtol=1e-9)


def test_a_right_kl_step_reaches_epsilon_well_within_the_tolerance():
    for seed in range(300):
        for case in draw_cases("kl_step", seed):
            F, g, epsilon, damping, policy = case.args
            step = ps3_judge._kl_step(F, g, epsilon, damping)
            assert moved(policy, step) == pytest.approx(epsilon, rel=ps3_judge.KL_TOLERANCE / 2)


def test_sizing_by_the_damped_matrix_is_always_outside_the_tolerance():
    for seed in range(300):
        for case in draw_cases("kl_step", seed):
            F, g, epsilon, damping, policy = case.args
            n = ps3_judge._natural(F, g, damping)
            step = np.sqrt(2 * epsilon / (g @ n)) * n
            if damping > 0:
                assert moved(policy, step) < epsilon * (1 - 1.5 * ps3_judge.KL_TOLERANCE)


def test_the_two_directions_of_kl_differ_by_the_skewness_of_the_score():
    rng = np.random.default_rng(3)
    x, theta, pi = ps3._policy(rng, 1, 4, 3)
    along = rng.normal(size=3)
    skewness = pi[0] @ (ps3._scores(x, pi)[0] @ along) ** 3
    for t in (1e-2, 1e-3):
        new = ps3.table_of(x, theta + t * along)
        there, back = kl_by_hand([1.0], pi, new), kl_by_hand([1.0], new, pi)
        assert (back - there) / t**3 == pytest.approx(skewness / 6, rel=20 * t, abs=1e-3)


FOUND = {
    "mean_kl": ps3_judge._mean_kl,
    "fisher": ps3_judge._fisher,
    "steepest_step": ps3_judge._steepest,
    "natural_step": ps3_judge._natural,
    "kl_step": ps3_judge._kl_step,
}


@pytest.mark.parametrize("exercise", FOUND)
@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (lambda x: x * (1 + 1j), "complex numbers"),
        (lambda x: x * np.nan, "nan"),
        (lambda x: NotImplemented, "NotImplementedType"),
        (lambda x: None, "returned None"),
        (lambda x: "Δ", "no array of numbers"),
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
        lambda x: np.asarray(x, dtype=complex),
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
