"""Problem set 5: inputs and probes. Nothing here knows an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pgkit.check import Case, Exercise, Misfit, unwrapped
from pgkit.types import Array

GO_ON, TERMINATED, TRUNCATED = "steps that go on", "terminated", "truncated"
FIT, UPDATE, WHOLE = "V", "θ", "the whole world"
BOTH = "V and θ"
HUGE = "huge Q, low temperature"


def _numbers(rng: np.random.Generator, shape: int | tuple[int, ...]) -> Array:
    """Numbers of either sign and none near 0."""
    return rng.uniform(1.0, 5.0, shape) * rng.choice([-1.0, 1.0], shape)


def _rates(rng: np.random.Generator) -> tuple[float, float]:
    """γ and λ, not near each other, 0 or 1."""
    return float(rng.uniform(0.75, 0.9)), float(rng.uniform(0.35, 0.6))


# ---------------------------------------------------------------- 1, 2  TD errors and GAE


def _ends(rng: np.random.Generator, n: int, horizon: int, kinds: str) -> tuple[Array, Array]:
    """(terminated, truncated) [N, T]: each kind ends two episodes inside of rows, and one with its row."""
    flags = {kind: np.zeros((n, horizon), dtype=bool) for kind in (TERMINATED, TRUNCATED)}
    rows = iter(rng.permutation(n))
    for kind in (TERMINATED, TRUNCATED):
        if kind in kinds:
            i, j = next(rows), next(rows)
            flags[kind][i, [1, horizon - 2]] = True
            flags[kind][j, [horizon // 2, horizon - 1]] = True
    return flags[TERMINATED], flags[TRUNCATED]


def _rows(rng: np.random.Generator, n: int, horizon: int, kinds: str) -> tuple[Array, ...]:
    """(r, v, v_next, terminated, truncated) of rows of steps.

    Within an episode v_next is the v of the step that follows. Where one ends it is another number, what the critic
    says of the state in which it ended.
    """
    terminated, truncated = _ends(rng, n, horizon, kinds)
    v, other = _numbers(rng, (n, horizon)), _numbers(rng, (n, horizon))
    after = np.concatenate([v[:, 1:], other[:, -1:]], axis=1)
    v_next = np.where(terminated | truncated, other, after)
    return _numbers(rng, (n, horizon)), v, v_next, terminated, truncated


def _td_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(part, (*_rows(rng, n, horizon, part), _rates(rng)[0]))
        for part in (GO_ON, TERMINATED, TRUNCATED)
        for n, horizon in ((2, 6), (4, 5))
    ]


BETWEEN = "λ = 0 and λ = 1"


def _gae_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for part in (GO_ON, TERMINATED, TRUNCATED):
        for n, horizon in ((2, 7), (3, 5)):
            cases.append(Case(part, (*_rows(rng, n, horizon, part), *_rates(rng))))
    for lam in (0.0, 1.0):
        rows = _rows(rng, 4, 6, TERMINATED + TRUNCATED)
        cases.append(Case(BETWEEN, (*rows, _rates(rng)[0], lam)))
    return cases


# ---------------------------------------------------------------- 3  one iteration of the actor-critic


def _batch(rng: np.random.Generator, n: int, horizon: int, actions: int) -> tuple[Array, ...]:
    """(s, a, r, s_next, terminated, truncated) [N, T] of a world with 5 states.

    The last state is the end, the one before is never left in the batch; the entries of V for both are any numbers.
    Each of the others is left at least twice.
    """
    while True:
        terminated, truncated = _ends(rng, n, horizon, TERMINATED + TRUNCATED)
        s, s_next = np.zeros((2, n, horizon), dtype=int)
        s[:, 0] = rng.integers(3, size=n)
        for t in range(horizon):
            s_next[:, t] = rng.integers(3, size=n)
            s_next[truncated[:, t], t] = 3
            s_next[terminated[:, t], t] = 4
            if t + 1 < horizon:
                ended = terminated[:, t] | truncated[:, t]
                s[:, t + 1] = np.where(ended, rng.integers(3, size=n), s_next[:, t])
        if np.bincount(s.ravel(), minlength=3).min() >= 2:
            a = rng.integers(actions, size=s.shape)
            return s, a, _numbers(rng, s.shape), s_next, terminated, truncated


def whole_world(rng: np.random.Generator) -> tuple[tuple[Array, ...], Array, Array, float]:
    """(batch, π, m, γ): every step of a world with 3 states and an end, as often as π takes it, in rows of one step.

    How often a state is left is the discounted occupancy of the starts m, d = m + γ Pᵀd; m ≥ 0 sums to less than 1.
    """
    while True:
        count = rng.integers(1, 5, (3, 2, 4))  # of (s, a, s'); the last s' is the end
        n, gamma = count.sum(), float(rng.uniform(0.5, 0.7))
        d, pi = count.sum(axis=(1, 2)) / n, count.sum(axis=2) / count.sum(axis=(1, 2))[:, None]
        m = d - gamma * count.sum(axis=(0, 1))[:3] / n
        uneven = np.abs(pi - 0.5).max(axis=1).min()
        if n <= 60 and m.min() > 0.02 and uneven > 0.05:
            break
    reward = _numbers(rng, count.shape)
    steps = rng.permutation(np.repeat(np.argwhere(count), count[count > 0], axis=0))
    s, a, s_next = (x[:, None] for x in steps.T)
    terminated = s_next == 3
    truncated = ~terminated & (rng.random(s.shape) < 0.3)
    return (s, a, reward[s, a, s_next], s_next, terminated, truncated), pi, m, gamma


def values_of(batch: tuple[Array, ...], pi: Array, gamma: float) -> Array:
    """V of a policy in that world, by a linear solve; any number for the end."""
    s, a, r, s_next = (x.ravel() for x in batch[:4])
    A, c = np.eye(3), np.zeros(3)
    for x in range(3):
        for y in range(2):
            here = (s == x) & (a == y)
            share = pi[x, y] / here.sum()
            c[x] += share * r[here].sum()
            for z in s_next[here & (s_next < 3)]:
                A[x, z] -= gamma * share
    return np.append(np.linalg.solve(A, c), 7.0)


def _iteration_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for n, horizon, actions, fixed in ((4, 5, 3, None), (5, 6, 2, None), (4, 7, 3, 0.0)):
        gamma, lam = _rates(rng)
        theta, v = rng.normal(0.0, 0.8, (5, actions)), _numbers(rng, 5)
        lam, alpha = lam if fixed is None else fixed, float(rng.uniform(0.05, 0.3))
        cases.append(
            Case(BOTH, (theta, v, *_batch(rng, n, horizon, actions), gamma, lam, alpha, None))
        )
    for _ in range(2):
        batch, pi, m, gamma = whole_world(rng)
        theta = np.vstack([np.log(pi) + rng.normal(size=(3, 1)), rng.normal(size=2)])
        rates = gamma, _rates(rng)[1], float(rng.uniform(0.05, 0.3))
        cases.append(Case(WHOLE, (theta, values_of(batch, pi, gamma), *batch, *rates, m)))
    return cases


def _pair(given: Any, names: tuple[str, str], say: str) -> dict[str, Any]:
    """The two things that an answer returns."""
    if given is None:
        return {"value": None}
    try:
        first, second = given
    except (TypeError, ValueError):
        raise Misfit(f"Return two things, {say}.") from None
    return dict(zip(names, (first, second), strict=True))


def _call_iteration(answer: Callable, *args: Any) -> dict[str, Any]:
    return _pair(
        answer(*args[:-1]), ("theta", "v"), "the new θ and the new V: `return theta_new, v_new`"
    )


# ---------------------------------------------------------------- 4  the same gradient, by torch

LAST, BODY, SHARED = "U", "W, critic off", "W with its critic"


def _network_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for part, features, hidden, actions, n in (
        (BODY, 3, 4, 3, 6),
        (BODY, 2, 5, 4, 9),
        (SHARED, 3, 5, 3, 8),
        (SHARED, 4, 3, 2, 7),
    ):
        W = rng.normal(0.0, 0.8, (features, hidden))
        U = rng.normal(0.0, 0.8, (hidden, actions))
        u = rng.uniform(0.8, 1.6, hidden) * rng.choice([-1.0, 1.0], hidden)
        x, a = rng.normal(0.0, 1.0, (n, features)), rng.integers(actions, size=n)
        q_hat = _numbers(rng, n) + 2.0
        cases.append(Case(part, (W, U, u * (part == SHARED), x, a, q_hat)))
    return cases


def _call_network(answer: Callable, *args: Any) -> dict[str, Any]:
    pair = _pair(answer(*args), ("W", "U"), "the gradients in W and in U: `return grad_W, grad_U`")
    for name, grad in pair.items():
        if grad is None and len(pair) > 1:
            raise Misfit(
                f"The gradient in {name} is None: torch did not come past {name} on its way back. Was "
                f"requires_grad set on the very tensor that the objective is made of?"
            )
    return {name: unwrapped(grad) for name, grad in pair.items()}


# ---------------------------------------------------------------- 5  soft values


def _close_calls(rng: np.random.Generator, states: int, actions: int, temperature: float) -> Array:
    """Q in units of the temperature: the best two actions are never far apart, so that soft differs from hard."""
    q = rng.normal(0.0, 1.2, (states, actions))
    return temperature * np.take_along_axis(q, rng.permuted(np.argsort(q, axis=1), axis=1), axis=1)


def _huge_q(rng: np.random.Generator) -> list[tuple[Array, float]]:
    """(Q, temperature): near 1000 and near -1000, spread from one to the other; a temperature near 0."""
    warm, cold = float(rng.uniform(0.7, 1.4)), float(rng.uniform(0.002, 0.004))
    q = _close_calls(rng, 4, 4, warm)
    q[0] += 1000.0
    q[1] -= 1000.0
    q[2] += rng.permutation([1000.0, 1000.0, -1000.0, -1000.0])
    low = _close_calls(rng, 4, 3, cold) + rng.normal(0.0, 2.0, (4, 1))
    low[0, rng.integers(3)] += 3.0
    return [(q, warm), (low, cold)]


def _temperatures(rng: np.random.Generator) -> tuple[float, float]:
    """One below 1, one above."""
    return float(rng.uniform(0.3, 0.6)), float(rng.uniform(1.6, 3.0))


def _soft_cases(rng: np.random.Generator) -> list[Case]:
    cases = [
        Case("ordinary", (_close_calls(rng, 4, actions, warmth) + _numbers(rng, (4, 1)), warmth))
        for actions, warmth in zip((3, 5), _temperatures(rng), strict=True)
    ]
    return cases + [Case(HUGE, pair) for pair in _huge_q(rng)]


SOFT, ZEROS, ANY = "the soft policy", "zeros", "any policy"


def softmax(q: Array, temperature: float = 1.0) -> Array:
    """Rows of probabilities in proportion to exp(q / temperature)."""
    weight = np.exp((q - q.max(axis=1, keepdims=True)) / temperature)
    return weight / weight.sum(axis=1, keepdims=True)


def _entropy_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for part in (ANY, ZEROS, SOFT):
        for actions, warmth in zip((3, 4), _temperatures(rng), strict=True):
            q = _close_calls(rng, 4, actions, warmth) + _numbers(rng, (4, 1))
            pi = softmax(rng.normal(0.0, 1.0, q.shape))
            pi[2, 0] = 0.004 * pi[2, 1:].sum()  # so rare that a clip or a small number shows
            if part == ZEROS:
                pi[:2, rng.integers(actions)] = 0.0
                pi[3] = np.eye(actions)[rng.integers(actions)]  # decided: no entropy at all
            pi /= pi.sum(axis=1, keepdims=True)
            if part == SOFT:
                q += 1000.0 * rng.choice([-1.0, 1.0], (4, 1))
                pi = softmax(q, warmth)
            cases.append(Case(part, (q, pi, warmth)))
    return cases


RETURNS = (
    "pgkit.returns:td_error",
    "pgkit.returns:gae",
    "pgkit.returns:reward_to_go",
    "pgkit.exact:advantage_estimate",
    "pgkit.exact.estimators:_later",
)
ACTOR_CRITIC = (
    *RETURNS,
    *(
        f"pgkit.critics:{name}"
        for name in ("ValueTable", "QTable", "LinearValue", "_cell_means", "_fit_table")
    ),
    *(f"pgkit.policies:{name}" for name in ("SoftmaxTable", "SharedSoftmax")),
    *(
        f"pgkit.exact:{name}"
        for name in (
            "policy_gradient", "softmax_gradient", "path_scores", "softmax_scores", "feature_scores",
            "weighted_score", "batch_monte_carlo", "batch_td",
        )
    ),
)  # fmt: skip
NETWORKS = (
    "pgkit.nets:CategoricalMLP",
    "pgkit.nets:_grad_log_prob",
    "pgkit.fastnets:CategoricalMLP",
    "pgkit.fastnets.shared:grad_log_prob",
)
SOFT_VALUES = (
    *(
        f"pgkit.exact:{name}"
        for name in (
            "soft_policy", "soft_values", "soft_policy_values", "soft_policy_iteration", "entropy",
            "awr_policy", "awr_value", "regularised_value", "divergence",
        )
    ),
    "pgkit.exact.soft:_soft_max",
    "pgkit.exact.weighted:_exponent",
    "pgkit.algorithms.soft_actor_critic:_log",
    "pgkit.fastnets.categorical:_log_softmax",
    *(
        f"pgkit.policies:{name}"
        for name in ("SoftmaxTable", "SharedSoftmax", "softmax", "log_softmax", "entropy", "kl")
    ),
)  # fmt: skip
SOFTMAX = ("pgkit.checks.ps5:softmax", "pgkit.checks.ps3:table_of")  # 5c draws with the first

EXERCISES = {
    "td_residual": Exercise(
        {GO_ON: 1 / 3, TERMINATED: 1 / 3, TRUNCATED: 1 / 3}, _td_cases, withdrawn=RETURNS
    ),
    "gae": Exercise(
        {GO_ON: 0.4, TERMINATED: 0.2, TRUNCATED: 0.2, BETWEEN: 0.2}, _gae_cases, withdrawn=RETURNS
    ),
    "actor_critic_iteration": Exercise(
        {FIT: 2 / 7, UPDATE: 3 / 7, WHOLE: 2 / 7},
        _iteration_cases,
        call=_call_iteration,
        withdrawn=ACTOR_CRITIC,
    ),
    "torch_gradient": Exercise(
        {LAST: 0.375, BODY: 0.25, SHARED: 0.375},
        _network_cases,
        call=_call_network,
        withdrawn=NETWORKS,
    ),
    "soft_value": Exercise(
        {"ordinary": 0.5, HUGE: 0.5}, _soft_cases, withdrawn=(*SOFT_VALUES, *SOFTMAX)
    ),
    "soft_policy": Exercise(
        {"ordinary": 0.5, HUGE: 0.5}, _soft_cases, withdrawn=(*SOFT_VALUES, *SOFTMAX)
    ),
    "value_with_entropy": Exercise(
        {ANY: 0.5, ZEROS: 0.25, SOFT: 0.25}, _entropy_cases, withdrawn=SOFT_VALUES
    ),
}
