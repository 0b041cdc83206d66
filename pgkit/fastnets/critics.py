"""Critics that are networks: V(s), Q(s,·) of finitely many actions, and Q(s,a) of continuous ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pgkit.draws import Draws
from pgkit.fastnets.mlp import MLP, Upstream
from pgkit.fastnets.shared import taken
from pgkit.optim import Fitting, Phi, ascend
from pgkit.types import Array, Dataset, Float

Problem = Callable[[Any], tuple[Array, Upstream]]  # samples -> (inputs, slope of the error)


def _fit(
    net: MLP, phi: Phi, D: Dataset, fitting: Fitting, draws: Draws | None, problem: Problem
) -> Phi:
    """`fitting.steps` steps down the error of all samples, or of a minibatch each."""
    everything = None if fitting.batch else problem(None)

    def gradient(weights, samples):
        x, upstream = everything or problem(samples)
        return net.pull(weights.reshape(-1, net.size), x, upstream).reshape(weights.shape)

    size = D.live.shape[1]
    return Phi(
        *ascend(phi.weights, gradient, fitting=fitting, moments=phi.moments, size=size, draws=draws)
    )


def _towards(target: Float[Array, "B n"], live: Array) -> Upstream:
    """(target - output) / how many: the slope of -½ the mean over live samples of (output - target)²."""
    share = live / np.maximum(live.sum(axis=-1, keepdims=True), 1)

    def upstream(y, block):
        np.subtract(target[block[::2]][:, None], y, out=y)
        y *= share[block[::2]][:, None]
        return y

    return upstream


@dataclass(frozen=True)
class ValueMLP:
    """V_φ(s) = network(s).  φ: Phi with weights [B, P]."""

    n_features: int
    hidden: tuple[int, ...] = (32,)
    input_scale: tuple[float, ...] | None = None
    final_scale: float = 0.1
    activation: str = "tanh"

    @cached_property
    def net(self) -> MLP:
        sizes = (self.n_features, *self.hidden, 1)
        return MLP(sizes, self.activation, self.input_scale, self.final_scale)

    def init(self, world: Any, draws: Draws) -> Phi:
        """Random weights, different for each run."""
        return Phi(self.net.init(draws.stream(1)))

    def value(self, phi: Phi, s: Float[Array, "B *n F"], t: Any = None) -> Float[Array, "B *n"]:
        """V_φ(s); the time is not seen."""
        return self.net.forward(phi.weights, self.net.see(s)).reshape(s.shape[:-1])

    def fit(
        self,
        phi: Phi,
        D: Dataset,
        *,
        target: Float[Array, "B n"],
        fitting: Fitting,
        draws: Draws | None = None,
    ) -> Phi:
        """`fitting.steps` steps down ½ mean (V_φ(s_t) - target_t)²."""

        def problem(samples):
            x = self.net.see(taken(D.s, samples))
            return x, _towards(taken(target, samples), taken(D.live, samples))

        return _fit(self.net, phi, D, fitting, draws, problem)


@dataclass(frozen=True)
class QMLP:
    """Q_φ(s,a) = network(s)[a], for finitely many actions.  φ: Phi with weights [B, P]."""

    n_features: int
    n_actions: int
    hidden: tuple[int, ...] = (32,)
    input_scale: tuple[float, ...] | None = None
    final_scale: float = 0.1
    activation: str = "tanh"

    @cached_property
    def net(self) -> MLP:
        sizes = (self.n_features, *self.hidden, self.n_actions)
        return MLP(sizes, self.activation, self.input_scale, self.final_scale)

    def init(self, world: Any, draws: Draws) -> Phi:
        """Random weights, different for each run."""
        return Phi(self.net.init(draws.stream(1)))

    def q(self, phi: Phi, s: Float[Array, "B *n F"]) -> Float[Array, "B *n A"]:
        """Q_φ(s,·), all actions at once."""
        q = self.net.forward(phi.weights, self.net.see(s))
        return q.swapaxes(-1, -2).reshape(*s.shape[:-1], self.n_actions)

    def fit(
        self,
        phi: Phi,
        D: Dataset,
        *,
        target: Float[Array, "B n"],
        fitting: Fitting,
        draws: Draws | None = None,
    ) -> Phi:
        """`fitting.steps` steps down ½ mean (Q_φ(s_t, a_t) - target_t)²; other actions are left alone."""
        actions = np.arange(self.n_actions)[:, None]

        def problem(samples):
            chosen = taken(D.a, samples)[:, None] == actions  # [B, A, n]
            towards = _towards(taken(target, samples), taken(D.live, samples))
            return self.net.see(
                taken(D.s, samples)
            ), lambda q, block: towards(q, block) * chosen[block]

        return _fit(self.net, phi, D, fitting, draws, problem)


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

    @cached_property
    def net(self) -> MLP:
        sizes = (self.n_features + self.n_actions, *self.hidden, 1)
        scale = self.input_scale and (*self.input_scale, *[1.0] * self.n_actions)
        return MLP(sizes, self.activation, scale, self.final_scale)

    def init(self, world: Any, draws: Draws) -> Phi:
        """Random weights, different for each run and copy."""
        weights = self.net.init(draws.stream(1), self.copies)
        return Phi(weights.reshape(-1, self.copies, self.net.size))

    def _see(self, s: Array, a: Array) -> Float[Array, "BC I n"]:
        x = self.net.see(np.concatenate([s, a], axis=-1))
        return np.repeat(x, self.copies, axis=0)

    def q(
        self, phi: Phi, s: Float[Array, "B n F"], a: Float[Array, "B n K"]
    ) -> Float[Array, "B C n"]:
        """Q_φ(s,a) of each copy."""
        q = self.net.forward(phi.weights.reshape(-1, self.net.size), self._see(s, a))
        return q.reshape(len(s), self.copies, -1)

    def grad_action(
        self, phi: Phi, s: Float[Array, "B n F"], a: Float[Array, "B n K"]
    ) -> Float[Array, "B n K"]:
        """∂/∂a of min_c Q_c(s,a), of each sample."""
        q, slope = self.net.slope_inputs(phi.weights.reshape(-1, self.net.size), self._see(s, a))
        q = q.reshape(len(s), self.copies, 1, -1)
        slope = slope.reshape(*q.shape[:2], -1, q.shape[-1])[:, :, self.n_features :]
        smallest = q.argmin(axis=1, keepdims=True)
        return np.take_along_axis(slope, smallest, axis=1)[:, 0].swapaxes(-1, -2)

    def fit(
        self,
        phi: Phi,
        D: Dataset,
        *,
        target: Float[Array, "B n"],
        fitting: Fitting,
        draws: Draws | None = None,
    ) -> Phi:
        """`fitting.steps` steps of every copy down ½ mean (Q_φ(s_t, a_t) - target_t)²."""

        def problem(samples):
            x = self._see(taken(D.s, samples), taken(D.a, samples))
            y, live = taken(target, samples), taken(D.live, samples)
            return x, _towards(*(np.repeat(z, self.copies, axis=0) for z in (y, live)))

        return _fit(self.net, phi, D, fitting, draws, problem)


@dataclass(frozen=True)
class QuadraticQ:
    """Q_φ(s,a) = φ·(x², x u, u², 1), x and u single numbers: the soft Q of a linear-quadratic world.  φ: [B, 4]."""

    def init(self, world: Any, draws: Draws) -> Float[Array, "B 4"]:
        """φ = 0."""
        return np.zeros((len(draws.keys), 4))

    def _features(self, s: Array, a: Array) -> Float[Array, "B n 4"]:
        x, u = s[..., 0], a[..., 0]
        return np.stack([x * x, x * u, u * u, np.ones_like(x)], axis=-1)

    def q(
        self, phi: Float[Array, "B 4"], s: Float[Array, "B n 1"], a: Float[Array, "B n 1"]
    ) -> Float[Array, "B 1 n"]:
        """Q_φ(s,a), of the one copy there is."""
        return (self._features(s, a) @ phi[..., None]).swapaxes(-1, -2)

    def grad_action(
        self, phi: Float[Array, "B 4"], s: Float[Array, "B n 1"], a: Float[Array, "B n 1"]
    ) -> Float[Array, "B n 1"]:
        """∂Q/∂u = φ_2 x + 2 φ_3 u."""
        return phi[:, None, 1:2] * s + 2 * phi[:, None, 2:3] * a

    def fit(
        self,
        phi: Float[Array, "B 4"],
        D: Dataset,
        *,
        target: Float[Array, "B n"],
        fitting: Fitting,
        draws: Draws | None = None,
    ) -> Float[Array, "B 4"]:
        """φ = argmin Σ (Q_φ(s_t, a_t) - target_t)² by a solve, however many steps are asked for."""
        x = self._features(D.s, D.a) * D.live[..., None]
        seen = x.swapaxes(-1, -2) @ np.where(D.live, target, 0.0)[..., None]
        return (np.linalg.pinv(x.swapaxes(-1, -2) @ x, hermitian=True) @ seen)[..., 0]
