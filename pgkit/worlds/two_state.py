"""Kakade's two-state world: the plateau of the plain policy gradient (Kakade 2001, "A natural policy gradient").

To stay in i pays 1, to stay in j pays 2, to switch pays nothing. A policy that mostly stays in i
hardly ever sees j, and the plain gradient, weighted with how often each state is seen, first makes
it stay in i even more.
"""

from __future__ import annotations

import numpy as np

from pgkit.worlds.world import World

I, J = 0, 1
SWITCH, STAY = 0, 1  # with a logistic policy on the features, π(stay|s) = 1/(1 + exp(-θ_s))


def two_state() -> World:
    """Two states, two actions, no end: cut off at T = 20. The best, from (.8, .2), is J* = 38.4."""
    next_state = np.array([[J, I], [I, J]])  # [s, a]
    reward = np.array([[0.0, 1.0], [0.0, 2.0]])
    return World(
        name="two-state",
        next_state=next_state[..., None],
        prob=np.ones((2, 2, 1)),
        reward=reward[..., None],
        terminal=np.zeros(2, dtype=bool),
        wall=np.zeros(2, dtype=bool),
        start=np.array([0.8, 0.2]),
        actions=("switch", "stay"),
        states=("i", "j"),
        features=np.eye(2),
        defaults={"alpha": 0.3, "gamma": 1.0, "episodes": 32, "horizon": 20},
    )
