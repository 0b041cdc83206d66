"""The course's static figures: data in, a Picture (figure and its words) out; and code beside its slide.

Matplotlib is imported when a figure is made. Every picture says in words what it shows, from the same
numbers, so that nobody needs to see it.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pgkit.files import write_beside, write_new
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
    """A figure and what it shows, in words.  Shown as a cell's last expression.

    caption : what stands below it, where not all of the words are to be read by who sees the figure.
    """

    figure: Figure
    words: str
    caption: str = ""

    def png(self) -> bytes:
        """The figure as PNG."""
        from pgkit import draw

        return draw.png(self.figure)

    def _repr_html_(self) -> str:
        data, words = base64.b64encode(self.png()).decode("ascii"), html.escape(self.words)
        image = f'<img style="max-width:100%" alt="{words}" src="data:image/png;base64,{data}">'
        below = html.escape(self.caption) or words
        caption = f'<figcaption style="max-width:60em;opacity:.8">{below}</figcaption>'
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
    return Picture(
        figure,
        f"{len(told)} map{'s' * (len(told) > 1)} of {world.name} ({drawn}): {'; '.join(told)}.",
    )


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
    log_x: bool = False,
    panels: bool = False,
) -> Picture:
    """Lines by name, each (x values, y values); log, log_x: a log scale; panels: each in its own frame."""
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
    if log_x:
        axes[0].set_xscale("log")
        ticks = sorted({float(at) for xs, _ in lines.values() for at in xs})
        axes[0].set_xticks(ticks, [f"{at:g}" for at in ticks])
        axes[0].set_xticks([], minor=True)
    if not panels and len(lines) > 1:
        axes[0].legend(frameon=False)
    return Picture(figure, f"{y} against {x}. {'; '.join(told)}.")


def bands(
    runs: Mapping[str, tuple[Sequence[float], Float[Array, "K B"]]],
    *,
    x: str,
    y: str,
    best: float | None = None,
) -> Picture:
    """Many runs by name, each (x values [K], y of every run [K, B]): median, and a band from 10 to 90 %."""
    figure, (ax,) = _axes(7.5, 3.4)
    told = []
    for k, (name, (xs, ys)) in enumerate(runs.items()):
        low, middle, high = np.quantile(ys, (0.1, 0.5, 0.9), axis=-1)
        ax.fill_between(xs, low, high, color=HUES[k % 4], alpha=0.18, lw=0)
        ax.plot(xs, middle, color=HUES[k % 4], ls=DASHES[k % 4], lw=2, label=name)
        told.append(
            f"{name}: median of {np.shape(ys)[-1]} runs from {middle[0]:.4g} at {xs[0]:g} to {middle[-1]:.4g} at "
            f"{xs[-1]:g}, 10 to 90 % there from {low[-1]:.4g} to {high[-1]:.4g}"
        )
    if best is not None:
        ax.axhline(best, color=HUES[2], lw=1.2, ls=":", label=f"best possible, {best:.4g}")
        told.append(f"the best possible is {best:.4g}")
    ax.set(xlabel=x, ylabel=y)
    ax.legend(frameon=False, fontsize=9)
    return Picture(figure, f"{y} against {x}. {'; '.join(told)}.")


def steps(rows: Mapping[str, Sequence[float]], x: str = "time t") -> Picture:
    """Bars over the steps of one trajectory, panels on one axis of time: blue above zero, red below."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 1.5 * len(rows) + 0.6), layout="constrained")
    axes = figure.subplots(len(rows), 1, squeeze=False, sharex=True)[:, 0]
    told = []
    for ax, (name, values) in zip(axes, rows.items(), strict=True):
        bars = ax.bar(range(len(values)), values, color=[HUES[int(v < 0)] for v in values])
        ax.bar_label(bars, [f"{v:.3g}" for v in values], fontsize=8, padding=1)
        ax.axhline(0, color="#5b6672", lw=0.8)
        ax.set_title(name, loc="left", fontsize=10)
        ax.margins(y=0.25)
        ax.spines[["top", "right"]].set_visible(False)
        told.append(f"{name}: {', '.join(f'{v:.3g}' for v in values)}")
    axes[-1].set(xlabel=x, xticks=range(len(rows[next(iter(rows))])))
    return Picture(figure, f"Step by step. {'; '.join(told)}.")


def clouds(
    gradients: Mapping[str, Float[Array, "n 2"]],
    exact: Float[Array, "2"],
    prob: Float[Array, "n"] | None = None,
    names: tuple[str, str] = ("θ₁", "θ₂"),
) -> Picture:
    """Gradients in a plane, one panel for each name: dots, their mean, the exact one, and the cloud's radius.

    The radius is sqrt(E|g - exact|²), drawn as a circle around the exact gradient; the panels end at
    two of the largest radius. prob: how likely each dot is, shown by its size; all alike unless given.
    """
    from matplotlib.patches import Circle

    figure, axes = _axes(3.2 * len(gradients), 3.6, len(gradients), sharex=True, sharey=True)
    told, widest = [], 0.0
    for ax, (name, g) in zip(axes, gradients.items(), strict=True):
        share = np.full(len(g), 1 / len(g)) if prob is None else prob
        mean, radius = share @ g, float(np.sqrt(share @ ((g - exact) ** 2).sum(axis=1)))
        widest = max(widest, radius)
        ax.axhline(0, color="#5b6672", lw=0.7, zorder=0)
        ax.axvline(0, color="#5b6672", lw=0.7, zorder=0)
        ax.scatter(*g.T, s=10 * share / share.mean(), color=HUES[0], alpha=0.25, lw=0)
        ax.add_patch(Circle(tuple(exact), radius, fill=False, color="#5b6672", lw=1.4, ls="--"))
        ax.plot(*exact, "o", ms=8, color=HUES[2], mec="white", label="exact gradient")
        ax.plot(*mean, "o", ms=14, mfc="none", color=HUES[1], mew=2, label="mean of the cloud")
        ax.set_title(f"{name}\nradius {radius:.3g}", loc="left", fontsize=10)
        ax.set(xlabel=f"along {names[0]}", aspect="equal")
        told.append(f"{name}: mean ({mean[0]:.3f}, {mean[1]:.3f}), radius {radius:.4g}")
    axes[0].set(xlim=exact[0] + 2 * widest * np.array([-1, 1]), ylabel=f"along {names[1]}")
    axes[0].set_ylim(exact[1] + 2 * widest * np.array([-1, 1]))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return Picture(
        figure,
        f"Gradients (blue dots), their mean (red ring) and the exact one (green disc, ({exact[0]:.3f}, "
        f"{exact[1]:.3f})); the dashed circle is the cloud's radius; what lies "
        f"beyond two of the largest is not drawn. {'; '.join(told)}.",
    )


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


# ---------------------------------------------------------------- a race


def race(outcome: Any) -> Picture:
    """A race (pgkit.race.Outcome): both learning curves, every run's end, and the interval of the difference."""
    from matplotlib.figure import Figure

    from pgkit import statistics

    verdict, at = outcome.verdict(), outcome.at
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    spec = figure.add_gridspec(2, 2, width_ratios=(1.7, 1), height_ratios=(1.9, 1))
    curve = figure.add_subplot(spec[:, 0])
    ends, apart = figure.add_subplot(spec[0, 1]), figure.add_subplot(spec[1, 1])
    rows = list(zip(verdict.names, outcome.scores, HUES, DASHES, verdict.iqm, strict=False))
    for k, (name, scores, hue, dash, end) in enumerate(rows):
        estimates = [statistics.interval(each, count=400) for each in scores]
        middle, low, high = np.array([(e.value, e.low, e.high) for e in estimates]).T
        spread = np.quantile(scores, (0.1, 0.9), axis=1)
        curve.fill_between(at, *spread, color=hue, alpha=0.1, lw=0)
        curve.fill_between(at, low, high, color=hue, alpha=0.35, lw=0)
        curve.plot(at, middle, color=hue, ls=dash, lw=2, label=name)
        lift = 0.18 * np.sin(np.arange(len(scores[-1])) * 2.4)  # so that equal ones are seen
        ends.plot(scores[-1], k + lift, MARKERS[k], color=hue, ms=3, alpha=0.45, mew=0)
        ends.plot((end.low, end.high), (k, k), color="#1f2933", lw=2.5)
        ends.plot(end.value, k, "|", color="#1f2933", ms=14, mew=2.5)
    counted = "J from the nominal start"
    if outcome.episodes is not None:
        counted = f"mean return of {outcome.episodes} episodes"
    curve.set(xlabel="iteration", ylabel=counted)
    curve.set_title(
        "interquartile mean, its 95 % interval; faint: 80 % of the runs", loc="left", fontsize=9
    )
    if outcome.race.best is not None:
        best = outcome.race.best
        curve.axhline(best, color=HUES[2], lw=1.2, ls=":", label=f"best possible, {best:.4g}")
    curve.legend(frameon=False, fontsize=9)
    ends.set_yticks((0, 1), verdict.names)
    ends.set_ylim(1.6, -0.6)
    ends.set_title("every run at the end, IQM and interval", loc="left", fontsize=9)
    gap = verdict.difference
    apart.axvline(0, color="#5b6672", lw=1.2, ls="--")
    apart.plot((gap.low, gap.high), (0, 0), color=HUES[3], lw=4)
    apart.plot(gap.value, 0, "o", color=HUES[3], ms=9)
    apart.set(
        yticks=(), ylim=(-1, 1), xlabel=f"IQM of {verdict.names[0]} minus IQM of {verdict.names[1]}"
    )
    apart.set_title(verdict.call, loc="left", fontsize=10, weight="bold")
    for ax in (curve, ends, apart):
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.25, lw=0.6)
    return Picture(figure, verdict.words)


# ---------------------------------------------------------------- a file of one's own

FORMATS = (".png", ".svg", ".pdf")


def export(picture: Picture, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write the figure as PNG, SVG or PDF, by the ending of the name.

    ValueError for another ending; FileExistsError where the file is there, unless it may be overwritten.
    """
    import matplotlib

    path, form, out = Path(path), format_of(Path(path)), BytesIO()
    undated = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[form]
    with matplotlib.rc_context({"svg.hashsalt": "pgkit", "svg.fonttype": "path"}):
        picture.figure.savefig(out, format=form, dpi=200, facecolor="white", metadata=undated)
    (write_beside if overwrite else write_new)(path, out.getvalue())
    return path


def format_of(path: Path) -> str:
    """png, svg or pdf.  ValueError for a name that ends otherwise."""
    if path.suffix.lower() not in FORMATS:
        raise ValueError(
            f"path = {str(path)!r}, but a figure is written as {', '.join(FORMATS)}; end the name with one"
        )
    return path.suffix.lower().removeprefix(".")


# ---------------------------------------------------------------- the map of the lecture

KNOBS = {  # which of the loop's knobs a chapter turns -> its hue
    "loop": "#5b6672",
    "start": "#9a3f82",
    "weight": "#0072b2",
    "norm": "#00795a",
}
CHAPTERS = (  # (knob, chapter, its slide, what the knob is turned to)
    ("loop", "Start here", "Nightmares of Policy Optimization", "the map, the symbols, the controls"),
    ("weight", "Classification", "Supervised learning (classification)", "weight 1"),
    ("weight", "Weighted classification", "Supervised learning (weighted classification)", "weight R"),
    ("weight", "From trajectories to returns", "Policy gradient (multi-step classification)", "weight Q̂"),
    ("loop", "REINFORCE", "REINFORCE · The Policy Gradient Theorem", "the loop closes: fresh data"),
    ("start", "Local optima", "Nightmare 1 · The Ring of Fire", "start at resets μ"),
    ("norm", "Distribution shift", "Nightmare 2 · What is the best norm?", "small in KL, not in θ"),
    ("weight", "High variance", "Nightmare 3 · Subtract a baseline!", "weight Q̂ - V"),
    ("weight", "Monte Carlo and TD", "Can we bring back MC and TD?", "how to learn V"),
    ("weight", "Actor-critic", "Actor-Critic Algorithms", "weight r + γV(s') - V(s)"),
    ("weight", "Soft actor-critic", "“Soft” Actor Critic", "reward and entropy"),
    ("weight", "Policy search: AWR", "Advantage-Weighted Regression", "weight exp((R - V)/β)"),
    ("loop", "Your turn", "tl;dr", "all three knobs are yours"),
)  # fmt: skip
_LOOP = (  # (middle on the page, what the box says, its knob, what the knob asks)
    (1.35, "policy $\\pi_\\theta(a|s)$", "loop", "random at first"),
    (3.95, "ROLL OUT", "start", "START\nwhere do rollouts begin?"),
    (6.55, "DATA (s, a, weight)", "weight", "WEIGHT\nhow much does each (s, a) count?"),
    (9.15, "UPDATE $\\theta$", "norm", "NORM\nwhat is a small step?"),
)


def lecture_map() -> Picture:
    """The lecture on one page: the loop with its three knobs, and which knob each of the thirteen chapters turns."""
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

    figure, (ax,) = _axes(10.5, 7.3)
    ax.axis("off")
    ax.set(xlim=(0, 10.5), ylim=(0.35, 7.6))
    arrow = {"arrowstyle": "-|>", "mutation_scale": 16, "color": "#1f2933", "lw": 1.6}
    for x, box, knob, asks in _LOOP:
        shape = "round,pad=0,rounding_size=0.12"
        ax.add_patch(FancyBboxPatch((x - 1, 6.1), 2, 0.66, shape, fc="white", ec="#1f2933", lw=1.4))
        ax.text(x, 6.43, box, ha="center", va="center", fontsize=11)
        ax.text(x, 5.9, asks, ha="center", va="top", fontsize=9.5, color=KNOBS[knob], weight="bold")
        if x < 9:
            ax.add_patch(FancyArrowPatch((x + 1.02, 6.43), (x + 1.58, 6.43), **arrow))
    ax.plot([9.15, 9.15, 1.35], [6.78, 7.2, 7.2], color="#1f2933", lw=1.6)
    ax.add_patch(FancyArrowPatch((1.35, 7.2), (1.35, 6.78), shrinkA=0, **arrow))
    ax.text(5.25, 7.26, "WHILE NOT CONVERGED", ha="center", va="bottom", fontsize=9.5)
    told = []
    for k, (knob, chapter, lecture, turned) in enumerate(CHAPTERS):
        left, y = 0.1 + 5.25 * (k > 6), 4.78 - 0.68 * (k % 7)
        ax.add_patch(FancyBboxPatch((left, y - 0.25), 0.5, 0.5, "round,pad=0,rounding_size=0.1",
                                    fc=KNOBS[knob], ec="none"))  # fmt: skip
        ax.text(left + 0.25, y, f"{k:02}", ha="center", va="center", color="white", weight="bold")
        ax.text(left + 0.65, y + 0.13, chapter, va="center", fontsize=10.5, weight="bold")
        ax.text(
            left + 4.95, y + 0.13, turned, va="center", ha="right", fontsize=9.5, color=KNOBS[knob]
        )
        ax.text(left + 0.65, y - 0.15, lecture, va="center", fontsize=9, color="#5b6672")
        told.append(f"{k:02} {chapter} (slide: {lecture}; {knob}: {turned})")
    return Picture(
        figure,
        "The loop: a policy is rolled out (knob START: where rollouts begin), which gives data (knob WEIGHT: how much "
        "each state and action counts), from which θ is updated (knob NORM: what a small step is), again and again. "
        f"The chapters and the knob that each turns: {'; '.join(told)}.",
        "The loop with its three knobs. Below, the notebooks: each has the colour of the knob that it turns; in grey "
        "the slide, on the right what the knob is turned to.",
    )
