"use strict";
/*
 * A recording as the page is told of it: columns, and what is asked of them.
 *
 * An item's place on the axis is its time, or where there are no times its number. A clock that went
 * back does not lead the axis back: places never fall, whatever the times in the table say.
 */

const PREVIEW = 300;
const SILENT = new Set(["usage", "citation", "error"]);

class Stream {
  constructor(told) {
    this.told = told;
    this.items = told.items;
    this.count = told.items.number.length;
    this.timed = told.timing !== "none";
    this.readTimes = told.reads.t.map((time) => time ?? 0);
    this.readPlaces = rising(this.readTimes);
    this.places = rising(
      told.items.read.map((read, index) => (this.timed ? this.readTimes[read - 1] : index + 1)),
    );
    const last = this.timed ? (this.readPlaces.at(-1) ?? 0) : this.count;
    this.first = this.timed ? Math.min(0, this.readPlaces[0] ?? 0) : 0;
    this.span = Math.max(last, this.timed ? (told.duration ?? 0) : 0);
    this.last = this.span; // what is told; an axis needs some length
    if (this.span <= this.first) this.span = this.first + (this.timed ? 1e-6 : 1);
    this.stalls = this.#stalls();
    this.hasOthers = told.kinds.some((kind) => kind !== "event" && kind !== "unfinished");
    this.digits = this.span < 0.01 ? 6 : 3; // of seconds
    this.deltaStarts = sums(told.items.adds);
    this.readStarts = sums(told.reads.size);
  }

  /** What the axis and the table count: comments and unknown fields are no events. */
  get unit() {
    return this.hasOthers ? "item" : "event";
  }

  /** Return those of the longest waits that stand out; `least` is what a wait needs for that. */
  #stalls() {
    const { timing, stalls } = this.told;
    const waits = this.readTimes.slice(1).map((time, index) => time - this.readTimes[index]).sort((one, other) => one - other);
    const usual = waits.length < 3 ? 0 : Math.max(waits[waits.length >> 1], 0); // of two nobody knows which is usual
    const least = Math.min(Math.max(0.2, 5 * usual), Math.max(1, 2 * usual));
    return { least, found: timing === "sidecar" ? stalls.filter((one) => one.seconds >= least) : [] };
  }

  time(index) {
    return this.readTimes[this.items.read[index] - 1];
  }

  /** Return a place of the axis in words. */
  clock(place) {
    return Math.min(place, Math.max(this.last, this.first)).toFixed(this.digits);
  }

  gap(index) {
    return this.time(index) - (index ? this.time(index - 1) : 0);
  }

  type(index) {
    return this.told.types[this.items.type[index]];
  }

  kind(index) {
    return this.told.kinds[this.items.kind[index]];
  }

  className(index) {
    return this.told.classes[this.items.class[index]];
  }

  /** Return what an item added: the deltas with these numbers. */
  *deltas(index) {
    const { kind, choice, call, text } = this.told.deltas;
    for (let at = this.deltaStarts[index]; at < this.deltaStarts[index + 1]; at += 1) {
      const name = this.told.deltaKinds[kind[at]];
      yield { kind: name, choice: choice[at], call: call[at], text: text[at] };
    }
  }

  /** Return what an item says, in one line: what it added, or else its data. */
  preview(index) {
    const words = [];
    for (const { kind, text } of this.deltas(index)) {
      if (text && !SILENT.has(kind)) words.push(`${kind} ${JSON.stringify(text.slice(0, PREVIEW))}`);
    }
    const text = words.length ? words.join("  ") : this.items.data[index].slice(0, PREVIEW);
    return visible(text.replace(/\r/g, "\\r").replace(/\n/g, "\\n").slice(0, PREVIEW));
  }

  /** Return whether an item holds what is sought: in its type, fields and data, or in what the data say. */
  holds(index, sought) {
    const { items, told } = this;
    if (sought.test(items.data[index]) || sought.test(this.type(index)) || sought.test(this.preview(index))) return true;
    if (Object.values(told.fields[index] ?? {}).some((value) => sought.test(value))) return true;
    const { text } = told.deltas;
    for (let at = this.deltaStarts[index]; at < this.deltaStarts[index + 1]; at += 1) {
      if (sought.test(text[at])) return true;
    }
    return false;
  }

  /** Return how many items had come at a place of the axis. */
  come(place) {
    return upper(this.places, place);
  }

  /** Return the item that is the event of this number, or null. */
  event(number) {
    for (let index = number - 1; index < this.count; index += 1) {
      const kind = this.kind(Math.max(index, 0));
      if (this.items.number[index] === number && (kind === "event" || kind === "unfinished")) return index;
    }
    return null;
  }

  /** Return the item that a byte of the body stands in, or the next one; null: none. */
  itemAt(offset) {
    if (!this.count) return null;
    const after = upper(this.items.offset, offset) - 1;
    return Math.min(Math.max(after, 0), this.count - 1);
  }

  /** Return the items that a read completed, as the first and the one after the last. */
  itemsOf(read) {
    return [upper(this.items.read, read - 1), upper(this.items.read, read)];
  }
}

/** Return the values with none below the one before it. */
function rising(values) {
  const places = new Float64Array(values.length);
  values.forEach((value, index) => {
    places[index] = index ? Math.max(places[index - 1], value) : value;
  });
  return places;
}

/** Return what all values before each one come to, and the sum at the end. */
function sums(values) {
  const found = new Float64Array(values.length + 1);
  values.forEach((value, index) => {
    found[index + 1] = found[index] + value;
  });
  return found;
}

/** Return how many of the sorted values are at most this one. */
function upper(values, value) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
