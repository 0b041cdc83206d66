"""Run: B independent runs of one algorithm trained together.

The command line, the live labs, the tests and the sweeps all drive this one object.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from pgkit import engine, exact
from pgkit.algorithms import Reinforce, ReinforceResets
from pgkit.algorithms.shared import MIX
from pgkit.draws import Draws, Stream, run_keys
from pgkit.evaluation import Evaluation, Score, evaluate
from pgkit.fits import complete
from pgkit.knobs import Knob, settings_of
from pgkit.policies import SoftmaxTable
from pgkit.resets import check_mu, mixture
from pgkit.types import Array, Float, Info, State, some
from pgkit.worlds.grid import pay_of, repaid
from pgkit.worlds.world import World

__all__ = ["MIX_KNOB", "Evaluation", "Run", "Score", "Settings"]

ENGINES = ("auto", "numba", "numpy", "text")
FUSED = (
    Reinforce,
    ReinforceResets,
)  # what engine.train computes; tests hold it equal to their text
MIX_KNOB = Knob(name="mix", **MIX)
RUNS_KNOB = Knob("runs", 64, 1, 100_000, "B", "runs", "the number of runs", whole=True)
SEED_KNOB = Knob("seed", 0, 0, 2**63, "", "seed", "the seed", whole=True)
_MAX_CHECKPOINTS = 64


@dataclass(frozen=True, eq=False)
class Settings:
    """What can be changed while training runs, and what computes it.

    `pay` is what entering a cell of the map pays, by letter; empty where there is no map.
    The backends agree to rounding, which learning amplifies; so that going back replays exactly, the
    log keeps which one trained.
    """

    algorithm: Any
    mu: Float[Array, "S"] | None = None
    mix: float = 1.0
    pay: Mapping[str, float] = field(default_factory=dict)
    backend: str = "text"


class Run:
    """B runs of `algorithm` in `world`, one seed each.

    Parameters
    ----------
    algorithm : an instance from pgkit.algorithms; its fields are the knobs.
    world : World, or a world with vectors for states (pgkit.worlds.vector).
    policy, critic : how θ makes a policy, and what learns values where the algorithm has a critic;
        what suits the world (pgkit.fits) unless others are given.
    mu : reset distribution [S] in any unit, or None for the nominal start.
    mix : w in μ_w = (1-w)·nominal + w·mu.
    pay : {letter: reward}, what entering a cell of the map pays, if not what the map says.
    runs, seed : B, and the seed that all runs' draws follow from.
    engine : "auto" takes the compiled engine as soon as it is ready and its numpy twin until then;
        "numba" and "numpy" insist; "text" runs the algorithm's own file.

    Raises
    ------
    ValueError : a knob out of range, a bad μ, an unknown engine; the message says the way out.
    """

    def __init__(
        self,
        algorithm: Any,
        world: Any,
        policy: Any = None,
        critic: Any = None,
        *,
        mu: Any = None,
        mix: float = 1.0,
        pay: Mapping[str, float] | None = None,
        runs: int = 64,
        seed: int = 0,
        engine: str = "auto",
    ) -> None:
        if engine not in ENGINES:
            raise ValueError(f"engine = {engine!r}, but it must be one of {', '.join(ENGINES)}")
        algorithm, policy = complete(algorithm, world, policy, critic)
        self._map = world
        self.policy = policy
        self.runs = RUNS_KNOB.check(runs)
        self.seed = SEED_KNOB.check(seed)
        self.engine = engine
        self._draws = Draws(run_keys(self.seed, self.runs))
        first = Settings(
            algorithm, _checked(world, mu), MIX_KNOB.check(mix), _checked_pay(world, pay)
        )
        self._log = [(0, first)]
        self.iteration = 0
        self.steps = 0  # world steps taken by all runs together
        algorithm, there = starting(algorithm, self.world, self.start)
        self.state: State = algorithm.init(there, policy, self._draws.stream(Stream.FIRST))
        self._checkpoints = {0: self.state}
        self.history: list[Score] = [self.evaluate().score]

    # ---------------------------------------------------------------- settings

    @property
    def settings(self) -> Settings:
        return self._log[-1][1]

    @property
    def algorithm(self) -> Any:
        return self.settings.algorithm

    @property
    def world(self) -> Any:
        """The world as it pays now."""
        return _paying(self._map, self.settings)

    def _tables(self, settings: Settings) -> Any:
        """The engine's tables of the world under these settings; None where the algorithm's text serves."""
        algorithm, world = settings.algorithm, self._map
        if self.engine == "text" or not _fused(algorithm, world, self.policy):
            return None
        return _engine_tables(_paying(world, settings))

    @property
    def gamma(self) -> float:
        """The discount that the policies are scored with: the algorithm's, or the world's usual one."""
        return getattr(self.algorithm, "gamma", self.world.defaults.get("gamma", 0.95))

    @property
    def start(self) -> Float[Array, "S"]:
        """μ_w: where rollouts start now."""
        return start_of(self.settings, self.world)

    @property
    def mismatch(self) -> float:
        """‖d_π*/μ_w‖_∞, infinite where μ_w misses a state that π* visits."""
        if self.gamma == 1 or not isinstance(self.world, World):
            return float("nan")  # d_π* is defined for γ < 1, over a list of states
        return exact.mismatch(_optimal_occupancy(self.world, self.gamma), self.start)

    @property
    def changes(self) -> list[tuple[int, Settings]]:
        """(iteration, settings from there on) at each turn of a knob, the first at 0."""
        kept = self._log[:1]
        for at, now in self._log[1:]:
            before = kept[-1][1]
            told, was = (
                (now.algorithm, now.mix, now.pay),
                (before.algorithm, before.mix, before.pay),
            )
            if told != was or now.mu is not before.mu:
                kept.append((at, now))
        return kept

    def set(self, **changes: Any) -> None:
        """Turn knobs: the algorithm's own, `mu` (None for nominal) and `mix`. Takes effect at the next iteration.

        `pay` changes the world itself: {letter: reward}, what entering such a cell of the map pays from now on.
        Raises ValueError and changes nothing when a value is refused.
        """
        now = self.settings
        own = settings_of(now.algorithm)
        for name in changes:
            if name not in (*own, "mu", "mix", "pay"):
                raise ValueError(
                    f"unknown knob {name!r}; this run has {', '.join([*own, 'mu', 'mix'])}"
                )
        self._from_now(
            replace(
                now,
                algorithm=replace(now.algorithm, **{k: changes[k] for k in changes if k in own}),
                mu=_checked(self.world, changes["mu"]) if "mu" in changes else now.mu,
                mix=MIX_KNOB.check(changes.get("mix", now.mix)),
                pay=_checked_pay(_paying(self._map, now), changes.get("pay")),
            )
        )

    def replace_algorithm(self, algorithm: Any) -> None:
        """Go on with this algorithm from the next iteration: the same one with other parts or functions.

        Raises ValueError for one that keeps another kind of state.
        """
        now = self.settings.algorithm
        if settings_of(algorithm).keys() != settings_of(now).keys():
            raise ValueError(
                f"algorithm = {type(algorithm).__name__}, but this run is of {type(now).__name__}; make a new Run"
            )
        self._from_now(replace(self.settings, algorithm=algorithm))

    def _from_now(self, settings: Settings) -> None:
        if self._log[-1][0] == self.iteration:
            self._log.pop()
        self._log.append((self.iteration, settings))

    # ---------------------------------------------------------------- training

    def advance(self, iterations: int = 1, *, record: bool = True) -> Run:
        """Train `iterations` iterations with the settings of now; record an evaluation at the end."""
        backend = self._backend()
        if backend != self.settings.backend:
            self._from_now(replace(self.settings, backend=backend))
        self.state, steps = self._train(self.state, self.iteration, iterations, self.settings)
        self.iteration += iterations
        self.steps += steps
        self._checkpoint()
        if record:
            self.record()
        return self

    def preview(self) -> tuple[State, Info]:
        """The next iteration's state and data, by the algorithm's own text.  Changes nothing.

        Raises ValueError in a Gymnasium environment, whose state cannot be set back.
        """
        self._refuse_if_handle("looked ahead in")
        algorithm, world = starting(self.algorithm, self.world, self.start)
        with np.errstate(over="ignore", invalid="ignore"):
            return algorithm.iteration(
                self.state, world, self.policy, self._draws.at_iteration(self.iteration)
            )

    def _backend(self) -> str:
        """What trains now: with "auto" the compiled engine once it is ready, its twin until then."""
        if self._tables(self.settings) is None:
            return "text"
        if self.engine != "auto":
            return self.engine
        if engine.ready(self.world.n_actions):
            return "numba"
        engine.warmup(self.world.n_actions)
        return "numpy"

    def _train(
        self, state: State, first: int, iterations: int, settings: Settings
    ) -> tuple[State, int]:
        """The state after the iterations, and the world steps that all runs took together."""
        algorithm, start = settings.algorithm, start_of(settings, self.world)
        if settings.backend != "text":
            theta, _, steps = engine.train(
                self._tables(settings), state.theta, start, self._draws.keys, first, iterations,
                alpha=algorithm.alpha, gamma=algorithm.gamma,
                horizon=algorithm.horizon, episodes=algorithm.episodes, backend=settings.backend,
            )  # fmt: skip
            return State(theta), steps
        algorithm, world = starting(algorithm, _paying(self._map, settings), start)
        steps, given = 0, state.memory  # data that were given once are not steps of each iteration
        for k in range(first, first + iterations):
            draws = self._draws.at_iteration(k)
            # A run may diverge; its score says so.
            with np.errstate(over="ignore", invalid="ignore"):
                state, info = algorithm.iteration(state, world, self.policy, draws)
            if given is None or state.memory is not given:
                steps += int(info.tau.live.sum())
        return state, steps

    def record(self) -> Evaluation:
        """Evaluate now and append its score to the history (once an iteration)."""
        now = self.evaluate()
        if self.history[-1].iteration != self.iteration:
            self.history.append(now.score)
        return now

    def evaluate(self) -> Evaluation:
        """Score the policies of now from the nominal start: exactly, or by episodes (pgkit.evaluation)."""
        return evaluate(
            self.world, self.policy, self.state.theta, self._draws.at_iteration(self.iteration),
            gamma=self.gamma, horizon=self.algorithm.horizon, tables=self._tables(self.settings), backend=self.engine,
        )  # fmt: skip

    # ---------------------------------------------------------------- time travel

    def fork(self) -> Run:
        """An independent copy, here and now: "same seed, ten times the step size" is fork and set."""
        self._refuse_if_handle("forked")
        twin = copy.copy(self)
        twin._log, twin._checkpoints = list(self._log), dict(self._checkpoints)
        twin.history = list(self.history)
        return twin

    def some(self, runs: slice) -> Run:
        """A copy with some of the runs, each as it is here and with its own draws: a look at few of many.

        What it has recorded is left behind: it cannot be rewound.
        """
        twin = self.fork()
        twin.state = some(self.state, runs, self.runs)
        twin._draws = some(self._draws, runs, self.runs)
        twin.runs = len(twin._draws.keys)
        twin._checkpoints, twin.history = {self.iteration: twin.state}, []
        return twin

    def rewind(self, iteration: int) -> Run:
        """Go back to an iteration, exactly as it was: states are kept now and then, the rest is replayed.

        Raises ValueError for an iteration that has not been, and in a world that cannot be set back.
        """
        self._refuse_if_handle("rewound")
        if not 0 <= iteration <= self.iteration:
            raise ValueError(
                f"iteration = {iteration}, but one can rewind to [0, {self.iteration}]"
            )
        k = max(i for i in self._checkpoints if i <= iteration)
        state = self._checkpoints[k]
        ends = [i for i, _ in self._log[1:]] + [iteration]
        for (begin, settings), end in zip(self._log, ends, strict=True):
            first, last = max(begin, k), min(end, iteration)
            if first < last:
                state, _ = self._train(state, first, last - first, settings)
        self.state, self.iteration = state, iteration
        self._log = [entry for entry in self._log if entry[0] <= iteration]
        self._checkpoints = {i: s for i, s in self._checkpoints.items() if i <= iteration}
        self.history = [e for e in self.history if e.iteration <= iteration]
        self.record()
        return self

    @property
    def kept(self) -> dict[int, State]:
        """States of some earlier iterations and of this one, by iteration: a sketch of the way here."""
        return {**self._checkpoints, self.iteration: self.state}

    def _refuse_if_handle(self, done: str) -> None:
        if not getattr(self.world, "copyable", True):
            raise ValueError(
                f"world = {self.world.name!r}, but a run in a Gymnasium environment cannot be {done}, "
                "since its state lies inside the environment; start a new Run with the same seed"
            )

    def _checkpoint(self) -> None:
        """Keep at most 64 states, spread over the whole history; 8 of those that hold data."""
        self._checkpoints[self.iteration] = self.state
        if len(self._checkpoints) > (_MAX_CHECKPOINTS if self.state.memory is None else 8):
            self._checkpoints = dict(list(self._checkpoints.items())[::2])


def _checked(world: Any, mu: Any) -> Float[Array, "S"] | None:
    if mu is not None and not isinstance(world, World):
        raise ValueError(
            f"mu = {mu!r}, but world = {world.name!r} has no list of states to reset to; leave mu out"
        )
    return None if mu is None else check_mu(world, mu)


def start_of(settings: Settings, world: Any) -> Any:
    """The distribution [S] that rollouts start from under these settings; None where states are vectors."""
    return world.start if settings.mu is None else mixture(world, settings.mu, settings.mix)


def starting(algorithm: Any, world: Any, start: Any) -> tuple[Any, Any]:
    """(algorithm, world) with rollouts starting from `start`."""
    if start is None:
        return algorithm, world
    if hasattr(algorithm, "mu"):
        return replace(algorithm, mu=start), world  # it says itself where it starts
    return algorithm, world.starting_from(start)


def _checked_pay(world: Any, pay: Any) -> dict[str, float]:
    """letter -> reward for all that pays on the map; what `pay` does not name pays what the map says."""
    if not isinstance(world, World) or world.layout is None:
        if pay:
            raise ValueError(f"pay = {pay!r}, but world = {world.name!r} has no map with letters")
        return {}
    if pay is not None and not isinstance(pay, Mapping):
        raise ValueError(f"pay = {pay!r}, but it must say which letter pays what, as {{'e': 5}}")
    return pay_of(repaid(world, pay or {}))


def _paying(world: Any, settings: Settings) -> Any:
    """The world under these settings."""
    return _repaid(world, tuple(settings.pay.items())) if settings.pay else world


@lru_cache(maxsize=32)
def _repaid(world: World, pay: tuple[tuple[str, float], ...]) -> World:
    return world if dict(pay) == pay_of(world) else repaid(world, dict(pay))


def _fused(algorithm: Any, world: Any, policy: Any) -> bool:
    """Can the engine compute what the algorithm's text says?"""
    return type(algorithm) in FUSED and type(policy) is SoftmaxTable and engine.supports(world)


@lru_cache(maxsize=32)
def _engine_tables(world: World) -> Any:
    return engine.tables(world)


@lru_cache(maxsize=32)
def _optimal_occupancy(world: World, gamma: float) -> Float[Array, "S"]:
    return exact.occupancy(world, exact.optimal_policy(world, gamma), gamma)
