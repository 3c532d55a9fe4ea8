/**
 * The dashboard: the page, its event stream and its files.
 *
 * @module
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { raw } from "hono/html";
import type { JSX } from "hono/jsx/jsx-runtime";
import { formatCount as count } from "../../src/base/format.ts";
import { type EventStreams, sseEvent } from "../event_streams.ts";
import { findModel, identityOf, type Models, type ServedModel } from "../models.ts";
import type { Traffic } from "../traffic.ts";
import { tryRoute } from "./answer.tsx";
import { Whisker } from "./charts.tsx";
import { spaced } from "./format.ts";
import { featureId, fragments, Key, modelFacts } from "./fragments.tsx";

/** GET / (the page), /ui/stream (its live parts), POST /ui/try and the files the page is made of. */
export function pageRoutes(
  app: OpenAPIHono,
  { models: all, streams, traffic, clock }: {
    readonly models: Models;
    readonly streams: EventStreams;
    readonly traffic: Traffic;
    readonly clock: () => number;
  },
): void {
  const models = all.served;
  const current = (model: ServedModel) => fragments({ model, traffic: traffic.view(clock()) });
  const chosen = (name?: string, version?: string) =>
    findModel(models, name || undefined, version || undefined);

  app.get("/", (c) => {
    const model = chosen(c.req.query("model"), c.req.query("version"));
    c.header("cache-control", "no-store");
    return c.html(`<!doctype html>${<Page model={model} models={models} parts={current(model)} />}`);
  });

  app.get("/ui/stream", (c) => {
    const model = chosen(c.req.query("model"), c.req.query("version"));
    let shown: Record<string, string> = {};
    const changes = () => {
      const parts = current(model);
      const changed = Object.fromEntries(Object.entries(parts).filter(([id, html]) => shown[id] !== html));
      shown = parts;
      return Object.keys(changed).length > 0 ? sseEvent("parts", changed) : "";
    };
    return streams.open(changes(), changes).response;
  });

  tryRoute(app, all);

  for (const [path, type] of files) {
    let text: Promise<string> | undefined;
    app.get(`/ui/${path}`, async (c) => {
      text ??= Deno.readTextFile(new URL(path, import.meta.url));
      return c.body(await text, 200, { "content-type": type, "cache-control": "no-cache" });
    });
  }
}

const files = [
  ["client.js", "text/javascript; charset=utf-8"],
  ["style.css", "text/css; charset=utf-8"],
  ["icon.svg", "image/svg+xml"],
];

function Page(props: {
  model: ServedModel;
  models: readonly ServedModel[];
  parts: Record<string, string>;
}): JSX.Element {
  const { model, models, parts } = props;
  const { title, facts } = modelFacts(model);
  const { name, version } = identityOf(model);
  const snapshot = model.monitor?.snapshot();
  const features = snapshot?.open.features ?? [];
  const query = `model=${encodeURIComponent(name)}&version=${encodeURIComponent(version)}`;
  const isOfPairs = model.service.task.columns.pair !== undefined;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · Weir`}</title>
        <link rel="icon" href="/ui/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/ui/style.css" />
        <script src="/ui/client.js" defer></script>
      </head>
      <body data-stream={`/ui/stream?${query}`} data-try={`/ui/try?${query}`} data-title={`${title} · Weir`}>
        <header class="top">
          <img src="/ui/icon.svg" alt="" width="28" height="28" />
          <h1>
            {name} <small>{version}</small>
          </h1>
          {(model.aliases ?? []).map(chip)}
          {models.length > 1 && <Others model={model} models={models} />}
          <span class="grow"></span>
          <span class="live" id="live" role="status">connecting</span>
        </header>
        <main>
          <section id="banner" aria-live="polite">{raw(parts.banner)}</section>
          <section class="card" aria-labelledby="model-title">
            <h2 id="model-title">Model</h2>
            <Metrics model={model} />
            <dl class="facts">
              {facts.map(([term, value]) => (
                <div>
                  <dt>{term}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          </section>
          <section class="card" aria-labelledby="traffic-title">
            <h2 id="traffic-title">Traffic</h2>
            <div id="traffic">{raw(parts.traffic)}</div>
          </section>
          <section class="card" aria-labelledby="try-title">
            <h2 id="try-title">Try it</h2>
            <form id="try">
              <TextBox id="text" label="A text for the model" placeholder="Write or paste a text" />
              {isOfPairs && (
                <TextBox
                  id="text-pair"
                  label="The text it goes with"
                  placeholder="Write or paste the text it goes with"
                />
              )}
              <button type="submit">Run</button>
              <span class="foot" id="try-note">Ctrl + Enter</span>
            </form>
            <div id="answer" aria-live="polite"></div>
          </section>
          {parts.windows !== undefined && (
            <section class="card wide" aria-labelledby="windows-title">
              <h2 id="windows-title">Window by window</h2>
              <div id="windows">{raw(parts.windows)}</div>
            </section>
          )}
          {features.length > 0 && (
            <section class="wide" aria-labelledby="features-title">
              <div class="heading">
                <h2 id="features-title">Reference against the last window</h2>
                <p class="legend">
                  <Key look="reference">reference, from training</Key>
                  <Key look="current">last window</Key>
                  <Key look="open-window">window that fills now</Key>
                </p>
              </div>
              <div class="features">
                {features.map((feature) => (
                  <article class="card feature" id={featureId(feature.name)}>
                    {raw(parts[featureId(feature.name)])}
                  </article>
                ))}
              </div>
              {snapshot?.notes.map((note) => <p class="foot" key={note}>{note}</p>)}
            </section>
          )}
        </main>
        <footer>
          <a href="/openapi.json">API</a>
          <a href="/drift">Drift as JSON</a>
          <a href="/metrics">Prometheus metrics</a>
          <a href="/info">Model info</a>
        </footer>
      </body>
    </html>
  );
}

function TextBox(
  { id, label, placeholder }: { id: string; label: string; placeholder: string },
): JSX.Element {
  return (
    <>
      <label for={id} class="hidden">{label}</label>
      <textarea id={id} rows={3} placeholder={placeholder} spellcheck={false} maxlength={1_000_000}>
      </textarea>
    </>
  );
}

function chip(text: string): JSX.Element {
  return <span class="chip">{text}</span>;
}

function Others({ model, models }: { model: ServedModel; models: readonly ServedModel[] }): JSX.Element {
  return (
    <nav aria-label="Other models">
      {models.filter((other) => other !== model).map((other) => {
        const { name, version } = identityOf(other);
        return (
          <a class="chip" href={`/?model=${encodeURIComponent(name)}&version=${encodeURIComponent(version)}`}>
            {`${name} ${version}`}
          </a>
        );
      })}
    </nav>
  );
}

/** The metrics of the model card with their confidence intervals, the main ones first. */
function Metrics({ model }: { model: ServedModel }): JSX.Element {
  const entries = Object.entries(model.service.info().manifest.metrics);
  const rankOf = (name: string) =>
    (mainMetrics.indexOf(name) + mainMetrics.length + 1) % (mainMetrics.length + 1);
  const shown = entries.toSorted((a, b) => rankOf(a[0]) - rankOf(b[0])).slice(0, 4);
  if (shown.length === 0) return <p class="foot">This bundle has no metrics.</p>;
  const shares = shown.every(([, metric]) => metric.low >= 0 && metric.high <= 1);
  const from = Math.max(0, Math.floor((Math.min(...shown.map(([, metric]) => metric.low)) - 0.02) * 20) / 20);
  const { confidence, n } = shown[0][1];
  return (
    <>
      <table class="metrics">
        <tbody>
          {shown.map(([name, metric]) => (
            <tr>
              <th scope="row">{spaced(name)}</th>
              <td class="value">{metric.value.toFixed(3)}</td>
              <td class="range">{`${metric.low.toFixed(3)} – ${metric.high.toFixed(3)}`}</td>
              {shares && (
                <td class="drawn">
                  <Whisker value={metric.value} low={metric.low} high={metric.high} from={from} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="foot">{`on ${count(n)} held-out texts, with ${(confidence * 100).toFixed(0)}% intervals`}</p>
    </>
  );
}

const mainMetrics = ["accuracy", "macroF1", "f1", "precision", "recall", "macroPrecision", "macroRecall"];
