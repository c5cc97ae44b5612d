"use strict";
/*
 * A list of any length of which only the rows in sight are there.
 *
 * Browsers draw nothing below some ten million pixels; a list that would be higher is scrolled
 * through in larger steps.
 */

const HIGHEST = 8_000_000;
const SPARE = 6;

class VirtualList {
  /** `make(position)` returns the element of a row, `mark(row, position)` brings it up to date. */
  constructor(scroller, height, make, mark) {
    Object.assign(this, { scroller, height, make, mark, length: 0 });
    this.space = el("div", { class: "space" });
    scroller.replaceChildren(this.space);
    this.rows = new Map();
    this.drawing = 0;
    this.listening = new AbortController();
    scroller.addEventListener("scroll", () => this.draw(), { signal: this.listening.signal, passive: true });
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(scroller);
  }

  destroy() {
    this.listening.abort();
    this.observer.disconnect();
  }

  setLength(length) {
    this.length = length;
    this.space.style.height = `${Math.min(length * this.height, HIGHEST)}px`;
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
    this.draw();
  }

  /** How many pixels of the list one pixel of the scroll bar is. */
  get ratio() {
    const view = this.scroller.clientHeight;
    const all = this.length * this.height;
    const drawn = Math.min(all, HIGHEST);
    return drawn > view ? (all - view) / (drawn - view) : 1;
  }

  /** Scroll as far as it takes to see a row. */
  reveal(position) {
    const view = this.scroller.clientHeight;
    const top = this.scroller.scrollTop * this.ratio;
    const row = position * this.height;
    if (row < top) this.scroller.scrollTop = row / this.ratio;
    else if (row + this.height > top + view) this.scroller.scrollTop = (row + this.height - view) / this.ratio;
    this.draw();
  }

  get pageLength() {
    return Math.max(1, Math.floor(this.scroller.clientHeight / this.height) - 1);
  }

  draw() {
    const { scrollTop, clientHeight } = this.scroller;
    const top = scrollTop * this.ratio;
    const first = Math.max(0, Math.floor(top / this.height) - SPARE);
    const last = Math.min(this.length, Math.ceil((top + clientHeight) / this.height) + SPARE);
    for (const [position, row] of this.rows) {
      if (position < first || position >= last) {
        row.remove();
        this.rows.delete(position);
      }
    }
    for (let position = first; position < last; position += 1) {
      let row = this.rows.get(position);
      if (!row) {
        row = this.make(position);
        this.rows.set(position, row);
        this.space.append(row);
      }
      row.style.transform = `translateY(${position * this.height - top + scrollTop}px)`;
      this.mark(row, position);
    }
  }
}
