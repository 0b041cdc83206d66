"""How a step is taken and how a regression is done: Adam, natural and KL-sized steps, conjugate gradients.

Everything here ascends: a direction is something to be added to θ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pgkit.draws import Draws
from pgkit.types import Array, Float, Int

_NOTHING = np.zeros(0)


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
    """What an optimiser remembers.  first, second: like θ (momentum keeps only the first);  count: steps taken."""

    first: Array
    second: Array
    count: int


@dataclass(frozen=True)
class Phi:
    """What a critic that is a network keeps.

    weights  [B, P], or [B, C, P] for C networks
    moments  what its optimiser remembers
    """

    weights: Array
    moments: Moments | None = None


def adam(grad: Float[Array, "B ..."], moments: Moments | None) -> tuple[Array, Moments]:
    """Adam's direction of ascent (Kingma & Ba 2015, algorithm 1), β₁ = .9, β₂ = .999, ε = 1e-8."""
    after = _copied(moments, grad)
    return _adam(np.array(grad, dtype=np.float64), after), after


def momentum(
    grad: Float[Array, "B ..."], moments: Moments | None, share: float
) -> tuple[Array, Moments]:
    """Polyak's heavy ball: v ← share · v + grad, the direction is v (Polyak 1964)."""
    first = grad if moments is None else share * moments.first + grad
    return first, Moments(first, _NOTHING, 1 if moments is None else moments.count + 1)


def _copied(moments: Moments | None, grad: Array) -> Moments:
    """Moments that may be written into, one step later.  Those of plain momentum are no use to Adam."""
    if moments is None or moments.second is _NOTHING:
        return Moments(np.zeros_like(grad), np.zeros_like(grad), 1)
    return Moments(moments.first.copy(), moments.second.copy(), moments.count + 1)


def _adam(grad: Array, after: Moments) -> Array:
    """Adam's direction, written over grad; the moments are brought up to date in place."""
    first, second, scratch = after.first, after.second, 0.1 * grad
    first *= 0.9
    first += scratch
    np.multiply(grad, grad, out=scratch)
    scratch *= 0.001
    second *= 0.999
    second += scratch
    np.divide(second, 1 - 0.999**after.count, out=scratch)
    np.sqrt(scratch, out=scratch)
    scratch += 1e-8
    np.divide(first, scratch, out=grad)
    grad /= 1 - 0.9**after.count
    return grad


def ascend(
    weights: Float[Array, "B ..."],
    gradient: Callable[[Array, Int[Array, "B n"] | None], Array],
    *,
    fitting: Fitting,
    moments: Moments | None,
    size: int,
    draws: Draws | None,
) -> tuple[Float[Array, "B ..."], Moments | None]:
    """`fitting.steps` steps of Adam or momentum along gradient(weights, samples).

    samples is None for all, or the indices [B, batch] below `size` of a minibatch, different for each
    run. The gradient is a new array each time; it is written over.

    Raises ValueError without steps: a network has no exact fit. AssertionError for a minibatch without draws.
    """
    if fitting.steps == 0:
        raise ValueError(
            "steps = 0, the exact fit, which a network does not have; set the steps of the actor or the "
            "critic to at least 1"
        )
    weights = np.array(weights, dtype=np.float64)
    for step in range(fitting.steps):
        samples = None
        if fitting.batch:
            assert draws is not None, "a minibatch needs draws"
            samples = draws.indices(size, fitting.batch, step)
        grad = gradient(weights, samples)
        if fitting.momentum:
            grad, moments = momentum(grad, moments, fitting.momentum)
            weights += fitting.alpha * grad
            continue
        if step == 0 or moments is None:
            moments = _copied(moments, grad)
        else:
            moments = Moments(moments.first, moments.second, moments.count + 1)
        grad = _adam(grad, moments)
        grad *= fitting.alpha
        weights += grad
    return weights, moments


def kl_sized(
    direction: Float[Array, "B ..."], grad: Float[Array, "B ..."], epsilon: float
) -> Float[Array, "B ..."]:
    """Δθ = sqrt(2ε / gᵀd) d for d = G⁻¹g: the step for which KL ≤ ε to second order; 0 where gᵀd ≤ 0."""
    inner = _dot(grad, direction)
    return (
        np.sqrt(np.divide(2 * epsilon, inner, out=np.zeros_like(inner), where=inner > 1e-280))
        * direction
    )


def _dot(x: Array, y: Array) -> Array:
    """Each run's own inner product, with axes kept."""
    return (x * y).sum(axis=tuple(range(1, x.ndim)), keepdims=True)


def conjugate_gradient(
    product: Callable[[Array], Array],
    b: Float[Array, "B ..."],
    *,
    iterations: int = 10,
    damping: float = 0.0,
) -> Float[Array, "B ..."]:
    """(G + λI)⁻¹ b from products G v alone, each run by itself (Hestenes & Stiefel 1952).

    After as many iterations as G has different eigenvalues it is exact. A run whose residual is gone,
    as for b = 0, stays where it is.
    """
    x, residual = np.zeros_like(b), np.array(b, dtype=np.float64)
    towards, left = residual.copy(), _dot(residual, residual)
    enough = 1e-30 * left
    for _ in range(iterations):
        image = product(towards) + damping * towards
        curvature = _dot(towards, image)
        goes_on = (left > enough) & (curvature > 0)
        length = np.divide(left, curvature, out=np.zeros_like(left), where=goes_on)
        x += length * towards
        residual -= length * image
        before, left = left, _dot(residual, residual)
        towards *= np.divide(left, before, out=np.zeros_like(left), where=goes_on)
        towards += residual
    return x


def polyak(slow: Any, phi: Any, share: float) -> Any:
    """slow + share · (φ - slow): a copy of a critic that follows it slowly (Polyak & Juditsky 1992)."""
    if isinstance(phi, Phi):
        return Phi(slow.weights + share * (phi.weights - slow.weights))
    return slow + share * (phi - slow)
