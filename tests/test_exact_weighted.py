"""AWR and weighted classification in closed form (T18): optimality, limits, sample sizes, love of risk."""

import numpy as np
import pytest
from exact_worlds import quick, seeds
from hypothesis import given
from hypothesis import strategies as st

from pgkit import exact
from pgkit.policies import softmax

betas = st.sampled_from([0.05, 0.3, 1.0, 10.0])


def setting(seed):
    rng = np.random.default_rng(seed)
    return rng, softmax(rng.standard_normal((3, 4))), rng.standard_normal((3, 4))


@quick
@given(seeds, betas)
def test_the_awr_policy_is_the_best_that_stays_close_to_the_behaviour(seed, beta):
    rng, behaviour, adv = setting(seed)
    best = exact.awr_policy(behaviour, adv, beta)
    np.testing.assert_allclose(best.sum(-1), 1, atol=1e-12)
    value = exact.regularised_value(best, behaviour, adv, beta)
    np.testing.assert_allclose(value, exact.awr_value(behaviour, adv, beta), atol=1e-12)
    others = softmax(3 * rng.standard_normal((50, 3, 4)))
    assert (exact.regularised_value(others, behaviour, adv, beta) <= value + 1e-12).all()


@quick
@given(seeds, betas)
def test_it_is_weighted_maximum_likelihood_with_exponential_weights(seed, beta):
    _, behaviour, adv = setting(seed)
    np.testing.assert_allclose(
        exact.classified(behaviour * np.exp(adv / beta)),
        exact.awr_policy(behaviour, adv, beta),
        atol=1e-12,
    )


@quick
@given(seeds, betas)
def test_what_depends_on_the_state_alone_does_not_matter_and_a_scale_is_a_temperature(seed, beta):
    rng, behaviour, adv = setting(seed)
    policy = exact.awr_policy(behaviour, adv, beta)
    shifted = exact.awr_policy(behaviour, adv + rng.standard_normal((3, 1)), beta)
    np.testing.assert_allclose(shifted, policy, atol=1e-12)
    std = adv.std()
    np.testing.assert_allclose(
        exact.awr_policy(behaviour, adv / std, beta),
        exact.awr_policy(behaviour, adv, beta * std),
        atol=1e-12,
    )


def test_the_limits_are_the_behaviour_and_its_best_action():
    _, behaviour, adv = setting(0)
    cool = exact.awr_policy(behaviour, adv, 1e6)
    assert np.abs(cool - behaviour).sum(-1).max() / 2 < 1e-6
    sharp = exact.awr_policy(behaviour, adv, 1e-3)
    np.testing.assert_allclose(sharp[np.arange(3), adv.argmax(-1)], 1, atol=1e-9)
    np.testing.assert_allclose(exact.awr_value(behaviour, adv, 1e-6), adv.max(-1), atol=1e-4)
    np.testing.assert_allclose(
        exact.awr_value(behaviour, adv, 1e9), (behaviour * adv).sum(-1), atol=1e-6
    )


def test_what_the_behaviour_never_does_is_not_learned_however_good():
    behaviour, adv = np.array([0.5, 0.5, 0.0]), np.array([0.0, 1.0, 1000.0])
    policy = exact.awr_policy(behaviour, adv, 0.01)
    np.testing.assert_allclose(policy, [0, 1, 0], atol=1e-12)
    assert exact.awr_value(behaviour, adv, 0.01) == pytest.approx(1 + 0.01 * np.log(0.5), abs=1e-12)
    tied = exact.awr_policy(behaviour, np.array([1000.0, 1000.0, 0.0]), 1.0)
    np.testing.assert_array_equal(tied, [0.5, 0.5, 0])
    assert (exact.awr_policy(np.ones((2, 1)), np.ones((2, 1)), 1.0) == 1).all()


def test_one_improvement_by_advantages_is_never_worse_in_any_state():
    """π ∝ μ exp(A/β) with the exact A of μ has Σ π A ≥ 0 everywhere."""
    _, behaviour, adv = setting(1)
    adv = adv - (behaviour * adv).sum(-1, keepdims=True)
    for beta in (0.05, 1.0, 20.0):
        assert ((exact.awr_policy(behaviour, adv, beta) * adv).sum(-1) >= 0).all()


@pytest.mark.parametrize(("beta", "share"), [(1.0, 0.3679), (3.0, 0.8948), (10.0, 0.99005)])
def test_how_many_of_the_samples_count(beta, share):
    assert exact.gaussian_sample_share(beta) == pytest.approx(share, abs=5e-5)
    adv = np.random.default_rng(2).standard_normal((20, 10_000))
    ess = exact.effective_sample_size(np.exp(adv / beta)) / 10_000
    assert ess.mean() == pytest.approx(share, abs=0.02)


def test_equal_weights_count_fully_and_a_dominant_one_alone():
    assert exact.effective_sample_size(np.full(7, 0.3)) == pytest.approx(7, abs=1e-12)
    assert exact.effective_sample_size(np.array([1.0, 1e-9])) == pytest.approx(1, abs=1e-8)
    assert exact.effective_sample_size(np.zeros(3)) == 0


def test_weights_of_returns_love_risk():
    """Mean 1 without risk against .8 with s = 1: the risky arm wins exactly below β = 2.5."""
    safe, risky = (lambda b: exact.gaussian_log_weight(1.0, 0.0, b)), (
        lambda b: exact.gaussian_log_weight(0.8, 1.0, b)
    )  # fmt: skip
    assert np.exp(risky(1.0) - safe(1.0)) == pytest.approx(1.35, abs=5e-3)
    assert np.exp(risky(3.0) - safe(3.0)) == pytest.approx(0.989, abs=5e-4)
    assert risky(2.5) == pytest.approx(safe(2.5), abs=1e-12)
    draws = 0.8 + np.random.default_rng(3).standard_normal(200_000)
    assert np.log(np.exp(draws).mean()) == pytest.approx(risky(1.0), abs=0.02)


@pytest.mark.parametrize(
    ("weight", "share"), [((3, 1), 0.75), ((1, 3), 0.25), ((9, 1), 0.9), ((0, 2), 0.0)]
)
def test_classification_imitates_in_proportion_to_the_weights(weight, share):
    assert exact.classified(np.array(weight, dtype=float))[0] == pytest.approx(share, abs=1e-12)


def test_impossible_settings_are_refused():
    with pytest.raises(ValueError, match="weight = -1, but with a negative weight"):
        exact.classified(np.array([2.0, -1.0]))
    with pytest.raises(ValueError, match="something has to be imitated"):
        exact.classified(np.zeros(2))
    for f in (
        lambda: exact.awr_policy(np.ones(1), np.ones(1), 0.0),
        lambda: exact.gaussian_sample_share(-1.0),
    ):
        with pytest.raises(ValueError, match="beta = "):
            f()
