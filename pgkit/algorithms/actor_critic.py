"""Batch actor-critic (lecture, "The General Actor Critic Framework"; Sutton et al. 2000; Schulman et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pgkit.algorithms import shared
from pgkit.draws import Draws, Stream
from pgkit.knobs import check_knobs, choice, knob, part
from pgkit.optim import Fitting, adam
from pgkit.returns import dataset, gae, standardised
from pgkit.rollout import continued
from pgkit.types import Info, State
from pgkit.worlds.world import World


@dataclass(frozen=True)
class ActorCritic:
    """Batch actor-critic: the critic says what to expect, the actor does more of what was better.

    The slide's step 3 is A = r + γ V(s') - V(s) and leaves out that nothing follows the end of an
    episode; ours is Â of generalised advantage estimation, which is that for λ = 0 (TD), reward-to-go
    minus V for λ = 1 (MC), and in between a trade of bias for variance. Terminal states are worth 0,
    truncated ones bootstrap. Step 2 fits V to Â + V, the λ-return, `critic_sweeps` times over.
    """

    alpha: float = knob(**shared.ALPHA)
    gamma: float = knob(**shared.GAMMA)
    lam: float = knob(**shared.LAM)
    episodes: int = knob(**shared.EPISODES)
    horizon: int = knob(**shared.HORIZON)
    critic_alpha: float = knob(**shared.CRITIC_ALPHA)
    critic_sweeps: int = knob(**shared.CRITIC_SWEEPS)
    critic_steps: int = knob(**shared.CRITIC_STEPS)
    critic_batch: int = knob(**shared.BATCH)
    advantage: str = choice("as-it-is", options=("as-it-is", "standardised"),
                            label="advantage", meaning="what is done with the advantages of a batch")
    optimizer: str = choice("plain", options=("plain", "adam"), label="optimiser", meaning="the actor's step")
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
        if self.advantage == "standardised":
            adv = standardised(adv, D.live)
        grad  = policy.grad_log_prob(theta, D, weight=adv)                          # 4. ∇_θ J(θ) ≈ Σ_i ∇_θ log π_θ(a_i|s_i) Â(s_i,a_i)
        step, moments = adam(grad, state.moments) if self.optimizer == "adam" else (grad, None)
        theta = theta + self.alpha * step                                           # 5. θ ← θ + α ∇_θ J(θ)
        return State(theta, phi, moments, at=at), Info(tau, replace(D, q_hat=target), grad)
