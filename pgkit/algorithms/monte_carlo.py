"""Monte Carlo evaluation (lecture, "can we bring back MC and TD?", left column; Sutton & Barto 2018, 5.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgkit.algorithms.shared import CRITIC_ALPHA, GAMMA, HORIZON
from pgkit.draws import Draws
from pgkit.knobs import check_knobs, knob
from pgkit.returns import dataset, reward_to_go
from pgkit.rollout import rollout
from pgkit.types import Info, State
from pgkit.worlds.world import World


@dataclass(frozen=True)
class MonteCarlo:
    """Monte Carlo: after each episode, V(s) ← V(s) + α (G_t - V(s)) for every visit, in order.

    The policy stays as it is; what is learned is φ, a table V [B, S]. The target G_t has no bias; the
    estimate keeps some of its initial value for a while, and with a constant α never comes to rest.
    initial: V before the first episode, in states that are not terminal.
    """

    alpha: float = knob(**{**CRITIC_ALPHA, "default": 0.02, "symbol": "α"})
    gamma: float = knob(**{**GAMMA, "default": 1.0})
    horizon: int = knob(**{**HORIZON, "default": 1000})
    initial: float = knob(0.0, low=-1e6, high=1e6, symbol="V_0", label="first guess",
                          meaning="the first guess of every V(s)")
    __post_init__ = check_knobs

    def init(self, world: World, policy, draws: Draws) -> State:
        v = np.where(world.terminal, 0.0, self.initial)
        return State(policy.init(world, draws), np.tile(v, (len(draws.keys), 1)))

    def iteration(self, state: State, world: World, policy, draws: Draws) -> tuple[State, Info]:
        V, run = state.phi.copy(), np.arange(len(state.phi))
        tau = rollout(world, policy, state.theta, draws, start=world.start, episodes=1, horizon=self.horizon)
        D   = dataset(tau, q_hat=reward_to_go(tau.r, self.gamma))
        for t in range(int(tau.live.sum(axis=-1).max())):
            s = D.s[:, t]
            target = D.q_hat[:, t]                                                       # G_t
            V[run, s] += np.where(D.live[:, t], self.alpha * (target - V[run, s]), 0.0)  # V(s) ← V(s) + α (G_t - V(s))
        return State(state.theta, V), Info(tau, D, V - state.phi)
