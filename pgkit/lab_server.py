"""`pgkit lab`: JupyterLab on the working copy, on this machine only, behind a token."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from pgkit.workdir import deliver

HOST = "127.0.0.1"
FIRST_PORT = 8888
NEEDED_MB = 20  # room for a working copy and what notebooks save
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def serve(workdir: Path, *, port: int | None = None, browser: bool = True) -> int:
    """Bring the working copy up to date and run JupyterLab in it until it is stopped; its exit status.

    Raises ValueError (a port out of range) or OSError (port taken, folder not writable, disk full).
    """
    port = free_port(port)
    workdir = workdir.expanduser().resolve()
    _tell(deliver(workdir), workdir)
    if shutil.disk_usage(workdir).free < NEEDED_MB * 2**20:
        raise OSError(
            f"the disk is full: notebooks in {workdir} could not be saved; free {NEEDED_MB} MB"
        )
    first = next(iter(sorted((workdir / "notebooks").glob("*.ipynb"))), None)
    page = f"/lab/tree/notebooks/{first.name}" if first else "/lab"
    status = run_jupyterlab(workdir, page, port=port, browser=browser, said="The course is open at")
    print("\nClosed. Your work is in", workdir)
    return status


def run_jupyterlab(
    root: Path, page: str, *options: str, port: int, browser: bool, said: str, then: str = ""
) -> int:
    """JupyterLab on a folder with this first page, behind a new token, until it is stopped; its exit status.

    said, then : what is printed before the address, and after it.
    """
    token = secrets.token_hex(16)
    address = f"http://{HOST}:{port}{page}{'&' if '?' in page else '?'}token={token}"
    print(f"\n{said}\n\n    {address}\n\n{then}Stop it with Ctrl-C.", flush=True)
    command = [
        sys.executable, "-m", "jupyterlab", f"--ServerApp.ip={HOST}", f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}",
        f"--ServerApp.default_url={page}", f"--LabApp.default_url={page}", "--ServerApp.log_level=WARN",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None",
        *options,
        *([] if browser else ["--no-browser"]),
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]  # fmt: skip
    environment = {**dict.fromkeys(ONE_THREAD, "1"), **os.environ, "JUPYTER_TOKEN": token}
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # being ended is being stopped
    with subprocess.Popen(command, env=environment) as server:
        try:
            return server.wait()
        except KeyboardInterrupt:
            server.terminate()
            server.wait()
    return 0


def free_port(port: int | None) -> int:
    """The wished port if it is free; without a wish, the first free one from 8888 on."""
    if port is not None and not 1 <= port <= 65535:
        raise ValueError(f"port = {port}, but a port is a number from 1 to 65535")
    for candidate in [port] if port is not None else range(FIRST_PORT, FIRST_PORT + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, candidate))
            except PermissionError as error:
                raise OSError(
                    f"port {candidate} needs the administrator's rights; choose one over 1023"
                ) from error
            except OSError:
                continue
            return candidate
    if port is None:
        raise OSError(f"no free port from {FIRST_PORT} on; name one with --port")
    raise OSError(
        f"port {port} is taken (perhaps the course is open already); choose another with --port"
    )


def _tell(done, workdir: Path) -> None:
    print(f"Your working copy is {workdir}")
    if done.new:
        print(f"  {len(done.new)} new: {', '.join(done.new)}")
    if done.updated:
        print(
            f"  {len(done.updated)} brought up to date (you had not changed them): {', '.join(done.updated)}"
        )
    for mine, new in done.beside:
        print(f"  {mine} has changed in the kit. Yours stays as it is; the new version is {new}")
