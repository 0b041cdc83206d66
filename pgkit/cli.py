"""The command line: pgkit COMMAND, `pgkit --help` lists them.  Exit status 2 and one line for bad input."""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from pgkit import cli_grading, cli_race
from pgkit.algorithms import ALGORITHMS
from pgkit.files import write_beside
from pgkit.knobs import Choice, Knob, settings_of
from pgkit.resets import RESETS
from pgkit.run import MIX_KNOB, Run
from pgkit.sweep import ABOUT_RUN, ITERATIONS, PRESETS, Experiment, grid, sweep
from pgkit.workdir import check_writable
from pgkit.worlds import WORLDS

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
    _about_experiment(run, several=None)
    run.add_argument("--json", action="store_true", help="one JSON object on standard output")
    run.set_defaults(command=_run)

    sweep = commands.add_parser(
        "sweep", allow_abbrev=False, help="every combination of several values of some flags"
    )
    _about_experiment(sweep, several="+")
    sweep.add_argument("--json", nargs="?", const="-", metavar="FILE", help="results as JSON")
    sweep.add_argument(
        "--csv", metavar="FILE", help="results as a table, a line for each combination"
    )
    sweep.add_argument("--workers", metavar="P", help="processes (default: one a core)")
    sweep.add_argument(
        "--scheduler", metavar="ADDRESS", help="a Dask cluster instead of processes here"
    )
    sweep.set_defaults(command=_sweep)

    cli_race.add_to(commands, _contender, WORLD_HELP)

    lab = commands.add_parser("lab", allow_abbrev=False, help="open the course in JupyterLab")
    lab.add_argument(
        "--workdir", type=Path, metavar="DIR", help="your working copy (default: work/)"
    )
    lab.add_argument("--port", type=int, help="default: the first free one from 8888 on")
    lab.add_argument("--no-browser", action="store_true", help="only print the address")
    lab.set_defaults(command=_lab)

    lecture = commands.add_parser(
        "lecture", allow_abbrev=False, help="a chapter for the projector, with presenter notes"
    )
    lecture.add_argument("chapter", metavar="CHAPTER", help="its number, such as 05")
    lecture.add_argument("--code", action="store_true", help="show the code cells")
    lecture.add_argument("--workdir", type=Path, metavar="DIR", help="as for pgkit lab")
    lecture.add_argument("--port", type=int, help="default: the first free one from 8888 on")
    lecture.add_argument("--no-browser", action="store_true", help="only print the address")
    lecture.set_defaults(command=_lecture)

    predictions = commands.add_parser(
        "predictions", allow_abbrev=False, help="what a class predicted, as histograms"
    )
    predictions.add_argument(
        "places",
        nargs="+",
        metavar="FILES",
        help="ledgers (predictions.json), or folders with ledgers in them",
    )
    predictions.add_argument("--html", metavar="FILE", help="a page with the histograms")
    predictions.add_argument(
        "--json", action="store_true", help="one JSON object on standard output"
    )
    predictions.set_defaults(command=_predictions)

    cli_grading.add_to(commands)

    doctor = commands.add_parser("doctor", allow_abbrev=False, help="is this machine ready?")
    doctor.add_argument("--json", action="store_true", help="one JSON object on standard output")
    doctor.set_defaults(command=_doctor)

    warmup = commands.add_parser(
        "warmup", allow_abbrev=False, help="compile the engine now instead of at the first lab"
    )
    warmup.set_defaults(command=_warmup)
    return parser


WORLD_HELP = f"{', '.join(WORLDS)}, gymnasium:ID, or a text map FILE.txt"
ABOUT = {  # flag -> (what it takes, what it is)
    "reset": ("NAME", f"{', '.join(RESETS)}, or a FILE of numbers (default nominal)"),
    "mix": ("W", "w in (1-w)·nominal + w·reset (default 1)"),
    "runs": ("B", "independent seeds (default 64)"),
    "iterations": ("K", "updates (default 500)"),
    "seed": ("S", "default 0"),
}


def _about_experiment(parser: argparse.ArgumentParser, *, several: str | None) -> None:
    """The flags that say what to run; in a sweep those that can vary take several values."""
    parser.add_argument("--world", default="ring-of-fire", help=WORLD_HELP)
    _about_contender(parser, several=several, about=tuple(ABOUT))


def _about_contender(
    parser: argparse.ArgumentParser, *, several: str | None, about: Sequence[str]
) -> None:
    """The algorithm, where it starts, and every knob."""
    parser.add_argument("algorithm", metavar="ALGORITHM", help=", ".join(ALGORITHMS))
    parser.add_argument("--preset", metavar="NAME", help=f"named settings: {_presets()}")
    for flag in about:
        metavar, text = ABOUT[flag]
        parser.add_argument(f"--{flag}", nargs=several, metavar=metavar, help=text)
    for name, k in _all_settings().items():
        parser.add_argument(
            f"--{name}",
            f"--{name.replace('_', '-')}",
            dest=name,
            nargs=several,
            metavar="X",
            help=_range(k),
        )


def _presets() -> str:
    return "; ".join(f"{a}: {', '.join(names)}" for a, names in PRESETS.items())


def _range(k: Knob | Choice) -> str:
    """What a setting may be; the default is the first algorithm's that has it, and worlds have their own."""
    if isinstance(k, Choice):
        return f"{k.label}: {' | '.join(k.options)} (default {k.default})"
    return f"{k.symbol}, {k.label}, {k.low:g} to {k.high:g} (default {k.default:g})"


def _all_settings() -> dict[str, Knob | Choice]:
    found: dict[str, Knob | Choice] = {}
    for algorithm in ALGORITHMS.values():
        found = {**settings_of(algorithm), **found}
    return found


def _given(args: argparse.Namespace) -> dict[str, Any]:
    """What was said about the experiment on the command line."""
    names = (*ABOUT_RUN, *_all_settings())
    return {name: value for name in names if (value := getattr(args, name, None)) is not None}


def _contender(words: Sequence[str], world: str, about: dict[str, Any]) -> Experiment:
    """One side of a race, as it would be said to `pgkit run`."""
    parser = _Parser(prog="pgkit race", allow_abbrev=False, add_help=False)
    _about_contender(parser, several=None, about=("reset", "mix", "seed"))
    args = parser.parse_args(words, argparse.Namespace(world=world))
    return _experiment(args, {**about, **_given(args)})


def _experiment(args: argparse.Namespace, given: dict[str, Any]) -> Experiment:
    settings = {k: v for k, v in given.items() if k not in ABOUT_RUN}
    about = {k: v for k, v in given.items() if k in ABOUT_RUN}
    return Experiment(args.algorithm, args.world, settings, args.preset, **about)


# ---------------------------------------------------------------- run


def _run(args: argparse.Namespace) -> int:
    experiment = _experiment(args, _given(args))
    iterations = ITERATIONS.check(experiment.iterations)
    run = experiment.prepare()
    seconds = _train(run, iterations, quiet=args.json)
    result = experiment.result(run, seconds)
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


def _returns(result: dict[str, Any]) -> list[float]:
    """Every run's return; a null is a run that has diverged."""
    return [-math.inf if j is None else j for j in result["return_per_run"]]


def _print_table(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{result['algorithm']} in {result['world']}", show_header=False)
    knobs = ", ".join(
        f"{k} {v:g}" if isinstance(v, float | int) else f"{k} {v}"
        for k, v in result["knobs"].items()
    )
    returns = sorted(_returns(result))
    episodes = result["evaluation_episodes"]
    why = "γ = 1" if result["states"] else "a world without a list of states"
    mismatch = _mismatch(
        result, result["mismatch"], f"not defined for {why}", "∞ (μ misses a state that π* visits)"
    )
    for left, right in (
        ("knobs", knobs),
        ("runs × iterations", f"{result['runs']} × {result['iterations']}, seed {result['seed']}"),
        (
            f"mean return of {episodes} episodes" if episodes else "J from the nominal start",
            f"mean {sum(returns) / len(returns):.2f}, from {returns[0]:.2f} to {returns[-1]:.2f}",
        ),
        *(
            (f"runs that reach {letter}", f"{share:.0%}")
            for letter, share in result["reached"].items()
        ),
        *(("error of V (rms)", f"{v:.4g}") for k, v in result.items() if k == "value_rms_error"),
        ("‖d_π*/μ‖_∞", mismatch),
        (
            "speed",
            f"{result['seconds']:.2f} s, {result['steps_per_second']:,.0f} steps a second",
        ),
    ):
        table.add_row(left, right)
    Console().print(table)


# ---------------------------------------------------------------- predictions


def _predictions(args: argparse.Namespace) -> int:
    """Status 1 if a file could not be read; the others count all the same."""
    from rich.console import Console
    from rich.table import Table

    from pgkit.predictions import as_json, collect, page

    if args.html:
        check_writable(Path(args.html))
    questions, ledgers, problems = collect(args.places)
    if args.html:
        write_beside(Path(args.html), page(questions, ledgers).encode())
    if args.json:
        print(json.dumps(as_json(questions, ledgers), ensure_ascii=False))
    else:
        for q in questions:
            table = Table(title=f"{q.key}: {q.text}", title_justify="left")
            table.add_column("prediction", min_width=16)
            table.add_column("students", justify="right")
            table.add_column("")
            bars = q.bars()
            most = max(n for _, n, _ in bars) or 1
            for label, n, hit in bars:
                table.add_row(
                    label, str(n), "█" * round(24 * n / most) + (" ✓ the answer" if hit else "")
                )
            Console().print(table)
        print(
            f"{ledgers} ledgers, {len(questions)} questions."
            + (f" Page: {args.html}" if args.html else "")
        )
    for problem in problems:
        print(f"pgkit predictions: skipped {problem}", file=sys.stderr)
    return 1 if problems else 0


# ---------------------------------------------------------------- sweep


def _sweep(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import Progress

    given = _given(args)
    varied = {k: v for k, v in given.items() if len(v) > 1}
    fixed = {k: v[0] for k, v in given.items() if len(v) == 1}
    for file in (args.csv, args.json):
        if file not in (None, "-"):
            check_writable(Path(file))
    experiments = grid(_experiment(args, fixed), varied)
    results: list[dict[str, Any] | None] = [None] * len(experiments)
    try:
        with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task("sweeping", total=len(experiments))
            for i, result in sweep(experiments, scheduler=args.scheduler, workers=args.workers):
                results[i] = result
                bar.advance(task)
    finally:  # what is done is kept, whatever happened to the rest
        done = [r for r in results if r is not None]
        if done:
            _write_sweep(args, list(varied), done)
    return 0


def _write_sweep(
    args: argparse.Namespace, varied: list[str], results: list[dict[str, Any]]
) -> None:
    rows = [_row(result, varied) for result in results]
    if args.json:
        text = json.dumps(results)
        print(text) if args.json == "-" else write_beside(Path(args.json), (text + "\n").encode())
    if args.csv:
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_beside(Path(args.csv), out.getvalue().encode())
    if not args.json and not args.csv:
        _print_rows(results[0], rows)


def _row(result: dict[str, Any], varied: list[str]) -> dict[str, Any]:
    """One combination in one line."""
    j = np.sort(_returns(result))
    values = {**result["knobs"], **{k: result[k] for k in ("runs", "iterations", "seed")}}
    return {
        **{name: values[name] for name in varied},
        "return_mean": float(j.mean()),
        "return_median": float(np.median(j)),
        "return_low": float(j[0]),
        "return_high": float(j[-1]),
        **{f"reached_{letter}": share for letter, share in result["reached"].items()},
        "mismatch": result["mismatch"],
        "seconds": result["seconds"],
    }


def _print_rows(first: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    short = {"return_mean": "mean J", "return_median": "median", "return_low": "lowest"}
    short |= {"return_high": "highest", "mismatch": "‖d/μ‖", "seconds": "s"}
    table = Table(title=f"{first['algorithm']} in {first['world']}", box=SIMPLE_HEAD)
    for name in rows[0]:
        table.add_column(short.get(name, name.replace("reached_", "→ ")), justify="right")
    for row in rows:
        table.add_row(*(_figure(name, value, first) for name, value in row.items()))
    Console().print(table)


def _figure(name: str, value: Any, result: dict[str, Any]) -> str:
    """A number of the table of a sweep."""
    if name.startswith("reached_"):
        return f"{value:.0%}"
    if name.startswith("return_"):
        return f"{value:.2f}"
    if name == "mismatch":
        return _mismatch(result, value, "–", "∞")
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _mismatch(result: dict[str, Any], value: float | None, undefined: str, infinite: str) -> str:
    """‖d_π*/μ‖_∞ in words: defined over a list of states, for γ < 1."""
    if result["states"] is None or result["knobs"].get("gamma") == 1:
        return undefined
    return infinite if value is None else f"{value:.3g}"


# ---------------------------------------------------------------- the others


def _list(args: argparse.Namespace) -> int:
    algorithms = {
        name: {
            "about": _first_line(a),
            "knobs": {k.name: k.default for k in settings_of(a).values()},
        }
        for name, a in ALGORITHMS.items()
    }
    worlds = {name: _first_line(make) for name, make in WORLDS.items()}
    worlds["gymnasium:ID"] = (
        "Any environment of Gymnasium with numbers for states, such as gymnasium:CartPole-v1."
    )
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
        width = max(map(len, rows))
        for name, about in rows.items():
            print(f"  {name:<{width}}  {about}")
    print("knobs (defaults suit the world; pgkit list --json has every algorithm's own)")
    for name, k in [*_all_settings().items(), ("mix", MIX_KNOB)]:
        print(f"  --{name:<20} {_range(k)}")
    return 0


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]


def _lab(args: argparse.Namespace) -> int:
    from pgkit.lab_server import serve
    from pgkit.workdir import default_workdir

    return serve(args.workdir or default_workdir(), port=args.port, browser=not args.no_browser)


def _lecture(args: argparse.Namespace) -> int:
    """A fresh copy of the chapter, JupyterLab behind it, and the stage as its first page."""
    from pgkit.lab_server import free_port, run_jupyterlab
    from pgkit.lecture import find_chapter, lay_out, options, stage
    from pgkit.workdir import default_workdir, deliver

    script, port = find_chapter(args.chapter), free_port(args.port)
    workdir = (args.workdir or default_workdir()).expanduser().resolve()
    deliver(workdir)
    folder = lay_out(workdir / "notebooks" / f"{script.stem}.ipynb", workdir / "lectures")
    return run_jupyterlab(
        folder, stage(script, code=args.code), *options(folder), port=port, browser=not args.no_browser,
        said="The lecture is open at",
        then=f"P opens the presenter's window. Bets and notes of the room are kept in {folder}.\n",
    )  # fmt: skip


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
