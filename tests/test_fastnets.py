"""Networks by hand: what they mean, apart from torch's opinion (test_nets)."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pgkit.algorithms import ActorCritic
from pgkit.draws import Draws, run_keys
from pgkit.fastnets import (
    QMLP,
    ActionValueMLP,
    CategoricalMLP,
    GaussianMLP,
    QuadraticQ,
    SquashedGaussianMLP,
    ValueMLP,
)
from pgkit.optim import Fitting
from pgkit.policies import LinearGaussian, softmax
from pgkit.rollout import rollout
from pgkit.types import Dataset
from pgkit.worlds import WORLDS

FEATURES = 3
POLICIES = {
    "categorical": CategoricalMLP(FEATURES, 4, (8,), final_scale=1.0),
    "Gaussian": GaussianMLP(FEATURES, 2, (8,), final_scale=1.0),
    "squashed": SquashedGaussianMLP(FEATURES, 2, (8,), final_scale=1.0),
}


def draws(runs=2, seed=0):
    return Draws(run_keys(seed, runs))


def samples(policy, theta, n=20, seed=0):
    rng = np.random.default_rng(seed)
    s = rng.normal(size=(len(theta), n, FEATURES))
    a = policy.act(theta, s, draws(len(theta)), 0)
    return Dataset(s, a, rng.normal(size=s.shape[:2]), np.ones(s.shape[:2], bool), episodes=5)


def test_without_hidden_layers_a_categorical_is_the_linear_softmax():
    policy = CategoricalMLP(2, 3, (), input_scale=(1.0, 10.0))
    theta = np.random.default_rng(0).normal(size=(2, 9))
    s = np.random.default_rng(1).normal(size=(2, 5, 2))
    W, b = theta[:, :6].reshape(2, 2, 3), theta[:, None, 6:]
    assert_allclose(policy.probs(theta, s), softmax(s * [1, 10] @ W + b), rtol=1e-12)


def test_without_hidden_layers_a_gaussian_is_the_linear_gaussian():
    theta = np.array([[-0.7, 0.0, -1.0], [0.3, 0.0, 0.5]])
    mlp, linear = GaussianMLP(1, 1, ()), LinearGaussian()
    s = np.random.default_rng(0).normal(size=(2, 6, 1))
    a = mlp.act(theta, s, draws(), 4)
    assert_allclose(a, linear.act(theta[:, ::2], s, draws(), 4), rtol=1e-12)
    assert_allclose(mlp.log_prob(theta, s, a), linear.log_prob(theta[:, ::2], s, a), rtol=1e-12)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_a_run_does_not_see_the_runs_beside_it(policy):
    D = samples(policy, policy.init(None, draws(3)))
    fitting = Fitting(0.01, steps=3, batch=7)
    one = Dataset(D.s[1:2], D.a[1:2], D.q_hat[1:2], D.live[1:2], episodes=5)
    alone = Draws(draws(3).keys[1:2])
    theta = policy.init(None, draws(3))
    assert_array_equal(policy.init(None, alone)[0], theta[1])
    w = np.exp(D.q_hat)
    together = policy.fit(theta, D, weight=w, fitting=fitting, draws=draws(3))[0][1]
    apart = policy.fit(theta[1:2], one, weight=w[1:2], fitting=fitting, draws=alone)[0][0]
    assert_allclose(apart, together, rtol=1e-12, atol=1e-14)
    assert_allclose(
        policy.act(theta[1:2], one.s, alone, 3)[0], policy.act(theta, D.s, draws(3), 3)[1]
    )


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_the_gradient_is_a_difference_quotient(policy):
    theta = policy.init(None, draws())
    D = samples(policy, theta)
    towards = np.random.default_rng(2).normal(size=theta.shape)

    def objective(h):
        return (D.q_hat * policy.log_prob(theta + h * towards, D.s, D.a)).sum(axis=1) / D.episodes

    slope = (policy.grad_log_prob(theta, D, weight=D.q_hat) * towards).sum(axis=1)
    assert_allclose((objective(1e-5) - objective(-1e-5)) / 2e-5, slope, rtol=1e-6)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_the_divergence_is_half_the_fisher_norm_to_second_order(policy):
    theta = policy.init(None, draws())
    D = samples(policy, theta)
    step = np.random.default_rng(2).normal(size=theta.shape)
    norm = (step * policy.fisher_product(theta, D, step)).sum(axis=1)
    errors = [policy.kl(theta, theta + h * step, D) - 0.5 * h * h * norm for h in (2e-3, 1e-3)]
    assert_allclose(errors[0] / errors[1], 8, atol=1)  # the rest is of third order


def test_the_fisher_matrix_is_the_mean_square_of_the_score():
    policy = POLICIES["categorical"]
    theta = policy.init(None, draws(1))
    D = samples(policy, theta, n=4)
    total = np.zeros((theta.size, theta.size))
    for i in range(4):
        for a in range(4):
            one = Dataset(D.s[:, i : i + 1], np.array([[a]]), D.q_hat[:, :1], D.live[:, :1], 1)
            score = policy.grad_log_prob(theta, one, weight=np.ones((1, 1)))[0]
            total += policy.probs(theta, one.s)[0, 0, a] * np.outer(score, score) / D.episodes
    product = policy.fisher(theta, D)
    mine = np.stack([product(e[None])[0] for e in np.eye(theta.size)], axis=1)
    assert_allclose(mine, total, rtol=1e-10, atol=1e-13)


def test_the_natural_gradient_solves_the_damped_system():
    policy = CategoricalMLP(2, 2, ())
    theta = policy.init(None, draws())
    rng = np.random.default_rng(0)
    s = rng.normal(size=(2, 50, 2))
    D = Dataset(
        s, rng.integers(0, 2, (2, 50)), rng.normal(size=(2, 50)), np.ones((2, 50), bool), 10
    )
    grad = policy.grad_log_prob(theta, D, weight=D.q_hat)
    x = policy.natural(theta, D, grad, damping=0.1)
    assert_allclose(policy.fisher_product(theta, D, x) + 0.1 * x, grad, rtol=1e-8)
    assert not policy.natural(theta, D, 0 * grad, damping=0.1).any()


def test_actions_come_as_often_as_their_probability_says():
    policy = POLICIES["categorical"]
    theta = policy.init(None, draws(1))
    s = np.broadcast_to(np.array([0.3, -1.0, 2.0]), (1, 40_000, 3))
    share = np.bincount(policy.act(theta, s, draws(1), 2)[0], minlength=4) / 40_000
    assert_allclose(share, policy.probs(theta, s)[0, 0], atol=0.01)  # four standard errors


def test_a_squashed_gaussian_is_a_density_with_the_entropy_it_says():
    policy = SquashedGaussianMLP(1, 1, (), low=(-3.0,), high=(1.0,))
    theta = np.array(
        [[0.4, -0.3, 0.2, -0.5], [2.0, 0.1, 1.0, 0.3]]
    )  # narrow; wide, pressed to one side
    s = np.full((2, 1, 1), 0.7)
    u = np.linspace(-14, 14, 40_001)
    a = np.broadcast_to((-1 + 2 * np.tanh(u))[None, :, None], (2, u.size, 1))
    log_prob = policy.log_prob(theta, np.repeat(s, u.size, axis=1), a)
    density = np.exp(log_prob) * 2 / np.cosh(u) ** 2  # of u
    assert_allclose(np.trapezoid(density, u), 1, rtol=1e-5)
    assert_allclose(-np.trapezoid(density * log_prob, u), policy.entropy(theta, s)[:, 0], atol=2e-3)
    noise = np.random.default_rng(0).normal(size=(2, 40_000, 1))
    action, log_prob = policy.sample(theta, np.repeat(s, 40_000, axis=1), noise)
    assert_allclose(-log_prob.mean(axis=1), policy.entropy(theta, s)[:, 0], atol=0.03)
    assert (action > -3).all()
    assert (action < 1).all()


@pytest.mark.parametrize("policy", [POLICIES["Gaussian"], POLICIES["squashed"]], ids=["G", "S"])
def test_gradients_through_the_action_are_difference_quotients(policy):
    """Of mean Q(a) - T log π(a), a reparameterised: what an actor ascends."""
    theta, rng = policy.init(None, draws()), np.random.default_rng(0)
    s, noise = rng.normal(size=(2, 9, FEATURES)), rng.normal(size=(2, 9, 2))
    towards = rng.normal(size=theta.shape)

    def objective(h):
        a, log_prob = policy.sample(theta + h * towards, s, noise)
        return ((a**2).sum(axis=-1) - 0.3 * log_prob).mean(axis=-1)

    a, log_prob = policy.sample(theta, s, noise)
    assert_allclose(log_prob, policy.log_prob(theta, s, a), rtol=1e-8)
    grad = policy.grad_through(
        theta, s, noise, upstream_action=2 * a, upstream_log_prob=np.full(log_prob.shape, -0.3)
    )
    slope = (objective(1e-5) - objective(-1e-5)) / 2e-5
    assert_allclose((grad * towards).sum(axis=1), slope, rtol=1e-6)


def test_critics_learn_what_they_are_shown():
    rng = np.random.default_rng(0)
    s, live = rng.normal(size=(2, 200, FEATURES)), np.ones((2, 200), bool)
    truth, fitting = np.sin(s[..., 0]) + s[..., 1], Fitting(0.02, steps=500)

    def data(a):
        return Dataset(s, a, truth, live, episodes=1)

    value = ValueMLP(FEATURES)
    phi = value.fit(value.init(None, draws()), data(None), target=truth, fitting=fitting)
    assert ((value.value(phi, s) - truth) ** 2).mean() < 0.01

    a, q = rng.integers(0, 2, (2, 200)), QMLP(FEATURES, 2)
    target = np.where(a == 0, truth, -truth)
    phi = q.fit(q.init(None, draws()), data(a), target=target, fitting=fitting)
    assert ((q.q(phi, s) - np.stack([truth, -truth], axis=-1)) ** 2).mean() < 0.05

    a, twins = rng.uniform(-1, 1, (2, 200, 1)), ActionValueMLP(FEATURES, 1)
    target = truth - (a[..., 0] - 0.5) ** 2
    phi = twins.fit(twins.init(None, draws()), data(a), target=target, fitting=fitting)
    assert twins.q(phi, s, a).shape == (2, 2, 200)
    assert ((twins.q(phi, s, a) - target[:, None]) ** 2).mean() < 0.01
    slope = twins.grad_action(phi, s, a)
    assert np.corrcoef(slope.ravel(), (1 - 2 * a).ravel())[0, 1] > 0.9


def test_the_gradient_for_the_action_is_that_of_the_smaller_critic():
    critic = ActionValueMLP(FEATURES, 2, (8,), final_scale=1.0)
    phi = critic.init(None, draws())
    rng = np.random.default_rng(0)
    s, a = rng.normal(size=(2, 30, FEATURES)), rng.normal(size=(2, 30, 2))
    grad, h = critic.grad_action(phi, s, a), 1e-6
    for k, e in enumerate(np.eye(2)):
        up, down = (critic.q(phi, s, a + d * e).min(axis=1) for d in (h, -h))
        assert_allclose((up - down) / (2 * h), grad[..., k], rtol=1e-5, atol=1e-8)


def test_a_quadratic_q_is_found_exactly():
    critic, phi = QuadraticQ(), np.array([[-1.0, 0.5, -2.0, 3.0], [1.0, 2.0, 3.0, 4.0]])
    rng = np.random.default_rng(0)
    s, a = rng.normal(size=(2, 9, 1)), rng.normal(size=(2, 9, 1))
    D = Dataset(s, a, np.zeros((2, 9)), np.ones((2, 9), bool), episodes=1)
    found = critic.fit(
        critic.init(None, draws()), D, target=critic.q(phi, s, a)[:, 0], fitting=Fitting()
    )
    assert_allclose(found, phi, rtol=1e-9)
    slope = (critic.q(phi, s, a + 1e-6) - critic.q(phi, s, a - 1e-6))[:, 0] / 2e-6
    assert_allclose(critic.grad_action(phi, s, a)[..., 0], slope, rtol=1e-6)


def test_regression_finds_the_policy_that_made_the_data():
    made, policy = (CategoricalMLP(FEATURES, 3, (), final_scale=x) for x in (2.0, 0.1))
    theta = made.init(None, draws(seed=1))
    D = samples(made, theta, n=3000)
    fitting = Fitting(0.05, steps=200, batch=256)
    found, _ = policy.fit(
        policy.init(None, draws()), D, weight=np.ones(D.q_hat.shape), fitting=fitting, draws=draws()
    )
    assert np.abs(policy.probs(found, D.s) - made.probs(theta, D.s)).mean() < 0.03


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CategoricalMLP(2, 2, activation="sigmoid").net, "activation = 'sigmoid'"),
        (lambda: ValueMLP(2, input_scale=(1.0,)).net, "one number for each of the 2 inputs"),
        (lambda: SquashedGaussianMLP(2, 1, low=(1.0,), high=(0.0,)), "needs a bound below"),
        (lambda: SquashedGaussianMLP(2, 1, high=(np.inf,)), "finite bounds; .* GaussianMLP"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def cartpole(runs, iterations):
    """Mean length of ten sampled episodes of each run, after training as section 5 of the lecture does."""
    world = WORLDS["cartpole"]()
    policy = CategoricalMLP(4, 2, input_scale=world.input_scale)
    critic = ValueMLP(4, input_scale=world.input_scale)
    algorithm = ActorCritic(
        alpha=0.01, gamma=0.99, lam=0.95, episodes=8, horizon=64, critic_alpha=0.01,
        critic_sweeps=1, critic_steps=20, advantage="standardised", optimizer="adam", critic=critic,
    )  # fmt: skip
    seeds = draws(runs)
    state = algorithm.init(world, policy, seeds.stream(0))
    for k in range(iterations):
        state, _ = algorithm.iteration(state, world, policy, seeds.at_iteration(k))
    tau = rollout(world, policy, state.theta, seeds.stream(1), episodes=10, horizon=500)
    return tau.r.sum(axis=-1).mean(axis=-1)


@pytest.mark.slow
def test_cartpole_is_learned():
    """A hundred seeds, with the world's own settings, are in test_lecture_claims.py."""
    assert (cartpole(runs=4, iterations=60) >= 475).all()
