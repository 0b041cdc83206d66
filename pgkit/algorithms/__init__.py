"""The lecture's algorithms, one file each.  To add one: a file here and a line in ALGORITHMS."""

from __future__ import annotations

from pgkit.algorithms.reinforce import Reinforce
from pgkit.algorithms.reinforce_resets import ReinforceResets

__all__ = ["ALGORITHMS", "Reinforce", "ReinforceResets"]

ALGORITHMS = {
    "reinforce": Reinforce,
    "reinforce_resets": ReinforceResets,
}
