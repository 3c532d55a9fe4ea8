/**
 * Where tensors lie side by side: members of a role in one piece of memory, in the same order and at the same element numbers
 * for every role, so that one kernel can run over all of them.
 *
 * @module
 */
import type { DType } from "../../../graph/dtype.ts";
import type { Node } from "../../../graph/node.ts";
import { elementsOf } from "../rules/nodes.ts";

/** One piece of memory that several stored nodes share. */
export interface Region {
  readonly kind: "state" | "work";
  readonly dtype: DType;
  /** The stored nodes and the element each begins at, ascending. */
  readonly entries: readonly { readonly node: Node; readonly start: number }[];
  /** Elements in all, padding included. */
  readonly elements: number;
  /** The buffer it is in already, where another program made it. */
  readonly shared: boolean;
}

/** Where a stored node lies. */
export interface RegionOffset {
  readonly region: Region;
  /** Its first element there. */
  readonly start: number;
}

/** Elements `offset` to `offset + size` of a stored node. */
export interface Piece {
  readonly node: Node;
  readonly offset: number;
}

/** What one member brings: a piece for each role, all of `size` elements. */
export interface Row {
  readonly size: number;
  readonly pieces: readonly Piece[];
}

/** What a role's memory is. */
export interface Role {
  readonly kind: "state" | "work";
  readonly dtype: DType;
}

/** Rows that one kernel can run over. */
export interface Run {
  /** Which rows, in the order they lie. */
  readonly rows: readonly number[];
  /** The element each of those begins at, counted from the run's begin. */
  readonly starts: readonly number[];
  /** From the first element to the end of the padding. */
  readonly elements: number;
  /** For each role the region and the run's first element there. */
  readonly roles: readonly RegionOffset[];
}

/**
 * Members begin at multiples of so many elements: 256 bytes of f32, what a binding's offset must be a multiple of, or of f16 in
 * graphs that have it.
 */
export function unitOf(nodes: readonly Node[]): number {
  return nodes.some((n) => n.dtype === "f16") ? 128 : 64;
}

/** Where a state lies that another program of the same family has made: in elements from the begin of a buffer. */
export interface KnownOffset {
  /** Equal for states of one buffer. */
  readonly buffer: unknown;
  readonly start: number;
  /** Elements of the buffer. */
  readonly elements: number;
}

/** Lays nodes out in regions; every node lies in one at most. */
export class Arena {
  readonly regions: Region[] = [];
  readonly #offsets = new Map<Node, RegionOffset>();
  readonly #unit: number;
  readonly #maxBytes: number;

  /** `known` gives where states lie that have been laid out already. */
  constructor(
    options: {
      unit: number;
      maxBytes: number;
      states: readonly Node[];
      known?: (state: Node) => KnownOffset | undefined;
    },
  ) {
    this.#unit = options.unit;
    this.#maxBytes = options.maxBytes;
    const shared = new Map<unknown, { node: Node; start: number }[]>();
    const sizes = new Map<unknown, number>();
    for (const node of options.states) {
      const known = options.known?.(node);
      if (!known) continue;
      const entries = shared.get(known.buffer) ?? [];
      entries.push({ node, start: known.start });
      shared.set(known.buffer, entries);
      sizes.set(known.buffer, known.elements);
    }
    for (const [buffer, entries] of shared) {
      entries.sort((a, b) => a.start - b.start);
      this.#add({
        kind: "state",
        dtype: entries[0].node.dtype,
        entries,
        elements: sizes.get(buffer)!,
        shared: true,
      });
    }
  }

  /** Where a node lies, if it is laid out. */
  offsetOf(node: Node): RegionOffset | undefined {
    return this.#offsets.get(node);
  }

  /**
   * Lays rows out, those whose nodes are laid out already as they lie, and returns the runs of at least two rows; rows that fit
   * into no such run are left out.
   */
  place(rows: readonly Row[], roles: readonly Role[]): Run[] {
    const kinds = new Map<string, { rows: number[]; placed: boolean[] }>();
    const names = new Map<Region, number>(this.regions.map((r, i) => [r, i]));
    rows.forEach((row, i) => {
      const regions = row.pieces.map(({ node }) => this.#offsets.get(node)?.region);
      const key = regions.map((r) => r ? names.get(r) : "-").join();
      const kind = kinds.get(key) ?? { rows: [], placed: regions.map((r) => r !== undefined) };
      kind.rows.push(i);
      kinds.set(key, kind);
    });
    return [...kinds.values()].flatMap(({ rows: members, placed }) =>
      placed.includes(true)
        ? this.#follow(rows, roles, members, placed.indexOf(true))
        : this.#layOut(rows, roles, members)
    );
  }

  /**
   * Places nodes one right after the other, without padding; `false` if one of them lies elsewhere. `packed` ones need not be fit
   * to be bound by themselves.
   */
  adjoin(nodes: readonly Node[], role: Role, as?: "packed"): boolean {
    const offsets = nodes.map((n) => this.#offsets.get(n));
    if (offsets.every((p) => p === undefined)) {
      const starts = prefixSums(nodes.map(elementsOf));
      const elements = this.#round(starts.at(-1)!);
      if (new Set(nodes).size < nodes.length || elements * 4 > this.#maxBytes) return false;
      if (as !== "packed" && starts.slice(0, -1).some((s) => s % this.#unit !== 0)) return false;
      this.#add({
        ...role,
        entries: nodes.map((node, i) => ({ node, start: starts[i] })),
        elements,
        shared: false,
      });
      return true;
    }
    let at = offsets[0]?.start ?? -1;
    for (const [i, where] of offsets.entries()) {
      if (!where || where.region !== offsets[0]!.region || where.start !== at) return false;
      at += elementsOf(nodes[i]);
    }
    return true;
  }

  /** Lays out nodes that are not yet, whatever their neighbours; `false` if one is too large. */
  keep(nodes: readonly Node[], role: Role): boolean {
    const loose = [...new Set(nodes)].filter((n) => !this.#offsets.has(n));
    if (loose.some((n) => this.#bytes(elementsOf(n)) > this.#maxBytes)) return false;
    for (const chunk of this.#chunks(loose, (node) => this.#round(elementsOf(node)))) {
      const starts = prefixSums(chunk.map((node) => this.#round(elementsOf(node))));
      const entries = chunk.map((node, i) => ({ node, start: starts[i] }));
      this.#add({ ...role, entries, elements: starts.at(-1)!, shared: false });
    }
    return true;
  }

  /** Runs of rows whose piece for role `first` lies somewhere: the other roles have to lie likewise, or are laid out so. */
  #follow(rows: readonly Row[], roles: readonly Role[], members: readonly number[], first: number): Run[] {
    const at = (row: number, role: number) => {
      const { node, offset } = rows[row].pieces[role];
      const where = this.#offsets.get(node);
      return where && where.start + offset;
    };
    const ordered = [...members].sort((a, b) => at(a, first)! - at(b, first)!);
    const runs: number[][] = [];
    for (const row of ordered) {
      const run = runs.at(-1);
      const before = run?.at(-1);
      const next = before === undefined ? -1 : this.#round(at(before, first)! + rows[before].size);
      const fits = before !== undefined && next === at(row, first) && roles.every((_, r) => {
        const [x, y] = [at(before, r), at(row, r)];
        return x === undefined || y! - x === at(row, first)! - at(before, first)!;
      }) && this.#bytes(at(row, first)! + rows[row].size - at(run![0], first)!) <= this.#maxBytes;
      if (fits) run!.push(row);
      else runs.push([row]);
    }
    return runs.filter((run) => run.length > 1).flatMap((run) => {
      const starts = run.map((row) => at(row, first)! - at(run[0], first)!);
      return this.#finish(rows, roles, run, starts) ?? [];
    });
  }

  /** Runs of rows that lie nowhere yet. */
  #layOut(rows: readonly Row[], roles: readonly Role[], members: readonly number[]): Run[] {
    const chunks = this.#chunks(members, (row) => this.#round(rows[row].size));
    return chunks.filter((chunk) => chunk.length > 1).flatMap((chunk) => {
      const starts = prefixSums(chunk.map((row) => this.#round(rows[row].size))).slice(0, -1);
      const run = this.#finish(rows, roles, chunk, starts);
      if (run) return run;
      // A tensor that is shared by rows does not lie as they do.
      const whole = chunk.filter((row) =>
        rows[row].pieces.every(({ node, offset }) => offset === 0 && elementsOf(node) === rows[row].size)
      );
      if (whole.length < 2 || whole.length === chunk.length) return [];
      const again = prefixSums(whole.map((row) => this.#round(rows[row].size))).slice(0, -1);
      return this.#finish(rows, roles, whole, again) ?? [];
    });
  }

  /** Makes the regions of a run's roles that have none; `undefined` if a role cannot lie so. */
  #finish(
    rows: readonly Row[],
    roles: readonly Role[],
    run: readonly number[],
    starts: readonly number[],
  ): Run | undefined {
    const elements = this.#round(starts.at(-1)! + rows[run.at(-1)!].size);
    const made: Region[] = [];
    const offsets = roles.map((role, r): RegionOffset | undefined => {
      const { node, offset } = rows[run[0]].pieces[r];
      const where = this.#offsets.get(node);
      if (where) {
        const start = where.start + offset;
        const fits = start % this.#unit === 0 && start + elements <= where.region.elements;
        return fits ? { region: where.region, start } : undefined;
      }
      const entries = new Map<Node, number>();
      for (const [i, row] of run.entries()) {
        const piece = rows[row].pieces[r];
        const start = starts[i] - piece.offset;
        const known = entries.get(piece.node);
        if (known !== undefined && known !== start) return undefined;
        entries.set(piece.node, start);
      }
      const list = [...entries].map(([node, start]) => ({ node, start })).sort((a, b) => a.start - b.start);
      const apart = list.every(({ node, start }, i) =>
        start >= 0 && start % this.#unit === 0 &&
        start + elementsOf(node) <= (list[i + 1]?.start ?? elements)
      );
      if (!apart) return undefined;
      const region = { ...role, entries: list, elements, shared: false };
      made.push(region);
      return { region, start: 0 };
    });
    const nodes = made.flatMap((r) => r.entries.map((e) => e.node));
    if (offsets.some((p) => p === undefined) || new Set(nodes).size < nodes.length) return undefined;
    for (const region of made) this.#add(region);
    return { rows: run, starts, elements, roles: offsets as RegionOffset[] };
  }

  /** Cuts a list where a binding would grow too large. */
  #chunks<T>(items: readonly T[], size: (item: T) => number): T[][] {
    const chunks: T[][] = [];
    let end = 0;
    for (const item of items) {
      if (chunks.length === 0 || this.#bytes(end + size(item)) > this.#maxBytes) {
        chunks.push([]);
        end = 0;
      }
      chunks.at(-1)!.push(item);
      end += size(item);
    }
    return chunks;
  }

  #add(region: Region): void {
    this.regions.push(region);
    for (const { node, start } of region.entries) this.#offsets.set(node, { region, start });
  }

  #round(elements: number): number {
    return Math.ceil(elements / this.#unit) * this.#unit;
  }

  #bytes(elements: number): number {
    return this.#round(elements) * 4;
  }
}

function prefixSums(sizes: readonly number[]): number[] {
  const sums = [0];
  for (const size of sizes) sums.push(sums.at(-1)! + size);
  return sums;
}
