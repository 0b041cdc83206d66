"""The networks of pgkit.fastnets in torch: the same names, the same θ, the same gradients, and easy to read.

Everything goes in and comes out as numpy arrays; torch is used for one thing, to differentiate. What is
here written as an objective, pgkit.fastnets has worked out by hand; tests hold the two equal to 1e-10.
θ [B, P] holds a row of weights for each run. The runs have nothing to do with one another, so the
gradient of the sum of their objectives is each run's own gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.distributions import Categorical, Normal, kl_divergence

from pgkit.draws import Draws, Stream, draw_index
from pgkit.optim import Fitting, Moments, Phi, ascend, conjugate_gradient
from pgkit.types import Array, Dataset, Float, Int

__all__ = [
    "QMLP",
    "ActionValueMLP",
    "CategoricalMLP",
    "GaussianMLP",
    "SquashedGaussianMLP",
    "ValueMLP",
]

LOW, HIGH = -5.0, 2.0  # log σ is kept between these wherever it is used


def tensor(x: Any) -> Tensor:
    """An array as a tensor; numbers become float64."""
    x = torch.as_tensor(np.ascontiguousarray(x))
    return x.double() if x.is_floating_point() else x


def gradient(objective: Callable[[Tensor], Tensor], theta: Float[Array, "B ..."]) -> Array:
    """∇_θ objective(θ) of each run."""
    leaf = tensor(theta).requires_grad_()
    (grad,) = torch.autograd.grad(objective(leaf).sum(), leaf)
    return grad.numpy()


# ---------------------------------------------------------------- the network


@dataclass(frozen=True)
class MLP:
    """A multilayer perceptron for each run.  sizes: (inputs, hidden ..., outputs).

    Its weights lie in θ layer by layer: the matrix [in, out], then the bias [out].
    """

    sizes: tuple[int, ...]
    activation: str = "tanh"
    input_scale: tuple[float, ...] | None = None
    final_scale: float = 0.1

    @property
    def size(self) -> int:
        """P, the number of weights and biases."""
        return sum((i + 1) * o for i, o in zip(self.sizes, self.sizes[1:], strict=False))

    def init(self, draws: Draws, copies: int = 1) -> Float[Array, "B P"]:
        """Weights N(0, 1/in), the last layer's times `final_scale`; biases 0."""
        rows = []
        for generator in draws.generators():
            for _ in range(copies):
                row = []
                for k, (i, o) in enumerate(zip(self.sizes, self.sizes[1:], strict=False)):
                    scale = self.final_scale if k == len(self.sizes) - 2 else 1.0
                    row += [
                        scale / np.sqrt(i) * generator.standard_normal((i, o)).ravel(),
                        np.zeros(o),
                    ]
                rows.append(np.concatenate(row))
        return np.stack(rows)

    def layers(self, theta: Tensor) -> list[tuple[Tensor, Tensor]]:
        """(W [B, in, out], b [B, 1, out]) of each layer."""
        layers, at = [], 0
        for i, o in zip(self.sizes, self.sizes[1:], strict=False):
            W = theta[:, at : at + i * o].reshape(-1, i, o)
            b = theta[:, None, at + i * o : at + (i + 1) * o]
            layers.append((W, b))
            at += (i + 1) * o
        return layers

    def __call__(self, theta: Tensor, s: Any) -> Tensor:
        """The outputs [B, ..., O] of inputs s [B, ..., F]."""
        s = tensor(s) if isinstance(s, np.ndarray) else s
        x = s.reshape(len(s), -1, self.sizes[0])
        if self.input_scale is not None:
            x = x * torch.tensor(self.input_scale, dtype=torch.float64)
        layers = self.layers(theta)
        for k, (W, b) in enumerate(layers):
            x = torch.baddbmm(b, x, W)  # x W + b, each run with its own weights
            if k < len(layers) - 1:
                x = torch.tanh(x) if self.activation == "tanh" else torch.relu(x)
        return x.reshape(*s.shape[:-1], -1)


# ---------------------------------------------------------------- what all policies share


def _mean(D: Dataset, x: Tensor) -> Tensor:
    """(1/N) Σ over the live steps, of each run."""
    return torch.where(tensor(D.live), x, 0.0).sum(dim=-1) / D.episodes


def _log_prob(policy: Any, theta: Float[Array, "B P"], s: Array, a: Array) -> Array:
    """log π_θ(a|s)."""
    return policy.log_density(tensor(theta), s, tensor(a)).numpy()


def _grad_log_prob(
    policy: Any, theta: Float[Array, "B P"], D: Dataset, *, weight: Float[Array, "B n"]
) -> Float[Array, "B P"]:
    """(1/N) Σ_{(s,a) ∈ D} weight · ∇_θ log π_θ(a|s), the one gradient of the whole course."""
    a, w = tensor(D.a), tensor(weight)
    return gradient(lambda theta: _mean(D, w * policy.log_density(theta, D.s, a)), theta)


def _kl(policy: Any, theta: Tensor, theta_new: Tensor, D: Dataset) -> Tensor:
    old, new = policy.distribution(theta, D.s), policy.distribution(theta_new, D.s)
    each = kl_divergence(old, new)
    return _mean(D, each.sum(dim=-1) if each.dim() > D.live.ndim else each)


def _kl_array(
    policy: Any, theta: Float[Array, "B P"], theta_new: Float[Array, "B P"], D: Dataset
) -> Float[Array, "B"]:
    """(1/N) Σ_{s ∈ D} KL(π_θ(·|s) ‖ π_θ'(·|s))."""
    return _kl(policy, tensor(theta), tensor(theta_new), D).numpy()


def _fisher_product(
    policy: Any, theta: Float[Array, "B P"], D: Dataset, v: Float[Array, "B P"]
) -> Float[Array, "B P"]:
    """G(θ) v.  G is the second derivative of KL(π_θ ‖ π_θ') for θ' at θ: differentiate, dot with v, differentiate."""
    fixed, leaf = tensor(theta), tensor(theta).clone().requires_grad_()
    (slope,) = torch.autograd.grad(_kl(policy, fixed, leaf, D).sum(), leaf, create_graph=True)
    (product,) = torch.autograd.grad((slope * tensor(v)).sum(), leaf)
    return product.numpy()


def _natural(
    policy: Any,
    theta: Float[Array, "B P"],
    D: Dataset,
    grad: Float[Array, "B P"],
    *,
    damping: float = 0.0,
) -> Float[Array, "B P"]:
    """(G(θ) + λI)⁻¹ grad by ten iterations of conjugate gradients, as in TRPO (Schulman et al. 2015)."""
    product = lambda v: policy.fisher_product(theta, D, v)  # noqa: E731
    return conjugate_gradient(product, grad, iterations=10, damping=damping)


def _fit(
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

    def along(theta, samples):
        s, a, w, live = (taken(x, samples) for x in (D.s, D.a, weight, D.live))
        a, share = tensor(a), tensor(np.where(live, w, 0.0)) / _count(live)
        return gradient(lambda theta: (share * policy.log_density(theta, s, a)).sum(-1), theta)

    size = weight.shape[1]
    return ascend(theta, along, fitting=fitting, moments=moments, size=size, draws=draws)


def _grad_through(
    policy: Any,
    theta: Float[Array, "B P"],
    s: Float[Array, "B n F"],
    noise: Float[Array, "B n K"],
    *,
    upstream_action: Float[Array, "B n K"],
    upstream_log_prob: Float[Array, "B n"],
) -> Float[Array, "B P"]:
    """(1/n) Σ upstream_action · ∂a/∂θ + upstream_log_prob · ∂log π_θ(a|s)/∂θ, through a = f_θ(ε, s)."""

    def objective(theta):
        a, log_prob = policy.reparameterised(theta, s, tensor(noise))
        return (a * tensor(upstream_action)).sum(-1) + log_prob * tensor(upstream_log_prob)

    return gradient(lambda theta: objective(theta).mean(dim=-1), theta)


def _sample(
    policy: Any, theta: Float[Array, "B P"], s: Float[Array, "B n F"], noise: Float[Array, "B n K"]
) -> tuple[Float[Array, "B n K"], Float[Array, "B n"]]:
    """(a, log π_θ(a|s)) for given standard normal ε."""
    a, log_prob = policy.reparameterised(tensor(theta), s, tensor(noise))
    return a.numpy(), log_prob.numpy()


def _act_by_noise(
    policy: Any, theta: Float[Array, "B P"], s: Float[Array, "B N F"], draws: Draws, t: int
) -> Float[Array, "B N K"]:
    """a = f_θ(ε, s) with the draws of time t."""
    noise = draws.stream(Stream.ACTION).normal(s.shape[1], t, policy.n_actions)
    return policy.sample(theta, s, noise)[0]


def taken(x: Array, samples: Int[Array, "B m"] | None) -> Array:
    """Each run's own samples of [B, n, ...]; None takes all."""
    return x if samples is None else x[np.arange(len(x))[:, None], samples]


def _count(live: Array) -> Tensor:
    """How many samples are live, at least 1."""
    return tensor(np.maximum(live.sum(axis=-1, keepdims=True), 1).astype(np.float64))


# ---------------------------------------------------------------- policies


@dataclass(frozen=True)
class CategoricalMLP:
    """π_θ(a|s) = softmax(network(s))[a].  θ: [B, P].  hidden = () is the linear softmax."""

    n_features: int
    n_actions: int
    hidden: tuple[int, ...] = (32,)
    input_scale: tuple[float, ...] | None = None
    final_scale: float = 0.1
    activation: str = "tanh"

    log_prob, grad_log_prob, kl = _log_prob, _grad_log_prob, _kl_array
    fisher_product, natural, fit = _fisher_product, _natural, _fit

    @cached_property
    def net(self) -> MLP:
        sizes = (self.n_features, *self.hidden, self.n_actions)
        return MLP(sizes, self.activation, self.input_scale, self.final_scale)

    def init(self, world: Any, draws: Draws) -> Float[Array, "B P"]:
        """Random weights, different for each run."""
        return self.net.init(draws)

    def distribution(self, theta: Tensor, s: Array) -> Categorical:
        """π_θ(·|s)."""
        return Categorical(logits=self.net(theta, s), validate_args=False)

    def log_density(self, theta: Tensor, s: Array, a: Tensor) -> Tensor:
        """log π_θ(a|s), to be differentiated."""
        return self.distribution(theta, s).log_prob(a)

    def probs(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"]
    ) -> Float[Array, "B *n A"]:
        """π_θ(·|s)."""
        return self.distribution(tensor(theta), s).probs.numpy()

    def act(
        self, theta: Float[Array, "B P"], s: Float[Array, "B N F"], draws: Draws, t: int
    ) -> Int[Array, "B N"]:
        """a ~ π_θ(·|s) with the draws of time t."""
        return draw_index(self.probs(theta, s), draws.actions(s.shape[1], t))

    def greedy(self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"]) -> Int[Array, "B *n"]:
        """The likeliest action."""
        return self.net(tensor(theta), s).argmax(dim=-1).numpy()

    def entropy(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"]
    ) -> Float[Array, "B *n"]:
        """H(π_θ(·|s)) in nats."""
        return self.distribution(tensor(theta), s).entropy().numpy()

    def grad_probs(
        self, theta: Float[Array, "B P"], D: Dataset, *, weight: Float[Array, "B n A"]
    ) -> Float[Array, "B P"]:
        """(1/N) Σ_{s ∈ D} Σ_a weight(s,a) ∇_θ log π_θ(a|s): all actions, not the one taken."""
        w = tensor(weight)

        def objective(theta):
            return _mean(D, (w * F.log_softmax(self.net(theta, D.s), dim=-1)).sum(dim=-1))

        return gradient(objective, theta)


@dataclass(frozen=True)
class GaussianMLP:
    """π_θ(a|s) = N(a; network(s), σ²).  θ: [B, P], log σ [K] at its end if learned."""

    n_features: int
    n_actions: int
    hidden: tuple[int, ...] = (32,)
    input_scale: tuple[float, ...] | None = None
    final_scale: float = 0.1
    activation: str = "tanh"
    log_std: float = -0.5
    learned: bool = True

    log_prob, grad_log_prob, kl = _log_prob, _grad_log_prob, _kl_array
    fisher_product, natural, fit = _fisher_product, _natural, _fit
    act, sample, grad_through = _act_by_noise, _sample, _grad_through

    @cached_property
    def net(self) -> MLP:
        sizes = (self.n_features, *self.hidden, self.n_actions)
        return MLP(sizes, self.activation, self.input_scale, self.final_scale)

    def init(self, world: Any, draws: Draws) -> Float[Array, "B P"]:
        """Random weights, different for each run."""
        theta = self.net.init(draws)
        spread = np.full((len(theta), self.n_actions), self.log_std)
        return np.hstack([theta, spread]) if self.learned else theta

    def distribution(self, theta: Tensor, s: Array) -> Normal:
        """N(mean, σ²) of each number of the action."""
        mean = self.net(theta[:, : self.net.size], s)
        log_std = torch.full((len(theta), self.n_actions), self.log_std, dtype=torch.float64)
        if self.learned:
            log_std = theta[:, self.net.size :].clamp(LOW, HIGH)
        std = log_std.exp().reshape(len(theta), *[1] * (mean.dim() - 2), -1)
        return Normal(mean, std.expand_as(mean), validate_args=False)

    def log_density(self, theta: Tensor, s: Array, a: Tensor) -> Tensor:
        """log N(a; mean, σ²), to be differentiated."""
        return self.distribution(theta, s).log_prob(a).sum(dim=-1)

    def reparameterised(self, theta: Tensor, s: Array, noise: Tensor) -> tuple[Tensor, Tensor]:
        """(a = mean + σ ε, log π_θ(a|s)), to be differentiated."""
        normal = self.distribution(theta, s)
        a = normal.mean + normal.stddev * noise
        return a, normal.log_prob(a).sum(dim=-1)

    def greedy(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"]
    ) -> Float[Array, "B *n K"]:
        """The mean."""
        return self.distribution(tensor(theta), s).mean.numpy()

    def entropy(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"]
    ) -> Float[Array, "B *n"]:
        """Σ_k ½ log(2πe σ_k²), in every state."""
        return self.distribution(tensor(theta), s).entropy().sum(dim=-1).numpy()


def log_slope(u: Tensor) -> Tensor:
    """log(1 - tanh² u) = 2 (log 2 - u - softplus(-2u)), which keeps its digits for large |u|."""
    return 2 * (np.log(2) - u + F.logsigmoid(2 * u))  # softplus(-2u) = -log sigmoid(2u)


@dataclass(frozen=True)
class SquashedGaussianMLP:
    """a = middle + half · tanh(u), u ~ N(mean, σ²), mean and log σ the outputs of a network.  θ: [B, P].

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

    log_prob, grad_log_prob, kl = _log_prob, _grad_log_prob, _kl_array
    fisher_product, natural, fit = _fisher_product, _natural, _fit
    act, sample, grad_through = _act_by_noise, _sample, _grad_through

    @cached_property
    def net(self) -> MLP:
        sizes = (self.n_features, *self.hidden, 2 * self.n_actions)
        return MLP(sizes, self.activation, self.input_scale, self.final_scale)

    @cached_property
    def _range(self) -> tuple[Tensor, Tensor]:
        """(middle, half) of each number's range."""
        low = torch.tensor(self.low or [-1.0] * self.n_actions, dtype=torch.float64)
        high = torch.tensor(self.high or [1.0] * self.n_actions, dtype=torch.float64)
        return (high + low) / 2, (high - low) / 2

    def init(self, world: Any, draws: Draws) -> Float[Array, "B P"]:
        """Random weights, different for each run."""
        return self.net.init(draws)

    def distribution(self, theta: Tensor, s: Array) -> Normal:
        """That of u. Its divergences are those of the action."""
        mean, log_std = self.net(theta, s).chunk(2, dim=-1)
        return Normal(mean, log_std.clamp(LOW, HIGH).exp(), validate_args=False)

    def squash(self, u: Tensor) -> Tensor:
        """The action of u."""
        middle, half = self._range
        return middle + half * torch.tanh(u)

    def correction(self, u: Tensor) -> Tensor:
        """Σ_k log ∂a/∂u, by which the density of the action is thinner."""
        return (log_slope(u) + self._range[1].log()).sum(dim=-1)

    def log_density(self, theta: Tensor, s: Array, a: Tensor) -> Tensor:
        """log π_θ(a|s) = log N(u) - Σ_k log(half_k (1 - tanh² u_k)), to be differentiated."""
        middle, half = self._range
        u = torch.atanh(((a - middle) / half).clamp(-1 + 1e-12, 1 - 1e-12))
        return self.distribution(theta, s).log_prob(u).sum(dim=-1) - self.correction(u)

    def reparameterised(self, theta: Tensor, s: Array, noise: Tensor) -> tuple[Tensor, Tensor]:
        """(a, log π_θ(a|s)) of u = mean + σ ε, to be differentiated."""
        normal = self.distribution(theta, s)
        u = normal.mean + normal.stddev * noise
        return self.squash(u), normal.log_prob(u).sum(dim=-1) - self.correction(u)

    def greedy(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"]
    ) -> Float[Array, "B *n K"]:
        """The action of u = mean."""
        return self.squash(self.distribution(tensor(theta), s).mean).numpy()

    def entropy(
        self, theta: Float[Array, "B P"], s: Float[Array, "B *n F"]
    ) -> Float[Array, "B *n"]:
        """H = Σ_k ½ log(2πe σ²) + E[log ∂a/∂u], the expectation by Gauss-Hermite quadrature."""
        normal = self.distribution(tensor(theta), s)
        nodes, weights = np.polynomial.hermite_e.hermegauss(32)
        u = normal.mean + normal.stddev * tensor(nodes).reshape(-1, *[1] * normal.mean.dim())
        expected = torch.tensordot(tensor(weights / weights.sum()), self.correction(u), dims=1)
        return (normal.entropy().sum(dim=-1) + expected).numpy()


# ---------------------------------------------------------------- critics


def _fit_critic(
    critic: Any,
    phi: Phi,
    D: Dataset,
    *,
    target: Float[Array, "B n"],
    fitting: Fitting,
    draws: Draws | None = None,
) -> Phi:
    """`fitting.steps` steps down ½ mean (prediction - target)² of the (mini)batch."""

    def along(weights, samples):
        s, a, y, live = (taken(x, samples) for x in (D.s, D.a, target, D.live))
        share, y = tensor(live.astype(np.float64)) / _count(live), tensor(y)

        def objective(weights):
            error = critic.predicted(weights, s, tensor(a)) - (
                y[:, None] if weights.dim() == 3 else y
            )
            return -0.5 * ((share[:, None] if weights.dim() == 3 else share) * error**2).sum(dim=-1)

        return gradient(objective, weights)

    size = D.live.shape[1]
    return Phi(
        *ascend(phi.weights, along, fitting=fitting, moments=phi.moments, size=size, draws=draws)
    )


@dataclass(frozen=True)
class ValueMLP:
    """V_φ(s) = network(s).  φ: Phi with weights [B, P]."""

    n_features: int
    hidden: tuple[int, ...] = (32,)
    input_scale: tuple[float, ...] | None = None
    final_scale: float = 0.1
    activation: str = "tanh"

    fit = _fit_critic

    @cached_property
    def net(self) -> MLP:
        sizes = (self.n_features, *self.hidden, 1)
        return MLP(sizes, self.activation, self.input_scale, self.final_scale)

    def init(self, world: Any, draws: Draws) -> Phi:
        """Random weights, different for each run."""
        return Phi(self.net.init(draws.stream(1)))

    def predicted(self, weights: Tensor, s: Array, a: Any) -> Tensor:
        """V_φ(s), to be differentiated."""
        return self.net(weights, s)[..., 0]

    def value(self, phi: Phi, s: Float[Array, "B *n F"], t: Any = None) -> Float[Array, "B *n"]:
        """V_φ(s); the time is not seen."""
        return self.predicted(tensor(phi.weights), s, None).numpy()


@dataclass(frozen=True)
class QMLP:
    """Q_φ(s,a) = network(s)[a], for finitely many actions.  φ: Phi with weights [B, P]."""

    n_features: int
    n_actions: int
    hidden: tuple[int, ...] = (32,)
    input_scale: tuple[float, ...] | None = None
    final_scale: float = 0.1
    activation: str = "tanh"

    fit = _fit_critic

    @cached_property
    def net(self) -> MLP:
        sizes = (self.n_features, *self.hidden, self.n_actions)
        return MLP(sizes, self.activation, self.input_scale, self.final_scale)

    def init(self, world: Any, draws: Draws) -> Phi:
        """Random weights, different for each run."""
        return Phi(self.net.init(draws.stream(1)))

    def predicted(self, weights: Tensor, s: Array, a: Tensor) -> Tensor:
        """Q_φ(s,a), to be differentiated."""
        return self.net(weights, s).gather(-1, a[..., None])[..., 0]

    def q(self, phi: Phi, s: Float[Array, "B *n F"]) -> Float[Array, "B *n A"]:
        """Q_φ(s,·), all actions at once."""
        return self.net(tensor(phi.weights), s).numpy()


@dataclass(frozen=True)
class ActionValueMLP:
    """Q_φ(s,a) = network(s, a) for continuous actions, `copies` networks side by side.  φ: weights [B, C, P].

    Two of them, of which the smaller counts, because a maximum over noise is too high (Fujimoto, van
    Hoof & Meger 2018; Haarnoja et al. 2019).
    """

    n_features: int
    n_actions: int
    hidden: tuple[int, ...] = (32,)
    input_scale: tuple[float, ...] | None = None
    final_scale: float = 0.1
    activation: str = "tanh"
    copies: int = 2

    fit = _fit_critic

    @cached_property
    def net(self) -> MLP:
        sizes = (self.n_features + self.n_actions, *self.hidden, 1)
        scale = self.input_scale and (*self.input_scale, *[1.0] * self.n_actions)
        return MLP(sizes, self.activation, scale, self.final_scale)

    def init(self, world: Any, draws: Draws) -> Phi:
        """Random weights, different for each run and copy."""
        weights = self.net.init(draws.stream(1), self.copies)
        return Phi(weights.reshape(-1, self.copies, self.net.size))

    def predicted(self, weights: Tensor, s: Array, a: Tensor) -> Tensor:
        """Q_φ(s,a) [B, C, n] of each copy, to be differentiated."""
        both = torch.cat([tensor(s), a], dim=-1).repeat_interleave(self.copies, dim=0)
        q = self.net(weights.reshape(-1, self.net.size), both)
        return q.reshape(len(s), self.copies, -1)

    def q(
        self, phi: Phi, s: Float[Array, "B n F"], a: Float[Array, "B n K"]
    ) -> Float[Array, "B C n"]:
        """Q_φ(s,a) of each copy."""
        return self.predicted(tensor(phi.weights), s, tensor(a)).numpy()

    def grad_action(
        self, phi: Phi, s: Float[Array, "B n F"], a: Float[Array, "B n K"]
    ) -> Float[Array, "B n K"]:
        """∂/∂a of min_c Q_c(s,a), of each sample."""
        weights = tensor(phi.weights)
        return gradient(lambda a: self.predicted(weights, s, a).min(dim=1).values, a)
