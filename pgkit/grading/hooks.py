"""nbgrader's own `autograde`, and the formgrader's button, through the same rebuilding, sandbox and judge.

nbgrader_config.py names these two steps; everything else stays nbgrader's.
"""

from __future__ import annotations

import os
import time
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from pgkit.grading.course import Course
from pgkit.grading.judge import graded, request, verdicts
from pgkit.grading.outcome import outcome, write_log
from pgkit.grading.rebuild import rebuild, rebuild_file
from pgkit.grading.sandbox import Sandbox


class Rebuild(NbGraderPreprocessor):
    """Before anything runs: the release's cells with the student's answers."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        made = rebuild(_course(resources).release(_set(resources)), nb)
        for note in made.notes:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], note)
        return made.notebook, resources


class SandboxedRun(NbGraderPreprocessor):
    """Instead of a kernel: the sandbox runs the answers, the judge gives the points."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        course, ps, student = _course(resources), _set(resources), resources["nbgrader"]["student"]
        checks, seeds = course.checks(ps), course.seeds(ps)
        made = rebuild_file(course.release(ps), *course.submission(student, ps))
        asked = request(nb, checks)
        begin = time.perf_counter()
        with Sandbox([ps]) as box:
            reply = box.run(asked, seeds)
        found = verdicts(checks, reply, seeds)
        seconds = time.perf_counter() - begin
        result = outcome(student, ps, made, reply, found, asked, seconds)
        write_log(course, ps, result)
        return graded(nb, reply, found, result.notes), resources


def _set(resources: Any) -> str:
    return resources["nbgrader"]["assignment"]


def _course(resources: Any) -> Course:
    """The course folder: where the gradebook lies."""
    url = resources["nbgrader"]["db_url"]
    return Course.at(os.path.dirname(url.removeprefix("sqlite:///")))
