"""Weighted maximum likelihood in closed form: what weighted classification and AWR aim at in each state.

One decision in one state, without a horizon: `adv` is whichever advantage the weights were made from,
discounted or finite-horizon. `behaviour` is the policy that collected the data (μ in the AWR paper;
μ is a reset distribution here).
"""

from __future__ import annotations

import numpy as np

from pgkit.exact.information import divergence
from pgkit.types import Array, Float


def classified(weight: Float[Array, "... A"]) -> Float[Array, "... A"]:
    """argmax_π Σ_a weight(a) log π(a) = weight / Σ weight: R_1/(R_1 + R_2) for two actions.

    Raises ValueError for a negative weight, with which the likelihood has no maximum, or if all are 0.
    """
    if (weight < 0).any():
        raise ValueError(
            f"weight = {weight.min():g}, but with a negative weight on a fixed batch log π → -∞ wins:"
            " there is no best policy; use positive weights, such as exp(A/β)"
        )
    total = weight.sum(axis=-1, keepdims=True)
    if not (total > 0).all():
        raise ValueError("weight = 0 for every action, but something has to be imitated")
    return weight / total


def _check(beta: float) -> None:
    if not beta > 0:
        raise ValueError(f"beta = {beta}, but the temperature β in exp(A/β) must be positive")


def _exponent(behaviour: Array, adv: Array, beta: float) -> tuple[Array, Array]:
    """A/β less its largest value among actions that the behaviour takes, and that value; -∞ elsewhere."""
    _check(beta)
    scaled = np.where(behaviour > 0, adv / beta, -np.inf)
    top = scaled.max(axis=-1, keepdims=True)
    return scaled - top, top[..., 0]


def awr_policy(
    behaviour: Float[Array, "... A"], adv: Float[Array, "... A"], beta: float
) -> Float[Array, "... A"]:
    """π(a|s) = behaviour(a|s) exp(A(s,a)/β) / Z(s)  (Peng et al. 2019, eq. 7).

    The best of E_π A - β KL(π‖behaviour). β → ∞: the behaviour; β → 0: its best action. Adding to A
    what depends on the state alone changes nothing; dividing A by a standard deviation multiplies β.
    """
    exponent, _ = _exponent(behaviour, adv, beta)
    weight = behaviour * np.exp(exponent)
    return weight / weight.sum(axis=-1, keepdims=True)


def awr_value(
    behaviour: Float[Array, "... A"], adv: Float[Array, "... A"], beta: float
) -> Float[Array, "..."] | float:
    """max_π E_π A - β KL(π‖behaviour) = β log E_behaviour exp(A/β), reached by `awr_policy`."""
    exponent, top = _exponent(behaviour, adv, beta)
    return beta * (top + np.log((behaviour * np.exp(exponent)).sum(axis=-1)))


def regularised_value(
    probs: Float[Array, "... A"],
    behaviour: Float[Array, "... A"],
    adv: Float[Array, "... A"],
    beta: float,
) -> Float[Array, "..."] | float:
    """E_π A - β KL(π‖behaviour), of any policy."""
    return (probs * adv).sum(axis=-1) - beta * divergence(probs, behaviour)


# ---------------------------------------------------------------- how many samples count


def effective_sample_size(weight: Float[Array, "... n"]) -> Float[Array, "..."] | float:
    """(Σw)² / Σw²: n equal weights count n, one dominant weight counts 1, none counts 0."""
    square = np.square(weight).sum(axis=-1)
    total = np.square(weight.sum(axis=-1))
    return np.divide(total, square, out=np.zeros_like(square), where=square > 0)[()]


def gaussian_sample_share(beta: float) -> float:
    """Effective share of samples with weights exp(A/β), A ~ N(0,1): (E w)²/E w² = exp(-1/β²)."""
    _check(beta)
    return float(np.exp(-1 / beta**2))


def gaussian_log_weight(mean: float, std: float, beta: float) -> float:
    """log E exp(R/β) = m/β + s²/(2β²) for a return R ~ N(m, s²): weights of returns love risk.

    The action with mean m_1 and no risk has less weight than (m_2, s) as soon as β < s²/(2(m_1 - m_2)).
    """
    _check(beta)
    return mean / beta + std**2 / (2 * beta**2)
