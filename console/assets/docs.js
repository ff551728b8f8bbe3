// Scripts of the API's documents: an operation is tried with the browser's own session. What can
// change something is sent when it is confirmed. Answers are shown as text.

/** Bytes of an answer that are shown, and the milliseconds after which a stream is ended. */
const SHOWN = 64 * 1024;
const PATIENCE = 5000;
const HEADERS = ["content-type", "etag", "idempotency-replayed", "location", "retry-after"];

const form = document.getElementById("try");
const sure = document.getElementById("sure");
const answer = document.getElementById("answer");

/** Returns the fields of a place: `path`, `query` or `header`. */
function fields(place) {
  const inputs = [...form.elements].filter((input) => input.name.startsWith(`${place}.`));
  return inputs.map((input) => [input.name.slice(place.length + 1), input.value.trim()]);
}

/** Returns the address that the fields make. */
function address() {
  const values = new Map(fields("path"));
  const path = form.dataset.path.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values.get(name) ?? "";
    // A browser takes these for the folders above.
    if (value === "" || value === "." || value === "..") throw new Error(`${name} needs a value.`);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams(fields("query").filter(([, value]) => value !== ""));
  return query.size > 0 ? `${path}?${query}` : path;
}

/** Reads the beginning of an answer's body; returns it, and whether there is more. */
async function beginning(response, abort) {
  if (!response.body) return ["", false];
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const timer = setTimeout(() => reader.cancel(), PATIENCE);
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
    if (text.length > SHOWN) {
      abort.abort();
      break;
    }
  }
  clearTimeout(timer);
  return [text.slice(0, SHOWN), text.length > SHOWN];
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Adds an element with a text to the answer. */
function tell(name, text, more = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [attribute, value] of Object.entries(more)) element.setAttribute(attribute, value);
  answer.append(element);
}

async function send() {
  sure.hidden = true;
  answer.replaceChildren();
  const { method, type } = form.dataset;
  const headers = Object.fromEntries(fields("header").filter(([, value]) => value !== ""));
  const body = form.elements.body?.value ?? "";
  if (body !== "") headers["content-type"] = type;
  const abort = new AbortController();
  try {
    const began = performance.now();
    const request = { method, headers, credentials: "same-origin", cache: "no-store", redirect: "error", signal: abort.signal };
    if (body !== "") request.body = body;
    const response = await fetch(address(), request);
    const [text, isMore] = await beginning(response, abort);
    const took = Math.round(performance.now() - began);
    // The same key again would be the same request.
    const key = form.elements["header.Idempotency-Key"];
    if (key) key.value = crypto.randomUUID?.() ?? "";
    tell("h3", `${response.status} ${response.statusText}`.trim());
    const told = HEADERS.filter((name) => response.headers.has(name)).map((name) => `${name}: ${response.headers.get(name)}`);
    tell("p", [...told, `${took} ms`].join(" · "), { class: "dim" });
    if (text !== "") tell("pre", pretty(text), { tabindex: "0", role: "region", "aria-label": "The answer" });
    if (isMore) tell("p", "The rest is left out.");
  } catch (error) {
    tell("p", `It was not sent, or the answer did not come: ${error.message}`, { class: "flash bad" });
  }
}

if (form) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!("changes" in form.dataset)) {
      send();
      return;
    }
    sure.hidden = false;
    document.getElementById("sure-yes").focus();
  });
  form.addEventListener("input", () => {
    sure.hidden = true;
  });
  document.getElementById("sure-yes").addEventListener("click", send);
  document.getElementById("sure-no").addEventListener("click", () => {
    sure.hidden = true;
    form.querySelector("button").focus();
  });
}
