"""Servers that tests start."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

PATIENCE = 120  # seconds: a busy machine starts a server slowly


def wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    """Until the Jupyter server at `address` answers; AssertionError with its log if it ends or does not."""
    late = time.monotonic() + PATIENCE
    while True:
        assert server.poll() is None, f"the server ended: {log.read_text()[-2000:]}"
        try:
            urllib.request.urlopen(f"{address}/api", timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < late, f"the server does not answer: {log.read_text()[-2000:]}"
            time.sleep(0.1)
