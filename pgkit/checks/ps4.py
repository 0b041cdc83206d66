"""Problem set 4: inputs and probes. Nothing here knows an answer."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from pgkit.check import Case, Exercise, Misfit, unwrapped
from pgkit.types import Array, Bool, Float, Int

LIVE, PADDED = "all steps live", "unequal lengths"
EVERY = "all trajectories"
SWEEPS = 500  # of the TD update over one batch: far more than it needs to come to rest


# ---------------------------------------------------------------- batches of padded trajectories


def _skewed(rng: np.random.Generator, shape: int | tuple[int, ...]) -> Array:
    """Returns of which some are jackpots: neither their median nor their sum looks like their mean."""
    return rng.normal(3.0, 2.0, shape) + 15.0 * (rng.random(shape) < 0.25)


def _table(rng: np.random.Generator, shape: int | tuple[int, ...]) -> Array:
    """Values of either sign and none near 0."""
    return rng.uniform(1.0, 5.0, shape) * rng.choice([-1.0, 1.0], shape)


def _live(lengths: list[int], horizon: int) -> Bool[Array, "N T"]:
    return np.arange(horizon) < np.array(lengths)[:, None]


def _batch(
    rng: np.random.Generator, states: int, lengths: list[int]
) -> tuple[Int[Array, "N T"], Float[Array, "N T"], Bool[Array, "N T"]]:
    """(s, q_hat, live) of trajectories of these lengths in any order; where live is False lie leftovers."""
    live = _live(list(rng.permutation(lengths)), max(lengths))
    return rng.integers(states, size=live.shape), _skewed(rng, live.shape), live


# ---------------------------------------------------------------- 1  the fit of V


SEEN, UNSEEN = "all states seen", "states without data"


def _twice(q_hat: Array, cell: Array) -> None:
    """Two Q̂ of a cell of three or more become equal: both count."""
    first, second = np.argwhere(cell)[:2]
    q_hat[tuple(second)] = q_hat[tuple(first)]


def _fit_cases(rng: np.random.Generator) -> list[Case]:
    """A Q̂ comes twice. Where states lack data, the last is among them, and another has one datum: a Q̂ of 0."""
    plan = [(SEEN, rng.permutation(counts)) for counts in ([3, 1, 4, 2], [2, 5, 1])]
    plan += [(UNSEEN, np.array(counts)) for counts in ([3, 0, 2, 1, 0], [5, 1, 0])]
    cases = []
    for part, counts in plan:
        s = rng.permutation(np.repeat(np.arange(len(counts)), counts))
        q_hat = _skewed(rng, len(s))
        _twice(q_hat, s == np.argmax(counts))
        if part == UNSEEN:
            q_hat[s == np.argmin(np.abs(counts - 1))] = 0.0
        cases.append(Case(part, (_table(rng, len(counts)), s, q_hat)))
    return cases


def _clock_cases(rng: np.random.Generator) -> list[Case]:
    """Live: each state is met at each time. Padded: some cells have no data, some one datum, a Q̂ of 0.

    Some have three or more, two of them equal; and at some time the last state lacks data.
    """
    cases = []
    for part, states, lengths in (
        (LIVE, 2, [3] * 7),
        (LIVE, 3, [2] * 9),
        (PADDED, 3, [4, 4, 4, 3, 2, 1, 4]),
        (PADDED, 2, [1, 3, 5, 3, 3]),
    ):
        while True:
            s, q_hat, live = _batch(rng, states, lengths)
            cells = np.stack([live & (s == x) for x in range(states)])
            seen = cells.sum(axis=1)  # [S, T]
            if seen.max() >= 3 and (seen.min() > 0 if part == LIVE else _gaps(seen)):
                break
        x, t = np.unravel_index(np.argmax(seen), seen.shape)
        _twice(q_hat[:, t], cells[x, :, t])
        if part == PADDED:
            x, t = np.argwhere(seen == 1)[0]
            q_hat[cells[x, :, t], t] = 0.0
        cases.append(Case(part, (_table(rng, (max(lengths), states)), s, q_hat, live)))
    return cases


def _gaps(seen: Array) -> bool:
    return bool(seen[-1].min() == 0 and (seen == 1).any())


# ---------------------------------------------------------------- 2  the advantage


def _advantage_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for part, states, lengths in (
        (LIVE, 2, [4] * 3),
        (LIVE, 5, [3] * 4),
        (PADDED, 3, [5, 2, 4, 1]),
        (PADDED, 4, [3, 6, 2]),
    ):
        s, q_hat, live = _batch(rng, states, lengths)
        v = 4.0 + 1.5 * _table(rng, (max(lengths), states))  # some steps are better, some worse
        cases.append(Case(part, (q_hat, s, live, v)))
    return cases


# ---------------------------------------------------------------- 3  the gradient with a baseline


def all_trajectories(
    rng: np.random.Generator, states: int = 2, actions: int = 2, horizon: int = 3
) -> tuple[Array, Array, Array, Array]:
    """(s, a, q_hat, chance) of every trajectory of a random world, [M, T] and [M].

    chance is the world's part of the probability, start(s_0) Π P(s_{t+1}|s_t, a_t): the policy's is missing.
    The state after the last step is summed out. Rewards lie near 4, so that a baseline matters; γ = 1.
    """
    start = rng.dirichlet(np.full(states, 5.0))
    prob = rng.dirichlet(np.full(states, 3.0), (states, actions))
    reward = 4.0 + rng.normal(0.0, 1.5, (states, actions))
    s, a = (np.array(list(itertools.product(range(n), repeat=horizon))) for n in (states, actions))
    s, a = np.repeat(s, len(a), axis=0), np.tile(a, (len(s), 1))
    chance = start[s[:, 0]] * prob[s[:, :-1], a[:, :-1], s[:, 1:]].prod(axis=1)
    return s, a, np.cumsum(reward[s, a][:, ::-1], axis=1)[:, ::-1].copy(), chance


def _gradient_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for part, states, actions, lengths in (
        (LIVE, 2, 2, [5] * 3),
        (LIVE, 4, 3, [6] * 4),
        (PADDED, 3, 2, [5, 2, 4]),
        (PADDED, 3, 3, [6, 1, 3, 4]),
    ):
        s, q_hat, live = _batch(rng, states, lengths)
        s[:, 1] = s[:, 0]  # a state comes twice
        theta = rng.normal(0.0, 1.0, (states, actions))
        b = 4.0 + 1.5 * _table(rng, (max(lengths), states))
        a = rng.integers(actions, size=s.shape)
        cases.append(Case(part, (theta, s, a, q_hat, live, b)))
    for spread in (1.0, 6.0):  # a baseline near the returns, and one far off
        s, a, q_hat, chance = all_trajectories(rng)
        theta = rng.normal(0.0, 0.7, (2, 2))
        b = q_hat.mean(axis=0)[:, None] + rng.uniform(0.4, 1.0, (3, 2)) * spread * [1.0, -1.0]
        live = np.ones(s.shape, dtype=bool)
        cases.append(Case(EVERY, (theta, s, a, q_hat, live, b, chance)))
    return cases


def _call_gradient(answer: Callable, theta, s, a, q_hat, live, b, chance=None) -> dict[str, Any]:
    """The estimate of the batch; or those of all trajectories, one by one."""
    if chance is None:
        return {"value": answer(theta, s, a, q_hat, live, b)}
    estimates = []
    for m in range(len(s)):
        given = answer(theta.copy(), *(x[m : m + 1].copy() for x in (s, a, q_hat, live)), b.copy())
        if given is None:
            return {"value": None}
        estimates.append(np.array(unwrapped(given), dtype=np.float64))
        if estimates[-1].shape != theta.shape:
            raise Misfit(
                f"For one trajectory your estimate has the shape {estimates[-1].shape}; it must have that of "
                f"theta, {theta.shape}."
            )
    return {"value": np.stack(estimates)}


# ---------------------------------------------------------------- 4  leave one out

ALONE = "nobody else"


def _others_cases(rng: np.random.Generator) -> list[Case]:
    plan = [(LIVE, [3] * 5), (LIVE, [5] * 3)]
    plan += [(PADDED, [4, 4, 4, 2, 3]), (PADDED, [2, 5, 5, 5])]
    plan += [(ALONE, [4]), (ALONE, [5, 2, 2, 2])]
    cases = []
    for part, lengths in plan:
        _, q_hat, live = _batch(rng, 1, lengths)
        q_hat[:2, 0] = q_hat[0, 0]  # two trajectories got the same: both count
        cases.append(Case(part, (q_hat, live)))
    return cases


# ---------------------------------------------------------------- 5, 6  Monte Carlo and TD


def _rewards(rng: np.random.Generator, steps: int) -> Array:
    """None is 0, and one is large."""
    r = _table(rng, steps)
    r[rng.integers(1, steps)] += 9.0
    return r


def _rates(rng: np.random.Generator) -> tuple[float, float]:
    """γ and α."""
    return float(rng.uniform(0.6, 0.85)), float(rng.uniform(0.15, 0.4))


ONCE, AGAIN = "each state once", "states again"


def _monte_carlo_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for part, states, pattern in (
        (ONCE, 7, [0, 1, 2, 3, 4]),
        (ONCE, 5, [0, 1, 2]),
        (AGAIN, 4, [0, 1, 0, 2, 0, 1]),
        (AGAIN, 5, [0, 1, 1, 2, 3, 2, 0]),
    ):
        s = rng.permutation(states)[pattern]
        cases.append(Case(part, (_table(rng, states), s, _rewards(rng, len(s)), *_rates(rng))))
    return cases


GO_ON, ENDS, MANY = "steps that go on", "terminated and truncated", "many sweeps"


def _td_cases(rng: np.random.Generator) -> list[Case]:
    """The last state is the end; its entry in v means nothing. Another state is never left in the batch.

    One step terminates in a state to which other steps go on: the step decides, not the state.
    """
    plan = [(GO_ON, 8, 0), (GO_ON, 10, 0), (ENDS, 9, 2), (ENDS, 8, 3), (MANY, 12, 3)]
    cases = []
    for part, n, ends in plan:
        states, order = 6, rng.permutation(n)
        others = rng.integers(4, size=n - 4) if part != MANY else np.arange(n - 4) % 4
        s = np.append([0, 1, 2, 3], others)[rng.permutation(n)]
        s_next = rng.integers(4, size=n)
        s_next[order[-1]] = 4
        clash = s_next == s
        s_next[clash] = (s[clash] + 1) % 4
        terminated, truncated = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        terminated[order[:ends]] = True
        truncated[order[ends : 2 * ends]] = True
        s_next[terminated] = states - 1
        if ends:
            common = s_next[~terminated]
            s_next[order[0]] = rng.choice(common[common != s[order[0]]])
        rates = (*_rates(rng), 1)  # γ, α and the number of sweeps
        if part == MANY:
            rates = (float(rng.uniform(0.5, 0.7)), 0.9 / np.bincount(s).max(), SWEEPS)
        v = _table(rng, states)
        cases.append(Case(part, (v, s, _rewards(rng, n), s_next, terminated, truncated, *rates)))
    return cases


def _call_td(answer: Callable, v, s, r, s_next, terminated, truncated, gamma, alpha, sweeps):
    """The table after so many updates from the same batch."""
    for _ in range(sweeps):
        batch = (x.copy() for x in (s, r, s_next, terminated, truncated))
        given = answer(v, *batch, gamma, alpha)
        if given is None:
            return {"value": None}
        if sweeps == 1:
            return {"value": given}
        new = np.array(unwrapped(given), dtype=np.float64)
        if new.shape != v.shape:
            raise Misfit(f"The shape is {new.shape}, but it must be that of v, {v.shape}.")
        v = new
    return {"value": v}


CRITICS = (
    "pgkit.critics:ValueTable",
    "pgkit.critics:QTable",
    "pgkit.critics:LinearValue",
    "pgkit.critics:_cell_means",
    "pgkit.critics:_fit_table",
    "pgkit.exact:batch_monte_carlo",
    "pgkit.exact:batch_td",
    "pgkit.exact:fitted_baseline",
    "pgkit.exact:optimal_baseline",
)
RETURNS = (
    "pgkit.returns:leave_one_out",
    "pgkit.returns:reward_to_go",
    "pgkit.returns:td_error",
    "pgkit.returns:gae",
    "pgkit.returns:standardised",
    "pgkit.exact:future_return",
    "pgkit.exact:advantage_estimate",
    "pgkit.exact.estimators:_later",
)
GRADIENTS = (
    "pgkit.policies:SoftmaxTable",
    "pgkit.policies:SharedSoftmax",
    "pgkit.exact:path_scores",
    "pgkit.exact:softmax_scores",
    "pgkit.exact:feature_scores",
    "pgkit.exact:weighted_score",
)

EXERCISES = {
    "fit_value": Exercise({SEEN: 2 / 3, UNSEEN: 1 / 3}, _fit_cases, withdrawn=CRITICS),
    "fit_value_clock": Exercise({LIVE: 0.5, PADDED: 0.5}, _clock_cases, withdrawn=CRITICS),
    "advantage": Exercise(
        {LIVE: 2 / 3, PADDED: 1 / 3}, _advantage_cases, withdrawn=(*CRITICS, *RETURNS)
    ),
    "baseline_gradient": Exercise(
        {LIVE: 1 / 3, PADDED: 1 / 6, EVERY: 0.5},
        _gradient_cases,
        call=_call_gradient,
        withdrawn=(*GRADIENTS, *RETURNS),
    ),
    "leave_one_out": Exercise(
        {LIVE: 0.5, PADDED: 0.25, ALONE: 0.25}, _others_cases, withdrawn=RETURNS
    ),
    "monte_carlo_update": Exercise(
        {ONCE: 0.5, AGAIN: 0.5},
        _monte_carlo_cases,
        withdrawn=(*CRITICS, *RETURNS),
    ),
    "td_update": Exercise(
        {GO_ON: 0.375, ENDS: 0.375, MANY: 0.25},
        _td_cases,
        call=_call_td,
        withdrawn=(*CRITICS, *RETURNS),
    ),
}
