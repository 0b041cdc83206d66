"""J over two parameters, computed exactly on a lattice, and the way that each run takes through it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from pgkit import draw, exact
from pgkit.run import Run
from pgkit.types import Array, Float
from pgkit.widgets.views.base import View
from pgkit.widgets.views.cloud import Paced, checked, names_of, no_table
from pgkit.worlds.world import World

SIDE, COARSE = 41, 21  # points of the lattice to a side; in worlds of more than FEW states
FEW = 10
HALF = 4.0  # half the width of the picture at first; it doubles as runs walk out of it
WIDEST = 2.0**12
PATHS, STEPS, POINTS = 8, 128, 256  # ways drawn, points of a way, runs shown as points


class Contour(View):
    """J(θ) over two parameters as a map: isolines, the way of each run, and where the runs are now.

    axes : (i, j), which parameters, counted through θ of one run row by row.  None: a policy with
        just two.  Where there are more, the others are held as run 0 has them, and only it is drawn.

    J is scored from the nominal start within the horizon, as the learning curve is.
    """

    kind, title, module = "contour", "J over two parameters", "contour.mjs"

    def __init__(self, axes: tuple[int, int] | None = None) -> None:
        self.axes = checked(axes)
        self._ways: dict[str, tuple[Any, dict[int, Array]]] = {}
        self._paced = Paced()
        self._surface: tuple[Any, int] = (None, 0)

    def misfit(self, run: Run) -> str | None:
        why = no_table(run)
        if why:
            return f"the contour computes J exactly: {why}"
        count = parameters(run)
        if self.axes is None and count != 2:
            return (
                f"the contour needs two parameters, and this policy has {count}: "
                "world = 'two-state' or 'scaled-bandit', or Contour(axes=(0, 1))"
            )
        if self.axes and max(self.axes) >= count:
            return f"axes = {self.axes}, but this policy's parameters are 0 to {count - 1}"
        return None

    def setup(self, run: Run) -> dict[str, Any]:
        names = names_of(run)
        return {"names": names if len(names) > 2 else [], "axes": list(self._axes)}

    def frame(self, timeline):
        run, (i, j) = timeline.run, self._axes
        ways = {"way": self._way("way", timeline, run)}
        rival = getattr(timeline, "rival", None)
        if rival is not None:
            ways["rival"] = self._way("rival", timeline, rival)
        half = reach(np.concatenate([way.reshape(-1, 2) for way in ways.values()]))
        surface, half = self._j(run, half)
        if surface is not self._surface[0]:
            self._surface = (surface, self._surface[1] + 1)
        now = self._now(run)[:POINTS]
        names = names_of(run)
        facts = {
            "half": list(half), "side": len(surface), "surface": self._surface[1], "axes": [i, j],
            "names": [names[i], names[j]], "paths": len(ways["way"]), "rival": rival is not None,
            "outside": int((np.abs(now) > half).any(axis=1).sum()),
            "lost": int((~np.isfinite(now)).any(axis=1).sum()),
        }  # fmt: skip
        return facts, {"j": surface.ravel(), "now": now, **ways}

    def asked(self, lab: Any, message: Mapping[str, Any], buffers: list[Any]) -> dict[str, Any]:
        """{"axes": [i, j]}: look at these two parameters."""
        axes = checked(message.get("axes"))
        misfit = Contour(axes).misfit(lab.timeline.run)
        if misfit:
            raise ValueError(misfit)
        self.axes, self._ways, self._paced = axes, {}, Paced()
        return {}

    def sentence(self, timeline) -> str:
        run, (i, j) = timeline.run, self._axes
        theta, names = self._now(run)[0], names_of(run)
        if not np.isfinite(theta).all():
            return f"At iteration {run.iteration} run 0 has diverged: it is nowhere on the map."
        surface, _ = self._j(run, reach(theta[None]), now=True)
        here = timeline.evaluation().expected_return[0]
        return (
            f"At iteration {run.iteration} run 0 is at {names[i]} = {theta[0]:.3g}, {names[j]} = {theta[1]:.3g}, "
            f"where J = {here:.4g}; on the map J goes from {surface.min():.4g} to {surface.max():.4g}."
        )

    def paper(self, axes, timeline) -> None:
        facts, parts = self.frame(timeline)
        (x, y), side = facts["half"], facts["side"]
        grid = parts["j"].reshape(side, side)
        at = np.linspace(-x, x, side), np.linspace(-y, y, side)
        from_white = [(1, 1, 1), draw.GREEN]
        axes.contourf(*at, grid, levels=10, cmap=shades(from_white), alpha=0.6)
        lines = axes.contour(*at, grid, levels=10, colors=draw.SOFT, linewidths=0.6)
        axes.clabel(lines, fontsize=7)
        if "rival" in parts:
            for way in parts["rival"]:
                axes.plot(*way.T, color=draw.INK, lw=1, ls="--")
        for k, way in reversed(list(enumerate(parts["way"]))):  # run 0 on top
            axes.plot(*way.T, color=draw.BLUE, lw=1 if k else 2, alpha=0.4 if k else 1)
        axes.plot(*parts["now"].T, "o", color=draw.BLUE, mec="white", ms=5)
        axes.set(xlim=(-x, x), ylim=(-y, y), xlabel=facts["names"][0], ylabel=facts["names"][1])

    @property
    def _axes(self) -> tuple[int, int]:
        return self.axes or (0, 1)

    def _now(self, run: Run) -> Float[Array, "B 2"]:
        theta = run.state.theta.reshape(run.runs, -1)
        return theta[: 1 if theta.shape[1] > 2 else None, self._axes]

    def _j(
        self, run: Run, half: tuple[float, float], *, now: bool = False
    ) -> tuple[Float[Array, "side side"], tuple[float, float]]:
        """J on the lattice, rows are the second parameter; and half its width and height."""
        how = (run.world, run.policy, run.gamma, run.algorithm.horizon)
        if parameters(run) == 2:
            return lattice(*how, half), half
        theta = run.state.theta[0]
        return self._paced(
            (run.state, run.settings, half),
            lambda: (slice_of(*how, theta, self._axes, half), half),
            told=run.iteration, now=now,
        )  # fmt: skip

    def _way(self, name: str, timeline, run: Run) -> Float[Array, "paths steps 2"]:
        """θ of the first runs from the start up to where we look: kept states, and what was seen since."""
        of, seen = self._ways.get(name, (None, {}))
        whose = (
            timeline,
            timeline.generation,
            timeline.rival if name == "rival" else None,
            self._axes,
        )
        if of != whose:
            seen = {}
        flat = (slice(PATHS if parameters(run) == 2 else 1), self._axes)
        kept = run.kept
        for k in kept.keys() - seen.keys():
            seen[k] = kept[k].theta.reshape(run.runs, -1)[flat]
        if len(seen) > 4 * STEPS:
            seen = {k: seen[k] for k in sorted(seen)[::2]}
        self._ways[name] = (whose, seen)
        past = [k for k in sorted(seen) if k <= timeline.iteration]
        thin = [
            past[i] for i in np.unique(np.linspace(0, len(past) - 1, STEPS).round().astype(int))
        ]
        return np.stack([seen[k] for k in thin], axis=1)


def parameters(run: Run) -> int:
    return run.state.theta[0].size


def reach(theta: Float[Array, "n 2"]) -> tuple[float, float]:
    """Half the width and height of the map: doubled until it holds all but a twentieth of the points."""
    theta = theta[np.isfinite(theta).all(axis=1)]
    far = np.quantile(np.abs(theta), 0.95, axis=0) if len(theta) else np.zeros(2)
    x, y = (HALF * 2 ** max(0, int(np.ceil(np.log2(max(1.1 * f / HALF, 1))))) for f in far)
    return float(min(x, WIDEST)), float(min(y, WIDEST))


@lru_cache(maxsize=32)
def lattice(
    world: World, policy: Any, gamma: float, horizon: int, half: tuple[float, float]
) -> Float[Array, "side side"]:
    """J(θ) of a policy with two parameters over [-half, half]."""
    return slice_of(world, policy, gamma, horizon, np.zeros(2), (0, 1), half)


def slice_of(
    world: World, policy: Any, gamma: float, horizon: int,
    theta: Array, axes: tuple[int, int], half: tuple[float, float],
) -> Float[Array, "side side"]:  # fmt: skip
    """J over two of the parameters, the rest as in `theta`; rows are the second of them."""
    side = SIDE if world.n_states <= FEW else COARSE
    y, x = np.meshgrid(*(np.linspace(-h, h, side) for h in half[::-1]), indexing="ij")
    many = np.repeat(theta.reshape(1, -1), side * side, axis=0)
    many[:, axes[0]], many[:, axes[1]] = x.ravel(), y.ravel()
    j = [
        exact.push(world, policy.table(row.reshape(-1, *theta.shape)), gamma, horizon)[0]
        for row in np.array_split(many, max(1, side * side * world.n_states**2 // 300_000))
    ]
    return np.concatenate([np.atleast_1d(x) for x in j]).reshape(side, side)


def shades(hues: list[Any]) -> Any:
    from importlib import import_module

    return import_module("matplotlib.colors").LinearSegmentedColormap.from_list("", hues)
