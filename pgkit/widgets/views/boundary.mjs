// Points of two labels, π(1|x) as shading, the boundary, and the step that lowers the loss.
import { el, plain, short, write } from "../lab.mjs";
import { VIEWS, halo, plotAxes, segment, sharp, vector } from "../plot.mjs";

const CELL = 9; // pixels of the shading

VIEWS.boundary = (setting) => {
  const canvas = el("canvas", { class: "pg-plot", role: "img", style: "height: 330px" }); // nearly square: the axes are equal
  const line = el("div", { class: "pg-small" });
  const node = el("div", {}, canvas, line);

  function draw(parts, facts, colours) {
    const words = facts.lost ? "Run 0 has diverged: it has no boundary."
      : `mean loss ${plain(facts.loss)}, ${plain(100 * facts.right)} % on their side, |∇L| ${short(facts.length)}`;
    write(line, words);
    canvas.setAttribute("aria-label", `Decision boundary: ${words}`);
    const page = sharp(canvas);
    const { ctx, width } = page;
    if (width < 80) return;
    const axes = plotAxes(canvas, page, colours, { x: setting.x, y: setting.y, equal: true, grid: false, title: "x₂", xLabel: "x₁" });
    const { box, size } = axes;
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    ctx.clip();
    if (!facts.lost) shade(ctx, axes, parts.theta, colours);
    points(ctx, axes, parts, colours);
    if (!facts.lost) {
      for (let k = 0; k < parts.others.length; k += 3) boundary(ctx, axes, parts.others.subarray(k, k + 3), colours.ink, 1, 0.3);
      boundary(ctx, axes, parts.theta, colours.paper, 5, 0.8);
      boundary(ctx, axes, parts.theta, colours.ink, 2.4, 1);
      step(ctx, axes, parts, colours);
    }
    ctx.restore();
    legend(ctx, box, size, colours);
  }
  return { node, canvas, draw };
};

function shade(ctx, axes, [b, u, v], colours) {
  const { box, low, high } = axes;
  const across = (high[0] - low[0]) / (box.right - box.left);
  const up = (high[1] - low[1]) / (box.bottom - box.top);
  for (let px = box.left; px < box.right; px += CELL) {
    for (let py = box.top; py < box.bottom; py += CELL) {
      const x = low[0] + (px + CELL / 2 - box.left) * across;
      const y = low[1] + (box.bottom - py - CELL / 2) * up;
      const p = 1 / (1 + Math.exp(-(b + u * x + v * y)));
      ctx.fillStyle = p > 0.5 ? colours.policy : colours.trap;
      ctx.globalAlpha = 0.5 * Math.abs(p - 0.5);
      ctx.fillRect(px, py, CELL, CELL);
    }
  }
  ctx.globalAlpha = 1;
}

/** Circles and triangles; what weighs nothing is hollow, what pushes away is crossed out. */
function points(ctx, axes, { points: xy, labels, weights }, colours) {
  labels.forEach((label, i) => {
    const [x, y] = [axes.x(xy[2 * i]), axes.y(xy[2 * i + 1])];
    const r = 3.6;
    ctx.beginPath();
    if (label) {
      ctx.moveTo(x, y - r * 1.25);
      ctx.lineTo(x + r * 1.1, y + r * 0.8);
      ctx.lineTo(x - r * 1.1, y + r * 0.8);
      ctx.closePath();
    } else ctx.arc(x, y, r, 0, 2 * Math.PI);
    ctx.fillStyle = label ? colours.policy : colours.trap;
    ctx.strokeStyle = weights[i] === 0 ? ctx.fillStyle : colours.paper;
    ctx.lineWidth = 1;
    if (weights[i] !== 0) ctx.fill();
    ctx.stroke();
    if (weights[i] < 0) {
      ctx.strokeStyle = colours.ink;
      segment(ctx, x - r, y - r, x + r, y + r);
      segment(ctx, x - r, y + r, x + r, y - r);
    }
  });
}

/** The point of b + u x + v y = 0 nearest to the origin. */
function foot([b, u, v]) {
  const size = u * u + v * v;
  return size > 1e-12 ? [(-b * u) / size, (-b * v) / size] : null;
}

function boundary(ctx, axes, theta, hue, wide, alpha) {
  const at = foot(theta);
  if (!at) return;
  const [, u, v] = theta;
  const far = 1e3 / Math.hypot(u, v);
  ctx.globalAlpha = alpha;
  ctx.strokeStyle = hue;
  ctx.lineWidth = wide;
  segment(ctx, axes.x(at[0] - v * far), axes.y(at[1] + u * far), axes.x(at[0] + v * far), axes.y(at[1] - u * far));
  ctx.globalAlpha = 1;
}

/** Where the next step moves (θ₂, θ₃): an arrow of fixed length, from the boundary. */
function step(ctx, axes, { theta, step: move }, colours) {
  const { box, size } = axes;
  const start = foot(theta) ?? [0, 0];
  const length = Math.hypot(move[1], move[2]);
  const from = [axes.x(start[0]), axes.y(start[1])];
  if (!(length > 1e-9)) return;
  const reach = Math.min(60, 0.3 * (box.bottom - box.top));
  const to = [from[0] + (reach * move[1]) / length, from[1] - (reach * move[2]) / length];
  vector(ctx, from, to, colours.goal, colours, 3);
  const left = to[0] < (box.left + box.right) / 2;
  ctx.textAlign = left ? "right" : "left";
  ctx.textBaseline = "middle";
  halo(ctx, "−∇L", to[0] + (left ? -6 : 6), to[1] - (Math.abs(to[0] - from[0]) < size ? size : 0), colours, colours.goal);
}

function legend(ctx, box, size, colours) {
  ctx.textBaseline = "top";
  ctx.textAlign = "right";
  halo(ctx, "● label 0", box.right - size * 6.4, 0, colours, colours.ink);
  halo(ctx, "▲ label 1", box.right, 0, colours, colours.ink);
  ctx.fillStyle = colours.trap;
  ctx.textAlign = "left";
  ctx.fillText("●", box.right - size * 6.4 - ctx.measureText("● label 0").width, 0);
  ctx.fillStyle = colours.policy;
  ctx.fillText("▲", box.right - ctx.measureText("▲ label 1").width, 0);
}
