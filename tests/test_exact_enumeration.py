"""Every trajectory, and what estimators do on average over them (T14): the variance table of the Century world."""

import itertools

import numpy as np
import pytest
from exact_worlds import (
    any_world,
    discounts,
    logistic_features,
    quick,
    random_policy,
    seeds,
    shared_policy,
    stochastic_world,
)
from hypothesis import given

from pgkit import exact
from pgkit.worlds import WORLDS, grid_world
from pgkit.worlds.century import century

T = 5


def setting(theta=(0.0, 0.0), offset=100.0, horizon=T):
    """(world, probs, psi, tau, prob, score, gradient) of the Century world at θ."""
    world = century(offset)
    features = logistic_features(world)
    probs = shared_policy(np.array(theta), features)
    psi = exact.feature_scores(probs, features)
    tau = exact.paths(world, horizon)
    direct = exact.gradient_over_time(world, exact.at_all_times(probs, horizon), 1.0).sum(axis=0)
    return (
        world, probs, psi, tau, exact.path_probability(tau, probs), exact.path_scores(tau, psi),
        exact.parameter_gradient(direct, probs, psi),
    )  # fmt: skip


# ---------------------------------------------------------------- the trajectories


@quick
@given(seeds, discounts)
def test_probabilities_sum_to_one_and_returns_average_to_the_value(seed, gamma):
    rng = np.random.default_rng(seed)
    world, horizon = any_world(rng), int(rng.integers(1, 4))
    probs = random_policy(world, rng, 2, (3,))
    tau = exact.paths(world, horizon)
    assert len(tau.s) == exact.count_paths(world, horizon)
    chance = exact.path_probability(tau, probs)  # [3, M]
    np.testing.assert_allclose(chance.sum(axis=-1), 1, atol=1e-12)
    j = exact.expected_return(world, probs, gamma, horizon)
    np.testing.assert_allclose(chance @ exact.full_return(tau, gamma)[:, 0], j, atol=1e-12)
    visits = exact.occupancy_over_time(world, exact.at_all_times(probs[0], horizon), 1.0)
    seen = tau.live[..., None] & (tau.s[..., None] == np.arange(world.n_states))
    np.testing.assert_allclose(np.einsum("m,mts->ts", chance[0], seen), visits, atol=1e-12)


def test_each_trajectory_is_there_once():
    world, *_, prob, _, _ = setting()
    tau = exact.paths(world, T)
    assert (
        len(tau.s) == 1024
    )  # 2 starts · 2 actions · (2 outcomes · 2 actions)⁴, the last outcome summed out
    every = np.concatenate([tau.s, tau.a], axis=1)
    assert len(np.unique(every, axis=0)) == 1024
    assert abs(prob.sum() - 1) <= 1e-12


def test_trajectories_stop_where_the_episode_ends():
    world = grid_world("S.G")
    tau = exact.paths(world, 3)
    arrived = (tau.a[:, 0] == 1) & (tau.a[:, 1] == 1)
    np.testing.assert_array_equal(tau.s[arrived], [[0, 1, 2]])
    np.testing.assert_array_equal(tau.r[arrived], [[0, 100, 0]])
    np.testing.assert_array_equal(tau.live[arrived], [[True, True, False]])


def test_trajectories_from_a_given_start():
    world = WORLDS["century"]()
    tau = exact.paths(world, 2, np.array([0.0, 1.0]))
    assert (tau.s[:, 0] == 1).all()
    assert len(tau.s) == 8


def test_an_episode_that_starts_at_the_end_is_one_trajectory_without_steps():
    rng = np.random.default_rng(0)
    world = stochastic_world(rng)
    tau = exact.paths(world, 3, world.terminal.astype(float))
    assert tau.live.sum() == 0
    assert len(tau.s) == 1
    assert exact.path_probability(tau, random_policy(world, rng)) == 1


def test_outcomes_that_differ_in_nothing_are_one_trajectory():
    """Baird's "solid" lists the same outcome six times."""
    assert exact.count_paths(WORLDS["baird"](), 1) == 7 * 2
    assert exact.count_paths(WORLDS["baird"](), 2) == 7 * (6 + 1) * 2


def test_too_many_trajectories_are_refused_before_they_are_made():
    world = WORLDS["ring-of-fire"]()
    with pytest.raises(
        ValueError, match=r"horizon = 30, but .* has [\d,]+ trajectories .* 1,000,000"
    ):
        exact.paths(world, 30)
    with pytest.raises(ValueError, match="raise limit"):
        exact.paths(WORLDS["century"](), 5, limit=1023)
    assert len(exact.paths(WORLDS["century"](), 5, limit=1024).s) == 1024
    with pytest.raises(ValueError, match="horizon = 0"):
        exact.paths(world, 0)


# ---------------------------------------------------------------- T14: the variance table

TABLE = {  # θ = 0: tr Cov with rewards 100..105, with 0..5, P(uphill) with 100..105
    "full return": (328355.06775, 230.06775, 0.5000),
    "full return - mean": (34.75525, 34.75525, 0.6251),
    "full return - best constant": (34.75525, 34.75525, 0.6251),
    "reward-to-go": (144479.75875, 104.75875, 0.5000),
    "reward-to-go - mean": (26284.44625, 34.44625, 0.5467),
    "reward-to-go - best constant": (26284.44625, 34.44625, 0.5467),
    "reward-to-go - b_t": (18.82125, 18.82125, 0.7025),
    "reward-to-go - V(s)": (26277.68625, 27.68625, 0.5919),
    "reward-to-go - V_t(s)": (12.06125, 12.06125, 0.8347),
    "reward-to-go - best b_t(s)": (11.87425, 11.87425, 0.8498),
    "GAE .95": (10.8338698, 10.8338698, 0.8411),
    "GAE .9": (9.7834720, 9.7834720, 0.8494),
    "GAE .5": (5.3814160, 5.3814160, 0.8998),
    "GAE 0": (4.23625, 4.23625, 0.9163),
    "advantage": (0.87625, 0.87625, 1.0),
}
AT_SLANT = {  # θ = (.8, -.5), rewards 100..105: tr Cov
    "full return": 295488.299054,
    "full return - mean": 25.360186,
    "full return - best constant": 25.360088,
    "reward-to-go": 129991.796137,
    "reward-to-go - V_t(s)": 8.893771,
    "reward-to-go - best b_t(s)": 7.868488,
    "GAE 0": 3.349389,
}


@pytest.mark.parametrize("name", TABLE)
def test_the_variance_table(name):
    variance, without_offset, uphill = TABLE[name]
    for offset, expected in ((100.0, variance), (0.0, without_offset)):
        world, probs, psi, tau, prob, score, gradient = setting(offset=offset)
        estimator = exact.named_estimators(world, probs, 1.0, T)[name]
        m = exact.estimator_moments(estimator, world, probs, psi, T)
        assert m.trace == pytest.approx(expected, rel=1e-6)
        assert m.snr == pytest.approx(2 * 1.425**2 / expected, rel=1e-6)
        np.testing.assert_allclose(m.mean, gradient, atol=1e-9 if offset else 1e-12)
        if offset:
            share = exact.uphill(prob, estimator(tau, score), gradient)
            assert share == pytest.approx(uphill, abs=6e-5)


@pytest.mark.parametrize("name", AT_SLANT)
def test_the_variance_table_away_from_the_uniform_policy(name):
    world, probs, psi, *_, gradient = setting((0.8, -0.5))
    m = exact.estimator_moments(
        exact.named_estimators(world, probs, 1.0, T)[name], world, probs, psi, T
    )
    assert m.trace == pytest.approx(AT_SLANT[name], rel=1e-6)
    np.testing.assert_allclose(m.mean, gradient, atol=1e-9)


def test_what_every_step_pays_does_not_matter_once_there_is_a_baseline_for_each_time():
    """Offset 100 or 0: the same variance to 1e-8, although 300 000 of it had come from the offset."""
    traces = []
    for offset in (0.0, 100.0):
        world, probs, psi, *_ = setting((0.3, -0.2), offset)
        named = exact.named_estimators(world, probs, 1.0, T)
        traces.append(
            [
                exact.estimator_moments(named[name], world, probs, psi, T).trace
                for name in ("full return - mean", "reward-to-go - b_t", "reward-to-go - V_t(s)",
                             "GAE .9", "GAE 0", "advantage")
            ]
        )  # fmt: skip
    np.testing.assert_allclose(traces[0], traces[1], atol=1e-8)


def test_rewards_of_the_past_add_nothing_but_noise():
    _, _, _, tau, prob, score, _ = setting()
    past = exact.full_return(tau, 1.0) - exact.future_return(tau, 1.0)
    m = exact.moments(prob, exact.weighted_score(score, past))
    np.testing.assert_allclose(m.mean, 0, atol=1e-12)
    assert m.trace == pytest.approx(78808.7, rel=1e-6)


def test_the_best_constants():
    _, _, _, tau, prob, score, _ = setting((0.8, -0.5))
    total = score.sum(axis=1)  # [M, P]
    r = exact.full_return(tau, 1.0)
    square = (total**2).sum(axis=-1)
    by_hand = (prob * square) @ r[:, 0] / (prob @ square)
    b = exact.optimal_baseline(tau, prob, score, r, "")
    np.testing.assert_allclose(b, by_hand, rtol=1e-12)
    assert by_hand == pytest.approx(512.860, abs=5e-4)
    ahead = exact.future_return(tau, 1.0)
    by_hand = prob @ (exact.weighted_score(score, ahead) * total).sum(axis=-1) / (prob @ square)
    np.testing.assert_allclose(exact.optimal_baseline(tau, prob, score, ahead, ""), by_hand)


def test_the_value_is_the_regression_and_the_best_baseline_can_beat_it():
    """8.894 with V_t(s), 7.965 with E[ψ²Q]/E[ψ²] (each time by itself), 7.868 with the best b_t(s) of all."""
    world, probs, _, tau, prob, score, _ = setting((0.8, -0.5))
    ahead = exact.future_return(tau, 1.0)
    fitted = exact.fitted_baseline(tau, prob, ahead, "ts")
    value, q = exact.values_over_time(world, exact.at_all_times(probs, T), 1.0)
    np.testing.assert_allclose(fitted, value[tau.t, tau.s], atol=1e-9)
    np.testing.assert_allclose(
        exact.fitted_baseline(tau, prob, ahead, "tsa"), exact.look_up(tau, q), atol=1e-9
    )
    alone = exact.fitted_baseline(tau, prob, ahead, "ts", (score**2).sum(axis=-1))
    best = exact.optimal_baseline(tau, prob, score, ahead, "ts")
    traces = [
        exact.moments(prob, exact.weighted_score(score, ahead - b)).trace
        for b in (fitted, alone, best)
    ]
    np.testing.assert_allclose(traces, [8.893771, 7.964974, 7.868488], rtol=1e-6)


@quick
@given(seeds)
def test_no_baseline_of_its_kind_beats_the_best_one(seed):
    rng = np.random.default_rng(seed)
    _, _, _, tau, prob, score, _ = setting(rng.standard_normal(2), 1.0, 3)
    ahead = exact.future_return(tau, 1.0)
    for by, table in (("", rng.standard_normal()), ("t", rng.standard_normal(3)[tau.t]),
                      ("s", rng.standard_normal(2)[tau.s])):  # fmt: skip
        best = exact.optimal_baseline(tau, prob, score, ahead, by)
        least, other = (
            exact.moments(prob, exact.weighted_score(score, ahead - b)).trace
            for b in (best, best + 0.3 * table)
        )
        assert least <= other + 1e-12


def test_a_baseline_that_sees_the_action_takes_the_gradient_away():
    world, probs, psi, tau, prob, score, gradient = setting()
    trap = exact.named_estimators(world, probs, 1.0, T)["reward-to-go - Q_t(s,a)"]
    m = exact.estimator_moments(trap, world, probs, psi, T)
    np.testing.assert_allclose(m.mean, 0, atol=1e-10)
    assert np.linalg.norm(m.mean - gradient) == pytest.approx(2.015, abs=1e-3)
    with pytest.raises(ValueError, match="no baseline"):
        exact.optimal_baseline(tau, prob, score, tau.r, "tsa")
    with pytest.raises(ValueError, match="by = 'x'"):
        exact.fitted_baseline(tau, prob, tau.r, "x")


@pytest.mark.parametrize(
    ("lam", "bias", "variance"),
    [(0.0, 0.8485, 14.07125), (0.5, 0.4243, 11.372178), (0.9, 0.08485, 12.836813), (1.0, 0, 13.86625)],
)  # fmt: skip
def test_with_a_wrong_critic_lambda_trades_bias_for_variance(lam, bias, variance):
    """V_t off by -1 in state 0 and +2 in state 1: the bias is proportional to 1 - λ."""
    world, probs, _, tau, prob, score, gradient = setting()
    value, _ = exact.values_over_time(world, exact.at_all_times(probs, T), 1.0)
    adv = exact.advantage_estimate(tau, value + np.array([-1, 2]), 1.0, lam)
    m = exact.moments(prob, exact.weighted_score(score, adv))
    assert np.linalg.norm(m.mean - gradient) == pytest.approx(bias, abs=5e-5)
    assert m.trace == pytest.approx(variance, rel=1e-6)


@quick
@given(seeds, discounts)
def test_every_named_estimator_is_unbiased_on_every_world_except_the_trap(seed, gamma):
    rng = np.random.default_rng(seed)
    world, horizon = any_world(rng), int(rng.integers(1, 4))
    probs = random_policy(world, rng)
    psi = exact.softmax_scores(probs)
    gradient = exact.finite_softmax_gradient(world, probs, gamma, horizon).ravel()
    tau = exact.paths(world, horizon)
    prob, score = exact.path_probability(tau, probs), exact.path_scores(tau, psi)
    for name, estimator in exact.named_estimators(world, probs, gamma, horizon).items():
        mean = exact.moments(prob, estimator(tau, score)).mean
        expected = 0 if name == "reward-to-go - Q_t(s,a)" else gradient
        np.testing.assert_allclose(mean, np.broadcast_to(expected, mean.shape), atol=1e-10)


@quick
@given(seeds)
def test_any_baseline_of_state_and_time_leaves_the_mean_where_it_is(seed):
    rng = np.random.default_rng(seed)
    world = any_world(rng)
    probs = random_policy(world, rng)
    tau = exact.paths(world, 3)
    prob, score = (
        exact.path_probability(tau, probs),
        exact.path_scores(tau, exact.softmax_scores(probs)),
    )
    b = 10 * rng.standard_normal((3, world.n_states))
    np.testing.assert_allclose(prob @ exact.weighted_score(score, b[tau.t, tau.s]), 0, atol=1e-12)


def test_lambda_one_is_monte_carlo_and_lambda_zero_the_td_error():
    rng = np.random.default_rng(1)
    world = stochastic_world(rng)
    tau, value = exact.paths(world, 3), rng.standard_normal((3, world.n_states))
    v = np.where(tau.live, value[tau.t, tau.s], 0)
    monte_carlo = exact.future_return(tau, 0.9) - v
    np.testing.assert_allclose(
        np.where(tau.live, exact.advantage_estimate(tau, value, 0.9, 1.0) - monte_carlo, 0),
        0,
        atol=1e-12,
    )
    delta = tau.r + 0.9 * np.pad(v[:, 1:], ((0, 0), (0, 1))) - v
    np.testing.assert_allclose(exact.advantage_estimate(tau, value, 0.9, 0.0), delta, atol=1e-12)


# ---------------------------------------------------------------- a baseline fitted on the same batch


@pytest.mark.parametrize(
    ("episodes", "kept"), [(1, 0), (2, 0.25), (4, 0.53125), (8, 0.751), (16, 0.875), (32, 0.9375)]
)
def test_fitting_on_the_batch_in_use_shrinks_the_gradient(episodes, kept):
    _, _, _, tau, prob, score, gradient = setting()
    mean = exact.same_batch_mean(tau, prob, score, exact.future_return(tau, 1.0), episodes)
    np.testing.assert_allclose(mean / gradient, kept, atol=1e-4)
    if episodes == 1:
        assert (mean == 0).all()
    by_time = exact.same_batch_mean(tau, prob, score, exact.future_return(tau, 1.0), episodes, "t")
    np.testing.assert_allclose(by_time / gradient, 1 - 1 / episodes, atol=1e-9)


@pytest.mark.parametrize("by", ["t", "ts"])
def test_the_mean_over_all_pairs_of_trajectories(by):
    """Every batch of two, in a world where episodes end at different times: fit, subtract, average."""
    rng = np.random.default_rng(2)
    world = stochastic_world(rng, states=3, actions=2)
    probs = random_policy(world, rng)
    tau = exact.paths(world, 2)
    prob, score = (
        exact.path_probability(tau, probs),
        exact.path_scores(tau, exact.softmax_scores(probs)),
    )
    q_hat, total = exact.future_return(tau, 0.9), 0.0
    for i, j in itertools.product(range(len(prob)), repeat=2):
        for t in range(2):
            same = tau.live[i, t] and tau.live[j, t] and (by == "t" or tau.s[i, t] == tau.s[j, t])
            if same:  # alone in its cell, a return is its own baseline
                b = (q_hat[i, t] + q_hat[j, t]) / 2
                pair = score[i, t] * (q_hat[i, t] - b) + score[j, t] * (q_hat[j, t] - b)
                total = total + prob[i] * prob[j] * pair / 2
    np.testing.assert_allclose(
        exact.same_batch_mean(tau, prob, score, q_hat, 2, by), total, atol=1e-12
    )


def test_without_time_the_same_batch_has_no_closed_form():
    _, _, _, tau, prob, score, _ = setting()
    with pytest.raises(ValueError, match="by = 's'"):
        exact.same_batch_mean(tau, prob, score, tau.r, 2, "s")
