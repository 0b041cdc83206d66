"""Two clouds of points to classify, as a world of one step: what supervised learning looks like to the algorithms.

A state is a point, an action says its label, and the right label pays the point's weight.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pgkit.draws import Draws, run_keys
from pgkit.types import Array
from pgkit.worlds.predictors import clouds
from pgkit.worlds.world import World

NAME = "clouds"
FORM = "clouds:points=500,distance=4,weights=9/1,seed=3"


def clouds_world(
    points: int = 200,
    distance: float | int = 2.0,
    weights: Sequence | Array = (1.0, 1.0),
    seed: int = 0,
) -> World:
    """The points of pgkit.worlds.predictors.clouds, each a state; the last state is the end.

    The right label c pays weights[c], the wrong one nothing. A rollout draws one of the points, and an
    optimal policy, which Supervised imitates, says the right label. features [S, 3] are (1, x₁, x₂),
    for the policy logistic(world.features). The name says what is not as usual, so that
    load_world(world.name) makes the same world.

    Raises ValueError for fewer than two points, anything but two finite weights, a distance that is not
    finite, or a negative seed.
    """
    count, gap, pays, from_seed = _checked(points, distance, weights, seed)
    D = clouds(Draws(run_keys(from_seed, 1)), count, pays, gap)
    states, labels = count + 1, D.a[0]
    reward = np.zeros((states, 2, 1))
    reward[np.arange(count), labels, 0] = D.q_hat[0]
    ends = np.arange(states) == count
    features = np.column_stack([np.ones(count), D.s[0]])
    return World(
        name=_name(count, gap, pays, from_seed),
        next_state=np.full((states, 2, 1), count),
        prob=np.ones((states, 2, 1)),
        reward=reward,
        terminal=ends,
        wall=np.zeros(states, dtype=bool),
        start=np.where(ends, 0.0, 1 / count),
        actions=("label 0", "label 1"),
        states=(*(f"point {i}" for i in range(count)), "the end"),
        features=np.vstack([features, np.zeros(3)]),
        defaults={"alpha": 1.0, "gamma": 1.0, "episodes": count, "horizon": 1},
    )


def clouds_named(name: str) -> World:
    """The world of that name, such as clouds:points=500,weights=9/1.  ValueError says the form."""
    given: dict[str, str] = {}
    for part in filter(None, name.partition(":")[2].split(",")):
        key, equals, value = part.partition("=")
        if key.strip() not in ("points", "distance", "weights", "seed") or not equals:
            raise ValueError(f"world = {name!r}, but {part!r} is not of the form {FORM}")
        given[key.strip()] = value.strip()
    try:
        points, seed = int(given.get("points", "200")), int(given.get("seed", "0"))
        distance = float(given.get("distance", "2"))
        weights = [float(w) for w in given.get("weights", "1/1").split("/")]
    except ValueError as error:
        raise ValueError(f"world = {name!r}, but {error}; the form is {FORM}") from error
    return clouds_world(points, distance, weights, seed)


def _checked(points, distance, weights, seed) -> tuple[int, float, tuple[float, float], int]:
    pays = np.asarray(weights, dtype=np.float64)
    if pays.shape != (2,) or not np.isfinite(pays).all():
        raise ValueError(f"weights = {weights!r}, but each of the two labels needs a finite weight")
    if points != int(points) or points < 2:
        raise ValueError(f"points = {points!r}, but two clouds need a whole number, at least 2")
    if not np.isfinite(distance):
        raise ValueError(f"distance = {distance!r}, but the clouds' distance must be finite")
    if seed != int(seed) or seed < 0:
        raise ValueError(f"seed = {seed!r}, but a seed is a whole number from 0 on")
    return int(points), float(distance), (float(pays[0]), float(pays[1])), int(seed)


def _name(points: int, distance: float, weights: tuple[float, float], seed: int) -> str:
    """What is not as usual, in a form that clouds_named reads back to the last digit."""
    told = {
        "points": (points, 200, str(points)),
        "distance": (distance, 2.0, _plain(distance)),
        "weights": (weights, (1.0, 1.0), "/".join(map(_plain, weights))),
        "seed": (seed, 0, str(seed)),
    }
    other = [f"{key}={text}" for key, (now, usual, text) in told.items() if now != usual]
    return ":".join([NAME, ",".join(other)]) if other else NAME


def _plain(x: float) -> str:
    return str(int(x)) if x == int(x) else repr(x)
