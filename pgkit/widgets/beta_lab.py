"""BetaLab: two hundred pulls of a bandit, weighted by exp(A/β), and the policy that is fitted to them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import anywidget
import numpy as np
import traitlets

from pgkit import draw, exact
from pgkit.draws import Draws, run_keys
from pgkit.types import Array, Float, Int
from pgkit.widgets.lab import bundle, styles, with_picture
from pgkit.worlds.predictors import offline_bandit

PULLS, SETS = 200, 1000  # of one data set, and data sets behind the curves
LOW, HIGH = 0.01, 100.0  # of β
LADDER = np.geomspace(LOW, HIGH, 41)
CLIPS = (0.0, 5.0, 20.0)  # 0: no clip
SCALES = ("raw", "standardised")
_TEN = tuple(k / 9 for k in range(10))
# name -> means and spreads of the arms
TASKS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "ten arms": (_TEN, (0.3,) * 10),
    "a wild arm": (_TEN, (1.5,) + (0.3,) * 9),
    "safe or risky": ((1.0, 0.8), (0.0, 1.0)),
}


class BetaLab(anywidget.AnyWidget):
    """Turn β: the weights exp(A/β) of 200 pulls of a bandit, how many of them count, and the fitted policy.

    The pulls are given once, every arm equally often but for chance; A = R - V with V their mean.

    Parameters
    ----------
    beta : β in [0.01, 100].
    clip : the largest weight, one of 0 (no clip), 5, 20.
    scale : "raw" advantages, or "standardised" (divided by their standard deviation).
    task : "ten arms" (means 0 to 1, spread 0.3), "a wild arm" (the same, but the worst has spread 1.5),
        or "safe or risky" (1 for sure, or 0.8 with spread 1).
    seed : of the data.

    Raises
    ------
    ValueError : anything else.
    """

    _esm = bundle("lab.mjs", "plot.mjs", "beta_lab.mjs")
    _css = styles("lab.css")
    beta = traitlets.Float(0.3).tag(sync=True)
    clip = traitlets.Float(0.0).tag(sync=True)
    scale = traitlets.Unicode(SCALES[0]).tag(sync=True)
    task = traitlets.Unicode(next(iter(TASKS))).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)  # the data and the curves; the page does the rest

    def __init__(
        self,
        beta: float = 0.3,
        *,
        clip: float = 0.0,
        scale: str = SCALES[0],
        task: str = "ten arms",
        seed: int = 0,
    ) -> None:
        super().__init__()
        with self.hold_sync():
            self.beta, self.clip, self.scale, self.task = float(beta), float(clip), scale, task
            self.seed = seed
            self._look({})

    # ---------------------------------------------------------------- what may be chosen

    @traitlets.validate("beta")
    def _check_beta(self, proposal: Any) -> float:
        given = proposal["value"]
        if not LOW <= given <= HIGH:
            raise ValueError(f"beta = {given!r}, but this lab's β goes from {LOW:g} to {HIGH:g}")
        return given

    @traitlets.validate("clip", "scale", "task")
    def _check_choice(self, proposal: Any) -> Any:
        name, given = proposal["trait"].name, proposal["value"]
        known = {"clip": CLIPS, "scale": SCALES, "task": tuple(TASKS)}[name]
        if given not in known:
            words = ", ".join(f"{x:g}" if isinstance(x, float) else x for x in known)
            raise ValueError(f"{name} = {given!r}, but it must be one of {words}")
        return given

    @traitlets.validate("seed")
    def _check_seed(self, proposal: Any) -> int:
        if proposal["value"] < 0:
            raise ValueError(f"seed = {proposal['value']}, but a seed is 0 or larger")
        return proposal["value"]

    @traitlets.observe("clip", "scale", "task", "seed")
    def _look(self, change: Any) -> None:
        self.scene = _scene(self.task, self.seed, self.clip, self.scale)

    # ---------------------------------------------------------------- what is seen

    @property
    def weight(self) -> Float[Array, "n"]:
        """Each pull's weight, in units of the largest."""
        return np.exp(_log_weight(self._adv, self.beta, self.clip))

    @property
    def _adv(self) -> Float[Array, "n"]:
        return np.array(self.scene["adv"])

    @property
    def probs(self) -> Float[Array, "A"]:
        """The fitted policy: argmax_π Σ exp(A/β) log π(a)."""
        a, arms = np.array(self.scene["arm"]), len(self.scene["means"])
        return exact.classified(np.bincount(a, self.weight, arms))

    @property
    def expected_return(self) -> float:
        """J of the fitted policy."""
        return float(self.probs @ np.array(self.scene["means"]))

    @property
    def effective(self) -> float:
        """How many equally weighted pulls would be as good."""
        return float(exact.effective_sample_size(self.weight))

    @property
    def best(self) -> float:
        """The β of the 41 with the largest mean J, over 1000 data sets."""
        return float(LADDER[np.argmax(self.scene["mean"])])

    @property
    def sentence(self) -> str:
        """The lab in words."""
        probs, scene, weight = self.probs, self.scene, self.weight
        clip = f"weights clipped at {self.clip:g}" if self.clip else "no clip"
        mean = np.interp(np.log(self.beta), np.log(LADDER), scene["mean"])
        return (
            f"{self.task}, {self.scale} advantages, β = {self.beta:g}, {clip}. ESS {self.effective:.1f} of "
            f"{PULLS}; the largest weight has {100 * weight.max() / weight.sum():.1f} % of the sum. The likeliest "
            f"arm is {probs.argmax()} with π = {probs.max():.2f}; J = {self.expected_return:.3f}, of the data "
            f"{np.mean(scene['means']):.3f}. Over {SETS} data sets the mean J is {mean:.3f} here, and best at "
            f"β = {self.best:.2g}: {max(scene['mean']):.3f}."
        )

    @property
    def table(self) -> str:
        """Mean J and effective share over β, as text."""
        rows = [f"{'β':>8} {'mean J':>7} {'ESS/n':>6}"]
        for k in range(0, len(LADDER), 5):
            rows.append(
                f"{LADDER[k]:8.3g} {self.scene['mean'][k]:7.3f} {self.scene['share'][k]:6.3f}"
            )
        return "\n".join(rows)

    def picture(self) -> bytes:
        """The plots as PNG."""
        return draw.lab([_Pulls(self), _Bars(self), _Curve(self)], None, self.sentence)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        data, metadata = with_picture(shown, self.picture(), self.sentence)
        return data | {"text/plain": f"{self.sentence}\n{self.table}"}, metadata


# ---------------------------------------------------------------- the data


def _log_weight(adv: Float[Array, "... n"], beta: float, clip: float) -> Float[Array, "... n"]:
    """log of min(exp(A/β), clip), less the largest of each row."""
    found = np.minimum(adv / beta, np.log(clip) if clip else np.inf)
    return found - found.max(axis=-1, keepdims=True)


@lru_cache(maxsize=64)
def _pulls(task: str, seed: int, sets: int) -> tuple[Int[Array, "K n"], Float[Array, "K n"]]:
    """(arms, returns) of `sets` data sets."""
    D = offline_bandit(Draws(run_keys(seed, sets)), *TASKS[task], PULLS)
    return D.a, D.q_hat


def _advantage(r: Float[Array, "... n"], scale: str) -> Float[Array, "... n"]:
    adv = r - r.mean(axis=-1, keepdims=True)
    return adv / adv.std(axis=-1, keepdims=True) if scale == "standardised" else adv


@lru_cache(maxsize=64)
def curve(task: str, clip: float, scale: str) -> tuple[list[float], list[float]]:
    """(mean J, mean ESS/n) at each β of LADDER, over 1000 data sets."""
    a, r = _pulls(task, 0, SETS)
    means = np.array(TASKS[task][0])
    adv, pays = _advantage(r, scale), means[a]
    worth, share = [], []
    for beta in LADDER:
        weight = np.exp(_log_weight(adv, float(beta), clip))
        # the fitted policy's J: each arm counts as much as its pulls' weights together
        worth.append(float(((weight * pays).sum(axis=1) / weight.sum(axis=1)).mean()))
        share.append(float(np.mean(exact.effective_sample_size(weight))) / PULLS)
    return worth, share


def _scene(task: str, seed: int, clip: float, scale: str) -> dict[str, Any]:
    a, r = _pulls(task, 10_000 + seed, 1)
    worth, share = curve(task, clip, scale)
    means, spreads = TASKS[task]
    return {
        "arm": a[0].tolist(), "returns": r[0].tolist(), "adv": _advantage(r, scale)[0].tolist(),
        "value": float(r.mean()), "means": list(means), "spreads": list(spreads), "low": LOW, "high": HIGH,
        "ladder": LADDER.tolist(), "mean": worth, "share": share, "sets": SETS, "clips": list(CLIPS),
        "scales": list(SCALES), "tasks": list(TASKS),
    }  # fmt: skip


# ---------------------------------------------------------------- on paper


class _Pulls:
    height = 1.0

    def __init__(self, lab: BetaLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab, scene = self.lab, self.lab.scene
        sideways = np.linspace(-0.28, 0.28, 7)[np.arange(PULLS) % 7]
        axes.scatter(np.array(scene["arm"]) + sideways, scene["returns"], 3 + 120 * lab.weight,
                     color=draw.BLUE, alpha=0.45, lw=0)  # fmt: skip
        axes.axhline(scene["value"], color=draw.INK, lw=1.2, ls="--", label="V")
        axes.set(xlabel="arm", ylabel="return R", xticks=range(len(scene["means"])))
        axes.legend(frameon=False, fontsize=8)
        axes.set_title(f"{PULLS} pulls; a dot's area is its weight, β = {lab.beta:g}",
                       loc="left", fontsize=9, color=draw.INK)  # fmt: skip


class _Bars:
    height = 1.0

    def __init__(self, lab: BetaLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        probs = self.lab.probs
        arms = np.arange(len(probs))
        axes.bar(arms, probs, 0.7, color=draw.BLUE)
        axes.plot(
            arms, np.full(len(probs), 1 / len(probs)), "_", color=draw.INK, ms=16, label="the data"
        )
        axes.set(xlabel="arm", ylim=(0, 1), xticks=arms)
        axes.legend(frameon=False, fontsize=8)
        axes.set_title(f"the fitted policy, J = {self.lab.expected_return:.3f}",
                       loc="left", fontsize=9, color=draw.INK)  # fmt: skip


class _Curve:
    height = 1.2

    def __init__(self, lab: BetaLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab, scene = self.lab, self.lab.scene
        axes.plot(LADDER, scene["mean"], color=draw.INK, lw=2.5, label="mean J")
        axes.plot(LADDER, scene["share"], color=draw.BLUE, ls="--", lw=1.8, label="ESS / n")
        axes.axvline(lab.best, color=draw.GREEN, ls=":", lw=1.4, label=f"best β = {lab.best:.2g}")
        axes.axvline(lab.beta, color=draw.PURPLE, lw=1.4, label="β now")
        axes.set(xscale="log", ylim=(0, 1.05), xlabel="β")
        axes.legend(frameon=False, fontsize=7)
        axes.set_title(f"over {SETS} data sets", loc="left", fontsize=9, color=draw.INK)
