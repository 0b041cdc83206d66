"""The trajectory lab in a real browser: what the page computes is what Python computes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from pgkit.widgets.trajectory_lab import TrajectoryLab
from tests.e2e.jupyter import drawn
from tests.e2e.pages import follow, lab_page, painted, shot, told

pytestmark = pytest.mark.e2e


def on_page(page):
    found = told(page)
    return {name: json.loads(found[name]) for name in ("credit", "missing", "written")}


@pytest.mark.parametrize(
    ("world", "path", "seed"),
    [("ring-of-fire", "random", 24), ("ring-of-fire-closed", "random", 24),
     ("ring-of-fire-closed", "fire", 0), ("ring-of-fire", "exit", 0)],
)  # fmt: skip
def test_the_page_computes_and_writes_what_python_does(browser, world, path, seed):
    lab = TrajectoryLab(world, path=path, seed=seed)
    page, wrong = lab_page(browser, lab)
    for gamma in (0.0, 0.5, 0.95, 0.999, 1.0):
        for weight in ("to-go", "whole"):
            for t in sorted({0, len(lab.rewards) // 2, len(lab.rewards) - 1}):
                lab.gamma, lab.weight, lab.t = gamma, weight, t
                follow(page, lab)
                found = on_page(page)
                np.testing.assert_allclose(found["credit"], lab.q_hat, rtol=1e-12, atol=1e-12)
                np.testing.assert_allclose(found["missing"], lab.missing, rtol=1e-9, atol=1e-12)
                assert found["written"] == lab.written
    assert all(colours > 10 for colours in painted(page))
    assert wrong == []


def test_controls_answer_at_once_and_the_keyboard_suffices(browser):
    lab = TrajectoryLab("ring-of-fire-closed", path="fire")
    page, wrong = lab_page(browser, lab)
    scrub = page.get_by_label("step t", exact=True)
    scrub.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("window.values.t") == 6
    expect(page.get_by_role("status")).to_contain_text("credit 66.24")
    slider = page.get_by_label("discount γ", exact=True)
    slider.focus()
    seen = []
    for _ in range(12):
        page.keyboard.press("ArrowRight")
        seen.append(page.evaluate("window.values.gamma"))
    assert seen == sorted(seen)
    assert {0.99, 0.991} <= set(seen)
    field = page.get_by_label("discount γ, typed")
    field.fill("0,5")
    field.press("Enter")
    drawn(page)
    lab.t, lab.gamma = 6, 0.5
    np.testing.assert_allclose(on_page(page)["credit"], lab.q_hat, rtol=1e-12)
    field.fill("2")
    field.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("from 0 to 1")
    page.get_by_text("G₀: all rewards").click()
    lab.weight = "whole"
    drawn(page)
    np.testing.assert_allclose(on_page(page)["credit"], lab.q_hat, rtol=1e-12)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("window.values.t === 9", timeout=5000)
    expect(page.get_by_role("button", name="Play")).to_be_visible()  # it stops at the end
    page.locator("canvas.pg-plot").click(position={"x": 90, "y": 60})
    assert page.evaluate("window.values.t") <= 1
    assert wrong == []


def test_it_looks_right_in_light_dark_narrow_and_large(browser):
    burnt = TrajectoryLab("ring-of-fire-closed", seed=2, t=3)
    cut = TrajectoryLab("ring-of-fire-closed", "ring-of-fire", seed=27, t=4)
    fire = TrajectoryLab("ring-of-fire-closed", path="fire", t=6)
    for name, lab, options in (
        ("traj-burnt", burnt, {}),
        ("traj-cut-dark", cut, {"dark": True}),
        ("traj-fire", fire, {}),
        ("traj-fire-narrow", fire, {"width": 620}),
        ("traj-fire-800", fire, {"width": 800}),
        ("traj-expert-phone", TrajectoryLab(path="expert", horizon=10), {"width": 420}),
    ):
        page, wrong = lab_page(browser, lab, **options)
        shot(page, name)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, name
        assert wrong == []
        page.close()
