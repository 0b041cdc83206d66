"""Watch a policy: CartPole or the pendulum under the greedy policy of one run, from the same start each time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from pgkit import draw
from pgkit.draws import Draws, run_keys
from pgkit.rollout import rollout
from pgkit.run import Run
from pgkit.types import Array, Float
from pgkit.widgets.views.base import View
from pgkit.worlds.cartpole import HALF_LENGTH, TILT, TRACK
from pgkit.worlds.pendulum import LENGTH, TORQUE

STREAM = 62  # draws that no learning uses
PAUSE = 1.0  # seconds between two episodes while training
POSES = 7  # of the strip
WHICH = ("best", "median", "worst")
WORLDS = ("cartpole", "pendulum")


class Cart(View):
    """One episode of the greedy policy (the likeliest action, or the mean), animated.

    which : "best", "median" or "worst" of the runs by their score now, or the number of a run from 0.
    """

    kind, title, module = "cart", "the greedy policy at work", "cart.mjs"

    def __init__(self, which: str | int = "median") -> None:
        number = isinstance(which, int | np.integer) and not isinstance(which, bool)
        if which not in WHICH and not (number and int(which) >= 0):
            raise ValueError(
                f"which = {which!r}, but it must be one of {', '.join(WHICH)}, or a run's number from 0"
            )
        self.which = which
        self._seen: Any = None  # (state, which), facts and arrays of the newest episode
        self._next, self._count = 0.0, 0

    def misfit(self, run: Run) -> str | None:
        if run.world.name not in WORLDS:
            return "the animation is of a cart or a pendulum; take world = 'cartpole' or 'pendulum'"
        if self.which not in WHICH and int(self.which) >= run.runs:
            return f"which = {self.which}, but there are {run.runs} runs, counted from 0"
        return None

    def setup(self, run: Run) -> dict[str, Any]:
        return {
            "world": run.world.name, "runs": run.runs, "limit": run.world.time_limit,
            "track": TRACK, "tilt": TILT, "pole": 2 * HALF_LENGTH,
            "torque": TORQUE, "length": LENGTH,
        }  # fmt: skip

    def frame(self, timeline):
        return self._episode(timeline, now=False)

    def sentence(self, timeline) -> str:
        facts, _ = self._episode(timeline, now=True)
        runs = timeline.run.runs
        which = f", the {facts['which']} of {runs}," if facts["which"] in WHICH else f" of {runs}"
        return (
            f"The greedy policy of run {facts['run']}{which} at iteration {facts['iteration']}: "
            f"{facts['end']} after {facts['steps']} steps, return {facts['return']:.4g}."
        )

    def paper(self, axes, timeline) -> None:
        facts, parts = self._episode(timeline, now=True)
        states = parts["states"].reshape(facts["steps"] + 1, -1)
        at = np.linspace(0, facts["steps"], POSES).round().astype(int)
        for k, t in enumerate(at):
            (_cart if facts["world"] == "cartpole" else _bob)(axes, states[t], k)
            axes.text(k, -0.62, f"t = {t}", ha="center", va="top", fontsize=7, color=draw.SOFT)
        title = f"run {facts['run']}: {facts['end']} after {facts['steps']} steps, return {facts['return']:.4g}"
        axes.set_title(title, loc="left", fontsize=9, color=draw.INK)
        axes.set(xlim=(-0.6, POSES - 0.4), ylim=(-0.8, 0.75), aspect="equal")
        axes.axis("off")

    def asked(self, lab: Any, message: Mapping[str, Any], buffers: list[Any]) -> dict[str, Any]:
        """{"which": word or number}: watch another run."""
        other = Cart(message.get("which", self.which))
        why = other.misfit(lab.timeline.run)
        if why:
            raise ValueError(why)
        self.which, self._next = other.which, 0.0
        return {}

    def _episode(self, timeline, *, now: bool) -> tuple[dict[str, Any], dict[str, Array]]:
        """The newest episode; while training, at most one a second."""
        state = timeline.run.state
        if self._seen is not None:
            (old, which), facts, parts = self._seen
            back = timeline.iteration < facts["iteration"]
            due = now or back or time.perf_counter() >= self._next
            if not due or (old is state and which == self.which):
                return facts, parts
        facts, parts = self._roll_out(timeline)
        self._seen = ((state, self.which), facts, parts)
        self._next = time.perf_counter() + PAUSE
        return facts, parts

    def _roll_out(self, timeline) -> tuple[dict[str, Any], dict[str, Array]]:
        run = timeline.run
        self._count += 1
        k = chosen(timeline.evaluation().expected_return, self.which)
        states, actions, rewards, end = episode(run, k)
        facts = {
            "world": run.world.name, "run": k, "which": self.which, "episode": self._count,
            "iteration": timeline.iteration, "steps": len(rewards), "return": float(rewards.sum()), "end": end,
        }  # fmt: skip
        return facts, {"states": states.ravel(), "actions": actions, "rewards": rewards}


class Greedy:
    """A policy that always takes its likeliest action."""

    def __init__(self, policy: Any) -> None:
        self._policy = policy

    def act(self, theta: Any, s: Array, draws: Draws, t: int) -> Array:
        return self._policy.greedy(theta, s)


def chosen(score: Float[Array, "B"], which: str | int) -> int:
    """Which run that is; one that has diverged counts as the worst."""
    if which not in WHICH:
        return int(which)
    order = np.argsort(np.where(np.isfinite(score), score, -np.inf), kind="stable")
    return int(order[{"worst": 0, "median": (len(order) - 1) // 2, "best": -1}[str(which)]])


def episode(
    run: Run, k: int
) -> tuple[Float[Array, "T+1 D"], Float[Array, "T"], Float[Array, "T"], str]:
    """States, actions and rewards of run k's greedy policy, and how it ended.

    States are [position, speed, angle, spin] of a cart, [angle, spin] of a pendulum; angles in rad, 0 is
    up. Actions are -1 and 1, or the torque as it acts.
    """
    world = run.world
    draws = Draws(run_keys(run.seed, 1)).stream(STREAM)  # always the same start
    theta = run.state.theta[k : k + 1]
    with np.errstate(over="ignore", invalid="ignore"):
        tau = rollout(world, Greedy(run.policy), theta, draws, episodes=1, horizon=world.time_limit)
    steps = int(tau.live.sum())
    seen = np.concatenate([tau.s[0, 0, :steps], tau.s_next[0, 0, steps - 1 : steps]])
    if world.name == "pendulum":
        states = np.column_stack([np.arctan2(seen[:, 1], seen[:, 0]), seen[:, 2]])
        actions = np.clip(tau.a[0, 0, :steps, 0], world.action_low[0], world.action_high[0])
        end = "time was up"
    else:
        states, actions = seen, np.where(tau.a[0, 0, :steps] == 1, 1.0, -1.0)
        end = "the pole fell" if abs(states[-1, 2]) > TILT else "the cart left its track"
        end = end if tau.terminated[0, 0, steps - 1] else "time was up"
    return states, np.asarray(actions, dtype=np.float64), tau.r[0, 0, :steps], end


def _cart(axes: Any, state: Float[Array, "4"], k: int) -> None:
    """One pose of the strip: the track is one unit wide."""
    unit = 0.46 / TRACK
    x, floor = k + unit * np.clip(state[0], -TRACK, TRACK), -0.35
    axes.plot([k - 0.46, k + 0.46], [floor, floor], color=draw.SOFT, lw=1)
    axes.plot(
        [x - 0.07, x + 0.07], [floor + 0.04] * 2, color=draw.BLUE, lw=5, solid_capstyle="butt"
    )
    tip = x + 0.75 * np.sin(state[2]), floor + 0.08 + 0.75 * np.cos(state[2])
    axes.plot([x, tip[0]], [floor + 0.08, tip[1]], color=draw.INK, lw=2.5, solid_capstyle="round")


def _bob(axes: Any, state: Float[Array, "2"], k: int) -> None:
    tip = k - 0.42 * np.sin(state[0]), 0.42 * np.cos(state[0])  # angles turn to the left
    axes.plot(k, 0.42, "o", mec=draw.GREEN, mfc="none", ms=9)
    axes.plot([k, tip[0]], [0, tip[1]], color=draw.INK, lw=2.5)
    axes.plot(k, 0, "o", color=draw.SOFT, ms=4)
    axes.plot(*tip, "o", color=draw.BLUE, ms=8)
