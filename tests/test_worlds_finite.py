"""Finite worlds beside the grids: their exact figures are those known on paper."""

import numpy as np
import pytest

from pgkit import exact
from pgkit.draws import Draws, run_keys
from pgkit.policies import SoftmaxTable, logistic
from pgkit.rollout import rollout
from pgkit.worlds import WORLDS, World, load_world
from pgkit.worlds.bandit import bandit
from pgkit.worlds.century import century
from pgkit.worlds.scaled_bandit import scaled_bandit

FINITE = [name for name, make in WORLDS.items() if isinstance(make(), World)]


def best_within(world, horizon):
    """J* of the undiscounted finite horizon, by backward induction."""
    v = np.zeros(world.n_states)
    for _ in range(horizon):
        v = exact.backup(world, v, 1.0).max(axis=-1)
    return v @ world.start


def expected_return(world, policy, theta):
    probs = policy.table(np.asarray(theta))
    return exact.expected_return(world, probs, 1.0, world.defaults["horizon"])


@pytest.mark.parametrize("name", FINITE)
def test_the_arrays_are_a_markov_decision_process(name):
    world = load_world(name)
    states, actions, outcomes = world.next_state.shape
    assert world.prob.shape == world.reward.shape == (states, actions, outcomes)
    assert world.next_state.min() >= 0
    assert world.next_state.max() < states
    np.testing.assert_allclose(world.prob.sum(-1), 1, rtol=1e-15)
    assert world.prob.min() >= 0
    assert world.start.sum() == pytest.approx(1)
    assert world.start[~world.startable].sum() == 0
    ends = np.flatnonzero(world.terminal)
    assert (world.next_state[ends] == ends[:, None, None]).all()
    assert not world.reward[ends].any()
    assert len(world.actions) == actions


@pytest.mark.parametrize("name", [n for n in FINITE if not n.startswith("ring")])
def test_worlds_that_are_no_grid_name_their_states_and_have_features(name):
    world = load_world(name)
    assert len({world.describe(s) for s in range(world.n_states)}) == world.n_states
    assert world.features is not None
    assert world.features.shape[0] == world.n_states
    assert not world.features[world.terminal].any()


@pytest.mark.parametrize("name", FINITE)
def test_sampled_returns_agree_with_the_exact_value(name):
    world, policy = load_world(name), SoftmaxTable()
    theta = np.random.default_rng(1).normal(size=(1, world.n_states, world.n_actions))
    tau = rollout(
        world, policy, theta, Draws(run_keys(2, 1)), start=world.start, episodes=4000, horizon=20
    )
    returns = tau.r.sum(axis=-1)[0]
    j = exact.expected_return(world, policy.table(theta[0]), 1.0, 20)
    assert returns.mean() == pytest.approx(j, abs=4 * returns.std() / np.sqrt(4000) + 1e-12)


# ---------------------------------------------------------------- Kakade's two states


def test_the_best_in_two_states_is_to_go_to_j_at_once_and_stay():
    world = load_world("two-state")
    assert best_within(world, 20) == pytest.approx(38.4, abs=1e-12)
    policy = SoftmaxTable()
    go_and_stay = [[40.0, -40.0], [-40.0, 40.0]]
    assert expected_return(world, policy, go_and_stay) == pytest.approx(38.4, abs=1e-12)


@pytest.mark.parametrize(
    ("stays", "a_step"), [((0.875, 0.5), 0.9), ((0.8, 0.2), 0.72), ((0.775, 0.1), 0.66)]
)
def test_the_start_of_two_states_is_stationary_for_kakades_policies(stays, a_step):
    """(.8, .2) is stationary if p_i = 1 - (1 - p_j)/4, so that every step pays .8 p_i + 2·.2 p_j."""
    world, p = load_world("two-state"), np.array(stays)
    probs = logistic(world.features).table(np.log(p / (1 - p)))
    np.testing.assert_allclose(probs[:, 1], p)
    np.testing.assert_allclose(world.start @ exact.transition(world, probs), world.start)
    assert exact.expected_return(world, probs, 1.0, 20) == pytest.approx(20 * a_step)


# ---------------------------------------------------------------- scaled bandit


@pytest.mark.parametrize("eps", [1.0, 0.1, 0.01])
def test_the_scale_of_a_feature_changes_the_logistic_policy_and_nothing_else(eps):
    world = scaled_bandit(eps)
    assert best_within(world, 1) == pytest.approx(0.5, abs=1e-15)
    policy = logistic(world.features)
    assert expected_return(world, policy, [0.0, 0.0]) == pytest.approx(0, abs=1e-15)
    reference = scaled_bandit(1.0)
    assert expected_return(world, policy, [0.3, 0.7 / eps]) == pytest.approx(
        expected_return(reference, logistic(reference.features), [0.3, 0.7]), abs=1e-14
    )


@pytest.mark.parametrize("eps", [0.0, -0.1, np.inf, np.nan])
def test_a_scale_must_be_positive(eps):
    with pytest.raises(ValueError, match=r"eps = .*positive and finite"):
        scaled_bandit(eps)


# ---------------------------------------------------------------- Century


def test_century_has_its_exact_returns():
    world = load_world("century")
    policy = logistic(world.features)
    assert expected_return(world, policy, [0.0, 0.0]) == pytest.approx(512.5, abs=1e-10)
    assert expected_return(world, policy, [0.8, -0.5]) == pytest.approx(512.8507507943632, abs=1e-9)
    assert best_within(world, 5) == pytest.approx(518.2, abs=1e-10)


def test_the_hundred_of_century_adds_500_and_leaves_the_gradient_as_it_is():
    def gradient(world):
        policy, h = logistic(world.features), 1e-4
        return [
            (expected_return(world, policy, h * e) - expected_return(world, policy, -h * e))
            / (2 * h)
            for e in np.eye(2)
        ]

    with_it, without = century(), century(offset=0.0)
    policy = logistic(with_it.features)
    assert expected_return(without, policy, [0.8, -0.5]) == pytest.approx(12.8507507943632)
    np.testing.assert_allclose(gradient(with_it), [1.425, 1.425], atol=1e-6)
    np.testing.assert_allclose(gradient(without), [1.425, 1.425], atol=1e-6)


# ---------------------------------------------------------------- random walk, Baird, bandit


def test_the_random_walk_has_the_values_of_the_book():
    world = load_world("random-walk")
    v, _ = exact.values(world, np.ones((7, 1)), 1.0, 200)
    np.testing.assert_allclose(v[1:-1], np.arange(1, 6) / 6, atol=1e-12)
    assert world.start[3] == 1


def test_in_bairds_world_the_behaviour_sees_all_states_equally():
    world = load_world("baird")
    behaviour = np.tile([6 / 7, 1 / 7], (7, 1))
    np.testing.assert_allclose(exact.transition(world, behaviour), 1 / 7)
    solid = exact.transition(world, np.tile([0.0, 1.0], (7, 1)))
    np.testing.assert_allclose(solid, np.tile(np.eye(7)[6], (7, 1)))
    assert world.features.shape == (7, 8)


def test_a_bandit_pays_the_mean_of_its_arm():
    world = bandit([-1.0, -0.5, -5.0])
    assert world.reward[0, :, 0].tolist() == [-1.0, -0.5, -5.0]
    assert expected_return(world, SoftmaxTable(), np.zeros((2, 3))) == pytest.approx(-6.5 / 3)
    uniform = np.zeros((2, 10))
    assert expected_return(load_world("bandit"), SoftmaxTable(), uniform) == pytest.approx(0.5)


@pytest.mark.parametrize("means", [[], [np.nan, 1], [[1.0]]])
def test_a_bandit_needs_a_mean_for_each_arm(means):
    with pytest.raises(ValueError, match=r"means = .*each arm"):
        bandit(means)
