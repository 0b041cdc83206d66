// An episode of CartPole or of the pendulum, played at 50 steps a second; a strip of poses for who wants calm.
import { button, control, el, newId, plain, write } from "../lab.mjs";
import { VIEWS, letterSize, segment, sharp, vector } from "../plot.mjs";

const RATE = 50; // steps a second
const REST = 0.7; // seconds at the end of an episode
const STALE = 3; // seconds that an old episode is played on while training
const TRAIL = 30; // steps
const POSES = 7;

VIEWS.cart = (setting, host) => {
  const scene = setting.world === "cartpole" ? cartScene(setting) : pendulumScene(setting);
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const canvas = el("canvas", { class: "pg-plot", role: "img" });
  const id = newId("which");
  const names = [["best", "best"], ["median", "median"], ["worst", "worst"],
    ...Array.from({ length: Math.min(setting.runs, 64) }, (_, k) => [String(k), `number ${k}`])];
  const select = control("select", {
    id, change: () => host.ask({ kind: "view", view: "cart", which: Number.isNaN(Number(select.value)) ? select.value : Number(select.value) }),
  }, ...names.map(([value, text]) => el("option", { value }, text)));
  const stop = button("", () => {
    state.paused = !state.paused;
    label();
    host.request();
  });
  const line = el("span", { class: "pg-small" });
  const row = el("div", { class: "pg-buttons" }, calm ? null : stop, el("label", { for: id }, "run"), select, line);
  const node = el("div", {}, canvas, row);
  const state = { episode: null, coming: null, at: 0, last: 0, since: 0, paused: false };
  const label = () => write(stop, state.paused ? "▶ Animate" : "❚❚ Hold");
  label();

  function take(parts, facts, playing, now) {
    if (facts.episode === state.episode?.facts.episode) return;
    const fresh = { facts, parts: { states: parts.states.slice(), actions: parts.actions.slice(), rewards: parts.rewards.slice() } };
    const sameView = state.episode && state.episode.facts.which === facts.which;
    const wait = playing && sameView && !over() && now - state.since < STALE;
    if (wait) {
      state.coming = fresh;
      return;
    }
    start(fresh, now);
  }
  function start(episode, now) {
    Object.assign(state, { episode, coming: null, at: 0, last: now, since: now });
  }
  const over = () => state.at >= state.episode.facts.steps + REST * RATE;

  function draw(parts, facts, colours, frame) {
    const now = performance.now() / 1000;
    take(parts, facts, frame?.playing, now);
    if (!state.paused && !calm) state.at += RATE * Math.min(0.1, now - state.last);
    state.last = now;
    if (state.coming && (over() || now - state.since >= STALE)) start(state.coming, now);
    else if (over()) state.at = 0;
    const { facts: seen, parts: data } = state.episode;
    if (!host.busy?.() && select.value !== String(facts.which)) select.value = String(facts.which);
    const words = `run ${seen.run}: ${seen.end} after ${seen.steps} steps, return ${plain(seen.return, 4)}`;
    write(line, words);
    canvas.setAttribute("aria-label", `The greedy policy, ${words}`);
    const page = sharp(canvas);
    if (page.width < 80) return;
    page.ctx.font = `${letterSize(canvas, page.width)}px ${getComputedStyle(canvas).fontFamily}`;
    if (calm) strip(page, scene, seen, data, colours, canvas.pgSize);
    else {
      live(page, scene, seen, data, Math.min(state.at, seen.steps), colours, canvas.pgSize);
      if (!state.paused) host.request();
    }
  }
  return { node, canvas, draw };
};

/** The state between two steps; an angle takes the short way. */
function between(states, width, at, angle) {
  const i = Math.floor(at);
  const j = Math.min(i + 1, states.length / width - 1);
  return Array.from({ length: width }, (_, k) => {
    let step = states[j * width + k] - states[i * width + k];
    if (k === angle) step = Math.atan2(Math.sin(step), Math.cos(step));
    return states[i * width + k] + (at - i) * step;
  });
}

function live({ ctx, width, height }, scene, facts, { states, actions, rewards }, at, colours, size) {
  const t = Math.min(Math.floor(at), facts.steps);
  const bar = height - size * 0.9;
  const box = { left: 0, right: width, top: size * 2, bottom: bar - size * 0.9 };
  const trail = [];
  for (let k = Math.max(0, t - TRAIL); k <= t; k += 1) trail.push(between(states, scene.width, k, scene.angle));
  scene.draw(ctx, box, between(states, scene.width, at, scene.angle), actions[Math.min(t, facts.steps - 1)], trail, colours, size, at < facts.steps);
  let sum = 0;
  for (let k = 0; k < t; k += 1) sum += rewards[k];
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  ctx.fillStyle = colours.ink;
  ctx.fillText(`return so far ${Math.abs(sum) >= 100 || Number.isInteger(sum) ? plain(Math.round(sum), 5) : sum.toFixed(1).replace("-", "−")}`, 4, 2);
  ctx.textAlign = "right";
  ctx.fillStyle = colours.soft;
  ctx.fillText(`step ${t} of ${facts.steps}, iteration ${facts.iteration}`, width - 4, 2);
  ctx.lineCap = "round";
  ctx.lineWidth = 4;
  ctx.strokeStyle = colours.line;
  segment(ctx, 6, bar, width - 6, bar);
  ctx.strokeStyle = colours.soft;
  segment(ctx, 6, bar, 6 + (width - 12) * (at / facts.steps), bar);
  ctx.lineCap = "butt";
}

function strip({ ctx, width, height }, scene, facts, { states, actions }, colours, size) {
  const wide = width / POSES;
  ctx.textAlign = "center";
  for (let k = 0; k < POSES; k += 1) {
    const t = Math.round((k * facts.steps) / (POSES - 1));
    const box = { left: k * wide + 3, right: (k + 1) * wide - 3, top: size * 1.5, bottom: height - size * 2.2 };
    scene.draw(ctx, box, between(states, scene.width, t, scene.angle), actions[Math.min(t, facts.steps - 1)], [], colours, size, t < facts.steps, true);
    ctx.textAlign = "center";
    ctx.textBaseline = "bottom";
    ctx.fillStyle = colours.soft;
    ctx.fillText(k === 0 ? "t = 0" : String(t), (box.left + box.right) / 2, height - size * 0.5);
  }
}

function cartScene({ track, tilt, pole }) {
  function draw(ctx, box, [x, , angle], action, trail, colours, size, acting, small = false) {
    const middle = (box.left + box.right) / 2;
    const room = box.bottom - box.top;
    const unit = Math.min((box.right - box.left) / (small ? 1.25 * pole : 2 * track + 1), room / (pole * 1.62));
    const rail = small ? box.top + (room + unit * (pole + 0.33)) / 2 : box.bottom - size * 1.6;
    const at = (m) => middle + (small ? m - x : m) * unit; // a small picture follows the cart
    if (small) {
      ctx.save();
      ctx.beginPath();
      ctx.rect(box.left, box.top, box.right - box.left, room + size);
      ctx.clip();
    }
    const [wide, high] = [unit * 0.5, unit * 0.26];
    const top = rail - high - unit * 0.07;
    const bounded = Math.max(-track - 0.3, Math.min(track + 0.3, x));
    const px = small ? middle : at(bounded);
    ctx.lineWidth = Math.max(1.5, unit * 0.03);
    ctx.strokeStyle = colours.edge;
    ctx.lineCap = "round";
    segment(ctx, at(-track - 0.2), rail, at(track + 0.2), rail);
    ctx.strokeStyle = colours.fire;
    for (const end of [-track, track]) segment(ctx, at(end), rail - high * 0.55, at(end), rail + high * 0.3);
    if (!small) {
      ctx.fillStyle = colours.soft;
      ctx.textBaseline = "top";
      for (const [m, text] of [[-track, `−${track}`], [0, "0"], [track, `${track}`]]) {
        ctx.textAlign = "center";
        ctx.fillText(text, at(m), rail + high * 0.3 + 4);
        if (m === 0) {
          ctx.strokeStyle = colours.edge;
          segment(ctx, at(0), rail - 4, at(0), rail + 4);
        }
      }
      cone(ctx, px, top, unit * pole, tilt, colours);
    }
    // the cart: wheels under a box
    ctx.fillStyle = colours.wall;
    for (const side of [-0.3, 0.3]) disc(ctx, px + side * wide, rail - unit * 0.06, unit * 0.065);
    ctx.fillStyle = colours.policy;
    ctx.beginPath();
    ctx.roundRect(px - wide / 2, top, wide, high, unit * 0.06);
    ctx.fill();
    const fallen = Math.abs(angle) > tilt;
    ctx.strokeStyle = fallen ? colours.fire : colours.ink;
    ctx.lineWidth = Math.max(3, unit * 0.075);
    segment(ctx, px, top, px + unit * pole * Math.sin(angle), top - unit * pole * Math.cos(angle));
    ctx.lineCap = "butt";
    ctx.fillStyle = colours.paper;
    disc(ctx, px, top, Math.max(2.2, unit * 0.045));
    if (small) {
      ctx.textAlign = "center";
      ctx.textBaseline = "top";
      ctx.fillStyle = colours.ink;
      ctx.fillText(`x ${x.toFixed(1).replace("-", "−")}`, middle, rail + size * 0.4);
      ctx.restore();
    } else if (acting) {
      const y = top + high / 2;
      const from = px + action * (wide / 2 + 4);
      vector(ctx, [from, y], [from + action * unit * 0.42, y], colours.policy, colours, 3);
    }
  }
  return { width: 4, angle: 2, draw };
}

/** The tilt that ends an episode. */
function cone(ctx, x, y, length, tilt, colours) {
  ctx.save();
  ctx.strokeStyle = colours.fire;
  ctx.lineWidth = 1.2;
  ctx.globalAlpha = 0.7;
  ctx.setLineDash([4, 4]);
  for (const side of [-1, 1]) segment(ctx, x, y, x + side * length * 1.08 * Math.sin(tilt), y - length * 1.08 * Math.cos(tilt));
  ctx.restore();
}

function pendulumScene({ torque, length }) {
  function draw(ctx, box, [angle], action, trail, colours, size, acting, small = false) {
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    const unit = Math.min(box.right - box.left, box.bottom - box.top) / (2.36 * length);
    const tip = (a) => [x - unit * length * Math.sin(a), y - unit * length * Math.cos(a)];
    const bob = Math.max(5, unit * 0.13);
    ctx.lineWidth = 1;
    ctx.strokeStyle = colours.line;
    ctx.beginPath();
    ctx.arc(x, y, unit * length, 0, 2 * Math.PI);
    ctx.stroke();
    ctx.strokeStyle = colours.goal; // where it should stand
    ctx.lineWidth = 2;
    ctx.setLineDash([4, 3]);
    ctx.beginPath();
    ctx.arc(...tip(0), bob + 3, 0, 2 * Math.PI);
    ctx.stroke();
    ctx.setLineDash([]);
    trail.forEach(([a], i) => {
      ctx.globalAlpha = 0.32 * ((i + 1) / trail.length) ** 1.5;
      ctx.fillStyle = colours.policy;
      disc(ctx, ...tip(a), bob * (0.35 + (0.5 * i) / trail.length));
    });
    ctx.globalAlpha = 1;
    ctx.lineCap = "round";
    ctx.strokeStyle = colours.ink;
    ctx.lineWidth = Math.max(2.5, unit * 0.055);
    segment(ctx, x, y, ...tip(angle));
    ctx.lineCap = "butt";
    ctx.fillStyle = colours.wall;
    disc(ctx, x, y, Math.max(3, unit * 0.06));
    ctx.fillStyle = colours.policy;
    disc(ctx, ...tip(angle), bob);
    if (!small && acting) arc(ctx, x, y, unit * 0.4, action / torque, colours);
    if (!small) {
      ctx.textBaseline = "middle";
      ctx.textAlign = "left";
      ctx.fillStyle = colours.soft;
      const right = x + unit * length + bob + size;
      if (right + size * 7 < box.right) {
        ctx.fillText("torque", right, y - size * 0.75);
        ctx.fillStyle = colours.ink;
        ctx.fillText(`${action.toFixed(1).replace("-", "−")} of ±${plain(torque)}`, right, y + size * 0.75);
      }
    }
  }
  return { width: 2, angle: 0, draw };
}

/** The torque as an arc around the pivot, to the left when positive; a quarter turn and a half is the most. */
function arc(ctx, x, y, r, part, colours) {
  const turn = Math.max(-1, Math.min(1, part)) * 0.75 * Math.PI;
  if (Math.abs(turn) < 0.05) return;
  const up = -Math.PI / 2;
  const end = up - turn;
  ctx.strokeStyle = colours.policy;
  ctx.fillStyle = colours.policy;
  ctx.lineWidth = 3;
  ctx.beginPath();
  ctx.arc(x, y, r, up, end, turn > 0);
  ctx.stroke();
  const side = turn > 0 ? -1 : 1;
  const head = 8;
  const [ex, ey] = [x + r * Math.cos(end), y + r * Math.sin(end)];
  const [tx, ty] = [-Math.sin(end) * side, Math.cos(end) * side]; // along the arc
  const [nx, ny] = [Math.cos(end), Math.sin(end)];
  ctx.beginPath();
  ctx.moveTo(ex + tx * head, ey + ty * head);
  ctx.lineTo(ex + nx * head * 0.55, ey + ny * head * 0.55);
  ctx.lineTo(ex - nx * head * 0.55, ey - ny * head * 0.55);
  ctx.closePath();
  ctx.fill();
}

function disc(ctx, x, y, r) {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, 2 * Math.PI);
  ctx.fill();
}
