"""A class graded by pgkit and by plain nbgrader in the same run: seconds for a submission, and their ratio.

    python bench/grading.py [--students 200] [--plain 12] [--workers 2]

The class is synthetic: right, wrong, empty, broken and hostile submissions of problem set 1 in fixed proportions, with
scores that are known beforehand. pgkit grades all of it, twice, and the scores must be those, and the same to the byte.
Plain nbgrader grades `--plain` right ones (it would not survive the others). Other programs on the machine disturb the
seconds; the ratio bears it best. Ends with status 1 if a score is wrong.
"""

from __future__ import annotations

import argparse
import copy
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from pgkit.grading.course import Course
from pgkit.grading.desk import release, scores_csv
from pgkit.grading.grade import grade

ROOT = Path(__file__).resolve().parent.parent
PS = "ps1"
KINDS = {  # name -> (share of the class, the answer to exercise 4 or None, points of exercise 4)
    "right": (0.60, None, 4.0),
    "wrong": (0.20, "def reward_to_go(rewards, gamma):\n    return rewards", 0.0),
    "half": (
        0.08,
        "def reward_to_go(rewards, gamma):\n    import numpy as np\n    return np.cumsum(rewards[::-1])[::-1]",
        None,
    ),
    "loop": (0.02, "def reward_to_go(rewards, gamma):\n    while True:\n        pass", 0.0),
    "fork": (0.02, "import os\nwhile True:\n    os.fork()", None),
    "exit": (0.02, "import os\nos._exit(0)", None),
    "memory": (0.02, "blocks = []\nwhile True:\n    blocks.append(bytearray(10**8))", None),
    "broken": (0.02, "", None),
    "empty": (0.02, "", None),
}
LIMITS = {"seconds": 30, "cell_seconds": 4}


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
        wrong = [
            o.line for o in outcomes if told[o.student] is not None and o.points != told[o.student]
        ]
        plain = nbgrader(root, args.plain)
        per_ours, per_plain = min(ours) / len(told), plain / args.plain
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"pgkit grade      {per_ours:6.2f} s a submission (whole class {ours[0]:.0f} s, again {ours[1]:.0f} s)"
        )
        print(f"nbgrader, plain  {per_plain:6.2f} s a submission ({args.plain} right ones)")
        print(f"ratio            {per_plain / per_ours:6.1f}")
        print(f"memory of the writing process, at most {peak:.0f} MB")
        print(f"the same scores twice: {'yes' if tables[0] == tables[1] else 'NO'}")
        print(f"scores other than expected: {len(wrong)}")
        for line in wrong:
            print(f"  {line}")
    return int(bool(wrong) or tables[0] != tables[1])


def hand_in(root: Path, students: int) -> dict[str, float | None]:
    """student -> the points that it must get; None where only the loss of nothing else matters."""
    solution = nbformat.read(root / "solutions" / PS / f"{PS}.ipynb", as_version=4)
    blank = nbformat.read(root / "assignments" / PS / f"{PS}.ipynb", as_version=4)
    told: dict[str, float | None] = {}
    names = [
        name for name, (share, *_) in KINDS.items() for _ in range(max(1, round(share * students)))
    ]
    for i, kind in enumerate(names[:students]):
        book = copy.deepcopy(blank if kind == "empty" else solution)
        answer = KINDS[kind][1]
        if answer:
            cell = next(
                c for c in book.cells if c.metadata.nbgrader.get("grade_id") == "reward_to_go"
            )
            cell.source = answer
        student = f"{i:03d}-{kind}"
        folder = root / "submitted" / student / PS
        folder.mkdir(parents=True)
        (folder / f"{PS}.ipynb").write_text(
            "{ not json" if kind == "broken" else nbformat.writes(book)
        )
        told[student] = {"right": 25.0, "broken": 0.0, "empty": 0.0}.get(kind)
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
