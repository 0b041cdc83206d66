"""The lecture's algorithms, one file each.  To add one: a file here and a line in ALGORITHMS."""

from __future__ import annotations

from pgkit.algorithms.actor_critic import ActorCritic
from pgkit.algorithms.awr import AWR
from pgkit.algorithms.monte_carlo import MonteCarlo
from pgkit.algorithms.natural_actor_critic import NaturalActorCritic
from pgkit.algorithms.reinforce import Reinforce
from pgkit.algorithms.reinforce_baseline import ReinforceBaseline
from pgkit.algorithms.reinforce_natural import ReinforceNatural
from pgkit.algorithms.reinforce_resets import ReinforceResets
from pgkit.algorithms.soft_actor_critic import SoftActorCritic
from pgkit.algorithms.soft_actor_critic_continuous import SoftActorCriticContinuous
from pgkit.algorithms.supervised import Supervised
from pgkit.algorithms.temporal_difference import TemporalDifference
from pgkit.algorithms.weighted_classification import WeightedClassification

ALGORITHMS = {
    "supervised": Supervised,
    "weighted_classification": WeightedClassification,
    "reinforce": Reinforce,
    "reinforce_resets": ReinforceResets,
    "reinforce_natural": ReinforceNatural,
    "reinforce_baseline": ReinforceBaseline,
    "monte_carlo": MonteCarlo,
    "temporal_difference": TemporalDifference,
    "actor_critic": ActorCritic,
    "natural_actor_critic": NaturalActorCritic,
    "soft_actor_critic": SoftActorCritic,
    "soft_actor_critic_continuous": SoftActorCriticContinuous,
    "awr": AWR,
}

__all__ = [
    "ALGORITHMS", "AWR", "ActorCritic", "MonteCarlo", "NaturalActorCritic", "Reinforce",
    "ReinforceBaseline", "ReinforceNatural", "ReinforceResets", "SoftActorCritic",
    "SoftActorCriticContinuous", "Supervised",
    "TemporalDifference", "WeightedClassification",
]
