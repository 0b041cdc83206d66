"""Soft actor-critic, continuous actions (lecture, "Soft" Actor Critic; Haarnoja et al. 2018, 2019)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pgkit.algorithms import shared
from pgkit.draws import Draws, Stream
from pgkit.knobs import check_knobs, choice, knob, part
from pgkit.memory import Memory
from pgkit.optim import Fitting, adam, polyak
from pgkit.returns import dataset
from pgkit.rollout import continued
from pgkit.types import Info, State


@dataclass(frozen=True)
class Soft:
    """What stands beside the actor.  phi: the critic's;  slow: a copy that follows it slowly, for targets;
    log_temperature [B] and what Adam remembers of it.
    """

    phi: Any
    slow: Any
    log_temperature: Any
    moments: Any = None


@dataclass(frozen=True)
class SoftActorCriticContinuous:
    """Soft actor-critic. Differs from SoftActorCritic in that no sum over actions is left: both are samples.

    a = f_θ(ε, s) with noise ε that does not depend on θ, so that ∇_θ passes through the action into the
    critic: Δθ = E[∂a/∂θ ∂Q/∂a - temperature ∂log π/∂θ]. Of two critics the smaller counts, and what they
    are fitted to comes from slow copies. The temperature (α in the paper; α is the step size here) rises
    while the policy's entropy is below its target, and falls above: -1 for each number of an action that
    lies in [-1, 1], and log(half its range) more for one that does not.
    """

    alpha: float = knob(**{**shared.ALPHA, "default": 1e-3})
    critic_alpha: float = knob(**{**shared.CRITIC_ALPHA, "default": 1e-3})
    gamma: float = knob(**{**shared.GAMMA, "default": 0.99})
    temperature: float = knob(**{**shared.TEMPERATURE, "default": 1.0})
    temperature_alpha: float = knob(1e-3, low=1e-5, high=1.0, log=True, symbol="α_T", label="thermostat's step",
                                    meaning="the step size of the log temperature, where it is automatic")
    tuning: str = choice("automatic", options=("automatic", "fixed"), label="temperature",
                         meaning="what becomes of the first temperature")
    polyak: float = knob(0.01, low=0.0, high=1.0, symbol="polyak", label="of the slow copy",
                         meaning="the share of the critic that its slow copy takes in each update")
    episodes: int = knob(**{**shared.EPISODES, "default": 8})
    horizon: int = knob(**{**shared.HORIZON, "default": 1})
    updates: int = knob(4, low=0, high=1000, whole=True, symbol="updates", label="gradient steps",
                        meaning="the updates after every N·T steps")
    batch: int = knob(**{**shared.BATCH, "default": 128})
    replay: int = knob(100_000, low=1, high=10_000_000, log=True, whole=True, symbol="replay", label="steps kept",
                       meaning="how many steps of each run are kept")
    warmup: int = knob(400, low=0, high=1_000_000, whole=True, symbol="warm-up", label="steps before learning",
                       meaning="how many steps there must be before the first update")
    critic_steps: int = knob(**shared.CRITIC_STEPS)
    critic: Any = part()
    __post_init__ = check_knobs

    def init(self, world, policy, draws: Draws) -> State:
        phi  = self.critic.init(world, draws)
        soft = Soft(phi, polyak(phi, phi, 1.0), np.full(len(draws.keys), np.log(self.temperature)))
        return State(policy.init(world, draws), soft, memory=Memory(self.replay))   # θ; φ_1, φ_2; φ̄_i ← φ_i; D ← ∅

    def iteration(self, state: State, world, policy, draws: Draws) -> tuple[State, Info]:
        theta, moments, Q = state.theta, state.moments, self.critic
        phi, slow, grad = state.phi.phi, state.phi.slow, np.zeros_like(theta)
        log_temperature, heat = state.phi.log_temperature, state.phi.moments
        if self.tuning == "fixed":
            log_temperature = np.full_like(log_temperature, np.log(self.temperature))
        tau, at = continued(world, policy, theta, draws, state.at, episodes=self.episodes,
                            horizon=self.horizon)                                   # FOR EACH ENVIRONMENT STEP: a ~ π_θ(·|s), s' ~ p(·|s,a)
        new    = dataset(tau, q_hat=tau.r)
        memory = replace(state.memory, capacity=self.replay)
        memory = memory.add(s=new.s, a=new.a, r=new.r, s_next=new.s_next,
                            terminated=new.terminated, live=new.live)               # D ← D ∪ {(s, a, r, s')}
        for update in range(self.updates if len(memory) >= self.warmup else 0):     # FOR EACH GRADIENT STEP:
            D = memory.sample(self.batch, draws.stream(Stream.REPLAY), update) if self.batch else memory.all()
            temperature = np.exp(log_temperature)[:, None]
            noise, noise_next = self._noises(draws, D, update)                      # ε, ε'

            a_next, log_prob = policy.sample(theta, D.s_next, noise_next)
            v_next = Q.q(slow, D.s_next, a_next).min(axis=1) - temperature * log_prob # V(s') = min_i Q̄_i(s',a') - temperature · log π(a'|s')
            target = D.r + self.gamma * np.where(D.terminated, 0.0, v_next)
            phi    = Q.fit(phi, D, target=target,
                           fitting=Fitting(self.critic_alpha, self.critic_steps))   # CRITIC: φ_i ← argmin E_D (Q_i(s,a) - r - γ V(s'))²

            a, log_prob = policy.sample(theta, D.s, noise)
            grad = policy.grad_through(theta, D.s, noise, upstream_action=Q.grad_action(phi, D.s, a),
                                       upstream_log_prob=np.broadcast_to(-temperature, log_prob.shape))
            step, moments = adam(grad, moments)
            theta = theta + self.alpha * step                                       # ACTOR: θ ← θ + α ∇_θ E_D[min_i Q_i(s,a) - temperature · log π(a|s)]

            if self.tuning == "automatic":
                lacking = self._target_entropy(world) + log_prob.mean(axis=1)
                step, heat = adam(lacking, heat)
                log_temperature = log_temperature + self.temperature_alpha * step   # TEMPERATURE: up while H(π) < H̄
            slow = polyak(slow, phi, self.polyak)                                   # φ̄_i ← polyak φ_i + (1 - polyak) φ̄_i
        soft = Soft(phi, slow, log_temperature, heat)
        return State(theta, soft, moments, memory, at), Info(tau, new, grad)

    def _noises(self, draws, D, update):
        """Two sets of ε [B, n, K], one for the states of D and one for those that followed."""
        _, n, size = D.a.shape
        return np.split(draws.stream(Stream.SAMPLE).normal(2 * n, update, size), 2, axis=1)

    def _target_entropy(self, world):
        """H̄ = Σ_k log(half the range of a_k) - 1.  ValueError for a number without bounds."""
        half = (np.array(world.action_high) - np.array(world.action_low)) / 2
        if not np.isfinite(half).all():
            raise ValueError(
                f"tuning = {self.tuning!r}, but the actions of world = {world.name!r} have no bounds, so the "
                "entropy has no natural target; take tuning = 'fixed'"
            )
        return (np.log(half) - 1).sum()
