"""A bandit whose logistic policy sees one feature on a badly chosen scale.

Contexts x ∈ {-1, 1}², equally likely; features (x_1, ε x_2); action 1 pays x_2 + .3 x_1, action 0
nothing. The feature that matters is the small one: the plain gradient along it is ε times smaller
and has to move θ_2 1/ε times further, the natural gradient takes the same way for every ε.
"""

from __future__ import annotations

import numpy as np

from pgkit.worlds.world import World

CONTEXTS = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])


def scaled_bandit(eps: float | int = 0.1) -> World:
    """Four contexts and an end; one step. The best is J* = .5, for every scale ε = `eps`.

    Raises ValueError unless 0 < eps < ∞.
    """
    if not 0 < eps < np.inf:
        raise ValueError(f"eps = {eps}, but the scale ε of a feature must be positive and finite")
    end = len(CONTEXTS)
    reward = np.zeros((end + 1, 2, 1))
    reward[:end, 1, 0] = CONTEXTS[:, 1] + 0.3 * CONTEXTS[:, 0]
    terminal = np.arange(end + 1) == end
    return World(
        name="scaled-bandit",
        next_state=np.full((end + 1, 2, 1), end),
        prob=np.ones((end + 1, 2, 1)),
        reward=reward,
        terminal=terminal,
        wall=np.zeros(end + 1, dtype=bool),
        start=~terminal / end,
        actions=("0", "1"),
        states=(*(f"x = ({a:+.0f}, {b:+.0f})" for a, b in CONTEXTS), "the end"),
        features=np.vstack([CONTEXTS * [1.0, eps], [0.0, 0.0]]),
        defaults={"alpha": 1.0, "gamma": 1.0, "episodes": 32, "horizon": 1},
    )
