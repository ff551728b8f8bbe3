// A conversation: its reply, numbered answers, and the next conversation, which is there at once.
//
// While one conversation is read, the page of the next one in hand is asked for. It is only read:
// nothing is claimed by it, and reading marks nothing read. After an answer it takes the place of
// this one without waiting for the network; the answer goes by the tab's queue.

import { isForPage, queue, say } from "./queue.js";

/** Milliseconds that a page may wait to be shown. An older one is asked for anew. */
const FRESH = 60_000;

const draftOf = (thread) => `muster-draft-${thread}`;

/** The page of the next conversation. */
class Ahead {
  constructor(address) {
    this.path = new URL(address, location.href).pathname;
    this.page = null;
    this.read(address);
  }

  async read(address) {
    try {
      const response = await fetch(address, { redirect: "error" });
      if (!response.ok) return;
      this.page = new DOMParser().parseFromString(await response.text(), "text/html");
      this.at = performance.now();
    } catch {
      // Without a network the next conversation is asked for when it is wanted.
    }
  }

  /** Shows the page in place of this one; false when it is not there, or too old. */
  show() {
    const main = this.page?.querySelector("main");
    if (!main?.querySelector("#conversation") || performance.now() - this.at > FRESH) return false;
    const shown = document.adoptNode(main);
    document.querySelector("main").replaceWith(shown);
    document.title = this.page.title;
    history.pushState(null, "", this.path);
    scrollTo(0, 0);
    shown.focus({ preventScroll: true });
    shown.dispatchEvent(new CustomEvent("shown", { bubbles: true }));
    return true;
  }
}

export class Conversation {
  constructor(root) {
    this.root = root;
    this.thread = root.dataset.thread;
    this.form = root.querySelector("form[data-reply]");
    this.box = this.form?.querySelector("textarea");
    this.left = new AbortController();
    // An answer that the server has not got yet is not written again.
    this.sent = queue.items.some((item) => item.about.thread === this.thread);
    if (this.box) {
      if (!this.sent) this.box.value ||= sessionStorage.getItem(draftOf(this.thread)) ?? "";
      this.box.addEventListener("input", () => this.keepDraft());
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.send();
      });
    }
    for (const button of root.querySelectorAll("button[data-script]")) {
      button.addEventListener("click", () => this.pick(button));
    }
    const { signal } = this.left;
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    document.addEventListener("answered", (event) => this.answered(event.detail), { signal });
    document.addEventListener("refused", (event) => this.refused(event.detail), { signal });
    root.querySelector(".log")?.lastElementChild?.scrollIntoView({ block: "nearest" });
    if (this.form && root.dataset.ahead) this.ahead = new Ahead(root.dataset.ahead);
  }

  keepDraft() {
    if (this.box.value) sessionStorage.setItem(draftOf(this.thread), this.box.value);
    else sessionStorage.removeItem(draftOf(this.thread));
  }

  pick(button) {
    if (!this.box) return;
    this.box.value = button.querySelector("[data-text]").textContent;
    this.keepDraft();
    this.box.focus();
  }

  key(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat) {
      event.preventDefault();
      this.send();
    } else if (!isForPage(event)) {
      return;
    } else if (/^[1-9]$/.test(event.key)) {
      const button = this.root.querySelector(`button[data-script="${event.key}"]`);
      if (!button) return;
      event.preventDefault();
      this.pick(button);
    } else if (event.key === "j") {
      this.root.querySelector("a[data-next]")?.click();
    } else {
      const control = this.root.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
      if (!control) return;
      event.preventDefault();
      control.closest("details")?.setAttribute("open", "");
      control.focus();
    }
  }

  send() {
    const text = this.box?.value.trim();
    if (!text || this.sent) return;
    this.sent = true;
    say("");
    // The draft stays until the server has the answer: a refusal leaves it to be written anew.
    this.keepDraft();
    const fields = { ...Object.fromEntries(new FormData(this.form)), text };
    queue.push(this.form.action, fields, { thread: this.thread, name: this.root.dataset.name, text });
    this.box.value = "";
    if (this.ahead?.show()) this.left.abort();
  }

  answered({ item }) {
    if (item.about.thread !== this.thread) return;
    location.assign(this.form?.dataset.then ?? location.href);
  }

  refused({ item }) {
    if (item.about.thread !== this.thread || !this.box) return;
    this.sent = false;
    this.box.value ||= item.about.text;
    this.keepDraft();
  }
}

document.addEventListener("answered", ({ detail: { item } }) => {
  if (item.about.thread) sessionStorage.removeItem(draftOf(item.about.thread));
});
// The page of the address before has left the document.
addEventListener("popstate", () => location.reload());
