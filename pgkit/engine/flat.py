"""A world as the engine reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pgkit.types import Array, Bool, Float, Int, UInt32

ENDED = 1 << 31  # the mark in `next_at` of a step that enters a terminal state


@dataclass(frozen=True, eq=False)
class Tables:
    """A deterministic world, flat: the step (s, a) is the cell A·s + a.

    next_state  Int    [S, A]  terminal states lead to themselves
    reward      Float  [S, A]  0 from terminal states
    terminal    Bool   [S]
    next_at     UInt32 [S·A]   A·s', plus 2³¹ where s' is terminal
    live        Int    [n]     the states that are not terminal
    """

    next_state: Int[Array, "S A"]
    reward: Float[Array, "S A"]
    terminal: Bool[Array, "S"]
    next_at: UInt32[Array, "SA"]
    live: Int[Array, "n"]

    @property
    def n_states(self) -> int:
        return self.next_state.shape[0]

    @property
    def n_actions(self) -> int:
        return self.next_state.shape[1]


def supports(world: Any) -> bool:
    """Can the engine run this world?  It must be deterministic: one outcome, [S, A, 1]."""
    return world.next_state.shape[-1] == 1 and world.next_state.size < ENDED


def tables(world: Any) -> Tables:
    """The engine's tables of a world with next_state, reward [S, A, 1] and terminal [S].

    Raises ValueError for a world that `supports` refuses.
    """
    if not supports(world):
        raise ValueError(
            f"world.next_state has shape {world.next_state.shape}, but the engine runs deterministic "
            "worlds only: [S, A, 1] with S·A < 2³¹; run the algorithm's own text instead"
        )
    next_state, reward = world.next_state[..., 0], world.reward[..., 0]
    states, actions = next_state.shape
    terminal = np.array(world.terminal, dtype=bool)
    next_state = np.where(terminal[:, None], np.arange(states)[:, None], next_state)
    return Tables(
        next_state=next_state.astype(np.int64),
        reward=np.where(terminal[:, None], 0.0, reward).astype(np.float64),
        terminal=terminal,
        next_at=(next_state * actions + np.where(terminal[next_state], ENDED, 0))
        .astype(np.uint32)
        .ravel(),
        live=np.flatnonzero(~terminal),
    )
