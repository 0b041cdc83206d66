"""Steps and solvers against closed forms."""

import numpy as np
import pytest

from pgkit import optim
from pgkit.draws import Draws, run_keys
from pgkit.optim import Fitting, Moments, Phi, adam, ascend, conjugate_gradient, kl_sized

RNG = np.random.default_rng(0)


def spd(runs, size, seed=0):
    """Positive definite matrices, one a run."""
    x = np.random.default_rng(seed).normal(size=(runs, size, size))
    return x @ x.swapaxes(-1, -2) + 0.5 * np.eye(size)


def test_adam_is_the_paper_s_recursion():
    grads = RNG.normal(size=(7, 2, 5))
    moments = None
    m, v = np.zeros((2, 5)), np.zeros((2, 5))
    for k, g in enumerate(grads, start=1):
        step, moments = adam(g, moments)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        wanted = (m / (1 - 0.9**k)) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8)
        np.testing.assert_allclose(step, wanted, rtol=1e-12)
    assert moments.count == 7


def test_adam_s_first_step_has_length_one_whatever_the_scale():
    for scale in (1e-4, 1.0, 1e6):
        step, _ = adam(scale * np.array([[1.0, -2.0]]), None)
        np.testing.assert_allclose(step, [[1.0, -1.0]], rtol=2e-4)


def test_adam_writes_into_nothing_it_was_given():
    grad, before = RNG.normal(size=(2, 3)), Moments(np.ones((2, 3)), np.ones((2, 3)), 4)
    kept = grad.copy()
    adam(grad, before)
    np.testing.assert_array_equal(grad, kept)
    np.testing.assert_array_equal(before.first, 1.0)
    np.testing.assert_array_equal(before.second, 1.0)


def test_conjugate_gradients_solve_each_run_s_own_system():
    matrix, b = spd(3, 6), RNG.normal(size=(3, 6))
    for damping in (0.0, 0.7):
        x = conjugate_gradient(
            lambda v: (matrix @ v[..., None])[..., 0], b, iterations=12, damping=damping
        )
        exact = np.linalg.solve(matrix + damping * np.eye(6), b[..., None])[..., 0]
        np.testing.assert_allclose(x, exact, rtol=1e-8)


def test_conjugate_gradients_need_one_iteration_for_each_eigenvalue():
    scales = np.array([1.0, 1.0, 3.0, 3.0, 3.0])
    b = RNG.normal(size=(2, 5))
    x = conjugate_gradient(lambda v: scales * v, b, iterations=2)
    np.testing.assert_allclose(x, b / scales, rtol=1e-12)


def test_conjugate_gradients_leave_a_run_without_gradient_alone():
    matrix, b = spd(2, 4), np.stack([np.zeros(4), np.ones(4)])
    x = conjugate_gradient(lambda v: (matrix @ v[..., None])[..., 0], b, iterations=9)
    np.testing.assert_array_equal(x[0], 0.0)
    np.testing.assert_allclose(x[1], np.linalg.solve(matrix[1], b[1]), rtol=1e-8)
    assert not conjugate_gradient(lambda v: 0 * v, b).any()  # and where there is no curvature


def test_a_kl_sized_step_has_the_fisher_norm_it_is_allowed():
    matrix, grad, epsilon = spd(3, 4), RNG.normal(size=(3, 4)), 0.02
    natural = np.linalg.solve(matrix, grad[..., None])[..., 0]
    step = kl_sized(natural, grad, epsilon)
    np.testing.assert_allclose(
        0.5 * np.einsum("bi,bij,bj->b", step, matrix, step), epsilon, rtol=1e-10
    )
    assert not kl_sized(np.zeros((2, 3)), np.zeros((2, 3)), epsilon).any()


def quadratic(target):
    """-½ |weights - target|², to be ascended."""
    return lambda weights, samples: target - weights


@pytest.mark.parametrize(
    "fitting", [Fitting(0.05, steps=400), Fitting(0.05, steps=400, momentum=0.8)]
)
def test_ascent_reaches_the_top_and_leaves_the_start_alone(fitting):
    target, start = np.array([[1.0, -2.0], [0.5, 3.0]]), np.zeros((2, 2))
    top, _ = ascend(start, quadratic(target), fitting=fitting, moments=None, size=1, draws=None)
    np.testing.assert_allclose(top, target, atol=1e-3)
    assert not start.any()


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_ascent_in_two_parts_is_ascent_in_one(momentum):
    target, start = RNG.normal(size=(2, 3)), np.zeros((2, 3))

    def go(x, moments, steps):
        fitting = Fitting(0.1, steps=steps, momentum=momentum)
        return ascend(x, quadratic(target), fitting=fitting, moments=moments, size=1, draws=None)

    whole, _ = go(start, None, 5)
    half, moments = go(start, None, 2)
    kept = moments.first.copy(), moments.second.copy()
    rest, _ = go(half, moments, 3)
    np.testing.assert_allclose(rest, whole, rtol=1e-12)
    np.testing.assert_array_equal(moments.first, kept[0])
    np.testing.assert_array_equal(moments.second, kept[1])


def test_momentum_may_be_turned_on_and_off_on_the_way():
    start = np.zeros((1, 2))
    x, moments = start, None
    for share in (0.9, 0.0, 0.9, 0.0):
        fitting = Fitting(0.1, steps=2, momentum=share)
        x, moments = ascend(
            x, quadratic(start + 1), fitting=fitting, moments=moments, size=1, draws=None
        )
    assert np.isfinite(x).all()


def test_minibatches_are_each_run_s_own_and_repeat():
    seen = []

    def gradient(weights, samples):
        seen.append(samples)
        return np.zeros_like(weights)

    draws, fitting = Draws(run_keys(0, 3)), Fitting(0.1, steps=2, batch=50)
    for _ in range(2):
        ascend(np.zeros((3, 1)), gradient, fitting=fitting, moments=None, size=9, draws=draws)
    first, second, again, _ = seen
    assert first.shape == (3, 50)
    assert set(np.unique(first)) == set(range(9))
    assert (first != second).any()
    assert (first[0] != first[1]).any()
    np.testing.assert_array_equal(first, again)


def test_a_network_has_no_exact_fit_and_says_so():
    with pytest.raises(ValueError, match=r"steps = 0, the exact fit, .* at least 1"):
        ascend(
            np.zeros((1, 1)), quadratic(0.0), fitting=Fitting(), moments=None, size=1, draws=None
        )


def test_a_slow_copy_moves_its_share():
    x, y = np.zeros((2, 3)), np.ones((2, 3))
    np.testing.assert_allclose(optim.polyak(x, y, 0.25), 0.25)
    moved = optim.polyak(Phi(x), Phi(y, Moments(x, x, 1)), 0.25)
    np.testing.assert_allclose(moved.weights, 0.25)
    assert moved.moments is None
