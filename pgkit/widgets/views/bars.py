"""LogitBars: drag the logits of a softmax; see probabilities, the loss, and the gradient 1[a*] - π."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import numpy as np
import traitlets

from pgkit import draw
from pgkit.policies import log_softmax, softmax
from pgkit.types import Array, Float
from pgkit.widgets.lab import bundle, styles, with_picture

MOST = 12  # actions that there is room for
LARGEST = 1000.0  # |logit|
NAMES = ("left", "stay", "right")


class LogitBars(anywidget.AnyWidget):
    """A softmax to play with: no world, no data, one state.

    Parameters
    ----------
    n_actions : how many actions, 2 to 12.
    logits : where they start, within ±1000; zeros unless given.  What is dragged comes back here.
    labels : a name for each action.
    chosen : a*, the action that the data point names.
    alpha : α of a step θ ← θ + α (1[a*] - π), down the loss -log π(a*).

    Raises
    ------
    ValueError : a number out of range, or not as many names or logits as actions.
    """

    _esm = (
        bundle("lab.mjs", "plot.mjs", "views/bars.mjs")
        + "export default { render: VIEWS.bars.render };\n"
    )
    _css = styles("lab.css")
    logits = traitlets.List(traitlets.Float()).tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    chosen = traitlets.Int(0).tag(sync=True)
    alpha = traitlets.Float(0.5).tag(sync=True)

    def __init__(
        self,
        n_actions: int = 3,
        logits: Sequence[float] | Array | None = None,
        labels: Sequence[str] | None = None,
        chosen: int = 0,
        alpha: float = 0.5,
    ) -> None:
        if not _whole(n_actions) or not 2 <= n_actions <= MOST:
            raise ValueError(
                f"n_actions = {n_actions!r}, but there is room for 2 to {MOST} actions, such as 3"
            )
        n = int(n_actions)
        usual = NAMES if n == 3 else [f"a{k + 1}" for k in range(n)]
        names = [str(name) for name in (usual if labels is None else labels)]
        if len(names) != n:
            raise ValueError(f"labels = {names}, but there are {n} actions; give {n} names or none")
        start = [0.0] * n if logits is None else [float(x) for x in logits]
        super().__init__(labels=names, logits=start, chosen=chosen, alpha=float(alpha))

    @traitlets.validate("logits")
    def _check_logits(self, proposal: Any) -> list[float]:
        given = [float(x) for x in proposal["value"]]
        if len(given) != len(self.labels or given) or not all(abs(x) <= LARGEST for x in given):
            raise ValueError(
                f"logits = {given}, but each of the {len(self.labels)} actions needs a number within ±{LARGEST:g}"
            )
        return given

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: Any) -> int:
        given = proposal["value"]
        if not 0 <= given < len(self.labels):
            raise ValueError(
                f"chosen = {given}, but a* must be one of the actions 0 to {len(self.labels) - 1}"
            )
        return given

    @traitlets.validate("alpha")
    def _check_alpha(self, proposal: Any) -> float:
        given = proposal["value"]
        if not 0 < given <= 1000:
            raise ValueError(
                f"alpha = {given!r}, but the step size α must lie in (0, 1000]; 0.5 is a good one"
            )
        return given

    @property
    def probs(self) -> Float[Array, "A"]:
        """π = softmax(logits), in the stable form."""
        return softmax(np.array(self.logits))

    @property
    def loss(self) -> float:
        """-log π(a*), in nats."""
        return float(-log_softmax(np.array(self.logits))[self.chosen])

    @property
    def gradient(self) -> Float[Array, "A"]:
        """∇ log π(a*) = 1[a*] - π: the loss falls along it."""
        return np.eye(len(self.logits))[self.chosen] - self.probs

    def step(self) -> LogitBars:
        """θ ← θ + α (1[a*] - π), kept within ±1000."""
        moved = np.array(self.logits) + self.alpha * self.gradient
        self.logits = np.clip(moved, -LARGEST, LARGEST).tolist()
        return self

    @property
    def sentence(self) -> str:
        """The picture in words."""
        probs, gradient = self.probs, self.gradient
        each = ", ".join(
            f"{name} logit {x:.3g}, π {p:.3g}, gradient {g:+.3g}"
            for name, x, p, g in zip(self.labels, self.logits, probs, gradient, strict=True)
        )
        return f"a* = {self.labels[self.chosen]}, loss -log π(a*) = {self.loss:.4g}: {each}."

    def picture(self) -> bytes:
        """The bars and their gradient as PNG."""
        return draw.lab([self], None, self.sentence)

    def paper(self, axes: Any, timeline: Any = None) -> None:
        """The bars and their gradient on matplotlib axes."""
        at = np.arange(len(self.labels))
        axes.bar(at, self.probs, 0.6, color=draw.BLUE, alpha=0.6)
        for x, p, g in zip(at, self.probs, self.gradient, strict=True):
            if abs(g) > 0.01:
                arrow = {
                    "arrowstyle": "-|>",
                    "color": draw.INK,
                    "lw": 1.8,
                    "shrinkA": 0,
                    "shrinkB": 0,
                }
                axes.annotate("", (x, p + g), (x, p), arrowprops=arrow)
            axes.text(x + 0.06, p + g / 2, f"{g:+.2f}", fontsize=8, va="center", color=draw.INK)
        names = [
            f"{name}{' = a*' if a == self.chosen else ''}\n{x:.3g}"
            for a, (name, x) in enumerate(zip(self.labels, self.logits, strict=True))
        ]
        axes.set_xticks(at, names, fontsize=8)
        axes.set(ylim=(0, 1.05), ylabel="π(a), arrows 1[a*] - π")
        axes.set_title(
            f"loss -log π(a*) = {self.loss:.4g}", loc="left", fontsize=10, color=draw.INK
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return with_picture(super()._repr_mimebundle_(**kwargs), self.picture(), self.sentence)


def _whole(x: Any) -> bool:
    return isinstance(x, int | np.integer) and not isinstance(x, bool)
