"""Pendulum-v1 to -160 by soft actor-critic (target 6)."""

from __future__ import annotations

from learning import Row, compare, learn
from report import Result

OURS = "pgkit soft actor-critic"
ROWS = {
    OURS: Row("engines_nets", seeds=(9, 2), cap=(60, 30), peer=False, ours=True),
    "SB3 SAC, default": Row("engines_sb3", cap=(150, 60)),
    "SB3 SAC, zoo": Row("engines_sb3", seeds=(2, 0), cap=(150, 60)),
    "SB3 SAC, with ours": Row("engines_sb3", cap=(90, 45)),
}
TARGETS = {
    "SB3 SAC, default": ("6 SB3 SAC, default / pgkit", 30),
    "SB3 SAC, with ours": ("6 SB3 SAC with our hyper-parameters / pgkit", 8),
}


def suite(run: str, quick: bool) -> Result:
    result, seconds = learn("pendulum", ROWS, run, quick)
    compare(result, seconds, OURS, TARGETS)
    return result
