"""Committed predictions: say what you expect before you look.

`predict` asks, and keeps the answer in a small file beside the notebook. `reveal` stays locked until
an answer is committed; then it shows the truth and how far off you were. A commitment survives a
restart and is never overwritten: a change of mind is written down beside it, and after the reveal
there is none. Without a browser (tests, grading, a rendered page) nothing blocks and nothing fails.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ipywidgets as ipw

from pgkit.files import write_beside
from pgkit.glossary import typeset

LEDGER = "predictions.json"


# ---------------------------------------------------------------- the ledger


class Ledger:
    """The file of predictions: {key: {"question", "commits": [{"value", "at"}], "revealed": at or null,
    "answer": what was revealed}}."""

    def __init__(self, path: str | Path = LEDGER) -> None:
        self.path = Path(path)
        self.problem = ""
        self._memory: dict[str, Any] = {}  # what could not be written

    def entry(self, key: str) -> dict[str, Any]:
        """What is written under this key, or an empty entry."""
        empty = {"question": "", "commits": [], "revealed": None}
        return self._read().get(key, empty)

    def commit(self, key: str, question: str, value: float | int | str) -> None:
        """Add a commitment; earlier ones stay.  ValueError after the reveal."""
        entry = self.entry(key)
        if entry["revealed"]:
            raise ValueError("the answer has been revealed; the prediction can no longer change")
        commits = [*entry["commits"], {"value": value, "at": _now()}]
        self._write(key, {"question": question, "commits": commits, "revealed": None})

    def mark_revealed(self, key: str, answer: float | str | None = None) -> None:
        """Write down when the answer was first shown, and what it is."""
        entry = self.entry(key)
        if entry["commits"] and not entry["revealed"]:
            self._write(key, {**entry, "revealed": _now(), "answer": answer})

    def _read(self) -> dict[str, Any]:
        try:
            entries = json.loads(self.path.read_text(encoding="utf-8"))
            if not isinstance(entries, dict) or not all(map(_sound, entries.values())):
                raise ValueError("not a ledger")
        except FileNotFoundError:
            entries = {}
        except OSError as error:
            self.problem = f"{self.path} cannot be read ({error}); predictions stay in memory"
            entries = {}
        except ValueError:
            aside = self.path.with_suffix(f".broken-{datetime.now(UTC):%Y%m%d%H%M%S}.json")
            with suppress(OSError):
                self.path.rename(aside)
            self.problem = f"{self.path} was damaged; it is kept as {aside.name}"
            entries = {}
        return {**entries, **self._memory}

    def _write(self, key: str, entry: dict[str, Any]) -> None:
        entries = {**self._read(), key: entry}
        text = json.dumps(entries, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        try:
            write_beside(self.path, text)
            self._memory = {}
        except OSError as error:
            self._memory = {**self._memory, key: entry}
            self.problem = f"{self.path} cannot be written ({error}); predictions stay in memory"


def _sound(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("commits"), list)
        and all(isinstance(c, dict) and "value" in c for c in entry["commits"])
        and "revealed" in entry
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _told(at: str | None) -> str:
    """A time of the ledger for a reader, on the clock of the kernel; nothing if it cannot be read."""
    try:
        return f", {datetime.fromisoformat(at or '').astimezone():%d %B %Y, %H:%M}"
    except ValueError:
        return ""


# ---------------------------------------------------------------- asking


def predict(
    question: str,
    *,
    key: str,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    choices: Sequence[str] = (),
    ledger: str | Path = LEDGER,
) -> Prediction:
    """Ask for a prediction: a number between low and high, or one of the choices.

    Parameters
    ----------
    question : what is asked, as a sentence.
    key : the name under which the answer is kept; one for each question of the course.
    low, high, unit : for a number.
    choices : for a choice; low and high are then not needed.
    ledger : the file, in the notebook's folder.

    Raises
    ------
    ValueError : with neither a range nor at least two choices.
    """
    if not choices and (low is None or high is None or not low < high):
        raise ValueError(f"predict({key!r}) needs low < high, or at least two choices")
    if choices and len(set(choices)) < 2:
        raise ValueError(f"predict({key!r}) needs at least two different choices")
    return Prediction(question, key, low, high, unit, tuple(choices), Ledger(ledger))


class Prediction:
    """A question with its input and its commitment. Made by `predict`; shown as a cell's last expression."""

    def __init__(self, question, key, low, high, unit, choices, ledger) -> None:
        self.question, self.key, self.unit = question, key, unit
        self.low, self.high, self.choices, self.ledger = low, high, choices, ledger
        self._after_commit: list[Callable[[], None]] = []
        self._changing = False
        if choices:
            self._input = ipw.RadioButtons(
                options=list(choices), value=None, description="Your prediction",
                layout={"width": "max-content"}, style={"description_width": "initial"},
            )  # fmt: skip
        else:
            self._input = ipw.Text(
                placeholder=f"{low:g} to {high:g}",
                description=f"Your prediction ({unit})" if unit else "Your prediction",
                style={"description_width": "initial"}, layout={"width": "22em"},
            )  # fmt: skip
        self._button = ipw.Button(
            description="Commit", tooltip="Write this prediction down for good"
        )
        self._change = ipw.Button(
            description="Change my mind",
            tooltip="Add another prediction; the first stays on record",
        )
        self._status = ipw.HTML()
        self._button.on_click(lambda _: self._clicked())
        self._change.on_click(lambda _: self._reopen())
        title = ipw.HTML(f"<b>Predict.</b> {typeset(question)}")
        buttons = ipw.HBox([self._button, self._change])
        self.view = ipw.VBox([title, self._input, buttons, self._status])
        self.view.add_class("pgkit-predict")
        self._refresh()

    @property
    def committed(self) -> float | int | str | None:
        """The prediction that counts, the latest before the reveal, or None."""
        commits = self.ledger.entry(self.key)["commits"]
        return commits[-1]["value"] if commits else None

    def commit(self, value: Any) -> Prediction:
        """Commit a prediction from code.  ValueError for a value that was not asked for, or after the reveal."""
        if self.choices:
            if value not in self.choices:
                raise ValueError(f"{value!r} is none of the choices: {', '.join(self.choices)}")
        else:
            value = self._number(value)
        self.ledger.commit(self.key, self.question, value)
        self._changing = False
        self._refresh()
        for tell in self._after_commit:
            tell()
        return self

    def reveal(self, answer: Any, *, explain: str = "", show: Any = None) -> Reveal:
        """The answer, locked until a prediction is committed.

        Parameters
        ----------
        answer : the true number or choice, or a function that computes it when it is needed.
        explain : a sentence shown with it.
        show : a Picture shown with it (anything that can show itself as HTML).
        """
        return Reveal(self, answer, explain, show)

    def _number(self, value: Any) -> float | int:
        try:
            number = float(str(value).strip().rstrip("%").replace(",", "."))
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and self.low <= number <= self.high):
            raise ValueError(f"{value!r} is not a number between {self.low:g} and {self.high:g}")
        return int(number) if number == int(number) else number

    def _clicked(self) -> None:
        try:
            if self._input.value in (None, ""):
                raise ValueError("nothing is filled in yet")
            self.commit(self._input.value)
        except ValueError as error:
            self._say(f"{str(error)[:1].upper()}{str(error)[1:]}.")

    def _reopen(self) -> None:
        self._changing = True
        self._refresh()

    def _refresh(self) -> None:
        entry = self.ledger.entry(self.key)
        commits, open_again = entry["commits"], self._changing and not entry["revealed"]
        closed = bool(commits) and not open_again
        self._input.disabled = self._button.disabled = closed
        self._change.layout.display = None if closed and not entry["revealed"] else "none"
        if not commits:
            self._say("Commit before you go on; being wrong here is how it sticks.")
            return
        value = commits[-1]["value"]
        if self.choices and value in self.choices:
            self._input.value = value
        elif not self.choices:
            self._input.value = f"{value}"
        first = f" (first {commits[0]['value']})" if len(commits) > 1 else ""
        amount = f"{value} {self.unit}".strip()
        self._say(f"Committed: {amount}{first}{_told(commits[-1].get('at'))}.")

    def _say(self, text: str) -> None:
        note = f" {self.ledger.problem}." if self.ledger.problem else ""
        self._status.value = (
            f'<span role="status" aria-live="polite">{html.escape(text + note)}</span>'
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        options = f" ({', '.join(self.choices)})" if self.choices else ""
        text = f"Predict. {self.question}{options}"
        return _bundle(self.view, f"<p><b>Predict.</b> {typeset(text[9:])}</p>", text)


# ---------------------------------------------------------------- revealing


class Reveal:
    """The answer to a prediction. Made by `Prediction.reveal`; fills in by itself once there is a commitment."""

    def __init__(self, prediction: Prediction, answer: Any, explain: str, show: Any) -> None:
        self.prediction, self._answer, self._explain = prediction, answer, explain
        self._picture = "" if show is None else show._repr_html_()
        self._content = ipw.HTML()
        self.view = ipw.VBox([self._content])
        self.view.add_class("pgkit-reveal")
        prediction._after_commit.append(self.refresh)
        self.refresh()

    @property
    def locked(self) -> bool:
        return self.prediction.committed is None

    @property
    def answer(self) -> Any:
        """The true answer, computed at most once."""
        if callable(self._answer):
            self._answer = self._answer()
        return self._answer

    def refresh(self) -> None:
        """Show the answer if a prediction is committed."""
        if self.locked:
            self._content.value = (
                '<span role="status" aria-live="polite">Locked. Commit your prediction above, and the '
                "answer appears here.</span>"
            )
            return
        self._content.value = (
            f'<div role="status" aria-live="polite">{self._told()}</div>{self._picture}'
        )
        answer = str(self.answer) if self.prediction.choices else float(self.answer)
        self.prediction.ledger.mark_revealed(self.prediction.key, answer)
        self.prediction._refresh()

    def distance(self) -> float | bool | None:
        """|prediction - answer| for numbers, hit or miss for choices, None without a prediction."""
        committed = self.prediction.committed
        if committed is None:
            return None
        if self.prediction.choices:
            return committed == self.answer
        return abs(float(committed) - float(self.answer))

    def _told(self) -> str:
        asked, off = self.prediction, self.distance()
        unit = f" {asked.unit}" if asked.unit else ""
        if asked.choices:
            verdict = "You had it." if off else "Now: what made you think so?"
        else:
            verdict = "Spot on." if off == 0 else f"You were {off:.4g}{unit} off."
        shown = self.answer if asked.choices else f"{float(self.answer):.4g}"
        return (
            f"<b>Answer: {html.escape(str(shown))}{html.escape(unit)}.</b> You said "
            f"{html.escape(str(asked.committed))}{html.escape(unit)}. {html.escape(verdict)} "
            f"{typeset(self._explain)}"
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        shown = f"{self.answer} {self.prediction.unit}".strip()
        body = f"<p><b>{html.escape(shown)}.</b> {typeset(self._explain)}</p>{self._picture}"
        page = f"<details><summary>The answer (predict first)</summary>{body}</details>"
        return _bundle(self.view, page, f"The answer: {shown}. {self._explain}")


def _bundle(view: ipw.Widget, page: str, text: str):
    """The live view where there is a kernel; else the page, else the text."""
    made = view._repr_mimebundle_()
    data, metadata = made if isinstance(made, tuple) else (made, {})
    return {**(data or {}), "text/html": page, "text/plain": text}, metadata
