"""Run: one object for batch, live, test and sweep. Turning a knob, going back and forking are exact."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgkit import ALGORITHMS, WORLDS, Reinforce, ReinforceResets, Run, expert, load_world, uniform
from pgkit.fits import default_settings
from pgkit.knobs import knobs_of, settings_of
from pgkit.run import MIX_KNOB

WORLD = load_world("ring-of-fire")
ENGINES = ("numba", "numpy", "text")


def small(engine="numpy", **options):
    return Run(Reinforce(horizon=15, episodes=4), WORLD, runs=3, engine=engine, **options)


@pytest.mark.parametrize("engine", ENGINES)
def test_rewinding_and_going_on_repeats_the_same_training(engine):
    run = small(engine)
    run.advance(7).set(alpha=0.5)
    run.advance(5).set(mu=np.where(WORLD.startable, 1.0, 0.0), mix=0.3)
    run.advance(6)
    end = run.state.theta
    for k in (0, 3, 7, 9, 12, 17):
        again = run.fork().rewind(k)
        assert again.iteration == k
        for at, change in run.changes[1:]:
            if at >= k:
                again.advance(at - again.iteration)
                again.set(alpha=change.algorithm.alpha, mu=change.mu, mix=change.mix)
        again.advance(18 - again.iteration)
        np.testing.assert_array_equal(again.state.theta, end)


@pytest.mark.parametrize("engine", ENGINES)
def test_one_iteration_at_a_time_equals_many_at_once(engine):
    one, many = small(engine), small(engine).advance(8)
    for _ in range(8):
        one.advance()
    np.testing.assert_array_equal(one.state.theta, many.state.theta)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_does_not_depend_on_how_many_stand_beside_it(engine):
    few = Run(Reinforce(), WORLD, runs=2, engine=engine).advance(5)
    more = Run(Reinforce(), WORLD, runs=5, engine=engine).advance(5)
    np.testing.assert_array_equal(few.state.theta, more.state.theta[:2])


def test_other_seeds_give_other_runs_and_the_same_seed_the_same():
    a, b, c = (small(seed=s).advance(5).state.theta for s in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    assert not np.array_equal(a[0], a[1])


def test_rewinding_far_back_replays_from_a_kept_state():
    run = small()
    kept = {}
    for k in range(1, 301):
        run.advance(1, record=False)
        kept[k] = run.state.theta
    for k in (299, 150, 77, 1):
        np.testing.assert_array_equal(run.rewind(k).state.theta, kept[k])
    assert len(run._checkpoints) <= 64


def test_a_fork_leaves_the_original_alone():
    run = small().advance(4)
    theta, history = run.state.theta.copy(), len(run.history)
    run.fork().advance(5).set(alpha=1.0)
    np.testing.assert_array_equal(run.state.theta, theta)
    assert (len(run.history), run.algorithm.alpha) == (history, 0.1)


def test_same_seed_ten_times_the_step_size():
    run = small().advance(4)
    other = run.fork()
    other.set(alpha=1.0)
    grad_small = run.fork().advance(1).state.theta - run.state.theta
    grad_large = other.advance(1).state.theta - run.state.theta
    np.testing.assert_allclose(grad_large, 10 * grad_small, rtol=1e-5, atol=1e-7)


def test_the_history_records_exact_scores_from_the_nominal_start():
    run = small(mu=uniform(WORLD, 0.95)).advance(3)
    assert [e.iteration for e in run.history] == [0, 3]
    run.record()
    assert len(run.history) == 2
    assert run.history[-1].expected_return.shape == (3,)
    assert run.history[0].expected_return == pytest.approx([run.history[0].expected_return[0]] * 3)


def test_resets_plug_into_an_algorithm_that_has_none_of_its_own():
    mu = uniform(WORLD, 0.95)
    plain = Run(Reinforce(), WORLD, mu=mu, mix=0.5, runs=2, engine="text").advance(3)
    resets = Run(ReinforceResets(), WORLD, mu=mu, mix=0.5, runs=2, engine="text").advance(3)
    np.testing.assert_array_equal(plain.state.theta, resets.state.theta)


def test_the_mismatch_follows_the_mixture():
    run = small()
    assert run.mismatch == np.inf
    run.set(mu=expert(WORLD, 0.95), mix=0.1)
    assert run.mismatch == pytest.approx(5.12, rel=1e-2)
    run.set(mix=0.0)
    assert run.mismatch == np.inf
    run.set(mu=None)
    assert run.mismatch == np.inf


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"alpha": -0.1}, "alpha = -0.1, .* did you mean 0.1"),
        ({"alpha": float("nan")}, "alpha = nan"),
        ({"alpha": float("inf")}, "alpha = inf"),
        ({"alpha": "fast"}, "alpha = fast"),
        ({"alpha": None}, "alpha = None"),
        ({"alpha": True}, "alpha = True"),
        ({"alpha": 11}, "did you mean 10"),
        ({"gamma": 1.01}, r"gamma = 1.01, .* must be in \[0, 1\]"),
        ({"episodes": 0}, "episodes = 0"),
        ({"episodes": 1.5}, "whole number"),
        ({"horizon": 10**9}, "horizon"),
        ({"mix": -0.5}, "mix = -0.5"),
        ({"beta": 1}, "unknown knob 'beta'"),
        ({"mu": np.zeros(81)}, "zero everywhere"),
        ({"mu": []}, "shape"),
        ({"mu": np.ones(80)}, "shape"),
        ({"mu": "left"}, "array of 81 numbers"),
        ({"mu": -np.ones(81)}, "negative"),
        ({"mu": np.full(81, np.nan)}, "finite"),
        ({"mu": np.ones(81)}, "row 2, column 2, but an episode cannot start in a terminal state"),
    ],
)
def test_a_refused_setting_says_why_and_changes_nothing(change, what):
    run = small().advance(2)
    before = run.settings
    with pytest.raises(ValueError, match=what):
        run.set(**{"alpha": 0.3, **change})
    assert run.settings is before


def test_mass_on_a_wall_is_refused():
    from pgkit import grid_world

    world = grid_world("S#.\n..G")
    with pytest.raises(ValueError, match="row 1, column 2, but an episode cannot start in a wall"):
        Run(Reinforce(), world, mu=[0, 1, 0, 0, 0, 0])


def test_mass_may_come_in_any_unit_and_shape():
    mass = np.where(WORLD.startable, 1e308, 0.0).reshape(9, 9)
    run = small(mu=mass)
    assert run.start.sum() == pytest.approx(1)


@pytest.mark.parametrize("wrong", [{"runs": 0}, {"runs": 2.5}, {"seed": -1}, {"engine": "fast"}])
def test_a_wrong_construction_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Run(Reinforce(), WORLD, **wrong)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(knobs_of(Reinforce))), st.data())
def test_every_value_in_a_knobs_range_is_taken_and_none_outside(name, data):
    k = knobs_of(Reinforce)[name]
    inside = st.integers(int(k.low), int(k.high)) if k.whole else st.floats(k.low, k.high)
    value = data.draw(inside)
    assert getattr(Reinforce(**{name: value}), name) == value
    below = k.low - data.draw(st.floats(1e-9, 1e9))
    above = k.high + data.draw(st.floats(1e-6, 1e9))
    for wrong in (below, above):
        with pytest.raises(ValueError, match=name):
            Reinforce(**{name: wrong})


def test_the_mixture_knob_says_what_it_is():
    assert "μ_w" in MIX_KNOB.meaning


@pytest.mark.parametrize(
    "name", ["actor_critic", "natural_actor_critic", "soft_actor_critic", "awr"]
)
@pytest.mark.parametrize("world", ["ring-of-fire", "cartpole"])
def test_time_travel_is_exact_for_critics_replays_and_worlds_that_go_on(name, world):
    world = WORLDS[world]()
    small = {
        "episodes": 2,
        "horizon": 6,
        "steps": 3,
        "batch": 8,
        "critic_sweeps": 1,
        "critic_batch": 8,
    }
    wanted = {**default_settings(name, world), **small}
    known = {k: v for k, v in wanted.items() if k in settings_of(ALGORITHMS[name])}
    run = Run(ALGORITHMS[name](**known), world, runs=2, seed=3)
    run.advance(6, record=False)
    fork = run.fork()
    theta = run.advance(5, record=False).state.theta
    np.testing.assert_array_equal(run.rewind(4).advance(7, record=False).state.theta, theta)
    np.testing.assert_array_equal(fork.advance(5, record=False).state.theta, theta)


def test_a_run_does_not_depend_on_the_runs_beside_it_with_networks_and_replay():
    world = WORLDS["cartpole"]()
    few = {**default_settings("awr", world), "episodes": 2, "horizon": 8, "steps": 3}
    three, one = (
        Run(ALGORITHMS["awr"](**few), world, runs=b, seed=5).advance(3, record=False)
        for b in (3, 1)
    )
    np.testing.assert_allclose(three.state.theta[:1], one.state.theta, atol=1e-12)


def test_a_gymnasium_environment_cannot_be_set_back_and_the_run_says_so():
    run = Run(Reinforce(episodes=1, horizon=3), load_world("gymnasium:CartPole-v1"), runs=1)
    run.advance(2, record=False)
    with pytest.raises(ValueError, match="cannot be rewound"):
        run.rewind(1)
    with pytest.raises(ValueError, match="cannot be forked"):
        run.fork()


def test_mu_needs_a_list_of_states():
    with pytest.raises(ValueError, match="no list of states"):
        Run(Reinforce(), WORLDS["cartpole"](), mu=[1.0], runs=1)


def test_choices_are_set_like_knobs():
    run = Run(ALGORITHMS["reinforce_baseline"](), WORLDS["century"](), runs=2)
    run.set(baseline="leave-one-out")
    assert run.algorithm.baseline == "leave-one-out"
    with pytest.raises(
        ValueError, match="must be one of same-batch, previous-batch, leave-one-out"
    ):
        run.set(baseline="mean")


def test_looking_at_a_run_does_not_change_what_it_learns():
    world = WORLDS["cartpole"]()
    few = {"episodes": 2, "horizon": 20}
    looked = Run(Reinforce(**few), world, runs=2, seed=1)
    for _ in range(3):
        looked.advance(1).evaluate()
    blind = Run(Reinforce(**few), world, runs=2, seed=1).advance(3, record=False)
    np.testing.assert_array_equal(looked.state.theta, blind.state.theta)
