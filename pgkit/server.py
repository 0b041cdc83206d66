"""A Jupyter server extension: no Nagle delay on kernel websockets, and the pages of the lecture view.

For every widget message the server writes three small frames. With Nagle's algorithm on, the second
waits until the browser has acknowledged the first, which it puts off for about 40 ms. Labs work
without this extension, only less promptly.
"""

from __future__ import annotations

import functools
import importlib
import json
from dataclasses import asdict
from typing import Any

from pgkit.lecture import VIEW, find_chapter, outline

HANDLER = ("jupyter_server.services.kernels.websocket", "KernelWebsocketHandler")


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "pgkit.server"}]


def _load_jupyter_server_extension(app: Any) -> None:
    module, name = HANDLER
    try:
        handler = getattr(importlib.import_module(module), name)
        quicken(handler)
    except (ImportError, AttributeError) as error:
        app.log.warning("pgkit: kernel websockets keep Nagle's delay (%s)", error)
    else:
        app.log.info("pgkit: TCP_NODELAY is on for kernel websockets")
    if hasattr(app, "web_app"):
        app.web_app.add_handlers(".*$", lecture_handlers(app.web_app.settings["base_url"]))


def lecture_handlers(base_url: str) -> list[tuple[str, type]]:
    """pgkit/lecture/stage and presenter, two pages, and outline/NN, the notes as JSON; for who may log in."""
    from jupyter_server.base.handlers import JupyterHandler
    from tornado.web import HTTPError, authenticated

    class Page(JupyterHandler):
        @authenticated
        def get(self, name: str) -> None:
            self.finish((VIEW / f"{name}.html").read_text(encoding="utf-8"))

    class Outline(JupyterHandler):
        @authenticated
        def get(self, number: str) -> None:
            try:
                sections = outline(find_chapter(number))
            except ValueError as error:
                raise HTTPError(404, str(error).replace("%", "%%")) from error
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps([asdict(section) for section in sections]))

    home = base_url.rstrip("/") + "/pgkit/lecture"
    return [(f"{home}/(stage|presenter)", Page), (f"{home}/outline/([0-9]+)", Outline)]


def quicken(handler: type) -> None:
    """Make a websocket handler switch Nagle's algorithm off when it opens.  Twice is as good as once."""
    opened = handler.open
    if getattr(opened, "quickened", False):
        return

    @functools.wraps(opened)
    def open_without_delay(self: Any, *args: Any, **kwargs: Any) -> Any:
        self.set_nodelay(True)
        return opened(self, *args, **kwargs)

    open_without_delay.quickened = True  # type: ignore[attr-defined]
    handler.open = open_without_delay
