"""The loops of teaching code: one gymnasium environment, one step at a time.

They would take minutes to hours, so they run a stated small number of steps of the uniform policy
(everything is computed, the update has size 0) and the time is extrapolated.
"""

from __future__ import annotations

import gymnasium
import numpy as np
import torch
from workload import ACTIONS, START, Size, grid

torch.set_num_threads(1)
VERSIONS = {"gymnasium": gymnasium.__version__}
STEPS = {"numpy + gymnasium loop": 40_000, "torch + gymnasium loop": 8_000}


class Grid(gymnasium.Env):
    def __init__(self, mode: str, horizon: int):
        self.next_state, self.reward, self.terminal, _ = grid(mode)
        self.observation_space = gymnasium.spaces.Discrete(len(self.terminal))
        self.action_space = gymnasium.spaces.Discrete(ACTIONS)
        self.horizon = horizon

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state, self.time = START, 0
        return self.state, {}

    def step(self, action):
        reward = float(self.reward[self.state, action])
        self.state = int(self.next_state[self.state, action])
        self.time += 1
        return self.state, reward, bool(self.terminal[self.state]), self.time >= self.horizon, {}


def returns_to_go(rewards, gamma):
    to_go, all_to_go = 0.0, []
    for r in reversed(rewards):
        to_go = r + gamma * to_go
        all_to_go.append(to_go)
    return all_to_go[::-1]


def numpy_loop(mode: str, size: Size, seed: int):
    env, rng = Grid(mode, size.horizon), np.random.default_rng(seed)
    theta, steps, returns = np.zeros((len(env.terminal), ACTIONS)), 0, []
    while steps < STEPS["numpy + gymnasium loop"]:
        grad = np.zeros_like(theta)
        for _ in range(size.episodes):
            s, _ = env.reset()
            states, actions, rewards, done = [], [], [], False
            while not done:
                logits = theta[s] - theta[s].max()
                probs = np.exp(logits) / np.exp(logits).sum()
                a = rng.choice(ACTIONS, p=probs)
                states.append(s)
                actions.append(a)
                s, r, terminated, truncated, _ = env.step(a)
                rewards.append(r)
                done = terminated or truncated
            q_hat = returns_to_go(rewards, size.gamma)
            for s, a, q in zip(states, actions, q_hat, strict=True):
                probs = np.exp(theta[s] - theta[s].max())
                score = -probs / probs.sum()
                score[a] += 1
                grad[s] += score * q
            steps += len(rewards)
            returns.append(q_hat[0])
        theta += 0.0 * grad
    return None, returns, steps


def torch_loop(mode: str, size: Size, seed: int):
    torch.manual_seed(seed)
    env = Grid(mode, size.horizon)
    policy = torch.nn.Embedding(len(env.terminal), ACTIONS)
    torch.nn.init.zeros_(policy.weight)
    optimizer = torch.optim.SGD(policy.parameters(), lr=0.0)
    steps, returns = 0, []
    while steps < STEPS["torch + gymnasium loop"]:
        losses = []
        for _ in range(size.episodes):
            s, _ = env.reset()
            log_probs, rewards, done = [], [], False
            while not done:
                choice = torch.distributions.Categorical(logits=policy(torch.tensor(s)))
                a = choice.sample()
                log_probs.append(choice.log_prob(a))
                s, r, terminated, truncated, _ = env.step(a.item())
                rewards.append(r)
                done = terminated or truncated
            q_hat = returns_to_go(rewards, size.gamma)
            losses += [-log_prob * q for log_prob, q in zip(log_probs, q_hat, strict=True)]
            steps += len(rewards)
            returns.append(q_hat[0])
        optimizer.zero_grad()
        (torch.stack(losses).sum() / size.episodes).backward()
        optimizer.step()
    return None, returns, steps


ENGINES = {"numpy + gymnasium loop": numpy_loop, "torch + gymnasium loop": torch_loop}
