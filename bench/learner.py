"""One process that learns one task with one engine, once, and says what it cost.

    python bench/learner.py TASK MODULE ENGINE SEED CAP [--pin CORE]

MODULE offers LEARNERS: task -> engine -> Learner. The answer is one line of JSON. CPU seconds are
those of this process from the first weight to the last look, looks excepted. Before that comes what
is counted apart: imports, and a short training with another seed (libraries load and compile on
first use); an engine that is to be seen cold has none.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import sys
import time

WARM_SEED, WARM_STEPS = 1_000_000, 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task")
    parser.add_argument("module")
    parser.add_argument("engine")
    parser.add_argument("seed", type=int)
    parser.add_argument("cap", type=float, help="CPU seconds after which to give up")
    parser.add_argument("--pin", type=int, help="the core to stay on")
    args = parser.parse_args()
    if args.pin is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {args.pin})
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print is no answer

    begin = time.process_time()
    from criterion import TASKS, Judge, briefly

    module = importlib.import_module(args.module)
    learner = module.LEARNERS[args.task][args.engine]
    imported = time.process_time() - begin
    if learner.warm:
        learner.train(WARM_SEED, briefly(WARM_STEPS))
    warmed = time.process_time() - begin - imported

    judge = Judge(TASKS[args.task], args.cap, learner.runs)
    learner.train(args.seed, judge)
    answer = {
        "seed": args.seed,
        "runs": learner.runs,
        "learned": judge.learned,
        "steps": judge.steps,
        "cpu": judge.curve[-1]["cpu"] if None not in judge.learned else judge.spent(),
        "curve": judge.curve,
        "import": imported,
        "warm-up": warmed,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "versions": module.VERSIONS,
    }
    print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
