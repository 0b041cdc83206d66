// Bars: the variance of one rollout's gradient for each baseline, and its bias beside it.
import { el, plain, short, ten } from "../lab.mjs";
import { FONT, VIEWS, letterSize, segment, sharp } from "../plot.mjs";

VIEWS.variance = (setting) => {
  const names = setting.names.map((name) => name.replace("_t", "ₜ"));
  names.push(`${names.pop()}, a trap`);
  const node = el("canvas", { class: "pg-plot", role: "img" });
  return {
    node,
    draw({ variance, error, bias }, facts, colours) {
      const { ctx, width, height } = sharp(node);
      if (width < 80) return;
      const size = letterSize(node, width);
      ctx.font = `${size}px ${FONT}`;
      ctx.textBaseline = "middle";
      ctx.textAlign = "left";
      node.setAttribute("aria-label", words(names, variance, bias, facts));
      if (facts.lost) {
        ctx.fillStyle = colours.soft;
        ctx.fillText("Run 0 has diverged.", size, height / 2);
        return;
      }
      const shares = names.map((_, i) => share(bias[i], facts));
      const left = Math.max(...names.map((name) => ctx.measureText(name).width)) + size;
      const last = ctx.measureText("100 %").width + size * 0.6;
      const right = width - last - ctx.measureText("1.23·10⁻¹⁰").width - size * 1.5;
      const rows = { top: size * 2, high: (height - size * 3.6) / names.length };
      const x = scale(facts, left, right);
      head(ctx, facts, width, size, colours);
      grid(ctx, facts, x, rows, names.length, size, colours);
      names.forEach((name, i) => {
        const y = rows.top + (i + 0.5) * rows.high;
        const trap = i === names.length - 1;
        ctx.fillStyle = colours.ink;
        ctx.textAlign = "left";
        ctx.fillText(name, 0, y);
        const end = x(variance[i]);
        ctx.fillStyle = trap ? colours.fire : colours.policy;
        ctx.fillRect(left, y - rows.high * 0.3, Math.max(1, end - left), rows.high * 0.6);
        if (trap) hatch(ctx, left, y - rows.high * 0.3, Math.max(1, end - left), rows.high * 0.6, colours);
        const whisker = facts.exact ? end : whiskers(ctx, x, variance[i], error[i], y, left, colours);
        ctx.fillStyle = colours.ink;
        ctx.fillText(short(variance[i], 3), Math.max(end, whisker) + size * 0.4, y);
        ctx.textAlign = "right";
        ctx.fillStyle = shares[i] ? colours.fire : colours.soft;
        ctx.fillText(shares[i] ? `${plain(100 * shares[i])} %` : "0", width - 1, y);
      });
    },
  };
};

function share(bias, { length }) {
  return bias > 1e-6 * Math.max(length, 1e-30) ? bias / length : 0;
}

function words(names, variance, bias, facts) {
  if (facts.lost) return "Run 0 has diverged: it has no gradient.";
  const rows = names.map((name, i) => `${name} ${plain(variance[i])}, bias ${plain(100 * share(bias[i], facts))} %`);
  return `Variance of one rollout's gradient, and its bias as a share of the gradient: ${rows.join("; ")}.`;
}

function scale({ log, floor, most }, left, right) {
  const part = log ? (v) => Math.log(Math.max(v, floor) / floor) / Math.log(most / floor) : (v) => v / most;
  return (v) => left + (right - left) * Math.max(0, Math.min(1.04, part(v)));
}

function head(ctx, { exact, samples, batch, log, iteration }, width, size, colours) {
  const how = exact ? "exact" : `${samples} rollouts`;
  ctx.textBaseline = "top";
  ctx.fillStyle = colours.ink;
  const full = `variance of one rollout's gradient (${how}${log ? ", log scale" : ""})`;
  const short = `variance (${how}${log ? ", log" : ""})`;
  const room = width - ctx.measureText("|bias| / |∇J|").width - size;
  ctx.fillText(ctx.measureText(full).width < room ? full : short, 0, 0);
  ctx.textAlign = "right";
  ctx.fillStyle = colours.soft;
  ctx.fillText("|bias| / |∇J|", width - 1, 0);
  ctx.textBaseline = "middle";
}

/** Powers of ten, or nothing on a plain scale: the numbers stand beside the bars. */
function grid(ctx, { log, floor, most }, x, rows, count, size, colours) {
  const bottom = rows.top + count * rows.high;
  ctx.lineWidth = 1;
  ctx.strokeStyle = colours.edge;
  segment(ctx, x(floor), rows.top, x(floor), bottom);
  if (!log) return;
  const every = Math.max(1, Math.ceil(Math.log10(most / floor) / 5));
  ctx.fillStyle = colours.soft;
  ctx.textAlign = "center";
  for (let e = Math.ceil(Math.log10(floor)); 10 ** e <= most; e += every) {
    const at = Math.round(x(10 ** e)) + 0.5;
    ctx.strokeStyle = colours.line;
    segment(ctx, at, rows.top, at, bottom);
    ctx.fillText(power(e), at, bottom + size * 0.9);
  }
}

function power(e) {
  return e >= -2 && e <= 3 ? plain(10 ** e) : ten(e);
}

function whiskers(ctx, x, value, error, y, left, colours) {
  const [from, to] = [x(value - error), x(value + error)];
  ctx.strokeStyle = colours.ink;
  ctx.lineWidth = 1.5;
  segment(ctx, Math.max(left, from), y, to, y);
  for (const at of [from, to]) segment(ctx, at, y - 4, at, y + 4);
  return to;
}

/** Stripes: the trap is not told by its colour alone. */
function hatch(ctx, x, y, wide, high, colours) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, wide, high);
  ctx.clip();
  ctx.strokeStyle = colours.paper;
  ctx.lineWidth = 1.5;
  ctx.globalAlpha = 0.6;
  for (let at = x - high; at < x + wide; at += 7) segment(ctx, at, y + high, at + high, y);
  ctx.restore();
}
