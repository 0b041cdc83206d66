// J over two parameters: a map with isolines, the ways of the runs, and where they are now.
import { control, el, newId, plain } from "../lab.mjs";
import { FONT, VIEWS, halo, plotAxes, segment, sharp, ticks } from "../plot.mjs";

const LEVELS = 9; // isolines, about
const FINE = 6; // pixels of the shading to a cell of the lattice

VIEWS.contour = ({ names, axes }, host) => {
  const canvas = el("canvas", { class: "pg-plot", role: "img" });
  const picks = names.length ? ["across", "up"].map((side, k) => picker(side, names, axes[k])) : [];
  const ask = () => host.ask({ kind: "view", view: "contour", axes: picks.map(({ select }) => Number(select.value)) });
  picks.forEach(({ select }) => select.addEventListener("change", ask));
  const node = picks.length
    ? el("div", {}, el("div", { class: "pg-buttons", style: "margin-bottom: 6px" }, ...picks.map((pick) => pick.node)), canvas)
    : canvas;
  let ground = null; // shading and isolines, drawn once for a surface, size and theme

  function draw(parts, facts, colours) {
    const page = sharp(canvas);
    const { ctx, width, height } = page;
    if (width < 80) return;
    if (!host.busy?.()) picks.forEach(({ select }, k) => { select.value = String(facts.axes[k]); });
    const [x, y] = facts.half;
    const key = [facts.surface, width, height, window.devicePixelRatio, ...facts.names].join();
    if (ground?.key !== key) ground = { key, picture: survey(canvas, page, parts.j, facts, colours) };
    ctx.drawImage(ground.picture, 0, 0, width, height);
    const place = plotAxes(canvas, page, colours, {
      x: [-x, x], y: [-y, y], xLabel: facts.names[0], grid: false, title: title(facts),
    });
    clipped(ctx, place.box, () => {
      if (parts.rival) ways(ctx, parts.rival, facts.paths, place, colours.ink, colours, [5, 4]);
      ways(ctx, parts.way, facts.paths, place, colours.policy, colours, []);
      points(ctx, parts.now, place, colours);
    });
    canvas.setAttribute("aria-label", words(parts, facts));
  }
  return { node, canvas, draw, restyle: () => { ground = null; } };
};

function picker(side, names, now) {
  const id = newId("axis");
  const select = control("select", { id }, ...names.map((name, k) => el("option", { value: k, selected: k === now }, name)));
  return { select, node: el("label", { class: "pg-small", for: id }, `${side} `, select) };
}

function title({ names, rival, outside, lost }) {
  const off = [outside && `${outside} off the map`, lost && `${lost} diverged`].filter(Boolean).join(", ");
  return `${names[1]} · J and the ways of runs${rival ? " (dashed: rival)" : ""}${off ? `; ${off}` : ""}`;
}

function words({ j, now }, { names, half }) {
  const [least, most] = [Math.min(...j), Math.max(...j)];
  return `Map of J over ${names[0]} from ${plain(-half[0])} to ${plain(half[0])} and ${names[1]} from ${plain(-half[1])} to ${plain(half[1])}; `
    + `J from ${plain(least)} to ${plain(most)}. Run 0 is at ${plain(now[0])}, ${plain(now[1])}.`;
}

function clipped(ctx, box, paint) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  ctx.clip();
  paint();
  ctx.restore();
}

// ---------------------------------------------------------------- the ground

/** Shading in bands between the isolines, the lines, and their values. */
function survey(canvas, { ctx: page, width, height }, j, { side, half }, colours) {
  const ratio = window.devicePixelRatio || 1;
  const picture = document.createElement("canvas");
  Object.assign(picture, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  const ctx = picture.getContext("2d");
  ctx.scale(ratio, ratio);
  const { box, size } = plotAxes(canvas, { ctx: page, width, height }, colours, { x: [-1, 1], y: [-1, 1], xLabel: " ", title: " ", xTicks: [], yTicks: [], grid: false });
  page.clearRect(0, 0, width, height);
  const [least, most] = [Math.min(...j), Math.max(...j)];
  const levels = most - least > 1e-9 * Math.max(1, Math.abs(most)) ? ticks(least, most, LEVELS) : [];
  const shade = bands(j, side, levels, colours.goal);
  ctx.imageSmoothingEnabled = true;
  ctx.drawImage(shade, box.left, box.top, box.right - box.left, box.bottom - box.top);
  const at = ([u, v]) => [box.left + ((box.right - box.left) * u) / (side - 1), box.bottom - ((box.bottom - box.top) * v) / (side - 1)];
  const lines = levels.map((level) => isoline(j, side, level).map((ends) => ends.map(at)));
  ctx.strokeStyle = colours.soft;
  ctx.globalAlpha = 0.55;
  ctx.lineWidth = 1;
  lines.forEach((all) => all.forEach(([from, to]) => segment(ctx, ...from, ...to)));
  ctx.globalAlpha = 1;
  ctx.font = `${size * 0.92}px ${FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const taken = [];
  levels.forEach((level, k) => {
    const spot = roomiest(lines[k], taken, box, size);
    if (!spot) return;
    taken.push(spot);
    halo(ctx, plain(level), ...spot, colours);
  });
  return picture;
}

/** The surface between lattice points, in steps: the higher, the more colour. */
function bands(j, side, levels, hue) {
  const wide = (side - 1) * FINE + 1;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: wide, height: wide });
  const ctx = canvas.getContext("2d");
  const [r, g, b] = rgb(ctx, hue);
  const image = ctx.createImageData(wide, wide);
  for (let row = 0; row < wide; row += 1) {
    const v = (wide - 1 - row) / FINE;
    for (let col = 0; col < wide; col += 1) {
      const value = between(j, side, col / FINE, v);
      const step = levels.filter((level) => level <= value).length;
      const k = 4 * (row * wide + col);
      image.data.set([r, g, b, levels.length ? 15 + (150 * step) / levels.length : 15], k);
    }
  }
  ctx.putImageData(image, 0, 0);
  return canvas;
}

function between(j, side, u, v) {
  const [c, r] = [Math.min(side - 2, Math.floor(u)), Math.min(side - 2, Math.floor(v))];
  const [p, q] = [u - c, v - r];
  const k = r * side + c;
  return (1 - q) * ((1 - p) * j[k] + p * j[k + 1]) + q * ((1 - p) * j[k + side] + p * j[k + side + 1]);
}

function rgb(ctx, colour) {
  ctx.fillStyle = colour;
  return [1, 3, 5].map((i) => parseInt(ctx.fillStyle.slice(i, i + 2), 16));
}

/** Where the surface crosses a level: pieces of line in each cell, in units of cells (marching squares). */
function isoline(j, side, level) {
  const found = [];
  for (let r = 0; r < side - 1; r += 1) {
    for (let c = 0; c < side - 1; c += 1) {
      const k = r * side + c;
      const corner = [j[k], j[k + 1], j[k + side + 1], j[k + side]];
      const spots = [[c, r], [c + 1, r], [c + 1, r + 1], [c, r + 1]];
      const cuts = [];
      for (let e = 0; e < 4; e += 1) {
        const [a, b] = [corner[e], corner[(e + 1) % 4]];
        if ((a < level) === (b < level)) continue;
        const part = (level - a) / (b - a);
        const [from, to] = [spots[e], spots[(e + 1) % 4]];
        cuts.push([from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])]);
      }
      for (let i = 0; i + 1 < cuts.length; i += 2) found.push([cuts[i], cuts[i + 1]]);
    }
  }
  return found;
}

/** The place on a line that is farthest from other labels and inside the picture, or null. */
function roomiest(pieces, taken, box, size) {
  let [best, room] = [null, size * 2.6];
  for (const [[x0, y0], [x1, y1]] of pieces) {
    const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
    if (x < box.left + size * 2 || x > box.right - size * 2 || y < box.top + size || y > box.bottom - size) continue;
    const middle = 0.15 * Math.hypot(x - (box.left + box.right) / 2, y - (box.top + box.bottom) / 2);
    const free = Math.min(...taken.map(([a, b]) => Math.hypot(a - x, 1.8 * (b - y))), 400);
    if (free - middle > room || (best === null && free > size * 2.6)) [best, room] = [[x, y], free - middle];
  }
  return best;
}

// ---------------------------------------------------------------- the runs

function ways(ctx, flat, count, place, hue, colours, dash) {
  const steps = flat.length / (2 * count);
  ctx.lineJoin = "round";
  for (let p = count - 1; p >= 0; p -= 1) { // run 0 last, over the others
    for (const [rim, colour, alpha] of [[2, colours.paper, 0.6], [0, hue, p ? 0.4 : 1]]) {
      if (rim && p) continue;
      ctx.lineWidth = (p ? 1.2 : 2) + rim;
      ctx.strokeStyle = colour;
      ctx.globalAlpha = alpha;
      ctx.setLineDash(rim ? [] : dash);
      ctx.beginPath();
      for (let k = 0; k < steps; k += 1) {
        const i = 2 * (p * steps + k);
        if (!Number.isFinite(flat[i] + flat[i + 1])) break;
        ctx[k ? "lineTo" : "moveTo"](place.x(flat[i]), place.y(flat[i + 1]));
      }
      ctx.stroke();
    }
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

function points(ctx, now, place, colours) {
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = colours.paper;
  ctx.fillStyle = colours.policy;
  for (let i = now.length - 2; i >= 0; i -= 2) {
    if (!Number.isFinite(now[i] + now[i + 1])) continue;
    ctx.beginPath();
    ctx.arc(place.x(now[i]), place.y(now[i + 1]), i ? 3.2 : 5.5, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  }
}
