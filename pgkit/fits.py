"""What goes with what: the policy and the critic that suit an algorithm in a world, and settings that work.

A combination that makes no sense is refused with the reason and with what would fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from pgkit import exact
from pgkit.algorithms import ALGORITHMS
from pgkit.critics import LinearValue, QTable, ValueTable
from pgkit.knobs import settings_of
from pgkit.policies import LinearGaussian, SoftmaxTable, logistic
from pgkit.worlds.world import World

FINITE_ONLY = {
    "supervised": "its data points are an optimal policy's, which is known only in a finite world",
    "reinforce_resets": "it starts rollouts in states of its choice, and only a finite world has a list of them",
    "monte_carlo": "it learns a table of values",
    "temporal_difference": "it learns a table of values",
}
LOGISTIC = ("two-state", "scaled-bandit", "clouds")  # their policies share parameters
KINDS = ("finite", "finitely many actions", "continuous actions")

_EPISODES = {
    "gamma": 0.99,
    "episodes": 16,
    "horizon": 500,
}  # whole episodes, for returns without a critic
_STREAM = {"gamma": 0.99, "episodes": 8, "horizon": 64, "lam": 0.95}  # worlds that go on
_NET = {"critic_alpha": 0.01, "critic_sweeps": 1, "critic_steps": 20}
_ON_NETWORKS = {
    "weighted_classification": {**_EPISODES, "alpha": 3e-4},
    "reinforce": {**_EPISODES, "alpha": 3e-4},
    "reinforce_natural": {**_EPISODES, "epsilon": 0.01, "damping": 0.1},
    "reinforce_baseline": {**_EPISODES, **_NET, "alpha": 1e-3},
    "actor_critic": {
        **_STREAM, **_NET, "alpha": 0.01, "advantage": "standardised", "optimizer": "adam",
    },
    "natural_actor_critic": {**_STREAM, **_NET, "epsilon": 0.01, "damping": 0.1},
    "soft_actor_critic": {
        **_STREAM, "alpha": 0.01, "temperature": 0.05, "replay": 20, "critic_alpha": 0.003,
        "critic_sweeps": 4, "critic_steps": 10, "critic_batch": 128, "optimizer": "adam",
    },
    "soft_actor_critic_continuous": {"gamma": 0.99, "episodes": 8, "horizon": 1},
    "awr": {
        **_STREAM, "alpha": 3e-3, "steps": 40, "batch": 128, "critic_alpha": 0.01,
        "critic_steps": 40, "replay": 8,
    },
}  # fmt: skip
_ON_RINGS = {
    "reinforce_baseline": {"critic_steps": 5, "baseline": "previous-batch"},
    "actor_critic": {"alpha": 0.3},
}
# (algorithm, world or kind of world) -> what works there
SETTINGS: dict[tuple[str, str], Mapping[str, Any]] = {
    **{(a, kind): settings for a, settings in _ON_NETWORKS.items() for kind in KINDS[1:]},
    **{(a, w): s for a, s in _ON_RINGS.items() for w in ("ring-of-fire", "ring-of-fire-closed")},
    **{
        (a, "lqr"): {"epsilon": 0.01, "critic_steps": 0}
        for a in ("reinforce_natural", "natural_actor_critic")
    },
    ("actor_critic", "lqr"): {"critic_steps": 0},
    ("soft_actor_critic_continuous", "lqr"): {
        "tuning": "fixed",
        "temperature": 0.1,
        "alpha": 0.05,
        "critic_steps": 0,
        "polyak": 1.0,
        "episodes": 64,
        "horizon": 1,
        "updates": 4,
        "batch": 0,
        "replay": 2560,
        "warmup": 256,
    },
    ("soft_actor_critic_continuous", "pendulum"): {
        "gamma": 0.98,
        "polyak": 0.02,
        "alpha": 5e-3,
        "critic_alpha": 5e-3,
        "temperature_alpha": 5e-3,
        "temperature": 0.5,
        "episodes": 8,
        "horizon": 1,
    },
    ("awr", "gymnasium:LunarLander-v3"): {
        "beta": 0.3,
        "episodes": 16,
        "horizon": 128,
        "replay": 12,
        "alpha": 5e-4,
        "steps": 200,
        "critic_alpha": 0.01,
        "critic_steps": 100,
        "batch": 256,
    },
}


def kind(world: Any) -> str:
    """Which of KINDS a world is."""
    if isinstance(world, World):
        return KINDS[0]
    return KINDS[1] if world.n_actions else KINDS[2]


def misfit(name: str, world: Any) -> str | None:
    """Why an algorithm cannot be run in a world, or None if it can."""
    where = kind(world)
    if name in FINITE_ONLY and where != KINDS[0]:
        return FINITE_ONLY[name]
    if name == "soft_actor_critic" and where == KINDS[2]:
        return "it sums over finitely many actions, and this world's actions are continuous"
    if name == "soft_actor_critic_continuous" and where != KINDS[2]:
        return "its actions are continuous, and this world has finitely many"
    squashed = name == "soft_actor_critic_continuous" and world.name != "lqr"
    if squashed and not np.isfinite(world.action_high).all():
        return "its actions are squashed into bounds, and this world's have none"
    return None


def check_fit(name: str, world: Any) -> None:
    """ValueError that says why the algorithm does not fit the world, and lists what does."""
    why = misfit(name, world)
    if why is not None:
        fitting = [a for a in ALGORITHMS if misfit(a, world) is None]
        raise ValueError(
            f"algorithm = {name!r} does not fit world = {world.name!r}: {why}; "
            f"there, use {', '.join(fitting)}"
        )


def default_settings(name: str, world: Any) -> dict[str, Any]:
    """The settings of an algorithm that suit a world: the world's own, then those of its kind and of the pair."""
    known = settings_of(ALGORITHMS[name])
    by_kind = {} if world.name == "lqr" else SETTINGS.get((name, kind(world)), {})
    wanted = {**world.defaults, **by_kind, **SETTINGS.get((name, world.name), {})}
    return {k: v for k, v in wanted.items() if k in known}


def name_of(algorithm: Any) -> str:
    """The name of an algorithm in the registry; ours to say for a class that is not in it."""
    names = [name for name, family in ALGORITHMS.items() if type(algorithm) is family]
    return names[0] if names else type(algorithm).__name__


WIDE = (64, 64)


def _hidden(world: Any) -> tuple[int, ...]:
    """The hidden layers of a network: small for our own worlds, wider for any environment of Gymnasium."""
    return WIDE if world.name.startswith("gymnasium:") else (32,)


def default_policy(name: str, world: Any) -> Any:
    """A policy for a world: table or logistic in finite ones, else a small network."""
    if isinstance(world, World):
        if world.name.partition(":")[0] in LOGISTIC and world.features is not None:
            return logistic(world.features)
        return SoftmaxTable()
    if world.name == "lqr":
        return LinearGaussian()
    from pgkit import fastnets

    scale = world.input_scale
    if world.n_actions:
        return fastnets.CategoricalMLP(world.n_features, world.n_actions, _hidden(world), scale)
    size = len(world.action_high)
    if name == "soft_actor_critic_continuous":
        return fastnets.SquashedGaussianMLP(
            world.n_features,
            size,
            WIDE,
            scale,
            low=tuple(world.action_low),
            high=tuple(world.action_high),
        )
    return fastnets.GaussianMLP(world.n_features, size, _hidden(world), scale)


def default_critic(name: str, world: Any, algorithm: Any) -> Any:
    """A critic for an algorithm in a world; in finite horizon without discount it knows the time."""
    if isinstance(world, World):
        if name == "soft_actor_critic":
            return QTable()
        return ValueTable(algorithm.horizon if algorithm.gamma == 1 else None)
    from pgkit import fastnets

    if world.name == "lqr":
        soft = name == "soft_actor_critic_continuous"
        return fastnets.QuadraticQ() if soft else LinearValue()
    scale = world.input_scale
    if name == "soft_actor_critic_continuous":
        size = len(world.action_high)
        return fastnets.ActionValueMLP(world.n_features, size, WIDE, scale)
    if name == "soft_actor_critic":
        return fastnets.QMLP(world.n_features, world.n_actions, _hidden(world), scale)
    return fastnets.ValueMLP(world.n_features, _hidden(world), scale)


def teacher(world: World) -> tuple[Any, Any]:
    """The policy that supervised learning imitates: an optimal one, and its parameters [1, S, A]."""
    gamma = min(
        world.defaults.get("gamma", 0.95), 0.99
    )  # without a horizon there is none for γ = 1
    return SoftmaxTable(), np.log(np.maximum(exact.optimal_policy(world, gamma), 1e-300))[None]


def complete(algorithm: Any, world: Any, policy: Any = None, critic: Any = None) -> tuple[Any, Any]:
    """(algorithm, policy) with every part that was left open put in.

    Raises ValueError for an algorithm that does not fit the world.
    """
    name = name_of(algorithm)
    if name in ALGORITHMS:
        check_fit(name, world)
    policy = policy or default_policy(name, world)
    parts = {f.name for f in fields(algorithm)} & {"critic", "teacher"}
    if "critic" in parts and (critic is not None or algorithm.critic is None):
        algorithm = replace(algorithm, critic=critic or default_critic(name, world, algorithm))
    if "teacher" in parts and algorithm.teacher is None:
        algorithm = replace(algorithm, teacher=teacher(world))
    return algorithm, policy
