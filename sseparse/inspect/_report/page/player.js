"use strict";
/*
 * The player: where it is on the axis, and how many items had come.
 *
 * It goes by the clock and not by frames, so a slow page is late but never slow. Items that came
 * together are stepped through one by one: `come` is the truth, `place` where the needle stands.
 */

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, Infinity];
const PACE = 20; // events a second, where there are no times
const SHORTEST = 1; // second that the fastest takes for a stream

class Player {
  /** `moved(player)` is called after each move. */
  constructor(stream, moved) {
    Object.assign(this, { stream, moved, come: stream.count, place: stream.span, speed: 1, playing: false, held: false });
  }

  get ended() {
    return this.come === this.stream.count && this.place >= this.stream.span;
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.ended) this.#set(this.stream.first, 0);
    this.playing = true;
    this.last = performance.now();
    this.frame = requestAnimationFrame(() => this.#tick());
    this.moved(this);
  }

  pause() {
    cancelAnimationFrame(this.frame);
    this.playing = false;
    this.moved(this);
  }

  #tick() {
    const now = performance.now();
    const passed = (now - this.last) / 1000;
    this.last = now;
    if (this.held) {
      this.frame = requestAnimationFrame(() => this.#tick());
      return;
    }
    const { stream } = this;
    const pace = this.speed === Infinity ? (stream.span - stream.first) / SHORTEST : this.speed * (stream.timed ? 1 : PACE);
    const place = Math.min(this.place + passed * pace, stream.span);
    this.#set(place, Math.max(this.come, stream.come(place)));
    if (this.ended) this.playing = false;
    else this.frame = requestAnimationFrame(() => this.#tick());
    this.moved(this);
  }

  #set(place, come) {
    this.place = place;
    this.come = come;
  }

  seek(place) {
    const { stream } = this;
    const to = Math.min(Math.max(place, stream.first), stream.span);
    this.#set(to, to >= stream.span ? stream.count : stream.come(to));
    this.last = performance.now();
    this.moved(this);
  }

  /** Stand where an item has just come; it stops there. */
  standAt(index) {
    cancelAnimationFrame(this.frame);
    this.playing = false;
    this.#set(this.stream.places[index], index + 1);
    this.moved(this);
  }

  toEnd() {
    cancelAnimationFrame(this.frame);
    this.playing = false;
    this.#set(this.stream.span, this.stream.count);
    this.moved(this);
  }

  faster(steps) {
    const at = SPEEDS.indexOf(this.speed) + steps;
    this.setSpeed(SPEEDS[Math.min(Math.max(at, 0), SPEEDS.length - 1)]);
  }

  setSpeed(speed) {
    this.speed = speed;
    this.moved(this);
  }
}

/** The buttons of the player. */
class Controls {
  constructor(player, step) {
    const { stream } = player;
    this.player = player;
    this.listening = new AbortController();
    const on = (id, type, then) => byId(id).addEventListener(type, then, { signal: this.listening.signal });
    byId("speed").replaceChildren(
      ...SPEEDS.map((speed, number) => el("option", { value: number }, speed === Infinity ? "max" : `${speed}×`)),
    );
    on("speed", "change", (event) => player.setSpeed(SPEEDS[Number(event.target.value)]));
    on("play", "click", () => player.toggle());
    on("previous", "click", () => step(-1));
    on("next", "click", () => step(1));
    on("to-end", "click", () => {
      player.toEnd();
      byId("completion").focus({ preventScroll: true }); // the button is gone
    });
    const scrub = byId("scrub");
    scrub.min = stream.first;
    scrub.max = stream.span;
    scrub.step = "any";
    on("scrub", "input", () => player.seek(Number(scrub.value)));
    on("scrub", "pointerdown", () => { player.held = true; });
    for (const type of ["pointerup", "pointercancel", "blur"]) {
      window.addEventListener(type, () => { player.held = false; }, { signal: this.listening.signal });
    }
    on("scrub", "keydown", (event) => this.#key(event));
    for (const id of ["play", "previous", "next", "scrub", "speed"]) byId(id).disabled = !stream.count;
    byId("pace").textContent = stream.timed
      ? ""
      : `The recording has no times: the axis counts ${stream.hasOthers ? "items, comments among them" : "events"}, and it plays ${PACE} of them a second.`;
  }

  destroy() {
    this.listening.abort();
  }

  /** Step in parts of the stream: `step="any"` would leave that to the browser. */
  #key(event) {
    const share = { ArrowRight: 0.01, ArrowUp: 0.01, ArrowLeft: -0.01, ArrowDown: -0.01, PageUp: 0.1, PageDown: -0.1 }[event.key];
    if (share === undefined) return;
    event.preventDefault();
    const { stream, place } = this.player;
    this.player.seek(place + share * (stream.span - stream.first));
  }

  show() {
    const { player } = this;
    const { stream, come, place } = player;
    byId("play").textContent = player.playing ? "Pause" : "Play";
    const scrub = byId("scrub");
    scrub.value = place;
    const at = stream.timed ? `${stream.clock(place)} / ${stream.clock(stream.span)} s` : `${count(come)} / ${count(stream.count)} ${stream.unit}s`;
    byId("position").textContent = stream.timed ? `${at} · ${count(come)} of ${count(stream.count)} ${stream.unit}s` : at;
    scrub.setAttribute("aria-valuetext", byId("position").textContent);
    byId("speed").value = SPEEDS.indexOf(player.speed);
    byId("to-end").hidden = player.ended;
    byId("as-of").textContent = player.ended || !stream.count ? "" : come ? `after ${titleOf(stream, come - 1).toLowerCase()}` : "before the first event";
  }
}
