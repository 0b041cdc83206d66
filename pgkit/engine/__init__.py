"""The engine: tabular REINFORCE and its exact values, compiled, with a numpy twin.

It computes what the text of pgkit.algorithms.reinforce says, on softmax tables and deterministic
worlds, tens to hundreds of times faster; tests hold the text, the twin and the kernels equal in
value. Every draw is counted (pgkit.draws), so results do not depend on threads, on how iterations
are spread over calls, or on which runs are trained together.

Axes: B runs · S states · A actions.  Logits must be finite; nothing is written into an argument.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from pgkit.draws import MAX_EPISODES, MAX_HORIZON, thresholds
from pgkit.engine import twin
from pgkit.engine.flat import Tables, supports, tables
from pgkit.engine.warm import compiled, make_ready, ready, warmup, width
from pgkit.types import Array, Float, UInt64

__all__ = [
    "BACKENDS", "Evaluation", "Tables", "evaluate", "gradient", "ready", "supports", "tables",
    "train", "warmup",
]  # fmt: skip

BACKENDS = ("auto", "numba", "numpy")
_BLOCK = 32  # policies side by side in the exact kernels: more than a vector, less than the cache
_ROOM = 2**24  # numbers kept at a time
_CHUNKS = 4  # pieces of work a thread: one that is held up leaves the rest to the others


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Policies scored exactly within the horizon T.

    expected_return  Float [B]     J
    occupancy        Float [B, S]  Σ_{t<T} γ^t P(s_t = s), over states that are not terminal
    absorbed         Float [B, S]  P(s_T = s) in terminal states: where episodes have ended
    """

    expected_return: Float[Array, "B"]
    occupancy: Float[Array, "B S"]
    absorbed: Float[Array, "B S"]


def train(
    tables: Tables,
    theta: Float[Array, "B S A"],
    start: Float[Array, "S"],
    keys: UInt64[Array, "B"],
    first_iteration: int,
    iterations: int,
    *,
    alpha: float,
    gamma: float,
    horizon: int,
    episodes: int,
    threads: int = 1,
    backend: str = "auto",
) -> tuple[Float[Array, "B S A"], Float[Array, "iterations B"], int]:
    """θ ← θ + α (1/N) Σ_τ Σ_t ∇_θ log π_θ(a_t|s_t) Q̂_t, `iterations` times.

    Parameters
    ----------
    tables : the world.
    theta : logits, finite.
    start : probabilities of the start states, none of them terminal.
    keys : one for each run (pgkit.draws.run_keys).
    first_iteration : the counter k of the first iteration; 50 calls of one are one call of 50.
    alpha, gamma : step size and discount.
    horizon, episodes : T, after which a trajectory is cut off without a bootstrap, and N.
    threads : Python threads over the runs (compiled kernel only).
    backend : "numba" waits for the compiled kernel if it must, "numpy" is the twin, "auto" takes the
        kernel if it is ready and otherwise the twin, while a background thread compiles.

    Returns
    -------
    theta after the iterations, the mean of Q̂_0 over the trajectories of each iteration, and how many
    steps all runs took in the world.
    """
    theta = _finite(theta)
    assert 0 < episodes <= MAX_EPISODES, episodes
    assert 0 < horizon <= MAX_HORIZON, horizon
    limits, keys = thresholds(start), np.array(keys, dtype=np.uint64)
    if _twin_serves("train", tables, backend):
        parts = [
            twin.train(
                tables, theta[some], limits, keys[some], first_iteration, iterations,
                alpha=alpha, gamma=gamma, horizon=horizon, episodes=episodes,
            )
            for some in _pieces(len(theta), episodes * horizon)
        ]  # fmt: skip
        thetas, means, steps = zip(*parts, strict=True)
        return np.concatenate(thetas), np.concatenate(means, axis=1), sum(steps)
    runs = len(theta)
    new = theta.reshape(runs, -1).copy()
    mean_return, steps = np.empty((runs, iterations)), np.zeros(runs, dtype=np.int64)
    span, knobs = (int(first_iteration), int(iterations)), (float(alpha), float(gamma))
    sizes, reward = (int(horizon), int(episodes)), tables.reward.ravel()
    guide = np.searchsorted(limits, np.arange(256, dtype=np.uint32) << 24, side="right")
    kernel, of_length = compiled().train, width(tables.n_actions)

    def some(chunk: slice) -> None:
        kernel(
            of_length, new[chunk], tables.next_at, reward, tables.terminal, limits, guide, keys[chunk],
            span, knobs, sizes, mean_return[chunk], steps[chunk],
        )  # fmt: skip

    if threads == 1:
        some(slice(0, runs))
    else:
        size = max(1, -(-runs // (threads * _CHUNKS)))
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(some, [slice(b, b + size) for b in range(0, runs, size)]))
    return new.reshape(theta.shape), np.ascontiguousarray(mean_return.T), int(steps.sum())


def evaluate(
    tables: Tables,
    theta: Float[Array, "B S A"],
    start: Float[Array, "S"],
    *,
    gamma: float,
    horizon: int,
    backend: str = "auto",
) -> Evaluation:
    """J, discounted visits and where episodes have ended, exactly, of the softmax policies θ."""
    theta, start = _finite(theta), np.array(start, dtype=np.float64)
    if _twin_serves("evaluate", tables, backend):
        return Evaluation(*twin.evaluate(tables, theta, start, gamma, horizon))
    value, occupancy, absorbed = _exact("evaluate", tables, theta, start, gamma, horizon, 2)
    return Evaluation(value, occupancy, absorbed)


def gradient(
    tables: Tables,
    theta: Float[Array, "B S A"],
    start: Float[Array, "S"],
    *,
    gamma: float,
    horizon: int,
    backend: str = "auto",
) -> tuple[Float[Array, "B"], Float[Array, "B S A"]]:
    """J and its exact gradient ∂J/∂θ within the horizon.

    With the factors γ^t, which the sampled gradient of `train` leaves out, as is usual.
    """
    theta, start = _finite(theta), np.array(start, dtype=np.float64)
    if _twin_serves("gradient", tables, backend):
        pieces = _pieces(len(theta), (horizon + tables.n_actions) * tables.n_states)
        parts = [twin.gradient(tables, theta[some], start, gamma, horizon) for some in pieces]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    value, grad = _exact("gradient", tables, theta, start, gamma, horizon, 0)
    return value, grad.reshape(theta.shape)


def _exact(name, tables, theta, start, gamma, horizon, per_state) -> tuple[Array, ...]:
    runs, states, actions = theta.shape
    shapes = [(runs, states)] * per_state or [(runs, states * actions)]
    value, written = np.zeros(runs), [np.zeros(shape) for shape in shapes]
    room = horizon * states if name == "gradient" else 1  # a policy's values at all times
    block = max(1, min(runs, _BLOCK, _ROOM // room))
    getattr(compiled(), name)(
        width(actions), theta.reshape(runs, -1), tables.next_at, tables.reward.ravel(), tables.live,
        start, float(gamma), int(horizon), block, value, *written,
    )  # fmt: skip
    return value, *written


def _pieces(runs: int, numbers: int) -> list[slice]:
    """The runs in pieces, so that `numbers` of each fit into memory whatever the knobs say."""
    size = max(1, _ROOM // numbers)
    return [slice(b, b + size) for b in range(0, runs, size)]


def _finite(theta: Float[Array, "B S A"]) -> Float[Array, "B S A"]:
    """A contiguous float64 copy. NaN or infinite logits make no policy, and are refused."""
    theta = np.array(theta, dtype=np.float64, order="C")
    if not np.isfinite(theta).all():
        b, s, a = (int(i) for i in np.argwhere(~np.isfinite(theta))[0])
        raise ValueError(
            f"theta[{b}, {s}, {a}] = {theta[b, s, a]}, but logits must be finite; "
            "use ±1000 for an action that is certain or impossible"
        )
    return theta


def _twin_serves(name: str, tables: Tables, backend: str) -> bool:
    if backend not in BACKENDS:
        raise ValueError(f"backend = {backend!r}, but it must be one of {', '.join(BACKENDS)}")
    if backend == "numpy":
        return True
    if backend == "numba":
        make_ready(name, tables.n_actions)
    elif not ready(tables.n_actions, name):
        warmup(tables.n_actions)
    return not ready(tables.n_actions, name)
