/**
 * Puts the text of a kernel together: its bindings, helpers, functions and entry point.
 *
 * @module
 */
import type { DType } from "../../../graph/dtype.ts";
import { BackendError } from "../../interface.ts";
import { helpers, type Lanes, storageBytes, storageTypes, vectorType } from "./wgsl.ts";

/** Memory that kernels read and write. */
export interface Storage {
  /** What messages and plans call it. */
  readonly label: string;
  readonly dtype: DType;
  readonly elements: number;
  /** What it is a part of, and the byte it begins at there. */
  readonly within?: { readonly storage: Storage; readonly offset: number };
}

/** The bytes of memory that a storage is: those from `begin` to `end` of what is part of nothing else. */
export interface Extent {
  readonly root: Storage;
  readonly begin: number;
  readonly end: number;
}

/** Where a storage lies. */
export function extentOf(storage: Storage): Extent {
  const size = storage.elements * storageBytes(storage.dtype);
  let [root, begin] = [storage, 0];
  while (root.within) {
    begin += root.within.offset;
    root = root.within.storage;
  }
  return { root, begin, end: begin + size };
}

/** A storage as one kernel sees it; its place in the list is its binding's number. */
export interface Binding {
  readonly storage: Storage;
  readonly lanes: Lanes;
  readonly writes: boolean;
  /** Whether it is only read but lies in a buffer that the kernel writes, and so is bound as if it were written. */
  readonly shared?: boolean;
}

/** A finished kernel and how it is launched; `wgslOf` gives its text. */
export interface Kernel {
  readonly name: string;
  /** Its text but for the bindings, which stand between the two. */
  readonly code: { readonly directives: readonly string[]; readonly body: string };
  readonly bindings: readonly Binding[];
  readonly workgroups: readonly [number, number, number];
  /** Floating-point operations of a launch, if its group's shapes do not say. */
  readonly flops?: number;
  /** Bytes read and written by a launch, if its bindings' sizes do not say. */
  readonly bytes?: number;
}

/** The text of a kernel. */
export function wgslOf({ code, bindings }: Kernel): string {
  const declared = bindings.map(({ storage, lanes, writes, shared }, i) => {
    const type = vectorType(storageTypes[storage.dtype], lanes);
    return `@group(0) @binding(${i}) var<storage, ${
      writes || shared ? "read_write" : "read"
    }> b${i}: array<${type}>;`;
  });
  return [...code.directives, ...declared, code.body].join("\n");
}

/** The most workgroups of a dimension that WebGPU guarantees. */
export const maxWorkgroups = 65535;

/** How `count` workgroups are dispatched, over x and y: kernels number them `x + y * columns`, and those beyond return. */
export function workgroupsFor(count: number): [number, number, number] {
  if (count <= maxWorkgroups) return [Math.max(count, 1), 1, 1];
  const rows = Math.ceil(count / maxWorkgroups);
  return [Math.ceil(count / rows), rows, 1];
}

/** Collects the parts of one kernel. */
export class KernelWriter {
  readonly needs = new Set<string>();
  readonly #bindings: { storage: Storage; lanes: Lanes; writes: boolean }[] = [];
  readonly #declarations: string[] = [];

  /** The WGSL name of a storage's binding. A storage that is written has one binding only. */
  bind(storage: Storage, options: { lanes: Lanes; write?: boolean }): string {
    const write = options.write ?? false;
    let at = this.#bindings.findIndex((b) => b.storage === storage && b.lanes === options.lanes);
    if (at < 0) at = this.#bindings.push({ storage, lanes: options.lanes, writes: write }) - 1;
    if (write) this.#bindings[at].writes = true;
    if (storage.dtype === "f16") this.needs.add("f16");
    return `b${at}`;
  }

  get bindingCount(): number {
    return this.#bindings.length;
  }

  /** Whether no storage that is written has a second binding. */
  get isConsistent(): boolean {
    return this.#bindings.every((b) =>
      !b.writes || this.#bindings.every((o) => o === b || o.storage !== b.storage)
    );
  }

  /** Adds a declaration at module scope. */
  declare(text: string): void {
    this.#declarations.push(text);
  }

  /**
   * The finished kernel around the entry point's text.
   *
   * @throws {BackendError} when it takes more workgroups along a dimension than WebGPU allows.
   */
  kernel(name: string, main: string, workgroups: readonly [number, number, number]): Kernel {
    if (workgroups.some((count) => count > maxWorkgroups)) {
      throw new BackendError(
        `Cannot compile ${name}: it takes ${
          workgroups.join(" x ")
        } workgroups, WebGPU allows ${maxWorkgroups} a dimension`,
      );
    }
    const needed = Object.keys(helpers).filter((k) => this.needs.has(k)).map((k) => helpers[k]);
    const code = {
      directives: this.needs.has("f16") ? ["enable f16;"] : [],
      body: [...needed, ...this.#declarations, main].join("\n"),
    };
    return { name, code, bindings: this.#bindings.map((b) => ({ ...b })), workgroups };
  }
}
