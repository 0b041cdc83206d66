"""Values, occupancies and gradients of a finite MDP, computed from the world's arrays.

`probs` is a policy as a table [..., S, A]; any leading axes are policies computed together.
`horizon=None` is the discounted infinite horizon (a linear solve, γ < 1); a number is the finite
horizon T, cut off without a bootstrap, as rollouts are. What takes no `horizon` is discounted and
infinite; pgkit.exact.finite has the same with time. Occupancies count non-terminal states only.
"""

from __future__ import annotations

import numpy as np

from pgkit.types import Array, Bool, Float
from pgkit.worlds.world import World

TIE = 1e-9  # actions whose values differ by less, relatively, are tied


# ---------------------------------------------------------------- values


def backup(world: World, value: Float[Array, "... S"], gamma: float) -> Float[Array, "... S A"]:
    """Q(s,a) = Σ_o p_o [r_o + γ V(s'_o)] with V = 0 in terminal states."""
    value = np.where(world.terminal, 0.0, value)
    q = (world.prob * (world.reward + gamma * value[..., world.next_state])).sum(axis=-1)
    return np.where(world.terminal[:, None], 0.0, q)


def values(
    world: World, probs: Float[Array, "... S A"], gamma: float, horizon: int | None = None
) -> tuple[Float[Array, "... S"], Float[Array, "... S A"]]:
    """(V, Q) of the policy: discounted, or finite-horizon with T steps to go.

    V(s) = Σ_a π(a|s) Q(s,a); the advantage is A = Q - V[..., None].
    Raises ValueError without a horizon unless 0 ≤ γ < 1.
    """
    if horizon is None:
        r = (probs * backup(world, np.zeros(world.n_states), gamma)).sum(axis=-1)
        v = discounted_sum(world, probs, gamma, r)
        return v, backup(world, v, gamma)
    v, q = np.zeros(probs.shape[:-1]), np.zeros(probs.shape)
    for _ in range(horizon):
        q = backup(world, v, gamma)
        v = (probs * q).sum(axis=-1)
    return v, q


def expected_return(
    world: World,
    probs: Float[Array, "... S A"],
    gamma: float,
    horizon: int | None = None,
    start: Float[Array, "S"] | None = None,
) -> Float[Array, "..."] | float:
    """J(π) = Σ_s start(s) V^π(s), discounted or finite-horizon, from the nominal start unless told otherwise."""
    v, _ = values(world, probs, gamma, horizon)
    return v @ (world.start if start is None else start)


def transition(world: World, probs: Float[Array, "... S A"]) -> Float[Array, "... S S"]:
    """P_π(s'|s) among non-terminal states: rows and columns of terminal states are zero."""
    flow = probs[..., None] * world.prob  # [..., S, A, O]
    flow = np.where(world.terminal[:, None, None] | world.terminal[world.next_state], 0.0, flow)
    matrix = np.zeros((*probs.shape[:-1], world.n_states))
    for a in range(world.n_actions):
        for o in range(world.prob.shape[-1]):
            matrix[..., np.arange(world.n_states), world.next_state[:, a, o]] += flow[..., a, o]
    return matrix


def _eye_minus(world: World, probs: Array, gamma: float) -> Array:
    if not 0 <= gamma < 1:
        raise ValueError(
            f"gamma = {gamma}, but the infinite horizon needs 0 ≤ γ < 1; give a horizon for γ = 1"
        )
    return np.eye(world.n_states) - gamma * transition(world, probs)


def discounted_sum(
    world: World, probs: Float[Array, "... S A"], gamma: float, pay: Float[Array, "... S"]
) -> Float[Array, "... S"]:
    """E Σ_t γ^t pay(s_t) from every state, discounted: the solution of v = pay + γ P_π v."""
    return np.linalg.solve(_eye_minus(world, probs, gamma), pay[..., None])[..., 0]


# ---------------------------------------------------------------- where the policy goes


def occupancy(
    world: World,
    probs: Float[Array, "... S A"],
    gamma: float,
    start: Float[Array, "... S"] | None = None,
) -> Float[Array, "... S"]:
    """d^π(s) = (1-γ) Σ_t γ^t P(s_t = s), discounted, from `start`.  Sums to at most 1: the rest has ended."""
    start = np.where(world.terminal, 0.0, world.start if start is None else start)
    matrix = _eye_minus(world, probs, gamma)
    rhs = np.broadcast_to(start, matrix.shape[:-1])[..., None]
    return (1 - gamma) * np.linalg.solve(np.swapaxes(matrix, -1, -2), rhs)[..., 0]


def push(
    world: World,
    probs: Float[Array, "... S A"],
    gamma: float,
    horizon: int,
    start: Float[Array, "S"] | None = None,
) -> tuple[Float[Array, "..."] | float, Float[Array, "... S"], Float[Array, "... S"]]:
    """Push the start's mass through T steps of the policy (finite horizon).

    Returns (J, occupancy, absorbed): the expected discounted return [...]; Σ_{t<T} γ^t P(s_t = s)
    [..., S]; and P(s_T = s) in terminal states [..., S], which keep what entered them.
    """
    step = transition(world, probs)
    into, pay = (
        np.zeros(step.shape),
        (probs * backup(world, np.zeros(world.n_states), 0.0)).sum(axis=-1),
    )
    rows = np.arange(world.n_states)
    for a in range(world.n_actions):
        for o in range(world.prob.shape[-1]):
            after = world.next_state[:, a, o]
            ends = world.terminal[after] & ~world.terminal
            into[..., rows[ends], after[ends]] += probs[..., ends, a] * world.prob[ends, a, o]
    mass = np.broadcast_to(world.start if start is None else start, probs.shape[:-1])
    visits, ended = np.zeros(mass.shape), np.zeros(mass.shape)
    for t in range(horizon):
        visits += gamma**t * mass
        ended += (mass[..., None, :] @ into)[..., 0, :]
        mass = (mass[..., None, :] @ step)[..., 0, :]
    return (visits * pay).sum(axis=-1), visits, ended


def reached(
    world: World, mass: Float[Array, "... S"], sure: float = 0.9
) -> dict[str, Bool[Array, "..."]]:
    """For each goal letter: is the probability of having ended there over `sure`?"""
    return {letter: mass[..., cells].sum(axis=-1) > sure for letter, cells in world.goals.items()}


# ---------------------------------------------------------------- the best one can do


def optimal_values(world: World, gamma: float) -> tuple[Float[Array, "S"], Float[Array, "S A"]]:
    """(V*, Q*), discounted: V*(s) = max_a Q*(s,a).

    Value iteration first. Where outcomes are certain and what pays leads to an end, it stops after as
    many sweeps as the longest best path has steps, and tiny values far from every reward keep all
    their digits. Where it would go on for ever, policy iteration (Howard 1960) ends it.
    Raises ValueError unless 0 ≤ γ < 1.
    """
    if not 0 <= gamma < 1:
        raise ValueError(
            f"gamma = {gamma}, but the optimal policy without a horizon needs 0 ≤ γ < 1"
        )
    v, q = np.zeros(world.n_states), np.zeros((world.n_states, world.n_actions))
    for _ in range(world.n_states + 1):
        q = backup(world, v, gamma)
        new = q.max(axis=-1)
        settled = (np.abs(new - v) <= 1e-15 * np.abs(new)).all()
        v = new
        if settled:
            return v, q
    gains = True
    while gains:
        v, q = values(world, greedy(q), gamma)
        rounding = 1e-14 * np.abs(v).max() / (1 - gamma)
        gains = bool((q.max(axis=-1) > v + rounding).any())
    return q.max(axis=-1), q


def greedy(q: Float[Array, "... S A"]) -> Float[Array, "... S A"]:
    """The best actions of a table of values; equally likely where they are tied."""
    top = q.max(axis=-1, keepdims=True)
    best = q >= top - TIE * np.abs(top)
    return best / best.sum(axis=-1, keepdims=True)


def optimal_policy(world: World, gamma: float) -> Float[Array, "S A"]:
    """π*, discounted: equally likely among the actions that are tied for the best."""
    return greedy(optimal_values(world, gamma)[1])


# ---------------------------------------------------------------- gradients and the theorem


def policy_gradient(
    world: World,
    probs: Float[Array, "... S A"],
    gamma: float,
    start: Float[Array, "... S"] | None = None,
) -> Float[Array, "... S A"]:
    """∂J/∂π(a|s) = d^π(s) Q(s,a) / (1-γ), discounted: the gradient in the probabilities themselves."""
    _, q = values(world, probs, gamma)
    return occupancy(world, probs, gamma, start)[..., None] * q / (1 - gamma)


def softmax_gradient(
    world: World,
    probs: Float[Array, "... S A"],
    gamma: float,
    start: Float[Array, "... S"] | None = None,
) -> Float[Array, "... S A"]:
    """∂J/∂θ[s,a] = d^π(s) π(a|s) A(s,a) / (1-γ), discounted: the theorem on a softmax table.

    The theorem slide leaves out the factor 1/(1-γ) (T, with a horizon) that belongs to a d^π that is
    a distribution.
    """
    direct = policy_gradient(world, probs, gamma, start)
    return probs * (direct - (probs * direct).sum(axis=-1, keepdims=True))


def gradient_gap(
    world: World,
    probs: Float[Array, "... S A"],
    gamma: float,
    start: Float[Array, "... S"] | None = None,
) -> Float[Array, "..."] | float:
    """max_π' (π'-π)·∇_π J, discounted: how far from stationary π is, in the units of J.  0 at a local optimum."""
    direct = policy_gradient(world, probs, gamma, start)
    return (direct.max(axis=-1) - (probs * direct).sum(axis=-1)).sum(axis=-1)


def performance_difference(
    world: World,
    probs: Float[Array, "... S A"],
    new: Float[Array, "... S A"],
    gamma: float,
    start: Float[Array, "... S"] | None = None,
) -> Float[Array, "..."] | float:
    """J(new) - J(π) = Σ_s d^new(s) Σ_a new(a|s) A^π(s,a) / (1-γ), discounted  (Kakade & Langford 2002, Lemma 6.1)."""
    v, q = values(world, probs, gamma)
    gain = (new * (q - v[..., None])).sum(axis=-1)
    return (occupancy(world, new, gamma, start) * gain).sum(axis=-1) / (1 - gamma)


def mismatch(d_star: Float[Array, "S"], mu: Float[Array, "S"]) -> float:
    """‖d_π*/μ‖_∞ = max_s d_π*(s)/μ(s), over the states that π* visits; infinite where μ misses one."""
    visited = d_star > 0
    if np.any(mu[visited] <= 0):
        return float("inf")
    return float(np.max(d_star[visited] / mu[visited]))


def performance_bound(
    world: World, probs: Float[Array, "S A"], gamma: float, mu: Float[Array, "S"]
) -> float:
    """(1/(1-γ)) ‖d_π*/μ‖_∞ · gradient gap from μ ≥ J(π*) - J(π), discounted  (Agarwal et al. 2021, Lemma 4)."""
    d_star = occupancy(world, optimal_policy(world, gamma), gamma)
    gap = float(gradient_gap(world, probs, gamma, mu))
    return mismatch(d_star, mu) * gap / (1 - gamma) if gap > 0 else 0.0


# ---------------------------------------------------------------- ascent without sampling


def onto_simplex(x: Float[Array, "... A"]) -> Float[Array, "... A"]:
    """The nearest probability vector to each row (Euclidean; Held, Wolfe & Crowder 1974)."""
    down = -np.sort(-x, axis=-1)
    excess = (np.cumsum(down, axis=-1) - 1) / np.arange(1, x.shape[-1] + 1)
    last = (down > excess).sum(axis=-1, keepdims=True) - 1
    return np.maximum(x - np.take_along_axis(excess, last, axis=-1), 0.0)


def projected_ascent(
    world: World, gamma: float, mu: Float[Array, "S"], *, step: float = 0.1, iterations: int = 2000
) -> Float[Array, "S A"]:
    """Gradient ascent on J from μ in the probabilities themselves, from the uniform policy; no sampling."""
    probs = np.full((world.n_states, world.n_actions), 1 / world.n_actions)
    for _ in range(iterations):
        probs = onto_simplex(probs + step * policy_gradient(world, probs, gamma, mu))
    return probs
