"""BaselineLab: what a baseline does to the gradient of a world that pays c more on every step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import anywidget
import numpy as np
import traitlets

from pgkit import draw, exact
from pgkit.algorithms import Reinforce, ReinforceBaseline
from pgkit.critics import ValueTable
from pgkit.policies import logistic
from pgkit.returns import dataset, leave_one_out, reward_to_go
from pgkit.rollout import rollout
from pgkit.run import Run
from pgkit.types import Array, Float, Info, State
from pgkit.widgets.lab import bundle, styles, with_picture
from pgkit.worlds.century import century

T, STATES, ACTIONS = 5, 2, 2
MOST_C, MOST_N = 200, 32
BATCHES = (1, 2, 4, 8, 16, 32)
RUNS, UPDATES, ALPHA = 100, 200, 0.1  # of the training beside each row
LEARNED = 17.7  # J - 5c of a run that has learned: the best is 18.2
LOST = 0.05  # π(work) of a run that is committed to the wrong action somewhere
DOTS, SAMPLES = 400, 160_000  # gradients in the cloud; rollouts for what is known only from samples
NAMES = {
    "none": "none",
    "V(s)": "V(s), exact",
    "batch mean": "batch mean",
    "same-batch V_t(s)": "Vₜ(s), same batch",
    "leave-one-out": "leave-one-out",
    "V_t(s)": "Vₜ(s), exact",
    "b(s,a)": "b(s, a) = Qₜ(s, a)",
}
CENTURY = {  # outcome() at c = 100, N = 8, so that the lab opens at once
    "none": (22, 78), "V(s)": (34, 66), "batch mean": (100, 0), "same-batch V_t(s)": (100, 0),
    "leave-one-out": (100, 0), "V_t(s)": (100, 0), "b(s,a)": (0, 0),
}  # fmt: skip
MEANS = {
    "none": "the weight is Q̂ₜ",
    "V(s)": "the mean Q̂ over all visits of s, whenever",
    "batch mean": "the mean Q̂ₜ of the N rollouts, one's own included",
    "same-batch V_t(s)": "fitted on the N rollouts that it is subtracted from, as on the slide",
    "leave-one-out": "the mean Q̂ₜ of the N − 1 other rollouts",
    "V_t(s)": "what is to be expected from s at time t",
    "b(s,a)": "what is to be expected from s and a at time t: it looks at the action",
}


class BaselineLab(anywidget.AnyWidget):
    """Turn the offset c, choose a baseline: mean and variance of the gradient, its cloud, and who learns.

    The world is Century: two rooms, T = 5, every reward c more than in the world of two rooms. All
    gradients are at one θ, by default the coin toss; each is the mean over N rollouts.

    Parameters
    ----------
    offset : c, from 0 to 200.
    baseline : one of "none", "V(s)", "batch mean", "same-batch V_t(s)", "leave-one-out", "V_t(s)", "b(s,a)".
    episodes : N, one of 1, 2, 4, 8, 16, 32.
    seed : of the rollouts in the cloud, the first of which is shown.

    Raises
    ------
    ValueError : a number out of range or an unknown baseline.
    """

    _esm = bundle("lab.mjs", "plot.mjs", "baseline_lab.mjs")
    _css = styles("lab.css")
    offset = traitlets.Float(100.0).tag(sync=True)
    baseline = traitlets.Unicode("none").tag(sync=True)
    episodes = traitlets.Int(8).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    wanted = traitlets.Unicode("").tag(sync=True)  # a baseline whose runs the page would like, too
    scene = traitlets.Dict().tag(sync=True)  # all that is polynomial in c: the page evaluates it
    outcomes = traitlets.Dict().tag(sync=True)  # baseline -> [learned, lost] of 100 runs at c and N

    def __init__(
        self, offset: float = 100.0, baseline: str = "none", episodes: int = 8, seed: int = 0
    ) -> None:
        super().__init__()
        with self.hold_sync():
            self.offset, self.baseline = float(offset), baseline
            self.episodes, self.seed = episodes, seed
            self._look({})
            self._train({})

    # ---------------------------------------------------------------- what may be chosen

    @traitlets.validate("offset")
    def _check_offset(self, proposal: Any) -> float:
        given = proposal["value"]
        if not 0 <= given <= MOST_C:
            raise ValueError(f"offset = {given!r}, but c lies in [0, {MOST_C}]; 100 is Century")
        return given

    @traitlets.validate("baseline")
    def _check_baseline(self, proposal: Any) -> str:
        return _known(proposal["value"])

    @traitlets.validate("wanted")
    def _check_wanted(self, proposal: Any) -> str:
        return _known(proposal["value"]) if proposal["value"] else ""

    @traitlets.validate("episodes")
    def _check_episodes(self, proposal: Any) -> int:
        given = proposal["value"]
        if given not in BATCHES:
            raise ValueError(
                f"episodes = {given!r}, but N is one of {', '.join(map(str, BATCHES))}; 8 is usual"
            )
        return given

    @traitlets.validate("seed")
    def _check_seed(self, proposal: Any) -> int:
        if proposal["value"] < 0:
            raise ValueError(f"seed = {proposal['value']}, but a seed is 0 or larger")
        return proposal["value"]

    # ---------------------------------------------------------------- what is seen

    @traitlets.observe("episodes", "seed")
    def _look(self, change: Any) -> None:
        self.scene = _scene(self.episodes, self.seed)

    @traitlets.observe("offset", "episodes", "baseline", "wanted")
    def _train(self, change: Any) -> None:
        """The outcome of the chosen row; those of other rows at the same c and N stay."""
        moved = change and change["name"] in ("offset", "episodes")
        kept = {} if moved else dict(self.outcomes)
        for name in {self.baseline, self.wanted if change and change["name"] == "wanted" else ""}:
            if name and name not in kept:
                kept[name] = list(outcome(name, self.offset, self.episodes))
        self.outcomes = kept

    def variance(self, name: str | None = None) -> float:
        """tr Cov of the gradient of N rollouts; exact, except for "same-batch V_t(s)" (sampled)."""
        a, b, c = self.scene["variance"][_known(name or self.baseline)]
        return a + b * self.offset + c * self.offset**2

    def mean(self, name: str | None = None) -> Float[Array, "2"]:
        """E ĝ, exact."""
        return np.array(self.scene["mean"][_known(name or self.baseline)])

    def kept(self, name: str | None = None) -> float:
        """The share of the exact gradient that is left in the mean, along the exact gradient."""
        true = np.array(self.scene["exact"])
        return float(self.mean(name) @ true / (true @ true))

    def outcome(self, name: str | None = None) -> tuple[int, int]:
        """(learned, lost) of 100 runs."""
        return outcome(_known(name or self.baseline), self.offset, self.episodes)

    @property
    def cloud(self) -> Float[Array, "n 2"]:
        """Gradients of the chosen baseline, each of N rollouts."""
        flat = np.array(self.scene["cloud"][self.baseline]).reshape(-1, 4)
        return flat[:, :2] + self.offset * flat[:, 2:]

    @property
    def uphill(self) -> float:
        """The share of the cloud that points uphill."""
        along = self.cloud @ np.array(self.scene["exact"])
        return float((along > 1e-6).mean())

    @property
    def weights(self) -> Float[Array, "5"]:
        """Q̂_t - b of the rollout that is shown."""
        w = np.array(self.scene["rollout"]["weight"][self.baseline])
        return w[0] + self.offset * w[1]

    @property
    def score(self) -> float:
        """R(ξ) of the rollout that is shown."""
        return float(sum(self.scene["rollout"]["above"]) + T * self.offset)

    @property
    def sentence(self) -> str:
        """The lab in words."""
        learned, lost = self.outcome()
        return (
            f"Baseline {NAMES[self.baseline]}, c = {self.offset:g}, N = {self.episodes}: the mean gradient is "
            f"{_percent(self.kept())} % of the exact one, its variance {self.variance():.4g}, "
            f"{_percent(self.uphill)} % of {DOTS} sampled gradients point uphill. After {UPDATES} updates "
            f"{learned} of {RUNS} runs have learned, "
            f"{lost} are lost. The rollout shown scored {self.score:g}; its steps weigh "
            f"{', '.join(f'{w:.1f}' for w in self.weights)}."
        )

    @property
    def table(self) -> str:
        """Every baseline at this c and N, as text."""
        lines = [f"{'baseline':28}{'mean':>6} {'variance':>10} {'learned':>8}"]
        for name in NAMES:
            about = "≈" if name in self.scene["sampled"] else " "
            lines.append(
                f"{NAMES[name]:28}{_percent(self.kept(name)):4} % {about}{self.variance(name):9.4g}"
                f" {self.outcome(name)[0]:8}"
            )
        return "\n".join(lines)

    def picture(self) -> bytes:
        """Bars and cloud as PNG."""
        return draw.lab([_Cloud(self), _Bars(self), _Weights(self)], None, self.sentence)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        data, metadata = with_picture(shown, self.picture(), self.sentence)
        return data | {"text/plain": f"{self.sentence}\n{self.table}"}, metadata


def _percent(share: float) -> int:
    return int(np.floor(100 * share + 0.5 + 1e-9))  # a half goes up, as on the page


def _known(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"baseline = {name!r}, but it must be one of {', '.join(NAMES)}")
    return name


# ---------------------------------------------------------------- the baselines


def _tables(probs: Float[Array, "... S A"], offset: float) -> dict[str, Array]:
    """What only who knows the world can subtract: b_t(s,a) [..., T, S, A] of each such baseline."""
    world, over_time = century(offset), exact.at_all_times(probs, T)
    value, q = exact.values_over_time(world, over_time, 1.0)
    d = exact.occupancy_over_time(world, over_time, 1.0)
    timeless = (d * value).sum(axis=-2, keepdims=True) / d.sum(axis=-2, keepdims=True)
    return {
        "none": np.zeros_like(q),
        "V(s)": np.broadcast_to(timeless[..., None], q.shape),
        "V_t(s)": np.broadcast_to(value[..., None], q.shape),
        "b(s,a)": q,
    }


def _credit(
    name: str, tables: dict[str, Array], s: Array, a: Array, q: Array
) -> Float[Array, "K N T"]:
    """Q̂_t - b of K batches of N rollouts.  s, a, q: [K, N, T]; tables of one policy, or of K."""
    if name in tables:
        b = tables[name]
        runs = () if b.ndim == 3 else (np.arange(len(s))[:, None, None],)
        return q - b[(*runs, np.arange(T), s, a)]
    n = s.shape[1]
    if name == "batch mean":
        return q - q.mean(axis=1, keepdims=True)
    if name == "leave-one-out":
        return q - (q.sum(axis=1, keepdims=True) - q) / (n - 1) if n > 1 else q
    b = np.zeros_like(q)
    for state in range(STATES):
        here = s == state
        count = here.sum(axis=1, keepdims=True)
        total = np.where(here, q, 0.0).sum(axis=1, keepdims=True)
        b += np.where(here, total / np.maximum(count, 1), 0.0)
    return q - b


@dataclass(frozen=True)
class Chosen(ReinforceBaseline):
    """REINFORCE with any baseline of the lab; the exact ones are computed from the world at every update."""

    kind: str = "none"

    def iteration(self, state: State, world, policy, draws):
        theta = state.theta
        tau = rollout(world, policy, theta, draws, start=world.start,
                      episodes=self.episodes, horizon=self.horizon)  # fmt: skip
        D = dataset(tau, q_hat=reward_to_go(tau.r, self.gamma))
        if self.kind == "leave-one-out":
            adv = D.q_hat - leave_one_out(D)
        else:
            offset = float(world.reward.min())
            known = self.kind in ("V(s)", "V_t(s)", "b(s,a)")
            tables = _tables(policy.table(theta), offset) if known else {}
            adv = _credit(self.kind, tables, tau.s, tau.a, D.q_hat.reshape(tau.s.shape))
        grad = policy.grad_log_prob(theta, D, weight=adv.reshape(D.q_hat.shape))
        return State(theta + self.alpha * grad, state.phi), Info(tau, D, grad)


def outcome(name: str, offset: float, episodes: int) -> tuple[int, int]:
    """(learned, lost) of 100 runs of 200 updates with α = 0.1: above J - 5c = 17.7; sure of a wrong action."""
    if (offset, episodes) == (100.0, 8):
        return CENTURY[name]
    return trained(name, offset, episodes)


@cache
def trained(name: str, offset: float, episodes: int) -> tuple[int, int]:
    """outcome(), computed."""
    world = century(offset)
    usual = {"alpha": ALPHA, "gamma": 1.0, "episodes": episodes, "horizon": T}
    algorithm = (
        Reinforce(**usual) if name == "none" else Chosen(**usual, kind=name, critic=ValueTable(T))
    )
    assert world.features is not None
    run = Run(algorithm, world, logistic(world.features), runs=RUNS, seed=5, engine="text")
    last = run.advance(UPDATES).history[-1].expected_return
    sure = (run.policy.table(run.state.theta)[..., 1] < LOST).any(axis=-1)
    return int((last - T * offset > LEARNED).sum()), int(sure.sum())


# ---------------------------------------------------------------- mean, variance and cloud, for every c at once


@dataclass(frozen=True)
class _World:
    """All trajectories at one θ; what is linear in c is kept as two parts, without c and times c."""

    tau: exact.Paths
    prob: Float[Array, "M"]
    score: Float[Array, "M T 2"]
    q: tuple[Array, Array]  # Q̂_t [M, T]: at c = 0, and what each unit of c adds
    tables: tuple[dict[str, Array], dict[str, Array]]


@cache
def _enumerated() -> _World:
    world = century(0)
    assert world.features is not None
    policy = logistic(world.features)
    probs = policy.table(np.zeros(STATES))
    tau = exact.paths(world, T)
    score = exact.path_scores(tau, exact.feature_scores(probs, policy.features))
    q = exact.future_return(tau, 1.0)
    none, one = _tables(probs, 0.0), _tables(probs, 1.0)
    each = {name: one[name] - none[name] for name in none}
    ahead = np.broadcast_to(np.arange(T, 0, -1.0), q.shape)
    return _World(tau, exact.path_probability(tau, probs), score, (q, ahead), (none, each))


def _drawn(groups: int, episodes: int, seed: int) -> Array:
    """Indices of trajectories [groups, N]."""
    rng = np.random.default_rng([seed, episodes])
    return rng.choice(len(_enumerated().prob), (groups, episodes), p=_enumerated().prob)


def _gradients(name: str, at: Array, part: int) -> Float[Array, "K 2"]:
    """ĝ of each batch of trajectories: part 0 without c, part 1 what each unit of c adds."""
    all_ = _enumerated()
    s, a, q = all_.tau.s[at], all_.tau.a[at], all_.q[part][at]
    weight = _credit(name, all_.tables[part], s, a, q)
    return np.einsum("knt,kntp->kp", weight, all_.score[at]) / at.shape[1]


@cache
def _moments(episodes: int) -> dict[str, Any]:
    """Mean [2] and the variance's coefficients (1, c, c²) of each baseline's ĝ."""
    world = _enumerated()
    one = np.arange(len(world.prob))[:, None]
    true = world.prob @ _gradients("none", one, 0)
    mean: dict[str, list[float]] = {}
    variance: dict[str, list[float]] = {}
    for name in world.tables[0]:
        parts = [_gradients(name, one, part) for part in (0, 1)]
        off = [g - world.prob @ g for g in parts]
        mean[name] = (world.prob @ parts[0]).tolist()
        square = [[float(world.prob @ (x * y).sum(axis=1)) for x in off] for y in off]
        variance[name] = [v / episodes for v in (square[0][0], 2 * square[0][1], square[1][1])]
    mean["leave-one-out"] = true.tolist()
    variance["leave-one-out"] = _leave_one_out_variance(episodes) or variance["none"]
    shrunk = 1 - 1 / episodes  # the batch mean is leave-one-out times (1 - 1/N), draw by draw
    mean["batch mean"] = (shrunk * true).tolist()
    variance["batch mean"] = [shrunk**2 * v for v in variance["leave-one-out"]]
    if episodes == 1:
        variance["batch mean"] = [0.0, 0.0, 0.0]
    name = "same-batch V_t(s)"
    mean[name] = exact.same_batch_mean(
        world.tau, world.prob, world.score, world.q[0], episodes
    ).tolist()
    many = _gradients(name, _drawn(SAMPLES // max(episodes, 4), episodes, 1), 0)
    variance[name] = [float(many.var(axis=0, ddof=1).sum()), 0.0, 0.0]
    return {"exact": true.tolist(), "mean": mean, "variance": variance,
            "sampled": [name] if episodes > 1 else []}  # fmt: skip


def _leave_one_out_variance(episodes: int) -> list[float] | None:
    """tr Cov of (1/N) Σ_i Σ_t ψ_it (Q̂_it - mean of the others); None for N = 1.  It does not depend on c.

    To the variance with b_t = E Q̂_t, of one rollout, come Σ_t E|ψ_t|² Var Q̂_t / (N-1) and, between two
    rollouts, Σ_tk E[ψ_t Q̂_k]·E[ψ_k Q̂_t] / (N-1).
    """
    if episodes == 1:
        return None
    world = _enumerated()
    p, score, q = world.prob, world.score, world.q[0]
    off = q - p @ q
    one = exact.moments(p, exact.weighted_score(score, off)).trace
    cross = np.einsum("m,mtp,mk->tkp", p, score, off, optimize=True)
    own = p @ (score**2).sum(axis=-1) @ (p @ off**2)
    more = (own + np.einsum("tkp,ktp->", cross, cross)) / (episodes - 1)
    return [float(one + more) / episodes, 0.0, 0.0]


@cache
def _scene(episodes: int, seed: int) -> dict[str, Any]:
    world, at = _enumerated(), _drawn(DOTS, episodes, seed)
    at[0, 0] = at[0, 0] if seed else _scored(7.0)  # the first to be seen scores 507 in Century
    clouds = {
        name: np.hstack([_gradients(name, at, part) for part in (0, 1)]).round(5).ravel().tolist()
        for name in NAMES
    }
    first, m = at[:1], at[0, 0]
    weight = {
        name: [
            _credit(name, world.tables[k], world.tau.s[first], world.tau.a[first], world.q[k][first])
            [0, 0].tolist()
            for k in (0, 1)
        ]
        for name in NAMES
    }  # fmt: skip
    shown = {"s": world.tau.s[m].tolist(), "a": world.tau.a[m].tolist(),
             "above": world.tau.r[m].tolist(), "weight": weight}  # fmt: skip
    said = {"names": NAMES, "means": MEANS, "mostC": MOST_C, "batches": BATCHES, "runs": RUNS,
            "updates": UPDATES, "episodes": episodes, "seed": seed}  # fmt: skip
    return _moments(episodes) | {"cloud": clouds, "rollout": shown} | said


def _scored(above: float) -> int:
    """A trajectory with that R(ξ) at c = 0, in which both rooms and both actions occur."""
    tau = _enumerated().tau
    mixed = (tau.s.min(axis=1) < tau.s.max(axis=1)) & (tau.a.sum(axis=1) == 3)
    return int(np.flatnonzero(mixed & np.isclose(tau.r.sum(axis=1), above))[0])


# ---------------------------------------------------------------- on paper


class _Cloud:
    height = 1.0

    def __init__(self, lab: BaselineLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab, cloud = self.lab, self.lab.cloud
        reach = max(4.0, 2.2 * np.sqrt(cloud.var(axis=0).sum()))
        axes.plot(*cloud.T, "o", color=draw.BLUE, ms=2.5, alpha=0.4, mew=0)
        for (x, y), hue, width in (
            (lab.scene["exact"], draw.GREEN, 4),
            (lab.mean(), draw.BLUE, 1.8),
        ):
            arrow = {"arrowstyle": "-|>", "color": hue, "lw": width, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", (x, y), (0, 0), arrowprops=arrow)
        axes.axhline(0, color=draw.FAINT, lw=0.8, zorder=0)
        axes.axvline(0, color=draw.FAINT, lw=0.8, zorder=0)
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        axes.set(xlabel="along θ₁", ylabel="along θ₂")
        axes.set_title(f"{DOTS} gradients of {lab.episodes} rollouts\ngreen: exact, blue: mean",
                       loc="left", fontsize=9, color=draw.INK)  # fmt: skip


class _Bars:
    height = 1.3

    def __init__(self, lab: BaselineLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab, where = self.lab, np.arange(len(NAMES))
        values = np.array([lab.variance(name) for name in NAMES])
        floor = 0.03
        hues = [draw.FIRE if name == "b(s,a)" else draw.BLUE for name in NAMES]
        axes.barh(where, np.maximum(values, floor), color=hues)
        axes.set_xscale("log")
        axes.set_xlim(floor, max(values.max(), 1) * 2000)
        for y, name in enumerate(NAMES):
            text = (
                f" {values[y]:.3g}, mean {_percent(lab.kept(name))} %, {lab.outcome(name)[0]} learn"
            )
            axes.annotate(text, (max(values[y], floor), y), va="center", fontsize=7)
        axes.set_yticks(where, [("▸ " if n == lab.baseline else "") + NAMES[n] for n in NAMES],
                        fontsize=8)  # fmt: skip
        axes.invert_yaxis()
        axes.set_title(f"variance of ĝ, c = {lab.offset:g}, N = {lab.episodes}",
                       loc="left", fontsize=9, color=draw.INK)  # fmt: skip


class _Weights:
    height = 0.8

    def __init__(self, lab: BaselineLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab, w, path = self.lab, self.lab.weights, self.lab.scene["rollout"]
        axes.bar(range(T), w, 0.7, color=[draw.FIRE if x < 0 else draw.BLUE for x in w])
        axes.axhline(0, color=draw.SOFT, lw=0.8)
        for t, x in enumerate(w):
            axes.annotate(f"{x:.1f}", (t, x), ha="center", va="bottom" if x >= 0 else "top",
                          fontsize=7)  # fmt: skip
        axes.margins(y=0.25)
        words = [
            f"room {s}\n{('rest', 'work')[a]}" for s, a in zip(path["s"], path["a"], strict=True)
        ]
        axes.set_xticks(range(T), words, fontsize=7)
        axes.set_title(f"one rollout, score {lab.score:g}: the weight of each action",
                       loc="left", fontsize=9, color=draw.INK)  # fmt: skip
