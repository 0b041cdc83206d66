"""TriadLab: TD with shared weights that diverges, and the three switches of which any one stops it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import anywidget
import numpy as np
import traitlets

from pgkit import draw, exact
from pgkit.types import Array, Float
from pgkit.widgets.lab import bundle, styles, with_picture
from pgkit.worlds.baird import FEATURES
from pgkit.worlds.predictors import BAIRD_BEHAVIOUR, BAIRD_TARGET, BAIRD_WEIGHTS, W_FEATURES

EXAMPLES = ("w → 2w", "Baird")
END = 0.1  # w → 2w: the second state leads to itself, and with this probability to the end
UPDATES = {"w → 2w": 100, "Baird": 1000}
MOST_ALPHA, LEAST_ALPHA = 0.5, 0.001
USUAL_ALPHA = {"w → 2w": 0.1, "Baird": 0.01}
DATA = {
    "w → 2w": ("the states as they are visited", "only the first state"),
    "Baird": ("the policy that acts is the one evaluated", "always solid is evaluated"),
}


class TriadLab(anywidget.AnyWidget):
    """Watch a linear V diverge. Then take away bootstrapping, shared weights, or off-policy data.

    No reward is ever paid, so V = 0 is right, and the weights can say it. The updates are expected ones,
    without noise. "w → 2w": the first state leads to the second, the second to itself, and with
    probability 0.1 to the end; V = w and 2w. "Baird": seven states, eight weights (pgkit.worlds.baird).

    Parameters
    ----------
    example : "w → 2w" or "Baird".
    alpha : step size, from 0.001 to 0.5; 0.1 and 0.01 unless given.
    gamma : discount in [0, 1].
    off : how far the data are off-policy, 0 (on-policy) to 1. w → 2w: from the shares with which the
        states are visited to the first state alone. Baird: from the policy that acts, solid with
        probability 1/7, to one that is always solid.
    bootstrap : the target is γ V(s') (TD) or, if False, the return, 0 (Monte Carlo).
    shared : V is linear with shared weights or, if False, a table.
    update : how many updates have gone by.

    Raises
    ------
    ValueError : a number out of range or an unknown example.
    """

    _esm = bundle("lab.mjs", "plot.mjs", "triad_lab.mjs")
    _css = styles("lab.css")
    example = traitlets.Unicode("w → 2w").tag(sync=True)
    alpha = traitlets.Float(0.1).tag(sync=True)
    gamma = traitlets.Float(0.99).tag(sync=True)
    off = traitlets.Float(1.0).tag(sync=True)
    bootstrap = traitlets.Bool(True).tag(sync=True)
    shared = traitlets.Bool(True).tag(sync=True)
    update = traitlets.Int(0).tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)  # features, transitions, shares: the page does the rest

    def __init__(
        self, example: str = "w → 2w", alpha: float | None = None, gamma: float = 0.99, off: float = 1.0,
        bootstrap: bool = True, shared: bool = True, update: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        with self.hold_sync():
            self.example = example
            self.alpha = USUAL_ALPHA[example] if alpha is None else float(alpha)
            self.gamma, self.off = float(gamma), float(off)
            self.bootstrap, self.shared, self.update = bootstrap, shared, update
            self.scene = _scene()

    # ---------------------------------------------------------------- what may be chosen

    @traitlets.validate("example")
    def _check_example(self, proposal: Any) -> str:
        if proposal["value"] not in EXAMPLES:
            raise ValueError(
                f"example = {proposal['value']!r}, but it must be one of {', '.join(EXAMPLES)}"
            )
        return proposal["value"]

    @traitlets.validate("alpha")
    def _check_alpha(self, proposal: Any) -> float:
        given = proposal["value"]
        if not LEAST_ALPHA <= given <= MOST_ALPHA:
            raise ValueError(
                f"alpha = {given!r}, but here the step size α lies in [{LEAST_ALPHA}, {MOST_ALPHA}]; 0.1 is usual"
            )
        return given

    @traitlets.validate("gamma", "off")
    def _check_share(self, proposal: Any) -> float:
        name, given = proposal["trait"].name, proposal["value"]
        if not 0 <= given <= 1:
            word = {"gamma": "γ lies in [0, 1]", "off": "it lies in [0, 1]; 0 is on-policy"}[name]
            raise ValueError(f"{name} = {given!r}, but {word}")
        return given

    @traitlets.validate("update")
    def _check_update(self, proposal: Any) -> int:
        given, most = proposal["value"], UPDATES[self.example]
        if not 0 <= given <= most:
            raise ValueError(f"update = {given!r}, but here there are the updates 0 to {most}")
        return given

    @traitlets.observe("example")
    def _stay_within(self, change: Any) -> None:
        if self.update > UPDATES[self.example]:
            self.update = UPDATES[self.example]

    # ---------------------------------------------------------------- what is seen

    def tick(self, updates: int = 1) -> TriadLab:
        """Let so many updates go by, as Play does; at the end the lab stays where it is."""
        self.update = min(self.update + updates, UPDATES[self.example])
        return self

    @property
    def values(self) -> Float[Array, "K S"]:
        """V of every state after 0, 1, ... updates."""
        return _values(self.example, self.alpha, self.gamma, self.off, self.bootstrap, self.shared)

    @property
    def factor(self) -> float:
        """What an update multiplies V with in the long run: above 1 it grows without bound."""
        parts = _parts(self.example, self.off, self.shared)
        return _factor(*parts[:3], self.alpha, self.gamma if self.bootstrap else 0.0)

    @property
    def diverges(self) -> bool:
        """V grows without bound."""
        return self.factor > 1 + 1e-9

    @property
    def sentence(self) -> str:
        """The lab in words."""
        now = self.values[self.update]
        fate = "V grows without bound" if self.diverges else "V does not grow"
        return (
            f"{self.example}, α = {self.alpha:g}, γ = {self.gamma:g}, {'TD' if self.bootstrap else 'Monte Carlo'}, "
            f"{'shared weights' if self.shared else 'a table'}, {self.off:.0%} off-policy: an update multiplies V by "
            f"{self.factor:.6f} in the long run, {fate}. After {self.update} updates the largest |V| is "
            f"{np.abs(now).max():.4g}, from {np.abs(self.values[0]).max():g}; the right one is 0."
        )

    def picture(self) -> bytes:
        """Values and their growth as PNG."""
        return draw.lab([_Growth(self), _Bars(self)], None, self.sentence)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        data, metadata = with_picture(shown, self.picture(), self.sentence)
        return data | {"text/plain": self.sentence}, metadata


# ---------------------------------------------------------------- the two examples

Parts = tuple[Float[Array, "S K"], Float[Array, "S S"], Float[Array, "S"], Float[Array, "S"]]


def _parts(example: str, off: float, shared: bool) -> Parts:
    """(features, P(s'|s) of what is evaluated, share of the updates in each state, V before the first)."""
    if example == "w → 2w":
        x, step = W_FEATURES[:, None], np.array([[0.0, 1.0], [0.0, 1 - END]])
        visited = (1 - off) * np.array([END, 1.0]) / (1 + END) + off * np.array([1.0, 0.0])
        begin = W_FEATURES
    else:
        x, states = FEATURES, len(FEATURES)
        target = (1 - off) * BAIRD_BEHAVIOUR + off * BAIRD_TARGET
        step = np.tile(
            np.append(np.full(states - 1, target[0] / (states - 1)), target[1]), (states, 1)
        )
        visited, begin = np.full(states, 1 / states), FEATURES @ BAIRD_WEIGHTS
    return x if shared else np.eye(len(x)), step, visited, begin


def _factor(
    x: Float[Array, "S K"], step: Array, visited: Array, alpha: float, gamma: float
) -> float:
    """The spectral radius of an expected update, in weights or in values: whichever has fewer numbers."""
    if x.shape[1] <= len(x):
        change = exact.linear_td(x, step, visited, gamma)
    else:  # a direction of w that no value shows stays as it is, and does not count
        change = x @ x.T @ exact.linear_td(np.eye(len(x)), step, visited, gamma)
    return float(np.abs(np.linalg.eigvals(np.eye(len(change)) + alpha * change)).max())


@lru_cache(maxsize=32)
def _values(
    example: str, alpha: float, gamma: float, off: float, bootstrap: bool, shared: bool
) -> Float[Array, "K S"]:
    x, step, visited, begin = _parts(example, off, shared)
    w = np.linalg.lstsq(x, begin)[0]
    M = np.eye(len(w)) + alpha * exact.linear_td(x, step, visited, gamma if bootstrap else 0.0)
    kept = [w]
    for _ in range(UPDATES[example]):
        kept.append(M @ kept[-1])
    return np.array(kept) @ x.T


def _scene() -> dict[str, Any]:
    examples = {}
    for name in EXAMPLES:
        x, step, visited, begin = _parts(name, 0.0, True)
        _, step_off, visited_off, _ = _parts(name, 1.0, True)
        examples[name] = {
            "x": x.tolist(), "step": [step.tolist(), step_off.tolist()],
            "visited": [visited.tolist(), visited_off.tolist()], "begin": begin.tolist(),
            "updates": UPDATES[name], "alpha": USUAL_ALPHA[name], "data": list(DATA[name]),
        }  # fmt: skip
    return {"examples": examples, "alphas": [LEAST_ALPHA, MOST_ALPHA]}


# ---------------------------------------------------------------- on paper


class _Growth:
    height = 1.2

    def __init__(self, lab: TriadLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        size = np.abs(self.lab.values).max(axis=1)
        axes.semilogy(
            np.maximum(size, 1e-6), color=draw.FIRE if self.lab.diverges else draw.BLUE, lw=2
        )
        axes.axvline(self.lab.update, color=draw.SOFT, lw=0.8)
        axes.set(xlabel="updates")
        axes.set_title(
            f"largest |V|: ×{self.lab.factor:.4f} an update", loc="left", fontsize=9, color=draw.INK
        )


class _Bars:
    height = 1.0

    def __init__(self, lab: TriadLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        now = self.lab.values[self.lab.update]
        axes.bar(np.arange(len(now)) + 1, now, 0.7, color=draw.BLUE)
        axes.axhline(0, color=draw.GREEN, lw=1.5, label="the right V")
        axes.set(xlabel="state")
        axes.legend(frameon=False, fontsize=8)
        axes.set_title(f"V after {self.lab.update} updates", loc="left", fontsize=9, color=draw.INK)
