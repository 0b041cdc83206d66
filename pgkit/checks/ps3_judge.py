"""Problem set 3: exact oracles, misconceptions and what to say about them. Only the judge imports this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pgkit.check import Case, Slip, Value, close, compare
from pgkit.checks.ps3 import table_of
from pgkit.types import Array

TOLERANCE = 1e-4  # of the largest entry, for KL and F
STEP_TOLERANCE = 1e-3  # of the largest entry: a solve in float32 loses digits
LENGTH_TOLERANCE = 0.01  # of ½ΔᵀGΔ
KL_TOLERANCE = 0.02  # of the exact KL, which is ε up to less than 1 % for a right answer
SMALL = (*(10.0**-k for k in (300, *range(40, 2, -1))), 2.0**-52, 2.0**-23)


def _one_number(values: Sequence[Value]) -> list[Value]:
    """A number, or a number in an array."""
    return [
        Value({"value": v["value"].reshape(())}) if not v.problem and v["value"].size == 1 else v
        for v in values
    ]


def _not_finite(given: Array, truth: Array, *args: Any) -> bool:
    return given.shape == truth.shape and bool(np.any(np.isnan(given)))


def _solve(G: Array, g: Array) -> Array:
    """G⁻¹g, nan where there is none."""
    try:
        return np.linalg.solve(G, g)
    except np.linalg.LinAlgError:
        return np.full(len(g), np.nan)


# ---------------------------------------------------------------- 1  the mean KL divergence


def _terms(occupancy, pi, pi_new) -> Array:
    """d(s) π(a|s) log(π(a|s)/π'(a|s)), [S, A]; 0 wherever the weight d π is 0."""
    weight = occupancy[:, None] * pi
    counts = weight > 0
    with np.errstate(divide="ignore"):
        ratio = np.log(np.where(counts, pi, 1.0)) - np.log(np.where(counts, pi_new, 1.0))
    return np.where(counts, weight * ratio, 0.0)


def _mean_kl(occupancy, pi, pi_new) -> float:
    """D = Σ_s d(s) Σ_a π(a|s) log(π(a|s)/π'(a|s))."""
    return float(_terms(occupancy, pi, pi_new).sum())


def _each_kl(occupancy, pi, pi_new) -> Array:
    """One KL for each state."""
    return _terms(np.ones(len(occupancy)), pi, pi_new).sum(axis=1)


def _flat(weight: Callable[[Array], Array]):
    return lambda d, pi, new: _mean_kl(weight(d), pi, new)


def _backwards(d, pi, new):
    return _mean_kl(d, new, pi)


def _logs_weighted(weight: Callable[[Array, Array], Array]):
    """Another weight than π on log(π/π')."""
    return lambda d, pi, new: np.sum(d[:, None] * weight(pi, new) * np.log(pi / new))


def _mixture(d, pi, new):
    half = (pi + new) / 2
    return (_mean_kl(d, pi, half) + _mean_kl(d, new, half)) / 2


def _averaged_first(d, pi, new):
    return _mean_kl(np.ones(1), (d @ pi)[None], (d @ new)[None])


def _guarded(eps: float):
    """A small number inside the logarithm, a clip, or both."""

    def added(d, pi, new):
        return np.sum(d[:, None] * pi * (np.log(pi + eps) - np.log(new + eps)))

    def in_the_ratio(d, pi, new):
        return np.sum(d[:, None] * pi * np.log(pi / (new + eps) + eps))

    def below(d, pi, new):
        return np.sum(
            np.where(pi > 0, d[:, None] * pi * (np.log(pi) - np.log(new + eps)), 0.0)
        )  # fmt: skip

    def clipped(d, pi, new):
        return added_to(d, np.maximum(pi, eps), np.maximum(new, eps))

    def added_to(d, pi, new):
        return np.sum(d[:, None] * pi * (np.log(pi) - np.log(new)))

    return added, in_the_ratio, below, clipped


def _skipped(d, pi, new):
    """Actions that π' excludes are left out."""
    both = (pi > 0) & (new > 0)
    ratio = np.log(np.where(both, pi, 1.0)) - np.log(np.where(both, new, 1.0))
    return np.sum(d[:, None] * np.where(both, pi * ratio, 0.0))


KL_IDEA = (
    "Idea to look at: D = Σ_s d(s) Σ_a π(a|s) log(π(a|s)/π'(a|s)). The inner sum is one KL for each state; the "
    "outer one averages over the states that π visits."
)
KL_SLIPS = (
    Slip(
        "∞ in a state without weight",
        "You answer ∞, but the state in which π' excludes an action has d(s) = 0: nobody goes there, so it "
        "adds nothing. (Nor does an action that π excludes.)",
        (lambda *case: np.inf,),
    ),
    Slip(
        "0 · ∞",
        "The result is nan: you multiply 0 by log 0. What has weight 0 adds nothing: look at the entries with "
        "d(s) π(a|s) > 0 only.",
        looks=lambda given, truth, *args: given.shape == () and bool(np.isnan(given)),
    ),
    Slip(
        "the wrong way round",
        "This is KL(π'‖π), the wrong way round: the average of the log-ratio is taken over actions of the NEW "
        "policy. KL(π‖π') weighs log(π/π') with the OLD π, which is the one that collects the data.",
        (_backwards,),
    ),
    Slip(
        "sign flip",
        "The sign is turned round: Σ π log(π'/π) is -KL. A divergence is never negative.",
        (lambda *case: -_mean_kl(*case), lambda *case: -_backwards(*case)),
    ),
    Slip(
        "mean over all entries",
        "You divide by the number of actions, as np.mean over a whole table does. The average over actions is "
        "already in π: sum over a.",
        (
            lambda d, pi, new: _mean_kl(d, pi, new) / pi.shape[1],
            lambda d, pi, new: _mean_kl(d, pi, new) / pi.size,
            lambda d, pi, new: _mean_kl(np.ones(len(d)), pi, new) / pi.size,
        ),
    ),
    Slip(
        "state weights forgotten",
        "All states count alike: d(s) is missing. A state that π hardly ever visits may change without harm, one "
        "that it visits often may not.",
        (
            _flat(lambda d: np.full(len(d), 1 / len(d))),
            _flat(np.ones_like),
            _flat(lambda d: (d > 0) / np.sum(d > 0)),
        ),
    ),
    Slip(
        "averaged twice",
        "You weigh with d(s) and then divide by the number of states as well. Sum over s: d(s) is the average.",
        (_flat(lambda d: d / len(d)), _flat(lambda d: d**2)),
    ),
    Slip(
        "weights normalised",
        "You make d sum to 1. The missing part is time after the end of the episode; leave it missing.",
        (_flat(lambda d: d / d.sum()),),
    ),
    Slip(
        "the largest state",
        "You take the state with the largest KL. That is another trust region; here the states are averaged with "
        "the weights d(s).",
        (
            lambda *case: np.max(_each_kl(*case)),
            lambda d, pi, new: np.max(d * _each_kl(d, pi, new)),
        ),
    ),
    Slip(
        "one number for each state",
        "You return one KL for each state. Average them with the weights d(s): one number.",
        looks=lambda given, truth, d, *args: given.shape == d.shape and len(d) > 1,
    ),
    Slip(
        "not weighted by π",
        "The log-ratio is not weighted by π(a|s): rare and likely actions count alike. KL is its mean under π.",
        (
            _logs_weighted(lambda pi, new: np.ones_like(pi)),
            _logs_weighted(lambda pi, new: np.full_like(pi, 1 / pi.shape[1])),
            lambda d, pi, new: np.sum(np.log(pi / new)),
            lambda d, pi, new: np.mean(np.log(pi / new)),
        ),
    ),
    Slip(
        "both directions mixed",
        "You mix both directions (their sum, their mean, or a KL to the policy halfway). Only KL(π‖π') is asked for.",
        (
            lambda *case: _mean_kl(*case) + _backwards(*case),
            lambda *case: (_mean_kl(*case) + _backwards(*case)) / 2,
            _mixture,
        ),
    ),
    Slip(
        "entropy forgotten",
        "This is the cross-entropy -Σ π log π' (or the entropy), which is not 0 for π' = π. The term Σ π log π is "
        "missing.",
        (
            lambda d, pi, new: -np.sum(d[:, None] * pi * np.log(new)),
            lambda d, pi, new: -np.sum(d[:, None] * pi * np.log(pi)),
        ),
    ),
    Slip(
        "another distance",
        "This is another distance (total variation, or a sum of squares), not a KL divergence.",
        (
            lambda d, pi, new: d @ np.abs(pi - new).sum(axis=1),
            lambda d, pi, new: d @ np.abs(pi - new).sum(axis=1) / 2,
            lambda d, pi, new: d @ np.square(pi - new).sum(axis=1),
            lambda d, pi, new: d @ np.square(pi - new).sum(axis=1) / 2,
        ),
    ),
    Slip(
        "policies averaged first",
        "You average the policies over the states and take one KL of the two averages. Opposite changes in two "
        "states cancel there. First a KL in each state, then their mean.",
        (_averaged_first,),
    ),
    Slip(
        "another logarithm",
        "This is a logarithm to base 2 or 10. KL is in nats, with the natural one, np.log.",
        (lambda *case: _mean_kl(*case) / np.log(2), lambda *case: _mean_kl(*case) / np.log(10)),
    ),
    Slip(
        "∞ hidden",
        "You leave out the actions that π' excludes. If π takes such an action in a state that is visited, the "
        "divergence is ∞: no amount of probability elsewhere makes up for it.",
        (_skipped,),
    ),
    Slip(
        "a large number for ∞",
        "You return a large number in place of ∞ (np.nan_to_num does that). Return np.inf.",
        looks=lambda given, truth, *args: bool(np.isinf(truth)) and bool(np.all(given > 1e6)),
    ),
    Slip(
        "small number added",
        "A small number inside the logarithm (or a clip) turns ∞ into a finite number that looks fine. Leave out "
        "the entries with d(s) π(a|s) = 0 instead, and let log 0 be -∞ where it counts.",
        tuple(way for eps in SMALL for way in _guarded(eps)),
    ),
)


def _judge_kl(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(
        cases, _one_number(values), _mean_kl, KL_SLIPS, tolerance=TOLERANCE, idea=KL_IDEA, of=""
    )


# ---------------------------------------------------------------- 2  the Fisher matrix


def _mean_outer(weight: Array, scores: Array) -> Array:
    """Σ_{s,a} weight(s,a) ψψᵀ."""
    return np.einsum("sa,sak,sal->kl", weight, scores, scores)


def _fisher(occupancy, pi, scores) -> Array:
    """F = Σ_s d(s) Σ_a π(a|s) ψψᵀ."""
    return _mean_outer(occupancy[:, None] * pi, scores)


def _weighed(weight: Callable[[Array, Array], Array]):
    return lambda d, pi, psi: _mean_outer(weight(d, pi), psi)


def _states(change: Callable[[Array], Array]):
    return _weighed(lambda d, pi: change(d)[:, None] * pi)


def _changed(change: Callable[[Array], Any]):
    return lambda *case: change(_fisher(*case))


def _outer_of_mean(d, pi, psi):
    mean = np.einsum("s,sa,sak->k", d, pi, psi)
    return np.outer(mean, mean)


def _outer_of_plain_mean(d, pi, psi):
    mean = psi.mean(axis=(0, 1))
    return np.outer(mean, mean)


def _outer_of_state_means(weighted):
    def way(d, pi, psi):
        means = np.einsum("sa,sak->sk", pi, psi) if weighted else psi.mean(axis=1)
        return np.einsum("s,sk,sl->kl", d, means, means)

    return way


def _mean_subtracted(axis):
    def way(d, pi, psi):
        return _fisher(d, pi, psi - psi.mean(axis=axis, keepdims=True))

    return way


def _plain_covariance(bias):
    return lambda d, pi, psi: np.cov(psi.reshape(-1, psi.shape[2]).T, bias=bias)


def _greedy(d, pi, psi):
    return _mean_outer(d[:, None] * np.eye(pi.shape[1])[pi.argmax(axis=1)], psi)


def _nearly(given, truth, *args) -> bool:
    """Symmetric, positive, and not far off: an estimate."""
    if given.shape != truth.shape or not np.all(np.isfinite(given)):
        return False
    size = np.abs(truth).max()
    symmetric = np.abs(given - given.T).max() <= 1e-6 * size
    return symmetric and bool(np.abs(given - truth).max() <= 0.35 * size)


FISHER_IDEA = (
    "Idea to look at: FISHER INFORMATION MATRIX. F = Σ_s d(s) Σ_a π(a|s) ψ(s,a) ψ(s,a)ᵀ: a mean, over states and "
    "actions, of K × K outer products."
)
FISHER_SLIPS = (
    Slip(
        "all zero",
        "F is zero everywhere. Is it ever filled? (Does a loop stop before the last state, `range(len(d) - 1)`?)",
        looks=lambda given, truth, *args: given.shape == truth.shape and not np.any(given),
    ),
    Slip(
        "weights normalised",
        "You make the weights d(s) sum to 1. They are used as they are, so that F and ∇J are averaged alike.",
        (_states(lambda d: d / d.sum()),),
    ),
    Slip(
        "state weights forgotten",
        "All states count alike: d(s) is missing. F measures the KL averaged over the states that π visits.",
        (_states(np.ones_like), _states(lambda d: np.full(len(d), 1 / len(d)))),
    ),
    Slip(
        "state weights twice",
        "The weights d(s) enter twice (or you divide by the number of states as well). Each state's term is "
        "multiplied by d(s) once.",
        (_states(np.square), _states(lambda d: d / len(d))),
    ),
    Slip(
        "not weighted by π",
        "All actions count alike: π(a|s) is missing. F is a mean over actions that π takes, not over all there are.",
        (
            _weighed(lambda d, pi: d[:, None] * np.ones_like(pi)),
            _weighed(lambda d, pi: d[:, None] * np.ones_like(pi) / pi.shape[1]),
            _weighed(lambda d, pi: np.ones_like(pi)),
            _weighed(lambda d, pi: np.full_like(pi, 1 / pi.size)),
            _weighed(lambda d, pi: np.full_like(pi, 1 / len(pi))),
            _weighed(lambda d, pi: np.full_like(pi, 1 / pi.shape[1])),
        ),
    ),
    Slip(
        "π twice",
        "π(a|s) enters twice: this is the matrix of ∇π, not of ∇ log π. (Is the score multiplied by π before the "
        "outer product?) One factor π for each outer product.",
        (_weighed(lambda d, pi: d[:, None] * pi**2), _weighed(lambda d, pi: (d[:, None] * pi) ** 2)),
    ),
    Slip(
        "divided by the number of actions",
        "You divide by the number of actions (or of states and actions) on top: np.mean where π and d already "
        "average. Sum.",
        (
            _weighed(lambda d, pi: d[:, None] * pi / pi.shape[1]),
            _weighed(lambda d, pi: d[:, None] * pi / pi.size),
        ),
    ),
    Slip(
        "outer product of the mean",
        "You average the scores first and multiply afterwards. But the mean score is 0 (∇ Σ_a π = 0), so nothing is "
        "left of it. First the outer product ψψᵀ for each state and action, then the mean.",
        (
            _outer_of_mean,
            _outer_of_plain_mean,
            _outer_of_state_means(True),
            _outer_of_state_means(False),
        ),
        looks=lambda given, truth, *args: (
            given.shape == truth.shape and bool(np.abs(given).max() < 1e-9 * np.abs(truth).max())
        ),
    ),
    Slip(
        "mean subtracted",
        "You subtract a mean of the scores that is not the mean under π (np.cov, or .mean over actions). Under π the "
        "mean score is 0 already: there is nothing to subtract.",
        (
            _mean_subtracted(0),
            _mean_subtracted(1),
            _mean_subtracted((0, 1)),
            _plain_covariance(True),
            _plain_covariance(False),
        ),
    ),
    Slip(
        "diagonal only",
        "Only the diagonal is there: squares of the scores. The products of different entries, ψ_k ψ_l, tell which "
        "parameters work together; without them the ellipse stands upright.",
        (_changed(lambda F: np.diag(np.diag(F))), _changed(np.diag)),
    ),
    Slip(
        "inner product",
        "You return one number, ψᵀψ averaged. The outer product ψψᵀ is a K × K matrix (np.outer).",
        (_changed(np.trace),),
    ),
    Slip(
        "factor ½ or 2",
        "There is an extra factor ½ (or 2). The ½ stands in KL ≈ ½ ΔᵀFΔ, not in F.",
        (_changed(lambda F: F / 2), _changed(lambda F: 2 * F)),
    ),
    Slip(
        "sign flip",
        "The sign is turned round. F is a mean of squares, so xᵀFx is never negative. (It is MINUS the mean second "
        "derivative of log π.)",
        (_changed(lambda F: -F),),
    ),
    Slip(
        "only the likeliest action",
        "Only the likeliest action of each state is there. All actions count, with their probability π(a|s).",
        (_greedy, lambda d, pi, psi: _mean_outer(d[:, None] * pi * (pi == pi.max(1, keepdims=True)), psi)),
    ),
    Slip(
        "only the likeliest or the last state",
        "Only one state is in your matrix. Does the sum start again for each state, or does the function return "
        "inside the loop?",
        tuple(
            lambda d, pi, psi, at=at: _fisher(np.where(np.arange(len(d)) == at(d), d, 0.0), pi, psi)
            for at in (lambda d: len(d) - 1, lambda d: 0, np.argmax)
        ),
    ),
    Slip(
        "inverse returned",
        "This is the inverse (or pseudo-inverse) of F. Return F itself; exercises 3 to 5 divide by it.",
        (_changed(lambda F: np.linalg.pinv(F)), _changed(lambda F: np.linalg.pinv(F, rcond=1e-8))),
    ),
    Slip(
        "one matrix for each state",
        "You return one matrix for each state (or for each action). Add them up with the weights d(s) and π(a|s).",
        looks=lambda given, truth, *args: given.ndim > 2 and given.shape[-2:] == truth.shape,
    ),
    Slip(
        "scores multiplied over the wrong axes",
        "The matrix has a row for each state or action. It needs a row and a column for each PARAMETER: sum over s "
        "and a.",
        looks=lambda given, truth, d, pi, psi: (
            given.shape != truth.shape
            and given.ndim == 2
            and given.shape[0] in (len(d), pi.shape[1], pi.size)
        ),
    ),
    Slip("nan", "The result has nan in it. Nothing here needs a logarithm or a division.", looks=_not_finite),
    Slip(
        "sampled",
        "This is near F, but not F: is it estimated from sampled actions, is an action left out, or something small "
        "added? Here π is known, so the mean over actions is a sum that needs no samples.",
        looks=_nearly,
    ),
)  # fmt: skip


def _judge_fisher(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(
        cases, values, _fisher, FISHER_SLIPS, tolerance=TOLERANCE, idea=FISHER_IDEA,
        show=lambda d, pi, psi: f"For S = {len(d)}, A = {pi.shape[1]}, K = {psi.shape[2]}: ",
    )  # fmt: skip


# ---------------------------------------------------------------- 3, 5  steps of a given size

Way = Callable[..., Array]


def _sized(direction: Array, G: Array, epsilon: float) -> Array:
    """The direction, so long that ½ΔᵀGΔ = ε."""
    return np.sqrt(2 * epsilon / (direction @ G @ direction)) * direction


def _unit(x: Array) -> Array:
    size = np.linalg.norm(x)
    return x / size if size > 0 else x


def _points_along(way: Way, *, both: bool = True) -> Callable[..., bool]:
    """Is the given step parallel to that of the way, whatever its length?"""

    def looks(given, truth, *args):
        if given.shape != truth.shape or not np.any(given) or not np.all(np.isfinite(given)):
            return False
        wrong = _unit(np.asarray(way(*args), dtype=float))
        signs = (1.0, -1.0) if both else (1.0,)
        return any(close(_unit(given), sign * wrong, STEP_TOLERANCE) for sign in signs)

    return looks


def _inverse_root(G: Array) -> Array:
    """G^(-1/2), symmetric."""
    values, axes = np.linalg.eigh(G)
    safe = np.where(values > 1e-9 * values.max(), values, np.inf)
    return (axes / np.sqrt(safe)) @ axes.T


def _half_solved(G: Array, g: Array) -> Array:
    """L⁻¹g with G = LLᵀ, the first half of a solve by Cholesky."""
    try:
        return _solve(np.linalg.cholesky(G), g)
    except np.linalg.LinAlgError:
        return np.full(len(g), np.nan)


def _column(given, truth, *args) -> bool:
    """[K, 1] or [1, K] for [K]."""
    return truth.ndim == 1 and given.shape in ((len(truth), 1), (1, len(truth)))


SHAPES = (
    Slip(
        "a column",
        "The step is a matrix of one column (or one row). Return an array of shape [K], like g: g[:, None] and "
        "np.matrix make columns, ravel() undoes it.",
        looks=_column,
    ),
    Slip(
        "the matrix instead of the step",
        "You return a matrix. The step is a vector [K]: apply the inverse to g.",
        looks=lambda given, truth, *args: given.shape == (len(truth), len(truth)),
    ),
    Slip(
        "one number",
        "You return one number. The step is a vector [K] like g.",
        looks=lambda given, truth, *args: given.size == 1 and len(truth) > 1,
    ),
    Slip(
        "a step of zero",
        "The step is zero everywhere. (Integer division, or a result that is never filled in?)",
        looks=lambda given, truth, *args: given.shape == truth.shape and not np.any(given),
    ),
    Slip(
        "nan",
        "The step has nan or ∞ in it: a root of a negative number, or a division by 0?",
        looks=lambda given, truth, *args: given.shape == truth.shape and not np.all(np.isfinite(given)),
    ),
)  # fmt: skip


def _turned(hint: str, matrix: str) -> tuple[Slip, ...]:
    """Wrong directions, of whatever length; `matrix` is what the exercise calls it.  hint: what to do instead."""
    return (
        Slip(
            "descent",
            "The step points exactly the wrong way: it descends. J is a return; the step of largest gain gᵀΔ has a "
            "plus.",
            looks=lambda given, truth, *args: _points_along(lambda *_: -truth, both=False)(given, truth),
        ),
        Slip(
            "multiplied instead of solved",
            f"You multiply g by {matrix} instead of solving: this is along {matrix}g. That goes furthest where a step "
            f"costs MOST. {hint}",
            looks=_points_along(lambda G, g, *rest: G @ g),
        ),
        Slip(
            "the plain gradient",
            f"This is along g itself, the steepest direction of the ball: {matrix} has no effect on the direction. "
            f"{hint}",
            looks=_points_along(lambda G, g, *rest: g),
        ),
        Slip(
            "diagonal only",
            f"Only the diagonal of {matrix} is used. The other entries turn the ellipse; without them the direction is "
            f"another one. {hint}",
            looks=_points_along(lambda G, g, *rest: g / np.diag(G)),
        ),
        Slip(
            "entries divided",
            f"1 / {matrix} divides entry by entry. The inverse of a matrix is not that. {hint}",
            looks=_points_along(lambda G, g, *rest: (1 / G) @ g),
        ),
        Slip(
            "root of the matrix",
            f"This is along the inverse ROOT of {matrix} times g (half of a solve by Cholesky, or Adam's root). The "
            f"root in the formula is on a number, the length. {hint}",
            looks=lambda given, truth, G, g, *rest: (
                _points_along(lambda *_: _inverse_root(G) @ g)(given, truth)
                or _points_along(lambda *_: _half_solved(G, g))(given, truth)
            ),
        ),
        Slip(
            "solved twice",
            f"The inverse of {matrix} is applied twice. {hint}",
            looks=_points_along(lambda G, g, *rest: _solve(G, _solve(G, g))),
        ),
        Slip(
            "signs only",
            "Only the signs of the entries count here. That is the steepest step of another norm, the largest entry.",
            looks=lambda given, truth, G, g, *rest: (
                _points_along(lambda *_: np.sign(g))(given, truth)
                or _points_along(lambda *_: np.sign(truth))(given, truth)
            ),
        ),
    )  # fmt: skip


def _steepest(G, g, epsilon, *rest) -> Array:
    """argmax gᵀΔ over ½ΔᵀGΔ ≤ ε: √(2ε/gᵀG⁻¹g) G⁻¹g."""
    return _sized(_solve(G, g), G, epsilon)


def _rescaled(factor: Callable[[float, float], float]) -> Way:
    """factor(ε, gᵀG⁻¹g) · G⁻¹g."""

    def way(G, g, epsilon, *rest):
        n = _solve(G, g)
        return factor(epsilon, float(g @ n)) * n

    return way


def _of_length(length: Callable[[float], float], norm=np.linalg.norm) -> Way:
    def way(G, g, epsilon, *rest):
        n = _solve(G, g)
        return length(epsilon) * n / norm(n)

    return way


LENGTHS: tuple[tuple[str, str, tuple[Callable[[float, float], float], ...]], ...] = (
    (
        "direction only",
        "The direction is right, but not sized: ε has no effect. Spend all of it: make Δ so long that ½ΔᵀGΔ = ε. "
        "(Does a `min(1, …)` keep a short step short?)",
        (lambda e, q: 1.0, lambda e, q: q**-0.5, lambda e, q: 1 / q, lambda e, q: (2 / q) ** 0.5),
    ),
    (
        "factor 2 missing",
        "½ΔᵀGΔ is ε/2: the 2 under the root is missing. The constraint has a ½ in front, so ΔᵀGΔ = 2ε.",
        (lambda e, q: (e / q) ** 0.5,),
    ),
    (
        "factor 2 on the wrong side",
        "½ΔᵀGΔ is ε/4, 2ε or 4ε: the 2 stands in the wrong place. From ½ΔᵀGΔ = ε follows ΔᵀGΔ = 2ε, and the factor is "
        "√(2ε/gᵀG⁻¹g).",
        (
            lambda e, q: (e / (2 * q)) ** 0.5,
            lambda e, q: (4 * e / q) ** 0.5,
            lambda e, q: 2 * (e / q) ** 0.5,
            lambda e, q: 2 * (2 * e / q) ** 0.5,
        ),
    ),
    (
        "root missing",
        "The root is missing: the factor is the square ROOT of 2ε/gᵀG⁻¹g. (Twice the step has four times the "
        "½ΔᵀGΔ.)",
        (lambda e, q: 2 * e / q, lambda e, q: e / q),
    ),
    (
        "ε outside the root",
        "ε stands outside the root. Four times the ε buys a step twice as long: √ε, not ε.",
        (
            lambda e, q: e * (2 / q) ** 0.5,
            lambda e, q: e / q**0.5,
            lambda e, q: 2 * e / q**0.5,
            lambda e, q: e,
            lambda e, q: 2 * e,
        ),
    ),
    (
        "gᵀG⁻¹g not divided by",
        "The root is upside down, or gᵀG⁻¹g is multiplied with instead of divided by. The longer G⁻¹g is already, the "
        "smaller is the factor.",
        (
            lambda e, q: (2 * e * q) ** 0.5,
            lambda e, q: (e * q) ** 0.5,
            lambda e, q: (q / (2 * e)) ** 0.5,
            lambda e, q: (q / e) ** 0.5,
            lambda e, q: (2 * e) ** 0.5,
            lambda e, q: e**0.5,
        ),
    ),
    (
        "gᵀG⁻¹g outside the root",
        "gᵀG⁻¹g stands outside the root. The root is over the whole fraction 2ε/gᵀG⁻¹g.",
        (lambda e, q: (2 * e) ** 0.5 / q, lambda e, q: e**0.5 / q),
    ),
)
BALL_LENGTHS = (
    "length of the ball",
    "The length is measured by the ordinary norm ‖Δ‖. Here it is measured by G: ½ΔᵀGΔ must be ε.",
    tuple(
        _of_length(length, norm)
        for length in (
            lambda e: e,
            lambda e: 2 * e,
            lambda e: e**0.5,
            lambda e: (2 * e) ** 0.5,
            lambda e: 1.0,
        )
        for norm in (np.linalg.norm, lambda n: np.abs(n).max(), lambda n: np.abs(n).sum())
    ),
)


def _other_norms(G, g, epsilon, *rest) -> list[Array]:
    """The right direction, sized with a wrong quadratic form in the fraction."""
    n = _solve(G, g)
    forms = (g @ G @ g, g @ g, n @ n, n @ _solve(G, n), n @ G @ G @ n)
    return [np.sqrt(k * epsilon / form) * n for form in forms for k in (1.0, 2.0)]


STEEPEST_IDEA = (
    "Idea to look at: GRADIENT DESCENT AS STEEPEST DESCENT, with another norm. The direction is G⁻¹g; its length is "
    "such that all of ε is spent, ½ΔᵀGΔ = ε."
)
STEEPEST_SLIPS = (
    *SHAPES,
    *(Slip(name, hint, tuple(map(_rescaled, ways))) for name, hint, ways in LENGTHS),
    Slip(*BALL_LENGTHS),
    Slip(
        "another form under the root",
        "The direction is right, but the number under the root is not gᵀG⁻¹g: it is made with G itself, with G twice, "
        "or with the ordinary norm. For Δ = c·n with n = G⁻¹g, ΔᵀGΔ is c² nᵀGn, and nᵀGn = gᵀG⁻¹g.",
        tuple(lambda *case, k=k: _other_norms(*case)[k] for k in range(10)),
    ),
    Slip(
        "shorter than allowed",
        "The direction is right, but not all of ε is spent, or more than all. On a line, more length is more gain; "
        "so stop exactly where ½ΔᵀGΔ = ε.",
        looks=lambda given, truth, *args: _points_along(lambda *_: truth, both=False)(given, truth),
    ),
    *_turned("The direction is G⁻¹g: the x that solves Gx = g.", "G"),
)


def _spent(step: Array, G: Array) -> float:
    return float(step @ G @ step) / 2


def _judge_steepest(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    def grades(step, truth, G, g, epsilon):
        spent = _spent(step, G) / epsilon
        along = close(_unit(step), _unit(truth), STEP_TOLERANCE)
        sized = abs(spent - 1) <= LENGTH_TOLERANCE and bool(g @ step > 0)
        return {"direction": along, "length": sized}, f"Your ½ΔᵀGΔ is {spent:.4g} ε. "

    return _by_parts(
        cases,
        values,
        _steepest,
        grades,
        ("direction", "length"),
        STEEPEST_SLIPS,
        STEEPEST_IDEA,
    )


def _by_parts(cases, values, exact, grades, parts, slips, idea) -> dict[str, str]:
    """`compare`, where `grades` says which parts of a step are right and what was measured.

    A part that is right is compared with itself; for one that is wrong the whole step is looked at.
    """
    expanded, flat = [], []
    for case, value in zip(cases, values, strict=True):
        truth = exact(*case.args)
        fits = (
            not value.problem
            and value["value"].shape == truth.shape
            and bool(np.all(np.isfinite(value["value"])))
        )
        with np.errstate(all="ignore"):  # a step may be far too long
            right, measured = grades(value["value"], truth, *case.args) if fits else ({}, "")
        for part in parts if case.part == "both" else ("direction", case.part):
            expanded.append(Case(part, (*case.args, measured)))
            flat.append(Value({"value": truth}) if right.get(part) else value)
    return compare(
        expanded,
        flat,
        exact,
        slips,
        tolerance=STEP_TOLERANCE,
        idea=idea,
        show=lambda *args: args[-1],
    )


# ---------------------------------------------------------------- 4  the natural step


def _natural(F, g, damping) -> Array:
    """(F + λI)⁻¹g."""
    return _solve(F + damping * np.eye(len(g)), g)


def _with_matrix(matrix: Callable[[Array, float], Array]) -> Way:
    return lambda F, g, damping: _solve(matrix(F, damping), g)


def _after(change: Callable[[Array, Array, float], Array]) -> Way:
    return lambda F, g, damping: change(_solve(F, g), g, damping)


NATURAL_IDEA = (
    "Idea to look at: UPDATE θ ← θ + α G⁻¹(θ)∇J, with damping. The step n solves (F + λI) n = g, where I is the "
    "identity: λ is added to the diagonal of F, nowhere else."
)
EYE = np.eye
NATURAL_SLIPS = (
    *SHAPES,
    Slip(
        "sign flip",
        "The step points exactly the wrong way. We ascend: (F + λI)⁻¹g, with a plus.",
        (lambda *case: -_natural(*case),),
    ),
    Slip(
        "multiplied instead of solved",
        "You multiply g by the matrix instead of solving. Fg is large where g is large already; the natural step "
        "divides by F.",
        (
            lambda F, g, damping: F @ g,
            lambda F, g, damping: (F + damping * EYE(len(g))) @ g,
            lambda F, g, damping: F @ g + damping * g,
        ),
    ),
    Slip(
        "λ added to every entry",
        "F + damping adds λ to EVERY entry, also off the diagonal: numpy adds a number to all of a matrix. Write "
        "F + damping * np.eye(K).",
        (
            _with_matrix(lambda F, lam: F + lam),
            lambda F, g, lam: np.linalg.pinv(F + lam, rcond=1e-8) @ g,
        ),
    ),
    Slip(
        "damping ignored",
        "λ has no effect: this is F⁻¹g, or the pseudo-inverse. Add λ to the diagonal of F before you solve.",
        (
            _with_matrix(lambda F, lam: F),
            lambda F, g, damping: np.linalg.pinv(F) @ g,
            lambda F, g, damping: np.linalg.pinv(F, rcond=1e-8) @ g,
        ),
        looks=lambda given, truth, F, g, damping: bool(
            np.linalg.matrix_rank(F) < len(g)  # rounding decides what F⁻¹ is
            and given.shape == truth.shape
            and np.abs(given).max() > 1e8 * np.abs(truth).max()
        ),
    ),
    Slip(
        "damping on the gradient",
        "The damping is applied to g (or to the finished step), not to F. It belongs inside the inverse: "
        "(F + λI)⁻¹g.",
        (
            _after(lambda n, g, lam: n + lam * g),
            _after(lambda n, g, lam: n + lam),
            _after(lambda n, g, lam: lam * n),
            _after(lambda n, g, lam: n / lam),
            _after(lambda n, g, lam: n / (1 + lam)),
            _after(lambda n, g, lam: (1 - lam) * n),
            _after(lambda n, g, lam: (1 + lam) * n),
            _after(lambda n, g, lam: (1 - lam) * n + lam * g),
            _after(lambda n, g, lam: n + g / lam),
            _after(lambda n, g, lam: n - lam * g),
            lambda F, g, lam: _solve(F, g + lam),
            lambda F, g, lam: _solve(F, g - lam * g),
            lambda F, g, lam: np.linalg.pinv(F) @ g + lam * g,
            lambda F, g, lam: np.linalg.pinv(F) @ g + g / lam,
            lambda F, g, lam: np.linalg.pinv(F) @ g / (1 + lam),
        ),
    ),
    Slip(
        "damping on the inverse",
        "λ is added to the inverse of F, not to F. First F + λI, then solve.",
        (
            lambda F, g, lam: np.linalg.pinv(F, rcond=1e-8) @ g + lam * np.sum(g),
            lambda F, g, lam: (np.linalg.pinv(F, rcond=1e-8) + lam * EYE(len(g))) @ g,
        ),
    ),
    Slip(
        "damping times the trace",
        "The damping is scaled by the size of F (its trace or its largest eigenvalue). A good idea in practice, but "
        "another λ: here λI is added as it is.",
        (
            _with_matrix(lambda F, lam: F + lam * np.trace(F) * EYE(len(F))),
            _with_matrix(lambda F, lam: F + lam * np.trace(F) / len(F) * EYE(len(F))),
            _with_matrix(lambda F, lam: F + lam * np.linalg.norm(F) * EYE(len(F))),
            _with_matrix(lambda F, lam: F + lam * np.linalg.norm(F, 2) * EYE(len(F))),
        ),
    ),
    Slip(
        "damping times the diagonal of F",
        "You add λ times the diagonal of F (as Levenberg and Marquardt do). Here the same λ is added to each diagonal "
        "entry.",
        (
            _with_matrix(lambda F, lam: F + lam * np.diag(np.diag(F))),
            _with_matrix(lambda F, lam: (1 + lam) * F),
        ),
    ),
    Slip(
        "mixed with the identity",
        "You mix F with the identity, (1-λ)F + λI. Damping adds λI and leaves F as it is.",
        (
            _with_matrix(lambda F, lam: (1 - lam) * F + lam * EYE(len(F))),
            _with_matrix(lambda F, lam: (F + lam * EYE(len(F))) / (1 + lam)),
        ),
    ),
    Slip(
        "another power of λ",
        "The damping has the wrong size: λ², √λ, 2λ, λ/2 or a λ divided by K. Add λ itself.",
        (
            _with_matrix(lambda F, lam: F + lam**2 * EYE(len(F))),
            _with_matrix(lambda F, lam: F + lam**0.5 * EYE(len(F))),
            _with_matrix(lambda F, lam: F + 2 * lam * EYE(len(F))),
            _with_matrix(lambda F, lam: F + lam / 2 * EYE(len(F))),
            _with_matrix(lambda F, lam: F + lam / len(F) * EYE(len(F))),
        ),
    ),
    Slip(
        "damping subtracted",
        "You subtract λ. Damping makes the matrix larger, and so the step smaller.",
        (_with_matrix(lambda F, lam: F - lam * EYE(len(F))), _with_matrix(lambda F, lam: F - lam)),
    ),
    Slip(
        "a fixed λ",
        "The damping is not the λ you are given: it seems to be a constant of yours. Use `damping`, also when it is "
        "0.",
        tuple(
            _with_matrix(lambda F, lam, own=own, k=k: F + (own + k * lam) * EYE(len(F)))
            for own in (1.0, 0.1, 0.01, 0.001, 1e-4, 1e-5, 0.5, 0.05, 0.005)
            for k in (0.0, 1.0)
        ),
    ),
    Slip(
        "only for a singular F",
        "You damp only when F has no inverse, or use the pseudo-inverse in its place. λ is used whenever it is given.",
        (
            lambda F, g, lam: (
                np.linalg.pinv(F) @ g if np.linalg.matrix_rank(F) < len(g) else _natural(F, g, lam)
            ),
            lambda F, g, lam: (
                _natural(F, g, lam) if np.linalg.matrix_rank(F) < len(g) else _solve(F, g)
            ),
        ),
    ),
    Slip(
        "diagonal only",
        "Only the diagonal of F is used. The other entries say which parameters do the same thing; solve with the "
        "whole matrix.",
        (
            lambda F, g, damping: g / (np.diag(F) + damping),
            lambda F, g, damping: g / np.diag(F),
        ),
    ),
    Slip(
        "entries divided",
        "You divide entry by entry, or take 1 / F. The inverse of a matrix is not that: solve a linear system.",
        (
            lambda F, g, damping: (1 / (F + damping * EYE(len(g)))) @ g,
            lambda F, g, damping: (1 / F) @ g,
            lambda F, g, damping: g / (F + damping * EYE(len(g))).sum(axis=1),
        ),
    ),
    Slip(
        "root of the matrix",
        "You divide by the ROOT of F + λI (half of a solve by Cholesky, or Adam's root). The natural step divides by "
        "the matrix itself.",
        (
            lambda F, g, damping: _inverse_root(F + damping * EYE(len(g))) @ g,
            lambda F, g, damping: _half_solved(F + damping * EYE(len(g)), g),
            lambda F, g, damping: g / np.sqrt(np.diag(F) + damping),
            lambda F, g, damping: g / (np.sqrt(np.diag(F)) + damping),
        ),
    ),
    Slip(
        "solved twice",
        "The inverse is applied twice.",
        (lambda F, g, damping: _natural(F, _natural(F, g, damping), damping),),
    ),
    Slip(
        "normalised",
        "The direction is right, the length is not: the step is normalised or sized. Return (F + λI)⁻¹g as it is; the "
        "size comes in exercise 5.",
        looks=lambda given, truth, *args: _points_along(lambda *_: truth, both=False)(given, truth),
    ),
    Slip(
        "the plain gradient",
        "This is along g itself: F has no effect on the direction.",
        looks=_points_along(lambda F, g, *rest: g),
    ),
)


def _judge_natural(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(
        cases, values, _natural, NATURAL_SLIPS, tolerance=STEP_TOLERANCE, idea=NATURAL_IDEA,
        show=lambda F, g, damping: f"For K = {len(g)}, λ = {damping:.3g}: ",
    )  # fmt: skip


# ---------------------------------------------------------------- 5  a step sized by KL


def _kl_step(F, g, epsilon, damping, *rest) -> Array:
    """n = (F + λI)⁻¹g, so long that ½ΔᵀFΔ = ε."""
    return _sized(_natural(F, g, damping), F, epsilon)


def _damped(factor: Callable[[float, float], float]) -> Way:
    """factor(ε, nᵀFn) · n."""

    def way(F, g, epsilon, damping, *rest):
        n = _natural(F, g, damping)
        return factor(epsilon, float(n @ F @ n)) * n

    return way


def _damped_form(form: Callable[[Array, Array, Array, float], Any], k: float) -> Way:
    """√(kε / form) · n."""

    def way(F, g, epsilon, damping, *rest):
        n = _natural(F, g, damping)
        return np.sqrt(k * epsilon / form(n, F, g, damping)) * n

    return way


def _in_f(hint: str) -> str:
    """A hint of exercise 3 with the words of exercise 5."""
    return hint.replace("gᵀG⁻¹g", "nᵀFn").replace("G⁻¹g", "n").replace("G", "F")


def _measured_otherwise(k: float) -> tuple[Slip, ...]:
    """√(kε / form) n with a form that is nᵀFn for λ = 0 only."""
    return (
        Slip(
            "size by gᵀn",
            "You size with gᵀn (or nᵀ(F + λI)n, which is the same number). That equals nᵀFn for λ = 0 only. The "
            "damping is our safety, KL does not know of it: measure the step by F itself, or KL stays below ε.",
            (_damped_form(lambda n, F, g, lam: g @ n, k),),
        ),
        Slip(
            "size of the undamped step",
            "You size with gᵀF⁻¹g, but the step that you take is the damped one. Measure the step that you take: "
            "nᵀFn.",
            (_damped_form(lambda n, F, g, lam: g @ np.linalg.pinv(F, rcond=1e-8) @ g, k),),
        ),
        Slip(
            "damped twice",
            "The damping enters twice: n is damped already, and then it is measured with F + 2λI or solved once more. "
            "The length is measured by F.",
            (_damped_form(lambda n, F, g, lam: n @ (F + 2 * lam * EYE(len(n))) @ n, k),),
        ),
    )


KL_STEP_IDEA = (
    "Idea to look at: KL(π_θ‖π_{θ+Δ}) ≈ ½ΔᵀFΔ. Take n = (F + λI)⁻¹g from exercise 4, and multiply it by the number "
    "c that makes ½(cn)ᵀF(cn) equal to ε."
)
KL_STEP_SLIPS = (
    *SHAPES,
    *_measured_otherwise(2.0),
    *(
        Slip(name, _in_f(hint), tuple(map(_damped, ways)))
        for name, hint, ways in LENGTHS
        if name != "gᵀG⁻¹g outside the root"
    ),
    Slip(
        "nᵀFn outside the root",
        "nᵀFn stands outside the root. The root is over the whole fraction 2ε/nᵀFn.",
        tuple(map(_damped, LENGTHS[-1][2])),
    ),
    Slip(
        "length of the ball",
        "The length is measured by the ordinary norm ‖Δ‖. KL measures it by F: ½ΔᵀFΔ must be ε.",
        tuple(
            lambda F, g, epsilon, damping, *rest, k=k, p=p, norm=norm: (
                (k * epsilon) ** p * (n := _natural(F, g, damping)) / norm(n)
            )
            for k in (1.0, 2.0)
            for p in (1.0, 0.5)
            for norm in (np.linalg.norm, lambda n: np.abs(n).max())
        ),
    ),
    *_measured_otherwise(1.0),  # and the 2 is missing too
    Slip(
        "damping ignored",
        "λ has no effect on the direction: this is F⁻¹g, sized or not. Take n = (F + λI)⁻¹g, as in exercise 4.",
        looks=lambda given, truth, F, g, epsilon, damping, *rest: (
            damping > 0
            and (
                _points_along(lambda *_: np.linalg.pinv(F, rcond=1e-8) @ g)(given, truth)
                or _points_along(lambda *_: _solve(F, g))(given, truth)
            )
        ),
    ),
    Slip(
        "λ added to every entry",
        "F + damping adds λ to EVERY entry, also off the diagonal. Write F + damping * np.eye(K).",
        looks=lambda given, truth, F, g, epsilon, damping, *rest: (
            damping > 0
            and (
                _points_along(lambda *_: _solve(F + damping, g))(given, truth)
                or _points_along(lambda *_: np.linalg.pinv(F + damping, rcond=1e-8) @ g)(
                    given, truth
                )
            )
        ),
    ),
    Slip(
        "another size",
        "The direction is right, the size is not: moved by your step, the policy's exact mean KL is not ε.",
        looks=lambda given, truth, *args: _points_along(lambda *_: truth, both=False)(given, truth),
    ),
    *_turned("The direction is n = (F + λI)⁻¹g, exercise 4.", "F"),
)


def _reached(step: Array, policy: tuple[Array, Array, Array]) -> float:
    """The exact mean KL between the policy and the policy moved by the step."""
    features, theta, occupancy = policy
    old, new = table_of(features, theta), table_of(features, theta + step)
    return _mean_kl(occupancy, old, new)


def _judge_kl_step(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    def grades(step, truth, F, g, epsilon, damping, policy):
        kl = _reached(step, policy) / epsilon
        along = close(_unit(step), _unit(truth), STEP_TOLERANCE)
        sized = abs(kl - 1) <= KL_TOLERANCE and bool(g @ step > 0)
        part = "KL = ε, λ > 0" if damping > 0 else "KL = ε, λ = 0"
        return {"direction": along, part: sized}, (
            f"With ε = {epsilon:.3g} and λ = {damping:.3g}, your step reaches a KL of {kl:.4g} ε. "
        )

    return _by_parts(cases, values, _kl_step, grades, (), KL_STEP_SLIPS, KL_STEP_IDEA)


EXERCISES = {
    "mean_kl": _judge_kl,
    "fisher": _judge_fisher,
    "steepest_step": _judge_steepest,
    "natural_step": _judge_natural,
    "kl_step": _judge_kl_step,
}
