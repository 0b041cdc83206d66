"""What a class predicted: the ledgers of all students, question by question, as histograms.

A ledger is the small file that `predict` keeps beside a notebook. Each file counts once; nobody is named.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pgkit import pages

LEDGER = "predictions.json"
BINS = 10


@dataclass
class Question:
    """One question and what was committed last before the reveal, a value a ledger."""

    key: str
    text: str
    values: list[float | str] = field(default_factory=list)
    changed: int = 0  # ledgers with more than one commitment
    answer: float | str | None = None

    @property
    def numeric(self) -> bool:
        return all(isinstance(v, int | float) for v in self.values)

    def bars(self) -> list[tuple[str, int, bool]]:
        """(label, count, holds the answer) of each bar: choices by count, numbers in equal bins."""
        if not self.numeric:
            counts = Counter(str(v) for v in self.values)
            if self.answer is not None:
                counts.setdefault(str(self.answer), 0)
            return [(word, n, word == str(self.answer)) for word, n in counts.most_common()]
        numbers = [float(v) for v in self.values]
        answer = float(self.answer) if isinstance(self.answer, int | float) else None
        there: list[float] = sorted(set(numbers if answer is None else [*numbers, answer]))
        if len(there) <= BINS:
            return [(f"{x:g}", numbers.count(x), x == answer) for x in there]
        counts, edges = np.histogram(numbers, bins=BINS, range=(there[0], there[-1]))
        here = -1
        if answer is not None:
            here = min(int(np.searchsorted(edges, answer, side="right")) - 1, BINS - 1)
        return [
            (f"{edges[i]:.3g} to {edges[i + 1]:.3g}", int(n), i == here)
            for i, n in enumerate(counts)
        ]

    @property
    def right(self) -> int | None:
        """How many said exactly the answer; None where it is not known."""
        return None if self.answer is None else sum(v == self.answer for v in self.values)


def collect(places: Iterable[str | Path]) -> tuple[list[Question], int, list[str]]:
    """(questions by key, the number of ledgers, what could not be read and why).

    places: ledgers, or folders, in which every predictions.json counts.

    Raises ValueError for a place that does not exist, or where there is no ledger at all.
    """
    questions: dict[str, Question] = {}
    problems: list[str] = []
    ledgers = 0
    for path in _files(places):
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
            found = [(key, *_last(entry)) for key, entry in entries.items() if entry["commits"]]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            problems.append(f"{path}: not a ledger ({type(error).__name__}: {error})")
            continue
        ledgers += 1
        for key, text, value, changed, answer in found:
            question = questions.setdefault(key, Question(key, text))
            question.values.append(value)
            question.changed += changed
            if answer is not None:
                question.answer = answer
    return [questions[key] for key in sorted(questions)], ledgers, problems


def _files(places: Iterable[str | Path]) -> list[Path]:
    found: dict[Path, Path] = {}
    for place in map(Path, places):
        if not place.exists():
            raise ValueError(f"{place}: there is no such file or folder")
        files = sorted(place.rglob(LEDGER)) if place.is_dir() else [place]
        if not files:
            raise ValueError(f"{place}: there is no {LEDGER} in this folder")
        found |= {path.resolve(): path for path in files}
    return list(found.values())


def _last(entry: Any) -> tuple[str, float | str, bool, float | str | None]:
    """(question, last value, changed, answer) of one entry; TypeError if it is no prediction."""
    commits = entry["commits"]
    value, answer = commits[-1]["value"], entry.get("answer")
    for said in (value, answer):
        if isinstance(said, bool) or not isinstance(said, int | float | str | None):
            raise TypeError(f"{said!r} is neither a number nor a choice")
    return str(entry.get("question", "")), value, len(commits) > 1, answer


def as_json(questions: list[Question], ledgers: int) -> dict[str, Any]:
    return {
        "ledgers": ledgers,
        "questions": [
            {
                "key": q.key, "question": q.text, "n": len(q.values), "answer": q.answer,
                "right": q.right, "changed": q.changed,
                "bars": [{"label": label, "count": n, "answer": hit} for label, n, hit in q.bars()],
            }
            for q in questions
        ],
    }  # fmt: skip


def page(questions: list[Question], ledgers: int) -> str:
    """A whole HTML page with a histogram a question."""
    plural = "" if ledgers == 1 else "s"
    lead = (
        f"{ledgers} ledger{plural}. A bar counts students; a striped bar marked ✓ holds the answer."
    )
    sections = [_section(q) for q in questions] or ["<p>Nobody has committed a prediction yet.</p>"]
    return pages.page("What the class predicted", lead, sections)


def _section(q: Question) -> str:
    answer = "" if q.answer is None else f" Answer: {q.answer}; {q.right} said so."
    words = f"{q.key}: {len(q.values)} predictions, {q.changed} changed.{answer}"
    return pages.section(q.text or q.key, words, pages.bars(q.bars()))
