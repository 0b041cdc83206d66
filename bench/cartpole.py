"""CartPole-v1 to 475 by every engine that learns it (target 5)."""

from __future__ import annotations

from learning import Row, compare, learn
from report import Result, Target

OURS, TOGETHER = "pgkit actor-critic", "pgkit, 16 seeds at once (each)"
WARM = "PureJaxRL style PPO, warm"
ROWS = {
    OURS: Row("engines_nets", seeds=(9, 3), peer=False, ours=True),
    TOGETHER: Row("engines_nets", seeds=(3, 1), peer=False, ours=True),
    "SB3 PPO, default": Row("engines_sb3"),
    "SB3 PPO, zoo": Row("engines_sb3"),
    "SB3 PPO, with ours": Row("engines_sb3"),
    "SB3 A2C, default": Row("engines_sb3", seeds=(3, 0)),
    "SB3 A2C, zoo": Row("engines_sb3", seeds=(3, 0)),
    "SB3 A2C, with ours": Row("engines_sb3", seeds=(3, 0)),
    "CleanRL style PPO, default": Row("engines_cleanrl"),
    "PureJaxRL style PPO, cold": Row("engines_purejax"),
    WARM: Row("engines_purejax"),
    "PureJaxRL style PPO, with ours, warm": Row("engines_purejax", seeds=(3, 0)),
}
TARGETS = {
    "SB3 PPO, default": ("5 SB3 PPO, default / pgkit", 70),
    "SB3 PPO, zoo": ("5 SB3 PPO, zoo / pgkit", 20),
    "SB3 PPO, with ours": ("5 SB3 PPO with our hyper-parameters / pgkit", 9),
    "CleanRL style PPO, default": ("5 CleanRL style PPO / pgkit", 40),
    "PureJaxRL style PPO, cold": ("5 PureJaxRL style PPO with its compiling / pgkit", 35),
}


def suite(run: str, quick: bool) -> Result:
    result, seconds = learn("cartpole", ROWS, run, quick)
    compare(result, seconds, OURS, TARGETS)
    if not seconds[OURS].median.censored:
        one, warm = seconds[OURS], seconds[WARM]
        add = result.targets.append
        add(Target("5 pgkit / PureJaxRL style, compiled before", one.over(warm).value, 1.0, True))
    return result
