"""TemperatureLab: the best policy when entropy is paid for, solved anew while the temperature is turned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import anywidget
import numpy as np
import traitlets

from pgkit import draw, exact
from pgkit.types import Array, Float
from pgkit.widgets.lab import bundle, styles, with_picture
from pgkit.widgets.views.goals import pays
from pgkit.worlds import World, load_world

GAMMA = 0.95
STEPS = 60  # of a walk
WALKERS = 48
LOW, HIGH = 0.01, 30.0  # temperatures
LADDER = np.geomspace(LOW, HIGH, 61)
MAPS = ("ring-of-fire", "ring-of-fire-closed")
PAYS = {"entropy": "H", "above uniform": "H - log 4"}  # what temperature is paid for, each step
ENDS = ("at +100", "at +1", "in the fire", "still walking")


class TemperatureLab(anywidget.AnyWidget):
    """Turn the temperature T: the soft optimum of the Ring of Fire, its worth, and forty-eight walkers.

    The policy maximises E Σ γ^t [r + T · H(π(·|s))], γ = 0.95, exactly. With pay = "above uniform" a step is
    paid T · (H - log 4) = -T · KL(π ‖ uniform) instead, which is 0 at best, so that nothing is gained by staying.

    Parameters
    ----------
    temperature : T in [0.01, 30].
    world : "ring-of-fire" or "ring-of-fire-closed".
    pay : "entropy" or "above uniform".
    cell : (row, column) of the cell that is looked at, from 1; the start unless given.
    show : what the map shows, "policy" or "values".

    Raises
    ------
    ValueError : anything else.
    """

    _esm = bundle("lab.mjs", "plot.mjs", "views/grid.mjs", "temperature_lab.mjs")
    _css = styles("lab.css")
    temperature = traitlets.Float(1.0).tag(sync=True)
    world = traitlets.Unicode(MAPS[0]).tag(sync=True)
    pay = traitlets.Unicode("entropy").tag(sync=True)
    show = traitlets.Unicode("policy").tag(sync=True)
    at = traitlets.Int(0).tag(sync=True)  # the cell, as a state
    scene = traitlets.Dict().tag(sync=True)  # what depends on world and pay; the page does the rest

    def __init__(
        self,
        temperature: float = 1.0,
        *,
        world: str = MAPS[0],
        pay: str = "entropy",
        cell: tuple[int, int] | None = None,
        show: str = "policy",
    ) -> None:
        super().__init__()
        with self.hold_sync():
            self.temperature, self.world, self.pay = float(temperature), world, pay
            self.show = show
            self._look(None)
            if cell is not None:
                self.at = self._state(cell)

    # ---------------------------------------------------------------- what may be chosen

    @traitlets.validate("temperature")
    def _check_temperature(self, proposal: Any) -> float:
        given = proposal["value"]
        if not LOW <= given <= HIGH:
            raise ValueError(
                f"temperature = {given!r}, but this lab goes from {LOW:g} to {HIGH:g}; for 0 see "
                "exact.optimal_policy"
            )
        return given

    @traitlets.validate("world", "pay", "show")
    def _check_word(self, proposal: Any) -> str:
        name, given = proposal["trait"].name, proposal["value"]
        known = {"world": MAPS, "pay": tuple(PAYS), "show": ("policy", "values")}[name]
        if given not in known:
            raise ValueError(f"{name} = {given!r}, but it must be one of {', '.join(known)}")
        return given

    @traitlets.validate("at")
    def _check_at(self, proposal: Any) -> int:
        states = len(_task(self.world, self.pay).startable)
        if not 0 <= proposal["value"] < states:
            raise ValueError(
                f"at = {proposal['value']}, but the map has the cells 0 to {states - 1}"
            )
        return proposal["value"]

    def _state(self, cell: tuple[int, int]) -> int:
        layout = _task(self.world, self.pay).grid
        row, col = cell
        if not (1 <= row <= layout.rows and 1 <= col <= layout.cols):
            raise ValueError(
                f"cell = {cell}, but the map has the rows 1 to {layout.rows} and the columns 1 to {layout.cols}"
            )
        return (row - 1) * layout.cols + col - 1

    # ---------------------------------------------------------------- what is seen

    @traitlets.observe("world", "pay")
    def _look(self, change: Any) -> None:
        scene = _scene(self.world, self.pay)
        with self.hold_sync():
            self.scene = scene
            if change is None or change["name"] == "world":
                self.at = int(scene["start"])

    @property
    def optimum(self) -> Optimum:
        """The soft optimum at this temperature."""
        return optimum(self.world, self.pay, self.temperature)

    @property
    def never(self) -> float:
        """What is to be had at most by never finishing: T log 4 / (1-γ), or 0."""
        return _never(self.pay, self.temperature)

    @property
    def sentence(self) -> str:
        """The lab in words."""
        best, world = self.optimum, _task(self.world, self.pay)
        ends = ", ".join(
            f"{100 * share:.0f} % {name}" for name, share in zip(ENDS, best.ends, strict=True)
        )
        told = f"{world.grid.cell(self.at)}: nothing is chosen there."
        if world.startable[self.at]:
            chances = ", ".join(
                f"{action} {p:.2f}"
                for action, p in zip(world.actions, best.probs[self.at], strict=True)
            )
            told = (
                f"At {world.grid.cell(self.at)} V = {best.values[self.at]:.2f}, largest Q = "
                f"{best.q[self.at].max():.2f}, π: {chances}."
            )
        return (
            f"{self.world}, T = {self.temperature:.3g}, paid for {PAYS[self.pay]}. After {STEPS} steps from S: {ends}. "
            f"V(S) = {best.worth:.2f}, of which {best.expected_return:.2f} is reward; never finishing would pay "
            f"{self.never:.1f}. Mean entropy {best.entropy:.2f} of {np.log(4):.2f}. {told}"
        )

    @property
    def table(self) -> str:
        """Where the walks end, entropy and worth over T, as text."""
        head = f"{'T':>6} {'+100':>6} {'+1':>6} {'fire':>6} {'walking':>8} {'H':>6} {'J':>7} {'V(S)':>7}"
        rows = [head]
        for temperature in (0.01, 0.1, 0.3, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0):
            best = optimum(self.world, self.pay, temperature)
            goal, small, fire, walking = best.ends
            rows.append(
                f"{temperature:6g} {goal:6.3f} {small:6.3f} {fire:6.3f} {walking:8.3f} "
                f"{best.entropy:6.3f} {best.expected_return:7.2f} {best.worth:7.2f}"
            )
        return "\n".join(rows)

    def picture(self) -> bytes:
        """The map and the two curves as PNG."""
        return draw.lab([_Map(self), _Ends(self), _Worth(self)], None, self.sentence)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        data, metadata = with_picture(shown, self.picture(), self.sentence)
        return data | {"text/plain": f"{self.sentence}\n{self.table}"}, metadata


# ---------------------------------------------------------------- the optimum


@dataclass(frozen=True, eq=False)
class Optimum:
    """probs, q [S, A];  values [S];  occupancy [S], discounted visits from S;  worth: V(S);
    expected_return: J of the rewards alone;  entropy: mean over states;  ends: shares of ENDS after 60 steps
    """

    probs: Float[Array, "S A"]
    values: Float[Array, "S"]
    q: Float[Array, "S A"]
    occupancy: Float[Array, "S"]
    worth: float
    expected_return: float
    entropy: float
    ends: tuple[float, ...]


@lru_cache(maxsize=512)
def optimum(name: str, pay: str, temperature: float) -> Optimum:
    """The policy that maximises E Σ γ^t [r + temperature · H], or with H - log 4 in place of H."""
    world = _task(name, pay)
    toll = np.log(world.n_actions) * temperature if pay == "above uniform" else 0.0
    taxed = replace(world, reward=world.reward - np.where(world.terminal, 0.0, toll)[:, None, None])
    probs, history = exact.soft_policy_iteration(taxed, GAMMA, temperature)
    values = history[-1]
    ended = exact.push(world, probs, GAMMA, STEPS)[2]
    goal, small = (ended[world.goals[letter]].sum() for letter in "Ge")
    ends = [goal, small, ended.sum() - goal - small, 1 - ended.sum()]
    return Optimum(
        probs, values, exact.backup(taxed, values, GAMMA), exact.occupancy(world, probs, GAMMA),
        float(values @ world.start), float(exact.expected_return(world, probs, GAMMA)),
        float(np.mean(exact.entropy(probs), where=~world.terminal)),
        tuple(np.clip(ends, 0.0, 1.0).tolist()),  # rounding is no share
    )  # fmt: skip


def _never(pay: str, temperature: float) -> float:
    return temperature * np.log(4) / (1 - GAMMA) if pay == "entropy" else 0.0


@lru_cache
def _task(name: str, pay: str) -> World:
    world = load_world(name)
    assert world.prob.shape[-1] == 1  # the page knows one outcome for each action
    return world


@lru_cache
def _scene(name: str, pay: str) -> dict[str, Any]:
    """The map as the page's solver needs it, and what is known for every T of LADDER."""
    world = _task(name, pay)
    layout, ladder = world.grid, [optimum(name, pay, float(t)) for t in LADDER]
    return {
        "world": name, "rows": layout.rows, "cols": layout.cols, "letters": layout.letters, "pay": pays(world),
        "startable": world.startable.tolist(), "actions": list(world.actions), "goals": list(world.goals),
        "terminal": world.terminal.tolist(), "start": int(np.argmax(world.start)),
        "next": world.next_state[..., 0].tolist(),
        "reward": exact.backup(world, np.zeros(world.n_states), 0.0).tolist(),
        "gamma": GAMMA, "steps": STEPS, "walkers": WALKERS, "low": LOW, "high": HIGH,
        "maps": list(MAPS), "pays": list(PAYS.items()), "toll": pay == "above uniform",
        "ladder": LADDER.tolist(), "ends": [list(best.ends) for best in ladder],
        "entropy": [best.entropy / np.log(4) for best in ladder],
        "worth": [best.worth for best in ladder], "return": [best.expected_return for best in ladder],
        "never": [_never(pay, float(t)) for t in LADDER],
    }  # fmt: skip


# ---------------------------------------------------------------- on paper

HUES = (draw.GREEN, draw.AMBER, draw.FIRE, draw.FAINT)


class _Map:
    height = 1.0

    def __init__(self, lab: TemperatureLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab, best = self.lab, self.lab.optimum
        world = _task(lab.world, lab.pay)
        nothing = np.zeros(world.n_states)
        draw.grid(axes, world, probs=best.probs, occupancy=best.occupancy, mu=nothing, legend=False)
        axes.set_title(
            f"T = {lab.temperature:.3g}: arrows π(a|s), blue visits",
            loc="left", fontsize=10, color=draw.INK,
        )  # fmt: skip


class _Ends:
    height = 1.0

    def __init__(self, lab: TemperatureLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        scene = self.lab.scene
        axes.stackplot(
            LADDER, np.array(scene["ends"]).T, colors=HUES, alpha=0.75, labels=ENDS, lw=0
        )
        axes.plot(
            LADDER, scene["entropy"], color=draw.INK, ls="--", lw=1.5, label="entropy / log 4"
        )
        _over_t(axes, self.lab, f"where {STEPS} steps from S lead", (0, 1))
        axes.legend(frameon=False, fontsize=7, ncols=5, loc="upper left", bbox_to_anchor=(0, -0.2))


class _Worth:
    height = 1.0

    def __init__(self, lab: TemperatureLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        scene = self.lab.scene
        axes.plot(LADDER, scene["worth"], color=draw.INK, lw=2.5, label="V(S)")
        axes.plot(LADDER, scene["return"], color=draw.GREEN, ls="-.", lw=2, label="reward in it")
        axes.plot(
            LADDER, scene["never"], color=draw.FIRE, ls="--", lw=2, label="never finishing, at most"
        )
        _over_t(axes, self.lab, "worth of the start", (-8, 110))
        axes.legend(frameon=False, fontsize=7, loc="upper left")


def _over_t(axes: Any, lab: TemperatureLab, title: str, y: tuple[float, float]) -> None:
    axes.axvline(lab.temperature, color=draw.BLUE, lw=1.5)
    axes.set(xscale="log", xlim=(LOW, HIGH), ylim=y, xlabel="temperature T")
    axes.xaxis.set_major_formatter(lambda t, _: f"{t:g}")
    axes.set_title(title, loc="left", fontsize=9, color=draw.INK)
