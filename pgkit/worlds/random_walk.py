"""A random walk over five states: the test of predictors (Sutton 1988; Sutton & Barto 2018, example 6.2)."""

from __future__ import annotations

import numpy as np

from pgkit.worlds.world import World

STATES = ("the left exit", "A", "B", "C", "D", "E", "the right exit")


def random_walk() -> World:
    """Start in the middle, step left or right by chance; leaving on the right pays 1.

    There is nothing to decide: one action, two outcomes. V(A..E) = 1/6, 2/6, ..., 5/6. An episode is
    longer than 200 steps once in 10¹².
    """
    size = len(STATES)
    here = np.arange(size)
    terminal = (here == 0) | (here == size - 1)
    neighbours = np.stack([here - 1, here + 1], axis=-1)  # [S, O]
    next_state = np.where(terminal[:, None], here[:, None], neighbours)
    reward = (next_state == size - 1) & ~terminal[:, None]
    return World(
        name="random-walk",
        next_state=next_state[:, None, :],
        prob=np.full((size, 1, 2), 0.5),
        reward=reward[:, None, :].astype(np.float64),
        terminal=terminal,
        wall=np.zeros(size, dtype=bool),
        start=(here == size // 2).astype(np.float64),
        actions=("step",),
        states=STATES,
        features=np.eye(size)[:, ~terminal],
        defaults={"alpha": 0.1, "gamma": 1.0, "episodes": 16, "horizon": 200},
    )
