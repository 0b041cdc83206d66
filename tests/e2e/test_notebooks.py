"""Every notebook of the course, opened and run from top to bottom in a real JupyterLab, and looked at."""

from __future__ import annotations

import os
from pathlib import Path

import axe_playwright_python
import nbformat
import pytest

from tests.e2e.jupyter import ROOT, drawn, open_notebook

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

AXE = (Path(axe_playwright_python.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")
SERIOUS = """async (e) => (await axe.run(e, { resultTypes: ['violations'] })).violations
    .filter((v) => ['serious', 'critical'].includes(v.impact))
    .map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`)"""
RUN = """() => {
    const { content, sessionContext } = jupyterapp.shell.currentWidget;
    const code = content.widgets.filter((cell) => cell.model.type === 'code' && cell.model.sharedModel.source.trim());
    return sessionContext.session.kernel.status === 'idle' && code.every((cell) => cell.model.executionCount);
}"""
FAILED = """() => jupyterapp.shell.currentWidget.content.widgets
    .filter((cell) => cell.model.type === 'code')
    .flatMap((cell) => cell.model.outputs.toJSON())
    .filter((o) => o.output_type === 'error' || o.name === 'stderr')
    .map((o) => o.evalue ?? o.text)"""
SHEET = 2400  # pixels
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("stem", NOTEBOOKS)
def test_a_notebook_runs_and_everything_in_it_is_there(page, address, artifacts, stem):
    page.set_viewport_size({"width": 1200, "height": 1000})
    open_notebook(page, address, f"{stem}.ipynb")
    page.wait_for_function(RUN, timeout=120_000)
    assert page.evaluate(FAILED) == []
    sheet = page.locator(".jp-Notebook")
    for text in ("Error displaying widget", "Loading widget", "Error creating widget"):
        assert sheet.get_by_text(text).count() == 0
    written = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", 4)
    formulas = sum("$" in c.source for c in written.cells if c.cell_type == "markdown")
    page.wait_for_function(
        "(n) => document.querySelectorAll('mjx-container').length >= n", arg=formulas
    )
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    page.evaluate(f"() => {{ {AXE} }}")
    cards = page.locator(".pgkit-lab")
    assert cards.count() >= 4  # a lab, a prediction, a quiz, a recap
    for card in cards.all():
        card.scroll_into_view_if_needed()
        if card.locator(".pg-knobs").count():
            page.wait_for_function("(e) => e.dataset.n", arg=card.element_handle(), timeout=30_000)
        drawn(page)
        assert card.evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0
        assert card.evaluate(SERIOUS) == []
    if os.environ.get("PGKIT_PHOTOGRAPH"):
        photograph(page, artifacts / f"notebook-{stem}.png")
    page.evaluate("() => jupyterapp.commands.execute('notebook:shutdown-kernel').catch(() => {})")


def photograph(page, path):
    """The notebook, sheet by sheet, for somebody to look at."""
    size = page.evaluate(
        "() => Math.max(...[...document.querySelectorAll('.jp-NotebookPanel *')].map((e) => e.scrollHeight))"
    )
    page.set_viewport_size({"width": 1200, "height": SHEET})
    for k in range(int(size) // SHEET + 1):
        page.evaluate(
            "(y) => { document.querySelector('.jp-WindowedPanel-outer').scrollTop = y }",
            k * (SHEET - 80),
        )
        page.wait_for_timeout(400)
        page.locator(".jp-NotebookPanel").screenshot(path=path.with_stem(f"{path.stem}-{k:02d}"))
