"""The command line: pgkit list | run | lab | doctor | warmup.  Exit status 2 and one line for bad input."""

from __future__ import annotations

import argparse
import io
import json
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from pgkit.algorithms import ALGORITHMS
from pgkit.knobs import Knob, knobs_of
from pgkit.resets import RESETS, load_reset
from pgkit.run import MIX_KNOB, Run
from pgkit.worlds import WORLDS, load_world

ITERATIONS = Knob(
    "iterations", 500, 0, 10_000_000, "K", "iterations", "the number of iterations", whole=True
)
CHUNK = 10  # iterations between two looks at the clock


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {' '.join(message.split())} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Greek shows ? and goes on
    args = _parser().parse_args(argv)
    try:
        return args.command(args)
    except MemoryError:
        print(
            f"pgkit {args.name}: not enough memory; ask for fewer --runs or a smaller map",
            file=sys.stderr,
        )
        return 2
    except (ValueError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            return 0  # the reader has seen enough
        text = error.args[-1] if error.args else str(error)
        if isinstance(error, OSError) and error.filename:
            text = f"{error.filename}: {text}"
        print(f"pgkit {args.name}: {' '.join(str(text).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"pgkit {args.name}: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="pgkit", description="Policy optimization, live.", allow_abbrev=False)
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")

    listing = commands.add_parser(
        "list", allow_abbrev=False, help="algorithms, worlds, reset distributions"
    )
    listing.add_argument("--json", action="store_true", help="one JSON object on standard output")
    listing.set_defaults(command=_list)

    run = commands.add_parser(
        "run", allow_abbrev=False, help="train an algorithm in a world, many seeds at once"
    )
    run.add_argument("algorithm", metavar="ALGORITHM", help=", ".join(ALGORITHMS))
    run.add_argument(
        "--world", default="ring-of-fire", help=f"{', '.join(WORLDS)}, or a text map FILE.txt"
    )
    run.add_argument(
        "--reset", default="nominal", help=f"{', '.join(RESETS)}, or a FILE of numbers"
    )
    run.add_argument(
        "--mix", default=1.0, metavar="W", help="w in (1-w)·nominal + w·reset (default 1)"
    )
    run.add_argument("--runs", default=64, metavar="B", help="independent seeds (default 64)")
    run.add_argument("--iterations", default=500, metavar="K", help="updates (default 500)")
    run.add_argument("--seed", default=0, metavar="S", help="default 0")
    for name, k in _all_knobs().items():
        run.add_argument(
            f"--{name}",
            metavar="X",
            help=f"{k.symbol}, {k.label}, {k.low:g} to {k.high:g} (default {k.default:g})",
        )
    run.add_argument("--json", action="store_true", help="one JSON object on standard output")
    run.set_defaults(command=_run)

    lab = commands.add_parser("lab", allow_abbrev=False, help="open the course in JupyterLab")
    lab.add_argument(
        "--workdir", type=Path, metavar="DIR", help="your working copy (default: work/)"
    )
    lab.add_argument("--port", type=int, help="default: the first free one from 8888 on")
    lab.add_argument("--no-browser", action="store_true", help="only print the address")
    lab.set_defaults(command=_lab)

    doctor = commands.add_parser("doctor", allow_abbrev=False, help="is this machine ready?")
    doctor.add_argument("--json", action="store_true", help="one JSON object on standard output")
    doctor.set_defaults(command=_doctor)

    warmup = commands.add_parser(
        "warmup", allow_abbrev=False, help="compile the engine now instead of at the first lab"
    )
    warmup.set_defaults(command=_warmup)
    return parser


def _all_knobs() -> dict[str, Knob]:
    return {name: k for algorithm in ALGORITHMS.values() for name, k in knobs_of(algorithm).items()}


# ---------------------------------------------------------------- run


def _run(args: argparse.Namespace) -> int:
    if args.algorithm not in ALGORITHMS:
        raise ValueError(
            f"algorithm = {args.algorithm!r}, but it must be one of {', '.join(ALGORITHMS)}"
        )
    given = {name: value for name in _all_knobs() if (value := getattr(args, name)) is not None}
    family = ALGORITHMS[args.algorithm]
    for name in given:
        if name not in knobs_of(family):
            raise ValueError(
                f"--{name} is no knob of {args.algorithm}, which has {', '.join(knobs_of(family))}"
            )
    iterations = ITERATIONS.check(args.iterations)
    world = load_world(args.world)
    algorithm = family(**{**world.defaults, **given})
    mu = None
    if args.reset != "nominal":
        if args.reset == "expert" and algorithm.gamma == 1:
            raise ValueError(
                "gamma = 1, but the expert's occupancy needs γ < 1; give --gamma .99 or another reset"
            )
        mu = load_reset(args.reset, world, algorithm.gamma)
    run = Run(algorithm, world, mu=mu, mix=args.mix, runs=args.runs, seed=args.seed, engine="numba")
    seconds = _train(run, iterations, quiet=args.json)
    result = _result(run, args, seconds)
    if args.json:
        print(json.dumps(result))
    else:
        _print_table(result)
    return 0


def _train(run: Run, iterations: int, *, quiet: bool) -> float:
    from rich.console import Console
    from rich.progress import track

    begin = time.perf_counter()
    chunks = [CHUNK] * (iterations // CHUNK) + ([iterations % CHUNK] if iterations % CHUNK else [])
    bar = track(
        chunks,
        "training",
        console=Console(stderr=True),
        disable=quiet or not sys.stderr.isatty(),
        transient=True,
    )
    for n in bar:
        run.advance(n, record=False)
    return time.perf_counter() - begin


def _result(run: Run, args: argparse.Namespace, seconds: float) -> dict[str, Any]:
    score = run.evaluate()
    knobs = {name: getattr(run.algorithm, name) for name in knobs_of(run.algorithm)}
    mismatch = run.mismatch
    return {
        "algorithm": args.algorithm,
        "world": run.world.name,
        "knobs": {**knobs, "reset": args.reset, "mix": run.settings.mix},
        "seed": run.seed,
        "runs": run.runs,
        "iterations": run.iteration,
        "return_mean": float(score.expected_return.mean()),
        "return_per_run": score.expected_return.tolist(),
        "reached": {letter: float(runs.mean()) for letter, runs in score.reached.items()},
        "mismatch": mismatch if math.isfinite(mismatch) else None,
        "seconds": seconds,
        "steps_per_second": run.steps / seconds if seconds > 0 else 0.0,
    }


def _print_table(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{result['algorithm']} in {result['world']}", show_header=False)
    knobs = ", ".join(
        f"{k} {v:g}" if isinstance(v, float | int) else f"{k} {v}"
        for k, v in result["knobs"].items()
    )
    returns = sorted(result["return_per_run"])
    mismatch = "∞ (μ misses a state that π* visits)"
    if result["mismatch"] is not None:
        mismatch = f"{result['mismatch']:.3g}"
    elif result["knobs"]["gamma"] == 1:
        mismatch = "not defined for γ = 1"
    for left, right in (
        ("knobs", knobs),
        ("runs × iterations", f"{result['runs']} × {result['iterations']}, seed {result['seed']}"),
        (
            "J from the nominal start",
            f"mean {result['return_mean']:.2f}, from {returns[0]:.2f} to {returns[-1]:.2f}",
        ),
        *(
            (f"runs that reach {letter}", f"{share:.0%}")
            for letter, share in result["reached"].items()
        ),
        ("‖d_π*/μ‖_∞", mismatch),
        (
            "speed",
            f"{result['seconds']:.2f} s, {result['steps_per_second'] / 1e6:.1f} million steps a second",
        ),
    ):
        table.add_row(left, right)
    Console().print(table)


# ---------------------------------------------------------------- the others


def _list(args: argparse.Namespace) -> int:
    algorithms = {
        name: {"about": _first_line(a), "knobs": {k.name: k.default for k in knobs_of(a).values()}}
        for name, a in ALGORITHMS.items()
    }
    worlds = {name: _first_line(make) for name, make in WORLDS.items()}
    resets = {name: _first_line(make) for name, make in RESETS.items()}
    if args.json:
        print(json.dumps({"algorithms": algorithms, "worlds": worlds, "resets": resets}))
        return 0
    for title, rows in (
        ("algorithms", {name: a["about"] for name, a in algorithms.items()}),
        ("worlds (--world; or a text map in a file)", worlds),
        ("reset distributions (--reset; or a file of numbers)", resets),
    ):
        print(title)
        for name, about in rows.items():
            print(f"  {name:<22} {about}")
    print(
        "either algorithm starts its rollouts where --reset says; reinforce_resets shows the line for it"
    )
    print("knobs")
    for name, k in [*_all_knobs().items(), ("mix", MIX_KNOB)]:
        print(
            f"  --{name:<20} {k.symbol}, {k.label}: {k.low:g} to {k.high:g}, default {k.default:g}"
        )
    return 0


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]


def _lab(args: argparse.Namespace) -> int:
    from pgkit.lab_server import serve
    from pgkit.workdir import default_workdir

    return serve(args.workdir or default_workdir(), port=args.port, browser=not args.no_browser)


def _doctor(args: argparse.Namespace) -> int:
    from pgkit.doctor import examine, report

    checks = examine()
    if args.json:
        print(report(checks))
    else:
        for c in checks:
            print(
                f"{'ok  ' if c.ok else 'MEND'}  {c.name:<20} {c.found}{'  → ' + c.advice if c.advice else ''}"
            )
    return 0 if all(c.ok for c in checks) else 1


def _warmup(args: argparse.Namespace) -> int:
    from pgkit import engine

    engine.warmup(block=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
