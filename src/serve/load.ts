/**
 * What a service is made of: a bundle's task, its model in sessions, and the words of its vocabulary.
 *
 * @module
 */
import { join } from "node:path";
import { BundleError } from "../bundle/errors.ts";
import type { Bundle } from "../bundle/reader.ts";
import { queryCleaner } from "../tasks/clean_query.ts";
import { servedTask } from "../tasks/served.ts";
import type { AnyServedTask, Issue, TextQuery } from "../tasks/task.ts";
import { padTokens } from "../text/pad.ts";
import { ServeError } from "./errors.ts";
import type { WantedOutput } from "./one_shot.ts";
import type { RunRequest, SessionDevice, WarmUp } from "./protocol.ts";
import type { ServiceOptions } from "./service_types.ts";
import { type ModelSession, openSession, type SessionOptions } from "./session.ts";

/** The task of a bundle, with what its head was made with. */
export function taskOf({ directory, manifest }: Bundle): { task: AnyServedTask; head: unknown } {
  let task: AnyServedTask;
  try {
    task = servedTask(manifest.task);
  } catch (error) {
    throw new BundleError(`Cannot serve ${directory}: ${(error as Error).message}.`);
  }
  const head = task.head.safeParse(manifest.head);
  if (head.success) return { task, head: head.data };
  throw new BundleError(`Cannot serve ${directory}: the head in weir.json: ${firstIssue(head.error)}.`);
}

/** What the bundle's texts are cleaned by before they are encoded. */
export function cleanerOf(
  { directory, manifest }: Bundle,
  task: AnyServedTask,
): (query: TextQuery) => TextQuery {
  try {
    return queryCleaner(task, manifest.cleaning);
  } catch (error) {
    throw new BundleError(`Cannot serve ${directory}: cleaning in weir.json: ${(error as Error).message}.`);
  }
}

/** The model's bytes, and the outputs that a task reads. */
export function signatureOf(
  { directory, manifest, models }: Bundle,
  outputs: readonly string[],
): { model: Uint8Array; name: string; outputs: WantedOutput[] } {
  const signature = manifest.signatures.model;
  if (signature === undefined) {
    throw new BundleError(`Cannot serve ${directory}: weir.json has no signature "model".`);
  }
  return {
    model: models[signature.file],
    name: join(directory, signature.file),
    outputs: outputs.map((name) => {
      const spec = signature.outputs.find((output) => output.name === name);
      if (spec) return { name, perToken: spec.shape[1] === "sequence_length" };
      throw new BundleError(
        `Cannot serve ${directory}: its task ${manifest.task} reads an output "${name}", and the model gives ${
          signature.outputs.map(({ name }) => name).join(", ") || "none"
        }.`,
      );
    }),
  };
}

/** Token texts by id, out of a tokenizer.json that the tokeniser has accepted. */
export function readVocabulary(tokenizerJson: string): Map<number, string> {
  const { model, added_tokens: added = [] } = JSON.parse(tokenizerJson) as {
    model: { vocab: Record<string, number> | [string, number][] };
    added_tokens?: { id: number; content: string }[];
  };
  // A unigram model lists its tokens in order, with their scores; the others say each token's id.
  const entries: [number, string][] = Array.isArray(model.vocab)
    ? model.vocab.map(([token], id) => [id, token])
    : Object.entries(model.vocab).map(([token, id]) => [id, token]);
  return new Map([...entries, ...added.map(({ id, content }): [number, string] => [id, content])]);
}

/** Shapes that are run before the first request: a short text, a longer one, and a batch. */
export function warmUpOf(
  outputs: readonly string[],
  { padId, maxTokens, ms = 1_500 }: { padId: number; maxTokens: number; ms?: number },
): WarmUp {
  const requests = [[1, 16], [1, 64], [4, 16]].map(([rows, sequence]): RunRequest => {
    const ids = new Array<number>(Math.min(sequence, maxTokens)).fill(1);
    const texts = new Array(rows).fill({ ids, typeIds: ids.map(() => 0) });
    return { feeds: { ...padTokens(texts, { padId }) }, outputs };
  });
  return { requests, budgetMs: ms };
}

/** Opens all sessions of a model, or none; on the CPU where `auto` chose a GPU that cannot run it. */
export async function openSessions(
  model: Pick<SessionOptions, "model" | "name" | "warmUp">,
  options: ServiceOptions & { readonly workers: number },
): Promise<{ sessions: ModelSession[]; device: SessionDevice }> {
  const { threads, runTimeoutMs: timeoutMs, workers } = options;
  const device = chooseDevice(options);
  const open = (device: SessionDevice) =>
    allOrNone(Array.from({ length: workers }, () => openSession({ ...model, device, threads, timeoutMs })));
  try {
    return { sessions: await open(device), device };
  } catch (error) {
    // A driver that cannot run this model is no reason not to serve it, unless the GPU was asked for by name.
    if ((options.device ?? "auto") !== "auto" || device !== "webgpu") throw error;
    return { sessions: await open("wasm"), device: "wasm" };
  }
}

async function allOrNone(opening: Promise<ModelSession>[]): Promise<ModelSession[]> {
  const results = await Promise.allSettled(opening);
  const sessions = results.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
  const failed = results.find((result) => result.status === "rejected");
  if (!failed) return sessions;
  for (const session of sessions) session.close();
  throw failed.reason;
}

function chooseDevice({ device = "auto", hasGpu = false }: ServiceOptions): SessionDevice {
  if (device === "auto") return hasGpu ? "webgpu" : "wasm";
  if (device === "webgpu" || device === "wasm" || device === "native") return device;
  throw new ServeError(
    "bundle",
    `Unknown device "${String(device).slice(0, 40)}"; wanted auto, webgpu, wasm or native.`,
  );
}

/** What is wrong with a value, and where in it. */
export function firstIssue({ issues: [{ path, message }] }: { readonly issues: readonly Issue[] }): string {
  return path.length > 0 ? `${path.join(".")}: ${message}` : message;
}
