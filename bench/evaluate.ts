/**
 * The metrics of src/evaluate beside their Python references, one core each, in turns, on the same 10,000 made-up sentence pairs:
 * `deno run -A bench/evaluate.ts [--rows 10000] [--rounds 5] [--json FILE] [metric ...]`. The other side takes part where
 * `WEIR_PYTHON` names a Python that has the packages; SQuAD's script is transformers 4's, which `WEIR_PYTHON_SQUAD` may
 * name apart.
 *
 * Each metric has a process of its own on either side, so that a first call is one: nothing is compiled or cached yet. What is
 * timed starts with texts in memory and ends with the figures. Times are the processor's (user and system, all threads of the
 * process), for those say the same on a busy machine; wall-clock times go along.
 *
 * @module
 */
import { parseArgs } from "node:util";
import process from "node:process";
import { median } from "../src/base/arrays.ts";
import { approximateRandomization } from "../src/statistics/significance.ts";
import { rocAuc } from "../src/evaluate/classification/auc.ts";
import { bootstrap, type BootstrapMethod } from "../src/statistics/bootstrap.ts";
import { classificationRows } from "../src/evaluate/classification/class_rows.ts";
import { classificationReport } from "../src/evaluate/classification/classification.ts";
import { bertScore, type EncodedText } from "../src/evaluate/generation/bert_score.ts";
import { bleu, bleuRows } from "../src/evaluate/generation/bleu.ts";
import { chrf } from "../src/evaluate/generation/chrf.ts";
import { meteor } from "../src/evaluate/generation/meteor.ts";
import { questionAnswering } from "../src/evaluate/generation/question_answering.ts";
import { rouge } from "../src/evaluate/generation/rouge.ts";
import { ter } from "../src/evaluate/generation/ter.ts";
import { krippendorffAlpha, type MeasurementLevel } from "../src/people/krippendorff.ts";
import { type TaggingOptions, taggingReport } from "../src/evaluate/tagging/tagging.ts";
import { type EvaluationData, HIDDEN, makeData, makeEmbeddings } from "./evaluate_data.ts";
import { lines, print } from "./measure.ts";

/** What a process reads: the data, and how much of it to use. */
interface Input extends EvaluationData {
  readonly rows: number;
  readonly terRows: number;
  readonly resamples: number;
  readonly hidden: number;
}

type Values = Record<string, number>;

interface Metric {
  readonly about: string;
  /** What the other side calls. */
  readonly theirs: string;
  readonly rows: (input: Input) => number;
  /** How many times as fast it should be, or its time in seconds. */
  readonly goal?: { readonly times: number } | { readonly seconds: number };
  /** How far values may lie apart; default 1e-9. */
  readonly tolerance?: number;
  /** Warm runs of the other side, where they take minutes. */
  readonly theirRounds?: number;
  /** Readies the input as a caller has it; the function returned is what is timed. Values named "~" are random. */
  readonly prepare: (input: Input, folder: string) => () => Values;
}

const pairs = (input: Input) => input.rows;
const metrics: Record<string, Metric> = {
  "rouge-stemmed": rougeMetric(true),
  rouge: rougeMetric(false),
  bleu: {
    about: "BLEU, 13a",
    theirs: "sacrebleu",
    rows: pairs,
    goal: { times: 3 },
    prepare: ({ predictions, references }) => () => ({ bleu: bleu(predictions, references).score }),
  },
  chrf: {
    about: "chrF",
    theirs: "sacrebleu",
    rows: pairs,
    prepare: ({ predictions, references }) => () => ({ chrf: chrf(predictions, references).score }),
  },
  ter: {
    about: "TER",
    theirs: "sacrebleu",
    rows: (input) => input.terRows,
    prepare: ({ predictions, references, terRows }) => {
      const some = predictions.slice(0, terRows), wanted = references.slice(0, terRows);
      return () => ({ ter: ter(some, wanted).score });
    },
  },
  meteor: {
    about: "METEOR, no synonyms",
    theirs: "nltk",
    rows: pairs,
    prepare: ({ predictions, references }) => () => ({ meteor: meteor(predictions, references) }),
  },
  squad: {
    about: "SQuAD exact match and F1",
    theirs: "transformers 4's squad_metrics",
    rows: pairs,
    prepare: ({ predictions, references }) => () => questionAnswering(predictions, references),
  },
  seqeval: taggingMetric("IOB2, lenient", {}),
  "seqeval-strict": taggingMetric("IOB2, strict", { mode: "strict", scheme: "IOB2" }),
  report: {
    about: "Classification report, 10 classes",
    theirs: "scikit-learn",
    rows: ({ large }) => large.references.length,
    prepare: ({ large }) => () => {
      const labels = Array.from({ length: 10 }, (_, label) => String(label));
      const report = classificationReport(large.references, large.predictions, { labels, resamples: 0 });
      const scores = ["Precision", "Recall", "F1"] as const;
      return Object.fromEntries([
        ["accuracy", report.accuracy.value],
        ...(["macro", "weighted"] as const).flatMap((average) =>
          scores.map((
            score,
          ) => [`${average}.${score.slice(0, 2).toLowerCase()}`, report[`${average}${score}`].value])
        ),
        ...report.perClass.flatMap(({ label, precision, recall, f1 }) => [
          [`${label}.pr`, precision.value],
          [`${label}.re`, recall.value],
          [`${label}.f1`, f1.value],
        ]),
      ]);
    },
  },
  auc: {
    about: "ROC-AUC",
    theirs: "scikit-learn",
    rows: ({ large }) => large.positive.length,
    prepare: ({ large }) => {
      const positive = Uint8Array.from(large.positive), scores = Float64Array.from(large.scores);
      return () => ({ auc: rocAuc(positive, scores) });
    },
  },
  "bootstrap-2": bootstrapMetric(2, "percentile"),
  "bootstrap-10": bootstrapMetric(10, "percentile"),
  "bootstrap-20": bootstrapMetric(20, "percentile"),
  "bootstrap-2-bca": bootstrapMetric(2, "bca"),
  "bootstrap-10-bca": bootstrapMetric(10, "bca"),
  "bootstrap-20-bca": bootstrapMetric(20, "bca"),
  "bootstrap-10-by-hand": {
    ...bootstrapMetric(10, "percentile"),
    about: "The same, 10 classes, percentile, beside a bootstrap written for speed",
    theirs: "scipy and numpy.bincount by hand, a tenth of the resamples times 10",
    theirRounds: undefined,
  },
  randomization: {
    about: "BLEU of two systems, approximate randomisation, 10,000 trials",
    theirs: "sacrebleu's paired-ar",
    rows: pairs,
    prepare: ({ predictions, others, references, resamples }) => () => {
      const rows = [predictions, others].map((texts) => bleuRows(texts, references));
      const result = approximateRandomization(rows[0], rows[1], { resamples, formula: "sacrebleu" });
      const { a, b, pValue } = Object.values(result)[0];
      return { a, b, "~p": pValue };
    },
  },
  "alpha-nominal": alphaMetric("nominal"),
  "alpha-ordinal": alphaMetric("ordinal"),
  "bert-score": {
    about: "BERTScore's matching, 30 x 30 tokens x 768",
    theirs: "bert-score's greedy_cos_idf, torch on one thread",
    rows: ({ tokens }) => tokens.references.length,
    tolerance: 1e-4,
    prepare: ({ tokens, hidden }, folder) => {
      const pool = new Float32Array(Deno.readFileSync(`${folder}/embeddings.f32`).buffer);
      const encode = (ids: number[]): EncodedText => {
        const embeddings = new Float32Array(ids.length * hidden);
        ids.forEach((id, t) => embeddings.set(pool.subarray(id * hidden, (id + 1) * hidden), t * hidden));
        return { ids, embeddings };
      };
      const candidates = tokens.predictions.map(encode), references = tokens.references.map(encode);
      return () => ({ ...bertScore(candidates, references, { specialIds: [0, 1] }) });
    },
  },
};

function rougeMetric(stemmer: boolean): Metric {
  return {
    about: `ROUGE-1, 2 and L${stemmer ? ", stemmed" : ""}`,
    theirs: "rouge-score",
    rows: pairs,
    goal: { times: 10 },
    prepare: ({ predictions, references }) => () => {
      const scores = rouge(predictions, references, { types: ["rouge1", "rouge2", "rougeL"], stemmer });
      return Object.fromEntries(
        Object.entries(scores).flatMap(([type, { precision, recall, f1 }]) => [
          [`${type}.precision`, precision],
          [`${type}.recall`, recall],
          [`${type}.f1`, f1],
        ]),
      );
    },
  };
}

function taggingMetric(about: string, options: TaggingOptions): Metric {
  return {
    about: `Entities, ${about}`,
    theirs: "seqeval",
    rows: pairs,
    goal: { times: 5 },
    prepare: ({ tags }) => {
      const [references, predictions] = [tags.references, tags.predictions]
        .map((rows) => rows.map((row) => row.split(" ")));
      return () => {
        const { micro, macro, weighted, perType } = taggingReport(references, predictions, options);
        const scores = [{ ...micro, type: "micro" }, { ...macro, type: "macro" }, {
          ...weighted,
          type: "weighted",
        }];
        return Object.fromEntries(
          [...scores, ...perType].flatMap(({ type, precision, recall, f1 }) => [
            [`${type}.precision`, precision],
            [`${type}.recall`, recall],
            [`${type}.f1`, f1],
          ]),
        );
      };
    },
  };
}

function bootstrapMetric(size: number, method: BootstrapMethod): Metric {
  return {
    // All eight averages of classificationRows share the resamples; the other side computes macro-F1 alone.
    about: `Bootstrap of macro-F1 and 7 more, ${size} classes, 10,000 resamples, ${
      method === "bca" ? "BCa" : method
    }`,
    theirs: `scipy and scikit-learn's f1_score${
      method === "bca" ? ", the jackknife whole and" : ","
    } a hundredth of the resamples times 100`,
    rows: pairs,
    goal: { seconds: 1 },
    theirRounds: method === "bca" ? 1 : undefined,
    prepare: ({ classes, resamples }) => {
      const { references, predictions } = classes[size];
      const labels = Array.from({ length: size }, (_, label) => String(label));
      return () => {
        const rows = classificationRows(references, predictions, { labels, perClass: false });
        const { macroF1 } = bootstrap(rows, { resamples, method });
        return { macroF1: macroF1.value, "~low": macroF1.low, "~high": macroF1.high };
      };
    },
  };
}

function alphaMetric(level: MeasurementLevel): Metric {
  return {
    about: `Krippendorff's alpha, ${level}, 5 raters`,
    theirs: "krippendorff",
    rows: pairs,
    prepare: ({ ratings }) => () => ({
      alpha: krippendorffAlpha(ratings, { level, resamples: 0 }).alpha.value,
    }),
  };
}

/** One call, in seconds. */
interface Call {
  readonly wall: number;
  readonly processor: number;
  readonly values: Values;
}

/** A metric in a process of its own, which computes it as often as asked. */
interface Worker {
  readonly versions: Record<string, string>;
  call(): Promise<Call>;
  close(): Promise<void>;
}

/** What was measured of one metric, in seconds of the processor; medians but for first calls. */
interface Result {
  readonly metric: string;
  readonly rows: number;
  readonly theirs?: { first: number; warm: number; wall: number; values: Values };
  readonly ours: { first: number; warm: number; wall: number; values: Values };
  readonly loads: readonly [number, number];
  /** Why there is nothing from the other side though it was asked. */
  readonly error?: string;
}

/** Whether processes can be held on one core. */
const pin = Deno.build.os === "linux" && Deno.args[0] !== "--worker" && hasTaskset();

if (Deno.args[0] === "--worker") await work(Deno.args[1], Deno.args[2]);
else await main();

/** Answers each line of stdin with a call. */
async function work(name: string, folder: string): Promise<void> {
  const input: Input = JSON.parse(Deno.readTextFileSync(`${folder}/data.json`));
  const compute = metrics[name].prepare(input, folder);
  print(JSON.stringify({ versions: { deno: Deno.version.deno, v8: Deno.version.v8 } }));
  for await (const _ of lines(Deno.stdin.readable)) {
    const before = process.cpuUsage(), start = performance.now();
    const values = compute();
    const wall = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(before);
    print(JSON.stringify({ wall, processor: (user + system) / 1e6, values }));
  }
}

async function main(): Promise<void> {
  const { values: options, positionals } = parseArgs({
    options: {
      rows: { type: "string", default: "10000" },
      rounds: { type: "string", default: "5" },
      json: { type: "string" },
    },
    allowPositionals: true,
  });
  const names = positionals.length > 0 ? positionals : Object.keys(metrics);
  const unknown = names.find((name) => !metrics[name]);
  const rows = Number(options.rows), rounds = Number(options.rounds);
  if (unknown || !(rows >= 100) || !(rounds >= 1)) {
    const metric = unknown ? `unknown metric "${unknown}": choose of ${Object.keys(metrics).join(", ")}` : "";
    console.error(metric || "--rows takes a number from 100, --rounds one from 1");
    Deno.exit(2);
  }

  const input: Input = {
    ...makeData(rows, 4),
    rows,
    terRows: Math.ceil(rows / 10),
    resamples: 10_000,
    hidden: HIDDEN,
  };
  const folder = Deno.makeTempDirSync({ prefix: "weir-evaluate-" });
  Deno.writeTextFileSync(`${folder}/data.json`, JSON.stringify(input));
  Deno.writeFileSync(`${folder}/embeddings.f32`, new Uint8Array(makeEmbeddings(4).buffer));
  const results: Result[] = [], versions: Record<string, string> = {};
  try {
    for (const name of names) {
      console.error(name);
      results.push(await measure(name, { input, folder, rounds, versions }));
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
  if (options.json) {
    const text = JSON.stringify({ versions, rounds, results }, null, 1);
    Deno.writeTextFileSync(options.json, `${text}\n`);
  }
  for (const line of page(results, versions, rounds)) print(line);
}

/** Ours and theirs in turns: first calls, then as many warm ones as there are rounds. */
async function measure(
  name: string,
  run: { input: Input; folder: string; rounds: number; versions: Record<string, string> },
): Promise<Result> {
  const { input, folder, rounds, versions } = run, { theirRounds = rounds } = metrics[name];
  const ours = await start(Deno.execPath(), [
    "run",
    "-A",
    "--no-prompt",
    new URL(import.meta.url).pathname,
    "--worker",
    name,
    folder,
  ]);
  const python = (name === "squad" ? Deno.env.get("WEIR_PYTHON_SQUAD") : undefined) ??
    Deno.env.get("WEIR_PYTHON");
  const script = new URL("./evaluate.py", import.meta.url).pathname;
  let theirs: Worker | undefined, error: string | undefined;
  try {
    if (python) theirs = await start(python, [script, name, folder]);
  } catch (cause) {
    error = (cause as Error).message;
    console.error(error);
  }
  const calls = { ours: [] as Call[], theirs: [] as Call[] }, loads = [Deno.loadavg()[0]];
  for (let round = 0; round <= rounds; round++) {
    calls.ours.push(await ours.call());
    if (theirs && round <= theirRounds) calls.theirs.push(await theirs.call());
    loads.push(Deno.loadavg()[0]);
  }
  for (const worker of [ours, theirs]) {
    Object.assign(versions, worker?.versions);
    await worker?.close();
  }
  return {
    metric: name,
    rows: metrics[name].rows(input),
    ours: summarize(calls.ours),
    theirs: theirs && summarize(calls.theirs),
    loads: [Math.min(...loads), Math.max(...loads)],
    error,
  };
}

function summarize([first, ...warm]: readonly Call[]): Result["ours"] {
  return {
    first: first.processor,
    warm: median(warm.map(({ processor }) => processor)),
    wall: median(warm.map(({ wall }) => wall)),
    values: first.values,
  };
}

/** Pinned to one core where the system can, so that helper threads count as they do on a machine of one. */
async function start(command: string, args: string[]): Promise<Worker> {
  const [program, ...all] = pin ? ["taskset", "-c", "0", command, ...args] : [command, ...args];
  const one = Object.fromEntries(
    ["OMP", "MKL", "OPENBLAS"].map((library) => [`${library}_NUM_THREADS`, "1"]),
  );
  const child = new Deno.Command(program, {
    args: all,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { ...one, NO_COLOR: "1", TOKENIZERS_PARALLELISM: "false" },
  }).spawn();
  const complaints = new Response(child.stderr).text();
  const answers = lines(child.stdout)[Symbol.asyncIterator](), writer = child.stdin.getWriter();
  const next = async () => {
    const { value, done } = await answers.next();
    if (done) {
      throw new Error((await complaints).trim().split("\n").at(-1));
    }
    return JSON.parse(value);
  };
  const { versions } = await next();
  return {
    versions,
    async call() {
      await writer.write(new TextEncoder().encode("\n"));
      return await next();
    },
    async close() {
      await writer.close();
      await child.status;
    },
  };
}

function hasTaskset(): boolean {
  try {
    return new Deno.Command("taskset", { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

function* page(
  results: readonly Result[],
  versions: Record<string, string>,
  rounds: number,
): Generator<string> {
  const loads = results.flatMap(({ loads }) => loads);
  yield `Seconds of the processor; medians of ${rounds} warm calls, theirs and ours in turns${
    pin ? ", each pinned to one core" : ""
  }; load ${Math.min(...loads).toFixed(1)} to ${
    Math.max(...loads).toFixed(1)
  } on ${navigator.hardwareConcurrency} cores.`;
  yield "";
  yield "| metric | rows | theirs | ours, first call | ours, warm | ratio | ratio, first call | goal | met | values | load |";
  yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- | --- | ---: |";
  for (const result of results) {
    const { theirs, ours, loads, error } = result, { about, goal } = metrics[result.metric];
    const ratio = (time: number) => theirs ? `${(theirs.warm / time).toFixed(1)}x` : "-";
    const cells = [
      about,
      result.rows.toLocaleString("en"),
      theirs ? seconds(theirs.warm) : "-",
      seconds(ours.first),
      seconds(ours.warm),
      ratio(ours.warm),
      ratio(ours.first),
      goal === undefined ? "" : "times" in goal ? `>= ${goal.times}x` : `< ${goal.seconds} s`,
      met(result),
      theirs ? agreement(result) : error ? `no figures: ${error}` : "",
      loads.map((load) => load.toFixed(1)).join(" to "),
    ];
    yield `| ${cells.join(" | ")} |`;
  }
  yield "";
  yield "Wall-clock medians of the warm calls, as the machine was, and what the other side is:";
  yield "";
  yield "| metric | theirs | ours | ratio | the other side |";
  yield "| --- | ---: | ---: | ---: | --- |";
  for (const { metric, theirs, ours } of results) {
    const ratio = theirs ? `${(theirs.wall / ours.wall).toFixed(1)}x` : "-";
    const { about, theirs: who, theirRounds } = metrics[metric];
    const note = theirRounds === undefined ? who : `${who}; ${theirRounds} warm call`;
    yield `| ${about} | ${theirs ? seconds(theirs.wall) : "-"} | ${
      seconds(ours.wall)
    } | ${ratio} | ${note} |`;
  }
  yield "";
  yield Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
  if (!Deno.env.get("WEIR_PYTHON")) {
    yield "";
    yield "Python was not measured: name one that has the packages in WEIR_PYTHON.";
  }
}

function met({ metric, theirs, ours }: Result): string {
  const { goal } = metrics[metric];
  if (!goal || ("times" in goal && !theirs)) return "";
  const reached = (time: number) => "times" in goal ? theirs!.warm / time >= goal.times : time < goal.seconds;
  return reached(ours.first) ? "yes" : reached(ours.warm) ? "yes, but not by a first call" : "no";
}

/** Whether all that is not random is the same, and how far it is apart if not. */
function agreement({ metric, theirs, ours }: Result): string {
  const { tolerance = 1e-9 } = metrics[metric], mine = ours.values, yours = theirs!.values;
  const missing = [...Object.keys(mine), ...Object.keys(yours)].find((name) =>
    !(name in mine && name in yours)
  );
  if (missing) return `${missing} is on one side only`;
  const fixed = Object.keys(mine).filter((name) => !name.startsWith("~"));
  const apart = fixed.map((name) => Math.abs(mine[name] - yours[name])), most = Math.max(...apart);
  const random = Object.keys(mine).filter((name) => name.startsWith("~"))
    .map((name) => `; ${name.slice(1)} ${yours[name].toPrecision(4)} and ${mine[name].toPrecision(4)}`).join(
      "",
    );
  if (!(most <= tolerance)) {
    return `${fixed[apart.indexOf(most)]} differs by ${most.toExponential(1)}${random}`;
  }
  return `${fixed.length} equal to ${tolerance}${random}`;
}

function seconds(value: number): string {
  return value < 0.0995 ? value.toFixed(4) : value.toFixed(value < 9.95 ? 3 : 1);
}
