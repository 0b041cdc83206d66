"""RewardLab: two weighted data points, what each of them pushes, and where weighted classification ends."""

from __future__ import annotations

from typing import Any

import anywidget
import numpy as np
import traitlets

from pgkit import draw
from pgkit.policies import log_softmax, softmax
from pgkit.types import Array, Float
from pgkit.widgets.lab import bundle, styles, with_picture

READINGS = {  # name -> (state, action) of each of the two data points, counted from 0
    "two actions": ((0, 0), (0, 1)),
    "same pair": ((0, 0), (0, 0)),
    "two states": ((0, 0), (1, 1)),
}
LARGEST = 100.0  # |R|
FARTHEST = 1000.0  # |logit|
STEEPEST = 10.0  # α
KEPT = 200  # steps of the way that are kept
LEVELS = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)  # of π, drawn in the plane
LOW = "₁₂"
HUES = (draw.BLUE, draw.AMBER)


class RewardLab(anywidget.AnyWidget):
    """Weighted classification with two data points: L(θ) = -R₁ log π(·|·) - R₂ log π(·|·), a sum as on the slide.

    Parameters
    ----------
    R1, R2 : the weights, within ±100.
    reading : what the slide's two triples are: "two actions" of one state, (s₁,a₁,R₁) (s₁,a₂,R₂);
        "same pair" twice, (s₁,a₁,R₁) (s₁,a₁,R₂), as the slide has it; "two states", (s₁,a₁,R₁) (s₂,a₂,R₂),
        as its loss has it.
    alpha : α of a step θ ← θ - α ∇L, above 0 and at most 10.
    p : π(a₁|s₁) and π(a₁|s₂) before the first step, between 0 and 1.

    Raises
    ------
    ValueError : a number out of range, or an unknown reading.
    """

    _esm = bundle("lab.mjs", "plot.mjs", "reward_lab.mjs")
    _css = styles("lab.css")
    R1 = traitlets.Float(3.0).tag(sync=True)
    R2 = traitlets.Float(1.0).tag(sync=True)
    reading = traitlets.Unicode("two actions").tag(sync=True)
    alpha = traitlets.Float(0.3).tag(sync=True)
    logits = traitlets.List(traitlets.Float()).tag(sync=True)  # θ[s, a], row by row
    way = traitlets.List().tag(sync=True)  # θ before each step
    steps = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        R1: float = 3.0,
        R2: float = 1.0,
        reading: str = "two actions",
        alpha: float = 0.3,
        p: float = 0.5,
    ) -> None:
        if not 0 < p < 1:
            raise ValueError(f"p = {p!r}, but π(a₁) before the first step lies between 0 and 1")
        half = float(np.log(p / (1 - p)) / 2)
        super().__init__(
            R1=float(R1), R2=float(R2), reading=reading, alpha=float(alpha),
            logits=[half, -half, half, -half],
        )  # fmt: skip

    @traitlets.validate("R1", "R2")
    def _check_reward(self, proposal: Any) -> float:
        given, name = proposal["value"], proposal["trait"].name
        if not abs(given) <= LARGEST:
            raise ValueError(f"{name} = {given!r}, but a weight here lies within ±{LARGEST:g}")
        return given

    @traitlets.validate("reading")
    def _check_reading(self, proposal: Any) -> str:
        given = proposal["value"]
        if given not in READINGS:
            raise ValueError(f"reading = {given!r}, but it must be one of {', '.join(READINGS)}")
        return given

    @traitlets.validate("alpha")
    def _check_alpha(self, proposal: Any) -> float:
        given = proposal["value"]
        if not 0 < given <= STEEPEST:
            raise ValueError(
                f"alpha = {given!r}, but the step size α must lie in (0, {STEEPEST:g}]; 0.3 is a good one"
            )
        return given

    @traitlets.validate("logits")
    def _check_logits(self, proposal: Any) -> list[float]:
        given = [float(x) for x in proposal["value"]]
        if len(given) != 4 or not all(abs(x) <= FARTHEST for x in given):
            raise ValueError(
                f"logits = {given}, but they are four numbers within ±{FARTHEST:g}: a₁, a₂ in s₁, then in s₂"
            )
        return given

    # ---------------------------------------------------------------- the numbers

    @property
    def data(self) -> list[tuple[int, int, float]]:
        """(state, action, weight) of the two data points, counted from 0."""
        pairs = READINGS[self.reading]
        return [(s, a, R) for (s, a), R in zip(pairs, (self.R1, self.R2), strict=True)]

    @property
    def theta(self) -> Float[Array, "2 2"]:
        return np.array(self.logits).reshape(2, 2)

    @property
    def probs(self) -> Float[Array, "2 2"]:
        """π(a|s)."""
        return softmax(self.theta)

    @property
    def weights(self) -> Float[Array, "2 2"]:
        """W(s, a): the summed weight of each pair."""
        total = np.zeros((2, 2))
        for s, a, R in self.data:
            total[s, a] += R
        return total

    @property
    def pushes(self) -> Float[Array, "2 2 2"]:
        """R (1[a] - π) of each data point, in θ: [data point, s, a].  Their sum is -∇L."""
        found, probs = np.zeros((2, 2, 2)), self.probs
        for i, (s, a, R) in enumerate(self.data):
            found[i, s] = R * (np.eye(2)[a] - probs[s])
        return found

    @property
    def gradient(self) -> Float[Array, "2 2"]:
        """-∇L: where a step goes."""
        return self.pushes.sum(axis=0)

    @property
    def loss(self) -> float:
        """L = -Σ R log π(a|s)."""
        logs = log_softmax(self.theta)
        return float(-sum(R * logs[s, a] for s, a, R in self.data if R))

    @property
    def states(self) -> list[int]:
        """The states that the data mention."""
        return sorted({s for s, _ in READINGS[self.reading]})

    def rest(self, s: int = 0) -> float | None:
        """π(a₁|s) where the gradient is 0, W(s,a₁)/ΣW; None where there is no such place within (0, 1)."""
        one, two = self.weights[s]
        return float(one / (one + two)) if one * two > 0 else None

    def verdict(self, s: int = 0) -> str:
        """What becomes of π(·|s), in a sentence."""
        one, two = self.weights[s]
        in_s = "" if len(self.states) == 1 else f" in s{LOW[s]}"
        if one == two == 0:
            return f"No push{in_s}: the weights are 0 or cancel. Nothing moves."
        if one > 0 and two > 0:
            p = self.rest(s)
            return f"A minimum{in_s}: π(a₁) = R₁/(R₁+R₂) = {p:.3g}."
        if min(one, two) >= 0:
            a = 1 if one > 0 else 2
            return f"Only a{LOW[a - 1]} has weight{in_s}: π(a{LOW[a - 1]}) → 1. The loss nears 0 and never gets there."
        if one < 0 and two < 0:
            return (
                f"No minimum: both weights are negative, the loss falls without end. π(a₁) = {self.rest(s):.3g} is the "
                "top of a hill; steps run away from it."
            )
        a = 1 if two < 0 else 2
        return (
            f"No minimum{in_s}: a{LOW[2 - a]} has a negative weight, the loss falls without end "
            f"while π(a{LOW[a - 1]}) → 1."
        )

    # ---------------------------------------------------------------- learning

    def step(self, n: int = 1) -> RewardLab:
        """n steps θ ← θ - α ∇L, kept within ±1000."""
        if n != int(n) or n < 0:
            raise ValueError(f"n = {n!r}, but steps are counted: 0, 1, 2, ...")
        way = list(self.way)
        with self.hold_sync():
            for _ in range(int(n)):
                way.append(list(self.logits))
                moved = self.theta + self.alpha * self.gradient
                self.logits = np.clip(moved, -FARTHEST, FARTHEST).ravel().tolist()
            self.way, self.steps = way[-KEPT:], self.steps + int(n)
        return self

    def reset(self) -> RewardLab:
        """Back to the coin toss."""
        self.logits, self.way, self.steps = [0.0] * 4, [], 0
        return self

    # ---------------------------------------------------------------- in words and on paper

    @property
    def sentence(self) -> str:
        """The picture in words."""
        triples = " ".join(f"(s{LOW[s]}, a{LOW[a]}, {R:+.3g})" for s, a, R in self.data)
        probs = [self._told(i) for i in range(2)]
        return (
            f"Data {triples}, α = {self.alpha:.3g}, after {self.steps} steps: {'; '.join(probs)}. "
            f"Loss {self.loss:.4g}. {' '.join(self.verdict(s) for s in self.states)}"
        )

    def _told(self, i: int) -> str:
        s, *_ = self.data[i]
        where = f"π(a₁|s{LOW[s]}) = {self.probs[s, 0]:.3g}, " if i == 0 or s else ""
        return f"{where}R{LOW[i]} pushes the logit of a₁ by {self.pushes[i, s, 0]:+.3g}"

    def after(self, push: Float[Array, "2 2"]) -> Float[Array, "2 2"]:
        """π after one step along this push alone."""
        return softmax(self.theta + self.alpha * push)

    def place(self, theta: Array) -> tuple[float, float]:
        """Where θ lies in the plane: the two logits of s₁, or how far each data point's action leads in its state."""
        theta = np.asarray(theta).reshape(2, 2)
        if self.reading == "two states":
            return float(theta[0, 0] - theta[0, 1]), float(theta[1, 1] - theta[1, 0])
        return float(theta[0, 0]), float(theta[0, 1])

    def picture(self) -> bytes:
        """The three panels as PNG."""
        return draw.lab([_Plane(self), _Axis(self), _Loss(self)], None, self.sentence)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return with_picture(super()._repr_mimebundle_(**kwargs), self.picture(), self.sentence)


def _arrow(axes: Any, start: tuple, end: tuple, hue: str, width: float) -> None:
    style = {"arrowstyle": "-|>", "color": hue, "lw": width, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=style)


class _Plane:
    """The logits, the way that they came, and the pushes."""

    def __init__(self, lab: RewardLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab = self.lab
        two = lab.reading == "two states"
        here = np.array(lab.place(lab.theta))
        way = np.array([lab.place(theta) for theta in [*lab.way, lab.theta]])
        moves = [np.array(lab.place(push)) for push in lab.pushes]
        reach = max(4.0, 1.15 * np.abs(way).max(), 1.1 * np.abs(here + sum(moves)).max())
        for lead in (np.log(p / (1 - p)) for p in LEVELS):
            if two:
                axes.axvline(lead, color=draw.FAINT, lw=0.8)
                axes.axhline(lead, color=draw.FAINT, lw=0.8)
            else:
                axes.axline((lead / 2, -lead / 2), slope=1, color=draw.FAINT, lw=0.8)
        axes.plot(*way.T, ".-", color=draw.SOFT, ms=4, lw=0.8)
        rest = lab.rest()
        if not two and rest is not None and 0 < rest < 1:
            lead = np.log(rest / (1 - rest)) / 2
            hue = draw.GREEN if lab.R1 > 0 else draw.FIRE
            axes.axline((lead, -lead), slope=1, color=hue, ls="--", lw=1.4)
        aside = 0.05 * reach * np.array([1.0, 1.0])
        for i, move in enumerate(moves):
            start = here if two else here + (aside if i == 0 else -aside)
            _arrow(axes, tuple(start), tuple(start + move), HUES[i], 1.8)
        _arrow(axes, tuple(here), tuple(here + sum(moves)), draw.INK, 2.6)
        axes.plot(*here, "o", color=draw.INK, ms=6)
        names = ("lead of a₁ in s₁", "lead of a₂ in s₂") if two else ("logit of a₁", "logit of a₂")
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        axes.set(xlabel=names[0], ylabel=names[1])
        axes.set_title("pushes: R₁ blue, R₂ amber, sum black", loc="left", fontsize=10)


class _Axis:
    """π on its axis: where one step goes with R₁ alone, with R₂ alone, with both."""

    height = 0.8

    def __init__(self, lab: RewardLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab = self.lab
        rows = []
        for i, (s, a, R) in enumerate(lab.data):
            at = a if len(lab.states) > 1 else 0
            rows.append(
                (f"R{LOW[i]} = {R:.3g}", lab.probs[s, at], lab.after(lab.pushes[i])[s, at], HUES[i])
            )
        if len(lab.states) == 1:
            both = lab.after(lab.gradient)[0, 0]
            rows.append(("both", lab.probs[0, 0], both, draw.INK))
        for y, (_, p, then, hue) in enumerate(rows):
            _arrow(axes, (p, y), (then, y), hue, 2.4)
            axes.plot(p, y, "o", color=hue, ms=5)
        rest = lab.rest()
        if len(lab.states) == 1 and rest is not None:
            hue = draw.GREEN if lab.R1 > 0 else draw.FIRE
            axes.axvline(rest, color=hue, ls="--", lw=1.4)
        axes.set_yticks(range(len(rows)), [name for name, *_ in rows], fontsize=8)
        axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
        title = "one step of π(a₁|s₁)" if len(lab.states) == 1 else "one step of π(a₁|s₁), π(a₂|s₂)"
        axes.set_title(title, loc="left", fontsize=10)


class _Loss:
    """The loss over the lead of an action, with the present point on it."""

    height = 1.2

    def __init__(self, lab: RewardLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab = self.lab
        two = len(lab.states) > 1
        leads = [(1 - 2 * a if two else 1) * float(lab.theta[s] @ [1, -1]) for s, a, _ in lab.data]
        reach = max(6.0, 1.2 * max(map(abs, leads)))
        x = np.linspace(-reach, reach, 241)
        total, now = np.zeros_like(x), 0.0
        for i, (_, a, R) in enumerate(lab.data):
            sign = 1 if two or a == 0 else -1
            term = R * np.logaddexp(0, -sign * x)  # -R log σ(±x)
            axes.plot(x, term, color=HUES[i], lw=1.2 if not two else 2, ls=("--", ":")[i])
            here = R * float(np.logaddexp(0, -sign * leads[i]))
            total, now = total + term, now + here
            if two:
                axes.plot(leads[i], here, "o", color=HUES[i], ms=6)
        if not two:
            axes.plot(x, total, color=draw.INK, lw=2.2)
            axes.plot(leads[0], now, "o", color=draw.INK, ms=7)
        axes.set(xlim=(-reach, reach), ylabel="loss")
        axes.set_xlabel(
            "lead of the data's action" if two else "lead of a₁: logit of a₁ - logit of a₂"
        )
        axes.spines[["top", "right"]].set_visible(False)
