"""Policies π_θ(a|s): stateless; θ lives outside and is passed in, so that the update line is the lecture's.

Every policy, here and in pgkit.fastnets and pgkit.nets, offers

    init(world, draws) -> θ [B, ...]               act(θ, s, draws, t) -> a       greedy(θ, s) -> a
    log_prob(θ, s, a)    entropy(θ, s)             grad_log_prob(θ, D, weight=) -> like θ
    fisher_product(θ, D, v)   natural(θ, D, grad, damping=)   kl(θ, θ_new, D)   fit(θ, D, weight=, ...)

and those over finitely many actions `probs(θ, s)` and `grad_probs(θ, D, weight=)`. Means over D are
sums over its live steps divided by the number of trajectories, here and everywhere: the gradient, the
Fisher matrix and the KL divergence that belongs to it have one scale, which cancels in G⁻¹∇J.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pgkit.draws import Draws, Stream, draw_index
from pgkit.types import Array, Dataset, Float, Int
from pgkit.worlds.world import World


def log_softmax(logits: Float[Array, "... A"]) -> Float[Array, "... A"]:
    """log π = logits - log Σ exp(logits), computed so that logits of ±1000 neither overflow nor lose digits."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def softmax(logits: Float[Array, "... A"]) -> Float[Array, "... A"]:
    """π = exp(logits) / Σ exp(logits).  Adding a constant to all logits of a state changes nothing."""
    return np.exp(log_softmax(logits))


def entropy(log_probs: Float[Array, "... A"]) -> Float[Array, "..."]:
    """H(π) = -Σ_a π(a) log π(a), in nats; an impossible action adds nothing."""
    probs = np.exp(log_probs)
    return -np.where(probs > 0, probs * log_probs, 0.0).sum(axis=-1)


def kl(log_p: Float[Array, "... A"], log_q: Float[Array, "... A"]) -> Float[Array, "..."]:
    """KL(p‖q) = Σ_a p(a) (log p(a) - log q(a)), in nats."""
    p = np.exp(log_p)
    return np.where(p > 0, p * (log_p - log_q), 0.0).sum(axis=-1)


def _gather(table: Float[Array, "B S *A"], s: Int[Array, "B ..."]) -> Array:
    """Each run's own rows: table[b, s[b, ...]]."""
    return table[np.arange(len(table)).reshape(-1, *[1] * (s.ndim - 1)), s]


def _sum_at(
    D: Dataset, weight: Float[Array, "B n"], states: int, actions: int
) -> Float[Array, "B S A"]:
    """Σ over the live steps in (s, a) of their weights."""
    runs = len(weight)
    at = (np.arange(runs)[:, None] * states + D.s) * actions + D.a
    weight = np.where(D.live, weight, 0.0)
    return np.bincount(at.ravel(), weight.ravel(), runs * states * actions).reshape(
        runs, states, actions
    )


def _visits(D: Dataset, states: int) -> Float[Array, "B S"]:
    """How often a trajectory was in each state, on average: n(s)/N."""
    runs = len(D.s)
    at = np.arange(runs)[:, None] * states + D.s
    live = D.live.ravel().astype(np.float64)
    return np.bincount(at.ravel(), live, runs * states).reshape(runs, states) / D.episodes


def _mean(D: Dataset, x: Float[Array, "B n"]) -> Float[Array, "B"]:
    return np.where(D.live, x, 0.0).sum(axis=-1) / D.episodes


@dataclass(frozen=True)
class SoftmaxTable:
    """One logit for each state and action: π_θ(a|s) = softmax(θ[s])[a].  θ: [B, S, A]."""

    def init(self, world: World, draws: Draws) -> Float[Array, "B S A"]:
        """The lecture's "random policy": zero logits, every action equally likely."""
        return np.zeros((len(draws.keys), world.n_states, world.n_actions))

    def table(self, theta: Float[Array, "... S A"]) -> Float[Array, "... S A"]:
        """π_θ for all states at once."""
        return softmax(theta)

    def probs(
        self, theta: Float[Array, "B S A"], s: Int[Array, "B ..."]
    ) -> Float[Array, "B ... A"]:
        """π_θ(·|s) for each run's own states."""
        if s[0].size > theta.shape[1]:
            return _gather(self.table(theta), s)  # fewer rows to exponentiate
        return softmax(_gather(theta, s))

    def act(
        self, theta: Float[Array, "B S A"], s: Int[Array, "B N"], draws: Draws, t: int
    ) -> Int[Array, "B N"]:
        """a ~ π_θ(·|s) with the draws of time t."""
        return draw_index(self.probs(theta, s), draws.actions(s.shape[1], t))

    def greedy(self, theta: Float[Array, "B S A"], s: Int[Array, "B ..."]) -> Int[Array, "B ..."]:
        """The likeliest action; among equals the first."""
        return _gather(theta, s).argmax(axis=-1)

    def log_prob(
        self, theta: Float[Array, "B S A"], s: Int[Array, "B ..."], a: Int[Array, "B ..."]
    ) -> Float[Array, "B ..."]:
        """log π_θ(a|s)."""
        rows = log_softmax(_gather(theta, s))
        return np.take_along_axis(rows, a[..., None], axis=-1)[..., 0]

    def entropy(
        self, theta: Float[Array, "B S A"], s: Int[Array, "B ..."]
    ) -> Float[Array, "B ..."]:
        """H(π_θ(·|s)) in nats."""
        return entropy(log_softmax(_gather(theta, s)))

    def grad_log_prob(
        self, theta: Float[Array, "B S A"], D: Dataset, *, weight: Float[Array, "B n"]
    ) -> Float[Array, "B S A"]:
        """(1/N) Σ_{(s,a) ∈ D} weight · ∇_θ log π_θ(a|s), the one gradient of the whole course.

        ∇_θ[s,·] log π_θ(a|s) = onehot(a) - π_θ(·|s). The weight is a constant: nothing is
        differentiated through it. The slides write a sum over D; we divide by the number of
        trajectories N, so that α means the same for every N.
        """
        taken = _sum_at(D, weight, *theta.shape[1:])  # Σ w·onehot(a)
        here = taken.sum(axis=-1, keepdims=True)  # Σ w in each state
        return (taken - here * self.table(theta)) / D.episodes

    def grad_probs(
        self, theta: Float[Array, "B S A"], D: Dataset, *, weight: Float[Array, "B n A"]
    ) -> Float[Array, "B S A"]:
        """(1/N) Σ_{s ∈ D} Σ_a weight(s,a) ∇_θ log π_θ(a|s): all actions, not the one taken."""
        runs, states, actions = theta.shape
        at = np.arange(runs)[:, None] * states + D.s
        weight = np.where(D.live[..., None], weight, 0.0)
        total = np.stack(
            [
                np.bincount(at.ravel(), weight[..., a].ravel(), runs * states)
                for a in range(actions)
            ],
            axis=-1,
        ).reshape(theta.shape)
        return (total - total.sum(axis=-1, keepdims=True) * self.table(theta)) / D.episodes

    def fisher_product(
        self, theta: Float[Array, "B S A"], D: Dataset, v: Float[Array, "B S A"]
    ) -> Float[Array, "B S A"]:
        """G(θ) v, with G = (1/N) Σ_{s ∈ D} Σ_a π ∇ log π ∇ log πᵀ: a block n(s)/N (diag π - π πᵀ) for each state."""
        probs = self.table(theta)
        inner = (probs * v).sum(axis=-1, keepdims=True)
        return _visits(D, theta.shape[1])[..., None] * probs * (v - inner)

    def natural(
        self,
        theta: Float[Array, "B S A"],
        D: Dataset,
        grad: Float[Array, "B S A"],
        *,
        damping: float = 0.0,
    ) -> Float[Array, "B S A"]:
        """G(θ)⁻¹ grad, closed form for each state's block (Sherman & Morrison).

        With damping λ > 0 it is (G + λI)⁻¹ grad. G has no inverse, since a constant added to a
        state's logits changes nothing; λ = 0 gives the pseudo-inverse, whose steps have mean zero.
        An action of probability 0, and a state that nobody visited, do not move.
        """
        probs, visits = self.table(theta), _visits(D, theta.shape[1])[..., None]
        diagonal = visits * probs + damping
        possible = diagonal > 1e-150  # what is rarer than that counts as impossible
        x = np.divide(grad, diagonal, out=np.zeros_like(grad), where=possible)
        if damping == 0:
            return np.where(possible, x - x.mean(axis=-1, keepdims=True), 0.0)
        y = visits * probs / diagonal  # (diag - n π πᵀ)⁻¹ g = x + y (πᵀx) / (1 - πᵀy)
        left = (damping * probs / diagonal).sum(
            axis=-1, keepdims=True
        )  # 1 - πᵀy without cancellation
        return x + y * (probs * x).sum(axis=-1, keepdims=True) / left

    def kl(
        self, theta: Float[Array, "B S A"], theta_new: Float[Array, "B S A"], D: Dataset
    ) -> Float[Array, "B"]:
        """(1/N) Σ_{s ∈ D} KL(π_θ(·|s) ‖ π_θ'(·|s)): the divergence of whole trajectories."""
        each = kl(log_softmax(theta), log_softmax(theta_new))  # [B, S]
        return (_visits(D, theta.shape[1]) * each).sum(axis=-1)

    def fit(
        self,
        theta: Float[Array, "B S A"],
        D: Dataset,
        *,
        weight: Float[Array, "B n"],
        fitting: Any,
        draws: Draws | None = None,
        moments: Any = None,
    ) -> tuple[Float[Array, "B S A"], Any]:
        """argmax_π Σ_D weight · log π(a|s) in closed form: π(a|s) ∝ c/A + Σ weight in (s, a).

        c = `fitting.pseudo` is a total pseudo-count for each state, so that no action's probability
        is 0 for want of data. A state without data becomes uniform.
        """
        taken = _sum_at(D, weight, *theta.shape[1:]) + fitting.pseudo / theta.shape[-1]
        total = taken.sum(axis=-1, keepdims=True)
        seen = total > 0
        probs = np.where(seen, taken / np.where(seen, total, 1.0), 1 / theta.shape[-1])
        return np.log(np.maximum(probs, 1e-300)), moments


@dataclass(frozen=True, eq=False)
class SharedSoftmax:
    """Logits that share their parameters between states: π_θ(a|s) = softmax_a(x(s,a)·θ).  θ: [B, K].

    features x: Float [S, A, K]. `logistic` makes the two-action case of the lecture's pictures.
    """

    features: Float[Array, "S A K"]

    def init(self, world: World, draws: Draws) -> Float[Array, "B K"]:
        """Zero parameters: every action equally likely."""
        return np.zeros((len(draws.keys), self.features.shape[-1]))

    def _logits(self, theta: Float[Array, "B K"]) -> Float[Array, "B S A"]:
        return np.einsum("sak,bk->bsa", self.features, theta)

    def table(self, theta: Float[Array, "... K"]) -> Float[Array, "... S A"]:
        """π_θ for all states at once."""
        return softmax(np.einsum("sak,...k->...sa", self.features, theta))

    def _scores(self, theta: Float[Array, "B K"]) -> Float[Array, "B S A K"]:
        """∇_θ log π_θ(a|s) = x(s,a) - Σ_b π_θ(b|s) x(s,b)."""
        mean = np.einsum("bsa,sak->bsk", self.table(theta), self.features)
        return self.features - mean[:, :, None, :]

    def probs(self, theta: Float[Array, "B K"], s: Int[Array, "B ..."]) -> Float[Array, "B ... A"]:
        """π_θ(·|s) for each run's own states."""
        return _gather(self.table(theta), s)

    def act(
        self, theta: Float[Array, "B K"], s: Int[Array, "B N"], draws: Draws, t: int
    ) -> Int[Array, "B N"]:
        """a ~ π_θ(·|s) with the draws of time t."""
        return draw_index(self.probs(theta, s), draws.actions(s.shape[1], t))

    def greedy(self, theta: Float[Array, "B K"], s: Int[Array, "B ..."]) -> Int[Array, "B ..."]:
        """The likeliest action; among equals the first."""
        return _gather(self._logits(theta), s).argmax(axis=-1)

    def log_prob(
        self, theta: Float[Array, "B K"], s: Int[Array, "B ..."], a: Int[Array, "B ..."]
    ) -> Float[Array, "B ..."]:
        """log π_θ(a|s)."""
        return SoftmaxTable().log_prob(self._logits(theta), s, a)

    def entropy(self, theta: Float[Array, "B K"], s: Int[Array, "B ..."]) -> Float[Array, "B ..."]:
        """H(π_θ(·|s)) in nats."""
        return SoftmaxTable().entropy(self._logits(theta), s)

    def _pull(self, on_logits: Float[Array, "B S A"]) -> Float[Array, "B K"]:
        """The chain rule from logits to θ."""
        return np.einsum("bsa,sak->bk", on_logits, self.features)

    def grad_log_prob(
        self, theta: Float[Array, "B K"], D: Dataset, *, weight: Float[Array, "B n"]
    ) -> Float[Array, "B K"]:
        """(1/N) Σ_{(s,a) ∈ D} weight · ∇_θ log π_θ(a|s): the table's gradient, pulled back to θ."""
        return self._pull(SoftmaxTable().grad_log_prob(self._logits(theta), D, weight=weight))

    def grad_probs(
        self, theta: Float[Array, "B K"], D: Dataset, *, weight: Float[Array, "B n A"]
    ) -> Float[Array, "B K"]:
        """(1/N) Σ_{s ∈ D} Σ_a weight(s,a) ∇_θ log π_θ(a|s)."""
        return self._pull(SoftmaxTable().grad_probs(self._logits(theta), D, weight=weight))

    def fisher(self, theta: Float[Array, "B K"], D: Dataset) -> Float[Array, "B K K"]:
        """G(θ) = (1/N) Σ_{s ∈ D} Σ_a π_θ(a|s) ∇ log π_θ(a|s) ∇ log π_θ(a|s)ᵀ."""
        scores, probs = self._scores(theta), self.table(theta)
        visits = _visits(D, self.features.shape[0])
        return np.einsum("bs,bsa,bsak,bsal->bkl", visits, probs, scores, scores, optimize=True)

    def fisher_product(
        self, theta: Float[Array, "B K"], D: Dataset, v: Float[Array, "B K"]
    ) -> Float[Array, "B K"]:
        """G(θ) v."""
        return (self.fisher(theta, D) @ v[..., None])[..., 0]

    def natural(
        self,
        theta: Float[Array, "B K"],
        D: Dataset,
        grad: Float[Array, "B K"],
        *,
        damping: float = 0.0,
    ) -> Float[Array, "B K"]:
        """(G(θ) + λI)⁻¹ grad by a solve; λ = 0 gives the pseudo-inverse."""
        matrix = self.fisher(theta, D)
        if damping == 0:
            return (np.linalg.pinv(matrix, hermitian=True) @ grad[..., None])[..., 0]
        matrix = matrix + damping * np.eye(matrix.shape[-1])
        return np.linalg.solve(matrix, grad[..., None])[..., 0]

    def kl(
        self, theta: Float[Array, "B K"], theta_new: Float[Array, "B K"], D: Dataset
    ) -> Float[Array, "B"]:
        """(1/N) Σ_{s ∈ D} KL(π_θ(·|s) ‖ π_θ'(·|s))."""
        return SoftmaxTable().kl(self._logits(theta), self._logits(theta_new), D)

    def fit(
        self,
        theta: Float[Array, "B K"],
        D: Dataset,
        *,
        weight: Float[Array, "B n"],
        fitting: Any,
        draws: Draws | None = None,
        moments: Any = None,
    ) -> tuple[Float[Array, "B K"], Any]:
        """argmax_θ Σ_D weight · log π_θ(a|s) by Newton steps, which are natural gradient steps here.

        `fitting.pseudo` pulls θ to 0 as a prior of that weight, so that there is a maximum. Weights
        must not be negative: the loss has no minimum then.
        """
        here = np.where(D.live, weight, 0.0)
        for _ in range(20):
            grad = self.grad_log_prob(theta, D, weight=here) * D.episodes - fitting.pseudo * theta
            scores, probs = self._scores(theta), self.table(theta)
            mass = _sum_at(D, here, *self.features.shape[:2]).sum(axis=-1)  # [B, S]
            matrix = np.einsum("bs,bsa,bsak,bsal->bkl", mass, probs, scores, scores, optimize=True)
            matrix = matrix + (fitting.pseudo + 1e-9) * np.eye(matrix.shape[-1])
            theta = theta + np.linalg.solve(matrix, grad[..., None])[..., 0]
        return theta, moments


def logistic(features: Float[Array, "S K"]) -> SharedSoftmax:
    """Two actions with π_θ(1|s) = 1/(1 + exp(-x(s)·θ)).  features x: [S, K]."""
    return SharedSoftmax(np.stack([np.zeros_like(features), features], axis=1))


@dataclass(frozen=True)
class LinearGaussian:
    """A Gaussian with linear mean: π_θ(a|s) = N(k s, σ²), θ = (k, log σ) [B, 2], one feature, one action.

    log σ is kept in [low, high] wherever it is used: the optimum of a reward without entropy is σ → 0.
    """

    k: float = -0.3
    log_std: float = -0.9
    low: float = -3.0
    high: float = 1.0

    def init(self, world: Any, draws: Draws) -> Float[Array, "B 2"]:
        """Every run starts with the same k and log σ."""
        return np.tile([self.k, self.log_std], (len(draws.keys), 1))

    def _mean_std(
        self, theta: Float[Array, "B 2"], s: Float[Array, "B *n F"]
    ) -> tuple[Array, Array]:
        shape = (-1, *[1] * (s.ndim - 2))
        std = np.exp(np.clip(theta[:, 1], self.low, self.high))
        return theta[:, 0].reshape(shape) * s[..., 0], std.reshape(shape)

    def act(
        self, theta: Float[Array, "B 2"], s: Float[Array, "B N F"], draws: Draws, t: int
    ) -> Float[Array, "B N 1"]:
        """a = k s + σ ε."""
        mean, std = self._mean_std(theta, s)
        return mean[..., None] + std[..., None] * draws.stream(Stream.ACTION).normal(
            s.shape[1], t, 1
        )

    def greedy(self, theta: Float[Array, "B 2"], s: Float[Array, "B N F"]) -> Float[Array, "B N 1"]:
        """The mean k s."""
        return self._mean_std(theta, s)[0][..., None]

    def log_prob(
        self, theta: Float[Array, "B 2"], s: Float[Array, "B *n F"], a: Float[Array, "B *n 1"]
    ) -> Float[Array, "B *n"]:
        """log N(a; k s, σ²)."""
        mean, std = self._mean_std(theta, s)
        return -0.5 * ((a[..., 0] - mean) / std) ** 2 - np.log(std) - 0.5 * np.log(2 * np.pi)

    def entropy(
        self, theta: Float[Array, "B 2"], s: Float[Array, "B *n F"]
    ) -> Float[Array, "B *n"]:
        """½ log(2πe σ²), in every state."""
        mean, std = self._mean_std(theta, s)
        return np.broadcast_to(0.5 * np.log(2 * np.pi * np.e) + np.log(std), mean.shape)

    def grad_log_prob(
        self, theta: Float[Array, "B 2"], D: Dataset, *, weight: Float[Array, "B n"]
    ) -> Float[Array, "B 2"]:
        """∇_k log π = (a - k s) s/σ²;  ∇_{log σ} log π = (a - k s)²/σ² - 1, 0 where it points out of bounds."""
        mean, std = self._mean_std(theta, D.s)
        z = (D.a[..., 0] - mean) / std
        on_k, on_log_std = _mean(D, weight * z * D.s[..., 0] / std), _mean(D, weight * (z**2 - 1))
        return np.stack([on_k, self._inward(theta, on_log_std)], axis=-1)

    def _inward(
        self, theta: Float[Array, "B 2"], on_log_std: Float[Array, "B"]
    ) -> Float[Array, "B"]:
        """The gradient of log σ, 0 where it points out of the bounds."""
        outward = np.where(on_log_std < 0, theta[:, 1] <= self.low, theta[:, 1] >= self.high)
        return np.where(outward, 0.0, on_log_std)

    def sample(
        self, theta: Float[Array, "B 2"], s: Float[Array, "B n 1"], noise: Float[Array, "B n 1"]
    ) -> tuple[Float[Array, "B n 1"], Float[Array, "B n"]]:
        """(a = k s + σ ε, log π_θ(a|s)) for given standard normal ε."""
        mean, std = self._mean_std(theta, s)
        a = mean[..., None] + std[..., None] * noise
        return a, self.log_prob(theta, s, a)

    def grad_through(
        self,
        theta: Float[Array, "B 2"],
        s: Float[Array, "B n 1"],
        noise: Float[Array, "B n 1"],
        *,
        upstream_action: Float[Array, "B n 1"],
        upstream_log_prob: Float[Array, "B n"],
    ) -> Float[Array, "B 2"]:
        """(1/n) Σ upstream_action · ∂a/∂θ + upstream_log_prob · ∂log π_θ(a|s)/∂θ, through a = k s + σ ε.

        ∂a/∂k = s, ∂a/∂log σ = σ ε; with the noise held log π = -ε²/2 - log σ - ½ log 2π moves with log σ alone.
        """
        _, std = self._mean_std(theta, s)
        on_a = upstream_action[..., 0]
        on_log_std = (on_a * std * noise[..., 0] - upstream_log_prob).mean(axis=-1)
        return np.stack(
            [(on_a * s[..., 0]).mean(axis=-1), self._inward(theta, on_log_std)], axis=-1
        )

    def _fisher(self, theta: Float[Array, "B 2"], D: Dataset) -> Float[Array, "B 2"]:
        """The diagonal of G: (1/N) Σ s²/σ² and (1/N) Σ 2; off the diagonal it is zero."""
        _, std = self._mean_std(theta, D.s)
        return np.stack(
            [_mean(D, D.s[..., 0] ** 2 / std**2), _mean(D, np.full(D.live.shape, 2.0))], -1
        )

    def fisher_product(
        self, theta: Float[Array, "B 2"], D: Dataset, v: Float[Array, "B 2"]
    ) -> Float[Array, "B 2"]:
        """G(θ) v."""
        return self._fisher(theta, D) * v

    def natural(
        self,
        theta: Float[Array, "B 2"],
        D: Dataset,
        grad: Float[Array, "B 2"],
        *,
        damping: float = 0.0,
    ) -> Float[Array, "B 2"]:
        """(G + λI)⁻¹ grad."""
        diagonal = self._fisher(theta, D) + damping
        return np.divide(grad, diagonal, out=np.zeros_like(grad), where=diagonal > 0)

    def kl(
        self, theta: Float[Array, "B 2"], theta_new: Float[Array, "B 2"], D: Dataset
    ) -> Float[Array, "B"]:
        """(1/N) Σ_{s ∈ D} KL(π_θ ‖ π_θ') = log σ'/σ + (σ² + (k-k')² s²)/(2σ'²) - ½."""
        (mean, std), (mean_new, std_new) = (
            self._mean_std(theta, D.s),
            self._mean_std(theta_new, D.s),
        )
        each = np.log(std_new / std) + (std**2 + (mean - mean_new) ** 2) / (2 * std_new**2) - 0.5
        return _mean(D, each)

    def fit(
        self,
        theta: Float[Array, "B 2"],
        D: Dataset,
        *,
        weight: Float[Array, "B n"],
        fitting: Any,
        draws: Draws | None = None,
        moments: Any = None,
    ) -> tuple[Float[Array, "B 2"], Any]:
        """argmax_θ Σ_D weight · log π_θ(a|s): weighted least squares; `fitting.pseudo` is a prior at θ."""
        s, a, w = D.s[..., 0], D.a[..., 0], np.where(D.live, weight, 0.0)
        prior = fitting.pseudo
        total = w.sum(axis=-1) + prior
        k = ((w * s * a).sum(axis=-1) + prior * theta[:, 0]) / ((w * s * s).sum(axis=-1) + prior)
        left = (w * (a - k[:, None] * s) ** 2).sum(axis=-1)
        left = (left + prior * np.exp(2 * theta[:, 1])) / total
        log_std = 0.5 * np.log(np.maximum(left, np.exp(2 * self.low)))
        return np.stack([k, np.clip(log_std, self.low, self.high)], axis=-1), moments
