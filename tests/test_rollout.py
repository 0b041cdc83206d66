"""Rollouts, returns and draws: conventions at the ends, and Monte Carlo against the exact oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from test_exact import stochastic_world

from pgkit import SoftmaxTable, exact, grid_world, load_world
from pgkit.draws import Draws, run_keys, thresholds
from pgkit.returns import dataset, reward_to_go
from pgkit.rollout import draw_index, rollout

POLICY = SoftmaxTable()


def roll(world, theta=None, runs=2, episodes=3, horizon=5, seed=0, start=None):
    theta = POLICY.init(world, Draws(run_keys(0, runs))) if theta is None else theta
    draws = Draws(run_keys(seed, len(theta)))
    start = world.start if start is None else start
    return rollout(world, POLICY, theta, draws, start=start, episodes=episodes, horizon=horizon)


def test_a_trajectory_ends_on_entering_a_terminal_state_and_padding_is_silent():
    world = grid_world("S.G")
    theta = np.zeros((1, 3, 4))
    theta[..., 1] = 1000  # right, right
    tau = roll(world, theta)
    assert tau.s[0, 0].tolist() == [0, 1, 0, 0, 0]
    assert tau.live[0, 0].tolist() == [True, True, False, False, False]
    assert tau.r[0, 0].tolist() == [0, 100, 0, 0, 0]
    assert tau.terminated[0, 0].tolist() == [False, True, False, False, False]


def test_a_trajectory_that_reaches_the_horizon_is_truncated_not_terminated():
    world = grid_world("S.G")
    theta = np.zeros((1, 3, 4))
    theta[..., 3] = 1000  # left, for ever
    tau = roll(world, theta)
    assert tau.live.all()
    assert not tau.terminated.any()


@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
@pytest.mark.parametrize("horizon", [1, 6])
def test_sampled_returns_agree_with_the_exact_ones(gamma, horizon):
    """Within 5 standard errors of 40 000 trajectories, in a world with random outcomes."""
    rng = np.random.default_rng(1)
    world = stochastic_world(rng)
    theta = rng.standard_normal((1, world.n_states, world.n_actions))
    tau = roll(world, theta, episodes=40_000, horizon=horizon)
    g = reward_to_go(tau.r, gamma)[0, :, 0]
    truth = exact.expected_return(world, POLICY.table(theta)[0], gamma, horizon)
    assert abs(g.mean() - truth) < 5 * g.std() / np.sqrt(g.size) + 1e-12


def test_the_sampled_gradient_agrees_with_the_exact_one():
    """γ = 1 and a horizon beyond every episode: 5 standard errors of 400 batches, largest of all entries."""
    world = grid_world("S.e\n..G")
    rng = np.random.default_rng(2)
    theta = np.repeat(0.5 * rng.standard_normal((1, 6, 4)), 400, axis=0)
    tau = roll(world, theta, episodes=50, horizon=12)
    D = dataset(tau, q_hat=reward_to_go(tau.r, 1.0))
    grads = POLICY.grad_log_prob(theta, D, weight=D.q_hat)
    h, truth = 1e-5, np.zeros((6, 4))
    for at in np.ndindex(6, 4):
        e = np.zeros((6, 4))
        e[at] = h
        up, down = (
            exact.expected_return(world, POLICY.table(theta[0] + d), 1.0, 12) for d in (e, -e)
        )
        truth[at] = (up - down) / (2 * h)
    error = np.abs(grads.mean(0) - truth) / (grads.std(0) / np.sqrt(400) + 1e-9)
    assert error.max() < 5


def test_starts_follow_the_reset_distribution():
    world = load_world("ring-of-fire")
    mu = np.where(world.startable, np.arange(81) + 1.0, 0)
    mu /= mu.sum()
    tau = roll(world, runs=1, episodes=50_000, horizon=1, start=mu)
    counts = np.bincount(tau.s[0, :, 0], minlength=81)
    assert not counts[mu == 0].any()
    chi2 = ((counts - 50_000 * mu) ** 2)[mu > 0] / (50_000 * mu[mu > 0])
    assert chi2.sum() < 63 + 5 * np.sqrt(2 * 63)


@given(
    arrays(float, st.tuples(st.integers(1, 3), st.integers(1, 9)), elements=st.floats(-1e3, 1e3)),
    st.floats(0, 1),
)
def test_reward_to_go_is_its_own_recursion(r, gamma):
    before = r.copy()
    q = reward_to_go(r, gamma)
    np.testing.assert_array_equal(r, before)
    np.testing.assert_allclose(q[..., -1], r[..., -1])
    np.testing.assert_allclose(q[..., :-1], r[..., :-1] + gamma * q[..., 1:], rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(reward_to_go(r, 0.0), r)
    np.testing.assert_allclose(reward_to_go(r, 1.0)[..., 0], r.sum(-1), atol=1e-8)


def test_draws_are_uniform_and_not_correlated_along_any_axis():
    """Mean, variance and neighbour correlations of a million draws within 5 standard errors."""
    keys = run_keys(3, 50)
    u = (
        np.stack([[Draws(keys, k).actions(40, t) for t in range(20)] for k in range(25)]) / 2.0**32
    )  # [k, t, B, N]
    n = u.size
    assert abs(u.mean() - 0.5) < 5 * np.sqrt(1 / 12 / n)
    assert abs(u.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / n)
    z = (u - 0.5) * np.sqrt(12)
    for axis in range(4):
        a, b = np.moveaxis(z, axis, 0)[:-1], np.moveaxis(z, axis, 0)[1:]
        assert abs((a * b).mean()) < 5 / np.sqrt(a.size)


@settings(max_examples=50, deadline=None)
@given(arrays(float, (5,), elements=st.floats(0, 1)).filter(lambda p: p.sum() > 0.1))
def test_the_index_drawn_has_the_probabilities_asked_for(p):
    p = p / p.sum()
    u = ((np.arange(100_000) + 0.5) / 100_000 * 2**32).astype(np.uint32)
    share = np.bincount(draw_index(np.broadcast_to(p, (u.size, 5)), u), minlength=5) / u.size
    np.testing.assert_allclose(share, p, atol=3e-5)
    assert thresholds(p).dtype == np.uint32
