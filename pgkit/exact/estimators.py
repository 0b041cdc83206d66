"""Gradient estimators under the microscope: mean and covariance over all trajectories, not over samples.

An estimator is a function of the paths and their scores, (tau, score [M,T,P]) -> gradient of each path
[M,P]. All that the lecture names are Σ_t weight_t ψ_t and differ in the weight [M,T]; a baseline is
subtracted from it. What a baseline may look at is a word in the letters t, s, a: "" a constant, "t"
b_t, "s" V(s), "ts" V_t(s), and "tsa", which is no baseline but a trap. Finite horizon throughout;
γ < 1 discounts within it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pgkit.exact.enumeration import Paths, path_probability, path_scores, paths
from pgkit.exact.finite import at_all_times, values_over_time
from pgkit.types import Array, Float, Int, Trajectories
from pgkit.worlds.world import World

Estimator = Callable[[Paths, Array], Array]


# ---------------------------------------------------------------- weights


def _later(horizon: int, x: float) -> Float[Array, "T T"]:
    """[k, t] -> x^(k-t) for k ≥ t, else 0."""
    ahead = np.subtract.outer(np.arange(horizon), np.arange(horizon))
    return np.where(ahead >= 0, float(x) ** np.maximum(ahead, 0), 0.0)


def full_return(tau: Paths, gamma: float) -> Float[Array, "M T"]:
    """R(τ) = Σ_k γ^k r_k at every time: rewards from before the action and all."""
    total = tau.r @ _later(len(tau.t), gamma)[:, :1]
    return np.broadcast_to(total, tau.r.shape)


def future_return(tau: Paths | Trajectories, gamma: float) -> Float[Array, "... T"]:
    """Reward-to-go Q̂_t = Σ_{k≥t} γ^{k-t} r_k of every trajectory."""
    return tau.r @ _later(tau.r.shape[-1], gamma)


def advantage_estimate(
    tau: Paths, value: Float[Array, "T S"], gamma: float, lam: float
) -> Float[Array, "M T"]:
    """GAE(λ): Σ_{k≥t} (γλ)^{k-t} δ_k, δ_t = r_t + γ V_{t+1}(s_{t+1}) - V_t(s_t), V = 0 after the end and at T.

    λ=0: the TD error. λ=1: reward-to-go minus V_t(s_t). Biased for λ < 1 unless V is exact.
    """
    v = np.where(tau.live, value[tau.t, tau.s], 0.0)
    v_next = np.pad(v[:, 1:], ((0, 0), (0, 1)))
    return (tau.r + gamma * v_next - v) @ _later(len(tau.t), gamma * lam)


def look_up(tau: Paths, table: Float[Array, "T S A"]) -> Float[Array, "M T"]:
    """table_t(s_t, a_t) along every path, such as an exact Q_t or A_t."""
    return table[tau.t, tau.s, tau.a]


# ---------------------------------------------------------------- baselines


def _cells(tau: Paths, by: str) -> Int[Array, "M T"]:
    """The index of what a baseline is told about each step."""
    if by not in ("", "t", "s", "ts", "tsa"):
        raise ValueError(f"by = {by!r}, but a baseline looks at '', 't', 's', 'ts' or 'tsa'")
    cell = np.zeros(tau.s.shape, dtype=np.int64)
    if "t" in by:
        cell = cell + tau.t
    if "s" in by:
        cell = cell * (tau.s.max() + 1) + tau.s
    if "a" in by:
        cell = cell * (tau.a.max() + 1) + tau.a
    return cell


def fitted_baseline(
    tau: Paths,
    prob: Float[Array, "M"],
    target: Float[Array, "M T"],
    by: str,
    emphasis: Float[Array, "M T"] | None = None,
) -> Float[Array, "M T"]:
    """argmin_b E Σ_t emphasis_t (b - target_t)²: in each cell the mean of the target, as b along every path.

    With the reward-to-go for a target: "ts" gives V_t(s), "tsa" gives Q_t(s,a). emphasis = |ψ_t|² with
    "ts" gives E[|ψ|² Q]/E[|ψ|²], the best b_t(s) if each time stood alone.
    """
    cell = _cells(tau, by)
    weight = prob[:, None] * np.where(tau.live, 1.0 if emphasis is None else emphasis, 0.0)
    size = cell.max() + 1
    total = np.bincount(cell.ravel(), (weight * target).ravel(), size)
    share = np.bincount(cell.ravel(), weight.ravel(), size)
    return np.divide(total, share, out=np.zeros(size), where=share > 0)[cell]


def optimal_baseline(
    tau: Paths,
    prob: Float[Array, "M"],
    score: Float[Array, "M T P"],
    weight: Float[Array, "M T"],
    by: str,
) -> Float[Array, "M T"]:
    """argmin_b tr Cov of Σ_t (weight_t - b) ψ_t over all b of the cells `by` (not "tsa").

    Σ_t b ψ_t = Σ_j b_j h_j, where h_j adds up the scores in cell j. E h_j = 0, so the best b solves
    the normal equations E[h_j·h_k] b_k = E[h_j·Σ_t weight_t ψ_t]. Constant b for the full return:
    E[|Σψ|² R] / E[|Σψ|²]  (Greensmith, Bartlett & Baxter 2004).
    """
    if "a" in by:
        raise ValueError(
            f"by = {by!r}, but what depends on the action is no baseline: it moves the mean"
        )
    cell = _cells(tau, by)
    told = cell[..., None] == np.arange(cell.max() + 1)  # [M, T, cells]
    h = np.einsum("mtj,mtp->mjp", told, score)
    normal = np.einsum("m,mjp,mkp->jk", prob, h, h)
    right = np.einsum("m,mjp,mp->j", prob, h, weighted_score(score, weight))
    return (np.linalg.pinv(normal, hermitian=True) @ right)[cell]


# ---------------------------------------------------------------- mean and covariance


@dataclass(frozen=True)
class Moments:
    """Mean [P] and covariance [P, P] of the gradient that one trajectory gives.  N trajectories: covariance/N."""

    mean: Float[Array, "P"]
    covariance: Float[Array, "P P"]

    @property
    def trace(self) -> float:
        """tr Cov = E |g - E g|²: the variance, as one number."""
        return float(np.trace(self.covariance))

    @property
    def snr(self) -> float:
        """|E g|² / tr Cov, the signal-to-noise ratio; infinite without noise."""
        signal = float(self.mean @ self.mean)
        return signal / self.trace if self.trace > 0 else float("inf")


def weighted_score(
    score: Float[Array, "M T P"], weight: Float[Array, "M T"]
) -> Float[Array, "M P"]:
    """g = Σ_t weight_t ψ_t, the gradient of each path."""
    return np.einsum("mt,mtp->mp", weight, score)


def moments(prob: Float[Array, "M"], gradient: Float[Array, "M P"]) -> Moments:
    """E g and E (g - E g)(g - E g)ᵀ over all trajectories."""
    mean = prob @ gradient
    off = gradient - mean
    return Moments(mean, (prob[:, None] * off).T @ off)


def estimator_moments(
    estimator: Estimator,
    world: World,
    probs: Float[Array, "S A"],
    psi: Float[Array, "S A P"],
    horizon: int,
    start: Float[Array, "S"] | None = None,
) -> Moments:
    """Mean and covariance of any estimator, by enumeration.  Raises ValueError for too many trajectories."""
    tau = paths(world, horizon, start)
    return moments(path_probability(tau, probs), estimator(tau, path_scores(tau, psi)))


def uphill(
    prob: Float[Array, "M"], gradient: Float[Array, "M P"], direction: Float[Array, "P"]
) -> float:
    """P(g·∇J > 0): how often one trajectory's gradient points uphill at all.  A tie, up to rounding, does not."""
    along = gradient @ direction
    return float(prob[along > 1e-9 * np.abs(along).max()].sum())


def same_batch_mean(
    tau: Paths,
    prob: Float[Array, "M"],
    score: Float[Array, "M T P"],
    weight: Float[Array, "M T"],
    episodes: int,
    by: str = "ts",
) -> Float[Array, "P"]:
    """E of the gradient of N = `episodes` trajectories whose baseline is fitted on these same N.

    Fitting subtracts the mean of the n trajectories found in a cell, their own among them, and so
    takes away 1/n of that cell's gradient: E ĝ = Σ_cells ∇_cell E[(n-1)⁺]/(N p), n ~ Binomial(N, p).
    N=1: zero, whatever happened. by: "t" or "ts" (a cell that a path meets twice has no such formula).
    """
    if by not in ("t", "ts"):
        raise ValueError(f"by = {by!r}, but the mean is known in closed form only for 't' and 'ts'")
    cell = _cells(tau, by)
    seen = np.bincount(cell.ravel(), (prob[:, None] * tau.live).ravel(), cell.max() + 1)
    left = episodes * seen - 1 + (1 - seen) ** episodes  # E (n-1)⁺
    if episodes == 1:
        left = np.zeros_like(left)  # rounding would leave 1e-17
    kept = np.divide(left, episodes * seen, out=np.zeros_like(left), where=seen > 0)
    return prob @ weighted_score(score, kept[cell] * weight)


# ---------------------------------------------------------------- the lecture's estimators by name


def named_estimators(
    world: World, probs: Float[Array, "S A"], gamma: float, horizon: int
) -> dict[str, Estimator]:
    """The estimators of the lecture, each unbiased for ∇J (γ^t included) except the trap at the end.

    They know the policy and the world: baselines are exact, as if fitted on infinitely many trajectories.
    """
    value, q = values_over_time(world, at_all_times(probs, horizon), gamma)
    adv = q - value[..., None]

    def of(weight, by=None, *, best=False, discount=gamma):
        """An estimator from a weight and what its baseline looks at."""

        def estimator(tau: Paths, score: Array) -> Array:
            w, prob = weight(tau), path_probability(tau, probs)
            score = score * (float(discount) ** tau.t)[:, None]
            if by is None:
                return weighted_score(score, w)
            b = (
                optimal_baseline(tau, prob, score, w, by)
                if best
                else fitted_baseline(tau, prob, w, by)
            )
            return weighted_score(score, w - b)

        return estimator

    def whole(by=None, *, best=False):  # has its γ^k inside
        return of(lambda tau: full_return(tau, gamma), by, best=best, discount=1.0)

    def ahead(tau):
        return future_return(tau, gamma)

    def gae(lam):
        return of(lambda tau: advantage_estimate(tau, value, gamma, lam))

    return {
        "full return": whole(),
        "full return - mean": whole(""),
        "full return - best constant": whole("", best=True),
        "reward-to-go": of(ahead),
        "reward-to-go - mean": of(ahead, ""),
        "reward-to-go - best constant": of(ahead, "", best=True),
        "reward-to-go - b_t": of(ahead, "t"),
        "reward-to-go - V(s)": of(ahead, "s"),
        "reward-to-go - V_t(s)": of(ahead, "ts"),
        "reward-to-go - best b_t(s)": of(ahead, "ts", best=True),
        "GAE .95": gae(0.95),
        "GAE .9": gae(0.9),
        "GAE .5": gae(0.5),
        "GAE 0": gae(0.0),
        "advantage": of(lambda tau: look_up(tau, adv)),
        "reward-to-go - Q_t(s,a)": of(ahead, "tsa"),
    }
