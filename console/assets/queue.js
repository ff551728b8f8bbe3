// The queue of a tab: texts of an agent that the server has not answered for.
//
// A text that is sent goes into the tab's queue, with the key by which the server knows it again,
// and leaves it with the server's answer. A lost network, a reload or a new sign-in repeats a
// request with its key, so that nobody is texted twice.

const NAME = "muster-queue";
const SOON = [500, 1000, 2000, 5000, 10000, 30000];
/** The agent of the page; none on other pages. */
export const member = document.querySelector("[data-member]")?.dataset.member ?? "";

/** The texts of this tab that the server has not answered for. */
export const queue = {
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
      // The page leaves for sign-in, and comes back to the texts that wait.
      if (answer.signedOut) break;
      this.drop((other) => other === item);
      document.dispatchEvent(new CustomEvent(answer.ok ? "answered" : "refused", { detail: { item, answer } }));
    }
    this.running = false;
  },
};

/** Asks the server once. */
export async function ask(url, fields) {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { accept: "application/json" },
      body: new URLSearchParams(fields),
      signal: AbortSignal.timeout(20000),
    });
    if (response.status === 401) {
      const here = encodeURIComponent(location.pathname + location.search);
      location.assign(`/sign-in?next=${here}`);
      return { signedOut: true };
    }
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

export function say(sentence) {
  const place = document.getElementById("refusal");
  if (!place) return;
  place.textContent = sentence ?? "";
  place.hidden = !sentence;
}

/** Whether a key press is meant for the page, and not for a field or a control. */
export function isForPage(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || localStorage.getItem("muster-keys") === "off") {
    return false;
  }
  return !event.target.closest("input, select, textarea, [contenteditable]");
}

/** Puts numbers into the words of the page. */
export function filled(words, numbers) {
  return words.replace(/\{(\w+)\}/g, (_, name) => numbers[name]);
}
