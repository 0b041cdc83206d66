"""torch with all trajectories of all runs as one batch: gradient in closed form, and by autograd."""

from __future__ import annotations

import torch
from workload import ACTIONS, START, Size, grid

torch.set_num_threads(1)
VERSIONS = {"torch": torch.__version__}


def trainer(autograd: bool):
    def run(mode: str, size: Size, seed: int):
        next_state, reward, _, start = grid(mode, size.copies)
        states, runs = len(start), size.runs
        generator = torch.Generator().manual_seed(seed)
        base = torch.arange(runs)[:, None] * states
        after = (torch.as_tensor(next_state).flatten() + base).flatten()
        paid = torch.as_tensor(reward, dtype=torch.float32).flatten().repeat(runs)
        theta = torch.zeros(runs * states, ACTIONS, requires_grad=autograd)
        at = torch.empty(size.horizon, runs * size.episodes, dtype=torch.int64)
        for _ in range(size.iterations):
            with torch.no_grad():
                probs = torch.softmax(theta, -1)
                cdf = probs.cumsum(-1)[:, :-1].contiguous()
                u = torch.rand(size.horizon, runs * size.episodes, 1, generator=generator)
                s = (START + base).expand(runs, size.episodes).flatten()
                for t in range(size.horizon):
                    at[t] = s * ACTIONS + (cdf[s] <= u[t]).sum(-1)
                    s = after[at[t]]
                q_hat = paid[at]
                for t in reversed(range(size.horizon - 1)):
                    q_hat[t] += size.gamma * q_hat[t + 1]
            if autograd:
                log_prob = torch.log_softmax(theta, -1).flatten()[at.flatten()]
                loss = -(log_prob * q_hat.flatten()).sum() / size.episodes
                (grad,) = torch.autograd.grad(loss, theta)
                with torch.no_grad():
                    theta -= size.alpha * grad
            else:
                total = torch.zeros(theta.numel()).index_add_(0, at.flatten(), q_hat.flatten())
                total = total.view_as(theta)
                theta += size.alpha / size.episodes * (total - total.sum(-1, keepdim=True) * probs)
        last = q_hat[0].view(runs, -1).mean(-1)
        return theta.detach().view(runs, states, ACTIONS).numpy(), last.numpy(), None

    return run


ENGINES = {"torch, closed form": trainer(False), "torch, autograd": trainer(True)}
