"""The server extension: TCP_NODELAY on the kernel websockets of a real server."""

import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from pgkit import server
from tests.servers import wait_for

ROOT = Path(__file__).resolve().parent.parent
# a server that writes down, for every kernel websocket it opened, whether Nagle's algorithm is off
SPY = """
import asyncio, json, socket, sys
from jupyter_server.services.kernels import websocket
on_message = websocket.KernelWebsocketHandler.on_message
def spy(self, message):
    nodelay = self.ws_connection.stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    print("NODELAY", nodelay, flush=True)
    return on_message(self, message)
websocket.KernelWebsocketHandler.on_message = spy
from {module} import {app}
{app}.launch_instance()
"""
APPS = {
    "lab": ("jupyterlab.labapp", "LabApp"),
    "notebook": ("notebook.app", "JupyterNotebookApp"),
}


@contextlib.contextmanager
def running(tmp_path, app, enabled):
    """A server of its own with the extension on or off; yields its address and its log."""
    module, name = APPS[app]
    (tmp_path / "config").mkdir()
    (tmp_path / "config/jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": {"jpserver_extensions": {"pgkit.server": enabled}}})
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path / "log"
    command = [
        sys.executable, "-c", SPY.format(module=module, app=name), "--no-browser", "--allow-root",
        f"--ServerApp.port={port}", "--IdentityProvider.token=", "--ServerApp.ip=127.0.0.1",
        "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={tmp_path}",
    ]  # fmt: skip
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "PYTHONPATH": str(ROOT),
    }
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        address = f"127.0.0.1:{port}"
        wait_for(f"http://{address}", process, log)
        yield address, log
    finally:
        process.terminate()
        process.wait(20)


def kernel_answers(address):
    """Start a kernel, ask it for its info over a websocket, and wait until it says so."""
    import websocket
    from jupyter_client.session import Session

    request = urllib.request.Request(f"http://{address}/api/kernels", data=b"{}", method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        kernel = json.load(answer)["id"]
    wire = websocket.create_connection(f"ws://{address}/api/kernels/{kernel}/channels", timeout=30)
    message = Session().msg("kernel_info_request") | {"channel": "shell", "buffers": []}
    wire.send(json.dumps(message, default=str))
    try:
        for _ in range(50):
            if json.loads(wire.recv())["msg_type"] == "kernel_info_reply":
                return True
    finally:
        wire.close()
        stop = urllib.request.Request(f"http://{address}/api/kernels/{kernel}", method="DELETE")
        urllib.request.urlopen(stop, timeout=30).close()
    return False


@pytest.mark.slow
@pytest.mark.parametrize(("app", "enabled"), [("lab", True), ("notebook", True), ("lab", False)])
def test_nagle_is_off_on_kernel_websockets_of_a_running_server(tmp_path, app, enabled):
    with running(tmp_path, app, enabled) as (address, log):
        assert kernel_answers(address)
        seen = {line for line in log.read_text().splitlines() if line.startswith("NODELAY")}
    assert seen
    assert all((line != "NODELAY 0") == enabled for line in seen), seen


def test_the_snippet_that_is_installed_enables_this_module():
    snippet = json.loads((ROOT / "pgkit/server.json").read_text())
    [point] = server._jupyter_server_extension_points()
    assert snippet["ServerApp"] == {"jpserver_extensions": {point["module"]: True}}


class Handler:
    calls = ()

    def set_nodelay(self, on):
        self.calls += (("nodelay", on),)

    async def open(self, kernel_id):
        self.calls += (("open", kernel_id),)


def test_opening_twice_quickened_is_as_good_as_once():
    server.quicken(Handler)
    first = Handler.open
    server.quicken(Handler)
    assert Handler.open is first
    handler = Handler()
    with contextlib.suppress(StopIteration):
        handler.open("k").send(None)
    assert handler.calls == (("nodelay", True), ("open", "k"))


@pytest.mark.parametrize(
    "handler", [("jupyter_server.moved_away", "X"), ("jupyter_server.serverapp", "Moved")]
)
def test_a_handler_that_moved_gives_a_warning_and_no_crash(monkeypatch, caplog, handler):
    class App:
        log = logging.getLogger("app")

    monkeypatch.setattr(server, "HANDLER", handler)
    with caplog.at_level(logging.WARNING):
        server._load_jupyter_server_extension(App())
    assert "Nagle" in caplog.text
