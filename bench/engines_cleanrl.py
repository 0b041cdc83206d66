"""PPO in CleanRL's style: one file, torch, a loop over a few Gymnasium environments, no library.

CleanRL on the package index stops at a version for Python below 3.11, so this is our own text of its
algorithm with its published default settings (ppo.py: 4 environments, 128 steps, 4 epochs of 4
minibatches, Adam 2.5e-4 falling linearly over 500,000 steps, orthogonal weights, clipped value loss).
Its logging is left out, which is in its favour.
"""

from __future__ import annotations

import gymnasium
import numpy as np
import torch
from criterion import Learner
from torch import nn
from torch.distributions import Categorical

torch.set_num_threads(1)
VERSIONS = {"torch": torch.__version__, "gymnasium": gymnasium.__version__}
WORLDS, STEPS, EPOCHS, MINIBATCHES, TOTAL = 4, 128, 4, 4, 500_000
ALPHA, GAMMA, LAM, CLIP, ENTROPY, VALUE, NORM = 2.5e-4, 0.99, 0.95, 0.2, 0.01, 0.5, 0.5


def layer(inputs: int, outputs: int, gain: float = 2**0.5) -> nn.Linear:
    linear = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(linear.weight, gain)
    nn.init.zeros_(linear.bias)
    return linear


def network(outputs: int, gain: float) -> nn.Sequential:
    return nn.Sequential(
        layer(4, 64), nn.Tanh(), layer(64, 64), nn.Tanh(), layer(64, outputs, gain)
    )


def advantages(rewards, values, ends, last_value):
    """Generalised advantages; an episode that was cut off counts as ended."""
    result, trace = torch.zeros_like(rewards), torch.zeros(WORLDS)
    following = last_value
    for t in reversed(range(STEPS)):
        goes_on = 1.0 - ends[t]
        delta = rewards[t] + GAMMA * following * goes_on - values[t]
        trace = delta + GAMMA * LAM * goes_on * trace
        result[t], following = trace, values[t]
    return result


def loss_of(actor, critic, s, a, old_log_prob, adv, target, old_value):
    policy, value = Categorical(logits=actor(s)), critic(s).flatten()
    ratio = (policy.log_prob(a) - old_log_prob).exp()
    adv = (adv - adv.mean()) / (adv.std() + 1e-8)
    gain = torch.min(adv * ratio, adv * ratio.clamp(1 - CLIP, 1 + CLIP)).mean()
    near = old_value + (value - old_value).clamp(-CLIP, CLIP)
    error = torch.max((value - target) ** 2, (near - target) ** 2).mean()
    return -gain - ENTROPY * policy.entropy().mean() + VALUE * 0.5 * error


def train(seed: int, judge) -> None:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    worlds = gymnasium.vector.SyncVectorEnv(
        [lambda: gymnasium.make("CartPole-v1")] * WORLDS,
        autoreset_mode=gymnasium.vector.AutoresetMode.SAME_STEP,
    )
    actor, critic = network(2, 0.01), network(1, 1.0)
    weights = [*actor.parameters(), *critic.parameters()]
    optimizer = torch.optim.Adam(weights, lr=ALPHA, eps=1e-5)
    s = torch.as_tensor(worlds.reset(seed=seed)[0])
    size = WORLDS * STEPS
    for update in range(TOTAL // size):
        optimizer.param_groups[0]["lr"] = ALPHA * (1 - update * size / TOTAL)
        states, actions = torch.zeros(STEPS, WORLDS, 4), torch.zeros(STEPS, WORLDS)
        log_probs, values, rewards, ends = (torch.zeros(STEPS, WORLDS) for _ in range(4))
        for t in range(STEPS):
            with torch.no_grad():
                policy = Categorical(logits=actor(s))
                a = policy.sample()
                states[t], actions[t] = s, a
                log_probs[t], values[t] = policy.log_prob(a), critic(s).flatten()
            s, r, terminated, truncated, _ = worlds.step(a.numpy())
            s, rewards[t] = torch.as_tensor(s), torch.as_tensor(r)
            ends[t] = torch.as_tensor(terminated | truncated)
        with torch.no_grad():
            adv = advantages(rewards, values, ends, critic(s).flatten())
        data = [
            x.flatten(0, 1)
            for x in (states, actions, log_probs, adv, adv + values, values)
        ]  # fmt: skip
        for _ in range(EPOCHS):
            for chosen in torch.as_tensor(rng.permutation(size)).chunk(MINIBATCHES):
                optimizer.zero_grad()
                loss_of(actor, critic, *(x[chosen] for x in data)).backward()
                nn.utils.clip_grad_norm_(weights, NORM)
                optimizer.step()
        if judge((update + 1) * size, [lambda s: greedy(actor, s)]):
            return


def greedy(actor: nn.Module, s: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return actor(torch.as_tensor(s)).argmax(-1).numpy()


LEARNERS = {"cartpole": {"CleanRL style PPO, default": Learner(train)}}
