"""LogitBars in a real JupyterLab: what one drags arrives in Python, and Jupyter's own keys stay out of it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from pgkit.widgets import LogitBars
from tests.e2e.jupyter import notebook, open_notebook

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CELLS = (
    "import json\nfrom pgkit.widgets import LogitBars\n"
    "lab = LogitBars(logits=[2.0, 0.5, -1.0], chosen=2, alpha=1.0)\nlab",
    "print('NOW', json.dumps([lab.logits, lab.chosen, lab.alpha]))",
    "lab.logits = [0.0, 3.0, 0.0]",
)
CELL = "(i) => { const book = jupyterapp.shell.currentWidget.content; book.activeCellIndex = i; }"
RUN = "() => jupyterapp.commands.execute('notebook:run-cell')"


def run_cell(page, index):
    page.evaluate(CELL, index)
    page.evaluate(RUN)
    page.wait_for_timeout(300)


def in_python(page):
    """(logits, chosen, alpha), as the kernel has them.

    A page sends a change only when the kernel has dealt with the one before: what was still to be sent at the first
    run of the cell has arrived at the second.
    """
    output = page.locator(".jp-Cell").nth(1).locator(".jp-OutputArea-output")
    run_cell(page, 1)
    run_cell(page, 1)
    text = output.inner_text()
    return json.loads(text.removeprefix("NOW "))


def on_page(lab):
    return json.loads(lab.get_attribute("data-probs"))


@pytest.fixture
def lab(page, address, folder):
    """The lab of the first cell; the second has been run, the third not."""
    notebook(folder / "bars.ipynb", *CELLS)
    open_notebook(page, address, "bars.ipynb", run=False)
    run_cell(page, 0)
    found = page.locator(".pgkit-lab[data-probs]")
    found.wait_for(timeout=60_000)
    return found


def test_what_the_page_does_arrives_in_python_and_back(page, lab):
    expected = LogitBars(logits=[2.0, 0.5, -1.0], chosen=2, alpha=1.0)
    lab.get_by_role("button", name="Take a step").click()
    np.testing.assert_allclose(in_python(page)[0], expected.step().logits, rtol=1e-12)

    lab.get_by_label("step size α, typed").fill("2.5")
    lab.get_by_label("step size α, typed").press("Enter")
    expected.alpha = 2.5
    lab.get_by_role("button", name="Take a step of α = 2.5").click()
    logits, _, alpha = in_python(page)
    assert alpha == 2.5
    np.testing.assert_allclose(logits, expected.step().logits, rtol=1e-12)
    np.testing.assert_allclose(on_page(lab), expected.probs, rtol=1e-12)

    lab.get_by_label("data point").select_option("left")
    assert in_python(page)[1] == 0

    run_cell(page, 2)  # and from Python to the page
    page.wait_for_function("(e) => JSON.parse(e.dataset.probs)[1] > 0.9", arg=lab.element_handle())


def test_dragging_and_keys_belong_to_the_lab(page, lab):
    canvas = lab.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x = box["x"] + 0.85 * box["width"]
    page.mouse.move(x, box["y"] + 0.8 * box["height"])
    page.mouse.down()
    for height in (0.6, 0.4, 0.2):
        page.mouse.move(x, box["y"] + height * box["height"])
    page.mouse.up()
    page.wait_for_function("(e) => JSON.parse(e.dataset.probs)[2] > 0.7", arg=lab.element_handle())
    dragged = in_python(page)[0]
    assert dragged[2] > 2

    active = "() => jupyterapp.shell.currentWidget.content.activeCellIndex"
    page.evaluate(CELL, 0)
    slider = lab.get_by_label("logit of left", exact=True)
    slider.focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowDown", "PageDown"):
        slider.press(key)
    slider.press("b")  # Jupyter: a new cell below; d d would delete this one
    assert page.evaluate(active) == 0
    assert page.locator(".jp-Cell").count() == len(CELLS)
    assert in_python(page)[0][0] == pytest.approx(dragged[0] + 0.1 - 1)

    field = lab.get_by_label("logit of stay, typed")
    field.fill("1001")
    field.press("Enter")
    expect(lab.get_by_role("status")).to_contain_text("within ±1000")
    field.fill("1000")
    field.press("Enter")
    page.wait_for_function("(e) => JSON.parse(e.dataset.probs)[1] === 1", arg=lab.element_handle())
    assert in_python(page)[0][1] == 1000
