// Logits that one drags: bars of π, arrows 1[a*] - π, the loss; all of it computed here, at once.
import { button, control, el, fill, knobControl, newId, plain, write } from "../lab.mjs";
import { COLOURS, VIEWS, halo, onTheme, painter, palette, plotAxes, segment, sharp, vector } from "../plot.mjs";

const [LEAST, LARGEST] = [5, 1000]; // the sliders' usual reach, and the farthest
const STEP = { low: 0.01, high: 10, most: 1000 }; // of α

function logSoftmax(logits) {
  const top = Math.max(...logits);
  const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x - top), 0));
  return logits.map((x) => x - top - total);
}

/** All that follows from the logits. */
function numbers(logits, chosen) {
  const logs = logSoftmax(logits);
  const probs = logs.map(Math.exp);
  return { probs, loss: -logs[chosen], gradient: probs.map((p, a) => (a === chosen ? 1 : 0) - p) };
}

function render({ model, el: host }) {
  const labels = model.get("labels");
  const ids = labels.map(() => newId("logit"));
  const root = el("div", { class: "pgkit-lab", role: "region", "aria-label": "softmax lab" });
  host.append(root);
  const canvas = el("canvas", { class: "pg-plot", role: "img", "aria-label": "probabilities, logits and gradient", style: "display: block; width: 100%; height: 260px; cursor: ns-resize; touch-action: none" });
  const status = el("div", { class: "pg-small", role: "status", style: "min-height: 1.5em; margin: 6px 0 10px" });
  const at = { axes: null, colours: null, dragged: null, note: "" };
  const logits = () => [...model.get("logits")];
  const put = (values, note = "") => {
    at.note = note;
    model.set("logits", values.map((x) => Math.max(-LARGEST, Math.min(LARGEST, x))));
    model.save_changes();
  };
  const one = (a, value, note) => put(logits().map((x, k) => (k === a ? value : x)), note);

  const rows = labels.map((name, a) => {
    const slider = control("input", {
      type: "range", id: ids[a], min: -LEAST, max: LEAST, step: "any",
      input: () => one(a, Number(Number(slider.value).toFixed(2))),
      keydown: (event) => {
        const by = { ArrowUp: 0.1, ArrowRight: 0.1, ArrowDown: -0.1, ArrowLeft: -0.1, PageUp: 1, PageDown: -1 }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        one(a, Number((logits()[a] + by).toFixed(2)));
      },
    });
    const typed = () => {
      const value = Number(field.value.trim().replace(",", ".").replace("−", "-"));
      if (field.value.trim() === "" || !Number.isFinite(value) || Math.abs(value) > LARGEST) {
        at.note = `A logit is a number within ±${LARGEST}. `;
        brush.request();
      } else if (field.value !== plain(logits()[a], 4)) one(a, value);
    };
    const field = control("input", {
      type: "text", inputmode: "decimal", class: "pg-field", autocomplete: "off", "aria-label": `logit of ${name}, typed`,
      change: typed,
      keydown: (event) => event.key === "Enter" && typed(), // JupyterLab keeps Enter from becoming a change
    });
    const node = el("div", { class: "pg-knob", style: "margin-top: 4px" }, el("label", { for: ids[a] }, `logit of ${name}`), slider, field);
    return { node, slider, field };
  });
  const chooseId = newId("chosen");
  const choose = control("select", { id: chooseId, change: () => { model.set("chosen", Number(choose.value)); model.save_changes(); } },
    ...labels.map((name, a) => el("option", { value: a }, name)));
  const take = button("", () => {
    const { gradient } = numbers(logits(), model.get("chosen"));
    put(logits().map((x, a) => x + model.get("alpha") * gradient[a]), "One step up log π(a*). ");
  });
  const shift = button("Add 1 to all", () => {
    const moved = logits().map((x) => x + 1);
    if (Math.max(...moved) > LARGEST) {
      at.note = `A logit is at ${LARGEST} already. `;
      brush.request();
    } else put(moved, "Every logit is 1 higher, and no probability moved. ");
  });
  const reset = button("Zeros", () => put(logits().map(() => 0), "All actions are equally likely. "));
  const alpha = knobControl(
    {
      name: "alpha", symbol: "α", label: "step size", log: true, meaning: "how far a step goes along the arrows",
      low: Math.min(STEP.low, model.get("alpha")), high: Math.max(STEP.high, model.get("alpha")),
    },
    (value) => {
      if (typeof value === "number" && value > 0 && value <= STEP.most) {
        at.note = "";
        model.set("alpha", value);
        model.save_changes();
      } else at.note = `α is a number above 0, at most ${STEP.most}. `;
      brush.request();
    });
  alpha.node.style.marginTop = "4px";
  root.append(
    canvas, status, ...rows.map((row) => row.node), alpha.node,
    el("div", { class: "pg-buttons", style: "margin-top: 12px" }, el("label", { for: chooseId }, "data point a* ="), choose, take, shift, reset));

  function draw() {
    at.colours ??= palette(root, COLOURS);
    const colours = at.colours;
    if (!colours || !root.clientWidth) {
      brush.request();
      return;
    }
    const [values, chosen] = [logits(), model.get("chosen")];
    const { probs, loss, gradient } = numbers(values, chosen);
    root.dataset.probs = JSON.stringify(probs);
    root.dataset.gradient = JSON.stringify(gradient);
    root.dataset.loss = loss;
    show(values, chosen);
    write(status, `${at.note}Loss −log π(a*) = ${plain(loss, 4)}, with π(${labels[chosen]}) = ${plain(probs[chosen])}.`);
    canvas.setAttribute("aria-label", labels.map((name, a) => `${name}: π ${plain(probs[a])}, gradient ${plain(gradient[a])}`).join("; "));
    const page = sharp(canvas);
    at.axes = plotAxes(canvas, page, colours, {
      x: [-0.5, labels.length - 0.5], y: [0, 1.06], title: "π(a) = softmax of the logits; arrows 1[a = a*] − π", xTicks: [], xLabel: " ",
      yTicks: [0, 0.25, 0.5, 0.75, 1],
    });
    bars(page.ctx, at.axes, { labels, values, chosen, probs, gradient }, colours);
  }
  function show(values, chosen) {
    rows.forEach(({ slider, field }, a) => {
      const reach = Math.max(LEAST, Math.ceil(Math.max(...values.map(Math.abs))));
      if (Number(slider.max) !== reach) Object.assign(slider, { min: -reach, max: reach });
      slider.value = values[a];
      slider.setAttribute("aria-valuetext", plain(values[a], 4));
      fill(slider, (50 * (values[a] + reach)) / reach);
      if (document.activeElement !== field) field.value = plain(values[a], 4);
    });
    choose.value = chosen;
    alpha.show(model.get("alpha"));
    write(take, `Take a step of α = ${plain(model.get("alpha"))}`);
  }

  // Dragging a bar turns its logit so that π(a) follows the pointer, the others kept.
  const moved = (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    const { box } = at.axes;
    if (at.dragged === null) {
      const a = Math.floor(((event.clientX - left - box.left) / (box.right - box.left)) * labels.length);
      if (a < 0 || a >= labels.length) return;
      at.dragged = a;
    }
    const p = Math.max(0.002, Math.min(0.998, (1.06 * (box.bottom - (event.clientY - top))) / (box.bottom - box.top)));
    const values = logits();
    const rest = values.filter((_, a) => a !== at.dragged);
    const most = Math.max(...rest);
    const others = most + Math.log(rest.reduce((sum, x) => sum + Math.exp(x - most), 0));
    one(at.dragged, Number((others + Math.log(p / (1 - p))).toFixed(3)));
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!at.axes) return;
    canvas.setPointerCapture(event.pointerId);
    moved(event);
  });
  canvas.addEventListener("pointermove", (event) => at.dragged !== null && moved(event));
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { at.dragged = null; });

  const brush = painter(root, draw);
  const changed = () => brush.request();
  for (const name of ["logits", "chosen", "alpha"]) model.on(`change:${name}`, changed);
  const stopTheme = onTheme(() => { at.colours = null; brush.request(); });
  const sizes = new ResizeObserver(changed);
  sizes.observe(canvas);
  brush.request();
  return () => {
    for (const name of ["logits", "chosen", "alpha"]) model.off(`change:${name}`, changed);
    sizes.disconnect();
    stopTheme();
    brush.close();
  };
}

function bars(ctx, axes, { labels, values, chosen, probs, gradient }, colours) {
  const { box, size } = axes;
  const wide = (box.right - box.left) / labels.length;
  const half = Math.min(0.33 * wide, 44);
  labels.forEach((name, a) => {
    const [x, y] = [axes.x(a), axes.y(probs[a])];
    ctx.fillStyle = colours.policy;
    ctx.globalAlpha = 0.6;
    ctx.fillRect(x - half, y, 2 * half, axes.y(0) - y);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = colours.policy;
    ctx.lineWidth = 3;
    segment(ctx, x - half, y, x + half, y);
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    ctx.fillStyle = colours.ink;
    ctx.fillText(a === chosen ? `${name} = a*` : name, x, box.bottom + size * 0.35, wide);
    ctx.fillStyle = colours.soft;
    ctx.fillText(`logit ${plain(values[a], 3)}`, x, box.bottom + size * 1.6, wide);
  });
  gradient.forEach((g, a) => {
    const [x, y, end] = [axes.x(a) - half / 2, axes.y(probs[a]), axes.y(probs[a] + g)];
    if (Math.abs(end - y) > 2) vector(ctx, [x, y], [x, end], colours.ink, colours, 2.4);
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    const middle = Math.max(box.top + size, Math.min(box.bottom - size * 0.8, (y + end) / 2));
    halo(ctx, `${g > 0 ? "+" : ""}${plain(g, 2)}`, x + 8, middle, colours);
  });
}

VIEWS.bars = { render };
