"""The linear-quadratic world in closed form against the Riccati equation, sums over time and differences."""

import numpy as np
import pytest
from exact_worlds import differences, quick
from hypothesis import given
from hypothesis import strategies as st

from pgkit import exact
from pgkit.exact import LQR

TASK = LQR()
gains, log_stds = st.floats(-1.6, -0.4), st.floats(-2, 0.5)


def by_steps(task, k, log_std, steps=400):
    """(J, m) by adding up E x_t² = c² E x_{t-1}² + b²σ² + W, 400 steps of it."""
    variance, square, j, m = np.exp(2 * log_std), task.start, 0.0, 0.0
    for t in range(steps):
        cost = task.q * square + task.r * (k**2 * square + variance)
        j, m = j - task.gamma**t * cost, m + (1 - task.gamma) * task.gamma**t * square
        square = (task.a + task.b * k) ** 2 * square + task.b**2 * variance + task.noise
    return j, m


def test_the_figures():
    k, p = exact.lqr_optimum(TASK)
    assert k == pytest.approx(-0.90755118, abs=1e-8)
    assert p == pytest.approx(1.09075512, abs=1e-8)
    at = (-0.3, np.log(0.4))
    assert exact.lqr_return(TASK, *at) == pytest.approx(-4.72667, abs=5e-6)
    assert exact.lqr_moment(TASK, *at) == pytest.approx(0.452594, abs=5e-7)
    np.testing.assert_allclose(exact.lqr_gradient(TASK, *at), [-10.02, -5.52], atol=5e-3)


@quick
@given(gains, log_stds)
def test_return_and_moment_are_the_sums_over_time(k, log_std):
    j, m = by_steps(TASK, k, log_std)
    assert exact.lqr_return(TASK, k, log_std) == pytest.approx(j, abs=1e-9)
    assert exact.lqr_moment(TASK, k, log_std) == pytest.approx(m, abs=1e-9)


@quick
@given(gains, log_stds)
def test_the_gradient_equals_finite_differences(k, log_std):
    grad = differences(lambda x: exact.lqr_return(TASK, *x), np.array([k, log_std]))
    np.testing.assert_allclose(exact.lqr_gradient(TASK, k, log_std), grad, rtol=1e-6, atol=1e-6)


@quick
@given(gains, log_stds)
def test_the_fisher_matrix_is_the_curvature_of_the_divergence_of_gaussians(k, log_std):
    m = exact.lqr_moment(TASK, k, log_std)

    def divergence(x):  # KL(N(kx, σ²) ‖ N(k'x, σ'²)) with E x² = m
        ratio = np.exp(2 * (log_std - x[1]))
        return x[1] - log_std + (ratio + m * (x[0] - k) ** 2 / np.exp(2 * x[1]) - 1) / 2

    at, h = np.array([k, log_std]), 1e-3
    curvature = [
        (divergence(at + e) + divergence(at - e) - 2 * divergence(at)) / h**2 for e in h * np.eye(2)
    ]
    np.testing.assert_allclose(exact.lqr_fisher(TASK, k, log_std), curvature, rtol=1e-4)


@quick
@given(
    st.floats(0.2, 1.5), st.floats(0.2, 2), st.floats(0.1, 3), st.floats(0.05, 3),
    st.floats(0.1, 0.99), st.floats(0, 1),
)  # fmt: skip
def test_the_optimum_solves_the_riccati_equation_and_has_no_gradient(a, b, q, r, gamma, noise):
    task = LQR(a, b, q, r, gamma, noise)
    k, p = exact.lqr_optimum(task)
    riccati = q + gamma * a**2 * p - (gamma * a * b * p) ** 2 / (r + gamma * b**2 * p)
    assert p == pytest.approx(riccati, rel=1e-10)
    assert exact.lqr_value(task, k) == pytest.approx(p, rel=1e-9)
    assert exact.lqr_gradient(task, k, -1.0)[0] == pytest.approx(
        0, abs=1e-7 * p**2 / (1 - gamma) ** 2
    )
    others = k + np.linspace(-0.3, 0.3, 20)
    assert (exact.lqr_return(task, others, -1.0) <= exact.lqr_return(task, k, -1.0)).all()


@pytest.mark.parametrize(
    ("temperature", "variance"), [(0.01, 0.0046224), (0.1, 0.0462244), (1.0, 0.462244)]
)
def test_the_soft_optimum_is_the_same_gain_and_a_variance_that_the_temperature_buys(
    temperature, variance
):
    k, found = exact.lqr_soft_optimum(TASK, temperature)
    assert (k, found) == pytest.approx((-0.907551, variance), rel=2e-5)
    at = np.array([k, 0.5 * np.log(found)])
    grad = differences(lambda x: exact.lqr_soft_return(TASK, *x, temperature), at)
    np.testing.assert_allclose(grad, 0, atol=1e-6)
    assert exact.lqr_soft_return(TASK, k, at[1], temperature) > exact.lqr_soft_return(
        TASK, k, at[1] + 0.1, temperature
    )


def test_exploring_always_costs_and_never_changes_the_best_gain():
    log_std = np.linspace(-6, 1, 20)
    assert (np.diff(exact.lqr_return(TASK, -0.5, log_std)) < 0).all()
    assert (exact.lqr_gradient(TASK, -0.5, log_std)[:, 1] < 0).all()
    k, _ = exact.lqr_optimum(TASK)
    np.testing.assert_allclose(exact.lqr_gradient(TASK, k, log_std)[:, 0], 0, atol=1e-12)


def test_an_unstable_gain_loses_everything():
    assert exact.lqr_return(TASK, 0.1, 0.0) == -np.inf
    assert exact.lqr_moment(TASK, 0.1, 0.0) == np.inf
    grad = exact.lqr_gradient(TASK, np.array([0.1, -2.1]), 0.0)
    np.testing.assert_array_equal(grad[:, 0], [-np.inf, np.inf])  # back to where it is stable
    assert exact.lqr_return(TASK, 0.0, 0.0) > -np.inf  # γ c² = .9: growing, but less than γ shrinks


def test_without_a_future_only_the_first_cost_counts():
    task = LQR(gamma=0.0)
    assert exact.lqr_return(task, -0.5, np.log(0.2)) == pytest.approx(
        -(1 + 0.1 * (0.25 + 0.04)), abs=1e-12
    )
    assert exact.lqr_optimum(LQR(gamma=0.5, b=1e-9))[0] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("natural", "alpha", "iterations"), [(False, 0.01, 59), (True, 0.1, 20)])
def test_plain_ascent_manages_here_too(natural, alpha, iterations):
    """No plateau: exact ascent from k = -.3, σ = .4 until k is within 5 % of k*."""
    k_star, _ = exact.lqr_optimum(TASK)
    theta, count = np.array([-0.3, np.log(0.4)]), 0
    while abs(theta[0] - k_star) > 0.05 * abs(k_star):
        step = exact.lqr_gradient(TASK, *theta)
        if natural:
            step = step / exact.lqr_fisher(TASK, *theta)
        theta, count = theta + alpha * step, count + 1
    assert count == iterations
