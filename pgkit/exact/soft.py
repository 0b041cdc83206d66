"""Maximum-entropy optimality: be paid `temperature` for every nat of entropy, on top of the reward.

J = E Σ_t γ^t [r_t + temperature · H(π(·|s_t))]. The temperature is the α of Haarnoja et al. (2018); α is
the step size here. An episode that has ended earns no entropy: V = 0 in terminal states. That makes
ending expensive at high temperatures: temperature · log A / (1-γ) is what never arriving pays.
`horizon=None` is the discounted infinite horizon; a number is the finite horizon, T steps to go.
"""

from __future__ import annotations

import numpy as np

from pgkit.exact.information import entropy
from pgkit.exact.mdp import backup, discounted_sum
from pgkit.types import Array, Float
from pgkit.worlds.world import World


def _check(temperature: float, gamma: float, horizon: int | None) -> None:
    if not temperature > 0:
        raise ValueError(
            f"temperature = {temperature}, but the weight of the entropy must be positive;"
            " for 0 take optimal_values"
        )
    if horizon is None and not 0 <= gamma < 1:
        raise ValueError(f"gamma = {gamma}, but without a horizon it must be 0 ≤ γ < 1")


def soft_policy(q: Float[Array, "... A"], temperature: float) -> Float[Array, "... A"]:
    """π(a|s) = exp(Q/temperature) / Σ_b exp(Q/temperature), whatever the sizes."""
    weight = np.exp((q - q.max(axis=-1, keepdims=True)) / temperature)
    return weight / weight.sum(axis=-1, keepdims=True)


def _soft_max(world: World, q: Array, temperature: float) -> Array:
    """temperature · log Σ_a exp(Q/temperature), and 0 in terminal states."""
    top = q.max(axis=-1)
    rest = np.log(np.exp((q - top[..., None]) / temperature).sum(axis=-1))
    return np.where(world.terminal, 0.0, top + temperature * rest)


def soft_values(
    world: World, gamma: float, temperature: float, horizon: int | None = None
) -> tuple[Float[Array, "S"], Float[Array, "S A"]]:
    """(V, Q) of the soft optimum by soft value iteration: V(s) = temperature · log Σ_a exp(Q(s,a)/temperature).

    Discounted, or finite-horizon with T steps to go (T sweeps). temperature → 0: V*.
    Raises ValueError unless temperature > 0 and, without a horizon, 0 ≤ γ < 1.
    """
    _check(temperature, gamma, horizon)
    v, q = np.zeros(world.n_states), np.zeros((world.n_states, world.n_actions))
    sweeps = world.n_states + int(40 / (1 - gamma)) if horizon is None else horizon
    for _ in range(sweeps):
        q = backup(world, v, gamma)
        new = _soft_max(world, q, temperature)
        settled = horizon is None and np.abs(new - v).max() <= 1e-15 * np.abs(new).max()
        v = new
        if settled:
            break
    return v, q


def soft_policy_values(
    world: World,
    probs: Float[Array, "... S A"],
    gamma: float,
    temperature: float,
    horizon: int | None = None,
) -> tuple[Float[Array, "... S"], Float[Array, "... S A"]]:
    """(V, Q) of any policy with entropy paid for: V = Σ_a π Q + temperature · H(π), Q = r + γ V(s').

    Discounted (a linear solve), or finite-horizon with T steps to go.
    """
    _check(temperature, gamma, horizon)
    bonus = np.where(world.terminal, 0.0, temperature * entropy(probs))
    if horizon is None:
        r = (probs * backup(world, np.zeros(world.n_states), gamma)).sum(axis=-1) + bonus
        v = discounted_sum(world, probs, gamma, r)
        return v, backup(world, v, gamma)
    v, q = np.zeros(probs.shape[:-1]), np.zeros(probs.shape)
    for _ in range(horizon):
        q = backup(world, v, gamma)
        v = (probs * q).sum(axis=-1) + bonus
    return v, q


def soft_policy_iteration(
    world: World, gamma: float, temperature: float, *, iterations: int = 100
) -> tuple[Float[Array, "S A"], Float[Array, "K S"]]:
    """Evaluate, then π ← softmax(Q/temperature), from the uniform policy until V stands still.  Discounted.

    Returns the policy and V of every policy on the way [K, S]: it rises in every state (Haarnoja et
    al. 2018, lemma 2) and ends where soft value iteration does.
    """
    probs = np.full((world.n_states, world.n_actions), 1 / world.n_actions)
    history: list[Array] = []
    for _ in range(iterations):
        v, q = soft_policy_values(world, probs, gamma, temperature)
        history.append(v)
        if len(history) > 1 and np.abs(v - history[-2]).max() <= 1e-12 * np.abs(v).max():
            break
        probs = soft_policy(q, temperature)
    return probs, np.stack(history)
