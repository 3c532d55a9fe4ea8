/**
 * Weir: train, evaluate, version, serve and watch a small model in one Deno process.
 *
 * The command line (`deno task weir --help`) does all of it; these are the parts it is made of.
 *
 * @example A training step of one's own, on whatever this machine has.
 * ```ts
 * import { adamw, createBuilder, createInterpBackend, gradients, hostTensor, initialStates } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * const b = createBuilder();
 * const x = b.input("x", "f32", ["batch", 2]);
 * const y = b.input("y", "f32", ["batch", 1]);
 * const w = b.parameter("w", [2, 1], { kind: "normal", std: 0.1 });
 * const loss = b.sum(b.square(b.sub(b.matmul(x, w), y)));
 * adamw(b, [w], gradients(b, loss, [w]), { learningRate: 0.1, weightDecay: 0 });
 * b.output("loss", loss);
 *
 * const graph = b.graph();
 * const program = await createInterpBackend().compile(graph, { bindings: { batch: 2 } });
 * await program.write(initialStates(graph, 1));
 * const feeds = { x: hostTensor("f32", [2, 2], [1, 0, 0, 1]), y: hostTensor("f32", [2, 1], [1, -1]) };
 * for (let step = 0; step < 100; step++) await program.step(feeds);
 * const losses = (await program.drain()).map((record) => record.loss);
 * assert.ok(losses.at(-1)! < 0.01 * losses[0]);
 * ```
 *
 * @module
 */

// The graph, and what is built of it.
export * from "./src/graph/graph.ts";
export type {
  AttentionAttrs,
  AttrsOf,
  LeafAttrs,
  NoAttrs,
  NodeKind,
  OpAttrs,
  OpName,
  TensorType,
  Update,
} from "./src/graph/node.ts";
export type {
  CompositeOp,
  OnnxAttribute,
  OnnxScope,
  OpRules,
  OpSpec,
  OpTable,
  PrimitiveOp,
  Tolerance,
} from "./src/graph/builder.ts";
export { optimize } from "./src/graph/passes/optimize.ts";
export { bindGraph } from "./src/graph/passes/bind.ts";
export { mixedPrecision } from "./src/graph/passes/mixed_precision.ts";
export * from "./src/nn/layers.ts";
export * from "./src/nn/attention.ts";
export * from "./src/nn/losses.ts";
export * from "./src/nn/init.ts";
export * from "./src/nn/rng.ts";
export * from "./src/nn/classifier.ts";
export * from "./src/nn/safetensors.ts";
export * from "./src/nn/optim/adamw.ts";
export * from "./src/nn/optim/sgd.ts";
export * from "./src/nn/optim/gradients.ts";
export * from "./src/nn/optim/loss_scale.ts";
export * from "./src/nn/optim/schedule.ts";
export * from "./models/index.ts";
export { type BertConfig, bertConfig } from "./models/bert.ts";
export { type MlpConfig, mlpConfig } from "./models/mlp.ts";
export { ModelError } from "./models/errors.ts";
export { exportOnnx, type ExportOptions } from "./src/onnx/export.ts";

// Where it runs.
export * from "./src/backend/interface.ts";
export {
  createGpuBackend,
  type GpuBackend,
  type GpuBackendOptions,
  type GpuProgram,
  type PlannedKernel,
} from "./src/backend/gpu/backend.ts";
export type { ProductForm, TunedProduct, Tuning } from "./src/backend/gpu/tuning/tuning.ts";
export {
  type AdapterDescription,
  describeAdapter,
  type LimitName,
  type OpenOptions,
} from "./src/backend/gpu/device/device.ts";
export {
  type ChromeTrace,
  chromeTrace,
  formatProfile,
  type Profile,
  type ProfileInput,
  type ProfileRow,
  summarizeProfile,
  type TraceEvent,
} from "./src/backend/gpu/device/profile.ts";
export { createInterpBackend } from "./src/backend/interp/interp.ts";
export { createOrtBackend, type OrtBackendOptions } from "./src/backend/ort/backend.ts";
export type { OrtDevice } from "./src/backend/ort/runtime.ts";

// Texts and examples.
export { type EncodeOptions, type Encoding, loadTokenizer, type Tokenizer } from "./src/text/tokenizer.ts";
export {
  type TrainedTokenizer,
  trainWordPiece,
  type WordPieceTrainOptions,
} from "./src/text/wordpiece_train.ts";
export { type ExampleColumns, labelsOf, type TextExample } from "./src/data/example.ts";
export { readJsonl } from "./src/data/jsonl.ts";
export { type CsvOptions, readCsv } from "./src/data/csv.ts";
export { readSpam } from "./src/data/spam.ts";
export { deduplicate, type Deduplicated } from "./src/data/dedupe.ts";
export { splitExamples, type SplitOptions } from "./src/data/split.ts";
export {
  type Batch,
  type Batches,
  collate,
  type CollateOptions,
  type EncodedExample,
} from "./src/data/collate.ts";

// Training and judging.
export { train } from "./src/train/trainer.ts";
export * from "./src/train/options.ts";
export * from "./src/train/evaluator.ts";
export type { EpochRecord, Json, Settings } from "./src/train/checkpoint.ts";
export type { MeasureOptions, StepMeasurement } from "./src/train/measure.ts";
export type { ProgressOutput } from "./src/train/progress.ts";
export type { Hyperparameters } from "./src/train/step.ts";
export * from "./src/evaluate/classification/classification.ts";
export { type BootstrapOptions } from "./src/evaluate/uncertainty/bootstrap.ts";
export { formatReport } from "./src/evaluate/classification/format.ts";

// Keeping, serving and watching.
export {
  type ModelVersion,
  openRegistry,
  type PublishOptions,
  type Registry,
  type RegistryOptions,
} from "./src/registry/registry.ts";
export type { PublishStep, RegisteredModel } from "./src/registry/registry.ts";
export type { BundleSource } from "./src/registry/stage.ts";
export type { Bump } from "./src/registry/versions.ts";
export type { FileEntry, Lineage, Manifest, ManifestDraft, MetricValue } from "./src/registry/manifest.ts";
export * from "./src/serve/service.ts";
export type { Prediction } from "./src/serve/text_classification.ts";
export type { ServedManifest } from "./src/serve/bundle.ts";
export type { SessionDevice } from "./src/serve/protocol.ts";
export * from "./src/drift/mod.ts";
export { type App, type AppParts, createApp, type ServedModel } from "./routes/app.ts";
export { listen, type ListenOptions, type RunningServer } from "./routes/main.ts";
