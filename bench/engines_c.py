"""Plain C, compiled here and now: the yardstick."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from workload import ACTIONS, START, Size, grid

FLAGS = ["-O3", "-march=native", "-ffast-math"]


def _build():
    target = Path(tempfile.mkdtemp()) / "tabular.so"
    source = Path(__file__).with_name("tabular.c")
    subprocess.run(
        ["gcc", *FLAGS, "-shared", "-fPIC", "-o", str(target), str(source), "-lm"], check=True
    )
    return ctypes.CDLL(str(target)).train


_train = _build()
VERSIONS = {
    "gcc": subprocess.run(
        ["gcc", "-dumpfullversion"], capture_output=True, text=True, check=True
    ).stdout.strip(),
    "gcc flags": " ".join(FLAGS),
}


def trainer(lanes: int):
    def run(mode: str, size: Size, seed: int):
        next_state, reward, terminal, start = grid(mode, size.copies)
        after = np.where(terminal[next_state], -1 - next_state, next_state).astype(np.int32)
        reward = reward.astype(np.float32)
        theta = np.zeros((size.runs, len(start), ACTIONS), np.float32)
        last = np.zeros(size.runs, np.float32)
        pointers = [ctypes.c_void_p(x.ctypes.data) for x in (after, reward, theta, last)]
        _train(
            lanes, len(start), pointers[0], pointers[1], START, size.runs, size.episodes, size.horizon,
            size.iterations, ctypes.c_float(size.alpha), ctypes.c_float(size.gamma),
            ctypes.c_uint64(seed), pointers[2], pointers[3],
        )  # fmt: skip
        return theta, last, None

    return run


ENGINES = {"C": trainer(0), "C, in step": trainer(1)}
