"""Two clouds of points and the line that logistic regression draws between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pgkit import draw
from pgkit.policies import SharedSoftmax
from pgkit.run import Run
from pgkit.types import Array
from pgkit.widgets.views.base import View
from pgkit.widgets.views.cloud import Paced
from pgkit.widgets.views.weights import heard, no_weights
from pgkit.worlds.clouds import clouds_world

__all__ = ["Boundary", "clouds_world"]

OTHERS = 32  # boundaries of other runs that are drawn
HOW = "world = clouds_world(), with its own policy logistic(world.features)"


class Boundary(View):
    """π(1|x) of run 0 as shading, its boundary θ·(1, x₁, x₂) = 0, the data of the next update by label,
    and the step that lowers the mean loss -(1/N) Σ w log π(a|x). The other runs' boundaries are thin."""

    kind, title, module = "boundary", "decision boundary", "boundary.mjs"

    def __init__(self) -> None:
        self._paced = Paced()

    def misfit(self, run: Run) -> str | None:
        policy = run.policy
        if not isinstance(policy, SharedSoftmax) or policy.features.shape[1:] != (2, 3):
            return f"it shows two labels of points in a plane, by logistic regression; take {HOW}"
        constant = policy.features[run.world.startable][:, 1, 0]
        if policy.features[:, 0].any() or not (constant == 1).all():
            return f"the features must be (1, x₁, x₂), and nothing for label 0; take {HOW}"
        return no_weights(run)

    def setup(self, run: Run) -> dict[str, Any]:
        x = run.policy.features[run.world.startable][:, 1, 1:]
        low, high = x.min(axis=0), x.max(axis=0)
        return {"x": [low[0] - 0.3, high[0] + 0.3], "y": [low[1] - 0.3, high[1] + 0.3]}

    def frame(self, timeline):
        return self._picture(timeline, now=False)

    def sentence(self, timeline) -> str:
        facts, parts = self._picture(timeline, now=True)
        if facts["lost"]:
            return f"At iteration {timeline.iteration} run 0 has diverged: it has no boundary."
        b, u, v = parts["theta"]
        return (
            f"Iteration {timeline.iteration}, run 0: the boundary is {b:.3g} {u:+.3g} x₁ {v:+.3g} x₂ = 0. "
            f"Mean loss {facts['loss']:.4g}; {100 * facts['right']:.3g} % of {facts['count']} points "
            f"are on their label's side. The gradient of the loss has length {facts['length']:.3g}."
        )

    def paper(self, axes, timeline) -> None:
        facts, parts = self._picture(timeline, now=True)
        setting = self.setup(timeline.run)
        points, labels = parts["points"].reshape(-1, 2), parts["labels"]
        if not facts["lost"]:
            b, u, v = parts["theta"]
            x, y = np.meshgrid(
                np.linspace(setting["x"][0], setting["x"][1], 80),
                np.linspace(setting["y"][0], setting["y"][1], 80),
            )
            z = b + u * x + v * y
            shade = 1 / (1 + np.exp(-np.clip(z, -50, 50)))
            axes.contourf(x, y, shade, np.linspace(0, 1, 11), colors=_shades(10), alpha=0.35)
            if u or v:
                axes.contour(x, y, z, [0], colors=[draw.INK], linewidths=2)
            foot, step = _foot(parts["theta"]), parts["step"][1:]
            if facts["length"] > 0 and np.isfinite(foot).all():
                tip = foot + step / max(np.linalg.norm(step), 1e-300)
                arrow = {
                    "arrowstyle": "-|>",
                    "color": draw.INK,
                    "lw": 2,
                    "shrinkA": 0,
                    "shrinkB": 0,
                }
                axes.annotate("", tip, foot, arrowprops=arrow)
        for label, mark, hue in ((0, "o", draw.AMBER), (1, "^", draw.BLUE)):
            mine, counts = labels == label, parts["weights"] != 0
            solid = {"color": hue, "mec": "white", "mew": 0.4, "label": f"label {label}"}
            hollow = {"color": "none", "mec": hue, "mew": 0.6}  # weight 0
            for which, style in ((mine & counts, solid), (mine & ~counts, hollow)):
                axes.plot(*points[which].T, mark, ms=4, **style)
        axes.legend(fontsize=7, loc="upper right")
        axes.set(xlim=setting["x"], ylim=setting["y"], xlabel="x₁", ylabel="x₂", aspect="equal")

    def _picture(self, timeline, *, now: bool) -> tuple[dict[str, Any], dict[str, Array]]:
        run = timeline.run
        return self._paced(
            (run.state, run.settings), lambda: _look(run), told=timeline.iteration, now=now
        )


def _look(run: Run) -> tuple[dict[str, Any], dict[str, Array]]:
    """Loss, its gradient, and the data, all of the next update of run 0."""
    found = heard(run)
    theta = run.state.theta
    if found is None:
        return {"lost": True, "count": 0}, {
            "points": np.zeros(0),
            "labels": np.zeros(0),
            "weights": np.zeros(0),
        }
    D, weight = found
    live = D.live[0]
    s, a, w = D.s[0][live], D.a[0][live], weight[0][live]
    points = run.policy.features[s][:, 1, 1:]
    parts = {"points": points.ravel(), "labels": a.astype(np.float64), "weights": w}
    counts = w != 0  # a point of weight 0 says nothing
    facts: dict[str, Any] = {
        "count": int(counts.sum()),
        "lost": not bool(np.isfinite(theta[0]).all()),
    }
    if facts["lost"]:
        return facts, parts
    log_pi = run.policy.log_prob(theta[:1], s[None], a[None])[0]
    step = run.policy.grad_log_prob(theta, D, weight=weight)[0]  # down the loss
    others = theta[1 : 1 + OTHERS]
    facts |= {
        "loss": float(-(w * log_pi).sum() / D.episodes), "length": float(np.linalg.norm(step)),
        "right": _right(log_pi[counts]),
    }  # fmt: skip
    finite = others[np.isfinite(others).all(axis=1)]
    return facts, parts | {"theta": theta[0], "step": step, "others": finite.ravel()}


def _right(log_pi: Array) -> float:
    """The share of points on their label's side; one on the boundary itself counts half."""
    lead = log_pi - np.log(0.5)
    return float(np.where(np.abs(lead) < 1e-12, 0.5, lead > 0).mean()) if lead.size else 0.0


def _foot(theta: Array) -> Array:
    """The boundary's point nearest to the origin; the origin where there is no boundary."""
    slope = theta[1:]
    size = float(slope @ slope)
    return -theta[0] * slope / size if size > 1e-12 else np.zeros(2)


def _shades(n: int) -> list[tuple[float, float, float]]:
    """From amber over white to blue."""
    ends = [
        np.array([int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)]) for c in (draw.AMBER, draw.BLUE)
    ]
    mixed = []
    for p in (np.arange(n) + 0.5) / n:
        hue, strength = (ends[1], 2 * p - 1) if p > 0.5 else (ends[0], 1 - 2 * p)
        r, g, b = 1 - strength * (1 - hue)
        mixed.append((float(r), float(g), float(b)))
    return mixed
