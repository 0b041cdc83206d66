"""Predictors and data sets: their exact answers, and data that are distributed as they say."""

import numpy as np
import pytest

from pgkit.draws import Draws, run_keys
from pgkit.policies import SoftmaxTable
from pgkit.rollout import rollout
from pgkit.worlds import load_world
from pgkit.worlds.predictors import (
    AB,
    BAIRD_BEHAVIOUR,
    BAIRD_WEIGHTS,
    RANDOM_WALK_TRUTH,
    A,
    B,
    baird_sweep,
    clouds,
    offline_bandit,
    w_to_2w,
    w_to_2w_least_squares,
)


def draws(runs=3, seed=5):
    return Draws(run_keys(seed, runs))


# ---------------------------------------------------------------- predictors


def test_the_ab_batch_is_that_of_the_book():
    """A,0,B,0; six times B,1; B,0  (Sutton & Barto 2018, example 6.4)."""
    assert AB.live.sum() == 9
    assert AB.s[0, 0].tolist() == [A, B]
    assert AB.s_next[0, 0, 0] == B
    assert AB.terminated.sum() == 8
    assert not (AB.terminated & ~AB.live).any()
    seen_in_b = AB.r[AB.live & (AB.s == B)]
    assert sorted(seen_in_b) == [0, 0, 1, 1, 1, 1, 1, 1]
    assert AB.r[AB.s == A].tolist() == [0]


def test_mc_and_td_see_different_values_in_the_ab_batch():
    """Batch Monte Carlo: V(A) = 0, the mean of what was seen. Batch TD: V(A) = V(B) = .75."""
    live = AB.live
    returns = np.cumsum(AB.r[..., ::-1], axis=-1)[..., ::-1]
    mc = [returns[live & (AB.s == x)].mean() for x in (A, B)]
    assert mc == [0.0, 0.75]
    v = np.zeros(3)
    for _ in range(2000):
        error = AB.r + np.where(AB.terminated, 0.0, v[AB.s_next]) - v[AB.s]
        v += 0.1 * np.bincount(AB.s[live], error[live], 3)
    np.testing.assert_allclose(v[[A, B]], [0.75, 0.75], atol=1e-9)


def test_the_first_guess_one_half_is_wrong_by_the_root_of_an_eighteenth():
    assert np.sqrt(((RANDOM_WALK_TRUTH - 0.5) ** 2).mean()) == pytest.approx(np.sqrt(1 / 18))


@pytest.mark.parametrize(
    ("gamma", "after_100"), [(0.4, 0.132620), (0.5, 1.0), (0.6, 7.244646), (0.99, 11487.7245)]
)
def test_w_grows_without_bound_iff_gamma_exceeds_one_half(gamma, after_100):
    assert w_to_2w(0.1, gamma) ** 100 == pytest.approx(after_100, rel=5e-6)
    assert (w_to_2w(0.1, gamma) > 1) == (gamma > 0.5)


@pytest.mark.parametrize(("gamma", "eps", "factor"), [(0.99, 0.1, 1.1088), (0.8, 0.1, 0.896)])
def test_least_squares_does_not_save_w(gamma, eps, factor):
    assert w_to_2w_least_squares(gamma, eps) == pytest.approx(factor, abs=1e-12)
    x, target = np.array([1.0, 2.0]), np.array([2 * gamma, 2 * gamma * (1 - eps)])  # at w = 1
    assert (x @ target) / (x @ x) == pytest.approx(factor, abs=1e-12)


def test_bairds_weights_grow_under_expected_sweeps():
    """Spectral radius 1.0023925; after 100 and 1000 sweeps the largest weights are as computed on paper."""
    sweep = baird_sweep(0.01, 0.99)
    assert np.abs(np.linalg.eigvals(sweep)).max() == pytest.approx(1.0023925046, abs=1e-9)
    after = np.linalg.matrix_power(sweep, 100) @ BAIRD_WEIGHTS
    np.testing.assert_allclose(after[[0, 5, 6, 7]], [3.8949, 3.8949, 9.9712, 9.6271], atol=5e-5)
    after = np.linalg.matrix_power(sweep, 1000) @ BAIRD_WEIGHTS
    np.testing.assert_allclose(after[[0, 6, 7]], [114.4337, 6.85, 335.0012], atol=5e-3)


def test_on_its_own_states_the_behaviour_can_be_evaluated():
    sweep = baird_sweep(0.01, 0.99, BAIRD_BEHAVIOUR)
    assert np.abs(np.linalg.eigvals(sweep)).max() == pytest.approx(1.0, abs=1e-12)


def test_sampled_off_policy_td_diverges_in_bairds_world():
    """1000 steps, importance weight 7 or 0: max |w| has median 332, range 200..492 in 100 runs elsewhere."""
    world = load_world("baird")
    theta = np.tile(np.log(BAIRD_BEHAVIOUR), (40, 7, 1))
    tau = rollout(
        world, SoftmaxTable(), theta, draws(40), start=world.start, episodes=1, horizon=1000
    )
    w = np.tile(BAIRD_WEIGHTS, (40, 1))
    for t in range(1000):
        x, x_next = world.features[tau.s[:, 0, t]], world.features[tau.s_next[:, 0, t]]
        rho = np.where(tau.a[:, 0, t] == 1, 7.0, 0.0)
        error = ((0.99 * x_next - x) * w).sum(axis=-1)
        w = w + 0.01 * (rho * error)[:, None] * x
    largest = np.abs(w).max(axis=-1)
    assert largest.min() > 100
    assert 280 < np.median(largest) < 390


# ---------------------------------------------------------------- data sets


def test_offline_pulls_have_uniform_arms_and_gaussian_rewards():
    means, sds = np.linspace(0, 1, 10), np.array([1.5] + [0.3] * 9)
    D = offline_bandit(draws(20), means, sds, samples=2000)
    assert D.a.shape == D.q_hat.shape == (20, 2000)
    assert D.episodes == 2000
    assert D.live.all()
    for arm in range(10):
        r = D.q_hat[D.a == arm]
        assert len(r) == pytest.approx(4000, abs=5 * np.sqrt(4000))
        assert r.mean() == pytest.approx(means[arm], abs=4 * sds[arm] / np.sqrt(len(r)))
        assert r.std() == pytest.approx(sds[arm], rel=4 / np.sqrt(2 * len(r)))
    assert (np.abs(np.diff(D.q_hat, axis=0)).max(axis=1) > 0).all()  # every run has its own


@pytest.mark.parametrize(("means", "sds"), [([0.0, 1.0], [1.0]), ([0.0], [-1.0]), ([], [])])
def test_each_arm_needs_a_mean_and_a_spread(means, sds):
    with pytest.raises(ValueError, match="each arm needs one mean and one spread"):
        offline_bandit(draws(), means, sds)


def test_clouds_lie_where_they_should_and_weigh_what_they_should():
    D = clouds(draws(10), 2000, weights=(9.0, 1.0))
    assert D.s.shape == (10, 2000, 2)
    for label, weight in ((0, 9.0), (1, 1.0)):
        points = D.s[D.a == label]
        assert len(points) == 10000
        np.testing.assert_allclose(points.mean(axis=0), [2 * label - 1, 0], atol=0.04)
        np.testing.assert_allclose(np.cov(points.T), np.eye(2), atol=0.06)
        assert set(D.q_hat[D.a == label]) == {weight}


@pytest.mark.parametrize("weight", [1.0, 3.0, 9.0])
def test_the_weighted_boundary_moves_to_half_the_log_of_the_weight(weight):
    """π(1|x) = σ(b + c·x) fitted to weighted clouds is 0 at x_1 = ½ log w, with slope 2."""
    D = clouds(draws(10), 1000, weights=(weight, 1.0))
    boundaries = []
    for points, label, w in zip(D.s, D.a, D.q_hat, strict=True):
        x, beta = np.column_stack([np.ones(len(points)), points]), np.zeros(3)
        for _ in range(25):  # Newton
            p = 1 / (1 + np.exp(-x @ beta))
            curvature = (x * (w * p * (1 - p))[:, None]).T @ x
            beta = beta + np.linalg.solve(curvature, x.T @ (w * (label - p)))
        boundaries.append(-beta[0] / beta[1])
    assert np.mean(boundaries) == pytest.approx(np.log(weight) / 2, abs=4 * 0.085 / np.sqrt(10))


@pytest.mark.parametrize("make", [lambda d: clouds(d), lambda d: offline_bandit(d, [0, 1], [1, 1])])
def test_a_runs_data_do_not_depend_on_the_runs_beside_it(make):
    alone, beside = make(draws(1)), make(draws(4))
    np.testing.assert_array_equal(alone.s[0], beside.s[0])
    np.testing.assert_array_equal(alone.q_hat[0], beside.q_hat[0])
    np.testing.assert_array_equal(alone.a[0], beside.a[0])


@pytest.mark.parametrize(("n", "weights"), [(1, (1.0, 1.0)), (10, (1.0,))])
def test_two_clouds_need_two_points_and_two_weights(n, weights):
    with pytest.raises(ValueError, match="two clouds need"):
        clouds(draws(), n, weights)
