"""Experiments by name, one or a whole grid of them: what `pgkit run` and `pgkit sweep` do.

An Experiment is plain data, so that it can be sent to another process or machine and comes out the
same there. The grid is computed by dask.distributed: processes of this machine unless a cluster is given.
"""

from __future__ import annotations

import itertools
import logging
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from pgkit.algorithms import ALGORITHMS
from pgkit.algorithms.awr import PRESETS as AWR_PRESETS
from pgkit.evaluation import value_error
from pgkit.fits import check_fit, default_settings
from pgkit.knobs import Knob, settings_of
from pgkit.resets import check_mu, load_reset
from pgkit.run import Run
from pgkit.worlds import load_world
from pgkit.worlds.world import World

PRESETS: dict[str, Mapping[str, Mapping[str, Any]]] = {"awr": AWR_PRESETS}
ITERATIONS = Knob(
    "iterations", 500, 0, 10_000_000, "K", "iterations", "the number of iterations", whole=True
)
MAX_POINTS = 10_000
WORKERS = Knob("workers", 2, 1, 1024, "P", "processes", "the number of processes", whole=True)
ABOUT_RUN = ("reset", "mix", "iterations", "runs", "seed")  # what a sweep can vary besides settings


@dataclass(frozen=True)
class Experiment:
    """What to run, by name.  settings: those that differ from what suits the world; preset: of the algorithm;
    reset: a name, a file, or the masses themselves.
    """

    algorithm: str
    world: str = "ring-of-fire"
    settings: Mapping[str, Any] = field(default_factory=dict)
    preset: str | None = None
    reset: Any = "nominal"
    mix: Any = 1.0
    runs: Any = 64
    iterations: Any = 500
    seed: Any = 0

    def prepare(self, engine: str = "numba") -> Run:
        """The Run before its first iteration.  ValueError as for `parts`, and for a bad number of runs or seed."""
        algorithm, world, mu = self.parts()
        return Run(
            algorithm, world, mu=mu, mix=self.mix, runs=self.runs, seed=self.seed, engine=engine
        )

    def parts(self) -> tuple[Any, Any, Any]:
        """(algorithm, world, μ or None), without a Run: nothing is trained or scored.

        Raises ValueError for an unknown name, a setting that the algorithm does not have or that is
        out of range, and an algorithm that does not fit the world.
        """
        name = algorithm_name(self.algorithm)
        family = ALGORITHMS[name]
        for setting in self.settings:
            if setting not in settings_of(family):
                raise ValueError(
                    f"--{setting} is no knob of {name}, which has {', '.join(settings_of(family))}"
                )
        world = load_world(self.world)
        check_fit(name, world)
        given = {**self._preset(name), **self.settings}
        algorithm = family(**{**default_settings(name, world), **given})
        mu = None
        if not (isinstance(self.reset, str) and self.reset == "nominal"):
            if not isinstance(world, World):
                raise ValueError(
                    f"reset = {self.reset!r}, but world = {world.name!r} has no list of states to reset "
                    "to; leave --reset out"
                )
            gamma = getattr(algorithm, "gamma", 0.95)
            if isinstance(self.reset, str) and self.reset == "expert" and gamma == 1:
                raise ValueError(
                    "gamma = 1, but the expert's occupancy needs γ < 1; give --gamma .99 or another reset"
                )
            named = isinstance(self.reset, str)
            mu = load_reset(self.reset, world, gamma) if named else check_mu(world, self.reset)
        return algorithm, world, mu

    def _preset(self, name: str) -> Mapping[str, Any]:
        known = PRESETS.get(name, {})
        if self.preset is not None and self.preset not in known:
            has = f"has {', '.join(known)}" if known else "has none"
            raise ValueError(f"preset = {self.preset!r}, but {name} {has}")
        return known[self.preset] if self.preset else {}

    def result(self, run: Run, seconds: float) -> dict[str, Any]:
        """What a run has come to, ready for JSON."""
        score = run.evaluate()
        settings = {name: getattr(run.algorithm, name) for name in settings_of(run.algorithm)}
        return {
            "algorithm": algorithm_name(self.algorithm),
            "world": run.world.name,
            "knobs": {**settings, "reset": self.reset, "mix": run.settings.mix},
            "seed": run.seed,
            "runs": run.runs,
            "iterations": run.iteration,
            "return_mean": _number(score.expected_return.mean()),
            "return_per_run": [_number(j) for j in score.expected_return],
            "evaluation_episodes": score.episodes,
            "reached": {letter: float(runs.mean()) for letter, runs in score.reached.items()},
            "mismatch": _number(run.mismatch),
            "states": run.world.n_states if isinstance(run.world, World) else None,
            **_about_values(run),
            "seconds": seconds,
            "steps_per_second": run.steps / seconds if seconds > 0 else 0.0,
        }

    def do(self) -> dict[str, Any]:
        """Run it from beginning to end."""
        run, begin = self.prepare(), time.perf_counter()
        run.advance(ITERATIONS.check(self.iterations), record=False)
        return self.result(run, time.perf_counter() - begin)


def algorithm_name(name: str) -> str:
    """The name as ALGORITHMS has it; hyphens and underscores are alike."""
    word = name.replace("-", "_")
    if word not in ALGORITHMS:
        raise ValueError(f"algorithm = {name!r}, but it must be one of {', '.join(ALGORITHMS)}")
    return word


def _number(x: float) -> float | None:
    """A number as JSON knows it: what is infinite or undefined becomes null."""
    return float(x) if math.isfinite(x) else None


def _about_values(run: Run) -> dict[str, float]:
    """For algorithms that evaluate a policy: how wrong V is, as the root mean square over states."""
    if type(run.algorithm).__name__ not in ("MonteCarlo", "TemporalDifference"):
        return {}
    horizon = run.algorithm.horizon
    error = value_error(run.world, run.policy, run.state, gamma=run.gamma, horizon=horizon)
    return {"value_rms_error": float(error.mean())}


# ---------------------------------------------------------------- a grid


def grid(base: Experiment, values: Mapping[str, Sequence[Any]]) -> list[Experiment]:
    """Every combination of the values, the last name varying fastest.

    Raises ValueError before anything is run if any of them would be refused, or for more than 10 000.
    """
    points = math.prod(len(v) for v in values.values())
    if points > MAX_POINTS:
        raise ValueError(f"the grid has {points} points, but at most {MAX_POINTS} are allowed")
    experiments = []
    for combination in itertools.product(*values.values()):
        chosen = dict(zip(values, combination, strict=True))
        about = {k: v for k, v in chosen.items() if k in ABOUT_RUN}
        settings = {k: v for k, v in chosen.items() if k not in ABOUT_RUN}
        experiments.append(replace(base, settings={**base.settings, **settings}, **about))
    for experiment in experiments:
        ITERATIONS.check(experiment.iterations)
        replace(experiment, runs=1).prepare("text")
    return experiments


def sweep(
    experiments: Sequence[Experiment], *, scheduler: str | None = None, workers: Any = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Run the experiments; (index, result) as they finish.

    scheduler: the address of a Dask cluster; without one, processes of this machine, `workers` of
    them (by default one a core).

    Raises ValueError for a bad number of workers, OSError if the processes or the cluster cannot be reached.
    """
    with cluster(workers, scheduler) as client:
        from distributed import as_completed

        futures = [client.submit(Experiment.do, e, pure=False) for e in experiments]
        index = {future.key: i for i, future in enumerate(futures)}
        try:
            for future in as_completed(futures, loop=client.loop):
                yield index[future.key], future.result()
        finally:
            client.cancel(futures)


@contextmanager
def cluster(workers: Any = None, scheduler: str | None = None) -> Iterator[Any]:
    """A Dask client: of the cluster at that address, or of new processes on this machine, which end with it.

    Raises ValueError for a bad number of workers, OSError if the processes or the cluster cannot be reached.
    """
    workers = None if workers is None else WORKERS.check(workers)
    from distributed import Client

    with ExitStack() as open_things:
        try:
            where: Any = scheduler or open_things.enter_context(_processes(workers))
            client = open_things.enter_context(Client(where, set_as_default=False, timeout=10))
        except (OSError, RuntimeError) as error:
            what = f"scheduler = {scheduler!r}, but no Dask cluster answers there"
            if scheduler is None:
                what = "the processes cannot be started"
            raise OSError(f"{what} ({' '.join(str(error).split())})") from error
        yield client


def _processes(workers: int | None) -> Any:
    """Processes of this machine, with one thread each."""
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",  # any free port: two sweeps, or a sweep and a grading, do not meet
        silence_logs=logging.CRITICAL,
    )
