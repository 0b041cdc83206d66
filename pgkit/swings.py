"""Soft actor-critic on the pendulum: sixteen runs, their stored returns, and how to measure them again."""

from __future__ import annotations

import numpy as np

from pgkit.algorithms import ALGORITHMS
from pgkit.fits import default_settings
from pgkit.run import Run
from pgkit.types import Array, Float
from pgkit.worlds import load_world

NAME = "soft_actor_critic_continuous"
RUNS, SEED, EVERY = 16, 20_261_129, 50  # EVERY: iterations between two measurements
STEP = 0.05  # seconds of pendulum in a step
MEASURED = (  # mean return of ten episodes: rows are iterations 0, 50, 100, …, columns are runs
    (-1174, -1378, -1315, -1212, -1255, -1151, -1214, -1186, -1166, -1228, -1270, -1313, -1137, -1159, -1196, -1110),
    (-1349, -1416, -1245, -1107, -1328, -1215, -1149, -1167, -1222, -1339, -1195, -1139, -1152, -1310, -1054, -1076),
    (-1253, -1088, -1150, -1141, -1261, -1283, -1299, -1209, -1237, -1234, -1341, -1238, -1098, -1294, -1236, -1324),
    (-1217, -1276, -1436, -1261, -1417, -1276, -1247, -1002, -1061, -1196, -1191, -1021, -1306, -1214, -1201, -1259),
    (-808, -1039, -1270, -1034, -1496, -1278, -1388, -619, -1009, -1294, -1207, -819, -1083, -949, -1309, -1272),
    (-217, -263, -342, -177, -1242, -380, -244, -144, -523, -265, -431, -394, -201, -213, -1151, -579),
    (-134, -192, -212, -92, -471, -178, -161, -171, -137, -187, -138, -123, -215, -196, -212, -738),
    (-84, -207, -112, -124, -160, -146, -206, -154, -168, -156, -163, -132, -126, -181, -180, -284),
    (-177, -210, -131, -181, -580, -171, -171, -134, -131, -153, -137, -210, -164, -147, -156, -187),
    (-132, -170, -134, -167, -136, -161, -128, -137, -174, -210, -122, -72, -186, -121, -97, -148),
    (-172, -145, -146, -182, -208, -122, -173, -147, -148, -120, -148, -148, -209, -145, -168, -185),
)  # fmt: skip


def measure(iterations: int = EVERY * (len(MEASURED) - 1)) -> Float[Array, "K B"]:
    """The table anew, up to these iterations; whole numbers.  The whole of it takes about a minute."""
    world = load_world("pendulum")
    run = Run(ALGORITHMS[NAME](**default_settings(NAME, world)), world, runs=RUNS, seed=SEED)
    while run.iteration < iterations:
        run.advance(EVERY)
    return np.round([score.expected_return for score in run.history])


def swings() -> tuple[list[int], Float[Array, "K B"]]:
    """(iterations [K], returns [K, B]) as stored; `measure` runs it again."""
    return [EVERY * k for k in range(len(MEASURED))], np.array(MEASURED, dtype=float)
