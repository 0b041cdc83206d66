"""The map of the lecture in a real JupyterLab: three knobs are turned, names light up, and every setting trains."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.jupyter import notebook, open_notebook, wait_for_lab

pytestmark = pytest.mark.e2e
CELL = "from pgkit.widgets import LoopLab\nlab = LoopLab(budget=12, runs=8)\nlab"


@pytest.fixture
def opened(page, address, folder):
    """The lab, run in a notebook of its own."""
    notebook(folder / "loop.ipynb", CELL)
    open_notebook(page, address, "loop.ipynb")
    yield wait_for_lab(page)
    page.evaluate("() => jupyterapp.commands.execute('notebook:shutdown-kernel').catch(() => {})")


def test_the_map_is_walked_and_every_setting_trains(page, opened, artifacts):
    lab = opened
    title, slide = lab.locator(".pg-loop-title"), lab.locator(".pg-loop-slide")
    expect(title).to_have_text("REINFORCE")
    expect(lab.locator(".pg-loop-new")).to_have_count(0)
    lab.locator("[data-cell='exp|solve']").click()
    expect(title).to_have_text("Advantage-weighted regression")
    expect(lab.locator("[data-cell='exp|solve']")).to_have_attribute("aria-pressed", "true")
    expect(slide).to_contain_text("exp(At/β)")
    expect(lab.get_by_role("status").first).to_contain_text("12 iterations done", timeout=60_000)
    cell = lab.locator("[data-cell='exp|solve']")
    # the words above come with the message, the map is drawn a frame later
    expect(cell).to_have_attribute("title", re.compile("after 12 iterations"))
    lab.screenshot(path=artifacts / "loop-awr.png")
    lab.get_by_role("radio", name="uniform").check(force=True)
    lab.locator("button.pg-loop-weight", has_text="Q̂ - V").click()
    lab.locator("button.pg-loop-norm", has_text="G⁻¹").click()
    expect(title).to_have_text("Natural actor-critic, Monte Carlo")
    expect(lab.locator(".pg-loop-new.pg-loop-start")).to_have_count(1)
    expect(lab.locator(".pg-loop-new.pg-loop-norm")).to_have_count(1)
    lab.locator("[data-cell='Q-V|KL']").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(title).to_have_text("REINFORCE with resets")
    expect(lab.get_by_label("step size α", exact=True)).to_be_visible()
    expect(lab.get_by_label("KL radius ε", exact=True)).to_be_hidden()
    lab.get_by_role("button", name="Fill the map").click()
    expect(lab.locator(".pg-loop-legend")).to_contain_text("to come")
    lab.get_by_role("button", name="Pause").click()
    lab.screenshot(path=artifacts / "loop-filling.png")
    for width, dark in ((800, False), (1200, True)):
        page.set_viewport_size({"width": width, "height": 900})
        if dark:
            page.evaluate("() => document.body.setAttribute('data-jp-theme-light', 'false')")
        page.wait_for_timeout(400)
        lab.screenshot(path=artifacts / f"loop-{width}.png")
    page.set_viewport_size({"width": 1280, "height": 900})
