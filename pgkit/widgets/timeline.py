"""Timeline: a Run that one can scrub through, with the curve it draws.  No widget, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from pgkit.knobs import Knob, settings_of
from pgkit.run import MIX_KNOB, Evaluation, Run, Score, Settings
from pgkit.types import Array, Float, State

POINTS = 64  # of the curve, to each doubling of the iterations
SINGLES = 64  # runs whose own curves can be seen
FEWER = 8  # ... where a point costs whole episodes


def next_point(iteration: int, points: int = POINTS) -> int:
    """The next iteration that the curve records: each one at first, then `points` to each doubling."""
    spacing = 1 << max(0, iteration.bit_length() - points.bit_length())
    return (iteration // spacing + 1) * spacing


def curve(history: Sequence[Score | Evaluation]) -> Float[Array, "K C"]:
    """A row an evaluation: iteration; 10 %, 50 % and 90 % quantiles of J over runs; share of runs at
    each goal, in the order of the world's goals."""
    returns = np.stack([e.expected_return for e in history])
    shares = [[hits.mean() for hits in e.reached.values()] for e in history]
    iterations = np.array([e.iteration for e in history], dtype=np.float64)
    low, median, high = np.quantile(returns, (0.1, 0.5, 0.9), axis=1)
    return np.column_stack([iterations, low, median, high, np.array(shares)])


def single_runs(history: Sequence[Score | Evaluation]) -> Float[Array, "K R"]:
    """J of each of the first SINGLES runs, a row an evaluation."""
    if not history:
        return np.zeros((0, 0))
    return np.stack([e.expected_return[:SINGLES] for e in history])


def marks(changes: list[tuple[int, Settings]]) -> list[tuple[int, str, str]]:
    """(iteration, symbol, new value) of every knob turned after the start; μ's value is left empty."""
    found = []
    for (_, old), (at, new) in pairwise(changes):
        for name, setting in settings_of(new.algorithm).items():
            value = getattr(new.algorithm, name)
            if value != getattr(old.algorithm, name):
                symbol = setting.symbol if isinstance(setting, Knob) else setting.label
                found.append((at, symbol, value if isinstance(value, str) else f"{value:.3g}"))
        plugged = getattr(new.algorithm, "plugged", {})
        found += [
            (at, "yours", name)
            for name in plugged
            if getattr(old.algorithm, "plugged", {}).get(name) is not plugged[name]
        ]
        if new.mix != old.mix:
            found.append((at, MIX_KNOB.symbol, f"{new.mix:.3g}"))
        if not _same(new.mu, old.mu):
            found.append((at, "μ", ""))
        found += [(at, "r", f"{v:+.3g}") for k, v in new.pay.items() if v != old.pay[k]]
    return found


def _same(mu: Array | None, other: Array | None) -> bool:
    if mu is None or other is None:
        return mu is other
    return np.array_equal(mu, other)


class Timeline:
    """`trunk` is the run as far as it was trained; `run` is where we look, at or before its end.

    Training on from an earlier iteration starts a new trunk there and keeps the old curve as `ghost`.
    `rival` is a fork with other settings that trains along with the trunk.
    """

    def __init__(self, run: Run) -> None:
        self.trunk = self.run = run
        self.rival: Run | None = None
        self.ghost: Array | None = None
        self.generation = 0  # rises when the curve drawn so far is no longer the trunk's beginning
        self._seen: tuple[State, Any, Evaluation] | None = None

    @property
    def iteration(self) -> int:
        return self.run.iteration

    @property
    def head(self) -> int:
        return self.trunk.iteration

    def restart(self, run: Run) -> None:
        """Begin again with another run; the curve so far becomes the ghost."""
        self._keep_ghost()
        self.trunk = self.run = run
        self.rival = None
        self.generation += 1

    def compare(self, **changes: Any) -> None:
        """From here on a rival with these changes trains along: same seed, same draws.  ValueError refuses."""
        rival = self.run.fork()
        rival.set(**changes)
        if self.run is not self.trunk:
            self._branch()
        self.rival = rival

    def advance(self, iterations: int) -> None:
        """Train, recording at the points of the curve."""
        if self.run is not self.trunk:
            self._branch()
        end = self.run.iteration + iterations
        points = POINTS if self.trunk.history[0].episodes is None else FEWER
        while self.run.iteration < end:
            point = next_point(self.run.iteration, points)
            for run in (self.run, self.rival):
                if run is not None:
                    run.advance(min(point, end) - run.iteration, record=point <= end)

    def rival_curve(self) -> Array | None:
        """The rival's curve [K, 4] from the fork on, if there is one."""
        return None if self.rival is None else curve(self.rival.history)[:, :4]

    def rewind(self, iteration: int) -> None:
        """Look at an earlier iteration.  What was trained after it stays until one trains on from there."""
        if not 0 <= iteration <= self.head:
            raise ValueError(f"iteration = {iteration}, but one can rewind to [0, {self.head}]")
        if iteration != self.iteration:
            at_head = iteration == self.head
            self.run = self.trunk if at_head else self.trunk.fork().rewind(iteration)

    def evaluation(self) -> Any:
        """The Evaluation of what we look at, computed once; where that takes episodes, the last Score."""
        run = self.run
        if run.history[-1].episodes is not None:  # those of the last point will do
            return run.history[-1]
        seen = self._seen
        if seen is None or seen[0] is not run.state or seen[1] is not run.world:
            seen = self._seen = (run.state, run.world, run.evaluate())
        return seen[2]

    def _branch(self) -> None:
        self._keep_ghost()
        self.trunk = self.run
        self.rival = None
        self.generation += 1

    def _keep_ghost(self) -> None:
        if self.head > 0:
            self.ghost = curve(self.trunk.history)[:, :4]
