"""How a step is taken and how a regression is done: Adam, KL-sized steps, conjugate gradients, Fitting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgkit.types import Array, Float


@dataclass(frozen=True)
class Fitting:
    """How to regress.  alpha: step size;  steps: how many (0: exactly, where there is a closed form);
    batch: size of a minibatch (0: everything);  momentum: of plain gradient steps (0: Adam);
    pseudo: weight of a prior (policies).
    """

    alpha: float = 1.0
    steps: int = 0
    batch: int = 0
    momentum: float = 0.0
    pseudo: float = 0.0


EXACTLY = Fitting()


@dataclass(frozen=True)
class Moments:
    """What Adam remembers.  first, second: like θ;  count: steps taken."""

    first: Array
    second: Array
    count: int


def adam(grad: Float[Array, "B ..."], moments: Moments | None) -> tuple[Array, Moments]:
    """Adam's direction of ascent (Kingma & Ba 2015, algorithm 1), β₁ = .9, β₂ = .999, ε = 1e-8."""
    before = moments or Moments(np.zeros_like(grad), np.zeros_like(grad), 0)
    count = before.count + 1
    first = 0.9 * before.first + 0.1 * grad
    second = 0.999 * before.second + 0.001 * grad**2
    root = np.sqrt(second / (1 - 0.999**count)) + 1e-8
    return first / (1 - 0.9**count) / root, Moments(first, second, count)


def kl_sized(
    direction: Float[Array, "B ..."], grad: Float[Array, "B ..."], epsilon: float
) -> Float[Array, "B ..."]:
    """Δθ = sqrt(2ε / gᵀd) d for d = G⁻¹g: the step for which KL ≤ ε to second order; 0 where gᵀd ≤ 0."""
    axes = tuple(range(1, grad.ndim))
    inner = (grad * direction).sum(axis=axes, keepdims=True)
    return (
        np.sqrt(np.divide(2 * epsilon, inner, out=np.zeros_like(inner), where=inner > 0))
        * direction
    )
