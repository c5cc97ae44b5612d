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

/** Return the value of a color of the theme. */
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const grouped = new Intl.NumberFormat("en-US");

/** Return a count with its thousands apart. */
const count = (value) => grouped.format(value);

/** Return seconds in words, as `sseparse inspect` has them. */
function seconds(value) {
  if (Math.abs(value) < 1) return `${(value * 1000).toFixed(1)} ms`;
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
