"""TrajectoryLab: one trajectory in a grid world, step by step, and what each of its steps is credited with."""

from __future__ import annotations

import math
from typing import Any

import anywidget
import numpy as np
import traitlets

from pgkit import draw, exact
from pgkit.draws import Draws, run_keys
from pgkit.policies import SoftmaxTable
from pgkit.returns import reward_to_go
from pgkit.rollout import rollout
from pgkit.types import Array, Float, Int, Trajectories
from pgkit.widgets.lab import bundle, styles, with_picture
from pgkit.widgets.views.goals import pays
from pgkit.worlds import World, load_world

MAPS = ("ring-of-fire", "ring-of-fire-closed")
LONGEST = 60  # steps that there is room for
EXPERT_GAMMA = 0.95  # the expert discounts as in the rest of the course, whatever the slider says
ALMOST_ONE = 1 - 1e-9  # γ = 1 as a limit: values without a horizon need γ < 1
MOST_TERMS = 5  # of a sum that is written out
WEIGHTS = {"to-go": "reward-to-go", "whole": "G₀ for every step"}
LOW, HIGH = "₀₁₂₃₄₅₆₇₈₉", "⁰¹²³⁴⁵⁶⁷⁸⁹"


class TrajectoryLab(anywidget.AnyWidget):
    """Scrub along one trajectory: the map, the rewards r_t, and the Q̂_t of every step while γ is turned.

    Parameters
    ----------
    worlds : grid worlds, by name or as World; the first is shown.  Both rings of fire unless given.
    path : who walks: "random" (all actions alike), "expert" (π*), "fire" (through fire to +100, or into it
        where it ends the episode), "exit" (to +1); the last two where the map has such cells.
    gamma : γ in [0, 1].
    horizon : T, 1 to 60; a path that has not ended by then is cut.
    seed : of the random path, and of the expert's choice among equals.
    t : the step that is looked at, from 0.
    weight : "to-go", or "whole" to credit every step with G_0, the whole return.

    Raises
    ------
    ValueError : an unknown world or path, a world that does not lie on a grid, a number out of range.
    """

    _esm = bundle("lab.mjs", "plot.mjs", "views/grid.mjs", "trajectory_lab.mjs")
    _css = styles("lab.css")
    world = traitlets.Unicode().tag(sync=True)
    path = traitlets.Unicode("random").tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    horizon = traitlets.Int(30).tag(sync=True)
    gamma = traitlets.Float(0.95).tag(sync=True)
    t = traitlets.Int(0).tag(sync=True)
    weight = traitlets.Unicode("to-go").tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)  # what the page draws
    rest = traitlets.Float(0.0).tag(sync=True)  # V(s_T) of who walks, where the path is cut; else 0

    def __init__(
        self,
        *worlds: str | World,
        path: str = "random",
        gamma: float = 0.95,
        horizon: int = 30,
        seed: int = 0,
        t: int = 0,
        weight: str = "to-go",
    ) -> None:
        found = [load_world(w) if isinstance(w, str) else w for w in worlds or MAPS]
        for w in found:
            if not isinstance(w, World) or w.layout is None:
                raise ValueError(
                    f"world = {w.name!r}, but a path is drawn on cells; take a grid world, such as 'ring-of-fire'"
                )
        self._worlds = {w.name: w for w in found}
        self._tau: Trajectories | None = None
        super().__init__(world=found[0].name)
        self.path, self.weight = path, weight
        self.seed, self.horizon, self.gamma = seed, horizon, gamma
        self.t = t

    # ---------------------------------------------------------------- what may be chosen

    @traitlets.validate("world")
    def _check_world(self, proposal: Any) -> str:
        return _one_of("world", proposal["value"], self._worlds)

    @traitlets.validate("path")
    def _check_path(self, proposal: Any) -> str:
        return _one_of("path", proposal["value"], self.paths)

    @traitlets.validate("weight")
    def _check_weight(self, proposal: Any) -> str:
        return _one_of("weight", proposal["value"], WEIGHTS)

    @traitlets.validate("gamma")
    def _check_gamma(self, proposal: Any) -> float:
        given = proposal["value"]
        if not 0 <= given <= 1:
            raise ValueError(f"gamma = {given!r}, but the discount γ lies in [0, 1]; 0.95 is usual")
        return given

    @traitlets.validate("horizon")
    def _check_horizon(self, proposal: Any) -> int:
        given = proposal["value"]
        if not 1 <= given <= LONGEST:
            raise ValueError(
                f"horizon = {given}, but there is room for 1 to {LONGEST} steps; 30 is usual"
            )
        return given

    @traitlets.validate("seed")
    def _check_seed(self, proposal: Any) -> int:
        if proposal["value"] < 0:
            raise ValueError(f"seed = {proposal['value']}, but a seed is 0 or larger")
        return proposal["value"]

    @traitlets.validate("t")
    def _check_t(self, proposal: Any) -> int:
        given, last = proposal["value"], len(self.rewards) - 1
        if not 0 <= given <= last:
            raise ValueError(f"t = {given}, but this path has the steps 0 to {last}")
        return given

    @property
    def paths(self) -> dict[str, str]:
        """The paths that this map has, key -> in words."""
        letters = self._world.grid.letters
        found = {"random": "the random policy", "expert": "an expert, to +100"}
        if "f" in letters and "G" in letters:
            found["fire"] = "straight through fire to +100"
        elif "F" in letters:
            found["fire"] = "into the fire, -10"
        if "e" in letters:
            found["exit"] = "to the exit, +1"
        return found

    # ---------------------------------------------------------------- the path

    @property
    def _world(self) -> World:
        return self._worlds[self.world]

    @traitlets.observe("world", "path", "seed", "horizon")
    def _roll_out(self, change: Any) -> None:
        """A new path; the step that is looked at stays while the path goes that far."""
        if change["name"] == "world" and self.path not in self.paths:
            self.path = "random"
        world, probs = self._world, self._policy()
        theta = np.log(np.maximum(probs, 1e-300))[None]
        draws = Draws(run_keys(self.seed, 1))
        self._tau = rollout(
            world, SoftmaxTable(), theta, draws, start=world.start, episodes=1, horizon=self.horizon
        )
        with self.hold_sync():
            n = len(self.rewards)
            self.t = min(self.t, n - 1) if change["name"] == "horizon" else 0
            grid = world.grid
            self.scene = {
                "world": world.name, "worlds": list(self._worlds), "paths": list(self.paths.items()),
                "rows": grid.rows, "cols": grid.cols, "letters": grid.letters, "pay": pays(world),
                "actions": list(world.actions), "startable": world.startable.tolist(),
                "states": self.states.tolist(), "taken": self.actions.tolist(),
                "rewards": self.rewards.tolist(), "ended": self.ended, "longest": LONGEST,
            }  # fmt: skip
            self._value_rest(None)

    @traitlets.observe("gamma")
    def _value_rest(self, _: Any) -> None:
        if self.ended:
            self.rest = 0.0
            return
        value, _ = exact.values(self._world, self._policy(), min(self.gamma, ALMOST_ONE))
        self.rest = float(value[self.states[-1]])

    def _policy(self) -> Float[Array, "S A"]:
        """The action probabilities of who walks."""
        world = self._world
        if self.path == "random":
            return np.full((world.n_states, world.n_actions), 1 / world.n_actions)
        if self.path == "expert":
            return exact.optimal_policy(world, EXPERT_GAMMA)
        letters = np.array(list(world.grid.letters))
        if self.path == "exit":
            return _towards(world, letters == "e", avoid=np.isin(letters, list("FfG")))
        if "f" in letters and "G" in letters:
            return _towards(world, letters == "G", avoid=np.isin(letters, list("Fe")))
        return _towards(world, letters == "F", avoid=np.isin(letters, list("Ge")))

    def _live(self, name: str) -> Array:
        assert self._tau is not None
        return getattr(self._tau, name)[0, 0][self._tau.live[0, 0]]

    @property
    def states(self) -> Int[Array, "n+1"]:
        """s_0, ..., s_n: where the walker is, the last one included."""
        return np.append(self._live("s"), self._live("s_next")[-1])

    @property
    def actions(self) -> Int[Array, "n"]:
        return self._live("a")

    @property
    def rewards(self) -> Float[Array, "n"]:
        return self._live("r")

    @property
    def ended(self) -> bool:
        """The episode terminated; False: it was cut at T."""
        return bool(self._live("terminated")[-1])

    @property
    def q_hat(self) -> Float[Array, "n"]:
        """What each step is credited with: Q̂_t, or G_0 for all."""
        q = reward_to_go(self.rewards, self.gamma)
        return q if self.weight == "to-go" else np.full_like(q, q[0])

    @property
    def missing(self) -> Float[Array, "n"]:
        """What a cut leaves out of each of these, on average: γ^(n-t) V(s_n)."""
        n = len(self.rewards)
        at = np.arange(n) if self.weight == "to-go" else np.zeros(n)
        return self.gamma ** (n - at) * self.rest

    # ---------------------------------------------------------------- in words

    @property
    def written(self) -> list[str]:
        """The credit of step t as a sum: in symbols, with numbers, and by the recursion."""
        whole, n, r = self.weight == "whole", len(self.rewards), self.rewards
        first = 0 if whole else self.t
        name = "G₀" if whole else f"Q̂{_low(first)}"
        terms = [f"{_power('γ ', k - first)}r{_low(k)}" for k in range(first, n)]
        if len(terms) > 4:
            terms = [*terms[:3], "⋯", terms[-1]]
        lines = [f"{name} = {' + '.join(terms)}", *self._numbers(first)]
        if not whole and first < n - 1:
            gamma, after = _short(self.gamma), _short(self.q_hat[first + 1])
            after = f"({after})" if after[0] == "−" else after
            by_hand = f"{_short(r[first])} + {gamma} · {after} = {_short(self.q_hat[first])}"
            lines.append(f"{name} = r{_low(first)} + γ Q̂{_low(first + 1)} = {by_hand}")
        return lines

    def _numbers(self, first: int) -> list[str]:
        """The sum from step `first` on, with its numbers; what pays nothing is left out."""
        paid = [
            (k - first, self.rewards[k]) for k in range(first, len(self.rewards)) if self.rewards[k]
        ]
        if not paid:
            return [
                f"= 0, since {'nothing is paid' if self.weight == 'whole' else 'no reward lies ahead'}"
            ]
        shown, total = paid[:MOST_TERMS], _short(self.q_hat[first])
        rest = f" + ⋯ ({len(paid) - MOST_TERMS} more)" if len(paid) > MOST_TERMS else ""
        note = "   (rewards of 0 left out)" if len(paid) < len(self.rewards) - first else ""
        base = f" · {_short(self.gamma)}"
        by_power = _sum([(_short(abs(r)) + _power(base, k), r < 0) for k, r in shown])
        values = [_short(self.gamma**k * r) for k, r in shown]
        by_value = _sum([(x.lstrip("−"), x[0] == "−") for x in values])
        if len(paid) == 1:
            return [f"= {by_power}{'' if by_power == total else f' = {total}'}{note}"]
        return [f"= {by_power}{rest}{note}", f"= {by_value}{rest} = {total}"]

    @property
    def sentence(self) -> str:
        """The picture in words."""
        n, t = len(self.rewards), self.t
        place, action = (
            self._world.describe(int(self.states[t])),
            self._world.actions[self.actions[t]],
        )
        end = (
            f"The episode ends after {n} steps: nothing is missing."
            if self.ended
            else f"Cut at T = {n}, the episode would have gone on: on average {_short(self.missing[t])} is missing "
            f"from the credit of step {t}."
        )
        return (
            f"{self.world}, {self.paths[self.path]}, γ = {_short(self.gamma)}, {WEIGHTS[self.weight]}. "
            f"Step t = {t} of 0 to {n - 1}: in {place} the action {action}, reward {_short(self.rewards[t])}. "
            f"{self.written[0]} = {_short(self.q_hat[t])}. "
            f"All credits: {', '.join(map(_short, self.q_hat))}. {end}"
        )

    def picture(self) -> bytes:
        """Map, rewards and credits as PNG."""
        views = [_Map(self), _Bars(self, "r"), _Bars(self, "q")]
        return draw.lab(views, None, self.sentence)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return with_picture(super()._repr_mimebundle_(**kwargs), self.picture(), self.sentence)


# ---------------------------------------------------------------- on paper


class _Map:
    """The map with the path, arrows in the colour of their credit."""

    height = 1.0

    def __init__(self, lab: TrajectoryLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab, world = self.lab, self.lab._world
        blank = np.zeros((world.n_states, world.n_actions))
        nothing = np.zeros(world.n_states)
        draw.grid(axes, world, probs=blank, occupancy=nothing, mu=nothing, legend=False)
        credit, cols = lab.q_hat, world.grid.cols
        most = max(np.abs(credit).max(), 1e-12)
        for t, (s, a, after) in enumerate(
            zip(lab.states, lab.actions, lab.states[1:], strict=False)
        ):
            (dx, dy), (row, col) = draw.ARROWS[a], divmod(int(s), cols)
            reach = 0.76 if after != s else 0.3
            x, y = col + 0.12 * dx - 0.14 * dy, row + 0.12 * dy + 0.14 * dx
            hue = draw.BLUE if credit[t] > 0 else draw.FIRE if credit[t] < 0 else draw.SOFT
            axes.annotate(
                "", (x + dx * reach, y + dy * reach), (x, y),
                arrowprops={"arrowstyle": "-|>", "color": hue, "lw": 1 + 2.5 * abs(credit[t]) / most,
                            "shrinkA": 0, "shrinkB": 0, "mutation_scale": 9},
            )  # fmt: skip
        row, col = divmod(int(lab.states[lab.t]), cols)
        axes.plot(col, row, "o", ms=9, color="#f6c244", mec=draw.INK, mew=1.4)
        axes.set_title(lab.paths[lab.path], loc="left", color=draw.INK, fontsize=10)


class _Bars:
    """The rewards, or the credits, on the axis of time."""

    def __init__(self, lab: TrajectoryLab, what: str) -> None:
        self.lab, self.what = lab, what
        self.height = 0.8 if what == "r" else 1.1

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab = self.lab
        values, t = lab.rewards if self.what == "r" else lab.q_hat, np.arange(len(lab.rewards))
        hues = [
            draw.FIRE if x < 0 else draw.GREEN if self.what == "r" else draw.BLUE for x in values
        ]
        edges = [draw.INK if k == lab.t else hue for k, hue in zip(t, hues, strict=True)]
        axes.bar(t, values, 0.75, color=hues, edgecolor=edges, lw=1.6)
        if self.what == "q" and not lab.ended:
            axes.bar(t, lab.missing, 0.75, bottom=values, fc="none", ec=draw.SOFT, ls="--", lw=1)
        axes.axhline(0, color=draw.SOFT, lw=0.8)
        axes.axvline(len(t) - 0.4, color=draw.INK, ls="-" if lab.ended else "--", lw=1.2)
        if not np.any(values):
            axes.set_ylim(-1, 1)
        axes.margins(y=0.15)
        axes.annotate(
            "end" if lab.ended else "cut", (len(t) - 0.35, 0.86), fontsize=9, color=draw.INK,
            xycoords=("data", "axes fraction"), annotation_clip=False,
        )  # fmt: skip
        name = "Q̂$_t$" if lab.weight == "to-go" else "$G_0$"
        axes.set_title(
            "rewards $r_t$" if self.what == "r" else f"{name}, the credit of step t, γ = {lab.gamma:g}",
            loc="left", fontsize=10, color=draw.INK,
        )  # fmt: skip
        axes.set_xlim(-0.7, len(t) + 0.06 * len(t) + 0.4)
        axes.spines[["top", "right"]].set_visible(False)
        if self.what == "q":
            axes.set_xlabel("time t", fontsize=9)


# ---------------------------------------------------------------- small things


def _towards(world: World, goal: Array, avoid: Array) -> Float[Array, "S A"]:
    """The policy of the shortest way to `goal` around `avoid`; the first action among equals."""
    distance = np.where(goal, 0.0, np.inf)
    after = world.next_state[..., 0]
    for _ in range(world.n_states):
        step = np.where(avoid[after], np.inf, distance[after])
        distance = np.where(goal, 0.0, 1 + step.min(axis=1))
    best = np.where(avoid[after], np.inf, distance[after]).argmin(axis=1)
    return np.eye(world.n_actions)[best]


def _one_of(name: str, given: str, known: Any) -> str:
    if given not in known:
        raise ValueError(f"{name} = {given!r}, but it must be one of {', '.join(known)}")
    return given


def _low(k: int) -> str:
    return "".join(LOW[int(c)] for c in str(k))


def _power(base: str, k: int) -> str:
    """ "γ ", 3 -> "γ³ "; a first power is plain, a zeroth one is left out."""
    if k == 0:
        return ""
    high = "" if k == 1 else "".join(HIGH[int(c)] for c in str(k))
    return f"{base.rstrip()}{high}{' ' if base.endswith(' ') else ''}"


def _short(x: float) -> str:
    """Two digits after the point, where there are any; four for a γ close to 1.  Rounded as the page does."""
    scale = 1e4 if 0.99 < x < 1 else 100.0
    digits = math.floor(abs(x) * scale + 0.5) / scale
    return f"{'−' if x < 0 < digits else ''}{digits:.10g}"


def _sum(terms: list[tuple[str, bool]]) -> str:
    """[("10", True), ("5", False)] -> "−10 + 5"."""
    (first, minus), *others = terms
    return ("−" if minus else "") + first + "".join(f" {'−' if m else '+'} {x}" for x, m in others)
