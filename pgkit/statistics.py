"""How good is it, really?  What a few runs can tell, after Agarwal et al. 2021 (rliable): point and interval.

Scores are [B] for B runs of one task, or [B, K] for K tasks; a run that has diverged may score -∞. All
intervals are percentile bootstrap intervals (Efron 1979): draw B runs from the B that there are, with
replacement and in each task by itself (stratified), take the statistic, do so many times, and cut off
the same share at both ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pgkit.types import Array, Float, Int

LEVEL, RESAMPLES = 0.95, 2000
FEWEST = 5  # runs: from fewer a bootstrap knows next to nothing


@dataclass(frozen=True)
class Estimate:
    """A number and the interval that goes with it."""

    value: float
    low: float
    high: float

    def holds(self, x: float) -> bool:
        """Whether x lies in the interval, ends included."""
        return self.low <= x <= self.high

    def __str__(self) -> str:
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"


def as_scores(scores: Any, name: str = "scores") -> Float[Array, "B K"]:
    """Scores as [B, K] with -∞ for what is no number.  ValueError for another shape or no run at all."""
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim not in (1, 2) or table.size == 0:
        raise ValueError(
            f"{name} has shape {table.shape}, but scores are [B], one number a run, or [B, K] for K tasks"
        )
    return np.where(np.isnan(table), -np.inf, table).reshape(len(table), -1)


def iqm(scores: Float[Array, "... B K"]) -> Float[Array, "..."]:
    """Interquartile mean: the mean of the middle half of all B·K scores.

    A quarter of them, rounded down, is left out at each end (as scipy.stats.trim_mean does, and so
    rliable). Between the mean, which one lucky run can move as far as it likes, and the median, which
    sees nothing but the middle.
    """
    flat = np.sort(scores.reshape(*scores.shape[:-2], -1), axis=-1)
    cut = flat.shape[-1] // 4
    return flat[..., cut : flat.shape[-1] - cut].mean(axis=-1)


def optimality_gap(scores: Float[Array, "... B K"], target: float) -> Float[Array, "..."]:
    """How far the runs stay below `target` in the mean; what goes beyond it does not make up for others."""
    return (target - np.minimum(scores, target)).mean(axis=(-2, -1))


def wins(x: Float[Array, "B"], y: Float[Array, "C"]) -> Float[Array, "B C"]:
    """1 where x_i > y_j, 1/2 where they are equal, else 0."""
    return (x[:, None] > y) + 0.5 * (x[:, None] == y)


def probability_of_improvement(x: Float[Array, "B K"], y: Float[Array, "C K"]) -> float:
    """P(X > Y): a run of X, drawn at random, beats one of Y on the same task; a tie counts half."""
    return float(np.mean([wins(a, b).mean() for a, b in zip(x.T, y.T, strict=True)]))


# ---------------------------------------------------------------- intervals


def resamples(shape: tuple[int, int], count: int, seed: int) -> Int[Array, "R B K"]:
    """`count` times B runs out of B with replacement, in each of K tasks by itself."""
    return np.random.default_rng(seed).integers(0, shape[0], (count, *shape))


def interval(
    scores: Any, statistic: Callable[[Array], Array] = iqm, *,
    level: float = LEVEL, count: int = RESAMPLES, seed: int = 0,
) -> Estimate:  # fmt: skip
    """The statistic of the scores with its bootstrap interval."""
    table = as_scores(scores)
    drawn = _take(table, resamples(table.shape, count, seed))
    return _estimate(float(statistic(table)), statistic(drawn), level)


def difference(
    x: Any, y: Any, *, paired: bool,
    level: float = LEVEL, count: int = RESAMPLES, seed: int = 0,
) -> Estimate:  # fmt: skip
    """IQM(X) - IQM(Y) with its bootstrap interval.

    paired: run i of X and run i of Y belong together, as when they had the same seed; a resample then
    takes both or neither. ValueError if they are not equally many.
    """
    a, b = as_scores(x, "x"), as_scores(y, "y")
    if paired and a.shape != b.shape:
        raise ValueError(
            f"paired = True, but x has {len(a)} runs and y {len(b)}; pairs need as many of each"
        )
    one = resamples(a.shape, count, seed)
    other = one if paired else resamples(b.shape, count, seed + 1)
    drawn = _minus(iqm(_take(a, one)), iqm(_take(b, other)))
    return _estimate(float(_minus(iqm(a), iqm(b))), drawn, level)


def improvement(
    x: Any, y: Any, *, paired: bool,
    level: float = LEVEL, count: int = RESAMPLES, seed: int = 0,
) -> Estimate:  # fmt: skip
    """P(X > Y) with its bootstrap interval; paired as in `difference`."""
    a, b = as_scores(x, "x"), as_scores(y, "y")
    one = resamples(a.shape, count, seed)
    other = one if paired else resamples(b.shape, count, seed + 1)
    drawn = np.zeros(count)
    for k in range(a.shape[1]):
        often = [_counts(rows[..., k], n) for rows, n in ((one, len(a)), (other, len(b)))]
        table = wins(a[:, k], b[:, k])
        drawn += np.einsum("ri,ri->r", often[0] @ table, often[1]) / table.size / a.shape[1]
    return _estimate(probability_of_improvement(a, b), drawn, level)


def _take(table: Float[Array, "B K"], rows: Int[Array, "R B K"]) -> Float[Array, "R B K"]:
    return table[rows, np.arange(table.shape[1])]


def _counts(rows: Int[Array, "R B"], size: int) -> Float[Array, "R B"]:
    """How often each run was drawn in each resample."""
    shifted = rows + size * np.arange(len(rows))[:, None]
    return np.bincount(shifted.ravel(), minlength=size * len(rows)).reshape(-1, size).astype(float)


def _minus(a: Array, b: Array) -> Array:
    """a - b; two that have both diverged do not differ."""
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, a - b)


def _estimate(value: float, drawn: Float[Array, "R"], level: float) -> Estimate:
    ends = ((1 - level) / 2, (1 + level) / 2)
    low, high = np.quantile(drawn, ends, method="inverted_cdf")  # never between two: ∞ may be there
    return Estimate(value, float(low), float(high))
