"""The reward lab in a real browser: what the page computes is what Python computes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from pgkit.widgets.reward_lab import READINGS, RewardLab
from tests.e2e.jupyter import drawn
from tests.e2e.pages import follow, lab_page, painted, shot, told

pytestmark = pytest.mark.e2e


def on_page(page):
    found = told(page)
    return {name: json.loads(found[name]) for name in ("probs", "pushes", "gradient", "loss")} | {
        "verdict": found["verdict"]
    }


def same(page, lab):
    found = on_page(page)
    for name, here in (("probs", lab.probs), ("pushes", lab.pushes), ("gradient", lab.gradient)):
        np.testing.assert_allclose(found[name], here, rtol=1e-12, atol=1e-12)
    assert found["loss"] == pytest.approx(lab.loss, rel=1e-12, abs=1e-12)
    assert found["verdict"] == " ".join(map(lab.verdict, lab.states))


@pytest.mark.parametrize("reading", READINGS)
def test_the_page_computes_says_and_steps_as_python_does(browser, reading):
    lab = RewardLab(reading=reading, p=0.3)
    page, wrong = lab_page(browser, lab)
    step = page.get_by_role("button", name="Take a step")
    for R1, R2, alpha in (
        (3, 1, 0.3), (3, -1, 0.5), (-1, -0.5, 1.0), (0, 0, 0.1), (2, 0, 0.3), (-2, 2, 0.3), (100, -100, 10),
    ):  # fmt: skip
        lab.R1, lab.R2, lab.alpha = R1, R2, alpha
        follow(page, lab)
        same(page, lab)
        for _ in range(4):
            step.click()
            lab.step()
        drawn(page)
        same(page, lab)
        np.testing.assert_allclose(page.evaluate("window.values.logits"), lab.logits, atol=1e-11)
        assert page.evaluate("window.values.steps") == lab.steps
        np.testing.assert_allclose(page.evaluate("window.values.way"), lab.way, atol=1e-11)
    assert all(colours > 10 for colours in painted(page))
    assert wrong == []


def test_controls_answer_at_once_and_the_keyboard_suffices(browser):
    lab = RewardLab()
    page, wrong = lab_page(browser, lab)
    status = page.get_by_role("status")
    expect(status).to_contain_text("A minimum: π(a₁) = R₁/(R₁+R₂) = 0.75.")
    slider = page.get_by_label("weight R₂", exact=True)
    slider.focus()
    page.keyboard.press("PageDown")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert page.evaluate("window.values.R2") == pytest.approx(-0.3, abs=1e-12)
    expect(status).to_contain_text("a₂ has a negative weight")
    lab.R2 = -0.3
    same(page, lab)
    field = page.get_by_label("weight R₁, typed")
    field.fill("90")
    field.press("Enter")
    assert page.evaluate("window.values.R1") == 90
    expect(page.get_by_label("weight R₁", exact=True)).to_have_attribute("max", "90")
    field.fill("101")
    field.press("Enter")
    expect(status).to_contain_text("within ±100")
    assert page.evaluate("window.values.R1") == 90
    page.get_by_text("the same pair twice").click()
    lab.R1, lab.reading = 90, "same pair"
    drawn(page)
    same(page, lab)
    page.get_by_role("button", name="Add 1 to both").click()
    assert page.evaluate("window.values.R1") == 91
    follow(page, RewardLab(3, 1))
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Pause").wait_for()
    page.get_by_role("button", name="Run").wait_for(timeout=15_000)  # it rests at the minimum
    assert on_page(page)["probs"][0][0] == pytest.approx(0.75, abs=1e-3)
    page.get_by_role("button", name="Reset").click()
    drawn(page)
    assert on_page(page)["probs"][0] == [0.5, 0.5]
    assert wrong == []


def test_dragging_a_weight_moves_the_picture_while_one_drags(browser):
    page, wrong = lab_page(browser, RewardLab())
    box = page.get_by_label("weight R₁", exact=True).bounding_box()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    seen = set()
    for share in (0.7, 0.5, 0.3, 0.1):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        page.wait_for_timeout(40)
        seen.add(on_page(page)["loss"])
    page.mouse.up()
    assert len(seen) == 4
    assert page.evaluate("window.values.R1") < -3
    assert wrong == []


def test_it_looks_right_in_light_dark_narrow_and_large(browser):
    away = RewardLab(3, -1).step(12)
    for name, lab, options in (
        ("reward-start", RewardLab(), {}),
        ("reward-min-dark", RewardLab(3, 1).step(9), {"dark": True}),
        ("reward-away", away, {}),
        ("reward-hill", RewardLab(-1, -2, p=0.3).step(3), {"dark": True}),
        ("reward-pair", RewardLab(3, -1, "same pair").step(3), {}),
        ("reward-states", RewardLab(3, -1, "two states").step(5), {}),
        ("reward-800", away, {"width": 800}),
        ("reward-phone", RewardLab(90, 30, alpha=0.02).step(3), {"width": 420}),
    ):
        dark, width = bool(options.get("dark")), int(options.get("width", 1100))
        page, wrong = lab_page(browser, lab, dark=dark, width=width)
        shot(page, name)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, name
        assert wrong == []
        page.close()
