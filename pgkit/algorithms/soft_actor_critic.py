"""Soft actor-critic, finitely many actions (lecture, "Soft" Actor Critic; Haarnoja et al. 2018; Christodoulou 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pgkit.algorithms import shared
from pgkit.draws import Draws, Stream
from pgkit.knobs import check_knobs, choice, knob, part
from pgkit.optim import Fitting, adam
from pgkit.returns import dataset, joined
from pgkit.rollout import continued
from pgkit.types import Info, State
from pgkit.worlds.world import World


@dataclass(frozen=True)
class SoftActorCritic:
    """Soft actor-critic: maximise reward plus temperature times entropy, learning off-policy from a replay D.

    The slide has no formula. The soft value of a state is V(s) = Σ_a π(a|s) [Q(s,a) - temperature · log π(a|s)],
    0 in a terminal state; the critic fits Q(s,a) to r + γ V(s'); the actor ascends E_D[V(s)]. With
    finitely many actions both expectations over a are sums, so that the actor's gradient is again
    ∇ log π times a constant: π (Q - temperature · log π). The best policy is π ∝ exp(Q/temperature).

    Haarnoja et al. write α for the temperature; α is the step size here. Beware of tasks that end:
    while it goes on, entropy pays up to temperature · log A a step, so that a hot agent refuses to
    finish.
    """

    alpha: float = knob(**{**shared.ALPHA, "default": 0.3})
    gamma: float = knob(**shared.GAMMA)
    temperature: float = knob(**shared.TEMPERATURE)
    episodes: int = knob(**shared.EPISODES)
    horizon: int = knob(**shared.HORIZON)
    replay: int = knob(**shared.REPLAY)
    critic_alpha: float = knob(**shared.CRITIC_ALPHA)
    critic_sweeps: int = knob(**shared.CRITIC_SWEEPS)
    critic_steps: int = knob(**shared.CRITIC_STEPS)
    critic_batch: int = knob(**shared.BATCH)
    optimizer: str = choice("plain", options=("plain", "adam"), label="optimiser", meaning="the actor's step")
    critic: Any = part()
    __post_init__ = check_knobs

    def init(self, world: World, policy, draws: Draws) -> State:
        return State(policy.init(world, draws), self.critic.init(world, draws), memory=())

    def iteration(self, state: State, world: World, policy, draws: Draws) -> tuple[State, Info]:
        theta, phi, Q = state.theta, state.phi, self.critic
        tau, at = continued(world, policy, theta, draws, state.at, start=world.start,
                            episodes=self.episodes, horizon=self.horizon)           # ACT WITH π_θ
        memory  = (*state.memory, dataset(tau, q_hat=tau.r))[-self.replay:]         # D ← D ∪ (s, a, r, s')
        D       = joined(memory)
        for sweep in range(self.critic_sweeps):
            v_next = self._soft_value(policy.probs(theta, D.s_next), Q.q(phi, D.s_next))
            target = D.r + self.gamma * np.where(D.terminated, 0.0, v_next)         # r + γ V(s')
            phi    = Q.fit(phi, D, target=target, draws=draws.stream(Stream.CRITIC).stream(sweep),
                           fitting=Fitting(self.critic_alpha, self.critic_steps, self.critic_batch)) # CRITIC: Q ← r + γ V(s')
        probs  = policy.probs(theta, D.s)
        weight = probs * (Q.q(phi, D.s) - self.temperature * _log(probs))           # π (Q - temperature · log π)
        grad   = policy.grad_probs(theta, D, weight=weight)                         # ACTOR: ∇_θ E_D[V(s)], all actions
        step, moments = adam(grad, state.moments) if self.optimizer == "adam" else (grad, None)
        theta  = theta + self.alpha * step                                          # UPDATE θ ← θ + α ∇_θ J
        return State(theta, phi, moments, memory, at), Info(tau, memory[-1], grad)

    def _soft_value(self, probs, q):
        """V(s) = Σ_a π(a|s) [Q(s,a) - temperature · log π(a|s)]."""
        return (probs * (q - self.temperature * _log(probs))).sum(axis=-1)


def _log(probs):
    """log π where π > 0; an action that is never taken adds nothing."""
    return np.log(np.maximum(probs, 1e-300))
