/**
 * States on the device, shared by the programs that are compiled to share them. Those programs run one after the other, so they
 * share the memory that they work in as well.
 *
 * @module
 */
import { allocate, type DType, type HostTensor, type TypedArray } from "../../../graph/dtype.ts";
import type { Node, NodeOf } from "../../../graph/node.ts";
import { formatShape, numeric, sameShape, sizeOf } from "../../../graph/shape.ts";
import { checkStates } from "../../feeds.ts";
import { BackendError, type Tensors } from "../../interface.ts";
import type { KnownOffset } from "../plan/arena.ts";
import type { GpuContext } from "./device.ts";
import { decodeInto, encode } from "./host.ts";
import { storageBytes } from "../kernels/wgsl.ts";
import type { ReadBuffer } from "./read_buffer.ts";
import type { CutTensor } from "../split/split.ts";

/** For memory that kernels work in and that is copied. */
export const copyable = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** A piece of memory that a state, or some rows of one, lies in. */
export interface StateCell {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly bytes: number;
  readonly buffer: GPUBuffer;
  /** The byte it begins at. */
  readonly offset: number;
}

/** A state as the host knows it. */
interface HostState {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Its cells, in order. */
  readonly cells: readonly string[];
}

/**
 * States are read in pieces of so many bytes at most. Deno copies what is mapped into memory of its own: into the same one each
 * time where a piece is small, where that of a large one is new and its first use takes longer than the copy.
 */
const readBytes = 2 ** 24;

/** States by name; the buffers go when the last program that uses the table does. */
export class StateTable {
  readonly #cells = new Map<string, StateCell>();
  readonly #states = new Map<string, HostState>();
  readonly #buffers: GPUBuffer[] = [];
  readonly #work: GPUBuffer[] = [];
  #users = 0;

  /** Counts a program that uses the table. */
  retain(): void {
    this.#users++;
  }

  /** Counts it out. */
  release(): void {
    if (--this.#users > 0) return;
    for (const buffer of [...this.#buffers.splice(0), ...this.#work.splice(0)]) buffer.destroy();
    this.#cells.clear();
    this.#states.clear();
  }

  /** Where a state of that type lies already, in elements. */
  offsetOf(node: Node): KnownOffset | undefined {
    const cell = this.#cells.get(node.name!);
    if (!cell || cell.dtype !== node.dtype || !sameShape(cell.shape, node.shape)) return undefined;
    const size = storageBytes(cell.dtype);
    return { buffer: cell.buffer, start: cell.offset / size, elements: cell.buffer.size / size };
  }

  /** The memory of a state that is there. */
  cell(name: string): StateCell {
    return this.#cells.get(name)!;
  }

  /** Memory for several states, of zeros. */
  async buffer(context: GpuContext, label: string, size: number): Promise<GPUBuffer> {
    const buffer = await context.allocate(
      `${label} (${size} bytes)`,
      () => context.device.createBuffer({ label, size, usage: copyable }),
    );
    this.#buffers.push(buffer);
    return buffer;
  }

  /** Buffers of at least these sizes to work in: those that other programs work in, as far as they are large enough. */
  async work(context: GpuContext, sizes: readonly number[]): Promise<GPUBuffer[]> {
    const free = new Set(this.#work);
    const found: GPUBuffer[] = [];
    const order = sizes.map((_, i) => i).sort((a, b) => sizes[b] - sizes[a]);
    for (const i of order) {
      const [fitting] = [...free].filter((b) => b.size >= sizes[i]).sort((a, b) => a.size - b.size);
      found[i] = fitting ?? await context.allocate(
        `${sizes[i]} bytes to work in`,
        () => context.device.createBuffer({ label: `work ${i}`, size: sizes[i], usage: copyable }),
      );
      if (fitting) free.delete(fitting);
      else this.#work.push(found[i]);
    }
    return found;
  }

  /** The state of a node; a new one lies at `where`, or in a buffer of its own. `added` counts the bytes of that buffer. */
  async add(
    context: GpuContext,
    node: NodeOf<"state">,
    bytes: number,
    where?: { readonly buffer: GPUBuffer; readonly offset: number },
  ): Promise<{ cell: StateCell; added: number }> {
    const name = node.name!;
    const shape = numeric(node.shape);
    const known = this.#cells.get(name) ?? this.#states.get(name);
    if (known) {
      if (known.dtype !== node.dtype || !sameShape(known.shape, shape)) {
        throw new BackendError(
          `Cannot share state "${name}": it is ${known.dtype} ${formatShape(known.shape)}, ` +
            `this graph has ${node.dtype} ${formatShape(shape)}`,
        );
      }
      return { cell: this.cell(name), added: 0 };
    }
    const { buffer, offset } = where ??
      { buffer: await this.buffer(context, `state "${name}"`, bytes), offset: 0 };
    const cell = { dtype: node.dtype, shape, elements: sizeOf(shape), bytes, buffer, offset };
    this.#cells.set(name, cell);
    this.#states.set(name, { dtype: node.dtype, shape, cells: [name] });
    return { cell, added: where ? 0 : bytes };
  }

  /** Says that cells are the rows of one state: the host knows that one alone. */
  join(name: string, { dtype, shape, parts }: CutTensor): void {
    for (const part of parts) this.#states.delete(part);
    this.#states.set(name, { dtype, shape, cells: parts });
  }

  /** Copies the named states to the host; all of them if no names are given. */
  async read(context: GpuContext, names?: readonly string[]): Promise<Record<string, HostTensor>> {
    const found = (names ?? [...this.#states.keys()]).map((name): [string, HostState] => {
      const state = this.#states.get(name);
      if (!state) throw new BackendError(`Cannot read state "${name}": the program has no such state`);
      return [name, state];
    });
    const data = new Map<string, TypedArray>();
    const pieces = found.flatMap(([, { cells }]) => cells).flatMap((name) => {
      const cell = this.cell(name);
      const into = allocate(cell.dtype, cell.elements);
      data.set(name, into);
      return piecesOf(cell, into);
    });
    const batches = batchesOf(pieces, ({ bytes }) => bytes);
    const size = Math.max(...batches.map((batch) => batch.reduce((sum, { bytes }) => sum + bytes, 0)));
    const staging = pieces.length > 0 ? await context.readBuffer("states to read", size) : undefined;
    try {
      for (const batch of batches) await readPieces(context, batch, staging!);
    } finally {
      staging?.destroy();
    }
    return Object.fromEntries(found.map(([name, { dtype, shape, cells }]) => {
      const pieces = cells.map((c) => data.get(c)!);
      return [name, tensorOf({ dtype, shape }, pieces.length === 1 ? pieces[0] : joined(dtype, pieces))];
    }));
  }

  /** Sets states; unknown names and wrong types are errors. */
  write({ device }: GpuContext, tensors: Tensors): void {
    checkStates(this.#states, tensors);
    for (const [name, { dtype, data }] of Object.entries(tensors)) {
      let at = 0;
      for (const part of this.#states.get(name)!.cells) {
        const cell = this.cell(part);
        const bytes = new Uint8Array(cell.bytes);
        encode({ dtype, shape: cell.shape, data: data.subarray(at, at + cell.elements) }, bytes, 0);
        device.queue.writeBuffer(cell.buffer, cell.offset, bytes);
        at += cell.elements;
      }
    }
  }
}

/** Elements of a cell that are read at once. */
interface Piece {
  readonly cell: StateCell;
  /** The byte of the cell that they begin at. */
  readonly begin: number;
  /** Bytes on the device. */
  readonly bytes: number;
  /** Where they go. */
  readonly into: TypedArray;
}

/** A cell in pieces that one read takes; its last elements come with the bytes that fill up its memory. */
function piecesOf(cell: StateCell, into: TypedArray): Piece[] {
  const elementBytes = storageBytes(cell.dtype);
  const most = readBytes / elementBytes;
  const pieces: Piece[] = [];
  for (let first = 0; first < cell.elements || first === 0; first += most) {
    const last = Math.min(first + most, cell.elements);
    const begin = first * elementBytes;
    const bytes = (last === cell.elements ? cell.bytes : last * elementBytes) - begin;
    pieces.push({ cell, begin, bytes, into: into.subarray(first, last) });
  }
  return pieces;
}

/** Copies pieces to the host through memory that they all fit into. */
async function readPieces(
  context: GpuContext,
  pieces: readonly Piece[],
  staging: ReadBuffer,
): Promise<void> {
  const { device } = context;
  const encoder = device.createCommandEncoder();
  let size = 0;
  for (const { cell, begin, bytes } of pieces) {
    encoder.copyBufferToBuffer(cell.buffer, cell.offset + begin, staging.target, size, bytes);
    size += bytes;
  }
  device.queue.submit([encoder.finish()]);
  await context.read(staging, size, (mapped) => {
    let at = 0;
    for (const { cell, bytes, into } of pieces) {
      decodeInto(into, cell.dtype, mapped, at);
      at += bytes;
    }
  });
}

function batchesOf<T>(items: readonly T[], bytes: (item: T) => number): T[][] {
  const batches: T[][] = [];
  let left = 0;
  for (const item of items) {
    if (batches.length === 0 || bytes(item) > left) {
      batches.push([]);
      left = readBytes;
    }
    batches.at(-1)!.push(item);
    left -= bytes(item);
  }
  return batches;
}

/** Tensors' elements one after the other. */
export function joined(dtype: DType, pieces: readonly TypedArray[]): TypedArray {
  const all = allocate(dtype, pieces.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece as never, at);
    at += piece.length;
  }
  return all;
}

/** A tensor around a state's contents. */
export function tensorOf(type: Pick<StateCell, "dtype" | "shape">, data: HostTensor["data"]): HostTensor {
  return { dtype: type.dtype, shape: [...type.shape], data };
}
