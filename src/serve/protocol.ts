/**
 * What the host and its inference Worker say to each other.
 *
 * @module
 */

/** Where a session runs: the GPU through WebGPU, the CPU through WebAssembly, or the CPU through onnxruntime-node. */
export type SessionDevice = "webgpu" | "wasm" | "native";

/** Token ids of a padded batch; each array is `[B, S]`, row by row. */
export interface TokenBatch {
  batch: number;
  sequence: number;
  inputIds: BigInt64Array<ArrayBuffer>;
  /** 1 for a token, 0 for padding */
  attentionMask: BigInt64Array<ArrayBuffer>;
  tokenTypeIds: BigInt64Array<ArrayBuffer>;
}

/** What the model made of a {@linkcode TokenBatch}. */
export interface Logits {
  /** `[B, C]`, row by row */
  data: Float32Array;
  classes: number;
  /** time in the model, ms */
  inferenceMs: number;
}

/** Makes the session; the Worker's first message. */
export interface LoadMessage {
  kind: "load";
  id: number;
  modelPath: string;
  device: SessionDevice;
  threads: number;
  /** runs before the first request, so that the compilers have seen the model's loops */
  warmUp: { shapes: [batch: number, sequence: number][]; budgetMs: number };
}

/** Runs a batch. */
export interface RunMessage {
  kind: "run";
  id: number;
  batch: TokenBatch;
}

/** To the Worker. */
export type HostMessage = LoadMessage | RunMessage;

/** What a loaded session says of itself. */
export interface SessionFacts {
  inputNames: string[];
  outputNames: string[];
  loadMs: number;
  warmUpRuns: number;
}

/** From the Worker; every message is answered once. */
export type WorkerMessage =
  | { kind: "loaded"; id: number; facts: SessionFacts }
  | { kind: "logits"; id: number; logits: Logits }
  /** `broken`: the Worker will not recover, and is to be replaced */
  | { kind: "failed"; id: number; message: string; broken: boolean };
