/**
 * Reverse-mode differentiation, graph to graph: gradients are ordinary nodes.
 *
 * @module
 */
import type { Builder } from "./builder.ts";
import { isFloat } from "./dtype.ts";
import { labelOf, type Node } from "./node.ts";
import { recomputation } from "./recompute.ts";
import { formatShape, ShapeError } from "./shape.ts";
import { specOf } from "./table.ts";

/** How gradients are made. */
export interface GradientOptions {
  /**
   * What is kept of the forward part: everything between two of these nodes is computed again for the backward part, when that
   * comes to it (gradient checkpointing: Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016).
   */
  readonly boundaries?: readonly Node[];
}

/**
 * Appends the gradients of a scalar with respect to `wrt`, in that order; zeros where the scalar does not depend on a
 * node.
 *
 * @example The gradient of x² is a node of its shape.
 * ```ts
 * import { createBuilder, gradients } from "./graph.ts";
 * import assert from "node:assert/strict";
 * const b = createBuilder();
 * const x = b.input("x", "f32", []);
 * const [dx] = gradients(b, b.square(x), [x]);
 * assert.deepEqual(dx.shape, []);
 * ```
 * @throws {ShapeError} when the loss is not a float scalar, or an op between it and `wrt` has no gradient.
 */
export function gradients(
  b: Builder,
  loss: Node,
  wrt: readonly Node[],
  options: GradientOptions = {},
): Node[] {
  if (!isFloat(loss.dtype) || loss.shape.length !== 0) {
    throw new ShapeError(
      `Cannot differentiate ${labelOf(loss)}: a loss is a float scalar, got ${loss.dtype} ${
        formatShape(loss.shape)
      }`,
    );
  }
  const nodes = b.nodes.slice(0, loss.id + 1);
  const reaches = dependents(nodes, wrt);
  const again = recomputation(b, nodes, options.boundaries ?? []);
  const adjoints = new Map<Node, Node>([[loss, b.scalar(1, loss.dtype)]]);
  for (let i = loss.id; i >= 0; i--) {
    const node = nodes[i];
    const dy = adjoints.get(node);
    if (!dy || !reaches[i] || node.inputs.length === 0) continue;
    const needed = node.inputs.map((input) => reaches[input.id] && isFloat(input.dtype));
    if (!needed.some(Boolean)) continue;
    const back = () => vjp(b, again(node), dy, needed);
    const parts = node.name ? b.named(`${node.name}.grad`, back) : back();
    node.inputs.forEach((input, k) => {
      const part = parts[k];
      if (!part || !needed[k]) return;
      const sum = adjoints.get(input);
      adjoints.set(input, sum ? b.add(sum, part) : part);
    });
  }
  return wrt.map((node) => adjoints.get(node) ?? b.broadcast(b.scalar(0, node.dtype), node.shape));
}

function vjp(b: Builder, node: Node, dy: Node, needed: readonly boolean[]): (Node | null)[] {
  const spec = specOf(node);
  if (!spec?.vjp) {
    throw new ShapeError(`Cannot differentiate through ${labelOf(node)}: ${node.op} has no gradient`);
  }
  return spec.vjp(b, node as never, dy, needed);
}

/** For each node, whether it depends on one of `sources` through differentiable values. */
function dependents(nodes: readonly Node[], sources: readonly Node[]): boolean[] {
  const wanted = new Set(sources);
  const reached: boolean[] = [];
  for (const node of nodes) {
    reached.push(wanted.has(node) || (isFloat(node.dtype) && node.inputs.some((input) => reached[input.id])));
  }
  return reached;
}
