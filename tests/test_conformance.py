"""Every algorithm in every world: three iterations that keep shapes, spare their input and repeat under a seed."""

import importlib
import inspect
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest

import pgkit
from pgkit import ALGORITHMS, WORLDS, Run
from pgkit.draws import Draws, run_keys
from pgkit.fits import complete, default_settings, misfit
from pgkit.knobs import knobs_of, settings_of

PACKAGE = Path(pgkit.__file__).parent


FITTING = [(a, w) for a in ALGORITHMS for w in WORLDS if misfit(a, WORLDS[w]()) is None]


def leaves(x):
    """Every array in a state."""
    if isinstance(x, np.ndarray):
        return [x]
    if is_dataclass(x):
        return [leaf for f in fields(x) for leaf in leaves(getattr(x, f.name))]
    return [leaf for y in x for leaf in leaves(y)] if isinstance(x, tuple) else []


def _small(algorithm, world):
    world = WORLDS[world]()
    small = {"episodes": 3, "horizon": 5, "steps": 4, "batch": 8, "critic_sweeps": 2}
    known = {**default_settings(algorithm, world), **small}
    settings = {k: v for k, v in known.items() if k in settings_of(ALGORITHMS[algorithm])}
    return ALGORITHMS[algorithm](**settings), world


@pytest.mark.parametrize(("algorithm", "world"), FITTING, ids=[f"{a}-{w}" for a, w in FITTING])
def test_three_iterations(algorithm, world):
    a, world = _small(algorithm, world)
    a, policy = complete(a, world)
    draws = Draws(run_keys(7, 2))

    def train():
        state = a.init(world, policy, draws)
        for k in range(3):
            kept = [(x, x.copy()) for x in leaves(state)]
            new, info = a.iteration(state, world, policy, draws.at_iteration(k))
            for x, before in kept:
                np.testing.assert_array_equal(x, before)  # nothing was written into the input
            assert new.theta.shape == state.theta.shape
            assert new.theta.dtype == np.float64
            assert all(np.isfinite(x).all() for x in leaves(new) if x.dtype == np.float64)
            assert info.D.s.shape[:2] == info.D.q_hat.shape
            state = new
        return state

    first, again = leaves(train()), leaves(train())
    nothing_to_learn = world.name == "baird" or world.n_actions == 1  # no reward, or no choice
    assert nothing_to_learn or any(np.abs(x).sum() > 0 for x in first)
    for x, y in zip(first, again, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(("algorithm", "world"), FITTING, ids=[f"{a}-{w}" for a, w in FITTING])
def test_some_of_the_runs_do_by_themselves_what_they_do_among_all(algorithm, world):
    run = Run(*_small(algorithm, world), runs=5, seed=7, engine="text").advance(2, record=False)
    few = run.some(slice(1, 3))
    assert few.runs == 2
    for whole, part in zip(leaves(run.preview()), leaves(few.preview()), strict=True):
        rows = whole[1:3] if whole.shape[:1] == (5,) else whole
        np.testing.assert_allclose(part, rows, rtol=1e-9, atol=1e-12)
    few.advance(1, record=False)
    np.testing.assert_allclose(
        few.state.theta, run.advance(1).state.theta[1:3], rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_combination_fits_or_says_why_and_what_does(algorithm, world):
    world = WORLDS[world]()
    if misfit(algorithm, world) is None:
        complete(ALGORITHMS[algorithm](), world)
    else:
        with pytest.raises(ValueError, match=r"does not fit .*; there, use .*reinforce"):
            complete(ALGORITHMS[algorithm](), world)


@pytest.mark.parametrize(
    ("folder", "registry", "needs"),
    [("algorithms", ALGORITHMS, "iteration"), ("worlds", WORLDS, None)],
)
def test_no_file_is_missing_from_its_registry(folder, registry, needs):
    for path in (PACKAGE / folder).glob("[a-z]*.py"):
        module = importlib.import_module(f"pgkit.{folder}.{path.stem}")
        own = [v for v in vars(module).values() if getattr(v, "__module__", "") == module.__name__]
        if needs:
            found = [v for v in own if inspect.isclass(v) and hasattr(v, needs)]
        else:
            found = [
                v for v in own if inspect.isfunction(v) and not inspect.signature(v).parameters
            ]
        for thing in found:
            assert thing in registry.values(), f"add {thing.__name__} to {registry}"


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
def test_every_knob_says_what_it_is(algorithm):
    assert knobs_of(algorithm)
    for k in knobs_of(algorithm).values():
        assert k.low <= k.default <= k.high
        assert k.meaning
        assert k.label
        assert not k.log or k.low > 0
