"""The course's static figures: data in, a Picture (figure and its words) out; and code beside its slide.

Matplotlib is imported when a figure is made. Every picture says in words what it shows, from the same
numbers, so that nobody needs to see it.
"""

from __future__ import annotations

import base64
import difflib
import html
import inspect
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pgkit.types import Array, Float
from pgkit.worlds.world import World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HUES = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#b4559a",
)  # with other markers and dashes: never colour alone
MARKERS, DASHES = ("o", "s", "^", "D"), ("-", "--", "-.", ":")


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure and what it shows, in words.  Shown as a cell's last expression."""

    figure: Figure
    words: str

    def png(self) -> bytes:
        """The figure as PNG."""
        from pgkit import draw

        return draw.png(self.figure)

    def _repr_html_(self) -> str:
        data, words = base64.b64encode(self.png()).decode("ascii"), html.escape(self.words)
        image = f'<img style="max-width:100%" alt="{words}" src="data:image/png;base64,{data}">'
        caption = f'<figcaption style="max-width:60em;opacity:.8">{words}</figcaption>'
        return f"<figure style='margin:0'>{image}{caption}</figure>"

    def _repr_png_(self) -> bytes:
        return self.png()

    def __repr__(self) -> str:
        return self.words


def _axes(width: float, height: float, columns: int = 1, **options: Any):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False, **options)[0]
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.25, lw=0.6)
    return figure, axes


# ---------------------------------------------------------------- maps


def maps(
    world: World,
    resets: Mapping[str, Float[Array, "S"]],
    probs: Float[Array, "K S A"] | None = None,
    gamma: float = 0.95,
) -> Picture:
    """The world once for each μ, with the K policies and where they go from the nominal start, if given."""
    from pgkit import draw, exact

    figure, axes = _axes(3.1 * len(resets), 3.5, len(resets))
    blank = np.zeros((world.n_states, world.n_actions))
    for k, (ax, (title, mu)) in enumerate(zip(axes, resets.items(), strict=True)):
        policy = blank if probs is None else probs[k]
        visits = (
            np.zeros(world.n_states) if probs is None else exact.occupancy(world, policy, gamma)
        )
        dots = np.ravel(mu) if probs is not None else np.zeros(world.n_states)
        draw.grid(ax, world, probs=policy, occupancy=visits, mu=dots, legend=False)
        if probs is None:
            _shade(ax, world, np.ravel(mu))
        ax.set_title(title, fontsize=10, loc="left")
    told = [title.replace(",\n", ", ").replace("\n", ", ") for title in resets]
    drawn = (
        "purple squares are μ, the larger the more"
        if probs is None
        else "arrows π(a|s), blue where the policy goes, dots μ"
    )
    return Picture(figure, f"{len(told)} maps of {world.name} ({drawn}): {'; '.join(told)}.")


def _shade(ax: Any, world: World, mu: Float[Array, "S"]) -> None:
    """μ as purple cells, the area of the square in proportion to the mass."""
    from matplotlib.patches import Rectangle

    from pgkit import draw

    for s in np.flatnonzero(mu > 0):
        row, col = divmod(int(s), world.grid.cols)
        side = 0.9 * np.sqrt(mu[s] / mu.max())
        ax.add_patch(
            Rectangle(
                (col - side / 2, row - side / 2), side, side, color=draw.PURPLE, alpha=0.8, lw=0
            )
        )


# ---------------------------------------------------------------- outcomes


def outcomes(results: Mapping[str, Any]) -> Picture:
    """Where the runs ended, one bar for each trained Run: +100, +1, or neither."""
    figure, (ax,) = _axes(8, 0.42 * len(results) + 1.1)
    told = []
    for row, (name, run) in enumerate(results.items()):
        reached = run.history[-1].reached
        good, small = (int(np.sum(reached[g])) for g in "Ge")
        left = 0
        for count, hue, hatch in (
            (good, "#009e73", ""),
            (small, "#e69f00", "//"),
            (run.runs - good - small, "#d9dee4", ".."),
        ):
            ax.barh(row, count, left=left, color=hue, hatch=hatch, edgecolor="white", lw=0)
            left += count
        ax.text(run.runs * 1.01, row, f"{good} of {run.runs} at +100", va="center", fontsize=9)
        told.append(f"{name}: {good} of {run.runs} at +100, {small} at +1")
    for hue, hatch, name in (
        ("#009e73", "", "+100"),
        ("#e69f00", "//", "+1"),
        ("#d9dee4", "..", "neither"),
    ):
        ax.barh(0, 0, color=hue, hatch=hatch, edgecolor="white", lw=0, label=name)
    ax.legend(
        ncols=3, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), borderpad=0, fontsize=9
    )
    ax.set_yticks(range(len(results)), list(results), fontsize=9)
    ax.set(xlabel="where the runs end, scored from S", xlim=(0, None))
    ax.invert_yaxis()
    ax.grid(False)
    return Picture(figure, f"{'; '.join(told)}.")


def sweep(families: Mapping[str, Sequence[tuple[float, float, float]]]) -> Picture:
    """The share of runs that escape against w and against κ; each family is a list of (w, κ, share)."""
    figure, (by_w, by_kappa) = _axes(10, 3.6, 2, sharey=True)
    told = []
    for k, (name, rows) in enumerate(families.items()):
        w, kappa, share = np.array(rows).T
        style = {
            "color": HUES[k],
            "marker": MARKERS[k],
            "ls": DASHES[k],
            "label": f"mixed with {name}",
        }
        by_w.plot(w, share, **style)
        by_kappa.plot(kappa, share, **style)
        half = float(np.interp(0.5, share, w))
        told.append(
            f"{name}: from {share[0]:.0%} at w = {w[0]:.0%} (κ = {kappa[0]:.0f}) to {share[-1]:.0%} at "
            f"w = {w[-1]:.0%} (κ = {kappa[-1]:.2g}), half of them at w ≈ {half:.1%}"
        )
    by_w.set(
        xscale="log",
        xlabel="w, the share of μ in the mixture",
        ylabel="share of runs that reach +100",
    )
    by_kappa.set(xscale="log", xlabel="κ = ‖d*/μ_w‖∞ (smaller is better)")
    by_kappa.invert_xaxis()
    by_w.xaxis.set_major_formatter(lambda w, _: f"{w:.0%}")
    by_kappa.xaxis.set_major_formatter(lambda kappa, _: f"{kappa:g}")
    by_w.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    by_w.legend(frameon=False)
    return Picture(figure, f"Share of runs that escape, a steep step in w. {'; '.join(told)}.")


def curves(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    x: str,
    y: str,
    log: bool = False,
    panels: bool = False,
) -> Picture:
    """Lines by name, each (x values, y values); panels: each in its own frame."""
    figure, axes = _axes(9.5 if panels else 6.5, 3.3, len(lines) if panels else 1, sharey=True)
    told = []
    for k, (name, (xs, ys)) in enumerate(lines.items()):
        ax = axes[k if panels else 0]
        ax.plot(
            xs,
            ys,
            color=HUES[k % 4],
            ls="-" if panels else DASHES[k % 4],
            marker=MARKERS[k % 4],
            ms=4,
            label=name,
        )
        ax.set_xlabel(x)
        if panels:
            ax.set_title(name, loc="left", fontsize=10)
        told.append(f"{name}: from {ys[0]:.3g} at {xs[0]:g} to {ys[-1]:.3g} at {xs[-1]:g}")
    axes[0].set_ylabel(y)
    if log:
        axes[0].set_yscale("log")
    if not panels and len(lines) > 1:
        axes[0].legend(frameon=False)
    return Picture(figure, f"{y} against {x}. {'; '.join(told)}.")


def bound(gap: Float[Array, "n"], promise: Float[Array, "n"]) -> Picture:
    """The true gap to the optimum against what the theorem promises: no point may lie below the diagonal."""
    figure, (ax,) = _axes(5.5, 4.2)
    ax.loglog(gap, promise, "o", ms=3, alpha=0.5, color=HUES[0], mec="none")
    ends = np.array([gap.min() * 0.7, gap.max() * 2])
    ax.plot(ends, ends, color=HUES[1], lw=1.2)
    ax.annotate(
        "never below this line",
        (gap.max(), gap.max()),
        (0, -52),
        textcoords="offset points",
        ha="right",
        fontsize=9,
        color=HUES[1],
    )
    ax.set(xlabel="J(π*) - J(π): what is missing", ylabel="what the theorem allows to be missing")
    below, ratio = int(np.sum(promise < gap)), promise / gap
    return Picture(
        figure,
        f"{len(gap)} random policies and reset distributions: {below} below the line. The promise is "
        f"{ratio.min():.0f} to {ratio.max():.0f} times the truth, {np.median(ratio):.0f} times in the median.",
    )


# ---------------------------------------------------------------- the slide beside the code

SLIDE = {
    "START": "START WITH RANDOM POLICY π_θ",
    "WHILE": "WHILE NOT CONVERGED:",
    "ROLLOUT": "ROLLOUT π_θ to collect (s₁, a₁, r₁, s₂, a₂, r₂, …)",
    "CREATE": "CREATE DATASET D = (s₁, a₁, Q̂₁, s₂, a₂, Q̂₂, …)",
    "COMPUTE": "COMPUTE GRADIENTS ∇_θ J = Σ_D ∇_θ log π_θ(a_t|s_t) Q̂_t",
    "UPDATE": "UPDATE θ ← θ + α ∇_θ J",
}


@dataclass(frozen=True)
class Source:
    """An algorithm's source beside the slide, as HTML; `changed` lists the lines that are new."""

    page: str
    changed: tuple[str, ...]
    words: str

    def _repr_html_(self) -> str:
        return self.page

    def __repr__(self) -> str:
        return self.words


def slide_and_code(algorithm: type, before: type | None = None) -> Source:
    """The slide's lines beside the source that runs, read from the package; what differs from `before` is marked."""
    new = _lines(algorithm)
    old = _lines(before) if before else new
    rows, changed, words = [], [], []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            for line in old[i:j]:
                rows.append(_row("", line, "gone"))
                words.append(f"- {line}")
        for line in new[k:m]:
            code, _, said = line.partition("  # ")
            if tag != "equal":
                changed.append(code.strip())
            rows.append(_row(said if said else "", line, "same" if tag == "equal" else "new"))
            words.append(f"{' ' if tag == 'equal' else '+'} {line}")
    title = algorithm.__name__ + (
        f", marked where it differs from {before.__name__}" if before else ""
    )
    head = f"<tr><th style='text-align:left'>The slide</th><th style='text-align:left'>{title}</th></tr>"
    page = f"<table style='border-collapse:collapse;text-align:left'>{head}{''.join(rows)}</table>"
    return Source(page, tuple(changed), "\n".join(words))


def _lines(algorithm: type) -> list[str]:
    """The statements of `init` and `iteration`, without signatures."""
    kept = []
    for method in (algorithm.init, algorithm.iteration):
        text = textwrap.dedent(inspect.getsource(method))
        kept += [line[4:].rstrip() for line in text.splitlines()[1:] if line.strip()]
    return kept


def _row(said: str, line: str, kind: str) -> str:
    code = line.partition("  # ")[0].rstrip()
    first = said.split(" ")[0].split("(")[0]
    slide = SLIDE.get(first, said)
    extra = said[said.index("(") :] if "(STARTING" in said else ""
    slide = f"{html.escape(slide)}{f'<br><b>{html.escape(extra)}</b>' if extra else ''}"
    looks = {
        "same": "",
        "gone": "opacity:.55;text-decoration:line-through",
        "new": "background:rgba(230,159,0,.28);border-left:4px solid #d55e00;font-weight:bold",
    }[kind]
    cell = "padding:.15em .8em;vertical-align:top;text-align:left"
    return (
        f"<tr><td style='{cell};max-width:24em'>{slide}</td><td style='{cell};{looks}'>"
        f"<code style='white-space:pre;background:none'>{html.escape(code)}</code></td></tr>"
    )
