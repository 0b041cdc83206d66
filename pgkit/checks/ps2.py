"""Problem set 2: inputs and probes. Nothing here knows an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pgkit.check import Case, Exercise
from pgkit.types import Array, Float
from pgkit.worlds.ring_of_fire import ring_of_fire
from pgkit.worlds.world import World

HORIZON = 30
UPDATES, EPISODES, ALPHA, GAMMA = 500, 16, 0.1, 0.95
FEW_UPDATES = 120  # where only the starts are judged
LAST = ("last", "last but one", "last but two")  # θ: looks at the policy may come after the updates
PAIRS = 2000
MOST = 100  # trajectories that are shown at either end of a batch

Trajectory = tuple[Array, Array, Array]  # states, actions, rewards


# ---------------------------------------------------------------- 1  sampling from μ


def _sample_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for states in (4, 7):
        mu = rng.dirichlet(np.ones(states)) + 0.05
        mu[rng.integers(states)] = 0.0  # a state where nobody may start
        mu = mu[::-1] if mu[0] > mu[-1] else mu
        cases.append(Case("frequencies", (mu / mu.sum(), 8000, int(rng.integers(2**31)))))
    mu = rng.dirichlet(np.full(40, 2.0))
    cases.append(Case("generator", (mu, 64, int(rng.integers(2**31)))))
    mu = rng.permutation([0.1, 0.2, 0.3, 0.4])
    cases.append(Case("frequencies", (mu, 2, int(rng.integers(2**31)))))
    return cases


def _call_sample(answer: Callable, mu: Array, n: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    if n == 2:  # pairs, which show whether the draws are independent
        return {"pairs": [answer(mu.copy(), n, rng) for _ in range(PAIRS)]}
    return {
        "first": answer(mu.copy(), n, rng),
        "second": answer(mu.copy(), n, rng),
        "again": answer(mu.copy(), n, np.random.default_rng(seed)),
        "other": answer(mu.copy(), n, np.random.default_rng(seed + 1)),
    }


# ---------------------------------------------------------------- 2  the REINFORCE update


def _trajectory(rng: np.random.Generator, states: int, actions: int, steps: int) -> Trajectory:
    rewards = rng.normal(1.0, 2.0, steps).round(1) + 0.05
    return rng.integers(states, size=steps), rng.integers(actions, size=steps), rewards


def _update_cases(rng: np.random.Generator) -> list[Case]:
    shapes = {
        "one step": [(3, 3, [1]), (4, 2, [1])],
        "reward-to-go": [(4, 3, [5]), (3, 4, [7])],
        "batch": [(5, 4, [2, 6, 3]), (3, 3, [4, 1, 5, 3])],
    }
    cases = []
    for part, sizes in shapes.items():
        for states, actions, lengths in sizes:
            theta = rng.normal(0.0, 1.0, (states, actions))
            tau = [_trajectory(rng, states, actions, n) for n in lengths]
            alpha, gamma = float(rng.uniform(0.05, 0.5)), float(rng.uniform(0.6, 0.95))
            cases.append(Case(part, (theta, tau, alpha, gamma)))
    return cases


def _call_update(answer: Callable, theta: Array, tau: list[Trajectory], *knobs) -> dict[str, Any]:
    return {"value": answer(theta, tau, *knobs), "theta": theta}


# ---------------------------------------------------------------- 3  REINFORCE with resets


def roll_out(
    theta: Float[Array, "S A"],
    starts: Array,
    rng: np.random.Generator,
    *,
    world: World | None = None,
    horizon: int = HORIZON,
) -> list[Trajectory]:
    """Roll out the softmax policy of θ once from each start state, on the Ring of Fire.

    Returns a list of trajectories (states, actions, rewards), each ending in a terminal state or
    after `horizon` steps.
    """
    if world is None:
        world = ring_of_fire()
    now = np.array(starts, dtype=np.int64).ravel()
    theta = np.asarray(theta, dtype=np.float64)
    weights = np.exp(theta - theta.max(axis=-1, keepdims=True))
    cumulative = np.cumsum(weights, axis=-1)
    s, a = np.zeros((2, horizon, len(now)), dtype=np.int64)
    r, live = np.zeros((horizon, len(now))), np.zeros((horizon, len(now)), dtype=bool)
    for t in range(horizon):
        live[t] = ~world.terminal[now]
        if not live[t].any():
            break
        u = rng.random(len(now)) * cumulative[now, -1]
        s[t], a[t] = now, (cumulative[now] <= u[:, None]).sum(axis=-1)
        r[t] = world.reward[now, a[t], 0]
        now = world.next_state[now, a[t], 0]
    steps = live.sum(axis=0)
    return [(s[:k, i], a[:k, i], r[:k, i]) for i, k in enumerate(steps)]


def _training_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(part, (kind, int(rng.integers(2**31))))
        for part, kind in (("starts", "mixed"), ("trained", "uniform"), ("trained", "nominal"))
    ]


def _reset_distribution(world: World, kind: str, rng: np.random.Generator) -> Array:
    if kind == "nominal":
        return world.start
    if kind == "uniform":
        return world.startable / world.startable.sum()
    nominal = np.argmax(world.start)
    others = np.setdiff1d(np.flatnonzero(world.startable), nominal)
    mu = np.zeros(world.n_states)
    mu[[nominal, *rng.choice(others, 7, replace=False)]] = rng.permutation(np.arange(1, 9) / 36)
    return mu


def _call_training(answer: Callable, kind: str, seed: int) -> dict[str, Any]:
    world = ring_of_fire()
    rng = np.random.default_rng(seed)
    mu = _reset_distribution(world, kind, rng)
    updates = FEW_UPDATES if kind == "mixed" else UPDATES
    given = _train(answer, world, mu, rng, updates)
    if kind == "uniform" and not _finds_goal(world, given["theta"]):
        given = _train(answer, world, mu, rng, updates)  # luck must not cost points: once more
    return {"mu": mu, **given}


@dataclass(frozen=True)
class Call:
    """One call of `rollout`: what it was given, and what it gave."""

    theta: Array
    starts: Array
    tau: list[Trajectory]


def _train(answer: Callable, world: World, mu: Array, rng, updates: int) -> dict[str, Any]:
    calls: list[Call] = []

    def recording(theta, where, generator=rng):
        tau = roll_out(theta, where, generator, world=world)
        kept = [(s.copy(), a.copy(), r.copy()) for s, a, r in tau]
        starts = np.array(where, dtype=np.float64).ravel()
        calls.append(Call(np.array(theta, dtype=np.float64), starts, kept))
        return tau

    theta = answer(mu.copy(), recording, rng, updates)
    calls = [c for c in calls if len(c.starts)]
    training = _without_looks(calls, int(np.argmax(world.start)), updates * EPISODES)
    used = np.full((len(training), max((len(c.starts) for c in training), default=0)), np.nan)
    for row, call in zip(used, training, strict=True):
        row[: len(call.starts)] = call.starts
    policies = len({c.theta.tobytes() for c in calls})
    return {
        "theta": theta, "starts": used, "updates": updates, "policies": policies,
        **_batches(calls, theta),
    }  # fmt: skip


def _without_looks(calls: list[Call], nominal: int, wanted: int) -> list[Call]:
    """As many calls as train: looks at the policy from S are left out.

    A call with all its starts at S is a look, unless calls of its size are wanted to make up the batches.
    """
    at_nominal = [bool(np.all(c.starts == nominal)) for c in calls]
    sizes = [len(c.starts) for c, there in zip(calls, at_nominal, strict=True) if not there]
    if not sizes:
        return calls
    usual = int(np.argmax(np.bincount(sizes) * np.arange(max(sizes) + 1)))  # most rollouts
    room = wanted // max(usual, 1) - sizes.count(usual)
    kept = []
    for call, there in zip(calls, at_nominal, strict=True):
        missing = len(call.starts) == usual and room > 0
        room -= there and missing
        if missing or not there:
            kept.append(call)
    return kept


def _batches(calls: Sequence[Call], theta: Any) -> dict[str, Any]:
    """The first θ, the two after it and the last three; the trajectories of the first and the last three."""
    groups: list[tuple[Array, list[Trajectory]]] = []
    for call in calls:
        if groups and np.array_equal(groups[-1][0], call.theta):
            groups[-1][1].extend(call.tau)
        else:
            groups.append((call.theta, list(call.tau)))
    if not groups:
        return {}
    chosen = {"first": groups[0], **dict(zip(LAST, groups[::-1], strict=False))}
    after = [group[0] for group in groups[1:3]] + [theta, theta]
    return {
        "second": after[0],
        "third": after[1],
        **{name: group[0] for name, group in chosen.items()},
        **{f"{name} tau": _packed(group[1]) for name, group in chosen.items()},
    }


def _packed(tau: list[Trajectory]) -> Array:
    """[n, T, 3]: state, action and reward of each step, nan after the end."""
    tau = tau if len(tau) <= 2 * MOST else tau[:MOST] + tau[-MOST:]
    packed = np.full((len(tau), HORIZON, 3), np.nan)
    for row, steps in zip(packed, tau, strict=True):
        row[: len(steps[0])] = np.stack(steps, axis=-1)
    return packed


def _finds_goal(world: World, theta: Any) -> bool:
    """Does the likeliest action of each state lead from S to +100?"""
    try:
        best, s = np.argmax(np.asarray(theta, dtype=float), axis=-1), int(np.argmax(world.start))
        for _ in range(HORIZON):
            s = int(world.next_state[s, best[s], 0])
    except (TypeError, ValueError, IndexError):
        return True  # not a table: training again would not mend that
    return bool(world.goals["G"][s])


# ---------------------------------------------------------------- 4  occupancy


def _occupancy_cases(rng: np.random.Generator) -> list[Case]:
    plan = {
        "a chain that never ends": [(4, 2, 0.0, 0.6), (6, 3, 0.0, 0.5)],
        "a chain that ends": [(5, 3, 0.4, 0.6), (7, 2, 0.2, 0.55)],
        "a long view, γ near 1": [(6, 3, 0.02, 0.99)],
    }
    cases = []
    for part, sizes in plan.items():
        for states, actions, ends, gamma in sizes:
            P = rng.dirichlet(np.full(states, 0.5), (states, actions))  # [S, A, S']
            P *= 1 - ends * rng.uniform(0.5, 1.0, (states, actions, 1))
            pi = rng.dirichlet(np.full(actions, 0.7), states)
            cases.append(Case(part, (P, pi, rng.dirichlet(np.ones(states)), gamma)))
    return cases


# ---------------------------------------------------------------- 5  the mismatch coefficient


def _mismatch_cases(rng: np.random.Generator) -> list[Case]:
    cases = [Case("covered", _pair(rng, 5)), Case("covered", _pair(rng, 9))]
    d_star, mu = _pair(rng, 6)
    hole, decoy = np.argsort(-d_star)[[1, -1]]
    d_star[decoy], mu[decoy] = (
        0.002,
        0.006,
    )  # little of both: the smallest μ is not the worst covered
    for drop in (0.0, 0.01):  # a hole where the expert goes, and the same place with a drop in it
        thin = mu.copy()
        thin[hole] = drop
        cases.append(Case("a state that μ misses", (d_star, thin / thin.sum())))
    d_star, mu = _pair(rng, 8)
    worst = int(np.argmax(d_star / mu))
    away = rng.permutation(np.delete(np.arange(8), [worst, int(np.argmax(d_star))]))[:3]
    d_star[away] = 0.0
    mu[away[:2]] = 0.0  # nobody goes there and nobody starts there: 0/0
    mu /= mu.sum()
    d_star *= 0.8 / np.max(d_star[mu > 0] / mu[mu > 0])  # below 1: a ratio of 1 for 0/0 shows
    cases.append(Case("states that d* never visits", (d_star, mu)))
    return cases


def _pair(rng: np.random.Generator, states: int) -> tuple[Array, Array]:
    """(d*, μ) without zeros, where the largest ratio is neither at the largest d* nor at the smallest μ."""
    while True:
        d_star, mu = (
            rng.dirichlet(np.ones(states)) + 0.02,
            rng.dirichlet(np.full(states, 3.0)) + 0.02,
        )
        worst = np.argmax(d_star / mu)
        if worst not in (np.argmax(d_star), np.argmin(mu)):
            return 0.6 * d_star / d_star.sum(), mu / mu.sum()  # the missing 0.4 has ended


GRADIENTS = (
    "pgkit.returns:reward_to_go",
    "pgkit.returns:dataset",
    "pgkit.exact:future_return",
    *(
        f"pgkit.policies:{name}"
        for name in ("log_softmax", "softmax", "SoftmaxTable", "SharedSoftmax")
    ),
    *(
        f"pgkit.exact:{name}"
        for name in ("soft_policy", "softmax_scores", "path_scores", "weighted_score", "awr_policy")
    ),
)
LEARNERS = (
    "pgkit.run:Run",
    "pgkit.exact:projected_ascent",
    "pgkit.exact:optimal_policy",
    *(
        f"pgkit.algorithms:{name}"
        for name in (
            "Reinforce", "ReinforceResets", "ReinforceNatural", "ReinforceBaseline", "MonteCarlo",
            "TemporalDifference", "ActorCritic", "NaturalActorCritic", "SoftActorCritic",
        )
    ),
)  # fmt: skip
EXERCISES = {
    "sample_resets": Exercise(
        {"frequencies": 0.75, "generator": 0.25}, _sample_cases, call=_call_sample
    ),
    "reinforce_update": Exercise(
        {"one step": 1 / 3, "reward-to-go": 1 / 3, "batch": 1 / 3},
        _update_cases,
        call=_call_update,
        withdrawn=GRADIENTS,
    ),
    "reinforce_with_resets": Exercise(
        {"starts": 0.5, "trained": 0.5},
        _training_cases,
        call=_call_training,
        withdrawn=(*GRADIENTS, *LEARNERS),
    ),
    "occupancy": Exercise(
        {
            "a chain that never ends": 1 / 3,
            "a chain that ends": 1 / 2,
            "a long view, γ near 1": 1 / 6,
        },
        _occupancy_cases,
        withdrawn=("pgkit.exact:occupancy", "pgkit.exact:push"),
    ),
    "mismatch": Exercise(
        {
            "covered": 0.4,
            "a state that μ misses": 0.4,
            "states that d* never visits": 0.2,
        },
        _mismatch_cases,
        withdrawn=("pgkit.exact:mismatch",),
    ),
}
