"""How far is a step?  By the parameters it is a ball, by what the policy does an ellipse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pgkit import draw, exact
from pgkit.run import Run
from pgkit.types import Array, Float
from pgkit.widgets.views.base import View
from pgkit.widgets.views.cloud import expected_gradient, names_of, no_table, scores

LOW, HIGH = 1e-4, 4.0
FLAT = (
    1e-12  # eigenvalues of F below that, next to the largest, count as 0: so does natural_gradient
)
NOTHING = 1e-14  # ... and all of them


class Ellipse(View):
    """The steps of size ε from θ of run 0 in a policy with two parameters: |d| ≤ ε and ½ dᵀF d ≤ ε.

    epsilon : ε, in [0.0001, 4]; a length for the ball and a divergence, in nats, for the ellipse.

    Both arrows end on the edge of their set, where the linear gain ∇J·d is largest. ∇J and F are exact:
    from the reset distribution, F of whole trajectories (Σ_t E ψψᵀ).
    """

    kind, title, module = "ellipse", "ball and ellipse", "ellipse.mjs"

    def __init__(self, epsilon: float = 0.5) -> None:
        self.epsilon = radius(epsilon)
        self._key: tuple[Any, ...] = ()
        self._value: tuple[dict[str, Any], dict[str, Array]] = ({}, {})

    def misfit(self, run: Run) -> str | None:
        why = no_table(run)
        if why:
            return f"the ellipse needs the exact Fisher matrix: {why}"
        count = run.state.theta[0].size
        if count != 2:
            return (
                f"the ellipse needs two parameters, and this policy has {count}: "
                "world = 'two-state' or 'scaled-bandit'"
            )
        return None

    def setup(self, run: Run) -> dict[str, Any]:
        return {"low": LOW, "high": HIGH, "epsilon": self.epsilon, "names": names_of(run)}

    def frame(self, timeline):
        run = timeline.run
        key = (run.state, run.settings, self.epsilon)
        same = len(self._key) == 3 and all(a is b for a, b in zip(key, self._key, strict=True))
        if not same:
            self._key, self._value = key, self._picture(run)
        return self._value

    def asked(self, lab: Any, message: Mapping[str, Any], buffers: list[Any]) -> dict[str, Any]:
        """{"epsilon": ε}: steps of this size."""
        self.epsilon = radius(message.get("epsilon"))
        return {}

    def sentence(self, timeline) -> str:
        facts, _ = self.frame(timeline)
        note = note_of(facts)
        if facts["lost"] or facts["flat"] == 2:
            return note
        plain, natural = facts["plain"], facts["natural"]
        return (
            f"With ε = {self.epsilon:.3g} the plain step changes the policy by KL = {plain['kl']:.3g} and J by "
            f"{plain['gain']:+.3g}; the natural step by KL = {natural['kl']:.3g} and J by {natural['gain']:+.3g}. "
            f"{note}"
        ).strip()

    def paper(self, axes, timeline) -> None:
        facts, parts = self.frame(timeline)
        names = names_of(timeline.run)
        axes.set(xlabel=f"step in {names[0]}", ylabel=f"step in {names[1]}", aspect="equal")
        axes.set_title(note_of(facts), loc="left", fontsize=8, color=draw.INK, wrap=True)
        if facts["lost"]:
            return
        half, turn = facts["half"], np.linspace(0, 2 * np.pi, 400)
        circle = np.stack([np.cos(turn), np.sin(turn)])
        axes.plot(*(self.epsilon * circle), color=draw.SOFT, lw=2, ls="--", label="|d| ≤ ε")
        radii = [r or 100 * half for r in facts["radii"]]
        tilt = facts["tilt"]
        spin = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
        if facts["flat"] < 2:
            outline = spin @ (np.array(radii)[:, None] * circle)
            axes.plot(*outline, color=draw.BLUE, lw=2, label="½ dᵀF d ≤ ε")
        for name, hue in (("plain", draw.SOFT), ("natural", draw.BLUE)):
            arrow = {"arrowstyle": "-|>", "color": hue, "lw": 2, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", parts[name], (0, 0), arrowprops=arrow)
        axes.set(xlim=(-half, half), ylim=(-half, half))
        axes.legend(fontsize=8, frameon=False, loc="upper left")

    def _picture(self, run: Run) -> tuple[dict[str, Any], dict[str, Array]]:
        facts: dict[str, Any] = {"epsilon": self.epsilon, "lost": True, "flat": 0, "level": False}
        theta = run.state.theta[0]
        if not np.isfinite(theta).all():
            return facts, {}
        weight, matrix = fisher(run)
        grad = expected_gradient(run)
        size, directions = np.linalg.eigh(matrix)  # rising
        flat = size <= max(FLAT * size[-1], NOTHING)
        steps = {
            "plain": exact.ball_step(grad, self.epsilon),
            "natural": exact.kl_step(matrix, grad, self.epsilon) if not flat.all() else np.zeros(2),
        }
        radii = [
            None if f else float(np.sqrt(2 * self.epsilon / x))
            for f, x in zip(flat, size, strict=True)
        ]
        reach = max(self.epsilon, *(float(np.linalg.norm(d)) for d in steps.values()))
        widest = max((r for r in radii if r is not None), default=reach)
        facts |= {
            "lost": False, "flat": int(flat.sum()), "level": not grad.any(),
            "radii": radii, "tilt": float(np.arctan2(directions[1, 0], directions[0, 0])),
            "half": 1.2 * min(max(reach, widest), 3 * reach),
        } | {name: self._change(run, weight, d) for name, d in steps.items()}  # fmt: skip
        return facts, steps

    @staticmethod
    def _change(run: Run, weight: Float[Array, "S"], step: Float[Array, "2"]) -> dict[str, float]:
        """What a step really does: KL of whole trajectories, and J from where rollouts start."""
        theta = run.state.theta[0]
        old, new = run.policy.table(np.stack([theta, theta + step]))
        before, after = exact.push(
            run.world, np.stack([old, new]), run.gamma, run.algorithm.horizon, run.start
        )[0]  # pyright: ignore[reportGeneralTypeIssues]
        kl = min(float(exact.mean_divergence(old, new, weight)), 1e300)
        return {"kl": kl, "gain": float(after - before), "length": float(np.linalg.norm(step))}


def radius(epsilon: Any) -> float:
    """ε, if it is one."""
    number = isinstance(epsilon, int | float) and not isinstance(epsilon, bool)
    if not number or not LOW <= epsilon <= HIGH:
        raise ValueError(
            f"epsilon = {epsilon!r}, but the size ε of a step must lie in [{LOW}, {HIGH:g}]; take 0.5"
        )
    return float(epsilon)


def fisher(run: Run) -> tuple[Float[Array, "S"], Float[Array, "P P"]]:
    """(how often a trajectory is in each state, F of whole trajectories) of run 0, exact."""
    probs, psi = scores(run)
    over_time = exact.at_all_times(probs, run.algorithm.horizon)
    weight = exact.occupancy_over_time(run.world, over_time, 1.0, run.start).sum(axis=0)
    return weight, exact.fisher(probs, psi, weight)


def note_of(facts: Mapping[str, Any]) -> str:
    """What is special here, in words."""
    if facts["lost"]:
        return "Run 0 has diverged: there is no step to take."
    if facts["flat"] == 2:
        return "F is zero: to all digits this policy always does the same, and no small step changes it."
    if facts["level"]:
        return "The gradient is zero here: neither step moves."
    if facts["flat"] == 1:
        return (
            "F is singular: along one direction the policy does not change, so the ellipse is a strip "
            "without end, and the natural step keeps out of that direction (pseudo-inverse)."
        )
    return ""
