"""Random numbers by counting: every draw is a pure function of (run, iteration, trajectory, time).

A run has one 64-bit key. The word for (iteration k, trajectory n, position j) is splitmix64's output
for that key at counter k·2³² + n·2¹⁶ + j (Steele, Lea & Flood 2014, "Fast splittable pseudorandom
number generators"). Nothing is consumed, so results do not depend on the number of threads, on the
order of the work or on which trajectories have already ended; rewinding a run is setting k back.

In a run's own stream position 0 holds the draw for the start state, and position 1 + t//2 the draws for
the actions at times t (even: low 32 bits) and t+1 (odd: high 32 bits).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from pgkit.types import Array, Float, Int, UInt32, UInt64


class Stream(IntEnum):
    """Who draws what: streams of one iteration that must not be the same numbers."""

    START = 11  # where episodes of vector worlds begin ...
    RESTART = 12  # ... and begin anew
    NOISE = 13  # what happens to them
    SEED = 14  # seeds of outside environments
    ACTION = 21  # normal numbers of continuous actions
    EVALUATION = 31  # looking at a run does not change what it learns
    FIRST = 41  # what the first state of a run is made from
    CRITIC = 51  # minibatches of the critic
    ACTOR = 52  # minibatches of the actor
    REPLAY = 53  # samples of a replay memory ...
    SAMPLE = 54  # ... and the actions thought of there


GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ / golden ratio: splitmix64's odd increment
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_LOW_32 = np.uint64(0xFFFFFFFF)
MAX_EPISODES = 2**16 - 1
MAX_HORIZON = 2 * (2**16 - 2)


def mix(z: UInt64[Array, "..."]) -> UInt64[Array, "..."]:
    """splitmix64's output function: a bijection of 64-bit words that scatters every input bit."""
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return z ^ (z >> np.uint64(31))


def run_keys(seed: int, runs: int) -> UInt64[Array, "B"]:
    """One key for each of `runs` runs. A run's key does not depend on how many runs stand beside it."""
    base = np.random.SeedSequence(seed).generate_state(1, np.uint64)
    with np.errstate(over="ignore"):
        return mix(mix(base) + GOLDEN * np.arange(1, runs + 1, dtype=np.uint64))


@dataclass(frozen=True)
class Draws:
    """The draws of one iteration for B runs.  keys: [B];  iteration: the counter k ≥ 0."""

    keys: UInt64[Array, "B"]
    iteration: int = 0

    def at_iteration(self, iteration: int) -> Draws:
        return replace(self, iteration=iteration)

    def words(self, episodes: int, position: int) -> UInt64[Array, "B N"]:
        """The 64-bit words of all trajectories at one position."""
        counter = (
            np.uint64(self.iteration << 32)
            + (np.arange(episodes, dtype=np.uint64) << np.uint64(16))
            + np.uint64(position)
        )  # [N]
        with np.errstate(over="ignore"):
            return mix(self.keys[:, None] + GOLDEN * counter)

    def starts(self, episodes: int) -> UInt32[Array, "B N"]:
        """Uniform 32-bit draws for the start states (the high half of position 0)."""
        return (self.words(episodes, 0) >> np.uint64(32)).astype(np.uint32)

    def actions(self, episodes: int, t: int) -> UInt32[Array, "B N"]:
        """Uniform 32-bit draws for the actions at time t."""
        word = self.words(episodes, 1 + t // 2)
        return (word >> np.uint64(32) if t % 2 else word & _LOW_32).astype(np.uint32)

    def outcomes(self, episodes: int, t: int) -> UInt32[Array, "B N"]:
        """Uniform 32-bit draws for where a stochastic world goes at time t (a stream of its own)."""
        return Draws(mix(self.keys), self.iteration).actions(episodes, t)

    def stream(self, number: int) -> Draws:
        """Draws of the same runs and iteration, independent of these and of every other number's."""
        with np.errstate(over="ignore"):
            return replace(self, keys=mix(mix(self.keys) ^ (GOLDEN * np.uint64(number + 1))))

    def uniform(self, episodes: int, t: int, size: int) -> Float[Array, "B N K"]:
        """`size` uniform numbers in [0, 1) for each trajectory at time t.  t·size + size < 2¹⁶."""
        counter = np.uint64(self.iteration << 32) + (
            (np.arange(episodes, dtype=np.uint64) << np.uint64(16))[:, None]
            + np.arange(t * size, t * size + size, dtype=np.uint64)
        )  # [N, K]
        with np.errstate(over="ignore"):
            return mix(self.keys[:, None, None] + GOLDEN * counter) * 2.0**-64

    def normal(self, episodes: int, t: int, size: int) -> Float[Array, "B N K"]:
        """`size` standard normal numbers for each trajectory at time t (Box & Muller 1958)."""
        u = self.uniform(episodes, t, 2 * size)
        radius = np.sqrt(-2 * np.log1p(-u[..., :size]))
        return radius * np.cos(2 * np.pi * u[..., size:])

    def indices(self, high: int, count: int, position: int) -> Int[Array, "B n"]:
        """`count` indices in [0, high), different for each run: a minibatch."""
        return (self.words(count, position) >> np.uint64(32)).astype(np.int64) * high >> 32

    def generators(self) -> list[np.random.Generator]:
        """A numpy generator for each run, for draws that are made once (the first weights of a network)."""
        return [np.random.default_rng([self.iteration, int(key)]) for key in self.keys]


def thresholds(probs: Float[Array, "... K"]) -> UInt32[Array, "... K-1"]:
    """Cumulative thresholds on 32-bit draws: the index drawn by u is the number of thresholds ≤ u.

    A probability is met to 2⁻³²; a row whose last entries are zero is clipped, so that an
    impossible index is drawn at most once in 2³² draws.
    """
    cumulative = np.cumsum(probs, axis=-1)[..., :-1]
    return np.minimum(cumulative * 2.0**32, 2.0**32 - 1).astype(np.uint32)


def draw_index(probs: Float[Array, "... K"], u: UInt32[Array, "..."]) -> Int[Array, "..."]:
    """The index that the 32-bit draw u picks from the distribution probs (inverse CDF)."""
    return (thresholds(probs) <= u[..., None]).sum(axis=-1)
