"""The views' page modules draw in a real browser, on a stand-in page without a kernel."""

from __future__ import annotations

import numpy as np
import pytest

from pgkit.widgets.views.cloud import Cloud
from pgkit.widgets.views.contour import Contour
from pgkit.widgets.views.ellipse import Ellipse
from pgkit.widgets.views.spread import Spread
from pgkit.widgets.views.variance import Variance
from tests.e2e.pages import painted, shot, stand_in
from tests.test_views_a import put, timeline

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 620, 800])
@pytest.mark.parametrize("world", ["two-state", "scaled-bandit", "century", "ring-of-fire"])
def test_every_view_that_fits_is_painted(browser, world, width, dark):
    found = timeline(world, runs=24, train=12)
    if world == "two-state":
        found.compare(alpha=1.0)
        found.advance(20)
    shown = [
        v for v in (Spread(), Contour(), Cloud(), Ellipse(), Variance()) if not v.misfit(found.run)
    ]
    if world == "century":
        shown.insert(1, Contour(axes=(1, 3)))
    page, wrong = stand_in(browser, [(v, found) for v in shown], dark=dark, width=width)
    shot(page, f"a_{world}_{width}_{'dark' if dark else 'light'}")
    assert wrong == []
    assert all(colours > 20 for colours in painted(page))
    labels = page.locator("canvas.pg-plot").evaluate_all("all => all.map(c => c.ariaLabel)")
    assert all(labels)
    page.close()


@pytest.mark.parametrize("theta", [np.nan, 800.0], ids=["diverged", "deterministic"])
def test_views_say_what_they_cannot_draw(browser, theta):
    found = put(timeline("two-state", runs=4), np.full(2, theta))
    page, wrong = stand_in(
        browser, [(v(), found) for v in (Spread, Contour, Cloud, Ellipse, Variance)]
    )
    shot(page, f"a_edge_{theta}")
    assert wrong == []
    text = page.locator("[role=status]").inner_text()
    assert ("diverged" in text) if np.isnan(theta) else ("F is zero" in text)
    page.close()


def test_controls_ask_python(browser):
    found = timeline("two-state", runs=4)
    page, _ = stand_in(browser, [(Ellipse(), found)])
    page.locator("input[type=range]").press("ArrowRight")
    asked = page.evaluate("window.asked")
    page.close()
    found = timeline("century", runs=4)
    page, _ = stand_in(browser, [(Contour(axes=(0, 1)), found)])
    page.locator("select").nth(1).select_option("3")
    asked += page.evaluate("window.asked")
    page.close()
    assert asked[0]["view"] == "ellipse"
    assert asked[0]["epsilon"] == pytest.approx(0.5, rel=0.2)
    assert asked[-1] == {"kind": "view", "view": "contour", "axes": [0, 3]}
