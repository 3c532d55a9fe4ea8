/**
 * Runs graphs, training steps too, as one ONNX graph each on ONNX Runtime: states are inputs of the session and their
 * next values outputs, so that no kernel is written here.
 *
 * @module
 */
import type * as Ort from "onnxruntime-web";
import { formatBytes } from "../../base/format.ts";
import { firstLine } from "../../base/text.ts";
import { createTurns } from "../../base/turns.ts";
import { allocate, bytesOf, type DType, type HostTensor } from "../../graph/dtype.ts";
import { opTable } from "../../graph/graph.ts";
import { type Graph, inputsOf, labelOf, type NodeOf, statesOf } from "../../graph/node.ts";
import { bindGraph } from "../../graph/passes/bind.ts";
import { expand } from "../../graph/passes/expand.ts";
import { optimize } from "../../graph/passes/optimize.ts";
import { numeric, sizeOf } from "../../graph/shape.ts";
import { lowerGraph, nextName } from "../../onnx/export.ts";
import { writeModel } from "../../onnx/model.ts";
import { checkFeeds, checkStates, scalarsOf } from "../feeds.ts";
import { type Backend, BackendError, type CompileOptions, type Program, type Tensors } from "../interface.ts";
import { loadRuntime, type Runtime } from "./load.ts";

/** Where ONNX Runtime runs training: compiled to WebAssembly, or the machine's own code through Deno's FFI. */
export type OrtDevice = "wasm" | "native";

/** How an ONNX Runtime backend is made. */
export interface OrtBackendOptions {
  /** `wasm` runs everywhere; `native` is several times faster and needs `--allow-ffi`. */
  readonly device: OrtDevice;
  /** Threads within an operator; the machine's cores if not given. One process has one number for `wasm`. */
  readonly threads?: number;
}

/**
 * A backend on ONNX Runtime.
 *
 * @example
 * ```ts
 * import { createOrtBackend } from "./backend.ts";
 * import { createBuilder, hostTensor } from "../../graph/graph.ts";
 * import assert from "node:assert/strict";
 * const backend = await createOrtBackend({ device: "wasm", threads: 1 });
 * const b = createBuilder();
 * const x = b.input("x", "f32", ["batch"]);
 * const total = b.state("total", "f32", [], { role: "counter" });
 * b.update(total, b.add(total, b.sum(x)));
 * const program = await backend.compile(b.graph(), { bindings: { batch: 3 } });
 * await program.step({ x: hostTensor("f32", [3], [1, 2, 3]) });
 * assert.deepEqual([...(await program.read()).total.data], [6]);
 * await backend.dispose();
 * ```
 * @throws {BackendError} when the runtime is not installed or may not be loaded.
 */
export async function createOrtBackend(options: OrtBackendOptions): Promise<Backend> {
  const runtime = await loadRuntime(
    options.device,
    options.threads ?? Math.max(1, navigator.hardwareConcurrency ?? 1),
  );
  const programs = new Set<OrtProgram>();
  return {
    device: options.device,
    description: `ONNX Runtime ${options.device}, ${runtime.threads} thread${
      runtime.threads === 1 ? "" : "s"
    }`,
    precisions: ["f32"], // a CPU has no f16 products: they would be cast back and forth
    async compile(graph, compileOptions = {}) {
      const program = await OrtProgram.compile(runtime, graph, compileOptions);
      programs.add(program);
      return program;
    },
    async dispose() {
      for (const program of programs) await program.dispose();
      programs.clear();
    },
  };
}

/** Each session has threads of its own: those of the program that ran last would spin on the cores of this one. */
const nativeOptions = { extra: { session: { intra_op: { allow_spinning: "0" } } } };

/** A state's value: replaced after each run by what the session gave, so that programs that share it see the new one. */
interface Cell {
  value: HostTensor;
}

class OrtProgram implements Program {
  readonly memory: { readonly stateBytes: number; readonly workBytes: number };
  readonly #runtime: Runtime;
  readonly #session: Ort.InferenceSession;
  readonly #graph: Graph;
  readonly #label: string;
  readonly #inputs: readonly NodeOf<"input">[];
  readonly #cells: ReadonlyMap<string, Cell>;
  readonly #updated: readonly Cell[];
  readonly #updateNames: readonly string[];
  #pending: Record<string, number>[] = [];
  #runs: Record<string, HostTensor>[] = [];
  /** A run blocks the thread from start to end: timers and signals are handled between two. */
  readonly #turns = createTurns();
  #disposed = false;

  static async compile(runtime: Runtime, source: Graph, options: CompileOptions): Promise<OrtProgram> {
    const label = options.label ?? "graph";
    const graph = optimize(expand(bindGraph(source, options.bindings)));
    const share = options.share;
    if (share && !(share instanceof OrtProgram && share.#runtime === runtime)) {
      throw new BackendError(
        `Cannot compile "${label}": it can share states only with a program of its own backend`,
      );
    }
    for (const node of [...inputsOf(graph), ...statesOf(graph), ...Object.values(graph.outputs)]) {
      if (takesType(runtime, node.dtype)) continue;
      throw new BackendError(
        `Cannot compile "${label}" on ${runtime.build}: ${
          labelOf(node)
        } is ${node.dtype}, which ONNX Runtime does not take`,
      );
    }
    // Inputs, states and outputs have names of their own here; in ONNX they are all values of one graph.
    const outputs = Object.entries(graph.outputs).map(([name, node]) => [outputName(name), node]);
    const named = { ...graph, outputs: Object.fromEntries(outputs) };
    const model = writeModel(lowerGraph(named, { table: opTable, name: label }));
    let session: Ort.InferenceSession;
    try {
      session = await runtime.create(model, runtime.build === "native" ? nativeOptions : {});
    } catch (error) {
      throw new BackendError(`Cannot compile "${label}" on ${runtime.build}: ${firstLine(error)}`, {
        cause: error,
      });
    }
    return new OrtProgram(runtime, session, graph, label, share);
  }

  private constructor(
    runtime: Runtime,
    session: Ort.InferenceSession,
    graph: Graph,
    label: string,
    share: OrtProgram | undefined,
  ) {
    this.#runtime = runtime;
    this.#session = session;
    this.#graph = graph;
    this.#label = label;
    this.#inputs = inputsOf(graph);
    const cells = new Map<string, Cell>();
    let stateBytes = 0;
    for (const state of statesOf(graph)) {
      const shared = share ? share.#cells.get(state.name!) : undefined;
      if (shared) {
        checkStates(new Map([[state.name!, shared.value]]), { [state.name!]: zeros(state) });
        cells.set(state.name!, shared);
      } else {
        const value = zeros(state);
        cells.set(state.name!, { value });
        stateBytes += value.data.byteLength;
      }
    }
    this.#cells = cells;
    this.#updated = graph.updates.map(({ state }) => cells.get(state.name!)!);
    this.#updateNames = graph.updates.map(({ state }) => nextName(state.name!));
    this.memory = { stateBytes, workBytes: peakBytes(graph) + this.#nextBytes() };
  }

  async run(feeds: Tensors): Promise<Record<string, HostTensor>> {
    return await this.#execute(feeds, Object.keys(this.#graph.outputs));
  }

  async step(feeds: Tensors): Promise<void> {
    const scalars = Object.entries(this.#graph.outputs).filter(([, node]) =>
      sizeOf(numeric(node.shape)) === 1
    );
    const outputs = await this.#execute(feeds, scalars.map(([name]) => name));
    this.#pending.push(scalarsOf(outputs));
    await this.#turns.give();
  }

  drain(): Promise<Record<string, number>[]> {
    const drained = this.#pending;
    this.#pending = [];
    return Promise.resolve(drained);
  }

  async queue(feeds: Tensors): Promise<void> {
    this.#runs.push(await this.run(feeds));
    await this.#turns.give();
  }

  collect(): Promise<Record<string, HostTensor>[]> {
    const collected = this.#runs;
    this.#runs = [];
    return Promise.resolve(collected);
  }

  read(names: readonly string[] = [...this.#cells.keys()]): Promise<Record<string, HostTensor>> {
    const tensors: Record<string, HostTensor> = {};
    for (const name of names) {
      const cell = this.#cells.get(name);
      if (!cell) throw new BackendError(`Cannot read state "${name}": the program has no such state`);
      tensors[name] = { ...cell.value, data: cell.value.data.slice() };
    }
    return Promise.resolve(tensors);
  }

  write(states: Tensors): Promise<void> {
    checkStates(new Map([...this.#cells].map(([name, cell]) => [name, cell.value])), states);
    for (const [name, tensor] of Object.entries(states)) {
      this.#cells.get(name)!.value.data.set(tensor.data as never);
    }
    return Promise.resolve();
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#session.release();
  }

  async #execute(feeds: Tensors, wanted: readonly string[]): Promise<Record<string, HostTensor>> {
    if (this.#disposed) throw new BackendError(`Cannot run "${this.#label}": it was disposed`);
    checkFeeds(this.#inputs, feeds);
    const given: Record<string, Ort.Tensor> = {};
    for (const { name } of this.#inputs) given[name!] = toOrt(this.#runtime, feeds[name!]);
    for (const [name, cell] of this.#cells) given[name] = toOrt(this.#runtime, cell.value);
    const fetches = [...wanted.map(outputName), ...this.#updateNames];
    let results: Ort.InferenceSession.OnnxValueMapType;
    try {
      results = await this.#session.run(given, fetches);
    } catch (error) {
      throw failure("run", this.#label, this.#runtime, this.memory.workBytes, error);
    }
    this.#updated.forEach((cell, i) => {
      cell.value = fromOrt(results[this.#updateNames[i]] as Ort.Tensor, cell.value.dtype);
    });
    const outputs: Record<string, HostTensor> = {};
    for (const name of wanted) {
      outputs[name] = fromOrt(results[outputName(name)] as Ort.Tensor, this.#graph.outputs[name].dtype);
    }
    return outputs;
  }

  /** A run's new states, which are kept beside the old ones until it is over. */
  #nextBytes(): number {
    return this.#updated.reduce((bytes, cell) => bytes + cell.value.data.byteLength, 0);
  }
}

/** What ONNX Runtime's builds say when memory runs out: the allocator, C++, and a size beyond 32 bits. */
const outOfMemory = /bad_alloc|failed to allocate|out of memory|SafeIntOnOverflow/i;

function failure(
  attempt: "compile" | "run",
  label: string,
  runtime: Runtime,
  bytes: number,
  error: unknown,
): BackendError {
  const lacksMemory = outOfMemory.test(String(error));
  const reason = lacksMemory
    ? `its tensors take up to ${formatBytes(bytes)} at once, more than there is; ` +
      `take a smaller batch, shorter sequences or a smaller model`
    : firstLine(error);
  return new BackendError(`Cannot ${attempt} "${label}" on ${runtime.build}: ${reason}`, {
    cause: error,
    outOfMemory: lacksMemory,
  });
}

function outputName(name: string): string {
  return `output:${name}`;
}

function zeros(state: NodeOf<"state">): HostTensor {
  const shape = numeric(state.shape);
  return { dtype: state.dtype, shape, data: allocate(state.dtype, sizeOf(shape)) };
}

/** The most bytes of values that are alive at once, in the graph's own order: ONNX Runtime does not report them. */
function peakBytes(graph: Graph): number {
  const last = new Map<number, number>();
  for (const node of graph.nodes) for (const input of node.inputs) last.set(input.id, node.id);
  for (const node of Object.values(graph.outputs)) last.set(node.id, Infinity);
  const dying = new Map<number, number>();
  let [alive, peak] = [0, 0];
  for (const node of graph.nodes) {
    if (node.op === "state" || node.op === "reshape") continue;
    const bytes = bytesOf(node.dtype, sizeOf(numeric(node.shape)));
    alive += bytes;
    peak = Math.max(peak, alive);
    const end = last.get(node.id) ?? node.id;
    dying.set(end, (dying.get(end) ?? 0) + bytes);
    alive -= dying.get(node.id) ?? 0;
  }
  return peak;
}

const ortTypes: { readonly [D in DType]: Ort.Tensor.Type | undefined } = {
  f32: "float32",
  f16: "float16",
  bf16: undefined,
  i32: "int32",
  u32: "uint32",
  i8: "int8",
  u8: "uint8",
  u4: undefined,
  bool: "bool",
};

/** Whether tensors of this type can be handed over; the native build cannot read a `Float16Array`. */
function takesType({ build }: Runtime, dtype: DType): boolean {
  return ortTypes[dtype] !== undefined && !(dtype === "f16" && build === "native");
}

/** A host tensor as ONNX Runtime's, over the same memory. */
export function toOrt(runtime: Runtime, tensor: Pick<HostTensor, "dtype" | "shape" | "data">): Ort.Tensor {
  return new runtime.Tensor(ortTypes[tensor.dtype]!, tensor.data as never, tensor.shape);
}

/** ONNX Runtime's tensor as a host tensor, over the same memory. */
export function fromOrt(tensor: Ort.Tensor, dtype: DType): HostTensor {
  return { dtype, shape: tensor.dims, data: tensor.data as HostTensor["data"] };
}
