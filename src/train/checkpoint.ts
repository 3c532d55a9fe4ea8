/**
 * Everything a run needs to go on as if it had never stopped, in one file that is replaced in one move: a safetensors
 * file of all states, whose metadata hold the run's place and settings as JSON.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { openForReading, readLimited, writeFileAtomic } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import {
  and,
  anyJson,
  type Check,
  checkJson,
  fail,
  flag,
  isObject,
  type Json,
  list,
  number,
  object,
  optional,
  parseJson,
  record,
  text,
} from "../base/json.ts";
import { lockDirectory } from "../base/lock.ts";
import { shorten, show } from "../base/text.ts";
import { formatShape, sameShape } from "../graph/shape.ts";
import type { HostTensor, NodeOf } from "../graph/graph.ts";
import { readSafetensors, safetensorsParts } from "../nn/safetensors.ts";
import type { EpochRecord } from "./best.ts";
import { CheckpointError, ResumeError } from "./errors.ts";

/** What decides a run's losses besides its states: a run resumes only under the same. */
export type Settings = Readonly<Record<string, Json>>;

/** The parameters of an epoch, in a file beside the checkpoint that names it. */
export interface KeptEpoch {
  /** The step that the epoch ended with. */
  readonly step: number;
  /** The file's name, which is of this run alone. */
  readonly file: string;
  /** Of the file, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** Where a run is. */
export interface RunPlace {
  /** Names the run in all its sittings: another run into the same directory has other files. */
  readonly run: string;
  /** Steps made. */
  readonly step: number;
  /** Epochs finished. */
  readonly epoch: number;
  /** Batches of the next epoch that are done. */
  readonly batch: number;
  /** Of those batches. */
  readonly epochLossSum: number;
  readonly epochs: readonly EpochRecord[];
  /** The epochs whose parameters are kept. */
  readonly kept: readonly KeptEpoch[];
  /** Steps whose gradients did not fit in f16; 0 if not given. */
  readonly skippedSteps?: number;
  /** Time spent training, in all sittings. */
  readonly seconds: number;
  /** Whether nothing is left to do. */
  readonly finished: boolean;
}

/** A checkpoint as it is read back. */
export interface Checkpoint {
  readonly states: Record<string, HostTensor>;
  readonly place: RunPlace;
  /** Of every step so far, in all sittings. */
  readonly losses: Float32Array;
}

/** What a run leaves in its checkpoint for whoever resumes it. */
export type Note = Readonly<Record<string, string>>;

const FORMAT = "weir-checkpoint/3";

/** The file's name in a checkpoint directory. */
export const CHECKPOINT_FILE = "checkpoint.safetensors";

/**
 * Takes a checkpoint directory for this run alone, for as long as the lock is held.
 *
 * @throws {UserError} when another process trains into it.
 * @throws {CheckpointError} when it cannot be made or written.
 */
export async function lockCheckpoint(directory: string): Promise<Disposable> {
  return await saving(join(directory, CHECKPOINT_FILE), () => lockDirectory(directory));
}

/**
 * Writes the checkpoint: a kill or a full disk at any moment leaves the old one or the new one, and the files of epochs that it
 * names. Those that it does not name, such as another run's, are removed after: until then, the old one needs them.
 *
 * @throws {CheckpointError} when the disk is full or the directory cannot be written.
 */
export async function saveCheckpoint(
  directory: string,
  checkpoint: Checkpoint & { readonly settings: Settings; readonly note?: Note },
): Promise<string> {
  const path = join(directory, CHECKPOINT_FILE);
  const { place, settings, note = {}, losses } = checkpoint;
  const json = JSON.stringify({ format: FORMAT, place, settings, note, losses: encodeLosses(losses) });
  await saving(
    path,
    () => writeFileAtomic(path, safetensorsParts(checkpoint.states, { metadata: { weir: json } })),
  );
  const kept = new Set(place.kept.map(({ file }) => file));
  for await (const { name } of Deno.readDir(directory)) {
    if (epochFile.test(name) && !kept.has(name)) await Deno.remove(join(directory, name));
  }
  return path;
}

/** Also those of earlier formats. */
const epochFile = /^(?:epoch|best)-[0-9a-f-]+\.safetensors$/;

/**
 * Writes the parameters of an epoch; they belong to a checkpoint only once that names them.
 *
 * @throws {CheckpointError} when the disk is full or the directory cannot be written.
 */
export async function saveEpoch(
  directory: string,
  epoch: { readonly run: string; readonly step: number; readonly parameters: Record<string, HostTensor> },
): Promise<KeptEpoch> {
  const { run, step, parameters } = epoch;
  const file = `epoch-${step}-${run}.safetensors`;
  const path = join(directory, file);
  const hash = createHash("sha256");
  function* hashed(): Generator<Uint8Array> {
    for (const part of safetensorsParts(parameters)) {
      hash.update(part);
      yield part;
    }
  }
  await saving(path, () => writeFileAtomic(path, hashed()));
  return { step, file, sha256: hash.digest("hex") };
}

/**
 * Reads the parameters of an epoch that a checkpoint names.
 *
 * @throws {ResumeError} when the file is missing, or is not the one that the checkpoint was written with.
 */
export async function loadEpoch(directory: string, kept: KeptEpoch): Promise<Record<string, HostTensor>> {
  const path = join(directory, kept.file);
  const bytes = await readFile(path);
  if (sha256(bytes) !== kept.sha256) {
    throw new ResumeError(
      `Cannot resume: ${path} is not the file that the checkpoint beside it was written with. Train anew, without resuming`,
    );
  }
  return readSafetensors(bytes, { name: path }).tensors;
}

/** Whether there is something to resume in the directory. */
export async function hasCheckpoint(directory: string): Promise<boolean> {
  return await Deno.stat(join(directory, CHECKPOINT_FILE)).then((info) => info.isFile, () => false);
}

/**
 * Reads a checkpoint and checks it against the run that wants to go on.
 *
 * @throws {ResumeError} when it is missing, damaged, of other settings (naming each) or of another model.
 */
export async function loadCheckpoint(
  directory: string,
  options: { states: readonly NodeOf<"state">[]; settings: Settings },
): Promise<Checkpoint> {
  const path = join(directory, CHECKPOINT_FILE);
  const { tensors, metadata } = readWhole(await readFile(path), path);
  const { place, settings, losses } = parseMetadata(metadata.weir, path);
  const differences = compareSettings(settings, options.settings);
  if (differences.length > 0) {
    const given = differences.filter((line) => !FOLLOWS.test(line));
    throw new ResumeError(
      `Cannot resume from ${path}: ${
        (given.length > 0 ? given : differences).slice(0, 5).join("; ")
      }. Train with the same settings and data, or start anew, without resuming`,
    );
  }
  checkTensors(options.states, tensors, path);
  return { states: tensors, place, losses };
}

/**
 * The note of the directory's checkpoint; empty where there is none that can be read: what is wrong with it is reported when it
 * is loaded.
 */
export async function readCheckpointNote(directory: string): Promise<Note> {
  const { note } = await readRecord(directory);
  return isObject(note) ? note as Note : {};
}

/** Whether the directory's checkpoint is of a run that was to keep epochs, so that it stays after the run's end. */
export async function hasKeptEpochs(directory: string): Promise<boolean> {
  const { settings } = await readRecord(directory);
  return isObject(settings) && isObject(settings.keep);
}

/** The checkpoint's record of its run, without its states and unchecked; empty where there is none that can be read. */
async function readRecord(directory: string): Promise<Record<string, unknown>> {
  try {
    using file = await openForReading(join(directory, CHECKPOINT_FILE));
    const start = await readExactly(file, 8);
    const header = await readExactly(file, Number(new DataView(start.buffer).getBigUint64(0, true)));
    const found = JSON.parse(JSON.parse(new TextDecoder().decode(header)).__metadata__.weir);
    return isObject(found) ? found : {};
  } catch {
    return {};
  }
}

async function readExactly(file: Deno.FsFile, count: number): Promise<Uint8Array<ArrayBuffer>> {
  if (count > 100_000_000) throw new RangeError("a safetensors header is at most 100 MB");
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const read = await file.read(bytes.subarray(at));
    if (read === null) throw new RangeError("the file ends early");
    at += read;
  }
  return bytes;
}

/** Settings that follow from others, and say nothing where one of those differs. */
const FOLLOWS = /^(schedule\.(warmup|total)Steps|encodedRows|tokenizer|config\.vocab_size)\b/;

/** The tensors of a checkpoint's file, which may have been cut off since. */
function readWhole(bytes: Uint8Array, path: string): ReturnType<typeof readSafetensors> {
  try {
    return readSafetensors(bytes, { name: path });
  } catch (error) {
    throw new ResumeError(
      `${
        (error as Error).message
      }. The checkpoint is damaged: restore it from a copy, or train anew without resuming`,
      { cause: error },
    );
  }
}

/** One line for each setting that differs. */
export function compareSettings(saved: Settings, wanted: Settings): string[] {
  const keys = [...new Set([...Object.keys(saved), ...Object.keys(wanted)])];
  return keys.flatMap((key) => {
    const [was, is] = [canonical(saved[key]), canonical(wanted[key])];
    if (was === is) return [];
    if (isObject(saved[key]) && isObject(wanted[key])) {
      return compareSettings(saved[key], wanted[key]).map((line) => `${key}.${line}`);
    }
    const shown = (value: string) => shorten(value, value.startsWith('"sha256:') ? 20 : 80);
    return [`${key} was ${shown(was)} there and is ${shown(is)} now`];
  });
}

function canonical(value: Json | undefined): string {
  if (value === undefined) return "not set";
  return JSON.stringify(
    value,
    (_, v) => isObject(v) ? Object.fromEntries(Object.entries(v).sort(([p], [q]) => p < q ? -1 : 1)) : v,
  );
}

const count = number({ least: 0, whole: true });
/** A metric that is not a number is null in JSON. */
const metric: Check<number> = (value, path) => value === null ? NaN : number()(value, path);
const epoch = object<EpochRecord>({
  epoch: count,
  step: count,
  trainLoss: number(),
  evaluation: optional(record(metric, { most: 1000 })),
});
const keptEpoch = object<KeptEpoch>({
  step: count,
  file: matching(epochFile, "the name of an epoch's file"),
  sha256: matching(/^[0-9a-f]{64}$/, "64 hexadecimal digits"),
});
const runRecord = object<{ place: RunPlace; settings: Settings; note: Note; losses: string }>({
  place: object<RunPlace>({
    run: matching(/^[0-9a-f]{16}$/, "16 hexadecimal digits"),
    step: count,
    epoch: count,
    batch: count,
    epochLossSum: number(),
    epochs: list(epoch, { most: 10_000_000 }),
    kept: list(keptEpoch, { most: 10_000 }),
    skippedSteps: optional(count),
    seconds: number({ least: 0 }),
    finished: flag,
  }),
  settings: record(anyJson({ depth: 16 }), { most: 1000 }),
  note: record(text(1000), { most: 100 }),
  losses: text(100_000_000),
});

/** A text that becomes part of a path, or is compared. */
function matching(pattern: RegExp, wanted: string): Check<string> {
  return and(text(200), (value, path) => pattern.test(value) || fail(path, value, wanted));
}

/** Little-endian f32 as base64. */
function encodeLosses(losses: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(4 * losses.length));
  losses.forEach((loss, i) => bytes.setFloat32(4 * i, loss, true));
  return new Uint8Array(bytes.buffer).toBase64();
}

function decodeLosses(base64: string): Float32Array {
  const { buffer, byteLength } = Uint8Array.fromBase64(base64);
  const bytes = new DataView(buffer);
  return Float32Array.from({ length: byteLength / 4 }, (_, i) => bytes.getFloat32(4 * i, true));
}

function parseMetadata(
  json: string | undefined,
  path: string,
): Omit<Checkpoint, "states"> & { settings: Settings } {
  const refuse = (what: string) => new ResumeError(`Cannot resume from ${path}: ${what}`);
  const value = parseJson(json ?? "", () => refuse("it is a safetensors file, but no checkpoint of a run"));
  const format = isObject(value) ? value.format : undefined;
  if (format !== FORMAT) {
    throw refuse(`its format is ${show(format)}, this version reads "${FORMAT}"`);
  }
  const damaged = (problem: string) => refuse(`its record of the run is damaged: ${problem}`);
  const { place, settings, losses: base64 } = checkJson(runRecord, value, damaged);
  try {
    const losses = decodeLosses(base64);
    if (losses.length === place.step) return { place, settings, losses };
  } catch {
    // Said below.
  }
  throw damaged(`losses are not those of ${place.step} steps`);
}

function checkTensors(
  states: readonly NodeOf<"state">[],
  tensors: Record<string, HostTensor>,
  path: string,
): void {
  for (const { name, dtype, shape } of states) {
    const tensor = Object.hasOwn(tensors, name!) ? tensors[name!] : undefined;
    if (!tensor) throw new ResumeError(`Cannot resume from ${path}: it lacks the state "${name}"`);
    if (tensor.dtype !== dtype || !sameShape(tensor.shape, shape)) {
      throw new ResumeError(
        `Cannot resume from ${path}: state "${name}" is ${tensor.dtype} ${
          formatShape(tensor.shape)
        } there, the model ` +
          `wants ${dtype} ${formatShape(shape)}`,
      );
    }
  }
  const known = new Set(states.map((state) => state.name!));
  const foreign = Object.keys(tensors).find((name) => !known.has(name));
  if (foreign !== undefined) {
    throw new ResumeError(`Cannot resume from ${path}: the model has no state ${show(foreign)}`);
  }
}

async function readFile(path: string): Promise<Uint8Array> {
  try {
    const bytes = await readLimited(path, MAX_BYTES);
    if (bytes) return bytes;
  } catch (error) {
    throw new ResumeError(`Cannot resume: ${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  throw new ResumeError(`Cannot resume: there is no file ${path}`);
}

/** As much as one piece of memory holds. */
const MAX_BYTES = 2 ** 33;

/** Says what could not be written; what to do about it depends on what is there already, which the caller knows. */
async function saving<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new CheckpointError(`Cannot save ${path}: ${(error as Error).message}`, { cause: error });
  }
}
