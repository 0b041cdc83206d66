"""π(a|s) in one state as bars, and where the gradient pushes each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from pgkit import draw
from pgkit.policies import SharedSoftmax, SoftmaxTable
from pgkit.run import Run
from pgkit.types import Array, Dataset, Float
from pgkit.widgets.views.base import View
from pgkit.widgets.views.cloud import Paced
from pgkit.widgets.views.weights import heard, no_weights
from pgkit.worlds.world import World

MOST = 64  # runs and states that one can choose by menu
FEW = 6  # actions, on paper, with their numbers


class Probs(View):
    """Probabilities, logits and the push on each logit, in one state of one run or of all runs' mean.

    state : number of the state, or its name where the world has names; the likeliest start unless given.
    action : the a* of the push 1[a = a*] - π(a|s), by number or name, or "data": the push of the next
        update, (1/N) Σ w (1[a = a_t] - π(a|s)) over the samples in this state, w their weights.
    run : "mean" or the number of a run, counted from 0.
    """

    kind, title, module = "probs", "probabilities in one state", "probs.mjs"

    kept_as: ClassVar = {"run": "of"}

    def __init__(
        self, state: int | str | None = None, action: int | str = 0, run: int | str = "mean"
    ) -> None:
        self.state, self.action, self.of = state, action, run
        self._paced = Paced()

    def misfit(self, run: Run) -> str | None:
        if not isinstance(run.world, World) or not isinstance(
            run.policy, SoftmaxTable | SharedSoftmax
        ):
            return "it needs a list of states and of logits; take a finite world, such as 'ring-of-fire' or 'bandit'"
        try:
            _, action, _ = self._chosen(run)
        except ValueError as error:
            return str(error)
        return no_weights(run) if action is None else None

    def setup(self, run: Run) -> dict[str, Any]:
        states = np.flatnonzero(run.world.startable)
        return {
            "actions": names(run.world),
            "states": [[int(s), run.world.describe(int(s))] for s in states],
            "runs": min(run.runs, MOST), "all": run.runs, "data": no_weights(run) is None,
        }  # fmt: skip

    def frame(self, timeline):
        return self._picture(timeline, now=False)

    def sentence(self, timeline) -> str:
        facts, parts = self._picture(timeline, now=True)
        where = f"in {facts['name']}, {facts['who']}, iteration {timeline.iteration}"
        if facts["lost"]:
            return f"{where.capitalize()}: the logits are no numbers."
        actions = names(timeline.run.world)
        bars = ", ".join(f"{a} {p:.3f}" for a, p in zip(actions, parts["probs"], strict=True))
        push = ", ".join(f"{a} {g:+.3g}" for a, g in zip(actions, parts["push"], strict=True))
        return f"π {where}: {bars}. The push on the logits ({facts['pushed']}): {push}."

    def paper(self, axes, timeline) -> None:
        facts, parts = self._picture(timeline, now=True)
        title = f"π(a|s) in {facts['name']}, {facts['who']}"
        axes.set_title(title, loc="left", fontsize=9, color=draw.INK)
        if facts["lost"]:
            return axes.axis("off")
        probs, push = parts["probs"], parts["push"]
        at = np.arange(len(probs))
        axes.bar(at, probs, 0.62, color=draw.BLUE, alpha=0.55)
        for x, p, length, g in zip(at, probs, push * facts["scale"], push, strict=True):
            if length:
                arrow = {
                    "arrowstyle": "-|>",
                    "color": draw.INK,
                    "lw": 1.6,
                    "shrinkA": 0,
                    "shrinkB": 0,
                }
                axes.annotate("", (x, p + length), (x, p), arrowprops=arrow)
            if len(probs) <= FEW:
                at_side = x + 0.07, p + length / 2
                axes.text(*at_side, f"{g:+.2g}", fontsize=7, va="center", color=draw.INK)
        words = names(timeline.run.world)
        if len(probs) <= FEW:
            words = [f"{a}\nlogit {v:.2f}" for a, v in zip(words, parts["logits"], strict=True)]
        axes.set_xticks(at, words, fontsize=7, rotation=0 if len(probs) <= FEW else 45)
        ends = probs + push * facts["scale"]
        axes.set(ylim=(min(0, ends.min()) - 0.02, max(1, ends.max()) + 0.05), ylabel="π(a|s)")
        axes.set_title(f"{title}; arrows {facts['pushed']}", loc="left", fontsize=8, color=draw.INK)
        return None

    def asked(self, lab: Any, message: Mapping[str, Any], buffers: list[Any]) -> dict[str, Any]:
        """{"state": s, "action": a or "data", "run": k or "mean"}: any of them, to look at something else."""
        old = {"state": self.state, "action": self.action, "run": self.of}
        other = Probs(**{name: message.get(name, value) for name, value in old.items()})
        why = other.misfit(lab.timeline.run)
        if why:
            raise ValueError(why)
        self.state, self.action, self.of = other.state, other.action, other.of
        return {}

    def _chosen(self, run: Run) -> tuple[int, int | None, int | None]:
        """(s, a* or None for the data, run or None for the mean).  ValueError for what there is not."""
        world = run.world
        first = int(np.argmax(world.start))
        s = first if self.state is None else self.state
        if isinstance(s, str) and s in world.states:
            s = world.states.index(s)
        if not _among(s, world.n_states) or not world.startable[int(s)]:
            raise ValueError(
                f"state = {self.state!r}, but it must be a state that one can act in, such as {first}"
            )
        a = self.action
        if isinstance(a, str) and a in world.actions:
            a = world.actions.index(a)
        if a != "data" and not _among(a, world.n_actions):
            raise ValueError(
                f"action = {self.action!r}, but it must be one of {', '.join(names(world))}, or 'data'"
            )
        if self.of != "mean" and not _among(self.of, run.runs):
            raise ValueError(
                f"run = {self.of!r}, but it must be 'mean' or one of the runs 0 to {run.runs - 1}"
            )
        return int(s), None if a == "data" else int(a), None if self.of == "mean" else int(self.of)

    def _picture(self, timeline, *, now: bool) -> tuple[dict[str, Any], dict[str, Array]]:
        run = timeline.run
        s, action, of = self._chosen(run)
        rows = slice(None) if of is None else slice(of, of + 1)
        logits = logits_of(run, s)[rows]
        facts: dict[str, Any] = {
            "state": s, "name": run.world.describe(s), "action": "data" if action is None else action,
            "run": "mean" if of is None else of, "lost": not bool(np.isfinite(logits).all()),
            "who": f"mean of {run.runs} runs" if of is None else f"run {of}",
            "pushed": "of the next update's data" if action is None
            else f"1[a = a*] - π, a* = {names(run.world)[action]}",
        }  # fmt: skip
        if facts["lost"]:
            return facts, {}
        probs = SoftmaxTable().table(logits)  # [B, A]
        if action is not None:
            push = np.eye(run.world.n_actions)[action] - probs
        else:
            found = self._paced(
                (run.state, run.settings), lambda: heard(run), told=timeline.iteration, now=now
            )
            push = pushes(found, s, probs, rows) if found else np.zeros_like(probs)
        push = push.mean(axis=0)
        facts["lost"] = not bool(np.isfinite(push).all())
        longest = float(np.abs(push).max())
        # the push towards a* is as long as what is missing; another one is drawn to be seen
        facts["scale"] = 1.0 if action is not None else (0.35 / longest if longest > 0 else 0.0)
        return facts, {"probs": probs.mean(axis=0), "logits": logits.mean(axis=0), "push": push}


def names(world: World) -> list[str]:
    """A name for each action."""
    return [str(a) for a in (world.actions or range(world.n_actions))]


def logits_of(run: Run, s: int) -> Float[Array, "B A"]:
    """Each run's logits in state s."""
    theta = run.state.theta
    if isinstance(run.policy, SharedSoftmax):
        with np.errstate(over="ignore", invalid="ignore"):
            return np.einsum("ak,bk->ba", run.policy.features[s], theta)
    return theta[:, s]


def pushes(
    found: tuple[Dataset, Float[Array, "B n"]], s: int, probs: Float[Array, "b A"], rows: slice
) -> Float[Array, "b A"]:
    """(1/N) Σ_{(s, a) ∈ D} w (onehot(a) - π(·|s)), of the samples in state s alone."""
    D, weight = found
    here = np.where(D.live[rows] & (D.s[rows] == s), weight[rows], 0.0)  # [b, n]
    taken = np.stack(
        [np.where(D.a[rows] == a, here, 0.0).sum(axis=1) for a in range(probs.shape[1])], axis=1
    )
    return (taken - here.sum(axis=1, keepdims=True) * probs) / D.episodes


def _among(x: Any, count: int) -> bool:
    return isinstance(x, int | np.integer) and not isinstance(x, bool) and bool(0 <= x < count)
