// The random walk: Python sends the walks, the page learns from them, by Monte Carlo and by TD, at every turn of a knob.
import { button, choice, control, el, fill, newId, plain, player, scaleOf, valueControl, write } from "./lab.mjs";
import { halo, pageLab, plotAxes, segment, sharp, vector } from "./plot.mjs";

const LETTERS = [..."ABCDE"];
const SIZE = LETTERS.length;
const LOOKS = { MC: { hue: "fire", dash: [7, 4], shift: -1 }, TD: { hue: "policy", dash: [], shift: 1 } };

// ---------------------------------------------------------------- the walks, and what is learned from them

/** Every run's walk as its moves, 1 to the right, and where each of its episodes begins. */
function unpacked({ moves, steps }) {
  const bytes = Uint8Array.from(atob(moves), (letter) => letter.charCodeAt(0));
  let at = 0;
  return steps.map((count) => {
    const path = new Uint8Array(count);
    for (let i = 0; i < count; i += 1, at += 1) path[i] = (bytes[at >> 3] >> (7 - (at & 7))) & 1;
    return path;
  });
}

/** V [episodes + 1, runs, 5] and its error [episodes + 1][runs]. */
function learn(paths, { episodes, truth, slowing }, method, alpha, initial, falling) {
  const runs = paths.length;
  const V = new Float64Array((episodes + 1) * runs * SIZE).fill(initial);
  const errors = Array.from({ length: episodes + 1 }, () => new Float64Array(runs));
  const visits = [];
  paths.forEach((path, run) => {
    const v = new Float64Array(SIZE + 2).fill(initial); // with the exits: the left pays 0, the right 1
    [v[0], v[SIZE + 1]] = [0, 1];
    let at = 0;
    for (let k = 0; k <= episodes; k += 1) {
      if (k > 0) {
        const size = alpha * (falling ? slowing / (slowing + k - 1) : 1);
        let s = 3;
        visits.length = 0;
        while (s > 0 && s <= SIZE) {
          const next = s + (path[at] ? 1 : -1);
          at += 1;
          if (method === "TD") v[s] += size * (v[next] - v[s]);
          else visits.push(s);
          s = next;
        }
        const G = s > 0 ? 1 : 0;
        for (const seen of visits) v[seen] += size * (G - v[seen]);
      }
      let square = 0;
      for (let i = 0; i < SIZE; i += 1) {
        V[(k * runs + run) * SIZE + i] = v[i + 1];
        square += (v[i + 1] - truth[i]) ** 2;
      }
      errors[k][run] = Math.sqrt(square / SIZE);
    }
  });
  return { V, errors, runs };
}

/** [10 %, median, 90 %] as numpy's quantile has them. */
function quantiles(values) {
  const sorted = Float64Array.from(values).sort();
  return [0.1, 0.5, 0.9].map((q) => {
    const place = q * (sorted.length - 1);
    const low = Math.floor(place);
    return sorted[low] + (place - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
  });
}

/** A number in [0, 1) that looks drawn, the same for the same i. */
function scattered(i) {
  const x = Math.sin(12.9898 * (i + 1)) * 43758.5453;
  return x - Math.floor(x);
}

const mean = (values) => values.reduce((sum, x) => sum + x, 0) / values.length;

function spread(values) {
  const middle = mean(values);
  return mean(values.map((x) => (x - middle) ** 2));
}

/** V(state) of every run after k episodes; with the exits as states -1 and 5. */
function column({ V, runs }, k, state) {
  if (state < 0 || state >= SIZE) return new Array(runs).fill(state < 0 ? 0 : 1);
  return Array.from({ length: runs }, (_, run) => V[(k * runs + run) * SIZE + state]);
}

/** Mean and variance over runs and chance of V and of the target, for each state. */
function moments(seen, truth, method, k) {
  return truth.map((p, state) => {
    const own = column(seen, k, state);
    const ahead = [...column(seen, k, state - 1), ...column(seen, k, state + 1)];
    const target = method === "MC" ? { mean: p, variance: p * (1 - p) } : { mean: mean(ahead), variance: spread(ahead) };
    return { V: { mean: mean(own), variance: spread(own) }, target, ahead };
  });
}

function measure(seen, truth, method, k) {
  const found = moments(seen, truth, method, k);
  const bias = (of) => Math.sqrt(mean(found.map((m, i) => (m[of].mean - truth[i]) ** 2)));
  const variance = (of) => mean(found.map((m) => m[of].variance));
  const curve = seen.errors.map((row) => mean(row));
  const least = Math.min(...curve);
  return {
    states: found, error: curve[k], least: [curve.indexOf(least), least],
    bias: [bias("target"), bias("V")], variance: [variance("target"), variance("V")],
  };
}

/** The k-th episode of a run: its states 0..4, and the return. */
function episodeOf(path, k) {
  let [at, s, walk] = [0, 2, []];
  for (let e = 1; e <= k; e += 1) {
    [s, walk] = [2, []];
    while (s >= 0 && s < SIZE) {
      walk.push(s);
      s += path[at] ? 1 : -1;
      at += 1;
    }
  }
  return { walk, G: s >= SIZE ? 1 : 0 };
}

// ---------------------------------------------------------------- the lab

function render({ model, el: host }) {
  const { root, get, put, tell, start } = pageLab(model, host, "random walk lab");
  const at = { colours: null, paths: null, seed: null, learned: {} };
  const scene = get("scene");
  const last = scene.episodes;

  // the knobs
  const knob = (name, symbol, label, low, legal, law) =>
    valueControl({ name, symbol, label, scale: scaleOf({ low, high: 1 }), legal }, (value) => put({ [name]: value }), () => write(status, law));
  const stepSize = [0.01, (x) => x > 0 && x <= 1, "A step size lies above 0, and is at most 1."];
  const sliders = {
    alpha_mc: knob("alpha_mc", "α", "Monte Carlo", ...stepSize), alpha_td: knob("alpha_td", "α", "TD", ...stepSize),
    initial: knob("initial", "V_0", "first guess", 0, (x) => x >= 0 && x <= 1, "The first guess lies between 0 and 1."),
  };
  const fall = choice("step size over time", [["constant", "constant α"], ["falling", "falling α", `α · ${scene.slowing}/(${scene.slowing} + k) after k episodes`]],
    (value) => put({ falling: value === "falling" }));
  const knobs = el("div", { class: "pg-walk-knobs" },
    ...Object.values(sliders).map((each) => each.node),
    el("div", { class: "pg-knob pg-walk-fall" }, el("span", { class: "pg-knob-label" }, el("i", {}, "α"), " over time"), fall.node));

  // time
  const { node: play, stop } = player({ // the first episodes slowly, then faster and faster
    begin: () => get("episode") >= last && put({ episode: 0 }),
    step: () => {
      put({ episode: Math.min(last, get("episode") + 1) }, { soon: true });
      return get("episode") < last;
    },
    beat: () => Math.max(60, 700 * 0.72 ** get("episode")),
    end: tell,
  });
  const next = button("Next episode", () => { stop(); put({ episode: Math.min(last, get("episode") + 1) }); });
  const timeId = newId("episode");
  const time = control("input", {
    type: "range", id: timeId, min: 0, max: last, step: 1, "aria-label": "episode",
    input: () => { stop(); put({ episode: Number(time.value) }); },
  });
  const reading = el("span", { class: "pg-walk-reading" });
  const fresh = button("New walks", () => { stop(); put({ seed: get("seed") + 1 }); }, { title: "other walks, from another seed" });
  const clock = el("div", { class: "pg-walk-time" }, play, next, time, reading, fresh);

  // the table
  const group = newId("look");
  const radio = (look) => control("input", { type: "radio", name: group, value: look, change: () => put({ look }) });
  const ways = ["one run", "all runs"].map((look) => {
    const input = radio(look);
    return { look, input, node: el("label", {}, input, look === "one run" ? "V of one run" : `V of all ${scene.runs} runs`) };
  });
  const cells = scene.qualities.flatMap((quality) => Object.keys(scene.methods).map((method) => {
    const look = `${method} ${quality}`;
    const input = radio(look);
    const found = el("span", { class: "pg-walk-found" });
    const node = el("label", { class: `pg-walk-cell pg-walk-${method}` }, input, el("span", { class: "pg-walk-said" }, el("b", {}, scene.slide[look]), found));
    return { look, method, quality, input, found, node };
  }));
  const heads = ["", ...Object.values(scene.methods)].map((word) => el("span", { class: "pg-walk-head" }, word));
  const rows = scene.qualities.flatMap((quality) => [el("span", { class: "pg-walk-head" }, quality), ...cells.filter((cell) => cell.quality === quality).map((cell) => cell.node)]);
  const table = el("div", { class: "pg-walk-table" }, ...heads, ...rows);

  // the pictures
  const values = el("canvas", { class: "pg-plot pg-walk-plot", role: "img", "aria-label": "values" });
  const curve = el("canvas", { class: "pg-plot pg-walk-plot pg-walk-curve", role: "img", "aria-label": "error over episodes" });
  const status = el("div", { class: "pg-sub pg-walk-words", role: "status" });
  const pick = el("div", { class: "pg-choice pg-walk-pick" }, ...ways.map((way) => way.node));
  const looks = el("div", { role: "radiogroup", "aria-label": "what is drawn" },
    el("div", { class: "pg-walk-ways" }, pick, el("span", { class: "pg-sub" }, "or click a cell of the lecture's table: each is measured now, and drawn above")), table);
  root.append(
    el("style", {}, STYLE),
    el("div", { class: "pg-head" }, el("div", { class: "pg-name-of-lab" }, el("span", { class: "pg-title" }, "The same walks, learned from twice"),
      el("span", { class: "pg-sub" }, "start in C, left or right by chance; the right exit pays 1"))),
    el("div", { class: "pg-walk-two" }, values, curve), clock, knobs, looks, status);
  curve.addEventListener("pointermove", (event) => event.buttons && scrub(event));
  curve.addEventListener("pointerdown", scrub);

  function scrub(event) {
    if (!at.time) return;
    stop();
    put({ episode: Math.max(0, Math.min(last, Math.round(at.time(event.offsetX)))) });
  }
  function learnedBy(method) {
    const seen = get("scene");
    if (at.seed !== seen.seed) Object.assign(at, { seed: seen.seed, paths: unpacked(seen), learned: {} });
    const alpha = get(method === "MC" ? "alpha_mc" : "alpha_td");
    const key = `${alpha} ${get("initial")} ${get("falling")}`;
    if (at.learned[method]?.key !== key) {
      const found = learn(at.paths, seen, method, alpha, get("initial"), get("falling"));
      at.learned[method] = { ...found, key, bands: found.errors.map(quantiles) };
    }
    return at.learned[method];
  }

  function draw(colours) {
    at.colours = colours;
    const { truth, methods } = get("scene");
    const [k, look] = [get("episode"), get("look")];
    const learned = Object.fromEntries(Object.keys(methods).map((method) => [method, learnedBy(method)]));
    const found = Object.fromEntries(Object.keys(methods).map((method) => [method, measure(learned[method], truth, method, k)]));
    const one = episodeOf(at.paths[0], k);
    Object.assign(root.dataset, {
      k, walk: one.walk.map((s) => LETTERS[s]).join(" "),
      found: JSON.stringify(Object.fromEntries(Object.entries(found).map(([m, { error, least, bias, variance }]) => [m, { error, least, bias, variance }]))),
      v: JSON.stringify(Object.fromEntries(Object.entries(learned).map(([m, { V, runs }]) => [m, [...V.slice(k * runs * SIZE, k * runs * SIZE + SIZE)]]))),
    });
    for (const [name, each] of Object.entries(sliders)) each.show(get(name));
    fall.show(get("falling") ? "falling" : "constant");
    time.value = k;
    time.setAttribute("aria-valuetext", `after ${k} episodes`);
    fill(time, (100 * k) / last);
    write(reading, `episode ${k} / ${last}`);
    for (const way of ways) way.input.checked = way.look === look;
    for (const cell of cells) {
      cell.input.checked = cell.look === look;
      const { error, least, bias, variance } = found[cell.method];
      const words = {
        bias: `target off by ${bias[0].toFixed(3)}, V by ${bias[1].toFixed(3)}`,
        variance: `target ${variance[0].toFixed(3)}, V ${variance[1].toFixed(4)}`,
        convergence: `error ${error.toFixed(3)}; least ${least[1].toFixed(3)} after ${least[0]}`,
      }[cell.quality];
      write(cell.found, words);
    }
    write(status, wordsOf(look, found, one, k));
    drawValues(look, learned, found, one, k);
    drawCurve(learned, k);
  }

  function wordsOf(look, found, one, k) {
    if (look === "one run") {
      if (k === 0) return "Before the first episode every value is the first guess. Press Next episode.";
      const letters = one.walk.map((s) => LETTERS[s]).join(" ");
      return `Episode ${k} of run 1: ${letters}, out on the ${one.G ? "right" : "left"}, G = ${one.G}. Monte Carlo moves every state that was visited towards ${one.G}, `
        + "once a visit, at the end. TD moves each state, as it is left, towards the value of the one that came next.";
    }
    if (look === "all runs") return `After ${k} episodes the mean error is ${found.MC.error.toFixed(3)} (Monte Carlo) and ${found.TD.error.toFixed(3)} (TD), over ${scene.runs} runs that saw the same walks.`;
    const [method, quality] = look.split(" ");
    const name = scene.methods[method];
    const { bias, variance, error, least } = found[method];
    if (quality === "bias") {
      const why = method === "MC" ? "The mean of G is the value, by definition, whatever V is." : "Its target is as wrong as the neighbours' V, on average.";
      return `${name}, bias: the mean target is off by ${bias[0].toFixed(3)} (root mean square over A to E), V itself by ${bias[1].toFixed(3)}. ${why}`;
    }
    if (quality === "variance") {
      const why = method === "MC" ? "G is 0 or 1, the noise of all steps to the end." : "Its target is one neighbour's V or the other's, the noise of one step.";
      return `${name}, variance: of the target ${variance[0].toFixed(3)}, of V over the runs ${variance[1].toFixed(4)}. ${why}`;
    }
    const how = get("falling") ? "With a falling α the jitter dies down." : "With a constant α it never comes to rest.";
    return `${name}, convergence: the five values of run 1. Error now ${error.toFixed(3)}, at its least ${least[1].toFixed(3)} after ${least[0]} episodes. ${how}`;
  }

  // ---------------------------------------------------------------- pictures

  function frame(title, beyond) {
    const page = sharp(values);
    const axes = plotAxes(values, page, at.colours, { x: [-1, SIZE], y: [-beyond, 1 + beyond], xTicks: [], yTicks: [0, 0.25, 0.5, 0.75, 1], xLabel: " ", title });
    return { ...axes, ctx: page.ctx, unit: axes.x(1) - axes.x(0) };
  }

  function letters({ ctx, x, box, size }, walk, k) {
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    LETTERS.forEach((letter, s) => {
      const visited = walk.includes(s);
      ctx.fillStyle = visited ? at.colours.ink : at.colours.soft;
      ctx.font = ctx.font.replace(/^(bold )?/, visited ? "bold " : "");
      ctx.fillText(letter, x(s), box.bottom + 0.4 * size);
    });
    ctx.font = ctx.font.replace(/^bold /, "");
    ctx.fillStyle = at.colours.soft;
    ctx.fillText("exit, 0", x(-0.82), box.bottom + 0.4 * size);
    ctx.fillText("exit, +1", x(SIZE - 0.22), box.bottom + 0.4 * size);
    if (!walk.length || !k) return;
    ctx.fillText(`visited: ${walk.length > 14 ? `${walk.slice(0, 12).map((s) => LETTERS[s]).join(" ")} … (${walk.length} steps)` : walk.map((s) => LETTERS[s]).join(" ")}`,
      x((SIZE - 1) / 2), box.bottom + 1.7 * size);
  }

  function diamond(ctx, x, y, r) {
    ctx.beginPath();
    [[0, -r], [r, 0], [0, r], [-r, 0]].forEach(([u, v], i) => ctx[i ? "lineTo" : "moveTo"](x + u, y + v));
    ctx.closePath();
  }

  function truths({ ctx, x, y }, truth, line = true) {
    ctx.strokeStyle = at.colours.goal;
    ctx.fillStyle = at.colours.goal;
    ctx.lineWidth = 1.5;
    if (line) segment(ctx, x(-1), y(0), x(SIZE), y(1));
    truth.forEach((v, s) => { diamond(ctx, x(s), y(v), 6); ctx.fill(); });
  }

  /** A disc for TD, a square for Monte Carlo. */
  function mark(ctx, method, x, y, r, hue) {
    ctx.beginPath();
    if (method === "TD") ctx.arc(x, y, r, 0, 2 * Math.PI);
    else ctx.rect(x - r, y - r, 2 * r, 2 * r);
    ctx.fillStyle = hue;
    ctx.fill();
    ctx.strokeStyle = at.colours.paper;
    ctx.lineWidth = 1.5;
    ctx.stroke();
  }

  function drawValues(look, learned, found, one, k) {
    if (values.clientWidth < 80) return;
    const { truth } = get("scene");
    const [method, quality] = look.split(" ");
    if (quality === "convergence") { drawJitter(method, learned[method], truth, k); return; }
    const titles = {
      "one run": k ? `run 1: what episode ${k} changed (from the pale mark)` : "run 1, before the first episode",
      "all runs": `after ${k} episodes: median and 10–90 % of ${scene.runs} runs`,
      bias: `${scene.methods[method]}: from the true V (green) to the mean target`,
      variance: `${scene.methods[method]}: targets of ${scene.runs} runs, mean ± standard deviation`,
    };
    const axes = frame(titles[quality === "run" || quality === "runs" ? look : quality], quality === "variance" ? 0.28 : 0.06);
    const { ctx } = axes;
    letters(axes, look === "one run" ? one.walk : [], k);
    truths(axes, truth, true);
    if (look === "one run") for (const m of Object.keys(LOOKS)) drawOne(axes, m, learned[m], k);
    else if (look === "all runs") for (const m of Object.keys(LOOKS)) drawAll(axes, m, learned[m], k);
    else if (quality === "bias") drawBias(axes, method, found[method], truth);
    else drawTargets(axes, method, found[method], truth);
    const shown = look.endsWith("run") || look.endsWith("runs") ? Object.keys(LOOKS) : [method];
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    let y = axes.box.top + 1.1 * axes.size;
    for (const [word, hue, m] of [["true V", "goal", null], ...shown.map((m) => [scene.methods[m], LOOKS[m].hue, m])]) {
      const x = axes.box.left + 0.9 * axes.size;
      if (m) mark(ctx, m, x, y, 5, at.colours[hue]);
      else { ctx.fillStyle = at.colours.goal; diamond(ctx, x, y, 6); ctx.fill(); }
      halo(ctx, word, x + 12, y, at.colours);
      y += 1.5 * axes.size;
    }
    values.setAttribute("aria-label", `${titles[quality === "run" || quality === "runs" ? look : quality]}. `
      + shown.map((m) => `${scene.methods[m]}: ${found[m].states.map((each, s) => `${LETTERS[s]} ${plain(quality === "run" ? learned[m].V[k * learned[m].runs * SIZE + s] : each[quality === "runs" ? "V" : "target"].mean, 3)}`).join(", ")}`).join("; "));
  }

  function drawOne({ ctx, x, y, unit }, method, { V, runs }, k) {
    const { hue, dash, shift } = LOOKS[method];
    const value = (episode, s) => V[episode * runs * SIZE + s];
    const place = (s) => x(s) + shift * 0.09 * unit;
    ctx.strokeStyle = at.colours[hue];
    ctx.globalAlpha = 0.55;
    ctx.lineWidth = 1.5;
    ctx.setLineDash(dash);
    ctx.beginPath();
    LETTERS.forEach((_, s) => ctx[s ? "lineTo" : "moveTo"](place(s), y(value(k, s))));
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    LETTERS.forEach((_, s) => {
      const [before, now] = [value(Math.max(0, k - 1), s), value(k, s)];
      const moved = Math.abs(now - before) > 1e-12;
      if (moved) {
        ctx.globalAlpha = 0.35;
        mark(ctx, method, place(s), y(before), 5, at.colours[hue]);
        ctx.strokeStyle = at.colours[hue];
        ctx.lineWidth = 4;
        segment(ctx, place(s), y(before), place(s), y(now));
        ctx.globalAlpha = 1;
      }
      mark(ctx, method, place(s), y(now), moved ? 7 : 5, at.colours[hue]);
    });
  }

  function drawAll({ ctx, x, y, unit }, method, seen, k) {
    const { hue, shift } = LOOKS[method];
    LETTERS.forEach((_, s) => {
      const [low, middle, high] = quantiles(column(seen, k, s));
      const place = x(s) + shift * 0.13 * unit;
      ctx.globalAlpha = 0.3;
      ctx.fillStyle = at.colours[hue];
      ctx.fillRect(place - 0.1 * unit, y(high), 0.2 * unit, Math.max(2, y(low) - y(high)));
      ctx.globalAlpha = 1;
      mark(ctx, method, place, y(middle), 6, at.colours[hue]);
    });
  }

  function drawBias({ ctx, x, y }, method, { states }, truth) {
    const hue = at.colours[LOOKS[method].hue];
    states.forEach(({ target }, s) => {
      if (Math.abs(y(target.mean) - y(truth[s])) > 3) vector(ctx, [x(s), y(truth[s])], [x(s), y(target.mean)], hue, at.colours, 4);
      else { ctx.strokeStyle = hue; ctx.lineWidth = 3; ctx.beginPath(); ctx.arc(x(s), y(truth[s]), 11, 0, 2 * Math.PI); ctx.stroke(); }
    });
  }

  function drawTargets({ ctx, x, y, unit }, method, { states }, truth) {
    const hue = at.colours[LOOKS[method].hue];
    states.forEach(({ target, ahead }, s) => {
      const runs = ahead.length / 2;
      const dots = method === "TD" ? ahead : ahead.map((_, i) => (i / ahead.length < truth[s] ? 1 : 0));
      ctx.fillStyle = hue;
      ctx.globalAlpha = 0.2;
      dots.forEach((value, i) => {
        const jitter = scattered(i) - 0.5;
        const rise = method === "MC" ? 0.07 * (scattered(i + 7919) - 0.5) : 0;
        ctx.beginPath();
        ctx.arc(x(s) + 0.5 * unit * jitter, y(value + rise), 70 / runs + 2, 0, 2 * Math.PI);
        ctx.fill();
      });
      ctx.globalAlpha = 1;
      const sd = Math.sqrt(target.variance);
      ctx.strokeStyle = at.colours.ink;
      ctx.lineWidth = 3;
      segment(ctx, x(s), y(target.mean - sd), x(s), y(target.mean + sd));
      for (const end of [-sd, 0, sd]) segment(ctx, x(s) - 0.1 * unit, y(target.mean + end), x(s) + 0.1 * unit, y(target.mean + end));
    });
  }

  function drawJitter(method, { V, runs }, truth, k) {
    const page = sharp(values);
    values.setAttribute("aria-label", `${scene.methods[method]}: the five values of run 1 over ${last} episodes`);
    const axes = plotAxes(values, page, at.colours, { x: [0, last], y: [-0.06, 1.06], yTicks: [0, 0.25, 0.5, 0.75, 1], xLabel: "episodes", title: `${scene.methods[method]}, run 1 (dashed: the true V)` });
    const { ctx } = page;
    const hue = at.colours[LOOKS[method].hue];
    truth.forEach((v, s) => {
      ctx.strokeStyle = at.colours.goal;
      ctx.lineWidth = 1.5;
      ctx.setLineDash([5, 4]);
      segment(ctx, axes.x(0), axes.y(v), axes.x(last), axes.y(v));
      ctx.setLineDash([]);
      ctx.strokeStyle = hue;
      ctx.lineWidth = 2;
      ctx.beginPath();
      for (let e = 0; e <= last; e += 1) {
        if (e === k + 1) { ctx.stroke(); ctx.globalAlpha = 0.3; ctx.beginPath(); ctx.moveTo(axes.x(k), axes.y(V[k * runs * SIZE + s])); }
        ctx[e ? "lineTo" : "moveTo"](axes.x(e), axes.y(V[e * runs * SIZE + s]));
      }
      ctx.stroke();
      ctx.globalAlpha = 1;
    });
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    const ends = LETTERS.map((letter, s) => [axes.y(V[last * runs * SIZE + s]), letter]).sort((a, b) => b[0] - a[0]);
    let below = Infinity;
    for (const [y, letter] of ends) {
      below = Math.min(y, below - 1.05 * axes.size); // letters do not cover each other
      halo(ctx, letter, axes.x(last) + 3, below, at.colours);
    }
  }

  function drawCurve(learned, k) {
    if (curve.clientWidth < 80) return;
    const page = sharp(curve);
    const highest = Math.max(0.25, ...Object.values(learned).flatMap(({ bands }) => bands.map((band) => band[2])));
    curve.setAttribute("aria-label", `error of V over ${last} episodes, median and 10 to 90 %: after ${k} `
      + Object.entries(learned).map(([m, { bands }]) => `${scene.methods[m]} ${plain(bands[k][1])}`).join(", "));
    const axes = plotAxes(curve, page, at.colours, { x: [0, last], y: [0, 1.12 * highest], xLabel: "episodes", title: `error of V over A to E: median, 10–90 % of ${scene.runs} runs` });
    const { ctx } = page;
    at.time = (pixel) => (last * (pixel - axes.x(0))) / (axes.x(last) - axes.x(0));
    ctx.strokeStyle = at.colours.soft;
    ctx.lineWidth = 1;
    segment(ctx, axes.x(k), axes.box.top, axes.x(k), axes.box.bottom);
    for (const [m, { bands }] of Object.entries(learned)) {
      const hue = at.colours[LOOKS[m].hue];
      ctx.fillStyle = hue;
      ctx.globalAlpha = 0.16;
      ctx.beginPath();
      bands.forEach((band, e) => ctx[e ? "lineTo" : "moveTo"](axes.x(e), axes.y(band[0])));
      for (let e = last; e >= 0; e -= 1) ctx.lineTo(axes.x(e), axes.y(bands[e][2]));
      ctx.fill();
      ctx.globalAlpha = 1;
      ctx.strokeStyle = hue;
      ctx.lineWidth = 2.5;
      ctx.setLineDash(LOOKS[m].dash);
      ctx.beginPath();
      bands.forEach((band, e) => ctx[e ? "lineTo" : "moveTo"](axes.x(e), axes.y(band[1])));
      ctx.stroke();
      ctx.setLineDash([]);
    }
    for (const [m, { bands }] of Object.entries(learned)) mark(ctx, m, axes.x(k), axes.y(bands[k][1]), 6, at.colours[LOOKS[m].hue]);
    let x = axes.box.left;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    for (const m of Object.keys(learned)) {
      const y = axes.box.bottom + 1.95 * axes.size;
      ctx.strokeStyle = at.colours[LOOKS[m].hue];
      ctx.lineWidth = 2.5;
      ctx.setLineDash(LOOKS[m].dash);
      segment(ctx, x, y, x + 26, y);
      ctx.setLineDash([]);
      ctx.fillStyle = at.colours.ink;
      ctx.fillText(scene.methods[m], x + 31, y);
      x += 46 + ctx.measureText(scene.methods[m]).width;
    }
  }

  return start({ watched: ["alpha_mc", "alpha_td", "initial", "episode", "falling", "look", "seed", "scene"], draw, close: stop });
}

const STYLE = `
.pg-walk-two { display: grid; grid-template-columns: minmax(0, 1.1fr) minmax(0, 1fr); gap: 8px 22px; }
.pg-walk-plot { display: block; width: 100%; height: 320px; }
.pg-walk-curve { cursor: ew-resize; touch-action: pan-y; }
.pg-walk-time { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; margin-top: 12px; padding: 10px 0; border-block: 1px solid var(--pg-line); }
.pgkit-lab .pg-walk-time input { flex: 1 1 160px; width: auto; }
.pg-walk-reading { min-width: 8.6em; white-space: nowrap; }
.pg-walk-knobs { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 8px 22px; margin-top: 12px; }
.pg-walk-knobs > .pg-knob { margin-top: 0; grid-template-columns: 9.6em minmax(80px, 1fr) auto; }
.pgkit-lab .pg-walk-fall { grid-template-columns: 9.6em auto; justify-content: start; }
.pg-walk-ways { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; margin: 16px 0 10px; }
.pg-walk-table { display: grid; grid-template-columns: 7.2em minmax(0, 1fr) minmax(0, 1fr); gap: 6px 10px; align-items: center; }
.pg-walk-head { color: var(--pg-soft); }
.pg-walk-cell { display: flex; align-items: center; gap: 10px; padding: 6px 10px; border: 1px solid var(--pg-line); border-left-width: 4px; border-radius: 7px; cursor: pointer; }
.pg-walk-MC { border-left-color: var(--pg-fire); }
.pg-walk-TD { border-left-color: var(--pg-policy); }
.pg-walk-cell:hover { background: var(--pg-floor); }
.pg-walk-said { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 10px; }
.pg-walk-cell:has(:checked) { background: var(--pg-floor); border-block-color: var(--pg-soft); border-right-color: var(--pg-soft); }
.pg-walk-cell:has(:focus-visible) { outline: 3px solid var(--pg-policy); outline-offset: 1px; }
.pgkit-lab .pg-walk-cell input { flex: none; margin: 0; accent-color: var(--pg-policy); }
.pgkit-lab .pg-walk-cell input:focus-visible { outline: none; }
.pg-walk-found { color: var(--pg-soft); }
.pg-walk-words { min-height: 2.8em; margin-top: 12px; }
@container (max-width: 700px) {
  .pg-walk-two { grid-template-columns: minmax(0, 1fr); }
  .pg-walk-plot { height: 280px; }
}
@container (max-width: 640px) {
  .pg-walk-knobs { grid-template-columns: minmax(0, 1fr); }
  .pg-walk-table { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
  .pg-walk-table > .pg-walk-head { grid-column: 1 / -1; margin-top: 4px; }
  .pg-walk-table > .pg-walk-head:nth-child(-n + 3) { display: none; }
}
`;

export default { render };
