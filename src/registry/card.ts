/**
 * The model card: README.md with Hugging Face's front matter, made from what the manifest records.
 *
 * @module
 */
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
 * assert.match(card, /\| accuracy \| 0\.985 \| 0\.978 to 0\.991 \| 95%, Wilson's score \| 1174 \|/);
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
  if (Object.hasOwn(files, "modules.json")) return "sentence-transformers";
  return onlyHere.has(architecture) ? "weir" : "transformers";
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
      `      name: ${yaml(options.dataset ?? "held-out split")}`,
      `      type: ${yaml(options.dataset ?? "held-out")}`,
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
  const { lineage, limits } = manifest;
  const labels = labelsOf(manifest)?.map((label) => `\`${cell(label)}\``).join(", ");
  const reads = typeof manifest.pairColumn === "string" ? " It reads two texts together." : "";
  const hash = lineage.baseModelHash === undefined ? "" : ` ${lineage.baseModelHash}`;
  const baseline = Object.hasOwn(manifest.files, "baseline.json")
    ? "\n`baseline.json` holds the distributions that live traffic is compared with."
    : "";
  return `# ${cell(manifest.name)} ${manifest.version}

A ${manifest.task} model trained with Weir.${reads}${labels === undefined ? "" : ` Labels: ${labels}.`}
${results(manifest)}
## Training

| | |
|---|---|
| architecture | ${cell(manifest.architecture)} |
| base model | ${cell(lineage.baseModel ?? "none, trained from scratch")}${hash} |
| method | ${cell(lineage.method)} |
| data | ${cell(options.dataset ?? "")} ${lineage.dataHash ?? "not known"} |
| epochs, steps | ${lineage.epochs}, ${lineage.steps} |
| seed | ${lineage.seed} |
| device | ${cell(lineage.device)}, ${round(lineage.trainSeconds)} s |
| run | ${cell(lineage.runId)} |
| created | ${manifest.createdAt} |

## Limits

Texts are cut to ${limits.maxTokens} tokens; the server refuses more than ${limits.maxCharacters} characters.${baseline}

## Use

${usage(options, manifest.name)}`;
}

function results({ metrics, lineage: { evaluation } }: Manifest): string {
  const rows = Object.entries(metrics).map(([name, m]) =>
    `| ${cell(name)} | ${round(m.value)} | ${round(m.low)} to ${round(m.high)} | ${intervalOf(m)} | ${m.n} |`
  );
  if (rows.length === 0) return "";
  return `
## Results

| metric | value | interval | level and method | examples |
|---|---|---|---|---|
${rows.join("\n")}

Measured on data held out from training${evaluation ? `: ${cell(evaluation.origin)}` : ""}.
`;
}

const methods: Readonly<Record<string, string>> = {
  wilson: "Wilson's score",
  mover: "MOVER of Wilson's scores",
  bca: "BCa bootstrap",
  percentile: "percentile bootstrap",
  delong: "DeLong",
};

/** The interval's level and, where it was recorded, how it was made. */
function intervalOf({ confidence, method }: MetricValue): string {
  const level = `${Number((100 * confidence).toPrecision(6))}%`;
  if (method === undefined) return level;
  return `${level}, ${Object.hasOwn(methods, method) ? methods[method] : cell(method)}`;
}

function usage({ library, pipelineTag }: Facts, name: string): string {
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
print(pipeline(${JSON.stringify(pipelineTag)}, model="path/to/this/folder")("a text"))
\`\`\`
`;
  }
}

/** The Hub's names of metrics, where it has one. */
function hubMetric(name: string): string {
  return /f1$/i.test(name) ? "f1" : name;
}

/** A YAML scalar: plain where that is surely a string, else double-quoted, which JSON's strings are a subset of. */
function yaml(text: string): string {
  const plain = /^[A-Za-z][A-Za-z0-9_./-]*$/.test(text) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}

/** Text that cannot break out of a table cell. */
function cell(text: string): string {
  return text.replace(/[\r\n]+/g, " ").replace(/[|`]/g, "\\$&").trim();
}

function round(value: number): string {
  return String(Number(value.toFixed(4)));
}
