// The slide's lines on the left, the code on the right; a line lights what belongs to it on the other side.
// In slow motion one iteration goes by line by line.
const PAUSE = 2200; // milliseconds for each line
const make = (tag, words = "", attributes = {}) => {
  const node = document.createElement(tag);
  if (words) node.textContent = words;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

function render({ model, el }) {
  const card = model.get("card");
  const box = make("section", "", { class: "pgkit-lab pgkit-card", "aria-label": `${card.title}: the slide and the code` });
  const head = make("div", "", { class: "pg-head-card" });
  head.append(make("span", card.title, { class: "pg-title" }));
  const notes = [];
  if (card.previous) notes.push(`+ where it differs from ${card.previous}`);
  if (card.live) notes.push("choose a line of code to see what it makes");
  head.append(make("span", notes.join(" · "), { class: "pg-sub" }));

  const two = make("div", "", { class: "pg-two pg-beside" });
  const left = make("ol", "", { class: "pg-slide-lines", "aria-label": "The slide" });
  const right = make("div", "", { class: "pg-source", role: "group", "aria-label": "The code" });
  const words = card.slide.map((text, i) => {
    const item = make("li", "", card.links[i].length ? { tabindex: "0" } : {});
    item.innerHTML = text; // typeset by pgkit
    left.append(item);
    return item;
  });
  const lines = card.code.map((text, i) => {
    const fresh = card.changed.includes(i);
    const line = make("button", `${fresh ? "+" : " "} ${text}`, { type: "button", "data-lm-suppress-shortcuts": "true" });
    if (fresh) line.classList.add("pg-new");
    right.append(line);
    return line;
  });
  const light = (slides, codes) => {
    words.forEach((word, i) => word.classList.toggle("pg-lit", slides.includes(i)));
    lines.forEach((line, i) => line.classList.toggle("pg-lit", codes.includes(i)));
  };
  const whole = (codes) => lines.flatMap((_, i) => (codes.some((k) => card.statement[k] === card.statement[i]) ? [i] : []));
  const slidesOf = (codes) => card.links.flatMap((linked, k) => (linked.some((c) => codes.includes(c)) ? [k] : []));
  const linked = (node, slides, codes) => {
    for (const event of ["pointerenter", "focus"]) node.addEventListener(event, () => light(slides, codes));
    for (const event of ["pointerleave", "blur"]) node.addEventListener(event, () => light([], []));
  };
  words.forEach((word, i) => linked(word, [i], whole(card.links[i])));
  lines.forEach((line, i) => {
    const mine = whole([i]);
    linked(line, slidesOf(mine), mine);
    if (card.live) line.addEventListener("click", () => {
      stop();
      values.textContent = "Running one iteration of a copy …";
      model.send({ line: i });
    });
  });
  const values = make("div", "", { class: "pg-values", role: "status" });
  const press = (at) => lines.forEach((line, i) => line.setAttribute("aria-pressed", String(card.statement[i] === card.statement[at])));
  const fill = ({ problem, rows, iteration }, where) => {
    if (problem || !rows.length) {
      values.textContent = problem ?? "This line assigns nothing in this iteration.";
      return;
    }
    const table = make("table");
    const top = make("tr");
    for (const name of ["name", "shape", "type", "first numbers of run 1", "mean over the runs"]) top.append(make("th", name, { scope: "col" }));
    const thead = make("thead");
    thead.append(top);
    const body = make("tbody");
    for (const row of rows) {
      const tr = make("tr");
      tr.append(make("th", row.name, { scope: "row" }), ...["shape", "dtype", "first", "mean"].map((k) => make("td", row[k])));
      body.append(tr);
    }
    table.append(thead, body);
    values.replaceChildren(make("div", `Iteration ${iteration + 1}, on a copy of the run${where}`, { class: "pg-sub" }), table);
  };

  // slow motion
  const motion = { steps: [], at: -1, timer: 0, waiting: false };
  const QUIET = { type: "button", "data-lm-suppress-shortcuts": "true" };
  const next = make("button", "Next line", QUIET);
  const slowly = make("button", "Slow motion", QUIET);
  const halt = () => {
    clearInterval(motion.timer);
    motion.timer = 0;
    slowly.textContent = "Slow motion";
  };
  const stop = () => {
    halt();
    Object.assign(motion, { steps: [], at: -1, waiting: false });
  };
  const go = () => {
    if (motion.waiting) return;
    if (motion.at + 1 >= motion.steps.length) {
      motion.waiting = true;
      values.textContent = "Running one iteration of a copy …";
      model.send({ walk: true });
      return;
    }
    motion.at += 1;
    const step = motion.steps[motion.at];
    const codes = whole([step.line]);
    press(step.line);
    light(slidesOf(codes), codes);
    fill({ ...step, iteration: motion.iteration }, `, line ${motion.at + 1} of ${motion.steps.length}`);
    if (motion.at + 1 === motion.steps.length) halt();
  };
  next.addEventListener("click", () => {
    halt();
    go();
  });
  slowly.addEventListener("click", () => {
    if (motion.timer) return halt();
    slowly.textContent = "Pause";
    motion.timer = setInterval(go, PAUSE);
    return go();
  });
  if (card.live) head.append(make("span", "", { class: "pg-motion" }));
  head.querySelector(".pg-motion")?.append(next, slowly);

  const show = () => {
    const told = model.get("values");
    if (told.walk) {
      if (!motion.waiting) return;
      Object.assign(motion, { steps: told.walk, at: -1, waiting: false, iteration: told.iteration });
      go();
    } else if (told.problem && motion.waiting) {
      stop();
      values.textContent = told.problem;
    } else if (told.line !== undefined) {
      press(told.line);
      fill(told, "");
    }
  };
  model.on("change:values", show);
  two.append(left, right);
  box.append(head, two, values);
  el.replaceChildren(box);
  show();
  return () => {
    stop();
    model.off("change:values", show);
  };
}
export default { render };
