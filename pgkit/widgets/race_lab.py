"""RaceLab: write a world, choose start, weight and norm for two, and race them over many seeds, live."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from pgkit import exact, figures
from pgkit.algorithms import ALGORITHMS
from pgkit.files import free_name
from pgkit.fits import SETTINGS, kind, misfit
from pgkit.knobs import settings_of
from pgkit.race import (
    CONFIGURATIONS,
    NORMS,
    WEIGHTS,
    Outcome,
    Race,
    Verdict,
    contender,
    save,
)
from pgkit.resets import RESETS
from pgkit.run import MIX_KNOB, RUNS_KNOB, SEED_KNOB, Run
from pgkit.statistics import interval
from pgkit.sweep import ITERATIONS
from pgkit.types import Array
from pgkit.widgets.lab import Lab, bundle, styles
from pgkit.widgets.views.grid import Grid, mean_probs
from pgkit.worlds import GYMNASIUM, load_world
from pgkit.worlds.grid import LETTERS, REWARD
from pgkit.worlds.world import World

NAMES = ("A", "B")
DEFAULTS = (
    {"start": "uniform", "mix": 1.0, "weight": "Q", "norm": "theta"},
    {"start": "uniform", "mix": 1.0, "weight": "A", "norm": "theta"},
)
BUDGETS = {  # kind of world -> runs, iterations
    "finite": (64, 300),
    "finitely many actions": (16, 40),
    "continuous actions": (8, 40),
    GYMNASIUM: (4, 10),
}
MAPS = {  # worlds to begin from
    "Ring of Fire": "ring-of-fire",
    "Ring of Fire, closed": "ring-of-fire-closed",
    "corridor": "S.........G\n",
    "two exits": "e....S....\n.......##.\n.......#.G\n",
    "walk on embers": "S..f..G\n...f...\n.#####.\n.......\n",
    "four rooms": "S...#....\n....#....\n.........\n....#....\n##.###.##\n....#....\n.........\n....#...G\ne...#....\n",
    "CartPole": "cartpole",
    "Pendulum": "pendulum",
    "Gymnasium's Acrobot": "gymnasium:Acrobot-v1",
}
GAMMA = 0.95
EPISODES = 16  # rollouts an iteration in finite worlds, for both
FREE_STEPS = 30  # the horizon, unless a goal is farther than half of it
COLUMNS = ("iteration", "iqm", "low", "high", "tenth", "ninetieth")


class Lanes:
    """The two Runs of a race, as the lab looks at them: side by side, scored at the same points."""

    ghost = rival = None  # there is nothing to compare a race with

    def __init__(self, race: Race) -> None:
        self.generation = 0
        self.restart(race)

    def restart(self, race: Race) -> None:
        self.race, self.runs = race, race.line_up()
        self.run = self.trunk = self.runs[0]
        self.points, self.best = race.points(), race.best
        self.generation += 1

    @property
    def iteration(self) -> int:
        return self.run.iteration

    head = iteration

    def advance(self, iterations: int) -> None:
        """Both, scored at the points of the race; never past its end."""
        end = min(self.iteration + iterations, self.race.iterations)
        while self.iteration < end:
            point = next(p for p in self.points if p > self.iteration)
            for run in reversed(self.runs):  # the one that says where we are comes last
                run.advance(min(point, end) - run.iteration, record=point <= end)

    def evaluation(self) -> Any:
        return self.run.history[-1]

    def rival_curve(self) -> None:
        """None: the page gets both curves from the lab itself."""


class RaceLab(Lab):
    """Two contenders, one world, many seeds: both bands train live, and the verdict comes with its interval.

    Parameters
    ----------
    world : a name in WORLDS, gymnasium:ID, a file with a map, or the map itself.
    one, other : {"start", "mix", "weight", "norm"} of each contender, and settings of its algorithm
        (pgkit.race.contender).
    runs, iterations, seed : of both; by default what suits the world.
    fps : frames a second sent to the page.

    Raises
    ------
    ValueError : a bad map (with line and column), an unknown name, an algorithm that does not fit the world.
    """

    _esm = bundle("lab.mjs", "plot.mjs", "views/grid.mjs", "race_lab.mjs")
    _css = styles("lab.css", "run_lab.css")

    def __init__(
        self,
        world: str = "ring-of-fire",
        one: Mapping[str, Any] | None = None,
        other: Mapping[str, Any] | None = None,
        *,
        runs: int | None = None,
        iterations: int | None = None,
        seed: int = 0,
        fps: float = 30,
    ) -> None:
        self.text = text_of(world)
        self._bands: list[dict[int, list[float]]] = [{}, {}]
        self._verdict: tuple[Any, Verdict | None] = (None, None)
        self.problem = ""  # what is wrong with the text that was typed last
        self.sides = tuple(
            {**usual, **(given or {})} for usual, given in zip(DEFAULTS, (one, other), strict=True)
        )
        usual_runs, usual_iterations = BUDGETS[kind_of(self.text)]
        self.runs = RUNS_KNOB.check(usual_runs if runs is None else runs)
        self.iterations = ITERATIONS.check(usual_iterations if iterations is None else iterations)
        self.seed = SEED_KNOB.check(seed)
        if load_world(self.text).start is None:
            self.sides = tuple({**side, "start": "nominal"} for side in self.sides)
        race = self._race()
        self.lanes = Lanes(race)
        super().__init__(self.lanes.run, controls=(), fps=fps)
        self.timeline: Any = self.lanes
        self.speed = None  # as fast as it goes

    # ---------------------------------------------------------------- what is chosen

    def _race(self, **changed: Any) -> Race:
        """The race of what is chosen, with changes.  ValueError if it cannot be."""
        text, sides = changed.get("text", self.text), changed.get("sides", self.sides)
        asked = {n: changed.get(n, getattr(self, n)) for n in ("runs", "iterations", "seed")}
        world, made = load_world(text), {}
        for name, side in zip(NAMES, sides, strict=True):
            algorithm = contender(text, **side).algorithm
            usual = usual_settings(algorithm, world) | shared_settings(world)
            known = settings_of(ALGORITHMS[algorithm])
            made[name] = contender(
                text, **{k: v for k, v in usual.items() if k in known} | side | asked
            )
        return Race(made)

    def choose(self, **changed: Any) -> RaceLab:
        """Another world (`text`), budget (`runs`, `iterations`, `seed`) or side (`A={...}`, `B={...}`): a new race.

        ValueError changes nothing.
        """
        with self._lock:
            self._choose(changed)
            self.frame(fresh=True)
        return self

    def _choose(self, changed: dict[str, Any]) -> None:
        sides = list(self.sides)
        for k, name in enumerate(NAMES):
            if name in changed:
                sides[k] = self._side(sides[k], changed.pop(name), changed.get("text", self.text))
        changed = {**changed, "sides": tuple(sides)}
        for name, rule in (("runs", RUNS_KNOB), ("iterations", ITERATIONS), ("seed", SEED_KNOB)):
            if name in changed:
                changed[name] = rule.check(changed[name])
        race = self._race(**changed)
        for name, value in changed.items():
            setattr(self, name, value)
        self._begin(race)

    def _side(self, side: dict[str, Any], change: Mapping[str, Any], text: str) -> dict[str, Any]:
        """A side with a change; another algorithm starts with settings of its own."""
        new = {**side, **change}
        if {"weight", "norm"} & change.keys():
            weight, norm = new["weight"], new["norm"]
            if weight in WEIGHTS and (weight, norm) not in CONFIGURATIONS:
                new["norm"] = next(n for n in NORMS if (weight, n) in CONFIGURATIONS)
            new = {k: v for k, v in new.items() if k in DEFAULTS[0]} | {
                k: v for k, v in change.items() if k not in DEFAULTS[0]
            }
        return new

    def _begin(self, race: Race) -> None:
        self.playing = False
        self.lanes.restart(race)
        self._bands = [{}, {}]
        self.problem = ""
        self._accept()
        self.status = "Ready."

    # ---------------------------------------------------------------- the race

    @property
    def outcome(self) -> Outcome:
        """What the race has come to at the last point that was scored."""
        return self.lanes.race.outcome(self.lanes.runs)

    @property
    def race(self) -> Race:
        return self.lanes.race

    @property
    def verdict(self) -> Verdict | None:
        """The verdict so far; None before the start."""
        score = self.lanes.run.history[-1]
        if score.iteration == 0:
            return None
        if self._verdict[0] is not score:
            self._verdict = (score, self.outcome.verdict())
        return self._verdict[1]

    def save_settings(self, path: str | Path = "race.json") -> Path:
        """Write settings and result; if the file is there already, beside it with a number."""
        outcome = self.outcome if self.lanes.iteration else None
        return save(free_name(Path(path)), self.race, outcome)

    def save_figure(self, path: str | Path = "race.png") -> Path:
        """Write the figure as PNG, SVG or PDF; if the file is there already, beside it with a number."""
        return figures.export(figures.race(self.outcome), free_name(Path(path)))

    def _advance(self, iterations: int) -> None:
        super()._advance(iterations)
        if self.lanes.iteration >= self.iterations:
            self.playing = False
            self.status = "Finished."

    def new_run(self, seed: int) -> Any:
        """A race that begins anew, with this seed."""
        self.seed = SEED_KNOB.check(seed)
        self._bands = [{}, {}]
        return self._race()

    def go_back(self, iteration: int) -> None:
        raise ValueError(f"iteration = {iteration}, but a race is not rewound; restart it")

    def compare(self, **changes: Any) -> Lab:
        raise ValueError("a race compares already; change A or B")

    def take_over(self, before: Any) -> None:
        self.lanes = self.timeline
        for name in ("text", "sides", "runs", "iterations", "seed", "_bands", "problem"):
            setattr(self, name, getattr(before, name))

    # ---------------------------------------------------------------- messages from the page

    def _on_world(self, message: Mapping, buffers: list[Any]) -> dict:
        """A text as it is typed: a new race if it is a world; if not, why, and the old race stays."""
        typed = str(message.get("text", ""))
        try:
            text = text_of(typed)
            if text == self.text:
                self.problem = ""
                return {}
            changed: dict[str, Any] = {"text": text}
            sort = kind_of(text)
            if sort != kind_of(self.text):
                changed |= dict(zip(("runs", "iterations"), BUDGETS[sort], strict=True))
                changed |= {"A": {}, "B": {}}
            self._settle(changed, text)
        except ValueError as error:
            self.problem = str(error)
        return {}

    def _settle(self, changed: dict[str, Any], text: str) -> None:
        """A new world, for which a start or an algorithm that does not fit it is given up."""
        world = load_world(text)
        for name, side in zip(NAMES, self.sides, strict=True):
            change = {k: v for k, v in side.items() if k in DEFAULTS[0]}
            if world.start is None:
                change["start"] = "nominal"
            algorithm = contender(text, weight=side["weight"], norm=side["norm"]).algorithm
            if misfit(algorithm, world):
                change |= {"weight": "A", "norm": "theta"}
            changed[name] = change
        self._choose(changed)

    def _on_side(self, message: Mapping, buffers: list[Any]) -> dict:
        name, changes = message.get("side"), message.get("changes")
        if name not in NAMES or not isinstance(changes, Mapping):
            raise ValueError(f"side = {name!r}, but the contenders are {' and '.join(NAMES)}")
        self._choose({name: dict(changes)})
        return {}

    def _on_budget(self, message: Mapping, buffers: list[Any]) -> dict:
        changes = message.get("changes")
        if not isinstance(changes, Mapping) or changes.keys() - {"runs", "iterations", "seed"}:
            raise ValueError(f"changes = {changes!r}, but they are of runs, iterations and seed")
        self._choose(dict(changes))
        return {}

    def _on_play(self, message: Mapping, buffers: list[Any]) -> dict:
        if self.lanes.iteration >= self.iterations:
            self._begin(self._race())
        return super()._on_play(message, buffers)

    def _on_save(self, message: Mapping, buffers: list[Any]) -> dict:
        """{"what": "figure" or "settings"}: a new file beside the notebook."""
        write = {"figure": self.save_figure, "settings": self.save_settings}.get(
            str(message.get("what"))
        )
        if write is None:
            raise ValueError(f"what = {message.get('what')!r}, but it is figure or settings")
        try:
            path = write()
        except OSError as error:
            raise ValueError(f"nothing was saved: {error}") from error
        return {"saved": f"Saved as {path.name}, beside this notebook."}

    # ---------------------------------------------------------------- what there is to see

    def setup(self) -> dict[str, Any]:
        return {
            "title": "A race of your own", "names": list(NAMES), "maps": begin_from(), "letters": LETTERS,
            "weights": WEIGHTS, "norms": NORMS, "starts": list(RESETS),
            "configurations": [list(pair) for pair in CONFIGURATIONS], "columns": list(COLUMNS),
        }  # fmt: skip

    def view(self) -> tuple[dict[str, Any], dict[str, Array]]:
        lanes, verdict = self.lanes, self.verdict
        world = lanes.run.world
        grid = isinstance(world, World) and world.layout is not None
        header: dict[str, Any] = {
            "text": self.text, "problem": self.problem, "about": about(world), "finite": isinstance(world, World),
            "grid": _cells(lanes.run) if grid else None,
            "sides": [self._card(name, side) for name, side in zip(NAMES, self.sides, strict=True)],
            "runs": self.runs, "iterations": self.iterations, "best": lanes.best,
            "episodes": lanes.run.history[0].episodes, "verdict": _plain(verdict), "words": self.sentence,
        }  # fmt: skip
        parts: dict[str, Array] = {}
        for k, (name, run) in enumerate(zip(NAMES, lanes.runs, strict=True)):
            parts[f"{name}.band"] = self._band(k, run)
            parts[f"{name}.ends"] = run.history[-1].expected_return
            if grid:
                probs = mean_probs(run)
                parts[f"{name}.probs"], parts[f"{name}.mu"] = probs, run.start
                _, visits, _ = exact.push(world, probs[None], run.gamma, run.algorithm.horizon)
                parts[f"{name}.occupancy"] = visits[0]
        return header, parts

    def _band(self, k: int, run: Run) -> Array:
        """A row a score: COLUMNS; each computed once."""
        kept = self._bands[k]
        for score in run.history:
            if score.iteration not in kept:
                j = np.where(np.isfinite(score.expected_return), score.expected_return, -np.inf)
                e = interval(j, count=400)
                spread = np.quantile(j, (0.1, 0.9), method="inverted_cdf")
                kept[score.iteration] = [score.iteration, e.value, e.low, e.high, *spread]
        return np.array([kept[score.iteration] for score in run.history])

    def _card(self, name: str, side: Mapping[str, Any]) -> dict[str, Any]:
        """A side for the page: what is chosen, the algorithm that it makes, and its step's knob."""
        experiment = self.race.contenders[name]
        algorithm = self.lanes.runs[NAMES.index(name)].algorithm
        step = step_of(experiment.algorithm)
        knob = settings_of(algorithm)[step]
        return {
            "start": side["start"], "mix": side["mix"], "weight": side["weight"], "norm": side["norm"],
            "algorithm": experiment.algorithm.replace("_", " "), "knobs": [asdict(knob), asdict(MIX_KNOB)],
            "values": {step: getattr(algorithm, step), "mix": side["mix"]},
        }  # fmt: skip

    @property
    def sentence(self) -> str:
        verdict, race = self.verdict, self.race
        made = " against ".join(
            f"{name}, {e.algorithm.replace('_', ' ')} from {e.reset if isinstance(e.reset, str) else 'painted'} starts"
            for name, e in race.contenders.items()
        )
        if verdict is None:
            return f"A race in {about(self.run.world)}: {made}; {self.runs} runs each, not started."
        return f"{made}. {verdict.words}"

    @property
    def code(self) -> str:
        one, other = (dict(side) for side in self.sides)
        last = f".train({self.lanes.iteration})" if self.lanes.iteration else ""
        return (
            f"RaceLab({self.text!r}, {one}, {other}, runs={self.runs}, "
            f"iterations={self.iterations}, seed={self.seed}){last}"
        )

    def picture(self) -> bytes:
        world, runs = self.run.world, self.lanes.runs
        if self.verdict is None and isinstance(world, World) and world.layout is not None:
            starts = {f"{name}: {side['start']} start": run.start
                      for name, side, run in zip(NAMES, self.sides, runs, strict=True)}  # fmt: skip
            return figures.maps(world, starts).png()
        return figures.race(self.outcome).png()


# ---------------------------------------------------------------- worlds as text


def text_of(given: str) -> str:
    """What was typed, or given as the name of a world, as the lab keeps it: the map, or the name of a world without.

    ValueError says what is wrong, with line and column of a map.
    """
    word = given.strip()
    if "\n" in word or set(word) <= set(LETTERS):
        return drawn(load_world(f"{given.rstrip()}\n")) or ""
    return drawn(load_world(word)) or word


def begin_from() -> dict[str, str]:
    """name -> text, of the worlds that are offered; those of Gymnasium only where it is installed."""
    has_gymnasium = find_spec("gymnasium") is not None
    return {
        name: text_of(text) if not text.startswith(GYMNASIUM) else text
        for name, text in MAPS.items()
        if has_gymnasium or not text.startswith(GYMNASIUM)
    }


def drawn(world: Any) -> str | None:
    """The map of a grid world, None for others."""
    if not isinstance(world, World) or world.layout is None:
        return None
    letters, cols = world.layout.letters, world.layout.cols
    return "".join(letters[i : i + cols] + "\n" for i in range(0, len(letters), cols))


def kind_of(text: str) -> str:
    """The key of BUDGETS."""
    return GYMNASIUM if text.startswith(GYMNASIUM) else kind(load_world(text))


def about(world: Any) -> str:
    """A world in a few words."""
    if isinstance(world, World):
        if world.layout is None:
            return f"{world.name}, {world.n_states} states"
        return f"a map of {world.layout.rows} × {world.layout.cols} cells"
    moves = f"{world.n_actions} actions"
    if not world.n_actions:
        moves = f"{len(world.action_low)} continuous action{'s' * (len(world.action_low) > 1)}"
    return f"{world.name}: {world.n_features} numbers observed, {moves}, at most {world.time_limit} steps"


def shared_settings(world: Any) -> dict[str, Any]:
    """What both contenders have alike in a finite world: γ and T, which J is counted with, and N."""
    if not isinstance(world, World):
        return {}
    usual = {"gamma": GAMMA, "horizon": FREE_STEPS} | dict(world.defaults)
    if world.layout is not None:
        usual["horizon"] = max(FREE_STEPS, 10 * math.ceil(2 * farthest_goal(world) / 10))
    return {"gamma": usual["gamma"], "horizon": int(usual["horizon"]), "episodes": EPISODES}


def farthest_goal(world: World) -> int:
    """Moves from the start to the goal that is farthest away."""
    reached, moves = world.start > 0, 0
    goals = np.any(list(world.goals.values()), axis=0)
    while (goals & ~reached).any():
        reached[world.next_state[reached]] = True
        moves += 1
    return moves


def usual_settings(algorithm: str, world: Any) -> dict[str, Any]:
    """On any map, what works on the Ring of Fire's."""
    on_map = isinstance(world, World) and world.layout is not None
    return dict(SETTINGS.get((algorithm, "ring-of-fire"), {})) if on_map else {}


def step_of(algorithm: str) -> str:
    """The knob that says how far a step goes."""
    if algorithm == "awr":
        return "beta"
    return "epsilon" if "natural" in algorithm else "alpha"


def _cells(run: Run) -> dict[str, Any]:
    """What the page's map of the world needs."""
    pay = {letter: pays for letter, pays in REWARD.items() if letter in run.world.grid.letters}
    return Grid(("policy", "visits", "mu")).setup(run) | {"pay": pay}


def _finite(x: float) -> float | None:
    return float(x) if np.isfinite(x) else None


def _plain(verdict: Verdict | None) -> dict[str, Any] | None:
    """A verdict for the page: estimates as [value, low, high]."""
    if verdict is None:
        return None

    def ends(e: Any) -> list[float | None]:
        return [_finite(e.value), _finite(e.low), _finite(e.high)]

    return {
        "call": verdict.call, "winner": verdict.winner, "iteration": verdict.iteration,
        "iqm": [ends(e) for e in verdict.iqm], "difference": ends(verdict.difference),
        "improvement": ends(verdict.improvement),
    }  # fmt: skip
