"""The race lab in a real browser, with the real lab behind it: every message goes to Python and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from pgkit.race import load
from pgkit.widgets import RaceLab
from tests.e2e.jupyter import drawn
from tests.e2e.pages import opened, shot

pytestmark = pytest.mark.e2e
MODEL = """
let listener = null;
window.hear = ([header, floats]) => listener?.(header, [new DataView(new Float32Array(floats).buffer)]);
window.model = {
  get: () => window.setting, on: (name, f) => { listener = f; }, off: () => { listener = null; },
  send: async (content) => { for (const frame of await window.toPython(content)) window.hear(frame); },
};
render({ model, el: document.querySelector("main") });
"""


class Wire:
    """A page and the lab behind it."""

    def __init__(self, browser, lab, *, dark=False, width=1180):
        self.lab, self.frames = lab, []
        lab.send = self.hear
        script = lab._esm.replace("export default { render };", "") + MODEL
        page, self.wrong = opened(browser, "<main></main>", "0;", dark=dark, width=width)
        page.expose_function("toPython", self.answer)
        page.evaluate("(s) => { window.setting = s; }", lab.setting)
        page.add_style_tag(content=lab._css)
        page.add_script_tag(content=script, type="module")
        self.page = page
        page.wait_for_selector("[data-n]")

    def hear(self, content, buffers):
        self.frames.append((content, buffers[0]))

    def answer(self, message):
        if message["kind"] == "play":  # no loop here: what Go does is trained at once
            self.lab.train(self.lab.iterations)
            message = {**message, "kind": "pause"}
        self.frames.clear()
        self.lab._receive(None, message, [])
        return self.told()

    def told(self):
        told = [[header, np.frombuffer(b, "<f4").tolist()] for header, b in self.frames]
        json.dumps([header for header, _ in told], allow_nan=False)
        self.frames.clear()
        return told

    def train(self, iterations):
        self.lab.train(iterations)
        for frame in self.told():
            self.page.evaluate("(f) => window.hear(f)", frame)
        drawn(self.page)

    def close(self):
        self.page.close()
        assert self.wrong == []


def test_a_map_is_written_and_judged_while_one_types(browser):
    wire = Wire(browser, RaceLab(runs=4, iterations=20))
    page, lab = wire.page, wire.lab
    box = page.get_by_label("the world, as text")
    assert box.input_value() == lab.text
    told = page.locator(".pg-map-message")
    expect(told).to_have_text("✓ a map of 9 × 9 cells")
    box.fill("S..\n..x")
    expect(told).to_contain_text("line 2, column 3: unknown letter 'x'")
    assert box.get_attribute("aria-invalid") == "true"
    assert len(lab.text.split()) == 9, "the old race stays"
    box.press("Backspace")
    page.keyboard.type("G")
    expect(told).to_have_text("✓ a map of 2 × 3 cells")
    assert (lab.text, box.input_value()) == ("S..\n..G\n", "S..\n..G")
    page.get_by_label("begin from").select_option("CartPole")
    expect(told).to_contain_text("4 numbers observed")
    expect(page.get_by_role("radio", name="uniform").first).to_be_disabled()
    page.get_by_label("begin from").select_option("four rooms")
    expect(page.get_by_role("img", name="policy of A")).to_be_visible()
    wire.close()


def test_both_sides_are_chosen_by_keyboard_and_the_verdict_comes_in_words(
    browser, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    wire = Wire(browser, RaceLab(runs=6, iterations=20))
    page, lab = wire.page, wire.lab
    side = page.get_by_role("region", name="contender B")
    side.get_by_label("weight of B").select_option("Q-V")
    expect(side).to_contain_text("reinforce baseline")
    side.get_by_role("radio", name="KL").check(force=True)
    expect(side).to_contain_text("natural actor critic")
    side.get_by_role("radio", name="expert").focus()
    page.keyboard.press("ArrowLeft")
    field = side.get_by_label("epsilon of B, typed")
    field.fill("0.05")
    field.press("Enter")
    drawn(page)
    assert lab.sides[1]["epsilon"] == 0.05
    assert lab.sides[1]["norm"] == "KL"
    field.fill("-1")
    field.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("epsilon = -1")
    runs = page.get_by_role("textbox", name="runs each")
    runs.fill("8")
    runs.press("Enter")
    drawn(page)
    assert lab.runs == 8
    page.get_by_role("button", name="Go").click()
    call = page.locator(".pg-race-call")
    expect(call).to_have_text(f"{lab.verdict.call}.")
    expect(page.locator(".pg-race-words")).to_contain_text("Interquartile mean of")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved as race.json")
    stored = load(tmp_path / "race.json")
    assert "to the last digit" in stored.compare(stored.race.run())
    page.get_by_role("button", name="Start over").click()
    expect(call).to_contain_text("Place your bet")
    wire.close()


def test_it_is_accessible(browser):
    lab = RaceLab(runs=6, iterations=20).train(20)
    for dark in (False, True):
        wire = Wire(browser, lab, dark=dark)
        wire.page.evaluate("document.documentElement.lang = 'en'")
        found = Axe().run(wire.page, ".pgkit-lab")
        assert found.violations_count == 0, found.generate_report()
        wire.close()


def test_it_looks_right_in_light_dark_and_narrow(browser):
    shots: list[tuple[str, dict[str, Any], int, dict[str, Any]]] = [
        ("race-begin", {}, 0, {}),
        ("race-light", {"other": {"weight": "A", "start": "uniform"}, "runs": 32}, 150, {}),
        (
            "race-dark",
            {"other": {"start": "expert", "weight": "Q-V"}, "runs": 16},
            60,
            {"dark": True},
        ),
        ("race-800", {"world": "four-rooms", "runs": 8}, 20, {"width": 800}),
        ("race-phone", {"world": "cartpole", "runs": 4, "iterations": 4}, 4, {"width": 420}),
    ]
    for name, arguments, trained, options in shots:
        if arguments.get("world") == "four-rooms":
            arguments = {**arguments, "world": RaceLab().setting["maps"]["four rooms"]}
        lab = RaceLab(**arguments)
        if trained:
            lab.train(trained)
        wire = Wire(browser, lab, **options)
        drawn(wire.page)
        shot(wire.page, name)
        wide = wire.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, name
        wire.close()
