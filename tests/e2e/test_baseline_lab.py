"""The baseline lab in a real browser: what the page computes is what Python computes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from pgkit.widgets import baseline_lab
from pgkit.widgets.baseline_lab import NAMES, BaselineLab
from tests.e2e.jupyter import drawn
from tests.e2e.pages import follow, lab_page, painted, shot, told, values_of

pytestmark = pytest.mark.e2e


def on_page(page):
    found = told(page)
    return {name: json.loads(found[name]) for name in ("variance", "kept", "uphill", "weights")}


def test_rows_are_trained_once_the_lab_is_in_sight(browser):
    lab = BaselineLab()
    start, below = values_of(lab), "<div style='height: 4000px'></div>"
    page, wrong = lab_page(browser, lab, above=below, in_sight=False)
    page.wait_for_timeout(700)
    assert page.evaluate("window.values.wanted") == start["wanted"]
    page.locator(".pgkit-lab").evaluate("e => e.scrollIntoView()")
    page.wait_for_function("(before) => window.values.wanted !== before", arg=start["wanted"])
    assert page.evaluate("window.values.wanted") not in start["outcomes"]
    assert wrong == []
    page.close()


def test_the_page_computes_what_python_does(browser, monkeypatch):
    monkeypatch.setattr(baseline_lab, "outcome", lambda *_: (50, 50))  # trained by Python alone
    lab = BaselineLab()
    page, wrong = lab_page(browser, lab)
    for episodes, offset, seed in ((1, 100.0, 0), (8, 0.0, 0), (8, 37.5, 3), (32, 200.0, 1)):
        lab.episodes, lab.offset, lab.seed = episodes, offset, seed
        for name in NAMES:
            lab.baseline = name
            follow(page, lab)
            found = on_page(page)
            for key in NAMES:
                assert found["variance"][key] == pytest.approx(
                    lab.variance(key), rel=1e-9, abs=1e-9
                )
                assert found["kept"][key] == pytest.approx(lab.kept(key), abs=1e-9)
            assert found["uphill"] == pytest.approx(lab.uphill)
            np.testing.assert_allclose(found["weights"], lab.weights, atol=1e-9)
    assert all(colours > 10 for colours in painted(page))
    assert wrong == []
    page.close()


def test_a_drag_answers_at_once_and_the_keyboard_suffices(browser):
    lab = BaselineLab()
    page, wrong = lab_page(browser, lab)
    before = on_page(page)["variance"]
    slider = page.get_by_role("slider", name="reward offset")
    slider.focus()
    for _ in range(100):
        page.keyboard.press("ArrowLeft")
    drawn(page)
    after = on_page(page)["variance"]
    assert page.evaluate("window.values.offset") == 0
    assert before["none"] > 1000 * after["none"]
    assert before["V_t(s)"] == after["V_t(s)"]
    page.get_by_role("radio", name="b(s, a)").check()
    expect(page.get_by_role("status")).to_contain_text("keeps 0 %")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("window.values.baseline") == "V_t(s)"
    field = page.get_by_label("offset c, typed")
    field.fill("300")
    field.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("from 0 to 200")
    field.fill("12,5")
    field.press("Enter")
    assert page.evaluate("window.values.offset") == 12.5
    page.get_by_role("radio", name="32", exact=True).check(force=True)
    assert page.evaluate("window.values.episodes") == 32
    page.get_by_role("button", name="New rollouts").click()
    assert page.evaluate("window.values.seed") == 1
    page.wait_for_timeout(500)  # nothing moves: other rows are asked for
    assert page.evaluate("window.values.wanted") in NAMES
    assert wrong == []
    page.close()


def test_it_looks_right_in_light_dark_narrow_and_large(browser):
    lab = BaselineLab()
    for name in NAMES:
        lab.wanted = name  # so that every row has its runs
    for name, baseline, offset, options in (
        ("base-none", "none", 100.0, {}),
        ("base-vt-dark", "V_t(s)", 100.0, {"dark": True}),
        ("base-trap-800", "b(s,a)", 100.0, {"width": 800}),
        ("base-none-phone", "none", 100.0, {"width": 420}),
        ("base-batch-wide", "same-batch V_t(s)", 100.0, {"width": 1300}),
        ("base-loo-dark-800", "leave-one-out", 100.0, {"dark": True, "width": 800}),
    ):
        lab.baseline, lab.offset = baseline, offset
        page, wrong = lab_page(browser, lab, **options)
        shot(page, name)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, name
        assert wrong == []
        page.close()
