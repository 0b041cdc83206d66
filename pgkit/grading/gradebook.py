"""nbgrader's gradebook and folders, written as nbgrader itself would: the same database, the same files.

One process writes.  nbgrader's own SaveAutoGrades and AssignLatePenalties read the points from the graded notebook, so
a manual grade or a comment that somebody gave stays as it is.
"""

from __future__ import annotations

import logging
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from pgkit.files import write_beside
from pgkit.grading.course import Course

PATIENCE = 60.0  # seconds to wait for a gradebook that somebody else has locked
QUIET = logging.getLogger("pgkit.grading.nbgrader")
QUIET.setLevel(logging.ERROR)


class Gradebook:
    """The gradebook of a course, for one problem set.  ValueError where the set is not in it."""

    def __init__(self, course: Course, ps: str) -> None:
        self.course, self.ps = course, ps
        with _nbgrader(course) as book:
            from nbgrader.api import MissingEntry

            try:
                book.find_assignment(ps)
            except MissingEntry:
                raise ValueError(f"{ps} is not in the gradebook; run pgkit release {ps}") from None
        _backup(course)

    def save(self, student: str, notebook: NotebookNode) -> None:
        """The scores of one graded notebook, and the notebook itself."""
        _patiently(lambda: self._save(student, notebook))

    def _save(self, student: str, notebook: NotebookNode) -> None:
        course, ps = self.course, self.ps
        handed_in = course.handed_in(student, ps)
        with _nbgrader(course) as book:
            book.update_or_create_student(student)
            when = {"timestamp": handed_in} if handed_in else {}
            book.update_or_create_submission(ps, student, **when)
        from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades

        resources = self._resources(student)
        for step in (SaveAutoGrades, AssignLatePenalties):
            with quietly():
                step(parent=None, config=course.directory.config, log=QUIET).preprocess(
                    notebook, resources
                )
        folder = course.folder("autograded", student, ps)
        folder.mkdir(parents=True, exist_ok=True)
        write_beside(folder / f"{ps}.ipynb", nbformat.writes(notebook) + "\n")
        if handed_in:
            write_beside(folder / "timestamp.txt", f"{handed_in:%Y-%m-%d %H:%M:%S} UTC\n")

    def set_due(self, due: datetime) -> None:
        """When the set must be handed in; a time with a zone."""
        with _nbgrader(self.course) as book:
            book.update_or_create_assignment(
                self.ps, duedate=due.astimezone(UTC).replace(tzinfo=None)
            )

    def renew_penalties(self) -> None:
        """For being late, of the points as they are now: manual ones may have come since."""
        from nbgrader.preprocessors import AssignLatePenalties

        for row in self.scores():
            resources = self._resources(row["student"])
            step = AssignLatePenalties(parent=None, config=self.course.directory.config, log=QUIET)

            def renew(step: Any = step, resources: Any = resources) -> None:
                with quietly():
                    step.preprocess(nbformat.v4.new_notebook(), resources)

            _patiently(renew)

    def _resources(self, student: str) -> Any:
        """What nbgrader's steps want to know."""
        return {
            "nbgrader": {
                "notebook": self.ps, "assignment": self.ps, "student": student,
                "db_url": self.course.database, "course_id": self.course.directory.course_id,
            }
        }  # fmt: skip

    def scores(self) -> list[dict[str, Any]]:
        """One row for each student who has handed in: points by exercise, penalty for being late, and what is left."""
        rows = []
        with _nbgrader(self.course) as book:
            assignment = book.find_assignment(self.ps)
            for submission in sorted(assignment.submissions, key=lambda s: s.student.id):
                grades = [g for notebook in submission.notebooks for g in notebook.grades]
                penalty = float(submission.late_submission_penalty or 0.0)
                rows.append(
                    {
                        "student": submission.student.id,
                        "late_seconds": int(submission.total_seconds_late),
                        "penalty": penalty,
                        "score": round(max(submission.score - penalty, 0.0), 2),
                        "max_score": submission.max_score,
                        "needs_manual_grade": bool(submission.needs_manual_grade),
                        "parts": {g.cell.name: (g.score, g.max_score) for g in grades},
                    }
                )
        return rows


@contextmanager
def _nbgrader(course: Course) -> Iterator[Any]:
    from nbgrader.api import Gradebook as Book

    with quietly(), Book(course.database, course.directory.course_id) as book:
        yield book


@contextmanager
def quietly() -> Iterator[None]:
    """nbgrader's database layer warns of its own ways."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _patiently(work: Callable[[], None]) -> None:
    """Again and again while the database is locked: a formgrader or a backup may hold it."""
    from sqlalchemy.exc import OperationalError

    end = time.monotonic() + PATIENCE
    while True:
        try:
            return work()
        except OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.5)


def _backup(course: Course) -> None:
    """A copy of the gradebook of today, once a day."""
    path = Path(course.database.removeprefix("sqlite:///"))
    if path.is_file():
        copy = course.state / "backup" / f"{path.stem}-{datetime.now(UTC):%Y-%m-%d}{path.suffix}"
        if not copy.exists():
            copy.parent.mkdir(exist_ok=True)
            shutil.copy2(path, copy)
