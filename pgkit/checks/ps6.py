"""Problem set 6: inputs and probes. Nothing here knows an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pgkit.check import Case, Exercise, Misfit, unwrapped
from pgkit.types import Array, Float, Int

Batch = tuple[Array, Array, Array, Array]  # s, a, r, live [N, T]; leftovers where live is False


def _pair(given: Any, names: tuple[str, ...], say: str) -> list[Any]:
    """What a function that returns several things returned; None if it was None."""
    try:
        things = list(given)
    except TypeError:
        raise Misfit(say) from None
    if len(things) != len(names):
        raise Misfit(f"{say} Yours are {len(things)}.")
    return things


# ---------------------------------------------------------------- 1  returns, and a D that grows

FIRST, PADDED, GROWS = "D ← ∅, all steps live", "unequal lengths", "D grows"
THREE = (
    "Return three arrays of equal length, `return s, a, R`: one entry of each for every step in D."
)


def _rewards(rng: np.random.Generator, shape: tuple[int, ...]) -> Float[Array, "..."]:
    """None is 0, some are jackpots."""
    r = rng.uniform(0.5, 3.0, shape) * rng.choice([-1.0, 1.0], shape)
    return r + 12.0 * (rng.random(shape) < 0.15)


def _batch(rng: np.random.Generator, lengths: Sequence[int], states: int, actions: int) -> Batch:
    """Trajectories of these lengths in any order; where live is False lie leftovers."""
    live = np.arange(max(lengths)) < rng.permutation(lengths)[:, None]
    s, a = rng.integers(states, size=live.shape), rng.integers(actions, size=live.shape)
    return s, a, _rewards(rng, live.shape), live


def _ending_alike(blocks: Sequence[Batch]) -> None:
    """The first two trajectories of every batch come to end with the same (s, a, r): equal entries, and all count."""
    ends = [(block, i, block[3][i].sum() - 1) for block in blocks for i in (0, 1)]
    (first, i, t), *others = ends
    for block, j, u in others:
        for mine, its in zip(block[:3], first[:3], strict=True):
            mine[j, u] = its[i, t]


def _dataset_cases(rng: np.random.Generator) -> list[Case]:
    plan = [(FIRST, ([4] * 3,)), (FIRST, ([6] * 2,))]
    plan += [(PADDED, ([5, 2, 3],)), (PADDED, ([6, 1, 4, 6],))]
    plan += [(GROWS, ([3, 5], [4, 2, 4])), (GROWS, ([4, 1, 3], [2, 2], [5, 3, 4]))]
    cases = []
    for part, batches in plan:
        blocks = tuple(_batch(rng, lengths, 5, 3) for lengths in batches)
        _ending_alike(blocks)
        cases.append(Case(part, (blocks, float(rng.uniform(0.6, 0.85)))))
    return cases


def _columns(given: Any) -> list[Array]:
    """(s, a, R) as arrays; states and actions are whole numbers."""
    try:
        rows = [
            np.array(unwrapped(x), dtype=np.float64).ravel()
            for x in _pair(given, ("s", "a", "R"), THREE)
        ]
    except (TypeError, ValueError) as error:
        raise (error if isinstance(error, Misfit) else Misfit(THREE)) from None
    sizes = [len(row) for row in rows]
    if len(set(sizes)) != 1:
        raise Misfit(
            f"Your s, a and R have the lengths {sizes[0]}, {sizes[1]} and {sizes[2]}. {THREE}"
        )
    for name, row in zip("sa", rows, strict=False):
        if not np.array_equal(row, np.round(row)):
            raise Misfit(f"Your {name} has entries that are not whole. {THREE}")
    return [rows[0].astype(np.int64), rows[1].astype(np.int64), rows[2]]


def _call_dataset(answer: Callable, blocks: Sequence[Batch], gamma: float) -> dict[str, Any]:
    """D after all batches; each D goes in again."""
    D: Any = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))
    for block in blocks:
        given = answer(D, *block, gamma)
        if given is None:
            return {"value": None}
        D = tuple(_columns(given))
    return {"value": np.stack(D, axis=1)}


# ---------------------------------------------------------------- 2  the fit of V

FEATURES, TABLE, FREE = (
    "features",
    "a table, not all states seen",
    "features that say the same twice",
)


def _returns(rng: np.random.Generator, s: Int[Array, "n"]) -> Float[Array, "n"]:
    """Of which some are jackpots: neither their median nor their sum looks like their mean.

    Two of the state that comes most often are equal: both count.
    """
    R = rng.normal(4.0, 2.0, len(s)) + 15.0 * (rng.random(len(s)) < 0.25)
    first, second = np.flatnonzero(s == np.bincount(s).argmax())[:2]
    R[second] = R[first]
    return R


def _visits(rng: np.random.Generator, counts: Any) -> Int[Array, "n"]:
    """State k comes counts[k] times, in any order."""
    return rng.permutation(np.repeat(np.arange(len(counts)), counts))


def _value_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for states, features in ((5, 2), (7, 3)):
        while True:  # some states are seen often, some once, one never
            x = rng.normal(0.5, 1.0, (states, features))
            counts = rng.permutation(np.append([0, 1, 6], rng.integers(1, 4, states - 3)))
            seen = x[np.repeat(np.arange(states), counts)]
            if np.linalg.cond(seen) < 6:
                break
        s = _visits(rng, counts)
        cases.append(Case(FEATURES, (x, s, _returns(rng, s))))
    for counts in ([3, 0, 1, 5], [0, 2, 4, 0, 6]):
        s = _visits(rng, rng.permutation(counts))
        cases.append(Case(TABLE, (np.eye(len(counts)), s, _returns(rng, s))))
    while True:  # the third feature is the sum of the two others
        two = rng.integers(-4, 5, (6, 2)) / 2.0
        if np.linalg.cond(two) < 4 and len(np.unique(two, axis=0)) == 6:
            break
    s = _visits(rng, rng.permutation([2, 3, 1, 5, 2, 1]))
    cases.append(Case(FREE, (np.column_stack([two, two.sum(axis=1)]), s, _returns(rng, s))))
    while True:  # more features than states that were seen
        x = rng.normal(0.5, 1.0, (5, 4))
        if np.linalg.cond(x[[1, 3]]) < 4:
            break
    s = _visits(rng, [0, 4, 0, 3, 0])
    cases.append(Case(FREE, (x, s, _returns(rng, s))))
    return cases


# ---------------------------------------------------------------- 3  the weights

PLAIN, CLIP, NORMALISED, TINY = "exp(A/β)", "clip", "normalised", "tiny β"


def _advantages(rng: np.random.Generator, shape: int | tuple[int, ...]) -> Array:
    """Of either sign, never 0, and a few large ones; their mean is not 0."""
    size = int(np.prod(shape))
    adv = rng.uniform(0.3, 2.0, size) * np.resize([-1.0, 1.0, -1.0], size)
    adv[1], adv[4] = rng.uniform(3.0, 4.0), rng.uniform(2.2, 2.8)
    return (rng.permutation(adv) + 0.3).reshape(shape)


def _beta(rng: np.random.Generator) -> float:
    """Far enough from 1 for A·β not to look like A/β."""
    return float(rng.choice([rng.uniform(0.5, 0.7), rng.uniform(1.6, 2.2)]))


def _weight_cases(rng: np.random.Generator) -> list[Case]:
    cases = [Case(PLAIN, (_advantages(rng, n), _beta(rng), None, False)) for n in (7, 12)]
    for n, clip in ((9, 3.0), (14, 6.0)):
        cases.append(Case(CLIP, (_advantages(rng, n), float(rng.uniform(0.6, 0.8)), clip, False)))
    sharp = 700.0 * np.abs(_advantages(rng, 8)) * np.resize([1.0, -1.0], 8)
    cases.append(Case(CLIP, (sharp, float(rng.uniform(0.6, 0.8)), 20.0, False)))  # exp(1000)
    for shape, clip in (((3, 6), None), ((4, 5), 2.5)):
        adv = 5.0 * _advantages(rng, shape) + 4.0 * rng.permutation(shape[0])[:, None]
        beta = _beta(rng) if clip is None else float(rng.uniform(0.5, 0.7))
        cases.append(Case(NORMALISED, (adv, beta, clip, True)))
    for level in (900.0, -900.0, 60.0):  # too large for exp, or all too small
        beta = float(rng.uniform(0.05, 0.07)) if level == 60.0 else float(rng.uniform(0.6, 0.8))
        close = beta * rng.permutation([0.0, -0.7, -1.5, -2.2, -60.0, -3.0])
        cases.append(Case(TINY, (level + close, beta, None, False)))
    return cases


# ---------------------------------------------------------------- 4  the weighted log-likelihood

TWO = "Return two things, the value and the gradient: `return L, grad`."
HUGE = "huge logits"


def _samples(rng: np.random.Generator, states: int, actions: int, n: int):
    """(s, a, w): every state comes up, one pair thrice, twice with the same weight; weights are those of exp(A/β)."""
    while True:
        s = rng.permutation(np.append(np.arange(states), rng.integers(states, size=n - states)))
        a = rng.integers(actions, size=n)
        s[1:3], a[1:3] = s[0], a[0]
        w = np.exp(rng.normal(0.0, 0.9, n))
        w[0] = 4.0 + rng.random()
        w[2] = w[1]
        if len(np.unique(s)) == states:
            return s, a, w


def _likelihood_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for states, actions, n in ((3, 2, 6), (4, 3, 11)):
        theta = rng.normal(0.0, 1.2, (states, actions))
        cases.append(Case("both", (theta, *_samples(rng, states, actions, n))))
    for size in (1000.0, -1000.0):
        theta = rng.normal(0.0, 1.2, (3, 3))
        theta[0] += size
        theta[1] += rng.permutation([size, 0.0, 0.0])
        s, a, w = _samples(rng, 3, 3, 8)
        rare = np.flatnonzero(s == 1)[0]
        a[rare] = theta[1].argmin()  # taken, though π makes it all but impossible
        cases.append(Case(HUGE, (theta, s, a, w)))
    return cases


def _call_likelihood(answer: Callable, *args: Any) -> dict[str, Any]:
    given = answer(*args)
    if given is None:
        return {"likelihood": None}
    value, gradient = _pair(given, ("value", "gradient"), TWO)
    return {"likelihood": value, "gradient": gradient}


SEEN, UNSEEN = "all states seen", "states without weight"


def _policy_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for part, states, actions, n in ((SEEN, 3, 2, 14), (SEEN, 4, 3, 24), (UNSEEN, 5, 3, 20)):
        while (
            True
        ):  # in each state two actions or more, and not equally often; some pair three times
            s, a, w = _samples(rng, states, actions, n)
            counts = np.bincount(s * actions + a, minlength=states * actions)
            rows = [row[row > 0] for row in counts.reshape(states, actions)]
            if counts.max() >= 3 and all(len(set(row)) > 1 for row in rows):
                break
        if part == UNSEEN:  # one state is never there, in another exp(A/β) has come out as 0
            never, zero = rng.permutation(states)[:2]
            w = np.where(s == zero, 0.0, w)[s != never]
            s, a = s[s != never], a[s != never]
        cases.append(Case(part, (s, a, w, states, actions)))
    return cases


# ---------------------------------------------------------------- 5  the effective sample size

EXTREME = "huge, tiny, all zero"


def _size_cases(rng: np.random.Generator) -> list[Case]:
    cases = [Case("ordinary", (np.exp(rng.normal(0.0, 1.0, n)),)) for n in (6, 15)]
    cases.append(Case("ordinary", (np.append(rng.uniform(1.0, 3.0, 5), np.zeros(3)),)))
    for scale in (1e200, 1e-200):
        cases.append(Case(EXTREME, (scale * np.exp(rng.normal(0.0, 1.0, 8)),)))
    for case in cases:  # two equal weights: both count
        case.args[0][1] = case.args[0][0]
    cases.append(Case(EXTREME, (np.zeros(5),)))
    return cases


# ---------------------------------------------------------------- 6  the loop

ONE, LOOP, LEARNS = "one iteration", "D grows, iteration by iteration", "it learns"


@dataclass(frozen=True)
class Corridor:
    """A corridor of states 0..S-1: leaving it at the far end pays `goal`, at the near end `bait`, and ends it.

    moves : [S, A], where each action goes: -1 back, 0 nowhere, 1 on; with probability `slip` it fails.
    """

    moves: Array
    start: int = 2
    goal: float = 10.0
    bait: float = 1.0
    slip: float = 0.1
    horizon: int = 10

    def roll_out(self, pi: Float[Array, "S A"], rng: np.random.Generator, episodes: int) -> Batch:
        """(s, a, r, live) of `episodes` trajectories, each [N, T], with leftovers in the padding."""
        S, A = self.moves.shape
        cumulative = np.cumsum(pi, axis=1)
        s, a, r, live = _batch(rng, [self.horizon] * episodes, S, A)
        now = np.full(episodes, self.start)
        for t in range(self.horizon):
            live[:, t] = on = (now >= 0) & (now < S)
            here = np.clip(now, 0, S - 1)
            u = rng.random(episodes) * cumulative[here, -1]
            does = np.minimum((cumulative[here] <= u[:, None]).sum(axis=1), A - 1)
            after = now + np.where(rng.random(episodes) < self.slip, 0, self.moves[here, does])
            pay = self.goal * (after == S) + self.bait * (after == -1)
            s[on, t], a[on, t], r[on, t] = here[on], does[on], pay[on]
            now = np.where(on, after, now)
        return s, a, r, live


def corridor(rng: np.random.Generator, states: int = 5, actions: int = 3) -> Corridor:
    """A corridor in which the same action means something else in each state."""
    moves = np.resize([-1, 0, 1], actions)
    return Corridor(np.stack([rng.permutation(moves) for _ in range(states)]))


def sampler(
    world: Corridor, seed: int, episodes: int = 32
) -> Callable[[Float[Array, "S A"]], Batch]:
    """`rollout(pi)` for the loop: each call gives `episodes` fresh trajectories of the policy π, [S, A]."""
    calls = 0

    def rollout(pi: Float[Array, "S A"]) -> Batch:
        nonlocal calls
        calls += 1
        return batch_of(world, as_policy(pi, world.moves.shape), seed, calls - 1, episodes)

    return rollout


def batch_of(world: Corridor, pi: Array, seed: int, call: int, episodes: int) -> Batch:
    """The trajectories that the call number `call` gives for the policy π."""
    return world.roll_out(pi, np.random.default_rng([seed, call]), episodes)


def as_policy(pi: Any, shape: tuple[int, int]) -> Float[Array, "S A"]:
    """π as an array, or a Misfit that says what is wrong with it."""
    try:
        table = np.array(unwrapped(pi), dtype=np.float64)
    except (TypeError, ValueError):
        raise Misfit("`rollout` wants a policy: an array [S, A] of probabilities π(a|s).") from None
    if table.shape != shape:
        raise Misfit(
            f"The policy has the shape {table.shape}, but it must be {shape}: π(a|s), a row for each state."
        )
    if not np.all(np.isfinite(table)):
        raise Misfit("The policy has nan or ∞ in it. Is a state without data divided by 0?")
    if table.min() < 0 or np.abs(table.sum(axis=1) - 1).max() > 1e-3:
        raise Misfit(
            "The rows of the policy are no probabilities: each π(·|s) must be ≥ 0 and sum to 1, also in a state "
            "that is not in D."
        )
    return table


def _temperatures(rng: np.random.Generator) -> tuple[float, float]:
    """(β, clip): a few weights are clipped."""
    return float(rng.uniform(1.6, 2.2)), float(rng.uniform(3.0, 5.0))


def _loop_cases(rng: np.random.Generator) -> list[Case]:
    """Worlds of several sizes and any γ: no number of the sheet's example is right for all."""
    cases = []
    for episodes, states, hidden in ((6, 5, True), (16, 6, False)):
        while True:  # the first batch finds the far end, and may miss a state at the near one
            world, seed = corridor(rng, states), int(rng.integers(2**31))
            s, _, r, live = batch_of(world, _uniform(world), seed, 0, episodes)
            unseen = len(np.unique(s[live])) < len(world.moves)
            if unseen == hidden and np.any(r[live] == world.goal):
                break
        cases.append(Case(ONE, (world, seed, episodes, _patience(rng), *_temperatures(rng), 1)))
    for episodes, actions, iterations in ((12, 3, 3), (8, 4, 7)):
        world, seed = corridor(rng, actions=actions), int(rng.integers(2**31))
        rates = _patience(rng), *_temperatures(rng)
        cases.append(Case(LOOP, (world, seed, episodes, *rates, iterations)))
    worlds = 0
    while (
        worlds < 3
    ):  # to learn in; the first batch meets the far end often enough not to need luck
        world, seed = corridor(rng), int(rng.integers(2**31))
        _, _, r, live = batch_of(world, _uniform(world), seed, 0, 32)
        if np.sum(r[live] == world.goal) >= 2:
            cases.append(Case(LEARNS, (world, seed, 32, 0.9, 0.6, 20.0, 10)))
            worlds += 1
    return cases


def _uniform(world: Corridor) -> Float[Array, "S A"]:
    return np.full(world.moves.shape, 1 / world.moves.shape[1])


def _patience(rng: np.random.Generator) -> float:
    """A γ that is neither near 1 nor near the 0.9 of the sheet."""
    return float(rng.uniform(0.7, 0.82))


def _call_loop(answer: Callable, world, seed, episodes, gamma, beta, clip, iterations):
    """Every policy that was rolled out, and the one returned. The judge rolls out again, by itself."""
    policies: list[Array] = []
    draw = sampler(world, seed, episodes)

    def rollout(pi: Any) -> Batch:
        if len(policies) > 3 * iterations:
            raise Misfit(
                f"`rollout` is called more than {3 * iterations} times for {iterations} iterations."
            )
        policies.append(as_policy(pi, world.moves.shape))
        return draw(pi)

    given = answer(rollout, *world.moves.shape, gamma, beta, clip, iterations)
    if given is None:
        return {"value": None}
    used = np.array(policies).reshape(-1, *world.moves.shape)
    return {"value": as_policy(given, world.moves.shape), "policies": used}


RETURNS = (
    "pgkit.returns:reward_to_go",
    "pgkit.returns:dataset",
    "pgkit.returns:joined",
    "pgkit.returns:gae",
    "pgkit.returns:td_error",
    "pgkit.returns:standardised",
    "pgkit.exact:future_return",
)
CRITICS = (
    "pgkit.critics:ValueTable",
    "pgkit.critics:QTable",
    "pgkit.critics:LinearValue",
    "pgkit.exact:fitted_baseline",
)
WEIGHTED = (
    "pgkit.exact:classified",
    "pgkit.exact:awr_policy",
    "pgkit.exact:awr_value",
    "pgkit.exact:effective_sample_size",
    "pgkit.algorithms.awr:AWR",
)
POLICIES = (
    "pgkit.policies:log_softmax",
    "pgkit.policies:softmax",
    "pgkit.policies:SoftmaxTable",
    "pgkit.policies:SharedSoftmax",
)

EXERCISES = {
    "add_to_dataset": Exercise(
        {FIRST: 0.25, PADDED: 0.25, GROWS: 0.5},
        _dataset_cases,
        call=_call_dataset,
        withdrawn=RETURNS,
    ),
    "value_of_dataset": Exercise(
        {FEATURES: 0.5, TABLE: 0.25, FREE: 0.25}, _value_cases, withdrawn=CRITICS
    ),
    "awr_weights": Exercise(
        {PLAIN: 0.3, CLIP: 0.3, NORMALISED: 0.2, TINY: 0.2},
        _weight_cases,
        withdrawn=(*WEIGHTED, *RETURNS),
    ),
    "weighted_log_likelihood": Exercise(
        {"value": 1 / 3, "gradient": 1 / 3, HUGE: 1 / 3},
        _likelihood_cases,
        call=_call_likelihood,
        withdrawn=POLICIES,
    ),
    "weighted_policy": Exercise(
        {SEEN: 2 / 3, UNSEEN: 1 / 3}, _policy_cases, withdrawn=(*POLICIES, *WEIGHTED)
    ),
    "effective_sample_size": Exercise(
        {"ordinary": 0.5, EXTREME: 0.5}, _size_cases, withdrawn=WEIGHTED
    ),
    "awr": Exercise(
        {ONE: 0.375, LOOP: 0.375, LEARNS: 0.25},
        _loop_cases,
        call=_call_loop,
        withdrawn=(*RETURNS, *CRITICS, *POLICIES, *WEIGHTED, "pgkit.run:Run"),
    ),
}
