"""Supervised learning as classification (lecture, "Supervised learning (classification)")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pgkit.algorithms.shared import ALPHA, EPISODES, HORIZON
from pgkit.draws import Draws
from pgkit.knobs import check_knobs, knob, part
from pgkit.returns import dataset
from pgkit.rollout import rollout
from pgkit.types import Info, State
from pgkit.worlds.world import World


@dataclass(frozen=True)
class Supervised:
    """Classification: given data points (s, a*), make a* likelier in s. The weight of every point is 1.

    L(θ) = -log π_θ(a*|s), and ∇_θ L = -∇_θ log π_θ(a*|s): a step down L is a step up log π. The data
    are given once and stay: a Dataset in State.memory, or `teacher`'s trajectories. teacher: a policy
    and its parameters (policy, theta [1, ...]).
    """

    alpha: float = knob(**ALPHA)
    episodes: int = knob(**EPISODES)
    horizon: int = knob(**HORIZON)
    teacher: Any = part()
    __post_init__ = check_knobs

    def init(self, world: World, policy, draws: Draws) -> State:
        expert, theta = self.teacher
        theta = np.repeat(theta, len(draws.keys), axis=0)
        tau   = rollout(world, expert, theta, draws, start=world.start,
                        episodes=self.episodes, horizon=self.horizon)
        D     = dataset(tau, q_hat=np.ones(tau.r.shape))                            # GIVEN A DATA POINT (s, a*)
        return State(policy.init(world, draws), memory=(tau, D))

    def iteration(self, state: State, world: World, policy, draws: Draws) -> tuple[State, Info]:
        theta, (tau, D) = state.theta, state.memory
        grad  = policy.grad_log_prob(theta, D, weight=np.ones(D.live.shape))        # -∇_θ L = ∇_θ log π_θ(a*|s)
        theta = theta + self.alpha * grad                                           # UPDATE θ ← θ - α ∇_θ L
        return State(theta, memory=state.memory), Info(tau, D, grad)
