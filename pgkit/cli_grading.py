"""Commands around problem sets: release, collect, grade, report, feedback, scores; check and submit for students."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from pgkit.files import write_beside
from pgkit.sweep import WORKERS
from pgkit.workdir import check_writable


def add_to(commands: Any) -> None:
    """Add the parsers; nbgrader and the sandbox are imported when one of them is used."""

    def command(name: str, work: Any, help: str, *, course: bool = True) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, allow_abbrev=False, help=help)
        parser.add_argument("ps", metavar="psN", help="the problem set")
        if course:
            parser.add_argument(
                "--course",
                default=".",
                metavar="FOLDER",
                help="the folder with nbgrader_config.py; default: this one",
            )
        parser.set_defaults(command=work)
        return parser

    check = command("check", _check, "students: run the visible checks on your file", course=False)
    check.add_argument(
        "file", nargs="?", metavar="FILE", help="your notebook; default: in your working copy"
    )
    submit = command("submit", _submit, "students: pack your notebook for handing in", course=False)
    submit.add_argument(
        "file", nargs="?", metavar="FILE", help="your notebook; default: in your working copy"
    )
    submit.add_argument(
        "--name", metavar="NAME", help="your name in the course; default: your login"
    )
    submit.add_argument(
        "--to", type=Path, metavar="FILE", help="default: psN-NAME.zip beside the notebook"
    )

    release = command("release", _release, "make a problem set's release and try it")
    release.add_argument("--due", metavar="TIME", help='for late days: "2026-10-01 23:59 +02:00"')
    collect = command("collect", _collect, "lay submissions down: folders, notebooks, zip files")
    collect.add_argument("places", nargs="*", type=Path, metavar="PLACE")
    collect.add_argument("--exchange", action="store_true", help="from nbgrader's exchange, too")
    grade = command("grade", _grade, "grade a class, each submission in a sandbox")
    grade.add_argument(
        "--student",
        action="append",
        default=[],
        metavar="NAME",
        help="only this one; may be repeated",
    )
    grade.add_argument(
        "--exercise",
        metavar="NAME",
        help="only this one's points change, after its check was mended",
    )
    grade.add_argument("--workers", default=2, metavar="P", help="processes (default 2)")
    grade.add_argument(
        "--scheduler", metavar="ADDRESS", help="a Dask cluster instead of processes here"
    )
    grade.add_argument(
        "--resume", action="store_true", help="keep what is graded and has not changed"
    )
    grade.add_argument(
        "--unsafe",
        action="store_true",
        help="without a sandbox where there can be none: only for people you trust",
    )
    report = command("report", _report, "how the class did: an HTML page")
    report.add_argument(
        "--html", type=Path, metavar="FILE", help="default: psN-report.html in the course folder"
    )
    report.add_argument(
        "--names", action="store_true", help="show names; without it, names that say nothing"
    )
    command("feedback", _feedback, "an HTML page for each student")
    scores = command("scores", _scores, "the scores as a table")
    scores.add_argument("--csv", type=Path, metavar="FILE", help="write it there")
    scores.add_argument(
        "--layout", default="wide", help="wide, or lms: as learning management systems read"
    )
    scores.add_argument("--anonymous", action="store_true", help="names that say nothing")


def _course(args: argparse.Namespace) -> Any:
    from pgkit.grading.course import Course

    return Course.at(args.course)


def _check(args: argparse.Namespace) -> int:
    from pgkit.grading.student import check, find

    found = check(args.ps, find(args.ps, args.file))
    for verdict in found.verdicts:
        print(
            f"{verdict.text}\n  {verdict.points:g} of {verdict.out_of:g} points on the visible inputs"
        )
    got, most = (sum(getattr(v, n) for v in found.verdicts) for n in ("points", "out_of"))
    for note in found.notes:
        print(f"Note: {note}")
    if found.end:
        print(f"Note: your notebook was stopped: {found.end}")
    if found.written:
        print(f"Not answered in words yet: {', '.join(found.written)}")
    print(
        f"{found.path}: {got:g} of {most:g} points on the visible inputs; grading uses others, by the same rules"
    )
    return 0


def _submit(args: argparse.Namespace) -> int:
    from pgkit.grading.student import find, pack

    path = find(args.ps, args.file)
    if args.to:
        check_writable(args.to)
    target = pack(args.ps, path, args.name, args.to)
    print(f"{target} holds {path} and its hash. Hand in this file; it changes no more.")
    return 0


def _release(args: argparse.Namespace) -> int:
    from pgkit.grading.desk import release

    print(release(_course(args), args.ps, args.due))
    return 0


def _collect(args: argparse.Namespace) -> int:
    from pgkit.grading.collect import collect, collect_exchange

    if not args.places and not args.exchange:
        raise ValueError("give folders, notebooks or zip files to collect from, or --exchange")
    course = _course(args)
    taken, left = collect(course, args.ps, args.places)
    if args.exchange:
        taken = sorted({*taken, *collect_exchange(course, args.ps)})
    for line in left:
        print("".join(c if c.isprintable() else "?" for c in line))
    print(
        f"{len(taken)} submissions of {args.ps} lie in submitted/"
        if taken
        else f"no submission of {args.ps} found"
    )
    return 0 if taken else 1


def _grade(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from pgkit.grading.grade import grade
    from pgkit.grading.outcome import Outcome
    from pgkit.grading.sandbox import SandboxError

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(highlight=False, soft_wrap=True)
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(f"grading {args.ps}", total=None)

        def tell(outcome: Outcome, done: int, total: int) -> None:
            progress.print(outcome.line, markup=False)
            progress.update(bar, completed=done, total=total)

        try:
            outcomes = grade(
                _course(args), args.ps, students=args.student, exercise=args.exercise,
                workers=WORKERS.check(args.workers),
                scheduler=args.scheduler, resume=args.resume, unsafe=args.unsafe, tell=tell,
            )  # fmt: skip
        except SandboxError as error:
            raise OSError(str(error)) from error
    counts = Counter(outcome.status for outcome in outcomes)
    mean = sum(outcome.points for outcome in outcomes) / len(outcomes)
    told = ", ".join(f"{n} {status}" for status, n in sorted(counts.items()))
    most = sum(outcomes[0].out_of.values())
    console.print(f"{len(outcomes)} graded ({told}); mean {mean:.2f} of {most:g} points")
    return 0


def _report(args: argparse.Namespace) -> int:
    from pgkit.grading.report import report

    course = _course(args)
    target = args.html or course.root / f"{args.ps}-report.html"
    check_writable(target)
    write_beside(target, report(course, args.ps, anonymous=not args.names))
    print(f"{target} written")
    return 0


def _feedback(args: argparse.Namespace) -> int:
    from pgkit.grading.desk import feedback

    print(f"pages for the students lie in {feedback(_course(args), args.ps)}")
    return 0


def _scores(args: argparse.Namespace) -> int:
    from pgkit.grading.desk import scores_csv

    text = scores_csv(_course(args), args.ps, layout=args.layout, anonymous=args.anonymous)
    if args.csv:
        check_writable(args.csv)
        write_beside(args.csv, text.encode())
        print(f"{args.csv} written")
    else:
        print(text, end="")
    return 0
