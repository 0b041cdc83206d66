"""Every trajectory of a small world, written down: expectations over trajectories become plain sums.

Finite horizon throughout. Paths are numbered m = 1..M and have the same arrays as a rollout; what a
policy adds is their probability, p(τ) = start(s_0) Π_t π(a_t|s_t) P(s_{t+1}, r_t | s_t, a_t).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgkit.types import Array, Bool, Float, Int
from pgkit.worlds.world import World

LIMIT = 1_000_000  # trajectories: a few hundred megabytes at T = 10


@dataclass(frozen=True)
class Paths:
    """All trajectories of horizon T.  After the end of an episode live is False, a = 0, r = 0.

    s      Int [M, T]     states; the terminal one repeats after the end
    a      Int [M, T]     actions
    r      Float [M, T]   rewards
    live   Bool [M, T]    the step was taken
    chance Float [M]      the world's part of the probability: start and outcomes, without the policy

    The state after the last step is summed out, unless the reward depends on it.
    """

    s: Int[Array, "M T"]
    a: Int[Array, "M T"]
    r: Float[Array, "M T"]
    live: Bool[Array, "M T"]
    chance: Float[Array, "M"]

    @property
    def t(self) -> Int[Array, "T"]:
        """The times 0..T-1."""
        return np.arange(self.s.shape[1])


@dataclass(frozen=True)
class _Branches:
    """What can happen in one step, row after row, those of one state together."""

    a: Array
    r: Array
    p: Array
    s_next: Array
    first: Array  # [S] the first row of each state
    count: Array  # [S] how many rows it has


def _branches(world: World, last: bool) -> _Branches:
    """Outcomes of the same action that lead to the same state and pay the same are one branch."""
    rows, count = [], []
    for s in range(world.n_states):
        merged: dict[tuple[int, float, int], float] = {}
        for a, o in np.ndindex(world.prob.shape[1:]):
            if world.terminal[s]:
                merged[0, 0.0, s] = 1.0
            elif world.prob[s, a, o] > 0:
                s_next = s if last else int(world.next_state[s, a, o])
                branch = (a, float(world.reward[s, a, o]), s_next)
                merged[branch] = merged.get(branch, 0.0) + world.prob[s, a, o]
        rows += [(*branch, p) for branch, p in merged.items()]
        count.append(len(merged))
    a, r, s_next, p = (np.array(column) for column in zip(*rows, strict=True))
    return _Branches(a, r, p, s_next, np.cumsum(count) - count, np.array(count))


def count_paths(world: World, horizon: int, start: Float[Array, "S"] | None = None) -> int:
    """M, without writing them down.  Finite horizon."""
    ahead, middle = np.ones(world.n_states, dtype=object), _branches(world, last=False)
    for t in reversed(range(horizon)):
        branches = _branches(world, last=True) if t == horizon - 1 else middle
        ahead = np.add.reduceat(ahead[branches.s_next], branches.first)
    return int(sum(ahead[(world.start if start is None else start) > 0]))


def paths(
    world: World, horizon: int, start: Float[Array, "S"] | None = None, *, limit: int = LIMIT
) -> Paths:
    """All trajectories of at most T = `horizon` steps from `start` (the nominal one unless given).

    Raises ValueError for a horizon below 1, or when there are more than `limit`.
    """
    if horizon < 1:
        raise ValueError(
            f"horizon = {horizon}, but a trajectory has at least one step: horizon ≥ 1"
        )
    total = count_paths(world, horizon, start)
    if total > limit:
        raise ValueError(
            f"horizon = {horizon}, but {world.name} has {total:,} trajectories that long and at most"
            f" {limit:,} are enumerated; take a shorter horizon or a smaller world, or raise limit"
        )
    start = world.start if start is None else start
    now = np.flatnonzero(start > 0)
    chance, steps = start[now], []
    middle = _branches(world, last=False)
    for t in range(horizon):
        branches = _branches(world, last=True) if t == horizon - 1 else middle
        many = branches.count[now]
        parent = np.repeat(np.arange(len(now)), many)
        before = np.cumsum(many) - many  # children of the paths before
        row = branches.first[now[parent]] + np.arange(len(parent)) - before[parent]
        steps = [[x[parent] for x in step] for step in steps]
        steps.append([now[parent], branches.a[row], branches.r[row]])
        chance, now = chance[parent] * branches.p[row], branches.s_next[row]
    s, a, r = (np.stack(x, axis=-1) for x in zip(*steps, strict=True))
    return Paths(s, a, r, ~world.terminal[s], chance)


def path_probability(tau: Paths, probs: Float[Array, "... S A"]) -> Float[Array, "... M"]:
    """p(τ) of every path under each policy.  Sums to 1."""
    taken = np.where(tau.live, probs[..., tau.s, tau.a], 1.0)  # [..., M, T]
    return tau.chance * taken.prod(axis=-1)


def path_scores(tau: Paths, psi: Float[Array, "S A P"]) -> Float[Array, "M T P"]:
    """∇ log π(a_t|s_t) along every path, for the score table psi; 0 after the end."""
    return np.where(tau.live[..., None], psi[tau.s, tau.a], 0.0)
