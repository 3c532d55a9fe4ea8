/**
 * Nodes as WGSL expressions: the value of a node at an index, computed from the values of its operands at theirs.
 *
 * @module
 */
import type { DType } from "../../../graph/dtype.ts";
import { labelOf, type Node, type NodeOf } from "../../../graph/node.ts";
import { numeric } from "../../../graph/shape.ts";
import { BackendError } from "../../interface.ts";
import { isLiteral } from "../rules/nodes.ts";
import type { ElementScope, Index } from "../rules/element.ts";
import { elementRuleOf } from "../rules/elements.ts";
import { broadcastMap, type IndexMap, isIdentity, mergedDims } from "../rules/strides.ts";
import { type View, viewOf } from "../rules/view_of.ts";
import { computeTypes, extremum, type Lanes, literal, vectorType } from "./wgsl.ts";
import type { KernelWriter, Storage } from "./writer.ts";

/** What an expression may read: `storageOf` gives stored nodes of other kernels, `undefined` for what is computed here. */
export interface Reader {
  storageOf(node: Node): Storage | undefined;
}

/** The body of one WGSL function. */
export class Scope implements ElementScope {
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

  /** Gives a node's value at `index` as an expression. */
  define(node: Node, index: Index, expression: string): void {
    this.#known.set(keyOf(node, index), expression);
  }

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
    this.#lines.push(`${name}[${addressOf(index)}] = ${toStorage(value, storage, index.lanes)};`);
  }

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
    return this.eachLane(base, index, (lane) => this.value(base, this.#map(view, lane)));
  }

  throughStrides(node: Node, index: Index): string {
    const view = viewOf(node, (n) => n !== node && this.#reader.storageOf(n) !== undefined);
    return this.#through(view, index);
  }

  eachLane(node: Node, index: Index, at: (lane: Index) => string): string {
    const parts = [0, 1, 2, 3].map((l) => {
      if (l === 0) return at({ name: index.name, lanes: 1 });
      return at({ name: `(${index.name} + ${l}u)`, lanes: 1 });
    });
    return this.let(vectorType(computeTypes[node.dtype], 4), `vec4(${parts.join(", ")})`);
  }

  counter(index: Index): string {
    if (index.lanes === 1) return index.name;
    return this.once(
      `counter ${index.name}`,
      () => this.let("vec4<u32>", `vec4<u32>(${index.name}) + vec4<u32>(0u, 1u, 2u, 3u)`),
    );
  }

  number(dtype: DType, value: number, lanes: Lanes): string {
    return `${vectorType(computeTypes[dtype], lanes)}(${literal(dtype, value, this.#writer.needs)})`;
  }

  extremum(
    name: "max" | "min",
    values: readonly [string, string],
    of: { dtype: DType; lanes: Lanes },
  ): string {
    return extremum(name, values, { ...of, needs: this.#writer.needs });
  }

  once(key: string, make: () => string): string {
    let name = this.#known.get(key);
    if (name === undefined) this.#known.set(key, name = make());
    return name;
  }

  need(helper: string): void {
    this.#writer.needs.add(helper);
  }

  #splat(node: Node, scalar: string): string {
    return `${vectorType(computeTypes[node.dtype], 4)}(${scalar})`;
  }

  /** The index into the base of an index into the view. */
  #map(map: IndexMap, index: Index): Index {
    if (isIdentity(map)) return index;
    const dims = mergedDims(map);
    const name = this.once(
      `map ${JSON.stringify(dims)} ${map.offset} ${index.name}`,
      () => this.let("u32", affine(dims, map.offset, index.name)),
    );
    return { name, lanes: index.lanes };
  }

  #load(node: Node, storage: Storage, index: Index): string {
    const name = this.#writer.bind(storage, { lanes: index.lanes });
    const raw = `${name}[${addressOf(index)}]`;
    const type = vectorType(computeTypes[node.dtype], index.lanes);
    if (storage.dtype === "bool") return this.let(type, `${raw} != ${vectorType("u32", index.lanes)}(0u)`);
    return this.let(type, storage.dtype === "f16" ? `${type}(${raw})` : raw);
  }

  let(type: string, expression: string): string {
    const name = `v${this.#lines.length}`;
    this.#lines.push(`let ${name}: ${type} = ${expression};`);
    return name;
  }

  #compute(node: Node, index: Index): string {
    if (isLiteral(node)) {
      const { data } = (node as NodeOf<"constant">).attrs;
      return this.number(node.dtype, Number(data[0]), index.lanes);
    }
    const rule = elementRuleOf(node);
    if (!rule) {
      throw new BackendError(`Cannot compile ${labelOf(node)}: it is not stored where a kernel reads it`);
    }
    if (rule.kind !== "pointwise") {
      return rule.element ? rule.element(node as never, index, this) : this.throughStrides(node, index);
    }
    const operands = node.inputs.map((u) => this.operand(u, numeric(node.shape), index));
    const type = vectorType(computeTypes[node.dtype], index.lanes);
    return this.let(
      type,
      rule.expression(operands, { node: node as never, lanes: index.lanes, scope: this }),
    );
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

function addressOf(index: Index): string {
  return index.lanes === 1 ? index.name : `${index.name} >> 2u`;
}

function toStorage(value: string, storage: Storage, lanes: Lanes): string {
  if (storage.dtype === "bool") {
    const u = vectorType("u32", lanes);
    return `select(${u}(0u), ${u}(1u), ${value})`;
  }
  return storage.dtype === "f16" ? `${vectorType("f16", lanes)}(${value})` : value;
}
