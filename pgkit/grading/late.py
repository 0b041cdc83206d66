"""Late days: a student has some for the whole course, and loses a share of the points for each day beyond them.

nbgrader_config.py names `LateDays`; nbgrader's own step calls it, whether pgkit, nbgrader or the formgrader grades.
"""

from __future__ import annotations

import math
from typing import Any

from nbgrader.plugins import BasePlugin
from traitlets import Float, Int

DAY = 86_400


class LateDays(BasePlugin):
    """The penalty for a late submission: per_day · (days late beyond the free ones) of its points, at most all."""

    free_days = Int(0, min=0, help="late days of each student for the whole course").tag(
        config=True
    )
    per_day = Float(
        0.0, min=0.0, max=1.0, help="the share of the points that a further day costs"
    ).tag(config=True)
    grace_minutes = Int(0, min=0, help="so late is not late").tag(config=True)

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Free days go to the sets in the order of their due dates, never to the one that would cost most."""
        step: Any = self.parent
        earlier = earlier_lateness(step.gradebook, student_id, step.assignment_id)
        return self.penalty(score, total_seconds_late, earlier) or None

    def penalty(self, score: float, seconds: float, earlier: list[float]) -> float:
        """earlier : how late the student was with the sets that were due before this one, in seconds."""
        left = max(self.free_days - sum(self.days(s) for s in earlier), 0)
        beyond = max(self.days(seconds) - left, 0)
        return round(min(self.per_day * beyond, 1.0) * score, 2)

    def days(self, seconds: float) -> int:
        """Days that have begun after the due date and the grace."""
        return math.ceil(max(seconds - 60 * self.grace_minutes, 0) / DAY)


def earlier_lateness(gradebook: Any, student: str, ps: str) -> list[float]:
    """Seconds by which a student was late with each set that was due before this one."""

    def order(assignment: Any) -> tuple[Any, str]:
        return assignment.duedate, assignment.name

    this = gradebook.find_assignment(ps)
    found = []
    for submission in gradebook.student_submissions(student):
        due = submission.assignment
        if due.duedate is not None and this.duedate is not None and order(due) < order(this):
            found.append(float(submission.total_seconds_late))
    return found
