"""Century: every reward is a hundred and a little, and only the little depends on what one does.

High variance in its purest form: the hundred is in every return, says nothing about the actions and
drowns what does. A baseline takes it out exactly.
"""

from __future__ import annotations

import numpy as np

from pgkit.worlds.world import World

OFFSET = 100.0
ABOVE = np.array([[0.0, 1.0], [4.0, 5.0]])  # r(s, a) - offset
TO_1 = np.array([0.3, 0.7])  # P(s' = 1 | a), from either state


def century(offset: float | int = OFFSET) -> World:
    """Two states, two actions, T = 5 steps. The best is J* = 518.2: always action 1.

    offset: what every step pays; with 0 the same world without the nuisance.
    """
    reward = np.repeat((offset + ABOVE)[..., None], 2, axis=-1)  # [s, a, o]
    return World(
        name="century",
        next_state=np.tile([0, 1], (2, 2, 1)),
        prob=np.tile(np.stack([1 - TO_1, TO_1], axis=-1), (2, 1, 1)),
        reward=reward,
        terminal=np.zeros(2, dtype=bool),
        wall=np.zeros(2, dtype=bool),
        start=np.array([0.5, 0.5]),
        actions=("0", "1"),
        states=("0", "1"),
        features=np.eye(2),
        defaults={"alpha": 0.1, "gamma": 1.0, "episodes": 8, "horizon": 5},
    )
