"""The learning curve: median and band over runs, the single runs on demand."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from pgkit import draw, exact
from pgkit.run import Run
from pgkit.widgets.timeline import curve, marks
from pgkit.widgets.views.base import View
from pgkit.widgets.views.goals import pays
from pgkit.worlds.world import World


class LearningCurve(View):
    """J of all runs against iterations.  The points travel with the lab's own frames (lab.py)."""

    kind, title, module = "curve", "learning curve", "curve.mjs"

    def setup(self, run: Run) -> dict[str, Any]:
        return {"label": label(run)}

    def frame(self, timeline):
        return {"lines": lines(timeline.run)}, {}

    def sentence(self, timeline) -> str:
        now = timeline.evaluation().expected_return
        low, median, high = np.quantile(now, (0.1, 0.5, 0.9))
        lost = int((~np.isfinite(now)).sum())
        diverged = f" {lost} of {now.size} runs have diverged." if lost else ""
        return (
            f"Learning curve up to iteration {timeline.iteration}: median {median:.4g}, "
            f"10 to 90 % of {now.size} runs from {low:.4g} to {high:.4g}.{diverged}"
        )

    def paper(self, axes, timeline) -> None:
        draw.learning_curve(
            axes, curve(timeline.trunk.history), ghost=timeline.ghost,
            marks=marks(timeline.trunk.changes), lines=lines(timeline.run), label=label(timeline.run),
            rival=timeline.rival_curve(),
        )  # fmt: skip


def label(run: Run) -> str:
    """What the vertical axis counts."""
    episodes = run.history[0].episodes
    return "J from the nominal start" if episodes is None else f"mean return of {episodes} episodes"


def lines(run: Run) -> list[dict[str, Any]]:
    """Values to compare with, from the exact oracle: {value, text, hue, goal}."""
    world, gamma = run.world, run.gamma
    return _lines(world, gamma) if isinstance(world, World) and gamma < 1 else []


@lru_cache(maxsize=64)
def _lines(world: World, gamma: float) -> list[dict[str, Any]]:
    if world.layout is None or not world.goals:
        best = float(exact.optimal_values(world, gamma)[0] @ world.start)
        return [{"value": best, "text": f"J* = {best:.4g}", "hue": "goal", "goal": ""}]
    found = {letter: goal_value(world, letter, gamma) for letter in world.goals}
    most = max(value for _, value in found.values())
    return [
        {
            "value": value, "goal": letter, "hue": {"G": "goal", "e": "trap"}.get(letter, "soft"),
            "text": f"J* = V*(S) = {value:.2f}" if value == most else f"best way to {pay:+g}: {value:.2f}",
        }
        for letter, (pay, value) in found.items()
    ]  # fmt: skip


def goal_value(world: World, letter: str, gamma: float) -> tuple[float, float]:
    """(what goal `letter` pays, J of the best policy for which the other goals pay nothing); γ < 1."""
    others = [cells for other, cells in world.goals.items() if other != letter]
    into_others = np.any([cells[world.next_state] for cells in others], axis=0) if others else False
    alone = replace(world, reward=np.where(into_others, 0.0, world.reward))
    return pays(world)[letter], float(exact.optimal_values(alone, gamma)[0] @ world.start)
