"""Soft optimality: two ways to it (T17), its limits, and the trap of endings that entropy pays to avoid."""

import numpy as np
import pytest
from exact_worlds import any_world, quick, random_policy, scales, seeds, stochastic_world
from hypothesis import given
from hypothesis import strategies as st

from pgkit import exact
from pgkit.worlds import WORLDS

GAMMA = 0.95


@quick
@given(seeds, st.sampled_from([0.01, 0.3, 3.0]), st.sampled_from([0.0, 0.5, 0.95]))
def test_soft_policy_iteration_rises_everywhere_and_ends_where_value_iteration_does(
    seed, temperature, gamma
):
    world = any_world(np.random.default_rng(seed))
    v, q = exact.soft_values(world, gamma, temperature)
    probs, history = exact.soft_policy_iteration(world, gamma, temperature)
    assert (np.diff(history, axis=0) >= -1e-11).all()
    np.testing.assert_allclose(history[-1], v, atol=1e-9)
    going = ~world.terminal
    np.testing.assert_allclose(probs[going], exact.soft_policy(q, temperature)[going], atol=1e-7)
    own, _ = exact.soft_policy_values(world, exact.soft_policy(q, temperature), gamma, temperature)
    np.testing.assert_allclose(own, v, atol=1e-9)


@quick
@given(seeds, scales, st.sampled_from([0.05, 1.0]))
def test_one_soft_improvement_helps_in_every_state(seed, scale, temperature):
    rng = np.random.default_rng(seed)
    world = any_world(rng)
    probs = random_policy(world, rng, scale)
    v, q = exact.soft_policy_values(world, probs, 0.9, temperature)
    better, _ = exact.soft_policy_values(world, exact.soft_policy(q, temperature), 0.9, temperature)
    assert (better >= v - 1e-11).all()
    assert (exact.soft_values(world, 0.9, temperature)[0] >= better - 1e-9).all()


@pytest.mark.parametrize(
    ("name", "temperature", "j", "entropy", "arrives"),
    [
        ("ring-of-fire", 0.01, 51.334208, 0.299, 1.0), ("ring-of-fire", 0.1, 51.334208, 0.299, 1.0),
        ("ring-of-fire", 0.3, 51.334193, 0.299, 1.0), ("ring-of-fire", 1.0, 50.581798, 0.444, 1.0),
        ("ring-of-fire", 3.0, 3.561455, 1.129, 0.233), ("ring-of-fire", 10.0, 0.0, 1.143, 0.0),
        ("ring-of-fire-closed", 0.01, 48.690649, 0.324, 1.0),
        ("ring-of-fire-closed", 0.3, 48.648485, 0.341, 1.0),
        ("ring-of-fire-closed", 1.0, 47.927039, 0.477, 1.0),
        ("ring-of-fire-closed", 3.0, 0.239792, 0.940, 0.019),
        ("ring-of-fire-closed", 10.0, -0.900397, 1.187, 0.0),
    ],
)  # fmt: skip
def test_when_it_is_hot_the_agent_refuses_to_arrive(name, temperature, j, entropy, arrives):
    """temperature · log 4/(1-γ) = 277 at temperature 10: staying alive pays more than the hundred."""
    world = WORLDS[name]()
    probs, history = exact.soft_policy_iteration(world, GAMMA, temperature)
    v, _ = exact.soft_values(world, GAMMA, temperature)
    np.testing.assert_allclose(history[-1], v, atol=1e-9)
    assert 7 <= len(history) <= 14
    assert exact.expected_return(world, probs, GAMMA) == pytest.approx(j, abs=1e-5)
    assert exact.entropy(probs)[~world.terminal].mean() == pytest.approx(entropy, abs=1e-3)
    ended = exact.push(world, probs, GAMMA, 60)[2]
    assert ended[world.goals["G"]].sum() == pytest.approx(arrives, abs=1e-3)


def test_when_it_is_cold_the_optimum_is_the_hard_one():
    world = WORLDS["ring-of-fire"]()
    v, q = exact.soft_values(world, GAMMA, 1e-6)
    np.testing.assert_allclose(v, exact.optimal_values(world, GAMMA)[0], atol=1e-4)
    going = ~world.terminal
    best = exact.optimal_policy(world, GAMMA) > 0
    probs = exact.soft_policy(q, 1e-6)
    assert (probs[going & ~best.all(-1)][~best[going & ~best.all(-1)]] < 1e-9).all()
    assert probs[going][best[going]].min() > 0.1  # ties: the more ways to go on, the likelier


def test_when_it_is_very_hot_the_policy_is_uniform():
    world = stochastic_world(
        np.random.default_rng(0), terminal=0
    )  # entropy is to be had everywhere
    probs, _ = exact.soft_policy_iteration(world, 0.5, 1e6)
    np.testing.assert_allclose(probs, 1 / 3, atol=1e-5)


def test_one_state_without_an_end_is_paid_for_its_entropy_for_ever():
    world = stochastic_world(np.random.default_rng(1), states=1, outcomes=1, terminal=0)
    r = world.reward[0, :, 0]
    expected = 0.5 * np.log(np.exp(r / 0.5).sum()) / (1 - GAMMA)
    assert exact.soft_values(world, GAMMA, 0.5)[0][0] == pytest.approx(expected, rel=1e-9)


def test_soft_values_with_a_horizon_count_the_entropy_of_each_step_that_is_taken():
    """T = 1: temperature · log Σ exp(r/temperature); more steps by the definition, from enumeration."""
    rng = np.random.default_rng(2)
    world, temperature = stochastic_world(rng), 0.7
    pay = (world.prob * world.reward).sum(-1)
    going = ~world.terminal
    v, _ = exact.soft_values(world, 1.0, temperature, 1)
    by_hand = temperature * np.log(np.exp(pay / temperature).sum(-1))
    np.testing.assert_allclose(v, np.where(going, by_hand, 0), atol=1e-12)
    probs = random_policy(world, rng)
    v, _ = exact.soft_policy_values(world, probs, 0.9, temperature, 3)
    tau = exact.paths(world, 3)
    bonus = temperature * np.where(tau.live, exact.entropy(probs)[tau.s], 0)
    total = (tau.r + bonus) @ 0.9**tau.t
    assert v @ world.start == pytest.approx(exact.path_probability(tau, probs) @ total, abs=1e-12)


def test_without_entropy_to_be_had_soft_values_are_the_hard_ones():
    world = WORLDS["random-walk"]()  # one action
    np.testing.assert_allclose(
        exact.soft_values(world, GAMMA, 3.0)[0], exact.optimal_values(world, GAMMA)[0], atol=1e-12
    )


def test_a_policy_that_is_sure_is_paid_no_entropy():
    rng = np.random.default_rng(3)
    world = stochastic_world(rng)
    sure = random_policy(world, rng, 1e5)
    np.testing.assert_allclose(
        exact.soft_policy_values(world, sure, 0.9, 5.0)[0],
        exact.values(world, sure, 0.9)[0],
        atol=1e-12,
    )


def test_impossible_settings_are_refused():
    world = stochastic_world(np.random.default_rng(4))
    with pytest.raises(ValueError, match=r"temperature = 0\.0"):
        exact.soft_values(world, 0.9, 0.0)
    with pytest.raises(ValueError, match="gamma = 1"):
        exact.soft_values(world, 1.0, 0.1)
    assert np.isfinite(exact.soft_values(world, 1.0, 0.1, 5)[0]).all()
