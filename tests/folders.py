"""Folders that many tests begin from: made once in a run of the tests, whichever process comes first."""

from __future__ import annotations

import fcntl
import os
import shutil
import warnings
from collections.abc import Iterable
from pathlib import Path

from pgkit.grading.course import Course

ROOT = Path(__file__).resolve().parent.parent


def once(factory, name, make):
    """A folder made by the first process of the test run that asks for it; the others wait and take it."""
    place = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / name / "made").exists():
            shutil.rmtree(place / name, ignore_errors=True)
            (place / name).mkdir()
            make(place / name)
            (place / name / "made").touch()
    return place / name


def course_folder(factory, sets: Iterable[str]) -> Path:
    """A course folder with these problem sets released by nbgrader, and nothing handed in."""

    def make(root):
        for ps in sets:
            shutil.copytree(ROOT / "solutions" / ps, root / "solutions" / ps)
        shutil.copy(ROOT / "nbgrader_config.py", root)
        from nbgrader.apps import NbGraderAPI

        place = Course.at(root)
        api = NbGraderAPI(place.directory, config=place.directory.config)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for ps in sets:
                assert api.generate_assignment(ps)["success"]

    return once(factory, "released-" + "-".join(sets), make)
