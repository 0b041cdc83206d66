"""Which cure for which nightmare: 15 experiments of 100 runs each, their stored results, and how to run one again."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from pgkit.algorithms import NaturalActorCritic, Reinforce, ReinforceBaseline, ReinforceNatural
from pgkit.policies import logistic
from pgkit.resets import uniform
from pgkit.run import Run
from pgkit.worlds import load_world

RUNS, SEED = 100, 20_261_123
CURED = 0.95  # the share of runs from which one may speak of a cure
EXACT_V = {"critic_sweeps": 1, "critic_steps": 0}
START_B = np.array(
    [np.log(0.775 / 0.225), -np.log(9)]
)  # on the plateau: the good room hardly ever seen
CURES: dict[str, Callable[..., Any]] = {
    "nothing": lambda alpha, epsilon, **k: Reinforce(alpha=alpha, **k),
    "resets": lambda alpha, epsilon, **k: Reinforce(alpha=alpha, **k),
    "natural gradient": lambda alpha, epsilon, **k: ReinforceNatural(epsilon=epsilon, **k),
    "baseline": lambda alpha, epsilon, **k: ReinforceBaseline(alpha=alpha, **k),
    "natural + baseline": lambda alpha, epsilon, **k: NaturalActorCritic(
        epsilon=epsilon, **EXACT_V, **k
    ),
}
NIGHTMARES = {
    "1 local optimum": "Ring of Fire: runs that reach +100",
    "2 plateau": "Kakade's two states: runs with J ≥ 0.9 J*",
    "3 variance": "Century: runs with J > 517",
}
KNOBS: dict[str, dict[str, Any]] = {  # of the algorithms; α for plain steps, ε for natural ones
    "1 local optimum": {"alpha": 0.1, "epsilon": 0.01},
    "2 plateau": {"alpha": 0.3, "epsilon": 0.03, "gamma": 1.0, "episodes": 32, "horizon": 20},
    "3 variance": {"alpha": 0.1, "epsilon": 0.01, "gamma": 1.0, "episodes": 8, "horizon": 5},
}
MEASURED: dict[str, tuple[int, ...]] = {  # of 100 runs, in the order of CURES
    "1 local optimum": (0, 100, 0, 0, 0),
    "2 plateau": (77, 82, 69, 100, 100),
    "3 variance": (25, 25, 12, 100, 100),
}


def measure(nightmare: str, cure: str, **knobs: float) -> int:
    """How many of 100 runs get through, in 1 to 10 seconds.  ValueError for an unknown name.

    knobs : what to turn against the table's values, as alpha=0.1.
    """
    for argument, given, known in (("nightmare", nightmare, NIGHTMARES), ("cure", cure, CURES)):
        if given not in known:
            raise ValueError(f"{argument} = {given!r}, but it must be one of {', '.join(known)}")
    algorithm = CURES[cure](**(KNOBS[nightmare] | knobs))
    if nightmare == "1 local optimum":
        world = load_world("ring-of-fire")
        mu = uniform(world, 0.95) if cure == "resets" else None
        run = Run(algorithm, world, mu=mu, runs=RUNS, seed=SEED).advance(500)
        return int(run.history[-1].reached["G"].sum())
    plateau = nightmare == "2 plateau"
    world = load_world("two-state" if plateau else "century")
    mu = np.array([0.5, 0.5]) if cure == "resets" else None
    run = Run(algorithm, world, logistic(world.features), mu=mu, runs=RUNS, seed=SEED)
    if plateau:
        run.state = replace(run.state, theta=np.tile(START_B, (RUNS, 1)))
    last = run.advance(500 if plateau else 200).history[-1].expected_return
    return int((last >= 0.9 * 38.4 if plateau else last > 517.0).sum())


class Cures:
    """The stored table, nightmares by cures, as HTML and as text."""

    def __repr__(self) -> str:
        head = f"{'of 100 runs':18}" + "".join(f"{cure:>20}" for cure in CURES)
        rows = [f"{name:18}" + "".join(f"{n:20}" for n in MEASURED[name]) for name in NIGHTMARES]
        return "\n".join([head, *rows])

    def _repr_html_(self) -> str:
        cell = "padding:.35em .9em;text-align:right;white-space:nowrap"
        head = "".join(f"<th scope='col' style='{cell}'>{cure}</th>" for cure in CURES)
        rows = []
        for name, told in NIGHTMARES.items():
            cells = []
            for n in MEASURED[name]:
                cured = n >= 100 * CURED
                looks = "background:rgba(0,158,115,.22);font-weight:bold" if cured else "opacity:.8"
                cells.append(f"<td style='{cell};{looks}'>{n}{' ✓' if cured else ''}</td>")
            rows.append(
                f"<tr><th scope='row' style='{cell};text-align:left;white-space:normal'>{name}<br>"
                f"<small style='font-weight:normal'>{html.escape(told)}</small></th>{''.join(cells)}</tr>"
            )
        return (
            "<table style='border-collapse:collapse;font-size:1em'><caption style='text-align:left'>"
            "Of 100 runs, how many get through (✓: at least 95)</caption>"
            f"<tr><th style='{cell}'></th>{head}</tr>{''.join(rows)}</table>"
        )


def cures() -> Cures:
    """The table of nightmares and cures: 100 runs in each cell, measured once; `measure` runs a cell again."""
    return Cures()
