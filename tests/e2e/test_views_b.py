"""The page modules of weights, cart, probabilities, boundary and logits draw in a real browser."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from pgkit.algorithms.awr import PRESETS
from pgkit.widgets.lab import bundle, styles
from pgkit.widgets.views.bars import LogitBars
from pgkit.widgets.views.boundary import Boundary
from pgkit.widgets.views.cart import Cart
from pgkit.widgets.views.probs import Probs
from pgkit.widgets.views.weights import Weights
from tests.e2e.jupyter import drawn
from tests.test_views_b import classified, timeline

pytestmark = pytest.mark.e2e
SHOTS = os.environ.get("PGKIT_SHOTS")  # a folder for pictures to look at

STAND_IN = """
const root = document.querySelector(".pgkit-lab");
const colours = palette(root, COLOURS);
window.asked = [];
const drawn = [];
let queued = null;
const again = () => {
  queued ??= requestAnimationFrame(() => {
    queued = null;
    drawn.forEach((draw) => draw());
  });
};
const host = { ask: (message) => window.asked.push(message), request: again, say() {}, busy: () => false };
for (const { kind, setting, facts, parts } of window.views) {
  const seen = VIEWS[kind](setting, host);
  root.append(el("div", { class: "stand-in", "data-view": kind }, seen.node));
  const arrays = {};
  for (const [name, x] of Object.entries(parts)) arrays[name] = Float32Array.from(x, (v) => v === null ? NaN : v);
  const draw = () => seen.draw(arrays, facts, colours, { iteration: 0, head: 0, playing: false });
  drawn.push(draw);
  draw();
  seen.restyle?.();
}
again();
"""
MODEL = """
const heard = {};
window.values = window.start;
const model = {
  get: (name) => window.values[name],
  set: (name, value) => { window.values[name] = value; (heard[`change:${name}`] ?? []).forEach((f) => f()); },
  save_changes() {}, on: (name, f) => { (heard[name] ??= []).push(f); }, off() {},
};
VIEWS.bars.render({ model, el: document.querySelector("main") });
"""
EXTRA = """
body { margin: 12px; background: var(--jp-layout-color0, #fff); }
.pg-plot { display: block; width: 100%; height: 260px; }
.stand-in { margin: 0 0 18px; }
"""


def opened(browser, inside, script, *, dark, width, calm=False):
    """A page with the labs' styles, running a script; and what went wrong on it."""
    motion = "reduce" if calm else "no-preference"
    page = browser.new_page(
        viewport={"width": width, "height": 700}, device_scale_factor=2, reduced_motion=motion
    )
    page.goto("about:blank")
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    theme = "false" if dark else "true"
    page.set_content(
        f'<style>{styles("lab.css")}{EXTRA}</style><body data-jp-theme-light="{theme}">{inside}</body>'
    )
    page.add_script_tag(content=script, type="module")
    return page, wrong


def stand_in(browser, shown, *, dark=False, width=620, calm=False):
    """A page with (view, timeline)s drawn; and what went wrong on it."""
    views = []
    for view, found in shown:
        facts, parts = view.frame(found)
        flat = {
            name: [None if np.isnan(v) else float(v) for v in np.asarray(x, float).ravel()]
            for name, x in parts.items()
        }
        setting = view.setup(found.run)
        views.append({"kind": view.kind, "setting": setting, "facts": facts, "parts": flat})
    modules = dict.fromkeys(f"views/{view.module}" for view, _ in shown)
    script = bundle("lab.mjs", "plot.mjs", *modules)
    script += f"window.views = {json.dumps(views, allow_nan=False)};" + STAND_IN
    lab = '<div class="pgkit-lab"></div>'
    page, wrong = opened(browser, lab, script, dark=dark, width=width, calm=calm)
    page.wait_for_function("window.asked !== undefined")
    page.wait_for_timeout(300)
    return page, wrong


def logit_page(browser, bars, *, dark=False, width=620):
    """LogitBars without a kernel, and what went wrong."""
    start = {name: getattr(bars, name) for name in ("logits", "labels", "chosen", "alpha")}
    script = bundle("lab.mjs", "plot.mjs", "views/bars.mjs")
    script += f"window.start = {json.dumps(start)};" + MODEL
    page, wrong = opened(browser, "<main></main>", script, dark=dark, width=width)
    page.wait_for_selector("[data-probs]")
    page.wait_for_timeout(100)
    return page, wrong


def computed(page):
    """What the page computed: probabilities, gradient, loss."""
    found = page.locator(".pgkit-lab").evaluate("e => ({ ...e.dataset })")
    return json.loads(found["probs"]), json.loads(found["gradient"]), float(found["loss"])


def shot(page, name):
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def painted(page):
    """How many different colours each canvas shows."""
    return page.evaluate("""() => [...document.querySelectorAll("canvas.pg-plot")].map((canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
    })""")


@pytest.fixture(scope="module")
def shown():
    """Every view, with timelines that show its sides."""
    return [
        (Weights(), timeline("ring-of-fire", "awr", runs=2, train=2, **PRESETS["paper"])),
        (Weights(), timeline("ring-of-fire", "awr", runs=2, train=2, **PRESETS["code"], replay=4)),
        (Weights(), timeline("ring-of-fire", "reinforce", runs=2, train=2)),
        (Cart(), timeline("cartpole", runs=2)),
        (Cart(), timeline("pendulum", runs=2)),
        (Probs(), timeline("ring-of-fire", runs=5, train=20)),
        (Probs(action="data", run=1), timeline("ring-of-fire", runs=5, train=20)),
        (Probs(action=2), timeline("bandit", runs=5, train=2)),
        (Boundary(), classified(train=20)),
        (Boundary(), classified("weighted_classification", train=1, weights=(9.0, -1.0))),
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 800])
def test_every_view_is_painted(browser, shown, width, dark):
    page, wrong = stand_in(browser, shown, dark=dark, width=width)
    shot(page, f"b_{width}_{'dark' if dark else 'light'}")
    assert wrong == []
    assert all(colours > 20 for colours in painted(page))
    labels = page.locator("canvas.pg-plot").evaluate_all("all => all.map(c => c.ariaLabel)")
    assert all(labels)
    page.close()


def test_the_cart_moves_can_be_held_and_is_a_strip_for_who_wants_calm(browser, shown):
    carts = [pair for pair in shown if pair[0].kind == "cart"]
    look = "(c) => c.toDataURL()"
    page, wrong = stand_in(browser, carts)
    canvas = page.locator("canvas.pg-plot").nth(1)
    before = canvas.evaluate(look)
    page.wait_for_timeout(200)
    assert canvas.evaluate(look) != before
    for _ in range(2):
        page.get_by_role("button", name="Hold").last.click()
    drawn(page)
    before = canvas.evaluate(look)
    page.wait_for_timeout(200)
    assert canvas.evaluate(look) == before
    page.locator("select").first.select_option("worst")
    assert page.evaluate("window.asked") == [{"kind": "view", "view": "cart", "which": "worst"}]
    page.close()
    page, more = stand_in(browser, carts, calm=True)
    shot(page, "b_calm")
    canvas = page.locator("canvas.pg-plot").nth(1)
    before = canvas.evaluate(look)
    page.wait_for_timeout(200)
    assert canvas.evaluate(look) == before
    assert wrong + more == []
    page.close()


@pytest.mark.parametrize(
    "logits", [[0, 0, 0], [1.5, -2, 0.3], [1000, -1000, 0], [-1000, 1000, 999], [1000] * 3]
)
def test_page_and_python_agree_on_the_softmax(browser, logits):
    bars = LogitBars(logits=logits, chosen=1)
    page, wrong = logit_page(browser, bars)
    probs, gradient, loss = computed(page)
    np.testing.assert_allclose(probs, bars.probs, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(gradient, bars.gradient, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(loss, bars.loss, rtol=1e-12)
    assert wrong == []
    page.close()


def test_logits_are_dragged_typed_and_stepped(browser):
    bars = LogitBars(alpha=1.0, chosen=2)
    page, wrong = logit_page(browser, bars)
    values = "window.values.logits"
    page.get_by_role("button", name="Take a step").click()
    np.testing.assert_allclose(page.evaluate(values), bars.step().logits)
    drawn(page)
    before = computed(page)
    page.get_by_role("button", name="Add 1 to all").click()
    drawn(page)
    np.testing.assert_allclose(computed(page)[0], before[0], rtol=1e-12)
    assert "no probability moved" in page.get_by_role("status").inner_text()
    page.get_by_role("button", name="Zeros").click()
    page.locator("input[type=range]").first.press("PageUp")
    page.locator("input[type=range]").first.press("ArrowLeft")
    assert page.evaluate(values) == [pytest.approx(0.9), 0, 0]
    page.locator("input[type=text]").nth(1).fill("-3")
    page.locator("input[type=text]").nth(1).press("Enter")
    assert page.evaluate(values)[1] == -3
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 0.85 * box["width"], box["y"] + 0.6 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.85 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.up()
    drawn(page)
    assert computed(page)[0][2] > 0.7
    assert wrong == []
    page.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 800])
def test_logit_bars_are_painted(browser, width, dark):
    page, wrong = logit_page(browser, LogitBars(logits=[1.2, -0.4, 0.3]), dark=dark, width=width)
    shot(page, f"bars_{width}_{'dark' if dark else 'light'}")
    assert wrong == []
    assert painted(page)[0] > 20
    page.close()
