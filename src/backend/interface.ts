/**
 * What a backend is: it compiles a graph into a program whose state stays on its device between runs.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import type { HostTensor } from "../graph/dtype.ts";
import type { Graph } from "../graph/node.ts";
import type { Bindings } from "../graph/shape.ts";

/** Where a program runs. */
export type DeviceName = "webgpu" | "native" | "wasm" | "interp";

/** What a training step keeps its activations in. */
export type Precision = "f32" | "f16";

/** Tensors by name. */
export type Tensors = Readonly<Record<string, HostTensor>>;

/** How a graph is compiled. */
export interface CompileOptions {
  /** The value of every symbol in the graph's shapes. */
  readonly bindings?: Bindings;
  /**
   * A program of the same backend whose states this one shares, by name: the buckets of one training run, or its
   * evaluation program. States the other lacks are this program's own.
   */
  readonly share?: Program;
  /** What the program is called in errors and profiles. */
  readonly label?: string;
}

/** What runs graphs. */
export interface Backend {
  /** Where it runs programs. */
  readonly device: DeviceName;
  /** One line for people: the adapter or the provider and its threads. */
  readonly description: string;
  /** What it can train in. */
  readonly precisions: readonly Precision[];
  /**
   * Makes a program with fixed shapes. Its states hold their dtype's zeros until `write`.
   *
   * @throws {BackendError} naming the op when something cannot run here, and the bytes when it does not fit.
   */
  compile(graph: Graph, options?: CompileOptions): Promise<Program>;
  /**
   * Guards a long piece of work against a device that hangs, where waiting for it blocks the thread: another thread then
   * writes one line to standard error, which `advice` ends, and kills the process. Disposing it ends the guard. Absent
   * unless the backend was opened to do so.
   */
  guard?(advice: () => string): Disposable;
  /** Frees the device. Programs are disposed with it. */
  dispose(): Promise<void>;
}

/** A compiled graph with its state. Calls are made one after the other; none may overlap. */
export interface Program {
  /** Runs once and resolves with every output of the graph. State updates take effect. */
  run(feeds: Tensors): Promise<Record<string, HostTensor>>;
  /**
   * Enqueues one run whose one-element outputs are kept on the device until `drain`; other outputs are not read. It resolves when
   * the next call may follow, not when the work is done.
   */
  step(feeds: Tensors): Promise<void>;
  /** The one-element outputs of every `step` since the last `drain`, oldest first. */
  drain(): Promise<Record<string, number>[]>;
  /**
   * Enqueues one run whose outputs are kept, on the device as far as there is room, until `collect`. It resolves when the next
   * call may follow, not when the work is done.
   */
  queue(feeds: Tensors): Promise<void>;
  /** The outputs of every `queue` since the last `collect`, oldest first: many runs and one wait. */
  collect(): Promise<Record<string, HostTensor>[]>;
  /** Copies states to the host; all of them if no names are given. */
  read(names?: readonly string[]): Promise<Record<string, HostTensor>>;
  /** Sets states. Unknown names and wrong shapes are errors. */
  write(states: Tensors): Promise<void>;
  /**
   * Runs once like `step`, with every kernel timed; only backends with kernels of their own have it. It is slower than a
   * step, and the device should be warm: its clock idles low.
   */
  profile?(feeds: Tensors): Promise<RunProfile>;
  /** Bytes on the device: states (shared ones count once, in the program that owns them) and everything else. */
  readonly memory: { readonly stateBytes: number; readonly workBytes: number };
  /** Frees what only this program uses. */
  dispose(): Promise<void>;
}

/** The time that one launch of a kernel took, and what it did in that time. */
export interface KernelTime {
  /** Its main op with label and shape, and the ops computed along with it. */
  readonly name: string;
  /** Milliseconds since the first kernel began. */
  readonly startMs: number;
  /** Milliseconds. */
  readonly ms: number;
  /** Floating-point operations, estimated from the shapes: a multiplication and an addition are two. */
  readonly flops: number;
  /** Bytes read and written if each operand is read once. */
  readonly bytes: number;
}

/** Something the host did. */
export interface Phase {
  /** What it did. */
  readonly name: string;
  /** As `performance.now()` says it. */
  readonly startMs: number;
  /** Milliseconds. */
  readonly ms: number;
}

/** One run, timed. */
export interface RunProfile {
  /** In the order of their launches; empty where the device has no clock for single kernels. */
  readonly kernels: readonly KernelTime[];
  /** What the host did meanwhile: `feed`, `submit`, `wait`. */
  readonly phases: readonly Phase[];
}

/** Something a backend cannot do; the message is for the user. */
export class BackendError extends UserError {
  /** Whether a program that takes less memory could do what this one cannot. */
  readonly outOfMemory: boolean;

  /** An error with a message for the user. */
  constructor(message: string, options: ErrorOptions & { outOfMemory?: boolean } = {}) {
    super(message, options);
    this.outOfMemory = options.outOfMemory ?? false;
  }
}
