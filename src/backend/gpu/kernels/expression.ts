/**
 * Nodes as WGSL expressions: the value of a node at an index, computed from the values of its operands at theirs.
 *
 * @module
 */
import { labelOf, type Node } from "../../../graph/node.ts";
import { numeric, sizeOf } from "../../../graph/shape.ts";
import { BackendError } from "../../interface.ts";
import { isAnchor } from "../anchors.ts";
import { broadcastMap, type IndexMap, isIdentity, mergedDims, type View, viewOf } from "../views.ts";
import { computeTypes, type Lanes, literal, vectorType } from "./wgsl.ts";
import type { KernelWriter, Storage } from "./writer.ts";

/** An element's number in a node's row-major order; with four lanes that element and the next three, a multiple of 4. */
export interface Index {
  readonly name: string;
  readonly lanes: Lanes;
}

/** What an expression may read: `storageOf` gives stored nodes of other kernels, `undefined` for what is computed here. */
export interface Reader {
  storageOf(node: Node): Storage | undefined;
}

/** The body of one WGSL function. */
export class Scope {
  readonly #writer: KernelWriter;
  readonly #reader: Reader;
  readonly #lines: string[] = [];
  readonly #known = new Map<string, string>();

  constructor(writer: KernelWriter, reader: Reader) {
    this.#writer = writer;
    this.#reader = reader;
  }

  /** The statements so far. */
  get text(): string {
    return this.#lines.map((l) => `  ${l}`).join("\n");
  }

  /** Says that a node's value at `index` is at hand as `expression`. */
  define(node: Node, index: Index, expression: string): void {
    this.#known.set(keyOf(node, index), expression);
  }

  /** The node's value at `index`, as the name of a variable or a literal. */
  value(node: Node, index: Index): string {
    const key = keyOf(node, index);
    const known = this.#known.get(key);
    if (known) return known;
    const storage = this.#reader.storageOf(node);
    const name = storage ? this.#load(node, storage, index) : this.#compute(node, index);
    this.#known.set(key, name);
    return name;
  }

  /** Writes a node's value to its storage. */
  store(node: Node, storage: Storage, index: Index): void {
    const value = this.value(node, index);
    const name = this.#writer.bind(storage, { lanes: index.lanes, write: true });
    this.#lines.push(`${name}[${place(index)}] = ${toStorage(value, storage, index.lanes)};`);
  }

  /** `u`, broadcast to `shape`, at an index into that shape. */
  operand(u: Node, shape: readonly number[], index: Index): string {
    const view = viewOf(u, (n) => this.#reader.storageOf(n) !== undefined);
    return this.#through({ ...view, ...broadcastMap(view, shape) }, index);
  }

  #through(view: View, index: Index): string {
    const { base } = view;
    const dims = mergedDims(view);
    if (index.lanes === 1) return this.value(base, this.#map(view, index));
    const inner = dims.at(-1);
    const whole = inner !== undefined && inner.size % 4 === 0;
    if (!inner || (whole && inner.stride === 0)) {
      const scalar = this.value(base, this.#map(view, { name: index.name, lanes: 1 }));
      return this.#splat(base, scalar);
    }
    const aligned = dims.slice(0, -1).every((d) => d.stride % 4 === 0) && view.offset % 4 === 0;
    if (whole && inner.stride === 1 && aligned) return this.value(base, this.#map(view, index));
    return this.#lanes(base, index, (lane) => this.value(base, this.#map(view, lane)));
  }

  /** Four scalars side by side. */
  #lanes(node: Node, index: Index, at: (lane: Index) => string): string {
    const parts = [0, 1, 2, 3].map((l) => {
      if (l === 0) return at({ name: index.name, lanes: 1 });
      return at({ name: `(${index.name} + ${l}u)`, lanes: 1 });
    });
    return this.#let(vectorType(computeTypes[node.dtype], 4), `vec4(${parts.join(", ")})`);
  }

  #splat(node: Node, scalar: string): string {
    return `${vectorType(computeTypes[node.dtype], 4)}(${scalar})`;
  }

  /** The index into the base of an index into the view. */
  #map(map: IndexMap, index: Index): Index {
    if (isIdentity(map)) return index;
    const dims = mergedDims(map);
    const key = `map ${JSON.stringify(dims)} ${map.offset} ${index.name}`;
    let name = this.#known.get(key);
    if (!name) {
      this.#known.set(key, name = this.#let("u32", affine(dims, map.offset, index.name)));
    }
    return { name, lanes: index.lanes };
  }

  #load(node: Node, storage: Storage, index: Index): string {
    const name = this.#writer.bind(storage, { lanes: index.lanes });
    const raw = `${name}[${place(index)}]`;
    const type = vectorType(computeTypes[node.dtype], index.lanes);
    if (storage.dtype === "bool") return this.#let(type, `${raw} != ${vectorType("u32", index.lanes)}(0u)`);
    return this.#let(type, storage.dtype === "f16" ? `${type}(${raw})` : raw);
  }

  #let(type: string, expression: string): string {
    const name = `v${this.#lines.length}`;
    this.#lines.push(`let ${name}: ${type} = ${expression};`);
    return name;
  }

  #compute(node: Node, index: Index): string {
    const type = vectorType(computeTypes[node.dtype], index.lanes);
    const shape = numeric(node.shape);
    if (isAnchor(node) || node.op === "input" || node.op === "state") {
      throw new BackendError(`Cannot compile ${labelOf(node)}: it is not stored where a kernel reads it`);
    }
    switch (node.op) {
      case "constant":
        return `${type}(${literal(node.dtype, Number(node.attrs.data[0]), this.#writer.needs)})`;
      case "transpose":
      case "broadcast":
      case "slice":
        return this.#through(
          viewOf(node, (n) => n !== node && this.#reader.storageOf(n) !== undefined),
          index,
        );
      case "reshape":
        return this.operand(node.inputs[0], numeric(node.inputs[0].shape), index);
      case "pad":
      case "concat":
        return this.#joined(node, index);
      case "iota": {
        const inner = sizeOf(shape.slice(node.attrs.axis + 1));
        const u = vectorType("u32", index.lanes);
        const at = `(${this.#counter(index)} / ${u}(${inner}u)) % ${u}(${shape[node.attrs.axis]}u)`;
        return this.#let(type, `${type}(${at})`);
      }
      case "random":
        return this.#random(node, index);
      case "gather":
        return this.#gather(node, index);
      default: {
        const operands = node.inputs.map((u) => this.operand(u, shape, index));
        return this.#let(type, this.#pointwise(node, operands, index.lanes));
      }
    }
  }

  #pointwise(node: Node, [x, y, z]: readonly string[], lanes: Lanes): string {
    const of = (value: number) =>
      `${vectorType(computeTypes[node.dtype], lanes)}(${literal(node.dtype, value, this.#writer.needs)})`;
    switch (node.op) {
      case "neg":
        return node.dtype === "u32" ? `${of(0)} - ${x}` : `-${x}`;
      case "abs":
      case "exp":
      case "log":
      case "sqrt":
        return `${node.op}(${x})`;
      case "tanh":
        // Drivers compute it from exponentials, which overflow far out.
        return `tanh(clamp(${x}, ${of(-15)}, ${of(15)}))`;
      case "erf":
        this.#writer.needs.add(`erf${lanes}`);
        return `erf${lanes}(${x})`;
      case "gelu": {
        if (node.attrs.approximate === "none") {
          this.#writer.needs.add(`erf${lanes}`);
          return `${of(0.5)} * ${x} * (${of(1)} + erf${lanes}(${x} * ${of(Math.SQRT1_2)}))`;
        }
        const inner = `${of(Math.sqrt(2 / Math.PI))} * (${x} + ${of(0.044715)} * ${x} * ${x} * ${x})`;
        return `${of(0.5)} * ${x} * (${of(1)} + tanh(clamp(${inner}, ${of(-15)}, ${of(15)})))`;
      }
      case "cast":
        return this.#cast(node, x, lanes);
      case "add":
        return `${x} + ${y}`;
      case "sub":
        return `${x} - ${y}`;
      case "mul":
        return `${x} * ${y}`;
      case "div":
        return `${x} / ${y}`;
      case "max":
      case "min":
        return `${node.op}(${x}, ${y})`;
      case "less":
        return `${x} < ${y}`;
      case "equal":
        return `${x} == ${y}`;
      case "where":
        return `select(${z}, ${y}, ${x})`;
      default:
        throw new BackendError(`Cannot compile ${labelOf(node)}: WebGPU has no kernel for "${node.op}"`);
    }
  }

  #cast(node: Node, x: string, lanes: Lanes): string {
    const from = node.inputs[0].dtype;
    const type = vectorType(computeTypes[node.dtype], lanes);
    if (node.dtype === "bool") return `${x} != ${vectorType(computeTypes[from], lanes)}(0)`;
    if (from === "bool") return `select(${type}(0), ${type}(1), ${x})`;
    if (node.dtype === "f16" && from !== "f16") {
      this.#writer.needs.add("f16");
      return `${type}(${vectorType("f16", lanes)}(${x}))`;
    }
    return `${type}(${x})`;
  }

  /** The element numbers themselves. */
  #counter(index: Index): string {
    if (index.lanes === 1) return index.name;
    const key = `counter ${index.name}`;
    let name = this.#known.get(key);
    if (!name) {
      name = this.#let("vec4<u32>", `vec4<u32>(${index.name}) + vec4<u32>(0u, 1u, 2u, 3u)`);
      this.#known.set(key, name);
    }
    return name;
  }

  #random(node: Node & { op: "random" }, index: Index): string {
    this.#writer.needs.add("mix");
    const key = this.operand(node.inputs[0], [], { name: "0u", lanes: 1 });
    const seed = `seed ${key} ${node.attrs.stream}`;
    let base = this.#known.get(seed);
    if (!base) {
      const step = `${Math.imul(node.attrs.stream, 0x9e3779b9) >>> 0}u`;
      this.#known.set(seed, base = this.#let("u32", `mix_bits(${key} + ${step})`));
    }
    const bits = (at: string) => `mix_bits(${at} * 0x85ebca6bu + ${base})`;
    if (index.lanes === 1) return this.#let("u32", bits(index.name));
    const counter = this.#counter(index);
    return this.#let(
      "vec4<u32>",
      `vec4<u32>(${["x", "y", "z", "w"].map((c) => bits(`${counter}.${c}`)).join(", ")})`,
    );
  }

  #gather(node: Node & { op: "gather" }, index: Index): string {
    const [table, indices] = node.inputs;
    const width = sizeOf(numeric(table.shape).slice(1));
    if (index.lanes === 4 && width % 4 !== 0) {
      return this.#lanes(node, index, (lane) => this.value(node, lane));
    }
    const token = this.#let("u32", `${index.name} / ${width}u`);
    const row = this.operand(indices, numeric(indices.shape), { name: token, lanes: 1 });
    const at = this.#let("u32", `u32(${row}) * ${width}u + ${index.name} % ${width}u`);
    return this.operand(table, numeric(table.shape), { name: at, lanes: index.lanes });
  }

  /** `pad` and `concat`: parts side by side along an axis, zeros between. */
  #joined(node: Node & { op: "pad" | "concat" }, index: Index): string {
    const shape = numeric(node.shape);
    const { axis } = node.attrs;
    const inner = sizeOf(shape.slice(axis + 1));
    const row = shape[axis] * inner;
    let start = node.op === "pad" ? Number(node.attrs.before) * inner : 0;
    const parts = node.inputs.map((u) => {
      const width = numeric(u.shape)[axis] * inner;
      const part = { u, start, width };
      start += width;
      return part;
    });
    if (index.lanes === 4 && (row % 4 !== 0 || parts.some((p) => p.start % 4 !== 0 || p.width % 4 !== 0))) {
      return this.#lanes(node, index, (lane) => this.value(node, lane));
    }
    const type = vectorType(computeTypes[node.dtype], index.lanes);
    const at = this.#let("u32", `${index.name} % ${row}u`);
    let result = `${type}(${literal(node.dtype, 0, this.#writer.needs)})`;
    for (const { u, start, width } of parts) {
      const inside = this.#let("bool", `${at} >= ${start}u && ${at} < ${start + width}u`);
      const from = `${index.name} / ${row}u * ${width}u + ${at} - ${start}u`;
      const name = this.#let("u32", `select(0u, ${from}, ${inside})`);
      const value = this.operand(u, numeric(u.shape), { name, lanes: index.lanes });
      result = this.#let(type, `select(${result}, ${value}, ${inside})`);
    }
    return result;
  }
}

/** The number of an element along strided dimensions, outermost first, of element `i` of their product. */
export function affine(
  dims: readonly { readonly size: number; readonly stride: number }[],
  offset: number,
  i: string,
): string {
  const terms: string[] = [];
  let below = 1;
  for (let d = dims.length - 1; d >= 0; d--) {
    const { size, stride } = dims[d];
    if (stride !== 0) {
      const quotient = below === 1 ? i : `${i} / ${below}u`;
      const coordinate = d === 0 ? quotient : below === 1 ? `${i} % ${size}u` : `(${quotient}) % ${size}u`;
      terms.unshift(stride === 1 ? coordinate : `(${coordinate}) * ${stride}u`);
    }
    below *= size;
  }
  if (offset !== 0 || terms.length === 0) terms.push(`${offset}u`);
  return terms.join(" + ");
}

function keyOf(node: Node, index: Index): string {
  return `${node.id} ${index.name} ${index.lanes}`;
}

function place(index: Index): string {
  return index.lanes === 1 ? index.name : `${index.name} >> 2u`;
}

function toStorage(value: string, storage: Storage, lanes: Lanes): string {
  if (storage.dtype === "bool") {
    const u = vectorType("u32", lanes);
    return `select(${u}(0u), ${u}(1u), ${value})`;
  }
  return storage.dtype === "f16" ? `${vectorType("f16", lanes)}(${value})` : value;
}
