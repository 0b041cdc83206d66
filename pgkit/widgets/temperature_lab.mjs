// The soft optimum of a grid world, solved on the page whenever the temperature is turned, and walkers that follow it.
// A map or a way of paying that is new comes from Python, with the curves over T.
import { button, choice, control, el, knobControl, plain, stackedBar, write } from "./lab.mjs";
import { FONT, VIEWS, halo, pageLab, plotAxes, segment, sharp } from "./plot.mjs";

const TICK = 130; // milliseconds that a walker takes for a step
const REST = 14; // steps that the walkers stay where they have come to
const SETTLED = 1e-11; // change of V, in its own size, from which on it stands still
const TOP = 110; // of the plot of worth
const T_TICKS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];
const GLYPHS = { up: "↑", right: "→", down: "↓", left: "←" };

// ---------------------------------------------------------------- numbers

/** V = T log Σ exp(Q/T) - toll, swept in place from `values` on until it stands still. */
function settle({ terminal, next, reward, gamma, toll }, temperature, values) {
  const actions = next[0].length;
  const tax = toll ? temperature * Math.log(actions) : 0;
  for (let sweep = 0; sweep < 5000; sweep += 1) {
    let [change, size] = [0, 1];
    for (let s = 0; s < terminal.length; s += 1) {
      if (terminal[s]) continue;
      let [top, sum] = [-Infinity, 0];
      for (let a = 0; a < actions; a += 1) top = Math.max(top, reward[s][a] + gamma * values[next[s][a]]);
      for (let a = 0; a < actions; a += 1) sum += Math.exp((reward[s][a] + gamma * values[next[s][a]] - top) / temperature);
      const fresh = top + temperature * Math.log(sum) - tax;
      change = Math.max(change, Math.abs(fresh - values[s]));
      size = Math.max(size, Math.abs(fresh));
      values[s] = fresh;
    }
    if (change <= SETTLED * size) break;
  }
  return values;
}

/** All that follows from the values: Q and π, where S leads to, and what is reward in V(S). */
function optimum(scene, temperature, warm) {
  const { terminal, next, reward, gamma, toll, start, letters, steps } = scene;
  const [states, actions] = [terminal.length, next[0].length];
  const values = settle(scene, temperature, warm);
  const tax = toll ? temperature * Math.log(actions) : 0;
  const q = next.map((row, s) => row.map((to, a) => reward[s][a] - (terminal[s] ? 0 : tax) + gamma * values[to]));
  const probs = new Float64Array(states * actions);
  let [entropy, going] = [0, 0];
  q.forEach((row, s) => {
    const top = Math.max(...row);
    const weight = row.map((x) => Math.exp((x - top) / temperature));
    const total = weight.reduce((a, b) => a + b, 0);
    weight.forEach((w, a) => { probs[s * actions + a] = w / total; });
    if (terminal[s]) return;
    going += 1;
    for (const w of weight) entropy -= w > 0 ? (w / total) * Math.log(w / total) : 0;
  });
  let mass = new Float64Array(states);
  mass[start] = 1;
  const visits = new Float64Array(states);
  let [discount, paid, ends] = [1, 0, null];
  for (let t = 0; t < steps || discount > 1e-9; t += 1, discount *= gamma) {
    if (t === steps) ends = endings(mass, letters, terminal);
    const after = new Float64Array(states);
    for (let s = 0; s < states; s += 1) {
      if (mass[s] === 0) continue;
      if (terminal[s]) {
        after[s] += mass[s];
        continue;
      }
      visits[s] += discount * mass[s];
      for (let a = 0; a < actions; a += 1) {
        const share = mass[s] * probs[s * actions + a];
        paid += discount * share * reward[s][a];
        after[next[s][a]] += share;
      }
    }
    mass = after;
  }
  return { values, q, probs, visits, entropy: entropy / going, paid, ends };
}

/** Shares at +100, at +1, in the fire, and still on the way. */
function endings(mass, letters, terminal) {
  const found = [0, 0, 0, 0];
  [...letters].forEach((letter, s) => { found[kindOf(letter, terminal[s])] += mass[s]; });
  return found;
}

function kindOf(letter, ended) {
  if (!ended) return 3;
  return { G: 0, e: 1 }[letter] ?? 2;
}

function random(seed) { // mulberry32
  let x = seed >>> 0;
  return () => {
    x = (x + 0x6d2b79f5) >>> 0;
    let y = Math.imul(x ^ (x >>> 15), 1 | x);
    y = (y + Math.imul(y ^ (y >>> 7), 61 | y)) ^ y;
    return ((y ^ (y >>> 14)) >>> 0) / 4294967296;
  };
}

// ---------------------------------------------------------------- walkers

/** Forty-eight that follow π from S; turning T changes their minds on the way. */
function crowd() {
  const one = { cells: [], before: [], t: 0, on: false, since: 0, draw: null };
  one.begin = ({ start, walkers }) => {
    Object.assign(one, { cells: Array(walkers).fill(start), before: Array(walkers).fill(start), t: 0, draw: random(7) });
  };
  one.step = ({ next, terminal, steps }, probs) => {
    one.before = [...one.cells];
    one.t += 1;
    if (one.t > steps) return;
    const actions = next[0].length;
    one.cells = one.cells.map((s) => {
      let left = one.draw();
      if (terminal[s]) return s;
      for (let a = 0; a < actions - 1; a += 1) {
        left -= probs[s * actions + a];
        if (left < 0) return next[s][a];
      }
      return next[s][actions - 1];
    });
  };
  one.counts = ({ letters, terminal }) => {
    const found = [0, 0, 0, 0];
    for (const s of one.cells) found[kindOf(letters[s], terminal[s])] += 1;
    return found;
  };
  return one;
}

// ---------------------------------------------------------------- the lab

function render({ model, el: host }) {
  const { root, get, put: tell, request, start } = pageLab(model, host, "temperature lab");
  const state = { colours: null, best: null, key: "", map: null, mapKey: "", warm: null, worldKey: "", note: "" };
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const walkers = crowd();
  walkers.begin(get("scene"));
  const put = (values) => {
    state.note = "";
    tell(values);
  };

  // controls
  const scene0 = get("scene");
  const knob = knobControl(
    { name: "temperature", symbol: "T", label: "temperature", log: true, low: scene0.low, high: scene0.high, meaning: "what one nat of entropy is worth in reward" },
    (value) => {
      if (typeof value === "number" && value >= scene0.low && value <= scene0.high) return put({ temperature: value });
      state.note = `T is a number from ${scene0.low} to ${scene0.high}. `;
      return request();
    });
  const heat = knob.slider;
  const pay = choice("what a step is paid for, on top of r", scene0.pays.map(([name, text]) => [name, `T · ${text.includes("-") ? `(${text.replace("-", "−")})` : text}`]), (value) => put({ pay: value }));
  const map = choice("map", scene0.maps.map((name, i) => [name, ["open", "closed"][i]]), (value) => put({ world: value }));
  const show = choice("the map shows", [["policy", "π and visits"], ["values", "soft V"]], (value) => put({ show: value }));
  const walk = button("", () => {
    if (calm) {
      walkers.begin(get("scene"));
      while (walkers.t < get("scene").steps) walkers.step(get("scene"), state.best.probs);
    } else {
      if (!walkers.on && walkers.t >= get("scene").steps) walkers.begin(get("scene"));
      Object.assign(walkers, { on: !walkers.on, since: performance.now() });
    }
    request();
  }, { class: "pg-play" });
  const again = button("From S", () => { walkers.begin(get("scene")); walkers.since = performance.now(); request(); }, { title: "all of them back to the start" });
  const clock = el("span", { class: "pg-sub" });
  const tally = stackedBar([["goal", "at +100"], ["trap", "at +1"], ["fire", "in the fire"], ["neither", "still walking"]].map(([hue, text]) => ({ hue, text })));

  // pictures
  const ground = el("div", { class: "pg-heat-map" });
  const over = control("canvas", { class: "pg-heat-over", tabindex: "0", role: "application", "aria-label": "the map; arrow keys choose a cell" });
  const ends = el("canvas", { class: "pg-plot pg-heat-ends", role: "img", "aria-label": "where the walks lead, over T" });
  const worth = el("canvas", { class: "pg-plot pg-heat-worth", role: "img", "aria-label": "worth of the start, over T" });
  const cell = cellPanel(scene0.actions);
  const status = el("div", { class: "pg-sub pg-heat-words", role: "status" });
  const row = (text, node) => el("div", { class: "pg-heat-row" }, el("span", { class: "pg-knob-label" }, text), node);
  root.append(
    el("style", {}, STYLE),
    el("div", { class: "pg-head" }, el("div", { class: "pg-name-of-lab" },
      el("span", { class: "pg-title" }, "Paid for indecision"),
      el("span", { class: "pg-sub" }, "the best policy for reward plus temperature times entropy, exact, γ = 0.95"))),
    el("div", { class: "pg-heat-knob" }, knob.node),
    el("div", { class: "pg-heat-two" },
      el("div", {}, ground, el("div", { class: "pg-buttons pg-heat-walk" }, walk, again, clock), tally.node),
      el("div", { class: "pg-heat-right" }, ends, worth, cell.node)),
    el("div", { class: "pg-heat-choices" }, row("paid for", pay.node), row("Ring of Fire", map.node), row("map shows", show.node)),
    status);

  // choosing a cell, and T on the curves
  const pick = (event) => {
    const { rows, cols } = get("scene");
    const box = over.getBoundingClientRect();
    const [c, r] = [Math.floor(((event.clientX - box.left) / box.width) * cols), Math.floor(((event.clientY - box.top) / box.height) * rows)];
    if (c >= 0 && c < cols && r >= 0 && r < rows) put({ at: r * cols + c });
  };
  over.addEventListener("pointerdown", pick);
  over.addEventListener("pointermove", (event) => event.buttons && pick(event));
  over.addEventListener("keydown", (event) => {
    const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
    if (!down && !right) return;
    event.preventDefault();
    event.stopPropagation();
    const { rows, cols } = get("scene");
    const [r, c] = [Math.floor(get("at") / cols) + down, (get("at") % cols) + right];
    if (r >= 0 && r < rows && c >= 0 && c < cols) put({ at: r * cols + c });
  });
  const turn = (event) => {
    if (!state.toT) return;
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    put({ temperature: Number(Math.max(scene0.low, Math.min(scene0.high, state.toT(x))).toPrecision(3)) });
  };
  for (const canvas of [ends, worth]) {
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      heat.focus({ preventScroll: true });
      event.preventDefault();
      turn(event);
    });
    canvas.addEventListener("pointermove", (event) => event.buttons && turn(event));
  }

  function solve(scene) {
    const temperature = get("temperature");
    const key = `${scene.world} ${scene.toll} ${temperature}`;
    if (state.key === key) return false;
    const size = scene.terminal.length;
    if (state.worldKey !== scene.world) {
      Object.assign(state, { warm: new Float64Array(size), worldKey: scene.world });
      walkers.begin(scene);
    }
    state.best = optimum(scene, temperature, state.warm);
    state.key = key;
    return true;
  }

  /** True while somebody moves. */
  function move(scene) {
    if (!walkers.on) return false;
    const now = performance.now();
    if (now - walkers.since > 20 * TICK) walkers.since = now; // nobody was looking
    while (now - walkers.since >= TICK) {
      walkers.since += TICK;
      walkers.step(scene, state.best.probs);
      if (walkers.t >= scene.steps + REST) walkers.begin(scene);
    }
    return true;
  }

  function draw(colours) {
    state.colours = colours;
    const scene = get("scene");
    const changed = solve(scene);
    const moving = move(scene);
    const looks = `${state.key} ${get("at")} ${get("show")} ${get("pay")} ${state.note} ${root.clientWidth}`;
    if (changed || state.looks !== looks) {
      state.looks = looks;
      settled(scene);
    }
    drawOver(scene);
    tally.show(walkers.counts(scene), scene.walkers);
    write(clock, walkers.t ? `step ${Math.min(walkers.t, scene.steps)} of ${scene.steps}` : `${scene.walkers} walkers at S`);
    write(walk, calm ? "Walk" : walkers.on ? "❚❚ Hold" : "▶ Walk");
    Object.assign(root.dataset, { walked: walkers.t, counts: JSON.stringify(walkers.counts(scene)) });
    if (moving) request();
  }

  /** All that changes only when something is turned. */
  function settled(scene) {
    const { best } = state;
    const [T, at] = [get("temperature"), get("at")];
    knob.show(T);
    pay.show(get("pay"));
    map.show(get("world"));
    show.show(get("show"));
    drawMap(scene);
    drawEnds(scene, T);
    drawWorth(scene, T);
    cell.show(scene, best, at, T);
    const worthOf = best.values[scene.start];
    const never = scene.toll ? 0 : (T * Math.log(4)) / (1 - scene.gamma);
    write(status, `${state.note}T = ${plain(T)}: of ${scene.steps}-step walks from S ${percent(best.ends[0])} end at +100, ${percent(best.ends[1])} at +1, ${percent(best.ends[2])} in the fire, `
      + `${percent(best.ends[3])} go on. V(S) = ${fixed(worthOf)}, of which ${fixed(best.paid)} is reward. Never finishing pays at most ${fixed(never)}.`);
    Object.assign(root.dataset, {
      ends: JSON.stringify(best.ends), worth: worthOf, paid: best.paid, entropy: best.entropy,
      values: JSON.stringify([...best.values]), probs: JSON.stringify([...best.probs]),
    });
  }

  function drawMap(scene) {
    const key = `${scene.world} ${get("show")}`;
    if (state.mapKey !== key) {
      const layers = get("show") === "policy" ? ["policy", "visits"] : ["values"];
      state.map = VIEWS.grid({ ...scene, layers, paint: false, rewards: [], episodes: 1 }, { request, ask() {}, link: { ask() {}, busy: () => false } });
      const under = state.map.canvas;
      Object.assign(under.style, { display: "block", width: "100%", pointerEvents: "none" });
      under.removeAttribute("tabindex");
      under.setAttribute("role", "presentation");
      under.setAttribute("aria-hidden", "true");
      ground.replaceChildren(under, over);
      state.mapKey = key;
    }
    const { probs, visits, values } = state.best;
    state.map.draw({ probs, occupancy: visits, values, mu: new Float32Array(visits.length) }, { pay: scene.pay }, state.colours);
  }

  function drawOver(scene) {
    const { ctx, width } = sharp(over);
    if (width < 20) return;
    const size = width / scene.cols;
    const at = get("at");
    ctx.strokeStyle = state.colours.mu;
    ctx.lineWidth = Math.max(2, size * 0.06);
    ctx.beginPath();
    ctx.roundRect((at % scene.cols) * size + 2, Math.floor(at / scene.cols) * size + 2, size - 4, size - 4, size * 0.12);
    ctx.stroke();
    if (!walkers.t && !walkers.on) return;
    const part = walkers.on && walkers.t <= scene.steps ? Math.min(1, (performance.now() - walkers.since) / TICK) : 1;
    const side = Math.ceil(Math.sqrt(scene.walkers));
    walkers.cells.forEach((s, i) => {
      const own = [0.5 + ((i % side) / (side - 1) - 0.5) * 0.62, 0.5 + (Math.floor(i / side) / (side - 1) - 0.5) * 0.62];
      const [x, y] = [0, 1].map((k) => {
        const from = k ? Math.floor(walkers.before[i] / scene.cols) : walkers.before[i] % scene.cols;
        const to = k ? Math.floor(s / scene.cols) : s % scene.cols;
        return (from + part * (to - from) + own[k]) * size;
      });
      ctx.beginPath();
      ctx.arc(x, y, size * 0.085, 0, 2 * Math.PI);
      ctx.fillStyle = state.colours.ember;
      ctx.fill();
      ctx.lineWidth = 1.2;
      ctx.strokeStyle = "#1f2933";
      ctx.stroke();
    });
  }

  /** Axes over log T; `state.toT` turns a pixel into a temperature. */
  function overT(canvas, scene, y, title, yTicks) {
    const page = sharp(canvas);
    const [low, high] = [Math.log10(scene.low), Math.log10(scene.high)];
    const axes = plotAxes(canvas, page, state.colours, { x: [low, high], y, xTicks: [], yTicks, xLabel: " ", title });
    const { ctx } = page;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    ctx.fillStyle = state.colours.soft;
    for (const t of T_TICKS) ctx.fillText(plain(t), axes.x(Math.log10(t)), axes.box.bottom + axes.size * 0.4);
    ctx.fillText("temperature T", (axes.box.left + axes.box.right) / 2, axes.box.bottom + axes.size * 1.5);
    state.toT = (pixel) => 10 ** (low + ((high - low) * (pixel - axes.box.left)) / (axes.box.right - axes.box.left));
    return { ...axes, ctx, at: (t) => axes.x(Math.log10(t)) };
  }

  function now(axes, T) {
    axes.ctx.strokeStyle = state.colours.policy;
    axes.ctx.lineWidth = 2;
    segment(axes.ctx, axes.at(T), axes.box.top, axes.at(T), axes.box.bottom);
  }

  function drawEnds(scene, T) {
    if (ends.clientWidth < 80) return;
    const { best } = state;
    ends.setAttribute("aria-label", `Where ${scene.steps} steps from S lead: at T = ${plain(T)} ${percent(best.ends[0])} at +100, ${percent(best.ends[3])} still walking; the entropy is ${plain(best.entropy / Math.log(4), 2)} of log 4`);
    const axes = overT(ends, scene, [0, 1], `where ${scene.steps} steps from S lead; dashed: entropy / log 4`, [0, 0.5, 1]);
    const { ctx, size } = axes;
    const below = scene.ladder.map(() => 0);
    ["goal", "trap", "fire", "neither"].forEach((hue, k) => {
      ctx.beginPath();
      scene.ladder.forEach((t, i) => ctx[i ? "lineTo" : "moveTo"](axes.at(t), axes.y(below[i])));
      scene.ladder.forEach((_, i) => { below[i] += scene.ends[i][k]; });
      for (let i = scene.ladder.length - 1; i >= 0; i -= 1) ctx.lineTo(axes.at(scene.ladder[i]), axes.y(below[i]));
      ctx.fillStyle = state.colours[hue];
      ctx.globalAlpha = 0.75;
      ctx.fill();
      ctx.globalAlpha = 1;
    });
    ctx.textBaseline = "middle";
    for (const [k, hue, text] of [[0, "goal", "+100"], [1, "trap", "+1"], [3, "neither", "still walking"]]) {
      const middle = centre(scene, k);
      if (!middle) continue;
      ctx.textAlign = "center";
      const half = ctx.measureText(text).width / 2 + 4;
      const x = Math.max(axes.box.left + half, Math.min(axes.box.right - half, axes.at(middle.t)));
      halo(ctx, text, x, axes.y(middle.y), state.colours);
    }
    curve(axes, scene.ladder, scene.entropy, "ink", [5, 4], 2);
    now(axes, T);
    ctx.font = `${size}px ${FONT}`;
  }

  function drawWorth(scene, T) {
    if (worth.clientWidth < 80) return;
    const { best } = state;
    worth.setAttribute("aria-label", `Worth of the start at T = ${plain(T)}: ${fixed(best.values[scene.start])}, of which ${fixed(best.paid)} is reward`);
    const axes = overT(worth, scene, [-10, TOP], "what S is worth, and never finishing at most", [0, 25, 50, 75, 100]);
    const { ctx } = axes;
    ctx.save();
    ctx.beginPath();
    ctx.rect(axes.box.left, axes.box.top - 2, axes.box.right - axes.box.left, axes.box.bottom - axes.box.top + 4);
    ctx.clip();
    curve(axes, scene.ladder, scene.never, "fire", [6, 4], 2.5);
    curve(axes, scene.ladder, scene.return, "goal", [9, 3, 2, 3], 2.5);
    curve(axes, scene.ladder, scene.worth, "ink", [], 2.5);
    ctx.restore();
    now(axes, T);
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    const low = scene.low * 1.15;
    halo(ctx, "V(S)", axes.at(low), axes.y(64), state.colours);
    halo(ctx, "reward in it", axes.at(low), axes.y(39), state.colours, state.colours.goal);
    halo(ctx, scene.toll ? "never finishing: 0" : "never finishing: T·log 4/(1−γ)", axes.at(low), axes.y(scene.toll ? 8 : 12), state.colours, state.colours.fire);
    ctx.fillStyle = state.colours.ink;
    const worthNow = best.values[scene.start];
    if (worthNow > TOP) {
      ctx.textAlign = axes.at(T) > (axes.box.left + axes.box.right) / 2 ? "right" : "left";
      halo(ctx, ` V(S) = ${fixed(worthNow)} ↑ `, axes.at(T), axes.y(TOP - 6), state.colours);
    }
    for (const [value, hue] of [[best.paid, "goal"], ...(worthNow > TOP ? [] : [[worthNow, "ink"]])]) {
      ctx.beginPath();
      ctx.arc(axes.at(T), axes.y(value), 5, 0, 2 * Math.PI);
      ctx.fillStyle = state.colours[hue];
      ctx.strokeStyle = state.colours.paper;
      ctx.lineWidth = 2;
      ctx.fill();
      ctx.stroke();
    }
  }

  function curve(axes, ts, ys, hue, dash, width) {
    const { ctx } = axes;
    ctx.strokeStyle = state.colours[hue];
    ctx.lineWidth = width;
    ctx.setLineDash(dash);
    ctx.beginPath();
    ts.forEach((t, i) => ctx[i ? "lineTo" : "moveTo"](axes.at(t), axes.y(ys[i])));
    ctx.stroke();
    ctx.setLineDash([]);
  }

  return start({
    watched: ["temperature", "pay", "world", "show", "at", "scene"], draw,
    restyle: () => {
      state.looks = null;
      state.map?.restyle();
    },
    resized: () => { state.looks = null; },
    close: () => { walkers.on = false; },
  });
}

/** The four Q of a cell, and the probabilities that they make. */
function cellPanel(actions) {
  const head = el("div", { class: "pg-heat-cell-head" });
  const rows = actions.map((name) => {
    const [q, p, bar] = [el("span", { class: "pg-heat-q" }), el("span", { class: "pg-heat-p" }), el("span", { class: "pg-heat-fill" })];
    const node = el("div", { class: "pg-heat-action" }, el("span", {}, `${GLYPHS[name] ?? ""} ${name}`), q, el("span", { class: "pg-heat-track" }, bar), p);
    return { node, q, p, bar };
  });
  const line = el("div", { class: "pg-sub" });
  const node = el("div", { class: "pg-heat-cell", role: "group", "aria-label": "the cell that is looked at" }, head, ...rows.map((row) => row.node), line);
  function show(scene, { q, probs, values }, at, T) {
    const open = scene.startable[at];
    const where = `row ${Math.floor(at / scene.cols) + 1}, column ${(at % scene.cols) + 1}`;
    write(head, open ? `${where}: Q(s,a), and π ∝ exp(Q/T)` : `${where}: nothing is chosen here`);
    rows.forEach((row, a) => {
      const p = probs[at * actions.length + a];
      write(row.q, open ? fixed(q[at][a]) : "");
      write(row.p, open ? p.toFixed(2) : "");
      row.bar.style.width = open ? `${(100 * p).toFixed(1)}%` : "0";
    });
    const most = Math.max(...q[at]);
    write(line, open ? `V = T log Σ exp(Q/T)${scene.toll ? " − T log 4" : ""} = ${fixed(values[at])}; the largest Q is ${fixed(most)}` : " ");
  }
  return { node, show };
}

/** The middle of a stacked share, where it is at least a third. */
function centre({ ladder, ends }, k) {
  const inside = ladder.map((_, i) => i).filter((i) => ends[i][k] > 1 / 3);
  if (!inside.length) return null;
  const i = inside[Math.floor(inside.length / 2)];
  const below = ends[i].slice(0, k).reduce((a, b) => a + b, 0);
  return { t: ladder[i], y: below + ends[i][k] / 2 };
}

function percent(x) {
  return `${Math.round(100 * x)}\u00a0%`;
}

function fixed(x) {
  return (Math.abs(x) >= 100 ? x.toFixed(1) : x.toFixed(2)).replace("-", "−");
}

const STYLE = `
.pg-heat-knob { margin-bottom: 14px; }
.pg-heat-two { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1.08fr); gap: 12px 26px; }
.pg-heat-map { position: relative; }
.pg-heat-over { position: absolute; inset: 0; width: 100%; height: 100%; border-radius: 8px; cursor: pointer; touch-action: pan-y; }
.pg-heat-walk { margin: 12px 0 8px; }
.pg-heat-right { display: flex; flex-direction: column; gap: 10px; min-width: 0; }
.pg-heat-ends { height: 190px; cursor: ew-resize; touch-action: pan-y; }
.pg-heat-worth { height: 210px; cursor: ew-resize; touch-action: pan-y; }
.pgkit-lab .pg-heat-right .pg-plot { display: block; width: 100%; }
.pg-heat-cell { padding: 8px 0 0 10px; border-left: 3px solid var(--pg-mu); }
.pg-heat-cell-head { margin-bottom: 2px; }
.pg-heat-action { display: grid; grid-template-columns: 5em 4.2em minmax(40px, 1fr) 2.6em; gap: 6px; align-items: center; }
.pg-heat-q, .pg-heat-p { text-align: right; }
.pg-heat-track { height: 12px; border-radius: 4px; background: var(--pg-floor); overflow: hidden; }
.pg-heat-fill { display: block; height: 100%; background: var(--pg-policy); }
.pg-heat-choices { display: flex; flex-wrap: wrap; gap: 8px 26px; margin-top: 14px; padding-top: 12px; border-top: 1px solid var(--pg-line); }
.pg-heat-row { display: flex; align-items: center; gap: 10px; }
.pg-heat-words { min-height: 2.8em; margin-top: 10px; }
@container (max-width: 660px) {
  .pg-heat-two { grid-template-columns: minmax(0, 1fr); }
  .pg-heat-map { max-width: 460px; margin: 0 auto; }
}
`;

export default { render };
