/**
 * The definition of right: runs each op's `eval` in order, in f32 storage with f64 sums. For tests and for reading.
 *
 * @module
 */
import type { PrimitiveOp } from "../../graph/op_spec.ts";
import { allocate, type HostTensor } from "../../graph/dtype.ts";
import { type Graph, inputsOf, labelOf, type Node, type OpName, statesOf } from "../../graph/node.ts";
import { bindGraph } from "../../graph/passes/bind.ts";
import { expand } from "../../graph/passes/expand.ts";
import { optimize } from "../../graph/passes/optimize.ts";
import { numeric, sizeOf } from "../../graph/shape.ts";
import { opTable } from "../../graph/table.ts";
import { type Backend, BackendError, type CompileOptions, type Program, type Tensors } from "../interface.ts";
import { checkFeeds, checkStates, scalarsOf } from "../feeds.ts";

/**
 * A backend without a device.
 *
 * @example
 * ```ts
 * import { createBuilder, hostTensor } from "../../graph/graph.ts";
 * import { createInterpBackend } from "./interp.ts";
 * import assert from "node:assert/strict";
 * const b = createBuilder();
 * b.output("y", b.mul(b.input("x", "f32", ["n"]), 2));
 * const program = await createInterpBackend().compile(b.graph(), { bindings: { n: 3 } });
 * const { y } = await program.run({ x: hostTensor("f32", [3], [1, 2, 3]) });
 * assert.deepEqual([...y.data], [2, 4, 6]);
 * ```
 */
export function createInterpBackend(): Backend {
  return {
    device: "interp",
    description: "interpreter, one thread, the definition of right",
    precisions: ["f32", "f16"],
    compile: (graph, options = {}) => Promise.resolve().then(() => new InterpProgram(graph, options)),
    dispose: () => Promise.resolve(),
  };
}

class InterpProgram implements Program {
  readonly #graph: Graph;
  readonly #states: Map<string, HostTensor>;
  readonly #records: Record<string, number>[] = [];
  readonly #runs: Record<string, HostTensor>[] = [];
  readonly memory: Program["memory"];

  constructor(graph: Graph, options: CompileOptions) {
    this.#graph = optimize(expand(bindGraph(graph, options.bindings)));
    if (options.share && !(options.share instanceof InterpProgram)) {
      throw new BackendError("Cannot share states with a program of another backend");
    }
    this.#states = options.share ? options.share.#states : new Map();
    let stateBytes = 0;
    for (const { name, dtype, shape } of statesOf(this.#graph)) {
      if (this.#states.has(name!)) continue;
      const data = allocate(dtype, sizeOf(numeric(shape)));
      this.#states.set(name!, { dtype, shape: numeric(shape), data });
      stateBytes += data.byteLength;
    }
    const work = this.#graph.nodes.filter((n) => n.op !== "state");
    this.memory = { stateBytes, workBytes: 4 * work.reduce((sum, n) => sum + sizeOf(numeric(n.shape)), 0) };
  }

  // deno-lint-ignore require-await -- errors must reject, not throw
  async run(feeds: Tensors): Promise<Record<string, HostTensor>> {
    const inputs = checkFeeds(inputsOf(this.#graph), feeds);
    const values: HostTensor[] = [];
    for (const node of this.#graph.nodes) values.push(this.#value(node, values, inputs));
    // States have memory of their own: the caller owns the feeds and the outputs.
    for (const { state, value } of this.#graph.updates) {
      this.#states.set(state.name!, copyOf(values[value.id]));
    }
    return Object.fromEntries(
      Object.entries(this.#graph.outputs).map(([name, node]) => [name, copyOf(values[node.id])]),
    );
  }

  async step(feeds: Tensors): Promise<void> {
    this.#records.push(scalarsOf(await this.run(feeds)));
  }

  drain(): Promise<Record<string, number>[]> {
    return Promise.resolve(this.#records.splice(0));
  }

  async queue(feeds: Tensors): Promise<void> {
    this.#runs.push(await this.run(feeds));
  }

  collect(): Promise<Record<string, HostTensor>[]> {
    return Promise.resolve(this.#runs.splice(0));
  }

  // deno-lint-ignore require-await -- errors must reject, not throw
  async read(names: readonly string[] = [...this.#states.keys()]): Promise<Record<string, HostTensor>> {
    return Object.fromEntries(names.map((name) => {
      const state = this.#states.get(name);
      if (!state) throw new BackendError(`Cannot read state "${name}": the program has no such state`);
      return [name, copyOf(state)];
    }));
  }

  // deno-lint-ignore require-await -- errors must reject, not throw
  async write(states: Tensors): Promise<void> {
    checkStates(this.#states, states);
    for (const [name, tensor] of Object.entries(states)) {
      this.#states.set(name, copyOf(tensor));
    }
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  #value(node: Node, values: readonly HostTensor[], inputs: Tensors): HostTensor {
    const shape = numeric(node.shape);
    if (node.op === "input") return inputs[node.name!];
    if (node.op === "state") return this.#states.get(node.name!)!;
    if (node.op === "constant") return { dtype: node.dtype, shape, data: node.attrs.data };
    const spec = opTable[node.op] as unknown as PrimitiveOp<OpName>; // composite ones were expanded
    const out = { dtype: node.dtype, shape, data: allocate(node.dtype, sizeOf(shape)) };
    try {
      const data = spec.eval(node.inputs.map((i) => values[i.id]), node.attrs as never, out);
      return { dtype: node.dtype, shape, data };
    } catch (error) {
      throw error instanceof RangeError
        ? new BackendError(`Cannot run ${labelOf(node)}: ${error.message}`)
        : error;
    }
  }
}

function copyOf(tensor: HostTensor): HostTensor {
  return { ...tensor, data: tensor.data.slice() };
}
