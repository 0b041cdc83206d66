"""Every algorithm in every world: three iterations that keep shapes, spare their input and repeat under a seed."""

import importlib
import inspect
from pathlib import Path

import numpy as np
import pytest

import pgkit
from pgkit import ALGORITHMS, WORLDS, SoftmaxTable
from pgkit.draws import Draws, run_keys
from pgkit.knobs import knobs_of

PACKAGE = Path(pgkit.__file__).parent
POLICIES = {"softmax-table": SoftmaxTable}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_three_iterations(algorithm, world, policy):
    make, world, policy = ALGORITHMS[algorithm], WORLDS[world](), policy()
    draws = Draws(run_keys(7, 2))

    def train():
        a = make()
        state = a.init(world, policy, 2)
        for k in range(3):
            before = np.array(state.theta)
            new, info = a.iteration(state, world, policy, draws.at_iteration(k))
            np.testing.assert_array_equal(state.theta, before)  # nothing was written into the input
            assert new.theta.shape == before.shape
            assert new.theta.dtype == before.dtype
            assert np.isfinite(new.theta).all()
            assert info.D.s.shape == info.D.q_hat.shape == (2, a.episodes * a.horizon)
            state = new
        return state.theta

    first = train()
    assert np.abs(first).sum() > 0
    np.testing.assert_array_equal(first, train())


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
