"""The lecture view and the timers in a real browser: what the room and the presenter see."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import nbformat
import pytest

from pgkit.widgets import recap, think_pair_share
from pgkit.workdir import deliver
from tests.e2e.jupyter import ROOT, Watch, free_port
from tests.e2e.test_ring_of_fire import HASH

pytestmark = pytest.mark.e2e


# ---------------------------------------------------------------- the lecture


def shorten(path):
    """The instructor's own copy, without the code from the bets on: half a minute of training that nobody looks at."""
    nb = nbformat.read(path, 4)
    heads = [cell.source.partition("\n")[0] for cell in nb.cells]
    cut = heads.index("## Place your bets")
    nb.cells = [c for i, c in enumerate(nb.cells) if i < cut or c.cell_type == "markdown"]
    nbformat.write(nb, path)


@pytest.fixture(scope="module")
def stage_address(tmp_path_factory):
    """`pgkit lecture 05` as an instructor starts it; yields the address it prints."""
    home = tmp_path_factory.mktemp("lecture")
    deliver(home / "work")
    shorten(next((home / "work").rglob("05_*.ipynb")))
    command = [
        sys.executable, "-m", "pgkit.cli", "lecture", "5", "--no-browser",
        f"--port={free_port()}", f"--workdir={home / 'work'}",
    ]  # fmt: skip
    environment = os.environ | {
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": str(ROOT),
    }
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, cwd=home
        )
        assert server.stdout
        found = (re.search(r"http://\S+", line) for line in server.stdout)
        yield next(match[0] for match in found if match)
        server.send_signal(signal.SIGTERM)
        server.stdout.close()
        server.wait(20)


@pytest.fixture(scope="module")
def stage(browser, stage_address):
    context = browser.new_context(viewport={"width": 1600, "height": 900})
    page = context.new_page()
    watch = Watch(page, stage_address.split("/pgkit")[0])
    for _ in range(100):  # the server starts
        try:
            page.goto(stage_address)
            break
        except Exception:
            page.wait_for_timeout(200)
    watch.errors.clear()
    page.wait_for_selector("body[data-ran]", timeout=180_000, state="attached")
    yield page
    watch.check()
    context.close()


@pytest.fixture
def room(stage):
    """The notebook inside the stage, at its first section, bright."""
    stage.bring_to_front()
    room = stage.frame_locator("iframe")
    stage.locator("body").evaluate("() => document.activeElement?.blur()")
    for _ in range(30):
        stage.keyboard.press("ArrowLeft")
    assert stage.locator("#place").text_content().startswith("1 of")
    return room


def headings(room):
    return room.locator(".jp-Cell:not(.pg-away) :is(h1, h2)").all_inner_texts()


def test_the_room_sees_one_section_without_code_and_without_jupyterlab(stage, room):
    assert [h.strip("¶") for h in headings(room)] == ["05 · Nightmare 1: local optima"]
    for hidden in (".jp-Cell-inputWrapper .cm-editor", "#jp-menu-panel", ".jp-SideBar"):
        assert not any(e.is_visible() for e in room.locator(hidden).all()), hidden
    stage.keyboard.press("c")
    assert room.locator(".jp-CodeCell:not(.pg-away) .cm-editor").first.is_visible()
    stage.keyboard.press("c")
    assert not room.locator(".jp-CodeCell:not(.pg-away) .cm-editor").first.is_visible()
    size = room.locator(".jp-MarkdownOutput p").first.evaluate(
        "(e) => parseFloat(getComputedStyle(e).fontSize)"
    )
    assert size >= 20


def test_the_lab_on_the_stage_is_live(stage, room):
    stage.keyboard.press("ArrowRight")
    lab = room.locator(".pgkit-lab:visible").first
    grid = lab.locator("canvas.pg-grid")
    slider = lab.get_by_role("slider", name="mixture")
    lab.get_by_text("uniform", exact=True).first.click()
    slider.scroll_into_view_if_needed()
    stage.wait_for_timeout(500)
    grid.scroll_into_view_if_needed()
    before = grid.evaluate(HASH)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    stage.mouse.move(box["x"] + box["width"] * 0.95, y)
    stage.mouse.down()
    for i in range(10):
        stage.mouse.move(box["x"] + box["width"] * (0.95 - 0.06 * i), y)
        stage.wait_for_timeout(30)
    stage.mouse.up()
    stage.wait_for_timeout(500)
    assert float(slider.input_value()) != 1
    assert grid.evaluate(HASH) != before


def test_no_key_of_jupyterlab_changes_the_notebook(stage, room):
    count = "() => jupyterapp.shell.currentWidget.content.widgets.length"
    inside = stage.frames[1]
    before = inside.evaluate(count)
    room.locator("h1:visible").click()
    for key in ("a", "d", "d", "x", "Enter", "b", "b", "m", "y"):
        stage.keyboard.press(key)
    assert inside.evaluate(count) == before


def test_a_clicker_pages_through_a_long_section_and_then_on(stage, room):
    stage.keyboard.press("ArrowRight")
    assert headings(room)[0].startswith("Play first")
    for _ in range(6):
        stage.keyboard.press("PageDown")
        stage.wait_for_timeout(100)
        if not headings(room)[0].startswith("Play first"):
            break
    assert headings(room)[0].startswith("What happened")
    stage.keyboard.press("PageUp")  # back to the end of it, not to its beginning
    stage.wait_for_timeout(100)
    assert headings(room)[0].startswith("Play first")
    top = room.locator(".jp-WindowedPanel-outer").evaluate("(e) => e.scrollTop")
    assert top > 0


def test_the_presenter_follows_and_leads(stage, room, artifacts):
    with stage.context.expect_page() as opening:
        stage.keyboard.press("p")
    presenter = opening.value
    presenter.get_by_role("heading", name="05 · Nightmare 1").wait_for()
    stage.keyboard.press("ArrowRight")
    presenter.get_by_text("Start the lab before you say anything.").wait_for()
    assert "Minutes 0 to 4" in presenter.locator("#plan").inner_text()
    assert "**" not in presenter.locator("#notes").inner_text()
    presenter.keyboard.press("PageUp")
    presenter.keyboard.press("ArrowLeft")
    presenter.get_by_role("button", name="Think-Pair-Share").click()
    presenter.get_by_text("Collect ideas without judging.").wait_for()
    assert headings(room)[0].startswith("Think-Pair-Share")
    presenter.screenshot(path=artifacts / "presenter.png")
    stage.screenshot(path=artifacts / "stage.png")
    presenter.keyboard.press("b")
    stage.locator("#black").wait_for(state="visible")
    presenter.keyboard.press("b")
    stage.locator("#black").wait_for(state="hidden")
    presenter.locator("#zero").click()
    presenter.locator("#pause").click()
    assert presenter.locator("#clock").inner_text() == "0:00"
    presenter.close()


def test_notes_are_for_those_who_may_log_in_only(browser, stage, stage_address):
    home, context = stage_address.split("stage?")[0], browser.new_context()
    for path, found in (("presenter", "<h1"), ("stage", "<iframe"), ("outline/05", "Minutes")):
        answer = context.request.get(home + path)
        assert found not in answer.text(), path  # the login page, or no
        assert found in stage.request.get(home + path).text(), path
    assert stage.request.get(home + "outline/99").status == 404
    context.close()


# ---------------------------------------------------------------- the timers alone

PAGE = """<!doctype html><meta charset="utf-8"><style>{css}</style>
<body data-jp-theme-light="true"><div id="host"></div><script type="module">
{module}
const state = {state};
window.state = state;
const nothing = () => {{}};
const set = (k, v) => {{ state[k] = v; }};
const model = {{ get: (k) => state[k], set, save_changes: nothing, on: nothing, off: nothing }};
window.show = () => {{ window.away?.(); window.away = lab.render({{ model, el: document.getElementById("host") }}); }};
window.show();
</script>"""
TRAITS = ("kind", "title", "key", "place", "steps", "notes", "problem")


@pytest.fixture
def timer(browser, tmp_path):
    """In a context of its own: a clock is that of all pages of a context."""
    context = browser.new_context()
    page = context.new_page()
    page.clock.install(time=0)
    page.clock.pause_at(1000)  # else it goes on by itself while a busy machine is slow
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def opened(made):
        view = made.view
        state = json.dumps({name: getattr(view, name) for name in TRAITS})
        module = view._esm.replace("export default", "const lab =")
        path = tmp_path / "timer.html"
        path.write_text(PAGE.format(css=view._css, module=module, state=state), encoding="utf-8")
        page.goto(path.as_uri())
        return page

    yield opened
    context.close()
    assert not errors


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def test_think_pair_share_counts_pauses_skips_and_starts_again(timer, tmp_path):
    page = timer(think_pair_share("How?", ledger=tmp_path / "notes.json"))
    press(page, "Start")
    page.clock.run_for(10_000)
    assert page.locator(".pg-digits").inner_text() == "20"
    press(page, "Pause")
    page.clock.run_for(10_000)
    assert page.locator(".pg-digits").inner_text() == "20"
    press(page, "Resume")
    page.clock.run_for(21_000)
    assert page.get_by_role("status").inner_text() == "Think: time is up."
    press(page, "Next: Pair")
    assert page.locator(".pg-digits").inner_text() == "no clock"
    press(page, "Next: Share")
    assert page.locator(".pg-digits").inner_text() == "45"
    press(page, "Restart")
    assert page.locator(".pg-digits").inner_text() == "30"
    assert page.get_by_role("button", name="Silent").get_attribute("aria-pressed") == "false"


def test_a_cell_that_is_run_again_keeps_clock_and_notes(timer, tmp_path):
    page = timer(think_pair_share("How?", ledger=tmp_path / "notes.json"))
    press(page, "Start")
    page.get_by_role("textbox").fill("start elsewhere")
    page.clock.run_for(5_000)
    assert page.evaluate("() => state.notes") == {"Think": "start elsewhere"}
    page.evaluate("() => { state.notes = {}; show(); }")  # a kernel that could not write
    page.clock.run_for(5_000)
    assert page.locator(".pg-digits").inner_text() == "20"
    assert page.get_by_role("textbox").input_value() == "start elsewhere"


def test_the_recap_ticks_lines_and_says_how_long_it_took(timer):
    page = timer(recap(60, ["first", "second"], key="test"))
    press(page, "Start")
    page.clock.run_for(12_000)
    press(page, "Said it")
    assert page.get_by_role("checkbox", name="first").is_checked()
    page.clock.run_for(50_000)
    assert "60 s are over" in page.get_by_role("status").inner_text()
    page.get_by_role("checkbox", name="second").focus()
    page.keyboard.press("Space")
    assert "You took 62 s; the aim was 60 s" in page.get_by_role("status").inner_text()
    press(page, "Again")
    assert page.locator(".pg-digits").inner_text() == "0"
    assert not page.get_by_role("checkbox", name="first").is_checked()


def test_every_control_keeps_its_keys(timer, tmp_path):
    page = timer(think_pair_share("How?", ledger=tmp_path / "notes.json"))
    assert page.evaluate(
        """() => [...document.querySelectorAll('input, button, textarea')]
                 .every((e) => e.dataset.lmSuppressShortcuts === 'true')"""
    )
