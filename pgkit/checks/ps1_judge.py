"""Problem set 1: exact oracles, misconceptions and what to say about them. Only the judge imports this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pgkit.check import Case, Slip, Value, compare
from pgkit.types import Array

TOLERANCE = 1e-4  # of the largest entry
LOG_TOLERANCE = 1e-3  # absolute: a logit of 1000 in float32 is itself only exact to 0.00006
SMALL = (*(10.0**-k for k in (300, 100, 50, *range(40, 2, -1))), 2.0**-52, 2.0**-23, 2.0**-1022)


def _has_nan(given: Array, truth: Array, *args: Any) -> bool:
    return given.shape == truth.shape and not np.all(np.isfinite(given))


# ---------------------------------------------------------------- 1  log-softmax


def _log_softmax(logits) -> Array:
    """x - max - log Σ exp(x - max), over the last axis."""
    x = np.asarray(logits, dtype=np.float64)
    x = x - x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def _over(axis):
    def way(logits):
        x = np.asarray(logits, dtype=np.float64)
        axes = range(x.ndim) if axis is None else [axis]
        if any(a not in range(-x.ndim, x.ndim) for a in axes):
            return np.nan
        x = x - x.max(axis=axis, keepdims=True)
        return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))

    return way


def _added(eps):
    return lambda logits: np.log(np.exp(_log_softmax(logits)) + eps)


def _clipped(eps):
    return lambda logits: np.log(np.clip(np.exp(_log_softmax(logits)), eps, 1.0))


def _one_maximum(logits):
    x = np.asarray(logits)
    x = x - x.max()
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def _one_maximum_divided(logits):
    x = np.exp(np.asarray(logits) - np.max(logits))
    return np.log(x / x.sum(axis=-1, keepdims=True))


LOG_SOFTMAX_IDEA = (
    "Idea to look at: log π(a) = x_a - log Σ exp(x), for each row along the LAST axis (axis=-1, keepdims=True); "
    "subtracting the row's maximum from its logits changes nothing and keeps exp in range."
)
LOG_SOFTMAX_SLIPS = (
    Slip(
        "probabilities",
        "These are probabilities, softmax(x), not their logarithms: a log-probability is never positive.",
        (lambda x: np.exp(_log_softmax(x)),),
    ),
    Slip(
        "sign flip",
        "The sign is turned round: this is -log π. Log-probabilities are negative or 0; the minus belongs "
        "to the loss.",
        (lambda x: -_log_softmax(x),),
    ),
    Slip(
        "wrong axis",
        "You normalise over the wrong axis. Each row is one state's distribution over actions: maximum and "
        "sum run along the last axis (axis=-1, keepdims=True), not down a column or over the whole array.",
        (_over(0), _over(1), _over(-2), _over(None)),
    ),
    Slip(
        "normaliser forgotten",
        "The exponentials of a row do not sum to 1: the normaliser log Σ exp is missing, or the maximum "
        "stands in for it.",
        (
            lambda x: x - x.max(axis=-1, keepdims=True),
            lambda x: x - x.mean(axis=-1, keepdims=True),
            lambda x: x - x.max(),
        ),
    ),
    Slip(
        "maximum not put back",
        "The maximum is subtracted from the logits in one place and not in the other, so that the two do not "
        "cancel. Work on x - max throughout, or add the maximum back to log Σ exp(x - max).",
        (
            lambda x: _log_softmax(x) + x.max(axis=-1, keepdims=True),
            lambda x: _log_softmax(x) - x.max(axis=-1, keepdims=True),
        ),
    ),
    Slip(
        "mean in the normaliser",
        "The normaliser is the logarithm of the SUM of the exponentials, not of their mean.",
        (lambda x: _log_softmax(x) + np.log(x.shape[-1]),),
    ),
    Slip(
        "another logarithm",
        "This is a logarithm to base 2 or 10; exp belongs with the natural one, np.log.",
        (lambda x: _log_softmax(x) / np.log(2), lambda x: _log_softmax(x) / np.log(10)),
    ),
    Slip(
        "small number added",
        "A small number added to the probability (or a clip) hides log 0 and bends every unlikely action: "
        "log π is -2000 where yours ends near -20 or so. Take the logarithm by hand: x - max - log Σ exp(x - max).",
        tuple(_added(eps) for eps in SMALL) + tuple(_clipped(eps) for eps in SMALL),
    ),
    Slip(
        "one maximum for the whole array",
        "You subtract the largest logit of the whole array. A row far below it underflows: all its "
        "exponentials are 0. Subtract each row's own maximum.",
        (_one_maximum, _one_maximum_divided),
    ),
    Slip(
        "logarithm of an underflow",
        "Some entries are -∞: a probability of exp(-2000) is 0 in floating point, and you take its logarithm "
        "afterwards. Cancel log and exp by hand: x - max - log Σ exp(x - max).",
        looks=lambda given, truth, logits: (
            _has_nan(given, truth)
            and bool(np.all(np.isfinite(given) | (given == -np.inf)))
            and bool(np.isfinite(given).any(axis=-1).all())
        ),
    ),
    Slip(
        "exp overflows",
        "nan or ∞ appears: exp(1000) overflows. Subtract each row's maximum first; log π does not change "
        "when all logits of a row shift together.",
        looks=_has_nan,
    ),
    Slip(
        "logits clipped",
        "You clip or squash huge logits to keep exp in range. That changes the policy: only differences of "
        "logits count, so subtract the row's maximum instead.",
        tuple(
            lambda x, m=m, at=at: _log_softmax(np.clip(x - at(x), -m, m))
            for m in (10, 20, 30, 50, 80, 87, 88, 100, 500, 700, 709, 745)
            for at in (lambda x: 0.0, lambda x: x.max(axis=-1, keepdims=True))
        ),
    ),
)


def _judge_log_softmax(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(
        cases,
        values,
        _log_softmax,
        LOG_SOFTMAX_SLIPS,
        tolerance=LOG_TOLERANCE,
        idea=LOG_SOFTMAX_IDEA,
        scale=lambda *args: 1.0,
        of="",
    )


# ---------------------------------------------------------------- 2, 3  classification, also weighted
# A `Way` gives the loss and its gradient in the logits; what θ and φ do to it is the chain rule.

Way = Callable[[Array, Array, Array], tuple[Any, Array]]


def _classified(
    logits, a, w, *, log_pi=_log_softmax, push=lambda pi, hot: pi - hot, divide=len, gradient_weight=None
) -> tuple[Any, Array]:  # fmt: skip
    """-(1/N) Σ w_i log π(a_i) and its gradient in the logits; by its options, wrong turns."""
    logp = log_pi(logits)
    hot = np.eye(logits.shape[1])[a]
    n = divide(a)
    wg = w if gradient_weight is None else gradient_weight(w)
    return -np.sum(w * np.sum(hot * logp, axis=1)) / n, wg[:, None] * push(np.exp(logp), hot) / n


def _with(**options) -> Way:
    return lambda logits, a, w: _classified(logits, a, w, **options)


def _negative(logits, a, w):
    loss, gradient = _classified(logits, a, w)
    return -loss, -gradient


def _per_entry(logits, a, w):
    loss, gradient = _classified(logits, a, w)
    return loss / logits.shape[1], gradient / logits.shape[1]


def _raw_logits(logits, a, w):
    chosen = np.take_along_axis(np.asarray(logits, dtype=float), a[:, None], axis=1)[:, 0]
    return -np.mean(w * chosen), -w[:, None] * np.eye(logits.shape[1])[a] / len(a)


def _probability(constant):
    def way(logits, a, w):
        pi, hot = np.exp(_log_softmax(logits)), np.eye(logits.shape[1])[a]
        chosen = (pi * hot).sum(axis=1)
        return np.mean(w * (constant - chosen)), -(w * chosen)[:, None] * (hot - pi) / len(a)

    return way


def _likeliest(logits, a, w):
    return _classified(logits, np.argmax(logits, axis=1), w)


def _all_columns(mean):
    """logp[:, a] picks columns: every label for every row."""

    def way(logits, a, w):
        logp = _log_softmax(logits)
        gradient = np.exp(logp)
        gradient[:, a] -= 1.0
        table = w[:, None] * logp[:, a]
        return -(table.mean() if mean else table.sum() / len(a)), w[:, None] * gradient / len(a)

    return way


def _across_rows(logits, a, w):
    return -np.mean(w * _log_softmax(logits)[:, a]), np.full(logits.shape, np.nan)


def _squared(scale):
    def way(logits, a, w):
        error = np.exp(_log_softmax(logits)) - np.eye(logits.shape[1])[a]
        return scale(w[:, None] * error**2), 2 * w[:, None] * error / len(a)

    return way


def _in_base(base):
    def way(logits, a, w):
        loss, gradient = _classified(logits, a, w)
        return loss / np.log(base), gradient / np.log(base)

    return way


# name, hint, ways: what both classification exercises and the weighted one can get wrong
CORE: tuple[tuple[str, str, tuple[Way, ...]], ...] = (
    (
        "log-likelihood instead of loss",
        "The sign is turned round: this belongs to the log-likelihood, which one maximises. The loss is "
        "-log π(a*|s), never negative without weights, and its gradient is -∇ log π(a*|s).",
        (_negative,),
    ),
    (
        "sum instead of mean",
        "This is the sum over the data. The loss, and so its gradient, is the mean: divide by N, the number "
        "of data points, so that the step size means the same for every N.",
        (_with(divide=lambda a: 1),),
    ),
    (
        "mean over all entries",
        "You divide by N times the number of actions, as np.mean over a whole [N, A] table does. The mean is "
        "over the N data points only.",
        (_per_entry,),
    ),
    (
        "probability instead of logarithm",
        "This uses π(a*|s) itself and not its logarithm. Then a confident wrong answer hardly learns, because "
        "its gradient has a factor π(a*|s); with the logarithm that factor is gone.",
        (_probability(1.0), _probability(0.0)),
    ),
    (
        "minus π forgotten",
        "The term π is missing: the normaliser log Σ exp depends on the logits too. ∇ log π = onehot(a*) - π, so "
        "what the right action gains, all actions of that data point pay for.",
        (_raw_logits, _with(push=lambda pi, hot: -hot)),
    ),
    (
        "onehot forgotten",
        "The right action does not stand out: the term onehot(a*) is missing from π - onehot(a*).",
        (_with(push=lambda pi, hot: pi),),
    ),
    (
        "plus instead of minus",
        "π and onehot(a*) must be subtracted, not added: the gradient of log π in the logits sums to 0 over the "
        "actions.",
        (_with(push=lambda pi, hot: pi + hot), _with(push=lambda pi, hot: -pi - hot)),
    ),
    (
        "only the right action's entry",
        "Only the right action's entry has a gradient. The other actions share the same normaliser: their "
        "entries are π(a|s), not 0.",
        (_with(push=lambda pi, hot: (pi - 1) * hot),),
    ),
    (
        "wrong axis",
        "You normalise over the data instead of over the actions. Each row of [N, A] is one data point's "
        "distribution: softmax along the last axis.",
        (_with(log_pi=_over(0)), _with(log_pi=_over(None))),
    ),
    (
        "the likeliest action instead of a*",
        "You use the action that the policy likes best instead of the one in the data. The label is a.",
        (_likeliest,),
    ),
    (
        "every label for every row",
        "logp[:, a] takes ALL the labels for EVERY data point, an [N, N] table. Pair them: "
        "logp[np.arange(N), a], row by row.",
        (_all_columns(True), _all_columns(False), _across_rows),
    ),
    (
        "squared error",
        "This is the squared error between π and onehot(a*). The classification loss is -log π(a*|s).",
        (
            _squared(np.mean),
            _squared(lambda e: np.mean(e.sum(1))),
            _squared(lambda e: np.mean(e.sum(1)) / 2),
        ),
    ),
    (
        "another logarithm",
        "This is a logarithm to base 2 or 10; exp belongs with the natural one, np.log.",
        (_in_base(2), _in_base(10)),
    ),
    (
        "small number added",
        "A small number added to the probability (or a clip) hides log 0, and a confident wrong answer no "
        "longer costs what it should. Compute log π as in exercise 1.",
        tuple(_with(log_pi=_added(eps)) for eps in SMALL)
        + tuple(_with(log_pi=_clipped(eps)) for eps in SMALL),
    ),
)

NOT_FINITE = (
    Slip(
        "logarithm of an underflow",
        "The loss is ∞: the probability of the right action underflows to 0 before you take its logarithm. "
        "Compute log π directly, as in exercise 1.",
        looks=lambda given, truth, *args: given.shape == () and given == np.inf,
    ),
    Slip(
        "exp overflows",
        "nan or ∞ appears: exp of a huge logit overflows. Subtract each row's maximum first, as in exercise 1.",
        looks=_has_nan,
    ),
)
SHAPES = (
    Slip(
        "a loss for each data point",
        "You return one loss for each data point. Return their mean, one number.",
        looks=lambda given, truth, *args: truth.shape == () and given.ndim > 0,
    ),
    Slip(
        "transposed",
        "The gradient is transposed: it must have the shape of what it is taken by, so that θ - α · gradient "
        "makes sense entry by entry.",
        looks=lambda given, truth, *args: given.ndim == 2 and given.T.shape == truth.shape,
    ),
)
THETA_SHAPES = (
    Slip(
        "gradient in the logits",
        "This is the gradient in the logits, one row for each data point. Go on by the chain rule: the logits "
        "are φ θ, so feature f of data point i carries φ[i, f] times the row i into row f of the gradient.",
        looks=lambda given, truth, theta, phi, *args: (
            truth.ndim == 2 and given.shape == (len(phi), truth.shape[1])
        ),
    ),
    Slip(
        "features forgotten",
        "The features are missing: the gradient in θ has a row for each feature. Multiply each data point's "
        "(π - onehot) by its features φ.",
        looks=lambda given, truth, *args: truth.ndim == 2 and given.shape == truth.shape[1:],
    ),
)


def _loss_or_gradient(cases, values, exact, slips, idea, scale=None) -> dict[str, str]:
    """`compare` on losses and gradients apart: parts "loss" and "gradient", or one part for both."""
    expanded, flat = [], []
    for case, value in zip(cases, values, strict=True):
        for which in ("loss", "gradient"):
            part = which if case.part == "ordinary" else case.part
            expanded.append(Case(part, (*case.args, which)))
            if not value.problem:
                given = value[which]
                single = which == "loss" and given.size == 1
                flat.append(Value({"value": given.reshape(()) if single else given}))
            else:
                flat.append(value)
    return compare(
        expanded,
        flat,
        exact,
        slips,
        tolerance=TOLERANCE,
        idea=idea,
        show=lambda *args: f"{args[-1].capitalize()}: ",
        scale=scale or (lambda *args: None),
    )


def _of_logits(way: Way) -> Callable[..., Any]:
    def values(logits, a, which):
        return way(logits, a, np.ones(len(a)))[which == "gradient"]

    return values


def _of_theta(way: Way, chain=lambda phi, d: phi.T @ d) -> Callable[..., Any]:
    def values(theta, phi, a, which):
        return _of_weight(way, chain)(theta, phi, a, np.ones(len(a)), which)

    return values


def _of_weight(way: Way, chain=lambda phi, d: phi.T @ d) -> Callable[..., Any]:
    def values(theta, phi, a, weight, which):
        loss, gradient = way(phi @ theta, a, weight)
        return loss if which == "loss" else chain(phi, gradient)

    return values


def _lifted(lift: Callable[[Way], Callable], core=CORE) -> tuple[Slip, ...]:
    return tuple(Slip(name, hint, tuple(map(lift, ways))) for name, hint, ways in core)


LOGITS_IDEA = (
    "Idea to look at: the slide SUPERVISED LEARNING (CLASSIFICATION), L = -log π(a*|s); in the logits "
    "∇L = π - onehot(a*) for each data point, and then the mean over the data."
)
THETA_IDEA = (
    "Idea to look at: the chain rule. The gradient in the logits is D = (π - onehot(a*))/N, an [N, A] table; "
    "the logits are φ θ, so the gradient in θ is an [F, A] table, φᵀ D."
)
CHAIN_SLIPS = (
    (
        "mean of the features",
        "You multiply the mean feature with the mean push. Each data point's push goes with its own features: "
        "first the product, data point by data point, then the mean.",
        lambda phi, d: np.outer(phi.mean(axis=0), d.sum(axis=0)),
    ),
    (
        "divided twice",
        "The gradient is divided by N twice. The mean over the data is taken once.",
        lambda phi, d: phi.T @ d / len(phi),
    ),
    (
        "features squared or missing",
        "The features enter the wrong number of times: the gradient in θ is linear in φ.",
        lambda phi, d: (phi**2).T @ d,
    ),
)


def _judge_logits(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    slips = (*SHAPES[:1], *_lifted(_of_logits), *NOT_FINITE, *SHAPES)
    return _loss_or_gradient(cases, values, _of_logits(_classified), slips, LOGITS_IDEA)


def _judge_theta(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    chains = tuple(Slip(n, hint, (_of_theta(_classified, c),)) for n, hint, c in CHAIN_SLIPS)
    slips = (*_lifted(_of_theta), *chains, *NOT_FINITE, *SHAPES, *THETA_SHAPES)
    return _loss_or_gradient(cases, values, _of_theta(_classified), slips, THETA_IDEA)


# ---------------------------------------------------------------- 3  weights


def _reweighed(change: Callable[[Array], Array]) -> Way:
    return lambda logits, a, w: _classified(logits, a, change(w))


def _gradient_reweighed(change: Callable[[Array], Array]) -> Way:
    return _with(gradient_weight=change)


def _weight_on_label(logits, a, w):
    pi, hot = np.exp(_log_softmax(logits)), np.eye(logits.shape[1])[a]
    return _classified(logits, a, w)[0], (pi - w[:, None] * hot) / len(a)


def _weight_inside(logits, a, w):
    loss, gradient = _classified(logits, a, np.ones(len(a)))
    return loss - np.mean(np.log(w)), gradient


WEIGHT_SLIPS: tuple[tuple[str, str, tuple[Way, ...]], ...] = (
    (
        "weights ignored",
        "The weights have no effect here: this is the plain classification loss or gradient. Each data "
        "point's term is multiplied by its weight.",
        (_reweighed(np.ones_like), _gradient_reweighed(np.ones_like)),
    ),
    (
        "divided by the sum of the weights",
        "You normalise the weights, so that they sum to 1. Here the sum is divided by N, the number of data "
        "points: doubling all weights doubles the loss. (And with weights of both signs the sum may be 0.)",
        (
            _reweighed(lambda w: w * len(w) / w.sum()),
            _reweighed(lambda w: w * len(w) / np.abs(w).sum()),
            _reweighed(lambda w: w / w.sum()),
            _reweighed(lambda w: w / np.abs(w).sum()),
        ),
    ),
    (
        "weights scaled to a maximum of 1",
        "You divide by the largest weight. The weights are taken as they are, not normalised.",
        (_reweighed(lambda w: w / w.max()), _reweighed(lambda w: w / np.abs(w).max())),
    ),
    (
        "abs of the weights",
        "You take the absolute value of the weights. A negative weight pushes AWAY from its action; its sign "
        "is the whole message.",
        (_reweighed(np.abs), _gradient_reweighed(np.abs)),
    ),
    (
        "negative weights dropped",
        "Data points with a negative weight have no effect. They do count: they push away from their action.",
        (
            _reweighed(lambda w: np.maximum(w, 0.0)),
            _reweighed(lambda w: np.maximum(w, 0.0) * len(w) / max((w > 0).sum(), 1)),
            _reweighed(lambda w: np.maximum(w, 0.0) * len(w) / max((w >= 0).sum(), 1)),
        ),
    ),
    (
        "only the sign of the weights",
        "Only the sign of each weight counts here. A weight of 400 pushes 400 times as hard as a weight of 1.",
        (_reweighed(np.sign),),
    ),
    (
        "weights clipped",
        "Large weights are cut off. They are taken as they are.",
        tuple(
            _reweighed(lambda w, m=m: np.clip(w, -m, m)) for m in (1.0, 2.0, 5.0, 10.0, 20.0, 100.0)
        ),
    ),
    (
        "weights squared",
        "The weights enter twice, as their squares. One factor w for each data point, in the loss and in the "
        "gradient.",
        (_reweighed(np.square), _gradient_reweighed(np.square)),
    ),
    (
        "zero weights not counted",
        "You divide by the number of data points with a weight other than 0. N counts all of them: a weight "
        "of 0 adds nothing to the sum, but it is a data point.",
        (_reweighed(lambda w: w * len(w) / np.count_nonzero(w)),),
    ),
    (
        "weights centred",
        "You subtract the mean weight (or standardise). That is a baseline, and a good idea for notebook 07; "
        "here the weights are taken as they are.",
        (
            _reweighed(lambda w: w - w.mean()),
            _reweighed(lambda w: (w - w.mean()) / w.std()),
            _reweighed(lambda w: w - w.min()),
        ),
    ),
    (
        "exp of the weights",
        "The weights go through an exponential. That is AWR, notebook 11; here they are taken as they are.",
        (
            _reweighed(np.exp),
            _reweighed(lambda w: np.exp(w - w.max()) / np.exp(w - w.max()).sum()),
            _reweighed(lambda w: np.exp(w - w.max()) / np.exp(w - w.max()).sum() * len(w)),
        ),
    ),
    (
        "weight on the label only",
        "The weight stands on onehot(a) only. It multiplies the whole push, w (π - onehot(a)): an action cannot "
        "be pushed w times as hard unless the others pay w times as much.",
        (_weight_on_label,),
    ),
    (
        "another data point's weight",
        "The weights go to the wrong data points: is `weight` indexed by the action? Data point i has weight[i].",
        (lambda logits, a, w: _classified(logits, a, w[a]),),
    ),
    (
        "weight inside the logarithm",
        "The weight stands inside the logarithm, log(w π). There it is only a constant, which the gradient does "
        "not see, and a negative weight has no logarithm. It multiplies: w log π.",
        (_weight_inside,),
    ),
)

WEIGHT_IDEA = (
    "Idea to look at: the slide SUPERVISED LEARNING (WEIGHTED CLASSIFICATION). Each term -log π(a_i|s_i) and each "
    "gradient is multiplied by its weight, whatever its sign; then the sum is divided by N."
)


def _largest_term(truth, theta, phi, a, weight, which) -> float:
    """The size that tolerances refer to: terms of both signs may cancel in the sum."""
    logits = phi @ theta
    if which == "loss":
        return float(_classified(logits, a, np.abs(weight))[0])
    push = np.abs(_classified(logits, a, weight)[1])
    return float(np.max(np.abs(phi).T @ push))


def _judge_weighted(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    chains = tuple(Slip(n, hint, (_of_weight(_classified, c),)) for n, hint, c in CHAIN_SLIPS)
    core = (*CORE[:1], *WEIGHT_SLIPS, *CORE[1:])
    mixed = Slip(
        "loss of a negative weight",
        "nan or ∞ appears: with a negative weight a term of the loss is negative, which is right. Do not take "
        "the logarithm (or root) of a weight, and do not divide by a sum of weights.",
        looks=_has_nan,
    )
    slips = (*_lifted(_of_weight, core), *chains, mixed, *SHAPES, *THETA_SHAPES)
    return _loss_or_gradient(
        cases, values, _of_weight(_classified), slips, WEIGHT_IDEA, scale=_largest_term
    )


# ---------------------------------------------------------------- 4  reward-to-go


def _reward_to_go(r, gamma) -> Array:
    """Q̂_t = Σ_{k≥t} γ^{k-t} r_k, each as the plain sum of its definition."""
    t = np.arange(len(r))
    ahead = np.maximum(t[None, :] - t[:, None], 0)
    return np.where(t[None, :] >= t[:, None], float(gamma) ** ahead, 0.0) @ r


def _from_the_start(r, gamma):
    return np.full(len(r), _reward_to_go(r, gamma)[0])


def _so_far(r, gamma):
    return _reward_to_go(r[::-1], gamma)[::-1]


def _absolute_time(r, gamma):
    return _reward_to_go(r, gamma) * float(gamma) ** np.arange(len(r))


def _shifted(r, gamma):
    return np.append(_reward_to_go(r, gamma)[1:], 0.0)


def _past(r, gamma):
    return np.cumsum(r * float(gamma) ** np.arange(len(r)))


RETURN_IDEA = (
    "Idea to look at: CONVERT TO RETURNS. Q̂_t counts the rewards from t on, Q̂_t = r_t + γ Q̂_{t+1}: begin at the "
    "last step and walk back."
)
RETURN_SLIPS: tuple[tuple[str, str, tuple[Callable[..., Any], ...]], ...] = (
    (
        "reversed",
        "The numbers are right but in reversed order: the first must be Q̂_0, that of the whole trajectory.",
        (lambda r, gamma: _reward_to_go(r, gamma)[::-1],),
    ),
    (
        "forwards instead of backwards",
        "You add up the rewards so far (or take the order backwards). Q̂_t looks ahead: rewards before t were "
        "paid already, and the action at t cannot change them.",
        (_so_far, lambda r, gamma: np.cumsum(r), _past),
    ),
    (
        "G_0 everywhere",
        "Every step gets the return of the whole trajectory. Q̂_t counts only rewards from t on: an action "
        "cannot change what was paid before it.",
        (_from_the_start, lambda r, gamma: np.full(len(r), np.sum(r))),
    ),
    (
        "only the whole return",
        "You return one number, the return of the whole trajectory. Return one for each step, Q̂_0, Q̂_1, …",
        (lambda r, gamma: _reward_to_go(r, gamma)[0],),
    ),
    (
        "discount twice",
        "Each step ahead is discounted twice: γ² instead of γ. (Is the recursion's result multiplied by γ^(k-t) "
        "again?)",
        (lambda r, gamma: _reward_to_go(r, gamma**2),),
    ),
    (
        "own reward discounted",
        "Your Q̂_t is γ times too small: the reward at t itself has the weight γ^0 = 1. Write r_t + γ (the rest), "
        "not γ (r_t + the rest).",
        (lambda r, gamma: gamma * _reward_to_go(r, gamma),),
    ),
    (
        "off by one",
        "Your Q̂_t leaves out the reward at t itself and begins one step too late. The sum runs over k = t, t+1, …",
        (_shifted, lambda r, gamma: gamma * _shifted(r, gamma)),
    ),
    (
        "own reward twice",
        "The reward at t counts twice.",
        (lambda r, gamma: _reward_to_go(r, gamma) + r,),
    ),
    (
        "last reward missing",
        "The last reward is missing: does a slice or a range stop one step too early?",
        (
            lambda r, gamma: _reward_to_go(np.append(r[:-1], 0.0), gamma),
            lambda r, gamma: np.append(_reward_to_go(r[:-1], gamma), 0.0),
        ),
    ),
    (
        "no discount",
        "The rewards are added without discount: the reward at k has the weight γ^(k-t).",
        (lambda r, gamma: _reward_to_go(r, 1.0),),
    ),
    (
        "γ^t from the start",
        "The discount counts from the start of the trajectory. Seen from t, the reward at t has the weight 1: "
        "γ^(k-t), not γ^k. (Or do you divide by a power of γ? It may be 0.)",
        (_absolute_time,),
    ),
    (
        "only the reward itself",
        "Each step gets its own reward alone, as with γ = 0. Its consequences count too.",
        (lambda r, gamma: np.asarray(r), lambda r, gamma: r * float(gamma) ** np.arange(len(r))),
    ),
    (
        "one step ahead",
        "You look one step ahead only, r_t + γ r_{t+1}. Use the Q̂ of the next step, which you have computed "
        "already, not its reward.",
        (lambda r, gamma: r + gamma * np.append(r[1:], 0.0),),
    ),
    (
        "mean instead of sum",
        "You average the rewards that are left. Q̂_t is their (discounted) sum.",
        (
            lambda r, gamma: _reward_to_go(r, gamma) / np.arange(len(r), 0, -1),
            lambda r, gamma: _reward_to_go(r, gamma) / len(r),
            lambda r, gamma: (
                _reward_to_go(r, gamma) / _reward_to_go(np.ones(len(r)), gamma)
            ),
        ),
    ),
    (
        "weights that sum to 1",
        "There is an extra factor 1-γ. It belongs to occupancies, not to the reward-to-go.",
        (lambda r, gamma: (1 - gamma) * _reward_to_go(r, gamma),),
    ),
    (
        "standardised",
        "You subtract the mean (and divide by the spread). That comes with baselines, notebook 07; here the "
        "reward-to-go is asked for as it is.",
        (
            lambda r, gamma: (q := _reward_to_go(r, gamma)) - q.mean(),
            lambda r, gamma: ((q := _reward_to_go(r, gamma)) - q.mean()) / q.std(),
        ),
    ),
    (
        "sign flip",
        "The sign is turned round. Rewards are added as they are; the minus belongs to the loss.",
        (lambda r, gamma: -_reward_to_go(r, gamma),),
    ),
)  # fmt: skip
LONG_SLIPS = (
    Slip(
        "division by a power of γ",
        "nan or ∞ appears: over many steps γ^t becomes 0 and γ^(-t) becomes ∞. Do not divide by powers of γ; walk "
        "backwards, Q̂_t = r_t + γ Q̂_{t+1}.",
        looks=_has_nan,
    ),
    Slip(
        "sum cut off",
        "The sum stops too early: with γ near 1, rewards hundreds of steps ahead still count.",
        tuple(
            lambda r, gamma, n=n: np.convolve(r[::-1], float(gamma) ** np.arange(n))[: len(r)][::-1]
            for n in (10, 20, 50, 100, 200, 500)
        ),
    ),
)


def _judge_reward_to_go(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    slips = tuple(Slip(*entry) for entry in RETURN_SLIPS) + LONG_SLIPS
    return compare(
        cases, values, _reward_to_go, slips, tolerance=TOLERANCE, idea=RETURN_IDEA,
        show=lambda r, gamma: f"For T = {len(r)}, γ = {gamma:.3g}: ",
    )  # fmt: skip


# ---------------------------------------------------------------- 5  multi-step classification


def _sorted(triples) -> Array:
    """Triples [n, 3] in one order, whatever order they came in."""
    triples = np.asarray(triples, dtype=np.float64)
    return triples[np.lexsort((triples[:, 2], triples[:, 1], triples[:, 0]))]


def _triples(tau, gamma, *, weigh=_reward_to_go) -> Array:
    rows = [np.column_stack([s, a, weigh(r, gamma)]) for s, a, r in tau]
    return _sorted(np.concatenate(rows))


def _cut(tau, gamma, keep: slice, weigh) -> Array:
    rows = [np.column_stack([s, a, weigh(r, gamma)])[keep] for s, a, r in tau]
    return _sorted(np.concatenate(rows))


def _joined(tau, gamma, *, weigh=_reward_to_go) -> Array:
    """The trajectories as if they were one."""
    s, a, r = (np.concatenate(parts) for parts in zip(*tau, strict=True))
    return _sorted(np.column_stack([s, a, weigh(r, gamma)]))


def _next_state(tau, gamma):
    rows = [
        np.column_stack([np.append(s[1:], s[-1]), a, _reward_to_go(r, gamma)]) for s, a, r in tau
    ]
    return _sorted(np.concatenate(rows))  # fmt: skip


def _swapped(tau, gamma):
    return _sorted(_triples(tau, gamma)[:, [1, 0, 2]])


def _has_steps(count: Callable[[list[int]], int]) -> Callable[..., bool]:
    """Recognises a wrong number of triples."""

    def looks(given, truth, tau, gamma):
        lengths = [len(r) for _, _, r in tau]
        return len(given) != len(truth) and len(given) == count(lengths)

    return looks


OVER_BORDERS = (
    "The returns run on from one trajectory into the next: they were joined before the returns were computed. "
    "What happens in another episode is nobody's consequence here. Convert each trajectory by itself, then join."
)
DATASET_IDEA = (
    "Idea to look at: POLICY GRADIENT (MULTI-STEP CLASSIFICATION), CONVERT TO RETURNS: every step of every "
    "trajectory gives one triple (s_t, a_t, Q̂_t)."
)
DATASET_SLIPS = (
    Slip("over the borders", OVER_BORDERS, (_joined,)),
    Slip(
        "padding kept",
        "There are more triples than steps: the shorter trajectories were padded to the length of the longest. "
        "Leave the padding out, it never happened.",
        looks=_has_steps(lambda lengths: len(lengths) * max(lengths)),
    ),
    Slip(
        "cut to the shortest",
        "There are too few triples: the longer trajectories are cut to the length of the shortest.",
        looks=_has_steps(lambda lengths: len(lengths) * min(lengths)),
    ),
    Slip(
        "last steps missing",
        "The last step of each trajectory is missing: does a slice or a range stop one step too early?",
        (
            lambda tau, gamma: _cut(tau, gamma, slice(-1), _reward_to_go),
            lambda tau, gamma: _triples([tuple(x[:-1] for x in one) for one in tau], gamma),
        ),
    ),
    Slip(
        "first steps missing",
        "The first step of each trajectory is missing.",
        (lambda tau, gamma: _cut(tau, gamma, slice(1, None), _reward_to_go),),
    ),
    Slip(
        "repetitions lost",
        "A step that looks like another is lost (a dictionary or a set?). Every step counts, also one with the "
        "same state, action or return as before.",
        looks=lambda given, truth, tau, gamma: (
            len(given) < len(truth)
            and len(given) in (len(np.unique(truth[:, :2], axis=0)), len(np.unique(truth, axis=0)))
        ),
    ),
    Slip(
        "only one trajectory",
        "Only one trajectory is in the result. Does the list start again for each of them, or does the function "
        "return inside the loop?",
        looks=lambda given, truth, tau, gamma: (
            len(given) != len(truth) and len(given) in (len(tau[0][2]), len(tau[-1][2]))
        ),
    ),
    Slip(
        "one triple for each trajectory",
        "There is one triple for each trajectory. Every step gives one.",
        looks=_has_steps(len),
    ),
    Slip("states and actions swapped", "States and actions are swapped.", (_swapped,)),
    Slip(
        "next state",
        "The state beside each action is the one that comes AFTER it. A triple holds the state in which the "
        "action was taken.",
        (_next_state,),
    ),
    *(
        Slip(name, hint, tuple(lambda *c, w=w: _triples(*c, weigh=w) for w in ways))
        for name, hint, ways in RETURN_SLIPS
        if name != "only the whole return"
    ),
)


def _judge_dataset(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    ordered = [v if v.problem else Value({"value": _sorted(v["value"])}) for v in values]
    return compare(
        cases, ordered, _triples, DATASET_SLIPS, tolerance=TOLERANCE, idea=DATASET_IDEA,
        show=lambda *args: "With the triples sorted by s, a, Q̂: ",
    )  # fmt: skip


def _gradient(
    theta, tau, gamma, *, weigh=_reward_to_go, divide=len, inner=lambda r: 1.0, way=_classified
):
    """∇L for L = -(1/N) Σ_i Σ_t Q̂_t^i log π(a_t^i|s_t^i); by its options, wrong turns."""
    total = np.zeros(theta.shape)
    for s, a, r in tau:
        q = np.broadcast_to(weigh(r, gamma), len(r)) / inner(r)
        np.add.at(total, s, len(r) * way(theta[s], a, q)[1])
    return total / divide(tau)


def _gradient_with(**options):
    return lambda theta, tau, gamma: _gradient(theta, tau, gamma, **options)


def _joined_gradient(theta, tau, gamma):
    one = tuple(np.concatenate(parts) for parts in zip(*tau, strict=True))
    return _gradient(theta, [one], gamma) / len(tau)


def _over_states(theta, tau, gamma):
    """softmax down the columns of θ: over states."""
    pi, total = np.exp(_over(0)(theta)), np.zeros(theta.shape)
    for s, a, r in tau:
        hot = np.eye(theta.shape[1])[a]
        np.add.at(total, s, _reward_to_go(r, gamma)[:, None] * (pi[s] - hot))
    return total / len(tau)


def _last_visit_only(theta, tau, gamma):
    """grad[s] += ... with repeated s keeps one of them."""
    total = np.zeros(theta.shape)
    for s, a, r in tau:
        pi, hot = np.exp(_log_softmax(theta[s])), np.eye(theta.shape[1])[a]
        total[s] += _reward_to_go(r, gamma)[:, None] * (pi - hot)
    return total / len(tau)


def _last_visit_of_all(theta, tau, gamma):
    s, a, _ = (np.concatenate(parts) for parts in zip(*tau, strict=True))
    q = np.concatenate([_reward_to_go(r, gamma) for _, _, r in tau])
    pi, hot = np.exp(_log_softmax(theta[s])), np.eye(theta.shape[1])[a]
    total = np.zeros(theta.shape)
    total[s] += q[:, None] * (pi - hot)
    return total / len(tau)


def _first_visits(theta, tau, gamma):
    total = np.zeros(theta.shape)
    for s, a, r in tau:
        q = np.zeros(len(r))
        first = np.unique(s, return_index=True)[1]
        q[first] = _reward_to_go(r, gamma)[first]
        np.add.at(total, s, len(r) * _classified(theta[s], a, q)[1])
    return total / len(tau)


def _scaled(change):
    def weigh(r, gamma):
        return change(_reward_to_go(r, gamma))

    return _gradient_with(weigh=weigh)


def _steps(tau) -> int:
    return sum(len(r) for _, _, r in tau)


GRADIENT_IDEA = (
    "Idea to look at: POLICY GRADIENT (MULTI-STEP CLASSIFICATION). It is exercise 3 with the weights Q̂_t and a "
    "table for θ: step t adds Q̂_t (π(·|s_t) - onehot(a_t)) to row s_t; divide by the number of trajectories."
)
STEP_WAYS = {
    "mean over all entries",
    "sum instead of mean",
    "another logarithm",
    "small number added",
}
GRADIENT_SLIPS = (
    Slip(
        "sign flip",
        "Every entry has the wrong sign. This is the gradient of J, which one ascends; the loss has a minus, "
        "so its gradient is -Σ Q̂ ∇ log π.",
        (lambda *case: -_gradient(*case),),
    ),
    Slip(
        "sum over trajectories",
        "This is the sum over the trajectories. Divide by N, the number of trajectories.",
        (_gradient_with(divide=lambda tau: 1),),
    ),
    Slip(
        "mean over steps",
        "You divide by the number of steps (of all trajectories, or of each). The mean is over trajectories; "
        "the steps within one are summed, so a long trajectory counts for more.",
        (_gradient_with(divide=_steps), _gradient_with(inner=len)),
    ),
    Slip(
        "only the last visit",
        "A state that occurs twice counts once: grad[s] += … with an array s keeps one entry for each state. "
        "Loop over the steps, or use np.add.at(grad, s, …).",
        (_last_visit_only, _last_visit_of_all),
    ),
    Slip(
        "only first visits",
        "A state that occurs again in a trajectory counts only the first time. Every step adds its own term.",
        (_first_visits,),
    ),
    Slip("over the borders", OVER_BORDERS, (_joined_gradient,)),
    Slip(
        "only one trajectory",
        "Only one trajectory of the batch has an effect. Does the sum start again for each of them, or does the "
        "function return inside the loop?",
        tuple(
            lambda theta, tau, gamma, pick=pick, scaled=scaled: (
                _gradient(theta, [tau[pick]], gamma) / (len(tau) if scaled else 1)
            )
            for pick in (-1, 0)
            for scaled in (True, False)
        ),
    ),
    Slip(
        "softmax over states",
        "You normalise down the columns of θ, over states. A row of θ holds one state's logits: softmax along "
        "each row.",
        (_over_states,),
    ),
    Slip(
        "weights changed",
        "The weights Q̂_t are normalised, squared, or their sign is dropped. They are used as they are.",
        (
            _scaled(np.abs),
            _scaled(np.square),
            _scaled(lambda q: q / q.sum()),
            _scaled(lambda q: q / np.abs(q).sum()),
            _scaled(lambda q: np.maximum(q, 0.0)),
            _scaled(np.sign),
        ),
    ),
    Slip(
        "weights ignored",
        "All steps weigh the same, as in plain classification. Each is multiplied by its Q̂_t.",
        (_scaled(np.ones_like),),
    ),
    Slip("transposed", "The gradient is transposed: it has the shape of θ, [S, A].", SHAPES[1].ways, SHAPES[1].looks),
    *(
        Slip(name, hint, tuple(_gradient_with(way=way) for way in ways))
        for name, hint, ways in CORE[1:]
        if name not in STEP_WAYS and name != "wrong axis"
    ),
    *(
        Slip(name, hint, tuple(_gradient_with(weigh=w) for w in ways))
        for name, hint, ways in RETURN_SLIPS
    ),
)  # fmt: skip


def _judge_gradient(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(
        cases, values, _gradient, GRADIENT_SLIPS, tolerance=TOLERANCE, idea=GRADIENT_IDEA
    )


EXERCISES = {
    "log_softmax": _judge_log_softmax,
    "loss_of_logits": _judge_logits,
    "loss_of_theta": _judge_theta,
    "weighted_loss": _judge_weighted,
    "reward_to_go": _judge_reward_to_go,
    "multi_step_dataset": _judge_dataset,
    "multi_step_gradient": _judge_gradient,
}
