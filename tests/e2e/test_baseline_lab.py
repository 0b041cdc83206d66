"""The baseline lab in a real browser: what the page computes is what Python computes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from pgkit.widgets.baseline_lab import NAMES, BaselineLab
from pgkit.widgets.lab import bundle
from tests.e2e.jupyter import drawn
from tests.e2e.test_trajectory_lab import MODEL
from tests.e2e.test_views_b import opened, painted, shot

pytestmark = pytest.mark.e2e
TRAITS = ("offset", "baseline", "episodes", "seed", "wanted", "scene", "outcomes")


def lab_page(browser, lab, *, dark=False, width=1100):
    """The lab without a kernel, and what went wrong on its page."""
    start = {name: getattr(lab, name) for name in TRAITS}
    script = bundle("lab.mjs", "plot.mjs", "baseline_lab.mjs").replace(
        "export default { render };", ""
    )
    script += f"window.start = {json.dumps(start)};" + MODEL
    page, wrong = opened(browser, "<main></main>", script, dark=dark, width=width)
    page.wait_for_selector("[data-variance]")
    page.wait_for_timeout(150)
    return page, wrong


def on_page(page):
    found = page.locator(".pgkit-lab").evaluate("e => ({ ...e.dataset })")
    return {name: json.loads(found[name]) for name in ("variance", "kept", "uphill", "weights")}


def follow(page, lab):
    """Bring the page to where the lab stands."""
    values = {name: getattr(lab, name) for name in TRAITS}
    page.evaluate("(v) => Object.entries(v).forEach(([k, x]) => window.model.set(k, x))", values)
    drawn(page)


def test_rows_are_trained_once_the_lab_is_in_sight(browser):
    lab = BaselineLab()
    start = {name: getattr(lab, name) for name in TRAITS}
    script = bundle("lab.mjs", "plot.mjs", "baseline_lab.mjs").replace(
        "export default { render };", ""
    )
    script += f"window.start = {json.dumps(start)};" + MODEL
    below = "<div style='height: 4000px'></div><main></main>"
    page, wrong = opened(browser, below, script, dark=False, width=1100)
    page.wait_for_timeout(700)
    assert page.evaluate("window.values.wanted") == start["wanted"]
    page.locator(".pgkit-lab").evaluate("e => e.scrollIntoView()")
    page.wait_for_function("(before) => window.values.wanted !== before", arg=start["wanted"])
    assert page.evaluate("window.values.wanted") not in start["outcomes"]
    assert wrong == []
    page.close()


def test_the_page_computes_what_python_does(browser):
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
    slider = page.get_by_label("reward offset")
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
