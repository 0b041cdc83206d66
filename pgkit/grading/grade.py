"""Grade a class: submissions to sandboxes on any Dask cluster, values to the judge, scores to nbgrader's gradebook.

Everything that was computed is kept before it is used (`.pgkit/graded/`), each result under a key of its submission,
its release and its seeds. So a stop at any point loses nothing, and what is there already is not computed again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat

import pgkit
from pgkit.files import write_beside
from pgkit.grading.course import Course, key
from pgkit.grading.judge import graded, request, verdicts
from pgkit.grading.rebuild import Rebuilt, read, rebuild
from pgkit.grading.sandbox import Sandbox, SandboxError, why_not

VERSION = "1"  # of what is kept; a new one computes everything again
LOST = 4  # how often a task may lose its worker before its submission counts as the reason


@dataclass(frozen=True)
class Outcome:
    """One graded submission.

    status : "ok", "repaired" (see notes), "stopped" (by a limit), "unreadable" or "crashed".
    scores : grade_id -> points of the checks;  failed : grade_id -> the first part that is not right.
    """

    student: str
    ps: str
    status: str
    scores: dict[str, float]
    out_of: dict[str, float]
    failed: dict[str, str]
    notes: list[str]
    seconds: float = 0.0
    key: str = ""

    @property
    def points(self) -> float:
        return round(sum(self.scores.values()), 2)

    @property
    def line(self) -> str:
        """A line for the instructor."""
        notes = f"  {' '.join(self.notes)}" if self.notes else ""
        return f"{self.student:20} {self.points:6g} of {sum(self.out_of.values()):g}  {self.status}{notes}"


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
    workers : processes on this machine, each with a sandbox; scheduler : the address of a Dask cluster instead.
    resume : keep what was graded already and has not changed; else everything is computed anew.
    unsafe : run submissions without a sandbox where there can be none.
    tell : called after each submission with its outcome, how many are done and how many there are.

    Raises
    ------
    ValueError : an unknown student or problem set, no release, another grader at work.
    SandboxError : there can be no sandbox here.
    """
    problem = "" if unsafe or scheduler else why_not()
    if problem:
        raise SandboxError(
            f"{problem}; --unsafe grades without a sandbox: only for people whom you trust"
        )
    release, checks, seeds = course.release(ps), course.checks(ps), course.seeds(ps)
    names = _names(course, ps, students)
    told = key(VERSION, pgkit.__version__, nbformat.writes(release), json.dumps(seeds))
    with course.locked():
        from pgkit.grading.gradebook import Gradebook

        book = Gradebook(course, ps)
        outcomes: dict[str, Outcome] = {}
        rebuilt: dict[str, Rebuilt] = {}
        jobs, replies = [], {}
        for name in names:
            data, note = course.submission(name, ps)
            mark = key(told, data, note)
            kept = _kept(course, ps, name)
            rebuilt[name] = _rebuilt(release, data, note)
            if resume and kept.get("key") == mark:
                replies[name] = kept["reply"]
            jobs.append(
                Job(name, ps, mark, request(rebuilt[name].notebook, checks), seeds, limits or {})
            )
        done = 0
        waiting = [job for job in jobs if job.student not in replies]
        by_name = {job.student: job for job in jobs}

        def finish(name: str, reply: dict[str, Any], seconds: float) -> None:
            nonlocal done
            made = rebuilt[name]
            found = verdicts(checks, reply, seeds)
            status, notes = _status(made, reply, by_name[name])
            outcome = Outcome(
                name, ps, status,
                {v.grade_id: v.points for v in found}, {v.grade_id: v.out_of for v in found},
                {v.grade_id: v.failed for v in found if v.failed}, notes, seconds, by_name[name].key,
            )  # fmt: skip
            book.save(name, graded(made.notebook, reply, found))
            outcomes[name] = outcome
            done += 1
            _log(course, ps, outcome)
            tell(outcome, done, len(names))

        for name in list(replies):
            finish(name, replies[name], 0.0)
        for name, reply, seconds in _computed(waiting, ps, workers, scheduler, unsafe):
            _keep(course, ps, name, {"key": by_name[name].key, "reply": reply})
            finish(name, reply, seconds)
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


def _rebuilt(release: Any, data: bytes, note: str) -> Rebuilt:
    notes = [note] if note else []
    submitted = None
    if data:
        try:
            submitted = read(data)
        except ValueError as error:
            notes.append(f"The file cannot be read: {error}.")
    made = rebuild(release, submitted)
    return Rebuilt(
        made.notebook, [*notes, *made.notes], made.missing if submitted is not None else ["*"]
    )


def _status(made: Rebuilt, reply: dict[str, Any], job: Job) -> tuple[str, list[str]]:
    if made.missing == ["*"]:
        return "unreadable", made.notes
    if "crash" in reply:
        return "crashed", [*made.notes, reply["crash"]]
    if reply.get("end"):
        return "stopped", [*made.notes, f"Stopped: {reply['end']}."]
    silent = [cell["id"] for cell in job.cells if cell["id"] not in reply["cells"]]
    if silent:
        return "stopped", [
            *made.notes,
            f"The notebook ended its own process in the cell {silent[0]}.",
        ]
    return ("repaired" if made.notes else "ok"), made.notes


# ---------------------------------------------------------------- workers

_SANDBOXES: dict[tuple[str, bool], Sandbox] = {}


def compute(job: Job, unsafe: bool) -> tuple[dict[str, Any], float]:
    """On a worker: (reply, seconds).  The sandbox is made once for each process and problem set."""
    where = (job.ps, unsafe)
    if where not in _SANDBOXES:
        _SANDBOXES[where] = Sandbox([job.ps], unsafe=unsafe)
    begin = time.perf_counter()
    try:
        reply = _SANDBOXES[where].run(job.cells, job.seeds, **job.limits)
    except SandboxError as error:
        _SANDBOXES.pop(where).close()
        reply = {"cells": {}, "end": "", "crash": str(error)}
    return reply, time.perf_counter() - begin


def _computed(
    jobs: list[Job], ps: str, workers: int, scheduler: str | None, unsafe: bool
) -> Iterator[tuple[str, dict[str, Any], float]]:
    """(student, reply, seconds) as they are done."""
    if not jobs:
        return
    from pgkit.sweep import cluster

    with cluster(workers, scheduler) as client:
        from distributed import as_completed

        futures = client.map(
            compute,
            jobs,
            unsafe=unsafe,
            pure=False,
            key=[f"{ps}-{job.student}-{job.key[:12]}" for job in jobs],
        )
        by_key = {future.key: job for future, job in zip(futures, jobs, strict=True)}
        for future in as_completed(futures, loop=client.loop):
            job = by_key[future.key]
            if future.status == "finished":
                reply, seconds = future.result()
            else:  # its worker died again and again
                reply, seconds = (
                    {
                        "cells": {},
                        "end": "",
                        "crash": f"Grading it ended its worker: {future.exception()}",
                    },
                    0.0,
                )
            yield job.student, reply, seconds


# ---------------------------------------------------------------- what is kept


def _place(course: Course, ps: str, student: str) -> Path:
    return course.state / "graded" / ps / f"{student}.json"


def _kept(course: Course, ps: str, student: str) -> dict[str, Any]:
    path = _place(course, ps, student)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and "reply" in found else {}


def _keep(course: Course, ps: str, student: str, result: dict[str, Any]) -> None:
    path = _place(course, ps, student)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_beside(path, json.dumps(result))


def _log(course: Course, ps: str, outcome: Outcome) -> None:
    """One line of JSON for each graded submission."""
    entry = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **asdict(outcome),
        "points": outcome.points,
    }
    with (course.state / f"{ps}.log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
