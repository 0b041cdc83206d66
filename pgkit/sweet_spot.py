"""Where AWR's β works: 27 experiments of 100 runs in the closed Ring of Fire, stored, and how to run one again."""

from __future__ import annotations

from pgkit.algorithms import AWR
from pgkit.resets import RESETS
from pgkit.run import Run
from pgkit.worlds import load_world

RUNS, SEED, ITERATIONS = 100, 20_261_129, 40
BETAS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 20.0)  # of standardised advantages, clip 20
# start -> for each of BETAS: of 100 runs, how many reach +100, and their mean J from S
MEASURED: dict[str, tuple[tuple[int, float], ...]] = {
    "expert": (
        (86, 38.8), (91, 41.3), (98, 45.1), (99, 46.0), (100, 47.3),
        (100, 47.2), (100, 46.4), (4, 18.1), (0, -0.8),
    ),
    "uniform": (
        (75, 32.8), (88, 36.4), (99, 40.6), (99, 42.4), (100, 43.7),
        (99, 44.8), (92, 41.4), (2, 10.4), (0, -1.7),
    ),
    "nominal": (
        (30, 12.8), (31, 14.1), (32, 14.6), (42, 18.8), (48, 21.4),
        (61, 27.2), (71, 30.9), (14, 17.4), (0, -0.2),
    ),
}  # fmt: skip


def measure(start: str, beta: float) -> tuple[int, float]:
    """(runs of 100 that reach +100, mean J from S) after 40 iterations of 64 rollouts, in about 5 seconds.

    Raises ValueError for a start that is not one of MEASURED; any β that AWR takes will do.
    """
    if start not in RESETS:
        raise ValueError(f"start = {start!r}, but it must be one of {', '.join(RESETS)}")
    world = load_world("ring-of-fire-closed")
    algorithm = AWR(beta=beta)
    mu = None if start == "nominal" else RESETS[start](world, algorithm.gamma)
    run = Run(algorithm, world, mu=mu, runs=RUNS, seed=SEED)
    score = run.advance(ITERATIONS).history[-1]
    return int(score.reached["G"].sum()), round(float(score.expected_return.mean()), 1)
