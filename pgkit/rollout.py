"""ROLLOUT π_θ: run the policy in the world and write down (s_1, a_1, r_1, s_2, a_2, r_2, ...)."""

from __future__ import annotations

import numpy as np

from pgkit.draws import Draws, thresholds
from pgkit.types import Array, Float, Int, Trajectories, UInt32
from pgkit.worlds.world import World


def draw_index(probs: Float[Array, "... K"], u: UInt32[Array, "..."]) -> Int[Array, "..."]:
    """The index that the 32-bit draw u picks from the distribution probs (inverse CDF)."""
    return (thresholds(probs) <= u[..., None]).sum(axis=-1)


def rollout(
    world: World,
    policy,
    theta,
    draws: Draws,
    *,
    start: Float[Array, "S"],
    episodes: int,
    horizon: int,
) -> Trajectories:
    """N = `episodes` trajectories of at most T = `horizon` steps for each run, s_1 ~ `start`.

    A trajectory ends on entering a terminal state; one that reaches the horizon is truncated. The
    slides call the first state s_1 and let the sums start at t = 0; here time starts at 0.
    """
    shape = (len(draws.keys), episodes, horizon)
    s, a, s_next = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    r = np.zeros(shape)
    terminated, live = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)

    now = np.searchsorted(thresholds(start), draws.starts(episodes), side="right")  # [B, N]
    alive = ~world.terminal[now]
    for t in range(horizon):
        if not alive.any():
            break
        action = draw_index(policy.probs(theta, now), draws.actions(episodes, t))
        outcome = 0
        if world.prob.shape[-1] > 1:
            outcome = draw_index(world.prob[now, action], draws.outcomes(episodes, t))
        after = world.next_state[now, action, outcome]
        s[..., t], a[..., t], live[..., t] = now, action, alive
        r[..., t] = np.where(alive, world.reward[now, action, outcome], 0.0)
        s_next[..., t] = after
        terminated[..., t] = alive & world.terminal[after]
        alive = alive & ~world.terminal[after]
        now = after
    return Trajectories(s, a, r, s_next, terminated, live)
