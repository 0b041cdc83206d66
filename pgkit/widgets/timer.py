"""Timers for the room: think-pair-share with the lecture's timings, and the recap in 60 seconds.

They count in the browser and need no kernel once shown; in a rendered page the steps stand as a list.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import anywidget
import traitlets

_ESM = (Path(__file__).parent / "timer.mjs").read_text(encoding="utf-8")


class _Countdown(anywidget.AnyWidget):
    _esm = _ESM
    title = traitlets.Unicode().tag(sync=True)
    steps = traitlets.List().tag(sync=True)


class Timer:
    """Steps with their seconds (None: no clock).  Shown as a cell's last expression."""

    def __init__(self, title: str, steps: list[tuple[str, int | None, str]]) -> None:
        self.title, self.steps = title, steps
        self.view = _Countdown(
            title=title, steps=[{"name": n, "seconds": s, "text": t} for n, s, t in steps]
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None):
        said = [f"{n}{f' ({s} s)' if s else ''}: {t}" for n, s, t in self.steps]
        items = "".join(f"<li>{html.escape(line)}</li>" for line in said)
        made = self.view._repr_mimebundle_()
        data, metadata = made if isinstance(made, tuple) else (made, {})
        page = f"<p><b>{html.escape(self.title)}</b></p><ol>{items}</ol>"
        return {
            **(data or {}), "text/html": page, "text/plain": "\n".join([self.title, *said]),
        }, metadata  # fmt: skip


def think_pair_share(question: str) -> Timer:
    """The lecture's activity: think 30 s, find a partner, share 45 s."""
    return Timer(
        "Think-Pair-Share",
        [
            ("Think", 30, question),
            ("Pair", None, "Find a partner. Alone? Take the other side of your own idea."),
            ("Share", 45, "Exchange ideas. Agree on the one you would bet on."),
        ],
    )


def recap(seconds: int, lines: list[str]) -> Timer:
    """Say it aloud before the clock runs out."""
    return Timer("Recap: say it aloud", [("Say", seconds, " · ".join(lines))])
