"""One thread for every numeric library: oversubscription makes small solves a hundred times slower.

And at the end of a run, what became of the problem sets' mutants.
"""

import os
import textwrap

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[name] = "1"


def pytest_terminal_summary(terminalreporter, config):
    """Tests leave rows (set, exercise, mutant, points, out of, hint); `-k mutants` lists them."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    rows = [
        (key, tuple(row))
        for report in reports
        for key, row in getattr(report, "user_properties", [])
        if key in ("mutant", "graded mutant")
    ]
    by_nbgrader = [row for key, row in rows if key == "graded mutant"]
    rows = by_nbgrader or [row for _, row in rows]
    if not rows:
        return
    who = "nbgrader" if by_nbgrader else "the checks"
    terminalreporter.section(f"{len(rows)} mutants of the problem sets, graded by {who}")
    if "mutants" in config.getoption("keyword", ""):
        for ps, exercise, mutant, points, worth, hint in sorted(rows, key=lambda row: row[:2]):
            told = textwrap.shorten(hint, 70, placeholder=" …")
            terminalreporter.line(f"{ps:4} {exercise:22} {mutant:36} {points:3g}/{worth:g}  {told}")
    full = sum(points >= worth for _, _, _, points, worth, _ in rows)
    terminalreporter.line(f"{len(rows)} mutants, {full} of them with full points")
