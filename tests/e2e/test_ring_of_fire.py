"""The Ring of Fire lab in a real JupyterLab: what a student does, and what a student sees."""

from __future__ import annotations

import pytest

from tests.e2e.jupyter import notebook, open_notebook, wait_for_lab

pytestmark = pytest.mark.e2e

CELL = "from pgkit.widgets import RingOfFire\nlab = RingOfFire(reset='uniform')\nlab"
# colour of the canvas at a point given in parts of its width and height
PIXEL = """(canvas, [x, y]) => [...canvas.getContext('2d', { willReadFrequently: true })
    .getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data].join()"""
HASH = """(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    .data.reduce((h, v) => (h * 31 + v) | 0, 0)"""


@pytest.fixture
def opened(page, address, folder):
    """The lab, run in a notebook of its own."""
    notebook(folder / "ring.ipynb", CELL)
    open_notebook(page, address, "ring.ipynb")
    lab = wait_for_lab(page)
    yield lab
    page.evaluate("() => jupyterapp.commands.execute('notebook:shutdown-kernel').catch(() => {})")


def number(lab, name):
    return lab.evaluate("(e, name) => Number(e.dataset[name])", name)


def wait(page, lab, condition, arg=None, timeout=20_000):
    """Until `condition` holds of the lab's element."""
    page.wait_for_function(
        f"([e, arg]) => ({condition})(e, arg)", arg=[lab.element_handle(), arg], timeout=timeout
    )


def tile(lab, name):
    return lab.locator(".pg-tile", has_text=name).locator(".pg-number").inner_text()


def cell_point(lab, row, col, size=9):
    """The middle of a cell on the screen, counted from 1."""
    box = lab.locator("canvas.pg-grid").bounding_box()
    return (
        box["x"] + (col - 0.5) * box["width"] / size,
        box["y"] + (row - 0.5) * box["height"] / size,
    )


def test_a_reward_changed_while_training_reroutes_the_policy(page, opened, artifacts):
    lab = opened
    lab.get_by_role("button", name="Play").click()
    wait(page, lab, "(e) => Number(e.dataset.iteration) > 40")
    field = lab.get_by_role("spinbutton", name="entering small goal pays")
    assert field.input_value() == "1"
    field.fill("200")
    wait(page, lab, "(e) => e.querySelector('.pg-keys').textContent.includes('at +200')")
    at = number(lab, "iteration")
    wait(page, lab, "(e, at) => Number(e.dataset.iteration) > at + 250", at, timeout=60_000)
    lab.get_by_role("button", name="Pause").click()
    lab.screenshot(path=artifacts / "ring-of-fire-rewards.png")
    ends = lab.locator(".pg-keys").inner_text().split(" at +200")[0].split()
    assert int(ends[-1]) > 32, "most runs now go to what was the trap"
    lab.get_by_role("button", name="Defaults").click()
    wait(page, lab, "(e) => e.querySelector('.pg-rewards input[aria-label*=small]').value === '1'")


def test_alpha_dragged_while_training_is_seen_in_pixels_and_numbers(page, opened, artifacts):
    lab = opened
    grid = lab.locator("canvas.pg-grid")
    before = grid.evaluate(HASH)
    lab.get_by_role("button", name="Play").click()
    wait(page, lab, "(e) => Number(e.dataset.iteration) > 20")
    slider = lab.get_by_role("slider", name="step size")
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.6, y)
    page.mouse.down()
    for i in range(20):
        page.mouse.move(box["x"] + box["width"] * (0.6 + 0.005 * i), y)
        page.wait_for_timeout(16)
    page.mouse.up()
    version = number(lab, "version")
    assert version > 1
    wait(page, lab, "(e, v) => Number(e.dataset.trained) >= v", version)
    alpha = float(lab.get_by_role("textbox", name="step size").input_value())
    assert 0.2 < alpha < 0.6
    wait(page, lab, "(e) => Number(e.dataset.iteration) > 120")
    lab.screenshot(path=artifacts / "ring-of-fire-light.png")
    lab.get_by_role("button", name="Pause").click()
    wait(page, lab, "(e) => e.querySelector('[role=status]').textContent === 'Paused.'")
    assert grid.evaluate(HASH) != before
    assert float(tile(lab, "median J")) > 5
    assert "at +100" in lab.locator(".pg-keys").inner_text()
    iteration = number(lab, "iteration")
    page.wait_for_timeout(400)
    assert number(lab, "iteration") == iteration


def test_mu_painted_by_mouse_keyboard_and_finger(page, opened):
    lab = opened
    grid = lab.locator("canvas.pg-grid")
    dot = [7.2 / 9, 0.3 / 9]  # between middle and dot of row 1, column 8
    before = grid.evaluate(PIXEL, dot)
    painted = lab.get_by_role("radio", name="painted")

    page.mouse.move(*cell_point(lab, 1, 9))
    page.mouse.down()
    page.mouse.move(*cell_point(lab, 1, 4), steps=2)  # fast: two events for six cells
    page.mouse.up()
    wait(page, lab, "(e) => e.querySelector('[value=painted]').checked")
    cell = lab.locator(".pg-cell")
    wait(page, lab, "(e) => /6 cells/.test(e.querySelector('.pg-cell').textContent)")
    assert painted.is_checked()
    assert grid.evaluate(PIXEL, [7.8 / 9, 0.2 / 9]) != before

    grid.focus()
    page.keyboard.press("u")  # takes the stroke back: μ is nominal again
    wait(page, lab, "(e) => e.querySelector('[value=nominal]').checked")
    for key in ("ArrowDown", "Space", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    wait(page, lab, "(e) => /2 cells/.test(e.querySelector('.pg-cell').textContent)")
    page.keyboard.press("e")
    page.keyboard.press("Space")
    wait(page, lab, "(e) => /1 cell,/.test(e.querySelector('.pg-cell').textContent)")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    wait(page, lab, "(e) => e.querySelector('[role=status]').classList.contains('pg-alarm')")
    assert "zero everywhere" in lab.get_by_role("status").inner_text()
    page.keyboard.press("e")

    finger = page.context.new_cdp_session(page)
    scrolled = page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').scrollTop")

    def touch(kind, *cells):
        points = [dict(zip("xy", cell_point(lab, *c), strict=True)) for c in cells]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (9, 1))
    for row in range(8, 0, -1):
        touch("touchMove", (row, 1))
    touch("touchEnd")
    wait(page, lab, "(e) => /9 cells/.test(e.querySelector('.pg-cell').textContent)")
    after = page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').scrollTop")
    assert after == scrolled
    assert "mismatch ∞" in cell.inner_text()


def test_time_travel_and_a_typed_value(page, opened):
    lab = opened
    for _ in range(3):
        lab.get_by_role("button", name="ten iterations").click()
    wait(page, lab, "(e) => Number(e.dataset.iteration) === 30")
    scrub = lab.get_by_role("slider", name="iteration, drag")
    scrub.focus()
    page.keyboard.press("Home")
    wait(page, lab, "(e) => Number(e.dataset.iteration) === 0")
    page.keyboard.press("ArrowRight")
    wait(page, lab, "(e) => Number(e.dataset.iteration) === 1")
    field = lab.get_by_role("textbox", name="step size")
    field.fill("7000")
    field.press("Enter")
    wait(page, lab, "(e) => /alpha = 7000/.test(e.querySelector('[role=status]').textContent)")
    wait(page, lab, "(e) => e.querySelector('.pg-knobs .pg-field').value === '0.1'")
    page.keyboard.press("Tab")
    lab.get_by_role("slider", name="mixture").focus()
    page.keyboard.press("Space")  # Space plays wherever it means nothing else
    wait(page, lab, "(e) => Number(e.dataset.iteration) > 10")
    page.keyboard.press("Space")
    wait(page, lab, "(e) => e.querySelector('[role=status]').textContent === 'Paused.'")


def settled(page, lab) -> int:
    """The iteration shown once frames have stopped to come."""
    last, seen = -1, number(lab, "n")
    while seen != last:
        page.wait_for_timeout(700)
        last, seen = seen, number(lab, "n")
    return number(lab, "iteration")


def test_the_same_cell_run_twice_and_two_labs_on_a_page(page, address, folder):
    notebook(folder / "two.ipynb", CELL, CELL.replace("uniform", "nominal"))
    open_notebook(page, address, "two.ipynb")
    one, two = wait_for_lab(page, 0), wait_for_lab(page, 1)
    ids = page.evaluate("() => [...document.querySelectorAll('.pgkit-lab [id]')].map((e) => e.id)")
    names = [
        set(lab.locator("input[type=radio]").evaluate_all("all => all.map((e) => e.name)"))
        for lab in (one, two)
    ]
    assert len(ids) == len(set(ids)) > 0
    assert not names[0] & names[1]  # else a choice in one lab would undo that of the other
    one.get_by_role("button", name="Play").click()
    wait(page, one, "(e) => Number(e.dataset.iteration) > 5")
    assert number(two, "iteration") == 0
    one.get_by_role("button", name="Pause").click()
    wait(page, one, "(e) => e.querySelector('[role=status]').textContent === 'Paused.'")
    reached = settled(page, one)
    page.evaluate(
        "() => { document.querySelectorAll('.pgkit-lab').forEach((e) => { e.old = true }) }"
    )
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
    page.wait_for_function(
        "() => { const labs = [...document.querySelectorAll('.pgkit-lab')];"
        " return labs.length === 2 && !labs.some((e) => e.old) }"
    )
    one = page.locator(".pgkit-lab").first
    one.scroll_into_view_if_needed()  # JupyterLab has gone to the last cell, and what nobody sees is not drawn
    wait(page, one, "(e) => e.dataset.iteration")
    assert settled(page, one) == reached  # the state survives the cell's second run
    one.get_by_role("button", name="Step").click()
    wait(page, one, "(e, n) => Number(e.dataset.iteration) === n", reached + 1)
    one.get_by_role("button", name="Restart").click()
    wait(page, one, "(e) => e.dataset.iteration === '0'")


def test_dark_narrow_and_projected(page, opened, artifacts):
    lab = opened
    lab.get_by_role("button", name="Play").click()
    wait(page, lab, "(e) => Number(e.dataset.iteration) > 150", timeout=40_000)
    lab.get_by_role("button", name="Pause").click()
    grid = lab.locator("canvas.pg-grid")
    corner = [0.5 / 9, 0.8 / 9]
    light = grid.evaluate(PIXEL, corner)
    theme = "(name) => jupyterapp.commands.execute('apputils:change-theme', { theme: name })"
    page.evaluate(theme, "JupyterLab Dark")
    page.wait_for_timeout(800)
    assert grid.evaluate(PIXEL, corner) not in (light, "0,0,0,0")
    lab.screenshot(path=artifacts / "ring-of-fire-dark.png")
    page.evaluate(theme, "JupyterLab Light")
    page.set_viewport_size({"width": 800, "height": 1500})
    page.evaluate("() => jupyterapp.commands.execute('application:toggle-left-area')")
    page.wait_for_timeout(600)
    lab.screenshot(path=artifacts / "ring-of-fire-800px.png")
    overflow = lab.evaluate("(e) => e.scrollWidth - e.clientWidth")
    assert overflow <= 0
    page.set_viewport_size({"width": 1920, "height": 1080})
    lab.get_by_role("button", name="full screen").click()
    page.wait_for_timeout(600)
    assert lab.evaluate("(e) => document.fullscreenElement === e")
    page.screenshot(path=artifacts / "ring-of-fire-projector.png")
    page.evaluate("() => document.exitFullscreen()")
