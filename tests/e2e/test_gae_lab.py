"""The advantage lab in a real browser: what the page computes is what Python computes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from pgkit.widgets.gae_lab import BATCHES, LAGS, GaeLab
from tests.e2e.jupyter import drawn
from tests.e2e.pages import follow, lab_page, painted, shot

pytestmark = pytest.mark.e2e


def test_the_page_computes_what_python_does(browser):
    lab = GaeLab()
    page, wrong = lab_page(browser, lab)
    for k, lam in enumerate((0.0, 0.37, 0.5, 0.95, 1.0)):
        lab.lag, lab.seed, lab.lam, lab.episodes = LAGS[k], k, lam, BATCHES[k]
        found = follow(page, lab)
        np.testing.assert_allclose(json.loads(found["adv"]), lab.advantage, atol=1e-9)
        error = json.loads(found["error"])
        assert [error[x] for x in ("bias", "noise", "both")] == pytest.approx(lab.error())
        assert float(found["best"]) == lab.best
    assert all(colours > 10 for colours in painted(page))
    assert wrong == []
    page.close()


def test_it_is_dragged_and_typed_and_the_keyboard_suffices(browser):
    page, wrong = lab_page(browser, GaeLab(lam=0.5))
    slider = page.get_by_role("slider", name="TD … Monte Carlo")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    drawn(page)
    assert page.evaluate("window.values.lam") == 0.6
    status = page.get_by_role("status")
    expect(status).to_contain_text("λ = 0.6")
    field = page.get_by_label("Monte Carlo λ, typed")
    field.fill("2")
    field.press("Enter")
    expect(status).to_contain_text("from 0 to 1")
    field.fill("0,25")
    field.press("Enter")
    assert page.evaluate("window.values.lam") == 0.25
    page.get_by_role("radio", name="1024").check(force=True)
    assert page.evaluate("window.values.episodes") == 1024
    page.get_by_role("radio", name="V = 0").check(force=True)
    assert page.evaluate("window.values.lag") == 40
    page.get_by_role("button", name="New rollout").click()
    assert page.evaluate("window.values.seed") == 1
    box = page.get_by_role("img", name="error of the gradient").bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 18, box["y"] + 100)
    page.mouse.up()
    assert page.evaluate("window.values.lam") > 0.9
    box = page.get_by_role("img", name="TD errors").bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 80)
    assert page.evaluate("window.values.t") > 5
    assert wrong == []
    page.close()


def test_it_looks_right_in_light_dark_narrow_and_large(browser):
    lab = GaeLab()
    for name, settings, options in (
        ("gae-light", {"lam": 0.75, "t": 3, "episodes": 256}, {}),
        ("gae-dark", {"lam": 0.0, "lag": 40}, {"dark": True}),
        ("gae-800", {"lam": 1.0, "lag": 0, "episodes": 4}, {"width": 800}),
        ("gae-phone", {"lam": 0.5, "lag": 10, "seed": 5}, {"width": 420}),
        ("gae-wide-dark", {"lag": 2, "episodes": 1024}, {"dark": True, "width": 1300}),
    ):
        for key, value in settings.items():
            setattr(lab, key, value)
        page, wrong = lab_page(browser, lab, **options)
        shot(page, name)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, name
        assert wrong == []
        page.close()
