"""NormLab: the plain and the natural gradient on one map; ThetaMarks: which terms of the gradient depend on θ?"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import anywidget
import numpy as np
import traitlets

from pgkit import draw
from pgkit.types import Array, Float
from pgkit.widgets.lab import bundle, styles, with_picture

LOOKS = {
    "race": "J against the number of updates",
    "scale": "the same two paths, drawn by what the policy does",
    "ball": "all steps of one size, and the best of them",
}
WORLDS = {"two-state": 1.8, "scaled-bandit": 0.45}  # and 0.9 of the best J there
A, B = (math.log(4), -math.log(4)), (math.log(0.775 / 0.225), -math.log(9))
FAR = 30.0  # logits that no step leaves
UPDATES = 20_000  # that are taken one by one; in the two-state world the flow goes on from there
LENGTH, ARCS = 0.05, 4000  # of the flow: Runge-Kutta steps along its length, and how many at most
ALPHA, SCALE, DAMPING, EPSILON = (0.01, 100.0), (0.05, 2.0), (0.0, 1.0), (1e-4, 0.5)
LATEST = 8.0  # log10 of the last update on the clock
CONTEXTS = ((-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0))
NAMES = {
    "two-state": ("π(stay | i)", "π(stay | j)"),
    "scaled-bandit": ("π(1 | x = (+1, +1))", "π(1 | x = (−1, +1))"),
}


# ---------------------------------------------------------------- two small worlds, in scalars
# as in norm_lab.mjs; tests hold both against pgkit.exact


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def chances(world: str, theta: Sequence[float], scale: float = 1.0) -> tuple[float, float]:
    """The two probabilities that say all about the policy; see NAMES."""
    first, second = logits(world, theta, scale)
    return sigmoid(first), sigmoid(second)


def local(world: str, theta: Sequence[float], scale: float = 1.0) -> tuple[float, tuple, tuple]:
    """(J, its gradient, and F as (F11, F12, F22)) at θ; average reward, or the bandit's mean."""
    x, y = theta[0], scale * theta[1]
    if world == "two-state":
        p, q, stay, leave = sigmoid(x), sigmoid(y), sigmoid(-x), sigmoid(-y)
        out = stay + leave
        rho, other, h = leave / out, stay / out, (2 * q - p) / out
        f, g = rho * p * stay, other * q * leave
        return rho * p + 2 * other * q, (f * (1 - h), scale * g * (2 + h)), (f, 0.0, scale**2 * g)
    total, first, second, a, b, c = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for u, v in CONTEXTS:
        z, gain = x * u + y * v, v + 0.3 * u
        p, slope = sigmoid(z), sigmoid(z) * sigmoid(-z) / 4
        total += p * gain / 4
        first += slope * gain * u
        second += slope * gain * v
        a += slope * u * u
        b += slope * u * v
        c += slope * v * v
    return total, (first, scale * second), (a, scale * b, scale**2 * c)


def solved(fisher: tuple, g: tuple, damping: float = 0.0) -> tuple[float, float]:
    """(F + λI)⁻¹ g for two parameters; 0 where F has no inverse."""
    a, b, c = fisher[0] + damping, fisher[1], fisher[2] + damping
    det = a * c - b * b
    if not det > 0:
        return 0.0, 0.0
    return (c * g[0] - b * g[1]) / det, (a * g[1] - b * g[0]) / det


def logits(world: str, theta: Sequence[float], scale: float) -> tuple[float, float]:
    """Those of the two probabilities."""
    x, y = theta[0], scale * theta[1]
    return (x, y) if world == "two-state" else (x + y, y - x)


def log_sigmoid(z: float) -> float:
    return min(z, 0.0) - math.log1p(math.exp(-abs(z)))


def kl(world: str, old: Sequence[float], new: Sequence[float], scale: float = 1.0) -> float:
    """Σ_s d(s) KL(π_old(·|s) ‖ π_new(·|s)), d where the old policy goes."""
    before, after = logits(world, old, scale), logits(world, new, scale)
    weights = (0.5, 0.5)
    if world == "two-state":
        leave_i, leave_j = sigmoid(-before[0]), sigmoid(-before[1])
        weights = (leave_j / (leave_i + leave_j), leave_i / (leave_i + leave_j))
    total = 0.0
    for w, z, y in zip(weights, before, after, strict=True):
        stay = sigmoid(z) * (log_sigmoid(z) - log_sigmoid(y))
        total += w * (stay + sigmoid(-z) * (log_sigmoid(-z) - log_sigmoid(-y)))
    return total


@lru_cache(maxsize=64)
def way(
    world: str, start: tuple, alpha: float, natural: bool, scale: float, damping: float
) -> Array:
    """Rows (updates, θ_1, θ_2, J) from the start until 0.9 J* is reached, or no further update is made."""

    def look(x: float, y: float) -> tuple[float, float, float]:
        j, g, f = local(world, (x, y), scale)
        u, v = solved(f, g, damping) if natural else g
        return j, u, v

    x, y = start
    rows, k = [], 0.0
    while True:
        j, u, v = look(x, y)
        rows.append((k, x, y, j))
        if j >= WORLDS[world] or k >= UPDATES:
            break
        x, y = _within(x + alpha * u, FAR), _within(y + alpha * v, FAR / scale)
        k += 1
    if world == "two-state" and rows[-1][3] < WORLDS[world]:
        rows += _flow(look, rows[-1], alpha, WORLDS[world])
    return np.array(rows)


def _within(x: float, far: float) -> float:
    return max(-far, min(far, x))


def _flow(look: Any, last: tuple, alpha: float, goal: float) -> list[tuple]:
    """Where steps are tiny: dθ/dℓ = g/|g|, by Runge-Kutta of order 4; dℓ is worth dℓ/(α|g|) updates."""
    found, (k, x, y, _) = [], last

    def rate(x: float, y: float) -> tuple[float, float, float]:
        _, u, v = look(x, y)
        size = math.hypot(u, v)
        return (u / size, v / size, 1 / (alpha * size)) if size > 1e-200 else (0.0, 0.0, math.inf)

    for _ in range(ARCS):
        a = rate(x, y)
        b = rate(x + LENGTH / 2 * a[0], y + LENGTH / 2 * a[1])
        c = rate(x + LENGTH / 2 * b[0], y + LENGTH / 2 * b[1])
        d = rate(x + LENGTH * c[0], y + LENGTH * c[1])
        x, y, k = (
            old + LENGTH / 6 * (p + 2 * q + 2 * r + s)
            for old, p, q, r, s in zip((x, y, k), a, b, c, d, strict=True)
        )
        if not (math.isfinite(k) and max(abs(x), abs(y)) < FAR):
            break
        found.append((k, x, y, look(x, y)[0]))
        if found[-1][3] >= goal:
            break
    return found


def reached(world: str, rows: Array) -> float:
    """The updates until 0.9 J*, between two rows by a straight line; ∞ where that never came."""
    if rows[-1][3] < WORLDS[world]:
        return math.inf
    if len(rows) == 1 or rows[-1][0] <= UPDATES:
        return float(rows[-1][0])
    (k, *_, low), (after, *_, high) = rows[-2:]
    return float(k + (after - k) * (WORLDS[world] - low) / (high - low))


# ---------------------------------------------------------------- the lab


class NormLab(anywidget.AnyWidget):
    """Two ways uphill in a policy of two parameters: along ∇J, and along G⁻¹∇J.

    Parameters
    ----------
    look : "race" (the map, and J against the updates), "scale" (the map, and what the policy does),
        "ball" (all steps of one size at θ, in θ and in what the policy does).
    world : "two-state" (Kakade's, average reward) or "scaled-bandit"; what suits the look unless given.
    theta : where both start, within ±6; start B of the two-state world, 0 in the bandit.
    alpha : α of both, in [0.01, 100]; 0.1, and 1 in the bandit, unless given.
    scale : c, the logit is x_1 θ_1 + c x_2 θ_2; in [0.05, 2].
    damping : λ in (G + λI)⁻¹∇J, in [0, 1].
    epsilon : the size of a step, ½ dᵀG d = ε, in [0.0001, 0.5] nats; for "ball".
    clock : log10 of the updates that are shown at first, in [0, 8]; all of them, unless given; for "race".

    Raises
    ------
    ValueError : an unknown look or world, a number out of range.
    """

    _esm = bundle("lab.mjs", "plot.mjs", "norm_lab.mjs") + "export default { render: normLab };\n"
    _css = styles("lab.css")
    look = traitlets.Unicode("race").tag(sync=True)
    world = traitlets.Unicode("two-state").tag(sync=True)
    theta = traitlets.List(traitlets.Float()).tag(sync=True)
    alpha = traitlets.Float(1.0).tag(sync=True)
    scale = traitlets.Float(1.0).tag(sync=True)
    damping = traitlets.Float(0.0).tag(sync=True)
    epsilon = traitlets.Float(0.02).tag(sync=True)
    clock = traitlets.Float(LATEST).tag(sync=True)  # log10 of the updates that are shown

    def __init__(
        self,
        look: str = "race",
        world: str = "",
        *,
        theta: Sequence[float] | None = None,
        alpha: float | None = None,
        scale: float = 1.0,
        damping: float = 0.0,
        epsilon: float = 0.1,
        clock: float = LATEST,
    ) -> None:
        world = world or ("scaled-bandit" if look == "scale" else "two-state")
        two = world == "two-state"
        start = (B if two else (0.0, 0.0)) if theta is None else theta
        alpha = (0.1 if two else 1.0) if alpha is None else alpha
        super().__init__(
            look=look, world=world, theta=[float(x) for x in start], alpha=float(alpha),
            scale=float(scale), damping=float(damping), epsilon=float(epsilon), clock=float(clock),
        )  # fmt: skip

    @traitlets.validate("look")
    def _check_look(self, proposal: Any) -> str:
        return _one_of("look", proposal["value"], LOOKS)

    @traitlets.validate("world")
    def _check_world(self, proposal: Any) -> str:
        return _one_of("world", proposal["value"], WORLDS)

    @traitlets.validate("theta")
    def _check_theta(self, proposal: Any) -> list[float]:
        given = proposal["value"]
        if len(given) != 2 or not all(abs(x) <= 6 for x in given):
            raise ValueError(
                f"theta = {given}, but a start is two numbers within ±6, as [1.2, -2.2]"
            )
        return given

    @traitlets.validate("alpha", "scale", "damping", "epsilon", "clock")
    def _check_number(self, proposal: Any) -> float:
        name, given = proposal["trait"].name, proposal["value"]
        low, high, word = {
            "alpha": (*ALPHA, "the step size α"), "scale": (*SCALE, "the scale c of a feature"),
            "damping": (*DAMPING, "the damping λ"), "epsilon": (*EPSILON, "the size ε of a step"),
            "clock": (0.0, LATEST, "the clock, log10 of the updates,"),
        }[name]  # fmt: skip
        if not low <= given <= high:
            raise ValueError(f"{name} = {given!r}, but {word} must lie in [{low:g}, {high:g}]")
        return given

    # ---------------------------------------------------------------- what it finds

    def path(self, natural: bool) -> Float[Array, "K 4"]:
        """Rows (updates, θ_1, θ_2, J) of one of the two."""
        start = (self.theta[0], self.theta[1])
        return way(
            self.world, start, self.alpha, natural, self.scale, self.damping if natural else 0.0
        )

    @property
    def updates(self) -> tuple[float, float]:
        """The updates that (plain, natural) need until 0.9 J*; ∞ if they do not get there."""
        plain, natural = (reached(self.world, self.path(n)) for n in (False, True))
        return plain, natural

    @property
    def steps(self) -> dict[str, dict[str, Any]]:
        """The best steps d of size ε at θ: of all, and along ∇J.

        name -> {"d", "promise": ∇J·d, "gain": what J does, "kl": the divergence itself, "length": |d|}
        """
        j, g, f = local(self.world, self.theta, self.scale)
        found = {}
        for name, d in (("plain", g), ("natural", solved(f, g, self.damping))):
            size = f[0] * d[0] ** 2 + 2 * f[1] * d[0] * d[1] + f[2] * d[1] ** 2
            much = math.sqrt(2 * self.epsilon / size) if size > 0 else 0.0
            d = [much * d[0], much * d[1]]
            new = [x + y for x, y in zip(self.theta, d, strict=True)]
            found[name] = {
                "d": d, "promise": g[0] * d[0] + g[1] * d[1], "length": math.hypot(*d),
                "gain": local(self.world, new, self.scale)[0] - j, "kl": kl(self.world, self.theta, new, self.scale),
            }  # fmt: skip
        return found

    @property
    def sentence(self) -> str:
        """The picture in words."""
        p = chances(self.world, self.theta, self.scale)
        names = NAMES[self.world]
        where = f"θ = ({self.theta[0]:.3g}, {self.theta[1]:.3g}), {names[0]} = {p[0]:.3g}, {names[1]} = {p[1]:.3g}"
        if self.look == "ball":
            plain, natural = self.steps["plain"], self.steps["natural"]
            return (
                f"{self.world} at {where}. Two steps of size ½ dᵀG d = {self.epsilon:.3g}. "
                f"Plain: length {plain['length']:.3g}, J {plain['gain']:+.3g}, KL {plain['kl']:.3g}. "
                f"Natural: length {natural['length']:.3g}, J {natural['gain']:+.3g}, KL {natural['kl']:.3g}."
            )
        told = [
            f"{name}: {_counted(k)}"
            for name, k in zip(("Plain", "Natural"), self.updates, strict=True)
        ]
        scale = f", scale c = {self.scale:.3g}" if self.world == "scaled-bandit" else ""
        return (
            f"{self.world} from {where}, α = {self.alpha:.3g}{scale}, damping λ = {self.damping:.3g}. "
            f"Updates until 0.9 J*. {'. '.join(told)}."
        )

    def picture(self) -> bytes:
        """Both pictures as PNG."""
        return draw.lab([_Map(self), _Right(self)], None, self.sentence)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return with_picture(super()._repr_mimebundle_(**kwargs), self.picture(), self.sentence)


def _counted(k: float) -> str:
    if math.isinf(k):
        return f"not within {UPDATES}"
    return f"{k:.3g}" if k >= 1e5 else f"{k:.0f}"


def _one_of(name: str, given: str, known: Any) -> str:
    if given not in known:
        raise ValueError(f"{name} = {given!r}, but it must be one of {', '.join(known)}")
    return given


# ---------------------------------------------------------------- on paper


def frame(lab: NormLab) -> tuple[tuple[float, float], tuple[float, float]]:
    """The part of the θ plane that is shown, as in norm_lab.mjs."""
    if lab.look == "ball":
        return (-5.0, 5.0), (-5.0, 5.0)
    if lab.world == "two-state":
        return (-6.0, 16.0), (-6.0, 10.0)
    reach = 4 / min(lab.scale, 1.0)
    return (-reach / 4, reach), (-reach / 4, reach)


class _Map:
    """J over θ with both paths, or with ball and ellipse."""

    height = 1.0

    def __init__(self, lab: NormLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab = self.lab
        (x0, x1), (y0, y1) = frame(lab)
        xs, ys = np.linspace(x0, x1, 81), np.linspace(y0, y1, 81)
        j = [[local(lab.world, (x, y), lab.scale)[0] for x in xs] for y in ys]
        axes.contourf(xs, ys, j, 12, cmap=_greens(), alpha=0.8)
        axes.contour(xs, ys, j, 12, colors=draw.SOFT, linewidths=0.5, linestyles="solid")
        if lab.look == "ball":
            for name, d, hue, dash in _outlines(lab):
                axes.plot(*(np.array(lab.theta)[:, None] + d), color=hue, ls=dash, lw=2, label=name)
            _ends(axes, lab, lambda theta: theta)
        else:
            for name, rows, hue, dash in _ways(lab):
                axes.plot(rows[:, 1], rows[:, 2], color=hue, ls=dash, lw=2, label=name)
        axes.plot(*lab.theta, "o", color=draw.FIRE, ms=8, mec="white")
        axes.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="θ₁", ylabel="θ₂")
        axes.legend(fontsize=8, loc="upper right")
        axes.set_title("J over θ", loc="left", fontsize=10, color=draw.INK)


class _Right:
    """J against updates, or what the policy does."""

    height = 2.0

    def __init__(self, lab: NormLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab = self.lab
        axes.set_title(LOOKS[lab.look], loc="left", fontsize=10, color=draw.INK)
        if lab.look == "race":
            for name, rows, hue, dash in _ways(lab):
                axes.plot(
                    np.maximum(rows[:, 0], 0.7), rows[:, 3], color=hue, ls=dash, lw=2, label=name
                )
            axes.axhline(WORLDS[lab.world], color=draw.GREEN, ls=":", label="0.9 J*")
            axes.set(xscale="log", xlim=(0.7, 10**LATEST), xlabel="updates", ylabel="J")
            axes.legend(fontsize=8, frameon=False, loc="lower right")
            return
        side = np.linspace(0.005, 0.995, 61)
        j = [[_of_chances(lab.world, u, v) for u in side] for v in side]
        axes.contourf(side, side, j, 12, cmap=_greens(), alpha=0.8)
        axes.contour(side, side, j, 12, colors=draw.SOFT, linewidths=0.5, linestyles="solid")

        def at(theta: Array) -> Array:
            return np.array(
                [chances(lab.world, (x, y), lab.scale) for x, y in theta.reshape(2, -1).T]
            ).T

        if lab.look == "ball":
            for _, d, hue, dash in _outlines(lab):
                axes.plot(*at(np.array(lab.theta)[:, None] + d), color=hue, ls=dash, lw=2)
            _ends(axes, lab, lambda theta: at(theta)[:, 0])
        else:
            for _, rows, hue, dash in _ways(lab):
                axes.plot(*at(rows[:, 1:3].T), color=hue, ls=dash, lw=2)
        axes.plot(*at(np.array(lab.theta)), "o", color=draw.FIRE, ms=8, mec="white")
        names = NAMES[lab.world]
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel=names[0], ylabel=names[1])


def _of_chances(world: str, u: float, v: float) -> float:
    x, y = math.log(u / (1 - u)), math.log(v / (1 - v))
    return local(world, (x, y) if world == "two-state" else ((x - y) / 2, (x + y) / 2))[0]


def _ways(lab: NormLab) -> list[tuple[str, Array, str, str]]:
    return [
        ("plain", lab.path(False), draw.INK, "--"),
        ("natural", lab.path(True), draw.BLUE, "-"),
    ]


def _outlines(lab: NormLab) -> list[tuple[str, Array, str, str]]:
    """Ball and ellipse around 0 [2, K]."""
    turn = np.linspace(0, 2 * np.pi, 200)
    circle = np.stack([np.cos(turn), np.sin(turn)])
    a, b, c = local(lab.world, lab.theta, lab.scale)[2]
    size, axes = np.linalg.eigh(np.array([[a, b], [b, c]]))
    radii = np.sqrt(2 * lab.epsilon / np.maximum(size, 1e-12))
    return [
        ("ball |d| = r", lab.steps["plain"]["length"] * circle, draw.INK, "--"),
        ("ellipse ½ dᵀG d = ε", axes @ (radii[:, None] * circle), draw.BLUE, "-"),
    ]


def _ends(axes: Any, lab: NormLab, place: Any) -> None:
    """The two best steps as arrows."""
    start = np.array(lab.theta)
    for name, hue in (("plain", draw.INK), ("natural", draw.BLUE)):
        arrow = {"arrowstyle": "-|>", "color": hue, "lw": 2, "shrinkA": 0, "shrinkB": 0}
        end = place(start + np.array(lab.steps[name]["d"]))
        axes.annotate("", end, place(start), arrowprops=arrow)


def _greens() -> Any:
    from importlib import import_module

    return import_module("matplotlib.colors").LinearSegmentedColormap.from_list(
        "", ["#ffffff", "#8ccab5"]
    )


# ---------------------------------------------------------------- which terms depend on θ?

TERMS = (
    # name, does it depend on θ, why
    ("ρ(s₀)", False, "Where episodes start is up to the world."),
    ("P(s′|s,a)", False, "The dynamics belong to the world; notebook 04 deleted them for this reason."),
    ("r(s,a)", False, "What an action pays belongs to the world."),
    ("d^π(s)", True, "Where you go depends on what you do. Everybody forgets this one: distribution shift."),
    ("π_θ(a|s)", True, "That is what θ is for."),
    ("∇_θ log π_θ(a|s)", True, "The score is 1[a] − π in a table, and π moves."),
    ("Q^π(s,a)", True, "What an action is worth depends on what you do afterwards: on π."),
)  # fmt: skip


class ThetaMarks(anywidget.AnyWidget):
    """The gradient as a sum, each factor a button: mark those that depend on θ, then check.

    marked : the names of the marked terms.   checked : whether the answers are shown.
    """

    _esm = (
        bundle("lab.mjs", "plot.mjs", "norm_lab.mjs") + "export default { render: thetaMarks };\n"
    )
    _css = styles("lab.css")
    terms = traitlets.List().tag(sync=True)
    marked = traitlets.List(traitlets.Unicode()).tag(sync=True)
    checked = traitlets.Bool(False).tag(sync=True)

    def __init__(self) -> None:
        super().__init__(terms=[list(t) for t in TERMS])

    @traitlets.validate("marked")
    def _check_marked(self, proposal: Any) -> list[str]:
        for name in proposal["value"]:
            _one_of("marked", name, [t[0] for t in TERMS])
        return proposal["value"]

    @property
    def right(self) -> int:
        """How many of the terms are marked, or left, rightly."""
        return sum((name in self.marked) == depends for name, depends, _ in TERMS)

    @property
    def sentence(self) -> str:
        """The question in words."""
        names = ", ".join(name for name, *_ in TERMS)
        return (
            "∇_θ J ∝ Σ_s d^π(s) Σ_a π_θ(a|s) ∇_θ log π_θ(a|s) Q^π(s,a). "
            f"Which of these depend on θ: {names}?"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        assert shown is not None
        data, metadata = shown
        rows = "".join(
            f"<li>{html.escape(name)}<details><summary>Does it depend on θ?</summary>"
            f"<p><b>{'Yes.' if depends else 'No.'}</b> {html.escape(why)}</p></details></li>"
            for name, depends, why in TERMS
        )
        page = f"<p>{html.escape(self.sentence)}</p><ul>{rows}</ul>"
        return data | {"text/plain": self.sentence, "text/html": page}, metadata
