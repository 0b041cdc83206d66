"""Advantage-weighted regression (lecture, "Algorithm 1"; Peng, Kumar, Zhang & Levine 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pgkit.algorithms import shared
from pgkit.draws import Draws, Stream
from pgkit.knobs import check_knobs, choice, knob, part
from pgkit.optim import Fitting
from pgkit.returns import dataset, gae, joined, reward_to_go, standardised
from pgkit.rollout import continued
from pgkit.types import Info, State
from pgkit.worlds.world import World

PRESETS = {
    # Algorithm 1 as it is printed, with the temperature of the paper's text
    "paper": {"beta": 0.05, "clip": 0.0, "advantage": "as-it-is", "lam": 1.0},
    # what the authors' program does: β acts on standardised advantages, weights are clipped
    "code": {"beta": 1.0, "clip": 20.0, "advantage": "standardised", "lam": 0.95},
}


@dataclass(frozen=True)
class AWR:
    """Advantage-weighted regression: both steps are supervised learning, and the weight is never negative.

    R is the return of (s, a) (the reward-to-go), D a mixture of the last `replay` policies, V^D the
    mixture's value; there are no importance weights. Algorithm 1 knows neither a clip (0 here) nor
    standardised advantages; the authors' program has both, and a β on standardised advantages is a
    β · std on raw ones. λ = 1 takes R as observed, λ < 1 mixes in V. Weights see returns, not their
    means: E[exp(R/β)] grows with the variance, so AWR likes risk. β → ∞ imitates D; β → 0 takes the
    best that was seen, or, clipped, everything that was better than V.
    """

    beta: float = knob(1.0, low=1e-3, high=1e4, log=True, symbol="β", label="temperature",
                       meaning="the temperature β in exp(A/β)")
    gamma: float = knob(**shared.GAMMA)
    clip: float = knob(20.0, low=0.0, high=1e6, symbol="w_max", label="clip",
                       meaning="the largest weight (0: no clip)")
    advantage: str = choice("standardised", options=("as-it-is", "standardised"),
                            label="advantage", meaning="what is done with the advantages of D")
    lam: float = knob(**{**shared.LAM, "default": 1.0})
    replay: int = knob(**shared.REPLAY)
    episodes: int = knob(**{**shared.EPISODES, "default": 64})
    horizon: int = knob(**shared.HORIZON)
    pseudo: float = knob(1.0, low=0.0, high=1e6, symbol="c", label="pseudo-count",
                         meaning="the prior weight of the uniform policy in each state (tables)")
    alpha: float = knob(**{**shared.ALPHA, "default": 5e-4, "low": 1e-6})
    steps: int = knob(200, low=0, high=100_000, whole=True, symbol="steps", label="actor's steps",
                      meaning="the actor's minibatch steps in one iteration (networks)")
    critic_alpha: float = knob(**{**shared.CRITIC_ALPHA, "default": 1e-3})
    critic_steps: int = knob(0, low=0, high=100_000, whole=True, symbol="critic steps", label="critic's steps",
                             meaning="the critic's minibatch steps in one iteration (0: the exact fit, on tables)")
    batch: int = knob(**shared.BATCH)
    momentum: float = knob(0.0, low=0.0, high=0.999, symbol="m", label="momentum",
                           meaning="the momentum of gradient steps (0: Adam)")
    critic: Any = part()
    __post_init__ = check_knobs

    def init(self, world: World, policy, draws: Draws) -> State:
        return State(policy.init(world, draws), self.critic.init(world, draws), memory=())  # 1: π_1 ← RANDOM POLICY; 2: D ← ∅

    def iteration(self, state: State, world: World, policy, draws: Draws) -> tuple[State, Info]:
        theta, V = state.theta, self.critic                                         # 3: FOR ITERATION k = 1, ...
        tau, at  = continued(world, policy, theta, draws, state.at, start=world.start,
                             episodes=self.episodes, horizon=self.horizon)          # 4: SAMPLE {τ_i} VIA π_k
        q_hat  = reward_to_go(tau.r, self.gamma, tau.terminated | tau.truncated)
        memory = (*state.memory, dataset(tau, q_hat=q_hat))[-self.replay:]          #    ... ADD TO D
        D      = joined(memory)
        R      = self._returns(D, state.phi)                                        #    R^D_{s,a}
        phi    = V.fit(state.phi, D, target=R, draws=draws.stream(Stream.CRITIC),   # 5: V^D ← argmin E_D ‖R - V(s)‖²
                       fitting=Fitting(self.critic_alpha, self.critic_steps, self.batch, self.momentum))
        adv    = self._returns(D, phi) - V.value(phi, D.s, D.t)
        if self.advantage == "standardised":
            adv = standardised(adv, D.live)
        weight = self.weight(adv)                                                   #    exp(A/β)
        theta, moments = policy.fit(theta, D, weight=weight, draws=draws.stream(Stream.ACTOR), moments=state.moments, # 6: π_{k+1} ← argmax E_D[log π(a|s) exp(A/β)]
                       fitting=Fitting(self.alpha, self.steps, self.batch, self.momentum, self.pseudo))
        return State(theta, phi, moments, memory, at), Info(tau, memory[-1], theta - state.theta)

    def _returns(self, D, phi):
        """R: the reward-to-go as observed (λ = 1), else the λ-return Â + V, which bootstraps."""
        if self.lam == 1:
            return D.q_hat
        v = self.critic.value(phi, D.s, D.t)
        return v + gae(D, v, self.critic.value(phi, D.s_next, D.t + 1), self.gamma, self.lam)

    def weight(self, adv):
        """exp(A/β), at most `clip`."""
        largest = np.log(self.clip) if self.clip else 700.0                         # exp(700) is still finite
        return np.exp(np.minimum(adv / self.beta, largest))
