"""What the policies here have in common; each takes these functions in as methods of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from pgkit.draws import Draws
from pgkit.optim import Fitting, Moments, ascend, conjugate_gradient
from pgkit.types import Array, Dataset, Float, Int


def last(x: Float[Array, "B ... K"]) -> Float[Array, "B K n"]:
    """Samples in a row, and last."""
    return x.reshape(len(x), -1, x.shape[-1]).swapaxes(-1, -2)


def taken(x: Array, samples: Int[Array, "B m"] | None) -> Array:
    """Each run's own samples of [B, n, ...]; None takes all."""
    if samples is None:
        return x
    at = samples + x.shape[1] * np.arange(len(x))[:, None]
    return x.reshape(-1, *x.shape[2:]).take(at, axis=0)


def mean(D: Dataset, x: Float[Array, "B n"]) -> Float[Array, "B"]:
    """Sum over the live steps divided by the number of trajectories."""
    return np.where(D.live, x, 0.0).sum(axis=-1) / D.episodes


def grad_log_prob(
    policy: Any, theta: Float[Array, "B P"], D: Dataset, *, weight: Float[Array, "B n"]
) -> Float[Array, "B P"]:
    """(1/N) Σ_{(s,a) ∈ D} weight · ∇_θ log π_θ(a|s), the one gradient of the whole course."""
    weight = np.where(D.live, weight, 0.0) / D.episodes
    return policy.pull(theta, policy.net.see(D.s), D.a, weight)


def fisher_product(
    policy: Any, theta: Float[Array, "B P"], D: Dataset, v: Float[Array, "B P"]
) -> Float[Array, "B P"]:
    """G(θ) v, with G = (1/N) Σ_{s ∈ D} E_{a~π}[∇ log π ∇ log πᵀ]."""
    return policy.fisher(theta, D)(v)


def natural(
    policy: Any,
    theta: Float[Array, "B P"],
    D: Dataset,
    grad: Float[Array, "B P"],
    *,
    damping: float = 0.0,
) -> Float[Array, "B P"]:
    """(G(θ) + λI)⁻¹ grad by ten iterations of conjugate gradients, as in TRPO (Schulman et al. 2015)."""
    return conjugate_gradient(policy.fisher(theta, D), grad, iterations=10, damping=damping)


def fit(
    policy: Any,
    theta: Float[Array, "B P"],
    D: Dataset,
    *,
    weight: Float[Array, "B n"],
    fitting: Fitting,
    draws: Draws | None = None,
    moments: Moments | None = None,
) -> tuple[Float[Array, "B P"], Moments | None]:
    """Steps towards argmax_θ Σ_D weight · log π_θ(a|s): up the mean over each (mini)batch."""
    weight = np.where(D.live, weight, 0.0)
    everything = None if fitting.batch else policy.net.see(D.s)

    def gradient(theta, samples):
        x = policy.net.see(taken(D.s, samples)) if everything is None else everything
        live = taken(D.live, samples).sum(axis=-1, keepdims=True)
        return policy.pull(
            theta, x, taken(D.a, samples), taken(weight, samples) / np.maximum(live, 1)
        )

    size = weight.shape[1]
    return ascend(theta, gradient, fitting=fitting, moments=moments, size=size, draws=draws)
