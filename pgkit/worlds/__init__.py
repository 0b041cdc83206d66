"""The worlds of the lecture.  To add one: a file here and a line in WORLDS."""

from __future__ import annotations

from pathlib import Path

from pgkit.worlds.grid import grid_world
from pgkit.worlds.ring_of_fire import ring_of_fire, ring_of_fire_closed
from pgkit.worlds.world import Layout, World

__all__ = ["WORLDS", "Layout", "World", "grid_world", "load_world"]

WORLDS = {
    "ring-of-fire": ring_of_fire,
    "ring-of-fire-closed": ring_of_fire_closed,
}


def load_world(name: str) -> World:
    """A world by its name in WORLDS, or from a text map in a file.

    Raises ValueError for an unknown name, an unreadable file or a bad map.
    """
    if name in WORLDS:
        return WORLDS[name]()
    path = Path(name)
    if not path.is_file():
        raise ValueError(
            f"world = {name!r}, but a world is one of {', '.join(WORLDS)} or the name of a text file"
            f"{', and this is a folder' if path.is_dir() else ' that exists'}"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{name}: the map cannot be read as UTF-8 text ({error})") from error
    return grid_world(text, path.name)
