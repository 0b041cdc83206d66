"""Problem set 1: inputs and probes. Nothing here knows an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pgkit.check import Case, Exercise, Misfit, unwrapped
from pgkit.types import Array

Trajectory = tuple[Array, Array, Array]  # states, actions, rewards

LARGE = "negative, zero and large weights"
STACK = "one row, or a stack of tables"


# ---------------------------------------------------------------- 1  log-softmax


def _log_softmax_cases(rng: np.random.Generator) -> list[Case]:
    cases = [Case("rows", (rng.normal(0.0, 2.0, shape),)) for shape in ((4, 3), (3, 5))]
    cases += [Case(STACK, (rng.normal(0.0, 2.0, shape),)) for shape in ((5,), (2, 3, 4))]
    cases.append(Case("huge logits", (_huge(rng, 1000.0),)))
    cases.append(Case("huge logits", (_huge(rng, 300.0).astype(np.float32),)))
    return cases


def _huge(rng: np.random.Generator, size: float) -> Array:
    """Four rows: all near size, all near -size, from -size to size with -size at both ends, and an ordinary one."""
    logits = rng.normal(0.0, 1.5, (4, 5))
    logits[0] += size
    logits[1] -= size
    logits[2] += [-size, *rng.permutation([size, size, 0.0]), -size]
    return logits


# ---------------------------------------------------------------- 2, 3  classification


def _labels(rng: np.random.Generator, logits: Array) -> Array:
    """Right actions at random, but the likeliest in row 0 and the least likely in row 1."""
    a = rng.integers(logits.shape[1], size=len(logits))
    a[0], a[1] = logits[0].argmax(), logits[1].argmin()
    return a


def _logits_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for shape in ((5, 3), (4, 6)):
        logits = rng.normal(0.0, 1.5, shape)
        cases.append(Case("ordinary", (logits, _labels(rng, logits))))
    for size, dtype in ((1000.0, np.float64), (300.0, np.float32)):
        logits = _huge(rng, size)
        a = rng.integers(5, size=4)
        a[2] = logits[2].argmin()  # confident, and wrong
        cases.append(Case("huge logits", (logits.astype(dtype), a)))
    return cases


def _linear(rng: np.random.Generator, n: int, features: int, actions: int, table: bool):
    theta = rng.normal(0.0, 1.0, (features, actions))
    phi = rng.normal(0.4, 1.0, (n, features))
    if table:
        phi = np.eye(features)[np.append(0, rng.integers(features, size=n - 1))]
    return theta, phi, _labels(rng, phi @ theta)


def _theta_cases(rng: np.random.Generator) -> list[Case]:
    plan = ((6, 3, 4, False), (5, 4, 2, False), (7, 4, 3, True))
    return [Case("ordinary", _linear(rng, *sizes)) for sizes in plan]


def _weighted_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for sizes in ((6, 3, 4, False), (8, 4, 3, True)):
        weight = rng.uniform(1.5, 6.0, sizes[0])
        cases.append(Case("ordinary", (*_linear(rng, *sizes), weight)))
    for sizes, most in (((7, 3, 4, False), 5.0), ((9, 4, 3, False), 400.0)):
        weight = rng.uniform(0.5, 1.0, sizes[0])
        weight[::3] *= -2.5
        weight[1] = 0.0
        weight[2] = most
        shuffled = rng.permutation(sizes[0])
        theta, phi, a = _linear(rng, *sizes)
        cases.append(Case(LARGE, (theta, phi[shuffled], a[shuffled], weight)))
    return cases


def _call_pair(answer: Callable, *args: Any) -> dict[str, Any]:
    given = answer(*args)
    if given is None:
        return {"loss": None}
    try:
        loss, gradient = given
    except (TypeError, ValueError):
        raise Misfit("Return two things, the loss and the gradient: `return loss, grad`.") from None
    if np.ndim(unwrapped(loss)) == 2 and np.ndim(unwrapped(gradient)) == 0:
        raise Misfit("You return the gradient first. The loss comes first: `return loss, grad`.")
    return {"loss": loss, "gradient": gradient}


# ---------------------------------------------------------------- 4  reward-to-go


def _rewards(rng: np.random.Generator, steps: int) -> Array:
    """Mostly small, with a jackpot and a penalty in between."""
    rewards = rng.normal(0.5, 1.5, steps).round(1) + 0.05
    at = rng.permutation(np.arange(1, steps))[:2]
    rewards[at] += np.array([10.0, -6.0])[: len(at)]
    return rewards


def _reward_cases(rng: np.random.Generator) -> list[Case]:
    def discount() -> float:
        return float(rng.uniform(0.6, 0.9))

    plan = [("0 < γ < 1", steps, discount()) for steps in (4, 7, 12)]
    plan += [("γ = 0 and γ = 1", 6, 0.0), ("γ = 0 and γ = 1", 8, 1.0)]
    plan += [("a long trajectory", 800, float(rng.uniform(0.25, 0.35)))]  # γ^800 is 0 in float64
    plan += [("a long trajectory", 700, float(rng.uniform(0.985, 0.995)))]
    return [Case(part, (_rewards(rng, steps), gamma)) for part, steps, gamma in plan]


# ---------------------------------------------------------------- 5  multi-step classification


def _trajectories(rng: np.random.Generator, states: int, actions: int, lengths: list[int]):
    """One of each length; a state and an action come twice, and of four trajectories the last equals the first."""
    tau = [
        (rng.integers(states, size=n), rng.integers(actions, size=n), _rewards(rng, n))
        for n in lengths
    ]
    for s, a, _ in tau:
        s[1], a[1] = s[0], a[0]
    return tau if len(tau) < 4 else [*tau[:-1], tuple(x.copy() for x in tau[0])]


LENGTHS = {"one trajectory": ([5], [7]), "unequal lengths": ([3, 6, 4], [7, 2, 5, 7])}


def _dataset_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(part, (_trajectories(rng, 9, 4, lengths), float(rng.uniform(0.6, 0.9))))
        for part, plan in LENGTHS.items()
        for lengths in plan
    ]


def _call_dataset(answer: Callable, *args: Any) -> dict[str, Any]:
    given = answer(*args)
    if given is None:
        return {"value": None}
    try:
        rows = [np.array(unwrapped(row), dtype=np.float64).ravel() for row in given]
    except (TypeError, ValueError):
        raise Misfit("Return three arrays (s, a, q_hat), the trajectories in a row.") from None
    sizes = [len(row) for row in rows]
    if len(rows) != 3 and set(sizes) == {3}:  # a list of triples says the same
        return {"value": np.stack(rows)}
    if len(rows) != 3:
        raise Misfit(f"Return three arrays (s, a, q_hat); yours are {len(rows)}.")
    if len(set(sizes)) != 1:
        raise Misfit(
            f"Your s, a and q_hat have the lengths {sizes[0]}, {sizes[1]} and {sizes[2]}. Each step gives "
            "one triple, so they are equally long."
        )
    return {"value": np.stack(rows, axis=1)}


def _call_gradient(answer: Callable, *args: Any) -> dict[str, Any]:
    given = answer(*args)
    if isinstance(given, tuple) and len(given) == 2 and np.ndim(unwrapped(given[0])) == 0:
        raise Misfit("You return the loss, too. Here return the gradient alone: `return grad`.")
    return {"value": given}


def _gradient_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for part, plan in LENGTHS.items():
        for lengths, (states, actions) in zip(plan, ((4, 3), (3, 4)), strict=True):
            theta = rng.normal(0.0, 1.0, (states, actions))
            tau = _trajectories(rng, states, actions, lengths)
            cases.append(Case(part, (theta, tau, float(rng.uniform(0.6, 0.9)))))
    return cases


SOFTMAX = (
    "pgkit.policies:log_softmax",
    "pgkit.policies:softmax",
    "pgkit.policies:SoftmaxTable",
    "pgkit.policies:SharedSoftmax",
    "pgkit.exact:soft_policy",
)
RETURNS = (
    "pgkit.returns:reward_to_go",
    "pgkit.returns:dataset",
    "pgkit.returns:gae",
    "pgkit.returns:td_error",
    "pgkit.exact:future_return",
)

EXERCISES = {
    "log_softmax": Exercise(
        {"rows": 0.5, STACK: 0.25, "huge logits": 0.25}, _log_softmax_cases, withdrawn=SOFTMAX
    ),
    "loss_of_logits": Exercise(
        {"loss": 0.25, "gradient": 0.5, "huge logits": 0.25},
        _logits_cases,
        call=_call_pair,
        withdrawn=SOFTMAX,
    ),
    "loss_of_theta": Exercise(
        {"loss": 1 / 3, "gradient": 2 / 3}, _theta_cases, call=_call_pair, withdrawn=SOFTMAX
    ),
    "weighted_loss": Exercise(
        {"loss": 0.2, "gradient": 0.4, LARGE: 0.4},
        _weighted_cases,
        call=_call_pair,
        withdrawn=SOFTMAX,
    ),
    "reward_to_go": Exercise(
        {"0 < γ < 1": 0.5, "γ = 0 and γ = 1": 0.25, "a long trajectory": 0.25},
        _reward_cases,
        withdrawn=RETURNS,
    ),
    "multi_step_dataset": Exercise(
        {"one trajectory": 0.5, "unequal lengths": 0.5},
        _dataset_cases,
        call=_call_dataset,
        withdrawn=RETURNS,
    ),
    "multi_step_gradient": Exercise(
        {"one trajectory": 1 / 3, "unequal lengths": 2 / 3},
        _gradient_cases,
        call=_call_gradient,
        withdrawn=(*SOFTMAX, *RETURNS),
    ),
}
