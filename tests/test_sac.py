"""Soft actor-critic with continuous actions: closed forms, ends of episodes, replay, and a pendulum."""

from dataclasses import replace

import numpy as np
import pytest

from pgkit import fastnets, nets
from pgkit.algorithms.soft_actor_critic_continuous import SoftActorCriticContinuous
from pgkit.draws import Draws, run_keys
from pgkit.policies import LinearGaussian
from pgkit.rollout import rollout
from pgkit.worlds import WORLDS
from pgkit.worlds.vector import VectorWorld

K_STAR, P = -0.90755118, 1.09075512  # of the lqr world, with or without entropy


def variance(temperature):
    """σ*² = temperature / (2 (r + γ b² P)), r = .1, γ = .9, b = 1."""
    return temperature / (2 * (0.1 + 0.9 * P))


def train(algorithm, world, policy, iterations, runs=1, seed=0):
    draws = Draws(run_keys(seed, runs))
    state, info = algorithm.init(world, policy, draws.stream(0)), None
    for k in range(iterations):
        state, info = algorithm.iteration(state, world, policy, draws.at_iteration(k))
    return state, info


def linear(**settings):
    """Least squares for the critic, a straight line for the actor; targets from the critic itself."""
    return SoftActorCriticContinuous(
        critic=fastnets.QuadraticQ(), gamma=0.9, tuning="fixed", alpha=0.05, polyak=1.0,
        episodes=64, updates=1, batch=0, replay=40 * 64, warmup=256, critic_steps=0, **settings,
    )  # fmt: skip


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_a_soft_regulator_finds_the_closed_form(temperature):
    world = replace(WORLDS["lqr"](), time_limit=5)  # truncated often: fresh states, and bootstraps
    policy = fastnets.GaussianMLP(1, 1, ())
    state, _ = train(linear(temperature=temperature), world, policy, iterations=200, runs=10)
    k, b, log_std = state.theta.T
    assert np.abs(k - K_STAR).max() < 0.05
    assert np.abs(b).max() < 0.05
    np.testing.assert_allclose(np.exp(2 * log_std), variance(temperature), rtol=0.3)
    np.testing.assert_allclose(state.phi.log_temperature, np.log(temperature))


def one_state(pay, ends):
    """Every step pays the same and ends the episode, or does not; it is cut off after the first."""
    return VectorWorld(
        name="one state", n_features=1, time_limit=1, initial=lambda u: 0 * u, start_size=1,
        transition=lambda x, a, z: (x, np.full(x.shape[:-1], pay), np.full(x.shape[:-1], ends)),
        observe=lambda x: x + 1, action_low=(-1.0,), action_high=(1.0,),
    )  # fmt: skip


@pytest.mark.parametrize(("ends", "wanted"), [(True, 1.0), (False, 2.0)])
def test_nothing_follows_an_end_but_something_follows_a_cut(ends, wanted):
    """Q = 1 where the episode terminates, 1/(1-γ) = 2 where it is only truncated (entropy nearly free)."""
    policy = fastnets.SquashedGaussianMLP(1, 1, ())
    algorithm = linear(temperature=1e-6)
    algorithm = replace(algorithm, gamma=0.5, critic=fastnets.ActionValueMLP(1, 1, (8,)))
    algorithm = replace(algorithm, critic_alpha=0.02, critic_steps=5, polyak=0.1, replay=256)
    world = one_state(1.0, ends)
    state, _ = train(algorithm, world, policy, iterations=150)
    q = algorithm.critic.q(state.phi.phi, np.ones((1, 1, 1)), np.zeros((1, 1, 1)))
    np.testing.assert_allclose(q, wanted, atol=0.1)


def small(module=fastnets, **settings):
    algorithm = SoftActorCriticContinuous(
        critic=module.ActionValueMLP(3, 1, (16,)),
        **{"episodes": 4, "horizon": 2, "batch": 16, "warmup": 16, "updates": 2, **settings},
    )
    return algorithm, module.SquashedGaussianMLP(3, 1, (16,), low=(-2.0,), high=(2.0,))


def test_the_same_text_runs_on_torch_and_learns_the_same():
    world = WORLDS["pendulum"]()
    (a, p), (b, q) = small(), small(nets)
    (x, _), (y, _) = train(a, world, p, 12, runs=2), train(b, world, q, 12, runs=2)
    np.testing.assert_allclose(x.theta, y.theta, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(x.phi.phi.weights, y.phi.phi.weights, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(x.phi.log_temperature, y.phi.log_temperature, rtol=1e-9)
    assert np.abs(x.theta - train(a, world, p, 1, runs=2)[0].theta).max() > 1e-3


def test_the_temperature_rises_while_entropy_is_below_its_target():
    """The first policy's entropy is near log 4 - .3, above the target log 2 - 1; a narrow one's is below."""
    world = WORLDS["pendulum"]()
    algorithm, policy = small(alpha=1e-4)
    cooled, _ = train(algorithm, world, policy, 20)
    assert (cooled.phi.log_temperature < 0).all()

    draws = Draws(run_keys(0, 1))
    state = algorithm.init(world, policy, draws)
    narrow = state.theta.copy()
    narrow[:, -1] = -4.0  # the bias of log σ
    state = replace(state, theta=narrow)
    for k in range(20):
        state, _ = algorithm.iteration(state, world, policy, draws.at_iteration(k))
    assert (state.phi.log_temperature > 0).all()


def test_nothing_is_learned_before_there_is_enough_to_learn_from():
    algorithm, policy = small(warmup=24)  # three iterations of 8 steps
    world = WORLDS["pendulum"]()
    first = algorithm.init(world, policy, Draws(run_keys(0, 1)).stream(0)).theta
    before, info = train(algorithm, world, policy, 2)
    np.testing.assert_array_equal(before.theta, first)
    assert not info.grad.any()
    after, info = train(algorithm, world, policy, 3)
    assert (after.theta != first).any()
    assert info.grad.any()


def test_an_old_state_can_be_gone_on_from():
    """A memory is shared by successive states; going back must not see what came after."""
    world = WORLDS["pendulum"]()
    algorithm, policy = small(replay=32)
    draws = Draws(run_keys(0, 2))

    def go(state, first, last):
        for k in range(first, last):
            state, _ = algorithm.iteration(state, world, policy, draws.at_iteration(k))
        return state

    early = go(algorithm.init(world, policy, draws), 0, 6)
    late = go(early, 6, 20)
    again = go(early, 6, 20)
    np.testing.assert_array_equal(late.theta, again.theta)
    np.testing.assert_array_equal(late.memory.all().s, again.memory.all().s)


def test_knobs_may_be_turned_on_the_way():
    world = WORLDS["pendulum"]()
    algorithm, policy = small(tuning="fixed", temperature=0.3)
    state, _ = train(algorithm, world, policy, 5)
    np.testing.assert_allclose(state.phi.log_temperature, np.log(0.3))
    assert len(state.memory) == 40
    turned = replace(algorithm, temperature=2.0, replay=16)
    after, _ = turned.iteration(state, world, policy, Draws(run_keys(0, 1), 5))
    np.testing.assert_allclose(after.phi.log_temperature, np.log(2.0))
    assert len(after.memory) == 16
    assert len(state.memory) == 40


def test_without_bounds_there_is_no_target_for_the_entropy():
    algorithm = linear(temperature=1.0)
    with pytest.raises(ValueError, match="tuning = 'automatic', but the actions of world = 'lqr'"):
        train(replace(algorithm, tuning="automatic"), WORLDS["lqr"](), LinearGaussian(), 5)


def test_a_network_says_that_it_has_no_exact_fit():
    algorithm, policy = small(critic_steps=0)
    with pytest.raises(ValueError, match="a network does not have"):
        train(algorithm, WORLDS["pendulum"](), policy, 3)


def pendulum(seed, steps):
    """Mean greedy return of 100 starts after so many steps."""
    world = WORLDS["pendulum"]()
    net = {"hidden": (64, 64), "input_scale": world.input_scale}
    policy = fastnets.SquashedGaussianMLP(3, 1, low=(-2.0,), high=(2.0,), **net)
    algorithm = SoftActorCriticContinuous(
        alpha=5e-3, critic_alpha=5e-3, temperature_alpha=5e-3, temperature=0.5, gamma=0.98,
        polyak=0.02, critic=fastnets.ActionValueMLP(3, 1, **net),
    )  # fmt: skip
    state, _ = train(algorithm, world, policy, steps // 8, seed=seed)

    class Greedy:
        def act(self, theta, s, draws, t):
            return policy.greedy(theta, s)

    starts = Draws(run_keys(20_000, 1))
    tau = rollout(world, Greedy(), state.theta, starts, episodes=100, horizon=200)
    return tau.r.sum(axis=-1).mean()


@pytest.mark.slow
def test_a_pendulum_is_swung_up_and_held():
    """The best that is known for these starts is about -150."""
    assert pendulum(seed=0, steps=6000) > -175
