"""The exact oracle against independent answers: enumeration, finite differences, and measured figures."""

import itertools

import numpy as np
import pytest
from exact_worlds import (
    any_world,
    finite_worlds,
    quick,
    random_policy,
    scales,
    seeds,
    stochastic_world,
)
from hypothesis import given

from pgkit import exact
from pgkit.policies import softmax
from pgkit.resets import RESETS, expert, mixture, uniform
from pgkit.worlds import WORLDS, grid_world
from pgkit.worlds.bandit import bandit

GAMMA = 0.95


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


@pytest.mark.parametrize("name", finite_worlds)
def test_performance_difference_lemma(name):
    rng = np.random.default_rng(4)
    world = WORLDS[name]()
    old, new = (random_policy(world, rng, 2, (20,)) for _ in range(2))
    difference = exact.expected_return(world, new, GAMMA) - exact.expected_return(world, old, GAMMA)
    np.testing.assert_allclose(
        difference, exact.performance_difference(world, old, new, GAMMA), atol=1e-10
    )


@pytest.mark.parametrize("name", finite_worlds)
def test_the_gap_never_exceeds_the_penalty_times_the_gradient_gap(name):
    """The reset theorem in its exact form, on 200 random policies and reset distributions a world."""
    rng = np.random.default_rng(5)
    world = WORLDS[name]()
    d_star = exact.occupancy(world, exact.optimal_policy(world, GAMMA), GAMMA)
    best = exact.optimal_values(world, GAMMA)[0] @ world.start
    probs = random_policy(world, rng, rng.uniform(0, 5, (200, 1, 1)), (200,))
    mus = np.where(world.startable, rng.dirichlet(np.ones(world.n_states), 200), 0)
    mus /= mus.sum(axis=-1, keepdims=True)
    kappa = np.array([exact.mismatch(d_star, mu) for mu in mus])
    bound = kappa * exact.gradient_gap(world, probs, GAMMA, mus) / (1 - GAMMA)
    assert (best - exact.expected_return(world, probs, GAMMA) <= bound + 1e-8).all()
    assert exact.performance_bound(world, probs[0], GAMMA, mus[0]) == pytest.approx(bound[0])


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
    probs = exact.projected_ascent(world, GAMMA, mu, iterations=500)
    assert exact.expected_return(world, probs, GAMMA) == pytest.approx(score, abs=tolerance)
    assert exact.gradient_gap(world, probs, GAMMA, mu) < 1e-9  # a true stationary point, both times


@pytest.mark.parametrize(
    ("name", "scores"),
    [("ring-of-fire", (0.944, 51.334, 51.334)), ("ring-of-fire-closed", (0.950, 48.588, 48.691))],
)
def test_exact_ascent_is_nearly_there_after_a_hundred_steps(name, scores):
    world = WORLDS[name]()
    for reset, score in zip(("nominal", "uniform", "expert"), scores, strict=True):
        probs = exact.projected_ascent(world, GAMMA, RESETS[reset](world, GAMMA), iterations=100)
        assert exact.expected_return(world, probs, GAMMA) == pytest.approx(score, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "scores"),
    [
        ("ring-of-fire", {0: (-1.425, -1.425, -1.425), 100: (0.937, 51.005, 50.954),
                          300: (0.945, 51.206, 51.206), 1000: (0.949, 51.278, 51.296)}),
        ("ring-of-fire-closed", {0: (-10.968, -10.968, -10.968), 100: (0.939, 47.425, 48.426),
                                 300: (0.946, 48.303, 48.605), 1000: (0.949, 48.575, 48.665)}),
    ],
)  # fmt: skip
def test_exact_softmax_ascent_with_nominal_uniform_and_expert_starts(name, scores):
    """Step 1, from the uniform policy. In the limit .950, 51.334 (48.691): softmax is slow near the end."""
    world = WORLDS[name]()
    mu = np.stack([RESETS[reset](world, GAMMA) for reset in ("nominal", "uniform", "expert")])
    theta = np.zeros((3, world.n_states, world.n_actions))
    for k in range(max(scores) + 1):
        probs = softmax(theta)
        if k in scores:
            j = exact.expected_return(world, probs, GAMMA)
            np.testing.assert_allclose(j, scores[k], atol=0.005)
        theta = theta + exact.softmax_gradient(world, probs, GAMMA, mu)


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


# ---------------------------------------------------------------- what holds for every world and policy


@quick
@given(seeds, scales)
def test_the_lemma_the_occupancy_and_the_gradient_gap_hold_for_every_world(seed, scale):
    rng = np.random.default_rng(seed)
    world, gamma = any_world(rng), rng.choice([0.0, 0.5, 0.95])
    old, new = (random_policy(world, rng, scale) for _ in range(2))
    mu = np.where(world.terminal, 0, rng.random(world.n_states))
    mu /= mu.sum()
    j = [exact.expected_return(world, p, gamma, start=mu) for p in (old, new)]
    difference = exact.performance_difference(world, old, new, gamma, mu)
    assert j[1] - j[0] == pytest.approx(difference, abs=1e-9)
    d = exact.occupancy(world, old, gamma, mu)
    assert (d >= -1e-15).all()
    assert d.sum() <= 1 + 1e-12
    if not world.terminal.any():
        assert d.sum() == pytest.approx(1, abs=1e-12)
    assert exact.gradient_gap(world, old, gamma, mu) >= -1e-12
    best = exact.optimal_values(world, gamma)[0] @ world.start
    gap = best - exact.expected_return(world, old, gamma)
    assert gap <= exact.performance_bound(world, old, gamma, mu) + 1e-8


@quick
@given(seeds)
def test_no_policy_is_better_than_the_optimal_one_and_that_one_is_its_own_best_answer(seed):
    rng = np.random.default_rng(seed)
    world, gamma = any_world(rng), rng.choice([0.0, 0.5, 0.95, 0.999])
    v, q = exact.optimal_values(world, gamma)
    best, _ = exact.values(world, exact.optimal_policy(world, gamma), gamma)
    np.testing.assert_allclose(best, v, atol=1e-9)
    np.testing.assert_allclose(np.where(world.terminal, 0, q.max(-1)), v, atol=1e-12)
    others, _ = exact.values(world, random_policy(world, rng, 3, (10,)), gamma)
    assert (others <= v + 1e-9).all()


# ---------------------------------------------------------------- the edges


def test_with_one_action_there_is_nothing_to_learn():
    world = WORLDS["random-walk"]()
    probs = np.ones((7, 1))
    assert (exact.softmax_gradient(world, probs, GAMMA) == 0).all()
    assert exact.gradient_gap(world, probs, GAMMA) == 0
    np.testing.assert_allclose(
        exact.optimal_values(world, GAMMA)[0], exact.values(world, probs, GAMMA)[0], atol=1e-12
    )


def test_one_state_that_goes_on_for_ever_is_a_geometric_series():
    world = stochastic_world(np.random.default_rng(7), states=1, actions=1, outcomes=1, terminal=0)
    r = world.reward.item()
    assert exact.expected_return(world, np.ones((1, 1)), 0.9) == pytest.approx(r / 0.1, rel=1e-12)
    assert exact.expected_return(world, np.ones((1, 1)), 1.0, 7) == pytest.approx(7 * r, rel=1e-12)
    assert exact.occupancy(world, np.ones((1, 1)), 0.9) == pytest.approx(1, abs=1e-12)


def test_without_a_future_or_with_one_step_only_the_reward_counts():
    rng = np.random.default_rng(8)
    world = stochastic_world(rng)
    probs = random_policy(world, rng)
    pay = (probs * (world.prob * world.reward).sum(-1)).sum(-1)
    for v, q in (exact.values(world, probs, 0.0), exact.values(world, probs, 1.0, 1)):
        np.testing.assert_allclose(v, pay, atol=1e-15)
        np.testing.assert_allclose(q, (world.prob * world.reward).sum(-1), atol=1e-15)
    np.testing.assert_allclose(exact.occupancy(world, probs, 0.0), world.start, atol=1e-15)


def test_an_episode_that_starts_at_the_end_has_no_value_and_no_gradient():
    rng = np.random.default_rng(9)
    world = stochastic_world(rng)
    probs, end = random_policy(world, rng), world.terminal.astype(float)
    assert exact.expected_return(world, probs, GAMMA, start=end) == 0
    assert (exact.occupancy(world, probs, GAMMA, end) == 0).all()
    assert (exact.softmax_gradient(world, probs, GAMMA, end) == 0).all()


def test_tied_actions_share_the_probability_of_the_best():
    world = grid_world("S.\n.G")
    np.testing.assert_allclose(exact.optimal_policy(world, GAMMA)[0], [0, 0.5, 0.5, 0])


def test_logits_of_a_thousand_are_a_deterministic_policy():
    world = WORLDS["ring-of-fire"]()
    sure = softmax(1000.0 * np.tile([0.0, 1.0, -1.0, -1.0], (81, 1)))
    v, _ = exact.values(world, sure, GAMMA)
    assert np.isfinite(v).all()
    assert (exact.softmax_gradient(world, sure, GAMMA) == 0).all()  # saturated: nothing to be seen
    assert exact.gradient_gap(world, sure, GAMMA, uniform(world, GAMMA)) > 1  # ... but much to gain


@pytest.mark.parametrize(
    ("lead", "blindness"), [(0, 1.4), (2, 5.9), (5, 106), (10, 1.56e4), (20, 3.4e8)]
)
def test_a_saturated_softmax_hides_the_gap_from_its_gradient(lead, blindness):
    """One state, two actions, the wrong logit ahead: gap/|∇J| grows like exp(lead)."""
    world = bandit([1.0, 0.0])
    probs = np.stack([softmax(np.array([0.0, lead])), [0.5, 0.5]])
    gap = 1 - exact.expected_return(world, probs, 0.0)
    assert exact.gradient_gap(world, probs, 0.0) == pytest.approx(gap, rel=1e-12)
    size = np.linalg.norm(exact.softmax_gradient(world, probs, 0.0))
    assert gap / size == pytest.approx(blindness, rel=0.03)
