/**
 * Scatter-add without atomics on floats, so that it gives the same bits every time: few tokens are marked
 * (scatter_marks.ts), many are sorted (scatter_sort.ts).
 *
 * @module
 */
import { labelOf, type Node } from "../../../graph/node.ts";
import { numeric, sizeOf } from "../../../graph/shape.ts";
import { BackendError } from "../../interface.ts";
import type { Group } from "../plan/group.ts";
import { type Lowering, nameOf } from "./fused.ts";
import { markedSums } from "./scatter_marks.ts";
import { maxMarked, type Problem } from "./scatter_rows.ts";
import { sortedSums } from "./scatter_sort.ts";
import type { Kernel } from "./writer.ts";

/** The kernels of a group around a scatter-add: one for few tokens, four for many. */
export function scatterKernels(group: Group, lowering: Lowering): Kernel[] {
  const anchor = group.anchor as Node & { op: "scatter_add" };
  if (anchor.dtype === "bool") {
    throw new BackendError(`Cannot compile ${labelOf(anchor)}: it cannot add bool`);
  }
  const rows = numeric(anchor.shape)[0];
  const problem: Problem = {
    name: nameOf(group),
    anchor,
    tokens: sizeOf(numeric(anchor.inputs[0].shape)),
    rows,
    width: group.size / rows,
  };
  return problem.tokens <= maxMarked
    ? [markedSums(group, lowering, problem)]
    : sortedSums(group, lowering, problem);
}
