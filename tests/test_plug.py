"""A student's own function inside an algorithm's own text."""

import numpy as np
import pytest

from pgkit import Reinforce, Run, load_world
from pgkit.plug import PlugError, place_of, plug, pluggable, unplug
from pgkit.returns import reward_to_go
from pgkit.widgets import RunLab
from pgkit.widgets.lab import TrainingError

WORLD = load_world("ring-of-fire")


def total(r, gamma):
    """G_0 everywhere: past rewards are kept in."""
    return np.broadcast_to(
        (r * gamma ** np.arange(r.shape[-1])).sum(axis=-1, keepdims=True), r.shape
    )


def test_what_can_be_replaced_is_what_the_text_calls():
    assert pluggable(Reinforce()) == ["dataset", "reward_to_go"]


def test_the_packages_own_function_plugged_in_changes_nothing():
    ours = Run(Reinforce(), WORLD, runs=4, engine="text").advance(5)
    mine = Run(plug(Reinforce(), reward_to_go=reward_to_go), WORLD, runs=4).advance(5)
    np.testing.assert_array_equal(ours.state.theta, mine.state.theta)


def test_a_students_function_is_what_trains_and_nobody_elses_run_changes():
    ours = Run(Reinforce(), WORLD, runs=4, engine="text").advance(3)
    mine = Run(plug(Reinforce(alpha=0.2), reward_to_go=total), WORLD, runs=4).advance(3)
    again = Run(Reinforce(), WORLD, runs=4, engine="text").advance(3)
    assert np.abs(mine.state.theta - ours.state.theta).max() > 0.01
    np.testing.assert_array_equal(ours.state.theta, again.state.theta)
    assert type(unplug(mine.algorithm)) is Reinforce
    assert unplug(mine.algorithm) == Reinforce(alpha=0.2)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (lambda r, gamma: None, "returned None"),
        (lambda r, gamma: "many", "not numbers"),
        (lambda r, gamma: r.sum(axis=-1), r"shape \(4, 16\), but \(4, 16, 30\)"),
        (lambda r, gamma: np.full(r.shape, np.nan), r"nan at index \(0, 0, 0\)"),
    ],
)
def test_a_result_that_cannot_be_used_is_refused_with_the_place(wrong, what):
    run = Run(plug(Reinforce(), reward_to_go=wrong), WORLD, runs=4)
    with pytest.raises(PlugError, match=what) as caught:
        run.advance()
    assert "test_plug.py, line" in place_of(caught.value)
    assert run.iteration == 0


def test_bad_plugs_are_refused_at_once():
    with pytest.raises(ValueError, match="one can replace dataset, reward_to_go"):
        plug(Reinforce(), gae=total)
    with pytest.raises(ValueError, match="without brackets"):
        plug(Reinforce(), reward_to_go=3)


def failing(r, gamma):
    return r * np.nan


def raising(r, gamma):
    rewards = list(r)
    return rewards[10_000]


def test_a_lab_stops_at_a_failing_function_keeps_the_history_and_goes_on_after_the_fix():
    lab = RunLab("reinforce", "ring-of-fire", ["curve"], runs=4).train(5)
    lab.use(reward_to_go=raising)
    with pytest.raises(TrainingError, match=r"iteration 5: IndexError.*`return rewards\[10_000\]`"):
        lab.train(3)
    assert lab.run.iteration == 5
    assert [s.iteration for s in lab.run.history] == [0, 1, 2, 3, 4, 5]
    lab.use(reward_to_go=reward_to_go).train(3)
    assert lab.run.iteration == 8
    assert ".use(reward_to_go=reward_to_go)" in lab.code


def test_the_page_sees_the_error_and_the_line():
    lab = RunLab("reinforce", "ring-of-fire", ["curve"], runs=4).use(reward_to_go=failing)
    frames = []
    lab.send = lambda content, buffers=None: frames.append(content)
    lab._handle_custom_msg({"kind": "step", "id": 1, "n": 1}, [])
    assert frames[-1]["alarm"]
    assert "your reward_to_go returned" in frames[-1]["status"]
    assert "test_plug.py, line" in frames[-1]["status"]
    assert not lab.playing


def test_rewinding_over_a_plug_replays_exactly():
    lab = (
        RunLab("reinforce", "ring-of-fire", ["curve"], runs=4)
        .train(3)
        .use(reward_to_go=total)
        .train(4)
    )
    theta = lab.run.state.theta.copy()
    lab.rewind(2).rewind(7)
    np.testing.assert_array_equal(lab.run.state.theta, theta)
