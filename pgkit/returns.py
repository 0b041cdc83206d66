"""From trajectories to returns to a dataset: the lecture's "convert to returns"."""

from __future__ import annotations

import numpy as np

from pgkit.types import Array, Dataset, Float, Trajectories


def reward_to_go(r: Float[Array, "... T"], gamma: float) -> Float[Array, "... T"]:
    """Reward-to-go Q̂_t = Σ_{k≥t} γ^{k-t} r_k.  γ=1: undiscounted; γ=0: the reward itself.

    Rewards before t are left out: an action cannot change them (lecture, policy gradient theorem).
    """
    q_hat = np.array(r, dtype=np.float64)
    for t in reversed(range(q_hat.shape[-1] - 1)):
        q_hat[..., t] += gamma * q_hat[..., t + 1]
    return q_hat


def dataset(tau: Trajectories, *, q_hat: Float[Array, "B N T"]) -> Dataset:
    """D = (s_1, a_1, Q̂_1, s_2, a_2, Q̂_2, ...): all steps of all trajectories in a row, n = N·T."""
    runs, episodes, horizon = tau.s.shape
    flat = (runs, episodes * horizon)
    return Dataset(
        s=tau.s.reshape(flat),
        a=tau.a.reshape(flat),
        q_hat=q_hat.reshape(flat),
        live=tau.live.reshape(flat),
        episodes=episodes,
    )
