"""What the problem sets' checks are tested with: one file psN.py for each set.

Each holds, by the exercise's name,
    POINTS    how many it is worth
    RIGHT     name -> source of an answer that must get full points
    MUTANTS   name -> (source of a wrong answer, points it may still earn, words of its hint)
    BORROWED  (source, points it may still earn) of an answer that calls the package's own function
and perhaps
    PREAMBLE  what the sources need besides numpy
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType


def swap(source: str, *pairs: str) -> str:
    """`source` with old -> new, pair by pair; each old must occur."""
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in source, old
        source = source.replace(old, new)
    return source


def all_sets() -> dict[str, ModuleType]:
    """psN -> its file."""
    names = sorted(p.stem for p in Path(__file__).parent.glob("ps*.py"))
    return {name: importlib.import_module(f"mutants.{name}") for name in names}


def first_hint(report: str) -> str:
    """The first sentence with which a printed report says what is wrong."""
    said = re.search(r"✗ [^\n]*\n(.*?)(?=\n  [✓✗(]|\Z)", report, re.DOTALL)
    paragraph = re.sub(r"\s+", " ", said[1] if said else "").strip()
    return re.sub(r"^Your function stopped with \w+: ", "", paragraph)
