"""pgkit's hyper-parameters in the benchmark, which the rows "with ours" give to the peers as well.

Found on seeds from 100 on; the benchmark runs seeds from 0 on.
"""

from __future__ import annotations

CARTPOLE = {
    "worlds": 32,  # N
    "steps": 32,  # T, of each world in an iteration
    "gamma": 0.99,
    "lam": 0.95,
    "alpha": 0.03,  # Adam, actor and critic
    "critic_steps": 10,  # each with the whole batch, in an iteration; the actor takes one
    "hidden": (32,),
    "input_scale": (1.0, 1.0, 5.0, 1.0),  # what the networks multiply observations with
}
PENDULUM = {
    "worlds": 8,
    "updates": 4,  # in 8 steps, one of each world
    "batch": 64,
    "gamma": 0.95,
    "polyak": 0.03,
    "alpha": 5e-3,  # Adam: actor, critics and temperature
    "random": 400,  # steps before the first update
    "hidden": (32, 32),  # relu
    "input_scale": (1.0, 1.0, 0.125),
}
LUNAR_LANDER = {  # advantage-weighted regression
    "worlds": 16,
    "steps": 128,
    "gamma": 0.99,
    "lam": 0.95,
    "beta": 0.3,
    "clip": 20.0,
    "replay": 12,  # iterations kept
    "batch": 256,
    "alpha": 5e-4,  # Adam, the actor's
    "actor_steps": 200,
    "critic_alpha": 1e-2,
    "critic_steps": 100,
    "hidden": (128, 64),  # relu
}
LUNAR_LANDER_ACTOR_CRITIC = {
    "worlds": 32,
    "steps": 64,
    "gamma": 0.99,
    "lam": 0.95,
    "alpha": 5e-3,
    "critic_steps": 20,
    "hidden": (64, 64),  # tanh
}
