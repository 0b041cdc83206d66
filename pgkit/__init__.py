"""pgkit: an interactive course kit on policy optimization.

The names that notebooks use. Torch, matplotlib and the widgets are imported only when asked for.
"""

from pgkit.algorithms import (
    ALGORITHMS,
    AWR,
    ActorCritic,
    MonteCarlo,
    NaturalActorCritic,
    Reinforce,
    ReinforceBaseline,
    ReinforceNatural,
    ReinforceResets,
    SoftActorCritic,
    SoftActorCriticContinuous,
    Supervised,
    TemporalDifference,
    WeightedClassification,
)
from pgkit.critics import LinearValue, QTable, ValueTable
from pgkit.policies import LinearGaussian, SharedSoftmax, SoftmaxTable, logistic
from pgkit.resets import RESETS, expert, mixture, nominal, uniform
from pgkit.run import Run
from pgkit.worlds import WORLDS, World, grid_world, load_world

__version__ = "0.1.0"

__all__ = [
    "ALGORITHMS",
    "AWR",
    "RESETS",
    "WORLDS",
    "ActorCritic",
    "LinearGaussian",
    "LinearValue",
    "MonteCarlo",
    "NaturalActorCritic",
    "QTable",
    "Reinforce",
    "ReinforceBaseline",
    "ReinforceNatural",
    "ReinforceResets",
    "Run",
    "SharedSoftmax",
    "SoftActorCritic",
    "SoftActorCriticContinuous",
    "SoftmaxTable",
    "Supervised",
    "TemporalDifference",
    "ValueTable",
    "WeightedClassification",
    "World",
    "expert",
    "grid_world",
    "load_world",
    "logistic",
    "mixture",
    "nominal",
    "uniform",
]
