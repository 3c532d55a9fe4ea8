/**
 * A bundle whose products are done in 8 bits, for those that run it: made of its weights as it is read, nothing is written.
 *
 * @module
 */
import { architectureOf, fitWeights } from "../../models/index.ts";
import { type Bundle, readBundle } from "../bundle/reader.ts";
import { opTable } from "../graph/graph.ts";
import { int8Products } from "../nn/quant/int8.ts";
import { exportOnnx } from "../onnx/export.ts";
import { forwardGraph } from "../tasks/model.ts";
import { LifecycleError } from "./errors.ts";
import { exportOptionsOf } from "./export.ts";
import { readPretrained, specOf } from "./pretrained.ts";

/**
 * Reads a bundle and replaces its model by one whose products with weights of at least 64 x 64 are of 8-bit levels: weights by
 * output channel, activations by token. Answers do not depend on what else is in a batch.
 *
 * @throws {BundleError} When the bundle is damaged.
 * @throws {LifecycleError} When it has no weights, or no product that is large enough.
 *
 * @example
 * ```ts
 * import { int8Bundle } from "./int8.ts";
 * import assert from "node:assert/strict";
 * const directory = new URL("../../tests/golden/serve/bundle", import.meta.url).pathname;
 * await assert.rejects(int8Bundle(directory), /model\.safetensors/);
 * ```
 */
export async function int8Bundle(directory: string): Promise<Bundle> {
  const bundle = await readBundle(directory);
  const pretrained = await readPretrained(directory);
  const spec = await specOf(directory, pretrained);
  const graph = forwardGraph(spec);
  const { states } = fitWeights(graph, pretrained.tensors, {
    strict: true,
    architecture: architectureOf(spec.config),
  });
  const quantized = int8Products(graph);
  if (!quantized.graph.nodes.some(({ op }) => op === "matmul_int8")) {
    throw new LifecycleError(
      `Cannot run ${directory} in int8: its weights are smaller than 64 x 64, and such products stay in f32`,
    );
  }
  const bytes = exportOnnx(quantized.graph, {
    table: opTable,
    states: quantized.states(states),
    ...exportOptionsOf(spec),
  });
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return { ...bundle, models: { ...bundle.models, [bundle.manifest.signatures.model.file]: shared } };
}
