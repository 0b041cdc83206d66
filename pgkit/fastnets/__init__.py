"""Small networks, forwards and backwards by hand in numpy, for many runs at once: what live labs train.

pgkit.nets has the same names in torch, the same layout of θ and the same gradients; it is the one to read.
"""

from __future__ import annotations

from pgkit.fastnets.categorical import CategoricalMLP
from pgkit.fastnets.critics import QMLP, ActionValueMLP, QuadraticQ, ValueMLP
from pgkit.fastnets.gaussian import GaussianMLP
from pgkit.fastnets.squashed import SquashedGaussianMLP

__all__ = [
    "QMLP",
    "ActionValueMLP",
    "CategoricalMLP",
    "GaussianMLP",
    "QuadraticQ",
    "SquashedGaussianMLP",
    "ValueMLP",
]
