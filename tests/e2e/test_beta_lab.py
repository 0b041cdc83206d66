"""The β lab in a real browser: what the page computes is what Python computes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from pgkit.widgets.beta_lab import CLIPS, SCALES, TASKS, BetaLab
from tests.e2e.jupyter import drawn
from tests.e2e.pages import follow, lab_page, painted, shot

pytestmark = pytest.mark.e2e


def test_the_page_computes_what_python_does(browser):
    lab = BetaLab()
    page, wrong = lab_page(browser, lab)
    for k, task in enumerate(TASKS):
        for beta in (0.01, 0.3, 2.0, 100.0):
            lab.task, lab.beta, lab.clip, lab.scale = task, beta, CLIPS[k], SCALES[k % 2]
            lab.seed += 1
            found = follow(page, lab)
            np.testing.assert_allclose(json.loads(found["probs"]), lab.probs, atol=1e-12)
            assert float(found["ess"]) == pytest.approx(lab.effective)
            assert float(found["j"]) == pytest.approx(lab.expected_return)
            assert float(found["best"]) == lab.best
    assert all(colours > 10 for colours in painted(page))
    assert wrong == []
    page.close()


def test_it_is_dragged_and_typed_and_the_keyboard_suffices(browser):
    page, wrong = lab_page(browser, BetaLab(beta=1.0))
    slider = page.get_by_label("temperature β", exact=True)
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    drawn(page)
    assert 0.5 < page.evaluate("window.values.beta") < 0.7
    status = page.get_by_role("status")
    field = page.get_by_label("temperature β, typed")
    field.fill("0")
    field.press("Enter")
    expect(status).to_contain_text("from 0.01 to 100")
    field.fill("0,25")
    field.press("Enter")
    assert page.evaluate("window.values.beta") == 0.25
    for name, trait, value in (
        ("20", "clip", 20),
        ("A / std", "scale", "standardised"),
        ("a wild arm", "task", "a wild arm"),
    ):
        page.get_by_role("radio", name=name, exact=True).check(force=True)
        assert page.evaluate(f"window.values.{trait}") == value
    page.get_by_role("button", name="New data").click()
    assert page.evaluate("window.values.seed") == 1
    box = page.get_by_role("img", name="mean J over β").bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 100)
    drawn(page)
    page.mouse.up()
    assert page.evaluate("window.values.beta") > 50
    assert wrong == []
    page.close()


def test_it_looks_right_in_light_dark_narrow_and_large(browser):
    for name, settings, options in (
        ("beta-light", {"beta": 0.3}, {}),
        ("beta-clip-dark", {"beta": 0.03, "clip": 20.0}, {"dark": True}),
        ("beta-800", {"beta": 0.05, "task": "a wild arm"}, {"width": 800}),
        ("beta-phone", {"beta": 2.0, "task": "safe or risky"}, {"width": 420}),
    ):
        page, wrong = lab_page(browser, BetaLab(**settings), **options)
        shot(page, name)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, name
        assert wrong == []
        page.close()
