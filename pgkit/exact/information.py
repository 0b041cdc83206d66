"""Distances between policies: Kullback-Leibler divergence, its curvature the Fisher matrix, and steps of a given size.

A state's weight [..., S] says what is averaged over: a discounted `occupancy` (sums to at most 1), or
the sum over time of `occupancy_over_time` with γ = 1 (finite horizon; sums to at most T), which gives
the Fisher matrix and the divergence of whole trajectories. The scale of the weight cancels in F⁻¹∇J
only if gradient and F have the same one.
"""

from __future__ import annotations

import numpy as np

from pgkit.exact.enumeration import Paths, path_probability, path_scores
from pgkit.exact.mdp import values
from pgkit.types import Array, Float
from pgkit.worlds.world import World

# ---------------------------------------------------------------- entropy and divergence


def entropy(probs: Float[Array, "... A"]) -> Float[Array, "..."] | float:
    """H(π(·|s)) = -Σ_a π log π, in nats; an impossible action adds nothing."""
    log = np.log(probs, out=np.zeros(probs.shape), where=probs > 0)
    return -(probs * log).sum(axis=-1)


def divergence(p: Float[Array, "... A"], q: Float[Array, "... A"]) -> Float[Array, "..."] | float:
    """KL(p‖q) = Σ_a p log(p/q), in nats, ≥ 0; infinite where q excludes what p does."""
    log_p = np.log(p, out=np.zeros(p.shape), where=p > 0)
    log_q = np.log(q, out=np.full(q.shape, -np.inf), where=q > 0)
    each = p * np.where(p > 0, log_p - log_q, 0.0)
    return np.maximum(each.sum(axis=-1), 0.0)  # rounding can leave -1e-17


def mean_divergence(
    probs: Float[Array, "... S A"], new: Float[Array, "... S A"], weight: Float[Array, "... S"]
) -> Float[Array, "..."] | float:
    """Σ_s weight(s) KL(π(·|s)‖π'(·|s)), over the states that weigh anything."""
    return (weight * np.where(weight > 0, divergence(probs, new), 0.0)).sum(axis=-1)


def path_divergence(
    tau: Paths, probs: Float[Array, "S A"], new: Float[Array, "S A"]
) -> Float[Array, "..."] | float:
    """KL(p_π‖p_π') of whole trajectories, by enumeration, finite-horizon.

    The world's part cancels, so it is Σ_t E KL(π(·|s_t)‖π'(·|s_t)): a per-state divergence, averaged
    over where π goes, is the divergence of what happens  (Bagnell & Schneider 2003).
    """
    return divergence(path_probability(tau, probs), path_probability(tau, new))


# ---------------------------------------------------------------- Fisher information


def fisher(
    probs: Float[Array, "... S A"], psi: Float[Array, "... S A P"], weight: Float[Array, "... S"]
) -> Float[Array, "... P P"]:
    """F = Σ_s weight(s) Σ_a π(a|s) ψ ψᵀ.  ½ dᵀF d is the mean divergence of a step d, up to |d|³.

    The slide's G(θ) is a sum over samples; this is its mean. Singular for a softmax table, whose
    logits can shift together without changing π.
    """
    return np.einsum("...s,...sa,...sap,...saq->...pq", weight, probs, psi, psi, optimize=True)


def path_fisher(
    tau: Paths, probs: Float[Array, "S A"], psi: Float[Array, "S A P"]
) -> Float[Array, "P P"]:
    """E[(Σ_t ψ_t)(Σ_t ψ_t)ᵀ] by enumeration: the Fisher matrix of whole trajectories, finite-horizon."""
    total = path_scores(tau, psi).sum(axis=1)  # [M, P]
    return (path_probability(tau, probs)[:, None] * total).T @ total


# ---------------------------------------------------------------- the natural gradient


def natural_gradient(
    fisher: Float[Array, "... P P"], grad: Float[Array, "... P"], damping: float = 0.0
) -> Float[Array, "... P"]:
    """F⁺ grad, or (F + λI)⁻¹ grad with damping λ > 0.

    λ = 0: the pseudo-inverse, whose step changes π in the same way whatever the parameters are.
    λ → ∞: grad/λ, the plain gradient; any λ > 0 makes the step depend on the parameters again.
    """
    if damping < 0:
        raise ValueError(f"damping = {damping}, but λ in (F + λI)⁻¹ must be ≥ 0")
    if damping > 0:
        damped = fisher + damping * np.eye(fisher.shape[-1])
        return np.linalg.solve(damped, grad[..., None])[..., 0]
    inverse = np.linalg.pinv(fisher, rcond=1e-12, hermitian=True)
    natural = inverse @ grad[..., None]
    # once more on what is left over: digits that badly scaled parameters cost come back
    return (natural + inverse @ (grad[..., None] - fisher @ natural))[..., 0]


def softmax_natural_gradient(
    world: World, probs: Float[Array, "... S A"], gamma: float
) -> Float[Array, "... S A"]:
    """A(s,a)/(1-γ), discounted: F⁺∇J of a softmax table, up to a constant in each state.

    Where one starts, and so how often a state is seen, drops out. One step of size α is
    π' ∝ π exp(αA/(1-γ))  (Kakade 2001, section 2).
    """
    v, q = values(world, probs, gamma)
    return (q - v[..., None]) / (1 - gamma)


def compatible_weights(
    probs: Float[Array, "... S A"],
    psi: Float[Array, "... S A P"],
    adv: Float[Array, "... S A"],
    weight: Float[Array, "... S"],
) -> Float[Array, "... P"]:
    """argmin_w Σ_s weight(s) Σ_a π(a|s) (A(s,a) - w·ψ(s,a))², the smallest of them.

    It is the natural gradient: weight = d^π gives (1-γ) F⁺∇J, discounted. Q in place of A gives the
    same w, since E_a ψ = 0  (Sutton et al. 2000, theorem 2; Kakade 2001, theorem 1).
    """
    right = np.einsum("...s,...sa,...sap,...sa->...p", weight, probs, psi, adv, optimize=True)
    return natural_gradient(fisher(probs, psi, weight), right)


# ---------------------------------------------------------------- steps of a given size


def _sized(direction: Array, grad: Array, square: float) -> Array:
    inner = (grad * direction).sum(axis=-1, keepdims=True)
    safe = np.divide(square, inner, out=np.zeros_like(inner), where=inner > 0)
    return np.sqrt(safe) * direction


def ball_step(grad: Float[Array, "... P"], epsilon: float) -> Float[Array, "... P"]:
    """argmax grad·d over |d| ≤ ε: ε grad/|grad|, with ε a radius.  0 where the gradient is."""
    return _sized(grad, grad, epsilon**2)


def fisher_step(
    fisher: Float[Array, "... P P"], grad: Float[Array, "... P"], epsilon: float
) -> Float[Array, "... P"]:
    """argmax grad·d over dᵀF d ≤ ε: sqrt(ε / gradᵀF⁺grad) F⁺grad, with ε a squared radius.

    The slide writes Δ = -F⁻¹∇J, the direction only; and we ascend.
    """
    return _sized(natural_gradient(fisher, grad), grad, epsilon)


def kl_step(
    fisher: Float[Array, "... P P"], grad: Float[Array, "... P"], epsilon: float
) -> Float[Array, "... P"]:
    """The same for KL ≤ ε, to second order: KL ≈ ½ dᵀF d, so sqrt(2ε / gradᵀF⁺grad) F⁺grad."""
    return fisher_step(fisher, grad, 2 * epsilon)
