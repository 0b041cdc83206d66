"""The gallery in docs/ uses every part of the lab kit: the browser tests and the latency bench see all of it."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from pgkit.widgets import WHERE
from pgkit.widgets.views import VIEWS

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "\n".join(
    cell.source
    for cell in nbformat.read(ROOT / "docs/gallery.ipynb", 4).cells
    if cell.cell_type == "code"
)


@pytest.mark.parametrize("name", sorted(WHERE.keys() - {"term", "view"}))  # parts of other parts
def test_every_part_is_shown(name):
    assert re.search(rf"^(\w+ = )?{name}\(", SOURCE, re.MULTILINE)


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_every_view_is_shown(name):
    shown = {"grid", "curve", "goals"} if "RingOfFire(" in SOURCE else set()
    assert name in shown or f'"{name}"' in SOURCE
