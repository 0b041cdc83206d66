"""BatchLab: be the predictor. A few episodes of two states, and what Monte Carlo and TD make of them."""

from __future__ import annotations

from typing import Any

import anywidget
import numpy as np
import traitlets

from pgkit import draw, exact
from pgkit.types import Trajectories
from pgkit.widgets.lab import bundle, styles, with_picture
from pgkit.worlds.predictors import A, B, batch

MOST = 12  # episodes of one kind
KINDS = {  # trait -> (how it is written, the episode)
    "a0": ("A 0, B 0", [(A, 0.0), (B, 0.0)]),
    "a1": ("A 0, B 1", [(A, 0.0), (B, 1.0)]),
    "b1": ("B 1", [(B, 1.0)]),
    "b0": ("B 0", [(B, 0.0)]),
}


class BatchLab(anywidget.AnyWidget):
    """Add and take away episodes: V(A) and V(B) at the fixed points of batch Monte Carlo and batch TD, γ = 1.

    Parameters
    ----------
    a0, a1, b1, b0 : how many episodes "A 0, B 0", "A 0, B 1", "B 1", "B 0" there are, 0 to 12 each.
        The usual ones are Sutton & Barto's eight (2018, example 6.4).

    Raises
    ------
    ValueError : a number out of range.
    """

    _esm = bundle("lab.mjs", "plot.mjs", "batch_lab.mjs")
    _css = styles("lab.css")
    a0 = traitlets.Int(1).tag(sync=True)
    a1 = traitlets.Int(0).tag(sync=True)
    b1 = traitlets.Int(6).tag(sync=True)
    b0 = traitlets.Int(1).tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)

    def __init__(self, a0: int = 1, a1: int = 0, b1: int = 6, b0: int = 1) -> None:
        super().__init__()
        with self.hold_sync():
            self.a0, self.a1, self.b1, self.b0 = a0, a1, b1, b0
            self.scene = {
                "kinds": {kind: words for kind, (words, _) in KINDS.items()},
                "most": MOST,
            }

    @traitlets.validate(*KINDS)
    def _check(self, proposal: Any) -> int:
        name, given = proposal["trait"].name, proposal["value"]
        if not 0 <= given <= MOST:
            raise ValueError(
                f"{name} = {given!r}, but there are 0 to {MOST} episodes {KINDS[name][0]!r}"
            )
        return given

    @property
    def data(self) -> Trajectories | None:
        """The batch, or None where there is no episode."""
        episodes = [e for kind, (_, e) in KINDS.items() for _ in range(getattr(self, kind))]
        return batch(*episodes) if episodes else None

    def values(self, method: str) -> tuple[float | None, float | None]:
        """V(A) and V(B) of "MC" or "TD"; None for a state that does not occur."""
        fixed_points = {"MC": exact.batch_monte_carlo, "TD": exact.batch_td}
        if method not in fixed_points:
            raise ValueError(f"method = {method!r}, but it must be MC or TD")
        data = self.data
        if data is None:
            return None, None
        v = fixed_points[method](data, 3, 1.0)[0]
        return (float(v[A]) if self.a0 + self.a1 else None), float(v[B])

    @property
    def sentence(self) -> str:
        """The lab in words."""
        listed = ", ".join(
            f"{getattr(self, kind)} × ({words})" for kind, (words, _) in KINDS.items()
        )
        said = "; ".join(
            f"{name}: V(A) {_plain(a)}, V(B) {_plain(b)}"
            for name, (a, b) in (("Monte Carlo", self.values("MC")), ("TD", self.values("TD")))
        )
        return f"The episodes {listed}. {said}."

    def picture(self) -> bytes:
        """The values as PNG."""
        return draw.lab([_Bars(self)], None, self.sentence)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        data, metadata = with_picture(shown, self.picture(), self.sentence)
        return data | {"text/plain": self.sentence}, metadata


def _plain(v: float | None) -> str:
    return "was not seen" if v is None else f"{v:.3f}"


class _Bars:
    height = 1.0

    def __init__(self, lab: BatchLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        for shift, (m, name, hue) in zip((-0.2, 0.2), (("MC", "Monte Carlo", draw.FIRE), ("TD", "TD", draw.BLUE)),
                                         strict=True):  # fmt: skip
            heights = [v or 0.0 for v in self.lab.values(m)]
            bars = axes.bar(np.arange(2) + shift, heights, 0.36, color=hue, label=name)
            axes.bar_label(bars, [f"{v:.2f}" for v in heights], fontsize=9)
        axes.set_xticks([0, 1], ["V(A)", "V(B)"])
        axes.set_ylim(0, 1.12)
        axes.legend(frameon=False, fontsize=9)
        axes.set_title(
            "what each makes of the same episodes", loc="left", fontsize=9, color=draw.INK
        )
