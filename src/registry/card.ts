import type { Manifest } from "./manifest.ts";

/** What the manifest does not know and a model card says. */
export interface CardOptions {
  /** an SPDX or Hugging Face licence name; left out when unknown */
  license?: string;
  /** ISO 639-1 codes of the texts it was trained on */
  language?: string[];
  /** the data set's name for the card */
  dataset?: string;
}

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
 *   format: "weir-bundle/1", name: "spam", version: "1.0.0", task: "text-classification",
 *   createdAt: "2026-01-01T00:00:00Z",
 *   lineage: { runId: "r1", dataHash: `sha256:${"0".repeat(64)}`, baseModel: null, method: "full", seed: 1,
 *     device: "wasm", epochs: 3, steps: 300, trainSeconds: 80 },
 *   metrics: { accuracy: { value: 0.985, low: 0.978, high: 0.991, confidence: 0.95, n: 1174 } },
 *   labels: ["ham", "spam"], limits: { maxTokens: 128, maxCharacters: 1000000 }, files: {},
 * }, { license: "apache-2.0", language: ["en"] });
 * assert.match(card, /^---\nlanguage:\n- en\nlicense: apache-2.0\n/);
 * assert.match(card, /\| accuracy \| 0\.985 \| 0\.978 to 0\.991 \| 1174 \|/);
 * ```
 */
export function modelCard(manifest: Manifest, options: CardOptions = {}): string {
  return `---\n${frontMatter(manifest, options)}---\n\n${body(manifest, options)}`;
}

function frontMatter(manifest: Manifest, options: CardOptions): string {
  const lines: string[] = [];
  if (options.language?.length) lines.push("language:", ...options.language.map((code) => `- ${yaml(code)}`));
  if (options.license !== undefined) lines.push(`license: ${yaml(options.license)}`);
  lines.push("library_name: transformers", `pipeline_tag: ${yaml(manifest.task)}`);
  if (manifest.lineage.baseModel !== null) lines.push(`base_model: ${yaml(manifest.lineage.baseModel)}`);
  lines.push("tags:", "- weir", "- onnx", "- transformers.js");
  const metrics = Object.entries(manifest.metrics);
  if (metrics.length > 0) {
    lines.push("metrics:", ...metrics.map(([name]) => `- ${yaml(hubMetric(name))}`));
    lines.push(
      "model-index:",
      `- name: ${yaml(manifest.name)}`,
      "  results:",
      "  - task:",
      `      type: ${yaml(manifest.task)}`,
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

function body(manifest: Manifest, options: CardOptions): string {
  const { lineage, limits } = manifest;
  const confidence = Object.values(manifest.metrics)[0]?.confidence ?? 0.95;
  return `# ${cell(manifest.name)} ${manifest.version}

A ${manifest.task} model trained with Weir. Labels: ${
    manifest.labels.map((label) => `\`${cell(label)}\``).join(", ")
  }.

## Results

| metric | value | ${Math.round(confidence * 100)}% interval | examples |
|---|---|---|---|
${
    Object.entries(manifest.metrics)
      .map(([name, m]) =>
        `| ${cell(name)} | ${round(m.value)} | ${round(m.low)} to ${round(m.high)} | ${m.n} |`
      )
      .join("\n")
  }

Measured on data held out from training; the intervals are bootstrap intervals over those examples.

## Training

| | |
|---|---|
| base model | ${cell(lineage.baseModel ?? "none, trained from scratch")} |
| method | ${cell(lineage.method)} |
| data | ${cell(options.dataset ?? "")} ${lineage.dataHash} |
| epochs, steps | ${lineage.epochs}, ${lineage.steps} |
| seed | ${lineage.seed} |
| device | ${cell(lineage.device)}, ${round(lineage.trainSeconds)} s |
| run | ${cell(lineage.runId)} |
| created | ${manifest.createdAt} |

## Limits

Texts are cut to ${limits.maxTokens} tokens; the server refuses more than ${limits.maxCharacters} characters.
\`baseline.json\` holds the distributions that live traffic is compared with.

## Use

\`\`\`python
from transformers import pipeline
print(pipeline("${manifest.task}", model="path/to/this/folder")("a text"))
\`\`\`
`;
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
