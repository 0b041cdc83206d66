"""A grid world: policy, visits, values, μ to paint, and episodes that play."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from pgkit import draw, exact
from pgkit.run import Run
from pgkit.types import Array, Float
from pgkit.widgets.views.base import View
from pgkit.worlds.grid import PAY, pay_of
from pgkit.worlds.world import World

LAYERS = ("policy", "visits", "mu", "values", "episodes")
EPISODES = 12  # shown at a time
FRESH = 1.0  # seconds between two sets of episodes while training


class Grid(View):
    """The map with π(a|s) as arrows, d_π as heat, μ as dots, V^π as numbers and episodes that walk.

    layers : those switched on at first, of "policy", "visits", "mu", "values", "episodes".
    paint : μ can be painted.
    rewards : what entering a cell pays can be changed, while training runs.
    """

    kind, title, module = "grid", "the world", "grid.mjs"

    def __init__(
        self,
        layers: tuple[str, ...] = ("policy", "visits", "mu"),
        *,
        paint: bool = False,
        rewards: bool = False,
    ) -> None:
        self.paint, self.rewards = paint, rewards
        self.layers = self._checked(layers)
        self._episodes: tuple[float, Any, dict[str, Array]] = (0.0, None, {})
        self._values: tuple[Any, Any, Array] = (None, None, np.zeros(0))

    def misfit(self, run: Run) -> str | None:
        on_grid = isinstance(run.world, World) and run.world.layout is not None
        return (
            None
            if on_grid
            else "it draws cells and needs a world on a grid, such as 'ring-of-fire' or a text map"
        )

    def setup(self, run: Run) -> dict[str, Any]:
        world, layout = run.world, run.world.grid
        return {
            "world": world.name, "rows": layout.rows, "cols": layout.cols, "letters": layout.letters,
            "startable": world.startable.tolist(), "actions": list(world.actions),
            "goals": list(world.goals), "layers": list(self.layers), "paint": self.paint,
            "rewards": list(pay_of(world)) if self.rewards else [], "most": PAY.high,
            "episodes": min(EPISODES, run.runs),
        }  # fmt: skip

    def frame(self, timeline):
        run, score = timeline.run, timeline.evaluation()
        parts = {
            "probs": mean_probs(run),
            "occupancy": score.occupancy.mean(axis=0),
            "mu": run.start,
        }
        if "values" in self.layers:
            parts["values"] = self._mean_values(run)
        if "episodes" in self.layers:
            parts |= self._walks(run)
        return {"layers": list(self.layers), "pay": run.settings.pay}, parts

    def asked(self, lab: Any, message: Mapping[str, Any], buffers: list[Any]) -> dict[str, Any]:
        """{"layers": [...]}: show these."""
        self.layers = self._checked(message.get("layers") or ())
        return {}

    def sentence(self, timeline) -> str:
        run = timeline.run
        probs, visits = mean_probs(run), timeline.evaluation().occupancy.mean(axis=0)
        start = int(np.argmax(run.world.start))
        action = int(np.argmax(probs[start]))
        busiest = run.world.grid.cell(int(np.argmax(visits)))
        return (
            f"At the start the policy goes {run.world.actions[action]} with probability "
            f"{probs[start, action]:.2f}; it is most often at {busiest}."
        )

    def paper(self, axes, timeline) -> None:
        run = timeline.run
        visits = timeline.evaluation().occupancy.mean(axis=0)
        draw.grid(axes, run.world, probs=mean_probs(run), occupancy=visits, mu=run.start)

    def _checked(self, layers: Any) -> tuple[str, ...]:
        for name in layers:
            if name not in LAYERS:
                raise ValueError(f"layer = {name!r}, but it must be one of {', '.join(LAYERS)}")
        return tuple(layers)

    def _mean_values(self, run: Run) -> Float[Array, "S"]:
        """V^π of each state, mean over the first runs."""
        state, world, _ = self._values
        if state is not run.state or world is not run.world:
            tables = run.policy.table(run.state.theta[:EPISODES])
            v, _ = exact.values(run.world, tables, min(run.gamma, 0.9999))
            mean = np.where(run.world.startable, v.mean(axis=0), 0.0)
            self._values = (run.state, run.world, mean)
        return self._values[2]

    def _walks(self, run: Run) -> dict[str, Array]:
        """Cells of one episode of each of the first runs, -1 after its end: "walks" [episodes, T+1]."""
        told, state, parts = self._episodes
        if state is not run.state and time.monotonic() - told > FRESH:
            n = min(EPISODES, run.runs)
            _, info = run.some(slice(n)).preview()
            tau = info.tau
            live = tau.live[:n, 0]
            walks = np.where(live, tau.s[:n, 0], -1.0)
            last = live.sum(axis=1) - 1
            ends = np.full((n, 1), -1.0)
            walks = np.concatenate([walks, ends], axis=1)
            walks[np.arange(n), last + 1] = tau.s_next[np.arange(n), 0, last]
            parts = {"walks": walks}
            self._episodes = (time.monotonic(), run.state, parts)
        return parts


def mean_probs(run: Run) -> Float[Array, "S A"]:
    """π(a|s), mean over runs."""
    return run.policy.table(run.state.theta).mean(axis=0)
