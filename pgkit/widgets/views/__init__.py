"""The views that a lab can show, by name; each is imported when first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pgkit.widgets.view import View

VIEWS = {
    "grid": "grid:Grid",
    "curve": "curve:LearningCurve",
    "goals": "goals:Goals",
    "spread": "spread:Spread",
    "contour": "contour:Contour",
    "cloud": "cloud:Cloud",
    "ellipse": "ellipse:Ellipse",
    "variance": "variance:Variance",
    "weights": "weights:Weights",
    "cart": "cart:Cart",
    "probs": "probs:Probs",
    "boundary": "boundary:Boundary",
}
MODULES = tuple(f"views/{place.split(':')[0]}.mjs" for place in VIEWS.values())


def view(given: Any) -> View:
    """A view by its name, or the view itself.  ValueError lists the names."""
    if isinstance(given, View):
        return given
    if not isinstance(given, str) or given not in VIEWS:
        raise ValueError(f"view = {given!r}, but it must be one of {', '.join(VIEWS)}")
    module, name = VIEWS[given].split(":")
    made: Any = getattr(import_module(f"pgkit.widgets.views.{module}"), name)
    return made()
