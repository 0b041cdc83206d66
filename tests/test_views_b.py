"""Views of data and behaviour: weights, cart, probabilities, boundary; and the logits that one drags."""

import json
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from pgkit import draw
from pgkit.algorithms import ALGORITHMS
from pgkit.algorithms.awr import PRESETS
from pgkit.fits import default_settings
from pgkit.policies import logistic
from pgkit.returns import joined, standardised
from pgkit.run import Run
from pgkit.types import State
from pgkit.widgets.timeline import Timeline
from pgkit.widgets.views.bars import LogitBars
from pgkit.widgets.views.boundary import Boundary, clouds_world
from pgkit.widgets.views.cart import Cart, chosen, episode
from pgkit.widgets.views.probs import Probs
from pgkit.widgets.views.weights import BINS, Weights, effective, heard, picture
from pgkit.worlds import load_world


def timeline(
    world="ring-of-fire", algorithm="reinforce", *, runs=4, train=0, seed=0, policy=None, **knobs
):
    """A timeline of `runs` runs, trained a little by the algorithm's own text."""
    world = load_world(world) if isinstance(world, str) else world
    settings = default_settings(algorithm, world) | knobs
    made = ALGORITHMS[algorithm](**settings)
    found = Timeline(Run(made, world, policy, runs=runs, seed=seed, engine="text"))
    if train:
        found.advance(train)
    return found


class Asking:
    """What a view sees of a lab."""

    def __init__(self, found):
        self.timeline = found


def is_json(x):
    """No NaN and no numpy in what goes to the page."""
    return json.loads(json.dumps(x, allow_nan=False)) is not None


def prints(view, found):
    """The picture on paper is a PNG."""
    figure = Figure(figsize=(5, 3.5), layout="constrained")
    view.paper(figure.subplots(), found)
    return draw.png(figure).startswith(b"\x89PNG")


# ---------------------------------------------------------------- weights


@pytest.mark.parametrize("preset", ["paper", "code"])
@pytest.mark.parametrize("world", ["bandit", "ring-of-fire"])
def test_awr_weights_are_those_of_its_advantages(world, preset):
    found = timeline(world, "awr", runs=3, train=2, **PRESETS[preset])
    run = found.run
    after, _ = run.preview()
    D = joined(after.memory)
    a = run.algorithm
    adv = a._returns(D, after.phi) - a.critic.value(after.phi, D.s, D.t)
    if a.advantage == "standardised":
        adv = standardised(adv, D.live)
    expected = np.exp(np.minimum(adv / a.beta, np.log(a.clip) if a.clip else 700))
    data = heard(run)
    assert data is not None
    np.testing.assert_allclose(data[1][D.live], expected[D.live])
    view = Weights(1)
    facts, parts = view.frame(found)
    w = expected[1][D.live[1]]
    assert facts["count"] == w.size
    assert facts["ess"] == pytest.approx((w / w.max()).sum() ** 2 / ((w / w.max()) ** 2).sum())
    assert facts["share"] == pytest.approx(w.max() / w.sum())
    assert facts["clipped"] == (0 if not a.clip else (w >= a.clip * (1 - 1e-9)).sum())
    assert parts["counts"].shape == (BINS,)
    assert parts["counts"].sum() == pytest.approx(1)
    assert parts["mass"].sum() == pytest.approx(1)
    assert f"of {w.size} (" in view.sentence(found)
    assert is_json(facts)
    assert is_json(view.setup(run))
    assert prints(view, found)


@pytest.mark.parametrize(
    "algorithm",
    ["reinforce", "weighted_classification", "supervised", "reinforce_baseline", "actor_critic"],
)
def test_every_weighted_algorithm_shows_its_weights_with_their_signs(algorithm):
    found, view = timeline("ring-of-fire", algorithm, runs=2, train=1), Weights()
    data = heard(found.run)
    assert data is not None
    D, weight = data
    facts, parts = view.frame(found)
    assert facts["negative"] == (weight[0][D.live[0]] < 0).sum()
    assert facts["signed"] == (facts["negative"] > 0)
    if algorithm in ("reinforce", "weighted_classification"):
        np.testing.assert_allclose(weight, D.q_hat)
    assert not facts["log"]
    assert parts["counts"].sum() == pytest.approx(1)
    assert prints(view, found)


def test_looking_at_the_weights_changes_nothing():
    found, plain = (timeline("ring-of-fire", "awr", runs=2, train=1) for _ in range(2))
    Weights().sentence(found)
    for each in (found, plain):
        each.advance(2)
    np.testing.assert_array_equal(found.run.state.theta, plain.run.state.theta)


def test_effective_sample_size_of_known_weights():
    assert effective(np.ones(7)) == pytest.approx(7)
    assert effective(np.array([0.0, 3.0, 0.0])) == pytest.approx(1)
    assert effective(np.array([1.0, -1.0])) == pytest.approx(2)
    assert effective(np.exp([700.0, 700.0, 0.0])) == pytest.approx(2)
    assert effective(np.zeros(3)) == 0


@pytest.mark.parametrize(
    "weight",
    [np.ones(5), np.zeros(5), np.exp([700.0, -700, 0]), np.array([-2.0, 5]), np.array([1e-300])],
)
def test_any_weights_have_a_finite_picture(weight):
    algorithm = timeline("bandit", "awr", runs=1).run.algorithm
    facts, parts = picture(weight, algorithm)
    assert is_json(facts)
    assert facts["low"] < facts["high"]
    assert parts["counts"].sum() == pytest.approx(1)


def test_weights_that_are_no_numbers_are_said_to_be_lost():
    found, view = timeline("cartpole", "reinforce", runs=2, episodes=2, horizon=8), Weights()
    assert view.misfit(found.run) is None
    algorithm = found.run.algorithm
    facts, parts = picture(np.array([1.0, np.nan]), algorithm)
    assert facts["lost"]
    assert not parts


def test_weights_refuse_what_has_none():
    for algorithm in ("temporal_difference", "soft_actor_critic"):
        why = Weights().misfit(timeline("ring-of-fire", algorithm, runs=2).run)
        assert why is not None
        assert "take awr" in why
    run = timeline(runs=2).run
    assert "there are 2 runs" in str(Weights(2).misfit(run))
    with pytest.raises(ValueError, match="counted from 0"):
        Weights(-1)
    with pytest.raises(ValueError, match="counted from 0"):
        Weights().asked(Asking(Timeline(run)), {"run": "x"}, [])
    view = Weights()
    view.asked(Asking(Timeline(run)), {"run": 1}, [])
    assert view.of == 1


# ---------------------------------------------------------------- cart


@pytest.mark.parametrize("world", ["cartpole", "pendulum"])
def test_the_episode_follows_the_worlds_own_dynamics_and_the_greedy_policy(world):
    found = timeline(world, runs=3)
    run = found.run
    for k in range(3):
        states, actions, rewards, end = episode(run, k)
        assert len(states) == len(actions) + 1 == len(rewards) + 1
        seen = states if world == "cartpole" else run.world.observe(states)
        theta = run.state.theta[k : k + 1]
        greedy = run.policy.greedy(theta, seen[None, :-1])[0]
        raw = (actions > 0).astype(int) if world == "cartpole" else actions[:, None]
        after, r, _ = run.world.transition(states[:-1], raw, np.zeros((len(raw), 0)))
        np.testing.assert_allclose(r, rewards)
        np.testing.assert_allclose(run.world.observe(after), seen[1:], atol=1e-12)
        np.testing.assert_allclose(raw, np.clip(greedy, -2, 2) if world == "pendulum" else greedy)
        fell = world == "cartpole" and len(rewards) < 500
        assert (end == "time was up") == (not fell)


@pytest.mark.parametrize("world", ["cartpole", "pendulum"])
def test_cart_shows_the_run_that_is_asked_for(world):
    found = timeline(world, runs=4)
    score = found.evaluation().expected_return
    for which, k in (("best", score.argmax()), ("worst", score.argmin()), (2, 2)):
        view = Cart(which)
        facts, parts = view.frame(found)
        assert facts["run"] == k
        assert facts["return"] == pytest.approx(parts["rewards"].sum())
        assert f"policy of run {k}" in view.sentence(found)
        assert parts["states"].size == (facts["steps"] + 1) * (4 if world == "cartpole" else 2)
        assert is_json(facts)
        assert is_json(view.setup(found.run))
        assert prints(view, found)


def test_an_episode_is_kept_for_a_second_and_renewed_when_one_insists():
    found, view = timeline("cartpole", runs=2, episodes=2, horizon=8), Cart()
    first = view.frame(found)[0]
    found.advance(1)
    assert view.frame(found)[0]["episode"] == first["episode"]
    view.sentence(found)
    assert view.frame(found)[0]["iteration"] == 1
    view.asked(Asking(found), {"which": "best"}, [])
    assert view.frame(found)[0]["which"] == "best"


def test_a_run_that_diverged_is_the_worst():
    assert chosen(np.array([1.0, np.nan, 3.0]), "worst") == 1
    assert chosen(np.array([1.0, np.nan, 3.0]), "median") == 0
    assert chosen(np.array([1.0, np.nan, 3.0]), "best") == 2


def test_cart_refuses_what_it_cannot_show():
    assert "world = 'cartpole'" in str(Cart().misfit(timeline(runs=2).run))
    found = timeline("cartpole", runs=2)
    assert "2 runs" in str(Cart(5).misfit(found.run))
    for which in ("first", -1, True):
        with pytest.raises(ValueError, match="must be one of best"):
            Cart(which)
    with pytest.raises(ValueError, match="2 runs"):
        Cart().asked(Asking(found), {"which": 2}, [])


# ---------------------------------------------------------------- probs


@pytest.mark.parametrize("world", ["ring-of-fire", "bandit", "two-state", "century"])
def test_probs_are_the_policys_and_the_push_is_one_hot_minus_them(world):
    found = timeline(world, runs=5, train=3)
    run = found.run
    s = int(np.argmax(run.world.start))
    probs = run.policy.table(run.state.theta)[:, s]
    for of, expected in (("mean", probs.mean(axis=0)), (3, probs[3])):
        for a in range(run.world.n_actions):
            view = Probs(action=a, run=of)
            assert view.misfit(run) is None
            facts, parts = view.frame(found)
            np.testing.assert_allclose(parts["probs"], expected)
            np.testing.assert_allclose(parts["push"], np.eye(len(expected))[a] - expected)
            assert parts["push"].sum() == pytest.approx(0)
            assert is_json(facts)
    assert is_json(view.setup(run))
    assert run.world.describe(s) in view.sentence(found)
    assert prints(view, found)


def test_the_push_of_the_data_is_the_gradient_of_the_next_update():
    found = timeline("ring-of-fire", runs=3, train=5)
    run = found.run
    _, info = run.preview()
    for s in np.flatnonzero(run.world.startable)[::9]:
        view = Probs(int(s), "data", 2)
        np.testing.assert_allclose(view.frame(found)[1]["push"], info.grad[2, s], atol=1e-12)
        view = Probs(int(s), "data")
        np.testing.assert_allclose(
            view.frame(found)[1]["push"], info.grad[:, s].mean(axis=0), atol=1e-12
        )
    assert "next update" in view.sentence(found)
    assert prints(view, found)


def test_probs_name_their_states_and_say_what_they_cannot_show():
    found = timeline("bandit", runs=2)
    run = found.run
    assert Probs("the bandit", "arm 3").misfit(run) is None
    for wrong, word in (
        (Probs(7), "state = 7"),
        (Probs("the end"), "state = 'the end'"),
        (Probs(action=99), "action = 99"),
        (Probs(run=2), "runs 0 to 1"),
    ):
        assert word in str(wrong.misfit(run))
    assert "finite world" in str(Probs().misfit(timeline("cartpole", runs=1).run))
    learned = timeline("ring-of-fire", "temporal_difference", runs=1).run
    assert "no weights" in str(Probs(action="data").misfit(learned))
    view = Probs()
    view.asked(Asking(found), {"action": "data"}, [])
    assert view.frame(found)[0]["action"] == "data"
    with pytest.raises(ValueError, match="state = 9"):
        view.asked(Asking(found), {"state": 9}, [])
    run.state = State(np.full_like(run.state.theta, np.nan))
    assert view.frame(found)[0]["lost"]
    assert "no numbers" in view.sentence(found)
    assert prints(view, found)


# ---------------------------------------------------------------- boundary


def classified(algorithm="supervised", *, train=0, weights=(1.0, 1.0), runs=3, points=120, **knobs):
    world = clouds_world(points, weights=weights)
    return timeline(
        world, algorithm, policy=logistic(world.features), runs=runs, train=train, **knobs
    )


@pytest.mark.parametrize("algorithm", ["supervised", "weighted_classification", "reinforce", "awr"])
def test_the_step_is_the_gradient_of_the_loss_by_finite_differences(algorithm):
    found, view = classified(algorithm, train=2), Boundary()
    run = found.run
    assert view.misfit(run) is None
    facts, parts = view.frame(found)
    data = heard(run)
    assert data is not None
    D, weight = data

    def loss(theta):
        log_pi = run.policy.log_prob(theta[None], D.s[:1], D.a[:1])[0]
        return -(weight[0] * log_pi)[D.live[0]].sum() / D.episodes

    theta = run.state.theta[0]
    assert facts["loss"] == pytest.approx(loss(theta))
    slope = [(loss(theta + e) - loss(theta - e)) / 2e-5 for e in 1e-5 * np.eye(3)]
    np.testing.assert_allclose(parts["step"], -np.array(slope), rtol=1e-5, atol=1e-7)
    assert is_json(facts)
    assert is_json(view.setup(run))
    assert prints(view, found)


def test_the_boundary_settles_between_the_clouds():
    found, view = classified(train=200, alpha=2.0, points=1000), Boundary()
    facts, parts = view.frame(found)
    b, u, _ = parts["theta"]
    assert -b / u == pytest.approx(0, abs=0.25)
    assert u == pytest.approx(2, abs=0.5)  # the population's slope is the distance
    assert 0.75 < facts["right"] < 0.95
    assert "on their label's side" in view.sentence(found)


def test_boundary_says_what_it_cannot_show():
    assert "clouds_world" in str(Boundary().misfit(timeline(runs=1).run))
    assert "clouds_world" in str(Boundary().misfit(timeline("two-state", runs=1).run))
    found, view = classified(runs=2), Boundary()
    found.run.state = replace(found.run.state, theta=np.full((2, 3), np.nan))
    assert "diverged" in view.sentence(found)
    assert prints(view, found)


# ---------------------------------------------------------------- logits to drag


@pytest.mark.parametrize("logits", [[0, 0, 0], [1, -2, 0.5], [1000, -1000, 0], [1000, 1000, 1000]])
def test_logit_bars_know_their_softmax(logits):
    bars = LogitBars(logits=logits, chosen=1)
    x = np.array(logits, dtype=np.longdouble)
    exact = np.exp(x - x.max()) / np.exp(x - x.max()).sum()
    np.testing.assert_allclose(bars.probs, exact.astype(float), atol=1e-15)
    np.testing.assert_allclose(bars.gradient, [0, 1, 0] - exact.astype(float), atol=1e-15)
    assert np.isfinite(bars.loss)
    shown, _ = bars._repr_mimebundle_()
    assert shown["text/plain"] == bars.sentence
    assert {"text/html", "image/png"} <= shown.keys()


def test_a_step_lowers_the_loss_and_a_constant_changes_nothing():
    bars = LogitBars(4, alpha=1.0, chosen=2)
    before = bars.loss
    assert bars.step().loss < before
    probs = bars.probs
    bars.logits = [x + 7 for x in bars.logits]
    np.testing.assert_allclose(bars.probs, probs)


def test_logit_bars_refuse_what_has_no_room():
    for wrong, word in (
        ({"n_actions": 1}, "n_actions = 1"),
        ({"logits": [0, 1]}, "logits ="),
        ({"logits": [0, np.nan, 0]}, "within ±1000"),
        ({"labels": ["a"]}, "3 actions"),
        ({"chosen": 3}, "chosen = 3"),
        ({"alpha": 0}, "alpha = 0"),
    ):
        with pytest.raises(ValueError, match=word.replace("±", ".")):
            LogitBars(**wrong)
