// Agents' screens: first texts one after another, and keys. Conversations have a file of their own.

import { Conversation } from "./conversation.js";
import { ask, filled, isForPage, member, queue, say } from "./queue.js";

/** Milliseconds that a contact is shown before it can be texted: a second tap texts nobody. */
const SEEN = 350;

/** First texts and reminders, one contact after the other. */
class Texting {
  constructor(root) {
    this.root = root;
    this.words = JSON.parse(root.dataset.words);
    const { batch, token } = root.dataset;
    [this.batch, this.token] = [batch, token];
    const mine = new Set(queue.items.filter((item) => item.about.batch === batch).map((item) => item.about.contact));
    this.contacts = [...document.querySelectorAll("#contacts > li")]
      .map((item) => ({
        id: item.dataset.id,
        name: item.dataset.name,
        segments: Number(item.dataset.segments),
        keptOut: item.dataset.keptOut,
        text: item.textContent,
      }))
      .filter((contact) => !mine.has(contact.id));
    this.ends = performance.now() + Number(root.dataset.seconds) * 1000;
    this.over = false;
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    if (!this.part("form")) return;
    this.listen();
    this.show();
    this.tick();
  }

  get contact() {
    return this.contacts[0];
  }

  listen() {
    this.part("send").addEventListener("click", (event) => this.act(event, () => this.send()));
    this.part("skip").addEventListener("click", (event) => this.act(event, () => this.skip()));
    this.part("form").addEventListener("submit", (event) => event.preventDefault());
    this.part("preview")?.addEventListener("click", () => this.preview());
    // A key that is held down is one press.
    this.root.addEventListener("keydown", (event) => {
      if (event.repeat && (event.key === "Enter" || event.key === " ") && !event.target.closest("textarea")) {
        event.preventDefault();
      }
    });
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("answered", (event) => this.answered(event.detail));
    document.addEventListener("refused", (event) => this.refused(event.detail));
    document.addEventListener("queue", () => this.count());
  }

  key(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat) {
      event.preventDefault();
      this.send();
    } else if (!isForPage(event)) {
      return;
    } else if (event.key === "s") {
      event.preventDefault();
      this.part("reason").focus();
    } else if (event.key === "e" && this.part("edited")) {
      event.preventDefault();
      this.part("edit").open = true;
      this.part("edited").focus();
    } else if (/^[1-9]$/.test(event.key)) {
      const { options } = this.part("reason");
      if (options[Number(event.key)]) options[Number(event.key)].selected = true;
    }
  }

  act(event, step) {
    event.preventDefault();
    step();
  }

  show() {
    const { contact } = this;
    this.shownAt = performance.now();
    this.part("card").hidden = !contact || this.over;
    this.part("done").hidden = Boolean(contact) || this.over;
    this.part("over").hidden = !this.over;
    this.count();
    if (!contact || this.over) return;
    this.part("name").textContent = contact.name;
    this.part("text").textContent = contact.text;
    this.tellSegments(contact.segments);
    const keptOut = this.part("kept-out");
    keptOut.hidden = !contact.keptOut;
    keptOut.textContent = contact.keptOut ? this.words.keptOut : "";
    this.part("send").disabled = Boolean(contact.keptOut);
    this.part("reason").selectedIndex = 0;
    if (this.part("edited")) {
      this.part("edited").value = contact.text;
      this.part("edit").open = false;
    }
    this.part("card").classList.remove("fresh");
    requestAnimationFrame(() => this.part("card").classList.add("fresh"));
  }

  tellSegments(segments) {
    this.part("segments").textContent = filled(segments === 1 ? this.words.segment : this.words.segments, { n: segments });
  }

  count() {
    this.part("left").textContent = filled(this.words.left, { n: this.contacts.length });
    const sending = queue.items.filter((item) => item.about.batch === this.batch).length;
    this.part("sending").textContent = sending > 0 ? filled(this.words.sending, { n: sending }) : "";
    // More contacts are asked for once the server has the last of these.
    this.part("more").disabled = sending > 0;
  }

  tick() {
    const left = Math.max(0, Math.round((this.ends - performance.now()) / 1000));
    const [minutes, seconds] = [Math.floor(left / 60), String(left % 60).padStart(2, "0")];
    this.part("clock").textContent = `${minutes}:${seconds}`;
    if (left === 0 && !this.over && this.contact) {
      this.end();
    } else {
      setTimeout(() => this.tick(), 1000);
    }
  }

  /** The batch is not this agent's any more. */
  end() {
    this.over = true;
    queue.drop((item) => item.about.batch === this.batch);
    say("");
    this.show();
    this.part("over").focus();
  }

  take(step) {
    const { contact } = this;
    if (!contact || this.over || performance.now() - this.shownAt < SEEN) return;
    this.contacts.shift();
    say("");
    step(contact, { batch: this.batch, contact: contact.id, name: contact.name, shown: contact });
    this.show();
  }

  send() {
    if (this.part("send").disabled) return;
    const words = this.part("edited")?.value;
    this.take((contact, about) => {
      const fields = { lease_token: this.token };
      if (words !== undefined && words !== contact.text) fields.text = words;
      queue.push(this.root.dataset.send.replace("{contact_id}", contact.id), fields, about);
    });
  }

  skip() {
    const reason = this.part("reason").value;
    this.take((contact, about) => {
      const fields = { lease_token: this.token, contact_id: contact.id, reason_id: reason };
      queue.push(this.root.dataset.skip, fields, about);
    });
  }

  async preview() {
    const { contact } = this;
    if (!contact) return;
    const fields = { lease_token: this.token, contact_id: contact.id, text: this.part("edited").value };
    const answer = await ask(this.root.dataset.preview, fields);
    if (this.contact !== contact) return;
    say(answer.ok ? "" : (answer.sentence ?? this.words.later));
    if (!answer.ok) return;
    this.part("text").textContent = answer.text;
    this.tellSegments(answer.segments);
  }

  answered({ item, answer }) {
    if (item.about.batch === this.batch && answer.skipped) {
      say(filled(this.words.skipped, { name: item.about.name }));
    }
  }

  refused({ item, answer }) {
    if (item.about.batch !== this.batch) return;
    if (answer.word === "lease-expired" || answer.word === "lease-stale") {
      this.end();
      return;
    }
    // Words that may not go come back, with their contact.
    if (item.fields.text !== undefined) {
      this.contacts.unshift(item.about.shown);
      this.show();
      this.part("edit").open = true;
      this.part("edited").value = item.fields.text;
    }
  }
}

/** The switch of keys without Ctrl. */
function keysSwitch(button) {
  const tell = () => button.setAttribute("aria-pressed", String(localStorage.getItem("muster-keys") !== "off"));
  button.hidden = false;
  tell();
  button.addEventListener("click", () => {
    if (localStorage.getItem("muster-keys") === "off") localStorage.removeItem("muster-keys");
    else localStorage.setItem("muster-keys", "off");
    tell();
  });
}

/** Counts the seconds of a clock down. */
function countDown(element) {
  const ends = performance.now() + Number(element.dataset.seconds) * 1000;
  const tick = () => {
    const left = Math.max(0, Math.round((ends - performance.now()) / 1000));
    element.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left > 0) setTimeout(tick, 1000);
    else document.getElementById(element.dataset.hides)?.setAttribute("hidden", "");
  };
  tick();
}

if (member) queue.load();
document.addEventListener("refused", ({ detail: { item, answer } }) => say(`${item.about.name}: ${answer.sentence}`));
/** Brings the page's main part to life, at first and when another conversation is shown in it. */
function enliven(main) {
  for (const button of main.querySelectorAll("[data-keys]")) keysSwitch(button);
  const conversation = main.querySelector("#conversation");
  if (conversation) new Conversation(conversation);
}
enliven(document.querySelector("main"));
document.addEventListener("shown", (event) => enliven(event.target));
for (const element of document.querySelectorAll("[data-seconds].clock")) countDown(element);
const texting = document.getElementById("texting");
if (texting) new Texting(texting);
// Texts of somebody that signs out are not the next one's.
for (const form of document.querySelectorAll('form[action="/sign-out"]')) {
  form.addEventListener("submit", () => sessionStorage.clear());
}
addEventListener("beforeunload", (event) => {
  if (queue.items.length > 0 && !navigator.onLine) event.preventDefault();
});
if (member) queue.run();
