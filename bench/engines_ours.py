"""pgkit's own engines: the compiled kernel, on one and on two threads, and its numpy twin."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

import numba
import numpy as np
from workload import ACTIONS, Size, grid

from pgkit import engine
from pgkit.draws import run_keys

VERSIONS = {"numpy": np.__version__, "numba": numba.__version__}


@lru_cache
def tables(mode: str, copies: int):
    next_state, reward, terminal, start = grid(mode, copies)
    world = SimpleNamespace(
        next_state=next_state[..., None], reward=reward[..., None], terminal=terminal
    )
    return engine.tables(world), start


def trainer(backend: str, threads: int):
    def run(mode: str, size: Size, seed: int):
        world, start = tables(mode, size.copies)
        theta, mean_return, _ = engine.train(
            world, np.zeros((size.runs, len(start), ACTIONS)), start, run_keys(seed, size.runs),
            0, size.iterations, alpha=size.alpha, gamma=size.gamma, horizon=size.horizon,
            episodes=size.episodes, threads=threads, backend=backend,
        )  # fmt: skip
        return theta, mean_return[-1], None

    return run


ENGINES = {
    "numba": trainer("numba", 1),
    "numba, 2 threads": trainer("numba", 2),
    "twin": trainer("numpy", 1),
}
