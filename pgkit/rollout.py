"""ROLLOUT π_θ: run the policy in the world and write down (s_1, a_1, r_1, s_2, a_2, r_2, ...)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from pgkit.draws import Draws, draw_index, thresholds
from pgkit.types import Array, Float, Trajectories
from pgkit.worlds.world import World


def rollout(
    world: Any,
    policy: Any,
    theta: Any,
    draws: Draws,
    *,
    start: Float[Array, "S"] | None = None,
    episodes: int,
    horizon: int,
) -> Trajectories:
    """N = `episodes` trajectories of at most T = `horizon` steps for each run, s_1 ~ `start`.

    A trajectory ends when it terminates; one that reaches the horizon is truncated. The slides call
    the first state s_1 and let the sums start at t = 0; here time starts at 0. Worlds whose states
    are vectors begin where they begin: they take no `start`.
    """
    if isinstance(world, World):
        assert start is not None
        return _finite(world, policy, theta, draws, start, episodes, horizon)
    begin = world.begin(draws, episodes)
    tau, _ = _vector(world, policy, theta, draws, begin, horizon, until_all_ended=True)
    over = np.cumsum(tau.terminated | tau.truncated, axis=-1)
    return _only(tau, live=np.pad(over[..., :-1], ((0, 0), (0, 0), (1, 0))) == 0)


def continued(
    world: Any,
    policy: Any,
    theta: Any,
    draws: Draws,
    at: Any = None,
    *,
    start: Float[Array, "S"] | None = None,
    episodes: int,
    horizon: int,
) -> tuple[Trajectories, Any]:
    """T = `horizon` steps of N = `episodes` worlds that go on from where they stood (`at`).

    An episode that ends makes room for a new one in the middle of the rollout, so that every step is
    live, and the end of the rollout cuts it off (truncated). Finite worlds begin anew each time.
    """
    if isinstance(world, World):
        return rollout(
            world, policy, theta, draws, start=start, episodes=episodes, horizon=horizon
        ), None
    if at is None:
        at = world.begin(draws, episodes)
    return _vector(world, policy, theta, draws, at, horizon)


def _finite(world, policy, theta, draws, start, episodes, horizon) -> Trajectories:
    shape = (len(draws.keys), episodes, horizon)
    s, a, s_next = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    r = np.zeros(shape)
    terminated, live = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)

    now = np.searchsorted(thresholds(start), draws.starts(episodes), side="right")  # [B, N]
    alive = ~world.terminal[now]
    for t in range(horizon):
        if not alive.any():
            break
        action = policy.act(theta, now, draws, t)
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
    truncated = np.zeros(shape, dtype=bool)
    truncated[..., -1] = live[..., -1] & ~terminated[..., -1]
    t = np.broadcast_to(np.arange(horizon), shape)
    return Trajectories(s, a, r, s_next, terminated, truncated, live, t)


def _vector(
    world, policy, theta, draws, at, horizon, *, until_all_ended=False
) -> tuple[Trajectories, Any]:
    steps, ended = [], False
    for t in range(horizon):
        s, age = world.observe_at(at), at.t
        a = policy.act(theta, s, draws, t)
        at, r, s_next, terminated, truncated = world.advance(at, a, draws, t)
        steps.append((s, a, r, s_next, terminated, truncated, age))
        ended = ended | terminated | truncated
        if until_all_ended and np.all(ended):
            break
    s, a, r, s_next, terminated, truncated, age = (
        _row(x, horizon) for x in zip(*steps, strict=True)
    )
    truncated[..., -1] = ~terminated[..., -1]
    live = np.ones(r.shape, dtype=bool)
    return Trajectories(s, a, r, s_next, terminated, truncated, live, age), at


def _row(steps: Sequence[Array], horizon: int) -> Array:
    """The steps [B, N, ...] in a row [B, N, T, ...], with nothing in what is left of the horizon."""
    row = np.zeros((*steps[0].shape[:2], horizon, *steps[0].shape[2:]), steps[0].dtype)
    for t, x in enumerate(steps):
        row[:, :, t] = x
    return row


def _only(tau: Trajectories, live: Array) -> Trajectories:
    """The trajectories with everything that is not live made padding: zeros."""

    def kept(x: Array) -> Array:
        return np.where(live.reshape(*live.shape, *[1] * (x.ndim - 3)), x, np.zeros((), x.dtype))

    return Trajectories(**{f.name: kept(getattr(tau, f.name)) for f in fields(tau)})
