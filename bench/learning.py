"""Networks that learn a task until the judge is content: rows, seeds, table (targets 5 and 6)."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from statistics import median

from criterion import TASKS
from peers import HERE, ROOT, environment, last_core, surroundings
from report import Durations, Result, Target, table

LONGEST = 3_600  # seconds of wall time after which a process is taken to hang


@dataclass(frozen=True)
class Row:
    """An engine in the table: bench/MODULE.py, how many seeds, and when to give a seed up.

    seeds, cap   in a full run and with --quick; no seeds: left out; the cap is in CPU seconds
    peer         does it run in the peers' environment?
    ours         is it pgkit? Then it has to learn
    """

    module: str
    seeds: tuple[int, int] = (3, 1)
    cap: tuple[float, float] = (60.0, 30.0)
    peer: bool = True
    ours: bool = False


def learn(name: str, rows: dict[str, Row], run: str, quick: bool) -> tuple[Result, dict]:
    """Every engine on its seeds. The first row is what the others are compared with.

    Returns the result with table and figures, and Durations by engine.
    """
    rows = {engine: row for engine, row in rows.items() if row.seeds[quick]}
    answers: dict[str, list[dict]] = {engine: [] for engine in rows}
    order = _interleaved({engine: row.seeds[quick] for engine, row in rows.items()})
    for done, (engine, seed) in enumerate(order):
        _progress(f"{name}: {engine}, seed {seed} ({done} of {len(order)} done)")
        answers[engine].append(_one(name, engine, rows[engine], seed, quick))
    _progress("")
    result, seconds = Result(), {e: _durations(run, each) for e, each in answers.items()}
    result.lines += ["", str(TASKS[name]), *_table(answers, seconds)]
    for engine, row in rows.items():
        if row.ours and seconds[engine].median.censored:
            result.wrong.append(f"{name}: {engine} has not learned it in {row.cap[quick]:g} CPU-s")
    result.figures.update({**answers, "versions": _versions(answers)})
    return result, seconds


def compare(result: Result, seconds: dict, base: str, wanted: dict[str, tuple[str, float]]) -> None:
    """Targets: how many times the CPU seconds of `base` the others at least take."""
    for engine, (text, times) in wanted.items():
        if engine in seconds and not seconds[base].median.censored:
            ratio = seconds[engine].over(seconds[base])
            result.targets.append(Target(text, ratio.value, times, censored=ratio.censored))


def _interleaved(seeds: dict[str, int]) -> list[tuple[str, int]]:
    """(engine, seed), each engine's seeds spread over the whole run."""
    spread = [
        ((seed + 0.5) / count, place, engine, seed)
        for place, (engine, count) in enumerate(seeds.items())
        for seed in range(count)
    ]
    return [(engine, seed) for *_, engine, seed in sorted(spread)]


def _one(name: str, engine: str, row: Row, seed: int, quick: bool) -> dict:
    """What one process says of itself. Raises RuntimeError when it fails."""
    done = subprocess.run(
        [
            str(environment() if row.peer else sys.executable), str(HERE / "learner.py"),
            name, row.module, engine, str(seed), str(row.cap[quick]), "--pin", str(last_core()),
        ],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, env=surroundings(), timeout=LONGEST,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{engine}, seed {seed}: ended; what it said is above")
    return json.loads(done.stdout)


def _durations(run: str, answers: list[dict]) -> Durations:
    """CPU seconds a run: with several runs trained together, until the last has learned, shared."""
    return Durations(
        run,
        tuple(a["cpu"] / a["runs"] for a in answers),
        tuple(None in a["learned"] for a in answers),
    )


def _table(answers: dict[str, list[dict]], seconds: dict[str, Durations]) -> list[str]:
    head = ["engine", "learned", "CPU s", "from - to", "x", "steps", "steps/s", "set-up s", "MB"]
    base = next(iter(seconds.values()))
    rows = []
    for engine, each in answers.items():
        took = seconds[engine]
        learned = sum(run is not None for a in each for run in a["learned"])
        steps = median(a["steps"] for a in each)
        pace = median(a["steps"] * a["runs"] / a["cpu"] for a in each)
        ratio = "-" if base.median.censored else str(took.over(base))
        rows.append(
            [
                engine, f"{learned}/{sum(a['runs'] for a in each)}", str(took.median),
                f"{min(took.seconds):,.3g} - {max(took.seconds):,.3g}", ratio,
                f"{steps:,.0f}", f"{pace:,.0f}",
                f"{median(a['import'] + a['warm-up'] for a in each):.1f}",
                f"{max(a['peak_mb'] for a in each):,.0f}",
            ]
        )  # fmt: skip
    note = (
        "  CPU s: median over seeds, looks and set-up excepted; >: some were given up before they"
        " had learned; set-up: imports and warm-up (with JAX: compiling)"
    )
    return [*table(head, rows), note]


def _versions(answers: dict[str, list[dict]]) -> dict[str, str]:
    return {k: v for each in answers.values() for a in each for k, v in a["versions"].items()}


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
