"""Knobs: the numbers one turns. A knob's default, range, symbol and meaning are written once, in the field.

The slider, the command-line flag, the help text and the range check all come from there.
"""

from __future__ import annotations

import math
from dataclasses import MISSING, dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Knob:
    """What a knob is.  low, high: the closed range; log: a slider moves by factors."""

    name: str
    default: float | int
    low: float | int
    high: float | int
    symbol: str
    label: str
    meaning: str
    log: bool = False
    whole: bool = False

    def check(self, value: Any) -> Any:
        """The value as float (or int); ValueError names the knob, the value, the rule and the way out."""
        if self.whole and isinstance(value, str) and value.strip().isdecimal():
            value = int(value)  # large numbers lose digits as a float
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        ok = math.isfinite(number) and self.low <= number <= self.high
        if isinstance(value, bool) or not ok or (self.whole and number != int(number)):
            raise ValueError(self._complaint(value, number))
        return int(value if isinstance(value, int) else number) if self.whole else number

    def _complaint(self, value: Any, number: float) -> str:
        kind = "a whole number in" if self.whole else "in"
        text = f"{self.name} = {value}, but {self.meaning} must be {kind} [{self.low:g}, {self.high:g}]"
        if math.isfinite(number):
            way_out = next(
                (x for x in (-number, round(number)) if self.low <= x <= self.high and x != number),
                min(max(number, self.low), self.high),
            )
            return f"{text}; did you mean {way_out:g}?"
        return f"{text}; the default is {self.default:g}"


def knob(
    default: float | int,
    *,
    low: float | int,
    high: float | int,
    symbol: str,
    label: str,
    meaning: str,
    log: bool = False,
    whole: bool = False,
) -> Any:
    """A dataclass field that is a knob."""
    metadata = {
        "knob": {
            "low": low, "high": high, "symbol": symbol, "label": label, "meaning": meaning,
            "log": log, "whole": whole,
        }
    }  # fmt: skip
    return field(default=default, metadata=metadata)


def part() -> Any:
    """A dataclass field for a part that whoever runs the algorithm puts in: a critic, a teacher, μ."""
    return field(default=None, compare=False)


@dataclass(frozen=True)
class Choice:
    """A setting that is one of a few words.  It becomes a flag and a menu instead of a slider."""

    name: str
    default: str
    options: tuple[str, ...]
    label: str
    meaning: str

    def check(self, value: Any) -> str:
        """The option; ValueError names the setting, the value and the options."""
        word = str(value).replace("_", "-")
        if word not in self.options:
            raise ValueError(
                f"{self.name} = {value!r}, but {self.meaning} must be one of {', '.join(self.options)}"
            )
        return word


def choice(default: str, *, options: tuple[str, ...], label: str, meaning: str) -> Any:
    """A dataclass field that is a choice."""
    metadata = {"choice": {"options": options, "label": label, "meaning": meaning}}
    return field(default=default, metadata=metadata)


def choices_of(thing: Any) -> dict[str, Choice]:
    """The choices of a dataclass (or an instance of one), by name, in the order they are written."""
    return {
        f.name: Choice(f.name, f.default, **f.metadata["choice"])
        for f in fields(thing)
        if "choice" in f.metadata and f.default is not MISSING
    }


def settings_of(thing: Any) -> dict[str, Knob | Choice]:
    """Knobs and choices together: everything about an algorithm that one sets."""
    return {**knobs_of(thing), **choices_of(thing)}


def knobs_of(thing: Any) -> dict[str, Knob]:
    """The knobs of a dataclass (or an instance of one), by name, in the order they are written."""
    return {
        f.name: Knob(f.name, f.default, **f.metadata["knob"])
        for f in fields(thing)
        if "knob" in f.metadata and f.default is not MISSING
    }


def check_knobs(thing: Any) -> None:
    """For a frozen dataclass's __post_init__: check every knob and choice and store it plainly."""
    for name, k in settings_of(thing).items():
        object.__setattr__(thing, name, k.check(getattr(thing, name)))
