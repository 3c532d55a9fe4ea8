// @ts-check
// Swaps the parts of the page that the server sends, and asks for answers. All drawing is done on the server.

const { stream: streamPath, try: tryPath, title } = document.body.dataset;

/** @param {string} id */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** The part of the strip that scrolls where there is little room. */
const past = () => /** @type {HTMLElement | null} */ (document.querySelector("#windows .past"));

/** @param {HTMLElement} strip How far it must scroll for the window that fills now to be seen. */
function newest(strip) {
  const open = /** @type {Element} */ (strip.querySelector(".open")).getBoundingClientRect();
  return Math.max(0, strip.scrollLeft + open.right - strip.getBoundingClientRect().right + 4);
}

/** Moments are shown in the reader's own time. */
function localTimes() {
  for (const element of document.querySelectorAll("time")) {
    element.textContent = new Date(element.dateTime).toLocaleString([], {
      dateStyle: "medium",
      timeStyle: "short",
    });
  }
}

/** @param {number} [scrolled] How far the strip stays scrolled, if not to the newest window. */
function settle(scrolled) {
  const strip = past();
  if (strip) strip.scrollLeft = scrolled ?? newest(strip);
  localTimes();
}

settle();

const live = byId("live");
const source = new EventSource(streamPath ?? "/ui/stream");
source.onopen = () => setLive("live", "live");
source.onerror = () => setLive("reconnecting", "lost");
source.addEventListener("parts", (event) => {
  const before = past();
  // Who has scrolled back to older windows stays there.
  const kept = before && before.scrollLeft < newest(before) - 1 ? before.scrollLeft : undefined;
  for (const [id, html] of Object.entries(JSON.parse(event.data))) {
    const element = document.getElementById(id);
    if (element) element.innerHTML = html;
  }
  settle(kept);
  const state = document.querySelector("[data-state]")?.getAttribute("data-state");
  document.title = state === "alarm" ? `⚠ Drift · ${title}` : title ?? "Weir";
});

/** @param {string} text @param {string} state */
function setLive(text, state) {
  if (live.textContent === text) return;
  live.textContent = text;
  live.className = `live ${state}`;
}

const form = /** @type {HTMLFormElement} */ (byId("try"));
const text = /** @type {HTMLTextAreaElement} */ (byId("text"));
const pair = /** @type {HTMLTextAreaElement | null} */ (document.getElementById("text-pair"));
const note = byId("try-note");
const shown = byId("answer");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const begun = performance.now();
  try {
    const response = await fetch(tryPath ?? "/ui/try", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: text.value, text_pair: pair?.value }),
    });
    if (!response.ok) throw new Error((await response.json()).error);
    shown.innerHTML = await response.text();
    const tokens = response.headers.get("x-compute-tokens");
    note.textContent = `${tokens} tokens in ${(performance.now() - begun).toFixed(0)} ms`;
    note.className = "foot";
  } catch (error) {
    shown.replaceChildren();
    note.textContent = error instanceof Error ? error.message : String(error);
    note.className = "foot failed";
  }
});

form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
