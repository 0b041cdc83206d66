"""Worlds with vectors for states: known answers, and one world does not depend on those beside it."""

import numpy as np
import pytest

from pgkit.draws import Draws, run_keys
from pgkit.policies import LinearGaussian
from pgkit.rollout import continued, rollout
from pgkit.types import Trajectories
from pgkit.worlds import WORLDS, VectorWorld, load_world
from pgkit.worlds.lqr import GAMMA, NOISE, A, B, Q, R

VECTOR = [name for name, make in WORLDS.items() if isinstance(make(), VectorWorld)]


class Aimless:
    """A policy that looks at nothing."""

    def __init__(self, world):
        self.world = world

    def act(self, theta, s, draws, t):
        if self.world.n_actions:
            return (draws.actions(s.shape[1], t) % self.world.n_actions).astype(np.int64)
        return draws.stream(99).normal(s.shape[1], t, len(self.world.action_low))


def roll(world, runs=3, episodes=4, horizon=60, seed=3) -> Trajectories:
    return rollout(
        world, Aimless(world), None, Draws(run_keys(seed, runs)), episodes=episodes, horizon=horizon
    )


@pytest.mark.parametrize("name", VECTOR)
def test_any_leading_axes_give_the_same_steps(name):
    world, rng = load_world(name), np.random.default_rng(0)
    x = world.initial(rng.random((2, 3, world.start_size)))
    z = rng.normal(size=(2, 3, world.noise_size))
    a = rng.integers(0, 2, (2, 3)) if world.n_actions else rng.normal(size=(2, 3, 1))
    together = (*world.transition(x, a, z), world.observe(x))
    row = (*world.transition(x[1], a[1], z[1]), world.observe(x[1]))
    for both, one in zip(together, row, strict=True):
        np.testing.assert_array_equal(both[1], one)
    assert world.observe(x).shape == (2, 3, world.n_features)
    assert together[1].shape == together[2].shape == (2, 3)


@pytest.mark.parametrize("name", VECTOR)
def test_nothing_is_written_into_the_states_that_are_given(name):
    world, rng = load_world(name), np.random.default_rng(0)
    x = world.initial(rng.random((5, world.start_size)))
    a = rng.integers(0, 2, 5) if world.n_actions else rng.normal(size=(5, 1))
    before = x.copy()
    world.transition(x, a, rng.normal(size=(5, world.noise_size)))
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("name", VECTOR)
def test_a_run_repeats_and_does_not_depend_on_the_runs_beside_it(name):
    world = load_world(name)
    alone, beside, again = roll(world, runs=1), roll(world, runs=5), roll(world, runs=5)
    for field in ("s", "a", "r", "s_next", "terminated", "truncated", "live"):
        np.testing.assert_array_equal(getattr(alone, field)[0], getattr(beside, field)[0])
        np.testing.assert_array_equal(getattr(again, field), getattr(beside, field))


@pytest.mark.parametrize("name", VECTOR)
def test_what_follows_a_step_is_what_is_seen_next(name):
    tau = roll(load_world(name))
    going = tau.live[..., 1:]
    np.testing.assert_array_equal(tau.s_next[..., :-1, :][going], tau.s[..., 1:, :][going])


@pytest.mark.parametrize(("name", "limit"), [("cartpole", 500), ("pendulum", 200)])
def test_a_time_limit_truncates_and_a_new_episode_begins(name, limit):
    """A pole that stays up by an expert's hand, and a pendulum left alone."""
    world = load_world(name)

    class Steady:
        def act(self, theta, s, draws, t):
            if world.n_actions:
                return (s[..., 2] + 0.3 * s[..., 3] + 0.05 * s[..., 1] > 0).astype(np.int64)
            return np.zeros((*s.shape[:2], 1))

    tau, at = continued(
        world, Steady(), None, Draws(run_keys(1, 2)), episodes=3, horizon=limit + 10
    )
    assert not tau.terminated.any()
    assert tau.truncated[..., limit - 1].all()
    assert tau.truncated.sum() == 2 * 3 * 2  # there, and where the rollout was cut off
    assert (tau.t[..., limit] == 0).all()
    assert (at.t == 10).all()
    assert (tau.s[..., limit, :] != tau.s_next[..., limit - 1, :]).any(axis=-1).all()


def test_a_falling_pole_terminates_and_pays_for_its_last_step():
    tau = roll(load_world("cartpole"), episodes=50, horizon=200)
    lengths = tau.live.sum(axis=-1)
    assert tau.terminated.any(axis=-1).all()
    assert (tau.r.sum(axis=-1) == lengths).all()
    assert 15 < lengths.mean() < 30  # the uniform policy's 22 steps
    fallen = tau.s_next[tau.terminated]
    assert ((np.abs(fallen[:, 0]) > 2.4) | (np.abs(fallen[:, 2]) > 12 * np.pi / 180)).all()
    assert (np.abs(tau.s[tau.live][:, 2]) <= 12 * np.pi / 180).all()


@pytest.mark.parametrize(
    ("name", "low", "high", "squares"),
    [
        ("cartpole", [-0.05] * 4, [0.05] * 4, [0.05**2 / 3] * 4),
        ("pendulum", [-np.pi, -1.0], [np.pi, 1.0], [np.pi**2 / 3, 1 / 3]),
        ("lqr", [-np.sqrt(3)], [np.sqrt(3)], [1.0]),
    ],
)
def test_starts_fill_their_range(name, low, high, squares):
    world = load_world(name)
    x = world.begin(Draws(run_keys(0, 4)), 5000).x.reshape(20000, -1)
    assert (x >= low).all()
    assert (x < high).all()
    np.testing.assert_allclose((x**2).mean(axis=0), squares, rtol=0.03)
    np.testing.assert_allclose(x.mean(axis=0) / np.abs(low), 0, atol=0.02)


def test_a_pendulums_torque_and_speed_are_bounded():
    world = load_world("pendulum")
    x = np.array([[np.pi / 2, 7.99], [np.pi / 2, -7.99]])
    strong, allowed = np.array([[50.0], [-50.0]]), np.array([[2.0], [-2.0]])
    z = np.zeros((2, 0))
    for much, enough in zip(
        world.transition(x, strong, z), world.transition(x, allowed, z), strict=True
    ):
        np.testing.assert_array_equal(much, enough)
    assert world.transition(x, allowed, z)[0][0, 1] == 8.0


def lqr_return(k, s):
    """J of u ~ N(k x, s²), in closed form: -(P E x_0² + C)."""
    c = A + B * k
    p = (Q + R * k**2) / (1 - GAMMA * c**2)
    return -(p + (R * s**2 + GAMMA * p * (B**2 * s**2 + NOISE)) / (1 - GAMMA))


def test_lqr_returns_agree_with_the_closed_form():
    assert lqr_return(-0.3, 0.4) == pytest.approx(-4.72667, abs=1e-5)
    world = load_world("lqr")
    theta = np.array([[-0.3, np.log(0.4)]])
    tau = rollout(world, LinearGaussian(), theta, Draws(run_keys(4, 1)), episodes=8000, horizon=150)
    assert tau.truncated.sum() == 8000
    assert not tau.terminated.any()
    returns = (tau.r[0] * GAMMA ** np.arange(150)).sum(axis=-1)
    assert returns.mean() == pytest.approx(
        lqr_return(-0.3, 0.4), abs=4 * returns.std() / np.sqrt(8000)
    )


def test_the_best_gain_of_lqr_solves_the_riccati_equation():
    p = 1.0
    for _ in range(200):
        p = Q + GAMMA * A**2 * p - (GAMMA * A * B * p) ** 2 / (R + GAMMA * B**2 * p)
    k = -GAMMA * A * B * p / (R + GAMMA * B**2 * p)
    assert k == pytest.approx(-0.90755118, abs=1e-8)
    assert p == pytest.approx(1.09075512, abs=1e-8)
    assert lqr_return(k, 0.1) > max(lqr_return(k + 0.05, 0.1), lqr_return(k - 0.05, 0.1))
