"""GaussianMLP: continuous actions around a network's mean, their spread the same in every state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pgkit.draws import Draws, Stream
from pgkit.fastnets import shared
from pgkit.fastnets.fisher import gauss_newton
from pgkit.fastnets.mlp import MLP
from pgkit.types import Array, Dataset, Float

LOW, HIGH = -5.0, 2.0  # log σ is kept between these wherever it is used


def log_density(
    u: Float[Array, "b K m"], mean: Float[Array, "b K m"], log_std: Float[Array, "b K *m"]
) -> Float[Array, "b m"]:
    """log N(u; mean, σ²), the numbers of an action independent."""
    z = (u - mean) * np.exp(-log_std)
    return (-0.5 * z * z - log_std - 0.5 * np.log(2 * np.pi)).sum(axis=1)


def kl(mean: Array, log_std: Array, mean_new: Array, log_std_new: Array) -> Float[Array, "b m"]:
    """KL = Σ_k log σ'/σ + (σ² + (mean - mean')²)/(2σ'²) - ½."""
    gap = (mean - mean_new) ** 2 + np.exp(2 * log_std)
    return (log_std_new - log_std + 0.5 * gap * np.exp(-2 * log_std_new) - 0.5).sum(axis=1)


@dataclass(frozen=True)
class GaussianMLP:
    """π_θ(a|s) = N(a; network(s), σ²), a of K = `n_actions` numbers.  θ: [B, P], log σ [K] at its end if learned.

    Actions have no bounds here; worlds that have some clip, and the gradient is that of the unclipped
    action. log σ beyond [-5, 2] counts as the bound and does not learn.

    log_std   what log σ is at first, or always, if not `learned`
    """

    n_features: int
    n_actions: int
    hidden: tuple[int, ...] = (32,)
    input_scale: tuple[float, ...] | None = None
    final_scale: float = 0.1
    activation: str = "tanh"
    log_std: float = -0.5
    learned: bool = True

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
        theta = self.net.init(draws)
        spread = np.full((len(theta), self.n_actions), self.log_std)
        return np.hstack([theta, spread]) if self.learned else theta

    def _log_std(self, theta: Array) -> Float[Array, "B K 1"]:
        if not self.learned:
            return np.full((len(theta), self.n_actions, 1), self.log_std)
        return np.clip(theta[:, self.net.size :, None], LOW, HIGH)

    def _outputs(
        self, theta: Array, s: Array
    ) -> tuple[Float[Array, "B K n"], Float[Array, "B K 1"]]:
        """(mean, log σ)."""
        mean = self.net.forward(theta[:, : self.net.size], self.net.see(s))
        return mean, self._log_std(theta)

    def act(
        self, theta: Float[Array, "B P"], s: Float[Array, "B N F"], draws: Draws, t: int
    ) -> Float[Array, "B N K"]:
        """a = mean + σ ε with the draws of time t."""
        noise = draws.stream(Stream.ACTION).normal(s.shape[1], t, self.n_actions)
        return self.sample(theta, s, noise)[0]

    def sample(
        self, theta: Float[Array, "B P"], s: Float[Array, "B n F"], noise: Float[Array, "B n K"]
    ) -> tuple[Float[Array, "B n K"], Float[Array, "B n"]]:
        """(a = mean + σ ε, log π_θ(a|s)) for given standard normal ε."""
        mean, log_std = self._outputs(theta, s)
        a = mean + np.exp(log_std) * noise.swapaxes(-1, -2)
        return a.swapaxes(-1, -2), log_density(a, mean, log_std)

    def greedy(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"]
    ) -> Float[Array, "B *n K"]:
        """The mean."""
        mean = self._outputs(theta, s)[0]
        return mean.swapaxes(-1, -2).reshape(*s.shape[:-1], self.n_actions)

    def log_prob(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"], a: Float[Array, "B *n K"]
    ) -> Float[Array, "B *n"]:
        """log N(a; mean, σ²)."""
        mean, log_std = self._outputs(theta, s)
        return log_density(shared.last(a), mean, log_std).reshape(s.shape[:-1])

    def entropy(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"]
    ) -> Float[Array, "B *n"]:
        """Σ_k ½ log(2πe σ_k²), in every state."""
        each = (self._log_std(theta) + 0.5 * np.log(2 * np.pi * np.e)).sum(axis=(1, 2))
        return np.broadcast_to(each.reshape(-1, *[1] * (s.ndim - 2)), s.shape[:-1])

    def pull(
        self,
        theta: Float[Array, "B P"],
        x: Float[Array, "B I n"],
        a: Float[Array, "B n K"],
        weight: Array,
    ) -> Float[Array, "B P"]:
        """Σ weight · ∇_θ log π_θ(a|s), of inputs as the network sees them."""
        log_std, a = self._log_std(theta), shared.last(a)

        def upstream(mean, block):
            rows, w = block[0], weight[block[::2]][:, None]
            each = np.exp(-log_std[rows])
            z = (a[block] - mean) * each
            return w * z * each, w * (z * z - 1)

        return self._pull(theta, x, upstream)

    def _pull(self, theta: Array, x: Array, upstream: Callable) -> Float[Array, "B P"]:
        """The chain rule from (mean, log σ) to θ: upstream gives both their parts for a block."""
        on_std = np.zeros((len(theta), self.n_actions))

        def on_mean(mean, block):
            delta, spread = upstream(mean, block)
            on_std[block[0]] += spread.sum(axis=-1)
            return delta

        grad = self.net.pull(theta[:, : self.net.size], x, on_mean)
        if not self.learned:
            return grad
        own = theta[:, self.net.size :]
        return np.hstack([grad, np.where((own >= LOW) & (own <= HIGH), on_std, 0.0)])

    def grad_through(
        self,
        theta: Float[Array, "B P"],
        s: Float[Array, "B n F"],
        noise: Float[Array, "B n K"],
        *,
        upstream_action: Float[Array, "B n K"],
        upstream_log_prob: Float[Array, "B n"],
    ) -> Float[Array, "B P"]:
        """(1/n) Σ upstream_action · ∂a/∂θ + upstream_log_prob · ∂log π_θ(a|s)/∂θ, through a = mean + σ ε.

        With the noise held, log π_θ(a|s) changes only by -log σ.
        """
        log_std, noise = self._log_std(theta), shared.last(noise)
        on_a = shared.last(upstream_action) / s.shape[1]
        on_log_prob = upstream_log_prob[:, None] / s.shape[1]

        def upstream(mean, block):
            delta = on_a[block]
            along = delta * np.exp(log_std[block[0]]) * noise[block]
            return delta, along - on_log_prob[block]

        return self._pull(theta, self.net.see(s), upstream)

    def fisher(
        self, theta: Float[Array, "B P"], D: Dataset
    ) -> Callable[[Float[Array, "B P"]], Float[Array, "B P"]]:
        """v -> G(θ) v, for many v.  M = 1/σ² on the mean, and 2 on log σ."""
        size, share = self.net.size, D.live / D.episodes
        precision = np.exp(-2 * self._log_std(theta))

        def metric(mean, block):
            weighted = precision[block[0]] * share[block[::2]][:, None]
            return lambda y: weighted * y

        x, contrast = self.net.see(D.s), np.eye(self.n_actions)
        on_net = gauss_newton(self.net, theta[:, :size], x, contrast, metric)
        if not self.learned:
            return on_net
        own = theta[:, size:]
        on_std = 2 * share.sum(axis=-1, keepdims=True) * ((own >= LOW) & (own <= HIGH))
        return lambda v: np.hstack(
            [on_net(np.ascontiguousarray(v[:, :size])), on_std * v[:, size:]]
        )

    def kl(
        self, theta: Float[Array, "B P"], theta_new: Float[Array, "B P"], D: Dataset
    ) -> Float[Array, "B"]:
        """(1/N) Σ_{s ∈ D} KL(π_θ(·|s) ‖ π_θ'(·|s))."""
        return shared.mean(D, kl(*self._outputs(theta, D.s), *self._outputs(theta_new, D.s)))
