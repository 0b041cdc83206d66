"""RunLab: a live lab for any algorithm in any world, with the views that one names."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pgkit import draw
from pgkit.algorithms import ALGORITHMS
from pgkit.fits import check_fit, default_critic, default_policy, default_settings, name_of
from pgkit.knobs import settings_of
from pgkit.resets import RESETS, check_mu
from pgkit.run import Run
from pgkit.types import Array, Float, alike
from pgkit.widgets.lab import Lab, bundle, styles
from pgkit.widgets.views import MODULES, view
from pgkit.widgets.views.base import View
from pgkit.worlds import World, in_code, load_world
from pgkit.worlds.grid import pay_of

PAINTED = "painted"
MANY_CHANGES = 40  # with more, `code` rebuilds the settings and not how they came about
MAIN = ("alpha", "beta", "temperature", "epsilon", "damping", "lam", "episodes", "mix")
MOST_CONTROLS = 6


class RunLab(Lab):
    """Train `runs` runs of an algorithm in a world, turn its knobs meanwhile, and watch.

    Parameters
    ----------
    algorithm : a name in ALGORITHMS or an instance.  **settings change its fields from what suits the world.
    world : a name in WORLDS, gymnasium:ID, a file with a map, or a World.
    views : names of views or View instances: what is shown, the first one large.
    runs, seed : how many runs train together, and the seed that all their draws follow from.
    reset, mu, mix : where rollouts start, in finite worlds: reset is "nominal", "uniform", "expert" or
        "painted", mu the painted masses, an array [S] or {(row, column): mass} counted from 1.
    pay : {letter: reward}, what entering a cell of the map pays, if not what the map says.
    policy, critic : as for Run; what suits the world unless given.
    title : a name for the lab.
    controls : the knobs and choices that get a control, by name; the main ones unless given.
    presets : name -> settings, offered as a menu.
    hide : what to leave out, of "knobs", "reset", "paint", "seed", "speed", "time", "copy", "compare",
        "presets", "rewards", and "penalty", the number ‖d_π*/μ‖_∞.
    fps : frames a second sent to the page.

    Raises
    ------
    ValueError : an unknown name (with the nearest one), a setting out of range, a view that cannot show
        the run (with the reason).
    """

    _esm = bundle("lab.mjs", "plot.mjs", *MODULES, "run_lab.mjs")
    _css = styles("lab.css", "run_lab.css")

    def __init__(
        self,
        algorithm: Any = "reinforce",
        world: Any = "ring-of-fire",
        views: Sequence[Any] = ("curve",),
        *,
        runs: int = 64,
        seed: int = 0,
        reset: str | None = None,
        mu: Any = None,
        mix: float = 1.0,
        pay: Mapping[str, float] | None = None,
        policy: Any = None,
        critic: Any = None,
        title: str = "",
        controls: Sequence[str] | None = None,
        presets: Mapping[str, Mapping[str, Any]] | None = None,
        hide: tuple[str, ...] = (),
        fps: float = 30,
        **settings: Any,
    ) -> None:
        self.world = load_world(world) if isinstance(world, str) else world
        algorithm = _algorithm(algorithm, self.world, settings)
        self.finite = isinstance(self.world, World)
        self._gamma = getattr(algorithm, "gamma", 0.95)
        self._names: dict[bytes, tuple[str, Array]] = {}
        self.painted: Float[Array, "S"] = np.zeros(self.world.n_states if self.finite else 0)
        if not self.finite and (mu is not None or reset not in (None, "nominal")):
            raise ValueError(
                f"reset = {reset!r}, but world = {self.world.name!r} has no list of states; leave reset and mu out"
            )
        if mu is not None:
            self.painted = self._masses(mu)
        self.reset = reset or ("nominal" if mu is None else PAINTED)
        start = self._mu_of(self.reset) if self.finite else None
        run = Run(
            algorithm, self.world, policy, critic, mu=start, mix=mix, pay=pay, runs=runs, seed=seed
        )
        self._algorithm_name = name_of(algorithm)
        self.title = title or f"{self._algorithm_name.replace('_', ' ')} in {self.world.name}"
        self.views = _views(views, run)
        super().__init__(
            run,
            controls=_controls(controls, algorithm, self.finite),
            hide=hide,
            fps=fps,
            presets=presets,
        )
        if self.finite:
            self._defaults["reset"] = self.reset
        if run.settings.pay:
            self._defaults["pay"] = run.settings.pay

    # ---------------------------------------------------------------- knobs

    def turn(self, **changes: Any) -> None:
        """Turn knobs: the algorithm's, mix, reset, mu (painted masses), pay.  ValueError changes nothing."""
        painted, reset = self.painted, changes.pop("reset", None)
        if "mu" in changes:
            painted, reset = self._masses(changes.pop("mu")), reset or PAINTED
        if reset is not None:
            changes["mu"] = self._mu_of(reset, painted)
        super().turn(**changes)
        self.painted, self.reset = painted, reset or self.reset

    def go_back(self, iteration: int) -> None:
        super().go_back(iteration)
        self.reset, masses = self._name_of(self.run.settings.mu)
        if self.reset == PAINTED:
            self.painted = masses

    def take_over(self, before: Any) -> None:
        self.painted, self.reset = before.painted, before.reset
        self._names = before._names
        self.views = before.views

    def new_run(self, seed: int) -> Run:
        now, run = self.run.settings, self.run
        return Run(
            now.algorithm, self.world, run.policy,
            mu=now.mu, mix=now.mix, pay=now.pay, runs=run.runs, seed=seed,
        )  # fmt: skip

    def _mu_of(self, reset: Any, painted: Array | None = None) -> Array | None:
        """The reset distribution that a choice stands for."""
        if reset == "nominal":
            return None
        if reset == PAINTED:
            masses = self.painted if painted is None else painted
            mu = check_mu(self.world, masses)
            self._names[_key(mu)] = (PAINTED, masses)
            return mu
        if reset not in tuple(RESETS):
            known = ", ".join([*RESETS, PAINTED])
            raise ValueError(f"reset = {reset!r}, but it must be one of {known}")
        mu = check_mu(self.world, RESETS[reset](self.world, self._gamma))
        self._names[_key(mu)] = (reset, mu)
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
        if mu is None:
            return "nominal", self.world.start if self.finite else np.zeros(0)
        return self._names[_key(mu)]

    # ---------------------------------------------------------------- messages

    def _on_view(self, message: Mapping, buffers: list[Any]) -> dict:
        """To one of the views, by its name."""
        name = message.get("view")
        if not isinstance(name, str) or name not in self.views:
            raise ValueError(f"view = {name!r}, but this lab shows {', '.join(self.views)}")
        return self.views[name].asked(self, message, buffers)

    def _on_paint(self, message: Mapping, buffers: list[Any]) -> dict:
        """The painted masses, as float32 [S]; answered with μ_w as it is in force."""
        size = memoryview(buffers[0]).nbytes if buffers else 0
        if size != 4 * len(self.painted):
            raise ValueError(
                f"the painted μ has {size} bytes, but must have {4 * len(self.painted)}"
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
        run = self.timeline.run
        return {
            "title": self.title, "algorithm": self._algorithm_name.replace("_", " "),
            "world": self.world.name, "runs": run.runs, "counts": _counts(run),
            "resets": self._resets(), "penalty": not np.isnan(run.mismatch),
            "views": [
                {"key": key, "kind": v.kind, "title": v.title, "wide": v.wide, "setting": v.setup(run)}
                for key, v in self.views.items()
            ],
        }  # fmt: skip

    def _resets(self) -> list[str]:
        """The choices of μ; "painted" where one can paint or has."""
        if not self.finite:
            return []
        painting = self.reset == PAINTED or any(
            getattr(v, "paint", False) for v in self.views.values()
        )
        return [*RESETS, PAINTED] if painting else list(RESETS)

    def view(self) -> tuple[dict[str, Any], dict[str, Array]]:
        mismatch = self.run.mismatch
        header: dict[str, Any] = {
            "reset": self.reset,
            "mismatch": mismatch if np.isfinite(mismatch) else None,
            "covered": not np.isinf(mismatch),
            "views": {},
        }
        parts: dict[str, Array] = {}
        words = not self.playing
        for key, v in self.views.items():
            said = {"words": v.sentence(self.timeline)} if words else {}  # first: it looks at once
            facts, arrays = v.frame(self.timeline)
            header["views"][key] = facts | said
            parts |= {f"{key}.{name}": array for name, array in arrays.items()}
        return header, parts

    @property
    def sentence(self) -> str:
        run = self.run
        where = f" from {self.reset} resets" if self.finite and self.reset != "nominal" else ""
        head = f"{self.title} after {run.iteration} iterations{where}, {run.runs} runs."
        said = [v.sentence(self.timeline) for v in self.views.values()]
        mismatch = run.mismatch
        told = not np.isnan(mismatch) and "penalty" not in self.hidden
        penalty = [f"‖d_π*/μ‖_∞ = {_plain(mismatch)}."] if told else []
        return " ".join([head, *said, *penalty])

    @property
    def code(self) -> str:
        log = self.run.changes
        exact_history = len(log) <= MANY_CHANGES
        first = (log[0] if exact_history else log[-1])[1]
        line = self._opening(self._words(first))
        note = f"  # with your own {', '.join(self._own)}" if self._own else ""
        if not exact_history:
            return line + note
        at, old = log[0]
        for then, new in log[1:]:
            before = self._words(old)
            changed = {k: v for k, v in self._words(new).items() if before.get(k) != v}
            line += f".train({then - at})" if then > at else ""
            line += _plugs(old, new)
            line += f".set({_arguments(changed)})" if changed else ""
            at, old = then, new
        last = f".train({self.run.iteration - at})" if self.run.iteration > at else ""
        return line + last + note

    def _opening(self, words: dict[str, Any]) -> str:
        """The call that makes this lab with these settings."""
        views = ", ".join(v.code for v in self.views.values())
        made = {"runs": self.run.runs, "seed": self.run.seed} | words
        world = in_code(self.world) or "world"
        own = "".join(f", {name}={name}" for name in self._own if name != "world")
        return f"RunLab({self._algorithm_name!r}, {world}, [{views}], {_arguments(made)}{own})"

    @property
    def _own(self) -> list[str]:
        """What of the run was made by hand, and so goes by its name alone."""
        run, name = self.run, self._algorithm_name
        known = name in ALGORITHMS
        critic = getattr(run.algorithm, "critic", None)
        made = {
            "world": in_code(self.world) is None,
            "policy": not known or not alike(run.policy, default_policy(name, self.world)),
            "critic": known
            and critic is not None
            and not alike(critic, default_critic(name, self.world, run.algorithm)),
        }
        return [part for part, by_hand in made.items() if by_hand]

    def _words(self, settings: Any) -> dict[str, Any]:
        """Settings as the arguments that make them: those that differ from what suits the world."""
        words = {
            name: getattr(settings.algorithm, name) for name in settings_of(settings.algorithm)
        }
        usual = self._usual()
        words = {k: v for k, v in words.items() if k in self._controls or usual.get(k) != v}
        if not self.finite:
            return words
        name, masses = self._name_of(settings.mu)
        words |= {"mix": settings.mix}
        if repaid := {k: settings.pay[k] for k in self._repaid()}:
            words["pay"] = repaid
        if name != PAINTED:
            return words | {"reset": name}
        if self.world.layout is None:
            return words | {"mu": masses.tolist()}
        cols = self.world.grid.cols
        cells = np.flatnonzero(masses)
        return words | {
            "mu": {(int(s) // cols + 1, int(s) % cols + 1): _number(masses[s]) for s in cells}
        }

    def _repaid(self) -> list[str]:
        """The letters that have not always paid what the map says."""
        if self.world.layout is None:
            return []
        log = [settings.pay for _, settings in self.run.changes]
        return [k for k, v in pay_of(self.world).items() if any(pay[k] != v for pay in log)]

    def _usual(self) -> dict[str, Any]:
        name = self._algorithm_name
        if name not in ALGORITHMS:
            return {}
        usual = ALGORITHMS[name](**default_settings(name, self.world))
        return {k: getattr(usual, k) for k in settings_of(usual)}

    def picture(self) -> bytes:
        return draw.lab([v for v in self.views.values()], self.timeline, self.sentence)


def _key(mu: Array) -> bytes:
    """The same for a μ that was normalised once more."""
    return np.round(mu, 12).tobytes()


def _algorithm(given: Any, world: Any, settings: dict[str, Any]) -> Any:
    if isinstance(given, str):
        name = given.replace("-", "_")
        if name not in ALGORITHMS:
            raise ValueError(f"algorithm = {given!r}, but {_near(given, ALGORITHMS)}")
        check_fit(name, world)
        made = ALGORITHMS[name](**default_settings(name, world))
    else:
        made = given
        if not hasattr(made, "iteration"):
            raise ValueError(
                f"algorithm = {given!r}, but {_near(str(given), ALGORITHMS)}, or an instance"
            )
    known = settings_of(made)
    for name in settings:
        if name not in known:
            raise ValueError(
                f"{name} = {settings[name]!r}, but {_near(name, known)} of {name_of(made)}"
            )
    return replace(made, **settings)


def _near(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"it must be one of {', '.join(known)}{hint}"


def _views(given: Sequence[Any], run: Run) -> dict[str, View]:
    if isinstance(given, str | View) or not given:
        raise ValueError(
            f"views = {given!r}, but it must be a list of names or views, with at least one"
        )
    made: dict[str, View] = {}
    for each in given:
        new = view(each)
        why = new.misfit(run)
        if why is not None:
            raise ValueError(f"view = {new.kind!r} cannot show {run.world.name!r}: {why}")
        same = sum(old.kind == new.kind for old in made.values())
        made[new.kind + (str(same + 1) if same else "")] = new
    return made


def _controls(given: Sequence[str] | None, algorithm: Any, finite: bool) -> tuple[str, ...]:
    known = [*settings_of(algorithm), *(["mix"] if finite else [])]
    if given is None:
        return tuple(name for name in MAIN if name in known)[:MOST_CONTROLS]
    for name in given:
        if name not in known:
            raise ValueError(f"control = {name!r}, but {_near(name, known)}")
    return tuple(given)


def _counts(run: Run) -> str:
    return "median J" if run.history[0].episodes is None else "median return"


def _plugs(old: Any, new: Any) -> str:
    """`.use(...)` for functions plugged in between."""
    was, now = getattr(old.algorithm, "plugged", {}), getattr(new.algorithm, "plugged", {})
    fresh = {k: f for k, f in now.items() if was.get(k) is not f}
    named = ", ".join(f"{k}={getattr(f, '__name__', 'f')}" for k, f in fresh.items())
    return f".use({named})" if fresh else ""


def _arguments(words: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in words.items())


def _number(x: float) -> float | int:
    return int(x) if x == int(x) else float(x)


def _plain(x: float) -> str:
    return "∞" if np.isinf(x) else f"{x:.3g}"
