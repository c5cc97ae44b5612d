"use strict";
/* Making elements. Text from a stream only ever gets here as a text node: nothing parses it. */

/** Return the element of an id. */
const byId = (id) => document.getElementById(id);

/** Make an element: its attributes by name, its children as elements or as text. */
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.append(...children.filter((child) => child !== null).map(asNode));
  return made;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

// What turns the direction of a line, or has no width: nobody sees it, and what is seen is not what is there.
const UNSEEN = /[\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

/** Return a text with what is not seen of it made visible, as ⟨U+202E⟩. */
function visible(text) {
  return String(text).replace(UNSEEN, (one) => `⟨U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

/** Return a text as short as a line or a few of them, with what is not seen made visible. */
function brief(text, most = 300) {
  const all = String(text);
  return visible(all.length > most ? `${all.slice(0, most)}… (${count(all.length)} characters)` : all);
}

/** Return the value of a color of the theme. */
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const grouped = new Intl.NumberFormat("en-US");

/** Return a count with its thousands apart. */
const count = (value) => grouped.format(value);

/** Return seconds in words, as `sseparse inspect` has them. */
function seconds(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return `${value.toExponential(3)} s`;
  if (size < 0.001 && value) return `${(value * 1e6).toFixed(0)} µs`;
  if (size < 1) return `${(value * 1000).toFixed(1)} ms`;
  return `${value.toFixed(3)} s`;
}

/** Return bytes in words, for an axis. */
function bytes(value) {
  for (const [size, unit] of [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]]) {
    if (value >= size) return `${+(value / size).toPrecision(3)} ${unit}`;
  }
  return `${value} B`;
}

/** Do what shows a part of the page; where a stream makes it fail, its place says so, and the rest goes on. */
function attempt(id, show) {
  try {
    return show();
  } catch (error) {
    byId(id).replaceChildren(el("p", { class: "note" }, `This part cannot be shown: ${error}`));
    return null;
  }
}

const LONGEST = 1_000_000; // characters, of what is indented and of what comes of it
const DEEPEST = 100; // levels

/**
 * Return JSON text over several lines; other text as it is.
 *
 * The tokens stay as they were written: decoding and encoding would round long numbers, and lose
 * keys that come twice. What is very long or very deep is left alone: deep brackets are indented to the
 * square of their number, and nobody reads it.
 */
function pretty(text) {
  if (text.length > LONGEST) return text;
  try {
    const value = JSON.parse(text);
    if (typeof value !== "object" || value === null) return text;
  } catch {
    return text;
  }
  const tokens = text.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/gs) ?? [];
  const lines = [];
  let line = "";
  let depth = 0;
  let length = 0;
  const end = () => {
    lines.push(line);
    length += line.length;
    line = "  ".repeat(depth);
  };
  for (const [place, token] of tokens.entries()) {
    if (depth > DEEPEST || length > LONGEST) return text;
    const next = tokens[place + 1];
    if (token === "{" || token === "[") {
      line += token;
      depth += 1;
      if (next !== "}" && next !== "]") end();
    } else if (token === "}" || token === "]") {
      depth -= 1;
      if (tokens[place - 1] !== "{" && tokens[place - 1] !== "[") end();
      line += token;
    } else if (token === ",") {
      line += token;
      end();
    } else {
      line += token === ":" ? ": " : token;
    }
  }
  return [...lines, line].join("\n");
}
