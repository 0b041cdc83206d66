// A grid world: the picture and the painter.
import { button, choice, control, el, indexed, newId, plain, write } from "../lab.mjs";
import { FONT, VIEWS, sharp } from "../plot.mjs";

const WORDS = { ".": "floor", S: "start", F: "fire", f: "fire that burns", "#": "wall", G: "large goal", e: "small goal" };
const ARROWS = [[0, -1], [1, 0], [0, 1], [-1, 0]]; // up, right, down, left

const LAYERS = [
  ["policy", "policy π(a|s)", "pg-swatch-arrow"], ["visits", "visits d_π_", "pg-swatch-visits"],
  ["mu", "reset μ", "pg-swatch-mu"], ["values", "values V_π_", "pg-swatch-values"],
  ["episodes", "episodes", "pg-swatch-walk"],
];
const STEP = 120; // milliseconds that an episode takes for a step

VIEWS.grid = (setting, host) => gridView(setting, host);

function signed(x) {
  return `${x >= 0 ? "+" : "−"}${Math.abs(x)}`;
}

// ---------------------------------------------------------------- the grid: picture and painter

function gridView(setting, host) {
  const { request } = host;
  const link = host.link;
  const { rows, cols, startable, letters } = setting;
  const state = {
    masses: new Float32Array(rows * cols), undo: [], stroke: 0, brush: 1, erasing: false,
    paint: setting.paint, cursor: letters.indexOf("S"), hover: null, focused: false, last: null, mu: null,
    layers: Object.fromEntries(LAYERS.map(([name]) => [name, setting.layers.includes(name)])),
  };
  const canvas = control("canvas", {
    class: "pg-grid", tabindex: "0", role: "application", style: `aspect-ratio: ${cols} / ${rows}`,
    "aria-label": `${setting.world}, a grid of ${rows} rows and ${cols} columns. Arrow keys move${setting.paint ? ", Space paints μ, E switches the eraser, U takes back" : ""}.`,
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
    const pay = state.pay?.[letters[s]];
    return nameOf(s) + (pay === undefined ? "" : `, pays ${signed(pay)}`) + share;
  };

  canvas.classList.toggle("pg-paintable", setting.paint);
  mousePainting(canvas, { state, rows, cols, dab, send, save, request, describe, say, line });
  keyPainting(canvas, { state, rows, cols, dab, send, save, undo, request, describe, say, line, toggleEraser: () => setEraser(!state.erasing) });

  const eraser = button("Eraser", () => setEraser(!state.erasing), { "aria-pressed": "false", title: "E on the grid" });
  const setEraser = (on) => {
    state.erasing = on;
    eraser.setAttribute("aria-pressed", String(on));
    request();
  };
  const tools = setting.paint ? paintTools({ state, eraser, undo, save, send, link, say }) : null;
  const layers = layerToggles(state, host);
  const rewards = rewardFields(setting, link);

  function draw(parts, facts, colours) {
    shown = parts;
    state.pay = facts.pay;
    if (!link.busy()) rewards?.show(facts.pay);
    const { ctx, width, height } = sharp(canvas);
    if (width < 20) return;
    const size = width / cols;
    fixed = drawFixed(fixed, { ...setting, pay: facts.pay }, width, height, size, colours);
    ctx.drawImage(fixed.canvas, 0, 0, width, height);
    drawVisits(ctx, setting, parts.occupancy, size, state.layers.visits, colours);
    drawStart(ctx, setting, size, state.layers.visits ? colours : { paper: colours.ink });
    if (state.layers.mu) drawMu(ctx, setting, parts.mu, size, colours);
    if (state.layers.values && parts.values) drawValues(ctx, setting, parts.values, size, state.layers.visits ? parts.occupancy : null, colours);
    else if (state.layers.policy) drawPolicy(ctx, setting, parts, size, state.layers.visits, colours);
    if (state.layers.episodes && parts.walks) {
      if (drawWalks(ctx, setting, parts.walks, state, size, colours)) setTimeout(request, 40);
    }
    drawCursor(ctx, state, rows, cols, size, colours);
  }
  return {
    node: el("div", { class: "pg-grid-box" }, canvas, layers, rewards?.node, line),
    tools, canvas, draw, load, said: say,
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
    if (event.button !== 0 || !state.paint) return;
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
    if (!state.paint) return;
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

function paintTools({ state, eraser, undo, save, send, link, say }) {
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
  const normalise = button("Normalise", () => {
    const total = state.masses.reduce((a, b) => a + b, 0);
    if (!total) return say("Nothing is painted yet.");
    save();
    state.masses = state.masses.map((m) => m / total);
    return send();
  }, { title: "make the painted masses sum to 1; the distribution stays the same" });
  return el("div", { class: "pg-row", "data-part": "paint" },
    el("div", { class: "pg-caption" }, el("span", {}, "paint μ on the grid"),
      el("label", { class: "pg-hidden", for: id }, "start painting from"), from),
    el("div", { class: "pg-buttons" },
      el("span", { class: "pg-tools" }, el("span", { class: "pg-small" }, "brush"), size.node, eraser),
      el("span", { class: "pg-tools" }, button("Undo", undo, { title: "U on the grid" }), normalise, clear)));
}

/** The legend, which is also what switches layers.  Values and episodes cost Python time: it is told. */
function layerToggles(state, host) {
  const layer = ([name, text, swatch]) => {
    const box = control("input", {
      type: "checkbox", checked: state.layers[name],
      change: () => {
        state.layers[name] = box.checked;
        host.ask({ kind: "view", view: "grid", layers: LAYERS.map(([n]) => n).filter((n) => state.layers[n]) });
        host.request();
      },
    });
    return el("label", { class: "pg-layer" }, box, el("span", { class: `pg-swatch ${swatch}`, "aria-hidden": "true" }), el("span", {}, ...indexed(text)));
  };
  return el("div", { class: "pg-layers", role: "group", "aria-label": "layers" }, ...LAYERS.map(layer));
}

/** What entering a cell pays: a field for each letter that pays, live. */
function rewardFields({ rewards, most }, link) {
  if (!rewards.length) return null;
  const fields = rewards.map((letter) => {
    const field = control("input", {
      type: "number", class: "pg-field", min: -most, max: most, step: 1, "aria-label": `entering ${WORDS[letter]} pays`,
      input: () => {
        if (field.value.trim() === "") return;
        link.ask({ kind: "set", changes: { pay: { [letter]: Number(field.value) } } }, { key: `set pay ${letter}` });
      },
    });
    const node = el("label", { class: "pg-layer", title: `what entering ${WORDS[letter]} pays` },
      el("span", { class: `pg-swatch pg-swatch-${letter}`, "aria-hidden": "true" }), field);
    return { letter, field, node };
  });
  return {
    node: el("div", { class: "pg-layers pg-rewards", role: "group", "aria-label": "rewards", "data-part": "rewards" },
      el("span", { class: "pg-small" }, "entering pays"), el("span", { class: "pg-pays" }, ...fields.map(({ node }) => node))),
    show(pay) {
      for (const { letter, field } of fields) {
        if (document.activeElement !== field && Number(field.value || NaN) !== pay[letter]) field.value = String(pay[letter]);
      }
    },
  };
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
  const key = `${width} ${height} ${ratio} ${Object.values(setting.pay)}`;
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
  if (setting.goals.includes(letter)) {
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


/** V^π in each cell, as a number. */
function drawValues(ctx, setting, values, size, occupancy, colours) {
  const heat = occupancy ? heatOf(occupancy) : () => 0;
  ctx.font = `600 ${size * 0.27}px ${FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  setting.startable.forEach((open, s) => {
    if (!open) return;
    const [x, y] = [((s % setting.cols) + 0.5) * size, (Math.floor(s / setting.cols) + 0.5) * size];
    ctx.fillStyle = heat(s) > 0.7 ? "#ffffff" : colours.ink;
    ctx.fillText(plain(values[s], Math.abs(values[s]) >= 10 ? 3 : 2), x, y);
  });
}

/** Episodes that walk, over and over; each set from its beginning.  True while something moves. */
function drawWalks(ctx, setting, walks, state, size, colours) {
  const count = setting.episodes;
  const length = walks.length / count;
  const key = walks.slice(0, 64).join();
  if (state.walkKey !== key) Object.assign(state, { walkKey: key, walkStart: performance.now() });
  const ends = Array.from({ length: count }, (_, i) => {
    const first = walks.subarray(i * length, (i + 1) * length).indexOf(-1);
    return first < 0 ? length - 1 : first - 1;
  });
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const longest = Math.max(...ends);
  const clock = ((performance.now() - state.walkStart) / STEP) % (longest + 8);
  for (let i = 0; i < count; i += 1) {
    const t = calm ? ends[i] : Math.min(clock, ends[i]);
    const [from, to] = [walks[i * length + Math.floor(t)], walks[i * length + Math.ceil(t)]];
    const part = t - Math.floor(t);
    const shift = 0.5 + (((i * 7) % count) / count - 0.5) * 0.4; // side by side in one cell
    const at = (s) => [((s % setting.cols) + shift) * size, (Math.floor(s / setting.cols) + 1 - shift) * size];
    const [[x0, y0], [x1, y1]] = [at(from), at(to)];
    ctx.beginPath();
    ctx.arc(x0 + part * (x1 - x0), y0 + part * (y1 - y0), size * 0.11, 0, 2 * Math.PI);
    ctx.fillStyle = colours.ember;
    ctx.fill();
    ctx.lineWidth = 1.5;
    ctx.strokeStyle = colours.ink;
    ctx.stroke();
  }
  return !calm;
}
