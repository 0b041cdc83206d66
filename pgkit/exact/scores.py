"""Score functions ψ(s,a) = ∇_θ log π_θ(a|s) as tables [..., S, A, P], and gradients in θ through them.

Whatever the parameters are, all that exact policy gradients, Fisher matrices and estimators need to
know about them is ψ.
"""

from __future__ import annotations

import numpy as np

from pgkit.types import Array, Float


def softmax_scores(probs: Float[Array, "... S A"]) -> Float[Array, "... S A S*A"]:
    """ψ of a softmax table: ∂ log π(a|s)/∂θ[s,b] = [a = b] - π(b|s), 0 in other states; P = S·A, row by row."""
    states, actions = probs.shape[-2:]
    own = np.eye(actions) - probs[..., None, :]  # [..., S, A, A]
    psi = own[..., :, :, None, :] * np.eye(states)[:, None, :, None]  # [..., S, A, S, A]
    return psi.reshape(*probs.shape, states * actions)


def feature_scores(
    probs: Float[Array, "... S A"], features: Float[Array, "... S A P"]
) -> Float[Array, "... S A P"]:
    """ψ of π ∝ exp(θ·f(s,a)): f(s,a) - Σ_b π(b|s) f(s,b)."""
    return features - np.einsum("...sa,...sap->...sp", probs, features)[..., None, :]


def parameter_gradient(
    direct: Float[Array, "... S A"],
    probs: Float[Array, "... S A"],
    psi: Float[Array, "... S A P"],
) -> Float[Array, "... P"]:
    """∇_θ J = Σ_{s,a} ∂J/∂π(a|s) π(a|s) ψ(s,a): the chain rule, whatever J is (discounted, finite, average)."""
    return np.einsum("...sa,...sa,...sap->...p", direct, probs, psi)
