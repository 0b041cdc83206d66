"""Baird's counter-example: off-policy TD with a linear V that grows without bound (Baird 1995).

As in Sutton & Barto 2018, section 11.2. "dashed" leads to one of the six upper states by chance,
"solid" to the seventh; nothing is ever paid, so that V = 0 is right, and the features can say so.
"""

from __future__ import annotations

import numpy as np

from pgkit.worlds.world import World

UPPER = 6
DASHED, SOLID = 0, 1
# v_i = 2 w_i + w_8 in the upper states, v_7 = w_7 + 2 w_8
FEATURES = np.hstack([np.diag([2.0] * UPPER + [1.0]), np.array([[1.0]] * UPPER + [[2.0]])])


def baird() -> World:
    """Seven states, eight weights, no end, no reward; the start is any state."""
    states = UPPER + 1
    next_state = np.empty((states, 2, UPPER), dtype=np.int64)
    next_state[:, DASHED] = np.arange(UPPER)
    next_state[:, SOLID] = UPPER  # six times the same outcome
    return World(
        name="baird",
        next_state=next_state,
        prob=np.full((states, 2, UPPER), 1 / UPPER),
        reward=np.zeros((states, 2, UPPER)),
        terminal=np.zeros(states, dtype=bool),
        wall=np.zeros(states, dtype=bool),
        start=np.full(states, 1 / states),
        actions=("dashed", "solid"),
        states=tuple(f"state {i}" for i in range(1, states + 1)),
        features=FEATURES,
        defaults={"alpha": 0.01, "gamma": 0.99, "episodes": 16, "horizon": 100},
    )
