/**
 * The model card: README.md with Hugging Face's front matter, made from what the manifest records.
 *
 * @module
 */
import { code, prose } from "../base/markdown.ts";
import { jsonLine } from "../base/text.ts";
import { crossValidationText } from "../bundle/cross_validation.ts";
import { cleaningSection } from "./card_cleaning.ts";
import { intervalMethods } from "../statistics/interval_methods.ts";
import { labelsOf, type Manifest, type MetricValue } from "../bundle/manifest.ts";

/** What the manifest does not know and a model card says. */
export interface CardOptions {
  /** The Hub's name of the task; the manifest's unless given. */
  readonly pipelineTag?: string;
  /** an SPDX or Hugging Face licence name; left out when unknown */
  readonly license?: string;
  /** ISO 639-1 codes of the texts it was trained on */
  readonly language?: readonly string[];
  /** The data set's name for the card. */
  readonly dataset?: string;
}

/** The architectures that Python's transformers does not have; it loads the others by their model_type. */
const onlyHere = new Set(["mlp"]);

/** What loads a bundle besides Weir, by facts of the manifest. */
type Library = "transformers" | "sentence-transformers" | "weir";

/**
 * Writes README.md, the model card, with Hugging Face's front matter: tags, and the metrics in `model-index` form.
 *
 * Source: https://huggingface.co/docs/hub/model-cards and
 * https://github.com/huggingface/hub-docs/blob/main/modelcard.md
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { modelCard } from "./card.ts";
 *
 * const card = modelCard({
 *   format: "weir-bundle/2", name: "spam", version: "1.0.0", task: "text-classification",
 *   createdAt: "2026-01-01T00:00:00Z", architecture: "bert", head: { labels: ["ham", "spam"] }, signatures: {},
 *   lineage: { runId: "r1", dataHash: `sha256:${"0".repeat(64)}`, baseModel: null, method: "full", seed: 1,
 *     device: "wasm", epochs: 3, steps: 300, trainSeconds: 80 },
 *   metrics: { accuracy: { value: 0.985, low: 0.978, high: 0.991, confidence: 0.95, n: 1174, method: "wilson" } },
 *   limits: { maxTokens: 128, maxCharacters: 1000000 }, files: {},
 * }, { license: "apache-2.0", language: ["en"] });
 * assert.match(card, /^---\nlanguage:\n- en\nlicense: apache-2.0\nlibrary_name: transformers\n/);
 * assert.match(card, /\| accuracy \| 0\.985 \| 0\.978 to 0\.991 \| 95%, Wilson \| 1174 \|/);
 * ```
 */
export function modelCard(manifest: Manifest, options: CardOptions = {}): string {
  const facts = {
    ...options,
    library: libraryOf(manifest),
    pipelineTag: options.pipelineTag ?? manifest.task,
  };
  return `---\n${frontMatter(manifest, facts)}---\n\n${body(manifest, facts)}`;
}

interface Facts extends CardOptions {
  readonly library: Library;
  readonly pipelineTag: string;
}

function libraryOf({ architecture, files }: Manifest): Library {
  if (onlyHere.has(architecture)) return "weir";
  return Object.hasOwn(files, "modules.json") ? "sentence-transformers" : "transformers";
}

function frontMatter(manifest: Manifest, options: Facts): string {
  const lines: string[] = [];
  if (options.language?.length) lines.push("language:", ...options.language.map((code) => `- ${yaml(code)}`));
  if (options.license !== undefined) lines.push(`license: ${yaml(options.license)}`);
  lines.push(`library_name: ${options.library}`, `pipeline_tag: ${yaml(options.pipelineTag)}`);
  if (manifest.lineage.baseModel !== null) lines.push(`base_model: ${yaml(manifest.lineage.baseModel)}`);
  lines.push("tags:", "- weir", "- onnx");
  if (options.library !== "weir") lines.push("- transformers.js");
  const metrics = Object.entries(manifest.metrics);
  if (metrics.length > 0) {
    lines.push("metrics:", ...new Set(metrics.map(([name]) => `- ${yaml(hubMetric(name))}`)));
    lines.push(
      "model-index:",
      `- name: ${yaml(manifest.name)}`,
      "  results:",
      "  - task:",
      `      type: ${yaml(options.pipelineTag)}`,
      "    dataset:",
      `      name: ${
        yaml(options.dataset ?? (isCrossValidated(manifest) ? "cross-validation" : "held-out split"))
      }`,
      `      type: ${
        yaml(options.dataset ?? (isCrossValidated(manifest) ? "cross-validation" : "held-out"))
      }`,
      "    metrics:",
      ...metrics.flatMap(([name, metric]) => [
        `    - type: ${yaml(hubMetric(name))}`,
        `      value: ${metric.value}`,
        `      name: ${yaml(name)}`,
      ]),
    );
  }
  return lines.join("\n") + "\n";
}

function body(manifest: Manifest, options: Facts): string {
  const { lineage, limits, head, files } = manifest;
  const labels = labelsOf(manifest);
  const pooling = typeof head.pooling === "string" ? ` Pooling: ${prose(head.pooling)}.` : "";
  const reads = typeof manifest.pairColumn === "string" ? " It reads two texts together." : "";
  const baseline = Object.hasOwn(files, "baseline.json")
    ? "\n`baseline.json` holds the distributions that live traffic is compared with."
    : "";
  const made = isImported(manifest)
    ? `A ${manifest.task} model, imported into Weir as it was.`
    : `A ${manifest.task} model ${lineage.baseModel === null ? "trained" : "fine-tuned"} with Weir.`;
  return `# ${prose(manifest.name)} ${manifest.version}

${made}${reads}${labels === undefined ? "" : ` ${labelSentence(labels)}`}${pooling}
${results(manifest)}
## ${isImported(manifest) ? "Origin" : "Training"}

| | |
|---|---|
${facts(manifest, options).map(([name, fact]) => `| ${name} | ${fact} |`).join("\n")}

## Limits

Texts are cut to ${limits.maxTokens} tokens; the server refuses more than ${limits.maxCharacters} characters.${baseline}
${cleaningSection(manifest)}
## Use

${usage(options, manifest)}`;
}

function isCrossValidated({ lineage }: Manifest): boolean {
  return lineage.evaluation?.method === "cross-validation";
}

function isImported({ lineage }: Manifest): boolean {
  return lineage.method === "imported";
}

const MOST_LABELS = 50;

/** The labels, or as many as a line can hold; `config.json` has them all. */
function labelSentence(labels: readonly string[]): string {
  const shown = labels.slice(0, MOST_LABELS).map((label) => code(label)).join(", ");
  const more = labels.length - MOST_LABELS;
  return more > 0
    ? `${labels.length} labels: ${shown} and ${more} more, in \`config.json\`.`
    : `Labels: ${shown}.`;
}

/** What was done, as far as the manifest knows it: nothing is said of what was not. */
function facts(manifest: Manifest, { dataset }: Facts): [name: string, fact: string][] {
  const { lineage, architecture } = manifest;
  const { baseModel, baseModelHash, dataHash, rows } = lineage;
  const base = baseModel === null
    ? "none, trained from scratch"
    : `${prose(baseModel)} ${baseModelHash ?? ""}`.trim();
  const common: [string, string][] = [["architecture", prose(architecture)], ["base model", base]];
  const end: [string, string][] = [["run", prose(lineage.runId)], ["created", manifest.createdAt]];
  if (isImported(manifest)) return [...common, ["training data", "not known"], ...end];
  return [
    ...common,
    ["method", prose(lineage.method)],
    ["tokenizer", baseModel === null ? "trained on the training part" : "the base model's"],
    ["data", `${prose(dataset ?? "")} ${dataHash ?? "not known"}`.trim()],
    ...rows
      ? [[
        "split",
        `${rows.train} rows to train, ${rows.validation} to choose the epoch, ${
          isCrossValidated(manifest)
            ? "all of them for the results, by cross-validation"
            : `${rows.test} for the results`
        }`,
      ] as [string, string]]
      : [],
    ["epochs, steps", `${lineage.epochs}, ${lineage.steps}`],
    ["seed", String(lineage.seed)],
    ["device", `${prose(lineage.device)}, ${round(lineage.trainSeconds)} s`],
    ...end,
  ];
}

function results(manifest: Manifest): string {
  const { metrics, lineage: { evaluation } } = manifest;
  const rows = Object.entries(metrics).map(([name, m]) =>
    `| ${prose(name)} | ${round(m.value)} | ${round(m.low)} to ${round(m.high)} | ${intervalOf(m)} | ${m.n} |`
  );
  if (rows.length === 0) return "";
  return `
## Results

| metric | value | interval | level and method | examples |
|---|---|---|---|---|
${rows.join("\n")}

${
    isImported(manifest)
      ? "Measured on the data that were given at the import; whether the model was trained on them is not known."
      : evaluation?.method === "cross-validation"
      ? crossValidationText(evaluation, metrics).map((line) => prose(line)).join("\n\n")
      : `Measured on data held out from training${evaluation ? `: ${prose(evaluation.origin)}` : ""}.`
  }
`;
}

/** The interval's level and, where it was recorded, how it was made. */
function intervalOf({ confidence, method }: MetricValue): string {
  if (method === "none") return "none";
  const level = `${Number((100 * confidence).toPrecision(6))}%`;
  if (method === undefined) return level;
  return `${level}, ${Object.hasOwn(intervalMethods, method) ? intervalMethods[method].name : prose(method)}`;
}

function usage({ library, pipelineTag }: Facts, { name, pairColumn, task }: Manifest): string {
  switch (library) {
    case "weir":
      return `\`\`\`sh\nweir serve --model ${name}\n\`\`\`\n`;
    case "sentence-transformers":
      return `\`\`\`python
from sentence_transformers import SentenceTransformer
print(SentenceTransformer("path/to/this/folder").encode(["a text"]))
\`\`\`
`;
    case "transformers":
      return `\`\`\`python
from transformers import pipeline
print(pipeline(${JSON.stringify(pipelineTag)}, model="path/to/this/folder")(${
        typeof pairColumn === "string" ? '{"text": "a text", "text_pair": "another"}' : '"a text"'
      }${pipelineOptions[task] ?? ""}))
\`\`\`
`;
  }
}

/** What a pipeline of Python's transformers has to be told to answer as Weir does. */
const pipelineOptions: Readonly<Record<string, string>> = {
  "multi-label-classification": ', top_k=None, function_to_apply="sigmoid"',
  "text-regression": ', function_to_apply="none"',
  "token-classification": ', aggregation_strategy="first"',
};

/** The Hub's names of metrics, where it has one. */
function hubMetric(name: string): string {
  return /f1$/i.test(name) ? "f1" : name;
}

/** A YAML scalar: plain where that is surely a string, else double-quoted, which JSON's strings are a subset of. */
function yaml(text: string): string {
  const plain = /^[A-Za-z][A-Za-z0-9_./-]*$/.test(text) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return plain ? text : jsonLine(text);
}

function round(value: number): string {
  return String(Number(value.toFixed(4)));
}
