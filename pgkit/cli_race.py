"""pgkit race: two configurations over many seeds, told with intervals; or a settings file, run again."""

from __future__ import annotations

import argparse
import errno
import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pgkit.figures import export, format_of
from pgkit.figures import race as race_figure
from pgkit.race import Outcome, Race, Stored, as_json, load, save
from pgkit.sweep import Experiment, algorithm_name
from pgkit.workdir import check_writable

Contender = Callable[[list[str], str, dict[str, Any]], Experiment]
ABOUT = ("runs", "iterations", "seed")  # said once for both
EPILOG = """\
A contender is said as to `pgkit run`, in quotes:
  pgkit race "reinforce --reset uniform" "actor_critic --alpha .3 --reset uniform" --runs 100
One settings file (from --save, or from the lab of notebook 12) is run again and compared with the result in it:
  pgkit race my-race.json
"""


def add_to(commands: Any, contender: Contender, worlds: str) -> None:
    """Add the parser.  contender: makes an Experiment of one side's words."""
    parser = commands.add_parser(
        "race", allow_abbrev=False, help="two configurations over many seeds, with intervals",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "sides", nargs="+", metavar="CONTENDER|FILE", help="two in quotes, or one FILE.json"
    )
    parser.add_argument("--world", metavar="WORLD", help=f"{worlds} (default ring-of-fire)")
    for flag, metavar, text in (
        ("runs", "B", "seeds for each (default 64)"),
        ("iterations", "K", "updates (default 300)"),
        ("seed", "S", "for both (default 0); a contender's own --seed makes them unpaired"),
        ("target", "J", "the return that counts as perfect, where it is not known"),
    ):
        parser.add_argument(f"--{flag}", metavar=metavar, help=text)
    parser.add_argument("--save", type=Path, metavar="FILE", help="settings and result, as JSON")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="PNG, SVG or PDF by its ending")
    parser.add_argument(
        "--force", action="store_true", help="overwrite the files of --save and --figure"
    )
    parser.add_argument("--workers", metavar="P", help="processes, one for each contender")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster instead")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(command=lambda args: _race(args, contender))


def _race(args: argparse.Namespace, contender: Contender) -> int:
    stored = _from_file(args) if len(args.sides) == 1 else None
    race = stored.race if stored else _from_words(args, contender)
    for file in (args.save, args.figure):
        if file is not None:
            check_writable(file)
            if file.exists() and not args.force:
                raise FileExistsError(
                    errno.EEXIST, "is there already; choose another name, or --force", str(file)
                )
    if args.figure:
        format_of(args.figure)
    outcome = _run(race, args)
    if args.save:
        save(args.save, race, outcome, overwrite=args.force)
    if args.figure:
        export(race_figure(outcome), args.figure, overwrite=args.force)
    if args.json:
        print(json.dumps({**as_json(race, outcome), "verdict": _verdict(outcome, stored)}))
    else:
        _print(outcome, stored)
    return 0


def _from_file(args: argparse.Namespace) -> Stored:
    """The race in the file; what is said beside it would make it another one, and is refused."""
    given = [f"--{name}" for name in (*ABOUT, "world", "target") if getattr(args, name) is not None]
    if given:
        raise ValueError(
            f"{' '.join(given)} with a settings file, but the file says all that; "
            "change it there, or name two contenders"
        )
    return load(args.sides[0])


def _from_words(args: argparse.Namespace, contender: Contender) -> Race:
    if len(args.sides) != 2:
        raise ValueError(
            f"{len(args.sides)} contenders, but a race is between two; put each in quotes"
        )
    about = {"iterations": 300}
    about |= {name: value for name in ABOUT if (value := getattr(args, name)) is not None}
    sides = [shlex.split(side) for side in args.sides]
    made = [contender(words, args.world or "ring-of-fire", about) for words in sides]
    names = [algorithm_name(e.algorithm) for e in made]
    if names[0] == names[1]:
        names = [" ".join([name, *words[1:]]) for name, words in zip(names, sides, strict=True)]
    if names[0] == names[1]:
        names = [f"{names[0]} (1)", f"{names[1]} (2)"]
    target = None if args.target is None else _number(args.target)
    return Race(dict(zip(names, made, strict=True)), target)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"target = {text!r}, but it must be a number, a return") from None


def _run(race: Race, args: argparse.Namespace) -> Outcome:
    if args.workers is not None or args.scheduler is not None:
        return race.run(workers=args.workers, scheduler=args.scheduler)
    from rich.console import Console
    from rich.progress import Progress

    runs = race.line_up()
    show = sys.stderr.isatty() and not args.json
    with Progress(console=Console(stderr=True), disable=not show, transient=True) as bar:
        task = bar.add_task("racing", total=race.iterations)
        for iteration in race.laps(runs):
            bar.update(task, completed=iteration)
    return race.outcome(runs)


def _verdict(outcome: Outcome, stored: Stored | None) -> dict[str, Any]:
    verdict = outcome.verdict()
    estimates = {
        "iqm": dict(zip(verdict.names, verdict.iqm, strict=True)),
        "difference": verdict.difference, "probability_of_improvement": verdict.improvement,
    }  # fmt: skip
    return {
        "winner": verdict.winner, "words": verdict.words, "paired": verdict.paired,
        **{k: {n: _ends(e) for n, e in v.items()} if k == "iqm" else _ends(v) for k, v in estimates.items()},
        "optimality_gap": None if verdict.gaps is None else dict(zip(verdict.names, verdict.gaps, strict=True)),
        "same_as_file": None if stored is None else stored.compare(outcome),
    }  # fmt: skip


def _ends(estimate: Any) -> list[float | None]:
    """[value, low, high]; null for what is infinite."""
    ends = (estimate.value, estimate.low, estimate.high)
    return [x if abs(x) < float("inf") else None for x in ends]


def _print(outcome: Outcome, stored: Stored | None) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    verdict = outcome.verdict()
    table = Table(box=SIMPLE_HEAD, title=f"{' against '.join(verdict.names)}", title_justify="left")
    for column in ("", *verdict.names):
        table.add_column(column)
    table.add_row("interquartile mean, 95 % interval", *map(str, verdict.iqm))
    if verdict.gaps is not None:
        table.add_row("below the best, in the mean", *(f"{gap:.4g}" for gap in verdict.gaps))
    table.add_row(
        "steps in the world, each run", *(f"{s // verdict.runs:,}" for s in verdict.steps)
    )
    Console().print(table)
    print(verdict.words)
    if stored is not None:
        print(stored.compare(outcome))
