// Timers for the room. The clock is a moment in time kept in sessionStorage, so that a cell that is run
// again, or scrolled out of the page, comes back with the clock where it should be.
const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
};
const button = (attributes, ...children) =>
  make("button", { type: "button", "data-lm-suppress-shortcuts": "true", ...attributes }, ...children);
const digits = (seconds) => {
  const s = Math.max(0, seconds);
  return s < 100 ? `${s}` : `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
};
const RADIUS = 54, AROUND = 2 * Math.PI * RADIUS;

function store(area, name) { // private windows may refuse; then nothing is kept
  return {
    get: () => { try { return JSON.parse(area().getItem(name)); } catch { return null; } },
    set: (value) => { try { area().setItem(name, JSON.stringify(value)); } catch { /* see above */ } },
  };
}

function ring() {
  const face = make("div", { class: "pg-ring" });
  face.innerHTML = `<svg viewBox="0 0 120 120" aria-hidden="true">
    <circle class="pg-ring-track" cx="60" cy="60" r="${RADIUS}"/>
    <circle class="pg-ring-done" cx="60" cy="60" r="${RADIUS}" pathLength="${AROUND}" stroke-dasharray="${AROUND} 999"/></svg>`;
  const text = make("span", { class: "pg-digits" });
  const under = make("span", { class: "pg-under" });
  const clock = make("div", { class: "pg-face", role: "timer", "aria-live": "off" }, text, under);
  face.append(clock);
  const arc = face.querySelector(".pg-ring-done");
  return { face, show(big, small, share, late) {
    text.textContent = big;
    under.textContent = small;
    arc.setAttribute("stroke-dasharray", `${share < 1 ? AROUND * share : AROUND + 1} 999`);
    face.classList.toggle("pg-late", late);
    face.classList.toggle("pg-wordy", !/\d/.test(big));
  } };
}

function quietTone() {
  const Audio = window.AudioContext ?? window.webkitAudioContext;
  if (!Audio) return;
  const audio = new Audio(), now = audio.currentTime;
  const volume = new GainNode(audio, { gain: 0 });
  const tone = new OscillatorNode(audio, { type: "sine", frequency: 523.25 });
  volume.gain.linearRampToValueAtTime(0.06, now + 0.03);
  volume.gain.exponentialRampToValueAtTime(0.0001, now + 0.9);
  tone.connect(volume).connect(audio.destination);
  tone.onended = () => audio.close();
  tone.start();
  tone.stop(now + 1);
}

function render({ model, el }) {
  const recap = model.get("kind") === "recap", steps = model.get("steps"), name = `${model.get("place")}:${model.get("key")}`;
  const clock = store(() => sessionStorage, `pgkit-clock:${name}`);
  const local = store(() => localStorage, `pgkit-notes:${name}`);
  // at: step; spent: seconds counted before `since`; since: when it was started (ms), or null; said: when each line was
  let state = { at: 0, spent: 0, since: null, said: [], rung: false, sound: false, ...clock.get() };
  if (!steps[state.at]) state = { ...state, at: 0, spent: 0, since: null };

  const title = make("div", { class: "pg-question" }, model.get("title"));
  const box = make("section", { class: `pgkit-lab pgkit-timer pg-${recap ? "recap" : "steps"}`, role: "group",
    "aria-label": recap ? model.get("title") : `Think-pair-share: ${model.get("title")}` });
  const status = make("div", { class: "pg-say", role: "status" });
  const face = ring();
  const go = button({ class: "pg-play", onclick: () => (state.since ? pause() : start()) }, "Start");
  const skip = button({ onclick: () => (recap ? tick(unsaid()) : step(state.at + 1)) }, "Skip");
  const again = button({ onclick: restart }, recap ? "Again" : "Restart");
  const sound = button({ class: "pg-sound", "aria-pressed": "false", onclick: () => {
    change({ sound: !state.sound });
    if (state.sound) quietTone();
  } }, "Silent");
  const text = make("p", { class: "pg-text" });
  const notes = make("textarea", { class: "pg-notes", rows: 3, "data-lm-suppress-shortcuts": "true", placeholder: "Notes" });
  const tabs = steps.map((s, i) => button({ class: "pg-step", onclick: () => step(i) },
    make("b", {}, s.name), make("span", {}, s.seconds ? `${digits(s.seconds)}${s.seconds < 100 ? " s" : ""}` : "no clock")));
  const lines = (steps[0].lines ?? []).map((line, i) => {
    const check = make("input", { type: "checkbox", "data-lm-suppress-shortcuts": "true", onchange: () => tick(i) });
    const when = make("span", { class: "pg-when" });
    const words = make("span", {});
    words.innerHTML = line; // typeset by pgkit
    return { check, when, row: make("label", { class: "pg-line" }, check, words, when) };
  });

  const unsaid = () => lines.findIndex((_, i) => state.said[i] == null);
  const kept = () => ({ ...local.get(), ...model.get("notes") });
  let waiting = null;
  const send = () => {
    clearTimeout(waiting);
    waiting = null;
    model.set("notes", local.get() ?? {});
    model.save_changes();
  };
  notes.addEventListener("input", () => {
    local.set({ ...kept(), ...local.get(), [steps[state.at].name]: notes.value });
    clearTimeout(waiting);
    waiting = setTimeout(send, 400);
  });
  notes.addEventListener("blur", () => waiting && send());

  const spent = () => state.spent + (state.since ? (Date.now() - state.since) / 1000 : 0);
  let handle = null;
  function change(more) {
    state = { ...state, ...more };
    clock.set(state);
    show();
  }
  function start() {
    status.textContent = recap ? "Go." : `${steps[state.at].name}.`;
    change({ since: Date.now() });
  }
  function pause() {
    const seconds = Math.round(spent());
    status.textContent = recap ? `Stopped. You took ${seconds} s.` : `Paused at ${digits(Math.ceil(steps[state.at].seconds - spent()))} s.`;
    change({ spent: spent(), since: null });
  }
  function step(i) {
    if (waiting) send();
    status.textContent = `${steps[i].name}.`;
    change({ at: i, spent: 0, since: state.since && steps[i].seconds ? Date.now() : null, rung: false });
    fill();
  }
  function restart() {
    status.textContent = recap ? "Ready." : "Back to the beginning.";
    if (waiting) send();
    change({ at: 0, spent: 0, since: recap ? Date.now() : null, said: [], rung: false });
    fill();
    if (recap) status.textContent = "Go.";
  }
  function tick(i) {
    if (i < 0) return;
    const said = lines.map((_, j) => (state.said[j] ?? null));
    said[i] = said[i] == null ? Math.round(spent()) : null;
    const done = said.every((t) => t != null);
    if (done) {
      const took = Math.round(spent()), aim = steps[0].seconds;
      status.textContent = state.since || state.spent
        ? `All said. You took ${took} s; the aim was ${aim} s${took <= aim ? "." : ". Shorter next time."}` : "All ticked.";
      change({ said, spent: spent(), since: null });
    } else {
      status.textContent = `${said.filter((t) => t != null).length} of ${lines.length} said.`;
      change({ said });
    }
  }
  function fill() {
    notes.value = kept()[steps[state.at].name] ?? "";
    notes.setAttribute("aria-label", `Notes, ${steps[state.at].name}`);
  }
  function ring_the_bell() {
    status.textContent = recap ? `${steps[0].seconds} s are over. Finish your sentence.` : `${steps[state.at].name}: time is up.`;
    if (state.sound) quietTone();
    change(recap ? { rung: true } : { rung: true, spent: steps[state.at].seconds, since: null });
  }
  function show() {
    const { seconds, text: words } = steps[state.at], now = spent(), over = seconds && now >= seconds;
    if (over && !state.rung && state.since) return ring_the_bell();
    const running = Boolean(state.since), left = seconds ? Math.ceil(seconds - now) : 0;
    if (recap) face.show(digits(Math.floor(now)), `of ${seconds} s`, Math.min(1, now / seconds), Boolean(over));
    else if (seconds) face.show(digits(left), over ? "time is up" : left < 100 ? "seconds" : "minutes", Math.max(0, 1 - now / seconds), Boolean(over));
    else face.show("no clock", "", 0, false);
    go.textContent = running ? (recap ? "Stop" : "Pause") : now > 0 && !over ? "Resume" : "Start";
    go.hidden = recap ? unsaid() < 0 : !seconds || Boolean(over);
    const following = steps[state.at + 1];
    skip.textContent = recap ? "Said it" : following ? `${over || !seconds ? "Next" : "Skip to"}: ${following.name}` : "Skip";
    skip.hidden = recap ? unsaid() < 0 : !following;
    skip.disabled = recap && !running;
    skip.classList.toggle("pg-play", !recap && go.hidden);
    again.disabled = !recap && !state.at && !now;
    again.hidden = recap && !now && !state.said.length;
    sound.setAttribute("aria-pressed", state.sound);
    sound.textContent = state.sound ? "Sound on" : "Silent";
    text.textContent = words;
    tabs.forEach((tab, i) => {
      if (i === state.at) tab.setAttribute("aria-current", "step"); else tab.removeAttribute("aria-current");
      tab.classList.toggle("pg-past", i < state.at);
    });
    lines.forEach(({ check, when, row }, i) => {
      check.checked = state.said[i] != null;
      when.textContent = check.checked && (state.since || state.spent) ? `${state.said[i]} s` : "";
      row.classList.toggle("pg-next", running && i === unsaid());
    });
    if (running && !handle) handle = setInterval(show, 200);
    if (!running) { clearInterval(handle); handle = null; }
  }
  const problem = make("div", { class: "pg-problem" });
  const worry = () => { problem.textContent = model.get("problem"); problem.hidden = !model.get("problem"); };
  model.on("change:problem", worry);

  const main = make("div", { class: "pg-work" });
  const buttons = make("div", { class: "pg-buttons" }, go, skip, again, sound);
  if (recap) main.append(make("div", { class: "pg-lines" }, ...lines.map((line) => line.row)));
  else main.append(text, notes);
  main.append(buttons, status, problem);
  box.append(title, ...(recap ? [] : [make("div", { class: "pg-steps-row" }, ...tabs)]),
    make("div", { class: "pg-room" }, face.face, main));
  el.replaceChildren(box);
  const first = kept();
  if (!recap && JSON.stringify(first) !== JSON.stringify(model.get("notes"))) { local.set(first); send(); }
  fill();
  worry();
  show();
  return () => {
    clearInterval(handle);
    if (waiting) send();
    model.off("change:problem", worry);
  };
}
export default { render };
