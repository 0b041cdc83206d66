"""Gaussian policies of the linear-quadratic world as points (k, σ²), and where the soft optimum is."""

from __future__ import annotations

from typing import Any

import numpy as np

from pgkit import draw, exact
from pgkit.policies import LinearGaussian
from pgkit.run import Run
from pgkit.types import Array, Float
from pgkit.widgets.views.base import View

GAINS = (-1.25, -0.2)  # of the axis of k
VARIANCES = (1e-3, 3.0)  # of the axis of σ², logarithmic
RULER = (0.01, 0.1, 1.0)  # temperatures whose optima are marked on the way


class Gains(View):
    """Every run's gain k and variance σ², the soft optimum at the temperature of now, and those of others.

    Without a temperature (any other algorithm) the only mark is k*; the best σ² is 0 then.
    """

    kind, title, module = "gains", "gain k and variance σ²", "gains.mjs"

    def __init__(self) -> None:
        self._mean: tuple[Any, dict[int, Array]] = (
            None,
            {},
        )  # of which timeline and generation; by iteration

    def misfit(self, run: Run) -> str | None:
        if run.world.name != "lqr" or not isinstance(run.policy, LinearGaussian):
            return "it shows a linear Gaussian policy; take world = 'lqr'"
        return None

    def setup(self, run: Run) -> dict[str, Any]:
        ruler = [[t, exact.lqr_soft_optimum(exact.LQR(), t)[1]] for t in RULER]
        soft = hasattr(run.algorithm, "temperature")
        return {"k": list(GAINS), "variance": list(VARIANCES), "ruler": ruler if soft else []}

    def frame(self, timeline):
        points = gains(timeline.run)
        way = self._way(timeline, points)
        facts = {"best": best(timeline.run), "lost": int((~np.isfinite(points)).any(axis=1).sum())}
        return facts, {"points": points, "way": way}

    def sentence(self, timeline) -> str:
        run = timeline.run
        k, variance = gains(run).T
        star = best(run)
        told = f"σ*² = {star[1]:.4g}" if star[1] is not None else "no best σ² but 0"
        return (
            f"At iteration {timeline.iteration} k = {k.mean():.4f} ± {k.std():.4f} and σ² = {variance.mean():.4g} "
            f"± {variance.std():.2g} over {run.runs} runs; the optimum has k* = {star[0]:.4f} and {told}."
        )

    def paper(self, axes, timeline) -> None:
        facts, parts = self.frame(timeline)
        k, variance = facts["best"]
        axes.axvline(k, color=draw.GREEN, lw=1, ls=":")
        axes.plot(*parts["way"].T, color=draw.BLUE, lw=1.2, alpha=0.5)
        axes.plot(*parts["points"].T, "o", color=draw.BLUE, mec="white", ms=5, label="runs")
        if variance is not None:
            axes.plot(k, variance, "*", color=draw.GREEN, mec="white", ms=15, label="optimum")
        axes.set(xlim=GAINS, ylim=VARIANCES, yscale="log", xlabel="gain k", ylabel="variance σ²")
        axes.legend(frameon=False, fontsize=8)

    def _way(self, timeline, points: Float[Array, "B 2"]) -> Float[Array, "K 2"]:
        """The mean over runs, at the iterations that were seen up to here."""
        whose = (timeline, timeline.generation)
        of, seen = self._mean
        if of != whose:
            seen = {}
        middle = np.array([points[:, 0].mean(), np.exp(np.log(points[:, 1]).mean())])
        seen = {i: at for i, at in seen.items() if i < timeline.iteration}
        seen[timeline.iteration] = middle
        self._mean = (whose, seen)
        return np.array(list(seen.values()))


def gains(run: Run) -> Float[Array, "B 2"]:
    """(k, σ²) of every run."""
    theta, policy = run.state.theta, run.policy
    return np.stack(
        [theta[:, 0], np.exp(2 * np.clip(theta[:, 1], policy.low, policy.high))], axis=-1
    )


def best(run: Run) -> tuple[float, float | None]:
    """(k*, σ*²) at the temperature of now; without one there is no best σ² but 0."""
    temperature = getattr(run.algorithm, "temperature", None)
    if temperature is None:
        return exact.lqr_optimum(exact.LQR())[0], None
    return exact.lqr_soft_optimum(exact.LQR(), temperature)
