"""One process that runs engines on request: a line of JSON in, a line of JSON out.

    python bench/worker.py MODULE [--pin CORE]

MODULE offers ENGINES: name -> function(mode, size, seed) -> (theta [B, S, A] or None, last mean
returns [B], steps taken or None). The orchestrator keeps several of these alive and asks them in turn.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import sys
import time

import numpy as np
from workload import Size


def main() -> None:
    if "--pin" in sys.argv and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(sys.argv[sys.argv.index("--pin") + 1])})
    answers, sys.stdout = (
        sys.stdout,
        sys.stderr,
    )  # what libraries print does not get between answers
    module = importlib.import_module(sys.argv[1])
    print(json.dumps({"versions": module.VERSIONS}), file=answers, flush=True)
    for line in sys.stdin:
        ask = json.loads(line)
        run = module.ENGINES[ask["engine"]]
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        theta, last, steps = run(ask["mode"], Size(**ask["size"]), ask["seed"])
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        if theta is not None and ask["save"]:
            np.save(ask["save"], np.asarray(theta, dtype=np.float64))
        answer = {
            "cpu": cpu,
            "wall": wall,
            "last": None if last is None else np.asarray(last, dtype=float).tolist(),
            "steps": steps,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
