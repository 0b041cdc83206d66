"""A notebook without a kernel: its HTML export, read offline and printed to PDF, keeps picture and words."""

from __future__ import annotations

import re
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CELLS = (
    "from pgkit.widgets import LogitBars, RunLab, TrajectoryLab, quiz, recap, slide\n"
    "from pgkit.widgets.predict import predict\n"
    "RunLab('reinforce', 'two-state', ['contour', 'curve'], runs=4).train(5)",
    "LogitBars(logits=[2.0, 0.5, -1.0], chosen=2)",
    "TrajectoryLab(seed=24)",
    "guess = predict('How many?', key='paper', low=0, high=9)\nguess",
    "guess.reveal(4, explain='Count them.')",
    "quiz('Yes?', ['yes', 'no'], answer='yes', explain={'yes': 'Indeed.', 'no': 'Why?'}, key='paper')",
    "slide('reinforce')",
    "recap(60, ['all of it'])",
)
WORDS = ("How many?", "The answer", "Yes?", "UPDATE θ", "all of it")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paper")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(book, resources={"metadata": {"path": folder}}).execute()
    nbformat.write(book, folder / "paper.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "paper.ipynb"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "paper.html"


def test_the_export_has_pictures_and_words_and_so_has_its_print(exported, browser, artifacts):
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(exported.as_uri())
    text = page.locator("body").inner_text()
    for words in WORDS:
        assert words in text
    assert page.locator("img").count() == 3
    for picture in page.locator("img").all():
        assert picture.evaluate("(e) => e.complete && e.naturalWidth > 300")
    described = [picture.get_attribute("alt") for picture in page.locator("img").all()]
    for words, alt in zip(("after 5 iterations", "logit", "credits"), described, strict=True):
        assert words in alt
    printed = page.pdf(path=artifacts / "paper.pdf")
    assert len(re.findall(rb"/Subtype\s*/Image", printed)) >= 3
    context.close()
