"""Where the runs have ended: how many of them reach which goal."""

from __future__ import annotations

from typing import Any

import numpy as np

from pgkit.run import Run
from pgkit.widgets.views.base import View
from pgkit.worlds.world import World


class Goals(View):
    """A bar of shares: runs that reach each goal from the nominal start with probability over .9."""

    kind, title, module = "goals", "where the runs end", "goals.mjs"
    height = 0.45

    def misfit(self, run: Run) -> str | None:
        known = isinstance(run.world, World) and run.world.goals
        return None if known else "it counts runs at goals, and this world has none"

    def setup(self, run: Run) -> dict[str, Any]:
        return {"runs": run.runs, "goals": list(run.world.goals)}

    def frame(self, timeline):
        return {
            "counts": list(self._counts(timeline).values()),
            "pay": pays(timeline.run.world),
        }, {}

    def sentence(self, timeline) -> str:
        counts, pay = self._counts(timeline), pays(timeline.run.world)
        where = [f"{n} at {pay[letter]:+g}" for letter, n in counts.items()]
        runs = timeline.run.runs
        return f"Of {runs} runs {', '.join(where)}, {runs - sum(counts.values())} at none."

    def paper(self, axes, timeline) -> None:
        counts, pay = self._counts(timeline), pays(timeline.run.world)
        names = [*(f"{pay[g]:+g}" for g in counts), "none"]
        numbers = [*counts.values(), timeline.run.runs - sum(counts.values())]
        axes.barh(names, numbers, color=["#009e73", "#e69f00", "#b8c1cb"][-len(names) :])
        axes.set(xlim=(0, timeline.run.runs), xlabel="runs")
        axes.invert_yaxis()

    @staticmethod
    def _counts(timeline) -> dict[str, int]:
        return {g: int(hits.sum()) for g, hits in timeline.evaluation().reached.items()}


def pays(world: World) -> dict[str, float]:
    """What entering each goal pays."""
    found = {}
    for letter, cells in world.goals.items():
        enters = cells[world.next_state] & ~world.terminal[:, None, None]
        found[letter] = float(np.max(world.reward[enters]))
    return found
