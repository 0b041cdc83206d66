// What every lab shares on the page: the link to Python, controls for knobs, training and time,
// and the learning curve.  No dependency; labs join this module with their own (lab.py, bundle).

// ---------------------------------------------------------------- elements

/** An element with attributes (functions become listeners) and children. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** A native control.  Jupyter steals arrow keys from any input that does not say this itself. */
export function control(tag, attributes = {}, ...children) {
  return el(tag, { "data-lm-suppress-shortcuts": "true", ...attributes }, ...children);
}

export function button(label, onClick, attributes = {}) {
  return control("button", { type: "button", click: onClick, ...attributes }, label);
}

const unique = { count: 0 };

export function newId(word) {
  unique.count += 1;
  return `pgkit-${word}-${unique.count}`;
}

/** Text only when it changed: a live region speaks every time it is written to. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A style variable, only when it changed. */
export function fill(node, percent) {
  const value = `${percent.toFixed(1)}%`;
  if (node.pgFill === value) return;
  node.pgFill = value;
  node.style.setProperty("--pg-fill", value);
}

export function plain(x, digits = 3) {
  if (x === null || x === undefined || Number.isNaN(x)) return "–";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const text = Math.abs(x) >= 1e5 ? x.toExponential(2) : String(Number(x.toPrecision(digits)));
  return text.replace("-", "−");
}

// ---------------------------------------------------------------- the link to Python

/**
 * Messages to Python, one in flight: what is asked meanwhile waits, and only the newest of a kind
 * is kept.  Frames come back; a frame with an `answer` frees the way.
 */
export function connect(model, onFrame, onWaiting) {
  const waiting = new Map();
  let flying = null;
  let count = 0;
  let timer = null;

  function post(message, buffers) {
    try {
      model.send(message, undefined, buffers);
    } catch {
      onWaiting(true); // the kernel is gone
    }
  }
  function fly() {
    clearTimeout(timer);
    flying = null;
    onWaiting(false);
    for (const { message, buffers } of waiting.values()) {
      count += 1;
      flying = count;
      post({ ...message, id: count }, buffers);
    }
    waiting.clear();
    if (flying !== null) timer = setTimeout(() => onWaiting(true), 1500);
  }
  function ask(message, { key = message.kind, buffers = [] } = {}) {
    waiting.delete(key);
    waiting.set(key, { message, buffers });
    if (flying === null) fly();
  }
  function receive(header, buffers) {
    if (header.kind !== "frame") return;
    const parts = cut(header.parts, buffers[0]);
    if (header.answer !== undefined && header.answer === flying) fly();
    onFrame(header, parts);
  }
  model.on("msg:custom", receive);
  return {
    ask,
    tell: (message) => post(message, []),
    busy: () => flying !== null,
    close() {
      clearTimeout(timer);
      model.off("msg:custom", receive);
    },
  };
}

/** The named parts of a frame's buffer. */
function cut(names, view) {
  const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  const all = new Float32Array(bytes);
  const parts = {};
  let at = 0;
  for (const [name, size] of names) {
    parts[name] = all.subarray(at, at + size);
    at += size;
  }
  return parts;
}

// ---------------------------------------------------------------- knobs

/** Slider positions of a knob: whole ones on a log scale go in octaves. */
function scaleOf(knob) {
  const { low, high, log, whole } = knob;
  if (!log) return { steps: whole ? high - low : 100, value: (p) => low + p * (high - low), place: (x) => (x - low) / (high - low) };
  const span = Math.log(high / low);
  const steps = whole ? Math.round(span / Math.LN2) : 200;
  return { steps, value: (p) => low * Math.exp(p * span), place: (x) => Math.log(x / low) / span };
}

/** A slider with a field to type in.  `show(value)` sets both. */
export function knobControl(knob, onChange) {
  const scale = scaleOf(knob);
  const id = newId(knob.name);
  const slider = control("input", {
    type: "range", min: 0, max: scale.steps, step: 1, id, title: knob.meaning,
    "aria-label": `${knob.label} ${knob.symbol}`,
    input: () => turned(scale.value(slider.value / scale.steps)),
  });
  const field = control("input", {
    type: "text", inputmode: "decimal", class: "pg-field", spellcheck: "false", autocomplete: "off",
    "aria-label": `${knob.label} ${knob.symbol}, typed`,
    change: () => typed(),
    keydown: (event) => event.key === "Enter" && typed(),
  });
  let shown = null;

  function turned(x) {
    const value = knob.whole ? Math.round(x) : Number(x.toPrecision(3));
    show(value);
    onChange(value);
  }
  function typed() {
    const text = field.value.trim().replace(",", ".");
    if (text === String(shown)) return;
    const value = Number(text);
    onChange(text === "" || Number.isNaN(value) ? text : value);
  }
  function show(value) {
    if (value === shown && Number(field.value) === value) return;
    shown = value;
    if (document.activeElement !== field || Number(field.value) !== value) field.value = String(value);
    slider.value = Math.round(scale.place(value) * scale.steps);
    slider.setAttribute("aria-valuetext", String(value));
    fill(slider, (100 * slider.value) / scale.steps);
  }
  const label = el("label", { for: id, class: "pg-knob-label", title: knob.meaning },
    el("i", {}, knob.symbol), ` ${knob.label}`);
  return { node: el("div", { class: "pg-knob" }, label, slider, field), show, slider };
}

/** One choice of several, as a row of radio buttons. */
export function choice(name, options, onChange) {
  const group = newId(name);
  const inputs = options.map(([value]) =>
    control("input", { type: "radio", name: group, value, change: () => onChange(value) }));
  const labels = options.map(([, text, hint], i) => el("label", { title: hint ?? "" }, inputs[i], text));
  return {
    node: el("div", { class: "pg-choice", role: "radiogroup", "aria-label": name }, ...labels),
    show: (value) => inputs.forEach((input) => { input.checked = input.value === value; }),
  };
}

// ---------------------------------------------------------------- training and time

const MAX_SPEED = 100; // the last place of the speed slider means: as fast as it goes

function speedAt(place) {
  return place >= MAX_SPEED ? null : Number((10 ** ((3 * place) / (MAX_SPEED - 1))).toPrecision(2));
}

function placeOf(speed) {
  return speed === null ? MAX_SPEED : Math.round((Math.log10(speed) * (MAX_SPEED - 1)) / 3);
}

/** Play, step, rewind, speed. */
export function transport(link) {
  const state = { playing: false };
  const toggle = () => {
    link.ask({ kind: state.playing ? "pause" : "play" }, { key: "play" });
    showPlaying(!state.playing);
  };
  const play = button("", toggle, { class: "pg-play", "aria-keyshortcuts": "Space" });
  const step = (n) => () => link.ask({ kind: "step", n }, { key: newId("step") }); // every click counts
  const restart = button("Restart", () => link.ask({ kind: "restart" }), {
    title: "train from the beginning; the curve so far stays as a ghost to compare with",
  });
  const scrub = control("input", {
    type: "range", min: 0, max: 0, step: 1, value: 0, "aria-label": "iteration, drag to rewind",
    input: () => {
      fillScrub();
      link.ask({ kind: "rewind", to: Number(scrub.value) });
    },
  });
  const speedId = newId("speed");
  const speed = control("input", {
    type: "range", min: 0, max: MAX_SPEED, step: 1, id: speedId, "aria-label": "speed, iterations per second",
    input: () => {
      state.speed = speedAt(Number(speed.value));
      showSpeed(state.speed);
      link.ask({ kind: "speed", value: speedAt(Number(speed.value)) });
    },
  });
  const speedText = el("span", { class: "pg-reading" });
  const at = el("span", { class: "pg-reading" });

  function showPlaying(playing) {
    if (playing === state.playing && play.textContent) return;
    state.playing = playing;
    write(play, playing ? "❚❚ Pause" : "▶ Play");
    play.classList.toggle("pg-on", playing);
  }
  function showSpeed(value) {
    const text = value === null ? "as fast as it goes" : `${plain(value, 2)} a second`;
    write(speedText, value === null ? "max" : `${plain(value, 2)}/s`);
    speed.setAttribute("aria-valuetext", text);
    fill(speed, (100 * placeOf(value)) / MAX_SPEED);
  }
  function fillScrub() {
    fill(scrub, Number(scrub.max) > 0 ? (100 * scrub.value) / scrub.max : 0);
    write(at, `${scrub.value} / ${scrub.max}`);
  }
  function show(frame) {
    if (!link.busy()) {
      showPlaying(frame.playing);
      if (state.speed !== frame.speed) {
        state.speed = frame.speed;
        showSpeed(frame.speed);
        speed.value = placeOf(frame.speed);
      }
    }
    scrub.max = frame.head;
    if (!link.busy() || frame.playing) scrub.value = frame.iteration;
    fillScrub();
  }
  showPlaying(false);
  const node = el("div", { class: "pg-transport", role: "group", "aria-label": "training" },
    el("div", { class: "pg-buttons" }, play,
      button("Step", step(1), { title: "one iteration" }),
      button("×10", step(10), { title: "ten iterations", "aria-label": "ten iterations" }), restart),
    el("label", { class: "pg-scrub" }, el("span", {}, "iteration"), scrub, at),
    el("label", { class: "pg-speed", "data-part": "speed" }, el("span", {}, "speed"), speed, speedText));
  return { node, show, toggle };
}

/** Seed, defaults, copy. */
export function footer(link, say) {
  const id = newId("seed");
  const seed = control("input", {
    type: "text", inputmode: "numeric", class: "pg-field", id, autocomplete: "off",
    change: () => restart(Number(seed.value)),
  });
  const restart = (value) => link.ask({ kind: "restart", seed: Number.isInteger(value) ? value : seed.value });
  const copied = control("input", { type: "text", class: "pg-code", readonly: true, hidden: true, "aria-label": "settings as Python" });

  async function show(frame) {
    if (document.activeElement !== seed && !link.busy()) seed.value = String(frame.seed);
    if (frame.code === undefined) return;
    copied.hidden = false;
    copied.value = frame.code;
    const done = await copyText(frame.code, copied);
    say(done ? "Copied: one line of Python that rebuilds this lab." : "Select the line below and copy it.");
  }
  const node = el("div", { class: "pg-footer" },
    el("div", { class: "pg-buttons", "data-part": "seed" }, el("label", { for: id }, "seed"), seed,
      button("New seed", () => restart(Number(seed.value) + 1), { title: "train again with the next seed" })),
    el("div", { class: "pg-buttons", "data-part": "copy" },
      button("Defaults", () => link.ask({ kind: "defaults" }), { title: "every knob back to where it was" }),
      button("Copy settings", () => link.ask({ kind: "copy" }), { title: "one line of Python that rebuilds this lab exactly" })),
    copied);
  return { node, show };
}

async function copyText(text, field) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    field.select();
    return document.execCommand("copy");
  }
}

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

// ---------------------------------------------------------------- the learning curve

const NICE = [1, 1.5, 2, 3, 4, 5, 7.5, 10];

function roundUp(x) {
  const ten = 10 ** Math.floor(Math.log10(x));
  return ten * NICE.find((n) => n * ten >= x * 0.999);
}

function ticks(low, high, about) {
  const rough = (high - low) / about;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = ten * [1, 2, 5, 10].find((n) => n * ten >= rough);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i += 1) found.push(i * step);
  return found;
}

/** Rows of the curve, in a growing flat array: iteration, 10 %, 50 %, 90 %, shares. */
export function curveStore() {
  const store = { rows: [], ghost: [], marks: [], now: null };
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
    return true;
  };
  return store;
}

/** The curve of J: median and band over runs, the ghost, lines to compare with, marks of turned knobs. */
export function drawCurve(canvas, store, { lines, iteration, head, colours, font }) {
  const { ctx, width, height } = sharp(canvas);
  if (!store.now || width < 80) return;
  const size = letterSize(canvas, width);
  ctx.font = `${size}px ${font}`;
  const box = { left: size * 3.4, right: width - size * 1.8, top: size * 1.9, bottom: height - size * 2.5 };
  const trunk = store.rows.filter((row) => row[0] <= head);
  const past = trunk.filter((row) => row[0] < iteration);
  past.push(store.now);
  const future = iteration < head ? [store.now, ...trunk.filter((row) => row[0] > iteration)] : [];
  const axes = axesOf(box, [...trunk, store.now], store.ghost, lines, head);

  drawAxes(ctx, axes, box, colours, size);
  drawLines(ctx, axes, box, lines, colours, size);
  drawMarks(ctx, axes, box, store.marks, colours, size);
  drawGhost(ctx, axes, store.ghost, colours, size);
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top - 4, box.right - box.left + 6, box.bottom - box.top + 8);
  ctx.clip();
  if (future.length) drawBand(ctx, axes, future, colours, 0.3);
  drawBand(ctx, axes, past, colours, 1);
  ctx.restore();
  drawHead(ctx, axes, box, store.now, future.length > 0, colours);
}

/** As large as the words around the canvas; looked up once for a width. */
function letterSize(canvas, width) {
  if (canvas.pgWidth !== width) {
    canvas.pgWidth = width;
    canvas.pgSize = Math.max(10.5, Math.min(0.88 * parseFloat(getComputedStyle(canvas).fontSize), width / 28));
  }
  return canvas.pgSize;
}

function axesOf(box, rows, ghost, lines, head) {
  const all = [...rows, ...ghost];
  const best = lines.map((line) => line.value).filter((v) => v !== null);
  const low = Math.min(0, ...all.map((row) => row[1]), ...best);
  const high = Math.max(1, ...all.map((row) => row[3]), ...best);
  const pad = 0.09 * (high - low); // room for words over the highest line
  const last = roundUp(Math.max(50, head, ghost.length ? ghost.at(-1)[0] : 0));
  const [bottom, top] = [low - pad, high + pad];
  return {
    low: bottom, high: top, last,
    x: (k) => box.left + ((box.right - box.left) * k) / last,
    y: (j) => box.bottom - ((box.bottom - box.top) * (j - bottom)) / (top - bottom),
  };
}

function drawAxes(ctx, axes, box, colours, size) {
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
  ctx.fillText("J from the nominal start, median and 10–90 % of runs", box.left - size * 2.8, 0);
}

function segment(ctx, x0, y0, x1, y1) {
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

function halo(ctx, text, x, y, colours, ink = colours.ink) {
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

// ---------------------------------------------------------------- where the runs ended

/** A stacked bar of shares with words under it. */
export function stackedBar(parts) {
  const segments = parts.map(({ hue }) => el("div", { class: `pg-share pg-hue-${hue}` }));
  const words = parts.map(({ hue }) => el("span", { class: `pg-key pg-key-${hue}` }));
  const bar = el("div", { class: "pg-bar", role: "img" }, ...segments);
  return {
    node: el("div", { class: "pg-ends" }, bar, el("div", { class: "pg-keys" }, ...words)),
    show(counts, total) {
      const texts = parts.map(({ text }, i) => `${counts[i]} ${text}`);
      parts.forEach((_, i) => {
        if (words[i].textContent === texts[i]) return;
        segments[i].style.flexGrow = counts[i];
        segments[i].classList.toggle("pg-none", counts[i] === 0);
        write(words[i], texts[i]);
      });
      bar.setAttribute("aria-label", `Of ${total} runs: ${texts.join(", ")}`);
    },
  };
}

/** "d_π" with its index lowered: words between underscores are subscripts. */
export function indexed(text) {
  return text.split("_").map((word, i) => (i % 2 ? el("sub", {}, word) : word));
}

/** A number with its name. */
export function tile(name, title) {
  const value = el("span", { class: "pg-number" });
  return {
    node: el("div", { class: "pg-tile", title: title ?? "" }, el("span", { class: "pg-name" }, ...indexed(name)), value),
    show: (text) => write(value, text),
  };
}
