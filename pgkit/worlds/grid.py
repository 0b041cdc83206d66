"""Grid worlds from text art, deterministic, four actions (up, right, down, left).

    .  floor        S  the nominal start (floor)     #  wall
    F  fire: reward -10, the episode ends            f  fire that burns (-10) but lets you walk on
    e  exit: reward +1, the episode ends             G  goal: reward +100, the episode ends

The reward is paid on entering a cell. Moving off the map or into a wall leaves you where you are
(and, on a burning cell, burns you again).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from pgkit.knobs import Knob
from pgkit.worlds.world import Layout, World

ACTIONS = ("up", "right", "down", "left")
_MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
REWARD = {"F": -10.0, "f": -10.0, "e": 1.0, "G": 100.0}
TERMINAL = "FeG"
GOALS = "Ge"
LETTERS = ".S#FfeG"
MAX_CELLS = 2500
PAY = Knob("pay", 0.0, -1000.0, 1000.0, "r", "reward", "what entering a cell of this letter pays")


def grid_world(text: str, name: str = "map", **defaults: float) -> World:
    """Build a world from text art.

    Raises ValueError, with line and column, for an unknown letter, a ragged line, no start, no goal,
    a goal that cannot be reached from the start, or more than 2500 cells.
    """
    lines, above = _checked_lines(text, name)
    rows, cols = len(lines), len(lines[0])
    letters = "".join(lines)
    cells = np.array(list(letters))
    is_wall = cells == "#"
    terminal = np.isin(cells, list(TERMINAL))

    here = np.arange(rows * cols)
    row, col = here // cols, here % cols
    next_state = np.empty((rows * cols, len(_MOVES)), dtype=np.int64)
    for a, (down, right) in enumerate(_MOVES):
        r, c = row + down, col + right
        inside = (r >= 0) & (r < rows) & (c >= 0) & (c < cols)
        there = np.where(inside, r * cols + c, here)
        next_state[:, a] = np.where(is_wall[there] | terminal | is_wall, here, there)

    _check_goals_reachable(cells, next_state, cols, above, name)
    start = (cells == "S") / np.sum(cells == "S")
    world = World(
        name=name,
        next_state=next_state[..., None],
        prob=np.ones((rows * cols, len(_MOVES), 1)),
        reward=np.zeros((rows * cols, len(_MOVES), 1)),
        terminal=terminal,
        wall=is_wall,
        start=start,
        goals={g: cells == g for g in GOALS if (cells == g).any()},
        actions=ACTIONS,
        layout=Layout(rows, cols, letters),
        defaults=defaults,
    )
    return repaid(world, {letter: pay for letter, pay in REWARD.items() if letter in letters})


def pay_of(world: World) -> dict[str, float]:
    """letter -> what entering a cell of it pays, for the letters of the map that pay at all."""
    cells, ends = np.array(list(world.grid.letters)), world.terminal | world.wall
    found = {}
    for letter in REWARD:
        enters = (cells == letter)[world.next_state] & ~ends[:, None, None]
        if enters.any():
            found[letter] = float(world.reward[enters].max())
    return found


def repaid(world: World, pay: Mapping[str, Any]) -> World:
    """The same map where entering a cell pays otherwise: {letter: reward}; other letters pay what they did.

    Raises ValueError for a letter that is not on the map or pays nothing, and a reward beyond ±1000.
    """
    cells, ends = np.array(list(world.grid.letters)), world.terminal | world.wall
    reward = world.reward.copy()
    for letter, value in pay.items():
        if letter not in REWARD or not (cells == letter).any():
            known = ", ".join(sorted(set(world.grid.letters) & set(REWARD)))
            raise ValueError(
                f"pay = {{{letter!r}: {value!r}}}, but on the map {world.name!r} what can pay is {known}"
            )
        enters = (cells == letter)[world.next_state] & ~ends[:, None, None]
        reward[enters] = PAY.check(value)
    return replace(world, reward=reward)


def _checked_lines(text: str, name: str) -> tuple[list[str], int]:
    """The lines of the map, and how many blank lines stand above it."""
    lines = [line.rstrip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    above = next((i for i, line in enumerate(lines) if line), 0)  # they count in messages
    lines = lines[above:]
    if not lines:
        raise ValueError(f"{name}: the map is empty; draw it with the letters {LETTERS}")
    for i, line in enumerate(lines, start=above + 1):
        for j, letter in enumerate(line, start=1):
            if letter not in LETTERS:
                raise ValueError(
                    f"{name}: line {i}, column {j}: unknown letter {letter!r}; "
                    f"a map is drawn with {' '.join(LETTERS)}"
                )
        if len(line) != len(lines[0]):
            raise ValueError(
                f"{name}: line {i}, column {min(len(line), len(lines[0])) + 1}: "
                f"the line has {len(line)} letters, the first one {len(lines[0])}; "
                "all lines must be equally long"
            )
    if len(lines) * len(lines[0]) > MAX_CELLS:
        raise ValueError(
            f"{name}: line {len(lines)}, column {len(lines[0])}: the map has "
            f"{len(lines) * len(lines[0])} cells; at most {MAX_CELLS} are allowed, draw a smaller one"
        )
    for needed, meaning in (("S", "a start"), (GOALS, "a goal")):
        if not any(letter in needed for line in lines for letter in line):
            raise ValueError(
                f"{name}: line 1, column 1 to line {len(lines)}, column {len(lines[0])}: the map has "
                f"no letter {' or '.join(needed)}; it needs {meaning}"
            )
    return lines, above


def _check_goals_reachable(
    cells: np.ndarray, next_state: np.ndarray, cols: int, above: int, name: str
) -> None:
    reached = cells == "S"
    while True:
        grown = reached.copy()
        grown[next_state[reached]] = True
        if (grown == reached).all():
            break
        reached = grown
    for s in np.flatnonzero(np.isin(cells, list(GOALS)) & ~reached):
        raise ValueError(
            f"{name}: line {s // cols + 1 + above}, column {s % cols + 1}: the goal {str(cells[s])!r} cannot be "
            "reached from S; open a way that does not lead through # or through F, e or G, where an "
            "episode ends"
        )
