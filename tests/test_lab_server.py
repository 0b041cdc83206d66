"""`pgkit lab`: its own machine only, behind a token, and clear words when it cannot start."""

import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from pgkit.lab_server import free_port


def test_a_taken_port_is_said():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=f"port {port} is taken"):
            free_port(port)


def test_without_a_wish_the_first_free_port_is_taken():
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", 8888))
            other.listen()
        except OSError:
            pass  # somebody else holds it already, which serves as well
        assert 8888 < free_port(None) < 8988


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_out_of_range_is_refused(port):
    with pytest.raises(ValueError, match=f"port = {port}"):
        free_port(port)


@pytest.mark.slow
def test_the_lab_serves_the_working_copy_on_this_machine_only_and_stops_cleanly(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "pgkit.cli", "lab", "--workdir", str(tmp_path), "--no-browser"]
    lab = subprocess.Popen(
        [*command, "--port", str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        shown = ""
        while "token=" not in shown:
            line = lab.stdout.readline()
            assert line, shown
            shown += line
        token = re.search(r"token=(\w+)", shown).group(1)
        assert f"http://127.0.0.1:{port}/lab" in shown
        assert (tmp_path / "notebooks").is_dir()

        def status(query=""):
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/api/contents{query}", timeout=5
                ) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                return error.code
            except OSError:
                return None

        end = time.monotonic() + 60
        while status() is None and time.monotonic() < end:
            time.sleep(0.2)
        assert status() == 403
        assert status(f"?token={token}") == 200
    finally:
        lab.terminate()
        assert lab.wait(timeout=30) == 0
        lab.stdout.close()
        assert free_port(port) == port  # the server went with it
