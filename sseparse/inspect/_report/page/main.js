"use strict";
/* The page: one recording at a time, its views, and what they tell one another. */

class Page {
  constructor(sources) {
    this.sources = sources;
    this.streams = new Map();
    this.at = -1;
    this.chosen = null;
    this.from = null; // the item that was chosen, until the player moves
  }

  /** Show a recording. */
  show(number) {
    if (number === this.at || number < 0 || number >= this.sources.length) return;
    this.player?.pause();
    for (const view of [this.timeline, this.table, this.controls]) view?.destroy();
    [this.timeline, this.table, this.completion] = [null, null, null];
    this.at = number;
    if (!this.streams.has(number)) this.streams.set(number, new Stream(JSON.parse(this.sources[number].textContent)));
    const stream = (this.stream = this.streams.get(number));
    const choose = (index) => this.choose(index);
    const lead = (index) => {
      this.choose(index);
      bringInSight(index);
    };
    attempt("notes", () => showSummary(stream, lead));
    attempt("legend", () => showLegend(stream));
    this.completion = attempt("completion", () => new CompletionView(byId("completion"), stream));
    this.table = attempt("rows", () => new EventTable(stream, choose));
    this.timeline = attempt("timeline", () => new Timeline(byId("timeline"), stream, lead));
    const speed = this.player?.speed;
    this.player = new Player(stream, () => this.#moved());
    if (speed) this.player.speed = speed;
    this.controls = new Controls(this.player, (step) => this.step(step));
    this.choose(null);
    this.#moved();
    for (const tab of byId("tabs").children) {
      const selected = Number(tab.dataset.number) === number;
      tab.setAttribute("aria-selected", selected);
      tab.tabIndex = selected ? 0 : -1;
    }
  }

  choose(index, reveal = true) {
    this.chosen = this.from = index;
    attempt("rows", () => this.table?.select(index, reveal));
    attempt("timeline", () => this.timeline?.select(index));
    attempt("detail", () => showDetail(byId("detail"), this.stream, index));
  }

  /** Go to the next event or the one before: it is chosen, and the player stands at it. */
  step(step) {
    const { stream, player } = this;
    if (!stream.count) return;
    const isFresh = this.chosen === null && player.ended && step > 0;
    const from = this.from ?? (isFresh ? -1 : player.come - (step > 0 ? 1 : 0));
    const to = Math.min(Math.max(from + step, 0), stream.count - 1);
    player.standAt(to);
    this.choose(to);
  }

  #moved() {
    const { player } = this;
    if (player.place !== this.place || player.come !== this.come) this.from = null;
    [this.place, this.come] = [player.place, player.come];
    attempt("completion", () => this.completion?.show(player.come));
    attempt("timeline", () => this.timeline?.played(player.place, player.playing));
    attempt("rows", () => this.table?.played(player.come, player.playing));
    this.controls.show();
  }

  setTheme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    this.timeline?.redraw();
  }
}

/** Scroll as far as it takes to see an item's row, and as much of the detail below as there is room for. */
function bringInSight(index) {
  byId("detail").scrollIntoView({ block: "nearest" });
  (byId(`row-${index}`) ?? byId("events-title")).scrollIntoView({ block: "nearest" });
}

/** Say what the colors mean that no lane is named after. */
function showLegend(stream) {
  const { least, found } = stream.stalls;
  const pieces = { sidecar: "read", created: "block of the body", none: stream.unit };
  const words = [["read", `bytes of each ${pieces[stream.told.timing]}`]];
  if (found.length) words.push(["stall", `longest waits, of ${seconds(least)} or more`]);
  byId("legend").replaceChildren(...words.map(([name, text]) => el("span", {}, el("i", { class: `dot ${name}` }), text)));
}

function makeTabs(page, names) {
  const short = names.map((name) => name.split(/[\\/]/).at(-1) || name);
  const tabs = names.map((name, number) => {
    const unique = short.filter((one) => one === short[number]).length === 1;
    const tab = el("button", { type: "button", role: "tab", "data-number": number, title: brief(name, 1000), "aria-controls": "main" },
      brief(unique ? short[number] : name));
    tab.addEventListener("click", () => page.show(number));
    return tab;
  });
  byId("tabs").replaceChildren(...tabs);
  byId("tabs").hidden = names.length < 2;
  byId("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const to = (page.at + step + names.length) % names.length;
    page.show(to);
    tabs[to].focus();
  });
}

function start() {
  const sources = [...document.querySelectorAll("script.recording")];
  const page = new Page(sources);
  makeTabs(page, sources.map((source) => JSON.parse(source.dataset.name)));
  page.show(0);
  const on = (id, then) => byId(id).addEventListener("click", then);
  const help = () => byId("keys").showModal();
  on("theme", () => page.setTheme());
  on("help", help);
  on("zoom-in", () => page.timeline?.zoom(0.5));
  on("zoom-out", () => page.timeline?.zoom(2));
  on("zoom-all", () => page.timeline?.zoomAll());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => page.timeline?.redraw());
  listenToKeys({
    " ": () => page.stream.count && page.player.toggle(),
    ArrowLeft: () => page.step(-1),
    ArrowRight: () => page.step(1),
    Home: () => page.player.seek(page.stream.first),
    End: () => page.player.toEnd(),
    "+": () => page.player.faster(1),
    "=": () => page.player.faster(1),
    "-": () => page.player.faster(-1),
    _: () => page.player.faster(-1),
    "/": () => { byId("search").focus(); byId("search").select(); },
    0: () => page.timeline?.zoomAll(),
    z: () => page.timeline?.zoom(0.5),
    x: () => page.timeline?.zoom(2),
    "[": () => page.show(page.at - 1),
    "]": () => page.show(page.at + 1),
    t: () => page.setTheme(),
    "?": help,
  });
  document.documentElement.dataset.ready = "";
}

start();
