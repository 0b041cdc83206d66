"""Finite horizon: values with time against the table of all policies, differences and the lemma (T6)."""

import itertools

import numpy as np
import pytest
from exact_worlds import (
    any_world,
    differences,
    discounts,
    logistic_features,
    quick,
    random_policy,
    scales,
    seeds,
    shared_policy,
    stochastic_world,
)
from hypothesis import given

from pgkit import exact
from pgkit.policies import softmax
from pgkit.worlds import WORLDS

T = 4


@quick
@given(seeds, scales, discounts)
def test_a_policy_without_time_has_the_values_with_so_many_steps_to_go(seed, scale, gamma):
    rng = np.random.default_rng(seed)
    world = any_world(rng)
    probs = random_policy(world, rng, scale)
    v, q = exact.values_over_time(world, exact.at_all_times(probs, T), gamma)
    for t in range(T):
        v_t, q_t = exact.values(world, probs, gamma, T - t)
        np.testing.assert_allclose(v[t], v_t, atol=1e-12)
        np.testing.assert_allclose(q[t], q_t, atol=1e-12)


@quick
@given(seeds, scales, discounts)
def test_the_occupancy_with_time_is_where_the_mass_goes(seed, scale, gamma):
    rng = np.random.default_rng(seed)
    world = any_world(rng)
    probs = random_policy(world, rng, scale)
    policy = exact.at_all_times(probs, T)
    visits = exact.occupancy_over_time(world, policy, gamma)
    j, pushed, ended = exact.push(world, probs, gamma, T)
    np.testing.assert_allclose(visits.sum(axis=0), pushed, atol=1e-12)
    np.testing.assert_allclose(
        j, exact.values_over_time(world, policy, gamma)[0][0] @ world.start, atol=1e-12
    )
    left = exact.occupancy_over_time(world, policy, 1.0).sum(axis=-1)
    assert left[0] == pytest.approx(1, abs=1e-12)
    assert (np.diff(left) <= 1e-12).all()  # mass only ever leaves ...
    assert left[-1] + ended.sum() >= 1 - 1e-12  # ... for terminal states


@quick
@given(seeds, discounts)
def test_performance_difference_lemma_with_time(seed, gamma):
    rng = np.random.default_rng(seed)
    world = any_world(rng)
    old, new = (random_policy(world, rng, 2, (T,)) for _ in range(2))
    j_old, j_new = (exact.values_over_time(world, p, gamma)[0][0] @ world.start for p in (old, new))
    difference = exact.performance_difference_over_time(world, old, new, gamma)
    assert j_new - j_old == pytest.approx(difference, abs=1e-10)


def test_the_best_policy_with_time_is_the_best_of_all_of_them():
    rng = np.random.default_rng(0)
    world = stochastic_world(rng, states=3, actions=2)
    v, _ = exact.optimal_values_over_time(world, 0.9, 3)
    choices = np.array(list(itertools.product([0, 1], repeat=6))).reshape(-1, 3, 2)
    policies = np.full((len(choices), 3, 3, 2), 0.5)
    policies[:, :, :2] = np.eye(2)[choices]  # all 64 that are deterministic where it matters
    every, _ = exact.values_over_time(world, policies, 0.9)
    np.testing.assert_allclose(every[:, 0].max(axis=0), v[0], atol=1e-12)
    best = exact.optimal_policy_over_time(world, 0.9, 3)
    np.testing.assert_allclose(exact.values_over_time(world, best, 0.9)[0], v, atol=1e-12)


def test_many_policies_at_once_equal_one_at_a_time():
    rng = np.random.default_rng(1)
    world = stochastic_world(rng)
    many = random_policy(world, rng, 1, (5, T))
    mu = rng.random((T, world.n_states))
    for f in (
        lambda p: exact.values_over_time(world, p, 0.9)[1],
        lambda p: exact.occupancy_over_time(world, p, 0.9, mu),
        lambda p: exact.gradient_over_time(world, p, 0.9),
        lambda p: exact.gradient_gap_over_time(world, p, 0.9, mu),
    ):
        np.testing.assert_allclose(f(many), [f(p) for p in many], atol=1e-12)


@pytest.mark.parametrize("gamma", [0.0, 0.7, 1.0])
def test_gradients_with_time_equal_finite_differences(gamma):
    rng = np.random.default_rng(2)
    world = stochastic_world(rng)
    policy = random_policy(world, rng, 1, (T,))
    mu = rng.random((T, world.n_states)) * ~world.terminal

    def score(probs):  # linear in each entry, so probabilities that do not sum to 1 are no trouble
        return (mu * exact.values_over_time(world, probs, gamma)[0]).sum()

    np.testing.assert_allclose(
        exact.gradient_over_time(world, policy, gamma, mu), differences(score, policy), atol=1e-8
    )
    theta = rng.standard_normal((world.n_states, world.n_actions))
    np.testing.assert_allclose(
        exact.finite_softmax_gradient(world, softmax(theta), gamma, T),
        differences(lambda x: exact.expected_return(world, softmax(x), gamma, T), theta),
        atol=1e-8,
    )


def test_leaving_out_the_weight_of_time_changes_a_discounted_gradient_only():
    rng = np.random.default_rng(3)
    world = stochastic_world(rng)
    probs = random_policy(world, rng)
    for gamma, same in ((1.0, True), (0.5, False)):
        with_it, without = (
            exact.finite_softmax_gradient(world, probs, gamma, T, weighted=w) for w in (True, False)
        )
        assert np.allclose(with_it, without, atol=1e-12) == same


def test_a_long_horizon_is_the_infinite_one():
    rng = np.random.default_rng(4)
    world = stochastic_world(rng)
    probs = random_policy(world, rng)
    np.testing.assert_allclose(
        exact.finite_softmax_gradient(world, probs, 0.8, 200),
        exact.softmax_gradient(world, probs, 0.8),
        atol=1e-12,
    )
    np.testing.assert_allclose(
        exact.optimal_values_over_time(world, 0.8, 200)[0][0],
        exact.optimal_values(world, 0.8)[0],
        atol=1e-12,
    )


# ---------------------------------------------------------------- T6


def test_the_gap_of_policies_with_time_never_exceeds_the_penalty_times_the_gradient_gap():
    """200 random policies with time on the ring, T = 30, μ uniform over times and states: κ = 30·64."""
    rng = np.random.default_rng(5)
    world = WORLDS["ring-of-fire"]()
    mu = np.tile(world.startable / world.startable.sum(), (30, 1)) / 30
    best = exact.optimal_policy_over_time(world, 1.0, 30)
    d_star = exact.occupancy_over_time(world, best, 1.0)
    kappa = exact.mismatch(d_star.ravel(), mu.ravel())
    assert kappa == pytest.approx(1920, rel=1e-12)
    top = exact.optimal_values_over_time(world, 1.0, 30)[0][0] @ world.start
    policies = random_policy(world, rng, rng.uniform(0, 5, (200, 1, 1, 1)), (200, 30))
    gap = top - exact.values_over_time(world, policies, 1.0)[0][:, 0] @ world.start
    assert (gap <= kappa * exact.gradient_gap_over_time(world, policies, 1.0, mu) + 1e-8).all()


@quick
@given(seeds, scales, discounts)
def test_the_bound_with_time_holds_for_every_world(seed, scale, gamma):
    rng = np.random.default_rng(seed)
    world = any_world(rng)
    policy = random_policy(world, rng, scale, (T,))
    mu = np.where(world.terminal, 0, rng.random((T, world.n_states)))
    best = exact.optimal_values_over_time(world, gamma, T)[0][0] @ world.start
    gap = best - exact.values_over_time(world, policy, gamma)[0][0] @ world.start
    assert gap <= exact.performance_bound_over_time(world, policy, gamma, mu) + 1e-9


# ---------------------------------------------------------------- figures


def test_what_the_century_is_worth():
    world = WORLDS["century"]()
    assert exact.optimal_values_over_time(world, 1.0, 5)[0][0] @ world.start == pytest.approx(518.2)
    features = logistic_features(world)
    for theta, j, gradient in (
        ([0.0, 0.0], 512.5, [1.425, 1.425]),
        ([0.8, -0.5], 512.8507507943632, [1.08988454, 1.24439535]),
    ):
        probs = shared_policy(np.array(theta), features)
        direct = exact.gradient_over_time(world, exact.at_all_times(probs, 5), 1.0)  # [T, S, A]
        psi = exact.feature_scores(probs, features)
        assert exact.expected_return(world, probs, 1.0, 5) == pytest.approx(j, abs=1e-9)
        np.testing.assert_allclose(
            exact.parameter_gradient(direct.sum(axis=0), probs, psi), gradient, atol=1e-8
        )
        # d^π as a distribution over states, and no factor T: a fifth of it
        np.testing.assert_allclose(
            exact.parameter_gradient(direct.mean(axis=0), probs, psi),
            np.array(gradient) / 5,
            atol=1e-8,
        )


def test_what_the_two_states_are_worth_in_twenty_steps():
    world = WORLDS["two-state"]()
    assert exact.optimal_values_over_time(world, 1.0, 20)[0][0] @ world.start == pytest.approx(38.4)


# ---------------------------------------------------------------- the edges


def test_a_horizon_of_no_steps_is_refused():
    with pytest.raises(ValueError, match="at least one step"):
        exact.at_all_times(np.ones((1, 1)), 0)


def test_episodes_that_start_at_the_end_go_nowhere():
    rng = np.random.default_rng(6)
    world = stochastic_world(rng)
    policy = random_policy(world, rng, 1, (T,))
    end = world.terminal.astype(float)
    assert (exact.occupancy_over_time(world, policy, 1.0, end) == 0).all()
    assert (exact.gradient_over_time(world, policy, 1.0, end) == 0).all()


def test_a_start_that_misses_a_state_has_an_infinite_penalty():
    world = WORLDS["ring-of-fire"]()
    flat = exact.at_all_times(np.full((81, 4), 0.25), 30)
    nominal = np.zeros((30, 81))
    nominal[0] = world.start
    assert exact.performance_bound_over_time(world, flat, 1.0, nominal) == np.inf
