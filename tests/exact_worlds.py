"""Small worlds and policies on which the oracle's identities are tested."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from pgkit.policies import softmax
from pgkit.worlds import WORLDS, World

# every example is a function of the test alone: no run differs from the next
quick = settings(max_examples=25, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)
scales = st.sampled_from([0.0, 1.0, 5.0, 1000.0])  # of the logits
discounts = st.sampled_from([0.0, 0.5, 0.95, 1.0])
finite_worlds = [name for name in WORLDS if isinstance(WORLDS[name](), World)]


def random_policy(world, rng, scale=1.0, lead=()):
    return softmax(scale * rng.standard_normal((*lead, world.n_states, world.n_actions)))


def stochastic_world(rng, states=4, actions=3, outcomes=2, terminal=1):
    """A small world with random outcomes and terminal states last, for identities that hold everywhere."""
    last = np.arange(states) >= states - terminal
    next_state = rng.integers(0, states, (states, actions, outcomes))
    next_state[last] = np.flatnonzero(last)[:, None, None]
    reward = np.where(last[:, None, None], 0, rng.standard_normal((states, actions, outcomes)))
    return World(
        name="random",
        next_state=next_state,
        prob=rng.dirichlet(np.ones(outcomes), (states, actions)),
        reward=reward,
        terminal=last,
        wall=np.zeros(states, dtype=bool),
        start=np.append(rng.dirichlet(np.ones(states - terminal)), np.zeros(terminal)),
    )


def any_world(rng):
    """A world of any small shape: one state or more, one action or more, with and without an end."""
    states, terminal = int(rng.integers(1, 5)), int(rng.integers(0, 2))
    return stochastic_world(
        rng, states + terminal, int(rng.integers(1, 4)), int(rng.integers(1, 4)), terminal
    )


def logistic_features(world):
    """[S, 2, K]: π(1|s) = 1/(1 + exp(-θ·x(s))), as a policy over two actions with shared parameters."""
    return np.stack([np.zeros_like(world.features), world.features], axis=1)


def shared_policy(theta, features):
    """π ∝ exp(θ·f(s,a)).  theta [..., P], features [..., S, A, P]."""
    return softmax(np.einsum("...p,...sap->...sa", theta, features))


def differences(f, x, h=1e-5):
    """∂f/∂x by central differences."""
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[i] = h
        grad[i] = (f(x + e) - f(x - e)) / (2 * h)
    return grad
