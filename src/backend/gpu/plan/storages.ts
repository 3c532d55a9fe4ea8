/**
 * The memory of a plan's tensors: which storage a node lies in, and what is a part of what.
 *
 * @module
 */
import { labelOf, type Node } from "../../../graph/node.ts";
import { BackendError } from "../../interface.ts";
import type { Region, RegionOffset } from "./arena.ts";
import { elementsOf } from "../rules/nodes.ts";
import { storageBytes } from "../kernels/wgsl.ts";
import { extentOf, type Storage } from "../kernels/writer.ts";

/** Where a storage comes from. */
export type PlanStorage = Storage & {
  readonly kind: "state" | "input" | "constant" | "work";
  readonly bytes: number;
  /** The leaf it holds; none for work, nor for memory that several states share. */
  readonly node?: Node;
  readonly within?: { readonly storage: PlanStorage; readonly offset: number };
  /** The states that lie in this one, where another program has made their buffer. */
  readonly shared?: Region;
};

/** What a storage is made of. */
export interface StorageSpec extends Pick<Storage, "label" | "dtype" | "elements"> {
  readonly kind: PlanStorage["kind"];
  readonly node?: Node;
  readonly within?: PlanStorage["within"];
  readonly shared?: Region;
}

/** Something takes more bytes than a kernel can bind. */
export class BindingLimitError extends BackendError {}

/** The storages of one plan. */
export class Storages {
  readonly all: PlanStorage[] = [];
  readonly #of = new Map<Node, PlanStorage>();
  readonly #regions = new Map<Region, PlanStorage>();
  readonly #ranges = new Map<string, PlanStorage>();
  readonly #maxBindingBytes: number;

  /** Refuses what is larger than a kernel can bind. */
  constructor(options: { maxBindingBytes: number }) {
    this.#maxBindingBytes = options.maxBindingBytes;
  }

  /** New memory, or a new view of a part of some. */
  make(spec: StorageSpec): PlanStorage {
    const bytes = Math.ceil(spec.elements * storageBytes(spec.dtype) / 4) * 4;
    if (bytes > this.#maxBindingBytes) {
      throw new BindingLimitError(
        `Cannot place ${spec.label} on the GPU: it takes ${bytes} bytes, this device binds at most ${this.#maxBindingBytes}; ` +
          `use a smaller batch or model`,
        { outOfMemory: true },
      );
    }
    const storage = { ...spec, bytes };
    this.all.push(storage);
    return storage;
  }

  /** Memory for a node, in its region if it lies in one. */
  place(node: Node, kind: PlanStorage["kind"], where: RegionOffset | undefined): PlanStorage {
    const type = { label: labelOf(node), kind, dtype: node.dtype, elements: elementsOf(node) };
    const leaf = kind === "work" ? undefined : node;
    const storage = this.make({ ...type, node: leaf, within: where && this.#partOf(where) });
    this.#of.set(node, storage);
    return storage;
  }

  /** Says that a node lies in what is there already. */
  alias(node: Node, storage: PlanStorage): void {
    this.#of.set(node, storage);
  }

  /** The memory of a node that is stored. */
  of(node: Node): PlanStorage | undefined {
    return this.#of.get(node);
  }

  /** A part of a region as one piece of memory; the same piece for the same part. */
  range(where: RegionOffset, elements: number): PlanStorage {
    const { region, start } = where;
    const root = this.#rootOf(region);
    if (start === 0 && elements === region.elements) return root;
    const key = `${this.all.indexOf(root)} ${start} ${elements}`;
    let range = this.#ranges.get(key);
    if (!range) {
      range = this.make({
        label: `${root.label} from ${start}`,
        kind: region.kind,
        dtype: region.dtype,
        elements,
        within: this.#partOf(where),
      });
      this.#ranges.set(key, range);
    }
    return range;
  }

  #partOf({ region, start }: RegionOffset): { storage: PlanStorage; offset: number } {
    return { storage: this.#rootOf(region), offset: start * storageBytes(region.dtype) };
  }

  #rootOf(region: Region): PlanStorage {
    let root = this.#regions.get(region);
    if (!root) {
      const { kind, dtype, elements, entries } = region;
      const label = `${labelOf(entries[0].node)} of ${entries.length}`;
      root = this.make({ label, kind, dtype, elements, shared: region.shared ? region : undefined });
      this.#regions.set(region, root);
    }
    return root;
  }
}

/** The storage that is part of no other. */
export function rootOf(storage: Storage): PlanStorage {
  return extentOf(storage).root as PlanStorage;
}

/** What is equal for storages that surely lie in one buffer. */
export function bufferOf(storage: Storage): unknown {
  const root = rootOf(storage);
  return root.kind === "input" || root.kind === "constant" ? root.kind : root;
}
