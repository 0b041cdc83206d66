"""SquashedGaussianMLP: a Gaussian pressed into the bounds of the action by tanh (Haarnoja et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pgkit.draws import Draws, Stream
from pgkit.fastnets import shared
from pgkit.fastnets.fisher import gauss_newton
from pgkit.fastnets.gaussian import HIGH, LOW, kl, log_density
from pgkit.fastnets.mlp import MLP
from pgkit.types import Array, Dataset, Float

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(32)


def log_slope(u: Array) -> Array:
    """log(1 - tanh² u) = 2 (log 2 - u - log(1 + e^(-2u))), which keeps its digits for large |u|."""
    return 2 * (np.log(2) - u - np.logaddexp(0.0, -2 * u))


@dataclass(frozen=True)
class SquashedGaussianMLP:
    """a = middle + half · tanh(u), u ~ N(mean, σ²), mean and log σ the outputs of a network.  θ: [B, P].

    With the density's correction log π(a|s) = log N(u) - Σ_k log(half_k (1 - tanh² u_k)), appendix C of
    the paper. log σ beyond [-5, 2] counts as the bound and does not learn.

    low, high   bounds of each of the K = `n_actions` numbers of an action; None means -1 and 1
    """

    n_features: int
    n_actions: int
    hidden: tuple[int, ...] = (32,)
    input_scale: tuple[float, ...] | None = None
    final_scale: float = 0.1
    activation: str = "tanh"
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        low, high = self.low or (-1.0,) * self.n_actions, self.high or (1.0,) * self.n_actions
        if not (len(low) == len(high) == self.n_actions and np.all(np.less(low, high))):
            raise ValueError(
                f"low = {low}, high = {high}, but an action of {self.n_actions} numbers needs a bound "
                "below and a larger one above for each"
            )
        if not np.isfinite([*low, *high]).all():
            raise ValueError(
                f"low = {low}, high = {high}, but tanh squashes into finite bounds; for actions without "
                "any use GaussianMLP"
            )

    grad_log_prob = shared.grad_log_prob
    fisher_product = shared.fisher_product
    natural = shared.natural
    fit = shared.fit

    @cached_property
    def net(self) -> MLP:
        sizes = (self.n_features, *self.hidden, 2 * self.n_actions)
        return MLP(sizes, self.activation, self.input_scale, self.final_scale)

    @cached_property
    def _range(self) -> tuple[Float[Array, "K 1"], Float[Array, "K 1"]]:
        """(middle, half) of each number's range."""
        low = np.array(self.low or [-1.0] * self.n_actions)[:, None]
        high = np.array(self.high or [1.0] * self.n_actions)[:, None]
        return (high + low) / 2, (high - low) / 2

    def init(self, world: Any, draws: Draws) -> Float[Array, "B P"]:
        """Random weights, different for each run: mean about 0, σ about 1, every action about as likely."""
        return self.net.init(draws)

    def _split(
        self, y: Float[Array, "b O m"]
    ) -> tuple[Float[Array, "b K m"], Float[Array, "b K m"]]:
        """(mean, log σ)."""
        return y[:, : self.n_actions], np.clip(y[:, self.n_actions :], LOW, HIGH)

    def _outputs(
        self, theta: Array, s: Array
    ) -> tuple[Float[Array, "B K n"], Float[Array, "B K n"]]:
        return self._split(self.net.forward(theta, self.net.see(s)))

    def _squash(self, u: Float[Array, "B K n"]) -> Float[Array, "B n K"]:
        middle, half = self._range
        return (middle + half * np.tanh(u)).swapaxes(-1, -2)

    def _unsquash(self, a: Array) -> Float[Array, "B K n"]:
        """u of an action; one at its bound is taken as just inside."""
        middle, half = self._range
        return np.arctanh(np.clip((shared.last(a) - middle) / half, -1 + 1e-12, 1 - 1e-12))

    def _log_prob(self, u: Array, mean: Array, log_std: Array) -> Float[Array, "B n"]:
        correction = log_slope(u) + np.log(self._range[1])
        return log_density(u, mean, log_std) - correction.sum(axis=1)

    def act(
        self, theta: Float[Array, "B P"], s: Float[Array, "B N F"], draws: Draws, t: int
    ) -> Float[Array, "B N K"]:
        """The action of u = mean + σ ε with the draws of time t."""
        mean, log_std = self._outputs(theta, s)
        noise = draws.stream(Stream.ACTION).normal(s.shape[1], t, self.n_actions)
        return self._squash(mean + np.exp(log_std) * noise.swapaxes(-1, -2))

    def sample(
        self, theta: Float[Array, "B P"], s: Float[Array, "B n F"], noise: Float[Array, "B n K"]
    ) -> tuple[Float[Array, "B n K"], Float[Array, "B n"]]:
        """(a, log π_θ(a|s)) of u = mean + σ ε for given standard normal ε."""
        mean, log_std = self._outputs(theta, s)
        u = mean + np.exp(log_std) * noise.swapaxes(-1, -2)
        return self._squash(u), self._log_prob(u, mean, log_std)

    def greedy(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"]
    ) -> Float[Array, "B *n K"]:
        """The action of u = mean."""
        return self._squash(self._outputs(theta, s)[0]).reshape(*s.shape[:-1], self.n_actions)

    def log_prob(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"], a: Float[Array, "B *n K"]
    ) -> Float[Array, "B *n"]:
        """log π_θ(a|s), the density of the action itself."""
        return self._log_prob(self._unsquash(a), *self._outputs(theta, s)).reshape(s.shape[:-1])

    def entropy(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"]
    ) -> Float[Array, "B *n"]:
        """H = Σ_k ½ log(2πe σ²) + E[log(half (1 - tanh² u))], the expectation by Gauss-Hermite quadrature."""
        mean, log_std = self._outputs(theta, s)
        u = mean[..., None] + np.exp(log_std)[..., None] * NODES  # [B, K, n, 32]
        each = log_slope(u) @ (WEIGHTS / WEIGHTS.sum()) + np.log(self._range[1])
        each += log_std + 0.5 * np.log(2 * np.pi * np.e)
        return each.sum(axis=1).reshape(s.shape[:-1])

    def pull(
        self,
        theta: Float[Array, "B P"],
        x: Float[Array, "B I n"],
        a: Float[Array, "B n K"],
        weight: Array,
    ) -> Float[Array, "B P"]:
        """Σ weight · ∇_θ log π_θ(a|s), of inputs as the network sees them."""
        u = self._unsquash(a)

        def upstream(y, block):
            mean, log_std = self._split(y)
            each = np.exp(-log_std)
            z = (u[block] - mean) * each
            return self._joined(y, z * each, z * z - 1) * weight[block[::2]][:, None]

        return self.net.pull(theta, x, upstream)

    def _joined(self, y: Array, on_mean: Array, on_log_std: Array) -> Float[Array, "b O m"]:
        """Upstream of the outputs y from those of mean and log σ: nothing where log σ is at its bound."""
        own = y[:, self.n_actions :]
        inside = (own >= LOW) & (own <= HIGH)
        return np.concatenate([on_mean, on_log_std * inside], axis=1)

    def grad_through(
        self,
        theta: Float[Array, "B P"],
        s: Float[Array, "B n F"],
        noise: Float[Array, "B n K"],
        *,
        upstream_action: Float[Array, "B n K"],
        upstream_log_prob: Float[Array, "B n"],
    ) -> Float[Array, "B P"]:
        """(1/n) Σ upstream_action · ∂a/∂θ + upstream_log_prob · ∂log π_θ(a|s)/∂θ, through a = f_θ(ε, s).

        With the noise held, ∂a/∂u = half (1 - tanh² u), ∂log π/∂u = 2 tanh u, and log π also changes
        by -log σ; ∂u/∂mean = 1 and ∂u/∂log σ = σ ε.
        """
        noise, half = shared.last(noise), self._range[1]
        on_a = shared.last(upstream_action) / s.shape[1]
        on_log_prob = upstream_log_prob[:, None] / s.shape[1]

        def upstream(y, block):
            mean, log_std = self._split(y)
            step = np.exp(log_std) * noise[block]
            t = np.tanh(mean + step)
            on_u = on_a[block] * half * (1 - t * t) + on_log_prob[block] * (2 * t)
            return self._joined(y, on_u, on_u * step - on_log_prob[block])

        return self.net.pull(theta, self.net.see(s), upstream)

    def fisher(
        self, theta: Float[Array, "B P"], D: Dataset
    ) -> Callable[[Float[Array, "B P"]], Float[Array, "B P"]]:
        """v -> G(θ) v, for many v.  Squashing changes nothing: M = 1/σ² on the mean, 2 on log σ."""
        share = D.live / D.episodes

        def metric(y, block):
            log_std = self._split(y)[1]
            both = self._joined(y, np.exp(-2 * log_std), np.full(log_std.shape, 2.0))
            weighted = both * share[block[::2]][:, None]
            return lambda u: weighted * u

        return gauss_newton(self.net, theta, self.net.see(D.s), np.eye(2 * self.n_actions), metric)

    def kl(
        self, theta: Float[Array, "B P"], theta_new: Float[Array, "B P"], D: Dataset
    ) -> Float[Array, "B"]:
        """(1/N) Σ_{s ∈ D} KL(π_θ(·|s) ‖ π_θ'(·|s)), which squashing leaves as it is."""
        return shared.mean(D, kl(*self._outputs(theta, D.s), *self._outputs(theta_new, D.s)))
