"""VectorWorld: a world whose states are vectors, as pure functions over any leading axes.

`initial`, `transition` and `observe` take arrays and return arrays; where worlds stand (`At`) is
passed in and out. Randomness comes in as numbers that somebody else has drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from pgkit.draws import Draws, Stream
from pgkit.types import Array, Bool, Float, Int


@dataclass(frozen=True)
class At:
    """Where B·N worlds stand.  x: Float [B, N, D];  t: Int [B, N], steps since their episode began."""

    x: Float[Array, "B N D"]
    t: Int[Array, "B N"]


@dataclass(frozen=True, eq=False)
class VectorWorld:
    """A world with vectors for states; actions are one of n_actions, or K numbers.

    name          what the command line calls it
    n_features    F, how many numbers a policy sees
    time_limit    steps after which an episode is truncated
    initial       u [..., start_size] uniform in [0, 1) -> x [..., D], a start state
    transition    (x, a, z [..., noise_size] standard normal) -> (x', reward [...], terminated [...])
    observe       x -> s [..., F]
    n_actions     A, or 0 for continuous actions
    action_low, action_high   bounds of each of the K numbers of a continuous action (may be infinite)
    input_scale   what a network multiplies each feature with, or None
    actions       name of each action
    defaults      knob settings that suit this world
    """

    name: str
    n_features: int
    time_limit: int
    initial: Callable[[Array], Array]
    transition: Callable[[Array, Array, Array], tuple[Array, Array, Array]]
    observe: Callable[[Array], Array]
    start_size: int
    noise_size: int = 0
    n_actions: int = 0
    action_low: tuple[float, ...] = ()
    action_high: tuple[float, ...] = ()
    input_scale: tuple[float, ...] | None = None
    actions: tuple[str, ...] = ()
    defaults: Mapping[str, float] = field(default_factory=dict)

    @property
    def start(self) -> None:
        """No distribution over states to choose from: episodes begin where the world begins."""

    def begin(self, draws: Draws, episodes: int) -> At:
        """N = `episodes` fresh worlds for each run."""
        x = self.initial(draws.stream(Stream.START).uniform(episodes, 0, self.start_size))
        return At(x, np.zeros(x.shape[:2], dtype=np.int64))

    def observe_at(self, at: At) -> Float[Array, "B N F"]:
        return self.observe(at.x)

    def advance(
        self, at: At, a: Array, draws: Draws, t: int
    ) -> tuple[
        At, Float[Array, "B N"], Float[Array, "B N F"], Bool[Array, "B N"], Bool[Array, "B N"]
    ]:
        """One step of all worlds: (at', r, s', terminated, truncated).

        s' is what is observed before worlds whose episode is over begin anew, t the number of the
        step within the rollout (it picks the draws).
        """
        episodes = at.t.shape[1]
        z = (
            draws.stream(Stream.NOISE).normal(episodes, t, self.noise_size)
            if self.noise_size
            else at.x[..., :0]
        )
        x, r, terminated = self.transition(at.x, a, z)
        age = at.t + 1
        truncated = (age >= self.time_limit) & ~terminated
        s_next, over = self.observe(x), terminated | truncated
        if over.any():
            fresh = self.initial(draws.stream(Stream.RESTART).uniform(episodes, t, self.start_size))
            x = np.where(over[..., None], fresh, x)
            age = np.where(over, 0, age)
        return At(x, age), r, s_next, terminated, truncated
