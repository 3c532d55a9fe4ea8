/**
 * A graph as ONNX: symbols become named dynamic axes, states become weights of the file or inputs and outputs.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import type { OpTable, PrimitiveOp } from "../graph/op_spec.ts";
import { type DType, dtypes, type HostTensor, valuesOf } from "../graph/dtype.ts";
import { type Graph, inputsOf, labelOf, type Node, type OpName, statesOf } from "../graph/node.ts";
import { expand } from "../graph/passes/expand.ts";
import { formatShape, sameShape, type Shape, termsOf } from "../graph/shape.ts";
import { type OnnxModel, type OnnxNode, type OnnxValue, writeModel } from "./model.ts";
import { GraphScope, littleEndian, type SymbolSource } from "./scope.ts";

/** A graph that cannot be written as ONNX; the message is for the user. */
export class ExportError extends UserError {}

/** How a graph is written. */
export interface ExportOptions {
  /** Every op's rules. */
  readonly table: OpTable;
  /**
   * The states' values, which become the file's weights; updates are left out. Without it each state is an input under
   * its own name, and its next value an output `next:<name>`: the training step as a file.
   */
  readonly states?: Readonly<Record<string, HostTensor>>;
  /** Declares i32 inputs as int64, as exporters of Hugging Face models do, and casts them at entry. */
  readonly int64Inputs?: boolean;
  /** Names of the dynamic axes; `batch` is `batch_size` and `sequence` is `sequence_length` unless given. */
  readonly symbols?: Readonly<Record<string, string>>;
  /** The graph's name. */
  readonly name?: string;
  /** Key-value pairs kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a graph as an ONNX file: opset 18 with `com.microsoft` 1, IR version 8.
 *
 * @example
 * ```ts
 * import { exportOnnx } from "./export.ts";
 * import { readModel } from "./model.ts";
 * import { createBuilder, opTable } from "../graph/graph.ts";
 * import { hostTensor } from "../graph/dtype.ts";
 * import assert from "node:assert/strict";
 * const b = createBuilder();
 * const x = b.input("x", "f32", ["batch", 2]);
 * const w = b.parameter("w", [3, 2], { kind: "fill", value: 0 });
 * b.output("y", b.matmul(x, w, { transB: true })); // [batch, 3]
 * const states = { w: hostTensor("f32", [3, 2], [1, 2, 3, 4, 5, 6]) };
 * const model = readModel(exportOnnx(b.graph(), { table: opTable, states }));
 * assert.deepEqual(model.graph.inputs[0].shape, ["batch_size", 2]);
 * ```
 * @throws {ExportError} when a state has no value or one of another shape, an output has an input's name, or a value is of a type
 * that the opset lacks.
 * @throws {ProtobufError} when the file would be 2 GiB or more.
 */
export function exportOnnx(graph: Graph, options: ExportOptions): Uint8Array {
  return writeModel(lowerGraph(graph, options));
}

/** The model that `exportOnnx` writes, for a caller that wants to change it first. */
export function lowerGraph(source: Graph, options: ExportOptions): OnnxModel {
  const graph = expand(source);
  const symbols = { batch: "batch_size", sequence: "sequence_length", ...options.symbols };
  const scope = new GraphScope(symbolSources(graph));
  const values: string[] = [];
  const inputs: OnnxValue[] = [];
  for (const leaf of [...inputsOf(graph), ...statesOf(graph), ...Object.keys(graph.outputs)]) {
    scope.name(typeof leaf === "string" ? leaf : leaf.name!);
  }
  for (const node of graph.nodes) {
    values[node.id] = lowerNode(scope, node, values, inputs, options, symbols);
    scope.describe(values[node.id], node.shape);
  }
  const outputs: { name: string; node: Node }[] = Object.entries(graph.outputs)
    .map(([name, node]) => ({ name, node }));
  if (!options.states) {
    for (const { state, value } of graph.updates) outputs.push({ name: nextName(state.name!), node: value });
  }
  for (const { name } of outputs) {
    if (inputs.some((input) => input.name === name) || scope.isInitializer(name)) {
      throw new ExportError(`Cannot export output "${name}": an input or a state has that name too`);
    }
  }
  const nodes = nameOutputs(scope, outputs.map(({ name, node }) => ({ name, value: values[node.id] })));
  const used = new Set([...nodes.flatMap((n) => n.inputs)]);
  return {
    irVersion: 8,
    opsets: { "": 18, ...(nodes.some((n) => n.domain === "com.microsoft") ? { "com.microsoft": 1 } : {}) },
    producerName: "weir",
    producerVersion: "",
    metadata: options.metadata ?? {},
    graph: {
      name: options.name ?? "weir",
      nodes,
      initializers: scope.initializers(used),
      inputs,
      outputs: outputs.map(({ name, node }) => declare(name, node.dtype, node.shape, symbols)),
    },
  };
}

/** The output that carries a state's next value. */
export function nextName(state: string): string {
  return `next:${state}`;
}

function lowerNode(
  scope: GraphScope,
  node: Node,
  values: readonly string[],
  inputs: OnnxValue[],
  options: ExportOptions,
  symbols: Readonly<Record<string, string>>,
): string {
  scope.label = node.name ?? "";
  if (node.dtype === "u4") {
    throw new ExportError(
      `Cannot export ${labelOf(node)}: opset 18, which is written, has no 4-bit integers`,
    );
  }
  switch (node.op) {
    case "input": {
      const wide = options.int64Inputs && node.dtype === "i32";
      inputs.push({
        ...declare(node.name!, node.dtype, node.shape, symbols),
        ...(wide ? { type: "i64" } : {}),
      });
      return wide ? scope.emit("Cast", [node.name!], { attrs: { to: dtypes.i32.onnx } }) : node.name!;
    }
    case "state": {
      if (options.states) {
        const { dtype, dims, data } = stateValue(node.name!, node, options.states);
        scope.initializer({ name: node.name!, type: dtype, dims, data });
      } else {
        inputs.push(declare(node.name!, node.dtype, node.shape, symbols));
      }
      return node.name!;
    }
    case "constant": {
      const shape = node.shape as readonly number[];
      return scope.constant(node.dtype, shape, valuesOf({ dtype: node.dtype, shape, data: node.attrs.data }));
    }
    default: {
      const spec = options.table[node.op] as unknown as PrimitiveOp<OpName>; // composite ones were expanded
      return spec.onnx(scope, node as never, node.inputs.map((input) => values[input.id]));
    }
  }
}

function stateValue(name: string, node: Node, states: Readonly<Record<string, HostTensor>>) {
  const tensor = Object.hasOwn(states, name) ? states[name] : undefined;
  if (!tensor) throw new ExportError(`Cannot export ${labelOf(node)}: no value given for it`);
  if (tensor.dtype !== node.dtype || !sameShape(tensor.shape, node.shape)) {
    throw new ExportError(
      `Cannot export ${labelOf(node)}: it is ${node.dtype} ${formatShape(node.shape)}, ` +
        `got ${tensor.dtype} ${formatShape(tensor.shape)}`,
    );
  }
  return { dtype: tensor.dtype, dims: tensor.shape, data: littleEndian(tensor.data) };
}

/** Gives the values that are outputs the outputs' names, through an `Identity` where a value has a name of its own. */
function nameOutputs(scope: GraphScope, outputs: readonly { name: string; value: string }[]): OnnxNode[] {
  const computed = new Set(scope.nodes.flatMap((n) => n.outputs));
  const renamed = new Map<string, string>();
  const copies: OnnxNode[] = [];
  for (const { name, value } of outputs) {
    if (computed.has(value) && !renamed.has(value)) {
      renamed.set(value, name);
    } else {
      copies.push({
        opType: "Identity",
        domain: "",
        name: `${name}/Identity`,
        inputs: [value],
        outputs: [name],
        attributes: {},
      });
    }
  }
  const rename = (value: string) => renamed.get(value) ?? value;
  return [...scope.nodes, ...copies].map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
}

function declare(
  name: string,
  type: DType,
  shape: Shape,
  symbols: Readonly<Record<string, string>>,
): OnnxValue {
  const rename = (dim: string) => {
    const terms = termsOf(dim).map(({ coefficient, symbols: parts }) => {
      const factor = coefficient === 1 && parts.length > 0 ? [] : [coefficient];
      return [...factor, ...parts.map((s) => symbols[s] ?? s)].join(" * ");
    });
    return terms.join(" + ").replaceAll("+ -", "- ");
  };
  return { name, type, shape: shape.map((d) => typeof d === "string" ? rename(d) : d) };
}

/** The first input dimension that is a multiple of one symbol alone, for every symbol. */
function symbolSources(graph: Graph): Map<string, SymbolSource> {
  const sources = new Map<string, SymbolSource>();
  for (const input of inputsOf(graph)) {
    input.shape.forEach((dim, axis) => {
      const [term, ...others] = termsOf(dim);
      if (term?.symbols.length !== 1 || others.length > 0 || term.coefficient < 0) return;
      const { coefficient, symbols } = term;
      const known = sources.get(symbols[0]);
      if (!known || coefficient < known.coefficient) {
        sources.set(symbols[0], { value: input.name!, axis, coefficient });
      }
    });
  }
  return sources;
}
