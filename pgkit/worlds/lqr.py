"""A linear-quadratic world in one dimension, where everything about Gaussian policies is known in closed form.

x' = a x + b u + w,  w ~ N(0, W),  reward -(q x² + r u²). It has no end; with γ = .9 the best policy is
u = k* x, k* = -.90755118. This is a test bed, and no plateau: plain and natural gradients are alike.
"""

from __future__ import annotations

import numpy as np

from pgkit.types import Array, Bool, Float
from pgkit.worlds.vector import VectorWorld

A, B = 1.0, 1.0  # x' = A x + B u + noise
Q, R = 1.0, 0.1  # cost Q x² + R u²
NOISE = 0.01  # variance W of the noise
START = 1.0  # E x_0²
GAMMA = 0.9


def _initial(u: Float[Array, "*n 1"]) -> Float[Array, "*n 1"]:
    """Uniform, with E x_0² = START: no result here depends on more than the second moment."""
    return (2 * u - 1) * np.sqrt(3 * START)


def _transition(
    x: Float[Array, "*n 1"], a: Float[Array, "*n 1"], z: Float[Array, "*n 1"]
) -> tuple[Float[Array, "*n 1"], Float[Array, "*n"], Bool[Array, "*n"]]:
    r = -(Q * x**2 + R * a**2)[..., 0]
    return A * x + B * a + np.sqrt(NOISE) * z, r, np.zeros(r.shape, dtype=bool)


def lqr() -> VectorWorld:
    """One feature x, one unbounded action u, reward -(x² + .1 u²), E x_0² = 1, γ = .9.

    The default horizon leaves out γ¹⁰⁰ = 3·10⁻⁵ of the return.
    """
    return VectorWorld(
        name="lqr",
        n_features=1,
        time_limit=1000,
        initial=_initial,
        transition=_transition,
        observe=np.asarray,
        start_size=1,
        noise_size=1,
        action_low=(-np.inf,),
        action_high=(np.inf,),
        actions=("u",),
        defaults={"alpha": 0.003, "gamma": GAMMA, "episodes": 64, "horizon": 30},
    )
