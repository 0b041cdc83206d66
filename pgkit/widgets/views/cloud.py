"""A cloud of gradients: what the algorithm would have computed from other rollouts of the same policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from pgkit import draw, exact
from pgkit.draws import Draws, run_keys
from pgkit.fits import name_of
from pgkit.policies import SharedSoftmax, SoftmaxTable
from pgkit.run import Run, starting
from pgkit.types import Array, Float, State
from pgkit.widgets.views.base import View
from pgkit.worlds.world import World

STREAM = 61  # draws that no learning uses
SHARE = 10  # what is dear is computed anew when ten times its cost has passed
MOST = 20_000  # steps of the world for one cloud, if the gradients can be few
NO_GRADIENT = {
    "monte_carlo": "learns values and leaves the policy alone",
    "temporal_difference": "learns values and leaves the policy alone",
    "awr": "fits a policy to weighted data",
    "supervised": "learns from data that were given",
    "weighted_classification": "learns from weighted data",
    "soft_actor_critic": "has a gradient of another J, with entropy",
}


class Cloud(View):
    """Gradients of many batches of rollouts, all at θ of run 0, in a plane that holds the exact one.

    samples : how many gradients, 20 to 2000; each from the algorithm's own N rollouts.
    axes : (i, j), two parameters to look at.  None: along the exact gradient, and across it where
        the cloud is widest.

    The exact gradient is what REINFORCE estimates: from the reset distribution, and without the γ^t
    of ∇J where γ < 1.
    """

    kind, title, module = "cloud", "gradients of other rollouts", "cloud.mjs"

    def __init__(self, samples: int = 200, axes: tuple[int, int] | None = None) -> None:
        if not 20 <= samples <= 2000:
            raise ValueError(
                f"samples = {samples}, but the cloud has 20 to 2000 gradients; 200 show its shape"
            )
        self.samples = int(samples)
        self.axes = checked(axes)
        self._paced = Paced()

    def misfit(self, run: Run) -> str | None:
        why = no_table(run)
        if why:
            return f"the cloud is compared with the exact gradient: {why}"
        name = name_of(run.algorithm)
        if name in NO_GRADIENT:
            return (
                f"the cloud shows policy gradients, and {name} {NO_GRADIENT[name]}; "
                "take reinforce, reinforce_baseline or actor_critic"
            )
        if self.axes and max(self.axes) >= run.state.theta[0].size:
            return f"axes = {self.axes}, but this policy's parameters are 0 to {run.state.theta[0].size - 1}"
        return None

    def setup(self, run: Run) -> dict[str, Any]:
        return {"episodes": run.algorithm.episodes}

    def frame(self, timeline):
        facts, parts = self._paced(
            self._key(timeline.run), lambda: self._picture(timeline.run), told=timeline.iteration
        )
        return facts, parts

    def sentence(self, timeline) -> str:
        facts, _ = self._fresh(timeline.run)
        if facts["lost"]:
            return f"At iteration {timeline.iteration} run 0 has diverged: it has no gradient."
        return (
            f"At iteration {timeline.iteration}: {facts['count']} gradients of {facts['episodes']} rollouts each. "
            f"The exact gradient has length {facts['length']:.3g}, one gradient a standard deviation "
            f"of {facts['deviation']:.3g}. "
            + (
                f"Half of them make an angle of more than {facts['angle']:.0f}° with it, and "
                f"{100 * facts['uphill']:.0f} % point uphill at all."
                if facts["angle"] is not None
                else "The exact gradient is zero: there is no uphill."
            )
        )

    def paper(self, axes, timeline) -> None:
        facts, parts = self._fresh(timeline.run)
        axes.set(
            xlabel=facts["names"][0], ylabel=facts["names"][1], aspect="equal", adjustable="datalim"
        )
        if facts["lost"]:
            axes.set_title("run 0 has diverged", fontsize=9, color=draw.INK)
            return
        axes.plot(*parts["points"].reshape(-1, 2).T, "o", color=draw.BLUE, ms=2.5, alpha=0.4, mew=0)
        for key, hue, width in (("mean", draw.BLUE, 2), ("exact", draw.GREEN, 3)):
            x, y = parts[key]
            arrow = {"arrowstyle": "-|>", "color": hue, "lw": width, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", (x, y), (0, 0), arrowprops=arrow)
        text = "green: exact gradient, blue: gradients and their mean"
        axes.set_title(text, loc="left", fontsize=9, color=draw.INK)
        axes.axhline(0, color=draw.FAINT, lw=0.8, zorder=0)
        axes.axvline(0, color=draw.FAINT, lw=0.8, zorder=0)

    def asked(self, lab: Any, message: Mapping[str, Any], buffers: list[Any]) -> dict[str, Any]:
        """{"samples": n}: so many gradients."""
        self.samples = Cloud(message.get("samples", self.samples)).samples
        return {}

    def _key(self, run: Run) -> tuple[Any, ...]:
        return (run.state, run.settings, self.samples)

    def _fresh(self, run: Run) -> tuple[dict[str, Any], dict[str, Array]]:
        return self._paced(self._key(run), lambda: self._picture(run), told=run.iteration, now=True)

    def _picture(self, run: Run) -> tuple[dict[str, Any], dict[str, Array]]:
        """Project the cloud; the facts are of all its dimensions."""
        names = names_of(run)
        facts: dict[str, Any] = {
            "iteration": run.iteration, "episodes": run.algorithm.episodes, "count": self.samples,
            "samples": self.samples, "lost": not np.isfinite(run.state.theta[0]).all(),
            "names": [names[k] for k in self.axes] if self.axes
            else ["along the exact gradient", "across it, where the cloud is widest"],
        }  # fmt: skip
        if facts["lost"]:
            return facts, {}
        true = expected_gradient(run)
        cloud = gradients(run, self.samples)
        facts["count"] = len(cloud)
        mean = cloud.mean(axis=0)
        length = float(np.linalg.norm(true))
        plane = self._plane(true, cloud)
        along = cloud @ true
        sizes = np.linalg.norm(cloud, axis=1) * length
        cosine = np.divide(along, sizes, out=np.zeros_like(along), where=sizes > 0)
        mean_size = float(np.linalg.norm(mean)) * length
        facts |= {
            "length": length, "deviation": float(np.sqrt(cloud.var(axis=0, ddof=1).sum())),
            "angle": float(np.degrees(np.arccos(np.clip(np.median(cosine), -1, 1)))) if length else None,
            "uphill": float((along > 1e-9 * max(np.abs(along).max(), 1e-300)).mean()) if length else None,
            "cosine": float(mean @ true / mean_size) if mean_size > 0 else None,
        }  # fmt: skip
        return facts, {"points": cloud @ plane, "mean": mean @ plane, "exact": true @ plane}

    def _plane(self, true: Float[Array, "P"], cloud: Float[Array, "n P"]) -> Float[Array, "P 2"]:
        """Two orthogonal directions."""
        if self.axes:
            return np.eye(true.size)[:, list(self.axes)]
        length = np.linalg.norm(true)
        first = true / length if length else np.eye(true.size)[0]
        rest = cloud - np.outer(cloud @ first, first)
        _, _, directions = np.linalg.svd(rest - rest.mean(axis=0), full_matrices=False)
        second = directions[0] - (directions[0] @ first) * first
        size = np.linalg.norm(second)
        second = second / size if size > 1e-9 else np.zeros_like(first)
        sign = (
            1.0 if second[np.abs(second).argmax()] >= 0 else -1.0
        )  # no flicker from frame to frame
        return np.stack([first, sign * second], axis=1)


# ---------------------------------------------------------------- what several views need


class Paced:
    """The last result of something dear, computed anew for a new key, but not all the time.

    While training, at most about a tenth of the time goes into it; `now` insists. A key is the same
    when its parts are the same objects or equal plain values.
    """

    def __init__(self) -> None:
        self._key: tuple[Any, ...] = ()
        self._value: Any = None
        self._next = 0.0
        self._told = -1

    def __call__(
        self, key: tuple[Any, ...], compute: Callable[[], Any], *, told: int = 0, now: bool = False
    ) -> Any:
        """The result; `told` is the iteration: one that goes back is looked at again at once."""
        begin = time.perf_counter()
        if self._same(key):
            return self._value
        if now or not self._key or begin >= self._next or told < self._told:
            self._value, self._key, self._told = compute(), key, told
            end = time.perf_counter()
            self._next = end + SHARE * (end - begin)
        return self._value

    def _same(self, key: tuple[Any, ...]) -> bool:
        plain = (int, float, str, tuple)
        return len(key) == len(self._key) and all(
            a is b or (isinstance(a, plain) and a == b) for a, b in zip(key, self._key, strict=True)
        )


def checked(axes: Any) -> tuple[int, int] | None:
    """Two different parameters, or None."""
    if axes is None:
        return None
    try:
        i, j = (int(k) for k in axes)
    except (TypeError, ValueError):
        raise ValueError(
            f"axes = {axes!r}, but it must be two parameters, such as (0, 1)"
        ) from None
    if i == j or min(i, j) < 0:
        raise ValueError(
            f"axes = {(i, j)}, but it must be two different parameters, counted from 0, such as (0, 1)"
        )
    return i, j


def no_table(run: Run) -> str | None:
    """Why a run's gradient cannot be computed exactly, or None."""
    if not isinstance(run.world, World):
        return "it needs a finite world, such as 'two-state', 'century' or 'ring-of-fire'"
    if not isinstance(run.policy, SoftmaxTable | SharedSoftmax):
        return "it needs a policy that is a table or shares logits (SoftmaxTable or SharedSoftmax)"
    return None


def names_of(run: Run) -> list[str]:
    """A name for each parameter of one run."""
    world, theta = run.world, run.state.theta[0]
    if theta.ndim == 1:
        return [f"θ{'₁₂₃₄₅₆₇₈₉'[k] if k < 9 else f'_{k + 1}'}" for k in range(theta.size)]
    actions = world.actions or tuple(str(a) for a in range(world.n_actions))
    return [f"θ({world.describe(s)}, {a})" for s in range(world.n_states) for a in actions]


def scores(run: Run) -> tuple[Float[Array, "S A"], Float[Array, "S A P"]]:
    """π and ψ = ∇ log π of run 0 as tables."""
    probs = run.policy.table(run.state.theta[0])
    if isinstance(run.policy, SharedSoftmax):
        return probs, exact.feature_scores(probs, run.policy.features)
    return probs, exact.softmax_scores(probs)


def expected_gradient(run: Run) -> Float[Array, "P"]:
    """What REINFORCE estimates at θ of run 0: ∇J from μ_w within the horizon, without γ^t where γ < 1."""
    probs, psi = scores(run)
    over_time = exact.at_all_times(probs, run.algorithm.horizon)
    direct = exact.gradient_over_time(run.world, over_time, run.gamma, run.start, weighted=False)
    return exact.parameter_gradient(direct.sum(axis=0), probs, psi)


def gradients(run: Run, samples: int) -> Float[Array, "n P"]:
    """The algorithm's gradient at the state of run 0, from fresh rollouts; fewer where they are long."""
    algorithm, world = starting(run.algorithm, run.world, run.start)
    steps = algorithm.episodes * algorithm.horizon
    count = int(np.clip(8 * MOST // steps, min(samples, 40), samples))
    draws = Draws(run_keys(run.seed, count), run.iteration).stream(STREAM)
    with np.errstate(over="ignore", invalid="ignore"):
        _, info = algorithm.iteration(repeated(run.state, count), world, run.policy, draws)
    return np.asarray(info.grad).reshape(count, -1)


def repeated(state: State, count: int) -> State:
    """The state of run 0, as if `count` runs stood there."""

    def rows(x: Any) -> Any:
        if isinstance(x, np.ndarray) and x.ndim:
            return np.repeat(x[:1], count, axis=0)
        if isinstance(x, dict):
            return {key: rows(value) for key, value in x.items()}
        if isinstance(x, tuple | list):
            return type(x)(*map(rows, x)) if hasattr(x, "_fields") else type(x)(map(rows, x))
        if is_dataclass(x) and not isinstance(x, type):
            return replace(x, **{f.name: rows(getattr(x, f.name)) for f in fields(x)})
        return x

    return State(rows(state.theta), rows(state.phi), rows(state.moments))
