"""Problem set 4: exact oracles, misconceptions and what to say about them. Only the judge imports this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pgkit.check import Case, Slip, Value, compare
from pgkit.checks.ps4 import EVERY, MANY
from pgkit.types import Array

TOLERANCE = 1e-4  # of the largest entry
MEAN_TOLERANCE = 1e-3  # of the largest entry of ∇J, and of the variance: sums over all trajectories
MANY_TOLERANCE = 1e-3  # of the largest value: float32 sweeps

Way = Callable[..., Any]


def _not_finite(given: Array, truth: Array, *args: Any) -> bool:
    return given.shape == truth.shape and not np.all(np.isfinite(given))


def _all_zero(given: Array, truth: Array, *args: Any) -> bool:
    return given.shape == truth.shape and not np.any(given)


def _of_shape(shape: Callable[..., Any]) -> Callable[..., bool]:
    """Recognises a wrong shape: `shape` finds it from the inputs."""
    return lambda given, truth, *args: (
        given.shape != truth.shape and given.shape == tuple(shape(*args))
    )


def _transposed(given: Array, truth: Array, *args: Any) -> bool:
    return given.shape != truth.shape and given.shape == truth.shape[::-1]


def _unchanged(which: int) -> Slip:
    return Slip(
        "unchanged",
        "The table comes back as it was. Is what you compute written into it, and is that table returned?",
        (lambda *args: args[which],),
    )


TRANSPOSED = Slip(
    "transposed", "The result is transposed: rows and columns are swapped.", looks=_transposed
)
NOTHING = Slip(
    "nothing written",
    "All entries are 0. Is anything written into the array? (Or is the mask the wrong way round?)",
    looks=_all_zero,
)
CLOCK_OFF = "The clock is off by one: the state is right, the table's row is not. Step t uses row t, and t starts at 0."


# ---------------------------------------------------------------- 1  the fit of V


def _each(of: Callable[[Array], Any], unseen: Callable[[float, Array], float] = lambda v, q: v):
    """In each state a number made of the Q̂ found there; `unseen`(v(s), all Q̂) where there are none."""

    def way(v, s, q_hat):
        found = [q_hat[s == x] for x in range(len(v))]
        return np.array(
            [of(q) if len(q) else unseen(v[x], q_hat) for x, q in enumerate(found)], dtype=float
        )

    return way


_fit = _each(np.mean)


def _spoiled(change: Callable[..., Any]) -> Way:
    """What `change`(exact fit, v, counts, q_hat) makes of the fit."""

    def way(v, s, q_hat):
        return change(_fit(v, s, q_hat), v, np.bincount(s, minlength=len(v)), q_hat)

    return way


def _steps(alpha: float, times: int) -> Way:
    """`times` rounds of V(s) ← V(s) + α (Q̂ - V(s)), sample by sample."""

    def way(v, s, q_hat):
        v = v.copy()
        for _ in range(times):
            for x, q in zip(s, q_hat, strict=True):
                v[x] += alpha * (q - v[x])
        return v

    return way


FIT_WAYS = (
    Slip(
        "sum",
        "You add the Q̂ of a state up. The sum of squares is least at their MEAN: divide by how many there are.",
        (_each(np.sum), lambda v, s, q: v + np.bincount(s, q, len(v))),
    ),
    Slip(
        "repeated values counted once",
        "Two data points with the same Q̂ are taken for one (a set, or np.unique?). Each of them counts.",
        (_each(lambda q: np.mean(np.unique(q))),),
    ),
    Slip(
        "divided by all data",
        "You divide by the number of all data points. Each state's sum is divided by that state's own count.",
        (
            _spoiled(lambda fit, v, n, q: np.where(n > 0, fit * n / n.sum(), v)),
            _spoiled(lambda fit, v, n, q: np.where(n > 0, fit * n / len(v), v)),
        ),
    ),
    Slip(
        "median",
        "You take the median. That is where the sum of plain distances |V - Q̂| is least (the slide forgets the "
        "square). The sum of SQUARES is least at the mean.",
        (_each(np.median),),
    ),
    Slip(
        "one number for all",
        "All states get the same number. V is a table: each state has its own fit, from its own data.",
        (
            lambda v, s, q: np.full(len(v), q.mean()),
            _spoiled(lambda fit, v, n, q: np.where(n > 0, q.mean(), v)),
        ),
    ),
    Slip(
        "only the last or the first",
        "Each state keeps one of its Q̂, the last (or the first). Does an assignment V[s] = … overwrite what was "
        "there? Add up, count, and divide.",
        (_each(lambda q: q[-1]), _each(lambda q: q[0])),
    ),
    Slip(
        "largest or smallest",
        "You take the largest (or the smallest) Q̂ of a state. The least sum of squares is at the mean.",
        (_each(np.max), _each(np.min)),
    ),
    Slip(
        "old value as a data point",
        "The old v(s) is mixed into the mean, as if it were one of the data. Where there are data, only they count.",
        (
            _spoiled(lambda fit, v, n, q: (v + fit * n) / (n + 1)),
            _spoiled(lambda fit, v, n, q: (v + fit) / 2),
        ),
    ),
    Slip(
        "steps instead of the minimum",
        "You take gradient steps of size α towards the data. That comes near the minimum and does not reach it. Here "
        "the minimum is asked for: the mean of each state's data.",
        tuple(_steps(alpha, times) for alpha in (0.01, 0.1, 0.5) for times in (1, 100)),
    ),
    Slip(
        "residual",
        "You return how far the mean lies from the old v(s). Return the new V itself.",
        (
            _spoiled(lambda fit, v, n, q: fit - v),
            _spoiled(lambda fit, v, n, q: np.where(n > 0, fit - v, v)),
        ),
    ),
    Slip(
        "unseen set to 0",
        "A state without data is set to 0. The rule is that it keeps its old v(s): no data, no news.",
        (_each(np.mean, lambda v, q: 0.0),),
    ),
    Slip(
        "a sum of 0 taken for no data",
        "A state whose Q̂ sum to 0 keeps its old v(s). But it has data, and their mean is 0. Look at the COUNT.",
        (_spoiled(lambda fit, v, n, q: np.where(fit == 0, v, fit)),),
    ),
    Slip(
        "unseen set to the overall mean",
        "A state without data gets the mean of all data. The rule is that it keeps its old v(s).",
        (_each(np.mean, lambda v, q: q.mean()),),
    ),
    Slip(
        "added on top",
        "The data are added on top of the old v. Start the sums at 0 and not at v.",
        (_spoiled(lambda fit, v, n, q: np.where(n > 0, fit + v / np.maximum(n, 1), v)),),
    ),
)
UNSEEN_NAN = Slip(
    "0 / 0",
    "nan appears: a state without data is a sum of 0 over a count of 0. Divide only where the count is not 0; "
    "elsewhere keep the old v.",
    looks=_not_finite,
)
FIT_IDEA = (
    "Idea to look at: TRAIN V_φ. The sum of (V(s) - Q̂)² over the data of one state is least at the mean of those Q̂. "
    "A state without data keeps its old v(s)."
)
FIT_SLIPS = (
    _unchanged(0),
    UNSEEN_NAN,
    *FIT_WAYS,
    Slip(
        "one number for each data point",
        "You return one number for each data point. Return the table: one number for each state.",
        looks=_of_shape(lambda v, s, q_hat: s.shape),
    ),
    Slip(
        "only the states in the data",
        "The table has entries only for the states in the data. It has one for every state, as many as v.",
        looks=lambda given, truth, v, s, q_hat: (
            given.shape != truth.shape and given.shape in (np.unique(s).shape, (s.max() + 1,))
        ),
    ),
)


def _judge_fit(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(cases, values, _fit, FIT_SLIPS, tolerance=TOLERANCE, idea=FIT_IDEA)


def _clock(way: Way) -> Way:
    """A way for pairs (s, Q̂), taken at each time by itself."""

    def over_time(v, s, q_hat, live):
        rows = [way(v[t], s[live[:, t], t], q_hat[live[:, t], t]) for t in range(len(v))]
        return np.array(rows, dtype=float)

    return over_time


_fit_clock = _clock(_fit)


def _shown_to_fit(change: Callable[..., tuple[Array, Array, Array]]) -> Way:
    """The exact fit to changed data (s, q_hat, live)."""
    return lambda v, s, q_hat, live: _fit_clock(v, *change(s, q_hat, live))


def _timeless(v, s, q_hat, live):
    mean = _fit(np.full(v.shape[1], np.nan), s[live], q_hat[live])
    return np.where(np.isnan(mean), v, mean)


def _stateless(v, s, q_hat, live):
    return np.broadcast_to(_over_live(q_hat, live)[:, None], v.shape)


def _over_live(q_hat, live) -> Array:
    return np.where(live, q_hat, 0.0).sum(axis=0) / live.sum(axis=0)


def _cell_sums(divide: Callable[..., Any]) -> Way:
    """The sum of each cell's Q̂, divided by something else than their count."""

    def way(v, s, q_hat, live):
        count = (live[..., None] * np.eye(v.shape[1])[s]).sum(axis=0)
        total = _fit_clock(v, s, q_hat, live) * count
        return np.where(count > 0, total / divide(live), v)

    return way


CLOCK_IDEA = (
    "Idea to look at: V needs a clock. V_t(s) is the mean of Q̂_t over those trajectories that are live at time t and "
    "are then in s. A pair (t, s) without data keeps its old value."
)
CLOCK_SLIPS = (
    _unchanged(0),
    UNSEEN_NAN,
    Slip(
        "no clock",
        "Every time gets the same V(s): the times are thrown together. What is still to come depends on the time. Fit "
        "each time from the Q̂ of that time alone.",
        (
            _timeless,
            lambda v, s, q, live: np.tile(_fit(v[0], s[live], q[live]), (len(v), 1)),
            lambda v, s, q, live: np.tile(_fit(v[0], s.ravel(), q.ravel()), (len(v), 1)),
        ),
    ),
    Slip(
        "padding counted",
        "The padding is counted as data. Where live is False nothing happened: what lies there is left over. Leave it "
        "out of the sums AND of the counts.",
        (
            _shown_to_fit(lambda s, q, live: (s, q, np.ones_like(live))),
            _shown_to_fit(lambda s, q, live: (s, np.where(live, q, 0.0), np.ones_like(live))),
        ),
    ),
    Slip(
        "mask inverted",
        "The mask is the wrong way round: live is True for the steps that count.",
        (_shown_to_fit(lambda s, q, live: (s, q, ~live)),),
    ),
    Slip(
        "no state",
        "At each time all states get the same number. V_t(s) knows the time AND the state.",
        (_stateless,),
    ),
    Slip(
        "wrong count",
        "The sums are divided by the wrong number: the count of a cell is how many live trajectories are in s at time "
        "t, not N, and not the number of steps.",
        (
            _cell_sums(len),
            _cell_sums(lambda live: live.sum(axis=0)[:, None]),
            _cell_sums(np.sum),
        ),
    ),
    Slip(
        "time shifted",
        "The times are shifted by one: row t must come from column t.",
        (
            _shown_to_fit(lambda s, q, live: (s, np.roll(q, 1, axis=1), live)),
            _shown_to_fit(lambda s, q, live: (s, np.roll(q, -1, axis=1), live)),
        ),
    ),
    Slip(
        "whole return",
        "Every time is fitted to the Q̂ of time 0. At time t only the rest of the return, Q̂_t, is still to come.",
        (_shown_to_fit(lambda s, q, live: (s, np.repeat(q[:, :1], q.shape[1], axis=1), live)),),
    ),
    *(replace(slip, ways=tuple(map(_clock, slip.ways))) for slip in FIT_WAYS
      if slip.name not in ("divided by all data", "one number for all")),
    TRANSPOSED,
    Slip(
        "one row",
        "You return one number for each state. The table has a row for each time, too: the shape of v.",
        looks=_of_shape(lambda v, *args: v.shape[1:]),
    ),
    Slip(
        "like the batch",
        "You return an array like the batch. Return the table, [T, S].",
        looks=_of_shape(lambda v, s, *args: s.shape),
    ),
)  # fmt: skip


def _judge_clock(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(
        cases, values, _fit_clock, CLOCK_SLIPS, tolerance=TOLERANCE, idea=CLOCK_IDEA,
        show=lambda *args: "As [t, s]: ",
    )  # fmt: skip


# ---------------------------------------------------------------- 2  the advantage


def _looked_up(v: Array, s: Array) -> Array:
    """v[t, s_t] along every trajectory."""
    return v[np.arange(s.shape[1]), s]


def _advantage(q_hat, s, live, v) -> Array:
    """Q̂_t - V_t(s_t), 0 in the padding."""
    return np.where(live, q_hat - _looked_up(v, s), 0.0)


def _baselined(b: Callable[[Array, Array], Any]) -> Way:
    """Another baseline b(v, s) than V_t(s_t); the padding may be masked or not."""
    return lambda q_hat, s, live, v: np.where(live, q_hat - b(v, s), 0.0)


def _adjusted(change: Callable[[Array, Array], Array]) -> Way:
    """What `change`(advantage, live) makes of it."""
    return lambda q_hat, s, live, v: np.where(
        live, change(_advantage(q_hat, s, live, v), live), 0.0
    )


def _standardised(x: Array, live: Array) -> Array:
    return (x - x[live].mean()) / x[live].std()


def _next(v: Array, s: Array) -> Array:
    """V_{t+1}(s_{t+1}), and something at the end."""
    there = _looked_up(v, s)
    return np.concatenate([there[:, 1:], there[:, -1:]], axis=1)


def _next_zero(v: Array, s: Array) -> Array:
    there = _looked_up(v, s)
    return np.concatenate([there[:, 1:], 0 * there[:, -1:]], axis=1)


ADVANTAGE_IDEA = (
    "Idea to look at: the advantage of step t is Q̂_t - V_t(s_t). The table has the time first: v[t, s[i, t]]. In the "
    "padding the advantage is 0."
)
ADVANTAGE_SLIPS = (
    NOTHING,
    Slip(
        "no baseline",
        "The baseline has no effect: this is Q̂ itself. Subtract V_t(s_t).",
        (lambda q, s, live, v: np.where(live, q, 0.0), lambda q, s, live, v: q),
    ),
    Slip(
        "plus the baseline",
        "You ADD the baseline. What was better than expected gets a positive weight: subtract what was expected.",
        (_baselined(lambda v, s: -_looked_up(v, s)), lambda q, s, live, v: q + _looked_up(v, s)),
    ),
    Slip(
        "sign flip",
        "The sign is turned round: this is V - Q̂, which is positive for what went WORSE than expected.",
        (
            lambda *case: -_advantage(*case),
            lambda q, s, live, v: _looked_up(v, s) - q,
        ),
    ),
    Slip(
        "padding not masked",
        "The padding is not 0. Where live is False nothing happened: whatever lies there, the advantage is 0. (If only "
        "Q̂ is set to 0 there, -V remains.)",
        (
            lambda q, s, live, v: q - _looked_up(v, s),
            lambda q, s, live, v: np.where(live, q, 0.0) - _looked_up(v, s),
            lambda q, s, live, v: q - np.where(live, _looked_up(v, s), 0.0),
        ),
    ),
    Slip(
        "padding left at nan",
        "nan or ∞ appears. Begin with zeros, and fill in the live steps.",
        looks=_not_finite,
    ),
    Slip(
        "mask inverted",
        "The mask is the wrong way round: live is True for the steps that count.",
        (lambda q, s, live, v: np.where(live, 0.0, q - _looked_up(v, s)),),
    ),
    Slip(
        "no clock",
        "The baseline does not know the time: one row of v, or the mean of all rows, is used at all times. At time t "
        "use row t.",
        (
            _baselined(lambda v, s: v[0][s]),
            _baselined(lambda v, s: v[-1][s]),
            _baselined(lambda v, s: v.mean(axis=0)[s]),
        ),
    ),
    Slip(
        "no state",
        "The baseline does not know the state: it is the mean of row t, or that of the state in which the trajectory "
        "began. Use the entry of s_t.",
        (
            _baselined(lambda v, s: v.mean(axis=1)),
            _baselined(lambda v, s: v.max(axis=1)),
            _baselined(lambda v, s: v[np.arange(s.shape[1]), s[:, :1]]),
            _baselined(lambda v, s: v.mean()),
        ),
    ),
    Slip(
        "value of the next step",
        "You subtract the value at the NEXT step. That state is a consequence of the action: a baseline for step t may "
        "look at s_t, not at what came of it.",
        (
            _baselined(_next), _baselined(_next_zero),
            _baselined(lambda v, s: _looked_up(v, np.roll(s, -1, axis=1))),
        ),
    ),
    Slip(
        "clock off by one",
        CLOCK_OFF,
        (
            _baselined(lambda v, s: _looked_up(np.roll(v, 1, axis=0), s)),
            _baselined(lambda v, s: _looked_up(np.roll(v, -1, axis=0), s)),
        ),
    ),
    Slip(
        "standardised",
        "You subtract the mean of the batch and divide by its spread (or one of the two). Some programs do that "
        "afterwards; here the advantage is asked for as it is.",
        (
            _adjusted(_standardised),
            _adjusted(lambda x, live: x - x[live].mean()),
            _adjusted(lambda x, live: x / x[live].std()),
            _adjusted(lambda x, live: (x - x.mean()) / x.std()),
        ),
    ),
    Slip(
        "mean of the batch",
        "You subtract a mean of the batch's own Q̂. The baseline here is the table v.",
        (
            lambda q, s, live, v: np.where(live, q - q[live].mean(), 0.0),
            lambda q, s, live, v: np.where(live, q - _over_live(q, live), 0.0),
        ),
    ),
    Slip(
        "size only",
        "The sign is dropped (an absolute value, a square or a clip at 0). The sign is the message: better or worse "
        "than expected.",
        (
            _adjusted(lambda x, live: np.abs(x)),
            _adjusted(lambda x, live: x**2),
            _adjusted(lambda x, live: np.maximum(x, 0.0)),
        ),
    ),
    Slip(
        "a ratio",
        "You divide by the baseline. It is subtracted.",
        (lambda q, s, live, v: np.where(live, q / _looked_up(v, s), 0.0),),
    ),
    Slip(
        "the baseline itself",
        "You return the baseline V_t(s_t). Return Q̂_t minus it.",
        (lambda q, s, live, v: np.where(live, _looked_up(v, s), 0.0), lambda q, s, live, v: _looked_up(v, s)),
    ),
    TRANSPOSED,
    Slip(
        "padding cut out",
        "The live steps stand in one row. Keep the shape [N, T], with 0 in the padding.",
        looks=lambda given, truth, q, s, live, v: given.shape == (live.sum(),),
    ),
    Slip(
        "every pair of steps",
        "There are too many axes: v[:, s] or v[s] takes every time for every step. Step t of each trajectory needs "
        "row t only: v[np.arange(T), s].",
        looks=lambda given, truth, *args: given.ndim > 2,
    ),
)  # fmt: skip


def _judge_advantage(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(
        cases, values, _advantage, ADVANTAGE_SLIPS, tolerance=TOLERANCE, idea=ADVANTAGE_IDEA,
        show=lambda *args: "As [i, t]: ",
    )  # fmt: skip


# ---------------------------------------------------------------- 3  the gradient with a baseline


def _softmax(theta: Array, axis: int = -1) -> Array:
    weights = np.exp(theta - theta.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def _estimate(
    theta, s, a, q_hat, live, b, *,
    weigh=lambda q, b_t, live: np.where(live, q - b_t, 0.0),
    look=lambda b, s, a: _looked_up(b, s),
    score=lambda hot, pi: hot - pi,
    policy=_softmax,
    divide=len,
) -> Array:  # fmt: skip
    """(1/N) Σ_i Σ_t (Q̂_t - b_t(s_t)) ψ_t, in θ [S, A]; by its options, wrong turns."""
    psi = score(np.eye(theta.shape[1])[a], policy(theta)[s])
    total = np.zeros(theta.shape)
    np.add.at(total, s, weigh(q_hat, look(b, s, a), live)[..., None] * psi)
    return total / divide(live)


def _with(**options: Any) -> Way:
    return lambda *case: _estimate(*case, **options)


def _weighed(weigh: Callable[[Array, Array], Any]) -> Way:
    return _with(weigh=lambda q, b, live: np.where(live, weigh(q, b), 0.0))


def _looking(look: Callable[[Array, Array, Array], Any]) -> Way:
    return _with(look=look)


def _action_mean(theta, s, a, q_hat, live, b):
    """The baseline is the mean Q̂ of the steps with the same action."""
    mean = np.zeros(q_hat.shape)
    for x in np.unique(a):
        here = live & (a == x)
        mean[here] = q_hat[here].sum() / max(here.sum(), 1)
    return _estimate(theta, s, a, q_hat - mean, live, np.zeros_like(b))


def _half_baselined(theta, s, a, q_hat, live, b):
    """b is subtracted in front of the one-hot vector only."""
    bare = _estimate(theta, s, a, q_hat, live, np.zeros_like(b))
    pulled = _estimate(theta, s, a, np.zeros_like(q_hat), live, b, score=lambda hot, pi: hot)
    return bare + pulled


def _last_visit(theta, s, a, q_hat, live, b):
    """grad[s] += ... with an array s keeps one of the visits, in each trajectory."""
    pi, total = _softmax(theta), np.zeros(theta.shape)
    for i in range(len(s)):
        at, t = s[i, live[i]], np.flatnonzero(live[i])
        push = (q_hat[i, t] - b[t, at])[:, None] * (np.eye(theta.shape[1])[a[i, t]] - pi[at])
        total[at] += push
    return total / len(s)


def _last_visit_of_all(theta, s, a, q_hat, live, b):
    psi = np.eye(theta.shape[1])[a] - _softmax(theta)[s]
    total = np.zeros(theta.shape)
    total[s] += np.where(live, q_hat - _looked_up(b, s), 0.0)[..., None] * psi
    return total / len(s)


def _last_visit_in_two(theta, s, a, q_hat, live, b):
    """The same, with the one-hot part and π added one after the other."""
    weight, total = np.where(live, q_hat - _looked_up(b, s), 0.0), np.zeros(theta.shape)
    total[s, a] += weight
    total[s] -= weight[..., None] * _softmax(theta)[s]
    return total / len(s)


def _one_of(pick: int) -> Way:
    def way(theta, s, a, q_hat, live, b):
        n = len(s)
        s, a, q_hat, live = (x[[pick]] for x in (s, a, q_hat, live))
        return _estimate(theta, s, a, q_hat, live, b, divide=lambda live: n)

    return way


def _standard_weight(q, b, live):
    return np.where(live, _standardised(q - b, live), 0.0)


GRADIENT_IDEA = (
    "Idea to look at: COMPUTE GRADIENTS. Step t of a trajectory adds (Q̂_t - b_t(s_t)) (onehot(a_t) - π(·|s_t)) to row "
    "s_t; divide the sum over all live steps by N, the number of trajectories."
)
GRADIENT_SLIPS = (
    Slip(
        "nothing left",
        "The gradient is zero everywhere. Is Q̂ itself subtracted, or a mean of the batch that with one trajectory IS "
        "its own Q̂? Subtract b[t, s_t].",
        looks=_all_zero,
    ),
    Slip(
        "mean of the batch",
        "You subtract a mean of the batch's own Q̂. The own trajectory is in it, so it depends on the action and the "
        "gradient is biased. Subtract b[t, s_t].",
        (lambda theta, s, a, q, live, b: _estimate(theta, s, a, q - _over_live(q, live), live, np.zeros_like(b)),),
    ),
    Slip(
        "sign flip",
        "Every entry has the wrong sign. Is it the gradient of a loss, or the weight b - Q̂? J is a return and is "
        "ascended, with the score onehot(a) - π and the weight Q̂ - b.",
        (lambda *case: -_estimate(*case),),
    ),
    Slip(
        "no baseline",
        "The baseline has no effect: the weight is Q̂_t alone. Subtract b_t(s_t) from it.",
        (_weighed(lambda q, b: q),),
    ),
    Slip(
        "plus the baseline",
        "You ADD the baseline. The mean stays ∇J, but the noise grows: subtract what was expected.",
        (_weighed(lambda q, b: q + b),),
    ),
    Slip(
        "only the baseline",
        "The weight is the baseline alone. It is Q̂_t MINUS the baseline.",
        (_weighed(lambda q, b: b),),
    ),
    Slip(
        "baseline by the action",
        "Your baseline depends on the ACTION. Then the proof fails, and the gradient is biased: what you subtract has "
        "a mean of its own. Look b up by the time and the state, b[t, s_t].",
        (
            _looking(lambda b, s, a: b[np.arange(s.shape[1]), np.minimum(a, b.shape[1] - 1)]),
            _action_mean,
        ),
    ),
    Slip(
        "baseline on the one-hot part only",
        "Only onehot(a_t) is multiplied by the baselined weight, π still by Q̂. The weight multiplies the whole score, "
        "onehot(a) - π: else the pushes of a row no longer sum to 0, and the gradient is biased.",
        (
            _half_baselined,
            lambda theta, s, a, q, live, b: _estimate(theta, s, a, q, live, np.zeros_like(b))
            - _estimate(theta, s, a, np.zeros_like(q), live, b, score=lambda hot, pi: pi),
        ),
    ),
    Slip(
        "padding not masked",
        "The padding pushes, too. Where live is False nothing happened: those steps add nothing. (If only Q̂ is 0 "
        "there, -b remains.)",
        (
            _with(weigh=lambda q, b, live: q - b),
            _with(weigh=lambda q, b, live: np.where(live, q, 0.0) - b),
        ),
    ),
    Slip(
        "no clock",
        "The baseline does not know the time: one row of b, or the mean of all rows, is used at all times. Use row t "
        "at time t.",
        (
            _looking(lambda b, s, a: b[0][s]),
            _looking(lambda b, s, a: b[-1][s]),
            _looking(lambda b, s, a: b.mean(axis=0)[s]),
        ),
    ),
    Slip(
        "no state",
        "The baseline does not know the state: it is the mean of a row of b, or of all of b. Use the entry of s_t.",
        (
            _looking(lambda b, s, a: b.mean(axis=1)),
            _looking(lambda b, s, a: b.mean()),
        ),
    ),
    Slip(
        "baseline of the next step",
        "You subtract the baseline of the NEXT step. The next state is a consequence of a_t, so the gradient is "
        "biased.",
        (
            _looking(lambda b, s, a: _next(b, s)),
            _looking(lambda b, s, a: _next_zero(b, s)),
        ),
    ),
    Slip(
        "clock off by one",
        CLOCK_OFF,
        (
            _looking(lambda b, s, a: _looked_up(np.roll(b, 1, axis=0), s)),
            _looking(lambda b, s, a: _looked_up(np.roll(b, -1, axis=0), s)),
        ),
    ),
    Slip(
        "whole return",
        "Every step has the weight of the first, Q̂_0. Step t has its own, Q̂_t: what came before t is noise.",
        (
            lambda theta, s, a, q, live, b: _estimate(theta, s, a, np.repeat(q[:, :1], q.shape[1], axis=1), live, b),
            lambda theta, s, a, q, live, b: _estimate(
                theta, s, a, np.repeat(q[:, :1], q.shape[1], axis=1), live,
                np.repeat(b[:1], len(b), axis=0),
            ),
        ),
    ),
    Slip(
        "π not subtracted",
        "π is missing: the score of a softmax table is onehot(a) - π(·|s). Without it all that was done is pushed up "
        "and nothing down, and the mean is not ∇J.",
        (_with(score=lambda hot, pi: hot),),
    ),
    Slip(
        "wrong score",
        "The score is not that of log π. With logits in a table, ∇ log π(a|s) is onehot(a) - π(·|s) in row s: no "
        "factor π(a|s), no division by it.",
        (
            _with(score=lambda hot, pi: (hot - pi) * np.sum(hot * pi, axis=-1, keepdims=True)),
            _with(score=lambda hot, pi: hot / np.sum(hot * pi, axis=-1, keepdims=True)),
            _with(score=lambda hot, pi: hot * (1 - pi)),
            _with(policy=lambda theta: np.full(theta.shape, 1 / theta.shape[1])),
        ),
    ),
    Slip(
        "softmax over states",
        "You normalise down the columns of θ, over states, or over all of θ. A row of θ holds one state's logits: "
        "softmax along each row.",
        (
            _with(policy=lambda theta: _softmax(theta, 0)),
            _with(policy=lambda theta: _softmax(theta.ravel()).reshape(theta.shape)),
        ),
    ),
    Slip(
        "no softmax",
        "θ holds logits, not probabilities: take the softmax of each row.",
        (_with(policy=lambda theta: theta), _with(policy=np.exp)),
    ),
    Slip(
        "sum over trajectories",
        "This is the sum over the trajectories. Divide by N, the number of trajectories.",
        (_with(divide=lambda live: 1),),
    ),
    Slip(
        "mean over steps",
        "You divide by the number of steps. The mean is over trajectories; the steps within one are summed.",
        (
            _with(divide=np.sum),
            _with(divide=np.size),
            _with(divide=lambda live: live.shape[1]),
            _with(weigh=lambda q, b, live: np.where(live, q - b, 0.0) / live.sum(axis=1, keepdims=True)),
        ),
    ),
    Slip(
        "only the last visit",
        "A state that occurs twice counts once: grad[s] += … with an array s keeps one entry for each state (and "
        "grad[s] = … keeps the last). Loop over the steps, or use np.add.at(grad, s, …).",
        (_last_visit, _last_visit_of_all, _last_visit_in_two),
    ),
    Slip(
        "only one trajectory",
        "Only one trajectory of the batch has an effect. Does the sum start again for each, or does the function "
        "return inside the loop?",
        (_one_of(-1), _one_of(0), lambda *case: len(case[1]) * _one_of(-1)(*case)),
    ),
    Slip(
        "weights changed",
        "The weights Q̂ - b are standardised, squared, clipped, or their sign is dropped. They are used as they are.",
        (
            _with(weigh=_standard_weight),
            _with(weigh=lambda q, b, live: np.where(live, q - b - (q - b)[live].mean(), 0.0)),
            _weighed(lambda q, b: np.abs(q - b)),
            _weighed(lambda q, b: (q - b) ** 2),
            _weighed(lambda q, b: np.maximum(q - b, 0.0)),
            _weighed(lambda q, b: q / b),
        ),
    ),
    Slip(
        "nan",
        "nan or ∞ appears: a division by 0? Nothing here needs one but the softmax and the division by N.",
        looks=_not_finite,
    ),
    replace(TRANSPOSED, ways=(lambda *case: _estimate(*case).T,)),
)  # fmt: skip


def _probability(theta, s, a, chance) -> Array:
    """p(ξ) of every trajectory, [M]."""
    return chance * _softmax(theta)[s, a].prod(axis=1)


def _slope(theta, s, a, q_hat, live, b, chance) -> Array:
    """∇J by central differences of J(θ) = Σ_ξ p_θ(ξ) R(ξ): no score, no baseline."""
    total, h = q_hat[:, 0], 1e-4
    grad = np.zeros(theta.shape)
    for at in np.ndindex(theta.shape):
        step = np.zeros(theta.shape)
        step[at] = h
        up, down = (_probability(theta + x, s, a, chance) @ total for x in (step, -step))
        grad[at] = (up - down) / (2 * h)
    return grad


def _mean_of(estimates: Array, theta, s, a, chance) -> Array:
    return np.tensordot(_probability(theta, s, a, chance), estimates, 1)


def _variance_of(estimates: Array, theta, s, a, chance) -> float:
    """tr Cov: the mean of |g - E g|² over all trajectories."""
    off = estimates - _mean_of(estimates, theta, s, a, chance)
    return float(_probability(theta, s, a, chance) @ (off**2).sum(axis=(1, 2)))


def _one_by_one(way: Way) -> Callable[..., Array]:
    """The estimates that a way gives for all trajectories, each a batch of its own."""

    def estimates(theta, s, a, q_hat, live, b):
        return np.array(
            [way(theta, *(x[m : m + 1] for x in (s, a, q_hat, live)), b) for m in range(len(s))]
        )

    return estimates


def _moment(of: Callable[..., Any], way: Way) -> Way:
    """Mean or variance over all trajectories of what a way computes."""

    def number(theta, s, a, q_hat, live, b, chance):
        return of(_one_by_one(way)(theta, s, a, q_hat, live, b), theta, s, a, chance)

    return number


def _judge_moment(pairs, of, exact, show) -> dict[str, str]:
    """Compare the mean or the variance over all trajectories."""
    cases, values = [c for c, _ in pairs], []
    for case, value in pairs:
        theta, s, a, *_, chance = case.args
        if not value.problem and value["value"].shape == (len(s), *theta.shape):
            value = Value({"value": np.asarray(of(value["value"], theta, s, a, chance))})
        values.append(value)
    slips = [replace(x, ways=tuple(_moment(of, way) for way in x.ways)) for x in GRADIENT_SLIPS]
    return compare(
        cases, values, exact, slips, tolerance=MEAN_TOLERANCE, idea=GRADIENT_IDEA, show=show
    )


def _judge_gradient(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    pairs = list(zip(cases, values, strict=True))
    batches = [(c, v) for c, v in pairs if c.part != EVERY]
    every = [(c, v) for c, v in pairs if c.part == EVERY]
    said = compare(
        [c for c, _ in batches], [v for _, v in batches], _estimate, GRADIENT_SLIPS,
        tolerance=TOLERANCE, idea=GRADIENT_IDEA, show=lambda *args: "As [s, a]: ",
    )  # fmt: skip
    said |= _judge_moment(
        every, _mean_of, _slope,
        lambda theta, s, *args: f"The mean of your estimate over all {len(s)} trajectories should be ∇J. As [s, a]: ",
    )  # fmt: skip
    if EVERY in said:
        return said
    return said | _judge_moment(
        every, _variance_of, _moment(_variance_of, _estimate),
        lambda *args: "The mean of your estimate is ∇J, so it is unbiased. But the variance is another one. ",
    )  # fmt: skip


# ---------------------------------------------------------------- 4  leave one out


def _others(q_hat, live, *, total=None, count=None, alone=0.0) -> Array:
    """b[i, t], the mean Q̂_t of the other live trajectories, 0 without any; looked at where i is live."""
    q = np.where(live, q_hat, 0.0)
    total = q.sum(axis=0) - q if total is None else total
    count = live.sum(axis=0) - live * 1.0 if count is None else count
    good = count > 0
    return np.where(live, np.where(good, total / np.where(good, count, 1.0), alone), 0.0)


def _seen(way: Way) -> Way:
    return lambda q_hat, live: np.where(live, way(q_hat, live), 0.0)


def _by_pairs(of: Callable[[Array, float], float]) -> Way:
    """A number made of the others' Q̂_t and the own, for each trajectory and time; 0 without others."""

    def way(q_hat, live):
        b = np.zeros(q_hat.shape)
        for i, t in np.ndindex(q_hat.shape):
            there = live[:, t] & (np.arange(len(live)) != i)
            if live[i, t] and there.any():
                b[i, t] = of(q_hat[there, t], q_hat[i, t])
        return b

    return way


def _others_over_time(q_hat, live):
    q = np.where(live, q_hat, 0.0)
    return _others(q_hat, live, total=q.sum() - q.sum(axis=1, keepdims=True) + 0 * q,
                   count=live.sum() - live.sum(axis=1, keepdims=True) + 0.0 * q)  # fmt: skip


def _others_mean_of_means(q_hat, live):
    each = np.where(live, q_hat, 0.0).sum(axis=1) / np.maximum(live.sum(axis=1), 1)
    return _others_of_numbers(each, q_hat, live)


def _others_first(q_hat, live):
    return _others_of_numbers(q_hat[:, 0], q_hat, live)


def _others_of_numbers(each, q_hat, live):
    """The mean of one number of each other trajectory, at all times."""
    n = len(each)
    b = (each.sum() - each) / max(n - 1, 1)
    return np.where(live, b[:, None], 0.0)


def _padded_others(q_hat, live):
    return np.where(live, (q_hat.sum(axis=0) - q_hat) / max(len(q_hat) - 1, 1), 0.0)


OTHERS_IDEA = (
    "Idea to look at: leave-one-out. b[i, t] is the mean of Q̂_t over the OTHER trajectories that are live at time t: "
    "their sum divided by how many they are; 0 if there are none."
)
OTHERS_SLIPS = (
    NOTHING,
    Slip(
        "own trajectory included",
        "The own trajectory is in the mean: this is the mean of the whole batch. Then b depends on the own action, and "
        "the gradient shrinks by 1 - 1/N; with N = 1 nothing is left. Leave it out.",
        (
            lambda q, live: _others(q, live, total=np.where(live, q, 0.0).sum(axis=0) + 0 * q,
                                    count=live.sum(axis=0) + 0.0 * q),
            _seen(lambda q, live: q.mean(axis=0) + 0 * q),
        ),
    ),
    Slip(
        "divided by N",
        "You take the sum of the others and divide by N, as if there were one more (or count the own one). The others "
        "are one fewer: N - 1, where all are live.",
        (
            lambda q, live: _others(q, live, count=live.sum(axis=0) + 0.0 * q),
            lambda q, live: _others(q, live, count=np.full(q.shape, len(q) + 0.0)),
        ),
    ),
    Slip(
        "always divided by N-1",
        "You divide by N - 1 at all times. Late in the batch fewer are left: divide by the number of OTHER "
        "trajectories that are live at time t.",
        (lambda q, live: _others(q, live, count=np.full(q.shape, len(q) - 1.0)),),
    ),
    Slip(
        "own Q̂ in the sum",
        "The sum holds the own Q̂ as well, but the count does not. Subtract your own Q̂_t from the sum.",
        (
            lambda q, live: _others(q, live, total=np.where(live, q, 0.0).sum(axis=0) + 0 * q),
        ),
    ),
    Slip(
        "padding counted",
        "The padding is counted as data. A trajectory that is over at time t has no Q̂_t there; what lies there is "
        "left over. Leave it out of the sum AND of the count.",
        (
            _padded_others,
            lambda q, live: _others(q, live, total=q.sum(axis=0) - q),
        ),
    ),
    Slip(
        "sum of the others",
        "This is the sum of the others. Divide it by how many they are.",
        (lambda q, live: _others(q, live, count=np.ones(q.shape)),),
    ),
    Slip(
        "no time",
        "Each trajectory gets one number for all times: the mean of the others over all their steps, or of their whole "
        "returns. What is still to come depends on the time: b[i, t] is made of the others' Q̂ at the SAME t.",
        (_others_over_time, _others_mean_of_means, _others_first),
    ),
    Slip(
        "own other steps",
        "You average the other STEPS of the own trajectory. Those contain the own rewards. Average the other "
        "trajectories, at the same time.",
        (
            lambda q, live: _others(q.T, live.T).T,
            lambda q, live: _others(q, live, total=np.where(live, q, 0.0).sum(axis=1, keepdims=True) + 0 * q,
                                    count=live.sum(axis=1, keepdims=True) + 0.0 * q),
        ),
    ),
    Slip(
        "advantage returned",
        "You return the advantage, Q̂ minus the baseline (or the reverse). Return the baseline itself.",
        (
            _seen(lambda q, live: q - _others(q, live)),
            _seen(lambda q, live: _others(q, live) - q),
        ),
    ),
    Slip(
        "own Q̂",
        "The baseline is the own Q̂. Then every advantage is 0, and nothing is learned.",
        (
            _seen(lambda q, live: q),
            _by_pairs(lambda others, own: own),
            lambda q, live: _others(q, live, alone=q),
        ),
    ),
    Slip(
        "0 / 0",
        "nan or ∞ appears where no other trajectory is live: 0 divided by 0. There is nothing to compare with: the "
        "rule is b = 0 there.",
        looks=_not_finite,
    ),
    Slip(
        "alone, but not 0",
        "Where no other trajectory is live, the rule is b = 0. You fill in something else (the own Q̂, a mean over "
        "time, or the value of another step).",
        looks=lambda given, truth, q, live: (
            given.shape == truth.shape
            and bool(np.allclose(given[truth != 0], truth[truth != 0], rtol=1e-4))
        ),
    ),
    Slip(
        "median",
        "You take the median (or the largest) of the others. The baseline here is their mean.",
        (_by_pairs(lambda x, own: float(np.median(x))), _by_pairs(lambda x, own: x.max())),
    ),
    Slip(
        "repeated values counted once",
        "Two others with the same Q̂ are taken for one (a set, or np.unique?). Each of them counts.",
        (_by_pairs(lambda x, own: np.unique(x).mean()),),
    ),
    Slip(
        "only one other",
        "Only one other trajectory is used. All the others count.",
        (_by_pairs(lambda x, own: x[0]), _by_pairs(lambda x, own: x[-1]),
         _seen(lambda q, live: np.roll(q, 1, axis=0)), _seen(lambda q, live: np.roll(q, -1, axis=0))),
    ),
    Slip(
        "mask inverted",
        "The mask is the wrong way round: live is True for the steps that count.",
        (_seen(lambda q, live: np.nan_to_num(_over_live(q, ~live)) + 0 * q),),
    ),
    TRANSPOSED,
    Slip(
        "one baseline for all",
        "You return one number for each time (or each trajectory). Every trajectory has its own baseline: it leaves "
        "out another one. The shape is [N, T].",
        looks=lambda given, truth, q, live: given.shape != truth.shape and given.shape in ((q.shape[1],), (len(q),)),
    ),
)  # fmt: skip


def _judge_others(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    looked_at = [
        Value({"value": np.where(c.args[1], v["value"], 0.0)})
        if not v.problem and v["value"].shape == c.args[1].shape
        else v
        for c, v in zip(cases, values, strict=True)
    ]
    return compare(
        cases, looked_at, _others, OTHERS_SLIPS, tolerance=TOLERANCE, idea=OTHERS_IDEA,
        show=lambda q, live: f"With N = {len(q)}, as [i, t]: ",
        scale=lambda truth, q, live: float(np.abs(q[live]).max()), of=" of the largest Q̂",
    )  # fmt: skip


# ---------------------------------------------------------------- 5  the Monte Carlo update


def _returns(v, s, r, gamma) -> Array:
    """G_t = r_t + γ G_{t+1}."""
    g, after = np.zeros(len(r)), 0.0
    for t in reversed(range(len(r))):
        g[t] = after = r[t] + gamma * after
    return g


def _monte_carlo(
    v, s, r, gamma, alpha, *,
    target=_returns,
    visits=lambda s: range(len(s)),
    rate=lambda alpha, count: alpha,
    keep=1.0,
) -> Array:  # fmt: skip
    """Visit after visit, V(s_t) ← V(s_t) + α (G_t - V(s_t)); by its options, wrong turns."""
    new, g, count = v.copy(), target(v, s, r, gamma), np.zeros(len(v))
    for t in visits(s):
        count[s[t]] += 1
        new[s[t]] += rate(alpha, count[s[t]]) * (g[t] - keep * new[s[t]])
    return new


def _mc(**options: Any) -> Way:
    return lambda *case: _monte_carlo(*case, **options)


def _targeted(target: Callable[..., Any]) -> Way:
    return _mc(target=target)


def _batch_sum(v, s, r, gamma, alpha):
    """All errors from the V of before."""
    new = v.copy()
    np.add.at(new, s, alpha * (_returns(v, s, r, gamma) - v[s]))
    return new


def _fancy_last(v, s, r, gamma, alpha):
    """v[s] += ... with an array s."""
    new = v.copy()
    new[s] += alpha * (_returns(v, s, r, gamma) - v[s])
    return new


def _first(s) -> list[int]:
    return [t for t in range(len(s)) if s[t] not in s[:t]]


def _last(s) -> list[int]:
    return [t for t in range(len(s)) if s[t] not in s[t + 1 :]]


def _shift(x: Array) -> Array:
    return np.append(x[1:], 0.0)


def _online_td(v, s, r, gamma, alpha):
    new = v.copy()
    for t in range(len(s)):
        after = new[s[t + 1]] if t + 1 < len(s) else 0.0
        new[s[t]] += alpha * (r[t] + gamma * after - new[s[t]])
    return new


def _next_updated(v, s, r, gamma, alpha):
    new, g = v.copy(), _returns(v, s, r, gamma)
    for t in range(len(s) - 1):
        new[s[t + 1]] += alpha * (g[t] - new[s[t + 1]])
    return new


MC_IDEA = (
    "Idea to look at: V(s) ← V(s) + α (G_t - V(s)), with G_t = r_t + γ r_{t+1} + … to the end of the episode: for "
    "every visit, in the order of time, each update on top of those before it."
)
MC_SLIPS = (
    _unchanged(0),
    Slip(
        "reward instead of return",
        "The target is the reward r_t alone. Monte Carlo waits for the end: the target is the RETURN G_t, everything "
        "that is still to come.",
        (_targeted(lambda v, s, r, gamma: r),),
    ),
    Slip(
        "γ forgotten",
        "The rewards are added without discount. In G_t the reward k steps later has the weight γ^k.",
        (_targeted(lambda v, s, r, gamma: _returns(v, s, r, 1.0)),),
    ),
    Slip(
        "G_0 for every visit",
        "Every visit gets G_0, the return of the whole episode. A visit at time t gets G_t, what is still to come from "
        "there.",
        (_targeted(lambda v, s, r, gamma: np.full(len(r), _returns(v, s, r, gamma)[0])),),
    ),
    Slip(
        "discounted from the start",
        "The discount counts from the start of the episode. Seen from t, the reward r_t has the weight 1.",
        (
            _targeted(lambda v, s, r, gamma: gamma ** np.arange(len(r)) * _returns(v, s, r, gamma)),
            _targeted(lambda v, s, r, gamma: _returns(v, s, r * gamma ** np.arange(len(r)), 1.0)),
        ),
    ),
    Slip(
        "off by one",
        "The return begins one step too late: G_t contains r_t itself, with the weight 1.",
        (
            _targeted(lambda v, s, r, gamma: _shift(_returns(v, s, r, gamma))),
            _targeted(lambda v, s, r, gamma: gamma * _shift(_returns(v, s, r, gamma))),
            _targeted(lambda v, s, r, gamma: gamma * _returns(v, s, r, gamma)),
        ),
    ),
    Slip(
        "the past instead of the future",
        "You add up the rewards from the start to t. G_t is what comes from t ON.",
        (
            _targeted(lambda v, s, r, gamma: np.cumsum(r)),
            _targeted(lambda v, s, r, gamma: _returns(v, s, r[::-1], gamma)[::-1]),
            _targeted(lambda v, s, r, gamma: np.cumsum(r * gamma ** np.arange(len(r)))),
        ),
    ),
    Slip(
        "TD target",
        "The target is r + γ V(s'), which bootstraps. That is exercise 6; Monte Carlo uses no V in its target.",
        (
            _targeted(lambda v, s, r, gamma: r + gamma * np.append(v[s[1:]], 0.0)),
            _online_td,
        ),
    ),
    Slip(
        "mean of the rewards",
        "You average the rewards that are left. G_t is their discounted SUM.",
        (
            _targeted(lambda v, s, r, gamma: _returns(v, s, r, gamma) / np.arange(len(r), 0, -1)),
            _targeted(lambda v, s, r, gamma: _returns(v, s, r, 1.0) / np.arange(len(r), 0, -1)),
        ),
    ),
    Slip(
        "α forgotten",
        "V(s) is replaced by G_t: α has no effect. Go the part α of the way, V(s) + α (G_t - V(s)).",
        (_mc(rate=lambda alpha, n: 1.0),),
    ),
    Slip(
        "1/n for α",
        "You divide by the number of visits in place of α (or on top of it). The step size is α at every visit.",
        (_mc(rate=lambda alpha, n: 1 / n), _mc(rate=lambda alpha, n: alpha / n)),
    ),
    Slip(
        "old value not taken back",
        "You add α G_t and take nothing away: V(s) would grow for ever. The step is α (G_t - V(s)), an error.",
        (_mc(keep=0.0),),
    ),
    Slip(
        "sign flip",
        "The update moves AWAY from the return: the error is G_t - V(s), not V(s) - G_t.",
        (_mc(rate=lambda alpha, n: -alpha),),
    ),
    Slip(
        "α and 1 - α swapped",
        "α and 1 - α are swapped: this keeps the part α of the old V(s). V(s) ← (1 - α) V(s) + α G_t.",
        (_mc(rate=lambda alpha, n: 1 - alpha),),
    ),
    Slip(
        "first visits only",
        "Only the FIRST visit to a state counts here. The rule in this exercise is every visit.",
        (_mc(visits=_first),),
    ),
    Slip(
        "only one visit",
        "A state that occurs again counts once: v[s] += … with an array s keeps one entry for each state. Go through "
        "the visits in a loop.",
        (_fancy_last, _mc(visits=_last)),
    ),
    Slip(
        "errors from the old V",
        "All errors are computed from the V of before the episode (and added up). The rule is one update "
        "after another: the second visit to a state sees what the first has done.",
        (_batch_sum,),
    ),
    Slip(
        "backwards",
        "You update from the last visit to the first. Computing G_t backwards is right; then go through the visits in "
        "the order of time, t = 0, 1, …",
        (_mc(visits=lambda s: range(len(s) - 1, -1, -1)),),
    ),
    Slip(
        "mean of the visits",
        "You average the returns of a state's visits and take one step. The rule is one step for each visit.",
        (
            lambda v, s, r, gamma, alpha: np.where(
                np.bincount(s, minlength=len(v)) > 0,
                v + alpha * (_fit(v, s, _returns(v, s, r, gamma)) - v), v,
            ),
        ),
    ),
    Slip(
        "last visit missing",
        "The last visit (or the first) is missing, or the last reward: does a slice or a range stop one step too "
        "early?",
        (
            _mc(visits=lambda s: range(len(s) - 1)),
            _mc(visits=lambda s: range(1, len(s))),
            _targeted(lambda v, s, r, gamma: _returns(v, s, np.append(r[:-1], 0.0), gamma)),
        ),
    ),
    Slip(
        "next state updated",
        "You update the state that comes AFTER. G_t belongs to s_t.",
        (_next_updated,),
    ),
    Slip(
        "the change only",
        "You return the change of V, or the returns. Return the new table.",
        (lambda *case: _monte_carlo(*case) - case[0],),
        looks=_of_shape(lambda v, s, *args: s.shape),
    ),
)  # fmt: skip


def _judge_monte_carlo(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(
        cases, values, _monte_carlo, MC_SLIPS, tolerance=TOLERANCE, idea=MC_IDEA,
        show=lambda v, s, r, gamma, alpha: f"For s = {s.tolist()}, γ = {gamma:.3g}, α = {alpha:.3g}: ",
    )  # fmt: skip


# ---------------------------------------------------------------- 6  the TD update


def _td(
    v, s, r, s_next, terminated, truncated, gamma, alpha, *,
    over=lambda terminated, truncated: terminated,
    target=lambda r, ahead: r + ahead,
    own=lambda v, s: v[s],
    rate=lambda alpha: alpha,
    at=lambda s, s_next: s,
    add=np.add.at,
) -> Array:  # fmt: skip
    """All δ from the V handed in, then V(s) += α Σ δ over the steps from s; by its options, wrong turns."""
    ahead = gamma * np.where(over(terminated, truncated), 0.0, v[s_next])
    delta = target(r, ahead) - own(v, s)
    new = v.copy()
    add(new, at(s, s_next), rate(alpha) * delta)
    return new


def _td_with(**options: Any) -> Way:
    return lambda *case: _td(*case, **options)


def _one_kept(table: Array, s: Array, change: Array) -> None:
    table[s] += change


def _mean_added(table: Array, s: Array, change: Array) -> None:
    count = np.maximum(np.bincount(s, minlength=len(table)), 1)
    np.add.at(table, s, change / count[s])


def _mean_of_batch(table: Array, s: Array, change: Array) -> None:
    np.add.at(table, s, change / len(s))


def _in_place(v, s, r, s_next, terminated, truncated, gamma, alpha):
    """Each step sees the updates of the steps before it."""
    new = v.copy()
    for i in range(len(s)):
        after = 0.0 if terminated[i] else new[s_next[i]]
        new[s[i]] += alpha * (r[i] + gamma * after - new[s[i]])
    return new


def _half_in_place(v, s, r, s_next, terminated, truncated, gamma, alpha):
    """Targets from the old V, the value subtracted from the new one."""
    new, target = v.copy(), r + gamma * np.where(terminated, 0.0, v[s_next])
    for i in range(len(s)):
        new[s[i]] += alpha * (target[i] - new[s[i]])
    return new


def _whole_error_masked(v, s, r, s_next, terminated, truncated, gamma, alpha):
    delta = np.where(terminated, 0.0, r + gamma * v[s_next] - v[s])
    new = v.copy()
    np.add.at(new, s, alpha * delta)
    return new


def _emptied(v, s):
    v = v.copy()
    v[s] = 0.0
    return v


def _swept(way: Way) -> Way:
    """A way, so many times over."""

    def many(v, *batch):
        *rest, sweeps = batch
        for _ in range(sweeps):
            v = way(v, *rest)
        return v

    return many


def _fixed_point(v, s, r, s_next, terminated, truncated, gamma, alpha, sweeps) -> Array:
    """V(s) = mean of r + γ V(s') over the steps from s, by a linear solve; V(s') = 0 after a termination."""
    n = len(v)
    count = np.bincount(s, minlength=n)
    A, c = np.eye(n), v.astype(np.float64)
    for x in np.flatnonzero(count):
        c[x] = r[s == x].mean()
        for i in np.flatnonzero((s == x) & ~terminated):
            A[x, s_next[i]] -= gamma / count[x]
    return np.linalg.solve(A, c)


TD_IDEA = (
    "Idea to look at: TD(0). For each step δ = r + γ V(s') - V(s), with V(s') = 0 where terminated, all from the V "
    "that was handed in; then V(s) ← V(s) + α times the sum of the δ of the steps from s."
)
TD_SLIPS = (
    _unchanged(0),
    Slip(
        "terminal not masked",
        "You bootstrap from the state after a TERMINATION. Nothing comes after the end: V(s') counts as 0 there, "
        "whatever stands in the table.",
        (_td_with(over=lambda term, trunc: np.zeros_like(term)),),
    ),
    Slip(
        "truncated as terminated",
        "You set V(s') to 0 where the episode was TRUNCATED. That was only the end of the recording; the world would "
        "have gone on from s', so V(s') counts. Only terminated steps get 0.",
        (_td_with(over=lambda term, trunc: term | trunc),),
    ),
    Slip(
        "masks swapped",
        "The two masks are swapped: V(s') is 0 where the step terminated, and counts where it was truncated.",
        (_td_with(over=lambda term, trunc: trunc),),
    ),
    Slip(
        "the state, not the step",
        "You set V to 0 at every state in which some step terminated. But other steps go on from there. Whether V(s') "
        "counts is a matter of the STEP, and the table keeps its entry.",
        (
            lambda v, s, r, sn, te, tr, g, a: _td(v, s, r, sn, np.isin(sn, sn[te]), tr, g, a),
            lambda v, s, r, sn, te, tr, g, a: _td(_emptied(v, sn[te]), s, r, sn, te, tr, g, a),
        ),
    ),
    Slip(
        "no bootstrap",
        "V(s') has no effect: the target is the reward alone. It is r + γ V(s').",
        (lambda v, s, r, sn, te, tr, g, a: _td(v, s, r, sn, te, tr, 0.0, a),),
    ),
    Slip(
        "mask inverted",
        "The mask is the wrong way round: you bootstrap only where the episode ended. V(s') counts where NOT "
        "terminated.",
        (
            _td_with(over=lambda term, trunc: ~term),
            _td_with(over=lambda term, trunc: ~(term | trunc)),
        ),
    ),
    Slip(
        "last step thrown away",
        "The steps that end an episode have no effect. Only V(s') is 0 after a termination: the reward and V(s) still "
        "count, and that step teaches most.",
        (_whole_error_masked, lambda v, s, r, sn, te, tr, g, a: _whole_error_masked(v, s, r, sn, te | tr, tr, g, a)),
    ),
    Slip(
        "V(s) masked",
        "The mask is at the wrong V: after a termination V(s') is 0, not V(s).",
        (
            lambda v, s, r, sn, te, tr, g, a: _td(
                v, s, r, sn, te, tr, g, a, over=lambda te, tr: np.zeros_like(te),
                own=lambda v, s: np.where(te, 0.0, v[s]),
            ),
            lambda v, s, r, sn, te, tr, g, a: _td(
                v, s, r, sn, te, tr, g, a, own=lambda v, s: np.where(te, 0.0, v[s]),
            ),
        ),
    ),
    Slip(
        "V(s) in the target",
        "The target uses V(s), the state that is being updated. It is r + γ V(s'): one step AHEAD.",
        (
            lambda v, s, r, sn, te, tr, g, a: _td(v, s, r, s, te, tr, g, a),
            lambda v, s, r, sn, te, tr, g, a: _td(v, s, r, s, np.zeros_like(te), tr, g, a),
        ),
    ),
    Slip(
        "γ forgotten",
        "γ is missing: the target is r + γ V(s').",
        (lambda v, s, r, sn, te, tr, g, a: _td(v, s, r, sn, te, tr, 1.0, a),),
    ),
    Slip(
        "γ in the wrong place",
        "γ multiplies the wrong thing. The reward comes now and counts in full; only V(s') is discounted: r + γ V(s') "
        "- V(s).",
        (
            lambda v, s, r, sn, te, tr, g, a: _td(v, s, g * r, sn, te, tr, g, a),
            lambda v, s, r, sn, te, tr, g, a: _td(v, s, g * r, sn, te, tr, 1.0, a),
            lambda v, s, r, sn, te, tr, g, a: _td(v, s, r, sn, te, tr, g, a, own=lambda v, s: g * v[s]),
            lambda v, s, r, sn, te, tr, g, a: _td(v, s, r, sn, te, tr, 1.0, a, own=lambda v, s: g * v[s]),
            lambda v, s, r, sn, te, tr, g, a: _td(v, s, r, sn, te, tr, g**2, a),
        ),
    ),
    Slip(
        "reward forgotten",
        "The reward is missing in the target r + γ V(s').",
        (lambda v, s, r, sn, te, tr, g, a: _td(v, s, 0 * r, sn, te, tr, g, a),),
    ),
    Slip(
        "in place",
        "Later steps see the updates of earlier ones. The rule here is a batch: compute ALL errors from the V that was "
        "handed in, and only then change the table.",
        (
            _in_place,
            _half_in_place,
        ),
    ),
    Slip(
        "only one step of each state",
        "A state that occurs several times is updated once: v[s] += … with an array s keeps one entry for each state. "
        "Add them all: a loop, or np.add.at(new, s, …).",
        (_td_with(add=_one_kept),),
    ),
    Slip(
        "mean instead of sum",
        "The errors are averaged: over the steps of a state, or over the batch. The rule here is their SUM: a state "
        "that was left three times moves three times.",
        (_td_with(add=_mean_added), _td_with(add=_mean_of_batch)),
    ),
    Slip(
        "α forgotten",
        "α has no effect: you go the whole way to the target. The update is V(s) + α δ.",
        (_td_with(rate=lambda alpha: 1.0),),
    ),
    Slip(
        "old value not taken back",
        "You add α times the target and take nothing away. The step is α (target - V(s)), an error.",
        (_td_with(own=lambda v, s: 0.0),),
    ),
    Slip(
        "sign flip",
        "The update moves AWAY from the target: the error is r + γ V(s') - V(s), not the reverse.",
        (
            _td_with(rate=lambda alpha: -alpha),
            _td_with(target=lambda r, ahead: r - ahead),
        ),
    ),
    Slip(
        "next state updated",
        "You update V(s'), the state that comes after. The error belongs to s.",
        (_td_with(at=lambda s, s_next: s_next),),
    ),
    Slip(
        "the change only",
        "You return the change of V, or the errors. Return the new table.",
        (lambda *case: _td(*case) - case[0],),
        looks=_of_shape(lambda v, s, *args: s.shape),
    ),
    Slip(
        "diverged",
        "nan or ∞, or numbers beyond measure: applied again and again, your update runs away instead of coming to "
        "rest.",
        looks=lambda given, truth, *args: given.shape == truth.shape and not bool(
            np.all(np.abs(given) < 1e3 * (1 + np.abs(truth).max()))),
    ),
)  # fmt: skip


def _judge_td(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    once = [(c, v) for c, v in zip(cases, values, strict=True) if c.part != MANY]
    many = [(c, v) for c, v in zip(cases, values, strict=True) if c.part == MANY]
    slips = [replace(x, ways=tuple(map(_swept, x.ways))) for x in TD_SLIPS]
    said = compare(
        [c for c, _ in once], [v for _, v in once], _swept(_td), slips,
        tolerance=TOLERANCE, idea=TD_IDEA,
    )  # fmt: skip
    return said | compare(
        [c for c, _ in many], [v for _, v in many], _fixed_point, slips,
        tolerance=MANY_TOLERANCE, idea=TD_IDEA,
        show=lambda *args: f"After {args[-1]} updates from one batch the table should rest where all errors sum to 0. ",
    )  # fmt: skip


EXERCISES = {
    "fit_value": _judge_fit,
    "fit_value_clock": _judge_clock,
    "advantage": _judge_advantage,
    "baseline_gradient": _judge_gradient,
    "leave_one_out": _judge_others,
    "monte_carlo_update": _judge_monte_carlo,
    "td_update": _judge_td,
}
