"use strict";
/* One event, whole: where it stands, when it came, what it added, and its data. */

const ENOUGH = 100_000;

function showDetail(root, stream, index) {
  if (index === null) {
    root.replaceChildren(el("p", { class: "none" }, "Choose an event to see all of it."));
    return;
  }
  const { items, told } = stream;
  const facts = [
    ["Bytes", `${count(items.size[index])} from byte ${count(items.offset[index])}`],
  ];
  if (told.timing === "sidecar") facts.push(["Read", count(items.read[index])]);
  if (stream.timed) {
    facts.push(["Time", seconds(stream.time(index))], ["Gap", seconds(stream.gap(index))]);
  }
  const kind = stream.kind(index);
  if (kind === "event" || kind === "unfinished") facts.push(["Type", stream.type(index)]);
  if (kind === "unknown_field") facts.push(["Field", stream.type(index).slice(1, -1)]);
  for (const [name, value] of Object.entries(told.fields[index] ?? {})) facts.push([name, value]);
  const adds = [...new Set([...stream.deltas(index)].map((delta) => delta.kind))];
  if (adds.length) facts.push(["Adds", adds.join(", ")]);
  const text = items.data[index];
  const indented = pretty(text);
  const isSame = indented === text;
  const code = el("pre", { tabindex: "0", dir: "auto", "aria-label": "Data" });
  const buttons = el("span", { class: "buttons" });
  let raw = false;
  let whole = false;
  const show = () => {
    const all = raw ? text : indented;
    const cut = !whole && all.length > ENOUGH;
    code.textContent = visible(cut ? all.slice(0, ENOUGH) : all);
    buttons.replaceChildren(
      ...(isSame ? [] : [toggle(raw ? "Indented" : "As sent", () => { raw = !raw; })]),
      ...(cut ? [toggle(`All ${count(all.length)} characters`, () => { whole = true; })] : []),
    );
  };
  const toggle = (words, change) => {
    const button = el("button", { type: "button" }, words);
    button.addEventListener("click", () => {
      change();
      show();
      (buttons.firstChild ?? code).focus({ preventScroll: true }); // the button is gone
    });
    return button;
  };
  show();
  const wasFocused = root.contains(document.activeElement);
  root.replaceChildren(
    el("div", { class: "bar" }, el("h3", {}, titleOf(stream, index)), buttons),
    el("dl", { class: "facts" }, ...facts.map(([name, value]) => pair(name, value))),
    code,
  );
  if (wasFocused) code.focus({ preventScroll: true });
}

/** Return what an item is called. */
function titleOf(stream, index) {
  const number = count(stream.items.number[index]);
  const kind = stream.kind(index);
  if (kind === "comment") return `Comment after event ${number}`;
  if (kind === "unknown_field") return `Unknown field after event ${number}`;
  return kind === "unfinished" ? `Unfinished event ${number}` : `Event ${number}`;
}
