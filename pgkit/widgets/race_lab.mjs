// A race: a world in a text box, two contenders made of three knobs, both bands live, and the verdict in words.
import { button, choice, connect, control, el, knobControl, menu, newId, plain, write } from "./lab.mjs";
import { COLOURS, VIEWS, halo, onTheme, painter, palette, plotAxes, roundUp, segment, sharp } from "./plot.mjs";

const HUES = { A: "policy", B: "fire" };
const DASHES = { A: [], B: [8, 4] };
const WEIGHT_WORDS = { Q: "Q̂", "Q-V": "Q̂ − V(s)", A: "Â, a critic's", soft: "Q − T log π, all actions", "exp(A)": "exp(Â/β)" };
const NORM_WORDS = { theta: ["θ", "a step is small in θ"], KL: ["KL", "a step is small in KL: natural gradient"] };
const TYPING = 120; // milliseconds of rest before a text is looked at

// ---------------------------------------------------------------- the text box

function worldBox(setting, link) {
  const [id, messageId] = [newId("world"), newId("problem")];
  let timer = null;
  let typed = null; // what was sent last: Python's own text is not put back while one writes
  const box = control("textarea", {
    id, class: "pg-map-text", rows: 11, spellcheck: "false", autocapitalize: "off", wrap: "off",
    "aria-describedby": messageId,
    input: () => {
      clearTimeout(timer);
      timer = setTimeout(() => send(box.value), TYPING);
    },
  });
  const send = (text) => {
    typed = text;
    link.ask({ kind: "world", text }, { key: "world" });
  };
  const from = menu({ name: "begin", label: "begin from", options: ["…", ...Object.keys(setting.maps)], meaning: "a world to change" }, (name) => {
    if (name === "…") return;
    box.value = setting.maps[name];
    send(box.value);
    from.show("…");
  });
  from.show("…");
  const message = el("div", { id: messageId, class: "pg-map-message", role: "status" });
  const legend = el("div", { class: "pg-small pg-map-legend" },
    "S start · G +100 · e +1 · # wall · . floor", el("br"), "F fire −10, the end", el("br"), "f embers −10, walk on", el("br"),
    "or cartpole, pendulum, gymnasium:ID");
  function show(frame) {
    const free = document.activeElement !== box && typed === null;
    if (free && box.value !== frame.text) box.value = frame.text;
    if (!link.busy()) {
      const bad = frame.problem !== "";
      box.setAttribute("aria-invalid", String(bad));
      message.classList.toggle("pg-bad", bad);
      write(message, bad ? `✗ ${frame.problem}` : `✓ ${frame.about}`);
    }
  }
  box.addEventListener("blur", () => { typed = message.classList.contains("pg-bad") ? typed : null; });
  return {
    node: el("div", { class: "pg-race-world" }, el("label", { for: id, class: "pg-caption" }, "the world, as text"), box, message, legend, from.node),
    show,
    close: () => clearTimeout(timer),
  };
}

// ---------------------------------------------------------------- a contender

function side(name, setting, link) {
  const ask = (changes, key) => link.ask({ kind: "side", side: name, changes }, { key: `${name} ${key}` });
  const start = choice(`start of ${name}`, setting.starts.map((word) => [word, word]), (value) => ask({ start: value }, "start"));
  const weight = menu({
    name: `weight-${name}`, label: "weight", options: Object.keys(setting.weights), meaning: "what each (s, a) of the data counts",
  }, (value) => ask({ weight: value }, "weight"));
  weight.node.querySelectorAll("option").forEach((one) => { one.textContent = WEIGHT_WORDS[one.value]; });
  weight.node.querySelector("select").setAttribute("aria-label", `weight of ${name}`);
  const norm = choice(`norm of ${name}`, Object.keys(setting.norms).map((word) => [word, ...NORM_WORDS[word]]), (value) => ask({ norm: value }, "norm"));
  norm.node.classList.add("pg-race-norm");
  const knobs = el("div", { class: "pg-race-knobs" });
  const algorithm = el("span", { class: "pg-sub" });
  const picture = el("div", { class: "pg-race-map", role: "img", "aria-label": `policy of ${name}` });
  const at = { knobs: "", controls: {}, grid: "", map: null };

  function showKnobs(told) {
    const key = told.knobs.map((knob) => knob.name).join();
    if (at.knobs !== key) {
      at.knobs = key;
      at.controls = Object.fromEntries(told.knobs.map((knob) => [knob.name, knobControl(knob, (value) => ask({ [knob.name]: value }, knob.name))]));
      for (const [word, each] of Object.entries(at.controls)) {
        each.slider.setAttribute("aria-label", `${word} of ${name}`);
        each.node.querySelector(".pg-field").setAttribute("aria-label", `${word} of ${name}, typed`);
      }
      knobs.replaceChildren(...Object.values(at.controls).map((each) => each.node));
    }
    for (const [word, each] of Object.entries(at.controls)) each.show(told.values[word]);
    if (at.controls.mix) at.controls.mix.node.hidden = told.start === "nominal";
  }
  function show(told, frame) {
    if (link.busy()) return;
    start.show(told.start);
    weight.show(told.weight);
    norm.show(told.norm);
    showKnobs(told);
    write(algorithm, told.algorithm);
    start.node.querySelectorAll("input").forEach((one) => { one.disabled = !frame.finite && one.value !== "nominal"; });
    for (const one of norm.node.querySelectorAll("input")) {
      one.disabled = !setting.configurations.some(([w, n]) => w === told.weight && n === one.value);
    }
  }
  function draw(frame, parts, colours, request) {
    picture.hidden = !frame.grid;
    if (!frame.grid) return;
    const key = `${frame.grid.rows} ${frame.grid.letters}`;
    if (at.grid !== key) {
      at.grid = key;
      at.map = VIEWS.grid({ ...frame.grid, paint: false, rewards: [], episodes: 1 }, { request, ask() {}, busy: () => false, link: { ask() {}, busy: () => false } });
      Object.assign(at.map.canvas.style, { pointerEvents: "none", maxWidth: `${Math.min(250, (230 * frame.grid.cols) / frame.grid.rows)}px` });
      for (const word of ["tabindex", "aria-label"]) at.map.canvas.removeAttribute(word);
      at.map.canvas.setAttribute("role", "presentation");
      at.map.canvas.setAttribute("aria-hidden", "true");
      picture.replaceChildren(at.map.canvas);
    }
    at.map.draw({ probs: parts[`${name}.probs`], occupancy: parts[`${name}.occupancy`], mu: parts[`${name}.mu`] }, { pay: frame.grid.pay }, colours);
  }
  const row = (word, node) => el("div", { class: "pg-race-row" }, el("span", { class: "pg-knob-label" }, word), node);
  return {
    node: el("section", { class: `pg-race-side pg-side-${name}`, "aria-label": `contender ${name}` },
      el("div", { class: "pg-race-name" }, el("span", { class: "pg-race-letter" }, name), algorithm),
      row("start μ", start.node), weight.node, row("norm", norm.node), knobs, picture),
    show, draw, restyle: () => at.map?.restyle(),
  };
}

// ---------------------------------------------------------------- drawing

function rowsOf(flat, width) {
  return Array.from({ length: flat.length / width }, (_, i) => flat.subarray(i * width, (i + 1) * width));
}

function extent(values) {
  const finite = values.filter(Number.isFinite);
  return finite.length ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
}

function drawCurves(canvas, setting, frame, parts, colours) {
  if (canvas.clientWidth < 80) return;
  const page = sharp(canvas);
  const { ctx } = page;
  const bands = setting.names.map((name) => [name, rowsOf(parts[`${name}.band`], setting.columns.length)]);
  const all = bands.flatMap(([, rows]) => rows.flatMap((row) => [...row.slice(1)]));
  let [low, high] = extent([...all, ...(frame.best === null ? [] : [frame.best])]);
  if (low > 0 && low < 0.6 * high) low = 0;
  const room = 0.08 * Math.max(high - low, 1e-6 * Math.max(1, Math.abs(high)));
  const counted = frame.episodes === null ? "J from the nominal start" : `mean return of ${frame.episodes} episodes`;
  const axes = plotAxes(canvas, page, colours, {
    x: [0, Math.max(1, frame.iterations)], y: [low - room, high + room], xLabel: "iteration",
    title: page.width < 520 ? `${counted}: IQM` : `${counted}: IQM and its 95 % interval; faint: 80 % of the runs`,
  });
  if (frame.best !== null) {
    ctx.strokeStyle = colours.goal;
    ctx.lineWidth = 1.5;
    ctx.setLineDash([3, 3]);
    segment(ctx, axes.box.left, axes.y(frame.best), axes.box.right, axes.y(frame.best));
    ctx.setLineDash([]);
    ctx.textAlign = "left";
    ctx.textBaseline = "top";
    halo(ctx, `best possible ${plain(frame.best)}`, axes.box.left + 6, axes.y(frame.best) + 3, colours, colours.goal);
  }
  for (const [name, rows] of bands) {
    const hue = colours[HUES[name]];
    area(ctx, axes, rows, 4, 5, hue, 0.12);
    area(ctx, axes, rows, 2, 3, hue, 0.32);
    ctx.strokeStyle = hue;
    ctx.lineWidth = 2.5;
    ctx.lineJoin = "round";
    ctx.setLineDash(DASHES[name]);
    ctx.beginPath();
    rows.forEach((row, i) => ctx[i ? "lineTo" : "moveTo"](axes.x(row[0]), axes.y(row[1])));
    ctx.stroke();
    ctx.setLineDash([]);
    const end = rows.at(-1);
    disc(ctx, axes.x(end[0]), axes.y(end[1]), 5, hue, colours);
    ctx.textAlign = end[0] > 0.9 * frame.iterations ? "right" : "left";
    ctx.textBaseline = "middle";
    const aside = ctx.textAlign === "right" ? -10 : 10;
    halo(ctx, name, axes.x(end[0]) + aside, axes.y(end[1]) + (name === "A" ? 11 : -11), colours, hue);
  }
}

function area(ctx, axes, rows, bottom, top, hue, strength) {
  ctx.globalAlpha = strength;
  ctx.fillStyle = hue;
  ctx.beginPath();
  rows.forEach((row, i) => ctx[i ? "lineTo" : "moveTo"](axes.x(row[0]), axes.y(row[bottom])));
  for (let i = rows.length - 1; i >= 0; i -= 1) ctx.lineTo(axes.x(rows[i][0]), axes.y(rows[i][top]));
  ctx.fill();
  ctx.globalAlpha = 1;
}

function disc(ctx, x, y, radius, hue, colours) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = hue;
  ctx.fill();
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = colours.paper;
  ctx.stroke();
}

/** Every run where it stands, and the interquartile mean with its interval. */
function drawEnds(canvas, setting, frame, parts, colours) {
  if (canvas.clientWidth < 80) return;
  const page = sharp(canvas);
  const { ctx } = page;
  const ends = setting.names.map((name) => [...parts[`${name}.ends`]]);
  let [low, high] = extent(ends.flat());
  const room = Math.max(0.08 * (high - low), 0.03 * Math.max(1, Math.abs(high))); // all runs may stand on one spot
  [low, high] = [low - room, high + room];
  const axes = plotAxes(canvas, page, colours, { x: [low, high], y: [-0.6, 1.6], yTicks: [], title: "every run now; bar: IQM and interval" });
  setting.names.forEach((name, k) => {
    const level = 1 - k;
    ctx.fillStyle = colours[HUES[name]];
    ctx.globalAlpha = 0.55;
    ends[k].forEach((x, i) => {
      if (!Number.isFinite(x)) return;
      const y = axes.y(level + 0.26 * Math.sin(i * 2.4));
      ctx.beginPath();
      if (name === "A") ctx.arc(axes.x(x), y, 3, 0, 2 * Math.PI);
      else ctx.rect(axes.x(x) - 2.5, y - 2.5, 5, 5);
      ctx.fill();
    });
    ctx.globalAlpha = 1;
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    halo(ctx, name, axes.box.left - 8, axes.y(level), colours, colours[HUES[name]]);
    if (frame.verdict) span(ctx, axes, frame.verdict.iqm[k], level, colours.ink, colours, 4);
  });
}

function span(ctx, axes, [value, low, high], level, hue, colours, width) {
  if ([value, low, high].some((x) => x === null)) return;
  const y = axes.y(level);
  ctx.lineCap = "round";
  for (const [extra, colour] of [[3, colours.paper], [0, hue]]) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = width + extra;
    segment(ctx, axes.x(low), y, axes.x(high), y);
  }
  ctx.lineCap = "butt";
  disc(ctx, axes.x(value), y, width + 2, hue, colours);
}

/** The difference with its interval, and where zero is. */
function drawDifference(canvas, setting, frame, colours) {
  if (canvas.clientWidth < 80) return;
  const page = sharp(canvas);
  const { ctx } = page;
  const ends = frame.verdict ? frame.verdict.difference : [0, -1, 1];
  const far = roundUp(1.1 * Math.max(1e-9, ...ends.filter((x) => x !== null).map(Math.abs)));
  const axes = plotAxes(canvas, page, colours, { x: [-far, far], y: [-1, 1], yTicks: [], title: "IQM of A minus IQM of B" });
  ctx.strokeStyle = colours.ink;
  ctx.lineWidth = 1.5;
  ctx.setLineDash([4, 3]);
  segment(ctx, axes.x(0), axes.box.top, axes.x(0), axes.box.bottom);
  ctx.setLineDash([]);
  const size = axes.size;
  ctx.textBaseline = "bottom";
  for (const [name, align, x] of [["B", "left", axes.box.left], ["A", "right", axes.box.right]]) {
    ctx.textAlign = align;
    halo(ctx, `${name} better`, x, axes.box.bottom - 0.2 * size, colours, colours[HUES[name]]);
  }
  if (frame.verdict) span(ctx, axes, ends, 0.25, frame.verdict.winner ? colours[HUES[frame.verdict.winner]] : colours.soft, colours, 6);
}

// ---------------------------------------------------------------- the lab

function render({ model, el: host }) {
  const setting = model.get("setting");
  const root = el("div", { class: "pgkit-lab pg-race", tabindex: "-1", role: "region", "aria-label": `${setting.title} lab` });
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
  const latest = { frame: null, parts: null, drawn: 0, received: 0 };
  let colours = null;

  const world = worldBox(setting, link);
  const sides = setting.names.map((name) => side(name, setting, link));
  const go = button("▶ Go", () => link.ask({ kind: latest.frame?.playing ? "pause" : "play" }, { key: "play" }), { class: "pg-play", "aria-keyshortcuts": "Space" });
  const again = button("Start over", () => link.ask({ kind: "restart" }), { title: "the same race from the beginning" });
  const budget = ["runs", "iterations", "seed"].map((name) => {
    const id = newId(name);
    const field = control("input", {
      type: "text", inputmode: "numeric", class: "pg-field", id, autocomplete: "off",
      change: () => send(), keydown: (event) => event.key === "Enter" && send(),
    });
    const send = () => {
      const value = Number(field.value);
      if (String(latest.frame?.[name]) !== field.value.trim()) {
        link.ask({ kind: "budget", changes: { [name]: Number.isInteger(value) && field.value.trim() ? value : field.value } }, { key: name });
      }
    };
    return { name, field, node: el("label", { class: "pg-race-budget", for: id }, name === "runs" ? "runs each" : name, field) };
  });
  const progress = el("progress", { max: 1, value: 0, "aria-label": "progress of the race" });
  const at = el("span", { class: "pg-reading" });
  const save = (what, words) => button(words, () => link.ask({ kind: "save", what }, { key: `save ${what}` }), {});
  const call = el("div", { class: "pg-race-call", role: "status" });
  const words = el("p", { class: "pg-race-words" });
  const canvases = {
    curves: el("canvas", { class: "pg-plot pg-race-curves", role: "img", "aria-label": "both learning curves" }),
    ends: el("canvas", { class: "pg-plot pg-race-ends", role: "img", "aria-label": "every run now" }),
    difference: el("canvas", { class: "pg-plot pg-race-difference", role: "img", "aria-label": "difference of the interquartile means" }),
  };
  root.append(
    el("style", {}, STYLE),
    el("div", { class: "pg-head" }, el("div", { class: "pg-name-of-lab" }, el("span", { class: "pg-title" }, setting.title),
      el("span", { class: "pg-sub" }, "start, weight, norm: choose for both, then go")), status),
    el("div", { class: "pg-race-top" }, world.node, ...sides.map((each) => each.node)),
    el("div", { class: "pg-race-bar", role: "group", "aria-label": "race" },
      el("div", { class: "pg-buttons" }, go, again), ...budget.map((each) => each.node), el("div", { class: "pg-race-progress" }, progress, at)),
    el("div", { class: "pg-race-plots" }, canvases.curves, el("div", {}, canvases.ends, canvases.difference)),
    call, words,
    el("div", { class: "pg-footer" }, el("div", { class: "pg-buttons" }, save("figure", "Save figure"), save("settings", "Save settings")),
      el("span", {}, "PNG and JSON, beside this notebook; no file is overwritten")));

  const brush = painter(root, draw);
  const stopTheme = onTheme(() => {
    colours = null;
    sides.forEach((each) => each.restyle());
    brush.request();
  });
  const sizes = new ResizeObserver(() => brush.request());
  root.querySelectorAll("canvas").forEach((canvas) => sizes.observe(canvas));

  function receive(frame, parts) {
    Object.assign(latest, { frame, parts, received: frame.n });
    if (frame.answer !== undefined || !late) say(frame.saved ?? frame.status, frame.alarm);
    brush.request();
  }

  function draw() {
    const { frame, parts } = latest;
    if (!frame) return;
    colours ??= palette(root, COLOURS);
    if (!colours || !root.clientWidth) {
      brush.request();
      return;
    }
    world.show(frame);
    sides.forEach((each, k) => {
      each.show(frame.sides[k], frame);
      each.draw(frame, parts, colours, brush.request);
    });
    drawCurves(canvases.curves, setting, frame, parts, colours);
    drawEnds(canvases.ends, setting, frame, parts, colours);
    drawDifference(canvases.difference, setting, frame, colours);
    showNumbers(frame);
    latest.drawn = frame.n;
    Object.assign(root.dataset, { n: frame.n, iteration: frame.iteration, call: frame.verdict?.call ?? "", problem: frame.problem });
  }

  function showNumbers(frame) {
    write(go, frame.playing ? "❚❚ Pause" : frame.iteration >= frame.iterations ? "▶ Go again" : "▶ Go");
    progress.max = Math.max(1, frame.iterations);
    progress.value = frame.iteration;
    write(at, `${frame.iteration} / ${frame.iterations}`);
    for (const { name, field } of budget) {
      if (document.activeElement !== field && !link.busy()) field.value = String(frame[name]);
    }
    const verdict = frame.verdict;
    write(call, verdict ? `${verdict.call}${verdict.iteration < frame.iterations && !verdict.call.includes("ahead") ? ", so far" : ""}.` : "Who wins? Place your bet, then press Go.");
    call.dataset.winner = verdict?.winner ?? "";
    if (!frame.playing || frame.n % 30 === 0) {
      write(words, frame.words);
      canvases.curves.setAttribute("aria-label", frame.words);
    }
  }

  root.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.target.closest("button, canvas, select, textarea, input:not([type=range])")) return;
    event.preventDefault();
    go.click();
  });
  const report = setInterval(() => {
    if (latest.frame?.playing) link.tell({ kind: "seen", n: brush.visible() ? latest.drawn : latest.received });
  }, 250);
  link.ask({ kind: "hello" });
  return () => {
    link.tell({ kind: "bye" });
    clearInterval(report);
    world.close();
    sizes.disconnect();
    stopTheme();
    brush.close();
    link.close();
  };
}

const STYLE = `
.pg-race-top { display: grid; grid-template-columns: minmax(15em, 0.8fr) minmax(0, 1fr) minmax(0, 1fr); gap: 10px 22px; align-items: stretch; }
.pg-race-world { display: flex; flex-direction: column; gap: 6px; min-width: 0; }
.pg-race-world .pg-menu { grid-template-columns: auto minmax(0, 1fr); margin-top: auto; }
.pg-race-world select { width: 100%; }
.pgkit-lab .pg-map-text { flex: 1 1 auto; min-height: 12em; width: 100%; resize: vertical; padding: 8px 10px; border: 1px solid var(--pg-edge); border-radius: 7px; background: var(--pg-paper);
  color: var(--pg-ink); font: 15px/1.25 var(--jp-code-font-family, ui-monospace, monospace); letter-spacing: 0.28em; white-space: pre; overflow: auto; }
.pgkit-lab .pg-map-text:focus-visible { outline: 3px solid var(--pg-policy); outline-offset: 1px; }
.pgkit-lab .pg-map-text[aria-invalid="true"] { border: 2px solid var(--pg-fire); }
.pg-map-message { min-height: 2.7em; font-size: 0.93em; overflow-wrap: anywhere; }
.pg-map-message.pg-bad { padding-left: 8px; border-left: 3px solid var(--pg-fire); }
.pg-map-legend { font-size: 0.86em; line-height: 1.45; }
.pg-race-side { min-width: 0; padding: 10px 14px 12px; border: 1px solid var(--pg-line); border-top: 4px solid var(--side); border-radius: 9px; display: flex; flex-direction: column; gap: 8px; }
.pg-side-A { --side: var(--pg-policy); } .pg-side-B { --side: var(--pg-fire); }
.pg-race-name { display: flex; align-items: baseline; gap: 10px; }
.pg-race-letter { font-size: 1.25em; font-weight: 700; color: var(--side); }
.pg-race-row { display: grid; grid-template-columns: 5.2em minmax(0, 1fr); align-items: center; gap: 8px; }
.pg-race-row .pg-choice { justify-self: start; }
.pgkit-lab .pg-race-side .pg-choice label { padding: 4px 9px; }
.pgkit-lab .pg-race-side .pg-choice label:has(:disabled) { color: var(--pg-soft); cursor: not-allowed; opacity: 0.65; }
.pgkit-lab .pg-race-side .pg-menu { grid-template-columns: 5.2em minmax(0, 1fr); gap: 8px; }
.pgkit-lab .pg-race-side .pg-menu select { width: 100%; min-width: 0; }
.pgkit-lab .pg-race-side .pg-choice label:has(:checked) { background: color-mix(in srgb, var(--pg-mu) 88%, #000); }
.pgkit-lab .pg-race-side .pg-race-norm label:has(:checked) { background: color-mix(in srgb, var(--pg-goal) 92%, #000); }
body[data-jp-theme-light="false"] .pgkit-lab .pg-race-side .pg-choice label:has(:checked) { background: var(--pg-mu); }
body[data-jp-theme-light="false"] .pgkit-lab .pg-race-side .pg-race-norm label:has(:checked) { background: var(--pg-goal); color: #06140f; }
.pg-race-knobs .pg-knob { grid-template-columns: 7.6em minmax(50px, 1fr) auto; gap: 8px; }
.pg-race-map { display: grid; place-items: center; margin-top: auto; padding-top: 4px; }
.pg-race-map canvas { width: 100%; }
.pg-race-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 18px; margin-top: 14px; padding: 10px 0; border-block: 1px solid var(--pg-line); }
.pg-race-budget { display: inline-flex; align-items: center; gap: 8px; color: var(--pg-soft); }
.pg-race-progress { display: flex; flex: 1 1 12em; align-items: center; gap: 10px; }
.pg-race-progress progress { flex: 1; height: 8px; accent-color: var(--pg-policy); }
.pg-race-plots { display: grid; grid-template-columns: minmax(0, 1.7fr) minmax(0, 1fr); gap: 8px 22px; margin-top: 12px; }
.pg-race-curves { height: 330px; } .pg-race-ends { height: 200px; } .pgkit-lab .pg-race-difference { height: 122px; margin-top: 8px; }
.pg-race-call { margin-top: 10px; font-size: 1.35em; font-weight: 650; }
.pg-race-call[data-winner="A"] { color: var(--pg-policy); } .pg-race-call[data-winner="B"] { color: color-mix(in srgb, var(--pg-fire) 78%, var(--pg-ink)); }
.pg-race-words { margin: 4px 0 0; max-width: 90ch; min-height: 4.2em; color: var(--pg-ink); }
@container (max-width: 900px) {
  .pg-race-top { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
  .pg-race-world { grid-column: 1 / -1; }
  .pg-race-world .pg-map-text { height: 13em; }
  .pg-race-plots { grid-template-columns: minmax(0, 1fr); }
}
@container (max-width: 620px) {
  .pg-race-top { grid-template-columns: minmax(0, 1fr); }
}
`;

export default { render };
