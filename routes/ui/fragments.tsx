/**
 * The parts of the dashboard that change while it is open, and the facts about a model that do not.
 *
 * @module
 */
import type { Child } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";
import { formatCount as count, formatPValue as pValue, plural } from "../../src/base/format.ts";
import type { Histogram } from "../../src/drift/histogram.ts";
import type { DriftSnapshot } from "../../src/drift/monitor.ts";
import type { FeatureReport, FeatureView } from "../../src/drift/report.ts";
import { effectTitles, namedStatistics } from "../../src/drift/statistic_names.ts";
import { identityOf, type ServedModel } from "../models.ts";
import type { TrafficView } from "../traffic.ts";
import { EffectBar, Overlay, Pairs, Sparkline, WindowStrip } from "./charts.tsx";
import { milliseconds, moment, spaced, statistic } from "./format.ts";

/** The parts of the page that change, by the id of the element that holds each. */
export function fragments(
  { model, traffic }: { model: ServedModel; traffic: TrafficView },
): Record<string, string> {
  const snapshot = model.monitor?.snapshot();
  const parts: Record<string, string> = {
    banner: html(<Banner snapshot={snapshot} />),
    traffic: html(<Traffic traffic={traffic} model={model} />),
  };
  if (!snapshot) return parts;
  parts.windows = html(<Windows snapshot={snapshot} />);
  for (const view of snapshot.open.features) {
    const latest = snapshot.latest?.features.find((feature) => feature.name === view.name);
    parts[featureId(view.name)] = html(
      <Feature view={view} latest={latest} snapshot={snapshot} />,
    );
  }
  return parts;
}

/** The id of the element that holds a feature. */
export function featureId(name: string): string {
  return `feature-${name}`;
}

function Banner({ snapshot }: { snapshot: DriftSnapshot | undefined }): JSX.Element {
  if (!snapshot) {
    return (
      <div class="banner quiet" data-state="quiet">
        <Sign kind="none" />
        <div>
          <strong>Not watched</strong>
          <p>This model has no drift baseline. Train it with weir train, which writes one.</p>
        </div>
      </div>
    );
  }
  const { open, windowSize, latest } = snapshot;
  if (snapshot.alarm) {
    const features = (latest?.features ?? []).filter((feature) => feature.alarm && !feature.notice);
    const { expected } = falseAlarms(snapshot);
    const since = snapshot.windows.findLastIndex((window) => !window.alarm) + 1;
    const windows = snapshot.windows.slice(since);
    return (
      <div class="banner alarm" data-state="alarm">
        <Sign kind="alarm" />
        <div>
          <strong>Drift: what comes in no longer looks like the training data</strong>
          <p>
            {features.map((feature) => feature.title).join(", ")}
            {` · for ${plural(windows.length, "window")}, since `}
            <Time atMs={windows[0].startedAtMs} />
            {` · check the inputs, then retrain · false alarms to expect: ${expected}`}
          </p>
        </div>
      </div>
    );
  }
  if (!latest) {
    return (
      <div class="banner quiet" data-state="quiet">
        <Sign kind="wait" />
        <div>
          <strong>Filling the first window</strong>
          <p>
            {`${count(open.n)} of ${plural(windowSize, "input")}; then it is compared with the reference`}
          </p>
        </div>
      </div>
    );
  }
  const noticed = latest.features.filter(({ name }) => snapshot.notices.includes(name));
  if (noticed.length > 0) {
    return (
      <div class="banner warn" data-state="warn">
        <Sign kind="warn" />
        <div>
          <strong>No drift, but the traffic itself is unusual</strong>
          <p>{noticed.map(({ title, change }) => change ? `${title}: ${change.text}` : title).join(" · ")}</p>
        </div>
      </div>
    );
  }
  const drifted = latest.features.filter((feature) => feature.drifted);
  if (drifted.length > 0) {
    return (
      <div class="banner warn" data-state="warn">
        <Sign kind="warn" />
        <div>
          <strong>The last window differs; there is no evidence yet that it is more than chance</strong>
          <p>{drifted.map((feature) => feature.title).join(", ")}</p>
        </div>
      </div>
    );
  }
  return (
    <div class="banner ok" data-state="ok">
      <Sign kind="ok" />
      <div>
        <strong>No drift</strong>
        <p>
          {`${plural(snapshot.windowsClosed, "window")} of ${plural(windowSize, "input")} compared with ${
            count(snapshot.baseline.observations)
          } in the reference, the last at `}
          <Time atMs={latest.closedAtMs} />
        </p>
      </div>
    </div>
  );
}

/** How often a monitor is expected to alarm at nothing. */
function falseAlarms({ policy }: DriftSnapshot): { expected: string } {
  return { expected: `1 in ${plural(policy.windowsPerFalseAlarm, "window")}` };
}

/** A moment, which client.js shows in the reader's own time. */
function Time({ atMs }: { atMs: number }): JSX.Element {
  return <time dateTime={new Date(atMs).toISOString()}>{moment(atMs)}</time>;
}

/** An entry of a legend: what a look means. */
export function Key({ look, children }: { look: string; children?: Child }): JSX.Element {
  return (
    <span class="entry">
      <span class={`key ${look}`} />
      {children}
    </span>
  );
}

function Sign({ kind }: { kind: "ok" | "warn" | "alarm" | "wait" | "none" }): JSX.Element {
  const paths = {
    ok: "M5 12.5l4.5 4.5L19 7.5",
    warn: "M12 6v7M12 16.5v1",
    alarm: "M12 6v7M12 16.5v1",
    wait: "M12 7v5l3 2",
    none: "M7 12h10",
  };
  return (
    <svg class="sign" viewBox="0 0 24 24" aria-hidden="true">
      {kind === "alarm"
        ? <path class="shape" d="M12 2L23 21H1Z" />
        : <circle class="shape" cx="12" cy="12" r="11" />}
      <path class="mark" d={paths[kind]} />
    </svg>
  );
}

function Traffic({ traffic, model }: { traffic: TrafficView; model: ServedModel }): JSX.Element {
  const stats = model.service.stats();
  const rate = traffic.requestsPerSecond;
  const whole = traffic.series.slice(0, -1);
  return (
    <>
      <div class="figures">
        <div>
          <b>{rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)}</b>
          <span>requests/s</span>
        </div>
        <div>
          <b>{milliseconds(traffic.p50Ms)}</b>
          <span>p50</span>
        </div>
        <div>
          <b>{milliseconds(traffic.p95Ms)}</b>
          <span>p95</span>
        </div>
        <div>
          <b>{milliseconds(traffic.p99Ms)}</b>
          <span>p99</span>
        </div>
      </div>
      <Sparkline
        values={whole.map((point) => point.requests)}
        marks={whole.map((point) => point.errors > 0)}
        label={`Requests a second over the last two minutes, now ${rate.toFixed(1)}`}
      />
      <p class="foot ends">
        <span>2 minutes ago</span>
        <span>now</span>
      </p>
      <p class="foot">
        {`Figures over 10 seconds · since the start ${plural(stats.inputs, "text")} answered, ${
          plural(traffic.errors, "request")
        } refused or failed · ${count(stats.queued)} waiting`}
      </p>
    </>
  );
}

function Windows({ snapshot }: { snapshot: DriftSnapshot }): JSX.Element {
  const { windows, open, windowSize } = snapshot;
  return (
    <>
      <WindowStrip features={open.features} windows={windows} open={open.n} windowSize={windowSize} />
      <p class="foot legend">
        <Key look="h0">near the baseline</Key>
        <Key look="h2">on the way</Key>
        <Key look="drifted">drifted</Key>
        <Key look="alarm">alarm</Key>
        <span class="grow" />
        {`filling: ${count(open.n)} of ${count(windowSize)} inputs`}
      </p>
    </>
  );
}

function Feature(props: {
  view: FeatureView;
  latest: FeatureReport | undefined;
  snapshot: DriftSnapshot;
}): JSX.Element {
  const { view, latest, snapshot } = props;
  const missing = latest?.n === 0;
  const noticed = latest?.alarm && latest.notice;
  const state = noticed
    ? "warn"
    : latest?.alarm
    ? "alarm"
    : latest?.drifted
    ? "warn"
    : latest && !missing
    ? "ok"
    : "quiet";
  const chip = {
    alarm: missing ? "Missing" : "Alarm",
    warn: noticed ? "Notice" : "Drifted",
    ok: "Stable",
    quiet: missing ? "Missing" : "Collecting",
  }[state];
  const filling = snapshot.open.n > 0 ? view.current : undefined;
  const reference = (latest ?? view).reference;
  const drifted = state === "alarm" || state === "warn";
  return (
    <>
      <header>
        <h3>{view.title}</h3>
        <span class={`chip ${state}`}>{chip}</span>
      </header>
      {view.kind === "numeric"
        ? (
          <Overlay
            title={view.title}
            unit={view.unit}
            reference={reference}
            current={latest?.current}
            open={!latest || snapshot.open.n >= snapshot.policy.minObservations ? filling : undefined}
            drifted={drifted}
          />
        )
        : (
          <Categories
            title={view.title}
            reference={reference}
            current={latest?.current ?? filling}
            drifted={drifted}
          />
        )}
      {latest?.alarm && latest.change && (
        <p class="foot meaning">
          <b>{latest.change.text}</b>
          {", since "}
          <Time atMs={latest.change.sinceMs} />
        </p>
      )}
      {drifted && <p class="foot meaning">{view.meaning}</p>}
      {!latest
        ? <p class="foot">Tested when the window is full.</p>
        : missing
        ? <p class="foot">Nothing in the last window had this feature.</p>
        : <Statistics feature={latest} rate={snapshot.policy.falseDiscoveryRate} />}
    </>
  );
}

/** There is no room for all: the first come first, and bins of several items are left out where there are others. */
function Categories(props: {
  title: string;
  reference: Histogram;
  current: Histogram | undefined;
  drifted: boolean;
}): JSX.Element {
  const { reference, current } = props;
  const { items } = reference;
  const all = reference.labels.map((_, i) => i);
  const single = items && items.length > 2 ? all.filter((i) => items[i] !== null) : all;
  const rows = single.slice(0, 8);
  const pick = ({ labels, shares }: Histogram): Histogram => ({
    labels: rows.map((i) => labels[i]),
    shares: rows.map((i) => shares[i]),
  });
  return (
    <Pairs
      title={props.title}
      reference={pick(reference)}
      current={current && pick(current)}
      drifted={props.drifted}
    />
  );
}

function Statistics({ feature, rate }: { feature: FeatureReport; rate: number }): JSX.Element {
  const { statistics, effect } = feature;
  return (
    <>
      <div class="effect-row">
        <span>{effectTitles[effect.name]}</span>
        <span>
          <b>{statistic(effect.value)}</b>
          {` · threshold ${statistic(effect.threshold)}`}
        </span>
      </div>
      <EffectBar effect={effect} />
      <dl class="statistics">
        {namedStatistics(statistics).map(({ symbol, title, value }) => (
          <Cell key={symbol} name={symbol} value={statistic(value)} title={title} />
        ))}
        <Cell
          name="p"
          value={pValue(feature.adjustedPValue)}
          title={`adjusted for testing several features; evidence from ${rate} down. Unadjusted: ${
            pValue(feature.pValue)
          }`}
        />
        <Cell
          name="evidence"
          value={evidenceShare(feature)}
          title={evidenceTitle(feature)}
        />
        <Cell name="n" value={count(feature.n)} title="observations in the window" />
      </dl>
    </>
  );
}

function evidenceShare({ evidence: { found, needed } }: FeatureReport): string {
  return found > needed ? "> 100%" : `${Math.round(100 * found / needed)}%`;
}

function evidenceTitle({ evidence, designEffect }: FeatureReport): string {
  const dependent = designEffect > 1.05
    ? `; ${designEffect.toFixed(1)} observations count as one, since they depend on each other`
    : "";
  return `of what an alarm needs, over all windows: ${evidence.found.toFixed(1)} of ${
    evidence.needed.toFixed(1)
  } nats${dependent}`;
}

function Cell({ name, value, title }: { name: string; value: string; title: string }): JSX.Element {
  return (
    <div title={title}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function html(element: JSX.Element): string {
  return String(element);
}

/** What a page shows of the model itself, which does not change while it is served. */
export function modelFacts(model: ServedModel): { title: string; facts: [string, string][] } {
  const { name, version } = identityOf(model);
  const info = model.service.info();
  const { lineage, createdAt } = info.manifest;
  const facts: [string, string][] = [
    ["does", model.service.task.title],
    ...Object.entries(info.manifest.head).map((
      [name, value],
    ): [string, string] => [spaced(name), headFact(name, value)]),
    ["runs on", info.workers > 1 ? `${info.device}, ${info.workers} Workers` : info.device],
    ["reads", `up to ${count(info.maxTokens)} tokens`],
  ];
  if (typeof lineage.trainSeconds === "number" && typeof lineage.device === "string") {
    facts.push([
      "trained",
      `${createdAt.slice(0, 10)} on ${lineage.device} in ${lineage.trainSeconds.toFixed(0)} s`,
    ]);
  }
  return { title: `${name} ${version}`, facts };
}

/** What a head is made with, in a few words: the elements of a short list, how many there are in a long one. */
function headFact(name: string, value: unknown): string {
  if (!Array.isArray(value)) return typeof value === "string" ? value : JSON.stringify(value);
  return value.length <= 6 ? value.join(", ") : `${count(value.length)} ${name}`;
}
