// The map of the lecture: the loop with its three knobs, the table of their settings, and the slide of the one chosen.
import { button, choice, el, write } from "../lab.mjs";
import { VIEWS } from "../plot.mjs";

const WEIGHT_WORDS = {
  1: "the label is the expert's action", r: "this step's reward alone", Q: "the reward-to-go", "Q-V": "less what was to be expected",
  delta: "TD errors, λ from TD to MC", exp: "always positive", soft: "entropy is paid for",
};
const NORM_WORDS = { L2: "small in θ", KL: "small in π", solve: "all the way, near D" };

VIEWS.loop = (setting, host) => {
  const { starts, weights, norms, symbols } = setting;
  const at = { start: null, weight: null, norm: null, waiting: 0 };
  const ask = (changes) => {
    Object.assign(at, changes, { waiting: Date.now() });
    light();
    host.ask({ kind: "view", ...changes });
  };

  // the loop
  const values = Object.fromEntries(["start", "weight", "norm"].map((knob) => [knob, el("b", { class: `pg-loop-${knob}` })]));
  const box = (words, value) => el("div", { class: "pg-loop-box" }, el("span", {}, words), value ?? "");
  const arrow = () => el("span", { class: "pg-loop-arrow", "aria-hidden": "true" }, "→");
  const loop = el("div", { class: "pg-loop-row" },
    box("policy", el("i", {}, "π")), arrow(), box("roll out from", values.start), arrow(),
    box("weigh each (s, a) by", values.weight), arrow(), box("step in", values.norm),
    el("span", { class: "pg-loop-back", "aria-hidden": "true" }, "↺ while not converged"));

  // the table
  const start = choice("where rollouts start", starts.map((name) => [name, name]), (name) => ask({ start: name }));
  start.node.classList.add("pg-loop-starts");
  const cells = new Map();
  const cell = (weight, norm) => {
    const name = el("span", { class: "pg-loop-name" });
    const bars = Object.fromEntries(starts.map((s) => [s, el("i", {}, el("i", {}))]));
    const node = button("", () => ask({ weight, norm }), { class: "pg-loop-cell", "aria-pressed": "false", "data-cell": `${weight}|${norm}`, keydown: (event) => walk(event, weight, norm) });
    node.replaceChildren(name, el("span", { class: "pg-loop-bars", "aria-hidden": "true" }, ...Object.values(bars)));
    cells.set(`${weight}|${norm}`, { node, name, bars });
    return el("td", {}, node);
  };
  const heads = Object.fromEntries(norms.map((norm) => [norm, button(symbols[norm], () => ask({ norm }), { class: "pg-loop-head pg-loop-norm", title: NORM_WORDS[norm], "aria-pressed": "false" })]));
  const rows = Object.fromEntries(weights.map((weight) => [weight, button(symbols[weight], () => ask({ weight }), { class: "pg-loop-head pg-loop-weight", title: WEIGHT_WORDS[weight], "aria-pressed": "false" })]));
  const table = el("table", { class: "pg-loop-table" },
    el("thead", {}, el("tr", {}, el("td", { class: "pg-loop-corner" }, el("span", { class: "pg-loop-weight" }, "WEIGHT"), " × ", el("span", { class: "pg-loop-norm" }, "NORM")),
      ...norms.map((norm) => el("th", { scope: "col" }, heads[norm])))),
    el("tbody", {}, ...weights.map((weight) => el("tr", {}, el("th", { scope: "row" }, rows[weight]), ...norms.map((norm) => cell(weight, norm))))));
  const fill = button("Fill the map", () => host.ask({ kind: "view", fill: true }), { title: "train every setting of this start, one after the other" });
  const tally = el("span", { class: "pg-small" });

  // the slide
  const name = el("div", { class: "pg-loop-title" });
  const badge = el("div", { class: "pg-loop-badge" });
  const slide = el("div", { class: "pg-loop-slide" });
  const says = el("p", { class: "pg-loop-says" });
  const card = el("div", { class: "pg-loop-card", role: "status" }, badge, name, slide, says);

  const node = el("div", { class: "pg-loop" }, loop,
    el("div", { class: "pg-loop-start-row" }, el("span", { class: "pg-loop-start" }, "START"), start.node,
      el("span", { class: "pg-loop-gap" }), fill),
    el("div", { class: "pg-loop-two" }, el("div", {}, el("div", { class: "pg-loop-scroll", tabindex: "0", role: "region", "aria-label": "table of all settings" }, table),
      el("div", { class: "pg-loop-legend" }, "The four bars of a cell: share of runs at +100, started at ", starts.map((s) => `${s}`).join(", "), ". ", tally)), card));

  /** Arrow keys go from cell to cell. */
  function walk(event, weight, norm) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const to = cells.get(`${weights[weights.indexOf(weight) + step[0]]}|${norms[norms.indexOf(norm) + step[1]]}`);
    to?.node.focus();
  }

  /** What is chosen, at once; what it is called comes from Python. */
  function light() {
    start.show(at.start);
    const known = at.start === "nominal" ? "nominal" : "painted";
    for (const [key, each] of cells) {
      const [words, lecture] = setting.names[`${known}|${key}`];
      write(each.name, words);
      each.node.classList.toggle("pg-loop-lecture", lecture);
      press(each.node, key === `${at.weight}|${at.norm}`);
    }
    for (const norm of norms) press(heads[norm], norm === at.norm);
    for (const weight of weights) press(rows[weight], weight === at.weight);
    write(values.start, `s₁ ~ ${at.start}`);
    write(values.weight, symbols[at.weight]);
    write(values.norm, symbols[at.norm]);
    use();
  }

  function press(target, on) {
    if (target.getAttribute("aria-pressed") !== String(on)) target.setAttribute("aria-pressed", String(on));
  }

  /** Only the knobs that this setting has. */
  function use() {
    const used = [...(setting.used[at.norm] ?? []), ...(setting.used[at.weight] ?? [])];
    const all = node.closest(".pgkit-lab")?.querySelectorAll(".pg-knobs > .pg-knob") ?? [];
    all.forEach((knob, i) => { knob.hidden = !used.includes(setting.controls[i]); });
  }

  function draw(_, facts) {
    if (!host.busy() && Date.now() - at.waiting > 150) Object.assign(at, { start: facts.start, weight: facts.weight, norm: facts.norm });
    light();
    let done = 0;
    for (const [key, each] of cells) {
      const told = [];
      for (const s of starts) {
        const found = facts.board[`${s}|${key}`];
        each.bars[s].classList.toggle("pg-loop-here", s === at.start);
        each.bars[s].classList.toggle("pg-loop-known", Boolean(found));
        each.bars[s].firstChild.style.width = found ? `${Math.max(8, 100 * found[1])}%` : "0";
        if (!found) continue;
        done += 1;
        told.push(`${s} ${Math.round(100 * found[1])} % at +100 after ${found[0]} iterations`);
      }
      const label = [each.name.textContent, ...told].join("; ");
      if (each.node.title !== label) Object.assign(each.node, { title: label });
    }
    write(tally, `${done} of ${starts.length * cells.size} settings tried${facts.tour ? `, ${facts.tour} to come` : ""}.`);
    write(badge, facts.lecture ? "on a slide of the lecture" : "not on a slide");
    badge.classList.toggle("pg-loop-on", facts.lecture);
    write(name, facts.name);
    write(says, facts.says);
    const key = JSON.stringify(facts.slide);
    if (slide.dataset.key !== key) {
      slide.dataset.key = key;
      slide.replaceChildren(...facts.slide.map(([text, knob]) => el("code", { class: knob ? `pg-loop-line pg-loop-new pg-loop-${knob}` : "pg-loop-line" },
        ...typed(text), knob ? el("span", { class: "pg-hidden" }, ` (changed: ${knob})`) : null)));
    }
  }

  return { node, draw };
};

/** "π_θ(a_t|s_t)" with its indices lowered, "V^D" with it raised; one letter, or what stands in braces. */
function typed(text) {
  return text.split(/([_^](?:\{[^}]*\}|[\p{L}\p{N}*]))/u).map((word) => {
    if (!/^[_^]./u.test(word)) return word;
    return el(word[0] === "_" ? "sub" : "sup", {}, word.slice(1).replace(/[{}]/g, ""));
  });
}
