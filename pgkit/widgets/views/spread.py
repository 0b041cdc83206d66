"""How the runs differ: J of every run now, as dots that pile up, with the median and 10 to 90 %."""

from __future__ import annotations

from typing import Any

import numpy as np

from pgkit import draw, exact
from pgkit.run import Run
from pgkit.types import Array, Float, Int
from pgkit.widgets.views.base import View
from pgkit.widgets.views.curve import label, lines
from pgkit.worlds.world import World

BINS = 48
HUES = {"goal": draw.GREEN, "trap": draw.AMBER}


class Spread(View):
    """The distribution of J over runs at this iteration.  Same algorithm, same knobs, other seeds."""

    kind, title, module = "spread", "spread over runs", "spread.mjs"

    def __init__(self) -> None:
        self._range: tuple[Any, float, float] = (None, 0.0, 0.0)  # of which timeline and generation

    def setup(self, run: Run) -> dict[str, Any]:
        return {"label": label(run), "lines": best(run), "bins": BINS}

    def frame(self, timeline):
        j = timeline.evaluation().expected_return
        good = j[np.isfinite(j)]
        low, high = self._reach(timeline, good)
        facts = {
            "low": low, "high": high, "runs": j.size, "lost": j.size - good.size,
            "below": int((good < low).sum()), "above": int((good > high).sum()),
            "quantiles": np.quantile(good, (0.1, 0.5, 0.9)).tolist() if good.size else None,
            "lines": best(timeline.run),
        }  # fmt: skip
        return facts, {"counts": piled(good, low, high).astype(np.float64)}

    def sentence(self, timeline) -> str:
        j = timeline.evaluation().expected_return
        good = j[np.isfinite(j)]
        lost = (
            f" {j.size - good.size} of {j.size} runs have diverged." if good.size < j.size else ""
        )
        if not good.size:
            return f"At iteration {timeline.iteration} all {j.size} runs have diverged."
        low, median, high = np.quantile(good, (0.1, 0.5, 0.9))
        return (
            f"J of {good.size} runs at iteration {timeline.iteration}: lowest {good.min():.4g}, "
            f"10 % below {low:.4g}, median {median:.4g}, 10 % above {high:.4g}, "
            f"highest {good.max():.4g}.{lost}"
        )

    def paper(self, axes, timeline) -> None:
        facts, parts = self.frame(timeline)
        low, high = facts["low"], facts["high"]
        edges = np.linspace(low, high, BINS + 1)
        axes.bar(
            edges[:-1], parts["counts"], np.diff(edges), align="edge", color=draw.BLUE, alpha=0.55
        )
        if facts["quantiles"]:
            tenth, median, ninth = facts["quantiles"]
            top = axes.get_ylim()[1]
            axes.plot([tenth, ninth], [1.04 * top] * 2, color=draw.INK, lw=1.5, clip_on=False)
            axes.plot(median, 1.04 * top, "o", color=draw.INK, ms=5, clip_on=False)
        for line in facts["lines"]:
            axes.axvline(line["value"], color=HUES.get(line["hue"], draw.SOFT), lw=1.5, ls="--")
            axes.annotate(
                line["text"], (line["value"], 0.85), (-3, 0), xycoords=("data", "axes fraction"),
                textcoords="offset points", rotation=90, ha="right", va="top", fontsize=7,
            )  # fmt: skip
        lost = f", {facts['lost']} diverged" if facts["lost"] else ""
        axes.set(
            xlim=(low, high), xlabel=label(timeline.run), ylabel=f"of {facts['runs']} runs{lost}"
        )

    def _reach(self, timeline, good: Float[Array, "n"]) -> tuple[float, float]:
        """The axis: grows while one watches, so that dots move and the axis does not.

        A few runs far away do not stretch it; they are counted at its end.
        """
        known = [line["value"] for line in best(timeline.run)]
        tenth, ninth = np.quantile(good, (0.1, 0.9)) if good.size else (0.0, 1.0)
        far = 1.5 * (ninth - tenth) + 0.1 * max(abs(tenth), abs(ninth), 0.1)
        low = max(good.min(initial=np.inf), tenth - far) if good.size else 0.0
        high = min(good.max(initial=-np.inf), ninth + far) if good.size else 1.0
        whose, least, most = self._range
        now = (timeline, timeline.generation)
        seen = [least, most] if whose == now else []
        low, high = min(low, *known, *seen, high), max(low, *known, *seen, high)
        if high - low < 1e-9 * max(1.0, abs(high)):
            low, high = low - 0.5, high + 0.5
        self._range = (now, float(low), float(high))
        margin = 0.03 * (high - low)
        return float(low - margin), float(high + margin)


def best(run: Run) -> list[dict[str, Any]]:
    """J of the best policies, as the curve draws them; with γ = 1 that of the horizon's best, which knows the time."""
    world = run.world
    if run.gamma < 1 or not isinstance(world, World):
        return lines(run)
    top = exact.optimal_values_over_time(world, 1.0, run.algorithm.horizon)[0][0] @ world.start
    return [{"value": float(top), "text": f"J* = {top:.4g}", "hue": "goal", "goal": ""}]


def piled(values: Float[Array, "n"], low: float, high: float) -> Int[Array, "BINS"]:
    """How many values fall into each bin; what lies outside counts in the first or the last."""
    at = np.floor((values - low) / (high - low) * BINS).astype(np.int64)
    return np.bincount(np.clip(at, 0, BINS - 1), minlength=BINS)
