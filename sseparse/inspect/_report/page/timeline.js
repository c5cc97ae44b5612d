"use strict";
/*
 * The stream over time, drawn by uPlot: reads as bars of bytes, below them events as marks, a lane
 * for each kind, both on one axis.
 *
 * What moves (playhead, chosen event) are elements above the canvas, so that nothing is drawn anew
 * while it plays.
 */

const READS_HEIGHT = 112;
const LANE = 22;
const AXIS = 38;
const NEAREST = 12; // pixels
const MARGIN = 0.01; // of the axis, so that what stands at its ends is seen

class Timeline {
  constructor(root, stream, choose) {
    Object.assign(this, { root, stream, choose, chosen: null, place: stream.span, plots: [] });
    root.replaceChildren();
    byId("window").textContent = "";
    if (!stream.count && !stream.readTimes.length) {
      root.append(el("p", { class: "none" }, "Nothing came: there is nothing to draw."));
      return;
    }
    const margin = (stream.span - stream.first) * MARGIN;
    [this.low, this.high] = [stream.first - margin, stream.span + margin];
    const found = new Set(stream.items.class);
    this.lanes = stream.told.classes.map((_, number) => number).filter((number) => found.has(number));
    this.sync = `stream-${Timeline.made += 1}`;
    this.plots = [this.#reads(), ...(stream.count ? [this.#events()] : [])];
    this.overlays = this.plots.map((plot) => {
      const layers = ["later", "playhead", "chosen"].map((name) => el("div", { class: `layer ${name}` }));
      plot.over.append(...layers);
      this.#listen(plot);
      return layers;
    });
    this.observer = new ResizeObserver(() => this.#resize());
    this.observer.observe(root);
    this.#lay();
    this.#tellWindow();
  }

  destroy() {
    this.observer?.disconnect();
    for (const plot of this.plots) plot.destroy();
    byId("tip").hidden = true;
  }

  #options(height, size, more) {
    const { stream } = this;
    const muted = () => color("muted");
    const grid = { stroke: () => color("grid"), width: 1 };
    return {
      width: this.#width(),
      height,
      padding: [8, 12, more.axis ? 0 : 8, 0],
      legend: { show: false },
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: true, y: false, dist: 5 },
        sync: { key: this.sync, scales: ["x", null] },
        bind: { dblclick: () => () => this.zoomAll() },
      },
      scales: { x: { time: false, auto: false, min: this.low, max: this.high, range: (_, low, high) => [low, high] }, ...more.scales },
      axes: [
        {
          stroke: muted, grid, ticks: { show: false }, font: FONT, space: 70, size: more.axis,
          show: more.axis > 0, values: stream.timed ? timeTicks : numberTicks,
          label: more.axis ? (stream.timed ? undefined : stream.unit) : undefined, labelSize: 16, labelFont: FONT,
          ...(stream.timed ? {} : { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6] }),
        },
        { stroke: muted, grid, ticks: { show: false }, font: FONT, size, gap: 8, ...more.values },
      ],
      series: [{}, ...more.series],
      hooks: { drawClear: [(plot) => this.#shade(plot)], setScale: [(plot, key) => key === "x" && this.#scaled(plot)] },
    };
  }

  #reads() {
    const { stream } = this;
    // Without times the reads are blocks that nobody saw come: the sizes of the items say as much.
    const sizes = stream.timed ? stream.told.reads.size : stream.items.size;
    const places = stream.timed ? stream.readPlaces : stream.places;
    const most = sizes.reduce((one, other) => Math.max(one, other), 1);
    const options = this.#options(READS_HEIGHT, this.#label(), {
      axis: 0,
      scales: { y: { range: () => [0, most * 1.05] } },
      values: { values: (_, splits) => splits.map(bytes), space: 28 },
      series: [{ fill: () => color("read"), width: 0, points: { show: false }, paths: sticks(() => 0, (value) => value) }],
    });
    return new uPlot(options, [places, sizes], this.root);
  }

  #events() {
    const { stream, lanes } = this;
    const height = lanes.length * LANE + 8 + AXIS + (stream.timed ? 0 : 16);
    const last = lanes.length - 1;
    const options = this.#options(height, this.#label(), {
      axis: AXIS - 8,
      scales: { y: { range: () => [-0.5, last + 0.5] } },
      values: {
        splits: () => lanes.map((_, lane) => last - lane),
        values: () => lanes.map((number) => stream.told.classes[number]),
        grid: { show: false },
      },
      series: lanes.map((number) => ({
        fill: () => color(`class-${number}`), width: 0, points: { show: false },
        paths: sticks((lane) => lane - 0.34, (lane) => lane + 0.34),
      })),
    });
    const marks = lanes.map((number, lane) => stream.items.class.map((one) => (one === number ? last - lane : null)));
    return new uPlot(options, [stream.places, ...marks], this.root);
  }

  #width() {
    return Math.max(240, this.root.clientWidth);
  }

  #label() {
    return 84;
  }

  #resize() {
    for (const plot of this.plots) {
      if (plot.width !== this.#width()) plot.setSize({ width: this.#width(), height: plot.height });
    }
    this.#lay();
  }

  /** Shade the waits that stand out. */
  #shade(plot) {
    plot.ctx.fillStyle = color("stall");
    const { left, top, width, height } = plot.bbox;
    for (const { t, seconds: long } of this.stream.stalls.found) {
      const from = Math.max(left, plot.valToPos(t, "x", true));
      const to = Math.min(left + width, plot.valToPos(t + long, "x", true));
      if (to > from) plot.ctx.fillRect(from, top, to - from, height);
    }
  }

  #scaled(plot) {
    const { min, max } = plot.scales.x;
    for (const other of this.plots) {
      if (other !== plot && (other.scales.x.min !== min || other.scales.x.max !== max)) other.setScale("x", { min, max });
    }
    if (!this.overlays) return;
    byId("tip").hidden = true; // what was under the pointer is elsewhere now
    this.#lay();
    this.#tellWindow();
  }

  /** Say in words which part of the stream is shown; nothing where it is the whole. */
  #tellWindow() {
    const [min, max] = this.window;
    const [from, to] = [Math.max(min, this.stream.first), Math.min(max, this.stream.span)];
    const words = this.stream.timed
      ? `${this.stream.clock(from)} – ${this.stream.clock(to)} s`
      : `${count(Math.max(1, Math.ceil(from)))} – ${count(Math.floor(to))}`;
    byId("window").textContent = this.isWhole ? "" : words;
  }

  /** Put what lies above the canvas where it belongs. */
  #lay() {
    this.plots.forEach((plot, number) => {
      const [later, playhead, chosen] = this.overlays[number];
      const width = plot.over.clientWidth;
      const at = plot.valToPos(this.place, "x");
      const left = Math.min(Math.max(at, 0), width);
      const ended = this.place >= this.stream.span;
      later.hidden = ended;
      later.style.left = `${left}px`;
      playhead.hidden = ended || at < 0 || at > width;
      playhead.style.transform = `translateX(${at}px)`;
      const mark = this.chosen === null ? -1 : plot.valToPos(this.stream.places[this.chosen], "x");
      chosen.hidden = mark < 0 || mark > width;
      chosen.style.transform = `translateX(${mark}px)`;
    });
  }

  played(place, isPlaying) {
    if (!this.plots.length) return;
    // Whoever looks elsewhere while it plays is left there.
    const follows = place !== this.place && (!isPlaying || this.#shows(this.place));
    this.place = place;
    if (follows) this.#panTo(place, 0.1);
    this.#lay();
  }

  select(index) {
    if (!this.plots.length) return;
    this.chosen = index;
    if (index !== null) this.#panTo(this.stream.places[index], 0.5);
    this.#lay();
  }

  #shows(place) {
    const [min, max] = this.window;
    return place >= min && place <= max;
  }

  /** Show a place that is not shown, at this share of what is. */
  #panTo(place, share) {
    if (this.#shows(place)) return;
    const [min, max] = this.window;
    const from = place - (max - min) * share;
    this.#zoomTo(from, from + (max - min));
  }

  redraw() {
    for (const plot of this.plots) plot.redraw(false, true);
  }

  // Zoom

  get window() {
    const { min, max } = this.plots[0].scales.x;
    return [min, max];
  }

  get isWhole() {
    const [min, max] = this.window;
    return max - min >= (this.high - this.low) * (1 - 1e-9);
  }

  zoomAll() {
    if (this.plots.length) this.#zoomTo(this.low, this.high);
  }

  /** Show `factor` times as much, and keep a place where it is. */
  zoom(factor, around = null) {
    if (!this.plots.length) return;
    const [min, max] = this.window;
    const { stream } = this;
    const chosen = this.chosen === null ? null : stream.places[this.chosen];
    const middle = chosen !== null && chosen >= min && chosen <= max ? chosen : (min + max) / 2;
    const fixed = around ?? middle;
    this.#zoomTo(fixed - (fixed - min) * factor, fixed + (max - fixed) * factor);
  }

  pan(share) {
    if (!this.plots.length) return;
    const [min, max] = this.window;
    this.#zoomTo(min + (max - min) * share, max + (max - min) * share);
  }

  #zoomTo(min, max) {
    const { low: first, high: last } = this;
    const least = Math.min(this.stream.timed ? 1e-4 : 4, (last - first) / 2);
    const width = Math.min(Math.max(max - min, least), last - first);
    const low = Math.min(Math.max(min + (max - min - width) / 2, first), last - width);
    this.plots[0].setScale("x", { min: low, max: low + width });
  }

  // Pointer

  #listen(plot) {
    const { over } = plot;
    over.addEventListener("wheel", (event) => {
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
      if (event.ctrlKey || (this.isWhole && (sideways || event.deltaY > 0))) return;
      event.preventDefault();
      if (sideways) this.pan((event.deltaX || event.deltaY) / over.clientWidth);
      else this.zoom(event.deltaY > 0 ? 1.25 : 0.8, plot.posToVal(event.offsetX, "x"));
    }, { passive: false });
    over.addEventListener("mousemove", (event) => this.#hover(plot, event));
    over.addEventListener("mouseleave", () => { byId("tip").hidden = true; });
    over.addEventListener("click", (event) => {
      const index = this.#under(plot, event);
      if (index !== null) this.choose(index);
    });
  }

  /** Return the item that the pointer is at, the nearest in its lane first; null: none is near. */
  #under(plot, event) {
    const { stream } = this;
    if (!stream.count) return null;
    const near = (NEAREST * (plot.scales.x.max - plot.scales.x.min)) / plot.over.clientWidth;
    const at = plot.posToVal(event.offsetX, "x");
    const isEvents = plot === this.plots[1];
    const lane = isEvents ? this.lanes[this.lanes.length - 1 - Math.round(plot.posToVal(event.offsetY, "y"))] : null;
    const after = upper(stream.places, at - near);
    let best = null;
    let least = Infinity;
    for (let index = after; index < stream.count && stream.places[index] <= at + near; index += 1) {
      const off = lane !== null && stream.items.class[index] !== lane ? near : 0;
      const distance = Math.abs(stream.places[index] - at) + off;
      if (distance < least) [best, least] = [index, distance];
    }
    return best;
  }

  /** Return the number of the read that the pointer is nearest to, or null. */
  #readUnder(plot, event) {
    const { readPlaces: places } = this.stream;
    const at = plot.posToVal(event.offsetX, "x");
    const after = upper(places, at);
    const near = [after - 1, after].filter((one) => one >= 0 && one < places.length);
    const off = (one) => Math.abs(places[one] - at);
    const best = near.length > 1 && off(near[1]) < off(near[0]) ? near[1] : near[0];
    const pixels = (off(best) * plot.over.clientWidth) / (plot.scales.x.max - plot.scales.x.min);
    return best !== undefined && pixels <= NEAREST ? best + 1 : null;
  }

  #hover(plot, event) {
    const { stream } = this;
    const tip = byId("tip");
    const index = this.#under(plot, event);
    const read = plot === this.plots[0] && stream.told.timing === "sidecar" ? this.#readUnder(plot, event) : null;
    tip.hidden = index === null && read === null;
    if (tip.hidden) return;
    const [from, to] = read === null ? [index, index + 1] : stream.itemsOf(read);
    tip.replaceChildren(...(read === null ? [] : [el("b", {}, readWords(stream, read))]), ...(from < to ? itemWords(stream, from) : []));
    const { clientX: x, clientY: y } = event;
    tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${y + 18 + tip.offsetHeight > innerHeight ? y - tip.offsetHeight - 12 : y + 18}px`;
  }
}

/** Return what the tip says of a read. */
function readWords(stream, read) {
  const [from, to] = stream.itemsOf(read);
  const done = to > from ? `${count(to - from)} completed` : `completes no ${stream.unit}`;
  return `Read ${count(read)}: ${count(stream.told.reads.size[read - 1])} bytes at ${seconds(stream.readTimes[read - 1])}, ${done}`;
}

/** Return what the tip says of an item. */
function itemWords(stream, index) {
  const when = stream.timed ? `${seconds(stream.time(index))} (+${seconds(stream.gap(index))}) · ` : "";
  return [el("b", {}, titleOf(stream, index)), el("span", { class: "hint" }, `${when}${count(stream.items.size[index])} bytes`),
    el("span", { class: "says" }, stream.preview(index).slice(0, 160))];
}

Timeline.made = 0;
const FONT = "12px system-ui, sans-serif";
