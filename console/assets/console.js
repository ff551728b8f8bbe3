// Scripts of every page: instants in the reader's own time, and the tab's one event stream.

const language = document.documentElement.lang || "en";
const sameDay = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });
const otherDay = new Intl.DateTimeFormat(language, {
  weekday: "short", month: "short", day: "numeric", hour: "numeric", minute: "2-digit",
});

/** Shows the instants of an element in the reader's own time. */
function tellTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const isToday = at.toDateString() === new Date().toDateString();
    element.textContent = (isToday ? sameDay : otherDay).format(at);
    element.title = at.toString();
  }
}

/** Puts elements into the page, each in the place of the one with its id. */
function putParts(html) {
  const parts = new DOMParser().parseFromString(html, "text/html").body;
  for (const fresh of [...parts.children]) {
    const old = fresh.id && document.getElementById(fresh.id);
    if (!old) continue;
    tellTimes(fresh);
    const busy = old.contains(document.activeElement) ? document.activeElement : null;
    // A form that somebody fills in stays, and so does an element that is the same.
    if (busy?.matches("input, select, textarea") || old.isEqualNode(fresh)) continue;
    const focused = busy?.id;
    old.replaceWith(document.adoptNode(fresh));
    if (focused) document.getElementById(focused)?.focus();
    fresh.dispatchEvent(new CustomEvent("part", { bubbles: true }));
  }
}

/** Follows the tab's event stream, which all live parts of the page share. */
function follow(address) {
  const warning = document.getElementById("live-off");
  const source = new EventSource(address);
  source.addEventListener("parts", (event) => putParts(event.data));
  // The page asked anew leads to sign-in, and from there back.
  source.addEventListener("end", () => {
    source.close();
    location.reload();
  });
  source.addEventListener("open", () => {
    warning.hidden = true;
  });
  source.addEventListener("error", () => {
    warning.hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow(address), 5000);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}

tellTimes(document);
// htmx has put something new into the page.
document.addEventListener("htmx:afterSwap", (event) => tellTimes(event.target));
// Parts that come after the page say so when they do not come.
for (const fault of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(fault, ({ detail: { elt } }) => {
    if (!elt.matches(".later")) return;
    for (const child of elt.children) child.hidden = !child.matches(".flash");
  });
}
// A page has put another main part in place of its own.
document.addEventListener("shown", (event) => tellTimes(event.target));
if (document.body.dataset.events) follow(document.body.dataset.events);
// A page that comes back out of the browser's memory is old, and its stream is closed.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
