/**
 * Opening a registered model, or a bundle's folder, for the commands that use one.
 *
 * @module
 */
import { nativeAvailable } from "../backend/ort/available.ts";
import { countCodePoints } from "../base/text.ts";
import { int8Bundle } from "../lifecycle/int8.ts";
import { openRegistry } from "../registry/registry.ts";
import { createService, type PredictService, type ServiceOptions } from "../serve/service.ts";
import type { Row, TextQuery } from "../tasks/task.ts";
import { textOf } from "../tasks/text_input.ts";
import { type DeviceChoice, findAdapter } from "./device.ts";
import { type CommonOptions, homeOf, parseModel, type RunPrecision } from "./options.ts";
import { CommandError, InputError, UsageError } from "./output.ts";

/** Inputs given to the service in one call. */
export const CLIENT_BATCH = 32;

/** Whether a model is given as a path, which begins with `.` or `/`, and not by its name. */
export function isPath(model: string): boolean {
  return /^[./]/.test(model);
}

/** The folder of a model given as `name[@version|@alias]`, or as a path that begins with `.` or `/`. */
export async function bundlePathOf(model: string, options: CommonOptions): Promise<string> {
  if (isPath(model)) return model;
  const { name, reference } = parseModel(model);
  const registry = openRegistry(homeOf(options));
  try {
    return (await registry.resolve(name, reference)).path;
  } finally {
    await registry.close();
  }
}

/** Loads a model to predict with. */
export async function openModel(
  model: string,
  options: CommonOptions & { readonly device: DeviceChoice; readonly precision?: RunPrecision },
  serviceOptions: Partial<ServiceOptions> = {},
): Promise<PredictService> {
  if (options.device === "interp") {
    throw new UsageError(
      'device "interp" is for training and tests: a bundle runs on webgpu, native or wasm',
    );
  }
  const directory = await bundlePathOf(model, options);
  const adapter = options.device === "auto" || options.device === "webgpu" ? await findAdapter() : null;
  if (options.device === "webgpu" && !adapter) {
    throw new CommandError(
      "no GPU: WebGPU finds no adapter; install a driver (Debian: mesa-vulkan-drivers) or use --device wasm",
    );
  }
  if (options.device === "native" && !await nativeAvailable()) {
    throw new CommandError(
      "onnxruntime-node is not installed or may not be loaded: allow it with --allow-ffi, or use --device wasm",
    );
  }
  return await createService({
    bundle: options.precision === "int8" ? await int8Bundle(directory) : directory,
    device: options.device,
    hasGpu: adapter !== null && !adapter.software,
    maxClientBatch: CLIENT_BATCH,
    ...serviceOptions,
  });
}

/**
 * The answers to many queries, a batch at a time, in order.
 *
 * @throws {InputError} before anything is asked, when a text is longer than the model takes: with its number.
 */
export async function answerAll(service: PredictService, queries: readonly TextQuery[]): Promise<unknown[]> {
  const { maxCharacters } = service.info();
  queries.forEach((query, i) => {
    const text = textOf(query);
    const characters = text.length > maxCharacters ? countCodePoints(text) : text.length;
    if (characters > maxCharacters) {
      throw new InputError(
        `text ${
          i + 1
        } has ${characters} characters, and the model takes at most ${maxCharacters}: cut or split it`,
      );
    }
  });
  const answers: unknown[] = [];
  for (let start = 0; start < queries.length; start += CLIENT_BATCH) {
    answers.push(...await service.predict(queries.slice(start, start + CLIENT_BATCH)));
  }
  return answers;
}

/** The answers to the queries of rows, by row. */
export async function answerRows(
  service: PredictService,
  rows: readonly Pick<Row<unknown>, "queries">[],
): Promise<unknown[][]> {
  const answers = await answerAll(service, rows.flatMap(({ queries }) => queries));
  let at = 0;
  return rows.map(({ queries }) => answers.slice(at, at += queries.length));
}
