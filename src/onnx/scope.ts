/**
 * What op rules write ONNX with: fresh names, shared constants, and shapes that are computed at run time only where
 * they must be.
 *
 * @module
 */
import type { OnnxAttribute, OnnxScope } from "../graph/op_spec.ts";
import { type DType, typedArray } from "../graph/dtype.ts";
import { type Dim, type Shape, ShapeError, sizeOf, stridesOf, termsOf } from "../graph/shape.ts";
import type { OnnxNode, OnnxTensor } from "./model.ts";

/** Where a symbol's value is found at run time: dimension `axis` of graph input `value` is `coefficient` times it. */
export interface SymbolSource {
  readonly value: string;
  readonly axis: number;
  readonly coefficient: number;
}

/** An `OnnxScope` that collects nodes and initializers. */
export class GraphScope implements OnnxScope {
  readonly nodes: OnnxNode[] = [];
  readonly #initializers = new Map<string, OnnxTensor>();
  readonly #constants = new Map<number, OnnxTensor[]>();
  readonly #shapes = new Map<string, Shape>();
  readonly #types = new Map<string, Shape>();
  readonly #computed = new Map<string, string>();
  readonly #transposed = new Map<string, string>();
  readonly #names = new Set<string>();
  readonly #sources: ReadonlyMap<string, SymbolSource>;
  #label = "";

  /** @param sources Where each symbol is read from. */
  constructor(sources: ReadonlyMap<string, SymbolSource>) {
    this.#sources = sources;
  }

  /** A name no other value has: `wanted`, or that with a number. */
  name(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#names.has(name); i++) name = `${wanted}_${i}`;
    this.#names.add(name);
    return name;
  }

  /** The label that names of the nodes to come begin with. */
  set label(label: string) {
    this.#label = label;
  }

  /** Records the shape of a value, which lets `Reshape` keep its dimensions without computing them. */
  describe(value: string, shape: Shape): void {
    this.#types.set(value, shape);
  }

  /** Adds a tensor under its own name. */
  initializer(tensor: OnnxTensor): void {
    this.#initializers.set(tensor.name, tensor);
  }

  /** Whether a tensor was added under this name. */
  isInitializer(name: string): boolean {
    return this.#initializers.has(name);
  }

  /** The tensors that `names` refers to, of all that were made. */
  initializers(names: ReadonlySet<string>): OnnxTensor[] {
    return [...this.#initializers.values()].filter((t) => names.has(t.name));
  }

  emit(
    opType: string,
    inputs: readonly string[],
    options: { attrs?: Record<string, OnnxAttribute>; domain?: string } = {},
  ): string {
    if (opType === "Transpose") {
      const folded = this.#foldTranspose(inputs[0], options.attrs?.perm as readonly number[]);
      if (folded) return folded;
    }
    const resolved = inputs.map((input, i) => {
      const shape = this.#shapes.get(input);
      if (!shape) return input;
      const target = opType === "Reshape" && i === 1
        ? reshapeTarget(this.#types.get(inputs[0]), shape)
        : undefined;
      return target ? this.constant("i64", [target.length], target) : this.#compute(shape);
    });
    return this.#append(opType, resolved, options);
  }

  constant(dtype: DType | "i64", shape: readonly number[], values: ArrayLike<number>): string {
    const array = dtype === "i64"
      ? BigInt64Array.from(values as number[], (v) => BigInt(v))
      : typedArray(dtype, values);
    const data = littleEndian(array);
    const hash = fingerprint(dtype, shape, data);
    const bucket = this.#constants.get(hash) ?? [];
    const known = bucket.find((t) =>
      t.type === dtype && equal(t.dims, shape) && equal(words(t.data), words(data))
    );
    if (known) return known.name;
    const tensor: OnnxTensor = { name: this.name("constant"), type: dtype, dims: [...shape], data };
    this.#constants.set(hash, [...bucket, tensor]);
    this.initializer(tensor);
    return tensor.name;
  }

  /** A constant where the shape is numeric; else a token that `emit` turns into a constant or a computed value. */
  shape(shape: Shape): string {
    if (shape.every((d) => typeof d === "number")) {
      return this.constant("i64", [shape.length], shape as number[]);
    }
    const token = `shape:${shape.join(",")}`;
    this.#shapes.set(token, shape);
    return token;
  }

  #append(
    opType: string,
    inputs: readonly string[],
    options: { attrs?: Record<string, OnnxAttribute>; domain?: string } = {},
  ): string {
    const name = this.name(this.#label ? `${this.#label}/${opType}` : opType);
    const { attrs = {}, domain = "" } = options;
    this.nodes.push({ opType, domain, name, inputs, outputs: [name], attributes: attrs });
    return name;
  }

  #once(key: string, make: () => string): string {
    const known = this.#computed.get(key);
    if (known) return known;
    const label = this.#label;
    this.#label = "shape";
    const value = make();
    this.#label = label;
    this.#computed.set(key, value);
    return value;
  }

  /** The shape as a 1-D int64 tensor made at run time. */
  #compute(shape: Shape): string {
    return this.#once(`[${shape.join(",")}]`, () => {
      const parts = shape.map((dim) => this.#dim(dim));
      return parts.length === 1 ? parts[0] : this.#append("Concat", parts, { attrs: { axis: 0 } });
    });
  }

  /** One dimension as an int64 tensor of shape [1]. */
  #dim(dim: Dim): string {
    return this.#once(String(dim), () => {
      const terms = termsOf(dim).map(({ coefficient, symbols }) => {
        const factors = symbols.map((symbol) => this.#symbol(symbol));
        if (coefficient !== 1 || factors.length === 0) factors.push(this.constant("i64", [1], [coefficient]));
        return factors.reduce((a, b) => this.#append("Mul", [a, b]));
      });
      return terms.length === 0
        ? this.constant("i64", [1], [0])
        : terms.reduce((a, b) => this.#append("Add", [a, b]));
    });
  }

  #symbol(symbol: string): string {
    return this.#once(symbol, () => {
      const source = this.#sources.get(symbol);
      if (!source) {
        throw new ShapeError(
          `Cannot export dimension "${symbol}": no input has it as a dimension, so its size is not known at run time`,
        );
      }
      const { value, axis, coefficient } = source;
      const size = this.#append("Shape", [value], { attrs: { start: axis, end: axis + 1 } });
      return coefficient === 1 ? size : this.#append("Div", [size, this.constant("i64", [1], [coefficient])]);
    });
  }

  /** The transpose of a tensor that is part of the file is part of the file. */
  #foldTranspose(name: string, perm: readonly number[]): string | undefined {
    const tensor = this.#initializers.get(name);
    if (!tensor || perm.length !== tensor.dims.length) return undefined;
    const key = `${name}|${perm.join(",")}`;
    const known = this.#transposed.get(key);
    if (known) return known;
    const folded = { ...transpose(tensor, perm), name: this.name(`${name}.transposed`) };
    this.initializer(folded);
    this.#transposed.set(key, folded.name);
    return folded.name;
  }
}

/** A constant target for `Reshape`: 0 keeps the input's dimension, one -1 takes what is left. */
function reshapeTarget(from: Shape | undefined, to: Shape): number[] | undefined {
  const kept = to.map((dim, i) => typeof dim === "string" && from?.[i] === dim ? 0 : dim);
  const open = kept.filter((dim) => typeof dim === "string").length;
  if (open > 1 || to.some((dim) => dim === 0)) return undefined;
  return kept.map((dim) => typeof dim === "string" ? -1 : dim);
}

/** Any typed array's bytes, little-endian as ONNX wants them (as every platform Deno runs on has them). */
export function littleEndian(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function transpose(tensor: OnnxTensor, perm: readonly number[]): OnnxTensor {
  const size = sizeOf(tensor.dims);
  const width = size === 0 ? 0 : tensor.data.length / size;
  const strides = stridesOf(tensor.dims);
  const dims = perm.map((p) => tensor.dims[p]);
  const steps = perm.map((p) => strides[p] * width);
  const data = new Uint8Array(tensor.data.length);
  const index = new Array<number>(dims.length).fill(0);
  let from = 0;
  for (let to = 0; to < data.length; to += width) {
    for (let b = 0; b < width; b++) data[to + b] = tensor.data[from + b];
    for (let d = dims.length - 1; d >= 0; d--) {
      from += steps[d];
      if (++index[d] < dims[d]) break;
      from -= steps[d] * dims[d];
      index[d] = 0;
    }
  }
  return { ...tensor, dims, data };
}

function equal(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The bytes as words where they can be: constants of a million elements are compared and hashed. */
function words(data: Uint8Array): Uint8Array | Uint32Array {
  const whole = data.byteOffset % 4 === 0 && data.length % 4 === 0;
  return whole ? new Uint32Array(data.buffer, data.byteOffset, data.length / 4) : data;
}

/** FNV-1a over type, shape and content: which bucket to look in. */
function fingerprint(dtype: string, shape: readonly number[], data: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const char of `${dtype}${shape}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  const content = words(data);
  for (let i = 0; i < content.length; i++) hash = Math.imul(hash ^ content[i], 0x01000193);
  return hash;
}
