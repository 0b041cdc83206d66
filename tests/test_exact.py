"""The exact oracle against independent answers: enumeration, finite differences, and measured figures."""

import itertools

import numpy as np
import pytest

from pgkit import exact
from pgkit.policies import SoftmaxTable, softmax
from pgkit.resets import RESETS, expert, mixture, uniform
from pgkit.worlds import WORLDS, World, grid_world

GAMMA = 0.95


def random_policy(world, rng, scale=1.0):
    return softmax(scale * rng.standard_normal((world.n_states, world.n_actions)))


def stochastic_world(rng, states=4, actions=3, outcomes=2):
    """A small world with random outcomes and one terminal state, for identities that hold everywhere."""
    terminal = np.arange(states) == states - 1
    next_state = rng.integers(0, states, (states, actions, outcomes))
    next_state[terminal] = states - 1
    reward = np.where(terminal[:, None, None], 0, rng.standard_normal((states, actions, outcomes)))
    return World(
        name="random",
        next_state=next_state,
        prob=rng.dirichlet(np.ones(outcomes), (states, actions)),
        reward=reward,
        terminal=terminal,
        wall=np.zeros(states, dtype=bool),
        start=np.append(rng.dirichlet(np.ones(states - 1)), 0),
    )


def enumerate_return(world, probs, gamma, horizon):
    """J by walking every trajectory: slow, obvious, independent of the oracle."""
    total = 0.0
    first = [(p, 0.0, s) for s, p in enumerate(world.start) if p > 0]
    for t in range(horizon):
        after = []
        for p, g, s in first:
            if world.terminal[s]:
                total += p * g
                continue
            for a, o in itertools.product(range(world.n_actions), range(world.prob.shape[-1])):
                q = p * probs[s, a] * world.prob[s, a, o]
                after.append((q, g + gamma**t * world.reward[s, a, o], world.next_state[s, a, o]))
        first = after
    return total + sum(p * g for p, g, _ in first)


@pytest.mark.parametrize(
    ("name", "best", "random"),
    [
        ("ring-of-fire", 51.33420832795048, -1.425),
        ("ring-of-fire-closed", 48.69064910527343, -10.968),
    ],
)
def test_values_of_the_rings(name, best, random):
    world = WORLDS[name]()
    v, _ = exact.optimal_values(world, GAMMA)
    assert v @ world.start == pytest.approx(best, abs=1e-9)
    flat = np.full((world.n_states, 4), 0.25)
    assert exact.expected_return(world, flat, GAMMA) == pytest.approx(random, abs=5e-4)


def test_the_expert_covers_what_the_measurements_say():
    for name, cells, mass in (
        ("ring-of-fire", 21, 1 - GAMMA**14),
        ("ring-of-fire-closed", 26, None),
    ):
        world = WORLDS[name]()
        assert (expert(world, GAMMA) > 0).sum() == cells
        if mass:
            d_star = exact.occupancy(world, exact.optimal_policy(world, GAMMA), GAMMA)
            assert d_star.sum() == pytest.approx(mass, abs=1e-12)


@pytest.mark.parametrize("gamma", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("horizon", [1, 4])
def test_finite_horizon_values_equal_the_enumeration_of_all_trajectories(gamma, horizon):
    rng = np.random.default_rng(0)
    world = stochastic_world(rng)
    probs = random_policy(world, rng)
    truth = enumerate_return(world, probs, gamma, horizon)
    assert exact.expected_return(world, probs, gamma, horizon) == pytest.approx(truth, abs=1e-12)
    j, visits, ended = exact.push(world, probs, gamma, horizon)
    assert j == pytest.approx(truth, abs=1e-12)
    if gamma == 1:
        assert visits.sum() <= horizon + 1e-12
    assert ended.sum() <= 1 + 1e-12


def test_many_policies_at_once_equal_one_at_a_time():
    rng = np.random.default_rng(1)
    world = stochastic_world(rng)
    probs = np.stack([random_policy(world, rng) for _ in range(5)])
    for f in (
        lambda p: exact.expected_return(world, p, GAMMA),
        lambda p: exact.occupancy(world, p, GAMMA),
        lambda p: exact.softmax_gradient(world, p, GAMMA),
        lambda p: exact.gradient_gap(world, p, GAMMA),
        lambda p: exact.push(world, p, GAMMA, 7)[2],
    ):
        np.testing.assert_allclose(f(probs), [f(p) for p in probs], atol=1e-12)


def test_gradients_equal_finite_differences():
    rng = np.random.default_rng(2)
    world = stochastic_world(rng)
    theta = rng.standard_normal((world.n_states, world.n_actions))
    grad = exact.softmax_gradient(world, softmax(theta), GAMMA)
    direct = exact.policy_gradient(world, softmax(theta), GAMMA)
    h = 1e-6
    for s, a in np.ndindex(theta.shape):
        e = np.zeros(theta.shape)
        e[s, a] = h
        up, down = (exact.expected_return(world, softmax(theta + d), GAMMA) for d in (e, -e))
        assert grad[s, a] == pytest.approx((up - down) / (2 * h), abs=1e-8)
        up, down = (exact.expected_return(world, softmax(theta) + d, GAMMA) for d in (e, -e))
        assert direct[s, a] == pytest.approx((up - down) / (2 * h), abs=1e-8)


def test_occupancy_is_the_discounted_sum_of_visits():
    rng = np.random.default_rng(3)
    world = stochastic_world(rng)
    probs = random_policy(world, rng)
    _, visits, _ = exact.push(world, probs, GAMMA, 2000)
    d = exact.occupancy(world, probs, GAMMA)
    np.testing.assert_allclose(d, (1 - GAMMA) * np.where(world.terminal, 0, visits), atol=1e-12)


def test_the_infinite_horizon_refuses_an_undiscounted_return():
    world = grid_world("S.G")
    with pytest.raises(ValueError, match="give a horizon"):
        exact.expected_return(world, np.full((3, 4), 0.25), 1.0)


# ---------------------------------------------------------------- T1, T2, T3, T5


def test_performance_difference_lemma():
    rng = np.random.default_rng(4)
    for name in WORLDS:
        world = WORLDS[name]()
        for _ in range(20):
            old, new = random_policy(world, rng, 2), random_policy(world, rng, 2)
            v, q = exact.values(world, old, GAMMA)
            d = exact.occupancy(world, new, GAMMA)
            right = (d[:, None] * new * (q - v[:, None])).sum() / (1 - GAMMA)
            left = exact.expected_return(world, new, GAMMA) - exact.expected_return(
                world, old, GAMMA
            )
            assert left == pytest.approx(right, abs=1e-10)


@pytest.mark.parametrize("name", WORLDS)
def test_the_gap_never_exceeds_the_penalty_times_the_gradient_gap(name):
    """The reset theorem in its exact form, on 100 random policies and reset distributions a world."""
    rng = np.random.default_rng(5)
    world = WORLDS[name]()
    best = exact.optimal_values(world, GAMMA)[0] @ world.start
    for _ in range(100):
        probs = random_policy(world, rng, rng.uniform(0, 5))
        mu = np.where(world.startable, rng.dirichlet(np.ones(world.n_states)), 0)
        mu /= mu.sum()
        gap = best - exact.expected_return(world, probs, GAMMA)
        assert gap <= exact.performance_bound(world, probs, GAMMA, mu) + 1e-8


@pytest.mark.parametrize(
    ("name", "reset", "score", "tolerance"),
    [
        ("ring-of-fire", "nominal", 0.950, 1e-3),
        ("ring-of-fire", "uniform", 51.334208, 1e-3),
        ("ring-of-fire", "expert", 51.334208, 1e-3),
        ("ring-of-fire-closed", "nominal", 0.950, 1e-3),
        ("ring-of-fire-closed", "uniform", 48.690649, 1e-3),
        ("ring-of-fire-closed", "expert", 48.690649, 1e-3),
    ],
)
def test_exact_ascent_stops_at_the_trap_from_the_nominal_start_and_at_the_optimum_with_resets(
    name, reset, score, tolerance
):
    world = WORLDS[name]()
    mu = RESETS[reset](world, GAMMA)
    probs = exact.projected_ascent(world, GAMMA, mu)
    assert exact.expected_return(world, probs, GAMMA) == pytest.approx(score, abs=tolerance)
    assert exact.gradient_gap(world, probs, GAMMA, mu) < 1e-9  # a true stationary point, both times


@pytest.mark.parametrize(
    ("name", "reset", "score"),
    [
        ("ring-of-fire", "nominal", 0.937), ("ring-of-fire", "uniform", 51.005),
        ("ring-of-fire", "expert", 50.954), ("ring-of-fire-closed", "nominal", 0.939),
        ("ring-of-fire-closed", "uniform", 47.425), ("ring-of-fire-closed", "expert", 48.426),
    ],
)  # fmt: skip
def test_exact_softmax_ascent_after_100_iterations(name, reset, score):
    world = WORLDS[name]()
    mu = RESETS[reset](world, GAMMA)
    theta = SoftmaxTable().init(world, Draws(run_keys(0, 1)))[0]
    for _ in range(100):
        theta = theta + exact.softmax_gradient(world, softmax(theta), GAMMA, mu)
    assert exact.expected_return(world, softmax(theta), GAMMA) == pytest.approx(score, abs=0.005)


@pytest.mark.parametrize(
    ("name", "make", "table"),
    [
        ("ring-of-fire", uniform, {0.01: 244, 0.1: 24.4, 0.5: 4.89, 0.9: 2.715, 1.0: 3.20}),
        ("ring-of-fire", expert, {0.01: 51.2, 0.1: 5.12, 0.2: 2.56, 1.0: 0.512}),
        ("ring-of-fire-closed", uniform, {0.01: 283, 0.1: 28.3, 0.2: 14.1, 1.0: 5.95}),
        ("ring-of-fire-closed", expert, {0.01: 40.1, 0.1: 4.01, 1.0: 0.401}),
    ],
)
def test_the_mismatch_coefficient_along_the_mixture(name, make, table):
    world = WORLDS[name]()
    d_star = exact.occupancy(world, exact.optimal_policy(world, GAMMA), GAMMA)
    for w, kappa in table.items():
        assert exact.mismatch(d_star, mixture(world, make(world, GAMMA), w)) == pytest.approx(
            kappa, rel=5e-3
        )
    assert exact.mismatch(d_star, world.start) == np.inf


def test_projection_onto_the_simplex_is_the_nearest_distribution():
    rng = np.random.default_rng(6)
    x = rng.standard_normal((50, 4)) * 3
    p = exact.onto_simplex(x)
    np.testing.assert_allclose(p.sum(-1), 1, atol=1e-12)
    assert (p >= 0).all()
    others = rng.dirichlet(np.ones(4), (200, 50))
    assert (((x - p) ** 2).sum(-1) <= ((x - others) ** 2).sum(-1) + 1e-12).all()


def test_values_far_from_every_reward_keep_their_digits():
    """A corridor of 600 cells: V* = 100 γ^(d-1), down to 4e-12, and the one best action, everywhere."""
    world = grid_world("S" + "." * 599 + "G")
    v, _ = exact.optimal_values(world, GAMMA)
    np.testing.assert_allclose(v[:600], 100 * GAMMA ** np.arange(599, -1, -1), rtol=1e-9)
    assert (exact.optimal_policy(world, GAMMA)[:600, 1] == 1).all()
