"""CategoricalMLP: a softmax over finitely many actions, its logits a network's outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pgkit.draws import Draws
from pgkit.fastnets import shared
from pgkit.fastnets.fisher import gauss_newton
from pgkit.fastnets.mlp import MLP
from pgkit.types import Array, Dataset, Float, Int


def _log_softmax(z: Float[Array, "b A m"]) -> Float[Array, "b A m"]:
    """log π, written over the logits."""
    z -= z.max(axis=1, keepdims=True)
    z -= np.log(np.exp(z).sum(axis=1, keepdims=True))
    return z


@dataclass(frozen=True)
class CategoricalMLP:
    """π_θ(a|s) = softmax(network(s))[a].  θ: [B, P].  hidden = () is the linear softmax.

    input_scale multiplies what is observed; final_scale makes the first policy nearly uniform.
    """

    n_features: int
    n_actions: int
    hidden: tuple[int, ...] = (32,)
    input_scale: tuple[float, ...] | None = None
    final_scale: float = 0.1
    activation: str = "tanh"

    grad_log_prob = shared.grad_log_prob
    fisher_product = shared.fisher_product
    natural = shared.natural
    fit = shared.fit

    @cached_property
    def net(self) -> MLP:
        sizes = (self.n_features, *self.hidden, self.n_actions)
        return MLP(sizes, self.activation, self.input_scale, self.final_scale)

    def init(self, world: Any, draws: Draws) -> Float[Array, "B P"]:
        """Random weights, different for each run."""
        return self.net.init(draws)

    def _logits(self, theta: Array, s: Float[Array, "B ... F"]) -> Float[Array, "B A n"]:
        return self.net.forward(theta, self.net.see(s))

    def probs(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"]
    ) -> Float[Array, "B *n A"]:
        """π_θ(·|s)."""
        probs = np.exp(_log_softmax(self._logits(theta, s)))
        return probs.swapaxes(-1, -2).reshape(*s.shape[:-1], -1)

    def act(
        self, theta: Float[Array, "B P"], s: Float[Array, "B N F"], draws: Draws, t: int
    ) -> Int[Array, "B N"]:
        """a ~ π_θ(·|s) with the draws of time t: the first whose cumulative probability exceeds u."""
        z = self._logits(theta, s)
        z -= z.max(axis=1, keepdims=True)
        np.exp(z, out=z)
        up_to = np.cumsum(z, axis=1)
        u = (draws.actions(s.shape[1], t) + 0.5) * 2.0**-32
        return (up_to[:, :-1] <= (u * up_to[:, -1])[:, None]).sum(axis=1)

    def greedy(self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"]) -> Int[Array, "B *n"]:
        """The likeliest action."""
        return self._logits(theta, s).argmax(axis=1).reshape(s.shape[:-1])

    def log_prob(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"], a: Int[Array, "B *n"]
    ) -> Float[Array, "B *n"]:
        """log π_θ(a|s)."""
        rows = _log_softmax(self._logits(theta, s))
        return np.take_along_axis(rows, a.reshape(len(a), 1, -1), axis=1).reshape(a.shape)

    def entropy(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"]
    ) -> Float[Array, "B *n"]:
        """H(π_θ(·|s)) in nats."""
        log_probs = _log_softmax(self._logits(theta, s))
        return -(np.exp(log_probs) * log_probs).sum(axis=1).reshape(s.shape[:-1])

    def pull(
        self,
        theta: Float[Array, "B P"],
        x: Float[Array, "B I n"],
        a: Int[Array, "B n"],
        weight: Array,
    ) -> Float[Array, "B P"]:
        """Σ weight · ∇_θ log π_θ(a|s), of inputs as the network sees them."""
        actions = np.arange(self.n_actions)[:, None]

        def upstream(logits, block):
            probs = np.exp(_log_softmax(logits), out=logits)
            delta = np.subtract(a[block[::2]][:, None] == actions, probs, out=probs)
            delta *= weight[block[::2]][:, None]
            return delta

        return self.net.pull(theta, x, upstream)

    def grad_probs(
        self, theta: Float[Array, "B P"], D: Dataset, *, weight: Float[Array, "B n A"]
    ) -> Float[Array, "B P"]:
        """(1/N) Σ_{s ∈ D} Σ_a weight(s,a) ∇_θ log π_θ(a|s): all actions, not the one taken."""
        weight = np.where(D.live[..., None], weight, 0.0).swapaxes(-1, -2) / D.episodes

        def upstream(logits, block):
            w = weight[block]
            return w - np.exp(_log_softmax(logits)) * w.sum(axis=1, keepdims=True)

        return self.net.pull(theta, self.net.see(D.s), upstream)

    def fisher(
        self, theta: Float[Array, "B P"], D: Dataset
    ) -> Callable[[Float[Array, "B P"]], Float[Array, "B P"]]:
        """v -> G(θ) v, for many v.  M = diag π - π πᵀ on the logits less the last: a common shift is nothing."""
        others = self.n_actions - 1
        contrast = np.hstack([np.eye(others), -np.ones((others, 1))])
        share = D.live / D.episodes

        def metric(logits, block):
            probs = np.exp(_log_softmax(logits))[:, :-1]  # [b, R, m]
            weighted = probs * share[block[::2]][:, None]
            return lambda y: weighted * (y - (probs * y).sum(axis=1, keepdims=True))

        return gauss_newton(self.net, theta, self.net.see(D.s), contrast, metric)

    def kl(
        self, theta: Float[Array, "B P"], theta_new: Float[Array, "B P"], D: Dataset
    ) -> Float[Array, "B"]:
        """(1/N) Σ_{s ∈ D} KL(π_θ(·|s) ‖ π_θ'(·|s))."""
        old, new = (_log_softmax(self._logits(x, D.s)) for x in (theta, theta_new))
        return shared.mean(D, (np.exp(old) * (old - new)).sum(axis=1))
