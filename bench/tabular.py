"""Tabular REINFORCE by every engine in turn, round by round (targets 1 and 2), and how cost grows (7)."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from peers import Worker, environment
from report import Figure, Result, Target, table
from workload import MODES, UNIFORM_J, Size, grid

from pgkit import engine

# engine: (module, in the peers' environment?, extrapolated?)
ENGINES = {
    "C": ("engines_c", False, False),
    "C, in step": ("engines_c", False, False),
    "numba": ("engines_ours", False, False),
    "twin": ("engines_ours", False, False),
    "JAX, best form": ("engines_jax", True, False),
    "JAX, PureJaxRL style": ("engines_jax", True, False),
    "torch, closed form": ("engines_torch", True, False),
    "torch, autograd": ("engines_torch", True, False),
    "numpy + gymnasium loop": ("engines_loops", True, True),
    "torch + gymnasium loop": ("engines_loops", True, True),
}
TARGETS = {  # how many times the kernel's time a peer may at least take
    "full-live": {
        "JAX, best form": 4, "JAX, PureJaxRL style": 8, "torch, closed form": 12,
        "numpy + gymnasium loop": 2_500, "torch + gymnasium loop": 30_000,
    },
    "episodic": {"JAX, best form": 12, "JAX, PureJaxRL style": 24, "torch, closed form": 35},
}  # fmt: skip
GROWTH = {  # the knob, and how it is multiplied
    "runs": (16, 32, 64, 128),
    "episodes": (8, 16, 32, 64, 128),
    "horizon": (10, 20, 40, 80, 160),
    "iterations": (50, 100, 200, 400),
    "copies": (1, 4, 16),
}


def suite(run: str, quick: bool) -> Result:
    result, size, rounds = Result(), Size(), 3 if quick else 9
    peers = environment()
    core = _cores()[-1]
    workers = {}
    for module, foreign, _ in ENGINES.values():
        if module not in workers:
            workers[module] = Worker(module, peers if foreign else sys.executable, core)
    free = Worker("engines_ours", sys.executable, None)  # may use both cores
    try:
        for mode in MODES:
            _mode(result, workers, free, run, mode, size, rounds)
        _growth(result, workers["engines_ours"], run, size, 2 if quick else 5)
        versions = [w.versions for w in workers.values()]
        result.figures["versions"] = {k: v for each in versions for k, v in each.items()}
    finally:
        for worker in (*workers.values(), free):
            worker.close()
    return result


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


def _mode(result, workers, free, run, mode, size, rounds) -> None:
    engines = [e for e, (*_, loop) in ENGINES.items() if mode == "full-live" or not loop]
    cpu, wall = {e: [] for e in engines}, {"numba": [], "numba, 2 threads": []}
    checked, peak, steps = {}, {}, {}
    for k in range(rounds + 1):  # the first round compiles and is not counted
        _progress(f"{mode}: round {k} of {rounds}")
        for name in engines:
            module, _, loop = ENGINES[name]
            if loop and k not in (0, 1):
                continue  # once is enough for an extrapolation; round 0 is their warm-up
            with tempfile.TemporaryDirectory() as folder:
                save = "" if loop else str(Path(folder) / "theta.npy")
                got = workers[module].run(name, mode, size.as_dict(), k, save)
                if k == rounds or loop:
                    checked[name] = _check(mode, size, got, save)
            peak[name], steps[name] = got["peak_mb"], got["steps"]
            if k > 0:
                cpu[name].append(got["cpu"] * (size.slots / got["steps"] if loop else 1))
        for name, into in wall.items():
            got = free.run(name, mode, size.as_dict(), k)
            if k > 0:
                into.append(got["wall"])
    _progress("")
    figures = {e: Figure(run, tuple(x)) for e, x in cpu.items()}
    threads = {e: Figure(run, tuple(x)) for e, x in wall.items()}
    _report(result, mode, size, figures, threads, checked, peak, steps)


def _check(mode: str, size: Size, got: dict, save: str) -> tuple[bool, str]:
    """Does the last mean return of training agree with the exact J of the final θ?"""
    last = np.array(got["last"])
    error = last.std() / np.sqrt(len(last))
    if save:
        next_state, reward, terminal, start = grid(mode, size.copies)
        world = SimpleNamespace(
            next_state=next_state[..., None], reward=reward[..., None], terminal=terminal
        )
        exact = engine.evaluate(
            engine.tables(world), np.load(save), start, gamma=size.gamma, horizon=size.horizon
        ).expected_return
        error = (last - exact).std() / np.sqrt(len(last))
        exact = exact.mean()
    else:
        exact = UNIFORM_J[mode]
    right = abs(last.mean() - exact) < 5 * error + 0.01 * abs(exact)
    return bool(right), f"{last.mean():.4g} / {exact:.4g}"


def _report(result, mode, size, figures, threads, checked, peak, steps) -> None:
    base, rows = figures["numba"], []
    for name, figure in figures.items():
        right, values = checked[name]
        if not right:
            result.wrong.append(f"{mode}, {name}: J {values}")
        extrapolated = f" (from {steps[name]:,} steps)" if steps[name] else ""
        rows.append(
            [
                name + extrapolated, f"{1e3 * figure.median:,.1f}",
                f"{size.slots / figure.median / 1e6:,.3g}", f"{figure.over(base):,.3g}",
                f"{peak[name]:,.0f}", values + ("" if right else " WRONG"),
            ]
        )  # fmt: skip
    head = ["engine", "CPU ms", "M slots/s", "x numba", "MB", "J trained / exact"]
    result.lines += ["", f"{mode}: {size.runs} runs x {size.episodes} trajectories x "
                     f"{size.iterations} iterations x horizon {size.horizon}, one core"]  # fmt: skip
    result.lines += table(head, rows)
    gain = threads["numba"].over(threads["numba, 2 threads"])
    result.lines.append(
        f"  two threads: {1e3 * threads['numba, 2 threads'].median:.1f} ms of wall time, "
        f"one: {1e3 * threads['numba'].median:.1f} ms"
    )
    add = result.targets.append
    fastest_c = min(figures["C"], figures["C, in step"], key=lambda f: f.median)
    add(Target(f"1 {mode}: kernel / the faster C", base.over(fastest_c), 1.1, at_most=True))
    for name, wanted in TARGETS[mode].items():
        add(Target(f"1 {mode}: {name} / kernel", figures[name].over(base), wanted))
    if mode == "full-live":
        add(Target(f"1 {mode}: one thread / two threads (wall)", gain, 1.6))
        twin = figures["twin"]
        add(Target("2 full-live: twin / kernel", twin.over(base), 3.0, at_most=True))
        best_jax = figures["JAX, best form"]
        add(Target("2 full-live: JAX, best form / twin", best_jax.over(twin), 1.4))
    result.figures[mode] = {
        **{name: f.seconds for name, f in figures.items()},
        **{f"{name} (wall)": f.seconds for name, f in threads.items()},
    }


def _growth(result: Result, worker: Worker, run: str, size: Size, rounds: int) -> None:
    """Cost against each knob alone. Linear: time per unit is the same at both ends."""
    result.lines += [
        "",
        "growth of the kernel's cost, full-live (CPU ms; last column: last / first",
    ]
    result.lines[-1] += ", per unit of the knob; for copies of the grid that nobody enters: in all)"
    for knob, values in GROWTH.items():
        _progress(f"growth in {knob}")
        seconds = {v: [] for v in values}
        for k in range(rounds + 1):
            for v in values:
                changed = {knob: v} if knob == "iterations" else {knob: v, "alpha": 0.0}
                got = worker.run("numba", "full-live", size.but(**changed).as_dict(), k)
                if k > 0:
                    seconds[v].append(got["cpu"])
        figures = {v: Figure(run, tuple(x)) for v, x in seconds.items()}
        ratio = figures[values[-1]].over(figures[values[0]])
        if knob != "copies":
            ratio *= values[0] / values[-1]
        curve = "  ".join(f"{v}: {1e3 * f.median:.1f}" for v, f in figures.items())
        result.lines.append(f"  {knob:<11}{curve}   {ratio:.2f}")
        what = "16 times the states, unvisited" if knob == "copies" else f"{knob}: cost per unit"
        result.targets.append(Target(f"7 {what}, last / first", ratio, 1.25, at_most=True))
        result.figures[f"growth in {knob}"] = {str(v): f.seconds for v, f in figures.items()}
    _progress("")


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
