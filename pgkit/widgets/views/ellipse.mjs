// Steps of one size: the ball |d| ≤ ε and the ellipse ½ dᵀF d ≤ ε, each with its best step.
import { el, knobControl, plain, write } from "../lab.mjs";
import { VIEWS, halo, plotAxes, segment, sharp, vector } from "../plot.mjs";

VIEWS.ellipse = ({ low, high, epsilon, names }, host) => {
  const canvas = el("canvas", { class: "pg-plot", role: "img" });
  const knob = knobControl(
    { name: "epsilon", low, high, log: true, whole: false, symbol: "ε", label: "size of the step", meaning: "a length for the ball, a divergence in nats for the ellipse" },
    (value) => host.ask({ kind: "view", view: "ellipse", epsilon: value }),
  );
  knob.node.style.gridTemplateColumns = "auto minmax(60px, 1fr) auto";
  knob.show(epsilon);
  const note = el("div", { class: "pg-small", role: "status" });
  const node = el("div", {}, canvas, knob.node, note);

  function draw({ plain: step, natural }, facts, colours) {
    if (!host.busy?.()) knob.show(Number(facts.epsilon.toPrecision(3)));
    write(note, remark(facts));
    canvas.setAttribute("aria-label", remark(facts) || words(facts));
    const page = sharp(canvas);
    const { ctx, width } = page;
    if (width < 80 || facts.lost) return;
    const { half } = facts;
    const place = plotAxes(canvas, page, colours, {
      x: [-half, half], y: [-half, half], equal: true, grid: false,
      xLabel: `step in ${names[0]}`, title: `step in ${names[1]}`,
    });
    const { box, size } = place;
    const unit = place.x(1) - place.x(0);
    const [x0, y0] = [place.x(0), place.y(0)];
    const ends = [step, natural].map(([x, y]) => [place.x(x), place.y(y)]);
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    ctx.clip();
    ctx.strokeStyle = colours.line;
    ctx.lineWidth = 1;
    segment(ctx, box.left, y0, box.right, y0);
    segment(ctx, x0, box.top, x0, box.bottom);
    if (facts.flat < 2) {
      const [a, b] = facts.radii.map((r) => Math.min((r ?? Infinity) * unit, 1e5));
      ctx.beginPath();
      ctx.ellipse(x0, y0, a, b, -facts.tilt, 0, 2 * Math.PI);
      shape(ctx, colours.policy, colours.policy, []);
    }
    ctx.beginPath();
    ctx.arc(x0, y0, facts.epsilon * unit, 0, 2 * Math.PI);
    shape(ctx, colours.soft, colours.soft, [5, 4]);
    vector(ctx, [x0, y0], ends[1], colours.policy, colours);
    vector(ctx, [x0, y0], ends[0], colours.ink, colours);
    ctx.restore();
    labels(ctx, facts, ends, place, colours);
    legend(ctx, box, size, colours);
  }
  return { node, canvas, draw };
};

function shape(ctx, edge, inside, dash) {
  ctx.globalAlpha = 0.12;
  ctx.fillStyle = inside;
  ctx.fill();
  ctx.globalAlpha = 1;
  ctx.strokeStyle = edge;
  ctx.lineWidth = 2;
  ctx.setLineDash(dash);
  ctx.stroke();
  ctx.setLineDash([]);
}

/** What each step does, beside its end: the higher end's words go up, the lower one's down. */
function labels(ctx, facts, [step, natural], { box, size }, colours) {
  if (facts.level || facts.flat === 2) return;
  const signed = (x) => `${x < 0 ? "" : "+"}${plain(x, 2)}`;
  const up = natural[1] <= step[1];
  const rows = [["natural", natural, up, colours.policy], ["plain", step, !up, colours.ink]].map(([name, [x, y], over, hue]) => {
    const text = `${name}: J ${signed(facts[name].gain)}, KL ${plain(facts[name].kl, 2)}`;
    const wide = ctx.measureText(text).width;
    const left = Math.min(box.right - wide - 4, Math.max(box.left + 4, x + 8));
    const top = Math.min(box.bottom - size * 1.4, Math.max(box.top + size * 1.6, y + (over ? -size * 1.4 : size * 0.4)));
    return { text, left, top, hue };
  });
  const [high, low] = up ? rows : [rows[1], rows[0]];
  low.top = Math.min(box.bottom - size * 1.4, Math.max(low.top, high.top + size * 1.4));
  high.top = Math.min(high.top, low.top - size * 1.4);
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  for (const { text, left, top, hue } of rows) halo(ctx, text, left, top, colours, hue);
}

function legend(ctx, box, size, colours) {
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  halo(ctx, "dashed: |d| ≤ ε", box.left + 4, box.top + 2, colours, colours.soft);
  ctx.textAlign = "right";
  halo(ctx, "solid: ½ dᵀF d ≤ ε", box.right - 4, box.top + 2, colours, colours.policy);
}

function remark({ lost, flat, level }) {
  if (lost) return "Run 0 has diverged: there is no step to take.";
  if (flat === 2) return "F is zero: to all digits this policy always does the same, and no small step changes it.";
  if (level) return "The gradient is zero here: neither step moves.";
  if (flat === 1) return "F is singular: along one direction the policy does not change. The ellipse is a strip without end, and the natural step keeps out of that direction.";
  return "";
}

function words({ epsilon, plain: step, natural }) {
  return `Steps of size ${plain(epsilon)}. Plain: KL ${plain(step.kl)}, J changes by ${plain(step.gain)}. Natural: KL ${plain(natural.kl)}, J changes by ${plain(natural.gain)}.`;
}
