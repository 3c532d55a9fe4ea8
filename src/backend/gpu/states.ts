/**
 * States on the device, shared by the programs that are compiled to share them.
 *
 * @module
 */
import type { DType, HostTensor } from "../../graph/dtype.ts";
import type { NodeOf } from "../../graph/node.ts";
import { formatShape, numeric, sameShape } from "../../graph/shape.ts";
import { BackendError } from "../interface.ts";
import type { GpuContext } from "./device.ts";

/** One state. */
export interface StateCell {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly bytes: number;
  readonly buffer: GPUBuffer;
}

/** States by name; the buffers go when the last program that uses the table does. */
export class StateTable {
  readonly cells = new Map<string, StateCell>();
  #users = 0;

  /** Counts a program that uses the table. */
  retain(): void {
    this.#users++;
  }

  /** Counts it out. */
  release(): void {
    if (--this.#users > 0) return;
    for (const cell of this.cells.values()) cell.buffer.destroy();
    this.cells.clear();
  }

  /** The state of a node, made of zeros if it is new; `added` counts the new bytes. */
  async add(
    context: GpuContext,
    node: NodeOf<"state">,
    bytes: number,
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
    const buffer = await context.allocate(
      `state "${name}" (${bytes} bytes)`,
      () =>
        context.device.createBuffer({
          label: `state ${name}`,
          size: bytes,
          usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
        }),
    );
    const elements = shape.reduce((a, d) => a * d, 1);
    const cell = { dtype: node.dtype, shape, elements, bytes, buffer };
    this.cells.set(name, cell);
    return { cell, added: bytes };
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
