"""Natural actor-critic with compatible approximation (lecture, "Actor: natural gradient descent"; Kakade 2002; Peters & Schaal 2008)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pgkit.algorithms import shared
from pgkit.draws import Draws, Stream
from pgkit.knobs import check_knobs, knob, part
from pgkit.optim import Fitting, kl_sized
from pgkit.returns import dataset, gae
from pgkit.rollout import continued
from pgkit.types import Info, State
from pgkit.worlds.world import World


@dataclass(frozen=True)
class NaturalActorCritic:
    """Natural actor-critic. Differs from ActorCritic in 4 and 5: the actor's step is the critic's own weights.

    An advantage that is linear in the score, A_w(s,a) = w·∇_θ log π_θ(a|s), and fits the advantages
    best in the least-squares sense, has weights w = G⁻¹(θ) ∇_θ J: the natural gradient is a
    regression (Kakade 2002, theorem 1). The damping λ is that regression's ridge. With ε > 0 a step
    is as long as KL ≤ ε allows, and α is not used.
    """

    alpha: float = knob(**shared.ALPHA)
    gamma: float = knob(**shared.GAMMA)
    lam: float = knob(**{**shared.LAM, "default": 1.0})
    episodes: int = knob(**shared.EPISODES)
    horizon: int = knob(**shared.HORIZON)
    damping: float = knob(**shared.DAMPING)
    epsilon: float = knob(**shared.EPSILON)
    critic_alpha: float = knob(**shared.CRITIC_ALPHA)
    critic_sweeps: int = knob(**shared.CRITIC_SWEEPS)
    critic_steps: int = knob(**shared.CRITIC_STEPS)
    critic_batch: int = knob(**shared.BATCH)
    critic: Any = part()
    __post_init__ = check_knobs

    def init(self, world: World, policy, draws: Draws) -> State:
        return State(policy.init(world, draws), self.critic.init(world, draws))

    def iteration(self, state: State, world: World, policy, draws: Draws) -> tuple[State, Info]:
        theta, phi, V = state.theta, state.phi, self.critic
        tau, at = continued(world, policy, theta, draws, state.at, start=world.start,
                            episodes=self.episodes, horizon=self.horizon)           # 1. SAMPLE {s_i, a_i} FROM π_θ(a|s)
        D       = dataset(tau, q_hat=tau.r)
        for sweep in range(self.critic_sweeps):
            v      = V.value(phi, D.s, D.t)
            target = v + gae(D, v, V.value(phi, D.s_next, D.t + 1), self.gamma, self.lam)
            phi    = V.fit(phi, D, target=target, draws=draws.stream(Stream.CRITIC).stream(sweep),
                           fitting=Fitting(self.critic_alpha, self.critic_steps, self.critic_batch)) # 2. FIT V̂_φ(s) TO SAMPLED REWARD SUMS (TD, MC)
        v, v_next = V.value(phi, D.s, D.t), V.value(phi, D.s_next, D.t + 1)
        adv   = gae(D, v, v_next, self.gamma, self.lam)                             # 3. EVALUATE Â(s_i,a_i) = r + γ V̂(s'_i) - V̂(s_i)
        grad  = policy.grad_log_prob(theta, D, weight=adv)                          # 4. ∇_θ J(θ) ≈ Σ_i ∇_θ log π_θ(a_i|s_i) Â(s_i,a_i)
        w     = policy.natural(theta, D, grad, damping=self.damping)                #    w = argmin Σ_i (w·∇_θ log π_θ - Â)² = G⁻¹ ∇_θ J
        step  = kl_sized(w, grad, self.epsilon) if self.epsilon else self.alpha * w
        theta = theta + step                                                        # 5. θ ← θ + α G⁻¹(θ) ∇_θ J(θ)
        return State(theta, phi, at=at), Info(tau, replace(D, q_hat=target), grad)
