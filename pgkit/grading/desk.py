"""The instructor's desk: release a problem set, give feedback, read the scores."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import nbformat

from pgkit.grading.course import Course, key
from pgkit.grading.gradebook import Gradebook, quietly
from pgkit.grading.judge import request, verdicts
from pgkit.grading.outcome import read_log
from pgkit.grading.rebuild import rebuild
from pgkit.grading.sandbox import Sandbox

# ---------------------------------------------------------------- release


def release(course: Course, ps: str, due: str | None = None) -> str:
    """Write the release by nbgrader and try it: the solution must get all points, the release none.

    due : until when it is handed in, for late days: "2026-10-01 23:59 +02:00".

    Returns a sentence.  Raises ValueError where there is no source, or where it does not hold.
    """
    source = course.folder("source", ".", ps) / f"{ps}.ipynb"
    if not source.is_file():
        raise ValueError(
            f"{ps}: there is no {source.relative_to(course.root)}; build the course first"
        )
    when = None if due is None else due_date(due)
    from nbgrader.apps import NbGraderAPI

    with quietly():
        done = NbGraderAPI(course.directory, config=course.directory.config).generate_assignment(
            ps, force=True
        )
    if not done["success"]:
        raise ValueError(
            f"{ps}: nbgrader could not make the release: {str(done.get('error') or done['log'])[-600:]}"
        )
    made, found = course.release(ps), course.checks(ps)
    total = sum(check.points for check in found)
    with Sandbox([ps]) as box:
        scores = []
        for book in (nbformat.read(source, as_version=4), made):
            reply = box.run(request(rebuild(made, book).notebook, found), course.seeds(ps))
            scores.append(sum(v.points for v in verdicts(found, reply, course.seeds(ps))))
    if scores != [total, 0.0]:
        raise ValueError(
            f"{ps}: the solution gets {scores[0]:g} of {total:g} points and the untouched release {scores[1]:g}; "
            "mend the set before you hand it out"
        )
    words = ""
    if when is not None:
        Gradebook(course, ps).set_due(when)
        words = f"; due {when:%Y-%m-%d %H:%M %z}"
    return f"{ps} is released: the solution gets {total:g} of {total:g} points, the untouched release 0{words}"


def due_date(text: str) -> datetime:
    """A date, or a date and a time, with the zone of this machine where none is given.  ValueError."""
    form = re.sub(r"\s+(?=[+-]\d)", "", text.strip())
    try:
        when = datetime.fromisoformat(form)
    except ValueError:
        raise ValueError(
            f"due = {text!r}, but it must read like 2026-10-01, 2026-10-01 23:59 or 2026-10-01 23:59 +02:00"
        ) from None
    if re.fullmatch(r"\d{4}-\d\d-\d\d", form):
        when += timedelta(days=1, seconds=-1)  # the whole day
    return when if when.tzinfo else when.astimezone()


# ---------------------------------------------------------------- feedback and scores


def feedback(course: Course, ps: str) -> Path:
    """An HTML page for each student, by nbgrader.  ValueError says what failed."""
    from nbgrader.apps import NbGraderAPI

    Gradebook(course, ps).renew_penalties()
    api = NbGraderAPI(course.directory, config=course.directory.config)
    for student in course.students(ps):
        if (course.folder("autograded", student, ps) / f"{ps}.ipynb").is_file():
            with quietly():
                done = api.generate_feedback(ps, student, force=True)
            if not done["success"]:
                raise ValueError(
                    f"feedback for {student}: {str(done.get('error') or done['log'])[-400:]}"
                )
    return course.root / course.directory.feedback_directory


def scores_csv(course: Course, ps: str, *, layout: str = "wide", anonymous: bool = False) -> str:
    """The scores as a table.

    layout : "wide", a column for each exercise; "lms", student and total only, as learning management systems read.
    """
    if layout not in ("wide", "lms"):
        raise ValueError(f"layout = {layout!r}, but it must be wide or lms")
    book = Gradebook(course, ps)
    book.renew_penalties()
    rows = book.scores()
    status = {entry["student"]: entry for entry in read_log(course, ps)}
    parts = list(dict.fromkeys(name for row in rows for name in row["parts"]))
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    if layout == "lms":
        write.writerow(["SIS Login ID", f"{ps} ({rows[0]['max_score']:g})" if rows else ps])
    else:
        write.writerow(
            [
                "student",
                "status",
                *parts,
                "score",
                "max_score",
                "late_seconds",
                "penalty",
                "to_be_read",
                "notes",
            ]
        )
    for row in rows:
        name = alias(course, row["student"]) if anonymous else row["student"]
        if layout == "lms":
            write.writerow([name, f"{row['score']:g}"])
            continue
        told = status.get(row["student"], {})
        points = [f"{row['parts'][p][0]:g}" if p in row["parts"] else "" for p in parts]
        about = (
            f"{row['score']:g}",
            f"{row['max_score']:g}",
            row["late_seconds"],
            f"{row['penalty']:g}",
        )
        to_be_read = "yes" if row["needs_manual_grade"] else ""
        notes = " ".join(told.get("notes", []))
        write.writerow([name, told.get("status", ""), *points, *about, to_be_read, notes])
    return out.getvalue()


def alias(course: Course, student: str) -> str:
    """A name that says nothing, the same in all reports of this course."""
    return "student-" + key(json.dumps(course.seeds("aliases")), student)[:8]
