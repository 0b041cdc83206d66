"""The finite horizon: a step is worth what can still follow it, so values, occupancies and best policies have a time.

Policies are tables with time, `probs` [..., T, S, A]; one without is `at_all_times(probs, T)`. The
horizon cuts off without a bootstrap: V_T = 0. γ may be anything from 0 to 1 and is applied from the
episode's start. These are the discounted quantities of pgkit.exact.mdp for the world whose state is
(t, s), and the reset theorem carries over with it, without its factor 1/(1-γ).
"""

from __future__ import annotations

import numpy as np

from pgkit.exact.mdp import backup, greedy, mismatch, transition
from pgkit.types import Array, Float
from pgkit.worlds.world import World


def at_all_times(probs: Float[Array, "... S A"], horizon: int) -> Float[Array, "... T S A"]:
    """The same policy at every time.  Raises ValueError for a horizon below 1."""
    if horizon < 1:
        raise ValueError(
            f"horizon = {horizon}, but a trajectory has at least one step: horizon ≥ 1"
        )
    shape = (*probs.shape[:-2], horizon, *probs.shape[-2:])
    return np.broadcast_to(probs[..., None, :, :], shape)


# ---------------------------------------------------------------- values


def values_over_time(
    world: World, probs: Float[Array, "... T S A"], gamma: float
) -> tuple[Float[Array, "... T S"], Float[Array, "... T S A"]]:
    """(V_t, Q_t), finite-horizon: Q_t(s,a) = E[r + γ V_{t+1}(s')], V_t = Σ_a π_t Q_t, V_T = 0."""
    v, q = np.zeros(probs.shape[:-1]), np.zeros(probs.shape)
    after = np.zeros(v.shape[:-2] + v.shape[-1:])
    for t in reversed(range(probs.shape[-3])):
        q[..., t, :, :] = backup(world, after, gamma)
        after = v[..., t, :] = (probs[..., t, :, :] * q[..., t, :, :]).sum(axis=-1)
    return v, q


def optimal_values_over_time(
    world: World, gamma: float, horizon: int
) -> tuple[Float[Array, "T S"], Float[Array, "T S A"]]:
    """(V*_t, Q*_t), finite-horizon: dynamic programming backwards from V*_T = 0."""
    v, q = np.zeros((horizon, world.n_states)), np.zeros((horizon, world.n_states, world.n_actions))
    after = np.zeros(world.n_states)
    for t in reversed(range(horizon)):
        q[t] = backup(world, after, gamma)
        after = v[t] = q[t].max(axis=-1)
    return v, q


def optimal_policy_over_time(world: World, gamma: float, horizon: int) -> Float[Array, "T S A"]:
    """π*_t, finite-horizon: equally likely among the actions that are tied for the best."""
    return greedy(optimal_values_over_time(world, gamma, horizon)[1])


# ---------------------------------------------------------------- where the policy goes


def occupancy_over_time(
    world: World,
    probs: Float[Array, "... T S A"],
    gamma: float,
    start: Float[Array, "S"] | Float[Array, "T S"] | None = None,
) -> Float[Array, "... T S"]:
    """γ^t P(s_t = s), finite-horizon, non-terminal states; the probabilities themselves with γ = 1.

    start: where episodes begin [S], or a reset distribution over times and states [T, S]: the mass
    that enters at (t, s), discounted from there.
    """
    enters = np.zeros(probs.shape[-3:-1])
    start = world.start if start is None else start
    enters[slice(None) if start.ndim == 2 else 0] = np.where(world.terminal, 0.0, start)
    visits = np.zeros(probs.shape[:-1])
    step = transition(world, probs)  # [..., T, S, S]
    for t, mass in enumerate(enters):
        visits[..., t, :] = mass
        if t > 0:
            before = visits[..., t - 1, None, :] @ step[..., t - 1, :, :]
            visits[..., t, :] += gamma * before[..., 0, :]
    return visits


# ---------------------------------------------------------------- gradients and the theorem


def gradient_over_time(
    world: World,
    probs: Float[Array, "... T S A"],
    gamma: float,
    start: Float[Array, "S"] | Float[Array, "T S"] | None = None,
    *,
    weighted: bool = True,
) -> Float[Array, "... T S A"]:
    """∂J/∂π_t(a|s) = γ^t P(s_t = s) Q_t(s,a), finite-horizon.

    Summed over t it is the gradient of a policy without time. weighted=False leaves out γ^t, as
    REINFORCE does: with γ < 1 that is not the gradient of anything.
    """
    _, q = values_over_time(world, probs, gamma)
    visits = occupancy_over_time(world, probs, gamma if weighted else 1.0, start)
    return visits[..., None] * q


def finite_softmax_gradient(
    world: World,
    probs: Float[Array, "... S A"],
    gamma: float,
    horizon: int,
    start: Float[Array, "S"] | None = None,
    *,
    weighted: bool = True,
) -> Float[Array, "... S A"]:
    """∂J/∂θ[s,a] = π(a|s) Σ_t γ^t P(s_t = s) A_t(s,a): a softmax table without time, finite-horizon.

    weighted=False: what the slides' REINFORCE estimates, without γ^t.
    """
    policy = at_all_times(probs, horizon)
    direct = gradient_over_time(world, policy, gamma, start, weighted=weighted).sum(axis=-3)
    return probs * (direct - (probs * direct).sum(axis=-1, keepdims=True))


def performance_difference_over_time(
    world: World,
    probs: Float[Array, "... T S A"],
    new: Float[Array, "... T S A"],
    gamma: float,
    start: Float[Array, "S"] | None = None,
) -> Float[Array, "..."] | float:
    """J(new) - J(π) = Σ_t γ^t Σ_s P_new(s_t = s) Σ_a new_t(a|s) A^π_t(s,a), finite-horizon."""
    v, q = values_over_time(world, probs, gamma)
    gain = (new * (q - v[..., None])).sum(axis=-1)
    return (occupancy_over_time(world, new, gamma, start) * gain).sum(axis=(-1, -2))


def gradient_gap_over_time(
    world: World,
    probs: Float[Array, "... T S A"],
    gamma: float,
    mu: Float[Array, "S"] | Float[Array, "T S"] | None = None,
) -> Float[Array, "..."] | float:
    """max_π' (π'-π)·∇_π J_μ over policies with time, finite-horizon.  0 at a local optimum of J_μ."""
    direct = gradient_over_time(world, probs, gamma, mu)
    return (direct.max(axis=-1) - (probs * direct).sum(axis=-1)).sum(axis=(-1, -2))


def performance_bound_over_time(
    world: World, probs: Float[Array, "T S A"], gamma: float, mu: Float[Array, "T S"]
) -> float:
    """max_{t,s} γ^t P*(s_t = s)/μ(t,s) · gradient gap from μ ≥ J(π*) - J(π), finite-horizon.

    μ has to cover times as well as states, and π must be free to differ from time to time: policies
    without time are not closed under improvement, and for them the theorem does not hold.
    """
    best = optimal_policy_over_time(world, gamma, len(probs))
    d_star = occupancy_over_time(world, best, gamma)
    gap = float(gradient_gap_over_time(world, probs, gamma, mu))
    return mismatch(d_star.ravel(), mu.ravel()) * gap if gap > 0 else 0.0
