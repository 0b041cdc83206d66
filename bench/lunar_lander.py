"""LunarLander-v3 to 200: advantage-weighted regression and actor-critic against PPO (target 6).

Everybody trains in Gymnasium's own environments; the peer is given up after 250 CPU seconds, about
20 times what advantage-weighted regression is meant to take. With --long, or --only lunar_lander.
"""

from __future__ import annotations

from learning import Row, compare, learn
from report import Result

OURS = "pgkit AWR"
ROWS = {
    OURS: Row("engines_nets", seeds=(5, 1), cap=(150, 60), ours=True),
    "pgkit actor-critic": Row("engines_nets", seeds=(3, 0), cap=(150, 60)),
    "SB3 PPO, zoo": Row("engines_sb3", seeds=(1, 1), cap=(400, 120)),
}
TARGETS = {"SB3 PPO, zoo": ("6 SB3 PPO, zoo / pgkit AWR", 20)}


def suite(run: str, quick: bool) -> Result:
    result, seconds = learn("lunar_lander", ROWS, run, quick)
    compare(result, seconds, OURS, TARGETS)
    return result
