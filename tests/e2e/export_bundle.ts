/**
 * A small bundle that looks trained, batches of texts for it, and what our own interpreter makes of them: what every
 * other runtime is held to.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type BertConfig, bertConfig } from "../../models/bert.ts";
import { buildClassifier, fitWeights, type ModelConfig } from "../../models/index.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { writeBundleFiles } from "../../src/cli/bundle_files.ts";
import { inferenceGraph } from "../../src/cli/onnx_file.ts";
import { BaselineBuilder } from "../../src/drift/mod.ts";
import { createBuilder, type HostTensor, hostTensor } from "../../src/graph/graph.ts";
import { classifierInputs } from "../../src/nn/classifier.ts";
import { initialStates } from "../../src/nn/init.ts";
import type { ManifestDraft } from "../../src/bundle/manifest.ts";
import type { TokenBatch } from "../../src/serve/protocol.ts";
import { classifierFeatures, collate } from "../../src/serve/text_classification.ts";
import { loadTokenizer, type Tokenizer } from "../../src/text/tokenizer.ts";
import { trainWordPiece } from "../../src/text/wordpiece_train.ts";

/** How far a runtime's logits may be from ours. */
export const TOLERANCE = 1e-4;

/** A text, or two that the model reads together. */
export type Input = string | readonly [string, string];

const labels = ["ham", "spam", "news"];
const maxTokens = 32;

const corpus = [
  "Win money now! Claim your free prize, click here to unsubscribe.",
  "Cheap loans and credit, no questions asked: offer ends on Monday at 10:30.",
  "The meeting on Monday is moved to Thursday at 10, please bring the report.",
  "Thanks for the patch. I have applied it to the kernel list and the tests pass.",
  "The parliament voted today on the new budget, reports our correspondent in Zürich.",
  "Heavy rain is expected tomorrow; the river may rise by two metres.",
];

/** Texts of many lengths: empty, unknown letters, accents, pairs, and longer than the model takes. */
export const texts: readonly Input[] = [
  "Win money now!",
  "The meeting is moved to Thursday, thanks for the report.",
  "",
  "Zürich voted today; the river may rise tomorrow.",
  ["Claim your free prize", "The tests pass on Monday"],
  "日本語 😀 unknown",
  corpus.join(" "),
  "loans",
];

/** The configuration: two layers, wide enough for every kind of node and small enough to commit. */
export function smallConfig(tokenizer: Tokenizer): BertConfig {
  return bertConfig({
    vocabSize: tokenizer.vocabSize,
    labels,
    hiddenSize: 24,
    layers: 2,
    heads: 3,
    intermediateSize: 48,
    maxPositions: maxTokens,
    padTokenId: tokenizer.padId,
  });
}

/**
 * Weights as large as trained ones: with those of a fresh model, biases are 0, norms are 1 and all logits nearly equal, so
 * that a dropped bias or a wrong mask would show nowhere.
 */
export function trainedLikeWeights(config: ModelConfig, seed = 7): Record<string, HostTensor> {
  const states = initialStates(inferenceGraph(config), seed);
  const noise = (name: string, length: number) => {
    const b = createBuilder();
    b.parameter(name, [length], { kind: "normal", std: 0.3 });
    return initialStates(b.graph(), seed + 1)[name].data;
  };
  return Object.fromEntries(
    Object.entries(states).map(([name, { dtype, shape, data }]) => {
      const added = noise(name, data.length);
      return [name, hostTensor(dtype, shape, data.map((value, i) => value + added[i]))];
    }),
  );
}

/** Writes the files of a bundle, as training does, and returns what they were made of. */
export async function writeSmallBundle(
  directory: string,
): Promise<{ config: BertConfig; weights: Record<string, HostTensor>; tokenizer: Tokenizer }> {
  const files = trainWordPiece(corpus, { vocabSize: 180, modelMaxLength: maxTokens });
  const tokenizer = loadTokenizer(files.tokenizer, files.config);
  const config = smallConfig(tokenizer);
  const weights = trainedLikeWeights(config);
  const baseline = new BaselineBuilder(classifierFeatures(labels, { vocabSize: tokenizer.vocabSize }));
  for (let i = 0; i < 20; i++) {
    const { ids, unknownCount } = tokenizer.encode(corpus[i % corpus.length], { maxTokens });
    baseline.observe({
      characters: corpus[i % corpus.length].length,
      tokenIds: ids,
      unknownTokens: unknownCount,
      probabilities: [0.6, 0.3, 0.1],
    });
  }
  const manifest: ManifestDraft & { version: string } = {
    format: "weir-bundle/1",
    name: "small",
    version: "1.0.0",
    task: "text-classification",
    createdAt: "2026-01-01T00:00:00.000Z",
    lineage: {
      runId: "none",
      dataHash: `sha256:${"0".repeat(64)}`,
      baseModel: null,
      method: "full",
      seed: 7,
      device: "interp",
      epochs: 0,
      steps: 0,
      trainSeconds: 0,
    },
    metrics: {},
    labels,
    limits: { maxTokens, maxCharacters: 1_000_000 },
  };
  await writeBundleFiles(directory, {
    manifest,
    config,
    weights,
    tokenizer: files.tokenizer,
    tokenizerConfig: files.config,
    baseline: baseline.build(),
  });
  return { config, weights, tokenizer };
}

/** Runs `use` with a new bundle in a folder that is gone afterwards. */
export async function withSmallBundle(
  use: (bundle: { directory: string } & Awaited<ReturnType<typeof writeSmallBundle>>) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "weir-export-" });
  try {
    await use({ directory, ...await writeSmallBundle(directory) });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A batch of texts, padded to its longest; `maxTokens` cuts. */
export function batchOf(tokenizer: Tokenizer, inputs: readonly Input[]): TokenBatch {
  const encodings = inputs.map((input) =>
    typeof input === "string"
      ? tokenizer.encode(input, { maxTokens })
      : tokenizer.encode(input[0], { pair: input[1], maxTokens })
  );
  return collate(encodings, tokenizer.padId);
}

/** Every batch size from 1 to 8, each text alone, and one batch whose rows are padded far beyond the longest text. */
export function batchesOf(tokenizer: Tokenizer): TokenBatch[] {
  const sizes = Array.from({ length: 8 }, (_, i) => texts.slice(0, i + 1));
  const alone = texts.map((text) => [text]);
  const short = batchOf(tokenizer, ["loans", "Win money now!"]);
  return [
    ...sizes.map((inputs) => batchOf(tokenizer, inputs)),
    ...alone.map((inputs) => batchOf(tokenizer, inputs)),
  ]
    .concat(widen(short, maxTokens, tokenizer.padId));
}

function widen(batch: TokenBatch, sequence: number, padId: number): TokenBatch {
  const spread = (from: BigInt64Array, fill: number) => {
    const to = new BigInt64Array(batch.batch * sequence).fill(BigInt(fill));
    for (let row = 0; row < batch.batch; row++) {
      to.set(from.subarray(row * batch.sequence, (row + 1) * batch.sequence), row * sequence);
    }
    return to;
  };
  return {
    batch: batch.batch,
    sequence,
    inputIds: spread(batch.inputIds, padId),
    attentionMask: spread(batch.attentionMask, 0),
    tokenTypeIds: spread(batch.tokenTypeIds, 0),
  };
}

/** Our own logits of batches, from the checkpoint's tensors, by the interpreter: `[B, labels]` each. */
export async function ownLogits(
  config: ModelConfig,
  weights: Readonly<Record<string, HostTensor>>,
  batches: readonly TokenBatch[],
): Promise<number[][][]> {
  const b = createBuilder();
  b.output("logits", buildClassifier(b, config, classifierInputs(b)));
  const graph = b.graph();
  const { states } = fitWeights(graph, weights, { strict: true });
  const results: number[][][] = [];
  for (const { batch, sequence, ...arrays } of batches) {
    const program = await createInterpBackend().compile(graph, { bindings: { batch, sequence } });
    await program.write(states);
    const feed = (values: BigInt64Array) => hostTensor("i32", [batch, sequence], Array.from(values, Number));
    const { logits } = await program.run({
      input_ids: feed(arrays.inputIds),
      attention_mask: feed(arrays.attentionMask),
      token_type_ids: feed(arrays.tokenTypeIds),
    });
    results.push(rows(logits.data, config.labels.length));
    await program.dispose();
  }
  return results;
}

/** `[B * C]` as rows of `width`. */
export function rows(values: ArrayLike<number | bigint>, width: number): number[][] {
  return Array.from(
    { length: values.length / width },
    (_, row) => Array.from({ length: width }, (_, column) => Number(values[row * width + column])),
  );
}

/** Fails where any number differs from ours by more than the tolerance, and names the place. */
export function assertNear(got: readonly number[][], want: readonly number[][], label: string): void {
  assert.deepEqual([got.length, got[0].length], [want.length, want[0].length], `${label}: shape`);
  for (const [row, values] of want.entries()) {
    for (const [column, value] of values.entries()) {
      const difference = Math.abs(got[row][column] - value);
      // Written so that NaN fails.
      assert.ok(
        difference <= TOLERANCE,
        `${label}: logit ${column} of row ${row} is ${got[row][column]}, ours is ${value}`,
      );
    }
  }
}

/** Path of a bundle's ONNX file. */
export function modelFile(directory: string): string {
  return join(directory, "onnx", "model.onnx");
}
