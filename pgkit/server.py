"""A Jupyter server extension: no Nagle delay on kernel websockets.

For every widget message the server writes three small frames. With Nagle's algorithm on, the second
waits until the browser has acknowledged the first, which it puts off for about 40 ms. Labs work
without this extension, only less promptly.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

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
