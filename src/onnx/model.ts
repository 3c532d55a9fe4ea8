/**
 * ONNX models as plain values, and their bytes. Field numbers and enum values are those of onnx.proto (ONNX, IR version
 * 10). Subgraphs, sparse, string and external tensors are outside what Weir writes; the reader refuses what would
 * change a model's meaning and passes over the rest.
 *
 * @module
 */
import { show } from "../base/text.ts";
import { type DType, dtypes } from "../graph/dtype.ts";
import { formatShape } from "../graph/shape.ts";
import { ProtobufError, ProtobufReader, ProtobufWriter } from "./protobuf.ts";

/** A tensor's element type: ours, and others of ONNX that files are read with. */
export type OnnxType = DType | keyof typeof foreign;

/** Types that only ONNX has: `TensorProto.DataType` and bits. */
const foreign = {
  u16: { onnx: 4, bits: 16 },
  i16: { onnx: 5, bits: 16 },
  i64: { onnx: 7, bits: 64 },
  f64: { onnx: 11, bits: 64 },
  u64: { onnx: 13, bits: 64 },
} as const;

/** Code and width of each type. */
export const onnxTypes: Readonly<Record<OnnxType, { readonly onnx: number; readonly bits: number }>> = {
  ...dtypes,
  ...foreign,
};

const names = new Map<number, OnnxType>(
  Object.entries(onnxTypes).map(([name, { onnx }]) => [onnx, name as OnnxType]),
);

/** A tensor that is part of the file: `data` is row-major, little-endian. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: OnnxType;
  readonly dims: readonly number[];
  readonly data: Uint8Array;
}

/** An attribute's value. An int is a number; a float is marked, for 1 may be either. */
export type OnnxAttributeValue =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: OnnxTensor };

/** One operation. An empty input name stands for an optional input left out. */
export interface OnnxNode {
  readonly opType: string;
  /** "" is ai.onnx. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttributeValue>>;
}

/** An input or output: a dimension is a number, a symbol, or `undefined` where the file says nothing. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly (number | string | undefined)[];
}

/** Nodes in an order in which each one's inputs come first. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/** A whole file. */
export interface OnnxModel {
  readonly irVersion: number;
  /** Version by domain; "" is ai.onnx. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly producerName: string;
  readonly producerVersion: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: OnnxGraph;
}

/**
 * A model's bytes.
 *
 * @example
 * ```ts
 * import { readModel, writeModel } from "./model.ts";
 * import assert from "node:assert/strict";
 * const value = { type: "f32", shape: ["batch_size"] } as const;
 * const bytes = writeModel({
 *   irVersion: 9,
 *   opsets: { "": 18 },
 *   producerName: "weir",
 *   producerVersion: "",
 *   metadata: {},
 *   graph: {
 *     name: "main",
 *     nodes: [{ opType: "Neg", domain: "", name: "", inputs: ["x"], outputs: ["y"], attributes: {} }],
 *     initializers: [],
 *     inputs: [{ name: "x", ...value }],
 *     outputs: [{ name: "y", ...value }],
 *   },
 * });
 * assert.equal(readModel(bytes).graph.nodes[0].opType, "Neg");
 * ```
 * @throws {ProtobufError} when the file would be 2 GiB or more, which no ONNX reader accepts.
 */
export function writeModel(model: OnnxModel): Uint8Array {
  const out = new ProtobufWriter()
    .int(1, model.irVersion)
    .string(2, model.producerName)
    .string(3, model.producerVersion)
    .message(7, graphMessage(model.graph));
  for (const [domain, version] of Object.entries(model.opsets)) {
    out.message(8, new ProtobufWriter().string(1, domain).int(2, version));
  }
  for (const [key, value] of Object.entries(model.metadata)) {
    out.message(14, new ProtobufWriter().string(1, key).string(2, value));
  }
  if (out.size >= 2 ** 31) {
    throw new ProtobufError(
      `Cannot write ONNX model "${model.graph.name}": it is ${out.size} bytes and an ONNX file holds less than ${
        2 ** 31
      }; use a smaller or a quantised model`,
    );
  }
  return out.finish();
}

/**
 * The model that bytes hold. Tensor data are views of `bytes`.
 *
 * @throws {ProtobufError} when the bytes are not an ONNX model, or hold something Weir does not read.
 */
export function readModel(bytes: Uint8Array): OnnxModel {
  const opsets: Record<string, number> = {};
  const metadata: Record<string, string> = {};
  let [irVersion, producerName, producerVersion] = [0, "", ""];
  let graph: OnnxGraph | undefined;
  each(new ProtobufReader(bytes), {
    1: (r, f) => irVersion = r.int(f),
    2: (r, f) => producerName = r.string(f),
    3: (r, f) => producerVersion = r.string(f),
    7: (r, f) => graph = readGraph(r.message(f)),
    8: (r, f) => {
      let [domain, version] = ["", 0];
      each(r.message(f), { 1: (r, f) => domain = r.string(f), 2: (r, f) => version = r.int(f) });
      opsets[domain] = version;
    },
    14: (r, f) => {
      let [key, value] = ["", ""];
      each(r.message(f), { 1: (r, f) => key = r.string(f), 2: (r, f) => value = r.string(f) });
      metadata[key] = value;
    },
  });
  if (!graph) throw new ProtobufError("Cannot read ONNX model: the file holds no graph");
  return { irVersion, opsets, producerName, producerVersion, metadata, graph };
}

// ---- writing ---------------------------------------------------------------------------------------------------------

function graphMessage(graph: OnnxGraph): ProtobufWriter {
  const out = new ProtobufWriter();
  for (const node of graph.nodes) out.message(1, nodeMessage(node));
  out.string(2, graph.name);
  for (const tensor of graph.initializers) out.message(5, tensorMessage(tensor));
  for (const value of graph.inputs) out.message(11, valueMessage(value));
  for (const value of graph.outputs) out.message(12, valueMessage(value));
  return out;
}

function nodeMessage(node: OnnxNode): ProtobufWriter {
  const out = new ProtobufWriter();
  for (const input of node.inputs) out.string(1, input);
  for (const output of node.outputs) out.string(2, output);
  if (node.name) out.string(3, node.name);
  out.string(4, node.opType);
  for (const [name, value] of Object.entries(node.attributes)) out.message(5, attributeMessage(name, value));
  if (node.domain) out.string(7, node.domain);
  return out;
}

/** `AttributeProto.AttributeType`. */
const kinds = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const;

function attributeMessage(name: string, value: OnnxAttributeValue): ProtobufWriter {
  const out = new ProtobufWriter().string(1, name);
  if (typeof value === "number") return out.int(3, value).int(20, kinds.int);
  if (typeof value === "string") return out.string(4, value).int(20, kinds.string);
  if (isInts(value)) {
    for (const int of value) out.int(8, int);
    return out.int(20, kinds.ints);
  }
  if ("float" in value) return out.float(2, value.float).int(20, kinds.float);
  if ("tensor" in value) return out.message(5, tensorMessage(value.tensor)).int(20, kinds.tensor);
  if ("floats" in value) {
    for (const float of value.floats) out.float(7, float);
    return out.int(20, kinds.floats);
  }
  for (const string of value.strings) out.string(9, string);
  return out.int(20, kinds.strings);
}

function isInts(value: OnnxAttributeValue): value is readonly number[] {
  return Array.isArray(value);
}

function tensorMessage(tensor: OnnxTensor): ProtobufWriter {
  const out = new ProtobufWriter();
  for (const dim of tensor.dims) out.int(1, dim);
  return out.int(2, onnxTypes[tensor.type].onnx).string(8, tensor.name).bytes(9, tensor.data);
}

function valueMessage(value: OnnxValue): ProtobufWriter {
  const shape = new ProtobufWriter();
  for (const dim of value.shape) {
    const message = new ProtobufWriter();
    if (typeof dim === "number") message.int(1, dim);
    else if (dim !== undefined) message.string(2, dim);
    shape.message(1, message);
  }
  const tensor = new ProtobufWriter().int(1, onnxTypes[value.type].onnx).message(2, shape);
  return new ProtobufWriter().string(1, value.name).message(2, new ProtobufWriter().message(1, tensor));
}

// ---- reading ---------------------------------------------------------------------------------------------------------

type Readers = Record<number, (reader: ProtobufReader, field: Field) => void>;
type Field = NonNullable<ReturnType<ProtobufReader["next"]>>;

function each(reader: ProtobufReader, readers: Readers): void {
  for (let field = reader.next(); field; field = reader.next()) {
    const read = readers[field.number];
    if (read) read(reader, field);
    else reader.skip(field);
  }
}

function readGraph(reader: ProtobufReader): OnnxGraph {
  let name = "";
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  each(reader, {
    1: (r, f) => nodes.push(readNode(r.message(f))),
    2: (r, f) => name = r.string(f),
    5: (r, f) => initializers.push(readTensor(r.message(f))),
    11: (r, f) => inputs.push(readValue(r.message(f))),
    12: (r, f) => outputs.push(readValue(r.message(f))),
    15: () => {
      throw new ProtobufError(`Cannot read ONNX graph ${show(name)}: sparse initializers are not supported`);
    },
  });
  return { name, nodes, initializers, inputs, outputs };
}

function readNode(reader: ProtobufReader): OnnxNode {
  let [opType, domain, name] = ["", "", ""];
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Record<string, OnnxAttributeValue> = {};
  each(reader, {
    1: (r, f) => inputs.push(r.string(f)),
    2: (r, f) => outputs.push(r.string(f)),
    3: (r, f) => name = r.string(f),
    4: (r, f) => opType = r.string(f),
    5: (r, f) => {
      const [key, value] = readAttribute(r.message(f));
      attributes[key] = value;
    },
    7: (r, f) => domain = r.string(f),
  });
  return { opType, domain: domain === "ai.onnx" ? "" : domain, name, inputs, outputs, attributes };
}

function readAttribute(reader: ProtobufReader): [string, OnnxAttributeValue] {
  let [name, string, type, float, int] = ["", "", 0, 0, 0];
  let tensor: OnnxTensor | undefined;
  const floats: number[] = [];
  const ints: number[] = [];
  const strings: string[] = [];
  each(reader, {
    1: (r, f) => name = r.string(f),
    2: (r, f) => float = r.float(f),
    3: (r, f) => int = r.int(f),
    4: (r, f) => string = r.string(f),
    5: (r, f) => tensor = readTensor(r.message(f)),
    7: (r, f) => r.floats(f, floats),
    8: (r, f) => r.ints(f, ints),
    9: (r, f) => strings.push(r.string(f)),
    20: (r, f) => type = r.int(f),
  });
  if (type === kinds.float) return [name, { float }];
  if (type === kinds.int) return [name, int];
  if (type === kinds.string) return [name, string];
  if (type === kinds.tensor && tensor) return [name, { tensor }];
  if (type === kinds.floats) return [name, { floats }];
  if (type === kinds.ints) return [name, ints];
  if (type === kinds.strings) return [name, { strings }];
  throw new ProtobufError(`Cannot read ONNX attribute ${show(name)}: its type ${type} is not supported`);
}

function readTensor(reader: ProtobufReader): OnnxTensor {
  let [name, code, location] = ["", 0, 0];
  const dims: number[] = [];
  const floats: number[] = [];
  const ints: number[] = [];
  let typed = false;
  let raw: Uint8Array | undefined;
  each(reader, {
    1: (r, f) => r.ints(f, dims),
    2: (r, f) => code = r.int(f),
    4: (r, f) => (typed = true, r.floats(f, floats)),
    5: (r, f) => (typed = true, r.ints(f, ints)),
    7: (r, f) => (typed = true, r.ints(f, ints)),
    8: (r, f) => name = r.string(f),
    9: (r, f) => raw = r.bytes(f),
    14: (r, f) => location = r.int(f),
  });
  const type = names.get(code);
  if (!type) {
    throw new ProtobufError(`Cannot read ONNX tensor ${show(name)}: its data type ${code} is not supported`);
  }
  if (location !== 0) {
    throw new ProtobufError(`Cannot read ONNX tensor ${show(name)}: its data are in another file`);
  }
  const size = dims.reduce((a, d) => a * d, 1);
  if (dims.some((d) => d < 0) || !Number.isSafeInteger(size)) {
    throw new ProtobufError(
      `Cannot read ONNX tensor ${show(name)}: its shape ${formatShape(dims)} is not one`,
    );
  }
  const data = raw ?? (typed ? pack(name, type, floats, ints) : new Uint8Array(0));
  const bytes = Math.ceil(size * onnxTypes[type].bits / 8);
  if (data.length !== bytes) {
    throw new ProtobufError(
      `Cannot read ONNX tensor ${show(name)}: ${type} ${
        formatShape(dims)
      } takes ${bytes} bytes, found ${data.length}`,
    );
  }
  return { name, type, dims, data };
}

/** Data that came in one of the typed fields, as raw bytes. */
function pack(name: string, type: OnnxType, floats: readonly number[], ints: readonly number[]): Uint8Array {
  const width = onnxTypes[type].bits / 8;
  const view = new DataView(new ArrayBuffer((type === "f32" ? floats : ints).length * width));
  if (type === "f32") floats.forEach((v, i) => view.setFloat32(4 * i, v, true));
  else if (type === "i64") ints.forEach((v, i) => view.setBigInt64(8 * i, BigInt(v), true));
  else if (width === 4) ints.forEach((v, i) => view.setInt32(4 * i, v, true));
  else if (width === 2) ints.forEach((v, i) => view.setUint16(2 * i, v, true));
  else if (width === 1) ints.forEach((v, i) => view.setUint8(i, v));
  else throw new ProtobufError(`Cannot read ONNX tensor ${show(name)}: ${type} is read from raw data only`);
  return new Uint8Array(view.buffer);
}

function readValue(reader: ProtobufReader): OnnxValue {
  let [name, code] = ["", 0];
  const shape: (number | string | undefined)[] = [];
  const dimension = (r: ProtobufReader) => {
    let dim: number | string | undefined;
    each(r, { 1: (r, f) => dim = r.int(f), 2: (r, f) => dim = r.string(f) });
    shape.push(dim === "" ? undefined : dim);
  };
  each(reader, {
    1: (r, f) => name = r.string(f),
    2: (r, f) =>
      each(r.message(f), {
        1: (r, f) =>
          each(r.message(f), {
            1: (r, f) => code = r.int(f),
            2: (r, f) => each(r.message(f), { 1: (r, f) => dimension(r.message(f)) }),
          }),
      }),
  });
  const type = names.get(code);
  if (!type) {
    throw new ProtobufError(
      `Cannot read ONNX value ${show(name)}: only tensors of known types are supported`,
    );
  }
  return { name, type, shape };
}
