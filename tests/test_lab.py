"""The Ring of Fire lab without a browser: messages in, frames out."""

import asyncio
import gc
import json
import re
import time

import numpy as np
import pytest

from pgkit import exact, run, worlds
from pgkit.widgets import RingOfFire
from pgkit.widgets import lab as lab_module
from pgkit.widgets.timeline import next_point

FEW = {"runs": 4, "seed": 0}
TOP_LEFT = {(1, 1): 1}


class Page:
    """A page: sends messages, keeps the frames that come back."""

    def __init__(self, lab):
        self.lab, self.frames, self.count = lab, [], 0
        lab.send = self.receive

    def receive(self, content, buffers=None):
        json.dumps(content, allow_nan=False)  # the wire is JSON
        assert len(buffers) == 1
        flat = np.frombuffer(buffers[0], "<f4")
        parts, at = {}, 0
        for name, size in content["parts"]:
            parts[name.removeprefix("grid.")] = flat[at : at + size]
            at += size
        assert at == flat.size
        self.frames.append((content, parts))

    def ask(self, kind, *buffers, **content):
        self.count += 1
        message = {"kind": kind, "id": self.count, **content}
        self.lab._handle_custom_msg(message, list(buffers))
        return self.header

    @property
    def header(self):
        return self.frames[-1][0]

    @property
    def parts(self):
        return self.frames[-1][1]

    def paint(self, masses, stroke=1):
        return self.ask("paint", np.asarray(masses, "<f4").tobytes(), stroke=stroke)


@pytest.fixture
def lab():
    made = RingOfFire(**FEW)
    yield made
    made.close()


@pytest.fixture
def page(lab):
    return Page(lab)


# ---------------------------------------------------------------- knobs


@pytest.mark.parametrize("name", ["alpha", "mix", "episodes"])
def test_every_knob_takes_its_whole_range(page, name):
    knob = next(k for k in page.lab.setting["knobs"] if k["name"] == name)
    for value in (knob["low"], knob["default"], knob["high"]):
        header = page.ask("set", changes={name: value})
        assert "refused" not in header
        assert header["values"][name] == value
    page.ask("set", changes={name: knob["low"]})
    page.ask("step", n=2)
    assert page.header["iteration"] == 2


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "set", "changes": {"alpha": -1}},
        {"kind": "set", "changes": {"alpha": "abc"}},
        {"kind": "set", "changes": {"alpha": None}},
        {"kind": "set", "changes": {"alpha": True}},
        {"kind": "set", "changes": {"alpha": [1]}},
        {"kind": "set", "changes": {"mix": 1.5}},
        {"kind": "set", "changes": {"episodes": 2.5}},
        {"kind": "set", "changes": {"horizon": 10**9}},
        {"kind": "set", "changes": {"reset": "nowhere"}},
        {"kind": "set", "changes": {"reset": ["nominal"]}},
        {"kind": "set", "changes": {"reset": "painted"}},
        {"kind": "set", "changes": {"reset": "uniform", "runs": 3}},
        {"kind": "set", "changes": 3},
        {"kind": "set"},
        {"kind": "step", "n": 0},
        {"kind": "step", "n": "many"},
        {"kind": "rewind", "to": 5},
        {"kind": "rewind", "to": 0.5},
        {"kind": "speed", "value": 0},
        {"kind": "restart", "seed": -1},
        {"kind": "restart", "seed": "x"},
        {"kind": "load", "name": "painted"},
        {"kind": "load", "name": []},
        {"kind": "paint"},
        {"kind": "seen"},
        {"kind": "nonsense"},
        {},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_in_words_and_changes_nothing(page, message):
    page.ask("hello")
    before = page.header
    page.lab._handle_custom_msg(message, [])
    after = page.header
    assert after["refused"] == after["status"]
    assert len(after["refused"]) > 10
    assert after["alarm"]
    for key in ("values", "reset", "iteration", "seed", "version", "speed", "mismatch"):
        assert after[key] == before[key]


def test_a_message_that_is_no_dictionary_is_refused(page):
    for content in (None, 3, "play", ["play"]):
        page.lab._handle_custom_msg(content, [])
        assert "refused" in page.header


def test_defaults_bring_every_knob_back(page):
    page.ask("set", changes={"alpha": 1.0})
    page.ask("set", changes={"mix": 0.5})
    page.ask("set", changes={"reset": "expert"})
    header = page.ask("defaults")
    assert header["values"] == {"alpha": 0.1, "mix": 1.0, "episodes": 16}
    assert header["reset"] == "nominal"


def test_a_change_of_a_knob_leaves_a_mark_on_the_curve(page):
    page.ask("step", n=5)
    assert page.ask("set", changes={"alpha": 0.5})["marks"] == [(5, "α", "0.5")]
    assert page.ask("set", changes={"reset": "uniform"})["marks"][-1] == (5, "μ", "")
    assert "marks" not in page.ask("pause")


# ---------------------------------------------------------------- painting


def test_painted_cells_become_the_reset_distribution(page):
    masses = np.zeros(81)
    masses[[0, 1]] = 1, 3
    header = page.paint(masses)
    assert header["reset"] == "painted"
    assert "2 cells" in header["said"]
    np.testing.assert_allclose(page.parts["mu"][[0, 1]], [0.25, 0.75])
    assert header["mismatch"] is None
    assert not header["covered"]


@pytest.mark.parametrize(
    ("cell", "mass", "reason"),
    [
        (10, 1.0, "terminal"),
        (0, -1.0, "negative"),
        (0, np.nan, "finite"),
        (0, np.inf, "finite"),
        (0, 0.0, "zero everywhere"),
    ],
)
def test_a_bad_mu_is_refused_and_the_last_good_one_stays(page, cell, mass, reason):
    good = np.zeros(81)
    good[40] = 1
    page.paint(good)
    bad = np.zeros(81)
    bad[cell] = mass
    header = page.paint(bad)
    assert reason in header["refused"]
    np.testing.assert_array_equal(page.parts["mu"], good.astype("f4"))
    assert header["reset"] == "painted"


def test_walls_refuse_mass():
    lab = RingOfFire(worlds.grid_world("S.#\n..G"), **FEW)
    header = Page(lab).paint([0, 0, 1, 0, 0, 0])
    assert "wall" in header["refused"]


def test_presets_to_paint_from_are_given_to_the_page(page):
    header = page.ask("load", name="expert")
    assert header["reset"] == "painted"
    masses = np.array(header["masses"])
    assert masses.max() == 1
    np.testing.assert_allclose(page.parts["mu"], masses / masses.sum(), atol=1e-6)


def test_the_mixture_is_between_nominal_and_mu(page):
    page.ask("set", changes={"reset": "uniform"})
    page.ask("set", changes={"mix": 0.25})
    start = page.lab.world.start
    uniform = page.lab.world.startable / page.lab.world.startable.sum()
    np.testing.assert_allclose(page.parts["mu"], 0.75 * start + 0.25 * uniform, rtol=1e-6)


# ---------------------------------------------------------------- training and time travel


def test_what_the_lab_trains_is_what_a_run_trains(lab):
    run.engine.warmup(lab.world.n_actions, block=True)  # so that both train with the same backend
    plain = run.Run(lab.run.algorithm, lab.world, runs=4, seed=0)
    lab.train(7)
    plain.advance(7)
    np.testing.assert_array_equal(lab.run.state.theta, plain.state.theta)


def test_the_curve_has_every_iteration_at_first_and_64_to_a_doubling_later():
    points, k = [], 0
    while k < 1024:
        k = next_point(k)
        points.append(k)
    assert points[:100] == list(range(1, 101))
    assert sum(512 < p <= 1024 for p in points) == 64


def test_the_pages_get_each_point_once_and_all_of_them_on_hello(page):
    page.ask("hello")
    width = page.parts["now"].size
    for _ in range(3):
        page.ask("step", n=2)
        assert page.parts["curve"].size == 2 * width
    page.ask("pause")
    assert page.parts["curve"].size == 0
    header = page.ask("hello")
    assert header["from"] == 0
    assert list(page.parts["curve"][::width]) == list(range(7))


def test_the_future_stays_until_one_trains_on_from_the_past(page):
    page.ask("step", n=20)
    header = page.ask("rewind", to=5)
    assert (header["iteration"], header["head"]) == (5, 20)
    header = page.ask("rewind", to=20)
    assert (header["iteration"], header["head"]) == (20, 20)
    page.ask("rewind", to=5)
    header = page.ask("step", n=1)
    assert (header["iteration"], header["head"]) == (6, 6)
    assert page.parts["ghost"].size == 4 * 21


def test_rewound_and_played_again_is_exactly_the_same(lab):
    lab.train(20)
    theta = lab.run.state.theta.copy()
    lab.rewind(6).train(14)
    np.testing.assert_array_equal(lab.run.state.theta, theta)


def test_rewind_brings_back_the_knobs_of_then(page):
    page.ask("step", n=3)
    page.ask("set", changes={"alpha": 0.7})
    page.ask("set", changes={"reset": "uniform"})
    page.ask("step", n=3)
    header = page.ask("rewind", to=1)
    assert header["values"]["alpha"] == 0.1
    assert header["reset"] == "nominal"
    header = page.ask("rewind", to=6)
    assert header["values"]["alpha"] == 0.7
    assert header["reset"] == "uniform"


def test_reset_keeps_knobs_and_the_old_curve_as_a_ghost(page):
    page.ask("set", changes={"alpha": 0.3})
    page.ask("step", n=4)
    header = page.ask("restart")
    assert header["iteration"] == 0
    assert header["values"]["alpha"] == 0.3
    assert page.parts["ghost"].size == 4 * 5
    assert page.ask("restart", seed=9)["seed"] == 9


def test_the_line_of_python_rebuilds_the_lab_exactly(page):
    page.ask("set", changes={"alpha": 0.25})
    page.ask("step", n=3)
    masses = np.zeros(81)
    masses[[3, 44]] = 1, 0.5
    page.paint(masses)
    page.ask("step", n=2)
    page.ask("set", changes={"mix": 0.5})
    page.ask("set", changes={"reset": "expert"})
    page.ask("step", n=4)
    code = page.ask("copy")["code"]
    assert "\n" not in code
    twin = eval(code, {"RingOfFire": RingOfFire})
    np.testing.assert_array_equal(twin.run.state.theta, page.lab.run.state.theta)
    np.testing.assert_array_equal(twin.run.start, page.lab.run.start)
    assert twin.code == code


def test_the_line_stays_short_after_a_long_drag(page):
    for i in range(100):
        page.ask("set", changes={"alpha": 0.1 + i / 1000})
        page.ask("step", n=1)
    assert page.ask("copy")["code"].count("set(") == 0
    assert "alpha=0.199" in page.header["code"]


# ---------------------------------------------------------------- play


def play(lab, seconds=0.3, then=lambda: None):
    async def session():
        lab.play()
        await asyncio.sleep(seconds)
        then()
        lab.pause()
        await asyncio.wait_for(lab._task, 2)

    asyncio.run(session())


def test_playing_trains_and_sends_frames_until_paused(page):
    page.ask("speed", value=None)
    play(page.lab, 0.5)
    trained, frames = page.lab.run.iteration, len(page.frames)
    assert trained > 3
    assert frames > 3
    assert page.header["status"] == "Paused."
    assert not page.header["playing"]
    assert page.lab.run.iteration == trained


def test_speed_is_kept(page):
    page.ask("speed", value=20)
    play(page.lab, 0.6)
    assert 5 <= page.lab.run.iteration <= 14


def test_a_knob_turned_while_playing_is_trained_with_at_once(page):
    play(page.lab, 0.3, then=lambda: page.ask("set", changes={"alpha": 0.9}))
    assert page.header["values"]["alpha"] == 0.9
    assert page.lab.run.changes[-1][0] > 0


def test_messages_may_come_from_another_thread(page):
    def elsewhere():
        page.ask("set", changes={"alpha": 0.2})
        page.ask("play")

    async def session():
        await asyncio.to_thread(elsewhere)
        await asyncio.sleep(0.3)
        assert page.lab.run.iteration > 0
        await asyncio.to_thread(page.ask, "pause")
        await asyncio.wait_for(page.lab._task, 2)

    page.lab._loop = None

    async def with_loop():
        page.lab._loop = asyncio.get_running_loop()
        await session()

    asyncio.run(with_loop())


def test_training_pauses_when_no_page_looks(page, monkeypatch):
    monkeypatch.setattr(lab_module, "DEAD_MAN", 0.2)

    async def session():
        page.ask("play")
        began = time.monotonic()
        while page.lab._task is None:
            await asyncio.sleep(0.01)
        await asyncio.wait_for(page.lab._task, 3)
        return time.monotonic() - began

    page.lab._loop = None
    assert 0.15 < asyncio.run(_on_loop(page.lab, session)) < 2
    assert "no page" in page.header["status"]


async def _on_loop(lab, session):
    lab._loop = asyncio.get_running_loop()
    return await session()


def test_a_page_that_reports_keeps_training_alive(page, monkeypatch):
    monkeypatch.setattr(lab_module, "DEAD_MAN", 0.3)

    async def session():
        page.ask("play")
        for _ in range(8):
            await asyncio.sleep(0.1)
            page.ask("seen", n=page.header["n"])
        assert page.lab.playing
        page.ask("pause")
        await asyncio.wait_for(page.lab._task, 2)

    asyncio.run(_on_loop(page.lab, session))


def test_frames_come_more_slowly_for_a_page_that_lags(page, monkeypatch):
    page.ask("hello")
    n = page.header["n"]
    page.ask("pause")
    monkeypatch.setattr(lab_module, "LAG", -1.0)
    for _ in range(50):
        page.lab._handle_custom_msg({"kind": "seen", "n": n}, [])
    assert page.lab._rate == lab_module.SLOWEST
    monkeypatch.undo()
    for _ in range(50):
        page.lab._handle_custom_msg({"kind": "seen", "n": page.header["n"]}, [])
    assert page.lab._rate == page.lab.fps


def test_an_error_stops_training_and_is_shown(page, monkeypatch):
    def fail(iterations):
        raise FloatingPointError("overflow in exp")

    monkeypatch.setattr(page.lab.timeline, "advance", fail)

    async def session():
        page.ask("play")
        await asyncio.sleep(0.05)
        await asyncio.wait_for(page.lab._task, 2)

    asyncio.run(_on_loop(page.lab, session))
    assert "overflow in exp" in page.header["status"]
    assert page.header["alarm"]
    assert not page.lab.playing


def test_play_without_a_loop_says_what_to_call(lab):
    with pytest.raises(RuntimeError, match="train"):
        lab.play()


def test_two_labs_do_not_disturb_each_other():
    one, two = RingOfFire(**FEW), RingOfFire(**FEW, reset="uniform")
    pages = Page(one), Page(two)
    one.train(3)
    two.set(alpha=0.7)
    assert two.run.iteration == 0
    assert one.run.algorithm.alpha == 0.1
    assert [p.header["iteration"] for p in pages] == [3, 0]


def test_closing_leaves_no_task(lab):
    async def session():
        lab.play()
        await asyncio.sleep(0.05)
        lab.close()
        await asyncio.wait_for(lab._task, 2)
        gc.collect()
        return len(asyncio.all_tasks())

    assert asyncio.run(_on_loop(lab, session)) == 1


# ---------------------------------------------------------------- what is shown


def test_lines_to_compare_with_come_from_the_exact_oracle(lab):
    best, _ = exact.optimal_values(lab.world, 0.95)
    facts = lab.view()[0]["views"]
    values = {line["goal"]: line["value"] for line in facts["curve"]["lines"]}
    assert values["G"] == pytest.approx(best @ lab.world.start)
    assert values["e"] == pytest.approx(0.95)  # γ · 1, two steps from S
    assert facts["goals"]["pay"] == {"G": 100.0, "e": 1.0}


def test_the_saved_notebook_shows_a_picture_and_a_sentence(lab):
    lab.train(3)
    data, _ = lab._repr_mimebundle_()
    assert data["image/png"].startswith("iVBORw0KGgo")
    assert "after 3 iterations" in data["text/plain"]
    assert "‖d_π*/μ‖_∞ = ∞" in data["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in data


def test_the_front_end_is_one_module_without_imports(lab):
    module = lab._esm
    assert "import {" not in module
    assert len(re.findall(r"^export ", module, re.M)) == 1
    assert "http://" not in module.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in module


@pytest.mark.parametrize("world", ["ring-of-fire", "ring-of-fire-closed"])
def test_the_lab_shows_every_grid_world(world):
    lab = RingOfFire(world, **FEW)
    Page(lab)
    lab.train(2)
    assert lab.picture()


@pytest.mark.parametrize(
    ("world", "reason"),
    [("century", "needs a world on a grid"), ("cartpole", "does not fit world = 'cartpole'")],
)
def test_a_world_without_cells_is_refused_with_the_reason(world, reason):
    with pytest.raises(ValueError, match=reason):
        RingOfFire(world)


def test_bad_arguments_are_refused_with_their_reason():
    with pytest.raises(ValueError, match="alpha"):
        RingOfFire(alpha=-1)
    with pytest.raises(ValueError, match="reset"):
        RingOfFire(reset="everywhere")
    with pytest.raises(ValueError, match="9 rows"):
        RingOfFire(mu={(12, 1): 1})
    with pytest.raises(ValueError, match="terminal"):
        RingOfFire(mu={(2, 2): 1})
    with pytest.raises(ValueError, match="fps"):
        RingOfFire(fps=1000)


def test_constructed_with_painted_mu():
    lab = RingOfFire(**FEW, mu=TOP_LEFT, mix=0.5)
    assert lab.run.start[0] == 0.5
    assert lab.reset == "painted"


@pytest.mark.parametrize("each", [0.0001, 0.001, 0.003, 0.05])
def test_a_slice_is_few_calls_and_never_longer_than_a_knob_may_wait(lab, monkeypatch, each):
    """By a clock of our own: an iteration takes `each` seconds, and every call as long again."""
    now, calls = [0.0], []

    def advance(n):
        calls.append(n)
        now[0] += each * (1 + n)

    monkeypatch.setattr(lab_module.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(lab, "_advance", advance)
    lab.playing = True
    for k in range(6):
        calls.clear()
        lab.version += k == 4  # a knob is turned: nobody knows how long an iteration takes now
        began = now[0]
        lab._slice(float("inf"))
        assert now[0] - began <= max(lab_module.SLICE, 2 * each) + 1e-9
        assert calls[0] == 1 or k not in (0, 4)
        if k in (1, 2, 3, 5):
            assert len(calls) <= 3
            assert each * sum(calls) > 0.4 * lab_module.SLICE or sum(calls) == 1
