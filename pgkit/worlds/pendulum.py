"""Pendulum: swing a pendulum up and hold it there, with a torque too weak to lift it at once.

The equations, constants and time limit of Gymnasium's Pendulum-v1, for any number at once.
"""

from __future__ import annotations

import numpy as np

from pgkit.types import Array, Bool, Float
from pgkit.worlds.vector import VectorWorld

GRAVITY, MASS, LENGTH = 10.0, 1.0, 1.0
TORQUE = 2.0  # larger ones are clipped
SPEED = 8.0  # so are faster turns
DT = 0.05  # seconds


def _initial(u: Float[Array, "*n 2"]) -> Float[Array, "*n 2"]:
    """Any angle, and up to 1 rad/s either way."""
    return (2 * u - 1) * [np.pi, 1.0]


def _transition(
    x: Float[Array, "*n 2"], a: Float[Array, "*n 1"], z: Float[Array, "*n 0"]
) -> tuple[Float[Array, "*n 2"], Float[Array, "*n"], Bool[Array, "*n"]]:
    angle, spin = x[..., 0], x[..., 1]
    torque = np.clip(a[..., 0], -TORQUE, TORQUE)
    upright = (angle + np.pi) % (2 * np.pi) - np.pi  # in [-π, π), 0 is up
    r = -(upright**2 + 0.1 * spin**2 + 0.001 * torque**2)
    pull = 3 * GRAVITY / (2 * LENGTH) * np.sin(angle) + 3 / (MASS * LENGTH**2) * torque
    spin = np.clip(spin + pull * DT, -SPEED, SPEED)
    after = np.stack([angle + spin * DT, spin], axis=-1)  # the new speed moves the pendulum
    return after, r, np.zeros(r.shape, dtype=bool)


def _observe(x: Float[Array, "*n 2"]) -> Float[Array, "*n 3"]:
    return np.stack([np.cos(x[..., 0]), np.sin(x[..., 0]), x[..., 1]], axis=-1)


def pendulum() -> VectorWorld:
    """Features: cosine and sine of the angle, angular velocity. One torque in [-2, 2]; 200 steps, no other end."""
    return VectorWorld(
        name="pendulum",
        n_features=3,
        time_limit=200,
        initial=_initial,
        transition=_transition,
        observe=_observe,
        start_size=2,
        action_low=(-TORQUE,),
        action_high=(TORQUE,),
        input_scale=(1.0, 1.0, 1 / SPEED),
        actions=("torque",),
        defaults={"alpha": 0.003, "gamma": 0.98, "episodes": 8, "horizon": 200},
    )
