"""Speed against peers, side by side in one run.

    python bench/run.py [--quick] [--long] [--only SUITE] [--compare FILE FILE ...]

SUITE is tabular, exact, fisher, cartpole, pendulum or lunar_lander; the last one takes long and runs only
when it is named, or with --long. Prints medians and ratios against the targets, writes
bench/results/RUN.json, and ends with status 1 if an engine's result is wrong or pgkit does not learn
a task (a missed target is reported, not an error: it may be the machine). Other programs on the
machine disturb the figures; the ratios of interleaved rounds bear it best.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import cartpole
import exact_values
import fisher_vector
import lunar_lander
import machine
import pendulum
import tabular
from report import DifferentRuns, compare

SUITES = {
    "tabular": tabular.suite,
    "exact": exact_values.suite,
    "fisher": fisher_vector.suite,
    "cartpole": cartpole.suite,
    "pendulum": pendulum.suite,
    "lunar_lander": lunar_lander.suite,
}
LONG = ("lunar_lander",)
RESULTS = Path(__file__).resolve().parent / "results"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="minutes: fewer rounds, seeds, rows")
    parser.add_argument("--long", action="store_true", help="LunarLander too")
    parser.add_argument("--only", choices=SUITES, help="one suite instead of all")
    parser.add_argument(
        "--compare", nargs="+", type=Path, metavar="FILE", help="refused, on purpose"
    )
    args = parser.parse_args()
    if args.compare:
        try:
            compare(args.compare)
        except DifferentRuns as refusal:
            print(f"bench: {refusal}", file=sys.stderr)
            return 2
        return 0

    run, about = time.strftime("%Y%m%d-%H%M%S"), machine.describe()
    print(f"{about['cpu']}, {about['cores']} cores, load {about['load']}, Python {about['python']}")
    suites = [args.only] if args.only else [s for s in SUITES if args.long or s not in LONG]
    results = {}
    for name in suites:
        results[name] = SUITES[name](run, args.quick)
        print("\n".join(results[name].lines), flush=True)

    targets = [t for r in results.values() for t in r.targets]
    wrong = [w for r in results.values() for w in r.wrong]
    print("\ntargets (ratios of this run)")
    print("\n".join(t.line() for t in targets))
    print(
        f"\n{sum(t.met for t in targets)} of {len(targets)} targets met; load now {machine.load()}"
    )
    for each in wrong:
        print(f"WRONG RESULT: {each}", file=sys.stderr)

    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{run}.json"
    report = {
        "run": run,
        "quick": args.quick,
        "machine": {**about, "load at the end": machine.load()},
        "targets": [
            {"text": t.text, "found": t.found, "wanted": t.wanted, "mark": t.mark} for t in targets
        ],
        "wrong": wrong,
        "suites": {name: r.figures for name, r in results.items()},
    }
    file.write_text(json.dumps(report, indent=1))
    print(f"written to bench/results/{file.name}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
