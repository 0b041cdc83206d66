"""Take the README's picture of the live lab: docs/images/ring-of-fire.png."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.e2e.jupyter import CHROMIUM, FLAGS, jupyterlab, notebook, open_notebook, wait_for_lab  # noqa: E402

CELL = """from pgkit.widgets import RingOfFire
lab = RingOfFire().train(60)
lab.set(reset="uniform", mix=0.5).train(300)"""

with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
    folder = Path(place) / "work"
    folder.mkdir()
    notebook(folder / "ring.ipynb", CELL)
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    with jupyterlab(folder) as address:
        page = browser.new_page(viewport={"width": 1440, "height": 1150})
        open_notebook(page, address, "ring.ipynb")
        lab = wait_for_lab(page)
        page.wait_for_timeout(800)
        lab.screenshot(path=ROOT / "docs" / "images" / "ring-of-fire.png")
    browser.close()
