"""The views that a lab can show, by name; each is imported when first asked for."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from pgkit.widgets.views.base import View

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
    "gains": "gains:Gains",
}
MODULES = tuple(f"views/{place.split(':')[0]}.mjs" for place in VIEWS.values())


def view(given: Any, **arguments: Any) -> View:
    """A view by its name, with its arguments, or the view itself: view("cloud", samples=400).

    Raises ValueError for a name or an argument that is not there (with those that are).
    """
    if isinstance(given, View) and not arguments:
        return given
    if not isinstance(given, str) or given not in VIEWS:
        raise ValueError(f"view = {given!r}, but it must be one of {', '.join(VIEWS)}")
    module, name = VIEWS[given].split(":")
    made: Any = getattr(import_module(f"pgkit.widgets.views.{module}"), name)
    known = list(inspect.signature(made).parameters)
    for argument in arguments:
        if argument not in known:
            takes = ", ".join(known) or "no arguments"
            raise ValueError(
                f"{argument} = {arguments[argument]!r}, but the view {given!r} takes {takes}"
            )
    return made(**arguments)
