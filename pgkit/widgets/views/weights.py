"""The weights of the data of the next update: how unequal they are, and how few samples count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from pgkit import draw
from pgkit.fits import name_of
from pgkit.run import Run
from pgkit.types import Array, Bool, Dataset, Float
from pgkit.widgets.views.base import View
from pgkit.widgets.views.cloud import Paced

BINS = 36
HEAVY = 50.0  # largest over smallest weight, from which on the axis is logarithmic
SPAN = 1e12  # ... which shows so many powers of ten at most
NO_WEIGHTS = {
    "soft_actor_critic": "sums over all actions",
    "soft_actor_critic_continuous": "differentiates through its actions",
    "monte_carlo": "learns values and leaves the policy alone",
    "temporal_difference": "learns values and leaves the policy alone",
}


class Weights(View):
    """A histogram of what multiplies ∇ log π(a|s) in the next update of one run: exp(A/β) for AWR,
    Q̂ or an advantage for the others, with its sign.

    run : which of the runs, counted from 0.
    """

    kind, title, module = "weights", "weights of the next update", "weights.mjs"

    kept_as: ClassVar = {"run": "of"}

    def __init__(self, run: int = 0) -> None:
        if not _whole(run) or run < 0:
            raise ValueError(
                f"run = {run!r}, but it must be the number of a run, counted from 0; 0 is always there"
            )
        self.of = int(run)
        self._paced = Paced()

    def misfit(self, run: Run) -> str | None:
        return no_weights(run) or (
            f"run = {self.of}, but there are {run.runs} runs, counted from 0"
            if self.of >= run.runs
            else None
        )

    def setup(self, run: Run) -> dict[str, Any]:
        return {"runs": run.runs}

    def frame(self, timeline):
        return self._picture(timeline, now=False)

    def sentence(self, timeline) -> str:
        facts, _ = self._picture(timeline, now=True)
        where = f"Run {self.of} at iteration {timeline.iteration}"
        if facts["lost"] or not facts["count"]:
            return f"{where}: {facts['line']}."
        of = "|weight|" if facts["signed"] else "weight"
        clipped = (
            f" {facts['clipped']} weights are clipped at {facts['clip']:g}."
            if facts["clip"]
            else ""
        )
        below = f" {facts['negative']} weights are negative." if facts["negative"] else ""
        return (
            f"{where}: {facts['line']}. The largest {of} is {facts['largest']:.3g} and has "
            f"{100 * facts['share']:.2g} % of the sum.{clipped}{below}"
        )

    def paper(self, axes, timeline) -> None:
        facts, parts = self._picture(timeline, now=True)
        axes.set_title(facts["line"], loc="left", fontsize=9, color=draw.INK)
        if facts["lost"] or not facts["count"]:
            return axes.axis("off")
        edges = np.linspace(facts["low"], facts["high"], BINS + 1)
        x = 10**edges if facts["log"] else edges
        axes.stairs(
            parts["mass"], x, color=draw.BLUE, alpha=0.45, fill=True, label="of the total weight"
        )
        axes.stairs(parts["counts"], x, color=draw.INK, lw=1.5, label="of the samples")
        axes.set(xlabel=facts["name"], ylabel="share", ylim=(0, None))
        if facts["log"]:
            axes.set_xscale("log")
        if facts["clip"]:
            axes.axvline(
                facts["clip"], color=draw.FIRE, lw=1.5, ls="--", label=f"clip {facts['clip']:g}"
            )
        axes.legend(fontsize=7, frameon=False)
        return None

    def asked(self, lab: Any, message: Mapping[str, Any], buffers: list[Any]) -> dict[str, Any]:
        """{"run": k}: the weights of that run."""
        other = Weights(message.get("run", self.of))
        why = other.misfit(lab.timeline.run)
        if why:
            raise ValueError(why)
        self.of = other.of
        return {}

    def _picture(self, timeline, *, now: bool) -> tuple[dict[str, Any], dict[str, Array]]:
        run = timeline.run
        of = min(self.of, run.runs - 1)
        data = self._paced(
            (run.state, run.settings, of), lambda: heard(run.some(slice(of, of + 1))), told=timeline.iteration, now=now
        )  # fmt: skip
        weight = np.zeros(0)
        if data is not None:
            D, weights = data
            weight = weights[0][D.live[0]]
        facts, parts = picture(weight, run.algorithm) if weight.size else (_nothing(), {})
        return facts | {"run": of}, parts


# ---------------------------------------------------------------- what the algorithm used


class Ear:
    """A policy that notes the data and the weights that an algorithm gives to it."""

    def __init__(self, policy: Any) -> None:
        self._policy = policy
        self.heard: tuple[Dataset, Float[Array, "B n"]] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._policy, name)

    def fit(self, theta: Any, D: Dataset, *, weight: Array, moments: Any = None, **_: Any) -> Any:
        """Notes, and leaves θ alone: what was to be fitted is not looked at."""
        self.heard = self.heard or (D, np.asarray(weight))
        return theta, moments

    def grad_log_prob(self, theta: Any, D: Dataset, *, weight: Array) -> Any:
        self.heard = self.heard or (D, np.asarray(weight))
        return self._policy.grad_log_prob(theta, D, weight=weight)


def heard(run: Run) -> tuple[Dataset, Float[Array, "B n"]] | None:
    """The data and the weights of the next update, as the algorithm's own text gives them to the policy."""
    twin = run.fork()
    twin.policy = ear = Ear(run.policy)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        twin.preview()
    return ear.heard


def no_weights(run: Run) -> str | None:
    """Why the next update has no weights to show, or None."""
    name = name_of(run.algorithm)
    if name in NO_WEIGHTS:
        return (
            f"the samples of {name} have no weights, since it {NO_WEIGHTS[name]}; "
            "take awr, weighted_classification or reinforce"
        )
    if not getattr(run.world, "copyable", True):
        return (
            "the next update of a Gymnasium environment cannot be looked at in advance; "
            "take one of our own worlds, such as 'ring-of-fire' or 'cartpole'"
        )
    return None


# ---------------------------------------------------------------- numbers


def effective(weight: Float[Array, "n"]) -> float:
    """Effective sample size (Σ|w|)² / Σw²: n for equal weights, 1 if one has everything, 0 for none."""
    size = np.abs(weight)
    top = size.max(initial=0.0)
    if not top > 0:
        return 0.0
    size = size / top  # so that exp(700) squared does not overflow
    return float(size.sum() ** 2 / (size**2).sum())


def picture(weight: Float[Array, "n"], algorithm: Any) -> tuple[dict[str, Any], dict[str, Array]]:
    """Facts of the weights of one run, and shares [BINS] of the samples and of Σ|w|."""
    if not np.isfinite(weight).all():
        return _nothing() | {
            "lost": True,
            "line": "the weights are no numbers: this run has diverged",
        }, {}
    size = np.abs(weight)
    top = float(size.max())
    signed = bool((weight < 0).any())
    positive = weight[weight > 0]
    awr = getattr(algorithm, "clip", None) is not None and hasattr(algorithm, "beta")
    log = awr and top > HEAVY * float(positive.min(initial=top)) if positive.size else False
    clip = float(algorithm.clip) if awr else 0.0
    at = np.log10(np.maximum(weight, top / SPAN)) if log else weight
    low, high = float(at.min()), float(at.max())
    if clip and top >= 0.5 * clip:
        high = max(high, np.log10(clip) if log else clip)
    if not log and not signed:
        low = 0.0
    pad = (
        0.04 * (high - low)
        if high - low > 1e-9 * max(1.0, abs(high))
        else 0.5 * max(1.0, abs(high))
    )
    low, high = low - (pad if log or signed else 0.0), high + pad
    bins = np.clip(((at - low) / (high - low) * BINS).astype(np.int64), 0, BINS - 1)
    scaled = size / top if top > 0 else size
    total = max(float(scaled.sum()), 1e-300)
    ess = effective(weight)
    count = weight.size
    facts = {
        "count": count, "lost": False, "log": bool(log), "low": low, "high": high, "signed": signed,
        "ess": ess, "share": float(scaled.max()) / total, "largest": top,
        "negative": int((weight < 0).sum()), "zero": int((weight == 0).sum()),
        "clip": clip if clip and top >= 0.5 * clip else 0.0,
        "clipped": int(at_clip(weight, clip).sum()),
        "name": "weight exp(A/β)" if awr else "weight",
        "line": f"ESS {_number(ess)} of {count} ({_number(100 * ess / count)} %)",
    }  # fmt: skip
    return facts, {
        "counts": np.bincount(bins, minlength=BINS) / count,
        "mass": np.bincount(bins, scaled, BINS) / total,
    }


def at_clip(weight: Float[Array, "n"], clip: float) -> Bool[Array, "n"]:
    """Which weights are at the largest one allowed; none without a clip."""
    return (weight >= clip * (1 - 1e-9)) if clip else np.zeros(weight.shape, dtype=bool)


def _nothing() -> dict[str, Any]:
    return {"count": 0, "lost": False, "line": "there are no data with weights"}


def _number(x: float) -> str:
    return f"{x:.0f}" if x >= 9.5 or x == 0 else f"{x:.2g}"


def _whole(x: Any) -> bool:
    return isinstance(x, int | np.integer) and not isinstance(x, bool)
