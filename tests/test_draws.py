"""Draws: distributions, independence, and that a run's own do not depend on the others."""

import numpy as np
import pytest

from pgkit.draws import Draws, run_keys

DRAWS = Draws(run_keys(4, 3), 5)


def test_normal_draws_are_normal():
    """300 000 of them: mean, variance and fourth moment within 5 standard errors."""
    z = DRAWS.normal(50_000, 3, 2).ravel()
    assert abs(z.mean()) < 5 / np.sqrt(z.size)
    assert abs((z**2).mean() - 1) < 5 * np.sqrt(2 / z.size)
    assert abs((z**4).mean() - 3) < 5 * np.sqrt(96 / z.size)


def test_uniform_draws_are_uniform_and_differ_from_place_to_place():
    u = DRAWS.uniform(50_000, 1, 3)
    assert ((u >= 0) & (u < 1)).all()
    assert abs(u.mean() - 0.5) < 5 / np.sqrt(12 * u.size)
    assert np.abs(np.corrcoef(u.reshape(-1, 3).T) - np.eye(3)).max() < 0.02
    assert len(np.unique(u)) == u.size


def test_streams_and_iterations_and_runs_differ():
    kinds = [DRAWS, DRAWS.stream(0), DRAWS.stream(1), DRAWS.at_iteration(6)]
    rows = np.concatenate([d.uniform(100, 0, 1)[..., 0] for d in kinds])
    assert len(np.unique(rows)) == rows.size


@pytest.mark.parametrize("ask", [
    lambda d: d.uniform(4, 2, 3), lambda d: d.normal(4, 2, 3), lambda d: d.indices(10, 7, 1),
    lambda d: d.stream(3).actions(4, 1),
    lambda d: np.array([g.normal(size=5) for g in d.generators()]),
])  # fmt: skip
def test_a_runs_draws_do_not_depend_on_the_runs_beside_it(ask):
    alone = Draws(run_keys(4, 1), 5)
    np.testing.assert_array_equal(ask(DRAWS)[:1], ask(alone))


@pytest.mark.parametrize("high", [1, 7, 1000])
def test_indices_are_uniform(high):
    i = DRAWS.indices(high, 60_000, 2)
    assert i.min() >= 0
    assert i.max() < high
    count = np.bincount(i[0], minlength=high)
    assert ((count - 60_000 / high) ** 2 / (60_000 / high)).sum() < high + 6 * np.sqrt(2 * high)
