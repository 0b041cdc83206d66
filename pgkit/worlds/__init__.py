"""The worlds of the lecture.  To add one: a file here and a line in WORLDS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pgkit.types import alike
from pgkit.worlds.baird import baird
from pgkit.worlds.bandit import bandit
from pgkit.worlds.cartpole import cartpole
from pgkit.worlds.century import century
from pgkit.worlds.clouds import clouds_named, clouds_world
from pgkit.worlds.grid import grid_world
from pgkit.worlds.lqr import lqr
from pgkit.worlds.pendulum import pendulum
from pgkit.worlds.random_walk import random_walk
from pgkit.worlds.ring_of_fire import ring_of_fire, ring_of_fire_closed
from pgkit.worlds.scaled_bandit import scaled_bandit
from pgkit.worlds.two_state import two_state
from pgkit.worlds.vector import VectorWorld
from pgkit.worlds.world import Layout, World

__all__ = [
    "WORLDS",
    "Layout",
    "VectorWorld",
    "World",
    "clouds_world",
    "grid_world",
    "in_code",
    "load_world",
]

WORLDS: dict[str, Callable[[], Any]] = {  # each makes a World or a VectorWorld
    "ring-of-fire": ring_of_fire,
    "ring-of-fire-closed": ring_of_fire_closed,
    "bandit": bandit,
    "scaled-bandit": scaled_bandit,
    "two-state": two_state,
    "century": century,
    "clouds": clouds_world,
    "random-walk": random_walk,
    "baird": baird,
    "lqr": lqr,
    "cartpole": cartpole,
    "pendulum": pendulum,
}
GYMNASIUM, CLOUDS = "gymnasium:", "clouds:"


def load_world(name: str) -> Any:
    """A world by its name in WORLDS (- or _ alike), from a text map in a file, or from Gymnasium (gymnasium:ID).

    A name of several lines is a map itself. clouds takes settings in its name: clouds:points=500,weights=9/1.

    Raises ValueError for an unknown name, an unreadable file, a bad map, or an environment that cannot be had.
    """
    if "\n" in name:
        return grid_world(name)
    if name.startswith(GYMNASIUM):
        return _from_gymnasium(name)
    if name.startswith(CLOUDS):
        return clouds_named(name)
    if name.replace("_", "-") in WORLDS:
        return WORLDS[name.replace("_", "-")]()
    path = Path(name)
    if not path.is_file():
        raise ValueError(
            f"world = {name!r}, but a world is one of {', '.join(WORLDS)}, {GYMNASIUM}ID, or the name of a text file"
            f"{', and this is a folder' if path.is_dir() else ' that exists'}"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{name}: the map cannot be read as UTF-8 text ({error})") from error
    return grid_world(text, path.name)


def in_code(world: Any) -> str | None:
    """Python that makes this world again: its name, or grid_world(...) of its map; None if neither does."""
    if world.name.startswith(GYMNASIUM) or isinstance(world, VectorWorld):
        return (
            repr(world.name) if world.name.startswith(GYMNASIUM) or world.name in WORLDS else None
        )
    if world.name in WORLDS or world.name.startswith(CLOUDS):
        return repr(world.name) if alike(world, load_world(world.name)) else None
    if world.layout is None:
        return None
    letters, cols = world.layout.letters, world.layout.cols
    text = "\n".join(letters[i : i + cols] for i in range(0, len(letters), cols))
    made = grid_world(text, world.name, **world.defaults)
    defaults = "".join(f", {name}={value!r}" for name, value in world.defaults.items())
    return f"grid_world({text!r}, {world.name!r}{defaults})" if alike(world, made) else None


def _from_gymnasium(name: str) -> Any:
    try:
        from pgkit.worlds.gymnasium import gymnasium_world
    except ModuleNotFoundError as error:
        if error.name != "gymnasium":
            raise
        raise ValueError(
            f"world = {name!r}, but Gymnasium is not installed; pip install 'pgkit[gym]'"
        ) from error
    return gymnasium_world(name.removeprefix(GYMNASIUM))
