"""Compiling the kernels without anybody waiting: a background thread, and who is ready.

A kernel is compiled once for each number of actions (its loops over actions are unrolled), which
takes seconds the first time on a machine and a moment from then on, when it is read from disk.
"""

from __future__ import annotations

import atexit
import importlib
import threading
from typing import Any

import numpy as np

from pgkit.engine.flat import Tables

USUAL_ACTIONS = 4
KERNELS = ("train", "evaluate", "gradient")  # in the order in which a live lab needs them

_ready: set[tuple[str, int]] = set()
_threads: dict[int, threading.Thread] = {}
_failed: dict[int, BaseException] = {}
_starting, _compiling = threading.Lock(), threading.Lock()
_leaving = threading.Event()


def warmup(n_actions: int = USUAL_ACTIONS, *, block: bool = False) -> None:
    """Compile the kernels for worlds with this many actions, or load them from disk.

    Parameters
    ----------
    block : wait until they are ready; otherwise a background thread does it and this returns at once.

    Raises
    ------
    Whatever stopped the compilation, if `block`. Without it, `backend="auto"` stays with the twin.
    """
    with _starting:
        if n_actions not in _threads:
            name = f"pgkit-warmup-{n_actions}"
            thread = threading.Thread(target=_warm, args=(n_actions,), name=name, daemon=True)
            _threads[n_actions] = thread
            thread.start()
    if block:
        _threads[n_actions].join()
        if n_actions in _failed:
            raise _failed[n_actions]


def make_ready(kernel: str, n_actions: int) -> None:
    """Compile one kernel here and now, unless it is ready."""
    with _compiling:
        if not ready(n_actions, kernel):
            getattr(compiled(), kernel)(*_example(kernel, n_actions))
            _ready.add((kernel, n_actions))


def ready(n_actions: int = USUAL_ACTIONS, kernel: str = "train") -> bool:
    """Can this kernel be called without waiting?"""
    return (kernel, n_actions) in _ready


def compiled() -> Any:
    """The module of compiled kernels, imported when first needed: numba takes a while."""
    return importlib.import_module("pgkit.engine.kernels")


def width(n_actions: int) -> tuple[int, ...]:
    """The number of actions as the length of a tuple, which is a constant to the compiler."""
    return (0,) * n_actions


def _warm(n_actions: int) -> None:
    try:
        for name in KERNELS:
            if _leaving.is_set():
                return
            make_ready(name, n_actions)
    except BaseException as error:  # kept for whoever waits; nobody else is harmed: the twin serves
        _failed[n_actions] = error


def _example(name: str, actions: int) -> tuple[Any, ...]:
    """The smallest arguments of the right types: one live state that leads to itself."""
    one = Tables(
        next_state=np.zeros((1, actions), np.int64),
        reward=np.zeros((1, actions)),
        terminal=np.zeros(1, dtype=bool),
        next_at=np.zeros(actions, np.uint32),
        live=np.zeros(1, np.int64),
    )
    theta, world = np.zeros((1, actions)), (one.next_at, one.reward.ravel())
    if name == "train":
        draws = (np.zeros(0, np.uint32), np.zeros(256, np.int64), np.zeros(1, np.uint64))
        return (
            width(actions),
            theta,
            *world,
            one.terminal,
            *draws,
            (0, 1),
            (0.1, 1.0),
            (1, 1),
            np.zeros((1, 1)),
            np.zeros(1, np.int64),
        )
    given = (width(actions), theta, *world, one.live, np.ones(1), 1.0, 1, 1, np.zeros(1))
    if name == "evaluate":
        return (*given, np.zeros((1, 1)), np.zeros((1, 1)))
    return (*given, np.zeros((1, actions)))


@atexit.register
def _leave() -> None:
    """Let a compilation that is under way end: cutting it off inside the compiler can abort Python."""
    _leaving.set()
    for thread in _threads.values():
        thread.join()
