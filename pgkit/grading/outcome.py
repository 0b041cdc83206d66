"""What came of one submission, in words for the instructor, and the log of it: a line of JSON each."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pgkit.grading.course import Course
from pgkit.grading.judge import Verdict
from pgkit.grading.rebuild import Rebuilt


@dataclass(frozen=True)
class Outcome:
    """One graded submission.

    status : "ok", "repaired" (see notes), "stopped" (by a limit, or by itself), "unreadable" or "crashed".
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
        """A line for the instructor: nothing in it moves the cursor or colours the terminal."""
        notes = f"  {' '.join(self.notes)}" if self.notes else ""
        words = f"{self.student:20} {self.points:6g} of {sum(self.out_of.values()):g}  {self.status}{notes}"
        return "".join(c if c.isprintable() else "?" for c in words)


def outcome(
    student: str,
    ps: str,
    made: Rebuilt,
    reply: Mapping[str, Any],
    found: Sequence[Verdict],
    asked: Sequence[Mapping[str, Any]],
    seconds: float = 0.0,
    key: str = "",
) -> Outcome:
    """found : the verdicts on the reply to the cells `asked`."""
    status, notes = _status(made, reply, asked)
    notes = [*notes, *(v.note for v in found if v.note)]
    return Outcome(
        student, ps, status,
        {v.grade_id: v.points for v in found}, {v.grade_id: v.out_of for v in found},
        {v.grade_id: v.failed for v in found if v.failed}, notes, round(seconds, 3), key,
    )  # fmt: skip


def _status(
    made: Rebuilt, reply: Mapping[str, Any], asked: Sequence[Mapping[str, Any]]
) -> tuple[str, list[str]]:
    if made.unreadable:
        return "unreadable", made.notes
    if "crash" in reply:
        return "crashed", [*made.notes, reply["crash"]]
    if reply.get("end"):
        return "stopped", [*made.notes, f"Stopped: {reply['end']}."]
    silent = [cell["id"] for cell in asked if cell["id"] not in reply["cells"]]
    if silent:
        return "stopped", [*made.notes, f"It ended its own process in the cell {silent[0]}."]
    return ("repaired" if made.notes else "ok"), made.notes


# ---------------------------------------------------------------- the log


def write_log(course: Course, ps: str, result: Outcome) -> None:
    """Append a line; what a stop has torn off before is a line of its own, which nobody reads."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    entry = json.dumps({"at": at, **asdict(result), "points": result.points}) + "\n"
    path = _place(course, ps)
    with path.open("a+b") as file:
        if file.tell() and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n":
            entry = "\n" + entry
        file.write(entry.encode())
        file.flush()
        os.fsync(file.fileno())


def read_log(course: Course, ps: str) -> list[dict[str, Any]]:
    """The last entry of each student."""
    path = _place(course, ps)
    lines = (
        path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    )
    latest: dict[str, dict[str, Any]] = {}
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:  # torn by a kill or a power cut in the middle of it
            continue
        latest[entry["student"]] = entry
    return [latest[name] for name in sorted(latest)]


def _place(course: Course, ps: str) -> Path:
    return course.state / f"{ps}.log.jsonl"
