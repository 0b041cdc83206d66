"""Average reward: a world that never ends and a policy scored by what it earns a step in the long run.

Neither discounted nor of finite horizon. First any finite world in which one can get from everywhere to
everywhere; then Kakade's two-state world (pgkit.worlds.two_state) in closed form, with the paths that
the plain and the natural gradient take when the steps are infinitely small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgkit.exact.mdp import backup, transition
from pgkit.types import Array, Float
from pgkit.worlds.world import World

# ---------------------------------------------------------------- any world without an end


def stationary(world: World, probs: Float[Array, "... S A"]) -> Float[Array, "... S"]:
    """ρ = ρ P_π, Σ_s ρ(s) = 1: how often each state is seen in the long run.

    Raises ValueError for a world with terminal states, or if there are sets of states that the
    policy never leaves: then it depends on where one starts.
    """
    if world.terminal.any():
        raise ValueError(
            f"world = {world.name}, but an average reward needs a world without terminal states"
        )
    matrix, eye = transition(world, probs), np.eye(world.n_states)
    if (np.linalg.matrix_rank(eye - matrix) < world.n_states - 1).any():
        raise ValueError(
            "probs keeps to sets of states that it never leaves, so that the average reward depends"
            " on the start; give every action a positive probability"
        )
    one = np.ones((*matrix.shape[:-1], 1))
    return np.linalg.solve(np.swapaxes(eye - matrix + 1.0, -1, -2), one)[..., 0]


def average_reward(world: World, probs: Float[Array, "... S A"]) -> Float[Array, "..."] | float:
    """η = Σ_s ρ(s) Σ_a π(a|s) r(s,a)."""
    pay = (probs * backup(world, np.zeros(world.n_states), 0.0)).sum(axis=-1)
    return (stationary(world, probs) * pay).sum(axis=-1)


def differential_values(
    world: World, probs: Float[Array, "... S A"]
) -> tuple[Float[Array, "... S"], Float[Array, "... S A"]]:
    """(h, Q): h(s) = E Σ_t (r_t - η) from s, with Σ_s ρ h = 0, and Q(s,a) = r - η + E h(s')."""
    rho, eta = stationary(world, probs), np.asarray(average_reward(world, probs))
    pay = (probs * backup(world, np.zeros(world.n_states), 0.0)).sum(axis=-1)
    fundamental = np.eye(world.n_states) - transition(world, probs) + rho[..., None, :]
    h = np.linalg.solve(fundamental, (pay - eta[..., None])[..., None])[..., 0]
    return h, backup(world, h, 1.0) - eta[..., None, None]


def average_gradient(world: World, probs: Float[Array, "... S A"]) -> Float[Array, "... S A"]:
    """∂η/∂π(a|s) = ρ(s) Q(s,a); in parameters: `parameter_gradient` of it."""
    _, q = differential_values(world, probs)
    return stationary(world, probs)[..., None] * q


# ---------------------------------------------------------------- Kakade's two states


def _stay_leave(theta: Float[Array, "... 2"]) -> tuple[Array, Array]:
    """p = π(stay|s) = 1/(1 + exp(-θ_s)) and q = 1 - p, each to full precision."""
    stay, leave = np.exp(-np.logaddexp(0, -theta)), np.exp(-np.logaddexp(0, theta))
    if not (leave.sum(axis=-1) > 0).all():
        raise ValueError(
            f"theta = {theta}, but a policy that leaves neither state has no average reward; keep |θ| < 700"
        )
    return stay, leave


def two_state_stationary(theta: Float[Array, "... 2"]) -> Float[Array, "... 2"]:
    """ρ = (q_j, q_i)/(q_i + q_j) for π(stay|s) = 1/(1 + exp(-θ_s)), q = 1 - p.  Average reward."""
    _, q = _stay_leave(theta)
    return q[..., ::-1] / q.sum(axis=-1, keepdims=True)


def two_state_average(theta: Float[Array, "... 2"]) -> Float[Array, "..."] | float:
    """η = ρ_i p_i + 2 ρ_j p_j: staying in i pays 1, staying in j pays 2.  Between 0 and 2."""
    p, _ = _stay_leave(theta)
    return (two_state_stationary(theta) * p * [1.0, 2.0]).sum(axis=-1)


def two_state_natural(theta: Float[Array, "... 2"]) -> Float[Array, "... 2"]:
    """The natural gradient of η: (1 - h, 2 + h), what staying gains over leaving, h = (2p_j - p_i)/(q_i + q_j).

    h = h_j - h_i. How often a state is seen has dropped out: that is the cure of the plateau.
    """
    p, q = _stay_leave(theta)
    h = (2 * p[..., 1] - p[..., 0]) / q.sum(axis=-1)
    return np.stack([1 - h, 2 + h], axis=-1)


def two_state_fisher(theta: Float[Array, "... 2"]) -> Float[Array, "... 2"]:
    """The diagonal of F, ρ_s p_s q_s; the rest is 0.  Average reward."""
    p, q = _stay_leave(theta)
    return two_state_stationary(theta) * p * q


def two_state_gradient(theta: Float[Array, "... 2"]) -> Float[Array, "... 2"]:
    """∂η/∂θ_s = ρ_s p_s q_s · (1 - h, 2 + h): a state that is hardly seen hardly learns.  Average reward."""
    return two_state_fisher(theta) * two_state_natural(theta)


FARTHEST = 500.0  # logits beyond which a flow is given up: exp(-500) is all but 0


@dataclass(frozen=True)
class Flow:
    """A path of steepest ascent.  t [K]: time;  theta [K, 2];  eta [K];  rho [K, 2]."""

    t: Float[Array, "K"]
    theta: Float[Array, "K 2"]
    eta: Float[Array, "K"]
    rho: Float[Array, "K 2"]


def two_state_flow(
    theta: Float[Array, "2"], *, natural: bool = False, until: float = 1.8, step: float = 0.05
) -> Flow:
    """dθ/dt = ∇η, or F⁻¹∇η, from θ until η = `until`: the last t is the time it takes (t_90 for 1.8).

    Time is no help here: the plain gradient rushes, then waits for a million units on the plateau. So
    the curve is followed by its length ℓ, dθ/dℓ = g/|g| with dt/dℓ = 1/|g|: Runge-Kutta of order 4,
    steps of `step`, the last one shortened to end at `until`.
    Raises ValueError where the gradient underflows, so that there is no way to go on.
    """
    direction = two_state_natural if natural else two_state_gradient

    def rate(theta: Array) -> Array:
        g = direction(theta)
        size = np.hypot(*g)
        if size < np.finfo(float).tiny or np.abs(theta).max() > FARTHEST:
            raise ValueError(
                f"theta = {way[0][:2]}, but from there the gradient leads nowhere: at {theta} its"
                f" size is {size:.3g}; start with |θ| < 20"
            )
        return np.append(g, 1.0) / size  # (dθ/dℓ, dt/dℓ)

    def after(x: Array, by: float) -> Array:
        a = rate(x[:2])
        b = rate(x[:2] + by / 2 * a[:2])
        c = rate(x[:2] + by / 2 * b[:2])
        d = rate(x[:2] + by * c[:2])
        return x + by / 6 * (a + 2 * b + 2 * c + d)

    if not 0 < until < 2:
        raise ValueError(f"until = {until}, but the average reward η of the two states is below 2")
    x = np.append(np.asarray(theta, dtype=np.float64), 0.0)
    way = [x]
    while two_state_average(x[:2]) < until:
        x = after(x, step)
        way.append(x)
    if len(way) > 1:
        low, high = 0.0, step
        for _ in range(50):  # halve the last step until it ends at `until`
            middle = (low + high) / 2
            below = two_state_average(after(way[-2], middle)[:2]) < until
            low, high = (middle, high) if below else (low, middle)
        way[-1] = after(way[-2], high)
    path = np.stack(way)
    theta = path[:, :2]
    return Flow(
        path[:, 2], theta, np.asarray(two_state_average(theta)), two_state_stationary(theta)
    )
