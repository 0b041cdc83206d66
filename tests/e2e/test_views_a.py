"""The views' page modules draw in a real browser, on a stand-in page without a kernel."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from pgkit.widgets.lab import bundle, styles
from pgkit.widgets.views.cloud import Cloud
from pgkit.widgets.views.contour import Contour
from pgkit.widgets.views.ellipse import Ellipse
from pgkit.widgets.views.spread import Spread
from pgkit.widgets.views.variance import Variance
from tests.test_views_a import put, timeline

pytestmark = pytest.mark.e2e
SHOTS = os.environ.get("PGKIT_SHOTS")  # a folder for pictures to look at

STAND_IN = """
const root = document.querySelector(".pgkit-lab");
const colours = palette(root, COLOURS);
const host = { ask: (message) => window.asked.push(message), request() {}, say() {}, busy: () => false };
window.asked = [];
for (const { kind, setting, facts, parts } of window.views) {
  const seen = VIEWS[kind](setting, host);
  root.append(el("div", { class: "stand-in", "data-view": kind }, seen.node));
  const arrays = {};
  for (const [name, x] of Object.entries(parts)) arrays[name] = Float32Array.from(x, (v) => v === null ? NaN : v);
  seen.draw(arrays, facts, colours, { iteration: 0, head: 0 });
  seen.restyle?.();
  seen.draw(arrays, facts, colours, { iteration: 0, head: 0 });
}
"""
EXTRA = """
body { margin: 12px; background: var(--jp-layout-color0, #fff); }
.pg-plot { display: block; width: 100%; height: 260px; }
.stand-in { margin: 0 0 18px; }
"""


def stand_in(browser, shown, found, *, dark=False, width=620):
    """A page with the views drawn; and what went wrong on it."""
    views = []
    for view in shown:
        facts, parts = view.frame(found)
        flat = {
            name: [None if np.isnan(v) else float(v) for v in np.asarray(x, float).ravel()]
            for name, x in parts.items()
        }
        views.append(
            {"kind": view.kind, "setting": view.setup(found.run), "facts": facts, "parts": flat}
        )
    modules = ("lab.mjs", "plot.mjs", *(f"views/{view.module}" for view in shown))
    page = browser.new_page(viewport={"width": width, "height": 700}, device_scale_factor=2)
    page.goto("about:blank")
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    theme = "false" if dark else "true"
    page.set_content(
        f"<style>{styles('lab.css')}{EXTRA}</style>"
        f'<body data-jp-theme-light="{theme}"><div class="pgkit-lab"></div></body>'
    )
    page.evaluate(f"window.views = {json.dumps(views, allow_nan=False)}")
    page.add_script_tag(content=bundle(*modules) + STAND_IN, type="module")
    page.wait_for_function("window.asked !== undefined")
    page.wait_for_timeout(100)
    return page, wrong


def shot(page, name):
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def painted(page):
    """How many different colours each canvas shows."""
    return page.evaluate("""() => [...document.querySelectorAll("canvas.pg-plot")].map((canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
    })""")


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
    page, wrong = stand_in(browser, shown, found, dark=dark, width=width)
    shot(page, f"a_{world}_{width}_{'dark' if dark else 'light'}")
    assert wrong == []
    assert all(colours > 20 for colours in painted(page))
    labels = page.locator("canvas.pg-plot").evaluate_all("all => all.map(c => c.ariaLabel)")
    assert all(labels)
    page.close()


@pytest.mark.parametrize("theta", [np.nan, 800.0], ids=["diverged", "deterministic"])
def test_views_say_what_they_cannot_draw(browser, theta):
    found = put(timeline("two-state", runs=4), np.full(2, theta))
    page, wrong = stand_in(browser, [Spread(), Contour(), Cloud(), Ellipse(), Variance()], found)
    shot(page, f"a_edge_{theta}")
    assert wrong == []
    text = page.locator("[role=status]").inner_text()
    assert ("diverged" in text) if np.isnan(theta) else ("F is zero" in text)
    page.close()


def test_controls_ask_python(browser):
    found = timeline("two-state", runs=4)
    page, _ = stand_in(browser, [Ellipse()], found)
    page.locator("input[type=range]").press("ArrowRight")
    asked = page.evaluate("window.asked")
    page.close()
    found = timeline("century", runs=4)
    page, _ = stand_in(browser, [Contour(axes=(0, 1))], found)
    page.locator("select").nth(1).select_option("3")
    asked += page.evaluate("window.asked")
    page.close()
    assert asked[0]["view"] == "ellipse"
    assert asked[0]["epsilon"] == pytest.approx(0.5, rel=0.2)
    assert asked[-1] == {"kind": "view", "view": "contour", "axes": [0, 3]}
