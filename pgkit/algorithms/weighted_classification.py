"""Weighted classification (lecture, "Supervised learning (weighted classification)")."""

from __future__ import annotations

from dataclasses import dataclass

from pgkit.algorithms.shared import ALPHA, EPISODES, GAMMA, HORIZON
from pgkit.draws import Draws
from pgkit.knobs import check_knobs, knob
from pgkit.returns import dataset, reward_to_go
from pgkit.rollout import rollout
from pgkit.types import Info, State
from pgkit.worlds.world import World


@dataclass(frozen=True)
class WeightedClassification:
    """Classification in which each data point counts as much as its reward: (s, a, R).

    L(θ) = -R_1 log π_θ(a_1|s_1) - R_2 log π_θ(a_2|s_2) - ... (the slide's second triple must read
    (s_2, a_2, R_2), as its loss does). Differs from Supervised in the weight, and from Reinforce in
    that the data are given once and stay: with negative weights the loss has no minimum then, and
    learning runs away from what was tried to what never was. The data are a Dataset in State.memory,
    or trajectories of the policy as it was before learning, with R their reward-to-go.
    """

    alpha: float = knob(**ALPHA)
    gamma: float = knob(**GAMMA)
    episodes: int = knob(**EPISODES)
    horizon: int = knob(**HORIZON)
    __post_init__ = check_knobs

    def init(self, world: World, policy, draws: Draws) -> State:
        theta = policy.init(world, draws)
        tau   = rollout(world, policy, theta, draws, start=world.start,
                        episodes=self.episodes, horizon=self.horizon)
        D     = dataset(tau, q_hat=reward_to_go(tau.r, self.gamma))                 # GIVEN (s_1, a_1, R_1) (s_2, a_2, R_2) ...
        return State(theta, memory=(tau, D))

    def iteration(self, state: State, world: World, policy, draws: Draws) -> tuple[State, Info]:
        theta, (tau, D) = state.theta, state.memory
        grad  = policy.grad_log_prob(theta, D, weight=D.q_hat)                      # -∇_θ L = R_1 ∇_θ log π_θ(a_1|s_1) + R_2 ∇_θ log π_θ(a_2|s_2) + ...
        theta = theta + self.alpha * grad                                           # UPDATE θ ← θ - α ∇_θ L
        return State(theta, memory=state.memory), Info(tau, D, grad)
