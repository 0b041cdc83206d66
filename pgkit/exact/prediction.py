"""What predictors come to: the fixed points of batch Monte Carlo and batch TD, and the mean step of linear TD."""

from __future__ import annotations

import numpy as np

from pgkit.exact.estimators import future_return
from pgkit.types import Array, Bool, Float, Trajectories


def batch_monte_carlo(
    tau: Trajectories, states: int, gamma: float, initial: float = 0.0
) -> Float[Array, "B S"]:
    """V(s) = the mean return that was seen from s: what Monte Carlo comes to on the same data, again and again.

    It is the table with the least Σ (V(s_t) - G_t)². A state that was never visited keeps `initial`.
    tau: B runs of N trajectories each.
    """
    G = future_return(tau, gamma)
    count = _counts(tau.live, (tau.s,), (states,))
    total = _counts(tau.live, (tau.s,), (states,), G)
    return np.divide(total, count, out=np.full(count.shape, float(initial)), where=count > 0)


def batch_td(
    tau: Trajectories, states: int, gamma: float, initial: float = 0.0
) -> Float[Array, "B S"]:
    """V = r̂ + γ P̂ V, the values of the world that was *counted*: what TD comes to on the same data.

    r̂(s) is the mean reward seen after s, P̂(s'|s) how often s' followed, and nothing follows a
    termination (certainty equivalence; Sutton & Barto 2018, section 6.3). A truncated step counts its
    s'. A state that was never visited keeps `initial`.
    Raises numpy.linalg.LinAlgError for γ = 1 and states from which no trajectory terminated.
    """
    goes_on = tau.live & ~tau.terminated
    count = _counts(tau.live, (tau.s,), (states,))
    reward = _counts(tau.live, (tau.s,), (states,), tau.r)
    moves = _counts(goes_on, (tau.s, tau.s_next), (states, states))  # [B, S, S]
    seen, eye = count > 0, np.eye(states)
    system = np.where(seen[..., None], count[..., None] * eye - gamma * moves, eye)
    known = np.where(seen, reward, initial)
    return np.linalg.solve(system, known[..., None])[..., 0]


def _counts(
    live: Bool[Array, "B N T"], where: tuple, shape: tuple, weight: Array | None = None
) -> Float[Array, "B ..."]:
    """How often each cell occurs among each run's live steps, or the sum of the weights there."""
    total = np.zeros((len(live), *shape))
    run = np.broadcast_to(np.arange(len(live))[:, None, None], live.shape)
    at = tuple(np.broadcast_to(x, live.shape)[live] for x in (run, *where))
    np.add.at(total, at, 1.0 if weight is None else weight[live])
    return total


def linear_td(
    features: Float[Array, "S K"],
    step: Float[Array, "S S"],
    visited: Float[Array, "S"],
    gamma: float,
) -> Float[Array, "K K"]:
    """A of the mean TD update w ← w + α (A w + b) of a linear V(s) = x(s)·w:  A = Xᵀ D (γ P X - X).

    step: P(s'|s) of the policy that is evaluated, rows of terminal or left-out states 0;  visited: how
    often each state is updated (the diagonal of D). With `visited` the policy's own distribution every
    eigenvalue of A has a real part ≤ 0 (Tsitsiklis & Van Roy 1997); with another one it need not.
    γ = 0 is the mean update of Monte Carlo, whose target does not depend on w.
    """
    return features.T @ (visited[:, None] * (gamma * step @ features - features))
