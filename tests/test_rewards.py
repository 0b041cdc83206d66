"""What cells pay can be changed while training runs: the same as another map from there on."""

import json

import numpy as np
import pytest

from pgkit import Reinforce, Run, exact, load_world, uniform
from pgkit.widgets import RingOfFire, RunLab, view
from pgkit.widgets.timeline import marks
from pgkit.worlds import grid_world
from pgkit.worlds.grid import pay_of, repaid

F9 = load_world("ring-of-fire")
SETTINGS = {"episodes": 4, "horizon": 15}


def test_a_map_pays_what_its_letters_say():
    world = grid_world("S.f\n.#e\n..G\nF..")
    assert pay_of(world) == {"F": -10.0, "f": -10.0, "e": 1.0, "G": 100.0}
    assert pay_of(repaid(world, {"f": -1, "G": 0})) == {"F": -10.0, "f": -1.0, "e": 1.0, "G": 0.0}
    assert pay_of(world)["f"] == -10, "the map itself stays as it was"


def test_a_goal_that_pays_otherwise_moves_the_optimum_by_just_that():
    """Worth 100 in 14 steps or x in 2: the way to the exit is better from x = 100 γ^12 on."""
    worth = lambda x: exact.optimal_values(repaid(F9, {"e": x}), 0.95)[0] @ F9.start  # noqa: E731
    far = 100 * 0.95**13
    assert worth(100 * 0.95**12 - 0.1) == pytest.approx(far)
    assert worth(100 * 0.95**12 + 0.1) == pytest.approx(far + 0.95 * 0.1)


@pytest.mark.parametrize("engine", ["numba", "numpy", "text"])
def test_training_goes_on_as_on_the_map_that_pays_so(engine):
    run = Run(Reinforce(**SETTINGS), F9, runs=3, engine=engine).advance(5)
    other = Run(Reinforce(**SETTINGS), repaid(F9, {"e": 30.0}), runs=3, engine=engine).advance(5)
    run.state = other.state
    run.set(pay={"e": 30.0})
    np.testing.assert_array_equal(run.advance(4).state.theta, other.advance(4).state.theta)
    np.testing.assert_array_equal(run.evaluate().expected_return, other.evaluate().expected_return)


def test_going_back_replays_what_was_paid_at_the_time():
    run = Run(Reinforce(**SETTINGS), F9, mu=uniform(F9, 0.95), runs=3, engine="numpy").advance(6)
    run.set(pay={"G": -5.0})
    run.advance(6).set(pay={"G": 100.0, "F": 0.0})
    end = run.advance(6).state.theta
    assert [m[1:] for m in marks(run.changes)] == [("r", "-5"), ("r", "+0"), ("r", "+100")]
    back = run.fork().rewind(3)
    assert back.settings.pay == pay_of(F9)
    middle = run.fork().rewind(9)
    assert middle.world.reward.max() == 1.0
    middle.advance(3).set(pay={"G": 100.0, "F": 0.0})
    np.testing.assert_array_equal(middle.advance(6).state.theta, end)


@pytest.mark.parametrize(
    ("world", "pay", "words"),
    [
        (F9, {"f": 1.0}, "what can pay is F, G, e"),
        (F9, {"G": "much"}, "must be in [-1000, 1000]"),
        (F9, {"G": 1e9}, "did you mean 1000"),
        (F9, 3.0, "which letter pays what"),
        (load_world("two-state"), {"G": 1.0}, "has no map with letters"),
    ],
)
def test_a_reward_that_cannot_be_is_refused_and_changes_nothing(world, pay, words):
    run = Run(Reinforce(**SETTINGS), world, runs=2, engine="text")
    before = run.settings
    with pytest.raises(ValueError, match=words.replace("[", "\\[")):
        run.set(pay=pay)
    assert run.settings is before


def test_the_lab_draws_what_is_paid_now_and_its_line_rebuilds_it():
    lab = RingOfFire(runs=4, **SETTINGS, reset="uniform").train(3)
    frames = []
    lab.send = lambda content, buffers=None: frames.append(content)
    lab._handle_custom_msg({"id": 1, "kind": "set", "changes": {"pay": {"e": 60}}}, [])
    seen = frames[-1]["views"]
    json.dumps(seen, allow_nan=False)
    assert seen["grid"]["pay"] == {"F": -10.0, "e": 60.0, "G": 100.0}
    assert seen["goals"]["pay"]["e"] == 60
    assert {x["goal"]: x["value"] for x in seen["curve"]["lines"]}["e"] == pytest.approx(57.0)
    assert "at +60" in lab.sentence
    lab.train(2)
    assert "pay={'e': 60.0}" in lab.code
    twin = eval(lab.code, {"RingOfFire": RingOfFire})
    np.testing.assert_allclose(twin.run.state.theta, lab.run.state.theta, rtol=1e-9, atol=1e-12)
    lab.defaults().train(1)
    assert lab.run.settings.pay == pay_of(F9)
    back = eval(lab.code, {"RingOfFire": RingOfFire})
    assert back.run.settings.pay == pay_of(F9)
    np.testing.assert_allclose(back.run.state.theta, lab.run.state.theta, rtol=1e-9, atol=1e-12)


def test_a_restarted_lab_and_one_made_with_other_rewards_keep_them():
    lab = RunLab(
        "reinforce",
        "ring-of-fire",
        [view("grid", rewards=True)],
        runs=2,
        pay={"G": 7.0},
        **SETTINGS,
    )
    assert lab.setting["views"][0]["setting"]["rewards"] == ["F", "e", "G"]
    assert lab.restart(seed=5).run.settings.pay["G"] == 7.0
    assert "view('grid', rewards=True)" in lab.code
    assert "'G': 7.0" in lab.code
