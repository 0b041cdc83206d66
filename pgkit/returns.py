"""From trajectories to returns to a dataset: the lecture's "convert to returns", and its bootstraps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from pgkit.types import Array, Bool, Dataset, Float, Trajectories


def reward_to_go(
    r: Float[Array, "... T"], gamma: float, over: Bool[Array, "... T"] | None = None
) -> Float[Array, "... T"]:
    """Reward-to-go Q̂_t = Σ_{k≥t} γ^{k-t} r_k.  γ=1: undiscounted; γ=0: the reward itself.

    Rewards before t are left out: an action cannot change them (lecture, policy gradient theorem).
    over: steps that were the last of their episode, where a row of rewards holds several.
    """
    q_hat = np.array(r, dtype=np.float64)
    for t in reversed(range(q_hat.shape[-1] - 1)):
        after = q_hat[..., t + 1]
        q_hat[..., t] += gamma * (after if over is None else np.where(over[..., t], 0.0, after))
    return q_hat


def dataset(tau: Trajectories, *, q_hat: Float[Array, "B N T"]) -> Dataset:
    """D = (s_1, a_1, Q̂_1, s_2, a_2, Q̂_2, ...): all steps of all trajectories in a row, n = N·T."""
    runs, episodes, horizon = tau.r.shape

    def row(x):
        return x.reshape(runs, episodes * horizon, *x.shape[3:])

    return Dataset(
        s=row(tau.s), a=row(tau.a), q_hat=row(q_hat), live=row(tau.live), episodes=episodes,
        r=row(tau.r), s_next=row(tau.s_next), terminated=row(tau.terminated),
        truncated=row(tau.truncated), t=row(tau.t),
    )  # fmt: skip


def joined(blocks: Sequence[Dataset]) -> Dataset:
    """Several datasets as one: the trajectories of the later after those of the earlier."""

    def row(name: str) -> Any:
        parts = [getattr(D, name) for D in blocks]
        return None if parts[0] is None else np.concatenate(parts, axis=1)

    names = [f.name for f in fields(Dataset) if f.name != "episodes"]
    return Dataset(**{name: row(name) for name in names}, episodes=sum(D.episodes for D in blocks))


def leave_one_out(D: Dataset) -> Float[Array, "B n"]:
    """b_t of trajectory i = mean of the other trajectories' Q̂_t: a baseline that needs no critic.

    It does not depend on the actions of trajectory i, so it leaves the gradient unbiased. 0 where no
    other trajectory got as far as t (always, with one trajectory).
    """
    shape = (len(D.q_hat), D.episodes, -1)
    live, q_hat = D.live.reshape(shape), np.where(D.live, D.q_hat, 0.0).reshape(shape)  # [B, N, T]
    others = live.sum(axis=1, keepdims=True) - live
    total = q_hat.sum(axis=1, keepdims=True) - q_hat
    return np.divide(total, others, out=np.zeros_like(total), where=others > 0).reshape(
        D.q_hat.shape
    )


def td_error(
    D: Dataset, v: Float[Array, "B n"], v_next: Float[Array, "B n"], gamma: float
) -> Float[Array, "B n"]:
    """δ_t = r_t + γ V(s_{t+1}) - V(s_t), with V = 0 after the end of an episode.

    The slide leaves out that mask; without it a critic values what comes after death. A truncated
    step does bootstrap: the world would have gone on. Lecture, "batch actor-critic", step 3.
    """
    return np.where(D.live, D.r + gamma * np.where(D.terminated, 0.0, v_next) - v, 0.0)


def gae(
    D: Dataset, v: Float[Array, "B n"], v_next: Float[Array, "B n"], gamma: float, lam: float
) -> Float[Array, "B n"]:
    """Generalised advantage Â_t = Σ_{k≥t} (γλ)^{k-t} δ_k  (Schulman et al. 2016, eq. 16).

    λ=0: the TD error. λ=1: Monte-Carlo reward-to-go minus V, bootstrapped where the episode was
    truncated. The sum is cut where an episode ends, terminated or truncated. Â + V is the λ-return.
    """
    delta = td_error(D, v, v_next, gamma)
    shape = (len(delta), D.episodes, -1)
    adv = delta.reshape(shape).copy()  # [B, N, T]
    goes_on = gamma * lam * ~(D.terminated | D.truncated).reshape(shape)
    for t in reversed(range(adv.shape[-1] - 1)):
        adv[..., t] += goes_on[..., t] * adv[..., t + 1]
    return adv.reshape(delta.shape)


def standardised(x: Float[Array, "B n"], live: Array) -> Float[Array, "B n"]:
    """(x - mean) / (std + 1e-8) over each run's live samples: a step size that suits any reward scale."""
    count = np.maximum(live.sum(axis=-1, keepdims=True), 1)
    centred = np.where(live, x - np.where(live, x, 0.0).sum(axis=-1, keepdims=True) / count, 0.0)
    spread = np.sqrt((centred**2).sum(axis=-1, keepdims=True) / count)
    return centred / (spread + 1e-8)
