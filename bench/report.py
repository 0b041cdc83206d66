"""Figures that know which run they come from, and the tables made of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, median_high


class DifferentRuns(ValueError):
    """Two figures of different runs were to be compared."""


@dataclass(frozen=True)
class Figure:
    """Seconds measured several times in one run."""

    run: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.seconds)

    def over(self, other: Figure) -> float:
        """The median of the round-by-round ratios self / other.

        Raises DifferentRuns: another day, another load, another clock: such a ratio means nothing.
        """
        if self.run != other.run:
            raise DifferentRuns(
                f"these figures are of different runs ({self.run} and {other.run}) and cannot be "
                "compared; run both programs in one run of bench/run.py and compare those"
            )
        if len(self.seconds) == len(other.seconds):
            return median(x / y for x, y in zip(self.seconds, other.seconds, strict=True))
        return self.median / other.median


@dataclass(frozen=True)
class Bounded:
    """A figure, or the least it can be: what was cut off is censored, it would have taken longer."""

    value: float
    censored: bool = False

    def __str__(self) -> str:
        return f"{'>' if self.censored else ''}{self.value:,.3g}"


@dataclass(frozen=True)
class Durations:
    """CPU seconds of a job with chance in it, one a seed. Those `censored` would have taken longer."""

    run: str
    seconds: tuple[float, ...]
    censored: tuple[bool, ...]

    @property
    def median(self) -> Bounded:
        """Censored if a duration up to the middle may in truth be larger."""
        middle = median_high(self.seconds)
        pairs = zip(self.seconds, self.censored, strict=True)
        cut_off = any(cut and seconds <= middle for seconds, cut in pairs)
        return Bounded(median(self.seconds), cut_off)

    def over(self, other: Durations) -> Bounded:
        """Median over median: their seeds have nothing to do with one another.

        Raises DifferentRuns like Figure.over, and ValueError where `other` is censored: dividing by
        what may be any amount larger says nothing.
        """
        Figure(self.run, (1.0,)).over(Figure(other.run, (1.0,)))
        if other.median.censored:
            raise ValueError("a ratio to a censored median is no bound; raise the cap")
        return Bounded(self.median.value / other.median.value, self.median.censored)


@dataclass(frozen=True)
class Target:
    """What performance is meant to be: a figure, and whether more or less of it is better.

    A censored figure is the least it can be: enough of it passes, too little leaves the target open.
    """

    text: str
    found: float
    wanted: float
    at_most: bool = False
    censored: bool = False

    @property
    def met(self) -> bool:
        if self.at_most:
            return self.found <= self.wanted and not self.censored
        return self.found >= self.wanted

    @property
    def mark(self) -> str:
        if self.met:
            return "pass"
        return "open" if self.censored and self.found <= self.wanted else "MISS"

    def line(self) -> str:
        sign = "≤" if self.at_most else "≥"
        found = f"{'>' if self.censored else ''}{self.found:.3g}"
        return f"  {self.mark}  {self.text:<62} {found:>9}  ({sign} {self.wanted:g})"


@dataclass
class Result:
    """What a suite found."""

    lines: list[str] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # engines whose result is not right
    figures: dict = field(default_factory=dict)


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = []
    for row in [head, ["-" * w for w in widths], *rows]:
        cells = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))]  # noqa: B905
        lines.append("  " + "  ".join(cells).rstrip())
    return lines


def compare(paths: list[Path]) -> None:
    """Refuse, unless all files are of one run (which then is one file twice)."""
    runs = [json.loads(path.read_text())["run"] for path in paths]
    first = Figure(runs[0], (1.0,))
    for run in runs[1:]:
        first.over(Figure(run, (1.0,)))
