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
 * adamw({ weightDecay: 0 }).emit(b, [w], gradients(b, loss, [w]), { rate: b.scalar(0.1) });
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

export { UserError } from "./src/base/errors.ts";
export type { Json } from "./src/base/json.ts";

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
export type { TypeRule, TypeRules } from "./src/graph/builder.ts";
export type {
  CompositeOp,
  ExampleOperand,
  OnnxAttribute,
  OnnxScope,
  OpExample,
  OpRules,
  OpSpec,
  OpTable,
  PrimitiveOp,
  Tolerance,
} from "./src/graph/op_spec.ts";
export { optimize } from "./src/graph/passes/optimize.ts";
export { bindGraph } from "./src/graph/passes/bind.ts";
export { mixedPrecision } from "./src/graph/passes/mixed_precision.ts";
export * from "./src/nn/layers.ts";
export * from "./src/nn/attention.ts";
export * from "./src/nn/losses.ts";
export * from "./src/nn/decisions.ts";
export * from "./src/nn/init.ts";
export * from "./src/nn/rng.ts";
export * from "./src/nn/batch.ts";
export * from "./src/nn/encoder.ts";
export * from "./src/nn/safetensors.ts";
export * from "./src/nn/optim/adamw.ts";
export * from "./src/nn/optim/sgd.ts";
export * from "./src/nn/optim/gradients.ts";
export * from "./src/nn/optim/loss_scale.ts";
export type { Optimiser, OptimSettings, OptimStep } from "./src/nn/optim/optimiser.ts";
export {
  constant as constantSchedule,
  linear as linearSchedule,
  type Schedule,
  SCHEDULE_KINDS,
  type ScheduleCorners,
  type ScheduleKind,
  scheduleOf,
  STEP_STATE,
  stepCounter,
} from "./src/nn/optim/schedule.ts";
export * from "./models/index.ts";
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
export { createOrtBackend, type OrtBackendOptions, type OrtDevice } from "./src/backend/ort/backend.ts";

// Texts and examples.
export type { TextSpan, WordSpan } from "./src/text/words.ts";
export {
  type DecodeOptions,
  type EncodeOptions,
  type Encoding,
  loadTokenizer,
  type Tokenizer,
  type WordEncoding,
} from "./src/text/tokenizer.ts";
export {
  type TrainedTokenizer,
  trainWordPiece,
  type WordPieceTrainOptions,
} from "./src/text/wordpiece_train.ts";
export {
  dataHash,
  type DataRecord,
  labelsOf,
  type PlacedRecord,
  type TextExample,
} from "./src/data/example.ts";
export { readRecords } from "./src/data/records.ts";
export {
  type CleanedRows,
  type CleaningTrace,
  cleanRows,
  type LabelChange,
  textCleaner,
} from "./src/data/clean/clean.ts";
export { type CleaningStep, dividedSteps, parseSteps } from "./src/data/clean/steps.ts";
export { type TextStepKind, type TextStepName, textSteps } from "./src/data/clean/text_steps.ts";
export { type CleanRow, type RowStepKind, type RowStepName, rowSteps } from "./src/data/clean/row_steps.ts";
export { labelBars } from "./src/data/clean/bars.ts";
export { writeRecords } from "./src/data/clean/write.ts";
export { readSpam } from "./src/data/spam.ts";
export { deduplicate, type Deduplicated } from "./src/data/dedupe.ts";
export { splitExamples, type SplitOptions } from "./src/data/split.ts";
export { bucketLengths, type BucketOptions, planBatches, type PlannedBatch } from "./src/data/buckets.ts";
export { type IntTensor, padTokens, type TokenTensors } from "./src/text/pad.ts";

// Training and judging.
export { train } from "./src/train/trainer.ts";
export * from "./src/train/options.ts";
export * from "./src/train/evaluator.ts";
export type { Settings } from "./src/train/checkpoint.ts";
export * from "./src/train/best.ts";
export type { KeepOptions, UseOf } from "./src/train/retention.ts";
export type { MeasureOptions, StepMeasurement } from "./src/train/measure.ts";
export type { ProgressOutput } from "./src/train/progress.ts";
export type { BestBy } from "./src/base/best_by.ts";
export type { Objective, TrainableModel } from "./src/nn/objective.ts";
export type { EvaluationGraphOptions, StepOptions } from "./src/train/step.ts";
export * from "./src/evaluate/classification/classification.ts";
export { type BootstrapOptions } from "./src/statistics/bootstrap.ts";
export { formatReport } from "./src/evaluate/classification/format.ts";

// Tasks: what a row of data asks, what a model answers, and how good that is.
export { collate, type CollateOptions, type EncodedRow } from "./src/tasks/collate.ts";
export { forwardGraph, type ForwardMode, type ModelSpec, trainableModel } from "./src/tasks/model.ts";
export { servedTask, servedTasks, TASK_NAMES, type TaskName } from "./src/tasks/served.ts";
export { trainedTasks } from "./src/tasks/trained.ts";
export type {
  AnyServedTask,
  Columns,
  EncodeQueryOptions,
  Issue,
  Judging,
  ModelFacts,
  Parsed,
  Row,
  RowOutput,
  RowOutputs,
  Schema,
  Scores,
  ServedTask,
  TextEncoding,
  TextQuery,
} from "./src/tasks/task.ts";
export type {
  AnyTrainedTask,
  Decisions,
  HeadSite,
  ObjectiveOptions,
  Rescaling,
  TargetTensors,
  TrainedTask,
} from "./src/tasks/training.ts";
export type { LabelsHead, Prediction } from "./src/tasks/text_classification/schema.ts";
export type { NumberAnswer, NumberHead } from "./src/tasks/text_regression/schema.ts";

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
export type { CardOptions } from "./src/registry/card.ts";
export { BundleError } from "./src/bundle/errors.ts";
export type {
  FileEntry,
  Lineage,
  Manifest,
  ManifestDraft,
  MetricValue,
  Signature,
  TensorSpec,
} from "./src/bundle/manifest.ts";
export { type Bundle, readBundle } from "./src/bundle/reader.ts";
export { type BundleContent, writeBundle } from "./src/bundle/writer.ts";
export * from "./src/serve/service.ts";
export type { SubmitOptions } from "./src/serve/executor.ts";
export type { SessionDevice } from "./src/serve/protocol.ts";
export * from "./src/drift/mod.ts";
export { type App, type AppParts, createApp, type ServedModel } from "./routes/app.ts";
export { listen, type ListenOptions, type RunningServer } from "./routes/main.ts";
