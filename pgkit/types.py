"""The two things that travel: Trajectories (what a rollout returns) and Dataset (what is learned from).

Axes, always in this order:  B runs (independent seeds) · N trajectories · T time · S states · A actions ·
n = N·T samples of one run · F features of a state · K numbers in a continuous action.  A batch of runs
is the leading axis of everything that learns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped, UInt32, UInt64

Array = np.ndarray

__all__ = [
    "Array",
    "Bool",
    "Dataset",
    "Float",
    "Info",
    "Int",
    "Shaped",
    "State",
    "Trajectories",
    "UInt32",
    "UInt64",
    "alike",
]


@dataclass(frozen=True)
class Trajectories:
    """What a rollout returns.  Steps after the end of an episode are padding: `live` is False, r is 0.

    s, s_next   Int [B, N, T]     states of a finite world, before and after the step
                Float [B, N, T, F]  or what is observed of them
    a           Int [B, N, T]     actions; continuous ones Float [B, N, T, K]
    r           Float [B, N, T]   reward of (s_t, a_t)
    terminated  Bool [B, N, T]    the step ended the episode: nothing follows, V(s_next) = 0
    truncated   Bool [B, N, T]    the step was the last one seen of an episode that had not ended: horizon,
                                  time limit or end of the rollout; a critic bootstraps from s_next
    live        Bool [B, N, T]    the step was taken (not padding)
    t           Int [B, N, T]     time within the step's own episode, from 0
    """

    s: Shaped[Array, "B N T *F"]
    a: Shaped[Array, "B N T *K"]
    r: Float[Array, "B N T"]
    s_next: Shaped[Array, "B N T *F"]
    terminated: Bool[Array, "B N T"]
    truncated: Bool[Array, "B N T"]
    live: Bool[Array, "B N T"]
    t: Int[Array, "B N T"]


@dataclass(frozen=True)
class Dataset:
    """D = (s_1, a_1, Q̂_1, s_2, a_2, Q̂_2, ...): the steps of N trajectories laid in a row, n = N·T.

    Padding keeps its place and carries live = False; every mean over D is a sum over the live steps
    divided by the number of trajectories. q_hat is what the algorithm takes for the return of (s, a):
    the reward-to-go, or the reward alone where it bootstraps from single steps. What follows `episodes`
    is there when D was made from a rollout (pgkit.returns.dataset); data points that somebody gave need
    only the first five.
    """

    s: Shaped[Array, "B n *F"]
    a: Shaped[Array, "B n *K"]
    q_hat: Float[Array, "B n"]
    live: Bool[Array, "B n"]
    episodes: int
    r: Any = None
    s_next: Any = None
    terminated: Any = None
    truncated: Any = None
    t: Any = None


@dataclass(frozen=True)
class State:
    """What learning changes; old states stay valid when new ones are made.

    theta    policy parameters [B, ...]
    phi      critic parameters, whatever the critic keeps
    moments  what an optimiser remembers (Adam), or None
    memory   data kept from earlier iterations (replay, demonstrations), or None
    at       where worlds that go on from one iteration to the next stand, or None
    """

    theta: Any
    phi: Any = None
    moments: Any = None
    memory: Any = None
    at: Any = None


@dataclass(frozen=True)
class Info:
    """What one iteration saw on the way: its trajectories, its dataset, its gradient [B, ...].

    Where a step is not a gradient's (AWR, a table of values), grad is the change itself.
    """

    tau: Trajectories
    D: Dataset
    grad: Any


def some(value: Any, runs: slice, of: int) -> Any:
    """The same value for some of its `of` runs: the rows of every array that has one for each run.

    What keeps its arrays in another way has a method `some(runs)`.
    """
    if hasattr(value, "some"):
        return value.some(runs)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{f.name: some(getattr(value, f.name), runs, of) for f in fields(value)}
        )
    if isinstance(value, Mapping):
        return {name: some(each, runs, of) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(some(each, runs, of) for each in value)
    if isinstance(value, np.ndarray) and value.shape[:1] == (of,):
        return value[runs]
    return value


def alike(one: Any, other: Any) -> bool:
    """Whether two values are equal, dataclasses field by field and arrays number by number."""
    if type(one) is not type(other):
        return False
    if is_dataclass(one):
        return all(alike(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(alike(one[k], other[k]) for k in one)
    return np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other
