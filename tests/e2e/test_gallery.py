"""The gallery of the lab kit in a real JupyterLab: every part works, is accessible, and is seen in every size."""

from __future__ import annotations

import shutil
from pathlib import Path

import axe_playwright_python
import pytest

from tests.e2e.jupyter import ROOT, drawn, open_notebook, wait_for_lab

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

AXE = (Path(axe_playwright_python.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")
THEME = "(name) => jupyterapp.commands.execute('apputils:change-theme', { theme: name })"
# is anything but one colour on the canvas?
PAINTED = """(canvas) => { const d = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    const seen = new Set();
    for (let i = 0; i < d.length; i += 4 * 37) seen.add(`${d[i]},${d[i + 1]},${d[i + 2]},${d[i + 3]}`);
    return seen.size; }"""
SERIOUS = """async (e) => (await axe.run(e, { resultTypes: ['violations'] })).violations
    .filter((v) => ['serious', 'critical'].includes(v.impact))
    .map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`)"""
SPOKEN = "[...e.querySelectorAll('canvas[role=img]')].every((c) => (c.getAttribute('aria-label') ?? '').length > 20)"


@pytest.fixture(scope="module")
def gallery(context, address, folder):
    """The gallery, run from top to bottom once."""
    shutil.copy(ROOT / "docs" / "gallery.ipynb", folder)
    page = context.new_page()
    page.set_viewport_size({"width": 1440, "height": 1150})
    open_notebook(page, address, "gallery.ipynb")
    wait_for_lab(page, timeout=120_000)
    page.wait_for_function(
        "() => jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.status === 'idle'",
        timeout=120_000,
    )
    page.evaluate(f"() => {{ {AXE} }}")
    yield page
    page.close()


def labs(page):
    return page.locator(".pgkit-lab:has(.pg-knobs)").all()


def test_every_lab_trains_and_every_view_paints(gallery, artifacts):
    page = gallery
    assert len(labs(page)) == 10
    for i, lab in enumerate(labs(page)):
        lab.scroll_into_view_if_needed()
        page.wait_for_function("(e) => e.dataset.n", arg=lab.element_handle(), timeout=30_000)
        for _ in range(2):
            lab.get_by_role("button", name="ten iterations").click()
        page.wait_for_function(
            "(e) => Number(e.dataset.iteration) >= 20", arg=lab.element_handle(), timeout=30_000
        )
        for canvas in lab.locator("canvas").all():
            assert canvas.evaluate(PAINTED) > 3
        page.wait_for_function(f"(e) => {SPOKEN}", arg=lab.element_handle())
        assert lab.evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0
        lab.screenshot(path=artifacts / f"gallery-{i}-light.png")


def test_nothing_serious_stands_in_the_way_of_anybody(gallery):
    for lab in labs(gallery):
        lab.scroll_into_view_if_needed()
        assert lab.evaluate(SERIOUS) == []


def test_a_rival_and_every_run_are_drawn(gallery, artifacts):
    page, lab = gallery, labs(gallery)[2]
    lab.scroll_into_view_if_needed()
    lab.get_by_role("button", name="Restart").click()
    lab.get_by_role("button", name="Compare").click()
    page.wait_for_function(
        "(e) => e.querySelector('.pg-compare').getAttribute('aria-pressed') === 'true'",
        arg=lab.element_handle(),
    )
    lab.get_by_role("checkbox", name="every run").check()
    lab.get_by_role("button", name="ten iterations").click()
    page.wait_for_function("(e) => Number(e.dataset.iteration) >= 10", arg=lab.element_handle())
    page.wait_for_timeout(300)
    lab.screenshot(path=artifacts / "gallery-rival.png")
    lab.get_by_role("button", name="against").click()
    page.wait_for_function(
        "(e) => e.querySelector('.pg-compare').getAttribute('aria-pressed') === 'false'",
        arg=lab.element_handle(),
    )


def test_dark_and_narrow(gallery, artifacts):
    page = gallery
    page.evaluate(THEME, "JupyterLab Dark")
    page.wait_for_timeout(1000)
    for i, lab in enumerate(labs(page)):
        lab.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
        lab.screenshot(path=artifacts / f"gallery-{i}-dark.png")
        assert lab.evaluate(SERIOUS) == []
    page.evaluate(THEME, "JupyterLab Light")
    page.set_viewport_size({"width": 800, "height": 1500})
    page.wait_for_timeout(800)
    for i, lab in enumerate(labs(page)):
        lab.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
        lab.screenshot(path=artifacts / f"gallery-{i}-800px.png")
        assert lab.evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0
    page.set_viewport_size({"width": 1440, "height": 1150})


def test_cards_work_and_are_accessible(gallery, artifacts):
    page = gallery
    quiz = page.locator(".jp-OutputArea-output", has_text="A baseline b(s) is subtracted").last
    quiz.scroll_into_view_if_needed()
    quiz.get_by_role("radio", name="it shrinks by b").check()
    quiz.get_by_role("button", name="Check").click()
    quiz.get_by_text("multiplied with something").wait_for()
    quiz.get_by_role("radio", name="nothing").check()
    quiz.get_by_role("button", name="Check").click()
    quiz.get_by_text("zero mean in every state").wait_for()
    quiz.screenshot(path=artifacts / "card-quiz.png")
    for name, text in (("glossary", "advantage"), ("bug", "which"), ("slide", "ROLLOUT")):
        card = page.locator(".jp-OutputArea-output", has_text=text).first
        card.scroll_into_view_if_needed()
        page.wait_for_timeout(200)
        card.screenshot(path=artifacts / f"card-{name}.png")
    for card in page.locator(".pgkit-lab").all():
        card.scroll_into_view_if_needed()
        drawn(page)
        assert card.evaluate(SERIOUS) == []


def test_a_line_of_the_slide_shows_its_value(gallery, artifacts):
    page = gallery
    slide = page.locator(".jp-OutputArea-output", has_text="grad_log_prob").first
    slide.scroll_into_view_if_needed()
    slide.get_by_role("button").filter(has_text="grad_log_prob").first.click()
    slide.get_by_text("shape").first.wait_for(timeout=30_000)
    slide.screenshot(path=artifacts / "card-slide-value.png")


def test_an_iteration_in_slow_motion(gallery, artifacts):
    page = gallery
    slide = page.locator(".jp-OutputArea-output", has_text="grad_log_prob").first
    slide.scroll_into_view_if_needed()
    slide.get_by_role("button", name="Next line").click()
    slide.get_by_text("line 1 of").wait_for(timeout=30_000)
    slide.get_by_role("button", name="Slow motion").click()
    slide.get_by_text("line 3 of").wait_for(timeout=10_000)
    slide.get_by_role("button", name="Pause").click()
    assert slide.locator(".pg-slide-lines .pg-lit").count() >= 1
    slide.screenshot(path=artifacts / "card-slide-motion.png")
