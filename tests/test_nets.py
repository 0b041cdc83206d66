"""The hand-written networks against torch's differentiation: the same numbers to 1e-10, and to each other's θ."""

from dataclasses import replace

import numpy as np
import pytest

from pgkit import fastnets, nets
from pgkit.draws import Draws, run_keys
from pgkit.fastnets import mlp
from pgkit.optim import Fitting, Phi
from pgkit.types import Dataset

FEATURES, ACTIONS, SIZE, SAMPLES = 3, 3, 2, 12
SHAPES = [((), "tanh"), ((8,), "tanh"), ((8,), "relu"), ((16, 16), "tanh"), ((16, 16), "relu")]
CLOSE = {"rtol": 1e-10, "atol": 1e-10}


@pytest.fixture(params=["one block", "many blocks"])
def blocks(request, monkeypatch):
    """With small blocks a batch goes through in several, which must not be seen."""
    if request.param == "many blocks":
        monkeypatch.setattr(mlp, "BLOCK", 5 * 16)


def common(hidden, activation):
    return {
        "hidden": hidden,
        "activation": activation,
        "input_scale": (1.0, 0.5, 2.0),
        "final_scale": 1.0,
    }


def continuous(module, kind, hidden=(8,), activation="tanh"):
    options = common(hidden, activation)
    if kind == "squashed":
        return module.SquashedGaussianMLP(
            FEATURES, SIZE, low=(-2.0, 0.0), high=(2.0, 1.0), **options
        )
    return module.GaussianMLP(FEATURES, SIZE, learned=kind == "learned", **options)


def policies(kind, hidden, activation):
    """(by hand, in torch)."""
    if kind == "categorical":
        return tuple(
            m.CategoricalMLP(FEATURES, ACTIONS, **common(hidden, activation))
            for m in (fastnets, nets)
        )
    return tuple(continuous(m, kind, hidden, activation) for m in (fastnets, nets))


def batch(policy, theta, runs, *, padded=True, seed=0):
    """A set of samples with padding, actions drawn by the policy."""
    rng = np.random.default_rng(seed)
    s = rng.normal(size=(runs, SAMPLES, FEATURES))
    live = np.ones((runs, SAMPLES), dtype=bool)
    live[:, -3:] = not padded
    a = policy.act(theta, s, Draws(run_keys(seed, runs)), 0)
    return Dataset(s, a, rng.normal(size=live.shape), live, episodes=4, s_next=s[:, ::-1].copy())


def start(policy, runs, scale=1.0):
    """First weights, moved away from zero biases."""
    draws = Draws(run_keys(3, runs))
    theta = policy.init(None, draws)
    return scale * (theta + 0.1 * np.random.default_rng(1).normal(size=theta.shape)), draws


KINDS = ["categorical", "learned", "fixed", "squashed"]


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize(("hidden", "activation"), SHAPES)
@pytest.mark.parametrize("kind", KINDS)
def test_policies_agree(kind, hidden, activation, runs, blocks):
    fast, slow = policies(kind, hidden, activation)
    theta, draws = start(fast, runs)
    D = batch(fast, theta, runs)
    other = theta + 0.05 * np.random.default_rng(2).normal(size=theta.shape)

    for of in (
        lambda p: p.init(None, draws),
        lambda p: p.act(theta, D.s, draws, 5),
        lambda p: p.greedy(theta, D.s),
        lambda p: p.log_prob(theta, D.s, D.a),
        lambda p: p.entropy(theta, D.s),
        lambda p: p.kl(theta, other, D),
        lambda p: p.grad_log_prob(theta, D, weight=D.q_hat),
        lambda p: p.fisher_product(theta, D, other),
    ):
        np.testing.assert_allclose(of(fast), of(slow), **CLOSE)
    x, y = (p.natural(theta, D, other, damping=50.0) for p in (fast, slow))
    np.testing.assert_allclose(x, y, rtol=1e-6, atol=1e-8)  # conjugate gradients amplify rounding
    if kind == "categorical":
        weight = np.random.default_rng(4).normal(size=(runs, SAMPLES, ACTIONS))
        for of in (
            lambda p: p.probs(theta, D.s),
            lambda p: p.grad_probs(theta, D, weight=weight),
        ):
            np.testing.assert_allclose(of(fast), of(slow), **CLOSE)


@pytest.mark.parametrize("kind", KINDS)
def test_states_may_have_any_axes(kind):
    fast, slow = policies(kind, (8,), "tanh")
    theta, _ = start(fast, 2)
    D = batch(fast, theta, 2)
    s, a = D.s.reshape(2, 3, 4, FEATURES), D.a.reshape(2, 3, 4, *D.a.shape[2:])
    for p in (fast, slow):
        np.testing.assert_allclose(
            p.log_prob(theta, s, a).reshape(2, -1), p.log_prob(theta, D.s, D.a), **CLOSE
        )
        np.testing.assert_allclose(
            p.greedy(theta, s).reshape(D.a.shape), p.greedy(theta, D.s), **CLOSE
        )
        assert p.entropy(theta, s).shape == (2, 3, 4)


@pytest.mark.parametrize("scale", [30.0, 300.0])
def test_extreme_logits_stay_finite_and_agree(scale):
    fast, slow = policies("categorical", (8,), "relu")
    theta, _ = start(fast, 2, scale)
    D = batch(fast, theta, 2)
    D = replace(D, a=np.random.default_rng(0).integers(0, ACTIONS, D.a.shape))  # unlikely ones too
    assert np.abs(fast.log_prob(theta, D.s, D.a)).max() > 1000
    for of in (
        lambda p: p.log_prob(theta, D.s, D.a),
        lambda p: p.probs(theta, D.s),
        lambda p: p.grad_log_prob(theta, D, weight=D.q_hat),
        lambda p: p.fisher_product(theta, D, theta),
    ):
        mine, reference = of(fast), of(slow)
        assert np.isfinite(mine).all()
        np.testing.assert_allclose(mine, reference, rtol=1e-10, atol=1e-8)


def test_extreme_spreads_stay_finite_and_agree():
    fast, slow = policies("squashed", (8,), "tanh")
    theta, _ = start(fast, 2, 20.0)  # log σ beyond its bounds, tanh saturated
    rng = np.random.default_rng(0)
    s, noise = rng.normal(size=(2, 9, FEATURES)), rng.normal(size=(2, 9, SIZE))
    up = {"upstream_action": noise[::-1].copy(), "upstream_log_prob": noise[..., 0]}
    for p in (fast, slow):
        assert all(np.isfinite(x).all() for x in p.sample(theta, s, noise))
    for x, y in zip(fast.sample(theta, s, noise), slow.sample(theta, s, noise), strict=True):
        np.testing.assert_allclose(x, y, **CLOSE)
    np.testing.assert_allclose(
        fast.grad_through(theta, s, noise, **up),
        slow.grad_through(theta, s, noise, **up),
        rtol=1e-10,
        atol=1e-8,
    )


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize(("hidden", "activation"), SHAPES)
@pytest.mark.parametrize("kind", ["learned", "fixed", "squashed"])
def test_gradients_through_the_action_agree(kind, hidden, activation, runs, blocks):
    fast, slow = policies(kind, hidden, activation)
    theta, _ = start(fast, runs)
    rng = np.random.default_rng(5)
    s, noise = rng.normal(size=(runs, SAMPLES, FEATURES)), rng.normal(size=(runs, SAMPLES, SIZE))
    up = {
        "upstream_action": rng.normal(size=noise.shape),
        "upstream_log_prob": rng.normal(size=noise.shape[:2]),
    }
    for x, y in zip(fast.sample(theta, s, noise), slow.sample(theta, s, noise), strict=True):
        np.testing.assert_allclose(x, y, **CLOSE)
    np.testing.assert_allclose(
        fast.grad_through(theta, s, noise, **up), slow.grad_through(theta, s, noise, **up), **CLOSE
    )


FITTINGS = {
    "Adam": Fitting(0.01, steps=3),
    "minibatches": Fitting(0.01, steps=3, batch=5),
    "momentum": Fitting(0.01, steps=3, batch=5, momentum=0.9),
}


@pytest.mark.parametrize("fitting", FITTINGS.values(), ids=FITTINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_regressions_of_policies_agree(kind, fitting, blocks):
    fast, slow = policies(kind, (8,), "tanh")
    theta, draws = start(fast, 3)
    D = batch(fast, theta, 3)
    before = theta.copy()
    (x, m), (y, _) = (
        p.fit(theta, D, weight=np.exp(D.q_hat), fitting=fitting, draws=draws) for p in (fast, slow)
    )
    np.testing.assert_allclose(x, y, **CLOSE)
    np.testing.assert_array_equal(theta, before)
    again, _ = fast.fit(x, D, weight=np.exp(D.q_hat), fitting=fitting, draws=draws, moments=m)
    assert np.abs(again - x).max() > 0


def critics(kind, hidden, activation):
    options = common(hidden, activation)
    if kind == "v":
        return tuple(m.ValueMLP(FEATURES, **options) for m in (fastnets, nets))
    if kind == "q":
        return tuple(m.QMLP(FEATURES, ACTIONS, **options) for m in (fastnets, nets))
    return tuple(m.ActionValueMLP(FEATURES, SIZE, **options) for m in (fastnets, nets))


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize(("hidden", "activation"), SHAPES)
@pytest.mark.parametrize("kind", ["v", "q", "twins"])
def test_critics_agree(kind, hidden, activation, runs, blocks):
    fast, slow = critics(kind, hidden, activation)
    acting, _ = policies("squashed" if kind == "twins" else "categorical", hidden, activation)
    theta, draws = start(acting, runs)
    D = batch(acting, theta, runs)
    phi = fast.init(None, draws)
    np.testing.assert_array_equal(phi.weights, slow.init(None, draws).weights)

    if kind == "v":
        np.testing.assert_allclose(fast.value(phi, D.s), slow.value(phi, D.s), **CLOSE)
    elif kind == "q":
        np.testing.assert_allclose(fast.q(phi, D.s), slow.q(phi, D.s), **CLOSE)
    else:
        for of in (lambda c: c.q(phi, D.s, D.a), lambda c: c.grad_action(phi, D.s, D.a)):
            np.testing.assert_allclose(of(fast), of(slow), **CLOSE)
    # A step of momentum from nothing is the gradient itself.
    for fitting in (Fitting(1.0, steps=1, momentum=0.5), Fitting(0.01, steps=3, batch=5)):
        x, y = (c.fit(phi, D, target=D.q_hat, fitting=fitting, draws=draws) for c in (fast, slow))
        np.testing.assert_allclose(x.weights, y.weights, **CLOSE)
        assert x.weights.shape == phi.weights.shape


def test_padding_has_no_influence(blocks):
    for kind in KINDS:
        fast, _ = policies(kind, (8,), "tanh")
        theta, draws = start(fast, 2)
        D = batch(fast, theta, 2)
        other = replace(D, s=np.where(D.live[..., None], D.s, 7.0))
        fitting = Fitting(0.1, steps=2)
        for of in (
            lambda D: fast.grad_log_prob(theta, D, weight=D.q_hat),  # noqa: B023
            lambda D: fast.fisher_product(theta, D, theta),  # noqa: B023
            lambda D: fast.kl(theta, 1.1 * theta, D),  # noqa: B023
            lambda D: fast.fit(theta, D, weight=np.exp(D.q_hat), fitting=fitting)[0],  # noqa: B023
        ):
            np.testing.assert_allclose(of(D), of(other), **CLOSE)
    critic, _ = critics("v", (8,), "tanh")
    phi = critic.init(None, draws)
    x, y = (critic.fit(phi, d, target=D.q_hat, fitting=Fitting(0.1, steps=2)) for d in (D, other))
    np.testing.assert_allclose(x.weights, y.weights, **CLOSE)


def test_learning_changes_hands_between_the_two():
    """θ, φ and the moments of one are those of the other."""
    (fast, slow), (V, W) = policies("categorical", (8,), "tanh"), critics("v", (8,), "tanh")
    theta, draws = start(fast, 2)
    D, fitting = batch(fast, theta, 2), Fitting(0.01, steps=2)
    phi = V.init(None, draws)
    assert isinstance(phi, Phi)
    there = W.fit(phi, D, target=D.q_hat, fitting=fitting)
    back = V.fit(there, D, target=D.q_hat, fitting=fitting)
    alone = V.fit(phi, D, target=D.q_hat, fitting=Fitting(0.01, steps=4))
    np.testing.assert_allclose(back.weights, alone.weights, **CLOSE)

    half, moments = slow.fit(theta, D, weight=np.exp(D.q_hat), fitting=fitting)
    both, _ = fast.fit(half, D, weight=np.exp(D.q_hat), fitting=fitting, moments=moments)
    whole, _ = fast.fit(theta, D, weight=np.exp(D.q_hat), fitting=replace(fitting, steps=4))
    np.testing.assert_allclose(both, whole, **CLOSE)
