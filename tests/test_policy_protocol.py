"""Every policy over finitely many actions against finite differences; the Gaussian against its formulas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgkit import LinearGaussian, SharedSoftmax, SoftmaxTable, exact, load_world, logistic
from pgkit.draws import Draws, run_keys
from pgkit.optim import Fitting, kl_sized
from pgkit.policies import softmax
from pgkit.types import Dataset

S, A, N = 4, 3, 5
RNG = np.random.default_rng(0)
SHARED = SharedSoftmax(RNG.normal(size=(S, A, 2)))
POLICIES = {
    "table": (SoftmaxTable(), (S, A)),
    "shared": (SHARED, (2,)),
    "gaussian": (LinearGaussian(), (2,)),
}


def data(name, seed=1, runs=2, n=40):
    rng = np.random.default_rng(seed)
    live, q_hat = rng.random((runs, n)) < 0.8, rng.normal(size=(runs, n))
    if name == "gaussian":
        s, a = rng.normal(size=(runs, n, 1)), rng.normal(size=(runs, n, 1))
    else:
        s, a = rng.integers(0, S, (runs, n)), rng.integers(0, A, (runs, n))
    return Dataset(s, a, q_hat, live, episodes=N)


def difference(f, theta, h=1e-6):
    """Central differences of f(θ) [B] in each number of θ [B, ...]."""
    grad = np.zeros_like(theta)
    for i in np.ndindex(theta.shape[1:]):
        step = np.zeros_like(theta)
        step[(slice(None), *i)] = h
        grad[(slice(None), *i)] = (f(theta + step) - f(theta - step)) / (2 * h)
    return grad


@pytest.fixture(params=POLICIES)
def case(request):
    policy, shape = POLICIES[request.param]
    theta = np.random.default_rng(2).normal(size=(2, *shape)) * 0.5
    return request.param, policy, theta, data(request.param)


def test_the_gradient_is_that_of_the_weighted_log_probabilities(case):
    _, policy, theta, D = case

    def objective(theta):
        weight = np.where(D.live, D.q_hat, 0.0)
        return (weight * policy.log_prob(theta, D.s, D.a)).sum(axis=1) / N

    grad = policy.grad_log_prob(theta, D, weight=D.q_hat)
    np.testing.assert_allclose(grad, difference(objective, theta), atol=1e-8)


def test_the_fisher_matrix_is_the_curvature_of_the_kl_divergence(case):
    """KL(θ ‖ θ + hv) = ½ h² vᵀGv + O(h³): both directions ±h together leave O(h⁴)."""
    _, policy, theta, D = case
    v, h = np.random.default_rng(3).normal(size=theta.shape), 1e-3
    curve = (policy.kl(theta, theta + h * v, D) + policy.kl(theta, theta - h * v, D)) / h**2
    axes = tuple(range(1, theta.ndim))
    np.testing.assert_allclose(
        (v * policy.fisher_product(theta, D, v)).sum(axis=axes), curve, rtol=1e-4
    )


@pytest.mark.parametrize("damping", [1e-3, 0.5])
def test_the_natural_gradient_solves_its_equation(case, damping):
    _, policy, theta, D = case
    grad = policy.grad_log_prob(theta, D, weight=D.q_hat)
    step = policy.natural(theta, D, grad, damping=damping)
    np.testing.assert_allclose(
        policy.fisher_product(theta, D, step) + damping * step, grad, atol=1e-10
    )


def test_without_damping_it_is_the_pseudo_inverse(case):
    """On a table each state's step has mean zero, and G times it gives the gradient back."""
    name, policy, theta, D = case
    grad = policy.grad_log_prob(theta, D, weight=D.q_hat)
    step = policy.natural(theta, D, grad, damping=0.0)
    np.testing.assert_allclose(policy.fisher_product(theta, D, step), grad, atol=1e-10)
    if name == "table":
        np.testing.assert_allclose(step.sum(axis=-1), 0, atol=1e-10)


@pytest.mark.parametrize("epsilon", [1e-3, 1e-5])
def test_a_kl_sized_step_has_the_size_it_says(case, epsilon):
    _, policy, theta, D = case
    grad = policy.grad_log_prob(theta, D, weight=D.q_hat)
    step = kl_sized(policy.natural(theta, D, grad, damping=0.0), grad, epsilon)
    np.testing.assert_allclose(policy.kl(theta, theta + step, D), epsilon, rtol=40 * epsilon**0.5)


def test_the_entropy_is_minus_the_mean_log_probability(case):
    name, policy, theta, D = case
    if name == "gaussian":
        draws = Draws(run_keys(0, 2))
        s = np.full((2, 40_000, 1), 0.7)
        a = policy.act(theta, s, draws, 0)
        sampled = -policy.log_prob(theta, s, a).mean(axis=1)
        np.testing.assert_allclose(policy.entropy(theta, s)[:, 0], sampled, atol=0.03)
    else:
        probs = policy.probs(theta, D.s)
        np.testing.assert_allclose(
            policy.entropy(theta, D.s), -(probs * np.log(probs)).sum(-1), atol=1e-12
        )


@pytest.mark.parametrize("name", ["table", "shared"])
def test_the_gradient_over_all_actions_is_the_expectation_of_the_one_over_those_taken(name):
    """With weight π(a|s) w(s,a) it is Σ_a of the gradients of single actions."""
    policy, shape = POLICIES[name]
    theta = np.random.default_rng(4).normal(size=(2, *shape))
    D, weight = data(name), np.random.default_rng(5).normal(size=(2, 40, A))
    single = sum(
        policy.grad_log_prob(
            theta, Dataset(D.s, np.full_like(D.a, a), D.q_hat, D.live, N), weight=weight[..., a]
        )
        for a in range(A)
    )
    np.testing.assert_allclose(policy.grad_probs(theta, D, weight=weight), single, atol=1e-12)


@pytest.mark.parametrize("name", ["table", "shared", "gaussian"])
def test_fit_is_where_the_weighted_gradient_vanishes(name):
    policy, shape = POLICIES[name]
    D = data(name)
    weight = np.abs(D.q_hat)
    theta, _ = policy.fit(np.zeros((2, *shape)), D, weight=weight, fitting=Fitting())
    np.testing.assert_allclose(policy.grad_log_prob(theta, D, weight=weight), 0, atol=1e-7)


def test_a_table_is_fitted_with_a_pseudo_count_and_is_uniform_where_nothing_was_seen():
    D = Dataset(np.array([[0, 0]]), np.array([[1, 1]]), np.ones((1, 2)), np.ones((1, 2), bool), 1)
    theta, _ = SoftmaxTable().fit(
        np.zeros((1, 2, 4)), D, weight=np.array([[1.0, 2.0]]), fitting=Fitting(pseudo=1)
    )
    np.testing.assert_allclose(softmax(theta[0, 0]), np.array([0.25, 3.25, 0.25, 0.25]) / 4)
    np.testing.assert_allclose(softmax(theta[0, 1]), 0.25)


def test_the_exact_natural_gradient_of_a_table_is_the_advantage():
    """On-policy data of many rollouts: G⁺ ∇J is A(s,a) up to a constant for each state (Kakade 2002)."""
    world = load_world("century")
    probs = softmax(np.random.default_rng(6).normal(size=(2, 2)))
    grad = exact.softmax_natural_gradient(world, probs, 0.9)
    _, q = exact.values(world, probs, 0.9)
    adv = q - (probs * q).sum(-1, keepdims=True)
    centred = adv - adv.mean(axis=-1, keepdims=True)
    shape = grad.reshape(2, 2) - grad.reshape(2, 2).mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(
        shape / np.abs(shape).max(), centred / np.abs(centred).max(), atol=1e-9
    )


def test_two_actions_with_features_are_a_logistic_policy():
    x, theta = np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([[0.3, -0.7]])
    policy = logistic(x)
    np.testing.assert_allclose(policy.table(theta)[0, :, 1], 1 / (1 + np.exp(-x @ theta[0])))


@settings(max_examples=30, deadline=None)
@given(st.floats(-1000, 1000), st.floats(-1000, 1000), st.integers(1, 4))
def test_logits_of_a_thousand_make_finite_everything(x, y, actions):
    theta = np.full((1, 2, actions), y)
    theta[..., 0] = x
    D = Dataset(
        np.array([[0, 1]]), np.zeros((1, 2), int), np.ones((1, 2)), np.ones((1, 2), bool), 1
    )
    policy = SoftmaxTable()
    grad = policy.grad_log_prob(theta, D, weight=D.q_hat)
    for value in (
        policy.table(theta), policy.entropy(theta, D.s), policy.log_prob(theta, D.s, D.a), grad,
        policy.natural(theta, D, grad, damping=0.0), policy.natural(theta, D, grad, damping=1e-3),
        policy.kl(theta, np.zeros_like(theta), D),
    ):  # fmt: skip
        assert np.isfinite(value).all()
    assert (policy.entropy(theta, D.s) >= 0).all()


def test_one_action_has_nothing_to_learn():
    theta, D = np.zeros((1, 2, 1)), Dataset(
        np.array([[0, 1]]), np.zeros((1, 2), int), np.ones((1, 2)), np.ones((1, 2), bool), 1
    )  # fmt: skip
    policy = SoftmaxTable()
    assert policy.grad_log_prob(theta, D, weight=D.q_hat).tolist() == [[[0.0], [0.0]]]
    assert policy.natural(theta, D, np.zeros((1, 2, 1)), damping=0.0).tolist() == [[[0.0], [0.0]]]


def test_rows_that_are_all_padding_move_nothing(case):
    _, policy, theta, D = case
    dead = Dataset(D.s, D.a, D.q_hat, np.zeros_like(D.live), N)
    assert not policy.grad_log_prob(theta, dead, weight=D.q_hat).any()
    assert not policy.fisher_product(theta, dead, theta).any()
    assert not policy.natural(theta, dead, np.zeros_like(theta), damping=0.0).any()
    assert not policy.kl(theta, theta + 1, dead).any()


def test_zero_weights_give_a_zero_gradient(case):
    _, policy, theta, D = case
    assert not policy.grad_log_prob(theta, D, weight=np.zeros_like(D.q_hat)).any()


def test_ties_go_to_the_first_action():
    assert SoftmaxTable().greedy(np.zeros((1, 2, 3)), np.array([[0, 1]])).tolist() == [[0, 0]]


def test_a_gaussian_out_of_its_bounds_is_not_pushed_further():
    policy = LinearGaussian(low=-3.0)
    D = Dataset(np.ones((1, 4, 1)), np.zeros((1, 4, 1)), np.ones((1, 4)), np.ones((1, 4), bool), 1)
    grad = policy.grad_log_prob(np.array([[0.0, -3.0]]), D, weight=D.q_hat)
    assert grad[0, 1] == 0


def test_a_linear_gaussian_is_differentiated_through_its_noise():
    """Against finite differences of mean over n of f(a) + c log π(a), a = k s + σ ε, with the noise held."""
    policy, rng = LinearGaussian(), np.random.default_rng(4)
    theta, s, noise = (
        rng.normal(size=(2, 2)) * 0.4,
        rng.normal(size=(2, 9, 1)),
        rng.normal(size=(2, 9, 1)),
    )

    def objective(theta):
        a, log_prob = policy.sample(theta, s, noise)
        np.testing.assert_allclose(log_prob, policy.log_prob(theta, s, a))
        return (np.sin(a[..., 0]) - 0.7 * log_prob).mean(axis=1)

    a, log_prob = policy.sample(theta, s, noise)
    grad = policy.grad_through(
        theta, s, noise, upstream_action=np.cos(a), upstream_log_prob=np.full(log_prob.shape, -0.7)
    )
    np.testing.assert_allclose(grad, difference(objective, theta), atol=1e-8)
    wide = np.array([[0.0, 1.0]])  # σ at its upper bound, and more is wanted
    more = policy.grad_through(
        wide, s[:1], noise[:1], upstream_action=noise[:1], upstream_log_prob=np.zeros((1, 9))
    )
    assert more[0, 1] == 0
