"use strict";
/* The keys, and the help that lists them. */

const KEYS = [
  ["Space", "play or pause"],
  ["← →", "the event before, the next one"],
  ["+ −", "faster, slower"],
  ["Home End", "the start of the stream, its end"],
  ["/", "search the events"],
  ["↑ ↓", "in the table: choose an event"],
  ["z x", "zoom in, zoom out"],
  ["0", "the whole stream in the timeline"],
  ["[ ]", "the recording before, the next one"],
  ["t", "dark or light"],
  ["?", "these keys"],
  ["Esc", "clear the search, close"],
];

/** Obey keys, wherever they are not somebody else's; `actions` has what each does. */
function listenToKeys(actions) {
  byId("keys-list").replaceChildren(...KEYS.map(([keys, words]) =>
    el("div", {}, el("dt", {}, ...keys.split(" ").flatMap((key) => [el("kbd", {}, key), " "])), el("dd", {}, words))));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target, key } = event;
    if (byId("keys").open) return;
    if (key === "Escape") {
      if (target.id === "search") {
        // Browsers empty the box, or not, and some tell of it too late.
        target.value = "";
        target.dispatchEvent(new Event("input"));
        target.blur();
      }
      return;
    }
    if (!isTaken(target, key) && actions[key]) {
      event.preventDefault();
      actions[key]();
    }
  });
}

/** Return whether an element has a use of its own for a key. */
function isTaken(target, key) {
  if (target.matches("input[type=search], select, textarea")) return true;
  if (target.matches("input[type=range]")) return /^(Arrow|Page|Home|End)/.test(key);
  if (target.matches("button, summary, a")) return key === " " || key === "Enter";
  return false;
}
