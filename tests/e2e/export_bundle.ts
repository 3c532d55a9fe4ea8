/**
 * A small bundle that looks trained, batches of texts for it, and what our own interpreter makes of them: what every
 * other runtime is held to.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type BertConfig, bertConfig } from "../../models/bert.ts";
import { fitWeights } from "../../models/index.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { writeBundle } from "../../src/bundle/writer.ts";
import { BaselineBuilder } from "../../src/drift/mod.ts";
import { createBuilder, type HostTensor, hostTensor } from "../../src/graph/graph.ts";
import { bundleFiles, inferenceGraph, signatureOf } from "../../src/lifecycle/export.ts";
import { initialStates } from "../../src/nn/init.ts";
import { forwardGraph, type ModelSpec } from "../../src/tasks/model.ts";
import { textClassification } from "../../src/tasks/text_classification/serve.ts";
import { padTokens, type TokenTensors } from "../../src/text/pad.ts";
import { loadTokenizer, type Tokenizer } from "../../src/text/tokenizer.ts";
import { trainWordPiece } from "../../src/text/wordpiece_train.ts";

/** How far a runtime's logits may be from ours. */
export const TOLERANCE = 1e-4;

/** A text, or two that the model reads together. */
export type Input = string | readonly [string, string];

const head = { labels: ["ham", "spam", "news"] };
/** The most tokens of the small model. */
export const maxTokens = 32;

/** Sentences that its tokenizer is made of. */
export const corpus = [
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
export function trainedLikeWeights(spec: ModelSpec, seed = 7): Record<string, HostTensor> {
  const states = initialStates(inferenceGraph(spec), seed);
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

/** A small model and its tokenizer. */
export interface SmallModel {
  readonly spec: ModelSpec;
  readonly weights: Readonly<Record<string, HostTensor>>;
  readonly tokenizer: Tokenizer;
}

/** A text classifier of three labels on a body. */
export function classifierSpec(config: ModelSpec["config"]): ModelSpec {
  return { task: "text-classification", config, head };
}

/** Writes the files of a bundle, as training does, and returns what they were made of. */
export async function writeSmallBundle(directory: string): Promise<SmallModel> {
  const tokenizerFiles = trainWordPiece(corpus, { vocabSize: 180, modelMaxLength: maxTokens });
  const tokenizer = loadTokenizer(tokenizerFiles.tokenizer, tokenizerFiles.config);
  const spec = classifierSpec(smallConfig(tokenizer));
  const weights = trainedLikeWeights(spec);
  const baseline = new BaselineBuilder(textClassification.features({ head, vocabSize: tokenizer.vocabSize }));
  const outputs = { logits: { shape: [3], data: Float32Array.of(2, 1, 0) } };
  for (let i = 0; i < 20; i++) {
    const query = `${corpus[i % corpus.length]} ${i}`; // a text that repeats is counted once
    const encoding = textClassification.encode(tokenizer, query, { maxTokens });
    baseline.observe(textClassification.observe(query, encoding, outputs, head));
  }
  await writeBundle(
    directory,
    bundleFiles({ spec, weights, tokenizerFiles, maxTokens, baseline: baseline.build() }),
    {
      format: "weir-bundle/2",
      name: "small",
      version: "1.0.0",
      task: spec.task,
      createdAt: "2026-01-01T00:00:00.000Z",
      architecture: spec.config.modelType,
      head,
      signatures: { model: signatureOf(spec) },
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
      limits: { maxTokens, maxCharacters: 1_000_000 },
    },
  );
  return { spec, weights, tokenizer };
}

/** Runs `use` with a new bundle in a folder that is gone afterwards. */
export async function withSmallBundle(
  use: (bundle: SmallModel & { readonly directory: string }) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "weir-export-" });
  try {
    await use({ directory, ...await writeSmallBundle(directory) });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A batch of texts, padded to its longest or to `sequence`; `maxTokens` cuts. */
export function batchOf(tokenizer: Tokenizer, inputs: readonly Input[], sequence?: number): TokenTensors {
  const encodings = inputs.map((input) => textClassification.encode(tokenizer, input, { maxTokens }));
  return padTokens(encodings, { padId: tokenizer.padId, sequence });
}

/** Every batch size from 1 to 8, each text alone, and one batch whose rows are padded far beyond the longest text. */
export function batchesOf(tokenizer: Tokenizer): TokenTensors[] {
  const sizes = Array.from({ length: 8 }, (_, i) => texts.slice(0, i + 1));
  const alone = texts.map((text) => [text]);
  return [
    ...sizes.map((inputs) => batchOf(tokenizer, inputs)),
    ...alone.map((inputs) => batchOf(tokenizer, inputs)),
    batchOf(tokenizer, ["loans", "Win money now!"], maxTokens),
  ];
}

/** Our own logits of batches, from the checkpoint's tensors, by the interpreter: `[B, labels]` each, or `[B * S, labels]`. */
export async function ownLogits(
  spec: ModelSpec,
  weights: Readonly<Record<string, HostTensor>>,
  batches: readonly TokenTensors[],
): Promise<number[][][]> {
  const graph = forwardGraph(spec);
  const { states } = fitWeights(graph, weights, { strict: true });
  const results: number[][][] = [];
  for (const feeds of batches) {
    const [batch, sequence] = feeds.input_ids.shape;
    const program = await createInterpBackend().compile(graph, { bindings: { batch, sequence } });
    await program.write(states);
    const { logits } = await program.run({ ...feeds });
    results.push(rows(logits.data, logits.shape.at(-1)!));
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
