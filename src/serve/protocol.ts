/**
 * The messages between the host and its inference Worker.
 *
 * @module
 */
import type { IntTensor } from "../text/pad.ts";

/** Where a session runs: the GPU through WebGPU, the CPU through WebAssembly, or the CPU through onnxruntime-node. */
export type SessionDevice = "webgpu" | "wasm" | "native";

/** One run of a model. */
export interface RunRequest {
  /** By input name. What the model does not read is left aside; the Worker widens to int64 where the model asks for it. */
  readonly feeds: Readonly<Record<string, IntTensor>>;
  /** Names of the outputs that are wanted. */
  readonly outputs: readonly string[];
}

/** A tensor that a model gave, row-major. */
export interface OutputTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** What a run gave. */
export interface RunResult {
  /** By output name. */
  readonly outputs: Readonly<Record<string, OutputTensor>>;
  /** Time in the model, ms. */
  readonly inferenceMs: number;
}

/** Runs before the first request, in turn until the budget is used up, so that the compilers have seen the model's loops. */
export interface WarmUp {
  readonly requests: readonly RunRequest[];
  readonly budgetMs: number;
}

/** Makes the session; the Worker's first message. */
export interface LoadMessage {
  readonly kind: "load";
  readonly id: number;
  /** The bytes of an ONNX file. */
  readonly model: Uint8Array;
  readonly device: SessionDevice;
  readonly threads: number;
  readonly warmUp: WarmUp;
}

/** Runs a batch. */
export interface RunMessage extends RunRequest {
  readonly kind: "run";
  readonly id: number;
}

/** To the Worker. */
export type HostMessage = LoadMessage | RunMessage;

/** What is known of a loaded session. */
export interface SessionFacts {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly loadMs: number;
  readonly warmUpRuns: number;
}

/** From the Worker; every message is answered once. */
export type WorkerMessage =
  | { readonly kind: "loaded"; readonly id: number; readonly facts: SessionFacts }
  | { readonly kind: "ran"; readonly id: number; readonly result: RunResult }
  /** `broken`: the Worker will not recover, and is to be replaced. */
  | { readonly kind: "failed"; readonly id: number; readonly message: string; readonly broken: boolean };
