"""KL, Fisher and the natural gradient: invariance, second order, steps of a given size (T7 to T12)."""

import numpy as np
import pytest
from exact_worlds import (
    any_world,
    differences,
    logistic_features,
    quick,
    random_policy,
    scales,
    seeds,
    shared_policy,
    stochastic_world,
)
from hypothesis import given

from pgkit import exact
from pgkit.policies import softmax
from pgkit.worlds.scaled_bandit import scaled_bandit

GAMMA = 0.9


def setting(seed, parameters=4):
    """A world seen everywhere, features of a policy with few parameters, and θ: F has an inverse."""
    rng = np.random.default_rng(seed)
    world = stochastic_world(rng)
    world = world.starting_from(~world.terminal / 3)
    features = rng.standard_normal((world.n_states, world.n_actions, parameters))
    return rng, world, features, 0.5 * rng.standard_normal(parameters)


def local(world, features, theta):
    """(probs, psi, F, ∇J) at θ, discounted; every argument may have leading axes."""
    probs = shared_policy(theta, features)
    psi = exact.feature_scores(probs, features)
    d = exact.occupancy(world, probs, GAMMA)
    direct = exact.policy_gradient(world, probs, GAMMA)
    return probs, psi, exact.fisher(probs, psi, d), exact.parameter_gradient(direct, probs, psi)


# ---------------------------------------------------------------- scores


def test_scores_are_the_gradient_of_the_log_probability():
    _, world, features, theta = setting(0)
    psi = exact.feature_scores(shared_policy(theta, features), features)
    logits = np.random.default_rng(1).standard_normal((world.n_states, world.n_actions))
    table = exact.softmax_scores(softmax(logits))
    for s, a in np.ndindex(logits.shape):
        np.testing.assert_allclose(
            psi[s, a],
            differences(lambda x: np.log(shared_policy(x, features)[s, a]), theta),  # noqa: B023
            atol=1e-8,
        )
        np.testing.assert_allclose(
            table[s, a],
            differences(lambda x: np.log(softmax(x)[s, a]), logits).ravel(),  # noqa: B023
            atol=1e-8,
        )


@quick
@given(seeds, scales)
def test_scores_average_to_zero_and_the_chain_rule_gives_the_softmax_gradient(seed, scale):
    rng = np.random.default_rng(seed)
    world = any_world(rng)
    probs = random_policy(world, rng, scale, (2,))
    psi = exact.softmax_scores(probs)
    np.testing.assert_allclose(np.einsum("bsa,bsap->bsp", probs, psi), 0, atol=1e-12)
    direct = exact.policy_gradient(world, probs, GAMMA)
    np.testing.assert_allclose(
        exact.parameter_gradient(direct, probs, psi),
        exact.softmax_gradient(world, probs, GAMMA).reshape(2, -1),
        atol=1e-12,
    )


# ---------------------------------------------------------------- T7: invariance


def test_the_natural_path_is_the_same_in_all_linear_parameters_and_the_plain_one_is_not():
    """θ = A u with cond A ≤ 100; 20 steps in 5 worlds, 40 parametrisations each."""
    furthest = []
    for seed in range(5):
        rng, world, features, theta = setting(seed)
        left, right = (np.linalg.qr(rng.standard_normal((40, 4, 4)))[0] for _ in range(2))
        matrix = left * np.geomspace(1, 100, 4) @ right / 10
        new_features = np.einsum("sap,bpq->bsaq", features, matrix)
        for natural in (True, False):
            x, u = theta.copy(), np.linalg.solve(matrix, np.tile(theta, (40, 1))[..., None])[..., 0]
            for _ in range(20):
                _, _, f, g = local(world, features, x)
                _, _, f_new, g_new = local(world, new_features, u)
                x = x + 0.02 * (exact.natural_gradient(f, g) if natural else g)
                u = u + 0.02 * (exact.natural_gradient(f_new, g_new) if natural else g_new)
            away = np.abs(shared_policy(x, features) - shared_policy(u, new_features)).max((1, 2))
            if natural:
                assert away.max() <= 1e-10
            else:
                furthest.append(np.median(away))
    assert np.median(furthest) > 0.1


def test_in_non_linear_parameters_one_step_differs_in_second_order():
    """θ = sinh u: halving the step quarters the difference."""
    _, world, features, theta = setting(2)
    _, _, f, g = local(world, features, theta)
    u, away = np.arcsinh(theta), []
    jacobian = np.cosh(u)
    f_u, g_u = jacobian[:, None] * f * jacobian, jacobian * g
    for alpha in (0.01, 0.005, 0.0025, 0.00125):
        one = shared_policy(theta + alpha * exact.natural_gradient(f, g), features)
        other = shared_policy(np.sinh(u + alpha * exact.natural_gradient(f_u, g_u)), features)
        away.append(np.abs(one - other).max())
    ratios = np.array(away[:-1]) / away[1:]
    np.testing.assert_allclose(ratios, 4, atol=0.7)


def test_damping_makes_the_step_depend_on_the_parameters_and_a_lot_of_it_makes_it_plain():
    _, world, features, theta = setting(3)
    scaling = np.array([0.1, 1, 10, 1])
    _, _, f, g = local(world, features, theta)
    _, _, f_new, g_new = local(world, features * scaling, theta / scaling)
    away = [
        np.abs(exact.natural_gradient(f, g, lam) - scaling * exact.natural_gradient(f_new, g_new, lam)).max()
        for lam in (0.0, 1e-4, 1e-2)
    ]  # fmt: skip
    assert away[0] <= 1e-10
    assert min(away[1:]) > 1e-3
    np.testing.assert_allclose(exact.natural_gradient(f, g, 1e9) * 1e9, g, rtol=1e-8)
    with pytest.raises(ValueError, match=r"damping = -1\.0"):
        exact.natural_gradient(f, g, -1.0)


def iterations_to_solve(eps, alpha, step, most=700):
    """Exact ascent on the scaled bandit from θ = 0 until J ≥ .45, of .5, for many α at once."""
    world = scaled_bandit(eps)
    features, alpha = logistic_features(world), np.array(alpha)[:, None]
    theta, count = np.zeros((len(alpha), 2)), np.full(len(alpha), most)
    for k in range(most):
        probs = shared_policy(theta, features)
        solved = exact.expected_return(world, probs, 1.0, 1) >= 0.45
        count = np.where(solved, np.minimum(count, k), count)
        if solved.all():
            break
        psi = exact.feature_scores(probs, features)
        direct = exact.gradient_over_time(world, exact.at_all_times(probs, 1), 1.0)[:, 0]
        g = exact.parameter_gradient(direct, probs, psi)
        theta = theta + alpha * step(
            exact.fisher(probs, psi, np.tile(world.start, (len(probs), 1))), g
        )
    return count


@pytest.mark.parametrize("eps", [1.0, 0.3, 0.1, 0.03, 0.01])
def test_the_scale_of_a_feature_does_not_matter_to_the_natural_gradient(eps):
    found = iterations_to_solve(eps, [1, 0.3, 0.1], exact.natural_gradient)
    np.testing.assert_array_equal(found, [4, 11, 31])
    for epsilon, expected in ((0.01, 9), (0.03, 6), (0.1, 3)):
        step = lambda f, g: np.stack([exact.kl_step(f[0], g[0], epsilon)])  # noqa: B023, E731
        assert iterations_to_solve(eps, [1], step) == expected


@pytest.mark.parametrize(("eps", "iterations"), [(1.0, 1), (0.3, 10), (0.1, 659)])
def test_the_scale_of_a_feature_is_all_that_matters_to_the_plain_gradient(eps, iterations):
    """The best of α = .1, 1, ..., 10⁴."""
    found = iterations_to_solve(eps, np.geomspace(0.1, 1e4, 6), lambda f, g: g)
    assert found.min() == iterations


# ---------------------------------------------------------------- T8: the Fisher matrix is the curvature of KL


@quick
@given(seeds, scales)
def test_divergence_is_positive_and_zero_only_at_home(seed, scale):
    rng = np.random.default_rng(seed)
    p, q = softmax(scale * rng.standard_normal((2, 6, 4)))
    assert (exact.divergence(p, q) >= 0).all()
    assert (exact.divergence(p, p) == 0).all()
    assert (exact.entropy(p) >= 0).all()
    assert (exact.entropy(p) <= np.log(4) + 1e-12).all()
    flat = np.full(4, 0.25)
    np.testing.assert_allclose(exact.divergence(p, flat), np.log(4) - exact.entropy(p), atol=1e-12)


def test_what_the_other_policy_excludes_is_infinitely_far_away():
    sure, half = np.array([1.0, 0.0]), np.array([0.5, 0.5])
    assert exact.divergence(sure, half) == pytest.approx(np.log(2), abs=1e-15)
    assert exact.divergence(half, sure) == np.inf
    assert exact.divergence(sure, sure) == 0
    far = np.stack([half, sure])
    assert exact.mean_divergence(np.stack([half, half]), far, np.array([1.0, 0.0])) == 0


@pytest.mark.parametrize("backwards", [False, True])
def test_both_divergences_are_half_the_fisher_norm_up_to_third_order(backwards):
    """Halving the step divides the error by 8, in either direction of KL."""
    rng, world, features, theta = setting(4)
    probs, _, f, _ = local(world, features, theta)
    weight = exact.occupancy(world, probs, GAMMA)
    direction = rng.standard_normal(4)
    errors = []
    for eps in (0.2, 0.1, 0.05, 0.025, 0.0125):
        d = eps * direction
        pair = (probs, shared_policy(theta + d, features))
        error = exact.mean_divergence(*pair[:: -1 if backwards else 1], weight) - 0.5 * d @ f @ d
        errors.append(error)
    ratios = np.array(errors[:-1]) / errors[1:]
    assert ((ratios > 7) & (ratios < 9)).all()


# ---------------------------------------------------------------- T9: steps of a given size


def test_steps_have_the_size_asked_for_and_nothing_of_that_size_gains_more():
    rng, world, features, theta = setting(5)
    _, _, f, g = local(world, features, theta)
    step = exact.fisher_step(f, g, 0.01)
    assert step @ f @ step == pytest.approx(0.01, abs=1e-12)
    assert g @ step == pytest.approx(np.sqrt(0.01 * g @ np.linalg.solve(f, g)), rel=1e-10)
    others = rng.standard_normal((10_000, 4))
    others *= np.sqrt(0.01 / np.einsum("np,pq,nq->n", others, f, others))[:, None]
    assert (others @ g).max() <= g @ step
    ball = exact.ball_step(g, 0.01)
    assert np.linalg.norm(ball) == pytest.approx(0.01, abs=1e-12)
    assert g @ ball == pytest.approx(0.01 * np.linalg.norm(g), rel=1e-12)


def test_a_kl_step_has_the_divergence_asked_for_ever_more_exactly():
    _, world, features, theta = setting(5)
    probs, _, f, g = local(world, features, theta)
    weight = exact.occupancy(world, probs, GAMMA)
    off = [
        abs(1 - exact.mean_divergence(
            probs, shared_policy(theta + exact.kl_step(f, g, epsilon), features), weight
        ) / epsilon)
        for epsilon in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
    ]  # fmt: skip
    assert (np.diff(off) < 0).all()
    assert off[-1] < 0.01


def test_without_a_gradient_there_is_no_step():
    f, zero = np.eye(3), np.zeros(3)
    for step in (
        exact.ball_step(zero, 1.0),
        exact.fisher_step(f, zero, 1.0),
        exact.kl_step(f, zero, 1.0),
    ):
        assert (step == 0).all()


# ---------------------------------------------------------------- T10, T11


def test_the_natural_gradient_of_a_softmax_table_is_the_advantage():
    rng = np.random.default_rng(6)
    world = stochastic_world(rng, states=5, terminal=0)
    probs = random_policy(world, rng)
    f = exact.fisher(probs, exact.softmax_scores(probs), exact.occupancy(world, probs, GAMMA))
    assert np.linalg.matrix_rank(f, tol=1e-12) == 10  # of 15: S (A - 1)
    g = exact.softmax_gradient(world, probs, GAMMA)
    natural = exact.natural_gradient(f, g.ravel()).reshape(5, 3)
    adv = exact.softmax_natural_gradient(world, probs, GAMMA)
    np.testing.assert_allclose(natural, adv - adv.mean(axis=-1, keepdims=True), atol=1e-9)
    v, q = exact.values(world, probs, GAMMA)
    stepped = softmax(np.log(probs) + 0.3 * natural)
    by_hand = probs * np.exp(0.3 * (q - v[:, None]) / (1 - GAMMA))
    np.testing.assert_allclose(stepped, by_hand / by_hand.sum(-1, keepdims=True), atol=1e-12)


@quick
@given(seeds)
def test_compatible_weights_are_the_natural_gradient(seed):
    _, world, features, theta = setting(seed)
    probs, psi, f, g = local(world, features, theta)
    d = exact.occupancy(world, probs, GAMMA)
    v, q = exact.values(world, probs, GAMMA)
    w = exact.compatible_weights(probs, psi, q - v[:, None], d)
    np.testing.assert_allclose(w, (1 - GAMMA) * exact.natural_gradient(f, g), atol=1e-9, rtol=1e-9)
    np.testing.assert_allclose(exact.compatible_weights(probs, psi, q, d), w, atol=1e-9, rtol=1e-9)


def test_compatible_weights_minimise_the_squared_error():
    _, world, features, theta = setting(7)
    probs, psi, _, _ = local(world, features, theta)
    d = exact.occupancy(world, probs, GAMMA)
    v, q = exact.values(world, probs, GAMMA)
    adv, root = q - v[:, None], np.sqrt(d[:, None] * probs)
    solved = np.linalg.lstsq((root[..., None] * psi).reshape(-1, 4), (root * adv).ravel())[0]
    np.testing.assert_allclose(exact.compatible_weights(probs, psi, adv, d), solved, atol=1e-9)


def test_with_a_horizon_the_factor_is_the_number_of_steps():
    """Weight = the mean of P(s_t = s) over the T steps, advantage = its mean over time: T F⁺ w is ∇J's."""
    rng = np.random.default_rng(8)
    world = stochastic_world(rng, terminal=0)
    features = rng.standard_normal((4, 3, 5))
    probs = shared_policy(rng.standard_normal(5), features)
    psi, policy = exact.feature_scores(probs, features), exact.at_all_times(probs, 6)
    d = exact.occupancy_over_time(world, policy, 1.0)
    direct = exact.gradient_over_time(world, policy, 1.0).sum(axis=0)
    g = exact.parameter_gradient(direct, probs, psi)
    mean_q = direct / d.sum(axis=0)[:, None]
    w = exact.compatible_weights(probs, psi, mean_q, d.mean(axis=0))
    f = exact.fisher(probs, psi, d.mean(axis=0))
    np.testing.assert_allclose(w, exact.natural_gradient(f, g) / 6, atol=1e-9)


# ---------------------------------------------------------------- T12: whole trajectories


@quick
@given(seeds)
def test_fisher_and_divergence_of_trajectories_are_sums_over_their_steps(seed):
    rng = np.random.default_rng(seed)
    world = any_world(rng)
    probs, new = (random_policy(world, rng) for _ in range(2))
    tau, psi = exact.paths(world, 3), exact.softmax_scores(probs)
    weight = exact.occupancy_over_time(world, exact.at_all_times(probs, 3), 1.0).sum(axis=0)
    np.testing.assert_allclose(
        exact.path_fisher(tau, probs, psi), exact.fisher(probs, psi, weight), atol=1e-12
    )
    assert exact.path_divergence(tau, probs, new) == pytest.approx(
        exact.mean_divergence(probs, new, weight), abs=1e-12
    )


def test_many_policies_at_once_equal_one_at_a_time():
    rng, world, features, theta = setting(9)
    thetas = theta + rng.standard_normal((3, 4))
    probs, psi, f, g = local(world, features, thetas)
    weight, new = rng.random((3, world.n_states)), random_policy(world, rng, 1, (3,))
    for many, each in (
        (exact.feature_scores(probs, features), [exact.feature_scores(p, features) for p in probs]),
        (exact.fisher(probs, psi, weight), list(map(exact.fisher, probs, psi, weight))),
        (
            exact.mean_divergence(probs, new, weight),
            list(map(exact.mean_divergence, probs, new, weight)),
        ),
        (exact.natural_gradient(f, g), list(map(exact.natural_gradient, f, g))),
        (exact.kl_step(f, g, 0.1), [exact.kl_step(x, y, 0.1) for x, y in zip(f, g, strict=True)]),
    ):
        np.testing.assert_allclose(many, each, atol=1e-9)


@pytest.mark.parametrize("shift", [-1000, 1000])
def test_logits_of_a_thousand_are_no_trouble(shift):
    logits = np.array([[0.0, shift], [shift, 0.0]])
    probs = softmax(logits)
    psi = exact.softmax_scores(probs)
    f = exact.fisher(probs, psi, np.ones(2))
    assert (f == 0).all()  # nothing that the parameters do can be seen
    assert (exact.natural_gradient(f, np.ones(4)) == 0).all()
    assert (exact.entropy(probs) == 0).all()
