"""Small data sets and linear maps of the lecture that are not worlds: predictors, bandit data, clouds.

Baird's world itself is pgkit.worlds.baird, the random walk pgkit.worlds.random_walk.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pgkit.draws import Draws
from pgkit.types import Array, Dataset, Float, Trajectories
from pgkit.worlds.baird import FEATURES

_ARMS, _REWARDS, _POINTS = 31, 32, 33  # streams of draws

# ---------------------------------------------------------------- A/B (Sutton & Barto 2018, example 6.4)

A, B, END = 0, 1, 2  # the states of `AB`


def batch(*episodes: Sequence[tuple[int, float]]) -> Trajectories:
    """One run of episodes, each a row of (state, reward) that ends in END.

    Raises ValueError for an episode without a step or with a state that is neither A nor B.
    """
    for episode in episodes:
        if not episode or any(state not in (A, B) for state, _ in episode):
            raise ValueError(
                f"episode = {list(episode)!r}, but it must have steps (state, reward) with states A or B"
            )
    shape = (1, len(episodes), max(map(len, episodes)))
    s, s_next, r = np.full(shape, END), np.full(shape, END), np.zeros(shape)
    for i, episode in enumerate(episodes):
        seen, paid = zip(*episode, strict=True)
        s[0, i, : len(seen)], r[0, i, : len(paid)] = seen, paid
        s_next[0, i, : len(seen) - 1] = seen[1:]
    live, never = s != END, np.zeros(shape, dtype=bool)
    t = np.broadcast_to(np.arange(shape[-1]), shape).copy()
    return Trajectories(s, 0 * s, r, s_next, live & (s_next == END), never, live, t)


# From these, V(B) = .75. Is V(A) 0, as seen (batch Monte Carlo), or .75, since A led to B (batch TD)?
AB = batch([(A, 0.0), (B, 0.0)], *[[(B, 1.0)]] * 6, [(B, 0.0)])

# ---------------------------------------------------------------- truths

RANDOM_WALK_TRUTH = np.arange(1, 6) / 6  # V of A..E

# ---------------------------------------------------------------- w → 2w (Sutton & Barto 2018, section 11.2)

W_FEATURES = np.array([1.0, 2.0])  # two states, one weight: V = w and 2w


def w_to_2w(alpha: float, gamma: float) -> float:
    """What one TD update in the first state multiplies w with: 1 + α (2γ - 1), reward 0.

    Above 1 for γ > ½: w grows without bound, since the second state is never updated.
    """
    return 1 + alpha * (gamma * W_FEATURES[1] - W_FEATURES[0]) * W_FEATURES[0]


def w_to_2w_least_squares(gamma: float, eps: float) -> float:
    """The same of a least-squares fit to both states' targets, which ends with probability eps.

    w' = argmin_w (w - 2γw_k)² + (2w - 2γ(1-ε)w_k)², so w'/w_k = γ (6 - 4ε)/5  (example 11.1).
    """
    return gamma * (6 - 4 * eps) / 5


# ---------------------------------------------------------------- Baird

BAIRD_WEIGHTS = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 10.0, 1.0])  # where w starts
BAIRD_BEHAVIOUR = np.array([6 / 7, 1 / 7])  # dashed, solid: visits all states equally
BAIRD_TARGET = np.array([0.0, 1.0])  # always solid


def baird_sweep(
    alpha: float, gamma: float, target: Float[Array, "2"] = BAIRD_TARGET
) -> Float[Array, "8 8"]:
    """M of an expected sweep w ← M w:  w ← w + α/7 Σ_s (γ E_target v(s') - v(s)) x(s), reward 0.

    For the target "always solid", α = .01 and γ = .99 its spectral radius is 1.0023925: w grows. For
    the behaviour as its own target it is 1.
    """
    states = len(FEATURES)
    after = target[0] * FEATURES[:-1].mean(axis=0) + target[1] * FEATURES[-1]  # E x(s'), any s
    error = gamma * after - FEATURES  # [S, K]: δ_s = error_s · w
    return np.eye(FEATURES.shape[1]) + alpha / states * FEATURES.T @ error


# ---------------------------------------------------------------- data sets to learn from


def offline_bandit(
    draws: Draws, means: Sequence | Array, sds: Sequence | Array, samples: int = 200
) -> Dataset:
    """`samples` pulls of uniformly chosen arms, with rewards N(means[a], sds[a]²), for each run.

    As one-step trajectories of the bandit (s = 0 everywhere): Q̂ is the reward.
    Raises ValueError unless there is one spread, not negative, for each arm.
    """
    centre, spread = np.asarray(means, dtype=np.float64), np.asarray(sds, dtype=np.float64)
    if centre.ndim != 1 or not centre.size or centre.shape != spread.shape or (spread < 0).any():
        raise ValueError(
            f"means = {means!r} and sds = {sds!r}, but each arm needs one mean and one spread ≥ 0"
        )
    a = draws.stream(_ARMS).indices(len(centre), samples, 0)
    z = draws.stream(_REWARDS).normal(samples, 0, 1)[..., 0]
    r = centre[a] + spread[a] * z
    yes, no = np.ones(r.shape, dtype=bool), np.zeros(r.shape, dtype=bool)
    zero = np.zeros_like(a)
    return Dataset(
        zero, a, r, yes, samples, r=r, s_next=zero + 1, terminated=yes, truncated=no, t=zero
    )


def clouds(
    draws: Draws, n: int = 1000, weights: Sequence | Array = (1.0, 1.0), distance: float | int = 2.0
) -> Dataset:
    """Two clouds of points to classify: label 0 around (-d/2, 0), label 1 around (d/2, 0), d = `distance`.

    Unit spread in both directions, n/2 points each. For each run, points D.s [B, n, 2] and labels
    D.a [B, n]; a point of label c weighs D.q_hat = weights[c]. With d = 2 the best boundary between
    equally many points is x_1 = ½ log(weights[0]/weights[1]).
    Raises ValueError for fewer than two points or anything but two weights.
    """
    weight = np.asarray(weights, dtype=np.float64)
    if n < 2 or weight.shape != (2,):
        raise ValueError(
            f"n = {n} and weights = {weights!r}, but two clouds need n ≥ 2 and two weights"
        )
    label = np.tile(np.arange(n) % 2, (len(draws.keys), 1))
    points = draws.stream(_POINTS).normal(n, 0, 2)
    points[..., 0] += (label - 0.5) * distance
    return Dataset(points, label, weight[label], np.ones(label.shape, dtype=bool), n)
