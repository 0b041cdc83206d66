"""Problem set 3: inputs and probes. Nothing here knows an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pgkit.check import Case, Exercise, Misfit, unwrapped
from pgkit.types import Array, Float

ZEROS = "zeros"
EXACT_KL = ("KL = ε, λ = 0", "KL = ε, λ > 0")


def _call(answer: Callable, *args: Any) -> dict[str, Any]:
    """The one thing that the answer returns; a root of a negative number is said here."""
    given = unwrapped(answer(*args))
    try:
        imaginary = np.imag(np.asarray(given, dtype=np.complex128))
    except Exception:  # no numbers at all: what is read from it later says so
        return {"value": given}
    if np.any(np.abs(imaginary) > 1e-9):  # an eigenvalue solver may leave 0j behind
        raise Misfit(
            "Your function returned complex numbers. Is a root of a negative number taken, or are "
            "eigenvalues of a symmetric matrix computed as if it were any matrix?"
        )
    real = np.iscomplexobj(given)
    return {"value": np.real(given) if real else given}


# ---------------------------------------------------------------- policies: π(a|s) ∝ exp(θ·x(s,a))


def table_of(features: Float[Array, "S A K"], theta: Float[Array, "K"]) -> Float[Array, "S A"]:
    """π_θ of linear logits, for all states."""
    logits = features @ theta
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _scores(features: Array, pi: Array) -> Float[Array, "S A K"]:
    """∇_θ log π_θ(a|s) = x(s,a) - Σ_b π_θ(b|s) x(s,b)."""
    return features - np.einsum("sa,sak->sk", pi, features)[:, None, :]


def _features(rng: np.random.Generator, states: int, actions: int, features: int) -> Array:
    """Random features, or for 0 of them a table's: one parameter for each state and action."""
    if features:
        return rng.normal(0.0, 1.0, (states, actions, features))
    return np.eye(states * actions).reshape(states, actions, -1)


def _occupancy(rng: np.random.Generator, states: int, total: float = 1.0) -> Array:
    """Unequal weights of that sum."""
    d = rng.permutation(np.linspace(1.0, 4.0, states)) * rng.uniform(0.8, 1.2, states)
    return total * d / d.sum()


def _policy(rng: np.random.Generator, states: int, actions: int, features: int):
    """(features, θ, π) of a policy with habits: no state is near the uniform distribution."""
    size = 1.2 / np.sqrt(max(features, 1))  # of θ, so that logits spread over about 1
    while True:
        x = _features(rng, states, actions, features)
        theta = rng.normal(0.0, size, x.shape[2])
        pi = table_of(x, theta)
        if np.all(np.ptp(pi, axis=1) > 0.2) and pi.min() > 0.02:
            return x, theta, pi


# ---------------------------------------------------------------- 1  the mean KL divergence


def _pair(rng: np.random.Generator, states: int, actions: int) -> tuple[Array, Array]:
    """Two tables that differ in every state, by more than the order of the actions."""
    while True:
        both = rng.dirichlet(np.ones(actions), (2, states)) + 0.08
        old, new = both / both.sum(axis=2, keepdims=True)
        change = np.abs(old - new).max(axis=1)
        other_shape = np.abs(np.sort(old) - np.sort(new)).max(axis=1)
        if change.min() > 0.1 and change.max() > 0.25 and other_shape.max() > 0.1:
            return old, new


def _kl_cases(rng: np.random.Generator) -> list[Case]:
    cases = [Case("one state", (np.ones(1), *_pair(rng, 1, actions))) for actions in (3, 5)]
    for states, actions, total in ((4, 3, 1.0), (5, 2, 0.7)):
        pair = _pair(rng, states, actions)
        cases.append(Case("several states", (_occupancy(rng, states, total), *pair)))
    for visited in (False, True):  # is the state in which π' excludes an action visited?
        d, (old, new) = _occupancy(rng, 5), _pair(rng, 5, 4)
        never, here = rng.permutation(5)[:2]
        out = rng.integers(4)
        old[never, out] = 0.0  # π excludes an action, and π' once excludes it, too
        new[never, out] *= visited
        new[here, rng.integers(4)] = 0.0
        d[here] *= visited
        old, new = (p / p.sum(axis=1, keepdims=True) for p in (old, new))
        cases.append(Case(ZEROS, (d / d.sum(), old, new)))
    return cases


# ---------------------------------------------------------------- 2  the Fisher matrix


def _fisher_cases(rng: np.random.Generator) -> list[Case]:
    plan = [("one state", 1, 4, 3, 1.0), ("one state", 1, 3, 2, 1.0)]
    plan += [("several states", 4, 3, 3, 1.0), ("several states", 5, 4, 4, 0.7)]
    plan += [("several states", 3, 3, 0, 0.8)]
    cases = []
    for part, states, actions, features, total in plan:
        x, _, pi = _policy(rng, states, actions, features)
        d = np.ones(1) if states == 1 else _occupancy(rng, states, total)
        cases.append(Case(part, (d, pi, _scores(x, pi))))
    return cases


# ---------------------------------------------------------------- 3  the steepest step


def _norm(rng: np.random.Generator, size: int) -> tuple[Array, Array]:
    """A symmetric positive G that stretches and turns, and a gradient that is none of its axes."""
    while True:
        axes = np.linalg.qr(rng.normal(size=(size, size)))[0]
        G = (axes * np.geomspace(0.25, 4.0, size)) @ axes.T
        g = rng.normal(size=size)
        turned = G @ g
        cosine = g @ turned / np.linalg.norm(g) / np.linalg.norm(turned)
        off = np.abs(G - np.diag(np.diag(G))).max()
        if cosine < 0.9 and off > 0.4 and np.abs(g).min() > 0.1:
            return (G + G.T) / 2, g


def _steepest_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for size, low, high, scale in ((2, 0.01, 0.05, 1.0), (3, 0.1, 0.3, 3.0), (5, 1.5, 3.0, 0.05)):
        G, g = _norm(rng, size)  # long and short gradients: the step must not care
        cases.append(Case("both", (G, scale * g, float(rng.uniform(low, high)))))
    return cases


# ---------------------------------------------------------------- 4, 5  natural steps


def _fisher_and_gradient(rng: np.random.Generator, states: int, actions: int, features: int):
    """(F, g, (x, θ, d)) of a policy: g = Σ_s d(s) Σ_a π ψ Q for some Q; F has an inverse if features > 0."""
    while True:
        x, theta, pi = _policy(rng, states, actions, features)
        d, q = _occupancy(rng, states), rng.normal(0.0, 2.0, pi.shape)
        psi = _scores(x, pi)
        F = np.einsum("s,sa,sak,sal->kl", d, pi, psi, psi)
        g = np.einsum("s,sa,sak,sa->k", d, pi, psi, q)
        spread = np.linalg.eigvalsh(F)
        if (not features or 4 < spread[-1] / spread[0] < 40) and np.abs(g).max() > 0.2:
            return (F + F.T) / 2, g, (x, theta, d)


def _damping(rng: np.random.Generator, F: Array) -> float:
    """As large as a small eigenvalue: it matters, and F matters too."""
    return float(rng.uniform(0.3, 0.6) * np.trace(F) / len(F))


def _natural_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for sizes in ((5, 3, 3), (4, 4, 4)):
        F, g, _ = _fisher_and_gradient(rng, *sizes)
        cases.append(Case("λ = 0", (F, g, 0.0)))
    M = np.array([[2.0, 0.5, 0.0], [0.0, 1.0, -0.5], [0.0, 0.0, 0.4]])  # other parameters, θ = Mθ'
    F, g, _ = _fisher_and_gradient(rng, 5, 3, 3)
    cases.append(Case("λ = 0", (M.T @ F @ M, M.T @ g, 0.0)))
    for sizes in ((5, 3, 3), (4, 4, 5)):
        F, g, _ = _fisher_and_gradient(rng, *sizes)
        cases.append(Case("λ > 0", (F, g, _damping(rng, F))))
    for outside in (0.0, 0.3):  # a table's F; a sampled gradient may leave its range
        F, g, _ = _fisher_and_gradient(rng, 3, 2, 0)
        g = g + outside * rng.normal(size=len(g))
        cases.append(Case("singular F", (F, g, float(rng.uniform(0.01, 0.03)))))
    return cases


def _kl_step_cases(rng: np.random.Generator) -> list[Case]:
    """Of each kind one gradient is so short that the natural step has to be made longer, not shorter."""
    plan = [(EXACT_KL[0], sizes, 1.0) for sizes in ((5, 3, 3), (4, 4, 4))]
    plan += [(EXACT_KL[1], sizes, 1.0) for sizes in ((5, 3, 3), (4, 4, 4), (2, 3, 0))]
    plan[1], plan[3] = (*plan[1][:2], 1e-4), (*plan[3][:2], 1e-4)
    cases = []
    for part, sizes, scale in plan:
        F, g, policy = _fisher_and_gradient(rng, *sizes)
        g = scale * g
        damping = _damping(rng, F) if part == EXACT_KL[1] else 0.0
        cases.append(Case(part, (F, g, float(rng.uniform(2e-6, 2e-5)), damping, policy)))
    return cases


def _call_kl_step(answer: Callable, F, g, epsilon, damping, policy) -> dict[str, Any]:
    """The judge moves the policy; the answer need not know it."""
    return _call(answer, F, g, epsilon, damping)


INFORMATION = (
    *(
        f"pgkit.exact:{name}"
        for name in (
            "divergence", "mean_divergence", "path_divergence", "fisher", "path_fisher",
            "natural_gradient", "compatible_weights", "ball_step", "fisher_step", "kl_step",
        )
    ),
    "pgkit.policies:kl",
    "pgkit.optim:conjugate_gradient",
    "pgkit.optim:kl_sized",
    "pgkit.policies:SoftmaxTable",
    "pgkit.policies:SharedSoftmax",
)  # fmt: skip

EXERCISES = {
    "mean_kl": Exercise(
        {"one state": 0.25, "several states": 0.5, ZEROS: 0.25},
        _kl_cases,
        call=_call,
        withdrawn=INFORMATION,
    ),
    "fisher": Exercise(
        {"one state": 0.4, "several states": 0.6}, _fisher_cases, call=_call, withdrawn=INFORMATION
    ),
    "steepest_step": Exercise(
        {"direction": 0.5, "length": 0.5}, _steepest_cases, call=_call, withdrawn=INFORMATION
    ),
    "natural_step": Exercise(
        {"λ = 0": 0.4, "λ > 0": 0.4, "singular F": 0.2},
        _natural_cases,
        call=_call,
        withdrawn=INFORMATION,
    ),
    "kl_step": Exercise(
        {"direction": 0.4, EXACT_KL[0]: 0.3, EXACT_KL[1]: 0.3},
        _kl_step_cases,
        call=_call_kl_step,
        withdrawn=INFORMATION,
    ),
}
