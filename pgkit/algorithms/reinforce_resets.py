"""REINFORCE (with resets) (lecture, "REINFORCE (with resets)"; Kakade & Langford 2002)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pgkit.algorithms.shared import ALPHA, EPISODES, GAMMA, HORIZON
from pgkit.draws import Draws
from pgkit.knobs import check_knobs, knob, part
from pgkit.returns import dataset, reward_to_go
from pgkit.rollout import rollout
from pgkit.types import Info, State
from pgkit.worlds.world import World


@dataclass(frozen=True)
class ReinforceResets:
    """REINFORCE (with resets). Differs from Reinforce in ROLLOUT: it starts at s_1 ~ μ(s).

    mu [S]: the reset distribution; without one, the world's own start distribution. The algorithm
    ascends the return from μ, and is scored from the nominal start. At a stationary point the gap to
    the optimum is at most ‖d_π*/μ‖_∞ / (1-γ) times the gradient gap from μ (Agarwal, Kakade, Lee &
    Mahajan 2021, gradient domination, for directly parametrised policies): the slide's "penalty"
    multiplies what is left of the gradient; it is no bound by itself.
    """

    alpha: float = knob(**ALPHA)
    gamma: float = knob(**GAMMA)
    episodes: int = knob(**EPISODES)
    horizon: int = knob(**HORIZON)
    mu: Any = part()
    __post_init__ = check_knobs

    def init(self, world: World, policy, draws: Draws) -> State:
        return State(policy.init(world, draws))                                     # START WITH RANDOM POLICY π_θ

    def iteration(self, state: State, world: World, policy, draws: Draws) -> tuple[State, Info]:
        theta = state.theta                                                         # WHILE NOT CONVERGED:
        mu    = world.start if self.mu is None else self.mu
        tau   = rollout(world, policy, theta, draws, start=mu,                      # ROLLOUT π_θ (STARTING FROM s_1 ~ μ(s))
                        episodes=self.episodes, horizon=self.horizon)
        D     = dataset(tau, q_hat=reward_to_go(tau.r, self.gamma))                 # CREATE DATASET
        grad  = policy.grad_log_prob(theta, D, weight=D.q_hat)                      # COMPUTE GRADIENTS
        theta = theta + self.alpha * grad                                           # UPDATE θ ← θ + α ∇_θ J
        return State(theta), Info(tau, D, grad)
