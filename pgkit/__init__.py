"""pgkit: an interactive course kit on policy optimization.

The names that notebooks use. Torch, matplotlib and the widgets are imported only when asked for.
"""

from pgkit.algorithms import ALGORITHMS, Reinforce, ReinforceResets
from pgkit.policies import SoftmaxTable
from pgkit.resets import RESETS, expert, mixture, nominal, uniform
from pgkit.run import Run
from pgkit.worlds import WORLDS, World, grid_world, load_world

__version__ = "0.1.0"

__all__ = [
    "ALGORITHMS",
    "RESETS",
    "WORLDS",
    "Reinforce",
    "ReinforceResets",
    "Run",
    "SoftmaxTable",
    "World",
    "expert",
    "grid_world",
    "load_world",
    "mixture",
    "nominal",
    "uniform",
]
