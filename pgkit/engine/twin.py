"""The kernels' twin in numpy: the same draws, the same trajectories, the same values to rounding.

It serves until the compiled kernels are ready, and wherever numba cannot run. All lanes (trajectories
of all runs) step together. A world's tables are repeated for every run, so that one index, the row
b·S + s or the cell R·a + b·S + s of the R = B·S rows, finds everything.
"""

from __future__ import annotations

import numpy as np

from pgkit.draws import GOLDEN, Draws, mix
from pgkit.engine.flat import Tables
from pgkit.policies import softmax
from pgkit.types import Array, Bool, Float, Int, UInt32, UInt64

_FEWER = 0.8  # lanes are packed together when fewer than this part of them is alive


def train(
    tables: Tables,
    theta: Float[Array, "B S A"],
    start: UInt32[Array, "S-1"],
    keys: UInt64[Array, "B"],
    first: int,
    iterations: int,
    *,
    alpha: float,
    gamma: float,
    horizon: int,
    episodes: int,
) -> tuple[Float[Array, "B S A"], Float[Array, "iterations B"], int]:
    """REINFORCE; see pgkit.engine.train.  start: the thresholds of the start distribution."""
    runs, states, actions = theta.shape
    logits = np.ascontiguousarray(theta.reshape(runs * states, actions).T)  # [A, R]
    base = np.arange(runs)[:, None] * states  # a run's first row
    next_row = (base + tables.next_state.T[:, None, :]).ravel()
    reward, live = np.tile(tables.reward.T, runs).ravel(), np.tile(~tables.terminal, runs)
    mean_return, moves = np.empty((iterations, runs)), 0
    cells = np.empty(runs * episodes * horizon, dtype=np.int64)
    q_hat = np.empty(runs * episodes * horizon)

    for k in range(iterations):
        probs, limits = _policy(logits)
        draws = Draws(keys, first + k)
        rows = np.searchsorted(start, draws.starts(episodes), side="right") + base  # [B, N]
        steps, packed, more = _roll_out(
            draws, rows.ravel(), limits, next_row, live, cells, horizon, episodes
        )
        moves += more
        q0 = _reward_to_go(steps, packed, reward, gamma, cells, q_hat)
        mean_return[k] = q0.reshape(runs, episodes).mean(axis=-1)

        end = steps[-1].stop if steps else 0
        taken = np.bincount(cells[:end], q_hat[:end], logits.size).reshape(logits.shape)
        probs *= _sum(taken)
        taken -= probs  # Σ q̂·(onehot(a) - π)
        taken *= alpha / episodes
        logits += taken
    return np.ascontiguousarray(logits.T).reshape(theta.shape), mean_return, moves


def _sum(x: Float[Array, "A R"]) -> Float[Array, "R"]:
    """The sum over actions, row by row: quicker than x.sum(axis=0) for a few long rows."""
    total = x[0].copy()
    for more in x[1:]:
        total += more
    return total


def _policy(logits: Float[Array, "A R"]) -> tuple[Float[Array, "A R"], UInt32[Array, "A-1 R"]]:
    """π, and its 32-bit thresholds."""
    probs = logits - logits.max(axis=0)
    np.exp(probs, out=probs)
    probs /= _sum(probs)
    limits = np.empty((len(logits) - 1, logits.shape[1]), dtype=np.uint32)
    below = np.zeros(logits.shape[1])
    for a, limit in enumerate(limits):
        below += probs[a]
        limit[:] = np.minimum(below * 2.0**32, 2.0**32 - 1)
    return probs, limits


def _roll_out(
    draws: Draws,
    rows: Int[Array, "L"],
    limits: UInt32[Array, "A-1 R"],
    next_row: Int[Array, "AR"],
    live: Bool[Array, "R"],
    cells: Int[Array, "n"],
    horizon: int,
    episodes: int,
) -> tuple[list[slice], dict[int, tuple[int, Array]], int]:
    """Write down the cells of all steps.

    Returns where the steps of each time lie in `cells`, and for each time before which ended lanes
    were left out: (how many lanes there were, which stayed); last, how many steps were taken by lanes
    that had not ended.
    """
    run, lane = np.divmod(np.arange(len(rows)), episodes)
    counter = np.uint64(draws.iteration << 32) + (lane.astype(np.uint64) << np.uint64(16))
    word_0 = draws.keys[run] + GOLDEN * counter
    endless = live.all()
    steps: list[slice] = []
    packed: dict[int, tuple[int, Array]] = {}
    end = moves = 0
    for t in range(horizon):
        if t % 2 == 0:
            if not endless or t == 0:
                alive = live.take(rows)
                if t == 0 or np.count_nonzero(alive) < _FEWER * len(rows):
                    packed[t] = (len(rows), np.flatnonzero(alive))
                    rows, word_0 = rows[alive], word_0[alive]
                    limit, below = np.empty(len(rows), np.uint32), np.empty(len(rows), bool)
            if len(rows) == 0:
                break
            with np.errstate(over="ignore"):  # the product of two scalars would warn
                low_high = mix(word_0 + GOLDEN * np.uint64(1 + t // 2)).view(
                    np.uint32
                )  # the low half first
        moves += len(rows) if endless else int(np.count_nonzero(live.take(rows)))
        u = low_high[t % 2 :: 2].copy()
        action = np.zeros(len(rows), np.min_scalar_type(len(limits)))
        for limits_of_a in limits:
            limits_of_a.take(rows, out=limit, mode="wrap")  # "raise" would buffer
            np.less_equal(limit, u, out=below)
            action += below.view(np.uint8)
        here = slice(end, end + len(rows))
        end = here.stop
        cell = np.multiply(action, len(live), out=cells[here], dtype=np.int64)
        cell += rows
        rows = next_row.take(cell)
        steps.append(here)
    return steps, packed, moves


def _reward_to_go(
    steps: list[slice],
    packed: dict[int, tuple[int, Array]],
    reward: Float[Array, "AR"],
    gamma: float,
    cells: Int[Array, "n"],
    q_hat: Float[Array, "n"],
) -> Float[Array, "L"]:
    """Q̂ of every step, into q_hat; returns Q̂_0 of every lane, 0 for one that never began."""
    end = steps[-1].stop if steps else 0
    reward.take(cells[:end], out=q_hat[:end], mode="wrap")
    ended = len(steps) in packed
    q = np.zeros(0 if ended or not steps else steps[-1].stop - steps[-1].start)
    for t in reversed(range(len(steps) + 1)):
        if t < len(steps):
            q *= gamma
            q += q_hat[steps[t]]
            q_hat[steps[t]] = q
        if t in packed:
            lanes, stayed = packed[t]
            before = np.zeros(lanes)
            before[stayed] = q
            q = before
    return q


# ---------------------------------------------------------------- exact values


def _policies_last(theta: Float[Array, "B S A"]) -> Float[Array, "SA B"]:
    return np.ascontiguousarray(softmax(theta).reshape(len(theta), -1).T)


class _Flow:
    """One step of the policies' mass [S, B], with the sums over arriving cells as one reduceat."""

    def __init__(self, tables: Tables, probs: Float[Array, "SA B"]) -> None:
        live = np.flatnonzero(np.repeat(~tables.terminal, tables.n_actions))
        to = tables.next_state.ravel()[live]
        order = np.argsort(to, kind="stable")
        self.came_from = live[order] // tables.n_actions
        self.probs = probs[live[order]]
        self.to, self.begins = np.unique(to[order], return_index=True)

    def push(self, mass: Float[Array, "S B"]) -> Float[Array, "S B"]:
        after = np.zeros(mass.shape)
        if len(self.to):
            after[self.to] = np.add.reduceat(self.probs * mass[self.came_from], self.begins, axis=0)
        return after


def evaluate(
    tables: Tables,
    theta: Float[Array, "B S A"],
    start: Float[Array, "S"],
    gamma: float,
    horizon: int,
) -> tuple[Float[Array, "B"], Float[Array, "B S"], Float[Array, "B S"]]:
    """(J, occupancy, absorbed); see pgkit.engine.evaluate."""
    probs = _policies_last(theta)
    flow = _Flow(tables, probs)
    pay = (probs * tables.reward.reshape(-1, 1)).reshape(tables.n_states, tables.n_actions, -1)
    mass = np.where(tables.terminal, 0.0, start)[:, None] * np.ones(len(theta))
    visits, ended = np.zeros(mass.shape), np.zeros(mass.shape)
    for t in range(horizon):
        visits += gamma**t * mass
        mass = flow.push(mass)
        ended += np.where(tables.terminal[:, None], mass, 0.0)
        mass[tables.terminal] = 0.0
    value = (visits * pay.sum(axis=1)).sum(axis=0)
    return value, np.ascontiguousarray(visits.T), np.ascontiguousarray(ended.T)


def gradient(
    tables: Tables,
    theta: Float[Array, "B S A"],
    start: Float[Array, "S"],
    gamma: float,
    horizon: int,
) -> tuple[Float[Array, "B"], Float[Array, "B S A"]]:
    """(J, ∂J/∂θ); see pgkit.engine.gradient."""
    probs = _policies_last(theta)
    flow = _Flow(tables, probs)
    shape = (tables.n_states, tables.n_actions, len(theta))
    table = probs.reshape(shape)
    start = np.where(tables.terminal, 0.0, start)
    v = np.zeros((horizon + 1, tables.n_states, len(theta)))  # with 0, 1, ... T steps to go

    def q(k):  # with k + 1 steps to go
        return tables.reward[..., None] + gamma * v[k][tables.next_state]

    for k in range(horizon):
        v[k + 1] = (table * q(k)).sum(axis=1)
    mass, direct = start[:, None] * np.ones(len(theta)), np.zeros(shape)
    for t in range(horizon):
        direct += gamma**t * mass[:, None] * q(horizon - 1 - t)
        mass = flow.push(mass)
        mass[tables.terminal] = 0.0
    grad = table * (direct - (table * direct).sum(axis=1, keepdims=True))
    return start @ v[-1], np.ascontiguousarray(np.moveaxis(grad, -1, 0))
