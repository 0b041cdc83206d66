"""PPO in PureJaxRL's style: world, rollout, advantages and epochs in one compiled JAX program.

PureJaxRL is not on the package index, so this is our own text of its algorithm with its published
default settings (ppo.py; those of CleanRL), and with the worlds, steps, networks and step size of
pgkit's row. A call runs as many updates as it takes to pass the 1,024 steps between two looks;
compiling is part of the "cold" rows and left out of the "warm" ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from criterion import TASKS, Learner
from hyper import CARTPOLE

VERSIONS = {"jax": jax.__version__}
STATE_LOW, STATE_HIGH, TIME_LIMIT = -0.05, 0.05, 500


@dataclass(frozen=True)
class Settings:
    worlds: int = 4
    steps: int = 128
    epochs: int = 4
    minibatches: int = 4
    alpha: float = 2.5e-4
    falling: bool = True  # the step size, linearly to 0 over `total` steps
    total: int = 500_000
    gamma: float = 0.99
    lam: float = 0.95
    clip: float = 0.2
    entropy: float = 0.01
    value: float = 0.5
    norm: float = 0.5
    hidden: tuple[int, ...] = (64, 64)
    scale: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)  # of the inputs

    @property
    def size(self) -> int:
        return self.worlds * self.steps


class World(NamedTuple):
    s: jax.Array  # [4]: x, its speed, angle, its speed
    t: jax.Array


def begin(key) -> World:
    return World(jax.random.uniform(key, (4,), minval=STATE_LOW, maxval=STATE_HIGH), jnp.array(0))


def advance(key, world: World, a):
    """One step of CartPole-v1; an episode that is over begins anew at once, as in gymnax."""
    x, v, angle, spin = world.s
    sin, cos = jnp.sin(angle), jnp.cos(angle)
    push = (jnp.where(a == 1, 10.0, -10.0) + 0.05 * spin**2 * sin) / 1.1
    turn = (9.8 * sin - cos * push) / (0.5 * (4 / 3 - 0.1 * cos**2 / 1.1))
    pull = push - 0.05 * turn * cos / 1.1
    s = jnp.array([x + 0.02 * v, v + 0.02 * pull, angle + 0.02 * spin, spin + 0.02 * turn])
    t = world.t + 1
    over = (jnp.abs(s[0]) > 2.4) | (jnp.abs(s[2]) > 12 * jnp.pi / 180) | (t >= TIME_LIMIT)
    fresh = begin(key)
    return World(jnp.where(over, fresh.s, s), jnp.where(over, fresh.t, t)), jnp.array(1.0), over


def weights(key, settings: Settings):
    """Two networks: lists of (matrix, bias), orthogonal with the usual gains."""
    sizes = (4, *settings.hidden)

    def network(key, outputs, gain):
        shapes = [*pairwise(sizes), (sizes[-1], outputs)]
        gains = [2**0.5] * len(settings.hidden) + [gain]
        return [
            (jax.nn.initializers.orthogonal(g)(k, shape), jnp.zeros(shape[1]))
            for k, g, shape in zip(jax.random.split(key, len(shapes)), gains, shapes, strict=True)
        ]

    actor, critic = jax.random.split(key)
    return {"actor": network(actor, 2, 0.01), "critic": network(critic, 1, 1.0)}


def forward(layers, s, settings: Settings):
    s = s * jnp.array(settings.scale)
    for matrix, bias in layers[:-1]:
        s = jnp.tanh(s @ matrix + bias)
    matrix, bias = layers[-1]
    return s @ matrix + bias


def value_of(params, s, settings: Settings):
    return forward(params["critic"], s, settings)[..., 0]


class Step(NamedTuple):
    s: jax.Array
    a: jax.Array
    log_prob: jax.Array
    value: jax.Array
    r: jax.Array
    over: jax.Array


def rollout(settings: Settings, params, worlds: World, key):
    def step(carry, _):
        worlds, key = carry
        key, choose, go = jax.random.split(key, 3)
        logits = jax.nn.log_softmax(forward(params["actor"], worlds.s, settings))
        a = jax.random.categorical(choose, logits)
        chosen = jnp.take_along_axis(logits, a[:, None], axis=-1)[:, 0]
        after, r, over = jax.vmap(advance)(jax.random.split(go, settings.worlds), worlds, a)
        seen = Step(worlds.s, a, chosen, value_of(params, worlds.s, settings), r, over)
        return (after, key), seen

    (worlds, _), steps = jax.lax.scan(step, (worlds, key), None, length=settings.steps)
    return worlds, steps


def advantages(settings: Settings, steps: Step, last_value):
    def back(carry, step):
        trace, following = carry
        goes_on = 1.0 - step.over
        delta = step.r + settings.gamma * following * goes_on - step.value
        trace = delta + settings.gamma * settings.lam * goes_on * trace
        return (trace, step.value), trace

    start = (jnp.zeros_like(last_value), last_value)
    return jax.lax.scan(back, start, steps, reverse=True, unroll=16)[1]


def loss_of(params, settings: Settings, step: Step, adv, target):
    logits = jax.nn.log_softmax(forward(params["actor"], step.s, settings))
    chosen = jnp.take_along_axis(logits, step.a[:, None], axis=-1)[:, 0]
    ratio = jnp.exp(chosen - step.log_prob)
    adv = (adv - adv.mean()) / (adv.std() + 1e-8)
    near = jnp.clip(ratio, 1 - settings.clip, 1 + settings.clip)
    gain = jnp.minimum(ratio * adv, near * adv).mean()
    value = value_of(params, step.s, settings)
    near = step.value + jnp.clip(value - step.value, -settings.clip, settings.clip)
    error = 0.5 * jnp.maximum((value - target) ** 2, (near - target) ** 2).mean()
    entropy = -(jnp.exp(logits) * logits).sum(-1).mean()
    return -gain + settings.value * error - settings.entropy * entropy


class Agent(NamedTuple):
    params: dict
    first: dict  # Adam's moments
    second: dict
    count: jax.Array  # minibatches so far
    worlds: World
    key: jax.Array


def descend(settings: Settings, agent: Agent, grad) -> Agent:
    """Adam, with the gradient's norm clipped and a step size that falls update by update."""
    tree = jax.tree_util.tree_map
    norm = jnp.sqrt(sum((g**2).sum() for g in jax.tree_util.tree_leaves(grad)))
    grad = tree(lambda g: g * jnp.minimum(1.0, settings.norm / norm), grad)
    first = tree(lambda m, g: 0.9 * m + 0.1 * g, agent.first, grad)
    second = tree(lambda m, g: 0.999 * m + 0.001 * g**2, agent.second, grad)
    count = agent.count + 1
    update = agent.count // (settings.epochs * settings.minibatches)
    left = 1 - update * settings.size / settings.total if settings.falling else 1.0
    by_first, by_second = 1 - 0.9**count, 1 - 0.999**count
    params = tree(
        lambda p, m, v: (
            p - settings.alpha * left * (m / by_first) / (jnp.sqrt(v / by_second) + 1e-5)
        ),
        agent.params, first, second,
    )  # fmt: skip
    return agent._replace(params=params, first=first, second=second, count=count)


def update(settings: Settings, agent: Agent, _):
    key, now, shuffle = jax.random.split(agent.key, 3)
    worlds, steps = rollout(settings, agent.params, agent.worlds, now)
    adv = advantages(settings, steps, value_of(agent.params, worlds.s, settings))
    data = (steps, adv, adv + steps.value)
    data = jax.tree_util.tree_map(lambda x: x.reshape(settings.size, *x.shape[2:]), data)

    def epoch(agent, key):
        order = jax.random.permutation(key, settings.size).reshape(settings.minibatches, -1)

        def minibatch(agent, chosen):
            batch = jax.tree_util.tree_map(lambda x: x[chosen], data)
            grad = jax.grad(loss_of)(agent.params, settings, *batch)
            return descend(settings, agent, grad), None

        return jax.lax.scan(minibatch, agent, order)

    agent, _ = jax.lax.scan(epoch, agent, jax.random.split(shuffle, settings.epochs))
    return agent._replace(worlds=worlds, key=key), None


@lru_cache
def compiled(settings: Settings) -> tuple[Callable, Callable, int]:
    """(first agent of a key, agent after some updates, the steps of those)."""
    updates = -(-TASKS["cartpole"].every // settings.size)

    @jax.jit
    def first(key) -> Agent:
        key, net, start = jax.random.split(key, 3)
        params = weights(net, settings)
        zero = jax.tree_util.tree_map(jnp.zeros_like, params)
        worlds = jax.vmap(begin)(jax.random.split(start, settings.worlds))
        return Agent(params, zero, zero, jnp.array(0), worlds, key)

    @jax.jit
    def onward(agent: Agent) -> Agent:
        return jax.lax.scan(
            lambda agent, _: update(settings, agent, _), agent, None, length=updates
        )[0]

    return first, onward, updates * settings.size


def learner(settings: Settings, warm: bool) -> Learner:
    def train(seed: int, judge) -> None:
        first, onward, steps = compiled(settings)
        agent, taken = first(jax.random.PRNGKey(seed)), 0
        while taken < settings.total:
            agent = jax.block_until_ready(onward(agent))
            taken += steps
            if judge(taken, [greedy(agent.params, settings)]):
                return

    return Learner(train, warm=warm)


def greedy(params, settings: Settings) -> Callable[[np.ndarray], np.ndarray]:
    """In numpy: the judge looks at plain numbers."""
    layers = []

    def act(s: np.ndarray) -> np.ndarray:
        if not layers:
            layers.extend((np.asarray(w), np.asarray(b)) for w, b in params["actor"])
        s = s * np.array(settings.scale, dtype=np.float32)
        for matrix, bias in layers[:-1]:
            s = np.tanh(s @ matrix + bias)
        matrix, bias = layers[-1]
        return (s @ matrix + bias).argmax(-1)

    return act


DEFAULT = Settings()
OURS = Settings(
    worlds=CARTPOLE["worlds"], steps=CARTPOLE["steps"], epochs=CARTPOLE["critic_steps"],
    minibatches=1, alpha=CARTPOLE["alpha"], falling=False, gamma=CARTPOLE["gamma"],
    lam=CARTPOLE["lam"], entropy=0.0, hidden=CARTPOLE["hidden"], scale=CARTPOLE["input_scale"],
)  # fmt: skip
LEARNERS = {
    "cartpole": {
        "PureJaxRL style PPO, cold": learner(DEFAULT, warm=False),
        "PureJaxRL style PPO, warm": learner(DEFAULT, warm=True),
        "PureJaxRL style PPO, with ours, warm": learner(OURS, warm=True),
    }
}
