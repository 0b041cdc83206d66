"""A class graded by pgkit and by plain nbgrader in the same run: seconds for a submission, and their ratio.

    python bench/grading.py [--students 200] [--plain 12] [--workers 2]

The class is synthetic, in fixed proportions: 60 % right, 20 % wrong in one exercise, 20 % hostile or broken in all the
ways of tests/hostile.py, each with a score that is known beforehand. pgkit grades all of it, twice: every score must be
that one, and the tables the same to the byte. No process may take over MOST_MEMORY. Plain nbgrader grades `--plain`
right ones (it would not survive the others). Other programs on the machine disturb the seconds; the ratio bears it
best. Ends with status 1 if a score is wrong, a byte differs or the memory is too much.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # for the corpus of the tests

from pgkit.grading.course import Course  # noqa: E402
from pgkit.grading.desk import release, scores_csv  # noqa: E402
from pgkit.grading.grade import grade  # noqa: E402
from tests.hostile import ANSWER, CASES, FULL, LIMITS, OTHERS, PS, with_cell  # noqa: E402

RIGHT, WRONG = 0.6, 0.2  # of the class; the rest are the cases, in turn
MOST_MEMORY = 1500  # MB, of the writing process and of each worker with all that it starts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--plain", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        shutil.copytree(ROOT / "solutions" / PS, root / "solutions" / PS)
        shutil.copy(ROOT / "nbgrader_config.py", root)
        course = Course.at(root)
        print(release(course, PS))
        told = hand_in(root, args.students)
        print(f"{len(told)} submissions, {args.workers} workers, load {os.getloadavg()[0]:.1f}")
        ours, tables = [], []
        for _ in range(2):
            begin = time.perf_counter()
            outcomes = grade(course, PS, workers=args.workers, limits=LIMITS)
            ours.append(time.perf_counter() - begin)
            tables.append(scores_csv(course, PS))
        wrong = [o.line for o in outcomes if o.points != told[o.student]]
        plain = nbgrader(root, args.plain)
        per_ours, per_plain = min(ours) / len(told), plain / args.plain
        peaks = [
            resource.getrusage(who).ru_maxrss / 1024
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        ]
        print(
            f"pgkit grade      {per_ours:6.2f} s a submission (whole class {ours[0]:.0f} s, again {ours[1]:.0f} s)"
        )
        print(f"nbgrader, plain  {per_plain:6.2f} s a submission ({args.plain} right ones)")
        print(f"ratio            {per_plain / per_ours:6.1f}")
        print(f"memory: the writing process {peaks[0]:.0f} MB, its largest child {peaks[1]:.0f} MB")
        print(f"the same scores twice: {'yes' if tables[0] == tables[1] else 'NO'}")
        print(f"scores other than expected: {len(wrong)}")
        for line in wrong:
            print(f"  {line}")
    return int(bool(wrong) or tables[0] != tables[1] or max(peaks) > MOST_MEMORY)


def hand_in(root: Path, students: int) -> dict[str, float]:
    """student -> the points that it must get."""
    solution, blank = (
        nbformat.read(root / folder / PS / f"{PS}.ipynb", as_version=4)
        for folder in ("solutions", "assignments")
    )
    wrong = f"def {ANSWER}(theta, phi, a, weight):\n    return 0.0, 0 * theta"
    many = {
        "right": (round(RIGHT * students), nbformat.writes(solution), FULL),
        "wrong": (
            round(WRONG * students),
            nbformat.writes(with_cell(solution, ANSWER, wrong)),
            OTHERS,
        ),
    }
    whole: list[tuple[str, dict, float]] = [
        (name, {f"{PS}.ipynb": text}, score)
        for name, (n, text, score) in many.items()
        for _ in range(n)
    ]
    cases = itertools.cycle(CASES.items())
    while len(whole) < students:
        name, case = next(cases)
        whole.append((name, case.make(solution, blank), case.score))
    order = random.Random(0)
    order.shuffle(whole)
    told: dict[str, float] = {}
    for i, (name, files, score) in enumerate(whole):
        student = f"{i:03d}-{name}"
        folder = root / "submitted" / student / PS
        folder.mkdir(parents=True)
        for file, text in files.items():
            (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())
        told[student] = score
    return told


def nbgrader(root: Path, count: int) -> float:
    """Seconds that plain nbgrader takes for `count` right submissions, in a course of their own."""
    other = root / "plain"
    shutil.copytree(root / "solutions", other / "solutions")
    shutil.copy(root / "nbgrader_config.py", other)
    environment = os.environ | {"PGKIT_PLAIN_AUTOGRADE": "1"}
    command = [sys.executable, "-m", "nbgrader"]
    subprocess.run(
        [*command, "generate_assignment", PS],
        cwd=other,
        env=environment,
        check=True,
        capture_output=True,
    )
    for i in range(count):
        shutil.copytree(root / "solutions" / PS, other / "submitted" / f"s{i:03d}" / PS)
    begin = time.perf_counter()
    subprocess.run(
        [*command, "autograde", PS], cwd=other, env=environment, check=True, capture_output=True
    )
    return time.perf_counter() - begin


if __name__ == "__main__":
    sys.exit(main())
