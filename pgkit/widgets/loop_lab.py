"""LoopLab: the map of the whole lecture.  Three knobs; every setting has a name, and every one is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgkit import draw
from pgkit.knobs import Knob
from pgkit.one_loop import NORMS, STARTS, SUITS, SYMBOLS, WEIGHTS, OneLoop, Setting, named, slide_of
from pgkit.run import Run
from pgkit.widgets.lab import bundle, styles
from pgkit.widgets.run_lab import RunLab, _arguments
from pgkit.widgets.views import MODULES
from pgkit.widgets.views.base import View
from pgkit.widgets.views.curve import LearningCurve
from pgkit.widgets.views.grid import Grid
from pgkit.worlds import in_code

ROLLOUTS = 32
BUDGET = Knob(
    "budget", 150, 1, 10_000, "K", "budget", "the iterations that each setting gets", whole=True
)
CONTROLS = ("alpha", "epsilon", "lam", "beta", "temperature")
USED = {  # the knobs that a setting has
    "L2": ("alpha",), "KL": ("epsilon",), "solve": (), "delta": ("lam",), "exp": ("beta",), "soft": ("temperature",),
}  # fmt: skip
Cell = tuple[str, str, str]  # start, weight, norm


class LoopLab(RunLab):
    """Choose where rollouts start, what each (s, a) counts, and the norm of a step; the setting trains, and has a name.

    Parameters
    ----------
    start : "nominal", "uniform", "expert" or "painted" (with mu, as for RunLab).
    weight : "1", "r", "Q", "Q-V", "delta", "exp" or "soft".
    norm : "L2", "KL" or "solve".
    world : a world on a grid.
    budget : the iterations that each setting gets.
    runs, seed, mu and settings (alpha, beta, ...) are those of RunLab.

    Raises
    ------
    ValueError : a knob that is not there, a setting out of range.
    """

    _esm = bundle("lab.mjs", "plot.mjs", *MODULES, "views/loop.mjs", "run_lab.mjs")
    _css = styles("lab.css", "run_lab.css", "loop_lab.css")

    def __init__(
        self,
        start: str = "nominal",
        weight: str = "Q",
        norm: str = "L2",
        *,
        world: Any = "ring-of-fire-closed",
        budget: int = 150,
        runs: int = 24,
        seed: int = 0,
        mu: Any = None,
        **settings: Any,
    ) -> None:
        named(start, weight, norm)
        self.budget = int(BUDGET.check(budget))
        self.board: dict[Cell, tuple[int, float, float]] = {}  # iteration, share at +100, median J
        self._tour: list[tuple[str, str]] = []
        made = {"alpha": SUITS[weight], "episodes": ROLLOUTS} | settings
        super().__init__(
            OneLoop(weight=weight, norm=norm), world, [Loop(self), Grid(paint=True), LearningCurve()],
            runs=runs, seed=seed, reset=start, mu=mu, title="One loop, three knobs", controls=CONTROLS,
            hide=("reset", "compare", "presets", "penalty"), **made,
        )  # fmt: skip
        self.speed = None

    def setup(self) -> dict[str, Any]:
        return super().setup() | {"algorithm": "every algorithm of the lecture"}

    # ---------------------------------------------------------------- the three knobs

    @property
    def cell(self) -> Cell:
        """(start, weight, norm) now."""
        return self.reset, self.run.algorithm.weight, self.run.algorithm.norm

    @property
    def name(self) -> Setting:
        """What the setting of now is called."""
        return named(*self.cell)

    def choose(
        self, start: str | None = None, weight: str | None = None, norm: str | None = None
    ) -> LoopLab:
        """Turn to another setting and begin anew, with the α that suits its weight; the old curve stays as a ghost."""
        with self._lock:
            self._tour = []
            self._choose(start, weight, norm)
            self.frame()
        return self

    def fill(self) -> LoopLab:
        """Train every setting of this start that has no result yet; as long as the page would take."""
        with self._lock:
            for weight, norm in self._open():
                self._choose(None, weight, norm)
                self._advance(self.budget)
            self.frame()
        return self

    def _choose(self, start: str | None, weight: str | None, norm: str | None) -> None:
        now = self.cell
        new = (start or now[0], weight or now[1], norm or now[2])
        named(*new)
        changes: dict[str, Any] = {"weight": new[1], "norm": new[2]}
        if new[1] != now[1]:
            changes["alpha"] = SUITS[new[1]]
        if new[0] != now[0]:
            changes["reset"] = new[0]
        self.turn(**changes)
        self.timeline.restart(self.new_run(self.run.seed))
        self._accept()

    def _open(self) -> list[tuple[str, str]]:
        """The settings of this start without a full result."""
        done = {
            cell[1:]
            for cell, (k, *_) in self.board.items()
            if cell[0] == self.reset and k >= self.budget
        }
        return [(w, n) for w in WEIGHTS for n in NORMS if (w, n) not in done]

    # ---------------------------------------------------------------- training, up to the budget

    def _advance(self, iterations: int) -> None:
        left = self.budget - self.run.iteration
        super()._advance(min(iterations, left) if self.playing and left > 0 else iterations)
        self._note()
        if not (self.playing and left > 0 and self.run.iteration >= self.budget):
            return
        while self._tour and self._tour[0] not in self._open():
            self._tour.pop(0)
        if self._tour:
            self._choose(None, *self._tour.pop(0))
        else:
            self._stop(f"{self.budget} iterations done. Play goes on.")

    def _note(self) -> None:
        """The result so far, unless something was turned on the way."""
        run = self.run
        if len(run.changes) == 1 and not getattr(run.algorithm, "plugged", {}):
            score = (
                run.evaluate().score
                if run.history[-1].iteration != run.iteration
                else run.history[-1]
            )
            goal = (
                score.reached["G"] if "G" in score.reached else next(iter(score.reached.values()))
            )
            median = float(sorted(score.expected_return)[len(score.expected_return) // 2])
            self.board[self.cell] = (run.iteration, float(goal.mean()), median)

    def _on_pause(self, message: Mapping, buffers: list[Any]) -> dict:
        self._tour = []
        return super()._on_pause(message, buffers)

    def take_over(self, before: Any) -> None:
        super().take_over(before)
        self.board, self.budget = before.board, before.budget
        for v in self.views.values():
            if isinstance(v, Loop):
                v.lab = self

    # ---------------------------------------------------------------- in words

    @property
    def table(self) -> str:
        """The map as text: what each setting of this start is called, and the share of runs at +100 so far."""
        rows = [f"{'weight':16}" + "".join(f"{SYMBOLS[n]:32}" for n in NORMS)]
        for weight in WEIGHTS:
            cells = [f"{_told(self.board, (self.reset, weight, norm)):32}" for norm in NORMS]
            rows.append(f"{SYMBOLS[weight]:16}" + "".join(cells))
        return "\n".join(row.rstrip() for row in rows)

    def picture(self) -> bytes:
        shown = [v for v in self.views.values() if not isinstance(v, Grid)]
        return draw.lab(shown, self.timeline, self.sentence)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | {"text/plain": f"{data['text/plain']}\n{self.table}"}, metadata

    def _opening(self, words: dict[str, Any]) -> str:
        usual = {k: v for k, v in _usual(self.run.algorithm.weight).items() if words.get(k) == v}
        words = {k: v for k, v in words.items() if k not in usual and k != "mix"}
        start, weight, norm = (words.pop(k) for k in ("reset", "weight", "norm"))
        made = {
            "world": in_code(self.world),
            "runs": self.run.runs,
            "seed": self.run.seed,
            "budget": self.budget,
        }
        made["world"] = self.world.name if made["world"] is not None else "world"
        return f"LoopLab({start!r}, {weight!r}, {norm!r}, {_arguments(made | words)})"

    def _words(self, settings: Any) -> dict[str, Any]:
        words = super()._words(settings)
        return words | {"reset": self._name_of(settings.mu)[0]}

    @property
    def _own(self) -> list[str]:
        return []


def _usual(weight: str) -> dict[str, Any]:
    """The settings that need not be said."""
    plain = OneLoop(alpha=SUITS[weight], episodes=ROLLOUTS)
    return {k: v for k, v in vars(plain).items() if k not in ("weight", "norm")}


def _told(board: Mapping[Cell, tuple[int, float, float]], cell: Cell) -> str:
    name = named(*cell).short
    return f"{name} ({100 * board[cell][1]:.0f} %)" if cell in board else name


class Loop(View):
    """The loop, the table of all settings, and the slide of the one that is chosen."""

    kind, title, module, wide, height = (
        "loop",
        "the map: one loop, three knobs",
        "loop.mjs",
        True,
        1.0,
    )

    def __init__(self, lab: LoopLab) -> None:
        self.lab = lab

    def setup(self, run: Run) -> dict[str, Any]:
        return {
            "starts": list(STARTS), "weights": list(WEIGHTS), "norms": list(NORMS), "symbols": SYMBOLS,
            "budget": self.lab.budget, "used": {k: list(v) for k, v in USED.items()}, "controls": list(CONTROLS),
            "names": {
                f"{start}|{w}|{n}": [named(start, w, n).short, named(start, w, n).lecture]
                for start in ("nominal", "painted") for w in WEIGHTS for n in NORMS
            },
        }  # fmt: skip

    def frame(self, timeline):
        lab = self.lab
        name = lab.name
        return {
            "start": lab.cell[0], "weight": lab.cell[1], "norm": lab.cell[2],
            "name": name.name, "lecture": name.lecture, "says": name.says, "slide": slide_of(*lab.cell),
            "board": {"|".join(cell): [k, share] for cell, (k, share, _) in lab.board.items()},
            "tour": len(lab._tour),
        }, {}  # fmt: skip

    def asked(self, lab: Any, message: Mapping[str, Any], buffers: list[Any]) -> dict[str, Any]:
        """{"start", "weight", "norm"}: turn there and train; {"fill": true}: train all that are open."""
        if message.get("fill"):
            lab._tour = lab._open()
            if lab._tour:
                lab._choose(None, *lab._tour.pop(0))
        else:
            lab._tour = []
            lab._choose(*(message.get(k) for k in ("start", "weight", "norm")))
        lab.play()
        return {}

    def sentence(self, timeline) -> str:
        name = self.lab.name
        lines = "; ".join(
            f"{text.strip()} [{knob}]" if knob else text.strip()
            for text, knob in slide_of(*self.lab.cell)
        )
        kind = "on a slide of the lecture" if name.lecture else "not on a slide"
        return f"{name.name} ({kind}). {name.says} The slide: {lines}."

    def paper(self, axes, timeline) -> None:
        """The table of settings, with bars for the share of runs at +100 from this start."""
        lab = self.lab
        axes.axis("off")
        axes.set(xlim=(-1.1, 3), ylim=(len(WEIGHTS) - 0.4, -1.3))
        for x, norm in enumerate(NORMS):
            axes.text(x + 0.04, -0.65, SYMBOLS[norm], fontsize=7, color=draw.GREEN, weight="bold")
        for y, weight in enumerate(WEIGHTS):
            axes.text(-1.08, y + 0.05, SYMBOLS[weight], fontsize=8, color=draw.BLUE, weight="bold")
            for x, norm in enumerate(NORMS):
                self._box(axes, x, y, (lab.reset, weight, norm))
        axes.set_title(f"start: {lab.reset}", loc="left", fontsize=9, color=draw.PURPLE)

    def _box(self, axes: Any, x: int, y: int, cell: Cell) -> None:
        from textwrap import fill

        name, lit = named(*cell), cell == self.lab.cell
        axes.fill_between(
            [x, x + 0.95], y - 0.42, y + 0.42, color=draw.BLUE if lit else draw.FLOOR, lw=0
        )
        if cell in self.lab.board:
            axes.fill_between(
                [x, x + 0.95 * self.lab.board[cell][1]], y + 0.32, y + 0.42, color=draw.GREEN, lw=0
            )
        axes.text(
            x + 0.04, y - 0.03, fill(name.short, 20), fontsize=6, va="center", color="white" if lit else draw.INK,
            weight="bold" if name.lecture else "normal", style="normal" if name.lecture else "italic",
        )  # fmt: skip
