"""Stable-Baselines3: its defaults, the settings its zoo publishes, and our own hyper-parameters.

The zoo's are those of rl-baselines3-zoo's hyperparams/{ppo,a2c,sac}.yml. "With ours" means the same
networks, inputs, worlds, steps, discount and step sizes as pgkit's row (hyper.py); what the two
algorithms do differently is theirs: PPO takes as many clipped steps with the actor as we take with
the critic, A2C takes one step with both.
"""

from __future__ import annotations

from collections.abc import Callable

import stable_baselines3
import torch
from criterion import Learner
from hyper import CARTPOLE, PENDULUM
from stable_baselines3 import A2C, PPO, SAC
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

torch.set_num_threads(1)
VERSIONS = {"stable-baselines3": stable_baselines3.__version__, "torch": torch.__version__}
ENDLESS = 10**9  # steps; the judge says stop


class Scaled(BaseFeaturesExtractor):
    """Observations as our networks see them: multiplied with constants."""

    def __init__(self, space, scale) -> None:
        super().__init__(space, len(scale))
        self.register_buffer("scale", torch.tensor(scale))

    def forward(self, s: torch.Tensor) -> torch.Tensor:
        return s * self.scale


def networks(hyper: dict) -> dict:
    """policy_kwargs for the networks of hyper.py."""
    scale = {"features_extractor_class": Scaled}
    scale["features_extractor_kwargs"] = {"scale": hyper["input_scale"]}
    return {"net_arch": list(hyper["hidden"]), **scale}


def linear(first: float) -> Callable[[float], float]:
    """The zoo's lin_: in proportion to what is left of the training."""
    return lambda left: left * first


def learner(algorithm, env: str, worlds: int = 1, steps: int = ENDLESS, **settings) -> Learner:
    def train(seed, judge):
        model = algorithm(
            "MlpPolicy", make_vec_env(env, worlds, seed=seed), seed=seed, device="cpu", **settings
        )
        updates = 0

        def ask(*_) -> bool:  # after a step; only an update makes a new policy to look at
            nonlocal updates
            if model._n_updates == updates:
                return True
            updates = model._n_updates
            return not judge(
                model.num_timesteps, [lambda s: model.predict(s, deterministic=True)[0]]
            )

        model.learn(steps, callback=ask)

    return Learner(train)


LEARNERS = {
    "cartpole": {
        "SB3 PPO, default": learner(PPO, "CartPole-v1"),
        "SB3 PPO, zoo": learner(
            PPO, "CartPole-v1", worlds=8, steps=100_000, n_steps=32, batch_size=256, n_epochs=20,
            gae_lambda=0.8, gamma=0.98, ent_coef=0.0, learning_rate=linear(1e-3), clip_range=linear(0.2),
        ),
        "SB3 PPO, with ours": learner(
            PPO, "CartPole-v1", worlds=CARTPOLE["worlds"], n_steps=CARTPOLE["steps"],
            batch_size=CARTPOLE["worlds"] * CARTPOLE["steps"], n_epochs=CARTPOLE["critic_steps"],
            gae_lambda=CARTPOLE["lam"], gamma=CARTPOLE["gamma"], ent_coef=0.0,
            learning_rate=CARTPOLE["alpha"], policy_kwargs=networks(CARTPOLE),
        ),
        "SB3 A2C, default": learner(A2C, "CartPole-v1"),
        "SB3 A2C, zoo": learner(A2C, "CartPole-v1", worlds=8, ent_coef=0.0),
        "SB3 A2C, with ours": learner(
            A2C, "CartPole-v1", worlds=CARTPOLE["worlds"], n_steps=CARTPOLE["steps"],
            gae_lambda=CARTPOLE["lam"], gamma=CARTPOLE["gamma"], ent_coef=0.0,
            normalize_advantage=True, use_rms_prop=False, learning_rate=CARTPOLE["alpha"],
            policy_kwargs=networks(CARTPOLE),
        ),
    },
    "pendulum": {
        "SB3 SAC, default": learner(SAC, "Pendulum-v1"),
        "SB3 SAC, zoo": learner(SAC, "Pendulum-v1", learning_rate=1e-3),
        "SB3 SAC, with ours": learner(
            SAC, "Pendulum-v1", worlds=PENDULUM["worlds"], gradient_steps=PENDULUM["updates"],
            batch_size=PENDULUM["batch"], gamma=PENDULUM["gamma"], tau=PENDULUM["polyak"],
            learning_rate=PENDULUM["alpha"], learning_starts=PENDULUM["random"],
            policy_kwargs=networks(PENDULUM),
        ),
    },
    "lunar_lander": {
        "SB3 PPO, zoo": learner(
            PPO, "LunarLander-v3", worlds=16, n_steps=1024, batch_size=64, n_epochs=4,
            gae_lambda=0.98, gamma=0.999, ent_coef=0.01,
        ),
    },
}  # fmt: skip
