"""Critics V_φ(s) and Q_φ(s,a): stateless; φ [B, ...] lives outside.

A critic of states offers `init`, `value(φ, s, t)` and `fit(φ, D, target=, fitting=, draws=)`; one of
actions offers `q(φ, s)` for all actions at once instead of `value`. `fitting` says how to regress
(pgkit.optim.Fitting): no steps means the exact least-squares solution. The target is a constant:
nothing is differentiated through it.

The slide writes TRAIN V_φ(s) = Σ ‖V_φ(s) - Q̂_t‖; it means φ = argmin Σ_t (V_φ(s_t) - Q̂_t)². Without
the square it would be a fit of medians. In a finite horizon without discount what is still to come
depends on the time, and so must V.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pgkit.draws import Draws
from pgkit.types import Array, Dataset, Float, Int
from pgkit.worlds.world import World


def _cell_means(
    table: Float[Array, "B C"], cells: Int[Array, "B n"], target: Float[Array, "B n"], live: Array
) -> tuple[Float[Array, "B C"], Float[Array, "B C"]]:
    """(mean target of each cell, how many live samples it has); 0 where it has none."""
    runs, size = table.shape
    at = (np.arange(runs)[:, None] * size + cells).ravel()
    count = np.bincount(at, live.ravel().astype(np.float64), table.size).reshape(table.shape)
    total = np.bincount(at, np.where(live, target, 0.0).ravel(), table.size).reshape(table.shape)
    return np.divide(total, count, out=np.zeros_like(total), where=count > 0), count


def _fit_table(
    table: Float[Array, "B C"], cells: Int[Array, "B n"], target, live, fitting: Any
) -> Float[Array, "B C"]:
    """Means of the cells; or each sample's step of size α, `steps` times over: V ← V + α (mean target - V).

    A cell with n samples takes n steps in each round. Cells without data keep their value.
    """
    mean, count = _cell_means(table, cells, target, live)
    left = 0.0 if fitting.steps == 0 else (1 - min(fitting.alpha, 1.0)) ** (fitting.steps * count)
    return np.where(count > 0, mean + left * (table - mean), table)


@dataclass(frozen=True)
class ValueTable:
    """V_φ(s), or V_φ,t(s) with a `horizon`.  φ: [B, S], or [B, T+1, S] for times 0..T."""

    horizon: int | None = None

    def init(self, world: World, draws: Draws) -> Float[Array, "B ..."]:
        """V = 0 everywhere."""
        times = () if self.horizon is None else (self.horizon + 1,)
        return np.zeros((len(draws.keys), *times, world.n_states))

    def _cells(self, s: Array, t: Any, states: int) -> Array:
        return s if self.horizon is None else np.minimum(t, self.horizon) * states + s

    def value(
        self, phi: Float[Array, "B ..."], s: Int[Array, "B ..."], t: Array | None = None
    ) -> Float[Array, "B ..."]:
        """V_φ(s) of each run's own states, at time t if it knows the time."""
        flat = phi.reshape(len(phi), -1)
        rows = np.arange(len(phi)).reshape(-1, *[1] * (s.ndim - 1))
        return flat[rows, self._cells(s, t, phi.shape[-1])]

    def fit(
        self,
        phi: Float[Array, "B ..."],
        D: Dataset,
        *,
        target: Float[Array, "B n"],
        fitting: Any,
        draws: Draws | None = None,
    ) -> Float[Array, "B ..."]:
        """φ = argmin Σ (V_φ(s_t) - target_t)²: the mean target of each state (and time).

        With `fitting.steps` only so many rounds of steps of size α towards it, one for each sample.
        """
        flat = phi.reshape(len(phi), -1)
        new = _fit_table(flat, self._cells(D.s, D.t, phi.shape[-1]), target, D.live, fitting)
        return new.reshape(phi.shape)


@dataclass(frozen=True)
class QTable:
    """Q_φ(s,a).  φ: [B, S, A]."""

    def init(self, world: World, draws: Draws) -> Float[Array, "B S A"]:
        """Q = 0 everywhere."""
        return np.zeros((len(draws.keys), world.n_states, world.n_actions))

    def q(self, phi: Float[Array, "B S A"], s: Int[Array, "B ..."]) -> Float[Array, "B ... A"]:
        """Q_φ(s,·) of each run's own states."""
        return phi[np.arange(len(phi)).reshape(-1, *[1] * (s.ndim - 1)), s]

    def fit(
        self,
        phi: Float[Array, "B S A"],
        D: Dataset,
        *,
        target: Float[Array, "B n"],
        fitting: Any,
        draws: Draws | None = None,
    ) -> Float[Array, "B S A"]:
        """φ = argmin Σ (Q_φ(s_t, a_t) - target_t)², or `fitting.steps` rounds of steps of size α towards it."""
        flat = phi.reshape(len(phi), -1)
        new = _fit_table(flat, D.s * phi.shape[-1] + D.a, target, D.live, fitting)
        return new.reshape(phi.shape)


@dataclass(frozen=True, eq=False)
class LinearValue:
    """V_φ(s) = x(s)·φ.  features x: [S, K];  φ: [B, K].  For observed vectors, without features, x(s) = (1, s, s²)."""

    features: Float[Array, "S K"] | None = None

    def init(self, world: Any, draws: Draws) -> Float[Array, "B K"]:
        """φ = 0."""
        size = 1 + 2 * world.n_features if self.features is None else self.features.shape[-1]
        return np.zeros((len(draws.keys), size))

    def _see(self, s: Array) -> Float[Array, "B ... K"]:
        if self.features is None:
            return np.concatenate([np.ones((*s.shape[:-1], 1)), s, s**2], axis=-1)
        return self.features[s]

    def value(
        self, phi: Float[Array, "B K"], s: Array, t: Array | None = None
    ) -> Float[Array, "B ..."]:
        """x(s)·φ."""
        return np.einsum("b...k,bk->b...", self._see(s), phi)

    def fit(
        self,
        phi: Float[Array, "B K"],
        D: Dataset,
        *,
        target: Float[Array, "B n"],
        fitting: Any,
        draws: Draws | None = None,
    ) -> Float[Array, "B K"]:
        """φ = argmin Σ (x(s_t)·φ - target_t)² by a solve, or `fitting.steps` gradient steps of size α.

        One step is φ ← φ + α · mean of (target - x·φ) x. Directions that no sample shows stay as they are.
        """
        x = self._see(D.s) * D.live[..., None]
        count = np.maximum(D.live.sum(axis=-1), 1)[:, None]
        if fitting.steps == 0:
            left = np.where(D.live, target - self.value(phi, D.s), 0.0)
            gram = np.einsum("bnk,bnl->bkl", x, x)
            seen = np.einsum("bnk,bn->bk", x, left)
            return phi + (np.linalg.pinv(gram, hermitian=True) @ seen[..., None])[..., 0]
        for _ in range(fitting.steps):
            left = np.where(D.live, target - self.value(phi, D.s), 0.0)
            phi = phi + fitting.alpha * np.einsum("bnk,bn->bk", x, left) / count
        return phi
