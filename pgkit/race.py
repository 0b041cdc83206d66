"""A race: two configurations in one world over many seeds, and the file that runs it again.

race = Race({"one": Experiment("reinforce", reset="uniform"), "other": Experiment("actor_critic", reset="uniform")})
outcome = race.run()
print(outcome.verdict())
save("my-race.json", race, outcome)
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from pgkit import exact
from pgkit.files import write_beside, write_new
from pgkit.fits import kind
from pgkit.knobs import settings_of
from pgkit.resets import RESETS
from pgkit.run import MIX_KNOB, RUNS_KNOB, SEED_KNOB, Run
from pgkit.statistics import FEWEST, Estimate, as_scores, difference, improvement, interval
from pgkit.statistics import optimality_gap as gap_of
from pgkit.sweep import ITERATIONS, Experiment, algorithm_name, cluster
from pgkit.types import Array, Float, Int
from pgkit.worlds import CLOUDS, GYMNASIUM, WORLDS, load_world
from pgkit.worlds.world import World

ENGINE = "numpy"  # one and the same everywhere, so that a file gives back the very numbers
POINTS, FEWER = 40, 8  # evaluations on the way; fewer where each costs whole episodes
FORMAT = 1
VERSIONS = ("pgkit", "numpy", "gymnasium")

# ---------------------------------------------------------------- the three knobs

WEIGHTS = {  # what each (s, a) of the data counts
    "Q": "Q̂, the reward-to-go",
    "Q-V": "Q̂ - V(s), with a baseline",
    "A": "Â, a critic's advantage",
    "soft": "Q - T log π, over all actions",
    "exp(A)": "exp(Â/β), never negative",
}
NORMS = {"theta": "small in θ", "KL": "small in KL"}
CONFIGURATIONS: dict[tuple[str, str], tuple[str, Mapping[str, Any]]] = {
    ("Q", "theta"): ("reinforce", {}),
    ("Q", "KL"): ("reinforce_natural", {"epsilon": 0.01}),
    ("Q-V", "theta"): ("reinforce_baseline", {}),
    ("Q-V", "KL"): ("natural_actor_critic", {"epsilon": 0.01, "lam": 1.0}),
    ("A", "theta"): ("actor_critic", {}),
    ("A", "KL"): ("natural_actor_critic", {"epsilon": 0.01, "lam": 0.9}),
    ("soft", "theta"): ("soft_actor_critic", {}),
    ("exp(A)", "KL"): ("awr", {}),
}


def contender(
    world: str = "ring-of-fire", *, start: Any = "nominal", weight: str = "Q", norm: str | None = None,
    mix: float = 1.0, runs: int = 64, iterations: int = 300, seed: int = 0, **settings: Any,
) -> Experiment:  # fmt: skip
    """The algorithm of the lecture that these three knobs make, as an Experiment.

    start: "nominal", "uniform", "expert", a file or masses;  weight: a name in WEIGHTS;  norm: in NORMS, by
    default "theta", but for exp(A), which is the closed form of a KL-bounded step;  settings: of the algorithm
    that comes out.

    Raises ValueError for a name that is not one, and for a weight and a norm that the course has no algorithm for.
    """
    if norm is None:
        norm = "theta" if (weight, "theta") in CONFIGURATIONS else "KL"
    for name, given, known in (("weight", weight, WEIGHTS), ("norm", norm, NORMS)):
        if given not in known:
            raise ValueError(f"{name} = {given!r}, but it must be one of {', '.join(known)}")
    if (weight, norm) not in CONFIGURATIONS:
        other = next(n for n in NORMS if n != norm)
        raise ValueError(
            f"norm = {norm!r}, but with weight = {weight!r} the course has only norm = {other!r}"
        )
    algorithm, usual = CONFIGURATIONS[weight, norm]
    if algorithm == "soft_actor_critic" and kind(load_world(world)) == "continuous actions":
        algorithm = "soft_actor_critic_continuous"
    return Experiment(
        algorithm, world, {**usual, **settings},
        reset=start, mix=mix, runs=runs, iterations=iterations, seed=seed,
    )  # fmt: skip


# ---------------------------------------------------------------- the race


@dataclass(frozen=True)
class Race:
    """Two configurations by name; world, runs and iterations are the same for both.

    With the same seed run i of one and run i of the other share their draws: they are pairs.
    target: the return that counts as perfect; in finite worlds it is known, else it may be given.

    Raises ValueError for anything that would make the comparison unfair, and for what would be refused later.
    """

    contenders: Mapping[str, Experiment]
    target: float | None = None

    def __post_init__(self) -> None:
        if len(self.contenders) != 2:
            raise ValueError(
                f"contenders = {', '.join(self.contenders) or 'none'}, but a race is between two"
            )
        checked = {name: _checked(e) for name, e in self.contenders.items()}
        object.__setattr__(self, "contenders", checked)
        one, other = checked.values()
        for name in ("world", "runs", "iterations"):
            if getattr(one, name) != getattr(other, name):
                raise ValueError(
                    f"{name} = {getattr(one, name)} and {getattr(other, name)}, but both contenders "
                    f"need the same {name}"
                )
        _check_scores(*(e.parts()[:2] for e in checked.values()))

    @property
    def names(self) -> tuple[str, str]:
        one, other = self.contenders
        return one, other

    @property
    def iterations(self) -> int:
        return next(iter(self.contenders.values())).iterations

    @property
    def paired(self) -> bool:
        one, other = self.contenders.values()
        return one.seed == other.seed

    def line_up(self) -> tuple[Run, Run]:
        """The two Runs before their first iteration."""
        one, other = (e.prepare(ENGINE) for e in self.contenders.values())
        return one, other

    def points(self) -> list[int]:
        """The iterations at which both are scored, from 0 to the last."""
        world = load_world(next(iter(self.contenders.values())).world)
        points = POINTS if isinstance(world, World) or world.name == "lqr" else FEWER
        return sorted({round(p) for p in np.linspace(0, self.iterations, points + 1)})

    def laps(self, runs: tuple[Run, Run]) -> Iterator[int]:
        """Train both to the next point, again and again; the iteration reached."""
        for point in self.points():
            for run in runs:
                if point > run.iteration:
                    run.advance(point - run.iteration)
            yield point

    def run(self, *, workers: Any = None, scheduler: str | None = None) -> Outcome:
        """Race to the end, here; or each contender in a process or on a Dask cluster, with the same result."""
        if workers is None and scheduler is None:
            runs = self.line_up()
            for _ in self.laps(runs):
                pass
            return self.outcome(runs)
        with cluster(workers, scheduler) as client:
            lanes = [client.submit(_lane, self, k, pure=False) for k in range(2)]
            return self._gathered([lane.result() for lane in lanes])

    def outcome(self, runs: tuple[Run, Run]) -> Outcome:
        """What two Runs have come to so far; they stand at the same iterations."""
        return self._gathered([_record(run) for run in runs])

    def _gathered(self, records: list[tuple[Array, Array, int, int | None]]) -> Outcome:
        (at, one, first, episodes), (_, other, second, _) = records
        return Outcome(self, at, (one, other), (first, second), episodes)

    @property
    def best(self) -> float | None:
        """The target: the return of an optimal policy from the nominal start within the horizon, where known."""
        if self.target is not None:
            return float(self.target)
        algorithm, world, _ = next(iter(self.contenders.values())).parts()
        if not isinstance(world, World):
            return None
        values, _ = exact.optimal_values_over_time(
            world, _gamma(algorithm, world), algorithm.horizon
        )
        return float(values[0] @ world.start)


def _checked(experiment: Experiment) -> Experiment:
    """With numbers for what was said in words, and what lies in files read."""
    reset = experiment.reset
    if isinstance(reset, str) and reset not in RESETS:
        reset = experiment.parts()[2].tolist()
    return replace(
        experiment, world=map_of(experiment.world) or experiment.world, reset=reset,
        mix=MIX_KNOB.check(experiment.mix), runs=RUNS_KNOB.check(experiment.runs),
        seed=SEED_KNOB.check(experiment.seed), iterations=ITERATIONS.check(experiment.iterations),
    )  # fmt: skip


def _gamma(algorithm: Any, world: Any) -> float:
    """What J is discounted with, as in Run."""
    return getattr(algorithm, "gamma", world.defaults.get("gamma", 0.95))


def _check_scores(one: tuple[Any, Any], other: tuple[Any, Any]) -> None:
    """Both must be scored by the same yardstick: where J is discounted and cut off, by the same γ and T."""
    if not isinstance(one[1], World):
        return
    for name, a, b in (
        ("gamma", _gamma(*one), _gamma(*other)),
        ("horizon", one[0].horizon, other[0].horizon),
    ):
        if a != b:
            raise ValueError(
                f"{name} = {a:g} and {b:g}, but J is counted with it: give both contenders the same {name}"
            )


def _record(run: Run) -> tuple[Array, Array, int, int | None]:
    at = np.array([score.iteration for score in run.history])
    scores = np.array([score.expected_return for score in run.history])
    return at, scores, run.steps, run.history[0].episodes


def _lane(race: Race, k: int) -> tuple[Array, Array, int, int | None]:
    """One contender, from beginning to end."""
    run = list(race.contenders.values())[k].prepare(ENGINE)
    for point in race.points()[1:]:
        run.advance(point - run.iteration)
    return _record(run)


# ---------------------------------------------------------------- the outcome


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a race has come to.

    at: the iterations that were scored [K];  scores: of each contender [K, B];  steps: in the world, of all
    runs together;  episodes: that a score is the mean of, None where it is exact
    """

    race: Race
    at: Int[Array, "K"]
    scores: tuple[Float[Array, "K B"], Float[Array, "K B"]]
    steps: tuple[int, int]
    episodes: int | None = None

    def verdict(self, k: int = -1) -> Verdict:
        """The verdict at the k-th point, by default at the last one."""
        x, y = (as_scores(s[k]) for s in self.scores)
        best, paired = self.race.best, self.race.paired
        return Verdict(
            names=self.race.names, iteration=int(self.at[k]), iterations=self.race.iterations,
            runs=len(x), paired=paired, iqm=(interval(x), interval(y)),
            difference=difference(x, y, paired=paired), improvement=improvement(x, y, paired=paired),
            gaps=None if best is None else (float(gap_of(x, best)), float(gap_of(y, best))),
            diverged=(int(np.isinf(x).sum()), int(np.isinf(y).sum())), steps=self.steps,
        )  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """Who is ahead, and how sure that is."""

    names: tuple[str, str]
    iteration: int
    iterations: int
    runs: int
    paired: bool
    iqm: tuple[Estimate, Estimate]
    difference: Estimate
    improvement: Estimate
    gaps: tuple[float, float] | None
    diverged: tuple[int, int]
    steps: tuple[int, int]

    @property
    def winner(self) -> str | None:
        """The contender that is ahead, or None where the interval of the difference holds 0 or runs are too few."""
        if self.runs < FEWEST or self.difference.holds(0.0):
            return None
        return self.names[0] if self.difference.value > 0 else self.names[1]

    @property
    def call(self) -> str:
        """The verdict in a few words."""
        if self.runs < FEWEST:
            return f"Too few runs to call: {self.runs}, and it takes at least {FEWEST}"
        if self.winner is None:
            return "Too close to call"
        return f"{self.winner} {'wins' if self.iteration == self.iterations else 'is ahead'}"

    @property
    def words(self) -> str:
        """The verdict in full."""
        first = int(self.difference.value < 0)  # the better one is named first
        one, other = self.names[first], self.names[1 - first]
        x, y = self.iqm[first], self.iqm[1 - first]
        more, beats = self.difference, self.improvement
        if first == 1:
            more = Estimate(-more.value, -more.high, -more.low)
            beats = Estimate(1 - beats.value, 1 - beats.high, 1 - beats.low)
        held = "which holds 0" if more.holds(0.0) else "which does not hold 0"
        said = [
            f"{self.call}, after {self.iteration} iterations, {self.runs} runs each"
            f"{' with the same seeds' if self.paired else ''}.",
            f"Interquartile mean of {one}: {x}, of {other}: {y}; the difference is {more}, {held}.",
            f"A run of {one} beats a run of {other} with probability {beats}.",
        ]
        if self.gaps is not None:
            gaps = self.gaps[first], self.gaps[1 - first]
            said.append(f"In the mean they stay {gaps[0]:.4g} and {gaps[1]:.4g} below the best.")
        for name, count in zip(self.names, self.diverged, strict=True):
            if count:
                said.append(f"{count} of {self.runs} runs of {name} have diverged.")
        if all(self.steps) and max(self.steps) > 1.1 * min(self.steps):
            more = int(self.steps[1] > self.steps[0])
            ratio = self.steps[more] / self.steps[1 - more]
            said.append(
                f"{self.names[more]} has taken {ratio:.2g} times as many steps in the world."
            )
        return " ".join(said)

    def __str__(self) -> str:
        return self.words


# ---------------------------------------------------------------- the file


@dataclass(frozen=True)
class Stored:
    """What a settings file holds.  result: final scores by name, or None;  remarks: what is different here."""

    race: Race
    result: Mapping[str, Float[Array, "B"]] | None
    remarks: tuple[str, ...]

    def compare(self, outcome: Outcome) -> str:
        """Whether a run again came out as the file says, in words."""
        if self.result is None:
            return "The file holds no result to compare with."
        kept = np.concatenate(list(self.result.values()))
        now = np.concatenate([as_scores(scores[-1])[:, 0] for scores in outcome.scores])
        if kept.shape != now.shape:
            return f"The file has results of {kept.size} runs, this race had {now.size}."
        other, total = int((kept != now).sum()), kept.size
        if other == 0:
            return "The same as in the file, to the last digit."
        why = f" ({'; '.join(self.remarks)})" if self.remarks else ""
        return f"{other} of {total} runs end otherwise than in the file{why}."


def save(
    path: str | Path, race: Race, outcome: Outcome | None = None, *, overwrite: bool = False
) -> Path:
    """Write the settings file, with the result if there is one.

    FileExistsError where a file of that name is, unless it may be overwritten.
    """
    data = json.dumps(as_json(race, outcome), indent=1, ensure_ascii=False) + "\n"
    (write_beside if overwrite else write_new)(Path(path), data)
    return Path(path)


def as_json(race: Race, outcome: Outcome | None = None) -> dict[str, Any]:
    """A race as JSON: every setting spelled out, maps and reset distributions inside."""
    first = next(iter(race.contenders.values()))
    text = first.world if "\n" in first.world else None
    found: dict[str, Any] = {
        "pgkit race": FORMAT,
        "world": first.world if text is None else {"map": text.split("\n")[:-1]},
        "runs": first.runs, "iterations": race.iterations, "target": race.target,
        "contenders": {name: _spelled(e) for name, e in race.contenders.items()},
        "made with": _here(),
    }  # fmt: skip
    if outcome is not None:
        last = [[float(j) if np.isfinite(j) else None for j in s[-1]] for s in outcome.scores]
        found["result"] = {
            "iteration": int(outcome.at[-1]), "scores": dict(zip(race.names, last, strict=True)),
            "verdict": outcome.verdict().words,
        }  # fmt: skip
    return found


def map_of(world: str) -> str | None:
    """The map itself, where a world is one or a file with one; None for worlds that have a name."""
    named = world.replace("_", "-") in WORLDS or world.startswith((GYMNASIUM, CLOUDS))
    if named and "\n" not in world:
        return None
    layout = load_world(world).grid
    rows = range(0, len(layout.letters), layout.cols)
    return "".join(layout.letters[i : i + layout.cols] + "\n" for i in rows)


def _spelled(experiment: Experiment) -> dict[str, Any]:
    algorithm, reset = experiment.parts()[0], experiment.reset
    settings = {name: getattr(algorithm, name) for name in settings_of(algorithm)}
    if not isinstance(reset, str):
        reset = np.asarray(reset, dtype=np.float64).ravel().tolist()
    return {
        "algorithm": algorithm_name(experiment.algorithm), "settings": settings,
        "reset": reset, "mix": experiment.mix, "seed": experiment.seed,
    }  # fmt: skip


def _here() -> dict[str, str]:
    found = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": sys.platform,
    }
    for package in VERSIONS:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def load(path: str | Path) -> Stored:
    """Read a settings file.

    Raises OSError where it cannot be read, ValueError with the file's name and the reason where it is
    not a race's, and where a part of it is refused.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: this is not a settings file of a race ({error})") from error
    try:
        return from_json(found)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def from_json(found: Any) -> Stored:
    """The race that `as_json` wrote.  ValueError for anything else."""
    if not isinstance(found, Mapping) or "pgkit race" not in found:
        raise ValueError('this is not a settings file of a race: "pgkit race" is missing')
    if found["pgkit race"] != FORMAT:
        raise ValueError(
            f"format {found['pgkit race']!r}, but this pgkit reads format {FORMAT}; update pgkit"
        )
    try:
        world, contenders = found["world"], found["contenders"]
        if isinstance(world, Mapping):
            world = "".join(f"{line}\n" for line in world["map"])
        about = {"runs": found["runs"], "iterations": found["iterations"]}
        race = Race(
            {
                name: Experiment(
                    c["algorithm"], world, c["settings"],
                    reset=c["reset"], mix=c["mix"], seed=c["seed"], **about,
                )
                for name, c in contenders.items()
            },
            found.get("target"),
        )  # fmt: skip
        kept, made = found.get("result"), found["made with"]
        result = None
        if kept is not None:
            result = {
                name: np.array([-np.inf if j is None else j for j in kept["scores"][name]], float)
                for name in race.names
            }
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the file is damaged: {type(error).__name__} at {error}") from error
    here = _here()
    remarks = tuple(
        f"made with {name} {then}, here is {here.get(name, 'none')}"
        for name, then in made.items()
        if here.get(name) != then
    )
    return Stored(race, result, remarks)
