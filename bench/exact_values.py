"""The exact gradient against a batched linear solve (target 4), and the first cached drag (target 3)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import numpy as np
from peers import ONE_THREAD, ROOT
from report import Figure, Result, Target
from workload import ACTIONS, grid

POLICIES, STATES, HORIZON, GAMMA = 64, 122, 40, 0.97

FIRST_DRAG = """
import time
import pgkit
from pgkit import engine
import numpy as np
world = pgkit.load_world("ring-of-fire")
begin = time.process_time(), time.perf_counter()
engine.train(engine.tables(world), np.zeros((64, 81, 4)), world.start, np.arange(64, dtype=np.uint64),
             0, 50, alpha=.1, gamma=.95, horizon=30, episodes=16, backend="numba")
engine.evaluate(engine.tables(world), np.zeros((64, 81, 4)), world.start, gamma=.95, horizon=30,
                backend="numba")
print(time.process_time() - begin[0], time.perf_counter() - begin[1])
"""


def suite(run: str, quick: bool) -> Result:
    """In a process of its own, so that the one-thread settings hold from the start."""
    done = subprocess.run(
        [sys.executable, __file__, str(4 if quick else 15)],
        capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    found = json.loads(done.stdout)
    seconds = {name: Figure(run, tuple(x)) for name, x in found["seconds"].items()}
    result = Result(figures=found)
    result.lines += ["", f"exact values of {POLICIES} policies, {STATES} states, one core (CPU ms)"]
    result.lines += [f"  {name:<46}{1e3 * f.median:8.2f}" for name, f in seconds.items()]
    result.lines.append(
        f"  gradient: kernel and twin differ by {found['kernel - twin']:.1e}; the solve"
    )
    result.lines[-1] += f" and the kernel at horizon 2,000 by {found['kernel - solve']:.1e}"
    if max(found["kernel - twin"], found["kernel - solve"]) > 1e-8:
        result.wrong.append("exact gradient")
    solve, kernel = seconds["gradient, batched linear solve"], seconds["gradient, kernel"]
    result.targets.append(Target("4 linear solve / exact gradient kernel", solve.over(kernel), 15))
    cold = [_first_drag() for _ in range(1 if quick else 3)]
    result.lines.append(f"  first drag after the import, kernels cached: {min(cold):.2f} CPU-s")
    result.targets.append(
        Target("3 first cached drag after the import, CPU-s", min(cold), 0.6, at_most=True)
    )
    result.figures["first drag"] = cold
    return result


def _first_drag() -> float:
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", FIRST_DRAG],
        capture_output=True, text=True, check=True, cwd=ROOT, env=environment,
    )  # fmt: skip
    return float(done.stdout.split()[0])


def by_solving(next_state, reward, terminal, start, theta):
    """The infinite-horizon gradient as usually written: two batched solves, V and occupancy."""
    shifted = np.exp(theta - theta.max(axis=-1, keepdims=True))
    probs = shifted / shifted.sum(axis=-1, keepdims=True)
    probs[:, terminal] = 0.0
    states = np.arange(len(start))
    matrix = np.zeros((len(theta), len(start), len(start)))
    for a in range(ACTIONS):
        matrix[:, states, next_state[:, a]] -= GAMMA * probs[:, :, a]
    matrix[:, states, states] += 1.0
    v = np.linalg.solve(matrix, (probs * reward).sum(axis=-1)[..., None])[..., 0]
    rhs = np.broadcast_to(start, v.shape)[..., None]
    visits = np.linalg.solve(np.swapaxes(matrix, 1, 2), rhs)[..., 0]
    q = reward + GAMMA * v[:, next_state]
    return probs * visits[..., None] * (q - v[..., None])


def _measure(rounds: int) -> None:
    from types import SimpleNamespace

    from pgkit import engine

    next_state, reward, terminal, start = grid("episodic")
    next_state = np.vstack([next_state, np.full((1, ACTIONS), STATES - 1)])  # one more, by itself
    reward = np.vstack([reward, np.zeros((1, ACTIONS))])
    terminal, start = np.append(terminal, False), np.append(start, 0.0)
    world = engine.tables(
        SimpleNamespace(
            next_state=next_state[..., None], reward=reward[..., None], terminal=terminal
        )
    )
    theta = np.random.default_rng(0).normal(size=(POLICIES, STATES, ACTIONS))

    def gradient(backend, horizon=HORIZON):
        return engine.gradient(world, theta, start, gamma=GAMMA, horizon=horizon, backend=backend)[
            1
        ]

    def evaluate(backend):
        return engine.evaluate(world, theta, start, gamma=GAMMA, horizon=HORIZON, backend=backend)

    programs = {
        "gradient, kernel": lambda: gradient("numba"),
        "gradient, twin": lambda: gradient("numpy"),
        "gradient, batched linear solve": lambda: by_solving(
            next_state, reward, terminal, start, theta
        ),
        "J, occupancy and endings, kernel": lambda: evaluate("numba"),
        "J, occupancy and endings, twin": lambda: evaluate("numpy"),
    }
    seconds = {name: [] for name in programs}
    for k in range(rounds + 1):
        for name, program in programs.items():
            begin = time.process_time()
            program()
            if k > 0:
                seconds[name].append(time.process_time() - begin)
    solved = by_solving(next_state, reward, terminal, start, theta)
    found = {
        "seconds": seconds,
        "kernel - twin": float(np.abs(gradient("numba") - gradient("numpy")).max()),
        "kernel - solve": float(np.abs(gradient("numba", 2_000) - solved).max()),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    _measure(int(sys.argv[1]))
