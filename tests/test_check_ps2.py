"""Problem set 2's checks: what chance may do to right answers, and which wrong ones they still see."""

from __future__ import annotations

from typing import Any

import mutants
import numpy as np
import pytest

from pgkit.check import Value, draw_cases, judge, probe
from pgkit.checks import ps2, ps2_judge
from pgkit.worlds.ring_of_fire import ring_of_fire

ANSWERS = mutants.all_sets()["ps2"]
WORLD = ring_of_fire()
WRONG_STARTS = {
    "squared": lambda mu: mu**2,
    "root": np.sqrt,
    "cut off": lambda mu: mu > mu.max() / 2,
    "the support": lambda mu: mu > 0,
    "all cells": lambda mu: WORLD.startable,
    "half of them at S": lambda mu: mu + WORLD.start,
}


def answer(exercise: str, source: str) -> Any:
    space = {"np": np}
    exec(source, space)
    return space[exercise]


def starts_message(rng: np.random.Generator, change) -> str:
    """The verdict on starts drawn from the changed μ."""
    mu = ps2._reset_distribution(WORLD, "mixed", rng)
    drawn = np.asarray(change(mu), dtype=float)
    shape = (ps2.FEW_UPDATES, ps2.EPISODES)
    used = rng.choice(len(mu), shape, p=drawn / drawn.sum()).astype(float)
    arrays = {"mu": mu, "starts": used, "updates": np.array(float(ps2.FEW_UPDATES))}
    return ps2_judge._starts_message(Value(arrays), WORLD)


def test_starts_from_mu_pass_at_every_seed():
    assert not any(
        starts_message(np.random.default_rng(seed), lambda mu: mu) for seed in range(500)
    )


@pytest.mark.parametrize("name", WRONG_STARTS)
def test_starts_from_another_distribution_fail_at_every_seed(name):
    assert all(starts_message(np.random.default_rng(s), WRONG_STARTS[name]) for s in range(200))


@pytest.mark.parametrize("seed", [645, 883, 2423, 2504])  # tiny changes of large θ
def test_float32_is_exact_enough_for_an_update(seed):
    fn = answer("reinforce_update", ANSWERS.RIGHT["reinforce_update"]["backwards, float32"])
    assert (
        judge("reinforce_update", probe("reinforce_update", fn, seed=seed), seed=seed).score > 0.99
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_ratio_of_one_for_0_over_0_would_be_the_largest(seed):
    d_star, mu = draw_cases("mismatch", seed)[-1].args
    assert np.any((d_star == 0) & (mu == 0))
    assert ps2_judge._mismatch(d_star, mu) == pytest.approx(0.8)


@pytest.mark.parametrize("seed", range(5))
def test_a_sum_that_stops_early_is_told_so_wherever_it_stops(seed):
    *_, (P, pi, start, gamma) = (case.args for case in draw_cases("occupancy", seed))
    step = np.einsum("sa,sat->st", pi, P)
    d = (1 - gamma) * start
    for _ in range(int(np.random.default_rng(seed).integers(100, 600))):
        d = (1 - gamma) * start + gamma * d @ step
    exact = ps2_judge._occupancy(P, pi, start, gamma)
    assert ps2_judge._stops_early(d, exact, P, pi, start, gamma)
