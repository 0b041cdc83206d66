// What every lab shares on the page: the link to Python, controls for knobs, training and time.
// No dependency; labs join this module with their own (lab.py, bundle).

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

// every lab of a page has a copy of this file: a count alone would give all labs the same ids
const unique = { copy: Math.random().toString(36).slice(2, 10), count: 0 };

export function newId(word) {
  unique.count += 1;
  return `pgkit-${word}-${unique.copy}-${unique.count}`;
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

/** A number of any size: powers of ten where digits would not do. */
export function short(x, digits = 2) {
  if (x === 0 || (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5)) return plain(x, digits);
  const [front, e] = x.toExponential(digits - 1).split("e");
  return `${plain(Number(front), digits)}·${ten(Number(e))}`;
}

/** 10 to the e. */
export function ten(e) {
  return `10${[...String(e)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("")}`;
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

/**
 * Where values lie on a slider: p from 0 to 1 in so many steps, there and back.
 * Whole numbers on a log scale go in octaves.
 */
export function scaleOf({ low, high, log = false, whole = false, digits = 3, steps = null }) {
  const round = (x) => (whole ? Math.round(x) : Number(x.toPrecision(digits)));
  if (!log) {
    return {
      steps: steps ?? (whole ? high - low : 100),
      value: (p) => round(low + p * (high - low)), place: (x) => (x - low) / (high - low),
    };
  }
  const span = Math.log(high / low);
  return {
    steps: steps ?? (whole ? Math.round(span / Math.LN2) : 200),
    value: (p) => round(low * Math.exp(p * span)), place: (x) => Math.log(x / low) / span,
  };
}

/**
 * A slider with a field to type in.  `turn` gets the numbers that are `legal`, `refuse` what else is typed: a number,
 * or text that is none.  `show(value)` sets both.
 */
export function valueControl({ name, symbol, label, meaning = "", scale, legal = () => true }, turn, refuse = turn) {
  const id = newId(name);
  const words = `${label} ${symbol}`;
  const slider = control("input", {
    type: "range", min: 0, max: scale.steps, step: 1, id, title: meaning, "aria-label": words,
    input: () => {
      const value = scale.value(slider.value / scale.steps);
      show(value);
      turn(value);
    },
  });
  const field = control("input", {
    type: "text", inputmode: "decimal", class: "pg-field", spellcheck: "false", autocomplete: "off",
    "aria-label": `${words}, typed`,
    input: () => { writing = true; },
    blur: () => { writing = false; },
    change: () => typed(),
    keydown: (event) => event.key === "Enter" && typed(), // JupyterLab keeps Enter from becoming a change
  });
  let shown = null;
  let writing = false; // what is being typed is not overwritten by the frames of a run that trains

  function typed() {
    writing = false;
    const text = field.value.trim().replace(",", ".").replace("−", "-");
    if (text === String(shown)) return;
    const value = Number(text);
    const isNumber = text !== "" && !Number.isNaN(value);
    if (isNumber && legal(value)) turn(value);
    else refuse(isNumber ? value : text);
  }
  function show(value) {
    if (value === shown && Number(field.value) === value) return;
    shown = value;
    if (!writing && (document.activeElement !== field || Number(field.value) !== value)) field.value = String(value);
    slider.value = Math.round(scale.place(value) * scale.steps);
    slider.setAttribute("aria-valuetext", String(value));
    fill(slider, (100 * slider.value) / scale.steps);
  }
  const [sign, index] = symbol.split("_");
  const title = el("label", { for: id, class: "pg-knob-label", title: meaning },
    el("i", {}, sign, index ? el("sub", {}, index) : ""), ` ${label}`);
  return { node: el("div", { class: "pg-knob" }, title, slider, field), show, slider, field };
}

/** A knob of a Run: Python says what is legal, so all that is typed goes there. */
export function knobControl(knob, onChange) {
  return valueControl({ ...knob, scale: scaleOf(knob) }, onChange);
}

const STEPS_OF_KEYS = { ArrowUp: 0.1, ArrowRight: 0.1, ArrowDown: -0.1, ArrowLeft: -0.1, PageUp: 1, PageDown: -1 };

/** A slider around 0, as far as ±reach, and a field for numbers as far as ±largest; keys turn it by 0.1 and by 1. */
export function aroundZero({ name, label, words, largest, digits }, turn, refuse) {
  const id = newId(name);
  let value = 0;
  const change = (x) => {
    value = x; // at once: the next key may come before the next frame
    turn(x);
  };
  const slider = control("input", {
    type: "range", id, min: -1, max: 1, step: "any", "aria-label": words,
    input: () => change(Number(Number(slider.value).toFixed(digits))),
    keydown: (event) => {
      const by = STEPS_OF_KEYS[event.key];
      if (by === undefined) return;
      event.preventDefault();
      change(Math.max(-largest, Math.min(largest, Number((value + by).toFixed(6)))));
    },
  });
  const typed = () => {
    const text = field.value.trim().replace(",", ".").replace("−", "-");
    if (text === "" || !(Math.abs(Number(text)) <= largest)) refuse();
    else if (field.value !== plain(value, 6)) change(Number(text));
  };
  const field = control("input", {
    type: "text", inputmode: "decimal", class: "pg-field", autocomplete: "off", "aria-label": `${words}, typed`, change: typed,
    keydown: (event) => event.key === "Enter" && typed(),
  });
  return {
    node: el("div", { class: "pg-knob" }, el("label", { for: id, class: "pg-knob-label" }, ...label), slider, field),
    slider,
    show(x, reach) {
      value = x;
      if (Number(slider.max) !== reach) Object.assign(slider, { min: -reach, max: reach });
      slider.value = x;
      slider.setAttribute("aria-valuetext", plain(x, 4));
      fill(slider, (50 * (x + reach)) / reach);
      if (document.activeElement !== field) field.value = plain(x, 6);
    },
  };
}

/** One word out of a few, as a menu. */
export function menu({ name, label, options, meaning }, onChange) {
  const id = newId(name);
  const select = control("select", { id, title: meaning, change: () => onChange(select.value) },
    ...options.map((word) => el("option", { value: word }, word)));
  return {
    node: el("div", { class: "pg-menu" }, el("label", { for: id, class: "pg-knob-label", title: meaning }, label), select),
    show: (value) => { if (select.value !== value) select.value = value; },
  };
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

/**
 * A button that plays: `step()` again and again, `beat()` milliseconds apart, until it returns false.
 * `begin()` comes before the first step, `end()` after the last.
 */
export function player({ word = "Play", begin = () => {}, step, beat, end = () => {} }) {
  let timer = null;
  const node = button(`▶ ${word}`, toggle, { class: "pg-play" });
  const next = () => { timer = setTimeout(() => (step() ? next() : stop()), beat()); };
  function toggle() {
    if (timer !== null) return stop();
    begin();
    write(node, "❚❚ Pause");
    return next();
  }
  function stop() {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    write(node, `▶ ${word}`);
    end();
  }
  return { node, toggle, stop, playing: () => timer !== null };
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
  const play = button("▶ Play", toggle, { class: "pg-play", "aria-keyshortcuts": "Space" });
  const step = (n) => () => link.ask({ kind: "step", n }, { key: newId("step") }); // every click counts
  const restart = button("Restart", () => link.ask({ kind: "restart" }), {
    title: "train from the beginning; the curve so far stays as a ghost to compare with",
  });
  const compare = button("Compare 10 α", () => link.ask({ kind: "compare" }), {
    "data-part": "compare", class: "pg-compare", "aria-pressed": "false",
    title: "train a second run beside this one from here on: same seed, ten times the step size; press again to end",
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
    compare.setAttribute("aria-pressed", String(frame.rival !== ""));
    write(compare, frame.rival ? `against ${frame.rival}` : "Compare 10 α");
    scrub.max = frame.head;
    if (!link.busy() || frame.playing) scrub.value = frame.iteration;
    fillScrub();
  }
  showPlaying(false);
  const node = el("div", { class: "pg-transport", role: "group", "aria-label": "training" },
    el("div", { class: "pg-buttons" }, play,
      button("Step", step(1), { title: "one iteration" }),
      button("×10", step(10), { title: "ten iterations", "aria-label": "ten iterations" }), restart, compare),
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
