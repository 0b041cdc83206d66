"""The Ring of Fire lab: a local optimum, and the reset distribution μ that one paints to get out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from pgkit import draw, exact
from pgkit.algorithms import ALGORITHMS, ReinforceResets
from pgkit.resets import RESETS, check_mu
from pgkit.run import Run
from pgkit.types import Array, Float
from pgkit.widgets.lab import Lab, bundle, styles
from pgkit.widgets.timeline import curve, marks
from pgkit.worlds import World, load_world

CONTROLS = ("alpha", "mix", "episodes")
PAINTED = "painted"
MANY_CHANGES = 40  # with more, `code` rebuilds the settings and not how they came about


class RingOfFire(Lab):
    """Paint μ, turn α and w, and watch `runs` runs of REINFORCE leave the local optimum, or not.

    Parameters
    ----------
    world : a name in WORLDS, a file with a map, or a World with a layout.
    runs, seed : how many runs train together, and the seed that all their draws follow from.
    alpha, mix, episodes, reset, mu : knobs to begin with; reset is "nominal", "uniform", "expert" or
        "painted", and mu the painted masses: an array [S], or {(row, column): mass} counted from 1.
    algorithm : a name in ALGORITHMS or an instance; its fields are the knobs.
    hide : controls to leave out, of "knobs", "reset", "paint", "seed", "speed", "time", "copy".
    fps : frames a second sent to the page.
    """

    _esm = bundle("lab.mjs", "ring_of_fire.mjs")
    _css = styles("lab.css", "ring_of_fire.css")

    def __init__(
        self,
        world: str | World = "ring-of-fire",
        runs: int = 64,
        seed: int = 0,
        *,
        alpha: float | None = None,
        mix: float = 1.0,
        episodes: int | None = None,
        reset: str | None = None,
        mu: Any = None,
        algorithm: Any = None,
        hide: tuple[str, ...] = (),
        fps: float = 30,
    ) -> None:
        self.world = load_world(world) if isinstance(world, str) else world
        if not isinstance(self.world, World) or self.world.layout is None:
            raise ValueError(
                f"world = {self.world.name!r}, but this lab draws cells and needs a world on a grid, "
                "such as 'ring-of-fire' or a text map"
            )
        algorithm = ALGORITHMS[algorithm]() if isinstance(algorithm, str) else algorithm
        algorithm = algorithm or replace(ReinforceResets(), **self.world.defaults)
        given = {k: v for k, v in {"alpha": alpha, "episodes": episodes}.items() if v is not None}
        self.painted: Float[Array, "S"] = np.zeros(self.world.n_states)
        self._names: dict[bytes, tuple[str, Array]] = {}
        reset = reset or ("nominal" if mu is None else PAINTED)
        if mu is not None:
            self.painted = self._masses(mu)
        self.reset = reset
        mu = self._mu_of(reset, algorithm.gamma)
        algorithm = replace(algorithm, **given)
        run = Run(algorithm, self.world, mu=mu, mix=mix, runs=runs, seed=seed)
        self._gamma = algorithm.gamma
        super().__init__(run, controls=CONTROLS, hide=hide, fps=fps)
        suited = {k: v for k, v in self.world.defaults.items() if k in self._defaults}
        self._defaults |= suited | {"reset": "nominal"}

    # ---------------------------------------------------------------- knobs

    def turn(self, **changes: Any) -> None:
        """Turn knobs: alpha, mix, episodes, reset, mu (painted masses).  ValueError changes nothing."""
        painted, reset = self.painted, changes.pop("reset", None)
        if "mu" in changes:
            painted, reset = self._masses(changes.pop("mu")), reset or PAINTED
        if reset is not None:
            changes["mu"] = self._mu_of(reset, self._gamma, painted)
        super().turn(**changes)
        self.painted, self.reset = painted, reset or self.reset

    def go_back(self, iteration: int) -> None:
        super().go_back(iteration)
        self.reset, masses = self._name_of(self.run.settings.mu)
        if self.reset == PAINTED:
            self.painted = masses

    def new_run(self, seed: int) -> Run:
        now = self.run.settings
        run = self.run
        return Run(now.algorithm, self.world, mu=now.mu, mix=now.mix, runs=run.runs, seed=seed)

    def _mu_of(self, reset: Any, gamma: float, painted: Array | None = None) -> Array | None:
        """The reset distribution that a choice stands for."""
        if reset == "nominal":
            return None
        if reset == PAINTED:
            masses = self.painted if painted is None else painted
            mu = check_mu(self.world, masses)
            self._names[mu.tobytes()] = (PAINTED, masses)
            return mu
        if reset not in tuple(RESETS):
            known = ", ".join([*RESETS, PAINTED])
            raise ValueError(f"reset = {reset!r}, but it must be one of {known}")
        mu = check_mu(self.world, RESETS[reset](self.world, gamma))
        self._names[mu.tobytes()] = (reset, mu)
        return mu

    def _masses(self, mu: Any) -> Float[Array, "S"]:
        """Painted masses [S], in thousandths, so that `code` gives them back exactly."""
        if isinstance(mu, Mapping):
            masses, layout = np.zeros(self.world.n_states), self.world.grid
            for (row, col), mass in mu.items():
                if not (1 <= row <= layout.rows and 1 <= col <= layout.cols):
                    raise ValueError(
                        f"mu has mass at row {row}, column {col}, but the grid has "
                        f"{layout.rows} rows and {layout.cols} columns"
                    )
                masses[(row - 1) * layout.cols + col - 1] = mass
            mu = masses
        check_mu(self.world, mu)
        return np.round(np.asarray(mu, dtype=np.float64).ravel(), 3)

    def _name_of(self, mu: Array | None) -> tuple[str, Array]:
        return ("nominal", self.world.start) if mu is None else self._names[mu.tobytes()]

    # ---------------------------------------------------------------- messages

    def _on_paint(self, message: Mapping, buffers: list[Any]) -> dict:
        """The painted masses, as float32 [S]; answered with μ_w as it is in force."""
        size = memoryview(buffers[0]).nbytes if buffers else 0
        if size != 4 * self.world.n_states:
            raise ValueError(
                f"the painted μ has {size} bytes, but must have {4 * self.world.n_states}"
            )
        self.turn(mu=np.frombuffer(buffers[0], dtype="<f4"))
        cells, mismatch = int(np.count_nonzero(self.painted)), _plain(self.run.mismatch)
        plural = "" if cells == 1 else "s"
        return {"said": f"Python: μ lies on {cells} cell{plural}, mismatch {mismatch}."}

    def _on_load(self, message: Mapping, buffers: list[Any]) -> dict:
        """A distribution to start painting from."""
        name = message.get("name")
        if name not in tuple(RESETS):
            raise ValueError(f"name = {name!r}, but it must be one of {', '.join(RESETS)}")
        mu = RESETS[name](self.world, self._gamma)
        self.turn(mu=mu / mu.max())
        return {"masses": self.painted.tolist()}

    def _on_hello(self, message: Mapping, buffers: list[Any]) -> None:
        self.frame(fresh=True, answer=message.get("id"), masses=self.painted.tolist())

    def _on_rewind(self, message: Mapping, buffers: list[Any]) -> dict:
        return super()._on_rewind(message, buffers) | {"masses": self.painted.tolist()}

    # ---------------------------------------------------------------- what there is to see

    def setup(self) -> dict[str, Any]:
        world, layout = self.world, self.world.grid
        return {
            "title": "Ring of Fire", "algorithm": "REINFORCE with resets", "world": world.name,
            "runs": self.timeline.run.runs, "rows": layout.rows, "cols": layout.cols,
            "letters": layout.letters, "startable": world.startable.tolist(),
            "actions": list(world.actions), "goals": self.goals,
            "pay": {letter: pay for letter, (pay, _) in self.goal_values.items()},
            "lines": {letter: value for letter, (_, value) in self.goal_values.items()},
            "resets": [*RESETS, PAINTED],
        }  # fmt: skip

    @cached_property
    def goals(self) -> list[str]:
        return list(self.world.goals)

    @cached_property
    def goal_values(self) -> dict[str, tuple[float, float | None]]:
        """For each goal: what it pays, and J of the best policy that cares for that goal alone."""
        return {letter: goal_value(self.world, letter, self._gamma) for letter in self.world.goals}

    def view(self) -> tuple[dict[str, Any], dict[str, Array]]:
        run, score = self.run, self.timeline.evaluation()
        mismatch = run.mismatch
        header = {
            "reset": self.reset,
            "mismatch": mismatch if np.isfinite(mismatch) else None,
            "covered": not np.isinf(mismatch),
        }
        return header, {
            "probs": mean_probs(run),
            "occupancy": score.occupancy.mean(axis=0),
            "mu": run.start,
        }

    @property
    def sentence(self) -> str:
        run, score = self.run, self.timeline.evaluation()
        hits = {letter: int(reached.sum()) for letter, reached in score.reached.items()}
        where = [f"{n} at {self.goal_values[g][0]:+g}" for g, n in hits.items()]
        best = max(value for _, value in self.goal_values.values() if value is not None)
        return (
            f"Ring of Fire after {run.iteration} iterations from {self.reset} resets: "
            f"of {run.runs} runs {', '.join(where)}, {run.runs - sum(hits.values())} at neither; "
            f"median J {np.median(score.expected_return):.2f} of at most {best:.2f}; "
            f"‖d_π*/μ‖_∞ = {_plain(run.mismatch)}."
        )

    @property
    def code(self) -> str:
        log = self.run.changes
        exact_history = len(log) <= MANY_CHANGES
        first = (log[0] if exact_history else log[-1])[1]
        made = {"world": self.world.name, "runs": self.run.runs, "seed": self.run.seed}
        made |= self._words(first)
        line = f"RingOfFire({_arguments(made)})"
        if not exact_history:
            return line
        at, old = log[0]
        for then, new in log[1:]:
            changed = {k: v for k, v in self._words(new).items() if self._words(old).get(k) != v}
            line += f".train({then - at})" if then > at else ""
            line += f".set({_arguments(changed)})"
            at, old = then, new
        return line + (f".train({self.run.iteration - at})" if self.run.iteration > at else "")

    def _words(self, settings: Any) -> dict[str, Any]:
        """Settings as the arguments that make them."""
        name, masses = self._name_of(settings.mu)
        words = {k: getattr(settings.algorithm, k) for k in CONTROLS if k != "mix"}
        words |= {"mix": settings.mix, "reset": name}
        if name == PAINTED:
            cols = self.world.grid.cols
            painted = {
                (int(s) // cols + 1, int(s) % cols + 1): _number(masses[s])
                for s in np.flatnonzero(masses)
            }
            del words["reset"]
            words["mu"] = painted
        return words

    def picture(self) -> bytes:
        line, score = self.timeline, self.timeline.evaluation()
        figure = draw.ring_of_fire(
            self.world,
            probs=mean_probs(self.run),
            occupancy=score.occupancy.mean(axis=0),
            mu=self.run.start,
            curve=curve(line.trunk.history),
            ghost=line.ghost,
            marks=marks(line.trunk.changes),
            goals=self.goal_values,
            reached={letter: int(hits.sum()) for letter, hits in score.reached.items()},
            runs=self.run.runs,
            caption=self.sentence,
        )
        return draw.png(figure)


def mean_probs(run: Run) -> Float[Array, "S A"]:
    """π(a|s), mean over runs."""
    return run.policy.table(run.state.theta).mean(axis=0)


def goal_value(world: World, letter: str, gamma: float) -> tuple[float, float | None]:
    """(what goal `letter` pays, J of the best policy for which the other goals pay nothing).

    The second is None for γ = 1, where the infinite horizon has no value to compare with.
    """
    enters = world.goals[letter][world.next_state] & ~world.terminal[:, None, None]
    pay = float(world.reward[enters].max())
    if gamma >= 1:
        return pay, None
    others = [cells for other, cells in world.goals.items() if other != letter]
    into_others = np.any([cells[world.next_state] for cells in others], axis=0) if others else False
    alone = replace(world, reward=np.where(into_others, 0.0, world.reward))
    return pay, float(exact.optimal_values(alone, gamma)[0] @ world.start)


def _arguments(words: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in words.items())


def _number(x: float) -> float | int:
    return int(x) if x == int(x) else float(x)


def _plain(x: float) -> str:
    return "∞" if np.isinf(x) else f"{x:.3g}"
