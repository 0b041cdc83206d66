"""Problem set 5: exact oracles, misconceptions and what to say about them. Only the judge imports this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pgkit.check import Case, Slip, Value, close, compare
from pgkit.checks.ps5 import BOTH, FIT, LAST, SOFT, UPDATE, WHOLE, softmax, values_of
from pgkit.types import Array

TOLERANCE = 1e-4  # of the largest entry
STEP_TOLERANCE = 1e-3  # of the largest entry of a step or gradient
SOFT_TOLERANCE = 0.01  # of the temperature, for values near 1000
ENTROPY_TOLERANCE = 1e-3  # of the temperature, for values of ordinary size
POLICY_TOLERANCE = 1e-3  # of a probability: Q / temperature in float32 has no more digits

Way = Callable[..., Any]


def _not_finite(given: Array, truth: Array, *args: Any) -> bool:
    return given.shape == truth.shape and not np.all(np.isfinite(given))


def _of_shape(shape: Callable[..., Any]) -> Callable[..., bool]:
    """Recognises a wrong shape: `shape` finds it from the inputs."""
    return lambda given, truth, *args: (
        given.shape != truth.shape and given.shape == tuple(shape(*args))
    )


# ---------------------------------------------------------------- 1  the TD error


def _td(
    r, v, v_next, terminated, truncated, gamma, *,
    over=lambda terminated, truncated: terminated,
    ahead=lambda v, v_next: v_next,
    own=lambda v, v_next: v,
) -> Array:  # fmt: skip
    """δ = r + γ (1-d) V(s') - V(s); by its options, wrong turns."""
    after = np.where(over(terminated, truncated), 0.0, ahead(v, v_next))
    return r + gamma * after - own(v, v_next)


def _td_with(**options: Any) -> Way:
    return lambda *case: _td(*case, **options)


def _nowhere(terminated, truncated):
    return np.zeros_like(terminated)


def _either(terminated, truncated):
    return terminated | truncated


def _truncated(terminated, truncated):
    return truncated


def _rolled(v, v_next):
    """V of the next entry of the row; around the corner, 0 or what v_next says at its end."""
    return np.roll(v, -1, axis=1)


def _padded(v, v_next):
    return np.concatenate([v[:, 1:], 0 * v[:, -1:]], axis=1)


def _patched(v, v_next):
    return np.concatenate([v[:, 1:], v_next[:, -1:]], axis=1)


def _stopped(v, v_next):
    """V(s'), but 0 at the end of each row."""
    return np.concatenate([v_next[:, :-1], 0 * v_next[:, -1:]], axis=1)


NEXT_ENTRY = (_rolled, _padded, _patched)
OVERS = (lambda term, trunc: term, _nowhere, _either)
NEXT_WAYS = tuple(
    {"ahead": ahead, "over": over}
    for ahead in NEXT_ENTRY
    for over in OVERS
    if ahead is _rolled or over is not _either  # which would be another mistake alone
)
END_WAYS = tuple({"ahead": _stopped, "over": over} for over in OVERS)
ROW_END = (
    "V(s') is missing at the last step of each row: it is 0 there, or v[t + 1] with nothing behind it. But the row "
    "only stops. The table in exercise 2 says: as it is, unless terminated."
)

TD_IDEA = (
    "Idea to look at: δ = r + γ (1-d) V(s') - V(s), with d = 1 where the step terminated the episode, else 0. A "
    "truncated step has d = 0."
)
TD_SLIPS = (
    Slip(
        "terminal not masked",
        "You bootstrap from the state after a TERMINATION. Nothing follows, so V(s') counts as 0 there, whatever the "
        "critic says of that state: it never saw a step that starts in it.",
        (_td_with(over=_nowhere),),
    ),
    Slip(
        "truncated as terminated",
        "You set V(s') to 0 where the episode was TRUNCATED. Only our patience ended there: the world would have gone "
        "on, and v_next says what it would have paid. Only terminated steps get 0.",
        (_td_with(over=_either),),
    ),
    Slip(
        "no bootstrap",
        "V(s') has no effect: this is r - V(s). One reward is not all that is to come.",
        (lambda r, v, vn, te, tr, g: r - v,),
    ),
    Slip(
        "mask inverted",
        "The mask is the wrong way round: V(s') counts where the step did NOT terminate, and you keep it only where "
        "an episode ends. In numpy `~terminated` or `1 - terminated` turns it.",
        (_td_with(over=lambda term, trunc: ~term), _td_with(over=lambda term, trunc: ~(term | trunc))),
    ),
    Slip(
        "the whole error masked",
        "The error of a step that terminates is set to 0 (or loses its V(s)). Only V(s') is 0 there: the reward and "
        "V(s) still count, and no step says more about how things end.",
        (
            lambda r, v, vn, te, tr, g: np.where(te, 0.0, _td(r, v, vn, te, tr, g)),
            lambda r, v, vn, te, tr, g: np.where(te | tr, 0.0, _td(r, v, vn, te, tr, g)),
            lambda r, v, vn, te, tr, g: r + np.where(te, 0.0, g * vn - v),
            lambda r, v, vn, te, tr, g: r + np.where(te | tr, 0.0, g * vn - v),
            lambda r, v, vn, te, tr, g: r + g * vn - np.where(te, 0.0, v),
        ),
    ),
    Slip(
        "end of a row taken for an end", ROW_END, tuple(_td_with(**options) for options in END_WAYS)
    ),
    Slip(
        "v of the next entry",
        "You take v[t + 1], the value at the NEXT ENTRY of the row, for V(s'). Where an episode ends that is the start "
        "of another one, and the last entry has no next. V(s') is handed in: v_next[t].",
        tuple(_td_with(**options) for options in NEXT_WAYS),
    ),
    Slip(
        "V(s) ahead and V(s') behind",
        "V(s) and V(s') are exchanged: v_next is the value AHEAD, which is discounted and added; v is subtracted.",
        tuple(
            _td_with(ahead=lambda v, vn: v, own=lambda v, vn: vn, over=over) for over in OVERS
        ),
    ),
    Slip(
        "V(s) twice",
        "V(s) stands where V(s') should be: the bootstrap looks one step AHEAD, at v_next.",
        tuple(_td_with(ahead=lambda v, vn: v, over=over) for over in OVERS),
    ),
    Slip(
        "a target",
        "V(s) is not subtracted: this is the TARGET r + γ V(s'), what a critic is fitted to. The error is the target "
        "less what was expected.",
        tuple(_td_with(own=lambda v, vn: 0.0, over=over) for over in OVERS),
    ),
    Slip(
        "γ forgotten",
        "γ is missing: what comes one step later counts γ times as much.",
        tuple(
            lambda r, v, vn, te, tr, g, over=over: _td(r, v, vn, te, tr, 1.0, over=over) for over in OVERS
        ),
    ),
    Slip(
        "γ in the wrong place",
        "γ multiplies the wrong thing. Reward and V(s) count in full; only V(s') is discounted, once.",
        (
            lambda r, v, vn, te, tr, g: _td(g * r, v, vn, te, tr, g),
            lambda r, v, vn, te, tr, g: _td(g * r, v, vn, te, tr, 1.0),
            lambda r, v, vn, te, tr, g: _td(r, g * v, vn, te, tr, 1.0),
            lambda r, v, vn, te, tr, g: _td(r, g * v, vn, te, tr, g),
            lambda r, v, vn, te, tr, g: _td(r, v, vn, te, tr, g**2),
            lambda r, v, vn, te, tr, g: g * _td(r, v, vn, te, tr, 1.0),
        ),
    ),
    Slip(
        "reward forgotten",
        "The reward is missing.",
        (lambda r, v, vn, te, tr, g: _td(0 * r, v, vn, te, tr, g),),
    ),
    Slip(
        "sign flip",
        "A sign is turned round. δ is what came, r + γ V(s'), LESS what was expected, V(s): positive where things went "
        "better.",
        (
            lambda *case: -_td(*case),
            lambda r, v, vn, te, tr, g: _td(r, v, -vn, te, tr, g),
            lambda r, v, vn, te, tr, g: _td(r, -v, vn, te, tr, g),
        ),
    ),
    Slip(
        "shape lost",
        "The steps are summed or thrown together. There is one δ for each step: keep the shape [N, T].",
        looks=lambda given, truth, *args: given.shape in ((), truth.shape[:1], truth.shape[1:], (truth.size,)),
    ),
    Slip("nan", "nan or ∞ appears. Nothing here divides by anything.", looks=_not_finite),
)  # fmt: skip


def _judge_td(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(cases, values, _td, TD_SLIPS, tolerance=TOLERANCE, idea=TD_IDEA)


# ---------------------------------------------------------------- 2  GAE


def _traced(delta: Array, goes_on: Array | float) -> Array:
    """Σ_k Π goes_on · δ along each row, backwards."""
    adv = np.array(delta, dtype=np.float64)
    goes_on = np.broadcast_to(goes_on, adv.shape)
    for t in range(adv.shape[1] - 2, -1, -1):
        adv[:, t] += goes_on[:, t] * adv[:, t + 1]
    return adv


def _gae(
    r, v, v_next, terminated, truncated, gamma, lam, *,
    over=lambda terminated, truncated: terminated,
    cut=_either,
    decay=lambda gamma, lam: gamma * lam,
    **options: Any,
) -> Array:  # fmt: skip
    """Â_t = Σ_k (γλ)^k δ_{t+k} up to the end of the episode or row; by its options, wrong turns."""
    delta = _td(r, v, v_next, terminated, truncated, gamma, over=over, **options)
    return _traced(delta, decay(gamma, lam) * ~cut(terminated, truncated))


def _gae_with(**options: Any) -> Way:
    return lambda *case: _gae(*case, **options)


def _gae_of(change: Callable[..., Any]) -> Way:
    """GAE of changed (γ, λ)."""
    return lambda *case: _gae(*case[:5], *change(*case[5:]))


def _shifted_cut(step: int) -> Way:
    """The flag of the step before or after is used for the trace."""

    def way(r, v, vn, te, tr, gamma, lam):
        ends = np.zeros_like(te)
        if step > 0:
            ends[:, :-1] = (te | tr)[:, 1:]
        else:
            ends[:, 1:] = (te | tr)[:, :-1]
        return _traced(_td(r, v, vn, te, tr, gamma), gamma * lam * ~ends)

    return way


def _forwards(r, v, vn, te, tr, gamma, lam):
    """The recursion run from the front: sums of what came BEFORE."""
    adv, ends = _td(r, v, vn, te, tr, gamma), te | tr
    for t in range(1, adv.shape[1]):
        adv[:, t] += gamma * lam * ~ends[:, t - 1] * adv[:, t - 1]
    return adv


def _one_step(r, v, vn, te, tr, gamma, lam):
    """Loop from the front over an array still being filled: each entry sees one δ ahead."""
    delta = _td(r, v, vn, te, tr, gamma)
    ahead = np.concatenate([delta[:, 1:], 0 * delta[:, -1:]], axis=1)
    return delta + gamma * lam * ~(te | tr) * ahead


def _late(r, v, vn, te, tr, gamma, lam):
    """The recursion adds δ of the step after."""
    adv = _gae(r, v, vn, te, tr, gamma, lam)
    later = np.concatenate([adv[:, 1:], 0 * adv[:, -1:]], axis=1)
    return gamma * lam * ~(te | tr) * later


def _moved(r, v, vn, te, tr, gamma, lam):
    adv = _gae(r, v, vn, te, tr, gamma, lam)
    return np.concatenate([adv[:, 1:], 0 * adv[:, -1:]], axis=1)


def _left_out(*, first: bool = False, last: bool = False) -> Way:
    """A loop that leaves out the last or the first step."""

    def way(r, v, vn, te, tr, gamma, lam):
        delta = _td(r, v, vn, te, tr, gamma)
        if last:
            delta[:, -1] = 0.0
        adv = _traced(delta, gamma * lam * ~(te | tr))
        if first:
            adv[:, 0] = 0.0
        return adv

    return way


def _from_the_start(r, v, vn, te, tr, gamma, lam):
    """(γλ)^t counted from the start of the row."""
    return (gamma * lam) ** np.arange(r.shape[1]) * _gae(r, v, vn, te, tr, gamma, lam)


def _weights(r, v, vn, te, tr, gamma, lam):
    """The mixture of n-step advantages with a wrong weight: 1 - λ missing or too much."""
    return (1 - lam) * _gae(r, v, vn, te, tr, gamma, lam)


def _rows_joined(r, v, vn, te, tr, gamma, lam):
    """The trace runs from a row into the next."""
    delta, ends = _td(r, v, vn, te, tr, gamma), te | tr
    flat = _traced(delta.reshape(1, -1), gamma * lam * ~ends.reshape(1, -1))
    return flat.reshape(delta.shape)


def _down(r, v, vn, te, tr, gamma, lam):
    """The recursion runs over trajectories instead of times."""
    delta, ends = _td(r, v, vn, te, tr, gamma), te | tr
    return _traced(delta.T, gamma * lam * ~ends.T).T


GAE_IDEA = (
    "Idea to look at: walk backwards. Â_t = δ_t + γλ Â_{t+1}, without the second part where step t ends its episode "
    "(either way) or its row. δ is exercise 1: there, only a termination sets V(s') to 0."
)
GAE_SLIPS = (
    Slip(
        "trace not cut",
        "The sum runs on beyond the end of an episode: errors of the NEXT episode are credited to this one. Where step "
        "t terminated or was truncated, Â_t is δ_t alone.",
        (
            _gae_with(cut=_nowhere),
            lambda r, v, vn, te, tr, g, lam: _gae(r, v, vn, te, tr, g, lam, cut=_nowhere, over=_nowhere),
        ),
    ),
    Slip(
        "trace not cut at truncations",
        "The sum is cut where an episode terminated, but runs on through a TRUNCATION. The entry after it belongs to "
        "another episode: cut there too, and only keep the bootstrap in δ.",
        (_gae_with(cut=lambda te, tr: te),),
    ),
    Slip(
        "trace not cut at terminations",
        "The sum is cut at truncations but runs on through a TERMINATION. The entry after it belongs to another "
        "episode.",
        (_gae_with(cut=_truncated),),
    ),
    Slip(
        "terminal not masked",
        "You bootstrap from the state after a TERMINATION. In δ, V(s') counts as 0 there.",
        (_gae_with(over=_nowhere), _gae_with(over=_truncated)),
    ),
    Slip(
        "truncated as terminated",
        "In δ you set V(s') to 0 where the episode was TRUNCATED. Two rules for two things: BOTH ends cut the sum, "
        "only a termination takes the bootstrap away.",
        (_gae_with(over=_either), _gae_with(over=_either, cut=lambda te, tr: te)),
    ),
    Slip(
        "cut one step off",
        "The sum is cut one step too early or too late: whether Â_{t+1} belongs to Â_t is said by the flags of step t, "
        "not of its neighbour.",
        (_shifted_cut(1), _shifted_cut(-1)),
    ),
    Slip(
        "cut with the masked step",
        "Where an episode ends you set Â to 0. The last step has its own δ: only what comes AFTER it is cut off.",
        (
            lambda r, v, vn, te, tr, g, lam: _traced(
                np.where(te | tr, 0.0, _td(r, v, vn, te, tr, g)), g * lam * ~(te | tr)
            ),
            lambda r, v, vn, te, tr, g, lam: np.where(te | tr, 0.0, _gae(r, v, vn, te, tr, g, lam)),
        ),
    ),
    Slip(
        "λ ignored",
        "λ has no effect: this is the same for every λ, that of λ = 0 (TD) or λ = 1 (Monte Carlo). The errors are "
        "weighed with γλ.",
        (
            _gae_of(lambda g, lam: (g, 0.0)),
            _gae_of(lambda g, lam: (g, 1.0)),
        ),
    ),
    Slip(
        "γ missing in the trace",
        "The errors are weighed with λ alone. An error k steps later counts (γλ)^k: both.",
        (_gae_with(decay=lambda g, lam: lam),),
    ),
    Slip(
        "γ and λ swapped",
        "γ and λ are swapped. γλ is the same either way, but the γ in δ is not: r + γ V(s') - V(s).",
        (_gae_of(lambda g, lam: (lam, g)),),
    ),
    Slip(
        "γ missing in δ",
        "γ is missing in δ (or in both places). It stands in δ, before V(s'), and again in the weight γλ.",
        (
            _gae_of(lambda g, lam: (1.0, lam)),
            lambda r, v, vn, te, tr, g, lam: _gae(r, v, vn, te, tr, 1.0, g * lam),
        ),
    ),
    Slip(
        "λ in δ",
        "λ stands inside of δ. The TD error knows γ only; λ weighs the errors.",
        (
            lambda r, v, vn, te, tr, g, lam: _gae(r, v, vn, te, tr, g * lam, 1.0),
            lambda r, v, vn, te, tr, g, lam: _td(r, v, vn, te, tr, g * lam),
        ),
    ),
    Slip(
        "forwards",
        "The recursion runs the wrong way: Â_t collects errors of steps that came BEFORE. What an action does shows "
        "afterwards. Begin at the last step of the row.",
        (_forwards,),
    ),
    Slip(
        "one step ahead only",
        "Only δ_{t+1} is added: Â_{t+1} was not finished when Â_t needed it. Begin at the LAST step and walk back.",
        (_one_step,),
    ),
    Slip(
        "off by one",
        "The sum begins one step too late, at δ_{t+1}. The own error δ_t is its first term, with weight 1.",
        (_late, _moved),
    ),
    Slip(
        "one end of the loop",
        "The last (or the first) step of each row is left out. Does a range stop one too early?",
        (_left_out(last=True), _left_out(first=True), _left_out(first=True, last=True)),
    ),
    Slip(
        "weights from the start",
        "The weights count from the start of the row, (γλ)^t. They count from the step itself: δ_{t+k} gets (γλ)^k.",
        (
            _from_the_start,
            lambda r, v, vn, te, tr, g, lam: g ** np.arange(r.shape[1]) * _gae(r, v, vn, te, tr, g, lam),
        ),
    ),
    Slip(
        "1 - λ too much",
        "There is a factor 1 - λ. It belongs to the mixture of n-step advantages; in the sum over δ it has cancelled.",
        (_weights,),
    ),
    Slip(
        "rows joined",
        "The sum runs from the end of a row into the next row. Rows have nothing to do with one another.",
        (_rows_joined,),
    ),
    Slip(
        "over the wrong axis",
        "The recursion runs over the trajectories. Time is the SECOND axis of [N, T].",
        (_down,),
    ),
    Slip(
        "end of a row taken for an end",
        ROW_END,
        tuple(_gae_with(**options) for options in END_WAYS),
    ),
    Slip(
        "v of the next entry",
        "δ takes v[t + 1], the next entry of the row, for V(s'). Where an episode ends that is the start of another "
        "one. V(s') is handed in as v_next.",
        tuple(_gae_with(**options) for options in NEXT_WAYS),
    ),
    Slip(
        "a target",
        "You return Â + V, the λ-return. That is the critic's target. The advantage is asked for.",
        (lambda r, v, *rest: _gae(r, v, *rest) + v,),
    ),
    Slip(
        "δ is a target",
        "V(s) is not subtracted in δ. The sum over r + γ V(s') counts everything again and again.",
        (_gae_with(own=lambda v, vn: 0.0),),
    ),
    Slip(
        "rewards instead of errors",
        "You sum rewards, not TD errors: the critic has no part in it.",
        (
            lambda r, v, vn, te, tr, g, lam: _traced(r, g * lam * ~(te | tr)),
            lambda r, v, vn, te, tr, g, lam: _traced(r, g * ~(te | tr)),
            lambda r, v, vn, te, tr, g, lam: _traced(r, g * lam * ~(te | tr)) - v,
        ),
    ),
    Slip(
        "standardised",
        "The advantages are standardised. Here they are asked for as they are.",
        (
            lambda *case: _standardised(_gae(*case)),
            lambda *case: _gae(*case) - _gae(*case).mean(),
        ),
    ),
    Slip("sign flip", "The sign is turned round.", (lambda *case: -_gae(*case),)),
    Slip(
        "shape lost",
        "There is one Â for each step: keep the shape [N, T].",
        looks=lambda given, truth, *args: given.shape in ((), truth.shape[:1], truth.shape[1:], (truth.size,)),
    ),
    Slip("nan", "nan or ∞ appears. Nothing here divides by anything.", looks=_not_finite),
)  # fmt: skip


def _standardised(x: Array, less: int = 0) -> Array:
    return (x - x.mean()) / x.std(ddof=less)


def _judge_gae(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(
        cases, values, _gae, GAE_SLIPS, tolerance=TOLERANCE, idea=GAE_IDEA,
        show=lambda *args: f"For γ = {args[-2]:.3g}, λ = {args[-1]:.3g}: ",
    )  # fmt: skip


# ---------------------------------------------------------------- 3  one iteration of the actor-critic
# The ways take (theta, v, s, a, r, s_next, terminated, truncated, gamma, lam, alpha, m); those of the actor also the
# V that was returned, so that a slip in the fit costs the fit only.


def _advantage(v: Array, s, r, s_next, terminated, truncated, gamma, lam, **options: Any) -> Array:
    """Â of a batch for a table V."""
    return _gae(r, v[s], v[s_next], terminated, truncated, gamma, lam, **options)


def _means(v: Array, s: Array, y: Array, unseen: Callable[[Array, Array], Any]) -> Array:
    """The mean of y in each state."""
    count = np.bincount(s.ravel(), minlength=len(v))
    total = np.bincount(s.ravel(), weights=y.ravel(), minlength=len(v))
    return np.where(count > 0, total / np.maximum(count, 1), unseen(v, y))


def _fitted(
    theta, v, s, a, r, s_next, terminated, truncated, gamma, lam, alpha, *rest,
    target=lambda adv, v_s: adv + v_s,
    unseen=lambda v, y: v,
    after=lambda new, v, alpha: new,
    reduce=_means,
    **options: Any,
) -> Array:  # fmt: skip
    """Step 2: V(s) = mean of Â + V(s) over the visits to s; by its options, wrong turns."""
    adv = _advantage(v, s, r, s_next, terminated, truncated, gamma, lam, **options)
    return after(reduce(v, s, target(adv, v[s]), unseen), v, alpha)


def _fit_with(**options: Any) -> Way:
    return lambda *case: _fitted(*case, **options)


def _fit_for(lam: float) -> Way:
    """Targets for another λ."""
    return lambda *case: _fitted(*case[:9], lam, *case[10:])


def _sums(v, s, y, unseen):
    count = np.bincount(s.ravel(), minlength=len(v))
    return np.where(count > 0, np.bincount(s.ravel(), y.ravel(), len(v)), v)


def _kept(which: int):
    def reduce(v, s, y, unseen):
        new = v.copy()
        for x in np.unique(s):
            new[x] = y[s == x][which]
        return new

    return reduce


def _sweeps(alphas: tuple[float, ...], times: tuple[int, ...]) -> tuple[Way, ...]:
    """Steps towards the targets instead of their mean."""

    def way(step, rounds):
        def reduce(v, s, y, unseen):
            new = v.copy()
            for _ in range(rounds):
                for x, target in zip(s.ravel(), y.ravel(), strict=True):
                    new[x] += step * (target - new[x])
            return new

        return reduce

    return tuple(_fit_with(reduce=way(step, rounds)) for step in alphas for rounds in times)


def _paid(*case: Any) -> Array:
    """Fitted to the discounted rewards of the batch alone."""
    nothing = {"over": lambda te, tr: np.ones_like(te), "own": lambda v, v_next: 0 * v}
    return _fitted(*case[:9], 1.0, *case[10:], target=lambda adv, v_s: adv, **nothing)


def _flat(v, s, y, unseen):
    """One number for all visited states."""
    return np.where(np.bincount(s.ravel(), minlength=len(v)) > 0, y.mean(), v)


def _shared_out(count: Callable[[Array], int]):
    """The sums divided by one number for all states."""

    def reduce(v, s, y, unseen):
        seen = np.bincount(s.ravel(), minlength=len(v)) > 0
        return np.where(seen, _sums(v, s, y, unseen) / count(s), v)

    return reduce


def _exact_fit(*case: Any) -> Array:
    """In the whole world V is V^π, and stays."""
    return case[1] if case[11] is not None else _fitted(*case)


def _twice(*case: Any) -> Array:
    return _fitted(case[0], _fitted(*case), *case[2:])


ENDS_OF_DELTA = (
    (
        "terminal not masked",
        "You bootstrap from the state after a TERMINATION: V(s') counts as 0 there.",
        ({"over": _nowhere}, {"over": _truncated}),
    ),
    (
        "truncated as terminated",
        "You set V(s') to 0 where the episode was TRUNCATED. Only a termination takes the bootstrap away.",
        ({"over": _either}, {"over": _either, "cut": lambda te, tr: te}),
    ),
    ("end of a row taken for an end", ROW_END, END_WAYS),
    (
        "trace not cut",
        "The sum of Â runs on beyond the end of an episode. Both ends cut it.",
        ({"cut": _nowhere}, {"cut": lambda te, tr: te}, {"cut": _truncated}, {"cut": _nowhere, "over": _nowhere}),
    ),
    (
        "γ missing in the trace",
        "The errors in Â are weighed with λ alone. An error k steps later counts (γλ)^k.",
        ({"decay": lambda g, lam: lam},),
    ),
)  # fmt: skip

FIT_IDEA = (
    "Idea to look at: step 2. The targets are y = Â + V(s), all from the V that was handed in; the new V(s) is their "
    "mean over all visits to s in the batch. A state that was not visited keeps its number."
)
FIT_SLIPS = (
    Slip(
        "V not fitted",
        "V comes back as it was: step 2 is missing, or its result is not what you return.",
        (lambda *case: case[1],),
    ),
    Slip(
        "fitted to rewards",
        "V is fitted to what was paid in the batch, without the critic's word for what comes after it: the pieces "
        "stop where the recording stops. Take y = Â + V(s). (Or is V(s') missing at the end of each row?)",
        (
            lambda th, v, s, a, r, *rest: _means(v, s, r, lambda v, y: v),
            _paid,
        ),
    ),
    *(Slip(name, f"In the targets of step 2: {hint}", tuple(_fit_with(**o) for o in options))
      for name, hint, options in ENDS_OF_DELTA),
    Slip(
        "fitted to the advantage",
        "V is fitted to Â. An advantage says how much BETTER than V; the target is Â + V(s), with the V that was "
        "handed in.",
        (_fit_with(target=lambda adv, v_s: adv), lambda *case: case[1] + _fitted(*case)),
    ),
    Slip(
        "another λ",
        "The targets are those of another λ: r + γ V(s') is λ = 0, the sum of all rewards λ = 1. Here y = Â + V(s) "
        "with the λ that is handed in.",
        (_fit_for(0.0), _fit_for(1.0)),
    ),
    Slip(
        "γ forgotten",
        "γ is missing in the targets.",
        (lambda *case: _fitted(*case[:8], 1.0, *case[9:]),),
    ),
    Slip(
        "sum instead of mean",
        "You add the targets of a state up. The sum of squares is least at their MEAN.",
        (_fit_with(reduce=_sums),),
    ),
    Slip(
        "one target kept",
        "Each state keeps one of its targets, the last or the first: an assignment with an array of states overwrites. "
        "Take the mean of all.",
        (_fit_with(reduce=_kept(-1)), _fit_with(reduce=_kept(0))),
    ),
    Slip(
        "steps instead of the minimum",
        "You take steps of a small size towards the targets. Here the minimum is asked for: the mean. (α belongs to "
        "the actor.)",
        (
            *_sweeps((0.01, 0.05, 0.1, 0.2, 0.5), (1, 10, 20)),
            _fit_with(after=lambda new, v, alpha: v + alpha * (new - v)),
        ),
    ),
    Slip(
        "unvisited states",
        "A state that was not visited lost its number. No data, no news: it keeps the v that was handed in.",
        (_fit_with(unseen=lambda v, y: 0.0), _fit_with(unseen=lambda v, y: y.mean())),
    ),
    Slip(
        "one number for all",
        "All states get the same number. Each state has its own mean.",
        (
            _fit_with(reduce=lambda v, s, y, unseen: np.full(len(v), y.mean())),
            _fit_with(reduce=_flat),
        ),
    ),
    Slip(
        "divided by N",
        "The sums are divided by N or by N T. Each state's own count is how often it was visited.",
        tuple(_fit_with(reduce=_shared_out(count)) for count in (len, np.size)),
    ),
    Slip(
        "fitted twice",
        "V is fitted more than once, each time with new targets. A good idea in practice; here step 2 is one fit.",
        (_twice, lambda *case: _fitted(case[0], _twice(*case), *case[2:])),
    ),
    Slip(
        "two things swapped",
        "The two results are swapped: first θ, then V.",
        looks=lambda given, truth, theta, *rest: given.shape == theta.shape != truth.shape,
    ),
    Slip(
        "only the visited states",
        "V has a number for each state, visited or not: the shape of the v that was handed in.",
        looks=_of_shape(lambda theta, v, s, *rest: np.unique(s).shape),
    ),
    Slip("nan", "nan or ∞ appears. Divide by a state's count only if it is not 0.", looks=_not_finite),
)  # fmt: skip


def _change(
    theta, v, s, a, r, s_next, terminated, truncated, gamma, lam, alpha, m, v_new, *,
    weight=lambda adv, case: adv,
    score=lambda onehot, pi: onehot - pi,
    policy=softmax,
    divide=lambda s: len(s),
    add=np.add.at,
    at=lambda s, s_next: s,
    **options: Any,
) -> Array:  # fmt: skip
    """Steps 3 to 5: α (1/N) Σ ψ Â, with Â from the new V; by its options, wrong turns."""
    adv = _advantage(v_new, s, r, s_next, terminated, truncated, gamma, lam, **options)
    case = (v, s, r, s_next, terminated, truncated, gamma, lam, v_new)
    psi = score(np.eye(theta.shape[1])[a], policy(theta)[s])
    grad = np.zeros(theta.shape)
    add(grad, at(s, s_next), weight(adv, case)[..., None] * psi)
    return alpha * grad / divide(s)


def _change_with(**options: Any) -> Way:
    return lambda *case: _change(*case, **options)


def _change_for(which: int, value: float) -> Way:
    """The step for another γ (8) or λ (9)."""
    return lambda *case: _change(*(*case[:which], value, *case[which + 1 :]))


def _last_kept(table: Array, s: Array, change: Array) -> None:
    table[s] += change


def _turned(way: Way, factor: Callable[[float], float]) -> Way:
    """A factor that depends on α."""
    return lambda *case: factor(case[10]) * way(*case)


def _returns_of(v, s, r, s_next, te, tr, gamma, lam, v_new):
    """The λ-return from the new V: no baseline."""
    return _advantage(v_new, s, r, s_next, te, tr, gamma, lam) + v_new[s]


def _to_go(v, s, r, s_next, te, tr, gamma, lam, v_new):
    return _traced(r, gamma * ~(te | tr))


def _old_advantage(v, s, r, s_next, te, tr, gamma, lam, v_new):
    return _advantage(v, s, r, s_next, te, tr, gamma, lam)


def _slope_of_j(theta, v, *rest: Any) -> Array:
    """α ∇J in the whole world, from J = Σ m(s) V^π(s) alone: a linear solve at θ ± h."""
    *batch, gamma, _, alpha, m = rest[:10]
    batch = tuple(batch)

    def J(theta):
        return m @ values_of(batch, softmax(theta[:3]), gamma)[:3]

    grad, h = np.zeros(theta.shape), 1e-5
    for at in np.ndindex(3, 2):
        up = np.zeros(theta.shape)
        up[at] = h
        grad[at] = (J(theta + up) - J(theta - up)) / (2 * h)
    return alpha * grad


def _exact_change(*case: Any) -> Array:
    return _slope_of_j(*case) if case[11] is not None else _change(*case)


UPDATE_IDEA = (
    "Idea to look at: steps 3 to 5. Â anew, from the V that you have just fitted; ĝ = (1/N) Σ_i Σ_t ψ Â, where row "
    "s_t of ψ is onehot(a_t) - π(·|s_t); θ + α ĝ."
)
UPDATE_SLIPS = (
    Slip(
        "θ unchanged",
        "θ comes back as it was.",
        (lambda theta, *rest: np.zeros(theta.shape),),
    ),
    Slip(
        "advantage from the old V",
        "Â in step 3 is that of the OLD V, the one of the targets. First fit, then evaluate: step 3 uses the V that "
        "step 2 has made.",
        (_change_with(weight=lambda adv, case: _old_advantage(*case)),),
    ),
    Slip(
        "descent",
        "θ moves the wrong way: the actor ASCENDS, θ + α ĝ.",
        (_turned(_change, lambda alpha: -1.0),),
    ),
    Slip(
        "α forgotten",
        "α is missing: the step is α ĝ.",
        (_turned(_change, lambda alpha: 1 / alpha), _turned(_change, lambda alpha: -1 / alpha)),
    ),
    Slip(
        "sum over trajectories",
        "ĝ is a mean over the N trajectories: divide by N.",
        (_change_with(divide=lambda s: 1.0),),
    ),
    Slip(
        "mean over steps",
        "You divide by the number of steps, N T. ĝ is a sum over the steps of a row and a mean over the N rows: "
        "divide by N.",
        (_change_with(divide=lambda s: s.size), _change_with(divide=lambda s: s.shape[1])),
    ),
    *(Slip(name, f"In step 3: {hint}", tuple(_change_with(**o) for o in options))
      for name, hint, options in ENDS_OF_DELTA),
    Slip(
        "another λ",
        "Â in step 3 is that of another λ. The same λ as in the targets.",
        (
            _change_for(9, 0.0),
            _change_for(9, 1.0),
        ),
    ),
    Slip(
        "γ forgotten",
        "γ is missing in step 3.",
        (_change_for(8, 1.0),),
    ),
    Slip(
        "no baseline",
        "The weight in step 4 is a return, not an advantage: V(s) is not subtracted. What counts is how much BETTER "
        "than expected.",
        (
            _change_with(weight=lambda adv, case: _returns_of(*case)),
            _change_with(weight=lambda adv, case: _old_advantage(*case) + case[0][case[1]]),
            _change_with(weight=lambda adv, case: _to_go(*case)),
            _change_with(weight=lambda adv, case: case[2]),
        ),
    ),
    Slip(
        "target less the new V",
        "The weight is the OLD target less the new V. Step 3 evaluates Â anew: its bootstraps, too, come from the "
        "new V.",
        (_change_with(weight=lambda adv, case: _old_advantage(*case) + case[0][case[1]] - case[8][case[1]]),),
    ),
    Slip(
        "standardised",
        "The advantages are standardised. The lab does that, this exercise does not.",
        (
            _change_with(weight=lambda adv, case: _standardised(adv)),
            _change_with(weight=lambda adv, case: (adv - adv.mean()) / (adv.std() + 1e-8)),
            _change_with(weight=lambda adv, case: adv - adv.mean()),
            _change_with(weight=lambda adv, case: adv / adv.std()),
        ),
    ),
    Slip(
        "size only",
        "The advantages have lost their sign, or the negative ones are dropped.",
        (
            _change_with(weight=lambda adv, case: np.abs(adv)),
            _change_with(weight=lambda adv, case: np.maximum(adv, 0.0)),
        ),
    ),
    Slip(
        "γ^t in front",
        "Each step has a factor γ^t. The theorem with γ < 1 has it, the slide and this exercise do not.",
        (_change_with(weight=lambda adv, case: case[6] ** np.arange(adv.shape[1]) * adv),),
    ),
    Slip(
        "π not subtracted",
        "In the score π is missing: row s_t is onehot(a_t) - π(·|s_t).",
        (_change_with(score=lambda onehot, pi: onehot),),
    ),
    Slip(
        "gradient of π",
        "This is the gradient of π, not that of log π: a factor π(a|s) too much.",
        (_change_with(score=lambda onehot, pi: (pi * onehot).sum(axis=-1, keepdims=True) * (onehot - pi)),),
    ),
    Slip(
        "only the chosen entry",
        "Only the entry of the chosen action moves. The others of the row do, too: onehot(a) - π.",
        (_change_with(score=lambda onehot, pi: onehot * (1 - pi)),),
    ),
    Slip(
        "softmax over the wrong axis",
        "The softmax runs down the columns (or over all of θ). Each ROW of θ is a state with its own probabilities.",
        (
            _change_with(policy=lambda theta: softmax(theta.T).T),
            _change_with(policy=lambda theta: np.exp(theta) / np.exp(theta).sum()),
            _change_with(policy=lambda theta: theta),
            _change_with(policy=np.exp),
        ),
    ),
    Slip(
        "one visit of each state",
        "A state that is visited several times counts once: grad[s] += … with an array s keeps one entry. Use a "
        "loop, or np.add.at(grad, s, …).",
        (_change_with(add=_last_kept),),
    ),
    Slip(
        "next state moved",
        "The push goes to the row of s', the state that comes after. The action was taken in s.",
        (_change_with(at=lambda s, s_next: s_next),),
    ),
    Slip(
        "the step only",
        "You return the step or the gradient. Return the new θ.",
        (lambda *case: _change(*case) - case[0], lambda *case: _change(*case) / case[10] - case[0]),
    ),
    Slip(
        "two things swapped",
        "The two results are swapped: first θ, then V.",
        looks=_of_shape(lambda theta, v, *rest: v.shape),
    ),
    Slip("nan", "nan or ∞ appears.", looks=_not_finite),
)  # fmt: skip


def _judge_iteration(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    """V against the fit; θ against the step that follows from the V returned; both against the truth."""
    fits: list[tuple[Case, Value]] = []
    steps: list[tuple[Case, Value]] = []
    for case, value in zip(cases, values, strict=True):
        v, fit, update = case.args[1], *((FIT, UPDATE) if case.part == BOTH else (WHOLE, WHOLE))
        if value.problem:
            given, moved = value, value
        else:
            given, moved = Value({"value": value["v"]}), Value({"value": value["theta"]})
            if value["theta"].shape == case.args[0].shape:
                moved = Value({"value": value["theta"] - case.args[0]})
        sound = (
            not value.problem and value["v"].shape == v.shape and np.all(np.isfinite(value["v"]))
        )
        used = given["value"] if sound and case.part == BOTH else _exact_fit(*case.args)
        fits.append((Case(fit, case.args), given))
        steps.append((Case(update, (*case.args, used)), moved))
    said = compare(
        [c for c, _ in steps], [v for _, v in steps], _exact_change, UPDATE_SLIPS,
        tolerance=STEP_TOLERANCE, idea=UPDATE_IDEA, of=" of the step's largest entry",
        show=lambda *args: "Of the step, θ_new - θ: " if args[11] is None else
        "With V = V^π and every step as often as it happens, the step θ_new - θ must be α times the slope of J. ",
    )  # fmt: skip
    return said | compare(
        [c for c, _ in fits], [v for _, v in fits], _exact_fit, FIT_SLIPS,
        tolerance=TOLERANCE, idea=FIT_IDEA,
        show=lambda *args: "Of V: " if args[11] is None else
        "With V = V^π and every step as often as it happens, the fit must leave V as it is. ",
    )  # fmt: skip


# ---------------------------------------------------------------- 4  the same gradient, by torch


def _network(
    W, U, u, x, a, q_hat, *,
    leak=0.0, critic=0.0, bend=lambda z: (np.tanh(z), 1 - np.tanh(z) ** 2), soft=softmax,
    weight=lambda q_hat, value: q_hat - value,
    score=lambda onehot, pi: onehot - pi,
) -> tuple[Array, Array]:  # fmt: skip
    """(∇_W, ∇_U) of (1/n) Σ Â log π, worked out by hand; Â a number.

    leak : how much of the gradient that runs through Â = Q̂ - V is left in;
    critic : weight of the critic's own loss, (1/n) Σ (Q̂ - V)², taken away.
    """
    n, (h, slope) = len(a), bend(x @ W)
    onehot, pi, value = np.eye(U.shape[1])[a], soft(h @ U), h @ u
    adv = weight(q_hat, value)
    push = adv[:, None] * score(onehot, pi) / n
    through_v = (-leak * np.log(pi[np.arange(n), a]) + 2 * critic * (q_hat - value)) / n
    back = (push @ U.T + through_v[:, None] * u) * slope
    return x.T @ back, h.T @ push


def _of(name: str, way: Callable[..., tuple[Array, Array]]) -> Way:
    """W or U of a way."""
    return lambda *case: way(*case)["WU".index(name)]


def _net(**options: Any):
    return lambda *case: _network(*case, **options)


def _times(factor: Callable[..., Any], **options: Any):
    return lambda *case: tuple(factor(*case) * g for g in _network(*case, **options))


def _relu(z):
    return np.maximum(z, 0.0), (z > 0) * 1.0


def _twice_soft(*case):
    """cross-entropy of probabilities: the softmax of a softmax."""
    W, U, u, x, a, q_hat = case
    n, h = len(a), np.tanh(x @ W)
    p = softmax(h @ U)
    back = (q_hat - h @ u)[:, None] * (np.eye(U.shape[1])[a] - softmax(p)) / n
    push = p * (back - (back * p).sum(axis=1, keepdims=True))
    return x.T @ ((push @ U.T) * (1 - h**2)), h.T @ push


def _over_batch(*case):
    """log-softmax over the samples instead of the actions."""
    W, U, u, x, a, q_hat = case
    n, h = len(a), np.tanh(x @ W)
    adv, p = q_hat - h @ u, softmax((h @ U).T).T
    taken = adv[:, None] * np.eye(U.shape[1])[a] / n
    push = taken - p * taken.sum(axis=0)
    return x.T @ ((push @ U.T) * (1 - h**2)), h.T @ push


def _outer(*case):
    """Â of shape [n, 1] times log π of shape [n]: all pairs."""
    W, _, u, x, a, q_hat = case
    adv = q_hat - np.tanh(x @ W) @ u
    return _network(*case, weight=lambda q, value: np.full(len(a), adv.mean()))


NET_IDEA = (
    "Idea to look at: J = (1/n) Σ_k Â_k log π(a_k|x_k) with h = tanh(xW), π = softmax(hU), Â = Q̂ - h·u. Â is a "
    "NUMBER: the gradient runs through log π only."
)
NET_WAYS: tuple[tuple[str, str, tuple[Callable[..., tuple[Any, ...]], ...]], ...] = (
    (
        "sign flip",
        "The sign is turned round: this is the gradient of the LOSS -J, which optimisers want. Here the gradient of "
        "J is asked for, to be ascended.",
        (_times(lambda *case: -1.0),),
    ),
    (
        "Â not detached",
        "The gradient runs through Â as well: V = h·u is made of W, and torch differentiates all it can reach. Â "
        "says how good an action was; it is no knob. Make it a number with .detach(), or compute it under "
        "torch.no_grad().",
        (_net(leak=1.0), lambda *case: tuple(-g for g in _net(leak=1.0)(*case))),
    ),
    (
        "the critic's loss as well",
        "The critic's loss is differentiated, too (Â² or a sum of both objectives). Here only the actor's objective "
        "is asked for.",
        tuple(_net(critic=c, leak=k) for c in (1.0, 0.5, -0.5, -1.0) for k in (0.0, 1.0)),
    ),
    (
        "sum for mean",
        "This is the gradient of a SUM over the samples: J is their mean, divide by n.",
        (_times(lambda *case: len(case[4])), _times(lambda *case: -len(case[4]))),
    ),
    (
        "a mean too many",
        "You divide by more than n: is the mean taken over a table [n, A] instead of n chosen entries?",
        (_times(lambda *case: 1 / case[1].shape[1]), _times(lambda *case: 1 / len(case[4]))),
    ),
    (
        "backward twice",
        "The gradients are twice as large: .grad ADDS UP over calls of backward(). Differentiate once, or clear it "
        "before.",
        (_times(lambda *case: 2.0),),
    ),
    (
        "no baseline",
        "V is not subtracted: the weight is Q̂ itself.",
        (
            _net(weight=lambda q, value: q),
            lambda *case: tuple(-g for g in _network(*case, weight=lambda q, value: q)),
        ),
    ),
    (
        "log π detached",
        "The gradient is 0: the objective does not depend on W and U any more. Detach Â, not log π (and not h).",
        (_times(lambda *case: 0.0),),
    ),
    (
        "plus the critic",
        "V is ADDED, or Â is turned round. It is Q̂ - V.",
        (_net(weight=lambda q, value: q + value), _net(weight=lambda q, value: value)),
    ),
    (
        "no weight",
        "Â has no effect: this imitates all actions alike.",
        (_net(weight=lambda q, value: np.ones_like(q)),),
    ),
    (
        "every pair of samples",
        "Â and log π do not line up: an array [n, 1] times an array [n] is a table [n, n] of all pairs. Both must be "
        "[n]. (Or the mean of each is taken before they are multiplied.)",
        (_outer, lambda *case: tuple(len(case[4]) * g for g in _outer(*case))),
    ),
    (
        "standardised",
        "The advantages are standardised. Here they are taken as they are.",
        tuple(_net(weight=lambda q, value, k=k: _standardised(q - value, k)) for k in (0, 1)),
    ),
    (
        "gradient of π",
        "This is the gradient of π, not that of log π: is the logarithm missing?",
        (_net(score=lambda onehot, pi: (pi * onehot).sum(axis=1, keepdims=True) * (onehot - pi)),),
    ),
    (
        "softmax twice",
        "The softmax is taken twice: cross_entropy and log_softmax want LOGITS, not probabilities.",
        (_twice_soft, lambda *case: tuple(-g for g in _twice_soft(*case))),
    ),
    (
        "softmax over the samples",
        "The softmax runs over the samples: dim=0. Each row of [n, A] is a state; the actions are dim=1.",
        (_over_batch,),
    ),
    (
        "no tanh",
        "The hidden layer is not h = tanh(xW): the tanh is missing, or is another bend.",
        (
            _net(bend=lambda z: (z, np.ones_like(z))),
            _net(bend=_relu),
            _net(bend=lambda z: (1 / (1 + np.exp(-z)), np.exp(-z) / (1 + np.exp(-z)) ** 2)),
        ),
    ),
    (
        "the logits themselves",
        "The objective has the logit of the action in place of log π: the log-softmax is missing.",
        (_net(score=lambda onehot, pi: onehot),),
    ),
    (
        "the weights themselves",
        "You return weights, moved or not. The gradients are asked for.",
        (
            lambda *case: (case[0], case[1]),
            lambda *case: tuple(p + g for p, g in zip(case[:2], _network(*case), strict=True)),
        ),
    ),
)  # fmt: skip


def _net_slips(name: str) -> tuple[Slip, ...]:
    which = "WU".index(name)
    return (
        *(Slip(said, hint, tuple(_of(name, way) for way in ways)) for said, hint, ways in NET_WAYS),
        Slip(
            "swapped",
            "The two gradients are swapped: first that in W, then that in U.",
            looks=lambda given, truth, *case: given.shape == case[1 - which].shape != truth.shape,
        ),
        Slip(
            "transposed",
            f"The gradient is transposed: it has the shape of {name}.",
            looks=lambda given, truth, *case: given.shape == truth.shape[::-1] != truth.shape,
        ),
        Slip(
            "nan",
            "nan or ∞ appears. Take log_softmax, not the log of a softmax.",
            looks=_not_finite,
        ),
    )


def _judge_network(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    said: dict[str, str] = {}
    for name, part in (("W", lambda p: p), ("U", lambda p: LAST)):
        said |= compare(
            [Case(part(c.part), c.args) for c in cases],
            [v if v.problem else Value({"value": v[name]}) for v in values],
            _of(name, _network),
            _net_slips(name),
            tolerance=STEP_TOLERANCE,
            idea=NET_IDEA,
            show=lambda *case, name=name: f"Of the gradient in {name}: ",
        )
    return said


# ---------------------------------------------------------------- 5  soft values


def _log_sum_exp(x: Array) -> Array:
    """log Σ exp along each row, stable."""
    top = x.max(axis=1, keepdims=True)
    return top[:, 0] + np.log(np.exp(x - top).sum(axis=1))


def _soft_value(q, temperature) -> Array:
    """V = T log Σ_a exp(Q/T)."""
    top = q.max(axis=1)
    return top + temperature * _log_sum_exp((q - top[:, None]) / temperature)


def _of_temperature(truth, q, temperature, *rest) -> float:
    return temperature


def _clipped(tolerance: float, scale: Callable[..., float]) -> Callable[..., bool]:
    """Wrong only in rows where some exp(Q/𝒯) is large or small."""

    def looks(given, truth, q, temperature):
        if given.shape != truth.shape:
            return False
        plain = np.abs(q / temperature).max(axis=1) < 10
        return close(given[plain], truth[plain], tolerance, scale(truth, q, temperature))

    return looks


SOFT_IDEA = (
    "Idea to look at: V(s) = 𝒯 log Σ_a exp(Q(s,a)/𝒯), with the largest Q of the state taken out of the logarithm "
    "first: m + 𝒯 log Σ exp((Q - m)/𝒯)."
)
SOFT_SLIPS = (
    Slip(
        "overflow",
        "nan or ∞ appears: exp(Q/𝒯) is beyond what a float can hold, or 0 for all actions. Take the largest Q of the "
        "state out first; then the largest exponent is 0.",
        looks=_not_finite,
    ),
    Slip(
        "temperature forgotten",
        "The temperature has no effect: this is log Σ exp Q, 𝒯 = 1.",
        (lambda q, T: _log_sum_exp(q),),
    ),
    Slip(
        "not multiplied by the temperature",
        "The 𝒯 in front is missing: a logarithm is in nats, V is in the units of Q.",
        (lambda q, T: _log_sum_exp(q / T), lambda q, T: _soft_value(q, T) / T**2),
    ),
    Slip(
        "not divided by the temperature",
        "Inside the exponential Q is not divided by 𝒯.",
        (lambda q, T: T * _log_sum_exp(q), lambda q, T: q.max(axis=1) + T * _log_sum_exp(q - q.max(axis=1)[:, None])),
    ),
    Slip(
        "temperature on the wrong side",
        "The temperature is on the wrong side: Q is DIVIDED by 𝒯 inside, and the logarithm multiplied by it outside. A "
        "high temperature evens the actions out.",
        (
            lambda q, T: _log_sum_exp(T * q) / T,
            lambda q, T: T * _log_sum_exp(T * q),
            lambda q, T: _log_sum_exp(q / T) / T,
        ),
    ),
    Slip(
        "hard maximum",
        "This is the plain maximum of Q. The soft one is larger: being undecided is paid for.",
        (lambda q, T: q.max(axis=1),),
    ),
    Slip(
        "the maximum not put back",
        "The largest Q was taken out and not put back, or put back with a factor 𝒯.",
        (
            lambda q, T: _soft_value(q, T) - q.max(axis=1),
            lambda q, T: _soft_value(q, T) - q.max(axis=1) + q.max(axis=1) / T,
            lambda q, T: _soft_value(q, T) - q.max(axis=1) + T * q.max(axis=1),
        ),
    ),
    Slip(
        "maximum of the whole table",
        "The largest Q of the WHOLE table is taken out: in a state far below it all exponentials are 0. Each row "
        "needs its own.",
        (lambda q, T: q.max() + T * np.log(np.exp((q - q.max()) / T).sum(axis=1)),),
    ),
    Slip(
        "mean instead of sum",
        "The exponentials are averaged over the actions. Then V counts entropy from the uniform policy on, 𝒯 log A too "
        "low. The sum is asked for.",
        (lambda q, T: _soft_value(q, T) - T * np.log(q.shape[1]),),
    ),
    Slip(
        "mean of Q",
        "The soft policy's mean of Q is not all: its entropy is missing, 𝒯 H(π).",
        (lambda q, T: (softmax(q, T) * q).sum(axis=1), lambda q, T: q.mean(axis=1)),
    ),
    Slip(
        "entropy subtracted",
        "The entropy is subtracted. It is a bonus: V = Σ π Q + 𝒯 H(π).",
        (lambda q, T: 2 * (softmax(q, T) * q).sum(axis=1) - _soft_value(q, T),),
    ),
    Slip(
        "entropy not weighed",
        "The entropy is not multiplied by 𝒯.",
        (lambda q, T: (p := softmax(q, T), (p * q).sum(axis=1) + (_soft_value(q, T) - (p * q).sum(axis=1)) / T)[1],),
    ),
    Slip(
        "sign flip",
        "A sign is turned round: V is never below the largest Q.",
        (lambda q, T: -_soft_value(q, T), lambda q, T: -_soft_value(-q, T), lambda q, T: _soft_value(-q, T)),
    ),
    Slip(
        "logarithm missing",
        "The logarithm is missing.",
        (lambda q, T: T * np.exp(q / T).sum(axis=1), lambda q, T: np.exp(q / T).sum(axis=1)),
    ),
    Slip(
        "other base",
        "The logarithm has base 2 or 10. Entropy is in nats here: the natural logarithm.",
        tuple(
            lambda q, T, b=b: q.max(axis=1) + (_soft_value(q, T) - q.max(axis=1)) / np.log(b) for b in (2, 10)
        ),
    ),
    Slip(
        "small number or clip",
        "A clip or a small number added keeps the exponentials finite, but not right. Take the largest Q out instead.",
        looks=_clipped(SOFT_TOLERANCE, _of_temperature),
    ),
    Slip(
        "shape",
        "There is one V for each state: [S]. Sum over the actions, axis 1.",
        looks=lambda given, truth, q, *rest: given.shape != truth.shape
        and given.shape in ((), q.shape, (len(q), 1), (q.shape[1],)),
    ),
)  # fmt: skip


def _judge_soft(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(
        cases, values, _soft_value, SOFT_SLIPS, tolerance=SOFT_TOLERANCE, idea=SOFT_IDEA,
        scale=_of_temperature, of=" of the temperature", show=lambda q, T: f"At temperature {T:.3g}: ",
    )  # fmt: skip


POLICY_IDEA = (
    "Idea to look at: π(a|s) = exp(Q(s,a)/𝒯) / Σ_b exp(Q(s,b)/𝒯), which is exp((Q - V)/𝒯). The largest Q of each state "
    "may be taken away from all of them first."
)
POLICY_SLIPS = (
    Slip(
        "overflow",
        "nan or ∞ appears: exp(Q/𝒯) is beyond what a float can hold, or 0 for all actions. Subtract each state's "
        "largest Q first; it cancels.",
        looks=_not_finite,
    ),
    Slip(
        "temperature forgotten",
        "The temperature has no effect: this is softmax(Q).",
        (lambda q, T: softmax(q),),
    ),
    Slip(
        "temperature on the wrong side",
        "Q is multiplied by 𝒯. It is divided: a HIGH temperature makes the policy even, a low one greedy.",
        (lambda q, T: softmax(q * T),),
    ),
    Slip(
        "divided afterwards",
        "The probabilities are changed by 𝒯 after the softmax, or their logarithm is. Divide Q by 𝒯 first.",
        (lambda q, T: softmax(q) / T, lambda q, T: softmax(q) ** T / (softmax(q) ** T).sum(axis=1, keepdims=True)),
    ),
    Slip(
        "sign flip",
        "The sign is turned round: the worst action gets the most.",
        (lambda q, T: softmax(-q, T),),
    ),
    Slip(
        "greedy",
        "This is the greedy policy. The soft one gives every action something, in proportion to exp(Q/𝒯).",
        (lambda q, T: np.eye(q.shape[1])[q.argmax(axis=1)],),
    ),
    Slip(
        "uniform",
        "All actions have the same probability.",
        (lambda q, T: np.full(q.shape, 1 / q.shape[1]),),
    ),
    Slip(
        "normalised over the states",
        "The probabilities sum to 1 over the states (or the whole table). In each ROW they must.",
        (
            lambda q, T: softmax(q.T, T).T,
            lambda q, T: softmax(q.reshape(1, -1), T).reshape(q.shape),
        ),
    ),
    Slip(
        "log π",
        "This is log π. Take its exponential.",
        (lambda q, T: (q - _soft_value(q, T)[:, None]) / T,),
    ),
    Slip(
        "not normalised",
        "The rows do not sum to 1.",
        looks=lambda given, truth, *rest: given.shape == truth.shape and bool(
            np.any(np.abs(given.sum(axis=1) - 1) > 0.01)),
    ),
    Slip(
        "small number or clip",
        "A clip or a small number added keeps the exponentials finite, but not right. Subtract each state's largest "
        "Q instead.",
        looks=_clipped(POLICY_TOLERANCE, lambda *args: 1.0),
    ),
    Slip(
        "shape",
        "There is a probability for each state and action: the shape of q.",
        looks=lambda given, truth, *rest: given.shape != truth.shape,
    ),
)  # fmt: skip


def _judge_policy(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(
        cases, values, softmax, POLICY_SLIPS, tolerance=POLICY_TOLERANCE, idea=POLICY_IDEA,
        scale=lambda *args: 1.0, of="", show=lambda q, T: f"At temperature {T:.3g}: ",
    )  # fmt: skip


def _entropy(pi: Array) -> Array:
    """H of each row; 0 log 0 = 0."""
    return -(pi * np.log(np.where(pi > 0, pi, 1.0))).sum(axis=1)


def _with_entropy(q, pi, temperature) -> Array:
    """V = Σ_a π (Q - T log π)."""
    return (pi * q).sum(axis=1) + temperature * _entropy(pi)


ENTROPY_IDEA = (
    "Idea to look at: V(s) = Σ_a π(a|s) (Q(s,a) - 𝒯 log π(a|s)), the mean of Q plus 𝒯 times the entropy. What has "
    "probability 0 adds nothing."
)
ENTROPY_SLIPS = (
    Slip(
        "0 · ∞",
        "nan appears: 0 times log 0. An action that is never taken adds nothing; keep numpy from seeing its logarithm.",
        looks=_not_finite,
    ),
    Slip(
        "entropy sign",
        "The entropy has the wrong sign. log π is NEGATIVE: -𝒯 log π is a bonus for what is rarely done.",
        (lambda q, pi, T: (pi * q).sum(axis=1) - T * _entropy(pi),),
    ),
    Slip(
        "no entropy",
        "The entropy is missing: this is the mean of Q.",
        (lambda q, pi, T: (pi * q).sum(axis=1),),
    ),
    Slip(
        "temperature forgotten",
        "The entropy is not multiplied by 𝒯 (or divided by it, or Q is multiplied as well).",
        (
            lambda q, pi, T: (pi * q).sum(axis=1) + _entropy(pi),
            lambda q, pi, T: (pi * q).sum(axis=1) + _entropy(pi) / T,
            lambda q, pi, T: (pi * q).sum(axis=1) / T + _entropy(pi),
            lambda q, pi, T: T * ((pi * q).sum(axis=1) + _entropy(pi)),
        ),
    ),
    Slip(
        "soft maximum",
        "This is 𝒯 log Σ exp(Q/𝒯), the value of the SOFT policy. Another policy gets less: use the π that is handed "
        "in.",
        (lambda q, pi, T: _soft_value(q, T),),
    ),
    Slip(
        "not weighed by π",
        "-𝒯 log π is not weighed with π: rare actions count as much as others. Both terms are means over π.",
        (
            lambda q, pi, T: (pi * q).sum(axis=1) - T * np.log(pi).sum(axis=1),
            lambda q, pi, T: (pi * q).sum(axis=1) - T * np.log(pi).mean(axis=1),
            lambda q, pi, T: q.sum(axis=1) + T * _entropy(pi),
            lambda q, pi, T: q.mean(axis=1) + T * _entropy(pi),
            lambda q, pi, T: (q - T * np.log(pi)).sum(axis=1),
            lambda q, pi, T: (q - T * np.log(pi)).mean(axis=1),
        ),
    ),
    Slip(
        "divided by A",
        "A mean over the actions is taken of something that π has weighed already: sum over a.",
        (
            lambda q, pi, T: _with_entropy(q, pi, T) / q.shape[1],
            lambda q, pi, T: (pi * q).sum(axis=1) + T * _entropy(pi) / q.shape[1],
        ),
    ),
    Slip(
        "entropy of the uniform policy",
        "The bonus is 𝒯 log A, the largest entropy there is, whatever π does.",
        (lambda q, pi, T: (pi * q).sum(axis=1) + T * np.log(q.shape[1]),),
    ),
    Slip(
        "other base",
        "The logarithm has base 2 or 10. Entropy is in nats here: the natural logarithm.",
        tuple(lambda q, pi, T, b=b: (pi * q).sum(axis=1) + T * _entropy(pi) / np.log(b) for b in (2, 10)),
    ),
    Slip(
        "small number",
        "A small number is added inside the logarithm, or π is clipped. That changes what rare actions count. Only "
        "where π is exactly 0 something must be done.",
        tuple(
            lambda q, pi, T, safe=safe, x=x: (pi * (q - T * np.log(safe(pi, x)))).sum(axis=1)
            for safe, sizes in ((np.add, (0.1, 0.01, 0.001)), (np.maximum, (0.1, 0.01)))
            for x in sizes
        ),
    ),
    Slip(
        "maximum of Q",
        "The largest Q is taken, not the mean under π.",
        (lambda q, pi, T: q.max(axis=1) + T * _entropy(pi),),
    ),
    Slip(
        "one number",
        "All states are averaged. There is one V for each state.",
        looks=lambda given, truth, q, *rest: given.shape == (),
    ),
    Slip(
        "shape",
        "There is one V for each state: [S]. Sum over the actions, axis 1.",
        looks=lambda given, truth, q, *rest: given.shape != truth.shape
        and given.shape in (q.shape, (len(q), 1), (q.shape[1],)),
    ),
)  # fmt: skip


def _judge_entropy(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    said: dict[str, str] = {}
    for near_1000, tolerance in ((False, ENTROPY_TOLERANCE), (True, SOFT_TOLERANCE)):
        pairs = [p for p in zip(cases, values, strict=True) if (p[0].part == SOFT) == near_1000]
        said |= compare(
            [c for c, _ in pairs], [v for _, v in pairs], _with_entropy, ENTROPY_SLIPS,
            tolerance=tolerance, idea=ENTROPY_IDEA, scale=lambda truth, q, pi, T: T,
            of=" of the temperature", show=lambda q, pi, T: f"At temperature {T:.3g}: ",
        )  # fmt: skip
    return said


EXERCISES = {
    "td_residual": _judge_td,
    "gae": _judge_gae,
    "actor_critic_iteration": _judge_iteration,
    "torch_gradient": _judge_network,
    "soft_value": _judge_soft,
    "soft_policy": _judge_policy,
    "value_with_entropy": _judge_entropy,
}
