"""Returns, advantages and baselines: identities at both ends of λ, and what ends a trace."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgkit.returns import gae, joined, leave_one_out, reward_to_go, standardised, td_error
from pgkit.types import Dataset

B, N, T = 2, 3, 6


def data(seed=0, terminated=None, truncated=None):
    rng = np.random.default_rng(seed)
    n = (B, N * T)
    none = np.zeros(n, dtype=bool)
    return Dataset(
        s=np.zeros(n, dtype=int), a=np.zeros(n, dtype=int), q_hat=rng.normal(size=n), live=~none,
        episodes=N, r=rng.normal(size=n), s_next=np.zeros(n, dtype=int),
        terminated=none if terminated is None else terminated,
        truncated=none if truncated is None else truncated, t=np.tile(np.arange(T), (B, N)),
    )  # fmt: skip


def ends(seed, share):
    flags = np.random.default_rng(seed).random((B, N, T)) < share
    flags[..., -1] = True
    return flags.reshape(B, -1)


@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
def test_gae_with_lambda_zero_is_the_td_error(gamma):
    D, rng = data(terminated=ends(1, 0.2)), np.random.default_rng(2)
    v, v_next = rng.normal(size=(2, B, N * T))
    np.testing.assert_allclose(
        gae(D, v, v_next, gamma, 0.0), td_error(D, v, v_next, gamma), atol=1e-12
    )


@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
def test_gae_with_lambda_one_is_the_reward_to_go_minus_the_value(gamma):
    """Where V(s_next) is the V of the next step, and every episode terminates."""
    over = ends(1, 0.3)
    D, rng = data(terminated=over), np.random.default_rng(2)
    v = rng.normal(size=(B, N, T))
    v_next = np.concatenate([v[..., 1:], np.full((B, N, 1), 7.0)], axis=-1)
    q_hat = reward_to_go(D.r.reshape(B, N, T), gamma, over.reshape(B, N, T))
    flat = v.reshape(B, -1)
    np.testing.assert_allclose(
        gae(D, flat, v_next.reshape(B, -1), gamma, 1.0), q_hat.reshape(B, -1) - flat, atol=1e-12
    )


def test_the_end_of_an_episode_is_worth_nothing_and_a_time_limit_is_worth_the_value():
    """An episode of two steps, rewards 1 and 1, V = 10 everywhere, γ = .5."""
    flag = np.array([[False, True]])
    make = {"s": np.zeros((1, 2), int), "a": np.zeros((1, 2), int), "q_hat": np.zeros((1, 2))}
    make |= {"live": ~np.zeros((1, 2), bool), "episodes": 1, "r": np.ones((1, 2))}
    ended = Dataset(**make, terminated=flag, truncated=~flag & flag)
    cut = Dataset(**make, terminated=~flag & flag, truncated=flag)
    v = np.full((1, 2), 10.0)
    assert td_error(ended, v, v, 0.5).tolist() == [[-4.0, -9.0]]
    assert td_error(cut, v, v, 0.5).tolist() == [[-4.0, -4.0]]
    assert gae(ended, v, v, 0.5, 1.0).tolist() == [[-4.0 + 0.5 * -9.0, -9.0]]


def test_a_trace_is_cut_where_an_episode_is_cut_off():
    truncated = np.zeros((B, N, T), dtype=bool)
    truncated[..., 2] = True
    D, rng = data(truncated=truncated.reshape(B, -1)), np.random.default_rng(3)
    v, v_next = rng.normal(size=(2, B, N * T))
    adv = gae(D, v, v_next, 0.9, 0.8).reshape(B, N, T)
    delta = td_error(D, v, v_next, 0.9).reshape(B, N, T)
    np.testing.assert_allclose(adv[..., 2], delta[..., 2])
    np.testing.assert_allclose(adv[..., 1], delta[..., 1] + 0.72 * delta[..., 2])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 1))
def test_gae_is_its_sum(seed, gamma, lam):
    """Â_t = Σ_k (γλ)^k δ_{t+k} up to the end of the episode, term by term."""
    D, rng = data(seed, terminated=ends(seed, 0.2)), np.random.default_rng(seed)
    v, v_next = rng.normal(size=(2, B, N * T))
    delta = td_error(D, v, v_next, gamma).reshape(-1, T)
    over = D.terminated.reshape(-1, T)
    expected = np.zeros_like(delta)
    for row in range(len(delta)):
        for t in range(T):
            for k in range(t, T):
                expected[row, t] += (gamma * lam) ** (k - t) * delta[row, k]
                if over[row, k]:
                    break
    np.testing.assert_allclose(gae(D, v, v_next, gamma, lam).reshape(-1, T), expected, atol=1e-12)


def test_the_reward_to_go_stops_where_an_episode_does():
    r, over = np.array([1.0, 1, 1, 1]), np.array([False, True, False, False])
    assert reward_to_go(r, 1.0, over).tolist() == [2, 1, 2, 1]


def test_leave_one_out_is_the_mean_of_the_others_at_the_same_time():
    D = data()
    q_hat = D.q_hat.reshape(B, N, T)
    expected = (q_hat.sum(axis=1, keepdims=True) - q_hat) / (N - 1)
    np.testing.assert_allclose(leave_one_out(D).reshape(B, N, T), expected, atol=1e-12)


def test_leave_one_out_of_one_trajectory_is_nothing():
    D = Dataset(
        np.zeros((1, 3), int), np.zeros((1, 3), int), np.ones((1, 3)), np.ones((1, 3), bool), 1
    )
    assert leave_one_out(D).tolist() == [[0, 0, 0]]


def test_standardised_looks_at_live_samples_only():
    x, live = np.array([[1.0, 3.0, 1e9]]), np.array([[True, True, False]])
    np.testing.assert_allclose(standardised(x, live), [[-1.0, 1.0, 0.0]], atol=1e-6)
    assert standardised(x, np.zeros_like(live)).tolist() == [[0.0, 0.0, 0.0]]


def test_joined_datasets_keep_their_trajectories_apart():
    D = joined([data(1), data(2)])
    assert D.episodes == 2 * N
    v = np.zeros((B, 2 * N * T))
    both = gae(D, v, v, 0.9, 0.9)
    single = gae(data(2), v[:, : N * T], v[:, : N * T], 0.9, 0.9)
    np.testing.assert_array_equal(both[:, N * T :], single)
