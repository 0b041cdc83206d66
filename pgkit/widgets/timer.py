"""Timers for the room: think-pair-share with the lecture's timings, and the recap in 60 seconds.

The clock runs in the browser; the kernel only keeps the notes, in `notes.json` beside the notebook. In a
rendered page the steps stand as a list.
"""

from __future__ import annotations

import hashlib
import html
import json
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from pgkit.files import write_beside
from pgkit.glossary import typeset
from pgkit.widgets.cards import bundle

LEDGER = "notes.json"
LONGEST = 3600  # seconds of a step
_HERE = Path(__file__).parent
_ESM = (_HERE / "timer.mjs").read_text(encoding="utf-8")
_CSS = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("lab.css", "timer.css"))


class _Countdown(anywidget.AnyWidget):
    _esm = _ESM
    _css = _CSS
    kind = traitlets.Unicode().tag(sync=True)  # steps, or recap
    title = traitlets.Unicode().tag(sync=True)
    key = traitlets.Unicode().tag(sync=True)
    place = traitlets.Unicode().tag(sync=True)  # tells the notes of two folders apart
    steps = traitlets.List().tag(sync=True)
    notes = traitlets.Dict().tag(sync=True)  # step's name -> text
    problem = traitlets.Unicode().tag(sync=True)


class Timer:
    """Steps with their seconds (None: no clock).  Shown as a cell's last expression.

    title : what stands above; for think-pair-share the question.
    steps : (name, seconds or None, text).   kind : "steps", or "recap": its lines are ticked off.
    ledger : the file of notes, {key: {"title", "notes": {step: text}}}.
    """

    def __init__(
        self,
        title: str,
        steps: Sequence[tuple[str, int | None, str]],
        *,
        key: str,
        kind: str = "steps",
        lines: Sequence[str] = (),
        ledger: str | Path = LEDGER,
    ) -> None:
        self.title, self.steps, self.lines = title, list(steps), list(lines)
        self._ledger = Path(ledger)
        shown: list[dict[str, Any]] = [{"name": n, "seconds": s, "text": t} for n, s, t in steps]
        if kind == "recap":
            shown[0]["lines"] = [typeset(line) for line in self.lines]
        place = hashlib.sha256(str(self._ledger.resolve()).encode()).hexdigest()[:12]
        self.view = _Countdown(kind=kind, title=title, key=key, place=place, steps=shown)
        self.view.notes = self._kept()
        self.view.observe(lambda change: self._keep(change["new"]), "notes")

    def _kept(self) -> dict[str, str]:
        entry = self._read().get(self.view.key, {})
        notes = entry.get("notes") if isinstance(entry, dict) else None
        return {str(k): str(v) for k, v in notes.items()} if isinstance(notes, dict) else {}

    def _read(self) -> dict[str, Any]:
        """All notes.  A damaged file is put aside under another name, never written over."""
        try:
            entries = json.loads(self._ledger.read_text(encoding="utf-8"))
            if not isinstance(entries, dict):
                raise ValueError("not a ledger")
        except OSError:  # none yet, or none that can be read; writing will say why
            return {}
        except ValueError:
            aside = self._ledger.with_suffix(".broken.json")
            with suppress(OSError):
                self._ledger.replace(aside)
            self.view.problem = f"{self._ledger.name} was damaged; it is kept as {aside.name}"
            return {}
        return entries

    def _keep(self, notes: Mapping[str, str]) -> None:
        try:
            entry = {"title": self.title, "notes": {k: v for k, v in notes.items() if v}}
            entries = {**self._read(), self.view.key: entry}
            text = json.dumps(entries, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
            write_beside(self._ledger, text)
        except OSError as error:
            why = error.strerror or error
            self.view.problem = (
                f"{self._ledger.name} cannot be written ({why}); notes stay in this browser"
            )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None):
        said = [f"{n}{f' ({s} s)' if s else ''}: {t}" for n, s, t in self.steps]
        if self.lines:
            said = [f"{self.steps[0][1]} s", *self.lines]
        items = "".join(f"<li>{typeset(line)}</li>" for line in said)
        page = f"<p><b>{html.escape(self.title)}</b></p><ol>{items}</ol>"
        return bundle(self.view, page, "\n".join([self.title, *said]))


def think_pair_share(
    question: str,
    *,
    seconds: Sequence[int | None] = (30, None, 45),
    key: str | None = None,
    ledger: str | Path = LEDGER,
) -> Timer:
    """The lecture's activity: think 30 s, find a partner, share 45 s; with a box for notes at each step.

    Parameters
    ----------
    question : what the room thinks about.
    seconds : of think, pair and share; None: no clock, go on when the room is ready.
    key : the name under which notes are kept; default: made from the question.
    ledger : the file of notes, in the notebook's folder.

    Raises
    ------
    ValueError : not three entries, or one that is neither None nor whole seconds from 1 to 3600.
    """
    if len(seconds) != 3:
        raise ValueError(
            f"seconds = {seconds!r}, but think, pair and share need three entries, such as (30, None, 45)"
        )
    think, pair, share = (None if s is None else _seconds(s) for s in seconds)
    return Timer(
        question,
        [
            ("Think", think, "On your own, in silence. Write down one idea."),
            ("Pair", pair, "Find a partner. Alone? Take the other side of your own idea."),
            ("Share", share, "Exchange ideas. Agree on the one you would bet on."),
        ],
        key=_key(key, question),
        ledger=ledger,
    )


def recap(seconds: int = 60, lines: Sequence[str] = (), *, key: str | None = None) -> Timer:
    """Say it aloud before the clock runs out, and tick off line by line.

    Parameters
    ----------
    seconds : the aim; the clock goes on after it.
    lines : what has to be said, at least one.
    key : a name for it, one for each in the course; default: made from the first line.

    Raises
    ------
    ValueError : no lines, or seconds that are not whole from 1 to 3600.
    """
    if isinstance(lines, str) or not lines or not all(str(line).strip() for line in lines):
        raise ValueError(f"lines = {lines!r}, but a recap needs a list of sentences, at least one")
    return Timer(
        "Recap: say it aloud", [("Say", _seconds(seconds), "")], kind="recap", lines=lines,
        key=_key(key, lines[0]),
    )  # fmt: skip


def _seconds(value: Any) -> int:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and value == int(value) and 1 <= value <= LONGEST):
        raise ValueError(
            f"seconds = {value!r}, but a step takes whole seconds from 1 to {LONGEST}, such as 30"
        )
    return int(value)


def _key(key: str | None, text: str) -> str:
    made = str(key or "").strip() or "-".join(re.findall(r"\w+", text.lower())[:8])
    if not made:
        raise ValueError(
            f"key = {key!r}, and {text!r} gives no name; give one such as key='05-share'"
        )
    return made
