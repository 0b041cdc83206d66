"""Problem set 1's oracles against finite differences of losses that are written down independently."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pgkit.check import draw_cases
from pgkit.checks import ps1_judge

SEEDS = (None, 5, 6)


def log_prob(logits, a) -> float:
    """log π(a) with exact summation, for logits of any size."""
    top = max(logits)
    return logits[a] - top - math.log(math.fsum(math.exp(x - top) for x in logits))


def loss(logits, a, weight) -> float:
    terms = (-w * log_prob(row, b) for row, b, w in zip(logits, a, weight, strict=True))
    return math.fsum(terms) / len(a)


def slope(f, x, h=1e-5):
    """Central differences of f at x."""
    grad = np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[at] = h
        grad[at] = (f(x + step) - f(x - step)) / (2 * h)
    return grad


@pytest.mark.parametrize("seed", SEEDS)
def test_log_softmax_sums_to_one_and_ignores_shifts(seed):
    for case in draw_cases("log_softmax", seed):
        x = np.asarray(case.args[0], dtype=np.float64)
        exact = ps1_judge._log_softmax(x)
        np.testing.assert_allclose(np.exp(exact).sum(axis=-1), 1.0, rtol=1e-12)
        np.testing.assert_allclose(ps1_judge._log_softmax(x + 7.0), exact, atol=1e-9)
        for at in np.ndindex(x.shape):
            assert exact[at] == pytest.approx(log_prob(list(x[at[:-1]]), at[-1]), abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_in_the_logits_is_the_slope_of_the_loss(seed):
    for case in draw_cases("loss_of_logits", seed):
        logits, a = np.asarray(case.args[0], dtype=np.float64), case.args[1]
        ones = np.ones(len(a))
        exact, gradient = ps1_judge._classified(logits, a, ones)
        assert exact == pytest.approx(loss(logits, a, ones), rel=1e-12)
        by_hand = slope(lambda x: loss(x, a, ones), logits)  # noqa: B023
        np.testing.assert_allclose(gradient, by_hand, atol=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["loss_of_theta", "weighted_loss"])
def test_the_gradient_in_theta_is_the_slope_of_the_loss(name, seed):
    for case in draw_cases(name, seed):
        theta, phi, a, *rest = case.args
        weight = rest[0] if rest else np.ones(len(a))
        exact = ps1_judge._of_weight(ps1_judge._classified)
        value, gradient = (exact(theta, phi, a, weight, w) for w in ("loss", "gradient"))
        assert value == pytest.approx(loss(phi @ theta, a, weight), rel=1e-9)
        by_hand = slope(lambda x: loss(phi @ x, a, weight), theta)  # noqa: B023
        np.testing.assert_allclose(gradient, by_hand, atol=1e-7 * np.abs(weight).max())


@pytest.mark.parametrize("seed", SEEDS)
def test_whole_weights_are_copies_of_the_data(seed):
    theta, phi, a, _ = draw_cases("weighted_loss", seed)[0].args
    copies = np.arange(len(a)) % 3 + 1
    exact = ps1_judge._of_weight(ps1_judge._classified)
    weighted = exact(theta, phi, a, copies.astype(float), "gradient") * len(a)
    again = np.repeat(np.arange(len(a)), copies)
    ones = np.ones(len(again))
    copied = exact(theta, phi[again], a[again], ones, "gradient") * len(again)
    np.testing.assert_allclose(weighted, copied, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_reward_to_go_obeys_its_recursion(seed):
    for case in draw_cases("reward_to_go", seed):
        rewards, gamma = case.args
        q_hat = ps1_judge._reward_to_go(rewards, gamma)
        np.testing.assert_allclose(
            q_hat, rewards + gamma * np.append(q_hat[1:], 0.0), rtol=1e-10, atol=1e-10
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_multi_step_gradient_is_the_slope_of_the_loss(seed):
    for case in draw_cases("multi_step_gradient", seed):
        theta, tau, gamma = case.args

        def whole(x, tau=tau, gamma=gamma):
            return sum(
                -(gamma ** (k - t)) * r[k] * log_prob(x[s[t]], a[t])
                for s, a, r in tau
                for t in range(len(r))
                for k in range(t, len(r))
            ) / len(tau)

        exact = ps1_judge._gradient(theta, tau, gamma)
        np.testing.assert_allclose(exact, slope(whole, theta), atol=1e-6)


def test_every_exercise_draws_states_that_come_again_and_a_trajectory_that_comes_again():
    for name in ("multi_step_dataset", "multi_step_gradient"):
        for seed in range(20):
            cases = [case.args[-2] for case in draw_cases(name, seed)]
            assert all(
                len(set(zip(s, a, strict=True))) < len(s) for tau in cases for s, a, _ in tau
            )
            again = [tau for tau in cases if len(tau) > 1 and np.array_equal(tau[0], tau[-1])]
            assert again
            assert all(x is not y for tau in again for x, y in zip(tau[0], tau[-1], strict=True))
