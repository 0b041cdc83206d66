"""The one gradient of the course, against autograd and its own identities."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pgkit.policies import SoftmaxTable, log_softmax, softmax
from pgkit.types import Dataset

POLICY = SoftmaxTable()


def random_data(rng, runs=3, states=5, actions=4, episodes=2, n=14):
    return Dataset(
        s=rng.integers(0, states, (runs, n)),
        a=rng.integers(0, actions, (runs, n)),
        q_hat=rng.standard_normal((runs, n)),
        live=rng.random((runs, n)) < 0.8,
        episodes=episodes,
    )


@pytest.mark.parametrize("actions", [1, 2, 5])
def test_the_gradient_equals_autograd(actions):
    rng = np.random.default_rng(0)
    D = random_data(rng, actions=actions)
    theta = rng.standard_normal((3, 5, actions))
    grad = POLICY.grad_log_prob(theta, D, weight=D.q_hat)
    t = torch.tensor(theta, requires_grad=True)
    log_pi = torch.log_softmax(t, -1)[
        torch.arange(3)[:, None], torch.tensor(D.s), torch.tensor(D.a)
    ]
    (torch.tensor(np.where(D.live, D.q_hat, 0)) * log_pi).sum().div(D.episodes).backward()
    np.testing.assert_allclose(grad, t.grad.numpy(), atol=1e-12)


def test_the_gradient_is_minus_the_gradient_of_weighted_cross_entropy():
    """REINFORCE is weighted classification (lecture): one state, the same number to the last digit."""
    rng = np.random.default_rng(1)
    D = random_data(rng, runs=1, states=1, episodes=1)
    theta = rng.standard_normal((1, 1, 4))
    t = torch.tensor(theta[0, 0], requires_grad=True)
    loss = torch.nn.functional.cross_entropy(
        t.expand(14, 4), torch.tensor(D.a[0]), reduction="none"
    )
    (torch.tensor(np.where(D.live, D.q_hat, 0)[0]) * loss).sum().backward()
    ours = POLICY.grad_log_prob(theta, D, weight=D.q_hat)[0, 0]
    np.testing.assert_allclose(ours, -t.grad.numpy(), atol=1e-12)


def test_padding_carries_no_weight():
    rng = np.random.default_rng(2)
    D = random_data(rng)
    theta = rng.standard_normal((3, 5, 4))
    noisy = np.where(D.live, D.q_hat, 1e6)
    np.testing.assert_array_equal(
        POLICY.grad_log_prob(theta, D, weight=D.q_hat), POLICY.grad_log_prob(theta, D, weight=noisy)
    )


@settings(max_examples=100, deadline=None)
@given(arrays(float, (4, 3), elements=st.floats(-1000, 1000)), st.floats(-1000, 1000))
def test_softmax_is_a_distribution_that_a_shift_does_not_change(logits, shift):
    probs = softmax(logits)
    assert np.isfinite(log_softmax(logits)).all()
    np.testing.assert_allclose(probs.sum(-1), 1, atol=1e-12)
    np.testing.assert_allclose(softmax(logits + shift), probs, atol=1e-9)


def test_extreme_logits_are_exact():
    np.testing.assert_array_equal(log_softmax(np.array([1000.0, -1000.0])), [0.0, -2000.0])
    np.testing.assert_array_equal(softmax(np.array([[7.0]])), [[1.0]])


def test_the_score_function_has_mean_zero():
    rng = np.random.default_rng(3)
    theta = rng.standard_normal((1, 1, 4))
    every = Dataset(
        s=np.zeros((1, 4), int),
        a=np.arange(4)[None],
        q_hat=np.zeros((1, 4)),
        live=np.ones((1, 4), bool),
        episodes=1,
    )
    mean = POLICY.grad_log_prob(theta, every, weight=softmax(theta)[:, 0])
    np.testing.assert_allclose(mean, 0, atol=1e-15)
