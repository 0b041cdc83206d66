"""REINFORCE (with natural gradients) (lecture, "REINFORCE (with natural gradients)"; Amari 1998; Kakade 2002)."""

from __future__ import annotations

from dataclasses import dataclass

from pgkit.algorithms.shared import ALPHA, DAMPING, EPISODES, EPSILON, GAMMA, HORIZON
from pgkit.draws import Draws
from pgkit.knobs import check_knobs, knob
from pgkit.optim import kl_sized
from pgkit.returns import dataset, reward_to_go
from pgkit.rollout import rollout
from pgkit.types import Info, State
from pgkit.worlds.world import World


@dataclass(frozen=True)
class ReinforceNatural:
    """REINFORCE (with natural gradients). Differs from Reinforce in UPDATE: a step is small in π, not in θ.

    G(θ) = E[∇_θ log π ∇_θ logᵀ π], the Fisher information matrix; the slide writes a sum, we take the
    mean over trajectories that the gradient takes too, so that their scale cancels in G⁻¹∇J. The
    expectation over actions is exact, over states it is D's. On a softmax table G has no inverse: a
    damping λ > 0 gives (G + λI)⁻¹, λ = 0 the pseudo-inverse, and only λ = 0 is free of how θ is
    written. With ε > 0 every step has the size that KL(π_θ ‖ π_θ+Δ) ≤ ε allows to second order,
    Δθ = sqrt(2ε / ∇JᵀG⁻¹∇J) G⁻¹∇J, and α is not used.
    """

    alpha: float = knob(**ALPHA)
    gamma: float = knob(**GAMMA)
    episodes: int = knob(**EPISODES)
    horizon: int = knob(**HORIZON)
    damping: float = knob(**DAMPING)
    epsilon: float = knob(**EPSILON)
    __post_init__ = check_knobs

    def init(self, world: World, policy, draws: Draws) -> State:
        return State(policy.init(world, draws))                                     # START WITH RANDOM POLICY π_θ

    def iteration(self, state: State, world: World, policy, draws: Draws) -> tuple[State, Info]:
        theta = state.theta                                                         # WHILE NOT CONVERGED:
        tau   = rollout(world, policy, theta, draws, start=world.start,             # ROLLOUT π_θ
                        episodes=self.episodes, horizon=self.horizon)
        D     = dataset(tau, q_hat=reward_to_go(tau.r, self.gamma))                 # CREATE DATASET
        grad  = policy.grad_log_prob(theta, D, weight=D.q_hat)                      # COMPUTE GRADIENTS
        step  = policy.natural(theta, D, grad, damping=self.damping)                # G⁻¹(θ) ∇_θ J
        step  = kl_sized(step, grad, self.epsilon) if self.epsilon else self.alpha * step
        theta = theta + step                                                        # UPDATE θ ← θ + α G⁻¹(θ) ∇_θ J
        return State(theta), Info(tau, D, grad)
