/**
 * Products of 8-bit levels: what they read and write, around the tiles of int8_tile.ts.
 *
 * Sums are whole numbers, so a product that is made in parts gives the same bits as one that is not. The parts are summed by a
 * second kernel.
 *
 * @module
 */
import type { NodeOf } from "../../../graph/node.ts";
import { formatShape, numeric, sizeOf } from "../../../graph/shape.ts";
import { labelOf } from "../../../graph/node.ts";
import { BackendError } from "../../interface.ts";
import type { Group } from "../plan/group.ts";
import { GroupWriter, type Lowering, nameOf, widest } from "./fused.ts";
import { type Int8Tile, int8PieceStep, int8Threads, int8TileText } from "./int8_tile.ts";
import { chooseInt8Tile } from "./int8_tiles.ts";
import type { Lanes } from "./wgsl.ts";
import { type Kernel, maxWorkgroups, type Storage, workgroupsFor } from "./writer.ts";

interface Product {
  readonly rows: number;
  readonly columns: number;
  /** Words of the inner dimension. */
  readonly inner: number;
  readonly tile: Int8Tile;
  readonly parts: number;
}

/** The kernels of a group around a product of levels: one, or two when it is made in parts. */
export function matmulInt8Kernels(group: Group, lowering: Lowering): Kernel[] {
  const node = group.anchor as NodeOf<"matmul_int8">;
  const [inner, columns] = numeric(node.inputs[2].shape);
  const rows = sizeOf(numeric(node.shape)) / columns;
  if (rows * columns === 0) {
    throw new BackendError(
      `Cannot compile ${labelOf(node)}: it has no elements, shape ${formatShape(node.shape)}`,
    );
  }
  const p: Product = { rows, columns, inner, ...chooseInt8Tile({ rows, columns, inner }, lowering) };
  const name = nameOf(group);
  const wide = columns % 4 === 0;
  if (p.parts === 1) {
    return [widest(group, lowering, wide, (w, lanes) => {
      declareScaled(w, node, p, lanes);
      w.declareFinish(lanes);
      return write(w, name, node, p, lanes, "finish(i, scaled(i, c));", w.finishCost > longFinish);
    })];
  }
  const scratch = lowering.scratch(`${name} parts`, "i32", p.parts * group.size);
  const partial = new GroupWriter(group, lowering);
  const lanes = wide ? 4 : 1;
  partial.declareScratchFinish(scratch, lanes);
  const first = write(partial, `${name} part`, node, p, lanes, `finish(part * ${group.size}u + i, c);`, false);
  const second = widest(group, lowering, wide, (w, lanes) => {
    declareScaled(w, node, p, lanes);
    w.declareFinish(lanes);
    return sumParts(w, `${name} rest`, scratch, group.size, p.parts, lanes);
  });
  return [first, second];
}

/** A `finish` that costs more is written into a kernel once, in a loop, and not for each of a thread's results. */
const longFinish = 6;
