"""A JupyterLab of its own and a browser to look at it with; used by the tests and by bench/latency.py."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from tests.servers import wait_for

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "artifacts"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
SETTINGS = {
    # a toast in the lower right corner would cover what is tested
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false", "checkForUpdates": False,
    },
    # every cell is in the page, whether one can see it or not
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def jupyterlab(
    folder: Path, *, nodelay: bool = True, app: str = "jupyterlab", cwd: Path | None = None
):
    """A server on `folder`, with settings, workspaces and configuration of its own; yields its address.

    cwd : where it is started: nbgrader looks for nbgrader_config.py there.
    """
    home = folder.parent / f"{folder.name}-home"
    for name, content in SETTINGS.items():
        path = home / "settings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    config = home / "config"
    config.mkdir(parents=True, exist_ok=True)
    port = free_port()
    environment = os.environ | {
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip
    extensions = {"ServerApp": {"jpserver_extensions": {"pgkit.server": nodelay}}}
    (config / "jupyter_server_config.json").write_text(json.dumps(extensions))
    command = [
        sys.executable, "-m", app, "--no-browser", "--allow-root", "--expose-app-in-browser",
        "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True",
        f"--ServerApp.root_dir={folder}",
    ]  # fmt: skip
    log = (home / "server.log").open("w")
    server = subprocess.Popen(
        command,
        env=environment,
        cwd=cwd,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(address, server, home / "server.log")
        yield address
    finally:
        log.close()
        _end(server)


def _end(server: subprocess.Popen) -> None:
    """Our own process group, and nothing else: the server and its kernels."""
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def notebook(path: Path, *cells: str) -> Path:
    """Write a small notebook."""
    import nbformat

    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell, id=f"cell-{i}") for i, cell in enumerate(cells)]
    )
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, path)
    return path


class Watch:
    """What a page must not do: errors in its console, requests to anyone but its own server."""

    # JupyterLab says these itself, with or without pgkit
    HARMLESS = re.compile(r"favicon|source map|Download the React|workspaces|ResizeObserver loop")

    def __init__(self, page, address: str) -> None:
        self.errors: list[str] = []
        self.strangers: list[str] = []
        own = (address, address.replace("http", "ws"), "data:", "blob:", "about:")

        def console(message) -> None:
            if message.type == "error" and not self.HARMLESS.search(message.text):
                self.errors.append(message.text)

        page.on("console", console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda r: r.url.startswith(own) or self.strangers.append(r.url))

    def check(self) -> None:
        assert not self.errors, self.errors
        assert not self.strangers, self.strangers


def open_notebook(page, address: str, name: str, *, run: bool = True) -> None:
    """Open a notebook in JupyterLab, wait for its kernel, and run all of it."""
    page.goto(f"{address}/lab/tree/{name}?reset")
    page.wait_for_function(
        """() => window.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session?.kernel
               ?.status === 'idle'""",
        timeout=90_000,
    )
    if run:
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")


def wait_for_lab(page, index: int = 0, timeout: float = 60_000):
    """The lab once it has drawn its first frame, brought into sight: out of sight it does not draw."""
    lab = page.locator(".pgkit-lab").nth(index)
    lab.wait_for(state="attached", timeout=timeout)
    end = time.monotonic() + timeout / 1000
    while lab.get_attribute("data-n") is None:
        assert time.monotonic() < end, "the lab has drawn nothing"
        lab.evaluate("(e) => e.scrollIntoView({ block: 'center' })")
        page.wait_for_timeout(200)
    return lab


def drawn(page) -> None:
    """Wait until what the page has to draw now is drawn, however busy the machine."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 20))))"
    )
