/**
 * `weir score`: one metric of a file of predictions.
 *
 * @module
 */
import type { Command } from "commander";
import { families, familyOf } from "../evaluate/tasks/families.ts";
import { isPrimary, scoreFamily } from "../evaluate/tasks/family.ts";
import { type OptionValues, readOptions } from "../evaluate/tasks/options.ts";
import { type Pair, pairsOf } from "../evaluate/tasks/pairs.ts";
import { measure, type Scored } from "../evaluate/tasks/scored.ts";
import { scoreMeteor } from "../evaluate/tasks/text_families.ts";
import { figure, range } from "../report/numbers.ts";
import type { Measured } from "../evaluate/report.ts";
import { commands } from "./commands.ts";
import type { DeviceChoice } from "./device.ts";
import { bertScoreOf } from "./evaluation/bert_score.ts";
import { type IntervalFlags, intervalsOf, settingsOf, withIntervals } from "./evaluation/options.ts";
import { readRows } from "./evaluation/rows.ts";
import { openWordNet } from "./wordnet.ts";
import { type CommonOptions, deviceOption, newCommand } from "./options.ts";
import { InputError, type Output, processOutput, readingInput, UsageError } from "./output.ts";

interface Options extends CommonOptions, IntervalFlags {
  readonly predictions?: string;
  readonly references?: string;
  readonly encoder?: string;
  readonly wordnet?: string;
  readonly device: DeviceChoice;
  readonly list?: boolean;
}

const bertScoreOptions = {
  layer: { about: "whose output is taken; default three quarters of the depth", kind: "number" },
  idf: { about: "weigh tokens by how rare they are in the references", kind: "flag" },
} as const;

/** Adds the command. */
export function scoreCommand(program: Command): Command {
  const command = withIntervals(
    newCommand("score", commands.score.description, [
      "score rouge --predictions out.txt --references gold.txt --option stemmer=true",
      "score bleu --predictions out.txt --references gold.jsonl --option tokenizer=intl",
      "score classification --predictions rows.csv    # columns prediction and reference",
      "score bertscore --predictions out.txt --references gold.txt --encoder ./bert-base",
      "score --list",
    ]),
  )
    .argument("[metric]", `${Object.keys(families).join(", ")} or bertscore`)
    .option("--predictions <file>", ".jsonl, .json, .csv, .tsv, else a text a line")
    .option("--references <file>", "what was wanted; not needed where the predictions' file has it")
    .option("--encoder <folder>", "of a BERT checkpoint, for bertscore")
    .option("--wordnet <folder>", "WordNet's dict folder, for meteor's synonyms")
    .option("--list", "print every metric with what it reads and its options, and end")
    .addOption(deviceOption())
    .action(score);
  program.addCommand(command);
  return command;
}

async function score(metric: string | undefined, options: Options): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  if (options.list) return list(output);
  if (metric === undefined) throw new UsageError("name a metric; --list prints them all");
  await readingInput(async () => {
    if (metric !== "bertscore") familyOf(metric);
    if (options.predictions === undefined) throw new UsageError("give --predictions FILE");
    const predictions = await readRows(options.predictions);
    const references = options.references === undefined ? undefined : await readRows(options.references);
    const pairs = pairsOf(predictions, references);
    const { scored, isFirst } = await scoreBy(metric, pairs, { ...options, output });
    const metrics = measure(scored, intervalsOf(options))
      .map((one) => isFirst(one.name) ? { ...one, primary: true } : one);
    const { notes = [], signature } = scored;
    output.result(
      { metric, n: pairs.length, ...(signature !== undefined && { signature }), metrics, notes },
      lines(metrics, { n: pairs.length, notes, signature }),
    );
  });
}

async function scoreBy(
  metric: string,
  pairs: readonly Pair[],
  options: Options & { output: Output },
): Promise<{ scored: Scored; isFirst: (name: string) => boolean }> {
  const given = settingsOf(options.option, metric);
  const other = Object.keys(given).find((name) => name !== metric);
  if (other !== undefined) throw new InputError(`a setting of ${other} says nothing of ${metric}`);
  const settings = given[metric] ?? {};
  if (metric === "bertscore") {
    if (options.encoder === undefined) {
      throw new UsageError("bertscore needs --encoder FOLDER, of a BERT checkpoint");
    }
    const values: OptionValues & { layer?: number; idf?: boolean } = readOptions(
      metric,
      bertScoreOptions,
      settings,
    );
    const { scored } = await bertScoreOf(options.encoder, pairs, {
      ...values,
      device: options.device,
      output: options.output,
    });
    return { scored, isFirst: (name) => name === "bertScore" };
  }
  const family = familyOf(metric);
  if (options.wordnet !== undefined && metric !== "meteor") throw new UsageError("--wordnet is for meteor");
  if (!family.alone && pairs.some(({ reference }) => reference === undefined)) {
    throw new InputError(`${metric} needs references: give --references FILE, or a column "reference"`);
  }
  const values = readOptions(metric, family.options, settings);
  const wordNet = options.wordnet === undefined ? undefined : await openWordNet(options.wordnet);
  return {
    scored: scoreFamily(
      family,
      pairs,
      values,
      wordNet && ((pairs, values) => scoreMeteor(pairs, values, (word) => wordNet.synonyms(word))),
    ),
    isFirst: (name) => isPrimary(family, name),
  };
}

function lines(
  metrics: readonly Measured[],
  { n, notes, signature }: { n: number; notes: readonly string[]; signature?: string },
): string {
  const width = Math.max(...metrics.map(({ label }) => label.length));
  return [
    ...metrics.map(({ label, interval, primary }) => {
      const ends = interval.method === "none" ? "" : range(interval);
      return `${primary ? "*" : " "} ${label.padEnd(width)}  ${figure(interval).padStart(8)}  ${ends}`
        .trimEnd();
    }),
    "",
    `${n} rows${signature === undefined ? "" : `   ${signature}`}`,
    ...notes,
  ].join("\n");
}

function list(output: Output): void {
  const all = [
    ...Object.entries(families).map(([name, { about, reads, options }]) => ({ name, about, reads, options })),
    {
      name: "bertscore",
      about: "precision, recall and F1 of contextual embeddings matched greedily, as bert-score",
      reads: "a text; one reference or a list",
      options: bertScoreOptions,
    },
  ];
  output.result(
    all,
    all.map(({ name, about, reads, options }) =>
      [
        `${name}: ${about}`,
        `  reads ${reads}`,
        ...Object.entries(options as Record<string, { about: string; choices?: readonly string[] }>).map(
          ([option, { about, choices }]) =>
            `  --option ${option}=...  ${about}${choices ? ` (${choices.join(", ")})` : ""}`,
        ),
      ].join("\n")
    ).join("\n\n"),
  );
}
