"""Policies π_θ(a|s): stateless; θ lives outside and is passed in, so that the update line is the lecture's.

A policy offers `init`, `probs`, `log_probs` and `grad_log_prob`; algorithms need nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgkit.types import Array, Dataset, Float, Int
from pgkit.worlds.world import World


def log_softmax(logits: Float[Array, "... A"]) -> Float[Array, "... A"]:
    """log π = logits - log Σ exp(logits), computed so that logits of ±1000 neither overflow nor lose digits."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def softmax(logits: Float[Array, "... A"]) -> Float[Array, "... A"]:
    """π = exp(logits) / Σ exp(logits).  Adding a constant to all logits of a state changes nothing."""
    return np.exp(log_softmax(logits))


@dataclass(frozen=True)
class SoftmaxTable:
    """One logit for each state and action: π_θ(a|s) = softmax(θ[s])[a].  θ: [B, S, A]."""

    def init(self, world: World, runs: int) -> Float[Array, "B S A"]:
        """The lecture's "random policy": zero logits, every action equally likely."""
        return np.zeros((runs, world.n_states, world.n_actions))

    def table(self, theta: Float[Array, "... S A"]) -> Float[Array, "... S A"]:
        """π_θ for all states at once."""
        return softmax(theta)

    def probs(self, theta: Float[Array, "B S A"], s: Int[Array, "B N"]) -> Float[Array, "B N A"]:
        """π_θ(·|s) for each run's own states."""
        return softmax(np.take_along_axis(theta, s[..., None], axis=1))

    def grad_log_prob(
        self, theta: Float[Array, "B S A"], D: Dataset, *, weight: Float[Array, "B n"]
    ) -> Float[Array, "B S A"]:
        """(1/N) Σ_{(s,a) ∈ D} weight · ∇_θ log π_θ(a|s), the one gradient of the whole course.

        ∇_θ[s,·] log π_θ(a|s) = onehot(a) - π_θ(·|s). The weight is a constant: nothing is
        differentiated through it. The slides write a sum over D; we divide by the number of
        trajectories N, so that α means the same for every N.
        """
        runs, states, actions = theta.shape
        weight = np.where(D.live, weight, 0.0)
        at = (np.arange(runs)[:, None] * states + D.s) * actions + D.a
        taken = np.bincount(at.ravel(), weight.ravel(), theta.size).reshape(
            theta.shape
        )  # Σ w·onehot(a)
        here = taken.sum(axis=-1, keepdims=True)  # Σ w in each state
        return (taken - here * self.table(theta)) / D.episodes
