"""pgkit: its algorithms with its numpy networks, driven as in the course, by Run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from criterion import Act, Learner
from hyper import CARTPOLE, LUNAR_LANDER, LUNAR_LANDER_ACTOR_CRITIC, PENDULUM

from pgkit.algorithms import AWR, ActorCritic, SoftActorCriticContinuous
from pgkit.fastnets import ActionValueMLP, CategoricalMLP, SquashedGaussianMLP, ValueMLP
from pgkit.run import Run
from pgkit.worlds import load_world

VERSIONS = {"pgkit's numpy": np.__version__}


def learner(make: Callable[[int, int], Run], runs: int = 1) -> Learner:
    """make: (runs, seed) -> Run."""

    def train(seed: int, judge) -> None:
        run = make(runs, seed)
        while not judge(run.steps // runs, greedy(run)):
            run.advance(record=False)

    return Learner(train, runs)


def greedy(run: Run) -> list[Act]:
    """The greedy policy of each of the runs."""

    def of(theta) -> Act:
        return lambda s: run.policy.greedy(theta, s[None].astype(np.float64))[0]

    return [of(run.state.theta[b : b + 1]) for b in range(run.runs)]


def actor_critic(name: str, hyper: dict) -> Callable[[int, int], Run]:
    def make(runs: int, seed: int) -> Run:
        world = load_world(name)
        algorithm = ActorCritic(
            alpha=hyper["alpha"], gamma=hyper["gamma"], lam=hyper["lam"],
            episodes=hyper["worlds"], horizon=hyper["steps"], critic_alpha=hyper["alpha"],
            critic_sweeps=1, critic_steps=hyper["critic_steps"], advantage="standardised",
            optimizer="adam",
        )  # fmt: skip
        net = {"hidden": hyper["hidden"], "input_scale": hyper.get("input_scale")}
        policy = CategoricalMLP(world.n_features, world.n_actions, **net)
        critic = ValueMLP(world.n_features, **net)
        return Run(algorithm, world, policy, critic, runs=runs, seed=seed)

    return make


def soft_actor_critic(runs: int, seed: int) -> Run:
    world, hyper = load_world("pendulum"), PENDULUM
    algorithm = SoftActorCriticContinuous(
        alpha=hyper["alpha"], critic_alpha=hyper["alpha"], temperature_alpha=hyper["alpha"],
        gamma=hyper["gamma"], polyak=hyper["polyak"], episodes=hyper["worlds"], horizon=1,
        updates=hyper["updates"], batch=hyper["batch"], warmup=hyper["random"],
    )  # fmt: skip
    net = {
        "hidden": hyper["hidden"], "input_scale": hyper["input_scale"], "activation": "relu",
    }  # fmt: skip
    policy = SquashedGaussianMLP(3, 1, low=world.action_low, high=world.action_high, **net)
    return Run(algorithm, world, policy, ActionValueMLP(3, 1, **net), runs=runs, seed=seed)


def awr(runs: int, seed: int) -> Run:
    world, hyper = load_world("gymnasium:LunarLander-v3"), LUNAR_LANDER
    algorithm = AWR(
        beta=hyper["beta"], gamma=hyper["gamma"], clip=hyper["clip"], lam=hyper["lam"],
        replay=hyper["replay"], episodes=hyper["worlds"], horizon=hyper["steps"],
        alpha=hyper["alpha"], steps=hyper["actor_steps"], critic_alpha=hyper["critic_alpha"],
        critic_steps=hyper["critic_steps"], batch=hyper["batch"],
    )  # fmt: skip
    net = {"hidden": hyper["hidden"], "activation": "relu"}
    policy = CategoricalMLP(world.n_features, world.n_actions, **net)
    return Run(
        algorithm, world, policy, ValueMLP(world.n_features, **net), runs=runs, seed=seed
    )  # fmt: skip


LEARNERS = {
    "cartpole": {
        "pgkit actor-critic": learner(actor_critic("cartpole", CARTPOLE)),
        "pgkit, 16 seeds at once (each)": learner(actor_critic("cartpole", CARTPOLE), runs=16),
    },
    "pendulum": {"pgkit soft actor-critic": learner(soft_actor_critic)},
    "lunar_lander": {
        "pgkit AWR": learner(awr),
        "pgkit actor-critic": learner(
            actor_critic("gymnasium:LunarLander-v3", LUNAR_LANDER_ACTOR_CRITIC)
        ),
    },
}
