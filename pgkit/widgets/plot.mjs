// Canvases: sharp drawing, the page's colours, one frame at a time, axes, and the learning curve.

import { el, plain } from "./lab.mjs";

export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

// ---------------------------------------------------------------- canvases

/** A canvas's context, at the sharpness of the screen, in CSS pixels. */
export function sharp(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  return { ctx, width, height };
}

/** The style sheet's colours, by name without "--pg-"; null while the page has not styled us yet. */
export function palette(root, names) {
  const style = getComputedStyle(root);
  const found = names.map((name) => [name, style.getPropertyValue(`--pg-${name}`).trim()]);
  return found.every(([, colour]) => colour) ? Object.fromEntries(found) : null;
}

/** Calls back when the page turns light or dark. */
export function onTheme(callback) {
  const watch = new MutationObserver(callback);
  watch.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
  const media = window.matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", callback);
  return () => {
    watch.disconnect();
    media.removeEventListener("change", callback);
  };
}

/** Draws the newest state once per animation frame, and only while it can be seen. */
export function painter(root, draw) {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  let asked = null;
  let seen = true;
  let last = 0;
  const paint = (now) => {
    asked = null;
    if (!seen || !root.isConnected) return;
    if (calm && now - last < 200) return request();
    last = now;
    draw();
  };
  const request = () => { asked ??= requestAnimationFrame(paint); };
  const watch = new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    if (seen) request();
  });
  watch.observe(root);
  return {
    request,
    visible: () => seen,
    close() {
      watch.disconnect();
      cancelAnimationFrame(asked);
    },
  };
}

const SAY_EVERY = 250; // milliseconds between two words to Python about what plays

/**
 * A lab that answers in the page, from its model's values.  `put` changes some of them (soon: Python may hear of it
 * later).  `start` draws the newest state, again whenever a value of `watched`, a size or the theme changes, and
 * returns what ends it all.  The frames drawn are counted, for who looks from outside.
 */
export function pageLab(model, host, label) {
  const root = el("div", { class: "pgkit-lab pg-page", role: "region", "aria-label": label });
  host.append(root);
  const at = { colours: null, drawn: 0, said: 0, draw: () => {} };
  const brush = painter(root, () => {
    at.colours ??= palette(root, COLOURS);
    if (!at.colours || !root.clientWidth) return brush.request();
    at.drawn += 1;
    root.dataset.drawn = at.drawn;
    return at.draw(at.colours);
  });
  function tell() {
    at.said = performance.now();
    model.save_changes();
  }
  function put(values, { soon = false } = {}) {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    if (!soon || performance.now() - at.said > SAY_EVERY) tell();
    brush.request();
  }
  function start({ watched, draw, changed = brush.request, restyle = () => {}, resized = () => {}, close = () => {} }) {
    at.draw = draw;
    for (const name of watched) model.on(`change:${name}`, changed);
    const stopTheme = onTheme(() => {
      at.colours = null;
      restyle();
      brush.request();
    });
    const sizes = new ResizeObserver(() => {
      resized();
      brush.request();
    });
    for (const node of [root, ...root.querySelectorAll("canvas")]) sizes.observe(node);
    changed();
    return () => {
      close();
      for (const name of watched) model.off(`change:${name}`, changed);
      sizes.disconnect();
      stopTheme();
      brush.close();
    };
  }
  return { root, get: (name) => model.get(name), put, tell, request: brush.request, visible: brush.visible, start };
}

/** The views that a lab can show: name -> (setting, host) => {node, draw, restyle}; see view.py. */
export const VIEWS = {};

/** Every colour that a view may use, by its name in lab.css. */
export const COLOURS = [
  "ink", "soft", "line", "edge", "paper", "floor", "wall", "policy", "mu", "goal", "trap", "fire", "ember", "burn", "neither",
];

// ---------------------------------------------------------------- axes for any picture

/**
 * Axes with ticks, labels and a title; returns {x, y, box, size}: pixels of a value, the inside, the letters' size.
 * x, y: [low, high].  equal: one unit is as long in both directions.  grid: lines at the ticks of y.
 * yText: how the ticks of y are written.
 */
export function plotAxes(canvas, { ctx, width, height }, colours, { x, y, xLabel = "", yLabel = "", title = "", equal = false, grid = true, xTicks, yTicks, yText = plain }) {
  const size = letterSize(canvas, width);
  ctx.font = `${size}px ${FONT}`;
  const box = {
    left: size * 3.6, right: width - size * 1.2,
    top: size * (title || yLabel ? 2 : 0.8), bottom: height - size * (xLabel ? 2.7 : 1.7),
  };
  const [[x0, x1], [y0, y1]] = equal ? widened(x, y, box) : [x, y];
  const place = {
    x: (value) => box.left + ((box.right - box.left) * (value - x0)) / (x1 - x0),
    y: (value) => box.bottom - ((box.bottom - box.top) * (value - y0)) / (y1 - y0),
  };
  ctx.lineWidth = 1;
  ctx.strokeStyle = colours.line;
  ctx.fillStyle = colours.soft;
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  for (const value of yTicks ?? ticks(y0, y1, 4)) {
    const at = Math.round(place.y(value)) + 0.5;
    if (grid) segment(ctx, box.left, at, box.right, at);
    ctx.fillText(yText(value), box.left - size * 0.5, at);
  }
  ctx.textBaseline = "top";
  ctx.textAlign = "center";
  for (const value of xTicks ?? ticks(x0, x1, 5)) {
    if (grid && equal) segment(ctx, Math.round(place.x(value)) + 0.5, box.top, Math.round(place.x(value)) + 0.5, box.bottom);
    ctx.fillText(plain(value), place.x(value), box.bottom + size * 0.4);
  }
  ctx.textAlign = "right";
  ctx.textBaseline = "bottom";
  if (xLabel) ctx.fillText(xLabel, box.right, height - 1);
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.fillStyle = colours.ink;
  ctx.fillText(title || yLabel, box.left - size * 2.8, 0);
  return { ...place, box, size, low: [x0, y0], high: [x1, y1] };
}

function widened(x, y, box) {
  const unit = Math.max((x[1] - x[0]) / (box.right - box.left), (y[1] - y[0]) / (box.bottom - box.top));
  return [[x, box.right - box.left], [y, box.bottom - box.top]].map(([[low, high], pixels]) => {
    const [middle, half] = [(low + high) / 2, (unit * pixels) / 2];
    return [middle - half, middle + half];
  });
}

/** An arrow with a rim, so that it stands out; a dot where it has no length. */
export function vector(ctx, [x0, y0], [x1, y1], hue, colours, width = 2.5) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  const head = Math.min(7 + 1.6 * width, length);
  const [u, v] = length ? [(x1 - x0) / length, (y1 - y0) / length] : [1, 0];
  const neck = [x1 - u * head * 0.8, y1 - v * head * 0.8];
  for (const [rim, colour] of [[3, colours.paper], [0, hue]]) {
    ctx.strokeStyle = colour;
    ctx.fillStyle = colour;
    ctx.lineWidth = width + rim;
    segment(ctx, x0, y0, ...neck);
    ctx.beginPath();
    ctx.moveTo(x1, y1);
    ctx.lineTo(x1 - u * head - v * head * 0.5, y1 - v * head + u * head * 0.5);
    ctx.lineTo(x1 - u * head + v * head * 0.5, y1 - v * head - u * head * 0.5);
    ctx.closePath();
    if (rim) {
      ctx.lineWidth = rim;
      ctx.stroke();
    }
    ctx.fill();
  }
}

// ---------------------------------------------------------------- the learning curve

const NICE = [1, 1.5, 2, 3, 4, 5, 7.5, 10];

export function roundUp(x) {
  const ten = 10 ** Math.floor(Math.log10(x));
  return ten * NICE.find((n) => n * ten >= x * 0.999);
}

export function ticks(low, high, about) {
  const rough = (high - low) / about;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = ten * [1, 2, 5, 10].find((n) => n * ten >= rough);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i += 1) found.push(i * step);
  return found;
}

/** Rows of the curve, in a growing flat array: iteration, 10 %, 50 %, 90 %, shares. */
export function curveStore() {
  const store = { rows: [], ghost: [], marks: [], now: null, rival: [], rivalWords: "", singles: [] };
  const split = (flat, width) => {
    const rows = [];
    for (let i = 0; i + width <= flat.length; i += width) rows.push(flat.slice(i, i + width));
    return rows;
  };
  /** False if points are missing: the page must ask for the whole curve. */
  store.take = (frame, parts) => {
    if (frame.from > store.rows.length) return false;
    store.now = parts.now;
    store.rows.length = frame.from;
    store.rows.push(...split(parts.curve, parts.now.length));
    if (frame.from === 0) store.ghost = parts.ghost ? split(parts.ghost, 4) : [];
    if (frame.marks) store.marks = frame.marks;
    store.rival = parts.rival ? split(parts.rival, 4) : [];
    store.rivalWords = frame.rival;
    const points = parts.curve.length / parts.now.length;
    if (!parts.singles) store.singles.length = 0;
    else if (points) store.singles = [...store.singles.slice(0, frame.from), ...split(parts.singles, parts.singles.length / points)];
    return true;
  };
  return store;
}

/** The curve of J: median and band over runs, the ghost, lines to compare with, marks of turned knobs. */
export function drawCurve(canvas, store, { lines, label = "J from the nominal start", iteration, head, colours, font, singles = false }) {
  const { ctx, width, height } = sharp(canvas);
  if (!store.now || width < 80) return;
  const size = letterSize(canvas, width);
  ctx.font = `${size}px ${font}`;
  const box = { left: size * 3.4, right: width - size * 1.8, top: size * 1.9, bottom: height - size * 2.5 };
  const trunk = store.rows.filter((row) => row[0] <= head);
  const past = trunk.filter((row) => row[0] < iteration);
  past.push(store.now);
  const future = iteration < head ? [store.now, ...trunk.filter((row) => row[0] > iteration)] : [];
  const axes = axesOf(box, [...trunk, store.now], [...store.ghost, ...store.rival], lines, head);

  drawAxes(ctx, axes, box, colours, size, label);
  drawLines(ctx, axes, box, lines, colours, size);
  drawMarks(ctx, axes, box, store.marks, colours, size);
  drawGhost(ctx, axes, store.ghost, colours, size);
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top - 4, box.right - box.left + 6, box.bottom - box.top + 8);
  ctx.clip();
  if (future.length) drawBand(ctx, axes, future, colours, 0.3);
  if (singles) drawSingles(ctx, axes, store, iteration, colours);
  drawBand(ctx, axes, past, colours, 1);
  ctx.restore();
  drawOther(ctx, axes, store.rival, store.rivalWords, colours, size);
  drawHead(ctx, axes, box, store.now, future.length > 0, colours);
}

/** As large as the words around the canvas; looked up once for a width. */
export function letterSize(canvas, width) {
  if (canvas.pgWidth !== width) {
    canvas.pgWidth = width;
    canvas.pgSize = Math.max(10.5, Math.min(0.88 * parseFloat(getComputedStyle(canvas).fontSize), width / 28));
  }
  return canvas.pgSize;
}

function axesOf(box, rows, ghost, lines, head) {
  const all = [...rows, ...ghost];
  const best = lines.map((line) => line.value).filter((v) => v !== null);
  const finite = (values) => values.filter(Number.isFinite); // a run may have diverged
  let low = Math.min(...finite(all.map((row) => row[1])), ...best);
  let high = Math.max(...finite(all.map((row) => row[3])), ...best);
  if (!(high >= low)) [low, high] = [0, 1];
  if (low > 0 && low < 0.6 * high) low = 0;
  if (high < 0 && high > 0.6 * low) high = 0;
  if (high - low < 1e-6 * Math.max(1, Math.abs(high))) [low, high] = [low - 0.5, high + 0.5];
  const pad = 0.09 * (high - low); // room for words over the highest line
  const last = roundUp(Math.max(50, head, ghost.length ? ghost.at(-1)[0] : 0));
  const [bottom, top] = [low - pad, high + pad];
  return {
    low: bottom, high: top, last,
    x: (k) => box.left + ((box.right - box.left) * k) / last,
    y: (j) => box.bottom - ((box.bottom - box.top) * (j - bottom)) / (top - bottom),
  };
}

function drawAxes(ctx, axes, box, colours, size, label) {
  ctx.lineWidth = 1;
  ctx.strokeStyle = colours.line;
  ctx.fillStyle = colours.soft;
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  for (const j of ticks(axes.low, axes.high, 5)) {
    const y = Math.round(axes.y(j)) + 0.5;
    segment(ctx, box.left, y, box.right, y);
    ctx.fillText(plain(j), box.left - size * 0.5, y);
  }
  ctx.textBaseline = "top";
  ctx.textAlign = "center";
  for (const k of ticks(0, axes.last, 5)) ctx.fillText(plain(k, 6), axes.x(k), box.bottom + size * 0.45);
  ctx.textAlign = "right";
  ctx.textBaseline = "bottom";
  ctx.fillText("iteration", box.right, box.bottom + size * 2.5);
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.fillStyle = colours.ink;
  ctx.fillText(`${label}, median and 10–90 % of runs`, box.left - size * 2.8, 0);
}

export function segment(ctx, x0, y0, x1, y1) {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

function drawLines(ctx, axes, box, lines, colours, size) {
  ctx.textAlign = "right";
  ctx.textBaseline = "bottom";
  for (const { value, text, hue } of lines) {
    if (value === null) continue;
    ctx.strokeStyle = colours[hue];
    ctx.lineWidth = 1.5;
    ctx.setLineDash([6, 4]);
    segment(ctx, box.left, axes.y(value), box.right, axes.y(value));
    ctx.setLineDash([]);
    halo(ctx, text, box.right - 4, axes.y(value) - 3, colours);
  }
}

export function halo(ctx, text, x, y, colours, ink = colours.ink) {
  ctx.lineJoin = "round";
  ctx.strokeStyle = colours.paper;
  ctx.lineWidth = 4;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = ink;
  ctx.fillText(text, x, y);
}

/** A tick where a knob was turned; turns closer than a label share one, with the newest value. */
function drawMarks(ctx, axes, box, marks, colours, size) {
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  const lanes = new Map();
  for (const [k, symbol, value] of marks) {
    const x = axes.x(k);
    const hue = symbol === "μ" || symbol === "w" ? colours.mu : colours.soft;
    ctx.strokeStyle = hue;
    ctx.lineWidth = 1.5;
    segment(ctx, x, box.bottom - 7, x, box.bottom + 4);
    const same = lanes.get(symbol) ?? [];
    const near = same.at(-1);
    const text = value === "" ? symbol : `${symbol} ${value}`;
    if (near && x - near.x < size * 4) Object.assign(near, { text });
    else same.push({ x, text, hue });
    lanes.set(symbol, same);
  }
  let lane = 0;
  for (const labels of lanes.values()) {
    for (const { x, text, hue } of labels) {
      const y = box.bottom - 10 - (lane + 1) * size * 1.15;
      ctx.globalAlpha = 0.5;
      ctx.strokeStyle = hue;
      ctx.lineWidth = 1;
      ctx.setLineDash([2, 3]);
      segment(ctx, x, box.top, x, box.bottom);
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
      halo(ctx, text, x + 3, y, colours, hue);
    }
    lane += 1;
  }
}

/** Every run by itself. */
function drawSingles(ctx, axes, store, iteration, colours) {
  const rows = store.rows.slice(0, store.singles.length);
  ctx.strokeStyle = colours.policy;
  ctx.lineWidth = 0.8;
  ctx.globalAlpha = 0.35;
  for (let run = 0; run < (store.singles[0]?.length ?? 0); run += 1) {
    ctx.beginPath();
    rows.forEach((row, i) => {
      if (row[0] <= iteration) ctx[i ? "lineTo" : "moveTo"](axes.x(row[0]), axes.y(store.singles[i][run]));
    });
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}

/** The rival: dashed, and named at its end. */
function drawOther(ctx, axes, rows, words, colours, size) {
  if (!rows.length) return;
  ctx.strokeStyle = colours.fire;
  ctx.lineWidth = 2;
  ctx.setLineDash([7, 4]);
  trace(ctx, axes, rows, 2);
  ctx.stroke();
  ctx.setLineDash([]);
  const end = rows.at(-1);
  const room = axes.x(axes.last) - axes.x(end[0]) > size * 6;
  ctx.textAlign = room ? "left" : "right";
  ctx.textBaseline = "bottom";
  halo(ctx, words, axes.x(end[0]) + (room ? 6 : -4), axes.y(end[2]) - 4, colours, colours.fire);
}

function drawGhost(ctx, axes, ghost, colours, size) {
  if (ghost.length < 2) return;
  ctx.strokeStyle = colours.soft;
  ctx.lineWidth = 1.5;
  ctx.setLineDash([2, 3]);
  trace(ctx, axes, ghost, 2);
  ctx.stroke();
  ctx.setLineDash([]);
  const end = ghost.at(-1);
  const room = axes.x(axes.last) - axes.x(end[0]) > size * 4;
  ctx.textAlign = room ? "left" : "right";
  ctx.textBaseline = room ? "middle" : "top";
  halo(ctx, "before", axes.x(end[0]) + (room ? 6 : -2), axes.y(end[2]) + (room ? 0 : size * 0.4), colours, colours.soft);
}

function trace(ctx, axes, rows, column) {
  ctx.beginPath();
  rows.forEach((row, i) => ctx[i ? "lineTo" : "moveTo"](axes.x(row[0]), axes.y(row[column])));
}

function drawBand(ctx, axes, rows, colours, strength) {
  ctx.globalAlpha = 0.2 * strength;
  ctx.fillStyle = colours.policy;
  trace(ctx, axes, rows, 1);
  for (let i = rows.length - 1; i >= 0; i -= 1) ctx.lineTo(axes.x(rows[i][0]), axes.y(rows[i][3]));
  ctx.fill();
  ctx.globalAlpha = strength;
  ctx.strokeStyle = colours.policy;
  ctx.lineWidth = 2.5;
  ctx.lineJoin = "round";
  trace(ctx, axes, rows, 2);
  ctx.stroke();
  ctx.globalAlpha = 1;
}

function drawHead(ctx, axes, box, now, rewound, colours) {
  const [x, y] = [axes.x(now[0]), axes.y(now[2])];
  if (rewound) {
    ctx.strokeStyle = colours.ink;
    ctx.lineWidth = 1;
    segment(ctx, x, box.top, x, box.bottom);
  }
  ctx.beginPath();
  ctx.arc(x, y, 5, 0, 2 * Math.PI);
  ctx.fillStyle = colours.policy;
  ctx.fill();
  ctx.lineWidth = 2;
  ctx.strokeStyle = colours.paper;
  ctx.stroke();
}
