"""How good policies are: exactly where the world is finite, else by episodes of their own draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pgkit import engine, exact
from pgkit.draws import Draws, Stream
from pgkit.policies import LinearGaussian
from pgkit.rollout import rollout
from pgkit.types import Array, Bool, Float, State
from pgkit.worlds.world import World

EPISODES = 10  # that each run is scored by where J is not known exactly


@dataclass(frozen=True)
class Score:
    """What the history keeps of one iteration.

    expected_return  Float [B]           J from the nominal start within the horizon, exact in finite
                                         worlds, else the mean return of `episodes` whole episodes
    reached          letter -> Bool [B]  that goal is reached with probability over .9
    """

    iteration: int
    expected_return: Float[Array, "B"]
    reached: Mapping[str, Bool[Array, "B"]]
    episodes: int | None = None  # None: exact


@dataclass(frozen=True)
class Evaluation:
    """The runs' policies of one iteration, scored from the nominal start.

    expected_return, reached, episodes  as in Score
    occupancy        Float [B, S]  Σ_t γ^t P(s_t = s)                           finite worlds only
    absorbed         Float [B, S]  probability of having ended in each terminal state
    """

    iteration: int
    expected_return: Float[Array, "B"]
    reached: Mapping[str, Bool[Array, "B"]] = field(default_factory=dict)
    occupancy: Any = None
    absorbed: Any = None
    episodes: int | None = None

    @property
    def score(self) -> Score:
        return Score(self.iteration, self.expected_return, self.reached, self.episodes)


def evaluate(
    world: Any, policy: Any, theta: Any, draws: Draws, *, gamma: float, horizon: int,
    tables: Any = None, backend: str = "auto", episodes: int = EPISODES,
) -> Evaluation:  # fmt: skip
    """Score the policies θ.  tables: the engine's, where it can compute what is asked."""
    now = draws.iteration
    if not isinstance(world, World):
        if isinstance(policy, LinearGaussian) and world.name == "lqr":
            log_std = np.clip(theta[:, 1], policy.low, policy.high)
            with np.errstate(over="ignore", invalid="ignore"):  # a run may have diverged: -∞
                j = exact.lqr_return(exact.LQR(), theta[:, 0], log_std)
            return Evaluation(now, np.asarray(j))
        return Evaluation(now, _sampled(world, policy, theta, draws, episodes), episodes=episodes)
    if tables is not None:
        e = engine.evaluate(
            tables, theta, world.start, gamma=gamma, horizon=horizon, backend=backend
        )
        j, occupancy, absorbed = e.expected_return, e.occupancy, e.absorbed
    else:
        j, occupancy, absorbed = exact.push(world, policy.table(theta), gamma, horizon)
    return Evaluation(now, np.asarray(j), exact.reached(world, absorbed), occupancy, absorbed)


def _sampled(world, policy, theta, draws: Draws, episodes: int) -> Float[Array, "B"]:
    """Mean undiscounted return of whole episodes, as Gymnasium's leaderboards count it."""
    tau = rollout(
        world,
        policy,
        theta,
        draws.stream(Stream.EVALUATION),
        episodes=episodes,
        horizon=world.time_limit,
    )
    return tau.r.sum(axis=-1).mean(axis=-1)


def value_error(
    world: World, policy: Any, state: State, *, gamma: float, horizon: int
) -> Float[Array, "B"]:
    """How wrong a learned table V is: the root mean square error over the states that are not terminal."""
    steps = horizon if gamma == 1 else None
    true, _ = exact.values(world, policy.table(state.theta)[0], gamma, steps)
    wrong = (state.phi - true)[:, world.startable]
    return np.sqrt((wrong**2).mean(axis=-1))
