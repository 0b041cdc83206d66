"""The peers' environment, and a process for each family of engines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
VENV = ROOT / ".bench-venv"
REQUIREMENTS = HERE / "requirements.txt"
ONE_THREAD = {
    **{
        f"{library}_NUM_THREADS": "1"
        for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")
    },
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}


def environment() -> Path:
    """The python of .bench-venv, made from requirements.txt when it is missing or out of date."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = VENV / "installed.txt"
    if not (stamp.exists() and stamp.read_text() == REQUIREMENTS.read_text()):
        print(
            "Setting up .bench-venv with the peers (JAX, torch, Stable-Baselines3, gymnasium): about "
            "1.7 GB, minutes the first time ...",
            flush=True,
        )
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*install, "-r", str(REQUIREMENTS)], check=False).returncode:
            raise SystemExit(
                "The peers could not be installed (see above); this needs a network. "
                "`bench/run.py --only exact` needs no peers."
            )
        stamp.write_text(REQUIREMENTS.read_text())
    return python


def surroundings() -> dict[str, str]:
    """What every engine's process is started with: one thread, and the kit to import."""
    return {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)}


def last_core() -> int:
    """The core that everything measured on one core is pinned to."""
    return max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0


class Worker:
    """A process that runs the engines of one module on request (bench/worker.py)."""

    def __init__(self, module: str, python: Path | str, core: int | None) -> None:
        pin = [] if core is None else ["--pin", str(core)]
        self.process = subprocess.Popen(
            [str(python), str(HERE / "worker.py"), module, *pin],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=surroundings(),
        )
        self.versions = self._answer()["versions"]

    def run(self, engine: str, mode: str, size: dict, seed: int, save: str = "") -> dict:
        ask = {"engine": engine, "mode": mode, "size": size, "seed": seed, "save": save}
        self.process.stdin.write(json.dumps(ask) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[2]} ended; what it said is above")
        return json.loads(line)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
