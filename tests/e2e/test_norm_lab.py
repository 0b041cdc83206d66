"""The norm lab in a real browser: what the page computes is what Python computes, while one drags."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from pgkit.widgets.norm_lab import A, NormLab, ThetaMarks
from tests.e2e.pages import follow, lab_page, painted, shot

pytestmark = pytest.mark.e2e


def found(page):
    return json.loads(page.locator(".pgkit-lab").get_attribute("data-found"))


@pytest.mark.parametrize("look", ["race", "scale"])
def test_the_page_walks_as_python_does(browser, look):
    lab = NormLab(look)
    page, wrong = lab_page(browser, lab)
    for theta in ([0.0, 0.0], list(A), [-2.0, 1.5]):
        for alpha, scale, damping in (
            (0.1, 1.0, 0.0),
            (1.0, 0.3, 1e-3),
            (10.0, 0.05, 0.0),
            (100.0, 1.0, 0.1),
        ):
            lab.theta, lab.alpha, lab.damping = theta, alpha, damping
            lab.scale = scale if look == "scale" else 1.0
            follow(page, lab)
            on_page = found(page)
            for n in (0, 1):
                mine, theirs = lab.updates[n], on_page["updates"][n]
                assert (theirs is None) == np.isinf(mine)
                if theirs is not None:
                    assert theirs == pytest.approx(mine, rel=1e-6)
                np.testing.assert_allclose(
                    on_page["ends"][n], lab.path(bool(n))[-1], rtol=1e-5, atol=1e-7
                )
    assert all(colours > 10 for colours in painted(page))
    assert wrong == []


def test_the_page_takes_the_steps_that_python_takes(browser):
    lab = NormLab("ball")
    page, wrong = lab_page(browser, lab)
    for theta in ([0.0, 0.0], list(A), [-2.0, 1.5], [5.0, -5.0]):
        for epsilon, damping in ((1e-4, 0.0), (0.02, 1e-3), (0.5, 0.1)):
            lab.theta, lab.epsilon, lab.damping = theta, epsilon, damping
            follow(page, lab)
            for name, step in found(page).items():
                for what, value in lab.steps[name].items():
                    np.testing.assert_allclose(step[what], value, rtol=1e-6, atol=1e-12)
    assert wrong == []


def test_dragging_and_the_keyboard_move_the_start(browser):
    page, wrong = lab_page(browser, NormLab(alpha=1))
    page.get_by_role("button", name="start A").click()
    expect(page.get_by_role("status")).to_contain_text("plain 305 updates; natural 3 updates")
    slider = page.get_by_label("step size α", exact=True)
    slider.focus()
    before = page.evaluate("window.values.alpha")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("window.values.alpha") > before
    canvas = page.locator("canvas").first
    canvas.focus()
    page.keyboard.press("ArrowUp")
    assert page.evaluate("window.values.theta[1]") == pytest.approx(A[1] + 0.1, abs=1e-3)
    where = canvas.bounding_box()
    page.mouse.move(where["x"] + 0.45 * where["width"], where["y"] + 0.6 * where["height"])
    page.mouse.down()
    seen = []
    for step in range(20):
        page.mouse.move(
            where["x"] + (0.45 - 0.01 * step) * where["width"], where["y"] + 0.6 * where["height"]
        )
        page.wait_for_timeout(20)
        seen.append(page.evaluate("window.values.theta[0]"))
    page.mouse.up()
    assert len(set(seen)) >= 18
    page.wait_for_timeout(100)
    lab = NormLab(
        theta=page.evaluate("window.values.theta"), alpha=page.evaluate("window.values.alpha")
    )
    assert found(page)["updates"][0] == pytest.approx(lab.updates[0], rel=1e-6)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("window.values.clock > 1 && window.values.clock < 7")
    page.get_by_role("button", name="Pause").click()
    assert wrong == []


def test_it_can_open_before_the_end_is_seen(browser):
    page, wrong = lab_page(browser, NormLab(clock=0))
    status = page.get_by_role("status")
    start = NormLab(clock=0).path(False)
    expect(status).to_contain_text(f"after 1 update: plain J = {start[1, 3]:.3g}")
    expect(status).not_to_contain_text("million")
    page.get_by_label("updates made").focus()
    page.keyboard.press("End")
    expect(status).to_contain_text("plain 19.6 million updates")
    assert wrong == []


def test_terms_are_marked_with_keys_and_checked(browser):
    page, wrong = lab_page(browser, ThetaMarks())
    for name in ("d^π(s)", "Q^π(s,a)", "r(s,a)"):
        page.get_by_role("button", name=name, exact=True).focus()
        page.keyboard.press("Enter")
    assert page.evaluate("window.values.marked") == ["r(s,a)", "d^π(s)", "Q^π(s,a)"]
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("status")).to_contain_text("4 of 7 right")
    expect(page.get_by_text("Everybody forgets this one")).to_be_visible()
    shot(page, "marks")
    page.get_by_role("button", name="Again").click()
    assert page.evaluate("window.values.marked") == []
    assert wrong == []


def test_it_looks_right_in_light_dark_narrow_and_large(browser):
    for name, lab, options in (
        ("norm-race", NormLab(), {}),
        ("norm-race-dark", NormLab(theta=A), {"dark": True}),
        ("norm-race-800", NormLab(), {"width": 800}),
        ("norm-scale", NormLab("scale"), {}),
        ("norm-scale-dark", NormLab("scale", scale=0.1), {"dark": True}),
        ("norm-ball", NormLab("ball"), {}),
        ("norm-ball-800-dark", NormLab("ball", theta=(2.0, -3.0), epsilon=0.1), {"dark": True, "width": 800}),
        ("norm-phone", NormLab("ball"), {"width": 420}),
    ):  # fmt: skip
        page, wrong = lab_page(browser, lab, **options)
        shot(page, name)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, name
        assert wrong == []
        page.close()
