"""One JupyterLab and one browser for the whole session; a fresh page for each test."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.jupyter import ARTIFACTS, CHROMIUM, FLAGS, ROOT, Watch, jupyterlab


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """What JupyterLab serves: a folder of its own, with copies of the course's notebooks."""
    place = tmp_path_factory.mktemp("lab") / "work"
    place.mkdir()
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        shutil.copy(path, place)
    return place


@pytest.fixture(scope="session")
def address(folder):
    with jupyterlab(folder) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    assert CHROMIUM, "the browser tests need Debian's chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def context(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 1150}, has_touch=True)
    yield context
    context.close()


@pytest.fixture
def page(context, address):
    """A page that must neither complain nor talk to strangers."""
    page = context.new_page()
    watch = Watch(page, address)
    yield page
    page.close()
    watch.check()


@pytest.fixture(scope="session")
def artifacts():
    ARTIFACTS.mkdir(exist_ok=True)
    return ARTIFACTS
