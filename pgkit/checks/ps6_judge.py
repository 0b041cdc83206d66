"""Problem set 6: exact oracles, misconceptions and what to say about them. Only the judge imports this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pgkit.check import NOT_WRITTEN, Case, Slip, Value, close, compare
from pgkit.checks.ps1_judge import (
    CORE,
    RETURN_SLIPS,
    WEIGHT_SLIPS,
    _classified,
    _log_softmax,
    _reward_to_go,
    _sorted,
)
from pgkit.checks.ps1_judge import Way as LogitsWay
from pgkit.checks.ps6 import LEARNS, Batch, Corridor, batch_of
from pgkit.types import Array

TOLERANCE = 1e-4  # of the largest entry
FIT_TOLERANCE = 1e-3  # of the largest value: least squares in float32
WEIGHT_TOLERANCE = 1e-3  # of the largest weight: A/β of 1000 has lost three digits in float32
LOOP_TOLERANCE = 1e-3  # of a probability
ENOUGH = 0.85  # of the best return, for the policy that the loop has learned

Way = Callable[..., Any]
Hints = tuple[tuple[str, str, tuple[Way, ...]], ...]


def _not_finite(given: Array, truth: Array, *args: Any) -> bool:
    return given.shape == truth.shape and not np.all(np.isfinite(given))


def _like(shape: Callable[..., Any]) -> Callable[..., bool]:
    """Recognises a wrong shape: `shape` finds it from the inputs."""
    return lambda given, truth, *args: (
        given.shape != truth.shape and given.shape == tuple(shape(*args))
    )


def _each(change: Callable[[Way], Way], hints: Hints) -> tuple[Slip, ...]:
    """The same misconceptions, their ways carried over to other inputs."""
    return tuple(Slip(name, hint, tuple(map(change, ways))) for name, hint, ways in hints)


def _once(*columns: Array) -> tuple[Array, ...]:
    """The columns without the entries that come again."""
    rows = np.unique(np.stack(columns, axis=1), axis=0)
    whole = [np.issubdtype(column.dtype, np.integer) for column in columns]
    return tuple(
        x.astype(int) if is_whole else x for x, is_whole in zip(rows.T, whole, strict=True)
    )


ONCE = (
    "Entries that are equal in everything are counted once (a set, np.unique, a dictionary?). D is a list in which "
    "the same may come twice; both count."
)

# ---------------------------------------------------------------- 1  returns, and a D that grows


def _returns(r, live, gamma, of: Way = _reward_to_go) -> Array:
    """R of every live step, 0 elsewhere; each trajectory by itself."""
    R = np.zeros(r.shape)
    for i in range(len(r)):
        R[i, live[i]] = of(r[i, live[i]], gamma)
    return R


def _rows(block: Batch, gamma: float, of: Way = _reward_to_go) -> Array:
    s, a, r, live = block
    return np.column_stack([s[live], a[live], _returns(r, live, gamma, of)[live]])


def _dataset(blocks, gamma, of: Way = _reward_to_go) -> Array:
    """(s, a, R) of all live steps of all batches, sorted."""
    return _sorted(np.concatenate([_rows(block, gamma, of) for block in blocks]))


def _over(change: Callable[[Batch, float], tuple[Array, Array, Array]]) -> Way:
    """Rows that `change` makes of each batch: (s, a, R)."""
    return lambda blocks, gamma: _sorted(
        np.concatenate([np.column_stack([x.ravel() for x in change(b, gamma)]) for b in blocks])
    )


def _padding_kept(R: Callable[..., Array]) -> Way:
    return _over(lambda b, gamma: (b[0], b[1], R(b[2], b[3], gamma)))


def _all_rows(r, gamma) -> Array:
    return np.stack([_reward_to_go(row, gamma) for row in r])


def _joined(block: Batch, gamma):
    """The live steps of all trajectories as if they were one."""
    s, a, r, live = block
    return s[live], a[live], _reward_to_go(r[live], gamma)


def _leaking(block: Batch, gamma):
    """Returns over whole rows, with the leftovers; masked afterwards."""
    s, a, r, live = block
    return s[live], a[live], _all_rows(r, gamma)[live]


def _down_the_columns(block: Batch, gamma):
    s, a, r, live = block
    return s[live], a[live], _all_rows(np.where(live, r, 0.0).T, gamma).T[live]


def _inverted(block: Batch, gamma):
    s, a, r, live = block
    return s[~live], a[~live], _all_rows(r, gamma)[~live]


def _of_the_first(blocks, gamma):
    return _dataset(blocks[:1], gamma)


def _again(blocks, gamma):
    """What was in D is converted once more: its R are taken for rewards."""
    D = np.zeros((0, 3))
    for block in blocks:
        D = np.concatenate([D, _rows(block, gamma)])
        D[:, 2] = _reward_to_go(D[:, 2], gamma)
    return _sorted(D)


def _discounted_again(power: Callable[[int], int]) -> Way:
    """Old entries are multiplied by γ (each time anew, or once for each batch that came later)."""

    def way(blocks, gamma):
        late = len(blocks) - 1
        rows = [_rows(b, gamma) * [1, 1, gamma ** power(late - k)] for k, b in enumerate(blocks)]
        return _sorted(np.concatenate(rows))

    return way


def _doubled(blocks, gamma):
    """D is added to itself on the way."""
    D = np.zeros((0, 3))
    for block in blocks:
        D = np.concatenate([D, D, _rows(block, gamma)])
    return _sorted(D)


def _steps_of(*which: Callable[[Sequence[Batch]], float]) -> Callable[..., bool]:
    def looks(given, truth, blocks, gamma):
        return len(given) != len(truth) and len(given) in [f(blocks) for f in which]

    return looks


def _swapped(blocks, gamma):
    return _sorted(_dataset(blocks, gamma)[:, [1, 0, 2]])


D_IDEA = (
    "Idea to look at: Algorithm 1, line 4, ADD TRAJECTORIES TO D. Every live step gives one entry (s, a, R), where "
    "R_t = r_t + γ R_{t+1} within its own trajectory. What is in D already stays there, as it is."
)
RETURN_HINTS: Hints = tuple(
    (name, hint.replace("Q̂", "R"), ways)
    for name, hint, ways in RETURN_SLIPS
    if name != "only the whole return"
)
ARRAYS = "\nD holds three ARRAYS. np.append(old, new) joins two; list(old) is a list that can grow."
D_SLIPS = (
    Slip(
        "replaced instead of grown",
        "Only the last batch is in D: it replaces what was there. In Algorithm 1 D only grows; join the old entries "
        "and the new ones.",
        (lambda blocks, gamma: _dataset(blocks[-1:], gamma),),
    ),
    Slip(
        "never grown",
        "Only the first batch is in D. Each new one has to be added (and returned).",
        (_of_the_first, lambda blocks, gamma: np.zeros((0, 3))),
    ),
    Slip(
        "D twice",
        "Old entries come up more than once: D is added to something in which it already is.",
        (_doubled,),
        looks=_steps_of(lambda blocks: 2 * sum(int(b[3].sum()) for b in blocks)),
    ),
    Slip(
        "old returns converted again",
        "The R in D are converted (or discounted) again with every batch. They are returns already: only the new "
        "rewards are to be converted.",
        (
            _again,
            _discounted_again(lambda late: late),
            _discounted_again(lambda late: min(late, 1)),
        ),
    ),
    Slip(
        "leftovers leak in",
        "The entries are right in number, but rewards from the padding have got into the returns: what lies behind the "
        "end is left over from something else. Set r to 0 there BEFORE you add up, then mask.",
        (_over(_leaking),),
    ),
    Slip(
        "padding kept",
        "The padding is in D. Where live is False nothing happened; only live steps become entries.",
        (
            _padding_kept(lambda r, live, gamma: _returns(r, live, gamma)),
            _padding_kept(lambda r, live, gamma: _all_rows(r, gamma)),
        ),
        looks=_steps_of(lambda blocks: sum(b[3].size for b in blocks)),
    ),
    Slip(
        "mask inverted",
        "The mask is the wrong way round: live is True for the steps that count.",
        (_over(_inverted),),
        looks=_steps_of(lambda blocks: sum(int((~b[3]).sum()) for b in blocks)),
    ),
    Slip(
        "over the borders",
        "The returns run on from one trajectory into the next: the steps were joined before they were converted. "
        "Convert each trajectory (each row) by itself.",
        (_over(_joined),),
    ),
    Slip(
        "down the columns",
        "The rewards are added up over the trajectories. Time is the second axis, [N, T]: add along the rows.",
        (_over(_down_the_columns),),
    ),
    Slip("states and actions swapped", "States and actions are swapped: return s, a, R.", (_swapped,)),
    Slip(
        "equal entries taken for one",
        ONCE,
        (lambda blocks, gamma: _sorted(np.unique(_dataset(blocks, gamma), axis=0)),),
    ),
    Slip(
        "only one trajectory",
        "There are too few entries: does the function return inside a loop, or does each trajectory replace the one "
        "before?",
        looks=lambda given, truth, blocks, gamma: len(given) < len(truth)
        and len(given) in [n for b in blocks for n in (*b[3].sum(axis=1), len(b[3]))],
    ),
    *_each(lambda of: lambda blocks, gamma: _dataset(blocks, gamma, of), RETURN_HINTS),
    Slip(
        "not in its row",
        "Each column has the right entries, but they do not belong together: s, a and R of one step must stand at "
        "the same place. Were they flattened in different orders?",
        looks=lambda given, truth, *args: given.shape == truth.shape
        and close(np.sort(given, axis=0), np.sort(truth, axis=0), TOLERANCE),
    ),
    Slip(
        "one step of each trajectory missing",
        "One step of each trajectory is missing, the first or the last. All live steps become entries, also the one "
        "with which the trajectory ends.",
        looks=_steps_of(lambda blocks: sum(int(b[3].sum()) - len(b[3]) for b in blocks)),
    ),
    Slip(
        "another number of entries",
        "The number of entries is wrong: there is one for each live step. (D is compared as rows s, a, R.)",
        looks=lambda given, truth, *args: len(given) != len(truth),
    ),
)  # fmt: skip


def _judge_dataset(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    ordered = [
        Value(problem=v.problem + ARRAYS * ("no attribute" in v.problem))
        if v.problem
        else Value({"value": _sorted(v["value"])})
        for v in values
    ]
    return compare(
        cases, ordered, _dataset, D_SLIPS, tolerance=TOLERANCE, idea=D_IDEA,
        show=lambda *args: "As rows (s, a, R), sorted: ",
    )  # fmt: skip


# ---------------------------------------------------------------- 2  the fit of V


def _shortest(X: Array, y: Array) -> Array:
    return np.linalg.lstsq(X, y, rcond=1e-9)[0]


def _value(x, s, R) -> Array:
    """x φ, φ the shortest argmin of Σ_k (x(s_k)·φ - R_k)²."""
    return x @ _shortest(x[s], R)


def _seen(s, R, of=np.mean) -> tuple[Array, Array]:
    """The states that occur, and for each a number made of its R."""
    states = np.unique(s)
    return states, np.array([of(R[s == k]) for k in states])


def _by_state(of: Callable[[Array], Any], unseen: Callable[[Array, Array], float]) -> Way:
    """A table from the states alone; `unseen`(R, the table so far) elsewhere."""

    def way(x, s, R):
        states, found = _seen(s, R, of)
        v = np.full(len(x), float(unseen(R, found)))
        v[states] = found
        return v

    return way


MEANS = (
    _by_state(np.mean, lambda R, found: 0.0),
    _by_state(np.mean, lambda R, found: R.mean()),
    _by_state(np.mean, lambda R, found: found.mean()),
    _by_state(np.mean, lambda R, found: np.nan),
)


def _in_a_table(way: Way) -> Way:
    """The way, where each state has a feature of its own; nothing elsewhere."""
    return lambda x, s, R: way(x, s, R) if np.array_equal(x, np.eye(len(x))) else np.nan


def _mean_where_unseen(x, s, R):
    return np.where(np.isin(np.arange(len(x)), s), _value(x, s, R), R.mean())


def _states_alike(x, s, R):
    states, mean = _seen(s, R)
    return x @ _shortest(x[states], mean)


def _with_intercept(x, s, R):
    one = np.column_stack([x, np.ones(len(x))])
    return one @ _shortest(one[s], R)


def _centred(x, s, R):
    return R.mean() + x @ _shortest(x[s], R - R.mean())


def _centred_features(x, s, R):
    z = x - x[s].mean(axis=0)
    return R.mean() + z @ _shortest(z[s], R - R.mean())


def _ridge(strength: float) -> Way:
    def way(x, s, R):
        X = x[s]
        return x @ np.linalg.solve(X.T @ X + strength * np.eye(X.shape[1]), X.T @ R)

    return way


def _projected(divide: Callable[[Array], Any]) -> Way:
    return lambda x, s, R: x @ (x[s].T @ R / divide(x[s]))


def _one_by_one(x, s, R):
    X = x[s]
    return x @ (X.T @ R / np.maximum((X**2).sum(axis=0), 1e-300))


def _basic(x, s, R):
    """A solution that leaves superfluous features out."""
    keep: list[int] = []
    for k in range(x.shape[1]):
        if np.linalg.matrix_rank(x[s][:, [*keep, k]]) > len(keep):
            keep.append(k)
    return x[:, keep] @ _shortest(x[s][:, keep], R)


def _basic_from_the_end(x, s, R):
    return _basic(x[:, ::-1], s, R)


def _absolute(x, s, R):
    """Least absolute deviations, by reweighting."""
    X, phi = x[s], _shortest(x[s], R)
    for _ in range(500):
        w = 1 / np.maximum(np.abs(X @ phi - R), 1e-6)
        phi = _shortest(X * np.sqrt(w)[:, None], R * np.sqrt(w))
    return x @ phi


FIT_IDEA = (
    "Idea to look at: Algorithm 1, line 5, V ← argmin E_D ‖R - V(s)‖². With V(s) = x(s)·φ this is linear least "
    "squares: one row x(s_k) and one number R_k for each entry of D. Of all best φ take the shortest, then V = x φ "
    "for ALL states."
)
NO_INVERSE = (
    "XᵀX has no inverse here, since the data do not decide on one φ. Take the shortest of the best φ: "
    "np.linalg.lstsq gives it, and so does np.linalg.pinv(X) @ R."
)
FIT_SLIPS = (
    Slip(
        "φ instead of V",
        "You return φ, a number for each feature. Return V = x φ, a number for each state.",
        (lambda x, s, R: _shortest(x[s], R),),
        looks=_like(lambda x, s, R: x.shape[1:]),
    ),
    Slip(
        "only at the data",
        "You return V at each entry of D. Return it for each of the S states, also those that D does not know.",
        looks=_like(lambda x, s, R: s.shape),
    ),
    Slip(
        "a column",
        "The result is a matrix of one column. Return a plain array [S].",
        looks=_like(lambda x, s, R: (len(x), 1)),
    ),
    Slip(
        "only the states in D",
        "The result has an entry for each state in D. It needs one for each state there is.",
        looks=_like(lambda x, s, R: np.unique(s).shape),
    ),
    Slip(
        "residual",
        "You return how far off the fit is. Return V itself.",
        looks=lambda given, truth, x, s, R: given.shape == R.shape
        and close(np.abs(given), np.abs(R - _value(x, s, R)[s]), FIT_TOLERANCE),
    ),
    Slip(
        "mean of nothing",
        "nan appears: a state that is not in D has no mean, 0/0. The shortest φ has a 0 there, and so V = 0.",
        (_in_a_table(MEANS[3]),),
    ),
    Slip(
        "unseen set to the mean",
        "A state without data gets the mean of the R, or an intercept. The shortest φ has a 0 where nothing speaks for "
        "anything else: no intercept, no centring.",
        (_with_intercept, _centred, _centred_features, _mean_where_unseen, *map(_in_a_table, MEANS[1:3])),
    ),
    Slip(
        "mean of each state",
        "You take the mean R of each state by itself and ignore the features. V must be x φ: states with similar "
        "features have similar values, and a state that was never seen has one, too.",
        MEANS,
    ),
    Slip(
        "not finite or far off",
        f"nan, ∞ or huge numbers appear. {NO_INVERSE}",
        looks=lambda given, truth, *args: _not_finite(given, truth)
        or (given.shape == truth.shape and bool(np.abs(given).max() > 1e3 * np.abs(truth).max())),
    ),
    Slip(
        "equal entries taken for one",
        ONCE,
        (lambda x, s, R: _value(x, *_once(s, R)),),
    ),
    Slip(
        "states counted alike",
        "Each state counts once, however often it is in D. The mean in line 5 is over the ENTRIES of D: a state "
        "that comes ten times has ten rows.",
        (_states_alike,),
    ),
    Slip(
        "not divided",
        "XᵀR alone is not the fit: it has to be divided by XᵀX, as a matrix. Use np.linalg.lstsq.",
        (_projected(lambda X: 1.0), _projected(len), _projected(lambda X: X.shape[1])),
    ),
    Slip(
        "features one by one",
        "Each feature is fitted by itself. Together they explain R; solve for all of φ at once.",
        (_one_by_one,),
    ),
    Slip(
        "one number for all",
        "All states get the same V. V(s) = x(s)·φ differs from state to state.",
        (lambda x, s, R: np.full(len(x), R.mean()),),
    ),
    Slip(
        "another best φ",
        "On the data your V is as good as any, but not elsewhere: of all best φ the SHORTEST is asked for. A solver "
        "that leaves superfluous features out finds another one.",
        (_basic, _basic_from_the_end),
        looks=lambda given, truth, x, s, R: given.shape == truth.shape
        and close(given[s], truth[s], FIT_TOLERANCE),
    ),
    Slip(
        "ridge",
        "A penalty on φ (or a number added to the diagonal) pulls V towards 0. A very small one may help to find the "
        "shortest φ; yours is large enough to be seen.",
        tuple(_ridge(strength) for strength in (1e-3, 0.01, 0.1, 0.5, 1.0, 2.0, 10.0)),
    ),
    Slip(
        "medians",
        "This is a fit of plain distances |R - V|, or of medians. Line 5 has a square.",
        (_by_state(np.median, lambda R, found: 0.0), _absolute),
    ),
    Slip(
        "sum, largest or last",
        "In a table the best V(s) is the MEAN of the R of that state: not their sum, nor the largest, nor the last.",
        tuple(
            _by_state(of, lambda R, found: 0.0)
            for of in (np.sum, np.max, np.min, lambda q: q[-1], lambda q: q[0])
        ),
    ),
)  # fmt: skip


def _judge_value(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    told = [
        Value(problem=f"{v.problem}\n{NO_INVERSE}") if "LinAlgError: Singular" in v.problem else v
        for v in values
    ]
    return compare(cases, told, _value, FIT_SLIPS, tolerance=FIT_TOLERANCE, idea=FIT_IDEA)


# ---------------------------------------------------------------- 3  the weights


def _relative(w: Any) -> Array:
    """Weights divided by the largest: a common factor is free."""
    w = np.asarray(w, dtype=np.float64)
    top = np.max(w, initial=0.0)
    return w / top if np.all(np.isfinite(w)) and top > 0 else w


def _standard(adv, axis=None, ddof=0) -> Array:
    centred = adv - adv.mean(axis=axis, keepdims=True)
    return centred / adv.std(axis=axis, keepdims=True, ddof=ddof)


def _weight(adv, beta, clip, normalise, *, standard: Callable[[Array], Array] = _standard,
            divided: Callable[[Array, float], Array] = lambda adv, beta: adv / beta) -> Array:  # fmt: skip
    """exp(A/β), at most clip, divided by the largest; by its options, wrong turns."""
    z = divided(standard(adv) if normalise else adv, beta)
    return np.exp(z - z.max()) if clip is None else _relative(np.exp(np.minimum(z, np.log(clip))))


def _with(**options) -> Way:
    return lambda *args: _weight(*args, **options)


def _asked(change: Callable[[Array, float, Any, bool], tuple]) -> Way:
    """The exact weights of a changed question."""
    return lambda *args: _weight(*change(*args))


def _clipped(change: Callable[[Array, float, Array], Any]) -> Way:
    """With a clip: `change`(A/β, clip, exp(A/β)) instead of the minimum; without, exact."""

    def way(adv, beta, clip, normalise):
        if clip is None:
            return _weight(adv, beta, clip, normalise)
        z = (_standard(adv) if normalise else adv) / beta
        return _relative(change(z, clip, np.exp(z)))

    return way


def _exponent_at_most(limit: Callable[[float], float]) -> Way:
    """A itself is kept below `limit`(clip), before it is divided by β; nothing is cut afterwards."""

    def way(adv, beta, clip, normalise):
        x = _standard(adv) if normalise else adv
        return _weight(x if clip is None else np.minimum(x, limit(clip)), beta, None, False)

    return way


def _cut(x: Array, clip: float | None) -> Array:
    return x if clip is None else np.clip(x, -clip, clip)


def _softmax(z: Array) -> Array:
    w = np.exp(z - z.max())
    return w / w.sum()


def _of_weight(change: Callable[[Array, Array], Any]) -> Way:
    """`change`(exact weights, A)."""
    return lambda adv, *rest: _relative(change(_weight(adv, *rest), adv))


def _rows_apart(axis):
    def way(adv, beta, clip, normalise):
        z = (_standard(adv) if normalise else adv) / beta
        shifted = z - z.max(axis=axis, keepdims=True)
        w = np.exp(shifted) if clip is None else np.minimum(np.exp(shifted), clip)
        return _relative(w)

    return way


WEIGHTS_IDEA = (
    "Idea to look at: Algorithm 1, line 6, exp(A/β): first standardise A (if asked), then divide by β, then exp, "
    "then cut at clip (if there is one). Only ratios count. Without a clip you may subtract the largest exponent "
    "from all; with a clip you may not."
)
WEIGHT_HINTS = (
    Slip(
        "underflow",
        "All weights have come out as 0: exp of -1000 underflows. Subtract the largest A/β before exp; then the "
        "largest weight is 1.",
        looks=lambda given, truth, *args: given.shape == truth.shape and not np.any(given),
    ),
    Slip(
        "overflow",
        "nan or ∞ appears (or nothing but 0): exp of 1000 overflows when β is small, and exp of -1000 is 0. Only "
        "the ratios of the weights count: without a clip, subtract the largest A/β before exp. With a clip, take "
        "np.minimum of the exponent and log(clip).",
        looks=lambda given, truth, *args: given.shape == truth.shape
        and (not np.all(np.isfinite(given)) or not np.any(given)),
    ),
    Slip(
        "times β",
        "You multiply by β: exp(A·β). Then a small β makes the weights even; it should make them greedy. Divide: "
        "exp(A/β).",
        (_with(divided=lambda A, b: A * b),),
    ),
    Slip(
        "β ignored",
        "β has no effect: this is exp(A).",
        (_with(divided=lambda A, b: A),),
    ),
    Slip(
        "another power of β",
        "The temperature has the wrong size: β², √β, 2β or β/2 in place of β.",
        tuple(
            _with(divided=lambda A, b, f=f: A / f(b))
            for f in (np.square, np.sqrt, lambda b: 2 * b, lambda b: b / 2, lambda b: 2 * b**2)
        ),
    ),
    Slip(
        "sign flip",
        "The sign is turned round, exp(-A/β): what was worse than expected is imitated most.",
        (_with(divided=lambda A, b: -A / b),),
    ),
    Slip(
        "another base",
        "This is a power of 2 or 10. The weight is exp(A/β).",
        (_with(divided=lambda A, b: A / b * np.log(2)), _with(divided=lambda A, b: A / b * np.log(10))),
    ),
    Slip(
        "no exp",
        "There is no exponential: negative advantages give weights that are negative, or cut to 0. exp(A/β) is "
        "positive for every sample.",
        (
            lambda A, b, c, n: _relative((_standard(A) if n else A) / b),
            lambda A, b, c, n: _relative(np.maximum((_standard(A) if n else A) / b, 0.0)),
            lambda A, b, c, n: _relative(np.minimum((_standard(A) if n else A) / b, np.inf if c is None else c)),
            lambda A, b, c, n: _relative(np.clip((_standard(A) if n else A) / b, 0.0, np.inf if c is None else c)),
        ),
        looks=lambda given, truth, *args: given.shape == truth.shape and bool(np.any(given < 0)),
    ),
    Slip(
        "clip ignored",
        "The clip has no effect. (If you subtract the largest exponent first, all weights are at most 1, and no "
        "clip reaches them. With a clip, do not shift: exp(min(A/β, log clip)) cannot overflow anyway.)",
        (_asked(lambda A, b, c, n: (A, b, None, n)),),
    ),
    Slip(
        "clip before exp",
        "You clip before exp: the advantage (or A/β) is cut at clip. What must not exceed clip is the WEIGHT, "
        "exp(A/β).",
        (
            _exponent_at_most(lambda c: c),
            _clipped(lambda z, c, w: np.exp(np.minimum(z, c) - min(c, z.max()))),
            _clipped(lambda z, c, w: np.exp(np.clip(z, -c, c) - min(c, z.max()))),
            _asked(lambda A, b, c, n: (_cut(_standard(A) if n else A, c), b, None, False)),
            _asked(lambda A, b, c, n: (_standard(_cut(A, c)) if n else _cut(A, c), b, None, False)),
        ),
    ),
    Slip(
        "clip of shares",
        "You make the weights sum to 1 (or have the mean 1) and clip then. The clip is for exp(A/β) itself: first "
        "the clip, then any common factor.",
        (
            _clipped(lambda z, c, w: np.minimum(_softmax(z) * z.size, c)),
            _clipped(lambda z, c, w: np.minimum(_softmax(z), c / z.size)),
            _clipped(lambda z, c, w: np.minimum(_softmax(z), 1 / c)),
        ),
    ),
    Slip(
        "clip from below",
        "The weights are kept ABOVE something. A clip is an upper limit: np.minimum(w, clip).",
        (
            _clipped(lambda z, c, w: np.maximum(w, c)),
            _clipped(lambda z, c, w: np.clip(w, 1.0, c)),
            _clipped(lambda z, c, w: np.clip(w, 1 / c, c)),
        ),
    ),
    Slip(
        "clipped away",
        "Samples whose weight exceeds clip are dropped (or set to 1). They keep the weight clip.",
        (
            _clipped(lambda z, c, w: np.where(w > c, 0.0, w)),
            _clipped(lambda z, c, w: np.where(w > c, 1.0, w)),
        ),
    ),
    Slip(
        "log of clip forgotten, or taken twice",
        "The exponent is cut at the wrong place: exp(x) ≤ clip means x ≤ log(clip), with the natural logarithm and "
        "after the division by β.",
        (
            _clipped(lambda z, c, w: np.exp(np.minimum(z, np.log10(c)))),
            _clipped(lambda z, c, w: np.exp(np.minimum(z, np.log2(c)))),
            _clipped(lambda z, c, w: np.exp(np.minimum(z, np.log(np.log(c) + 1e-300)))),
            _exponent_at_most(np.log),
        ),
    ),
    Slip(
        "a clip of your own",
        "Your weights are cut off though they need not be: is the exponent kept within limits of your own, so that "
        "exp does not overflow? That makes the large ones equal. Subtract the largest exponent instead.",
        tuple(
            lambda A, b, c, n, lo=lo, m=m: _relative(
                np.exp(np.clip((_standard(A) if n else A) / b, lo * m, m))
                if c is None
                else np.minimum(np.exp(np.clip((_standard(A) if n else A) / b, lo * m, m)), c)
            )
            for m in (np.log(20), 1, 2, 3, 5, 10, 20, 30, 50, 80, 88, 100, 500, 600, 700, 709)
            for lo in (-1.0, -np.inf)
        ),
    ),
    Slip(
        "normalised along an axis",
        "A is standardised row by row (or column by column). The mean and the spread are those of ALL samples "
        "together: np.mean(adv), without an axis. Row by row, a poor iteration looks as good as a rich one.",
        (
            _with(standard=lambda A: _standard(A, axis=-1)),
            _with(standard=lambda A: _standard(A, axis=0)),
            _with(standard=lambda A: (A - A.mean(axis=-1, keepdims=True)) / A.std()),
            _with(standard=lambda A: (A - A.mean(axis=0, keepdims=True)) / A.std()),
        ),
    ),
    Slip(
        "shifted along an axis",
        "The largest exponent is subtracted row by row (or column by column). Then the rows are no longer "
        "comparable. Subtract ONE number from all.",
        (_rows_apart(-1), _rows_apart(0)),
    ),
    Slip(
        "not normalised",
        "normalise=True has no effect: A is to be standardised first, (A - mean) / std.",
        (_asked(lambda A, b, c, n: (A, b, c, False)),),
    ),
    Slip(
        "always normalised",
        "A is standardised though normalise is False.",
        (_asked(lambda A, b, c, n: (A, b, c, True)),),
    ),
    Slip(
        "only centred, only scaled",
        "Standardising is both: subtract the mean AND divide by the standard deviation. (The variance is its square.)",
        (
            _with(standard=lambda A: A - A.mean()),
            _with(standard=lambda A: A / A.std()),
            _with(standard=lambda A: (A - A.mean()) / A.var()),
            _with(standard=lambda A: (A - A.mean()) / np.ptp(A)),
            _with(standard=lambda A: (A - A.mean()) / np.abs(A).max()),
            _with(standard=lambda A: A - A.mean() / A.std()),
            _with(standard=lambda A: A / np.abs(A).max()),
        ),
    ),
    Slip(
        "n - 1",
        "The spread is divided by n - 1. Here the standard deviation is np.std(adv), with n.",
        (_with(standard=lambda A: _standard(A, ddof=1)),),
    ),
    Slip(
        "the weights standardised",
        "You standardise the weights and not A. Then some are negative again, and the exponential was for nothing.",
        (_of_weight(lambda w, A: _standard(w)), _of_weight(lambda w, A: w - w.mean())),
    ),
    Slip(
        "logarithm",
        "These are the exponents; the exp is missing.",
        (_of_weight(lambda w, A: np.log(w)),),
    ),
    Slip(
        "flattened",
        "The weights come in another shape than adv. Return one weight at each place.",
        looks=lambda given, truth, *args: given.shape != truth.shape and given.size == truth.size,
    ),
)  # fmt: skip


def _judge_weights(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    scaled = [v if v.problem else Value({"value": _relative(v["value"])}) for v in values]

    def show(adv, beta, clip, normalise):
        return f"With β = {beta:.3g}, clip = {clip}, normalise = {normalise}, all divided by the largest: "

    return compare(
        cases, scaled, _weight, WEIGHT_HINTS, tolerance=WEIGHT_TOLERANCE, idea=WEIGHTS_IDEA, show=show
    )  # fmt: skip


# ---------------------------------------------------------------- 4  the weighted log-likelihood


def _in_theta(way: LogitsWay) -> Way:
    """A way for logits of each sample (a loss, problem set 1), as likelihood and gradient in a table."""

    def values(theta, s, a, w, which):
        loss, gradient = way(theta[s], a, w)
        if which == "value":
            return -loss
        table = np.zeros(theta.shape)
        np.add.at(table, s, -gradient)
        return table

    return values


_likelihood = _in_theta(_classified)


def _overflowed(given, truth, theta, s, a, w, which) -> bool:
    """Not finite, or the gradient that is left where exp of the logits has overflowed."""
    if given.shape != truth.shape:
        return False
    naive = _in_theta(
        lambda x, a, w: _classified(
            x, a, w, log_pi=lambda x: x - np.log(np.exp(x).sum(axis=1, keepdims=True))
        )
    )(theta, s, a, w, which)
    return not np.all(np.isfinite(given)) or close(given, naive, TOLERANCE)


def _reweighed_by(factor: Callable[[Array, Array], Array], both: bool = True) -> LogitsWay:
    """w times `factor`(log π(a|s), w), in value and gradient or in the gradient alone."""

    def way(logits, a, w):
        chosen = np.take_along_axis(_log_softmax(logits), a[:, None], axis=1)[:, 0]
        value, gradient = _classified(logits, a, w * factor(chosen, w))
        return value if both else _classified(logits, a, w)[0], gradient

    return way


def _lost(keep: Callable[[Array, Array, Array], None]) -> Way:
    """Gradients of which `keep`(table, s, pushes) writes only some into the table."""

    def values(theta, s, a, w, which):
        value, gradient = _classified(theta[s], a, w)
        if which == "value":
            return -value
        table = np.zeros(theta.shape)
        keep(table, s, -gradient)
        return table

    return values


def _buffered(table, s, push):
    table[s] += push


def _overwritten(table, s, push):
    table[s] = push


def _in_two_parts(safe_pi: bool, safe_hot: bool) -> Way:
    """-π and onehot(a) written one after the other, each with np.add.at or with `+=`."""

    def values(theta, s, a, w, which):
        if which == "value":
            return _likelihood(theta, s, a, w, which)
        table, pi, v = np.zeros(theta.shape), np.exp(_log_softmax(theta)), w / len(s)
        for safe, at, push in ((safe_pi, s, -v[:, None] * pi[s]), (safe_hot, (s, a), v)):
            if safe:
                np.add.at(table, at, push)
            else:
                table[at] += push
        return table

    return values


def _mean_of_each_state(table, s, push):
    np.add.at(table, s, push * len(s) / np.bincount(s)[s][:, None])


def _all_rows_alike(table, s, push):
    table += push.sum(axis=0)


def _state_means(divide: Callable[[Array, int], Array]) -> Way:
    """The value with each sample divided by something of its state."""

    def values(theta, s, a, w, which):
        return _likelihood(theta, s, a, w * divide(np.bincount(s)[s], len(s)), which)

    return values


LIKELIHOOD_IDEA = (
    "Idea to look at: Algorithm 1, line 6. L = (1/n) Σ_k w_k log π_θ(a_k|s_k), and each sample adds w_k/n "
    "(onehot(a_k) - π_θ(·|s_k)) to row s_k of the gradient. The weights are constants."
)
SAID = {  # hints of problem set 1 in the words of this one
    "log-likelihood instead of loss": (
        "The sign is turned round: this is the LOSS, which one minimises, or its gradient. The log-likelihood is "
        "maximised: its gradient points uphill, w (onehot(a) - π)."
    ),
    "sum instead of mean": "This is the sum over D. E_D is a mean: divide by n, the number of entries.",
    "mean over all entries": (
        "You divide by n times the number of actions, as np.mean over a whole [n, A] table does. The mean is over "
        "the n entries of D only."
    ),
    "probability instead of logarithm": (
        "This uses π(a|s) itself and not its logarithm (or multiplies the gradient by π). ∇π = π ∇log π: then "
        "rare actions hardly learn."
    ),
    "minus π forgotten": (
        "The term π is missing: the normaliser log Σ exp depends on the logits too. ∇ log π = onehot(a) - π: what "
        "the action in the data gains, all actions of that state pay for."
    ),
    "onehot forgotten": (
        "The action in the data does not stand out: the term onehot(a) is missing from onehot(a) - π."
    ),
    "only the right action's entry": (
        "Only the entry of the action in the data has a gradient. The others share its normaliser: their entries "
        "are -w π(b|s)."
    ),
    "the likeliest action instead of a*": (
        "You use the action that the policy likes best instead of the one in the data."
    ),
    "every label for every row": (
        "logp[:, a] takes ALL the actions for EVERY sample, an [n, n] table. Pair them: logp[s, a], sample by "
        "sample."
    ),
    "squared error": "This is the squared error between π and onehot(a). The log-likelihood is log π(a|s).",
    "small number added": (
        "A small number added to the probability (or a clip) hides log 0. Compute log π directly: z - max z - log "
        "Σ exp(z - max z), row by row."
    ),
    "weights ignored": (
        "The weights have no effect: this is plain imitation of D (behaviour cloning). Each sample's term is "
        "multiplied by its weight."
    ),
    "divided by the sum of the weights": (
        "You divide by the sum of the weights. E_D divides by n, the number of entries: doubling all weights "
        "doubles L. (The best π is the same.)"
    ),
    "weights squared": "The weights enter twice, as their squares. One factor w for each sample.",
    "weights centred": (
        "You subtract the mean weight (or standardise). The weights are exp(A/β): the comparison with V is in A "
        "already, and they must stay positive."
    ),
    "exp of the weights": (
        "The weights go through an exponential once more. They are exp(A/β) already; take them as they are."
    ),
    "weight on the label only": (
        "The weight stands on onehot(a) only. It multiplies the whole push, w (onehot(a) - π)."
    ),
}
KEPT_WEIGHTS = (
    "weights ignored", "divided by the sum of the weights", "weights scaled to a maximum of 1", "weights squared",
    "weights centred", "exp of the weights", "weight on the label only", "another data point's weight",
)  # fmt: skip


def _of_different_entries(kept: bool) -> Way:
    """Equal entries count once, divided by their own number or by the number of all."""

    def values(theta, s, a, w, which):
        few = _once(s, a, w)
        return _likelihood(theta, *few, which) * (len(few[0]) / len(s) if kept else 1.0)

    return values


LIKELIHOOD_SLIPS = (
    Slip(
        "swapped",
        "Are the two returned the wrong way round? First L, one number, then its gradient, of the shape of theta: "
        "`return L, grad`.",
        looks=lambda given, truth, theta, *args: given.shape != truth.shape
        and given.shape == (theta.shape if truth.shape == () else ()),
    ),
    Slip(
        "gradient of another shape",
        "You return one row for each sample. The gradient in θ has a row for each STATE: add every sample's row to "
        "row s_k.",
        looks=lambda given, truth, theta, s, *args: given.ndim == 2
        and given.shape != truth.shape
        and given.shape == (len(s), theta.shape[1]),
    ),
    Slip(
        "a value for each sample",
        "You return one value for each sample. L is their mean, one number.",
        looks=lambda given, truth, *args: truth.shape == () and given.ndim > 0,
    ),
    Slip(
        "transposed",
        "The gradient is transposed: it must have the shape of theta.",
        looks=lambda given, truth, *args: given.shape != truth.shape and given.T.shape == truth.shape,
    ),
    Slip(
        "logarithm of an underflow",
        "L is -∞: π(a|s) underflows to 0 before you take its logarithm. Compute log π directly: z - max z - log Σ "
        "exp(z - max z), row by row.",
        looks=lambda given, truth, *args: given.shape == () and bool(np.isinf(given)),
    ),
    Slip(
        "exp overflows",
        "nan or ∞ appears: exp of a huge logit overflows. Subtract each row's largest logit first; π does not change.",
        looks=_overflowed,
    ),
    Slip(
        "repeated states lost",
        "A state that comes twice in D counts once: `grad[s] += …` with an array s keeps only the last of equal "
        "indices. Use np.add.at(grad, s, …), or a loop.",
        (
            _lost(_buffered), _lost(_overwritten),
            *(_in_two_parts(*safe) for safe in ((False, False), (True, False), (False, True))),
        ),
    ),
    Slip("equal entries taken for one", ONCE, tuple(map(_of_different_entries, (True, False)))),
    Slip(
        "mean state by state",
        "You divide by how often the STATE occurs. E_D is one mean over all n entries: a state that is visited "
        "often counts often.",
        (
            _lost(_mean_of_each_state),
            _state_means(lambda count, n: n / count),
            _state_means(lambda count, n: 1 / count),
        ),
    ),
    Slip(
        "all rows alike",
        "All rows get the same gradient. A sample speaks for its own state only.",
        (_lost(_all_rows_alike),),
    ),
    Slip(
        "the policy's own probability as a weight",
        "The probability π_θ(a|s) (or its logarithm) enters once more, as a factor beside the weight. Algorithm 1 "
        "has no importance weights, and the gradient of w log π is w ∇log π: log π itself is not in it.",
        (
            _in_theta(_reweighed_by(lambda log_pi, w: np.exp(log_pi))),
            _in_theta(_reweighed_by(lambda log_pi, w: np.exp(-log_pi))),
            _in_theta(_reweighed_by(lambda log_pi, w: log_pi)),
            _in_theta(_reweighed_by(lambda log_pi, w: np.exp(log_pi), both=False)),
            _in_theta(_reweighed_by(lambda log_pi, w: log_pi, both=False)),
            _in_theta(_reweighed_by(lambda log_pi, w: -log_pi, both=False)),
        ),
    ),
    Slip(
        "logarithm of the weights",
        "The weights enter by their logarithm: that is A/β again, and negative for half of D. Multiply by w itself.",
        (_in_theta(_reweighed_by(lambda log_pi, w: np.log(w) / w)),),
    ),
    *(
        Slip(name, SAID.get(name, hint), tuple(map(_in_theta, ways)))
        for name, hint, ways in (*CORE, *WEIGHT_SLIPS)
        if name in KEPT_WEIGHTS or (name, hint, ways) in CORE
    ),
)  # fmt: skip


def _judge_likelihood(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    expanded, flat = [], []
    for case, value in zip(cases, values, strict=True):
        for which in ("value", "gradient"):
            expanded.append(Case(which if case.part == "both" else case.part, (*case.args, which)))
            if value.problem:
                flat.append(value)
                continue
            given = value["likelihood" if which == "value" else which]
            one = which == "value" and given.size == 1
            flat.append(Value({"value": given.reshape(()) if one else given}))
    return compare(
        expanded, flat, _likelihood, LIKELIHOOD_SLIPS, tolerance=TOLERANCE, idea=LIKELIHOOD_IDEA,
        show=lambda *args: f"{args[-1].capitalize()}: ",
    )  # fmt: skip


# ---------------------------------------------------------------- 4b  the best policy


def _sums(s, a, w, states, actions) -> Array:
    """Σ of the weights of each (s, a)."""
    table = np.zeros((states, actions))
    np.add.at(table, (s, a), w)
    return table


def _shares(table: Array, axis: int | None = 1) -> Array:
    """Each row divided by its sum; uniform where that is 0."""
    total = table.sum(axis=axis, keepdims=True)
    return np.where(total > 0, table / np.where(total > 0, total, 1.0), 1 / table.shape[1])


def _best_policy(s, a, w, states, actions) -> Array:
    """argmax_π Σ_k w_k log π(a_k|s_k) over tables."""
    return _shares(_sums(s, a, w, states, actions))


def _of_sums(change: Callable[[Array], Array]) -> Way:
    return lambda *args: change(_sums(*args))


def _of_counts(change: Callable[[Array, Array], Array]) -> Way:
    """`change`(sums, counts)."""
    return lambda s, a, w, *sizes: change(
        _sums(s, a, w, *sizes), _sums(s, a, np.ones(len(s)), *sizes)
    )


def _last_weight(s, a, w, *sizes):
    table = np.zeros(sizes)
    table[s, a] = w
    return _shares(table)


def _where_empty(fill: Callable[[Array], Any]) -> Way:
    """Exact, but with `fill`(exact) in states without weight."""

    def way(*args):
        empty = _sums(*args).sum(axis=1, keepdims=True) == 0
        best = _best_policy(*args)
        return np.where(empty, fill(best), best)

    return way


def _greedy(table: Array) -> Array:
    """All of a row's probability on its largest entry; uniform where all are 0."""
    best = np.eye(table.shape[1])[table.argmax(axis=1)]
    return np.where(table.any(axis=1, keepdims=True), best, 1 / table.shape[1])


def _means(total: Array, count: Array) -> Array:
    return total / np.maximum(count, 1)


def _softmax_rows(table: Array) -> Array:
    return np.exp(_log_softmax(table))


POLICY_IDEA = (
    "Idea to look at: π_best(a|s) = (sum of the weights of the entries with s and a) / (sum of the weights of all "
    "entries with s). It is the share of votes, where an entry has w votes. No votes at all: uniform."
)
POLICY_SLIPS = (
    Slip(
        "0 / 0",
        "nan appears: a state without weight is 0 divided by 0. There every policy is as good as any; the rule is "
        "the uniform one, 1/A.",
        looks=_not_finite,
    ),
    Slip(
        "zeros where there is no weight",
        "A state without weight gets a row that is not a policy, or not the uniform one. The rule is 1/A for each "
        "action.",
        (
            _where_empty(lambda best: 0.0), _where_empty(lambda best: 1.0),
            _where_empty(lambda best: np.eye(best.shape[1])[0]),
            _where_empty(lambda best: best[0]),
        ),
    ),
    Slip(
        "weights ignored",
        "The weights have no effect: these are the frequencies in D, plain imitation (behaviour cloning). An entry "
        "has w votes, not one.",
        (_of_counts(lambda total, count: _shares(count)),),
        looks=lambda given, truth, s, a, w, *sizes: given.shape == truth.shape
        and (w[np.isin(s, np.unique(s[w > 0]))].size != w.size)
        and close(given, _shares(_sums(s, a, np.ones(len(s)), *sizes)), TOLERANCE),
    ),
    Slip(
        "mean weight of each action",
        "You take the MEAN weight of each action. Then it is forgotten how often the old policies took it. Add the "
        "weights up: an action that D holds three times has three entries that vote.",
        (
            _of_counts(lambda total, count: _shares(_means(total, count))),
            _of_counts(lambda total, count: _shares(total * count)),
        ),
    ),
    Slip(
        "last entry wins",
        "If s and a come up again, only the last entry counts: `table[s, a] = w` (and `+=`, too) with arrays keeps "
        "one of equal indices. Use np.add.at(table, (s, a), w), or a loop.",
        (_last_weight,),
    ),
    Slip("equal entries taken for one", ONCE, (lambda s, a, w, *sizes: _best_policy(*_once(s, a, w), *sizes),)),
    Slip(
        "largest weight only",
        "Each action gets its largest weight. Its weights are added up.",
        (lambda s, a, w, *sizes: _shares(_largest(s, a, w, *sizes)),),
    ),
    Slip(
        "greedy",
        "All probability goes to the best action. The maximum of Σ w log π is not greedy: the probabilities are the "
        "shares of the weights. (Greedy is the limit β → 0, where the weights are greedy already.)",
        (
            _of_sums(_greedy),
            _of_counts(lambda total, count: _greedy(_means(total, count))),
        ),
    ),
    Slip(
        "softmax of the weights",
        "The sums go through a softmax. Divide by their sum: the exponential is in the weights already.",
        (
            _of_sums(_softmax_rows),
            _of_counts(lambda total, count: _softmax_rows(_means(total, count))),
        ),
    ),
    Slip(
        "not divided",
        "The rows do not sum to 1. Divide each row by its sum.",
        (
            _of_sums(lambda table: table), _of_sums(lambda table: table / table.sum()),
            _of_counts(lambda total, count: total / count.sum()),
            _of_counts(lambda total, count: total / np.maximum(count.sum(axis=1, keepdims=True), 1)),
            _of_counts(_means),
        ),
    ),
    Slip(
        "divided down the columns",
        "The COLUMNS sum to 1: you divide by the weight of an action over all states. π(·|s) is a row.",
        (_of_sums(lambda table: table / table.sum(axis=0, keepdims=True)), _of_sums(lambda table: _shares(table, 0))),
    ),
    Slip(
        "pseudo-counts",
        "Something is added to every action (a pseudo-count, a small number) or probability is moved towards "
        "uniform. A good idea in practice; here the exact maximum is asked for.",
        (
            *(
                _of_sums(lambda table, c=c: _shares(table + c))
                for c in (1.0, 0.5, 1 / 3, 0.25, 0.1, 0.05, 0.01, 1e-3)
            ),
            _of_sums(lambda table: _shares(table + 1 / table.shape[1])),
            *(
                lambda *args, c=c: (1 - c) * _best_policy(*args) + c / args[-1]
                for c in (0.5, 0.1, 0.05, 0.01)
            ),
        ),
    ),
    Slip(
        "powers of the weights",
        "The weights are squared, or their logarithm or root is taken. An entry has w votes.",
        (
            _of_sums(lambda table: _shares(table**2)),
            *(
                lambda s, a, w, *sizes, f=f: _shares(_sums(s, a, f(w), *sizes))
                for f in (np.square, np.sqrt, np.log, np.log1p, np.exp)
            ),
        ),
    ),
    Slip("upside down", "The better an action, the less it gets: the shares are upside down.", (
        _of_sums(lambda table: 1 - _shares(table)),
        _of_sums(lambda table: (1 - _shares(table)) / (table.shape[1] - 1)),
    )),
    Slip(
        "transposed",
        "The table is transposed: a row for each state, a column for each action.",
        looks=lambda given, truth, *args: given.shape != truth.shape and given.T.shape == truth.shape,
    ),
    Slip(
        "too few rows",
        "There are too few rows or columns: also a state or an action that is not in D has a place in π, [S, A].",
        looks=lambda given, truth, *args: given.ndim == 2 and given.size < truth.size,
    ),
)  # fmt: skip


def _largest(s, a, w, *sizes) -> Array:
    table = np.zeros(sizes)
    np.maximum.at(table, (s, a), w)
    return table


def _judge_policy(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(
        cases, values, _best_policy, POLICY_SLIPS, tolerance=TOLERANCE, idea=POLICY_IDEA,
        show=lambda *args: "As [s, a]: ",
    )  # fmt: skip


# ---------------------------------------------------------------- 5  the effective sample size


def _size(w) -> float:
    """(Σw)² / Σw², of weights divided by the largest; 0 if all are 0."""
    u = _relative(w)
    return float(u.sum() ** 2 / (u**2).sum()) if np.any(u) else 0.0


def _of_sizes(change: Callable[[float, Array], Any]) -> Way:
    """`change`(exact size, w/max w)."""
    return lambda w: change(_size(w), _relative(w))


def _entropy(u: Array) -> float:
    p = u[u > 0] / u.sum()
    return float(-(p * np.log(p)).sum())


SIZE_IDEA = (
    "Idea to look at: (Σw)²/Σw². n equal weights give n, one dominant weight gives 1. A common factor changes "
    "nothing, so divide by the largest weight first: then no square can overflow or vanish."
)
SIZE_SLIPS = (
    Slip(
        "all zero",
        "If all weights are 0, nothing counts: the answer is 0, not 0/0.",
        looks=lambda given, truth, w: not np.any(w),
    ),
    Slip(
        "overflow or underflow",
        "The squares overflow or vanish: (1e200)² is ∞ and (1e-200)² is 0. The answer does not change when all "
        "weights are multiplied by the same number, so divide by the largest first.",
        looks=lambda given, truth, w: given.shape == () and (not np.isfinite(given) or given == 0),
    ),
    Slip(
        "equal weights taken for one",
        "Equal weights are counted once (a set, np.unique?). Each entry of D counts.",
        (lambda w: _size(np.unique(w)),),
    ),
    Slip(
        "upside down",
        "The fraction is upside down: this is Σw²/(Σw)². Equal weights must give n, not 1/n.",
        (_of_sizes(lambda size, u: 1 / size), _of_sizes(lambda size, u: len(u) / size)),
    ),
    Slip(
        "share instead of number",
        "This is the share of D that counts, divided by n. (Are both sums means?) Asked for is the number: n equal "
        "weights give n.",
        (_of_sizes(lambda size, u: size / len(u)),),
    ),
    Slip(
        "weights not summed to 1",
        "1/Σw² is right only for weights that sum to 1. These do not: the numerator is (Σw)².",
        (lambda w: 1 / np.square(w).sum(), lambda w: 1 / np.square(_relative(w)).sum()),
    ),
    Slip(
        "square missing",
        "A square is missing or in the wrong place: the numerator is the square of the sum, the denominator the sum "
        "of the squares.",
        (
            lambda w: w.sum() / np.square(w).sum(),
            _of_sizes(lambda size, u: u.sum() / (u**2).sum()),
            lambda w: np.square(w).sum() / w.sum(),
            _of_sizes(lambda size, u: np.sqrt(size)),
            _of_sizes(lambda size, u: size**2),
            lambda w: np.square(w.sum()),
            lambda w: np.square(w).sum(),
            lambda w: 1.0,
        ),
    ),
    Slip(
        "Σw / max w",
        "This is Σw / max w: how often the largest weight goes into the sum. Also an idea, but not (Σw)²/Σw².",
        (_of_sizes(lambda size, u: u.sum()),),
    ),
    Slip(
        "number of weights",
        "You count the weights (or those above 0). A weight of 0.001 beside one of 1 hardly counts.",
        (lambda w: float(len(w)), lambda w: float(np.count_nonzero(w)), lambda w: float(np.sum(w > w.mean()))),
    ),
    Slip(
        "by the entropy",
        "This is exp of the entropy of the weights. Also a sample size, but not (Σw)²/Σw².",
        (_of_sizes(lambda size, u: np.exp(_entropy(u))), _of_sizes(lambda size, u: _entropy(u))),
    ),
    Slip(
        "of the advantages",
        "The logarithm of the weights goes in: that is A/β, of either sign. The sample size is that of the weights "
        "exp(A/β).",
        (lambda w: np.square(np.log(w).sum()) / np.square(np.log(w)).sum(),),
    ),
    Slip(
        "exp of the weights",
        "The weights go through an exponential once more.",
        (lambda w: _size(np.exp(w - w.max())),),
    ),
    Slip(
        "another spread",
        "n/(1 + var/mean²) is the same number only if the variance is divided by n, not by n - 1.",
        (_of_sizes(lambda size, u: len(u) / (1 + u.var(ddof=1) / u.mean() ** 2)),
         _of_sizes(lambda size, u: len(u) / (1 + u.var())),
         _of_sizes(lambda size, u: len(u) / (1 + u.std() / u.mean()))),
    ),
    Slip(
        "a number for each weight",
        "You return an array. The effective sample size is one number.",
        looks=lambda given, truth, w: given.size > 1,
    ),
)  # fmt: skip


def _judge_size(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    flat = [
        Value({"value": v["value"].reshape(())}) if not v.problem and v["value"].size == 1 else v
        for v in values
    ]
    return compare(cases, flat, _size, SIZE_SLIPS, tolerance=TOLERANCE, idea=SIZE_IDEA, of="")


# ---------------------------------------------------------------- 6  the loop
# A way makes π_{k+1} of (batches 1..k, policies π_1..π_k, γ, β, clip).


def _table_fit(D: Array, states: int) -> Array:
    return _value(np.eye(states), D[:, 0].astype(int), D[:, 2])


def _next(batches, policies, gamma, beta, clip, *, of: Way = _reward_to_go,
          fitted: Callable[..., Array] | None = None, weigh: Way = _weight, normalise: bool = False,
          best: Callable[..., Array] = _best_policy,
          data: Callable[[Sequence[Batch]], Sequence[Batch]] = list) -> Array:  # fmt: skip
    """Algorithm 1, lines 4 to 6; by its options, wrong turns."""
    D = np.concatenate([_rows(b, gamma, of) for b in data(batches)])
    states, actions = policies[0].shape
    s, a, R = D[:, 0].astype(int), D[:, 1].astype(int), D[:, 2]
    V = _table_fit(D, states) if fitted is None else fitted(batches, policies, gamma)
    return best(s, a, weigh(R - V[s], beta, clip, normalise), states, actions)


def _turn(**options) -> Way:
    return lambda *args: _next(*args, **options)


def _fitted_to(which: Callable[[Sequence[Batch]], Sequence[Batch]]) -> Callable[..., Array]:
    def fitted(batches, policies, gamma):
        D = np.concatenate([_rows(b, gamma) for b in which(batches)])
        return _table_fit(D, len(policies[0]))

    return fitted


def _fitted_before(batches, policies, gamma):
    """As it was before the last batch came: 0 at the beginning."""
    if len(batches) == 1:
        return np.zeros(len(policies[0]))
    return _fitted_to(lambda b: b[:-1])(batches, policies, gamma)


def _fitted_to_rewards(batches, policies, gamma):
    D = np.concatenate([_rows(b, gamma, lambda r, g: r) for b in batches])
    return _table_fit(D, len(policies[0]))


def _constant_value(batches, policies, gamma):
    D = np.concatenate([_rows(b, gamma) for b in batches])
    return np.full(len(policies[0]), D[:, 2].mean())


def _times_policy(batches, policies, *rest):
    """The old policy once more, as a factor."""
    return _shares(policies[-1] * _next(batches, policies, *rest))


def _mixed(batches, policies, *rest):
    return (policies[-1] + _next(batches, policies, *rest)) / 2


def _old_kept_where_unseen(batches, policies, *rest):
    seen = np.unique(np.concatenate([b[0][b[3]] for b in batches]))
    new = policies[-1].copy()
    new[seen] = _next(batches, policies, *rest)[seen]
    return new


def _smoothed(c: float) -> Callable[..., Array]:
    return lambda *args: _shares(_sums(*args) + c / args[-1])


def _weight_way(slips: Sequence[Slip], name: str) -> tuple[Way, ...]:
    """The ways of a slip of exercise 3, as the weights of the loop."""
    ways = next(slip.ways for slip in slips if slip.name == name)
    return tuple(_turn(weigh=way) for way in ways)


LOOP_IDEA = (
    "Idea to look at: Algorithm 1. In each iteration, with exercises 1 to 4: roll out the newest π, add to D, fit V "
    "to all of D, weights exp((R - V(s))/β) with the clip, and the best π for all of D. Does the loop call an answer "
    "that its own check finds wrong?"
)
LOOP_SLIPS = (
    Slip(
        "one update short",
        "The policy that you return is the one that the last batch was collected with: the last update is missing "
        "(or not kept).",
        (lambda batches, policies, *rest: policies[-1],),
    ),
    Slip(
        "D replaced",
        "The policy is fitted to the last batch alone: D is replaced where it should grow. Old trajectories stay in "
        "D, there are no importance weights.",
        (_turn(data=lambda batches: batches[-1:]), _turn(data=lambda batches: batches[-1:], fitted=_fitted_to(list))),
    ),
    Slip(
        "old batches dropped",
        "The policy is fitted to the newest batches only: older ones have been dropped. (Notebook 11 keeps five "
        "iterations.) Here D keeps everything.",
        tuple(_turn(data=lambda batches, m=m: batches[-m:]) for m in (2, 3, 4, 5, 6)),
    ),
    Slip(
        "D is never grown",
        "The policy is fitted to the first batch, again and again: what is collected later does not get into D.",
        (_turn(data=lambda batches: batches[:1]),),
    ),
    Slip(
        "V fitted to the last batch only",
        "V is fitted to the last batch only. Line 5 has E_D: V is the mean over everything in D, as are the weights.",
        (_turn(fitted=_fitted_to(lambda batches: batches[-1:])),),
    ),
    Slip(
        "V never fitted again",
        "V is fitted once, to the first batch, and then kept (or it is one batch behind: fitted only after the "
        "weights). Fit it anew in every iteration, to all of D, and then make the weights.",
        (
            _turn(fitted=_fitted_to(lambda batches: batches[:1])),
            _turn(fitted=_fitted_to(lambda batches: batches[:-1] or batches)),
            _turn(fitted=_fitted_before),
        ),
    ),
    Slip(
        "no V",
        "These are the weights exp(R/β): V is not subtracted (or is it fitted only after the weights?). With a clip "
        "nearly everything is then cut to the same weight. The weight is exp((R - V(s))/β).",
        (_turn(fitted=lambda batches, policies, gamma: np.zeros(len(policies[0]))),),
    ),
    Slip(
        "one V for all states",
        "The same number is subtracted in every state. V(s) is the mean R of that state.",
        (_turn(fitted=_constant_value),),
    ),
    Slip("times β", "You multiply by β: exp(A·β). Divide.", _weight_way(WEIGHT_HINTS, "times β")),
    Slip("β ignored", "β has no effect in your loop.", _weight_way(WEIGHT_HINTS, "β ignored")),
    Slip(
        "sign flip",
        "The sign is turned round: V - R, or exp(-A/β). What was worse than expected is imitated most.",
        _weight_way(WEIGHT_HINTS, "sign flip"),
    ),
    Slip(
        "clip ignored",
        "The clip has no effect in your loop: hand it on to the weights.",
        _weight_way(WEIGHT_HINTS, "clip ignored"),
    ),
    Slip(
        "clip before exp",
        "You clip the advantage (or A/β) and not the weight exp(A/β).",
        _weight_way(WEIGHT_HINTS, "clip before exp"),
    ),
    Slip("normalised", "The advantages are standardised. Not in this loop.", (_turn(normalise=True),)),
    Slip(
        "weights ignored",
        "The weights have no effect: each policy imitates the ones before. That is behaviour cloning of yourself.",
        (_turn(weigh=lambda A, *rest: np.ones(len(A))),),
    ),
    Slip(
        "no exp",
        "The weights are advantages (cut at 0), not exp(A/β).",
        (_turn(weigh=lambda A, b, c, n: np.clip(A / b, 0, c)), _turn(weigh=lambda A, b, c, n: np.maximum(A, 0))),
    ),
    Slip(
        "greedy",
        "All probability goes to the best action. The maximum of the weighted log-likelihood is the share of the "
        "weights.",
        (_turn(best=lambda *args: _greedy(_sums(*args))),
         _turn(best=_of_counts(lambda total, count: _greedy(_means(total, count))))),
    ),
    Slip(
        "the old policy once more",
        "The new policy is multiplied by the old one. That factor is in the data already: D holds an action as "
        "often as the old policies took it.",
        (_times_policy,),
    ),
    Slip(
        "mixed with the old policy",
        "You average the old policy and the new. Line 6 is an argmax: the new policy is fitted from scratch.",
        (_mixed,),
    ),
    Slip(
        "mean weight of each action",
        "You take the mean weight of each action. Add the weights up.",
        (_turn(best=_of_counts(lambda total, count: _shares(_means(total, count)))),),
    ),
    Slip(
        "the old policy where nothing was seen",
        "A state that is not in D keeps its old policy, or gets another one. In exercise 4 it is uniform.",
        (_old_kept_where_unseen,),
    ),
    Slip(
        "pseudo-counts",
        "Something is added to every action before you divide. A good idea in practice; here the exact maximum is "
        "asked for.",
        tuple(
            _turn(best=_smoothed(c), weigh=weigh)
            for c in (3.0, 1.0, 0.3, 0.1, 0.03)
            for weigh in (lambda A, b, c, n: np.exp(np.minimum(A / b, np.log(c))), _weight)
        ),
    ),
    Slip(
        "V of rewards",
        "V is fitted to the rewards r and not to the returns R.",
        (_turn(fitted=_fitted_to_rewards),),
    ),
    Slip(
        "no discount",
        "The returns are not discounted, or with another γ than `gamma`. Hand it on.",
        tuple(_turn(of=lambda r, gamma, own=own: _reward_to_go(r, own)) for own in (1.0, 0.9, 0.95, 0.99)),
    ),
    Slip(
        "rewards for returns",
        "The weights see the reward of the step alone, not its return R.",
        (_turn(of=lambda r, gamma: r),),
    ),
    Slip(
        "whole return",
        "Every step of a trajectory has the same return, that of the start. R counts from the step on.",
        (_turn(of=lambda r, gamma: np.full(len(r), _reward_to_go(r, gamma)[0])),),
    ),
    Slip(
        "padding in D",
        "The padding is in D. Only live steps count.",
        (_turn(data=lambda batches: [(s, a, r, np.ones_like(live)) for s, a, r, live in batches]),
         _turn(data=lambda batches: [(s, a, np.where(live, r, 0.0), np.ones_like(live)) for s, a, r, live in batches])),
    ),
)  # fmt: skip


def _history(case: Case, policies: Array, upto: int) -> tuple:
    """(batches, policies, γ, β, clip): what the loop had seen when it made π number `upto`."""
    world, seed, episodes, *rest, _ = case.args
    used = [policies[k] for k in range(upto)]
    return tuple(batch_of(world, pi, seed, k, episodes) for k, pi in enumerate(used)), used, *rest


def _called_wrongly(value: Value, iterations: int) -> str:
    """In words, if `rollout` was not called once in each iteration, or not with a uniform policy first."""
    policies = value["policies"]
    calls = len(policies)
    if calls == 0:
        return f"`rollout` was never called: where do the trajectories come from?\n{LOOP_IDEA}"
    if not close(policies[0], np.full(policies[0].shape, 1 / policies.shape[2]), LOOP_TOLERANCE):
        return "The first policy that you roll out is not the uniform one, π_1(a|s) = 1/A."
    extra = calls == iterations + 1 and close(policies[-1], value["value"], LOOP_TOLERANCE)
    if calls != iterations and not extra:  # a last look at the finished policy is allowed
        return (
            f"`rollout` was called {calls} times for {iterations} iteration{'s' if iterations > 1 else ''}. Each "
            "iteration calls it once, with the newest policy."
        )
    if calls > 2 and np.ptp(policies, axis=0).max() < LOOP_TOLERANCE:
        return (
            "`rollout` always gets the same, uniform policy: all data come from π_1. Roll out the policy that the last "
            "iteration made."
        )
    return ""


def _judge_loop(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    messages: dict[str, str] = {}
    steps: list[tuple[Case, Value]] = []
    for case, value in zip(cases, values, strict=True):
        iterations = case.args[-1]
        message = value.problem and f"{value.problem}\n{LOOP_IDEA}"
        if value.problem == NOT_WRITTEN:
            message = NOT_WRITTEN
        message = message or _called_wrongly(value, iterations)
        if not message and case.part == LEARNS:
            message = _learned_too_little(value["value"], case.args[0], case.args[3])
        if message:
            messages.setdefault(case.part, message)
        elif case.part != LEARNS:
            made = [*value["policies"][1:iterations], value["value"]]
            steps += [
                (Case(case.part, _history(case, value["policies"], k + 1)), Value({"value": pi}))
                for k, pi in enumerate(made)
            ]
    found = compare(
        [case for case, _ in steps], [value for _, value in steps], _next, LOOP_SLIPS,
        tolerance=LOOP_TOLERANCE, idea=LOOP_IDEA, scale=lambda *args: 1.0, of="",
        show=lambda batches, *rest: f"After {len(batches)} iteration{'s' if len(batches) > 1 else ''}, π[s, a]: ",
    )  # fmt: skip
    return {**found, **messages}


def _return_of(world: Corridor, pi: Array | None, gamma: float) -> float:
    """J from the start, exactly; of the best policy (which knows the time) if π is None."""
    S = len(world.moves)
    here = np.arange(S)
    pays = np.zeros(S + 2)  # by where one is afterwards; the last entry is -1, off the near end
    pays[S], pays[-1] = world.goal, world.bait
    v = np.zeros(S + 2)
    for _ in range(world.horizon):
        to = here[:, None] + world.moves
        worth = pays + gamma * v
        q = (1 - world.slip) * worth[to] + world.slip * worth[here][:, None]
        v[:S] = q.max(axis=1) if pi is None else (pi * q).sum(axis=1)
    return float(v[world.start])


def _learned_too_little(pi: Array, world: Corridor, gamma: float) -> str:
    reached, best, first = (
        _return_of(world, p, gamma) for p in (pi, None, np.full(pi.shape, 1 / pi.shape[1]))
    )
    if reached >= ENOUGH * best:
        return ""
    return (
        f"The exact return of your policy is J = {reached:.3g}; the uniform one has {first:.3g}, the best possible is "
        f"{best:.3g}, and {100 * ENOUGH:.0f} % of that are asked for (a right answer reaches about 95 %).\n{LOOP_IDEA}"
    )


EXERCISES = {
    "add_to_dataset": _judge_dataset,
    "value_of_dataset": _judge_value,
    "awr_weights": _judge_weights,
    "weighted_log_likelihood": _judge_likelihood,
    "weighted_policy": _judge_policy,
    "effective_sample_size": _judge_size,
    "awr": _judge_loop,
}
