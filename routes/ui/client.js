// @ts-check
// Swaps the parts of the page that the server sends, and asks for predictions. All drawing is done on the server.

const { stream: streamPath, predict: predictPath, title } = document.body.dataset;

/** @param {string} id */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

const live = byId("live");
const source = new EventSource(streamPath ?? "/ui/stream");
source.onopen = () => setLive("live", "live");
source.onerror = () => setLive("reconnecting", "lost");
source.addEventListener("parts", (event) => {
  for (const [id, html] of Object.entries(JSON.parse(event.data))) {
    const element = document.getElementById(id);
    if (element) element.innerHTML = html;
  }
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
const note = byId("try-note");
const scores = byId("scores");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const begun = performance.now();
  try {
    const response = await fetch(predictPath ?? "/predict", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ inputs: text.value }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    showScores(answer);
    const tokens = response.headers.get("x-compute-tokens");
    note.textContent = `${tokens} tokens in ${(performance.now() - begun).toFixed(0)} ms`;
    note.className = "foot";
  } catch (error) {
    scores.replaceChildren();
    note.textContent = error instanceof Error ? error.message : String(error);
    note.className = "foot failed";
  }
});

text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

/** @param {{ label: string, score: number }[]} predictions */
function showScores(predictions) {
  scores.replaceChildren(
    ...predictions.slice(0, 8).map(({ label, score }, i) => {
      const row = document.createElement("div");
      row.className = i === 0 ? "score best" : "score";
      const name = document.createElement("span");
      name.textContent = label;
      const track = document.createElement("span");
      track.className = "score-track";
      const fill = document.createElement("span");
      fill.style.width = `${(score * 100).toFixed(2)}%`;
      track.append(fill);
      const value = document.createElement("b");
      value.textContent = `${(score * 100).toFixed(1)}%`;
      row.append(name, track, value);
      return row;
    }),
  );
}
