"""The front end alone: the module in a page with a small stand-in for Python."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from pgkit.widgets import RingOfFire

pytestmark = pytest.mark.e2e

PAGE = """<!doctype html><meta charset="utf-8"><style>{css}</style>
<body data-jp-theme-light="true"><div id="host"></div>
<script type="module">
{module}
window.sent = [];
let listener;
const model = {{
  get: () => ({setting}),
  on: (name, callback) => {{ listener = callback; }},
  off: () => {{ listener = undefined; }},
  send: (content, _, buffers) => window.sent.push(
    {{ ...content, floats: buffers.map((b) => [...new Float32Array(b)]) }}),
}};
window.frame = (header, floats) => listener(header, [new DataView(new Float32Array(floats).buffer)]);
window.listening = () => listener !== undefined;
window.cleanup = lab.render({{ model, el: document.getElementById("host") }});
</script>"""


@pytest.fixture
def stand_in(context, tmp_path):
    """A page with the lab and no Python behind it; `answer()` sends the next real frame."""
    lab = RingOfFire(runs=4)
    frames = []
    lab.send = lambda content, buffers: frames.append((content, buffers[0]))
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    module = lab._esm.replace("export default", "const lab =")
    html = PAGE.format(css=lab._css, module=module, setting=json.dumps(lab.setting))
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    page.wait_for_function("() => window.sent.length > 0")

    def answer(message, **extra):
        import numpy as np

        lab.frame(answer=message["id"], fresh=True, **extra)
        header, buffer = frames[-1]
        page.evaluate(
            "([h, f]) => window.frame(h, f)", [header, np.frombuffer(buffer, "<f4").tolist()]
        )

    answer(page.evaluate("() => window.sent[0]"))
    page.wait_for_function("() => document.querySelector('.pgkit-lab').dataset.n")
    yield page, answer
    page.close()
    lab.close()
    assert not errors


def sent(page, kind):
    return [m for m in page.evaluate("() => window.sent") if m["kind"] == kind]


def test_one_message_is_in_flight_and_the_latest_state_wins(stand_in):
    page, answer = stand_in
    slider = page.get_by_role("slider", name="mixture")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    assert [m["changes"]["mix"] for m in sent(page, "set")] == [0.99]
    answer(sent(page, "set")[0])
    assert [m["changes"]["mix"] for m in sent(page, "set")] == [0.99, 0.95]


def test_what_is_being_typed_is_not_overwritten_while_frames_come(stand_in):
    page, answer = stand_in
    field = page.get_by_role("textbox", name="mixture w, typed")
    before = field.input_value()
    hello = sent(page, "hello")[0]
    for text in ("0", "0.", "0.3"):
        field.fill(text)
        answer(hello)  # a frame with the old value, as they come while training
        page.evaluate(
            "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"
        )
        assert field.input_value() == text
    field.press("Enter")
    assert sent(page, "set")[-1]["changes"]["mix"] == 0.3
    for _ in range(
        2
    ):  # Enter is a key and a change; Python says that all is as before, and so it is shown
        answer(sent(page, "set")[-1])
    expect(field).to_have_value(before)


def test_a_fast_stroke_leaves_no_gaps_and_spares_fire_and_goals(stand_in):
    page, answer = stand_in
    box = page.locator("canvas.pg-grid").bounding_box()
    size = box["width"] / 9
    y = box["y"] + 3.5 * size  # row 4: . F . G . F . . .
    page.mouse.move(box["x"] + 0.5 * size, y)
    page.mouse.down()
    answer(sent(page, "paint")[-1])
    page.mouse.move(box["x"] + 8.5 * size, y)
    page.mouse.up()
    row = sent(page, "paint")[-1]["floats"][0][27:36]
    assert row == [1, 0, 1, 0, 1, 0, 1, 1, 1]


def test_every_control_has_a_name_and_keeps_its_keys(stand_in):
    page, _ = stand_in
    guarded = page.evaluate(
        """() => [...document.querySelectorAll('input, button, select, canvas.pg-grid')]
                 .every((e) => e.dataset.lmSuppressShortcuts === 'true')"""
    )
    assert guarded
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('input, button, select, canvas')].filter((e) =>
                 !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length))
                 .map((e) => e.outerHTML)"""
    )
    assert unnamed == []


def test_cleaning_up_leaves_nothing_behind(stand_in):
    page, _ = stand_in
    page.evaluate("() => window.cleanup()")
    assert not page.evaluate("() => window.listening()")
    assert sent(page, "bye")
    count = len(page.evaluate("() => window.sent"))
    page.wait_for_timeout(400)
    assert len(page.evaluate("() => window.sent")) == count
