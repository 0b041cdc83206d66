"""Reset distributions μ(s): where rollouts start, if not where the task starts.

μ [S] is a distribution over the states that an episode may start in. What the lecture calls
"nominal" is the world's own start; "uniform" covers everything; "expert" is where an optimal policy
goes, the best cover there is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pgkit import exact
from pgkit.types import Array, Float
from pgkit.worlds.world import World


def nominal(world: World, gamma: float) -> Float[Array, "S"]:
    """The world's own start distribution."""
    return world.start


def uniform(world: World, gamma: float) -> Float[Array, "S"]:
    """Equally likely in every state that an episode may start in."""
    return world.startable / world.startable.sum()


def expert(world: World, gamma: float) -> Float[Array, "S"]:
    """μ = d_π* / Σ d_π*: where the optimal policy goes (ties equally likely)."""
    visits = exact.occupancy(world, exact.optimal_policy(world, gamma), gamma)
    return visits / visits.sum()


RESETS: dict[str, Callable[[World, float], Array]] = {
    "nominal": nominal,
    "uniform": uniform,
    "expert": expert,
}


def check_mu(world: World, mu) -> Float[Array, "S"]:
    """μ as a distribution [S] that sums to 1; masses may be given in any unit.

    Raises ValueError for a wrong shape, numbers that are not finite or negative, no mass at all, or
    mass where no episode can start (naming the cell).
    """
    try:
        mass = np.asarray(mu, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"mu = {mu!r}, but μ must be an array of {world.n_states} numbers"
        ) from error
    shapes: list[tuple[int, ...]] = [(world.n_states,)]
    if world.layout is not None:
        shapes.append((world.layout.rows, world.layout.cols))
    if mass.shape not in shapes:
        raise ValueError(
            f"mu has shape {mass.shape}, but μ over {world.name} must have shape "
            f"{' or '.join(map(str, shapes))}: one number for each state"
        )
    mass = mass.ravel()
    for wrong, rule in (
        (~np.isfinite(mass), "every mass must be finite"),
        (mass < 0, "no mass may be negative; use 0 for cells that are never a start"),
        (
            (mass != 0) & world.terminal,
            "an episode cannot start in a terminal state; put the mass beside it",
        ),
        ((mass != 0) & world.wall, "an episode cannot start in a wall; put the mass beside it"),
    ):
        if wrong.any():
            s = int(np.flatnonzero(wrong)[0])
            raise ValueError(f"mu = {mass[s]:g} at {world.describe(s)}, but {rule}")
    if not mass.any():
        raise ValueError(
            "mu is zero everywhere, but rollouts must start somewhere; give at least one state mass"
        )
    mass = mass / mass.max()  # so that masses near the largest float do not overflow in the sum
    return mass / mass.sum()


def mixture(world: World, mu: Float[Array, "S"], mix: float) -> Float[Array, "S"]:
    """μ_w = (1-w)·nominal + w·μ."""
    return (1 - mix) * world.start + mix * mu


def load_reset(name: str, world: World, gamma: float) -> Float[Array, "S"]:
    """A reset distribution by its name in RESETS, or from a file of numbers.

    The file has a row of numbers for each row of the map (or one number for each state), separated
    by blanks or commas; any unit will do. Raises ValueError that names file, line and column.
    """
    if name in RESETS:
        return RESETS[name](world, gamma)
    path = Path(name)
    if not path.is_file():
        raise ValueError(
            f"reset = {name!r}, but a reset distribution is one of {', '.join(RESETS)} or the name of "
            f"a file of numbers{', and this is a folder' if path.is_dir() else ' that exists'}"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{name}: cannot be read as UTF-8 text ({error})") from error
    rows = []
    for i, line in enumerate(text.splitlines(), start=1):
        words = line.replace(",", " ").split()
        for j, word in enumerate(words, start=1):
            try:
                float(word)
            except ValueError:
                raise ValueError(
                    f"{name}: line {i}, number {j}: {word!r} is not a number"
                ) from None
        if words:
            rows.append([float(word) for word in words])
        if rows and words and len(words) != len(rows[0]):
            raise ValueError(
                f"{name}: line {i}: {len(words)} numbers, but the first line has {len(rows[0])}"
            )
    if not rows:
        raise ValueError(f"{name}: the file holds no numbers; give one for each cell of the map")
    table = np.array(rows)
    try:
        return check_mu(world, table.ravel() if 1 in table.shape else table)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
