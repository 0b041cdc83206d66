"""Average reward and the plateau of the two-state world (T13): closed form, general world, differences, times."""

import numpy as np
import pytest
from exact_worlds import (
    differences,
    logistic_features,
    quick,
    random_policy,
    seeds,
    shared_policy,
    stochastic_world,
)
from hypothesis import given
from hypothesis import strategies as st

from pgkit import exact
from pgkit.worlds import WORLDS

logits = st.tuples(st.floats(-6, 6), st.floats(-6, 6)).map(np.array)


def start(p_i, p_j):
    """θ for π(stay|i), π(stay|j)."""
    p = np.array([p_i, p_j])
    return np.log(p / (1 - p))


A, B = start(0.8, 0.2), start(0.775, 0.1)


# ---------------------------------------------------------------- any world


@quick
@given(seeds)
def test_the_average_is_what_a_patient_discounted_policy_earns_a_step(seed):
    rng = np.random.default_rng(seed)
    world = stochastic_world(rng, terminal=0)
    world = world.starting_from(np.full(4, 0.25))
    probs = random_policy(world, rng)
    if np.linalg.matrix_rank(np.eye(4) - exact.transition(world, probs)) < 3:
        with pytest.raises(ValueError, match="never leaves"):
            exact.stationary(world, probs)
        return
    rho, eta = exact.stationary(world, probs), exact.average_reward(world, probs)
    assert rho.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(rho @ exact.transition(world, probs), rho, atol=1e-12)
    j = exact.expected_return(world, probs, 1 - 1e-7)
    assert eta == pytest.approx(1e-7 * j, abs=1e-4)
    h, q = exact.differential_values(world, probs)
    np.testing.assert_allclose((probs * q).sum(-1), h, atol=1e-9)  # the Poisson equation
    assert rho @ h == pytest.approx(0, abs=1e-9)


def test_the_gradient_of_the_average_equals_finite_differences():
    rng = np.random.default_rng(0)
    world = stochastic_world(rng, terminal=0)
    features = rng.standard_normal((4, 3, 5))
    theta = rng.standard_normal(5)
    probs = shared_policy(theta, features)
    grad = exact.parameter_gradient(
        exact.average_gradient(world, probs), probs, exact.feature_scores(probs, features)
    )
    by_differences = differences(
        lambda x: exact.average_reward(world, shared_policy(x, features)), theta
    )
    np.testing.assert_allclose(grad, by_differences, atol=1e-7)
    many = np.stack([probs, random_policy(world, rng)])
    np.testing.assert_allclose(
        exact.average_gradient(world, many)[0], exact.average_gradient(world, probs)
    )


def test_a_world_that_ends_or_falls_apart_has_no_average():
    with pytest.raises(ValueError, match="without terminal states"):
        exact.stationary(WORLDS["ring-of-fire"](), np.full((81, 4), 0.25))
    with pytest.raises(ValueError, match="never leaves"):
        exact.average_reward(WORLDS["two-state"](), np.array([[0.0, 1.0], [0.0, 1.0]]))
    with pytest.raises(ValueError, match="leaves neither state"):
        exact.two_state_average(np.array([1000.0, 1000.0]))


# ---------------------------------------------------------------- the two states


@quick
@given(logits)
def test_the_closed_form_is_the_general_one(theta):
    world = WORLDS["two-state"]()
    features = logistic_features(world)
    probs = shared_policy(theta, features)
    psi = exact.feature_scores(probs, features)
    rho = exact.stationary(world, probs)
    grad = exact.parameter_gradient(exact.average_gradient(world, probs), probs, psi)
    np.testing.assert_allclose(exact.two_state_stationary(theta), rho, atol=1e-10)
    assert exact.two_state_average(theta) == pytest.approx(
        exact.average_reward(world, probs), abs=1e-10
    )
    np.testing.assert_allclose(exact.two_state_gradient(theta), grad, atol=1e-9)
    f = exact.fisher(probs, psi, rho)
    np.testing.assert_allclose(np.diag(exact.two_state_fisher(theta)), f, atol=1e-10)
    np.testing.assert_allclose(
        exact.two_state_natural(theta), np.linalg.solve(f, grad), rtol=1e-6, atol=1e-6
    )


@quick
@given(logits)
def test_the_gradient_equals_finite_differences(theta):
    np.testing.assert_allclose(
        exact.two_state_gradient(theta), differences(exact.two_state_average, theta), atol=1e-7
    )


def test_logits_of_a_thousand_are_no_trouble_as_long_as_one_state_can_be_left():
    for theta in ([1000.0, -1000.0], [-1000.0, 1000.0], [-1000.0, -1000.0], [600.0, 600.0]):
        theta = np.array(theta)
        assert np.isfinite(exact.two_state_gradient(theta)).all()
        assert 0 <= exact.two_state_average(theta) <= 2


@pytest.mark.parametrize(
    ("theta", "natural", "eta_0", "t90", "least"),
    [
        (start(0.875, 0.5), False, 0.9, 16.59, 0.1998), (start(0.875, 0.5), True, 0.9, 0.827, 0.2),
        (A, False, 0.72, 301.9, 0.0122), (A, True, 0.72, 1.597, 0.1464),
        (B, False, 0.66, 1.967e6, 1.77e-6), (B, True, 0.66, 2.175, 0.0711),
        (start(0.7625, 0.05), False, 0.63, 3.871e14, 9.0e-15),
        (start(0.7625, 0.05), True, 0.63, 2.793, 0.0247),
    ],
)  # fmt: skip
def test_how_long_the_plateau_lasts(theta, natural, eta_0, t90, least):
    """The time to η = 1.8 and the least share of time in the good state on the way."""
    flow = exact.two_state_flow(theta, natural=natural)
    assert flow.eta[0] == pytest.approx(eta_0, abs=1e-12)
    assert flow.eta[-1] == pytest.approx(1.8, abs=1e-9)
    assert flow.t[-1] == pytest.approx(t90, rel=1e-3)
    assert flow.rho[:, 1].min() == pytest.approx(least, rel=1e-2)
    np.testing.assert_allclose(flow.rho[0], [0.8, 0.2], atol=1e-12)
    assert (np.diff(flow.eta) > 0).all()
    assert (np.diff(flow.t) >= 0).all()


@pytest.mark.parametrize(
    ("natural", "low", "high", "end"),
    [(False, 9.949, 292.0, 301.86), (True, 0.6649, 1.2322, 1.5967)],
)
def test_the_plateau_lies_at_one(natural, low, high, end):
    """From A the plain gradient spends 282 of its 302 units of time between .9 and 1.1."""
    times = [exact.two_state_flow(A, natural=natural, until=eta).t[-1] for eta in (0.9, 1.1, 1.8)]
    np.testing.assert_allclose(times, [low, high, end], rtol=1e-4)


def test_the_plain_path_bulges_and_the_natural_one_does_not():
    assert exact.two_state_flow(A).theta[:, 0].max() == pytest.approx(5.33, abs=0.01)
    assert exact.two_state_flow(B).theta[:, 0].max() == pytest.approx(14.2, abs=0.1)
    assert exact.two_state_flow(B, natural=True).theta[:, 0].max() == pytest.approx(3.37, abs=0.01)


def test_the_flow_does_not_depend_on_its_step():
    for natural in (False, True):
        coarse, fine = (exact.two_state_flow(B, natural=natural, step=h).t[-1] for h in (0.1, 0.05))
        assert coarse == pytest.approx(fine, rel=1e-5)


def test_the_flow_is_the_limit_of_small_steps():
    """Exact ascent from A to η ≥ 1.8 takes t90/α iterations, until α gets large."""
    alpha = np.array([0.1, 1.0, 10.0])
    for direction, expected in (
        (exact.two_state_gradient, [3022, 305, 33]),
        (exact.two_state_natural, [17, 3, 2]),
    ):
        theta, count = np.tile(A, (3, 1)), np.zeros(3, dtype=int)
        while (below := exact.two_state_average(theta) < 1.8).any():
            step = alpha[:, None] * direction(theta)
            theta, count = np.where(below[:, None], theta + step, theta), count + below
        np.testing.assert_array_equal(count, expected)


@pytest.mark.parametrize("theta", [(-1000.0, -1000.0), (30.0, -400.0)])
def test_a_flow_without_a_gradient_is_given_up(theta):
    with pytest.raises(ValueError, match="leads nowhere"):
        exact.two_state_flow(np.array(theta), step=1.0)


def test_a_flow_that_is_already_there_takes_no_time_and_one_beyond_the_best_is_refused():
    assert exact.two_state_flow(np.array([-3.0, 5.0])).t[-1] == 0
    with pytest.raises(ValueError, match=r"until = 2\.0"):
        exact.two_state_flow(A, until=2.0)
