"""The temperature lab in a real browser: what the page solves is what Python solves, also under drag."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from pgkit.widgets import RunLab
from pgkit.widgets.temperature_lab import WALKERS, TemperatureLab
from tests.e2e.jupyter import drawn
from tests.e2e.pages import follow, lab_page, painted, shot, stand_in, told

pytestmark = pytest.mark.e2e


def test_the_page_solves_what_python_does(browser):
    lab = TemperatureLab()
    page, wrong = lab_page(browser, lab)
    for world in ("ring-of-fire", "ring-of-fire-closed"):
        for pay in ("entropy", "above uniform"):
            lab.world, lab.pay = world, pay
            for temperature in (0.01, 3.0, 0.37, 30.0):
                lab.temperature = temperature
                follow(page, lab)
                best, shown = lab.optimum, told(page)
                scale = max(1, abs(best.worth))
                np.testing.assert_allclose(
                    json.loads(shown["values"]), best.values, atol=1e-8 * scale
                )
                probs = np.array(json.loads(shown["probs"])).reshape(best.probs.shape)
                open_cells = np.array(lab.scene["startable"])
                np.testing.assert_allclose(probs[open_cells], best.probs[open_cells], atol=1e-6)
                np.testing.assert_allclose(json.loads(shown["ends"]), best.ends, atol=1e-6)
                assert float(shown["paid"]) == pytest.approx(best.expected_return, abs=1e-5)
                assert float(shown["entropy"]) == pytest.approx(best.entropy, abs=1e-6)
    assert all(colours > 10 for colours in painted(page))
    assert wrong == []
    page.close()


def test_it_is_dragged_typed_and_clicked_and_the_keyboard_suffices(browser):
    page, wrong = lab_page(browser, TemperatureLab(1.0))
    status = page.get_by_role("status")
    slider = page.get_by_label("temperature T", exact=True)
    slider.focus()
    before = page.evaluate("window.values.temperature")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    drawn(page)
    assert page.evaluate("window.values.temperature") == pytest.approx(
        before * 3000 ** (5 / 200), rel=0.03
    )
    field = page.get_by_label("temperature T, typed")
    field.fill("100")
    field.press("Enter")
    expect(status).to_contain_text("from 0.01 to 30")
    field.fill("3")
    field.press("Enter")
    expect(status).to_contain_text("23\u00a0% end at +100")
    page.get_by_role("radio").nth(1).check(force=True)
    assert page.evaluate("window.values.pay") == "above uniform"
    box = page.get_by_role("img", name="Worth of the start").bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.15 * box["width"], box["y"] + 100, steps=5)
    page.mouse.up()
    assert page.evaluate("window.values.temperature") < 0.05
    over = page.get_by_role("application")
    over.focus()
    at = page.evaluate("window.values.at")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("window.values.at") == at - 9 - 1
    assert wrong == []
    page.close()


def test_the_walkers_go_home_when_it_is_cold_and_loiter_when_it_is_hot(browser):
    """Without animation: all sixty steps at once.  The shares are those of π within what 48 draws allow."""
    lab = TemperatureLab(0.3)
    page, wrong = lab_page(browser, lab, calm=True)
    for temperature in (0.3, 2.6, 10.0):
        lab.temperature = temperature
        follow(page, lab)
        page.wait_for_timeout(250)  # with reduced motion five pictures a second
        page.get_by_role("button", name="Walk").click()
        page.wait_for_timeout(300)
        counts = json.loads(told(page)["counts"])
        assert sum(counts) == WALKERS
        for count, share in zip(counts, lab.optimum.ends, strict=True):
            assert abs(count - WALKERS * share) <= 4 * np.sqrt(WALKERS * share * (1 - share)) + 1e-6
    assert wrong == []
    page.close()


def test_it_looks_right_in_light_dark_narrow_and_values(browser):
    lab = TemperatureLab(0.3)
    for name, settings, options in (
        ("heat-light", {"temperature": 1.5}, {}),
        ("heat-dark", {"temperature": 3.0, "world": "ring-of-fire-closed"}, {"dark": True}),
        ("heat-narrow", {"temperature": 10.0}, {"width": 640}),
        ("heat-values", {"temperature": 2.0, "show": "values", "pay": "above uniform"}, {"width": 760}),
    ):  # fmt: skip
        for trait, value in settings.items():
            setattr(lab, trait, value)
        page, wrong = lab_page(browser, lab, **options)
        page.get_by_role("button", name="Walk").click()
        page.wait_for_timeout(1500)
        assert int(told(page)["walked"]) > 3
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert all(colours > 10 for colours in painted(page))
        shot(page, name)
        assert wrong == []
        page.close()


def test_the_gains_and_their_optimum_are_drawn(browser):
    lab = RunLab("soft_actor_critic_continuous", "lqr", ["gains"], runs=8, temperature=1.0)
    for _ in range(6):
        lab.train(4)
        lab.views["gains"].frame(lab.timeline)
    for dark in (False, True):
        page, wrong = stand_in(browser, [(lab.views["gains"], lab.timeline)], dark=dark)
        assert all(colours > 20 for colours in painted(page))
        shot(page, f"gains-{'dark' if dark else 'light'}")
        assert wrong == []
        page.close()
