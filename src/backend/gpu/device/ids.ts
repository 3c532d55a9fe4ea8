/**
 * Indices into tables, checked on the host. The interpreter refuses one that is outside its table; the GPU clamps it, as
 * WebGPU does with every read, so that a tokenizer that does not fit its model goes unnoticed.
 *
 * @module
 */
import { type Graph, labelOf } from "../../../graph/node.ts";
import { numeric } from "../../../graph/shape.ts";
import { BackendError, type Tensors } from "../../interface.ts";
import { elementsOf } from "../rules/nodes.ts";
import { elementRuleOf } from "../rules/elements.ts";
import { viewOf } from "../rules/view_of.ts";

/** An input whose elements are rows of a table. */
export interface IdInput {
  readonly input: string;
  readonly rows: number;
  /** What looks them up. */
  readonly reader: string;
}

/** The inputs of a bound graph that are looked up whole as they are fed. */
export function idInputsOf(graph: Graph): IdInput[] {
  return graph.nodes.flatMap((node) => {
    const rule = elementRuleOf(node);
    if (rule?.kind !== "view" || rule.looksUp === undefined) return [];
    const ids = node.inputs[1 - rule.looksUp];
    const { base } = viewOf(ids, () => false);
    if (base.op !== "input" || elementsOf(base) !== elementsOf(ids)) return [];
    const [rows] = numeric(node.inputs[rule.looksUp].shape);
    return [{ input: base.name!, rows, reader: labelOf(node) }];
  });
}

/**
 * Refuses ids that are outside their tables.
 *
 * @throws {BackendError} naming the input, the element and the table's rows.
 */
export function checkIds(inputs: readonly IdInput[], feeds: Tensors): void {
  for (const { input, rows, reader } of inputs) {
    const { data } = feeds[input];
    const at = data.findIndex((id) => id < 0 || id >= rows);
    if (at < 0) continue;
    throw new BackendError(
      `Cannot run: element ${at} of input "${input}" is ${
        data[at]
      }, and ${reader} looks it up in ${rows} rows`,
    );
  }
}
