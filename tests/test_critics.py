"""Critics: least squares exactly, steps towards it, what they keep where there is no data."""

import numpy as np
import pytest

from pgkit import LinearValue, QTable, ValueTable, load_world
from pgkit.draws import Draws, run_keys
from pgkit.optim import EXACTLY, Fitting
from pgkit.types import Dataset

DRAWS = Draws(run_keys(0, 2))
WALK = load_world("random-walk")
AB_FEATURES = np.random.default_rng(0).normal(size=(7, 3))


def data(seed=0, n=50, states=5):
    rng = np.random.default_rng(seed)
    return Dataset(
        s=rng.integers(0, states, (2, n)), a=rng.integers(0, 2, (2, n)), q_hat=rng.normal(size=(2, n)),
        live=rng.random((2, n)) < 0.8, episodes=5, t=rng.integers(0, 4, (2, n)),
    )  # fmt: skip


CRITICS = {"table": ValueTable(), "with time": ValueTable(4), "linear": LinearValue(AB_FEATURES)}


@pytest.mark.parametrize("critic", CRITICS.values(), ids=CRITICS)
def test_the_exact_fit_leaves_a_residual_that_nothing_explains(critic):
    """Normal equations: no other φ has a smaller error. Tried with 200 random ones."""
    D, rng = data(), np.random.default_rng(1)
    phi = critic.fit(critic.init(WALK, DRAWS), D, target=D.q_hat, fitting=EXACTLY)

    def error(phi):
        return (np.where(D.live, critic.value(phi, D.s, D.t) - D.q_hat, 0) ** 2).sum(axis=1)

    best = error(phi)
    for _ in range(200):
        assert (error(phi + 0.1 * rng.normal(size=phi.shape)) >= best).all()


@pytest.mark.parametrize("critic", CRITICS.values(), ids=CRITICS)
def test_many_steps_come_to_the_exact_fit(critic):
    D, phi = data(), critic.init(WALK, DRAWS)
    exact = critic.value(critic.fit(phi, D, target=D.q_hat, fitting=EXACTLY), D.s, D.t)
    steps = critic.value(critic.fit(phi, D, target=D.q_hat, fitting=Fitting(0.2, 10_000)), D.s, D.t)
    np.testing.assert_allclose(np.where(D.live, steps, 0), np.where(D.live, exact, 0), atol=1e-6)


def test_each_sample_takes_a_step_of_alpha_and_states_without_data_stay():
    D = Dataset(
        np.array([[0, 0]]), np.zeros((1, 2), int), np.array([[1.0, 3.0]]), np.ones((1, 2), bool), 1
    )
    phi = ValueTable().fit(np.array([[10.0, 7.0]]), D, target=D.q_hat, fitting=Fitting(0.5, 1))
    assert phi.tolist() == [[4.0, 7.0]]  # 10 → 6 → 4, towards their mean 2


def test_a_value_with_time_tells_the_times_apart():
    critic = ValueTable(2)
    D = Dataset(
        np.array([[0, 0]]), np.zeros((1, 2), int), np.array([[1.0, 3.0]]), np.ones((1, 2), bool), 1,
        t=np.array([[0, 1]]),
    )  # fmt: skip
    phi = critic.fit(critic.init(WALK, Draws(run_keys(0, 1))), D, target=D.q_hat, fitting=EXACTLY)
    assert critic.value(phi, D.s, D.t).tolist() == [[1.0, 3.0]]
    assert critic.value(phi, D.s, D.t + 1).tolist() == [
        [3.0, 0.0]
    ]  # at the horizon nothing is left


def test_q_learns_the_actions_that_were_taken():
    D = Dataset(
        np.array([[0, 0, 1]]),
        np.array([[0, 1, 1]]),
        np.array([[1.0, 2.0, 5.0]]),
        np.ones((1, 3), bool),
        1,
    )
    phi = QTable().fit(np.zeros((1, 2, 2)), D, target=D.q_hat, fitting=EXACTLY)
    assert QTable().q(phi, np.array([[1, 0]])).tolist() == [[[0.0, 5.0], [1.0, 2.0]]]


@pytest.mark.parametrize("critic", CRITICS.values(), ids=CRITICS)
@pytest.mark.parametrize("fitting", [EXACTLY, Fitting(0.1, 3)])
def test_without_live_samples_nothing_is_learned(critic, fitting):
    D = data()
    dead = Dataset(D.s, D.a, D.q_hat, np.zeros_like(D.live), 5, t=D.t)
    phi = critic.init(WALK, DRAWS) + 2.0
    np.testing.assert_allclose(critic.fit(phi, dead, target=D.q_hat, fitting=fitting), phi)


def test_features_may_depend_on_each_other():
    """Two equal columns: the fit is still the best, by the pseudo-inverse."""
    critic = LinearValue(np.repeat(AB_FEATURES[:, :1], 2, axis=1))
    D = data()
    phi = critic.fit(critic.init(WALK, DRAWS), D, target=D.q_hat, fitting=EXACTLY)
    np.testing.assert_allclose(phi[:, 0], phi[:, 1])
