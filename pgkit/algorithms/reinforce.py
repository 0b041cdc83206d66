"""REINFORCE (lecture, "REINFORCE"; Williams 1992)."""

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
class Reinforce:
    """REINFORCE: roll out, weigh every action by the reward that followed, step uphill.

    The slide writes ∇_θ J = Σ_D ∇_θ log π_θ(a_t|s_t) Q̂_t; ours is the mean over trajectories, an
    estimate of ∇_θ J and not ∇_θ J itself. With γ < 1 it leaves out the factor γ^t of the exact
    gradient, as is usual: later steps count as much as early ones.
    """

    alpha: float = knob(**ALPHA)
    gamma: float = knob(**GAMMA)
    episodes: int = knob(**EPISODES)
    horizon: int = knob(**HORIZON)
    __post_init__ = check_knobs

    def init(self, world: World, policy, draws: Draws) -> State:
        return State(policy.init(world, draws))                                     # START WITH RANDOM POLICY π_θ

    def iteration(self, state: State, world: World, policy, draws: Draws) -> tuple[State, Info]:
        theta = state.theta                                                         # WHILE NOT CONVERGED:
        tau   = rollout(world, policy, theta, draws, start=world.start,             # ROLLOUT π_θ
                        episodes=self.episodes, horizon=self.horizon)
        D     = dataset(tau, q_hat=reward_to_go(tau.r, self.gamma))                 # CREATE DATASET
        grad  = policy.grad_log_prob(theta, D, weight=D.q_hat)                      # COMPUTE GRADIENTS
        theta = theta + self.alpha * grad                                           # UPDATE θ ← θ + α ∇_θ J
        return State(theta), Info(tau, D, grad)
