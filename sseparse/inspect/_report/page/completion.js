"use strict";
/*
 * What the stream came to: the text as people read it, reasoning and tool calls folded.
 *
 * While it plays, the text grows by what each event added. At the end stands the completion that
 * sseparse assembled, which also knows what a stream took back or replaced.
 */

class CompletionView {
  constructor(root, stream) {
    this.root = root;
    this.stream = stream;
    this.shown = -1;
    this.choices = new Map();
    root.replaceChildren();
  }

  /** Show what was there once so many items had come. */
  show(come) {
    if (come === this.shown) return;
    const follow = this.root.scrollTop + this.root.clientHeight >= this.root.scrollHeight - 4;
    if (come === this.stream.count) this.#showAll();
    else this.#showSome(come);
    this.shown = come;
    if (follow) this.root.scrollTop = come === this.stream.count ? this.root.scrollTop : this.root.scrollHeight;
  }

  #clear() {
    for (const choice of this.choices.values()) choice.clear();
    this.tail?.remove();
    this.tail = null;
    this.empty?.remove();
  }

  #showSome(come) {
    if (come < this.shown || this.shown < 0) this.#clear();
    const from = come < this.shown || this.shown < 0 ? 0 : this.shown;
    for (let index = from; index < come; index += 1) {
      for (const delta of this.stream.deltas(index)) this.#choice(delta.choice).add(delta);
    }
    for (const choice of this.choices.values()) choice.flush();
  }

  #showAll() {
    this.#clear();
    const { choices, usage, error, body } = this.stream.told.completion;
    for (const choice of choices) this.#choice(choice.index).set(choice);
    const parts = [];
    if (error) parts.push(el("div", { class: "block failed" }, el("h3", {}, "Error"), el("pre", {}, visible(pretty(error)))));
    if (body) {
      parts.push(el("div", { class: "block" }, el("h3", {}, "Body, which holds no event"), el("pre", { dir: "auto" }, visible(pretty(body)))));
    }
    if (usage) {
      parts.push(el("details", { class: "block" }, el("summary", {}, "Usage"), el("pre", {}, visible(pretty(usage)))));
    }
    this.tail = el("div", {}, ...parts);
    if (!choices.length && !error && !body) {
      this.empty = el("p", { class: "none" }, "Nothing in the stream is known as an answer.");
      this.root.append(this.empty);
    }
    this.root.append(this.tail);
  }

  #choice(index) {
    let choice = this.choices.get(index);
    if (!choice) {
      const known = this.stream.told.completion.choices.find((one) => one.index === index);
      choice = new ChoiceView(index, known?.role ?? "");
      this.choices.set(index, choice);
      this.root.append(choice.root);
    }
    choice.title.hidden = this.choices.size < 2;
    if (this.choices.size === 2) for (const one of this.choices.values()) one.title.hidden = false;
    return choice;
  }
}

/** One choice of it. */
class ChoiceView {
  constructor(index, role) {
    this.title = el("h3", { hidden: true }, `Choice ${index}`);
    this.role = el("span", { class: "role" }, brief(role));
    this.reasoning = new Growing("details", "Reasoning");
    this.content = new Growing("div");
    this.audio = new Growing("div", "Spoken");
    this.refusal = new Growing("div", "Refusal");
    this.calls = new Map();
    this.callsRoot = el("div");
    this.finish = el("p", { class: "finish", hidden: true });
    this.root = el("div", { class: "choice" }, this.title, this.role, this.reasoning.root, this.content.root,
      this.audio.root, this.refusal.root, this.callsRoot, this.finish);
  }

  clear() {
    for (const text of [this.reasoning, this.content, this.audio, this.refusal]) text.set("");
    for (const call of this.calls.values()) call.root.hidden = true;
    this.calls.forEach((call) => call.clear());
    this.finish.hidden = true;
  }

  add({ kind, call, text }) {
    if (kind === "content") this.content.add(text);
    else if (kind === "audio") this.audio.add(text);
    else if (kind === "reasoning") this.reasoning.add(text);
    else if (kind === "refusal") this.refusal.add(text);
    else if (kind === "tool_call") this.#call(call).name(text);
    else if (kind === "arguments") this.#call(call).text.add(visible(text));
    else if (kind === "finish") this.#finish(text);
  }

  flush() {
    for (const text of [this.reasoning, this.content, this.audio, this.refusal]) text.flush();
    for (const call of this.calls.values()) call.text.flush();
  }

  set({ content, audio, reasoning, refusal, calls, finish }) {
    this.content.set(content ?? "");
    this.audio.set(audio);
    this.reasoning.set(reasoning ?? "");
    this.refusal.set(refusal ?? "");
    for (const call of calls) {
      const view = this.#call(call.key);
      view.name(call.name ?? "", call.id ?? "");
      view.text.set(visible(pretty(call.arguments)));
    }
    if (finish !== null) this.#finish(finish);
  }

  #finish(reason) {
    this.finish.textContent = `finish_reason ${brief(reason)}`;
    this.finish.hidden = false;
  }

  #call(key) {
    let call = this.calls.get(key);
    if (!call) {
      call = new CallView(String(key).startsWith("server"));
      this.calls.set(key, call);
      this.callsRoot.append(call.root);
    }
    call.root.hidden = false;
    return call;
  }
}

/** One call of a tool. */
class CallView {
  constructor(server) {
    this.server = server;
    this.label = el("b");
    this.id = el("code");
    this.text = new Growing("pre");
    this.root = el("details", { class: "block call" },
      el("summary", {}, server ? "Tool call by the provider: " : "Tool call: ", this.label, " ", this.id), this.text.root);
  }

  name(name, id = "") {
    if (name) this.label.textContent = brief(name);
    if (id) this.id.textContent = brief(id);
  }

  clear() {
    this.label.textContent = "";
    this.id.textContent = "";
    this.text.set("");
  }
}

/** A text that grows: what is added is shown all at once, by `flush`. */
class Growing {
  constructor(tag, label) {
    this.node = document.createTextNode("");
    this.waiting = [];
    const text = el("div", { class: "words", dir: "auto" }, this.node);
    this.root = el(tag, { class: label ? "block" : "plain", hidden: true },
      label ? el(tag === "details" ? "summary" : "h3", {}, label) : null, text);
  }

  add(text) {
    this.waiting.push(text);
  }

  set(text) {
    this.waiting = [];
    if (this.node.data !== text) this.node.data = text;
    this.root.hidden = !text;
  }

  flush() {
    if (!this.waiting.length) return;
    this.node.appendData(this.waiting.join(""));
    this.waiting = [];
    this.root.hidden = !this.node.data;
  }
}
