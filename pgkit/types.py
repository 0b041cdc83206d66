"""The two things that travel: Trajectories (what a rollout returns) and Dataset (what is learned from).

Axes, always in this order:  B runs (independent seeds) · N trajectories · T time · S states · A actions ·
n = N·T samples of one run.  A batch of runs is the leading axis of everything that learns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, UInt32, UInt64

Array = np.ndarray

__all__ = [
    "Array",
    "Bool",
    "Dataset",
    "Float",
    "Info",
    "Int",
    "State",
    "Trajectories",
    "UInt32",
    "UInt64",
]


@dataclass(frozen=True)
class Trajectories:
    """What a rollout returns.  Steps after the end of an episode are padding: `live` is False, r is 0.

    s, a        Int   [B, N, T]   state and action at times t = 0..T-1
    r           Float [B, N, T]   reward of (s_t, a_t)
    s_next      Int   [B, N, T]   the state that followed
    terminated  Bool  [B, N, T]   the step entered a terminal state; a trajectory that has no such step
                                  was truncated at the horizon
    live        Bool  [B, N, T]   the step was taken (not padding)
    """

    s: Int[Array, "B N T"]
    a: Int[Array, "B N T"]
    r: Float[Array, "B N T"]
    s_next: Int[Array, "B N T"]
    terminated: Bool[Array, "B N T"]
    live: Bool[Array, "B N T"]


@dataclass(frozen=True)
class Dataset:
    """D = (s_1, a_1, Q̂_1, s_2, a_2, Q̂_2, ...): the steps of N trajectories laid in a row, n = N·T.

    Padding keeps its place and carries live = False; every mean over D is a sum over the live steps
    divided by the number of trajectories.
    """

    s: Int[Array, "B n"]
    a: Int[Array, "B n"]
    q_hat: Float[Array, "B n"]
    live: Bool[Array, "B n"]
    episodes: int


@dataclass(frozen=True)
class State:
    """What learning changes.  theta: policy parameters [B, ...]; phi: critic parameters or None."""

    theta: Any
    phi: Any = None


@dataclass(frozen=True)
class Info:
    """What one iteration saw on the way: its trajectories, its dataset, its gradient [B, ...]."""

    tau: Trajectories
    D: Dataset
    grad: Any
