"""The Ring of Fire lab: a local optimum, and the reset distribution μ that one paints to get out of it."""

from __future__ import annotations

from typing import Any

from pgkit.widgets.run_lab import RunLab, _arguments
from pgkit.widgets.views.curve import LearningCurve
from pgkit.widgets.views.goals import Goals
from pgkit.widgets.views.grid import Grid
from pgkit.worlds import in_code

CONTROLS = ("alpha", "mix", "episodes")


class RingOfFire(RunLab):
    """Paint μ, turn α and w, and watch `runs` runs of REINFORCE leave the local optimum, or not.

    The parameters are RunLab's: world, runs, seed, reset, mu, mix, pay, and the algorithm's settings.
    """

    def __init__(
        self,
        world: Any = "ring-of-fire",
        runs: int = 64,
        seed: int = 0,
        *,
        algorithm: Any = "reinforce_resets",
        **settings: Any,
    ) -> None:
        settings = {"title": "Ring of Fire", "controls": CONTROLS} | settings
        settings = {k: v for k, v in settings.items() if v is not None}
        views = (Grid(paint=True, rewards=True), LearningCurve(), Goals())
        super().__init__(algorithm, world, views, runs=runs, seed=seed, **settings)

    def _opening(self, words: dict[str, Any]) -> str:
        made = {"runs": self.run.runs, "seed": self.run.seed} | words
        world = in_code(self.world) or "world"
        own = "".join(f", {name}={name}" for name in self._own if name != "world")
        return f"RingOfFire(world={world}, {_arguments(made)}{own})"
