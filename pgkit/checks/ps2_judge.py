"""Problem set 2: exact oracles, misconceptions and what to say about them. Only the judge imports this."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pgkit import exact
from pgkit.check import NOT_WRITTEN, Case, Slip, Value, close, compare
from pgkit.checks.ps2 import ALPHA, EPISODES, GAMMA, HORIZON, LAST, PAIRS
from pgkit.policies import softmax
from pgkit.types import Array
from pgkit.worlds import WORLDS

SIGMAS = 6.0  # a frequency may miss its probability by this many standard errors: once in 5·10⁸
CHI_SQUARE = 45.0  # the starts' χ² with 7 degrees of freedom is larger once in 7·10⁶


# ---------------------------------------------------------------- 1  sampling from μ

SAMPLE_IDEA = "Idea to look at: 'Run REINFORCE from different start states', s_1 ~ μ(s)."
SAMPLE_SLIPS = (
    Slip(
        "uniform over the support",
        "Every state with μ > 0 comes equally often. μ is a distribution, not a list of allowed "
        "states: a state with three times the mass must start three times as many rollouts.",
        (lambda mu: (mu > 0) / np.sum(mu > 0),),
    ),
    Slip(
        "uniform over all states",
        "Every state comes equally often, whatever μ says. Where does your function use mu?",
        (lambda mu: np.full(len(mu), 1 / len(mu)),),
    ),
    Slip(
        "off by one",
        "The frequencies are μ's, but shifted by one state. With cumulative sums c, a draw u belongs "
        "to the first state s with u < c[s]: check both ends, and that states count from 0.",
        (lambda mu: np.roll(mu, 1), lambda mu: np.roll(mu, -1)),
    ),
    Slip(
        "always the likeliest",
        "Always the same state comes out, the likeliest. That is the mode of μ, not a sample from it: "
        "resets help because they cover all the states that matter.",
        (lambda mu: np.eye(len(mu))[np.argmax(mu)],),
    ),
    Slip(
        "reversed order",
        "The frequencies are those of 1 - u or of the reversed list matched with the wrong end: state "
        "s gets the mass of state S-1-s.",
        (lambda mu: mu[::-1],),
    ),
    Slip(
        "squared masses",
        "Likely states come too often and rare ones too rarely, as if μ had been used twice.",
        (lambda mu: mu**2 / np.sum(mu**2),),
    ),
    Slip(
        "softmax of the masses",
        "The frequencies are softmax(μ). μ already is a distribution; exponentials are for logits.",
        (softmax,),
    ),
)


def _judge_sample(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    messages: dict[str, str] = {}
    for case, value in zip(cases, values, strict=True):
        mu, n, _ = case.args
        message = value.problem and f"{value.problem}\n{_sample_remedy(value.problem)}".strip()
        if not message and n == 2:
            message = _pairs_message(value["pairs"], mu)
        elif not message:
            message = _indices_message(value["first"], mu, n)
            if not message and case.part == "frequencies":
                message = _frequency_message(value["first"], mu)
        if not message and case.part == "generator":
            message = _generator_message(value)
        if message and case.part not in messages:
            messages[case.part] = message
    return messages


def _sample_remedy(problem: str) -> str:
    if problem == NOT_WRITTEN:
        return ""
    if "larger sample than population" in problem or "Fewer non-zero" in problem:
        return (
            "Drawing without replacement runs out of states. Rollouts are independent: the same start "
            "may come many times."
        )
    return SAMPLE_IDEA


def _indices_message(draws: Array, mu: Array, n: int) -> str:
    if draws.shape == (n, len(mu)):
        return (
            f"The shape is {draws.shape}: one-hot rows or frequencies. Return the n state indices."
        )
    if draws.shape == (len(mu),):
        return (
            "You return one number for each state (counts?). Return the n state indices themselves."
        )
    if draws.shape != (n,):
        return (
            f"The shape is {draws.shape}, but it must be ({n},): one start state for each rollout."
        )
    if not np.array_equal(draws, np.round(draws)):
        return "A start state is an index 0..S-1, a whole number; yours are not whole."
    if draws.min() < 0 or draws.max() >= len(mu):
        worst = draws.min() if draws.min() < 0 else draws.max()
        return f"State {worst:g} does not exist: states count from 0 to {len(mu) - 1} here (off by one?)."
    return ""


def _frequency_message(draws: Array, mu: Array) -> str:
    n = len(draws)
    seen = np.bincount(draws.astype(int), minlength=len(mu)) / n
    if _meets(seen, mu, n):
        return ""
    for slip in SAMPLE_SLIPS:
        if any(_meets(seen, way(mu), n) for way in slip.ways):
            return slip.hint
    if np.any(seen[mu == 0] > 0):
        s = int(np.flatnonzero((mu == 0) & (seen > 0))[0])
        return f"State {s} came out, but μ({s}) = 0: nobody may start there.\n{SAMPLE_IDEA}"
    s = int(np.argmax(np.abs(seen - mu)))
    return (
        f"Of {n} draws, state {s} came {seen[s]:.1%}; μ({s}) = {mu[s]:.1%}. More than {SIGMAS:g} standard "
        f"errors apart cannot be luck.\n{SAMPLE_IDEA}"
    )


def _pairs_message(pairs: Array, mu: Array) -> str:
    if pairs.shape != (PAIRS, 2):
        return f"For n = 2 the shape is {pairs.shape[1:]}, but it must be (2,)."
    for draws in (pairs[0], pairs.ravel()):
        if wrong := _indices_message(draws, mu, len(draws)):
            return wrong
    if np.all(pairs == pairs[0]):
        return ""  # nothing is drawn: that is for the generator's part to say
    states = len(mu)
    first, second = pairs.astype(int).T
    seen = np.bincount(first * states + second, minlength=states**2) / PAIRS
    due = np.outer(mu, mu).ravel()
    if _meets(seen, due, PAIRS):
        return ""
    worst = int(np.argmax(np.abs(seen - due)))
    return (
        f"The draws are not independent. Of {PAIRS} calls with n = 2, {seen[worst]:.1%} gave the pair "
        f"({worst // states}, {worst % states}); with independent draws {due[worst]:.1%} do. Draw every start "
        "with the probabilities μ, whatever was drawn before: no walk over the states, no fixed shares."
    )


def _meets(seen: Array, mu: Array, n: int) -> bool:
    return bool(np.all(np.abs(seen - mu) <= SIGMAS * np.sqrt(mu * (1 - mu) / n) + 1e-12))


def _generator_message(value: Value) -> str:
    first, second, again, other = (value[k] for k in ("first", "second", "again", "other"))
    if np.array_equal(first, second):
        return (
            "Two calls with the same generator gave the same draws: is a seed set inside the function, "
            "or is nothing drawn at all? Every batch needs fresh starts. Draw from the rng you are given."
        )
    if not np.array_equal(first, again):
        return (
            "The same seed gave other draws: your function draws from a generator of its own "
            "(np.random.…?). Draw from the rng you are given, then a run can be repeated."
        )
    if np.array_equal(first, other):
        return (
            "Generators with other seeds gave the same draws: the rng is not used for all of them."
        )
    return ""


# ---------------------------------------------------------------- 2  the REINFORCE update


def _discounted_sums(r: Array, gamma: float) -> Array:
    """Q̂_t, each as the plain sum of its definition."""
    t = np.arange(len(r))
    weights = np.where(t[None, :] >= t[:, None], float(gamma) ** (t[None, :] - t[:, None]), 0.0)
    return weights @ r


def _update(
    theta, tau, alpha, gamma, *, weigh=_discounted_sums, score=None, divide=len, sign=1.0,
    sequential=False, policy=softmax,
):  # fmt: skip
    """The update and, by its options, the wrong turns one can take."""
    score = score or (lambda a, pi: np.eye(len(pi))[a] - pi)
    new, total = theta.copy(), np.zeros_like(theta)
    for s, a, r in tau:
        table = policy(new if sequential else theta)
        step = np.zeros_like(theta)
        for state, action, q in zip(s, a, weigh(r, gamma), strict=True):
            step[state] += score(action, table[state]) * q
        total += step
        new = new + sign * alpha * step / divide(tau)
    return new if sequential else theta + sign * alpha * total / divide(tau)


def _with(**options):
    return lambda theta, tau, alpha, gamma: _update(theta, tau, alpha, gamma, **options)


def _g0(r, gamma):
    return np.full(len(r), _discounted_sums(r, gamma)[0])


def _so_far(r, gamma):
    return _discounted_sums(r[::-1], gamma)[::-1]


def _late(r, gamma):
    return gamma * np.append(_discounted_sums(r, gamma)[1:], 0.0)


def _last_visit(whole):
    """grad[s] += ... with an array s keeps one visit of each; `whole`: of the one-hot part, too."""

    def way(theta, tau, alpha, gamma):
        pi, grad = softmax(theta), np.zeros_like(theta)
        for s, a, r in tau:
            q = _discounted_sums(r, gamma)[:, None]
            if whole:
                grad[s] += q * (np.eye(theta.shape[1])[a] - pi[s])
            else:
                grad[s, a] += q[:, 0]
                grad[s] -= q * pi[s]
        return theta + alpha * grad / len(tau)

    return way


SMALL_CHANGE = 0.02  # a change that float32 still knows to 1e-4 where θ is 3
UPDATE_IDEA = "Idea to look at: the slide REINFORCE, lines COMPUTE GRADIENTS and UPDATE."
UPDATE_SLIPS = (
    Slip(
        "nothing moves",
        "Nothing moves: θ comes back as it was. Does the gradient stay zero (is r_t left out of its own Q̂_t?), "
        "or is the old θ returned?",
        (lambda theta, tau, alpha, gamma: theta,),
    ),
    Slip(
        "descent",
        "Every entry moves the wrong way: you descend. J is a reward, so θ ← θ + α ∇J, with a plus.",
        (_with(sign=-1.0),),
    ),
    Slip(
        "step size forgotten",
        "The direction is right, the length is not: the step size α is missing.",
        (lambda theta, tau, alpha, gamma: _update(theta, tau, 1.0, gamma),),
    ),
    Slip(
        "gradient instead of θ",
        "You return the step without the θ it starts from. Return the new table θ + α ∇J.",
        (
            lambda theta, tau, alpha, gamma: _update(theta, tau, 1.0, gamma) - theta,
            lambda theta, tau, alpha, gamma: _update(theta, tau, alpha, gamma) - theta,
        ),
    ),
    Slip(
        "minus π forgotten",
        "Only the logit of the chosen action moves. ∇ log π of a softmax is onehot(a) - π(·|s): what the "
        "chosen action gains, all actions of that state pay for.",
        (_with(score=lambda a, pi: np.eye(len(pi))[a]),),
    ),
    Slip(
        "only the chosen logit",
        "Only the logit of the chosen action moves, by 1 - π(a|s). The softmax has a denominator: the other logits of "
        "the state move too, each by -π(a'|s). The whole row is onehot(a) - π(·|s).",
        (_with(score=lambda a, pi: np.eye(len(pi))[a] * (1 - pi)),),
    ),
    Slip(
        "onehot forgotten",
        "The chosen action does not stand out: the term onehot(a) is missing from onehot(a) - π(·|s).",
        (_with(score=lambda a, pi: -pi),),
    ),
    Slip(
        "probability instead of its logarithm",
        "This is ∇π, not ∇ log π: rare actions learn too little. The factor π(a|s) must not be there.",
        (_with(score=lambda a, pi: pi[a] * (np.eye(len(pi))[a] - pi)),),
    ),
    Slip(
        "softmax along the wrong axis",
        "You normalise down the columns of θ, over states, or over all of θ. A row of θ holds one state's logits: "
        "softmax along each row.",
        (
            _with(policy=lambda theta: softmax(theta.T).T),
            _with(policy=lambda theta: softmax(theta.ravel()).reshape(theta.shape)),
        ),
    ),
    Slip(
        "the last visit only",
        "A state that comes twice in a trajectory counts once: grad[s] += … with an array s keeps only one of its "
        "visits. Loop over the steps, or use np.add.at(grad, s, …).",
        (_last_visit(True), _last_visit(False)),
    ),
    Slip(
        "G_0 everywhere",
        "Every step is weighed with the return of the whole trajectory. The weight Q̂_t counts rewards "
        "from t on: an action cannot change what was paid before it.",
        (_with(weigh=_g0),),
    ),
    Slip(
        "rewards so far",
        "The rewards are summed from the wrong end: Q̂_t looks forward from t, not back.",
        (_with(weigh=_so_far), _with(weigh=lambda r, gamma: np.cumsum(r))),
    ),
    Slip(
        "only the next reward",
        "Each step is weighed with its own reward alone. What an action leads to later counts too.",
        (_with(weigh=lambda r, gamma: r),),
    ),
    Slip(
        "reward at t left out",
        "Q̂_t starts one step too late: the reward r_t that the action a_t earns belongs to it.",
        (_with(weigh=_late), _with(weigh=lambda r, gamma: _late(r, gamma) / gamma)),
    ),
    Slip(
        "no discount",
        "The rewards to go are summed without discount: r_k counts γ^(k-t).",
        (_with(weigh=lambda r, gamma: _discounted_sums(r, 1.0)),),
    ),
    Slip(
        "discounted from the start of the trajectory",
        "Your discount counts from time 0: γ^k instead of γ^(k-t). (With that extra γ^t it is the gradient "
        "of the discounted J itself; the lecture's REINFORCE, and this exercise, leave γ^t out.)",
        (_with(weigh=lambda r, gamma: _discounted_sums(r, gamma) * gamma ** np.arange(len(r))),),
    ),
    Slip(
        "sum instead of mean",
        "The step is N times too long: divide by the number of trajectories, so that α means the same for "
        "every batch size.",
        (_with(divide=lambda tau: 1),),
    ),
    Slip(
        "mean over steps",
        "You divide by the number of steps. The mean is over trajectories; the steps within one are summed.",
        (_with(divide=lambda tau: sum(len(r) for _, _, r in tau)),),
    ),
    Slip(
        "θ changes within the batch",
        "Later trajectories see a θ that earlier ones have already moved. All of them were collected with "
        "the old π_θ: add up the whole gradient first, update once.",
        (_with(sequential=True),),
    ),
    Slip(
        "only the last trajectory",
        "Only one trajectory of the batch has an effect. Does the sum start again for each of them?",
        tuple(
            lambda theta, tau, alpha, gamma, pick=pick, scale=scale: _update(
                theta, [tau[pick]], alpha / (len(tau) if scale else 1), gamma
            )
            for pick in (-1, 0)
            for scale in (True, False)
        ),
    ),
)


def _judge_update(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    messages = compare(
        cases,
        values,
        _update,
        UPDATE_SLIPS,
        tolerance=1e-4,
        idea=UPDATE_IDEA,
        scale=lambda truth, theta, *rest: max(float(np.max(np.abs(truth - theta))), SMALL_CHANGE),
        of=f" of the largest change, or of {SMALL_CHANGE:g} where that is more",
    )
    after = [
        (case.args[0], value.arrays.get("theta")) for case, value in zip(cases, values, strict=True)
    ]
    if any(theta is not None and not np.array_equal(theta, before) for before, theta in after):
        messages.setdefault(
            "one step",
            "Your function writes into the θ that it is given. That table must stay as it is: return a new one "
            "(theta = theta + …, not theta += …).",
        )
    return messages


# ---------------------------------------------------------------- 3  REINFORCE with resets

TRAIN_IDEA = "Idea to look at: the slide REINFORCE (WITH RESETS); only the ROLLOUT line is new."


def _judge_training(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    world = WORLDS["ring-of-fire"]()
    messages: dict[str, str] = {}
    for case, value in zip(cases, values, strict=True):
        message = value.problem and f"{value.problem}\n{TRAIN_IDEA}"
        if value.problem == NOT_WRITTEN:
            message = NOT_WRITTEN
        message = message or _calls_message(value)
        if not message and case.part == "starts":
            message = _starts_message(value, world)
        if not message and case.part == "trained":
            with np.errstate(all="ignore"):
                message = _trained_message(value, world, case.args[0])
        if message and case.part not in messages:
            messages[case.part] = message
    return messages


def _calls_message(value: Value) -> str:
    used, updates = value["starts"], int(value["updates"])
    if used.size == 0:
        return f"`rollout` was never called: where do the trajectories come from?\n{TRAIN_IDEA}"
    if len(used) == 1 and updates > 1:
        return f"`rollout` was called once for {updates} updates: is the `return` inside the loop?"
    return ""


def _flat(used: Array) -> Array:
    return used[~np.isnan(used)].astype(int)


def _distance(seen: Array, mu: Array, n: int) -> float:
    """χ² of the frequencies over the states with μ > 0."""
    there = mu > 0
    return float(n * np.sum((seen[there] - mu[there]) ** 2 / mu[there]))


def _starts_message(value: Value, world) -> str:
    mu, used, updates = value["mu"], value["starts"], int(value["updates"])
    flat = _flat(used)
    if flat.min() < 0 or flat.max() >= world.n_states:
        return f"There is no state {flat.min() if flat.min() < 0 else flat.max()} to start in."
    n, wanted = len(flat), updates * EPISODES
    seen = np.bincount(flat, minlength=world.n_states) / n
    if np.all(world.start[flat] > 0):
        return "All rollouts start at S, whatever μ says. That is REINFORCE without resets."
    if np.ptp(flat) == 0:
        return (
            f"All rollouts start in the same cell, {flat[0]}. One cell is no distribution, also where it is the "
            "likeliest: draw s_1 ~ μ for each rollout."
        )
    if np.all(used == used[0]):
        return (
            "The starts are drawn once and kept: every batch begins in the same few states. Draw afresh "
            "inside the loop, s_1 ~ μ for each rollout."
        )
    if not 0.98 * wanted <= n <= 1.6 * wanted:  # a look at the policy now and then is allowed
        return (
            f"`rollout` was called {len(used)} times and made {n} trajectories for {updates} updates; "
            f"each update needs N = {EPISODES} fresh ones, {wanted} in all."
        )
    outside = np.flatnonzero((mu == 0) & (seen > 0))
    if len(outside) and _meets(seen, world.startable / world.startable.sum(), n):
        return "The starts are uniform over all cells, whatever μ says. Where does the loop use mu?"
    if len(outside):
        return f"Rollouts start in cell {outside[0]}, but μ is 0 there.\n{TRAIN_IDEA}"
    if _distance(seen, mu, n) <= CHI_SQUARE:
        return ""
    if _distance(seen, (mu > 0) / np.sum(mu > 0), n) <= CHI_SQUARE:
        return (
            "The starts are uniform over the cells with μ > 0. μ is a distribution, not a list of allowed cells: "
            "a cell with three times the mass must start three times as many rollouts."
        )
    extra = seen[world.start > 0].sum() - mu[world.start > 0].sum()
    if extra > 0.15:
        return (
            f"{extra:.0%} more of the rollouts start at S than μ says: is only a part of each batch reset? "
            "Every rollout of the batch draws its own s_1 ~ μ."
        )
    worst = int(np.argmax(np.abs(seen - mu)))
    return (
        f"The starts do not come as often as μ says: cell {worst} {seen[worst]:.1%} of the time, but μ there is "
        f"{mu[worst]:.1%}. Is μ changed before you draw (squared, flattened, cut off)?"
    )


def _trained_message(value: Value, world, kind: str) -> str:
    theta, shape = value["theta"], (world.n_states, world.n_actions)
    if theta.shape != shape:
        return f"θ has shape {theta.shape}, but it must be {shape}: a row of logits for each state."
    if not np.all(np.isfinite(theta)):
        return "θ contains nan or ∞: the steps have run away. Check the size and the sign of the update."
    if not np.any(theta):
        return "θ is still all zero: the result of the update is not kept. Assign it: theta = …"
    if int(value["policies"]) < min(int(value["updates"]), 20) // 2:
        return (
            "`rollout` got the same θ again and again: the policy that is rolled out must be the one that "
            "the last update made."
        )
    if kind == "uniform" and (message := _updates_message(value)):
        return message
    _, _, ended = exact.push(world, softmax(theta), GAMMA, HORIZON)
    jackpot, trap = (float(ended[world.goals[g]].sum()) for g in "Ge")
    if kind == "uniform" and jackpot <= 0.5:
        flat = _flat(value["starts"])
        seen = np.bincount(flat, minlength=world.n_states) / len(flat)
        question = "" if _meets(seen, value["mu"], len(flat)) else ": are the resets really used?"
        return (
            f"Trained with resets everywhere, {jackpot:.0%} of the rollouts from S reach +100 (at least "
            f"50 % are asked for; a right answer reaches nearly all) and {trap:.0%} end at +1{question or '.'}"
        )
    if kind == "nominal" and trap <= 0.5:
        return (
            f"Trained from S alone, {trap:.0%} of the rollouts from S end at +1, and {jackpot:.0%} at +100. "
            "REINFORCE from the nominal start gets stuck at +1; yours does something else. Does it start "
            "where μ says, also when μ is the nominal start?"
        )
    return ""


UPDATE_DOUBT = (
    "It must be that of exercise 2: from the θ that was rolled out, all of its trajectories as they came, and "
    "alpha and gamma as they are given. Is exercise 2 right?"
)


def _updates_message(value: Value) -> str:
    """Is the first θ zero, and are the first update and the last one exact?"""
    theta, first = value["theta"], value["first"]
    if first.shape != theta.shape:
        return f"The θ that you roll out has shape {first.shape}, but it must be {theta.shape}."
    if np.max(np.abs(first)) > 1e-6:
        return "The first θ that you roll out is not zero. Start with θ = 0: then no action is preferred."
    if not any(_is_update(value, "first", value[after]) for after in ("second", "third")):
        return f"Your first update is not exact. {_wrong_update(value, 'first', value['second'])}"
    seen = [batch for batch in LAST if batch in value.arrays]
    if not any(_is_update(value, batch, theta) for batch in seen):
        batch = next((b for b in seen if not np.array_equal(value[b], theta)), "last")
        return (
            "Your first update is exact, but the last one, or the θ that you return, is not. Every update goes on "
            "from the θ of the one before; return what the last one made, no mean and no best of several. "
            f"{_wrong_update(value, batch, theta)}"
        )
    return ""


def _trajectories(value: Value, batch: str) -> list:
    steps = [one[~np.isnan(one[:, 2])] for one in value[f"{batch} tau"]]
    return [(one[:, 0].astype(int), one[:, 1].astype(int), one[:, 2]) for one in steps]


def _directions(theta, tau, gamma) -> Array:
    """The mean gradient of every N trajectories in a row: looks at the policy may come before or after."""
    each = np.array([_update(theta, [one], 1.0, gamma) - theta for one in tau])  # [n, S, A]
    total = np.concatenate([np.zeros_like(each[:1]), np.cumsum(each, axis=0)])
    n = min(EPISODES, len(each))
    return (total[n:] - total[:-n]) / n


def _is_update(value: Value, batch: str, after: Array) -> bool:
    theta = value[batch]
    steps = ALPHA * _directions(theta, _trajectories(value, batch), GAMMA)
    return any(
        close(after - theta, step, 1e-3, max(float(np.max(np.abs(step))), SMALL_CHANGE))
        for step in steps
    )


def _alpha(change: Array, directions: Array) -> float:
    """The step size that makes `change` of one of the directions; nan if none fits."""
    for direction in filter(np.any, directions):
        alpha = float(np.vdot(change, direction) / np.vdot(direction, direction))
        if close(change, alpha * direction, 1e-3):
            return alpha
    return float("nan")


def _wrong_update(value: Value, batch: str, after: Array) -> str:
    """What the wrong update is, where it can be told."""
    theta, tau = value[batch], _trajectories(value, batch)
    change = after - theta
    alpha = _alpha(change, _directions(theta, tau, GAMMA))
    if alpha < 0:
        return "It goes downhill: is the sign of the step right?"
    if alpha > 0:
        return (
            f"The direction is right, but the step is {alpha / ALPHA:.3g} times as long: take alpha as it is given, "
            f"and the mean over all N = {EPISODES} trajectories."
        )
    return next(_other_updates(theta, tau, change, after), UPDATE_DOUBT)


def _other_updates(theta, tau, change, after) -> Iterator[str]:
    if np.isfinite(_alpha(change, _directions(theta, tau, ALPHA))):
        yield "It is an update with γ = 0.1: are alpha and gamma swapped?"
    for gamma in (1.0, 0.0, 0.5, 0.9, 0.98, 0.99, 0.999):
        if np.isfinite(_alpha(change, _directions(theta, tau, gamma))):
            yield f"It is an update with γ = {gamma:g}: hand on `gamma`, which is {GAMMA:g} here."
    good = [[one for one in part if one[2].sum() > 0] for part in (tau[:EPISODES], tau[-EPISODES:])]
    if any(np.isfinite(_alpha(change, _directions(theta, some, GAMMA))) for some in good if some):
        yield "Only trajectories with a positive return count. The bad ones teach, too: use all of them."
    if np.isfinite(_alpha(after, _directions(0 * theta, tau, GAMMA))):
        yield "It starts from zero again: each update starts from the θ that the one before made."


# ---------------------------------------------------------------- 4  occupancy


def _chain(P, pi) -> Array:
    return np.einsum("sa,sat->st", pi, P)


def _visits(M, start, gamma) -> Array:
    return np.linalg.solve(np.eye(len(start)) - gamma * M.T, start)


def _occupancy(P, pi, start, gamma) -> Array:
    """d^π(s) = (1-γ) Σ_t γ^t P(s_t = s)."""
    return (1 - gamma) * _visits(_chain(P, pi), start, gamma)


def _stops_early(given, truth, P, pi, start, gamma) -> bool:
    """A partial sum, or one that counts the mass on its way as if it stayed where it is."""
    M, mass, total = _chain(P, pi), start.copy(), np.zeros_like(start)
    for _ in range(1000):
        total, mass = total + (1 - gamma) * mass, gamma * mass @ M
        if close(given, total, 1e-4) or close(given, total + mass, 1e-4):
            return True
    return False


def _normalised(d):
    return d / d.sum()


OCCUPANCY_IDEA = (
    "Idea to look at: d^π = (1-γ) Σ_t γ^t P(s_t = s); push the start mass forward, step by step."
)
OCCUPANCY_SLIPS = (
    Slip(
        "transposed",
        "The mass flows backwards. P[s, a, s'] leads FROM s TO s': d(s') collects from all s, so the "
        "matrix acts from the other side (mass @ P_π, or a solve with P_π transposed). As it stands this "
        "is a value function, not an occupancy.",
        (
            lambda P, pi, start, gamma: (1 - gamma) * _visits(_chain(P, pi).T, start, gamma),
            lambda P, pi, start, gamma: _visits(_chain(P, pi).T, start, gamma),
        ),
    ),
    Slip(
        "factor 1-γ missing",
        "The shape is right, but everything is 1/(1-γ) times too large: the factor (1-γ), which makes the "
        "weights γ^t sum to 1, is missing.",
        (lambda *case: _occupancy(*case) / (1 - case[3]),),
    ),
    Slip(
        "normalised",
        "You make d sum to 1. Here episodes may end, and the missing mass is exactly the part that has "
        "ended: leave it missing.",
        (lambda *case: _normalised(_occupancy(*case)),),
    ),
    Slip(
        "π ignored",
        "All actions are taken equally often in what you compute. Average the transitions with π(a|s).",
        (
            lambda P, pi, start, gamma: _occupancy(
                P, np.full_like(pi, 1 / pi.shape[1]), start, gamma
            ),
            lambda P, pi, start, gamma: _occupancy(P, np.ones_like(pi), start, gamma),
        ),
    ),
    Slip(
        "greedy instead of π",
        "Only the likeliest action of each state moves mass. π is stochastic: all of its actions count.",
        (
            lambda P, pi, start, gamma: _occupancy(
                P, np.eye(pi.shape[1])[pi.argmax(1)], start, gamma
            ),
        ),
    ),
    Slip(
        "time starts at 1",
        "The first term is missing or comes one factor γ too late: at t = 0 the weight is γ^0 = 1 and the "
        "mass is still where it started.",
        (
            lambda *case: _occupancy(*case) - (1 - case[3]) * case[2],
            lambda *case: case[3] * _occupancy(*case),
            lambda *case: (_occupancy(*case) - (1 - case[3]) * case[2]) / case[3],
        ),
    ),
    Slip(
        "start ignored",
        "The mass starts everywhere alike. It starts as the given `start` says.",
        (
            lambda P, pi, start, gamma: _occupancy(
                P, pi, np.full_like(start, 1 / len(start)), gamma
            ),
        ),
    ),
    Slip(
        "sum cut off",
        "The sum stops too early: with γ near 1, late steps still count. Go on until γ^t is negligible "
        "(at γ = 0.99 that takes more than a thousand steps), or solve the linear system.",
        looks=_stops_early,
    ),
)


def _judge_occupancy(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    return compare(cases, values, _occupancy, OCCUPANCY_SLIPS, tolerance=1e-4, idea=OCCUPANCY_IDEA)


# ---------------------------------------------------------------- 5  the mismatch coefficient


def _mismatch(d_star, mu) -> float:
    """max d*(s)/μ(s) over the states that d* visits, ∞ where μ misses one."""
    visited = d_star > 0
    missed = np.any(mu[visited] == 0)
    return float("inf") if missed else float(np.max(d_star[visited] / mu[visited]))


def _only_covered(d_star, mu):
    return np.max(d_star[mu > 0] / mu[mu > 0])


MISMATCH_IDEA = (
    "Idea to look at: ‖d_π*/μ‖_∞ = max_s d_π*(s)/μ(s), 'cover the states the expert will visit'."
)
MISMATCH_SLIPS = (
    Slip(
        "0/0",
        "The result is nan: you divide 0 by 0. A state that d* never visits puts no demand on μ: leave it "
        "out before dividing.",
        (lambda d_star, mu: np.nan,),
    ),
    Slip(
        "0/0 counted as 1",
        "You count 0/0 as 1. A state that d* never visits puts no demand on μ: leave it out, or count it as 0.",
        (lambda d_star, mu: max(_mismatch(d_star, mu), 1.0),),
    ),
    Slip(
        "∞ wherever μ is zero",
        "You answer ∞ although μ covers every state that d* visits. A zero of μ only hurts where d* > 0.",
        (lambda d_star, mu: np.inf,),
    ),
    Slip(
        "holes skipped",
        "You leave out the states with μ(s) = 0. But if the expert goes there and μ never starts there, "
        "the penalty is ∞: the theorem promises nothing. Leave out states with d* = 0, not with μ = 0.",
        (_only_covered, lambda d_star, mu: 0.0),
    ),
    Slip(
        "a small number added to μ",
        "You add a small number to μ before dividing. That turns ∞, the whole point, into a finite number "
        "that looks fine. Treat μ(s) = 0 as a case of its own.",
        tuple(
            lambda d_star, mu, eps=eps: np.max(d_star / (mu + eps))
            for eps in (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
        )
        + tuple(
            lambda d_star, mu, eps=eps: np.max(d_star / np.maximum(mu, eps))
            for eps in (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-5, 1e-4, 1e-3)
        ),
    ),
    Slip(
        "a large number for ∞",
        "A large number stands where ∞ must stand (np.nan_to_num, or one of your own?). Return np.inf itself.",
        looks=lambda given, truth, *_: (
            given.shape == () and np.isposinf(truth) and 1e3 <= given < np.inf
        ),
    ),
    Slip(
        "upside down",
        "The ratio is upside down: it is d* over μ.",
        (
            lambda d_star, mu: np.max(mu / d_star),
            lambda d_star, mu: np.max(mu[d_star > 0] / d_star[d_star > 0]),
        ),
    ),
    Slip(
        "mean instead of maximum",
        "You average the ratio. The ∞-norm takes the largest: one badly covered state is enough to spoil "
        "the guarantee (a written question comes back to this).",
        (
            lambda d_star, mu: np.mean(d_star / mu),
            lambda d_star, mu: np.nansum(d_star * d_star / mu),
            lambda d_star, mu: np.sum(d_star),
            lambda d_star, mu: np.mean(d_star[d_star > 0] / mu[d_star > 0]),
        ),
    ),
    Slip(
        "sum or length instead of maximum",
        "This is another norm (the sum, or the root of the sum of squares). ‖·‖_∞ is the maximum.",
        (
            lambda d_star, mu: np.nansum(d_star / mu),
            lambda d_star, mu: np.linalg.norm(d_star / mu),
        ),
    ),
    Slip(
        "maxima before the ratio",
        "You divide the largest d* by a single number of μ. First the ratio in every state, then its maximum.",
        (
            lambda d_star, mu: d_star.max() / mu.max(),
            lambda d_star, mu: d_star.max() / mu[d_star.argmax()],
            lambda d_star, mu: d_star.max() / mu.min(),
            lambda d_star, mu: d_star[mu.argmin()] / mu.min(),
        ),
    ),
    Slip(
        "d* normalised",
        "You make d* sum to 1 first. Its missing mass is the part of time after the episode has ended; "
        "the theorem uses d* as it is.",
        (lambda d_star, mu: _mismatch(d_star / d_star.sum(), mu),),
    ),
    Slip(
        "where instead of how much",
        "You return the state where the ratio is largest. Return the ratio itself.",
        (lambda d_star, mu: np.argmax(np.where(d_star > 0, d_star / mu, 0.0)),),
    ),
    Slip(
        "difference instead of ratio",
        "You compare by difference. Coverage is a ratio: half of a small mass is as bad as half of a large one.",
        (lambda d_star, mu: np.max(np.abs(d_star - mu)), lambda d_star, mu: np.max(d_star - mu)),
    ),
)


def _judge_mismatch(cases: Sequence[Case], values: Sequence[Value]) -> dict[str, str]:
    flat = [
        Value({"value": v["value"].reshape(())}) if not v.problem and v["value"].size == 1 else v
        for v in values
    ]  # a number, or a number in an array
    return compare(cases, flat, _mismatch, MISMATCH_SLIPS, tolerance=1e-4, idea=MISMATCH_IDEA)


EXERCISES = {
    "sample_resets": _judge_sample,
    "reinforce_update": _judge_update,
    "reinforce_with_resets": _judge_training,
    "occupancy": _judge_occupancy,
    "mismatch": _judge_mismatch,
}
