"""The workload that every engine trains: an 11 x 11 grid, and how large the job is.

Start (10, 5); +1 on entering (10, 8); -10 on the eight neighbours of +100 at (5, 5); four actions.
Full-live: the two goals send you back to the start, so every one of the horizon's steps is taken.
Episodic: they end the episode. numpy only: this file is read in both environments.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np

SIDE, ACTIONS = 11, 4
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
MODES = ("full-live", "episodic")
START, SMALL, LARGE = 10 * SIDE + 5, 10 * SIDE + 8, 5 * SIDE + 5
FIRE = [(5 + i) * SIDE + 5 + j for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
UNIFORM_J = {"full-live": 1.362, "episodic": 1.174}  # of the uniform policy, exact, to 4 digits


@dataclass(frozen=True)
class Size:
    """runs B, trajectories N, horizon T, iterations; and copies of the grid that nobody enters."""

    runs: int = 64
    episodes: int = 32
    horizon: int = 40
    iterations: int = 200
    alpha: float = 0.05
    gamma: float = 1.0
    copies: int = 1

    @property
    def slots(self) -> int:
        """Steps, if no episode ends early."""
        return self.runs * self.episodes * self.horizon * self.iterations

    def but(self, **changes) -> Size:
        return replace(self, **changes)

    def as_dict(self) -> dict:
        return asdict(self)


def grid(mode: str, copies: int = 1):
    """(next_state [S, A], reward [S, A], terminal [S], start [S])."""
    cells = SIDE * SIDE
    paid = np.zeros(cells)
    paid[SMALL], paid[LARGE], paid[FIRE] = 1.0, 100.0, -10.0
    row, col = np.divmod(np.arange(cells), SIDE)
    next_state = np.stack(
        [
            np.clip(row + down, 0, SIDE - 1) * SIDE + np.clip(col + right, 0, SIDE - 1)
            for down, right in MOVES
        ],
        axis=-1,
    )
    reward = paid[next_state]
    terminal = np.zeros(cells, dtype=bool)
    goals = [SMALL, LARGE]
    if mode == "episodic":
        terminal[goals] = True
        next_state[goals] = np.array(goals)[:, None]
        reward[goals] = 0.0
    else:
        next_state[np.isin(next_state, goals)] = START
    offset = np.arange(copies)[:, None, None] * cells
    next_state = (next_state + offset).reshape(-1, ACTIONS)
    start = np.zeros(copies * cells)
    start[START] = 1.0
    return next_state, np.tile(reward, (copies, 1)), np.tile(terminal, copies), start
