"""From the slider to the pixels, in a real JupyterLab and a real Chromium.

    python bench/latency.py [--quick]

Event time stamps and painted frames are both taken in the page: a probe that runs once per animation
frame notes what the lab has drawn, so a "painted" time is the start of the next frame, when the
pixels are on the screen. Beside it, in the same run, `ipywidgets.interact` with an inline figure of
the same data. Prints a table with the targets and writes bench/results/latency.json.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from tests.e2e.jupyter import (  # noqa: E402
    CHROMIUM,
    FLAGS,
    jupyterlab,
    notebook,
    open_notebook,
    wait_for_lab,
)

LAB = "from pgkit.widgets import RingOfFire\nlab = RingOfFire(reset='uniform', fps={fps})\nlab"
INTERACT = """
%matplotlib inline
import matplotlib.pyplot as plt
from ipywidgets import FloatSlider, interact
from pgkit import draw
from pgkit.widgets.views.curve import lines
from pgkit.widgets.views.grid import mean_probs
from pgkit.widgets.timeline import curve
def show(w):
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    run = lab.run.fork()
    run.set(mix=w)
    occupancy = run.evaluate().occupancy.mean(axis=0)
    draw.grid(left, lab.world, probs=mean_probs(run), occupancy=occupancy, mu=run.start)
    draw.learning_curve(right, curve(run.history), lines=lines(run))
    plt.show()
interact(show, w=FloatSlider(value=1, min=0, max=1, step=0.01));
"""
PROBE = """(index) => {
  const lab = document.querySelectorAll('.pgkit-lab')[index];
  const canvas = lab.querySelector('canvas.pg-grid'); // other labs have none, and set no pixel to look at
  const probe = window.probe = { frames: [], events: [], pixel: null };
  const look = () => {
    const d = lab.dataset;
    let pixel = null;
    if (probe.pixel) {
      const [x, y] = probe.pixel;
      const ctx = canvas.getContext('2d');
      pixel = ctx.getImageData(Math.round(x * canvas.width), Math.round(y * canvas.height), 1, 1).data.join();
    }
    const image = probe.output?.querySelector('img');
    const src = image?.complete ? image.src.length + image.src.slice(-80) + image.src.slice(3000, 3080) : null;
    const now = { t: performance.now(), n: +(d.drawn ?? d.n), version: +d.version, trained: +d.trained,
      iteration: +d.iteration, alpha: d.alpha, mix: d.mix, pixel, src };
    const last = probe.frames.at(-1);
    if (!last || ['n', 'pixel', 'src'].some((k) => now[k] !== last[k])) probe.frames.push(now);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  const note = (e) => probe.events.push({ t: e.timeStamp, type: e.type, key: e.key,
    value: e.target.closest('.pg-knob')?.querySelector('.pg-field')?.value });
  for (const type of ['keydown', 'pointerdown']) document.addEventListener(type, note, true);
  lab.addEventListener('input', note); // after the lab's own listener: the field shows the new value
}"""
EXECUTE = """(code) => new Promise((resolve) => {
  const kernel = jupyterapp.shell.currentWidget.context.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code });
  let out = '';
  future.onIOPub = (m) => { if (m.header.msg_type === 'stream') out += m.content.text; };
  future.done.then(() => resolve(out));
})"""
BARE = """
import time as _t
_run = lab.run.fork()
_run.advance(64, record=False)
_b, _n = _t.perf_counter(), 0
while _t.perf_counter() - _b < {seconds}:
    _run.advance(32, record=False)
    _n += 32
print(_n / (_t.perf_counter() - _b))
"""


class Bench:
    def __init__(self, page, lab, quick: bool, index: int = 0) -> None:
        self.page, self.lab = page, lab
        self.keys = 12 if quick else 30
        self.seconds = 2.0 if quick else 5.0
        page.evaluate(PROBE, index)

    def clear(self, **fields) -> None:
        self.page.evaluate(
            "(f) => Object.assign(window.probe, { frames: [], events: [] }, f)", fields
        )

    def log(self) -> tuple[list[dict], list[dict]]:
        frames, events = self.page.evaluate("() => [probe.frames, probe.events]")
        return frames, events

    def press(self, slider, gap: int) -> None:
        """Keys to and fro, so that every one of them changes the value."""
        slider.focus()
        for i in range(self.keys):
            self.page.keyboard.press("ArrowLeft" if i % 2 == 0 else "ArrowRight")
            self.page.wait_for_timeout(gap)

    # ------------------------------------------------------------ measures, in ms

    def control(self) -> list[float]:
        """w key to changed pixels, not training: a pixel of the ring that shows μ in the cell S."""
        self.clear(pixel=[(7 + 0.065) / 9, 7.5 / 9])
        self.page.wait_for_timeout(300)
        self.press(self.lab.get_by_role("slider", name="mixture"), 350)
        frames, events = self.log()
        self.clear(pixel=None)
        return first_after(events, "keydown", changes(frames, "pixel"))

    def first_knob(self) -> list[float]:
        """A key on a lab's first knob to the first frame drawn with the new value, not training."""
        self.clear()
        knobs = self.lab.locator(".pg-knobs input[type=range]")  # not those of a view
        if not knobs.count():
            knobs = self.lab.locator(".pg-knob input[type=range]")
        self.press(knobs.first, 350)
        frames, events = self.log()
        asks_python = self.lab.get_attribute("data-version") is not None
        return first_after(events, "keydown", changes(frames, "version" if asks_python else "n"))

    def frames_a_second(self) -> float:
        """Frames painted a second while all runs train at full speed."""
        speed = self.lab.get_by_role("slider", name="speed")
        speed.focus()
        self.page.keyboard.press("End")
        self.lab.get_by_role("button", name="Play").click()
        self.page.wait_for_timeout(1500)
        self.clear()
        self.page.wait_for_timeout(int(self.seconds * 1000))
        frames, _ = self.log()
        pause = self.lab.get_by_role("button", name="Pause")
        if pause.count():  # a lab with a budget of iterations stops by itself
            pause.click()
        self.page.wait_for_timeout(500)
        span = (frames[-1]["t"] - frames[0]["t"]) / 1000 if len(frames) > 1 else float("inf")
        return (len(frames) - 1) / span

    def drag(self) -> list[float]:
        """60 Hz drag of α, not training: painted value against when the slider showed it."""
        self.clear()
        box = self.lab.get_by_role("slider", name="step size").bounding_box()
        y = box["y"] + box["height"] / 2
        at = lambda part: box["x"] + box["width"] * part  # noqa: E731
        self.page.mouse.move(at(0.3), y)
        self.page.mouse.down()
        steps = int(60 * min(self.seconds, 2.5))
        began = time.perf_counter()
        for i in range(steps):
            self.page.mouse.move(at(0.3 + 0.5 * i / steps), y)
            time.sleep(max(0.0, began + (i + 1) / 60 - time.perf_counter()))
        self.page.mouse.up()
        self.page.wait_for_timeout(500)
        frames, events = self.log()
        lags = []
        for frame in changes(frames, "alpha"):
            shown = [
                e["t"] for e in events if e["type"] == "input" and e["value"] == frame["alpha"]
            ]
            lags += [frame["t"] - shown[0]] if shown else []
        return lags

    def paint(self) -> list[float]:
        """A dab on the grid to the painted answer of Python."""
        self.clear()
        box = self.lab.locator("canvas.pg-grid").bounding_box()
        for i in range(self.keys):
            col, row = i % 9, (0 if i < 9 else 6 if i < 18 else 7 if i < 27 else 8)
            self.page.mouse.click(
                box["x"] + (col + 0.5) * box["width"] / 9,
                box["y"] + (row + 0.5) * box["height"] / 9,
            )
            self.page.wait_for_timeout(300)
        frames, events = self.log()
        return first_after(events, "pointerdown", changes(frames, "version"))

    def live(self) -> dict:
        """α keys while training at full speed: time to a frame trained with the new value; frames painted."""
        slider = self.lab.get_by_role("slider", name="step size")
        speed = self.lab.get_by_role("slider", name="speed")
        speed.focus()
        self.page.keyboard.press("End")
        self.lab.get_by_role("button", name="Play").click()
        self.page.wait_for_timeout(1500)
        self.clear()
        self.page.wait_for_timeout(int(self.seconds * 1000))
        frames, _ = self.log()
        span = (frames[-1]["t"] - frames[0]["t"]) / 1000
        fps = (len(frames) - 1) / span
        pace = (frames[-1]["iteration"] - frames[0]["iteration"]) / span
        self.clear()
        self.press(slider, 400)
        self.page.wait_for_timeout(300)
        frames, events = self.log()
        self.lab.get_by_role("button", name="Pause").click()
        self.page.wait_for_timeout(300)
        waits = []
        inputs = [e for e in events if e["type"] == "input"]
        keys = [e for e in events if e["type"] == "keydown"]
        for key, change in zip(keys, inputs, strict=True):
            for frame in frames:
                new = frame["t"] > key["t"] and frame["alpha"] == change["value"]
                if new and frame["trained"] == frame["version"]:
                    waits.append(frame["t"] - key["t"])
                    break
        return {"waits": waits, "fps": fps, "pace": pace}

    def interact(self) -> list[float]:
        """The same data with ipywidgets.interact and an inline figure."""
        output = self.page.locator(".widget-interact")
        output.scroll_into_view_if_needed()
        output.locator("img").wait_for(timeout=30_000)
        self.page.evaluate("() => { probe.output = document.querySelector('.widget-interact') }")
        self.clear()
        self.page.wait_for_timeout(500)
        self.press(output.get_by_role("slider"), 900)
        frames, events = self.log()
        frames = [f for f in frames if f["src"] is not None]
        return first_after(events, "keydown", changes(frames, "src"))

    def bare(self) -> float:
        return float(self.page.evaluate(EXECUTE, BARE.format(seconds=self.seconds / 2)))


def changes(frames: list[dict], field: str) -> list[dict]:
    return [b for a, b in pairwise(frames) if a[field] != b[field]]


def first_after(events: list[dict], kind: str, painted: list[dict]) -> list[float]:
    """For each event, the time until the first change painted after it (and before the next event)."""
    times = [e["t"] for e in events if e["type"] == kind]
    waits = []
    for begin, end in zip(times, [*times[1:], float("inf")], strict=True):
        after = [f["t"] for f in painted if begin < f["t"] < end]
        waits += [after[0] - begin] if after else []
    return waits


def measure(quick: bool, nodelay: bool) -> dict:
    place = Path(tempfile.mkdtemp()) / "work"
    place.mkdir()
    notebook(place / "30.ipynb", LAB.format(fps=30), INTERACT)
    notebook(place / "60.ipynb", LAB.format(fps=60))
    found: dict = {"load before": os.getloadavg()[0]}
    with jupyterlab(place, nodelay=nodelay) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name in ("30", "60"):
            page = browser.new_page(viewport={"width": 1440, "height": 1400})
            open_notebook(page, address, f"{name}.ipynb")
            bench = Bench(page, wait_for_lab(page), quick)
            page.wait_for_timeout(2500)  # kernels compile, the inline figure is drawn
            bench.lab.evaluate("(e) => e.scrollIntoView({ block: 'start' })")
            page.evaluate(EXECUTE, "lab.train(300)")
            if name == "30":
                found["control"] = bench.control()
                found["drag"] = bench.drag()
                found["interact"] = bench.interact()
                bench.lab.evaluate("(e) => e.scrollIntoView({ block: 'start' })")
            before = bench.bare()
            found[f"live {name}"] = bench.live()
            found[f"bare {name}"] = (before + bench.bare()) / 2
            if name == "30":
                found["paint"] = bench.paint()
            page.close()
        found["gallery"] = gallery(browser, address, place, quick)
        browser.close()
    found["load after"] = os.getloadavg()[0]
    return found


def gallery(browser, address: str, place: Path, quick: bool) -> dict[str, dict]:
    """Every lab of docs/gallery.ipynb at its default size: {title: {"control": ms, "fps": frames a second}}.

    A lab that computes in the page has no frames a second.
    """
    shutil.copy(ROOT / "docs" / "gallery.ipynb", place)
    page = browser.new_page(viewport={"width": 1440, "height": 1400})
    open_notebook(page, address, "gallery.ipynb")
    wait_for_lab(page)
    page.wait_for_timeout(6000)
    found = {}
    for index in range(page.locator(".pgkit-lab").count()):
        lab = page.locator(".pgkit-lab").nth(index)
        lab.evaluate("(e) => e.scrollIntoView({ block: 'start' })")  # what nobody sees is not drawn
        page.wait_for_timeout(300)
        if not lab.locator(".pg-knob input[type=range]").count():
            continue  # a card, or a lab of buttons
        page.wait_for_function(
            "(e) => e.dataset.n || e.dataset.drawn", arg=lab.element_handle(), timeout=60_000
        )
        page.wait_for_timeout(1000)
        bench = Bench(page, lab, quick, index)
        titles = lab.locator(".pg-title").all_inner_texts() or [lab.get_attribute("aria-label")]
        title = f"{titles[0]} {index + 1}"
        found[title] = {"control": bench.first_knob()}
        if lab.get_by_role("slider", name="speed").count():
            found[title]["fps"] = bench.frames_a_second()
    page.close()
    return found


def rows(found: dict) -> list[tuple[str, str, str, str]]:
    """(measure, must, aim, measured)"""

    def quantiles(waits: list[float]) -> str:
        if not waits:
            return "nothing seen"
        p50, p95 = np.quantile(waits, (0.5, 0.95))
        return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms ({len(waits)})"

    def speed(name: str) -> str:
        live, bare = found[f"live {name}"]["pace"], found[f"bare {name}"]
        return f"{live / bare:.2f} ({live:.0f} of {bare:.0f} iterations/s)"

    def painted(of: dict) -> list[str]:
        return [f"{of['fps']:.1f} frames/s of 30"] if "fps" in of else []

    ratio = np.median(found["interact"]) / np.median(found["control"])
    return [
        ("control to pixels, not training", "85", "50", quantiles(found["control"])),
        ("lag in a 60 Hz drag", "85", "50", quantiles(found["drag"])),
        ("control to frame trained with it, 30/s", "120", "100", quantiles(found["live 30"]["waits"])),
        ("control to frame trained with it, 60/s", "120", "100", quantiles(found["live 60"]["waits"])),
        ("frames painted a second, 30 sent", "28", "", f"{found['live 30']['fps']:.1f}"),
        ("frames painted a second, 60 sent", "", "50", f"{found['live 60']['fps']:.1f}"),
        ("speed of training beside a bare loop, 30/s", "", "0.85", speed("30")),
        ("speed of training beside a bare loop, 60/s", "", "", speed("60")),
        ("paint μ to Python's answer painted", "80", "50", quantiles(found["paint"])),
        ("interact with an inline figure", "", "", quantiles(found["interact"])),
        ("interact / control (medians)", "3x", "5x", f"{ratio:.1f}x"),
        *(
            (title[:44], "85", "50", ", ".join([quantiles(of["control"]), *painted(of)]))
            for title, of in found["gallery"].items()
        ),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer events, about five minutes")
    parser.add_argument("--nagle", action="store_true", help="without the server extension")
    args = parser.parse_args()
    found = measure(args.quick, not args.nagle)
    table = rows(found)
    loads = f"load {found['load before']:.1f} before, {found['load after']:.1f} after"
    print(f"{'measure':46}{'must':>6}{'aim':>6}  measured ({loads})")
    for name, must, aim, measured in table:
        print(f"{name:46}{must:>6}{aim:>6}  {measured}")
    results = ROOT / "bench/results"
    results.mkdir(parents=True, exist_ok=True)
    path = results / ("latency-nagle.json" if args.nagle else "latency.json")
    path.write_text(json.dumps({"quick": args.quick, "table": table, "raw": found}, indent=1))
    print("written to", path.relative_to(ROOT))


if __name__ == "__main__":
    main()
