"use strict";
/* The table of events: search, filter, and the one that is chosen. */

const ROW_HEIGHT = 26;
const ROWS_IN_SIGHT = 13;

class EventTable {
  constructor(stream, choose) {
    Object.assign(this, { stream, choose, chosen: null, come: stream.count, matches: null });
    this.listening = new AbortController();
    const on = (id, type, then) => byId(id).addEventListener(type, then, { signal: this.listening.signal });
    byId("grid").classList.toggle("untimed", !stream.timed);
    byId("columns").replaceChildren(
      ...this.#columns().map(([name, className]) => el("span", { role: "columnheader", class: className }, name)),
    );
    this.#measure();
    byId("search").value = "";
    byId("filter").replaceChildren(...this.#filters());
    byId("rows").style.height = `${Math.min(Math.max(stream.count, 1), ROWS_IN_SIGHT) * ROW_HEIGHT}px`;
    this.list = new VirtualList(byId("rows"), ROW_HEIGHT, (at) => this.#make(at), (row, at) => this.#mark(row, at));
    on("search", "input", () => this.#searchSoon());
    on("filter", "change", () => this.filter());
    on("rows", "keydown", (event) => this.#key(event));
    on("rows", "click", (event) => {
      const row = event.target.closest(".row");
      if (row) this.choose(Number(row.dataset.index));
    });
    this.filter();
  }

  destroy() {
    clearTimeout(this.waiting);
    this.listening.abort();
    this.list.destroy();
  }

  #columns() {
    const times = this.stream.timed ? [["time", "number"], ["gap", "number extra"]] : [];
    return [["#", "number"], ...times, ["byte", "number extra"], ["size", "number extra"], ["type", ""], ["adds, or data", ""]];
  }

  /** Make the columns of numbers as wide as their widest. */
  #measure() {
    const { stream } = this;
    const { items, readTimes, digits } = stream;
    const most = (values) => values.reduce((one, other) => Math.max(one, other), 0);
    const time = Math.max(...[most(readTimes), stream.readTimes.reduce((one, other) => Math.min(one, other), 0)]
      .map((one) => one.toFixed(digits).length));
    const widths = {
      number: [count(most(items.number)).length, 4],
      time: [time, 7],
      gap: [time + 1, 8],
      byte: [count(most(items.offset)).length, 7],
      size: [count(most(items.size)).length, 5],
    };
    for (const [name, [length, least]] of Object.entries(widths)) {
      byId("grid").style.setProperty(`--${name}`, `${Math.min(Math.max(length, least), 20)}ch`);
    }
  }

  #filters() {
    const { told, items } = this.stream;
    const options = (column, names, prefix) => {
      const found = new Array(names.length).fill(0);
      for (const number of column) found[number] += 1;
      return names.flatMap((name, number) =>
        found[number] ? [el("option", { value: `${prefix}:${number}` }, `${brief(name, 60)} (${count(found[number])})`)] : [],
      );
    };
    return [
      el("option", { value: "" }, "All"),
      el("optgroup", { label: "What they add" }, ...options(items.class, told.classes, "class")),
      el("optgroup", { label: "Type" }, ...options(items.type, told.types, "type")),
    ];
  }

  #searchSoon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.filter(), 80);
  }

  /** Show the items that hold the text, and are of the kind, that were asked for. */
  filter() {
    const text = byId("search").value;
    const [name, number] = byId("filter").value.split(":");
    const { items, count: all } = this.stream;
    const sought = text && new RegExp(text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"), "i");
    if (!text && !name) {
      this.matches = null;
    } else {
      const found = [];
      for (let index = 0; index < all; index += 1) {
        if (name && items[name][index] !== Number(number)) continue;
        if (sought && !this.stream.holds(index, sought)) continue;
        found.push(index);
      }
      this.matches = found;
    }
    this.sought = sought || null;
    const length = this.matches ? this.matches.length : all;
    byId("grid").setAttribute("aria-rowcount", length + 1);
    const what = this.stream.hasOthers ? " items" : "";
    byId("found").textContent = this.matches ? `${count(length)} of ${count(all)}${what}` : `${count(all)}${what}`;
    this.list.setLength(length);
    const position = this.chosen === null ? -1 : this.#position(this.chosen);
    if (position >= 0) this.list.reveal(position);
  }

  #index(position) {
    return this.matches ? this.matches[position] : position;
  }

  /** Return where an item stands among those that are shown, or -1. */
  #position(index) {
    if (!this.matches) return index;
    const place = upper(this.matches, index) - 1;
    return this.matches[place] === index ? place : -1;
  }

  /** Choose an item, and bring it in sight. */
  select(index, reveal = true) {
    this.chosen = index;
    const position = index === null ? -1 : this.#position(index);
    const rows = byId("rows");
    if (position < 0) rows.removeAttribute("aria-activedescendant");
    else rows.setAttribute("aria-activedescendant", `row-${index}`);
    if (position >= 0 && reveal) this.list.reveal(position);
    else this.list.draw();
  }

  /** Mark what had come, and where `follow` says so, go along with it. */
  played(come, follow) {
    this.come = come;
    const position = come ? this.#position(come - 1) : 0;
    if (follow && position >= 0) this.list.reveal(position);
    else this.list.draw();
  }

  #make(position) {
    const { stream } = this;
    const index = this.#index(position);
    const { items } = stream;
    const isEvent = stream.kind(index) === "event" || stream.kind(index) === "unfinished";
    const cells = [[isEvent ? count(items.number[index]) : "", "number"]];
    if (stream.timed) {
      const { digits } = stream;
    const gap = `+${stream.gap(index).toFixed(digits)}`.replace("+-", "−");
    cells.push([stream.time(index).toFixed(digits), "number"], [gap, "number extra"]);
    }
    cells.push([count(items.offset[index]), "number extra"], [count(items.size[index]), "number extra"]);
    cells.push([brief(stream.type(index)), "type"]);
    const row = el("div", { role: "row", class: "row", id: `row-${index}`, "aria-rowindex": position + 2, "data-index": index },
      ...cells.map(([text, className]) => el("span", { role: "gridcell", class: className }, text)),
      el("span", { role: "gridcell", class: "says" }, el("i", { class: `dot class-${items.class[index]}` }), ...this.#says(index)));
    return row;
  }

  /** Return what an item says, with what was searched for marked in it. */
  #says(index) {
    const text = this.stream.preview(index);
    const found = this.sought?.exec(text);
    if (!found) return [text];
    const end = found.index + found[0].length;
    return [text.slice(0, found.index), el("mark", {}, found[0]), text.slice(end)];
  }

  #mark(row, position) {
    const index = this.#index(position);
    row.setAttribute("aria-selected", index === this.chosen);
    row.classList.toggle("later", index >= this.come);
    row.classList.toggle("now", index === this.come - 1 && this.come < this.stream.count);
  }

  #key(event) {
    const page = this.list.pageLength;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey || !this.list.length) return;
    event.preventDefault();
    event.stopPropagation();
    const at = this.chosen === null ? -1 : this.#position(this.chosen);
    const from = at < 0 ? (step > 0 ? -1 : this.list.length) : at;
    const to = Math.min(Math.max(from + step, 0), this.list.length - 1);
    this.choose(this.#index(to));
  }
}
