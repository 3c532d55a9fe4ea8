/**
 * The functions that a group adds to its kernel: those that load what is computed on the way in, and `finish`, which takes each
 * result and stores what is made of it.
 *
 * @module
 */
import type { DType } from "../../../graph/dtype.ts";
import { labelOf, type Node } from "../../../graph/node.ts";
import { numeric } from "../../../graph/shape.ts";
import type { Group } from "../plan/group.ts";
import type { Tuning } from "../tuning/tuning.ts";
import { type Reader, Scope } from "./expression.ts";
import { computeTypes, type Lanes, storageTypes, vectorType } from "./wgsl.ts";
import { type Kernel, KernelWriter, type Storage, workgroupsFor } from "./writer.ts";

/** What kernels are generated with. */
export interface Lowering {
  /** The memory of a node that is stored; `undefined` for one that is inline. */
  storageOf(node: Node): Storage | undefined;
  /** Memory that lives as long as the group's kernels. */
  scratch(label: string, dtype: DType, elements: number): Storage;
  /** Memory that holds these words. */
  table(label: string, values: readonly number[]): Storage;
  /** Workgroups it takes to fill the device. */
  readonly parallelism: number;
  /** Whether short kernels matter more than fast ones. */
  readonly software: boolean;
  /** Whether the device's language has no dot product of packed 8-bit levels; it has one by default. */
  readonly emulatesDots?: boolean;
  readonly maxBuffers: number;
  readonly maxWorkgroupBytes: number;
  /** Most bytes of a scratch: results that are made in parts are made in fewer where it does not hold them. */
  readonly maxScratchBytes: number;
  /** What was measured on this device. */
  readonly tuning?: Tuning;
}

/** Everything one kernel of a group is written with. */
export class GroupWriter {
  readonly writer = new KernelWriter();
  readonly #group: Group;
  readonly #lowering: Lowering;
  readonly #reader: Reader;
  #finishCost = 0;

  constructor(group: Group, lowering: Lowering) {
    this.#group = group;
    this.#lowering = lowering;
    this.#reader = {
      storageOf: (n) => group.nodes.has(n) || group.prologue.has(n) ? undefined : lowering.storageOf(n),
    };
  }

  /** Declares `fn name(i: u32) -> T`: the elements of `node` from i on. */
  declareLoad(name: string, node: Node, lanes: Lanes): void {
    const scope = new Scope(this.writer, this.#reader);
    const index = { name: "i", lanes };
    const type = vectorType(computeTypes[node.dtype], lanes);
    const value = scope.operand(node, numeric(node.shape), index);
    this.writer.declare(`fn ${name}(i: u32) -> ${type} {\n${scope.text}\n  return ${value};\n}`);
  }

  /**
   * Declares `fn finish(i: u32, x: T)`: takes the anchor's elements from i on, and stores the group's outputs but for those
   * that the kernel makes otherwise. For several elements at `once` it is `finish(i0, x0, i1, x1, ...)`, which reads for
   * all of them before it stores anything.
   */
  declareFinish(lanes: Lanes, options: { once?: number; except?: ReadonlySet<Node> } = {}): void {
    const { once = 1, except } = options;
    const anchor = this.#group.anchor!;
    const type = vectorType(computeTypes[anchor.dtype], lanes);
    const scope = new Scope(this.writer, this.#reader);
    const names = argumentNames(once);
    for (const { i, x } of names) {
      scope.define(anchor, { name: i, lanes }, x);
      if (lanes === 1) continue;
      ["x", "y", "z", "w"].forEach((c, l) => scope.define(anchor, lane(i, l), `${x}.${c}`));
    }
    this.#store(scope, lanes, names.map(({ i }) => i), except);
    const parameters = names.map(({ i, x }) => `${i}: u32, ${x}: ${type}`).join(", ");
    this.writer.declare(`fn finish(${parameters}) {\n${scope.text}\n}`);
    const dear = scope.text.match(/\b(erf[14]|mix_bits|exp|tanh)\(/g)?.length ?? 0;
    this.#finishCost = (scope.text.split("\n").length + 4 * dear) / once;
  }

  /** About how many statements the `finish` that was declared takes for each element. */
  get finishCost(): number {
    return this.#finishCost;
  }

  /**
   * Declares `fn finish(i: u32, x: T)`, or for several elements at `once`, that only puts partial results into scratch memory.
   */
  declareScratchFinish(scratch: Storage, lanes: Lanes, once = 1): void {
    const type = vectorType(storageTypes[scratch.dtype], lanes);
    const name = this.writer.bind(scratch, { lanes, write: true });
    const names = argumentNames(once);
    const parameters = names.map(({ i, x }) => `${i}: u32, ${x}: ${type}`).join(", ");
    const stores = names.map(({ i, x }) => `  ${name}[${lanes === 4 ? `${i} >> 2u` : i}] = ${x};`);
    this.writer.declare(`fn finish(${parameters}) {\n${stores.join("\n")}\n}`);
  }

  /** Declares `fn name(i: u32) -> T` that reads partial results back. */
  declareScratchLoad(name: string, scratch: Storage, lanes: Lanes): void {
    const type = vectorType(storageTypes[scratch.dtype], lanes);
    const binding = this.writer.bind(scratch, { lanes });
    const at = lanes === 4 ? "i >> 2u" : "i";
    this.writer.declare(`fn ${name}(i: u32) -> ${type} {\n  return ${binding}[${at}];\n}`);
  }

  /** The whole kernel of a group without an anchor. */
  pointwise(lanes: Lanes): Kernel {
    const scope = new Scope(this.writer, this.#reader);
    this.#store(scope, lanes, ["i"]);
    const out = this.writer.bind(this.#lowering.storageOf(this.#group.outputs[0])!, { lanes });
    const main = `@compute @workgroup_size(${pointwiseThreads})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let n = id.x + id.y * groups.x * ${pointwiseThreads}u;
  if (n >= arrayLength(&${out})) { return; }
  let i = ${lanes === 4 ? "n * 4u" : "n"};
${scope.text}
}`;
    const count = Math.ceil(this.#group.size / lanes / pointwiseThreads);
    return this.writer.kernel(nameOf(this.#group), main, workgroupsFor(count));
  }

  /** Whether each storage that is written has one binding, and there are not too many. */
  get isValid(): boolean {
    return this.writer.isConsistent && this.writer.bindingCount <= this.#lowering.maxBuffers;
  }

  #store(scope: Scope, lanes: Lanes, indices: readonly string[], except?: ReadonlySet<Node>): void {
    const outputs = this.#group.outputs.filter((n) => !except?.has(n));
    // All values before the first store: an output may lie in the state it is computed from.
    for (const name of indices) for (const node of outputs) scope.value(node, { name, lanes });
    for (const name of indices) {
      for (const node of outputs) scope.store(node, this.#lowering.storageOf(node)!, { name, lanes });
    }
  }
}

const pointwiseThreads = 64;

function lane(i: string, l: number): { name: string; lanes: Lanes } {
  return { name: l === 0 ? i : `(${i} + ${l}u)`, lanes: 1 };
}

function argumentNames(count: number): { i: string; x: string }[] {
  if (count === 1) return [{ i: "i", x: "x" }];
  return Array.from({ length: count }, (_, n) => ({ i: `i${n}`, x: `x${n}` }));
}

/** Makes a kernel with four lanes if it may have them and one if not, or if four do not work out. */
export function widest(
  group: Group,
  lowering: Lowering,
  mayBeWide: boolean,
  write: (w: GroupWriter, lanes: Lanes) => Kernel,
): Kernel {
  if (mayBeWide) {
    const w = new GroupWriter(group, lowering);
    const kernel = write(w, 4);
    if (w.isValid) return kernel;
  }
  return write(new GroupWriter(group, lowering), 1);
}

/** What a kernel is called: its ops, its shape and the label of what it computes. */
export function nameOf(group: Group): string {
  const main = group.anchor ?? group.outputs[0];
  const ops = [
    ...new Set([...group.nodes].sort((a, b) => a.id - b.id).filter((n) => n !== main).map((n) => n.op)),
  ];
  const more = ops.length > 3 ? `${ops.slice(0, 3).join("+")}+${ops.length - 3} more` : ops.join("+");
  return `${labelOf(main)} [${main.shape.join("x")}]${more ? ` +${more}` : ""}`;
}

/** The smallest power of two that is at least `x`. */
export function powerOfTwo(x: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(x)));
}
