// Scripts of agents' screens: texts that wait in the tab, first texts one after another, and keys.
//
// A text that is sent goes into the tab's queue, with the key by which the server knows it again,
// and leaves it with the server's answer. A lost network, a reload or a new sign-in repeats a
// request with its key, so that nobody is texted twice.

const NAME = "muster-queue";
const SOON = [500, 1000, 2000, 5000, 10000, 30000];
/** Milliseconds that a contact is shown before it can be texted: a second tap texts nobody. */
const SEEN = 350;
const member = document.querySelector("[data-member]")?.dataset.member ?? "";

/** The texts of this tab that the server has not answered for. */
const queue = {
  items: [],
  running: false,

  load() {
    const stored = JSON.parse(sessionStorage.getItem(NAME) ?? "{}");
    // Another member's texts are not this one's to send.
    this.items = stored.member === member ? (stored.items ?? []) : [];
    this.keep();
  },

  keep() {
    sessionStorage.setItem(NAME, JSON.stringify({ member, items: this.items }));
    document.dispatchEvent(new CustomEvent("queue", { detail: { left: this.items.length } }));
  },

  push(url, fields, about) {
    const item = { url, fields: { key: crypto.randomUUID(), ...fields }, about };
    this.items.push(item);
    this.keep();
    return this.run();
  },

  drop(which) {
    this.items = this.items.filter((item) => !which(item));
    this.keep();
  },

  async run() {
    if (this.running) return;
    this.running = true;
    let failures = 0;
    while (this.items.length > 0) {
      const item = this.items[0];
      const answer = await ask(item.url, item.fields);
      if (answer.again) {
        waits(true);
        await pause(answer.after ?? SOON[Math.min(failures, SOON.length - 1)]);
        failures += 1;
        continue;
      }
      waits(false);
      failures = 0;
      if (answer.signedOut) {
        const here = encodeURIComponent(location.pathname + location.search);
        location.assign(`/sign-in?next=${here}`);
        break;
      }
      this.drop((other) => other === item);
      document.dispatchEvent(new CustomEvent(answer.ok ? "answered" : "refused", { detail: { item, answer } }));
    }
    this.running = false;
  },
};

/** Asks the server once. */
async function ask(url, fields) {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { accept: "application/json" },
      body: new URLSearchParams(fields),
      signal: AbortSignal.timeout(20000),
    });
    if (response.status === 401) return { signedOut: true };
    if (response.status >= 500 || response.status === 408 || response.status === 429) {
      const seconds = Number(response.headers.get("retry-after"));
      return { again: true, after: seconds > 0 ? seconds * 1000 : undefined };
    }
    return { ok: response.ok, ...(await response.json()) };
  } catch {
    return { again: true };
  }
}

let wake = () => {};
function pause(milliseconds) {
  return new Promise((resolve) => {
    wake = resolve;
    setTimeout(resolve, milliseconds);
  });
}
addEventListener("online", () => wake());

/** Says that texts wait for the network. */
function waits(are) {
  const sign = document.getElementById("waits");
  if (sign) sign.hidden = !are;
}

function say(sentence) {
  const place = document.getElementById("refusal");
  if (!place) return;
  place.textContent = sentence ?? "";
  place.hidden = !sentence;
}

/** Whether a key press is meant for the page, and not for a field or a control. */
function isForPage(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || localStorage.getItem("muster-keys") === "off") {
    return false;
  }
  return !event.target.closest("input, select, textarea, [contenteditable]");
}

/** Puts numbers into the words of the page. */
function filled(words, numbers) {
  return words.replace(/\{(\w+)\}/g, (_, name) => numbers[name]);
}

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
    say(answer.ok ? "" : answer.sentence);
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
    say(`${item.about.name}: ${answer.sentence}`);
  }
}

/** A conversation: its reply, numbered answers, and the way to the next one. */
class Conversation {
  constructor(root) {
    this.root = root;
    this.form = root.querySelector("form[data-reply]");
    this.box = this.form?.querySelector("textarea");
    this.draft = `muster-draft-${root.dataset.thread}`;
    if (this.box) {
      this.box.value ||= sessionStorage.getItem(this.draft) ?? "";
      this.box.addEventListener("input", () => this.keepDraft());
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.send();
      });
    }
    for (const button of root.querySelectorAll("button[data-script]")) {
      button.addEventListener("click", () => this.pick(button));
    }
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("answered", (event) => this.answered(event.detail));
    document.addEventListener("refused", (event) => this.refused(event.detail));
    root.querySelector(".log")?.lastElementChild?.scrollIntoView({ block: "nearest" });
  }

  keepDraft() {
    if (this.box.value) sessionStorage.setItem(this.draft, this.box.value);
    else sessionStorage.removeItem(this.draft);
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
    const fields = { ...Object.fromEntries(new FormData(this.form)), text };
    queue.push(this.form.action, fields, { thread: this.root.dataset.thread, name: this.root.dataset.name, text });
    this.box.value = "";
    this.keepDraft();
  }

  answered({ item }) {
    if (item.about.thread !== this.root.dataset.thread) return;
    location.assign(this.form?.dataset.then ?? location.href);
  }

  refused({ item, answer }) {
    if (item.about.batch) return;
    say(`${item.about.name}: ${answer.sentence}`);
    if (item.about.thread !== this.root.dataset.thread || !this.box) return;
    this.sent = false;
    this.box.value ||= item.about.text;
    this.keepDraft();
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

queue.load();
for (const button of document.querySelectorAll("[data-keys]")) keysSwitch(button);
for (const element of document.querySelectorAll("[data-seconds].clock")) countDown(element);
const texting = document.getElementById("texting");
if (texting) new Texting(texting);
const conversation = document.getElementById("conversation");
if (conversation) new Conversation(conversation);
// Texts of somebody that signs out are not the next one's.
for (const form of document.querySelectorAll('form[action="/sign-out"]')) {
  form.addEventListener("submit", () => sessionStorage.clear());
}
addEventListener("beforeunload", (event) => {
  if (queue.items.length > 0 && !navigator.onLine) event.preventDefault();
});
queue.run();
