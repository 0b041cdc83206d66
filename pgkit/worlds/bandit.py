"""Bandits: one state, one step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pgkit.types import Array
from pgkit.worlds.world import World

TEN_ARMS = tuple(k / 9 for k in range(10))  # evenly from 0 to 1


def bandit(means: Sequence | Array = TEN_ARMS) -> World:
    """A bandit that pays means[a] for arm a, and nothing but that: the state, and the end.

    Noisy rewards, as data: pgkit.worlds.predictors.offline_bandit.
    Raises ValueError for no arms, or a mean that is not a finite number.
    """
    pays = np.asarray(means, dtype=np.float64)
    if pays.ndim != 1 or not pays.size or not np.isfinite(pays).all():
        raise ValueError(f"means = {means!r}, but a bandit needs one finite number for each arm")
    arms = len(pays)
    reward = np.zeros((2, arms, 1))
    reward[0, :, 0] = pays
    return World(
        name="bandit",
        next_state=np.ones((2, arms, 1), dtype=np.int64),
        prob=np.ones((2, arms, 1)),
        reward=reward,
        terminal=np.array([False, True]),
        wall=np.zeros(2, dtype=bool),
        start=np.array([1.0, 0.0]),
        actions=tuple(f"arm {a}" for a in range(arms)),
        states=("the bandit", "the end"),
        features=np.array([[1.0], [0.0]]),
        defaults={"alpha": 1.0, "gamma": 1.0, "episodes": 16, "horizon": 1},
    )
