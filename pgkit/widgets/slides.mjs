// The slide's lines on the left, the code on the right; a line lights what belongs to it on the other side.
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
    const item = make("li", text, card.links[i].length ? { tabindex: "0" } : {});
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
  const linked = (node, slides, codes) => {
    for (const event of ["pointerenter", "focus"]) node.addEventListener(event, () => light(slides, codes));
    for (const event of ["pointerleave", "blur"]) node.addEventListener(event, () => light([], []));
  };
  words.forEach((word, i) => linked(word, [i], whole(card.links[i])));
  lines.forEach((line, i) => {
    const mine = whole([i]);
    linked(line, card.links.flatMap((codes, k) => (codes.some((c) => mine.includes(c)) ? [k] : [])), mine);
    if (card.live) line.addEventListener("click", () => {
      values.textContent = "Running one iteration of a copy …";
      model.send({ line: i });
    });
  });
  const values = make("div", "", { class: "pg-values", role: "status" });
  const show = () => {
    const told = model.get("values");
    if (told.line === undefined) return;
    lines.forEach((line, i) => line.setAttribute("aria-pressed", String(card.statement[i] === card.statement[told.line])));
    if (told.problem || !told.rows.length) {
      values.textContent = told.problem ?? "This line assigns nothing in this iteration.";
      return;
    }
    const table = make("table");
    const top = make("tr");
    for (const name of ["name", "shape", "type", "first numbers of run 1", "mean over the runs"]) top.append(make("th", name, { scope: "col" }));
    const thead = make("thead");
    thead.append(top);
    const body = make("tbody");
    for (const row of told.rows) {
      const tr = make("tr");
      tr.append(make("th", row.name, { scope: "row" }), ...["shape", "dtype", "first", "mean"].map((k) => make("td", row[k])));
      body.append(tr);
    }
    table.append(thead, body);
    values.replaceChildren(make("div", `Iteration ${told.iteration + 1}, on a copy of the run`, { class: "pg-sub" }), table);
  };
  model.on("change:values", show);
  two.append(left, right);
  box.append(head, two, values);
  el.replaceChildren(box);
  show();
  return () => model.off("change:values", show);
}
export default { render };
