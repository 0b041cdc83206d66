"""CartPole: keep a pole upright on a cart by pushing it left or right (Barto, Sutton & Anderson 1983).

The equations, constants and time limit of Gymnasium's CartPole-v1, for any number of carts at once.
"""

from __future__ import annotations

import numpy as np

from pgkit.types import Array, Bool, Float, Int
from pgkit.worlds.vector import VectorWorld

GRAVITY = 9.8
CART, POLE = 1.0, 0.1  # masses
HALF_LENGTH = 0.5  # of the pole
FORCE = 10.0
DT = 0.02  # seconds, a step of Euler's method
TRACK = 2.4  # the cart must stay within ± this
TILT = 12 * 2 * np.pi / 360  # and the pole within ± this


def _initial(u: Float[Array, "*n 4"]) -> Float[Array, "*n 4"]:
    return 0.1 * u - 0.05


def _transition(
    x: Float[Array, "*n 4"], a: Int[Array, "*n"], z: Float[Array, "*n 0"]
) -> tuple[Float[Array, "*n 4"], Float[Array, "*n"], Bool[Array, "*n"]]:
    total, moment = CART + POLE, POLE * HALF_LENGTH
    position, speed, angle, spin = np.moveaxis(x, -1, 0)
    cos, sin = np.cos(angle), np.sin(angle)
    # In Gymnasium's order of operations: an upright pole doubles a rounding error every fifth of a second.
    push = (np.where(a == 1, FORCE, -FORCE) + moment * (spin * spin) * sin) / total
    spin_up = (GRAVITY * sin - cos * push) / (HALF_LENGTH * (4 / 3 - POLE * (cos * cos) / total))
    speed_up = push - moment * spin_up * cos / total

    after = np.empty_like(x)
    after[..., 0] = position + DT * speed  # Euler: all four from the old state
    after[..., 1] = speed + DT * speed_up
    after[..., 2] = angle + DT * spin
    after[..., 3] = spin + DT * spin_up
    terminated = (np.abs(after[..., 0]) > TRACK) | (np.abs(after[..., 2]) > TILT)
    return after, np.ones(terminated.shape), terminated


def cartpole() -> VectorWorld:
    """Features: position, speed, angle, angular velocity. +1 for each step, 500 at most."""
    return VectorWorld(
        name="cartpole",
        n_features=4,
        time_limit=500,
        initial=_initial,
        transition=_transition,
        observe=np.asarray,
        start_size=4,
        n_actions=2,
        input_scale=(1.0, 1.0, 5.0, 1.0),
        actions=("left", "right"),
        defaults={"alpha": 0.01, "gamma": 0.99, "episodes": 8, "horizon": 64},
    )
