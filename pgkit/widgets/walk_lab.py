"""WalkLab: Monte Carlo and TD on the same walks, and every cell of the lecture's table measured on them."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import anywidget
import numpy as np
import traitlets

from pgkit import draw
from pgkit.draws import Draws, run_keys
from pgkit.policies import SoftmaxTable
from pgkit.rollout import rollout
from pgkit.types import Array, Float, Int
from pgkit.widgets.lab import bundle, styles, with_picture
from pgkit.worlds import load_world
from pgkit.worlds.predictors import RANDOM_WALK_TRUTH as TRUTH

RUNS, EPISODES, LONGEST = 200, 100, 200
SIZE, FIRST = len(TRUTH), 2  # states A..E; an episode begins in C
METHODS = {"MC": "Monte Carlo", "TD": "TD"}
QUALITIES = ("bias", "variance", "convergence")
CELLS = tuple(f"{method} {quality}" for quality in QUALITIES for method in METHODS)
LOOKS = ("one run", "all runs", *CELLS)
SLIDE = {
    "MC bias": "Zero bias", "TD bias": "Can have bias", "MC variance": "High variance",
    "TD variance": "Low variance", "MC convergence": "Always convergence",
    "TD convergence": "May not converge",
}  # fmt: skip
SLOWING = 10  # a falling α is a half after 10 episodes, a third after 20


class WalkLab(anywidget.AnyWidget):
    """Turn both step sizes and the first guess: V after every episode, its error over 200 runs, and the table.

    The world is the random walk over A..E: start in C, step left or right by chance, the right exit pays 1.
    Both methods see the same walks.

    Parameters
    ----------
    alpha_mc, alpha_td : step sizes in (0, 1].
    initial : the first guess V_0 of every state, in [0, 1].
    episode : how many episodes have gone by, 0 to 100.
    falling : α · 10/(10 + k) after k episodes instead of a constant α.
    look : what is drawn: "one run", "all runs", or a cell of the table such as "MC bias".
    seed : of the walks; with 6 the first one of run 1 is short.

    Raises
    ------
    ValueError : a number out of range or an unknown look.
    """

    _esm = bundle("lab.mjs", "plot.mjs", "walk_lab.mjs")
    _css = styles("lab.css")
    alpha_mc = traitlets.Float(0.03).tag(sync=True)
    alpha_td = traitlets.Float(0.1).tag(sync=True)
    initial = traitlets.Float(0.5).tag(sync=True)
    episode = traitlets.Int(1).tag(sync=True)
    falling = traitlets.Bool(False).tag(sync=True)
    look = traitlets.Unicode("one run").tag(sync=True)
    seed = traitlets.Int(6).tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)  # the walks: the page learns from them by itself

    def __init__(
        self, alpha_mc: float = 0.03, alpha_td: float = 0.1, initial: float = 0.5, episode: int = 1,
        falling: bool = False, look: str = "one run", seed: int = 6,
    ) -> None:  # fmt: skip
        super().__init__()
        with self.hold_sync():
            self.alpha_mc, self.alpha_td = float(alpha_mc), float(alpha_td)
            self.initial, self.episode, self.falling = float(initial), episode, falling
            self.look, self.seed = look, seed
            self._draw_walks({})

    # ---------------------------------------------------------------- what may be chosen

    @traitlets.validate("alpha_mc", "alpha_td")
    def _check_alpha(self, proposal: Any) -> float:
        name, given = proposal["trait"].name, proposal["value"]
        if not 0 < given <= 1:
            raise ValueError(f"{name} = {given!r}, but a step size lies in (0, 1]; 0.05 is usual")
        return given

    @traitlets.validate("initial")
    def _check_initial(self, proposal: Any) -> float:
        given = proposal["value"]
        if not 0 <= given <= 1:
            raise ValueError(
                f"initial = {given!r}, but the first guess lies in [0, 1]; 0.5 is usual"
            )
        return given

    @traitlets.validate("episode")
    def _check_episode(self, proposal: Any) -> int:
        given = proposal["value"]
        if not 0 <= given <= EPISODES:
            raise ValueError(f"episode = {given!r}, but this lab has the episodes 0 to {EPISODES}")
        return given

    @traitlets.validate("look")
    def _check_look(self, proposal: Any) -> str:
        given = proposal["value"]
        if given not in LOOKS:
            raise ValueError(f"look = {given!r}, but it must be one of {', '.join(LOOKS)}")
        return given

    @traitlets.validate("seed")
    def _check_seed(self, proposal: Any) -> int:
        if proposal["value"] < 0:
            raise ValueError(f"seed = {proposal['value']}, but a seed is 0 or larger")
        return proposal["value"]

    # ---------------------------------------------------------------- what is seen

    @traitlets.observe("seed")
    def _draw_walks(self, change: Any) -> None:
        self.scene = _scene(self.seed)

    def tick(self, episodes: int = 1) -> WalkLab:
        """Let so many episodes go by, as Play does; at the end the lab stays where it is."""
        self.episode = min(self.episode + episodes, EPISODES)
        return self

    def values(self, method: str) -> Float[Array, "K B S"]:
        """V(A..E) of every run after 0, 1, ..., 100 episodes."""
        return learned(_known(method), self._alpha(method), self.initial, self.falling, self.seed)

    def _alpha(self, method: str) -> float:
        return self.alpha_mc if method == "MC" else self.alpha_td

    def errors(self, method: str) -> Float[Array, "K B"]:
        """Root mean square error of V over A..E, for every run, after 0, 1, ..., 100 episodes."""
        return np.sqrt(((self.values(method) - TRUTH) ** 2).mean(axis=-1))

    def error(self, method: str) -> float:
        """The mean of `errors` over the runs, now."""
        return float(self.errors(method)[self.episode].mean())

    def least(self, method: str) -> tuple[int, float]:
        """(after which episode, mean error there) of the best place on the curve."""
        mean = self.errors(method).mean(axis=1)
        return int(mean.argmin()), float(mean.min())

    def moments(self, method: str, of: str = "target") -> tuple[Array, Array]:
        """(mean [5], variance [5]) over runs and chance, now: of V, or of the target that V moves towards."""
        if of not in ("target", "V"):
            raise ValueError(f"of = {of!r}, but it must be 'target' or 'V'")
        V = self.values(method)[self.episode]
        if of == "V":
            return V.mean(axis=0), V.var(axis=0)
        if method == "MC":  # the return is 1 with the probability of leaving on the right
            return TRUTH, TRUTH * (1 - TRUTH)
        ahead = np.pad(V, ((0, 0), (1, 1)), constant_values=(0.0, 1.0))  # right exit: r = 1, then 0
        both = np.stack([ahead[:, :-2], ahead[:, 2:]])  # [2, B, S]: each with one half
        return both.mean(axis=(0, 1)), both.var(axis=(0, 1))

    def bias(self, method: str, of: str = "target") -> float:
        """Root mean square over A..E of (mean - V^π)."""
        return float(np.sqrt(((self.moments(method, of)[0] - TRUTH) ** 2).mean()))

    def variance(self, method: str, of: str = "target") -> float:
        """The mean over A..E of the variance."""
        return float(self.moments(method, of)[1].mean())

    def measured(self, cell: str) -> str:
        """What stands in a cell of the table, in words."""
        if cell not in CELLS:
            raise ValueError(f"cell = {cell!r}, but it must be one of {', '.join(CELLS)}")
        method, quality = cell.split()
        if quality == "convergence":
            at, least = self.least(method)
            return f"error {self.error(method):.3f}, least {least:.3f} after {at} episodes"
        what = self.bias if quality == "bias" else self.variance
        return f"target {what(method):.3f}, V {what(method, 'V'):.4f}"

    @property
    def walk(self) -> str:
        """The newest episode of run 1, such as "C D E, out on the right"."""
        return walked(self.seed, self.episode)

    @property
    def sentence(self) -> str:
        """The lab in words."""
        how = "falling α" if self.falling else "constant α"
        now = "; ".join(
            f"{word}: V(A..E) of run 1 is {', '.join(f'{v:.3f}' for v in self.values(m)[self.episode, 0])}, "
            f"mean error {self.error(m):.3f}"
            for m, word in METHODS.items()
        )
        last = f" The newest walk of run 1: {self.walk}." if self.episode else ""
        return (
            f"Random walk, {RUNS} runs, after {self.episode} episodes with {how}, MC {self.alpha_mc:g}, "
            f"TD {self.alpha_td:g}, first guess {self.initial:g}. {now}.{last}"
        )

    @property
    def table(self) -> str:
        """The lecture's table with what is measured, as text."""
        rows = [f"{'':12} {'Monte Carlo':45} TD"]
        for quality in QUALITIES:
            cells = [
                f"{SLIDE[f'{m} {quality}']}: {self.measured(f'{m} {quality}')}" for m in METHODS
            ]
            rows.append(f"{quality:12} {cells[0]:45} {cells[1]}")
        return "\n".join(rows)

    def picture(self) -> bytes:
        """Values and errors as PNG."""
        return draw.lab([_Values(self), _Errors(self), _Targets(self)], None, self.sentence)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        data, metadata = with_picture(shown, self.picture(), self.sentence)
        return data | {"text/plain": f"{self.sentence}\n{self.table}"}, metadata


def _known(method: str) -> str:
    if method not in METHODS:
        raise ValueError(f"method = {method!r}, but it must be one of {', '.join(METHODS)}")
    return method


# ---------------------------------------------------------------- the walks, and what is learned from them


@dataclass(frozen=True)
class _Walks:
    """Every run's episodes in a row, L steps at most.

    s, s_next [B, L] are 0..4 for A..E, -1 and 5 outside;  episode [B, L] counts from 0, EPISODES in the
    padding;  G [B, L] is the return of the episode;  steps [B]
    """

    s: Int[Array, "B L"]
    s_next: Int[Array, "B L"]
    episode: Int[Array, "B L"]
    G: Float[Array, "B L"]
    steps: Int[Array, "B"]


@lru_cache(maxsize=4)
def _walks(seed: int) -> _Walks:
    world, draws = load_world("random-walk"), Draws(run_keys(seed, RUNS))
    theta = np.zeros((RUNS, world.n_states, 1))
    taus = [
        rollout(world, SoftmaxTable(), theta, draws.at_iteration(k), start=world.start, episodes=1, horizon=LONGEST)
        for k in range(EPISODES)
    ]  # fmt: skip
    live = np.stack([tau.live[:, 0] for tau in taus], axis=1)  # [B, K, T]
    steps = live.sum(axis=(1, 2))
    shape = (RUNS, steps.max())
    inside = np.arange(shape[1]) < steps[:, None]

    def row(name: str, empty: float) -> Array:
        all_ = np.stack([getattr(tau, name)[:, 0] for tau in taus], axis=1)
        full = np.full(shape, empty, dtype=all_.dtype)
        full[inside] = all_[live]
        return full

    which = np.full(shape, EPISODES)
    which[inside] = np.broadcast_to(np.arange(EPISODES)[None, :, None], live.shape)[live]
    won = np.stack([tau.r[:, 0].sum(axis=-1) for tau in taus] + [np.zeros(RUNS)], axis=1)
    G = np.take_along_axis(won, which, axis=1)
    return _Walks(row("s", 1) - 1, row("s_next", 1) - 1, which, G, steps)


@lru_cache(maxsize=32)
def learned(
    method: str, alpha: float, initial: float, falling: bool, seed: int
) -> Float[Array, "K B S"]:
    """V of every run after 0, 1, ..., 100 episodes: the shipped algorithms' updates, on all runs' walks at once."""
    walks, run = _walks(seed), np.arange(RUNS)
    sizes = np.append(
        alpha * (SLOWING / (SLOWING + np.arange(EPISODES)) if falling else np.ones(EPISODES)), 0.0
    )
    V = np.full((RUNS, SIZE + 2), float(initial))  # with the exits: the left pays 0, the right 1
    V[:, 0], V[:, -1] = 0.0, 1.0
    kept = np.full((EPISODES + 1, RUNS, SIZE), float(initial))
    for step in range(walks.s.shape[1]):
        s, s_next, k = walks.s[:, step], walks.s_next[:, step], walks.episode[:, step]
        target = walks.G[:, step] if method == "MC" else V[run, s_next + 1]
        V[run, s + 1] += sizes[k] * (target - V[run, s + 1])
        kept[np.minimum(k + 1, EPISODES), run] = V[:, 1:-1]
    return kept


def walked(seed: int, episode: int) -> str:
    """An episode of run 1 as its states and its exit; "" for episode 0."""
    walks = _walks(seed)
    here = walks.episode[0] == episode - 1
    if not here.any():
        return ""
    exit_ = "right" if walks.G[0][here][0] else "left"
    return f"{' '.join('ABCDE'[s] for s in walks.s[0][here])}, out on the {exit_}"


@cache
def _constants() -> dict[str, Any]:
    return {
        "runs": RUNS, "episodes": EPISODES, "truth": TRUTH.tolist(), "slowing": SLOWING,
        "methods": METHODS, "qualities": list(QUALITIES), "slide": SLIDE,
    }  # fmt: skip


def _scene(seed: int) -> dict[str, Any]:
    walks = _walks(seed)
    inside = np.arange(walks.s.shape[1]) < walks.steps[:, None]
    right = (walks.s_next > walks.s)[inside]
    packed = b64encode(np.packbits(right).tobytes()).decode("ascii")
    return _constants() | {"moves": packed, "steps": walks.steps.tolist(), "seed": seed}


# ---------------------------------------------------------------- on paper

LOOK = {"MC": (draw.FIRE, "--", "s"), "TD": (draw.BLUE, "-", "o")}


class _Values:
    height = 1.2

    def __init__(self, lab: WalkLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        where = np.arange(SIZE)
        axes.plot(where, TRUTH, color=draw.GREEN, lw=1.4, marker="D", ms=5, label="true V")
        for (m, (hue, dash, mark)), shift in zip(LOOK.items(), (-0.08, 0.08), strict=True):
            V = self.lab.values(m)[self.lab.episode]
            low, high = np.quantile(V, (0.1, 0.9), axis=0)
            axes.vlines(where + shift, low, high, color=hue, lw=7, alpha=0.25)
            axes.plot(
                where + shift,
                V[0],
                color=hue,
                ls=dash,
                marker=mark,
                ms=5,
                label=f"{METHODS[m]}, run 1",
            )
        axes.set_xticks(where, list("ABCDE"))
        axes.set_ylim(-0.05, 1.05)
        axes.legend(frameon=False, fontsize=8)
        axes.set_title(f"V after {self.lab.episode} episodes; bars: 80 % of {RUNS} runs",
                       loc="left", fontsize=9, color=draw.INK)  # fmt: skip


class _Errors:
    height = 1.0

    def __init__(self, lab: WalkLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        for m, (hue, dash, _) in LOOK.items():
            low, middle, high = np.quantile(self.lab.errors(m), (0.1, 0.5, 0.9), axis=1)
            axes.fill_between(range(EPISODES + 1), low, high, color=hue, alpha=0.18, lw=0)
            axes.plot(middle, color=hue, ls=dash, lw=2, label=METHODS[m])
        axes.axvline(self.lab.episode, color=draw.SOFT, lw=0.8)
        axes.set(xlabel="episodes", ylim=(0, None))
        axes.legend(frameon=False, fontsize=8)
        axes.set_title(
            "error of V (root mean square over A..E)", loc="left", fontsize=9, color=draw.INK
        )


class _Targets:
    height = 1.0

    def __init__(self, lab: WalkLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        where = np.arange(SIZE)
        axes.plot(where, TRUTH, "D", color=draw.GREEN, ms=5, label="true V")
        for (m, (hue, _, mark)), shift in zip(LOOK.items(), (-0.12, 0.12), strict=True):
            mean, variance = self.lab.moments(m)
            axes.errorbar(where + shift, mean, np.sqrt(variance), color=hue, fmt=mark, ms=4, capsize=3,
                          label=f"target of {METHODS[m]}")  # fmt: skip
        axes.set_xticks(where, list("ABCDE"))
        axes.legend(frameon=False, fontsize=8)
        axes.set_title("targets: mean ± standard deviation", loc="left", fontsize=9, color=draw.INK)
