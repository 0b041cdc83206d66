"""Memory: the last steps of each run, to learn from again and again (experience replay, Lin 1992).

A memory is a value: adding to it makes another one and leaves it as it was, so that a run can be turned
back. Yet nothing is copied but now and then: successive memories share their arrays, each knows how
much of them it may see, and what is added lies beyond. Who adds to a memory that is not the latest of
its arrays gets arrays of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pgkit.draws import Draws
from pgkit.types import Array, Bool, Dataset, Float, Shaped


class _Arrays:
    """What memories share.  [B, size, ...] by name; the first `used` steps are written, once and for all."""

    def __init__(self, fields: dict[str, Array], size: int) -> None:
        self.size, self.used = size, 0
        self.fields = {
            name: np.empty((len(x), size, *x.shape[2:]), x.dtype) for name, x in fields.items()
        }


@dataclass(frozen=True, eq=False)
class Memory:
    """At most the last `capacity` steps of each run.

    begin, end   which steps of its arrays it sees
    """

    capacity: int
    begin: int = 0
    end: int = 0
    arrays: Any = None

    def __post_init__(self) -> None:
        if self.capacity < 1:
            raise ValueError(f"capacity = {self.capacity}, but a memory must hold at least 1 step")

    def __len__(self) -> int:
        """How many steps of each run it holds."""
        return self.end - self.begin

    def add(
        self,
        *,
        s: Shaped[Array, "B m *F"],
        a: Shaped[Array, "B m *K"],
        r: Float[Array, "B m"],
        s_next: Shaped[Array, "B m *F"],
        terminated: Bool[Array, "B m"],
        live: Bool[Array, "B m"],
    ) -> Memory:
        """The memory with m more steps of each run, without what is too old to be kept then."""
        new = {"s": s, "a": a, "r": r, "s_next": s_next, "terminated": terminated, "live": live}
        more = r.shape[1]
        if more > self.capacity:
            return self.add(**{name: x[:, -self.capacity :] for name, x in new.items()})
        arrays, begin, end = self.arrays, self.begin, self.end
        if arrays is None or arrays.used != end or end + more > arrays.size:
            # Room for as much again, but never for more than twice the capacity: what is copied
            # over the years is at most as much as what is added.
            kept = min(end - begin, self.capacity - more)
            arrays = _Arrays(new, min(2 * (kept + more), 2 * self.capacity))
            if kept:
                for name, x in self.arrays.fields.items():
                    arrays.fields[name][:, :kept] = x[:, end - kept : end]
            begin, end = 0, kept
        for name, x in new.items():
            arrays.fields[name][:, end : end + more] = x
        end += more
        arrays.used = end
        return Memory(self.capacity, max(begin, end - self.capacity), end, arrays)

    def some(self, runs: slice) -> Memory:
        """The memory of some of the runs, in arrays of its own."""
        if self.arrays is None:
            return self
        seen = {name: x[runs, self.begin : self.end] for name, x in self.arrays.fields.items()}
        arrays = _Arrays(seen, len(self))
        for name, x in seen.items():
            arrays.fields[name][:] = x
        arrays.used = len(self)
        return Memory(self.capacity, 0, len(self), arrays)

    def all(self) -> Dataset:
        """Every step it holds, the oldest first; N is their number."""
        return self._dataset(
            {n: x[:, self.begin : self.end] for n, x in self.arrays.fields.items()}
        )

    def sample(self, size: int, draws: Draws, position: int = 0) -> Dataset:
        """`size` of its steps drawn with replacement, others for each run and position; N = size."""
        picks = self.begin + draws.indices(len(self), size, position)  # [B, size]
        rows = picks + self.arrays.size * np.arange(len(picks))[:, None]
        return self._dataset(
            {
                name: x.reshape(-1, *x.shape[2:]).take(rows, axis=0)
                for name, x in self.arrays.fields.items()
            }
        )

    def _dataset(self, fields: dict[str, Array]) -> Dataset:
        return Dataset(**fields, q_hat=fields["r"], episodes=fields["r"].shape[1])
