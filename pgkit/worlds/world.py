"""World: a finite Markov decision process as arrays.

Every quantity of the lecture can be computed exactly on it (pgkit.exact), sampled from it
(pgkit.rollout) and drawn (pgkit.draw). A step from s with action a has O possible outcomes; a
deterministic world has O = 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pgkit.types import Array, Bool, Float, Int


@dataclass(frozen=True)
class Layout:
    """How the states of a grid world lie on the page: state s is the cell s // cols, s % cols."""

    rows: int
    cols: int
    letters: str  # one letter a cell, row by row

    def cell(self, s: int) -> str:
        return f"row {s // self.cols + 1}, column {s % self.cols + 1}"


@dataclass(frozen=True, eq=False)
class World:
    """A finite Markov decision process.

    name        what the command line calls it
    next_state  Int   [S, A, O]   where outcome o of (s, a) leads; a terminal state leads to itself
    prob        Float [S, A, O]   probability of outcome o
    reward      Float [S, A, O]   reward of outcome o, paid on entering; 0 from a terminal state
    terminal    Bool  [S]         the episode ends on entering
    wall        Bool  [S]         a cell that nobody can be in
    start       Float [S]         the nominal start distribution: the one the task is scored from
    goals       letter -> Bool [S]  terminal states that count as a goal
    actions     name of each action
    states      name of each state, for worlds that do not lie on a grid
    features    Float [S, K]      what a linear critic or a logistic policy sees of each state
    layout      where the cells lie, for grids
    defaults    knob settings that suit this world
    """

    name: str
    next_state: Int[Array, "S A O"]
    prob: Float[Array, "S A O"]
    reward: Float[Array, "S A O"]
    terminal: Bool[Array, "S"]
    wall: Bool[Array, "S"]
    start: Float[Array, "S"]
    goals: Mapping[str, Bool[Array, "S"]] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    features: Float[Array, "S K"] | None = None
    layout: Layout | None = None
    defaults: Mapping[str, float] = field(default_factory=dict)

    @property
    def n_states(self) -> int:
        return self.next_state.shape[0]

    @property
    def n_actions(self) -> int:
        return self.next_state.shape[1]

    @property
    def startable(self) -> Bool[Array, "S"]:
        """States that an episode may start in: neither terminal nor a wall."""
        return ~self.terminal & ~self.wall

    def starting_from(self, start: Float[Array, "S"]) -> World:
        """The same world with another start distribution."""
        return replace(self, start=start)

    @property
    def grid(self) -> Layout:
        """Where the cells lie.  ValueError for a world that does not lie on a grid."""
        if self.layout is None:
            raise ValueError(f"world = {self.name}, but a picture of cells needs a world on a grid")
        return self.layout

    def describe(self, s: int) -> str:
        """State s in words."""
        if self.layout:
            return self.layout.cell(s)
        return self.states[s] if self.states else f"state {s}"
