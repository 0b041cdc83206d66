"""Temporal-difference evaluation (lecture, "can we bring back MC and TD?", right column; Sutton 1988)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgkit.algorithms.shared import CRITIC_ALPHA, GAMMA, HORIZON
from pgkit.draws import Draws
from pgkit.knobs import check_knobs, knob
from pgkit.returns import dataset
from pgkit.rollout import rollout
from pgkit.types import Info, State
from pgkit.worlds.world import World


@dataclass(frozen=True)
class TemporalDifference:
    """TD(0): after each step, V(s) ← V(s) + α (r + γ V(s') - V(s)). Differs from MonteCarlo in the target.

    The slide has a cost c where we have the reward r, and leaves out that V = 0 after the end. The
    policy stays as it is; what is learned is φ, a table V [B, S]. The target bootstraps: as wrong as V
    is, but it varies with one reward instead of all that follow. A table, or a linear V on the
    policy's own states, converges (for α → 0); a linear V on other states may diverge
    (pgkit.worlds.predictors: Baird's counter-example).
    """

    alpha: float = knob(**{**CRITIC_ALPHA, "default": 0.05, "symbol": "α"})
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
        D   = dataset(tau, q_hat=tau.r)
        for t in range(int(tau.live.sum(axis=-1).max())):
            s, s_next = D.s[:, t], D.s_next[:, t]
            target = D.r[:, t] + self.gamma * np.where(D.terminated[:, t], 0.0, V[run, s_next])  # r + γ V(s')
            V[run, s] += np.where(D.live[:, t], self.alpha * (target - V[run, s]), 0.0)  # V(s) ← V(s) + α (r + γ V(s') - V(s))
        return State(state.theta, V), Info(tau, D, V - state.phi)
