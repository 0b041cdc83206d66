"""JAX twice: the best form we know, and as PureJaxRL writes it (categorical and jax.grad)."""

from __future__ import annotations

from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from workload import ACTIONS, START, Size, grid

VERSIONS = {"jax": jax.__version__}


def _returns(reward, gamma):
    def back(to_go, r):
        to_go = r + gamma * to_go
        return to_go, to_go

    return jax.lax.scan(back, jnp.zeros_like(reward[0]), reward, reverse=True)[1]


def _analytic(theta, key, next_state, reward, size: Size):
    """One run's iteration: inverse CDF on uniform draws made at once, gradient in closed form."""
    probs = jax.nn.softmax(theta)
    cdf = jnp.cumsum(probs, axis=-1)[:, :-1]
    u = jax.random.uniform(key, (size.horizon, size.episodes))

    def step(s, u):
        at = s * ACTIONS + (cdf[s] <= u[:, None]).sum(axis=-1)
        return next_state[at], at

    _, at = jax.lax.scan(step, jnp.full(size.episodes, START), u)
    q_hat = _returns(reward[at], size.gamma)
    total = jnp.zeros(theta.size).at[at.ravel()].add(q_hat.ravel()).reshape(theta.shape)
    grad = total - total.sum(axis=-1, keepdims=True) * probs
    return theta + size.alpha / size.episodes * grad, q_hat[0].mean()


def _autograd(theta, key, next_state, reward, size: Size):
    """The same, as an agent library does it: a key split and a categorical a step, and jax.grad."""

    def step(carry, _):
        s, key = carry
        key, now = jax.random.split(key)
        a = jax.random.categorical(now, theta[s])
        at = s * ACTIONS + a
        return (next_state[at], key), (s, a, reward[at])

    carry = (jnp.full(size.episodes, START), key)
    _, (s, a, r) = jax.lax.scan(step, carry, None, length=size.horizon)
    q_hat = _returns(r, size.gamma)

    def loss(theta):
        log_prob = jax.nn.log_softmax(theta[s])
        chosen = jnp.take_along_axis(log_prob, a[..., None], axis=-1)[..., 0]
        return -(chosen * q_hat).sum() / size.episodes

    return theta - size.alpha * jax.grad(loss)(theta), q_hat[0].mean()


@lru_cache
def _compiled(iteration, mode: str, size: Size):
    next_state, reward, _, start = grid(mode, size.copies)
    tables = (jnp.asarray(next_state.ravel()), jnp.asarray(reward.ravel(), dtype=jnp.float32))
    one = jax.vmap(partial(iteration, size=size), in_axes=(0, 0, None, None))

    @jax.jit
    def train(key):
        def step(theta, key):
            return one(theta, jax.random.split(key, size.runs), *tables)

        theta = jnp.zeros((size.runs, len(start), ACTIONS))
        return jax.lax.scan(step, theta, jax.random.split(key, size.iterations))

    return train


def trainer(iteration):
    def run(mode: str, size: Size, seed: int):
        theta, mean = _compiled(iteration, mode, size)(jax.random.PRNGKey(seed))
        return np.asarray(theta), np.asarray(mean[-1]), None

    return run


ENGINES = {"JAX, best form": trainer(_analytic), "JAX, PureJaxRL style": trainer(_autograd)}
