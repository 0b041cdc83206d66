"""Pure drawing: data in, a matplotlib Figure or PNG bytes out.  No widget, no global figure, no screen.

One meaning, one hue, here and in the labs' style sheets (Okabe & Ito's colour-blind safe palette):
blue is what the policy does, purple is μ, green the large goal, amber the small one, vermilion fire.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from pgkit.types import Array, Float
from pgkit.worlds.world import World

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, PURPLE, GREEN, AMBER, FIRE = "#0072b2", "#b4559a", "#009e73", "#e69f00", "#d55e00"
INK, SOFT, FAINT, FLOOR, WALL = "#1f2933", "#6b7785", "#d9dee4", "#f4f6f8", "#7c8794"
HUES = {"goal": GREEN, "trap": AMBER, "policy": BLUE, "mu": PURPLE, "fire": FIRE}
ARROWS = ((0, -1), (1, 0), (0, 1), (-1, 0))  # up, right, down, left; y points down


def png(figure: Figure, dpi: int = 110) -> bytes:
    """The figure as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    out = BytesIO()
    figure.savefig(out, format="png", dpi=dpi, facecolor="white")
    return out.getvalue()


def lab(views: Any, timeline: Any, caption: str) -> bytes:
    """A lab on paper, as PNG: the first view large, the others beside it, the words below."""
    from matplotlib.figure import Figure

    rows = max(1, len(views) - 1)
    heights = [view.height for view in views[1:]] or [1.0]
    figure = Figure(figsize=(10, max(4.9, 2.2 * sum(heights))), layout="constrained")
    if len(views) == 1:
        views[0].paper(figure.subplots(), timeline)
    else:
        spec = figure.add_gridspec(rows, 2, width_ratios=(1, 1.25), height_ratios=heights)
        views[0].paper(figure.add_subplot(spec[:, 0]), timeline)
        for row, view in enumerate(views[1:]):
            view.paper(figure.add_subplot(spec[row, 1]), timeline)
    figure.supxlabel(_wrap(caption), fontsize=8, color=SOFT)
    return png(figure)


def grid(
    axes: Axes, world: World, *, probs: Array, occupancy: Array, mu: Array, legend: bool = True
) -> None:
    """A grid world: d_π as heat, μ as dots, π(a|s) as arrows as long as their probability."""
    layout = world.grid
    heat = np.sqrt(occupancy / max(occupancy.max(), 1e-12))
    dots = np.sqrt(mu / max(mu.max(), 1e-12))
    for s, letter in enumerate(layout.letters):
        row, col = divmod(s, layout.cols)
        _cell(axes, row, col, letter, world, s)
        if world.startable[s]:
            axes.add_patch(_square(col, row, BLUE, alpha=0.75 * heat[s]))
            if letter == "S":
                axes.text(col - 0.42, row + 0.42, "S", fontsize=8, weight="bold", color=INK)
            if mu[s] > 0:
                axes.plot(
                    col + 0.32, row - 0.32, "o",
                    color=PURPLE, ms=2.5 + 4 * dots[s], mec="white", mew=0.4,
                )  # fmt: skip
            _arrows(axes, row, col, probs[s], "white" if heat[s] > 0.75 else INK)
    axes.set(xlim=(-0.5, layout.cols - 0.5), ylim=(layout.rows - 0.5, -0.5), aspect="equal")
    axes.axis("off")
    if legend:
        axes.set_title(
            "arrows π(a|s)   blue $d_\\pi$   purple dots μ", loc="left", color=INK, fontsize=10
        )


def learning_curve(
    axes: Axes,
    curve: Float[Array, "K C"],
    *,
    ghost: Array | None = None,
    rival: Array | None = None,
    marks: Sequence[tuple[int, str, str]] = (),
    lines: Sequence[Mapping[str, Any]] = (),
    label: str = "J from the nominal start",
) -> None:
    """J against iterations: the median over runs and the band from 10 to 90 %.

    lines: {value, text, hue} to compare with; ghost, rival: the medians of other runs.
    """
    iterations, low, median, high = curve[:, :4].T
    if ghost is not None:
        axes.plot(ghost[:, 0], ghost[:, 2], color=SOFT, lw=1.2, ls=":")
    if rival is not None:
        axes.plot(rival[:, 0], rival[:, 2], color=FIRE, lw=1.6, ls="--")
    axes.fill_between(iterations, low, high, color=BLUE, alpha=0.18, lw=0)
    axes.plot(iterations, median, color=BLUE, lw=2)
    if len(iterations) == 1:
        axes.plot(iterations, median, "o", color=BLUE, ms=5)
    for line in lines:
        axes.axhline(line["value"], color=HUES.get(line["hue"], SOFT), lw=1.2, ls="--")
        axes.annotate(
            line["text"], (1, line["value"]), (-4, 3),
            xycoords=("axes fraction", "data"), textcoords="offset points",
            ha="right", fontsize=8, color=INK,
        )  # fmt: skip
    turned: dict[int, list[str]] = {}
    for at, symbol, value in marks:
        turned.setdefault(at, []).append(f"{symbol} {value}".strip())
    for at, words in turned.items():
        axes.axvline(at, color=SOFT, lw=0.8, ls=":")
        axes.annotate(
            ", ".join(words), (at, 0), (2, 3), xycoords=("data", "axes fraction"),
            textcoords="offset points", fontsize=7, color=SOFT,
        )  # fmt: skip
    last = max(float(iterations[-1]), float(ghost[-1, 0]) if ghost is not None else 0.0, 10.0)
    axes.set(xlim=(0, last), xlabel="iteration")
    axes.set_title(f"{label}: median, 10-90 % of runs", loc="left", color=INK, fontsize=9)
    axes.locator_params(axis="x", integer=True)
    axes.margins(y=0.08)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=SOFT, labelsize=8)
    axes.xaxis.label.set(color=INK, fontsize=9)


def _square(col: int, row: int, hue: str, **style: Any) -> Any:
    from matplotlib.patches import FancyBboxPatch

    box = "round,pad=0,rounding_size=0.08"
    return FancyBboxPatch((col - 0.47, row - 0.47), 0.94, 0.94, boxstyle=box, fc=hue, lw=0, **style)


def _cell(axes: Axes, row: int, col: int, letter: str, world: World, s: int) -> None:
    fills = {"#": WALL, "F": "#fbe3d3", "f": "#fbe3d3", "G": GREEN, "e": AMBER}
    axes.add_patch(_square(col, row, fills.get(letter, FLOOR)))
    if letter in "Ff":
        axes.add_patch(_flame(col, row, 0.40, FIRE, 1.0 if letter == "F" else 0.45))
        axes.add_patch(_flame(col, row + 0.10, 0.2, "#f6c244", 1.0 if letter == "F" else 0.45))
    if letter in world.goals:
        enters = world.goals[letter][world.next_state] & ~world.terminal[:, None, None]
        pay = world.reward[enters].max()
        hue = "white" if letter == "G" else INK
        axes.text(
            col, row, f"{pay:+g}", ha="center", va="center", fontsize=8, weight="bold", color=hue
        )


def _flame(col: float, row: float, size: float, hue: str, alpha: float) -> Any:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    points = np.array(FLAME) * size + (col, row)
    codes = [Path.MOVETO] + [Path.CURVE4] * (len(points) - 1)
    return PathPatch(Path(points, codes), fc=hue, lw=0, alpha=alpha)


FLAME = (  # a drop with a lick: Bezier points in [-1, 1]^2, y down
    (0.05, -0.95), (0.12, -0.45), (0.72, -0.2), (0.72, 0.32), (0.72, 0.75), (0.38, 0.95), (0.0, 0.95),
    (-0.4, 0.95), (-0.72, 0.72), (-0.72, 0.28), (-0.72, -0.02), (-0.5, -0.2), (-0.38, -0.42),
    (-0.34, -0.2), (-0.24, -0.12), (-0.14, -0.14), (-0.2, -0.45), (-0.12, -0.75), (0.05, -0.95),
)  # fmt: skip


def _arrows(axes: Axes, row: int, col: int, probs: Array, hue: str) -> None:
    for (dx, dy), p in zip(ARROWS, probs, strict=False):
        if p > 0.03:
            axes.annotate(
                "", (col + dx * (0.12 + 0.3 * p), row + dy * (0.12 + 0.3 * p)), (col, row),
                arrowprops={
                    "arrowstyle": "-|>,head_length=0.3,head_width=0.16", "color": hue,
                    "mutation_scale": 5 + 6 * p,
                    "lw": 0.5 + 1.1 * p, "shrinkA": 0, "shrinkB": 0, "alpha": 0.35 + 0.65 * p,
                },
            )  # fmt: skip


def _wrap(text: str, width: int = 130) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width))
