"""What a baseline does to the noise: the variance of one gradient for each, and what it does to the mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pgkit import draw, exact
from pgkit.draws import Draws, run_keys
from pgkit.policies import SharedSoftmax
from pgkit.returns import dataset, leave_one_out, reward_to_go
from pgkit.rollout import rollout
from pgkit.run import Run
from pgkit.types import Array, Dataset, Float
from pgkit.widgets.views.base import View
from pgkit.widgets.views.cloud import STREAM, Paced, expected_gradient, no_table, scores

NAMES = ("none", "mean return", "V(s)", "V_t(s)", "leave-one-out", "Q_t(s,a)")
LOO = NAMES.index("leave-one-out")
ENUMERATED = 10_000  # trajectories; beyond, they are sampled
SAMPLES = 1024  # trajectories of one estimate, fewer where they are long
MOST = 64  # rollouts in a batch of leave-one-out
LOG_FROM = 20  # ratio of the bars from which the axis is logarithmic


class Variance(View):
    """tr Cov of the gradient Σ_t ψ_t (Q̂_t - b) of one trajectory, for each baseline b; at θ of run 0.

    Exact over all trajectories where these are few and none ends early (century); else from samples,
    with a standard error. The baselines are the exact ones, as if fitted on infinitely many rollouts;
    "leave-one-out" takes the mean of the N-1 others, and its bar is N times the variance of their mean
    gradient. Q_t(s,a) looks at the action and so is no baseline: least noise, and no signal left.
    The bias is exact everywhere. As in REINFORCE there is no γ^t.
    """

    kind, title, module = "variance", "variance and bias of baselines", "variance.mjs"

    def __init__(self) -> None:
        self._paced = Paced()

    def misfit(self, run: Run) -> str | None:
        why = no_table(run)
        return f"variance and bias are measured against the exact gradient: {why}" if why else None

    def setup(self, run: Run) -> dict[str, Any]:
        return {"names": list(NAMES)}

    def frame(self, timeline):
        return self._look(timeline.run)

    def sentence(self, timeline) -> str:
        facts, parts = self._look(timeline.run, now=True)
        if facts["lost"]:
            return f"At iteration {timeline.iteration} run 0 has diverged: it has no gradient."
        how = "exactly" if facts["exact"] else f"from {facts['samples']} rollouts"
        bars = ", ".join(
            f"{name} {v:.3g}" for name, v in zip(NAMES, parts["variance"], strict=True)
        )
        return (
            f"Variance of one rollout's gradient at iteration {timeline.iteration}, {how}: {bars}. "
            f"The baselines leave its mean alone; Q_t(s,a) depends on the action and takes away "
            f"{bias_in_words(facts, parts['bias'][-1])}."
        )

    def paper(self, axes, timeline) -> None:
        facts, parts = self._look(timeline.run, now=True)
        if facts["lost"]:
            axes.set_title("run 0 has diverged", fontsize=9, color=draw.INK)
            return
        hues = [draw.BLUE] * (len(NAMES) - 1) + [draw.FIRE]
        where = np.arange(len(NAMES))
        error = None if facts["exact"] else parts["error"]
        axes.barh(where, parts["variance"], xerr=error, color=hues, ecolor=draw.INK)
        axes.set_yticks(where, NAMES)
        axes.invert_yaxis()
        if facts["log"]:
            axes.set_xscale("log")
            axes.set_xlim(left=facts["floor"])
        ends = parts["variance"] + parts["error"]
        for y, (end, variance, bias) in enumerate(
            zip(ends, parts["variance"], parts["bias"], strict=True)
        ):
            text = f" {variance:.3g}, bias {bias_in_words(facts, bias)}"
            axes.annotate(text, (max(end, facts["floor"]), y), va="center", fontsize=7)
        longest = max(float(ends.max()), facts["most"])
        room = (longest / facts["floor"]) ** 0.45 if facts["log"] else 1.45
        axes.set_xlim(right=longest * room)
        axes.set_xlabel(
            "variance of one rollout's gradient, tr Cov" + ("" if facts["exact"] else " (sampled)")
        )

    def asked(self, lab: Any, message: Mapping[str, Any], buffers: list[Any]) -> dict[str, Any]:
        raise ValueError(
            "the view of the variance has nothing to turn; turn N or the policy instead"
        )

    def _look(self, run: Run, *, now: bool = False) -> tuple[dict[str, Any], dict[str, Array]]:
        key = (run.state, run.settings)
        return self._paced(key, lambda: self._picture(run), told=run.iteration, now=now)

    @staticmethod
    def _picture(run: Run) -> tuple[dict[str, Any], dict[str, Array]]:
        facts: dict[str, Any] = {"iteration": run.iteration, "lost": True}
        if not np.isfinite(run.state.theta[0]).all():
            return facts, {}
        tables, bias = baselines(run)
        batch = min(run.algorithm.episodes, MOST)
        found = exactly(run, tables, batch)
        variance, error, samples = found or by_samples(run, tables, batch)
        seen = variance[variance > 1e-9 * max(variance.max(), 1e-300)]
        most, least = (float(seen.max()), float(seen.min())) if seen.size else (1.0, 1.0)
        facts |= {
            "lost": False, "exact": found is not None, "samples": samples, "batch": batch,
            "log": most > LOG_FROM * least, "floor": least / 3 if most > LOG_FROM * least else 0.0,
            "most": most, "length": float(np.linalg.norm(expected_gradient(run))),
        }  # fmt: skip
        return facts, {"variance": variance, "error": error, "bias": bias}


def bias_in_words(facts: Mapping[str, Any], bias: float) -> str:
    """As a share of |∇J|."""
    if bias <= 1e-9 * max(facts["length"], 1e-300):
        return "0"
    return f"{100 * bias / facts['length']:.0f} % of |∇J|"


def baselines(run: Run) -> tuple[Float[Array, "6 T S A"], Float[Array, "6"]]:
    """(b_t(s,a) of each name, for leave-one-out its mean;  |E Σ_t ψ_t b|, the bias).  Exact."""
    probs, psi = scores(run)
    horizon = run.algorithm.horizon
    over_time = exact.at_all_times(probs, horizon)
    value, q = exact.values_over_time(run.world, over_time, run.gamma)
    visits = exact.occupancy_over_time(run.world, over_time, 1.0, run.start)  # [T, S]

    def mean(axis):
        total, share = (visits * value).sum(axis, keepdims=True), visits.sum(axis, keepdims=True)
        return np.divide(total, share, out=np.zeros_like(total), where=share > 0)

    known = (np.zeros((1, 1)), mean((0, 1)), mean(0), value, mean(1))
    tables = np.stack([*(np.broadcast_to(b[..., None], q.shape) for b in known), q])
    moved = np.einsum("ts,btsa->bsa", visits, tables)
    shift = exact.parameter_gradient(moved, probs, psi)
    size = np.linalg.norm(shift, axis=-1)
    size[:-1] = 0.0  # Σ_a π ψ = 0: what is left is rounding
    return tables, size


def exactly(
    run: Run, tables: Float[Array, "6 T S A"], batch: int
) -> tuple[Float[Array, "6"], Float[Array, "6"], int] | None:
    """tr Cov by enumeration, or None where that is too much or episodes end early.

    Leave-one-out: b_t is the mean of Q̂_t over N-1 independent others. On top of its mean E Q̂_t it adds
    Σ_t E|ψ_t|² Var Q̂_t / (N-1), and between two rollouts Σ_tk E[ψ_t Q̂_k]·E[ψ_k Q̂_t] / (N-1).
    """
    horizon = run.algorithm.horizon
    if horizon > 16 or exact.count_paths(run.world, horizon, run.start) > ENUMERATED:
        return None
    tau = exact.paths(run.world, horizon, run.start)
    if not tau.live.all():
        return None
    probs, psi = scores(run)
    prob, score = exact.path_probability(tau, probs), exact.path_scores(tau, psi)
    q_hat = exact.future_return(tau, run.gamma)
    variance = np.array([
        exact.moments(prob, exact.weighted_score(score, q_hat - exact.look_up(tau, b))).trace
        for b in tables
    ])  # fmt: skip
    if batch == 1:
        variance[LOO] = variance[0]  # nobody else is there
    else:
        spread = prob @ (q_hat - prob @ q_hat) ** 2
        cross = np.einsum("m,mtp,mk->tkp", prob, score, q_hat - prob @ q_hat, optimize=True)
        own = prob @ (score**2).sum(axis=-1) @ spread
        variance[LOO] += (own + np.einsum("tkp,ktp->", cross, cross)) / (batch - 1)
    return variance, np.zeros(len(NAMES)), len(prob)


def by_samples(
    run: Run, tables: Float[Array, "6 T S A"], batch: int
) -> tuple[Float[Array, "6"], Float[Array, "6"], int]:
    """tr Cov and its standard error from fresh rollouts at θ of run 0, in batches of N."""
    horizon = run.algorithm.horizon
    count = int(np.clip(60_000 // horizon, 4 * batch, max(SAMPLES, 8 * batch)))
    groups = count // batch
    draws = Draws(run_keys(run.seed, groups), run.iteration).stream(STREAM + 1)
    theta = np.repeat(run.state.theta[:1], groups, axis=0)
    tau = rollout(
        run.world, run.policy, theta, draws, start=run.start, episodes=batch, horizon=horizon
    )
    D = dataset(tau, q_hat=reward_to_go(tau.r, run.gamma))
    others = leave_one_out(D).reshape(groups * batch, -1)
    single = Dataset(
        *(x.reshape(groups * batch, -1) for x in (D.s, D.a, D.q_hat, D.live)), episodes=1
    )
    at = np.arange(horizon)
    probs, psi = scores(run)
    variance, error = np.zeros(len(NAMES)), np.zeros(len(NAMES))
    for k, table in enumerate(tables):
        b = others if k == LOO else table[at, single.s, single.a]
        g = summed(run, probs, psi, single, np.where(single.live, single.q_hat - b, 0.0))
        if k == LOO:
            g = np.sqrt(batch) * g.reshape(groups, batch, -1).mean(axis=1)
        square = ((g - g.mean(axis=0)) ** 2).sum(axis=-1)
        variance[k] = square.sum() / (len(g) - 1)
        error[k] = square.std(ddof=1) / np.sqrt(len(g))
    return variance, error, groups * batch


def summed(
    run: Run, probs: Float[Array, "S A"], psi: Array, D: Dataset, weight: Float[Array, "n T"]
) -> Float[Array, "n P"]:
    """Σ_t weight_t ψ_t of each trajectory; on a table without writing down ψ."""
    if isinstance(run.policy, SharedSoftmax):
        return np.einsum("nt,ntp->np", weight, psi[D.s, D.a])
    theta = np.broadcast_to(run.state.theta[0], (len(weight), *probs.shape))
    return run.policy.grad_log_prob(theta, D, weight=weight).reshape(len(weight), -1)
