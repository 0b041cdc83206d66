"""The natural gradient of a 2 x 64 network by hand, against torch's two ways to the same products (target 4)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import numpy as np
from peers import ONE_THREAD, ROOT
from report import Figure, Result, Target

SAMPLES, FEATURES, ACTIONS, HIDDEN, ITERATIONS, DAMPING = (1024, 4096), 4, 2, (64, 64), 10, 0.1
HAND, TWICE, FUNC = "by hand", "torch, double backward", "torch.func, jvp and vjp"
NESTED = "torch.func, jvp of grad"


def suite(run: str, quick: bool) -> Result:
    """In a process of its own, so that the one-thread settings hold from the start."""
    done = subprocess.run(
        [sys.executable, __file__, str(4 if quick else 15)],
        capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    found = json.loads(done.stdout)
    result = Result(figures=found)
    size = " x ".join(map(str, HIDDEN))
    result.lines += [
        "",
        f"natural gradient, {size} tanh, {ITERATIONS} conjugate gradient iterations, one core (CPU ms)",
    ]
    for samples, rows in found["seconds"].items():
        seconds = {name: Figure(run, tuple(x)) for name, x in rows.items()}
        result.lines += [
            f"  {samples + ' samples, ' + name:<46}{1e3 * f.median:8.2f}"
            for name, f in seconds.items()
        ]
        ratio = seconds[TWICE].over(seconds[HAND])
        result.targets.append(
            Target(f"4 double backward / Fisher-vector CG by hand, {samples}", ratio, 2.7)
        )
    result.lines.append(f"  the largest difference in G v is {found['difference']:.1e}")
    if found["difference"] > 1e-8:
        result.wrong.append("Fisher-vector product")
    return result


def torch_way(name: str, theta, s, episodes: int):
    """The function v -> G v by one of torch's ways: the same weights, the same samples."""
    import torch

    from pgkit.nets import CategoricalMLP, tensor

    net, at, x = CategoricalMLP(FEATURES, ACTIONS, HIDDEN).net, tensor(theta), tensor(s)

    def logits(weights):
        return net(weights, x)

    def divergence(weights):
        new = torch.log_softmax(logits(weights), dim=-1)
        old = new.detach()  # the same numbers, held
        return (old.exp() * (old - new)).sum() / episodes

    if name == TWICE:
        leaf = at.clone().requires_grad_()
        (slope,) = torch.autograd.grad(divergence(leaf), leaf, create_graph=True)
        return lambda v: torch.autograd.grad(slope, leaf, tensor(v), retain_graph=True)[0].numpy()
    if name == NESTED:
        along = torch.func.grad(divergence)
        return lambda v: torch.func.jvp(along, (at,), (tensor(v),))[1].numpy()

    y, pull = torch.func.vjp(logits, at)
    probs = torch.softmax(y, dim=-1)

    def product(v):
        _, y = torch.func.jvp(logits, (at,), (tensor(v),))
        return pull(probs * (y - (probs * y).sum(dim=-1, keepdim=True)) / episodes)[0].numpy()

    return product


def _measure(rounds: int) -> None:
    import torch

    from pgkit.draws import Draws, run_keys
    from pgkit.fastnets import CategoricalMLP
    from pgkit.optim import conjugate_gradient
    from pgkit.types import Dataset

    torch.set_num_threads(1)
    rng, policy = np.random.default_rng(0), CategoricalMLP(FEATURES, ACTIONS, HIDDEN)
    theta = policy.init(None, Draws(run_keys(0, 1)))
    found, difference = {}, 0.0
    for samples in SAMPLES:
        s = rng.normal(size=(1, samples, FEATURES))
        a, live = rng.integers(0, ACTIONS, (1, samples)), np.ones((1, samples), dtype=bool)
        D = Dataset(s, a, rng.normal(size=(1, samples)), live, episodes=8)
        grad = policy.grad_log_prob(theta, D, weight=D.q_hat)

        # What each needs before the first product (a pass forwards, a first derivative) counts.
        ways = {HAND: lambda D=D: policy.fisher(theta, D)}
        for name in (TWICE, FUNC, NESTED):
            ways[name] = lambda s=s, D=D, name=name: torch_way(name, theta, s, D.episodes)
        exact = ways[HAND]()(grad)
        for way in ways.values():
            off = np.abs(way()(grad) - exact).max() / np.abs(exact).max()
            difference = max(difference, float(off))
        seconds = {name: [] for name in ways}
        for k in range(rounds + 1):
            for name, way in ways.items():
                begin = time.process_time()
                conjugate_gradient(way(), grad, iterations=ITERATIONS, damping=DAMPING)
                if k > 0:
                    seconds[name].append(time.process_time() - begin)
        found[str(samples)] = seconds
    print(json.dumps({"seconds": found, "difference": difference}))


if __name__ == "__main__":
    _measure(int(sys.argv[1]))
