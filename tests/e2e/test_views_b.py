"""The page modules of weights, cart, probabilities, boundary and logits draw in a real browser."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pgkit.algorithms.awr import PRESETS
from pgkit.widgets.views.bars import LogitBars
from pgkit.widgets.views.boundary import Boundary
from pgkit.widgets.views.cart import Cart
from pgkit.widgets.views.probs import Probs
from pgkit.widgets.views.weights import Weights
from tests.e2e.jupyter import drawn
from tests.e2e.pages import lab_page, painted, shot, stand_in
from tests.test_views_b import classified, timeline

pytestmark = pytest.mark.e2e


def computed(page):
    """What the page computed: probabilities, gradient, loss."""
    found = page.locator(".pgkit-lab").evaluate("e => ({ ...e.dataset })")
    return json.loads(found["probs"]), json.loads(found["gradient"]), float(found["loss"])


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
    page, wrong = lab_page(browser, bars, width=620)
    probs, gradient, loss = computed(page)
    np.testing.assert_allclose(probs, bars.probs, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(gradient, bars.gradient, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(loss, bars.loss, rtol=1e-12)
    assert wrong == []
    page.close()


def test_logits_are_dragged_typed_and_stepped(browser):
    bars = LogitBars(alpha=1.0, chosen=2)
    page, wrong = lab_page(browser, bars, width=620)
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
    drawn(page)  # the sliders follow with the picture
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
    page, wrong = lab_page(browser, LogitBars(logits=[1.2, -0.4, 0.3]), dark=dark, width=width)
    shot(page, f"bars_{width}_{'dark' if dark else 'light'}")
    assert wrong == []
    assert painted(page)[0] > 20
    page.close()
