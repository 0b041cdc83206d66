"""View: one picture of a Run, for the page and on paper.  A lab shows several of them, linked.

The page's side is a module beside the Python file that puts a function into VIEWS under the view's
`kind` (lab.py joins the modules; each stands in a block of its own, so names do not collide):

    VIEWS.kind = (setting, host) => ({ node, draw(parts, facts, colours, frame), restyle() })

`setting` is what `setup` returned, `parts` and `facts` what `frame` returned; `host.ask(message,
buffers)` reaches `asked`, `host.request()` asks for a redraw, `host.say(text)` writes the status line.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from pgkit.run import Run
from pgkit.types import Array
from pgkit.widgets.timeline import Timeline


class View:
    """What a view says of itself.  Views hold no learning state."""

    kind = ""  # its name on the page and in RunLab(views=...)
    title = ""
    module = ""  # its .mjs in views/
    wide = False  # as wide as the lab
    height = 1.0  # on paper, in rows

    # arguments of __init__ that are kept under another name
    kept_as: Mapping[str, str] = {}

    @property
    def code(self) -> str:
        """What stands for this view in RunLab(views=...), as it is now: its name, or view(name, ...)."""
        given = inspect.signature(type(self)).parameters
        now = {n: getattr(self, self.kept_as.get(n, n)) for n in given}
        words = ", ".join(f"{n}={now[n]!r}" for n, p in given.items() if now[n] != p.default)
        return f"view({self.kind!r}, {words})" if words else repr(self.kind)

    def misfit(self, run: Run) -> str | None:
        """Why this view cannot show the run and what can, or None."""
        return None

    def setup(self, run: Run) -> dict[str, Any]:
        """What the page needs once, as JSON."""
        return {}

    def frame(self, timeline: Timeline) -> tuple[dict[str, Any], dict[str, Array]]:
        """What there is to see now: facts as JSON (no NaN: None), and named arrays for the float32 buffer."""
        return {}, {}

    def asked(self, lab: Any, message: Mapping[str, Any], buffers: list[Any]) -> dict[str, Any]:
        """Do what the page's side asks of this view; the result goes into the answer.  ValueError refuses."""
        raise ValueError(f"unknown message to the view {self.kind!r}")

    def sentence(self, timeline: Timeline) -> str:
        """The picture in words."""
        raise NotImplementedError

    def paper(self, axes: Any, timeline: Timeline) -> None:
        """The picture on matplotlib axes."""
        raise NotImplementedError
