/**
 * States on the device, shared by the programs that are compiled to share them.
 *
 * @module
 */
import type { DType, HostTensor } from "../../graph/dtype.ts";
import type { Node, NodeOf } from "../../graph/node.ts";
import { formatShape, numeric, sameShape } from "../../graph/shape.ts";
import { BackendError } from "../interface.ts";
import type { KnownPlace } from "./arena.ts";
import type { GpuContext } from "./device.ts";
import { storageBytes } from "./kernels/wgsl.ts";

/** One state. */
export interface StateCell {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly bytes: number;
  readonly buffer: GPUBuffer;
  /** The byte it begins at. */
  readonly offset: number;
}

/** States by name; the buffers go when the last program that uses the table does. */
export class StateTable {
  readonly cells = new Map<string, StateCell>();
  readonly #buffers: GPUBuffer[] = [];
  #users = 0;

  /** Counts a program that uses the table. */
  retain(): void {
    this.#users++;
  }

  /** Counts it out. */
  release(): void {
    if (--this.#users > 0) return;
    for (const buffer of this.#buffers.splice(0)) buffer.destroy();
    this.cells.clear();
  }

  /** Where a state of that type lies already, in elements. */
  placeOf(node: Node): KnownPlace | undefined {
    const cell = this.cells.get(node.name!);
    if (!cell || cell.dtype !== node.dtype || !sameShape(cell.shape, node.shape)) return undefined;
    const size = storageBytes(cell.dtype);
    return { buffer: cell.buffer, start: cell.offset / size, elements: cell.buffer.size / size };
  }

  /** Memory for several states, of zeros. */
  async buffer(context: GpuContext, label: string, size: number): Promise<GPUBuffer> {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = await context.allocate(
      `${label} (${size} bytes)`,
      () => context.device.createBuffer({ label, size, usage }),
    );
    this.#buffers.push(buffer);
    return buffer;
  }

  /** The state of a node; a new one lies at `place`, or in a buffer of its own. `added` counts the bytes of that buffer. */
  async add(
    context: GpuContext,
    node: NodeOf<"state">,
    bytes: number,
    place?: { readonly buffer: GPUBuffer; readonly offset: number },
  ): Promise<{ cell: StateCell; added: number }> {
    const name = node.name!;
    const shape = numeric(node.shape);
    const known = this.cells.get(name);
    if (known) {
      if (known.dtype !== node.dtype || !sameShape(known.shape, shape)) {
        throw new BackendError(
          `Cannot share state "${name}": it is ${known.dtype} ${formatShape(known.shape)}, ` +
            `this graph has ${node.dtype} ${formatShape(shape)}`,
        );
      }
      return { cell: known, added: 0 };
    }
    const { buffer, offset } = place ??
      { buffer: await this.buffer(context, `state "${name}"`, bytes), offset: 0 };
    const elements = shape.reduce((a, d) => a * d, 1);
    const cell = { dtype: node.dtype, shape, elements, bytes, buffer, offset };
    this.cells.set(name, cell);
    return { cell, added: place ? 0 : bytes };
  }

  /** The named states, all of them if no names are given. */
  pick(names: readonly string[] = [...this.cells.keys()]): [string, StateCell][] {
    return names.map((name) => {
      const cell = this.cells.get(name);
      if (!cell) throw new BackendError(`Cannot read state "${name}": the program has no such state`);
      return [name, cell];
    });
  }
}

/** A tensor around a state's contents. */
export function tensorOf(cell: Pick<StateCell, "dtype" | "shape">, data: HostTensor["data"]): HostTensor {
  return { dtype: cell.dtype, shape: [...cell.shape], data };
}
