import {
  button, choice, connect, control, curveStore, drawCurve, el, footer, indexed, knobControl, newId, onTheme,
  painter, palette, plain, sharp, stackedBar, tile, transport, write,
} from "./lab.mjs";

const COLOURS = [
  "ink", "soft", "line", "paper", "floor", "wall", "policy", "mu", "goal", "trap", "fire", "ember", "burn",
];
const HUES = { G: "goal", e: "trap" };
const WORDS = { ".": "floor", S: "start", F: "fire", f: "fire that burns", "#": "wall", G: "large goal", e: "small goal" };
const ARROWS = [[0, -1], [1, 0], [0, 1], [-1, 0]]; // up, right, down, left
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

function render({ model, el: host }) {
  const setting = model.get("setting");
  const root = el("div", { class: "pgkit-lab", tabindex: "-1", "data-lm-suppress-shortcuts": "true", role: "region", "aria-label": `${setting.title} lab` });
  host.append(root);

  const status = el("div", { class: "pg-status", role: "status" }, "Waiting for Python …");
  const say = (text, alarm = false) => {
    write(status, text);
    status.classList.toggle("pg-alarm", alarm);
  };
  let late = false;
  const link = connect(model, receive, (waiting) => {
    late = waiting;
    if (waiting) say("Python is busy; what you asked for will come.");
  });
  const store = curveStore();
  const latest = { frame: null, parts: null, received: 0, drawn: 0 };

  const training = transport(link);
  const foot = footer(link, say);
  const knobs = Object.fromEntries(setting.knobs.map((knob) => [
    knob.name,
    knobControl(knob, (value) => link.ask({ kind: "set", changes: { [knob.name]: value } }, { key: `set ${knob.name}` })),
  ]));
  const grid = gridView(setting, link, () => brush.request());
  const reset = choice("reset distribution μ", RESET_WORDS.filter(([name]) => setting.resets.includes(name)), (name) => {
    link.ask({ kind: "set", changes: { reset: name } }, { key: "set reset" });
  });
  const curve = el("canvas", { class: "pg-curve", role: "img" });
  const tiles = {
    iteration: tile("iteration"),
    j: tile("median J", "exact expected return from the nominal start, median over runs"),
    mismatch: tile("‖d_π*_/μ‖_∞_", "the penalty: how far μ is from where the best policy goes; ∞ if it misses a state"),
    pace: tile("iterations/s"),
  };
  const ends = stackedBar([
    ...setting.goals.map((letter) => ({ hue: HUES[letter] ?? "soft", text: `at ${signed(setting.pay[letter])}` })),
    { hue: "neither", text: "at neither" },
  ]);
  const words = el("p", { class: "pg-hidden" });
  assemble(root, setting, { status, grid, curve, tiles, ends, training, knobs, reset, foot, words });

  const brush = painter(root, draw);
  let colours = null;
  const stopTheme = onTheme(() => {
    colours = null;
    grid.restyle();
    brush.request();
  });
  const sizes = new ResizeObserver(() => brush.request());
  sizes.observe(curve);
  sizes.observe(grid.canvas);
  const lines = setting.goals.map((letter) => ({
    value: setting.lines[letter], hue: HUES[letter] ?? "soft",
    text: lineWords(setting, letter),
  }));

  function receive(frame, parts) {
    if (!store.take(frame, parts)) return link.ask({ kind: "hello" });
    Object.assign(latest, { frame, parts, received: frame.n });
    if (frame.masses && !link.busy()) grid.load(frame.masses);
    if (frame.answer !== undefined || !late) say(frame.status, frame.alarm);
    if (frame.said) grid.say(frame.said);
    if (frame.code !== undefined) foot.show(frame);
    brush.request();
    return undefined;
  }

  function draw() {
    const { frame, parts } = latest;
    if (!frame) return;
    colours ??= palette(root, COLOURS);
    if (!colours || !curve.clientWidth) {
      brush.request(); // the page is changing its style sheets
      return;
    }
    drawCurve(curve, store, { lines, iteration: frame.iteration, head: frame.head, colours, font: FONT });
    grid.draw(parts, colours);
    training.show(frame);
    if (!link.busy()) {
      for (const [name, knob] of Object.entries(knobs)) knob.show(frame.values[name]);
      reset.show(frame.reset);
    }
    if (frame.code === undefined) foot.show(frame);
    showNumbers(frame, parts);
    latest.drawn = frame.n;
    Object.assign(root.dataset, { ...frame.values, n: frame.n, version: frame.version, trained: frame.trained, iteration: frame.iteration });
  }

  function showNumbers(frame, parts) {
    tiles.iteration.show(plain(frame.iteration, 7));
    tiles.j.show(parts.now[2].toFixed(2).replace("-", "−"));
    tiles.mismatch.show(frame.covered ? plain(frame.mismatch) : "∞");
    tiles.pace.show(frame.playing && frame.pace > 0 ? plain(Math.round(frame.pace), 6) : "–");
    const counts = setting.goals.map((_, i) => Math.round(parts.now[4 + i] * setting.runs));
    ends.show([...counts, setting.runs - counts.reduce((a, b) => a + b, 0)], setting.runs);
    if (!frame.playing || frame.n % 60 === 0) {
      write(words, frame.sentence);
      curve.setAttribute("aria-label", frame.sentence);
    }
  }

  root.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.target.closest("button, canvas, select, input:not([type=range])")) return;
    event.preventDefault();
    training.toggle();
  });
  const report = setInterval(() => {
    if (!latest.frame?.playing) return;
    link.tell({ kind: "seen", n: brush.visible() ? latest.drawn : latest.received });
  }, 250);
  link.ask({ kind: "hello" });

  return () => {
    link.tell({ kind: "bye" });
    clearInterval(report);
    sizes.disconnect();
    stopTheme();
    brush.close();
    link.close();
  };
}

const RESET_WORDS = [
  ["nominal", "nominal", "every rollout starts at S"],
  ["uniform", "uniform", "every cell that an episode can start in is equally likely"],
  ["expert", "expert", "start where the best policy goes"],
  ["painted", "painted", "start where you painted"],
];

function signed(x) {
  return `${x >= 0 ? "+" : "−"}${Math.abs(x)}`;
}

function lineWords({ lines, pay, goals }, letter) {
  if (lines[letter] === null) return "";
  const best = Math.max(...goals.map((g) => lines[g] ?? -Infinity));
  const value = lines[letter].toFixed(2);
  return lines[letter] === best ? `J* = V*(S) = ${value}` : `best way to ${signed(pay[letter])}: ${value}`;
}

function cornersIcon() {
  const box = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  box.setAttribute("viewBox", "0 0 16 16");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4");
  box.append(path);
  return box;
}

function assemble(root, setting, parts) {
  const { status, grid, curve, tiles, ends, training, knobs, reset, foot, words } = parts;
  const full = button(cornersIcon(), () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()), {
    class: "pg-icon", title: "full screen", "aria-label": "full screen",
  });
  root.append(
    el("div", { class: "pg-head" },
      el("div", { class: "pg-name-of-lab" },
        el("span", { class: "pg-title" }, setting.title),
        el("span", { class: "pg-sub" }, `${setting.algorithm}, ${setting.runs} runs at once`)),
      full, status),
    el("div", { class: "pg-stage" },
      el("div", { class: "pg-left" }, grid.node),
      el("div", { class: "pg-right" },
        el("div", { class: "pg-tiles" }, ...Object.values(tiles).map((t) => t.node)),
        curve, ends.node)),
    training.node,
    el("div", { class: "pg-panel" },
      el("div", { class: "pg-mu" },
        el("div", { class: "pg-row", "data-part": "reset" }, el("span", { class: "pg-caption" }, "rollouts start at s₁ ~ μ"), reset.node),
        grid.tools),
      el("div", { class: "pg-knobs", "data-part": "knobs" }, ...Object.values(knobs).map((k) => k.node))),
    foot.node, words);
  training.node.querySelector(".pg-scrub").dataset.part = "time";
  for (const name of setting.hide) {
    root.querySelectorAll(`[data-part="${name}"]`).forEach((node) => { node.hidden = true; });
  }
}

// ---------------------------------------------------------------- the grid: picture and painter

function gridView(setting, link, request) {
  const { rows, cols, startable, letters } = setting;
  const state = {
    masses: new Float32Array(rows * cols), undo: [], stroke: 0, brush: 1, erasing: false,
    cursor: letters.indexOf("S"), hover: null, focused: false, last: null, mu: null,
    layers: { policy: true, visits: true, mu: true },
  };
  const canvas = control("canvas", {
    class: "pg-grid", tabindex: "0", role: "application", style: `aspect-ratio: ${cols} / ${rows}`,
    "aria-label": `${setting.title}, a grid of ${rows} rows and ${cols} columns. Arrow keys move, Space paints μ, E switches the eraser, U takes back.`,
  });
  const line = el("div", { class: "pg-cell", "aria-live": "polite" });
  let fixed = null; // the cells themselves, drawn once for a size and theme
  let shown = null;

  const say = (text) => write(line, text);
  const load = (masses) => { state.masses = Float32Array.from(masses); };
  const save = () => {
    state.undo.push(state.masses.slice());
    if (state.undo.length > 100) state.undo.shift();
  };
  const send = () => {
    state.stroke += 1;
    link.ask({ kind: "paint", stroke: state.stroke }, { buffers: [state.masses.slice().buffer] });
    request();
  };
  const undo = () => {
    const before = state.undo.pop();
    if (!before) return say("Nothing to take back.");
    state.masses = before;
    if (before.some((m) => m > 0)) send();
    else link.ask({ kind: "set", changes: { reset: "nominal" } }, { key: "set reset" });
    return request();
  };
  const dab = (cell) => {
    const mass = state.erasing ? 0 : 1;
    let changed = false;
    for (const s of around(cell, (state.brush - 1) / 2, rows, cols)) {
      if (!startable[s] || state.masses[s] === mass) continue;
      state.masses[s] = mass;
      changed = true;
    }
    if (!changed && !startable[cell]) say(`${nameOf(cell)}: no episode can start here.`);
    return changed;
  };
  const nameOf = (s) => `row ${Math.floor(s / cols) + 1}, column ${(s % cols) + 1}, ${WORDS[letters[s]]}`;
  const describe = (s) => {
    const share = shown && startable[s] ? `, μ ${plain(shown.mu[s], 2)}, visits ${plain(shown.occupancy[s], 2)}` : "";
    return nameOf(s) + share;
  };

  mousePainting(canvas, { state, rows, cols, dab, send, save, request, describe, say, line });
  keyPainting(canvas, { state, rows, cols, dab, send, save, undo, request, describe, say, line, toggleEraser: () => setEraser(!state.erasing) });

  const eraser = button("Eraser", () => setEraser(!state.erasing), { "aria-pressed": "false", title: "E on the grid" });
  const setEraser = (on) => {
    state.erasing = on;
    eraser.setAttribute("aria-pressed", String(on));
    request();
  };
  const tools = paintTools({ state, eraser, undo, save, send, link });
  const layers = layerToggles(state, request);

  function draw(parts, colours) {
    shown = parts;
    const { ctx, width, height } = sharp(canvas);
    if (width < 20) return;
    const size = width / cols;
    fixed = drawFixed(fixed, setting, width, height, size, colours);
    ctx.drawImage(fixed.canvas, 0, 0, width, height);
    drawVisits(ctx, setting, parts.occupancy, size, state.layers.visits, colours);
    drawStart(ctx, setting, size, state.layers.visits ? colours : { paper: colours.ink });
    if (state.layers.mu) drawMu(ctx, setting, parts.mu, size, colours);
    if (state.layers.policy) drawPolicy(ctx, setting, parts, size, state.layers.visits, colours);
    drawCursor(ctx, state, rows, cols, size, colours);
  }
  return {
    node: el("div", { class: "pg-grid-box" }, canvas, layers, line),
    tools, canvas, draw, load, say,
    restyle: () => { fixed = null; },
  };
}

function around(cell, radius, rows, cols) {
  const [row, col] = [Math.floor(cell / cols), cell % cols];
  const cells = [];
  for (let r = Math.max(0, row - radius); r <= Math.min(rows - 1, row + radius); r += 1) {
    for (let c = Math.max(0, col - radius); c <= Math.min(cols - 1, col + radius); c += 1) cells.push(r * cols + c);
  }
  return cells;
}

function mousePainting(canvas, { state, rows, cols, dab, send, save, request, describe, say, line }) {
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * cols, ((event.clientY - box.top) / box.height) * rows];
  };
  const cellAt = ([x, y]) => {
    const inside = x >= 0 && y >= 0 && x < cols && y < rows;
    return inside ? Math.floor(y) * cols + Math.floor(x) : null;
  };
  /** Every cell from the last point to this one: fast drags leave no gaps. */
  const drag = (to) => {
    const from = state.last ?? to;
    const steps = Math.max(1, Math.ceil(4 * Math.hypot(to[0] - from[0], to[1] - from[1])));
    let changed = false;
    for (let i = 1; i <= steps; i += 1) {
      const cell = cellAt([from[0] + ((to[0] - from[0]) * i) / steps, from[1] + ((to[1] - from[1]) * i) / steps]);
      if (cell !== null) changed = dab(cell) || changed;
    }
    state.last = to;
    return changed;
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    save();
    state.last = null;
    state.painting = event.pointerId;
    if (drag(place(event))) send();
    state.cursor = cellAt(place(event)) ?? state.cursor;
  });
  canvas.addEventListener("pointermove", (event) => {
    const cell = cellAt(place(event));
    if (cell !== state.hover) {
      state.hover = cell;
      line.setAttribute("aria-live", "off");
      if (cell !== null && state.painting === undefined) say(describe(cell));
      request();
    }
    if (state.painting !== event.pointerId) return;
    const events = event.getCoalescedEvents?.() ?? [];
    const changed = (events.length ? events : [event]).map((e) => drag(place(e)));
    line.setAttribute("aria-live", "polite");
    if (changed.some(Boolean)) send();
  });
  const stop = () => { state.painting = undefined; state.last = null; };
  canvas.addEventListener("pointerup", stop);
  canvas.addEventListener("pointercancel", stop);
  canvas.addEventListener("pointerleave", () => { state.hover = null; request(); });
}

function keyPainting(canvas, { state, rows, cols, dab, send, save, undo, request, describe, say, line, toggleEraser }) {
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const paint = () => {
    save();
    if (dab(state.cursor)) send();
    else state.undo.pop();
  };
  const move = ([down, right]) => {
    const row = Math.min(rows - 1, Math.max(0, Math.floor(state.cursor / cols) + down));
    const col = Math.min(cols - 1, Math.max(0, (state.cursor % cols) + right));
    state.cursor = row * cols + col;
    say(describe(state.cursor));
  };
  const keys = { " ": paint, Enter: paint, e: toggleEraser, E: toggleEraser, u: undo, U: undo };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = moves[event.key] ? () => move(moves[event.key]) : keys[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    line.setAttribute("aria-live", "polite");
    state.focused = true;
    action();
    request();
  });
  canvas.addEventListener("focus", () => { state.focused = canvas.matches(":focus-visible"); request(); });
  canvas.addEventListener("blur", () => { state.focused = false; request(); });
}

function paintTools({ state, eraser, undo, save, send, link }) {
  const size = choice("brush size", [[1, "1"], [3, "3"], [5, "5"]], (value) => { state.brush = value; });
  size.show("1");
  const id = newId("from");
  const from = control("select", {
    id,
    change: () => {
      if (!from.value) return;
      save();
      link.ask({ kind: "load", name: from.value });
      from.value = "";
    },
  }, el("option", { value: "" }, "start from …"),
  ...["nominal", "uniform", "expert"].map((name) => el("option", { value: name }, name)));
  const clear = button("Clear", () => { save(); state.masses.fill(0); send(); });
  return el("div", { class: "pg-row", "data-part": "paint" },
    el("div", { class: "pg-caption" }, el("span", {}, "paint μ on the grid"),
      el("label", { class: "pg-hidden", for: id }, "start painting from"), from),
    el("div", { class: "pg-buttons" },
      el("span", { class: "pg-small" }, "brush"), size.node, eraser, button("Undo", undo, { title: "U on the grid" }), clear));
}

/** The legend, which is also what switches layers. */
function layerToggles(state, request) {
  const layer = (name, text, swatch) => {
    const box = control("input", {
      type: "checkbox", checked: true,
      change: () => { state.layers[name] = box.checked; request(); },
    });
    return el("label", { class: "pg-layer" }, box, el("span", { class: `pg-swatch ${swatch}`, "aria-hidden": "true" }), el("span", {}, ...indexed(text)));
  };
  return el("div", { class: "pg-layers", role: "group", "aria-label": "layers" },
    layer("policy", "policy π(a|s)", "pg-swatch-arrow"),
    layer("visits", "visits d_π_", "pg-swatch-visits"),
    layer("mu", "reset μ", "pg-swatch-mu"));
}

// ---------------------------------------------------------------- drawing the grid

const GAP = 0.03; // between cells, in cells

function tileAt(ctx, s, cols, size, inset = GAP) {
  const [row, col] = [Math.floor(s / cols), s % cols];
  ctx.beginPath();
  ctx.roundRect((col + inset) * size, (row + inset) * size, (1 - 2 * inset) * size, (1 - 2 * inset) * size, size * 0.1);
}

/** Floor, walls, fire and goals: drawn once for a size and theme. */
function drawFixed(fixed, setting, width, height, size, colours) {
  const ratio = window.devicePixelRatio || 1;
  const key = `${width} ${height} ${ratio}`;
  if (fixed?.key === key) return fixed;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  const ctx = canvas.getContext("2d");
  ctx.scale(ratio, ratio);
  [...setting.letters].forEach((letter, s) => drawCell(ctx, setting, letter, s, size, colours));
  return { key, canvas };
}

function drawCell(ctx, setting, letter, s, size, colours) {
  const { cols } = setting;
  const fill = { "#": "wall", F: "burn", f: "burn", G: "goal", e: "trap" }[letter] ?? "floor";
  const [x, y] = [((s % cols) + 0.5) * size, (Math.floor(s / cols) + 0.5) * size];
  ctx.fillStyle = colours[fill];
  tileAt(ctx, s, cols, size);
  ctx.fill();
  if (letter === "F" || letter === "f") flame(ctx, x, y, size, colours, letter === "F" ? 1 : 0.5);
  if (setting.pay[letter] !== undefined) {
    ctx.font = `700 ${size * 0.31}px ${FONT}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillStyle = letter === "G" ? "#ffffff" : "#1f2933";
    ctx.fillText(signed(setting.pay[letter]), x, y + size * 0.02);
  }
  if (letter === "S") {
    ctx.lineWidth = Math.max(1.5, size * 0.05);
    ctx.strokeStyle = colours.ink;
    tileAt(ctx, s, cols, size, GAP + 0.02);
    ctx.stroke();
  }
}

/** The letter of the start, over the heat. */
function drawStart(ctx, setting, size, colours) {
  ctx.font = `700 ${size * 0.26}px ${FONT}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  [...setting.letters].forEach((letter, s) => {
    if (letter !== "S") return;
    ctx.fillStyle = colours.paper;
    ctx.fillText("S", ((s % setting.cols) + 0.12) * size, (Math.floor(s / setting.cols) + 0.88) * size);
  });
}

const FLAME = [ // a drop with a lick, in [-1, 1]²
  [0.05, -0.95], [0.12, -0.45, 0.72, -0.2, 0.72, 0.32], [0.72, 0.75, 0.38, 0.95, 0, 0.95],
  [-0.4, 0.95, -0.72, 0.72, -0.72, 0.28], [-0.72, -0.02, -0.5, -0.2, -0.38, -0.42],
  [-0.34, -0.2, -0.24, -0.12, -0.14, -0.14], [-0.2, -0.45, -0.12, -0.75, 0.05, -0.95],
];

function flame(ctx, x, y, size, colours, strength) {
  ctx.globalAlpha = strength;
  for (const [scale, drop, hue] of [[0.36, 0, colours.fire], [0.19, 0.13, colours.ember]]) {
    const at = (p, i) => (i % 2 ? y + size * (drop + scale * p) : x + size * scale * p);
    ctx.beginPath();
    FLAME.forEach((points, i) => ctx[i ? "bezierCurveTo" : "moveTo"](...points.map(at)));
    ctx.fillStyle = hue;
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}

function heatOf(occupancy) {
  const most = Math.max(...occupancy, 1e-9);
  return (s) => Math.sqrt(occupancy[s] / most);
}

function drawVisits(ctx, setting, occupancy, size, on, colours) {
  if (!on) return;
  const heat = heatOf(occupancy);
  ctx.fillStyle = colours.policy;
  setting.startable.forEach((open, s) => {
    if (!open || heat(s) < 0.02) return;
    ctx.globalAlpha = 0.8 * heat(s);
    tileAt(ctx, s, setting.cols, size);
    ctx.fill();
  });
  ctx.globalAlpha = 1;
}

/** μ_w as Python has it in force: a ring in the cell and a dot whose area is the probability. */
function drawMu(ctx, setting, mu, size, colours) {
  const most = Math.max(...mu, 1e-9);
  setting.startable.forEach((open, s) => {
    if (!open || mu[s] <= 0) return;
    const part = Math.sqrt(mu[s] / most);
    const [x, y] = [((s % setting.cols) + 0.8) * size, (Math.floor(s / setting.cols) + 0.2) * size];
    ctx.strokeStyle = colours.mu;
    ctx.lineWidth = Math.max(1.5, size * 0.06);
    ctx.globalAlpha = 0.2 + 0.6 * Math.min(1, 8 * mu[s]);
    tileAt(ctx, s, setting.cols, size, GAP + 0.035);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.beginPath();
    ctx.arc(x, y, size * (0.04 + 0.1 * part), 0, 2 * Math.PI);
    ctx.fillStyle = colours.mu;
    ctx.fill();
    ctx.lineWidth = 1;
    ctx.strokeStyle = colours.paper;
    ctx.stroke();
  });
}

/** An arrow for each action, as long as its probability. */
function drawPolicy(ctx, setting, { probs, occupancy }, size, heated, colours) {
  const heat = heatOf(occupancy);
  setting.startable.forEach((open, s) => {
    if (!open) return;
    const [x, y] = [((s % setting.cols) + 0.5) * size, (Math.floor(s / setting.cols) + 0.5) * size];
    ARROWS.forEach(([dx, dy], a) => {
      const p = probs[s * ARROWS.length + a];
      if (p < 0.04) return;
      ctx.strokeStyle = heated && heat(s) > 0.7 ? "#ffffff" : colours.ink;
      ctx.fillStyle = ctx.strokeStyle;
      ctx.globalAlpha = 0.3 + 0.7 * p;
      arrow(ctx, x, y, dx, dy, size * (0.13 + 0.29 * p), size * (0.028 + 0.05 * p), size * (0.075 + 0.085 * p));
    });
  });
  ctx.globalAlpha = 1;
}

function arrow(ctx, x, y, dx, dy, length, thick, head) {
  const neck = length - head;
  ctx.lineWidth = Math.max(1, thick);
  ctx.lineCap = "round";
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(x + dx * neck, y + dy * neck);
  ctx.stroke();
  ctx.beginPath();
  ctx.moveTo(x + dx * length, y + dy * length);
  ctx.lineTo(x + dx * neck - dy * head * 0.7, y + dy * neck + dx * head * 0.7);
  ctx.lineTo(x + dx * neck + dy * head * 0.7, y + dy * neck - dx * head * 0.7);
  ctx.closePath();
  ctx.fill();
}

function drawCursor(ctx, state, rows, cols, size, colours) {
  const cell = state.focused ? state.cursor : state.hover;
  if (cell === null) return;
  ctx.strokeStyle = state.erasing ? colours.fire : colours.mu;
  ctx.setLineDash(state.focused ? [] : [4, 3]);
  const cells = around(cell, (state.brush - 1) / 2, rows, cols);
  const [first, last] = [cells[0], cells.at(-1)];
  const [w, h] = [(last % cols) - (first % cols) + 1, Math.floor(last / cols) - Math.floor(first / cols) + 1];
  ctx.lineWidth = state.focused ? 3 : 2;
  ctx.beginPath();
  ctx.roundRect((first % cols) * size + 1.5, Math.floor(first / cols) * size + 1.5, w * size - 3, h * size - 3, size * 0.12);
  ctx.stroke();
  ctx.setLineDash([]);
}

export default { render };
