"""A wheel carries the chapters' scripts, for the notes of the lecture view, and no problem set's, which has answers."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Chapters(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        for path in sorted(Path(self.root, "course").glob("[0-9][0-9]_*.py")):
            build_data["force_include"][str(path)] = f"pgkit/material/course/{path.name}"
