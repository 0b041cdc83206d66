"""Grade a class: submissions to sandboxes on any Dask cluster, values to the judge, scores to nbgrader's gradebook.

Everything that was computed is kept before it is used (`.pgkit/graded/`), each result under a key of its submission,
its release, its seeds and its probes. So a stop at any point loses nothing, and what is there already is not computed
again. The judge looks at kept values anew each time: a check that was mended there costs no run.
"""

from __future__ import annotations

import importlib
import inspect
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat

import pgkit
from pgkit.files import write_beside
from pgkit.grading.course import Course, key
from pgkit.grading.judge import graded, judged_points, nothing, request, verdicts, with_others_kept
from pgkit.grading.outcome import Outcome, outcome, read_log, write_log
from pgkit.grading.rebuild import Check, Rebuilt, rebuild_file
from pgkit.grading.sandbox import Sandbox, SandboxError, shows, why_not

VERSION = "2"  # of what is kept; a new one computes everything again


@dataclass(frozen=True)
class Job:
    """What a worker needs, as plain data."""

    student: str
    ps: str
    key: str
    cells: list[dict[str, Any]]
    seeds: list[int | None]
    limits: dict[str, Any] = field(default_factory=dict)


def grade(
    course: Course,
    ps: str,
    *,
    students: Sequence[str] = (),
    exercise: str | None = None,
    workers: int = 2,
    scheduler: str | None = None,
    resume: bool = False,
    unsafe: bool = False,
    limits: dict[str, Any] | None = None,
    tell: Callable[[Outcome, int, int], None] = lambda outcome, done, total: None,
) -> list[Outcome]:
    """Grade all submissions of a problem set, or those of some students, and write them into the gradebook.

    Parameters
    ----------
    students : who; everybody who has handed in if empty.
    exercise : only the points of this one change, after its check was mended; whoever has none yet gets all.
    workers : processes on this machine, each with a sandbox; scheduler : the address of a Dask cluster instead.
    resume : keep what was graded already and has not changed; else everything is computed anew.
    unsafe : run submissions without a sandbox where there can be none.
    tell : called after each submission with its outcome, how many are done and how many there are.

    Raises
    ------
    ValueError : an unknown student, exercise or problem set, no release, another grader at work.
    SandboxError : there can be no sandbox here, or on a worker of the cluster.
    OSError : the cluster cannot be reached, or is lost on the way; what was graded is kept.
    """
    problem = "" if unsafe or scheduler else why_not()
    if problem:
        raise SandboxError(
            f"{problem}; --unsafe grades without a sandbox: only for people whom you trust"
        )
    if not unsafe and (place := shows(course.root)):
        raise ValueError(
            f"the course folder lies in {place}, which submissions can read; move it out of there"
        )
    release, checks, seeds = course.release(ps), course.checks(ps), course.seeds(ps)
    only = None if exercise is None else _check_of(checks, exercise)
    names = _names(course, ps, students)
    told = key(VERSION, pgkit.__version__, nbformat.writes(release), json.dumps(seeds), _probes(ps))
    with course.locked():
        from pgkit.grading.gradebook import Gradebook

        book = Gradebook(course, ps)
        before = {entry["student"]: entry for entry in read_log(course, ps)}

        def rebuilt(name: str) -> tuple[Rebuilt, Job]:
            data, note = course.submission(name, ps)
            made = rebuild_file(release, data, note)
            asked = request(made.notebook, checks)
            return made, Job(name, ps, key(told, data, note), asked, seeds, limits or {})

        def finish(name: str, reply: dict[str, Any], seconds: float) -> Outcome:
            made, job = rebuilt(name)
            unread = nothing(checks, f"Nothing could be graded. {' '.join(made.notes)}")
            found = unread if made.unreadable else verdicts(checks, reply, seeds)
            result = outcome(name, ps, made, reply, found, job.cells, seconds, job.key)
            notebook = graded(made.notebook, reply, found, result.notes)
            old = course.graded(name, ps) if only else None
            if old is not None and only is not None:
                notebook = with_others_kept(notebook, old, checks, only)
                result = _with_others_kept(result, judged_points(notebook, checks), before, only)
            book.save(name, notebook)
            write_log(course, ps, result)
            return result

        outcomes: dict[str, Outcome] = {}
        waiting, ready = [], []
        for name in names:
            made, job = rebuilt(name)
            if made.unreadable:
                ready.append((name, {"cells": {}, "end": ""}))
            elif resume and _kept(course, ps, name).get("key") == job.key:
                ready.append((name, None))
            else:
                waiting.append(job)
        for name, reply in ready:
            was = {"reply": reply, "seconds": 0.0} if reply else _kept(course, ps, name)
            outcomes[name] = finish(name, was["reply"], was["seconds"])
            tell(outcomes[name], len(outcomes), len(names))
        for job, reply, seconds in _computed(waiting, workers, scheduler, unsafe):
            if "crash" not in reply:  # what went wrong around a submission is tried again
                _keep(course, ps, job.student, {"key": job.key, "reply": reply, "seconds": seconds})
            outcomes[job.student] = finish(job.student, reply, seconds)
            tell(outcomes[job.student], len(outcomes), len(names))
        return [outcomes[name] for name in names]


def _names(course: Course, ps: str, students: Sequence[str]) -> list[str]:
    known = course.students(ps)
    if not known:
        raise ValueError(
            f"nobody has handed in {ps}; lay submissions down by pgkit collect {ps} FOLDER"
        )
    for name in students:
        if name not in known:
            raise ValueError(
                f"student = {name!r} has not handed in {ps}; {len(known)} have: {', '.join(known[:8])} ..."
            )
    return [name for name in known if not students or name in students]


def _check_of(checks: Sequence[Check], exercise: str) -> str:
    """The grade_id of an exercise's check."""
    for check in checks:
        if exercise in (check.grade_id, check.grade_id.removeprefix("check-")):
            return check.grade_id
    known = ", ".join(check.grade_id.removeprefix("check-") for check in checks)
    raise ValueError(f"exercise = {exercise!r}, but it must be one of {known}")


def _probes(ps: str) -> str:
    """The text that decides on which inputs the answers are called, and how."""
    modules = (importlib.import_module(name) for name in ("pgkit.check", f"pgkit.checks.{ps}"))
    return "".join(Path(inspect.getfile(module)).read_text(encoding="utf-8") for module in modules)


def _with_others_kept(
    new: Outcome, points: dict[str, float], before: dict[str, Any], only: str
) -> Outcome:
    failed = {k: v for k, v in before.get(new.student, {}).get("failed", {}).items() if k != only}
    failed |= {k: v for k, v in new.failed.items() if k == only}
    return replace(new, scores=points, failed=failed)


# ---------------------------------------------------------------- workers

_SANDBOXES: dict[tuple[str, bool], Sandbox] = {}


def compute(job: Job, unsafe: bool) -> tuple[dict[str, Any], float]:
    """On a worker: (reply, seconds).  The sandbox is made once for each process and problem set."""
    where = (job.ps, unsafe)
    if where not in _SANDBOXES:
        box = Sandbox([job.ps], unsafe=unsafe)
        box.run([], [])  # SandboxError: here nothing can be graded, and that is nobody's fault
        _SANDBOXES[where] = box
    begin = time.perf_counter()
    try:
        reply = _SANDBOXES[where].run(job.cells, job.seeds, **job.limits)
    except SandboxError as error:
        _SANDBOXES.pop(where).close()
        reply = {"cells": {}, "end": "", "crash": str(error)}
    return reply, time.perf_counter() - begin


def _computed(
    jobs: list[Job], workers: int, scheduler: str | None, unsafe: bool
) -> Iterator[tuple[Job, dict[str, Any], float]]:
    """(job, reply, seconds) as they are done."""
    if not jobs:
        return
    from pgkit.sweep import cluster

    with cluster(workers, scheduler) as client:
        from distributed import KilledWorker, as_completed

        for address, problem in client.run(why_not).items() if not unsafe else ():
            if problem:
                raise SandboxError(f"worker {address}: {problem}")
        by_key = {f"{job.ps}-{job.student}-{job.key[:12]}": job for job in jobs}
        futures = client.map(compute, jobs, unsafe=unsafe, pure=False, key=list(by_key))
        arriving = as_completed(futures, loop=client.loop)
        del futures  # a reply is dropped when it has been dealt with
        for future in arriving:
            try:  # waits where a worker died with its reply: another computes it anew
                reply, seconds = future.result()
            except CancelledError as error:
                message = "the cluster is lost; what was graded is kept, --resume goes on"
                raise OSError(message) from error
            except KilledWorker as error:  # its worker died again and again
                reply, seconds = (
                    {"cells": {}, "end": "", "crash": f"It ended its worker: {error}"},
                    0.0,
                )
            yield by_key[future.key], reply, seconds


# ---------------------------------------------------------------- what is kept


def _place(course: Course, ps: str, student: str) -> Path:
    return course.state / "graded" / ps / f"{student}.json"


def _kept(course: Course, ps: str, student: str) -> dict[str, Any]:
    path = _place(course, ps, student)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and {"reply", "seconds"} <= set(found) else {}


def _keep(course: Course, ps: str, student: str, result: dict[str, Any]) -> None:
    path = _place(course, ps, student)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_beside(path, json.dumps(result))
