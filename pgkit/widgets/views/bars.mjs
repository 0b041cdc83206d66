// Logits that one drags: bars of π, arrows 1[a*] - π, the loss; all of it computed here, at once.
import { aroundZero, button, control, el, knobControl, newId, plain, write } from "../lab.mjs";
import { VIEWS, halo, pageLab, plotAxes, segment, sharp, vector } from "../plot.mjs";

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
  const { root, get, put: tell, request, start } = pageLab(model, host, "softmax lab");
  const canvas = el("canvas", { class: "pg-plot", role: "img", "aria-label": "probabilities, logits and gradient", style: "display: block; width: 100%; height: 260px; cursor: ns-resize; touch-action: none" });
  const status = el("div", { class: "pg-small", role: "status", style: "min-height: 1.5em; margin: 6px 0 10px" });
  const at = { axes: null, dragged: null, note: "" };
  const logits = () => [...get("logits")];
  const put = (values, note = "") => {
    at.note = note;
    tell({ logits: values.map((x) => Math.max(-LARGEST, Math.min(LARGEST, x))) });
  };
  const complain = (words) => {
    at.note = words;
    request();
  };
  const one = (a, value, note) => put(logits().map((x, k) => (k === a ? value : x)), note);

  const rows = labels.map((name, a) => aroundZero(
    { name: "logit", label: [`logit of ${name}`], words: `logit of ${name}`, largest: LARGEST, digits: 2 },
    (x) => one(a, x), () => complain(`A logit is a number within ±${LARGEST}. `)));
  for (const row of rows) row.node.style.marginTop = "4px";
  const chooseId = newId("chosen");
  const choose = control("select", { id: chooseId, change: () => tell({ chosen: Number(choose.value) }) },
    ...labels.map((name, a) => el("option", { value: a }, name)));
  const take = button("", () => {
    const { gradient } = numbers(logits(), get("chosen"));
    put(logits().map((x, a) => x + get("alpha") * gradient[a]), "One step up log π(a*). ");
  });
  const shift = button("Add 1 to all", () => {
    const moved = logits().map((x) => x + 1);
    if (Math.max(...moved) > LARGEST) complain(`A logit is at ${LARGEST} already. `);
    else put(moved, "Every logit is 1 higher, and no probability moved. ");
  });
  const reset = button("Zeros", () => put(logits().map(() => 0), "All actions are equally likely. "));
  const alpha = knobControl(
    {
      name: "alpha", symbol: "α", label: "step size", log: true, meaning: "how far a step goes along the arrows",
      low: Math.min(STEP.low, get("alpha")), high: Math.max(STEP.high, get("alpha")),
    },
    (value) => {
      if (!(typeof value === "number" && value > 0 && value <= STEP.most)) return complain(`α is a number above 0, at most ${STEP.most}. `);
      at.note = "";
      return tell({ alpha: value });
    });
  alpha.node.style.marginTop = "4px";
  root.append(
    canvas, status, ...rows.map((row) => row.node), alpha.node,
    el("div", { class: "pg-buttons", style: "margin-top: 12px" }, el("label", { for: chooseId }, "data point a* ="), choose, take, shift, reset));

  function draw(colours) {
    const [values, chosen] = [logits(), get("chosen")];
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
    const reach = Math.max(LEAST, Math.ceil(Math.max(...values.map(Math.abs))));
    rows.forEach((row, a) => row.show(values[a], reach));
    choose.value = chosen;
    alpha.show(get("alpha"));
    write(take, `Take a step of α = ${plain(get("alpha"))}`);
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

  return start({ watched: ["logits", "chosen", "alpha"], draw });
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
