"use strict";
/* What a recording is: facts, figures, and what is odd about it. */

/** Show them; `choose` is called with the item that a finding is about. */
function showSummary(stream, choose) {
  const { told } = stream;
  byId("file").replaceChildren(brief(told.name, 1000));
  byId("facts").replaceChildren(...told.facts.map(([name, value]) => pair(name, value)));
  const notes = [...told.warnings];
  if (told.timing === "created") {
    notes.push("The times come from the created stamps in the chunks: they were not measured.");
  }
  byId("notes").replaceChildren(...notes.map((note) => el("li", {}, brief(note, 1000))));
  byId("figures").replaceChildren(
    ...told.figures.map(({ label, value, meaning }) => pair(label, value, `${label}: ${meaning}`)),
  );
  byId("meanings").replaceChildren(
    ...told.figures.map(({ label, meaning }) => pair(label, meaning)),
    ...(told.unknown.length ? [pair("Not known", told.unknown.join("; "))] : []),
  );
  const findings = told.findings.map((finding) => findingItem(stream, finding, choose));
  byId("findings").replaceChildren(...(findings.length ? findings : [el("li", { class: "none" }, "Nothing odd.")]));
}

function pair(name, value, title) {
  return el("div", { title }, el("dt", {}, brief(name)), el("dd", {}, brief(value, 600)));
}

function findingItem(stream, finding, choose) {
  const { code, severity, message, event, offset, cause, cure } = finding;
  const item = event !== null ? stream.event(event) : offset !== null ? stream.itemAt(offset) : null;
  let place = null;
  if (item !== null) {
    const words = event !== null ? `event ${count(event)}` : `byte ${count(offset)}`;
    place = el("button", { type: "button", class: "link" }, words);
    place.addEventListener("click", () => choose(item));
  }
  const why = cause || cure;
  return el(
    "li",
    { class: severity },
    el("span", { class: "severity" }, severity),
    el("div", {}, el("span", { class: "message" }, brief(message, 600)), " ", place, " ", el("code", {}, code),
      why ? el("details", {}, el("summary", {}, "Why, and what to do"), el("p", {}, cause), el("p", {}, cure)) : null),
  );
}
