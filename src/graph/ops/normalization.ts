/**
 * What layer normalisation and root-mean-square normalisation have in common.
 *
 * @module
 */
import type { Builder } from "../builder.ts";
import type { OpSpec } from "../op_spec.ts";
import { isFloat } from "../dtype.ts";
import type { Node, TensorType } from "../node.ts";
import { formatShape, sameShape, ShapeError } from "../shape.ts";

/** The names of the ops that give a normalisation's gradients: of its operand, its weight and its bias. */
export type NormGradient =
  | "layer_norm_grad"
  | "layer_norm_grad_weight"
  | "layer_norm_grad_bias"
  | "rms_norm_grad"
  | "rms_norm_grad_weight";

/** The type of a normalisation of x `[..., width]` whose other operands are `[width]`. */
export function normType(x: TensorType, vectors: Readonly<Record<string, TensorType>>): TensorType {
  const width = x.shape[x.shape.length - 1];
  if (!isFloat(x.dtype) || typeof width !== "number") {
    throw new ShapeError(
      `operand must be f32 or f16 with a numeric last dimension, got ${x.dtype} ${formatShape(x.shape)}`,
    );
  }
  for (const [name, t] of Object.entries(vectors)) {
    if (t.shape.length !== 1 || t.shape[0] !== width) {
      throw new ShapeError(`${name} must have shape [${width}], got ${formatShape(t.shape)}`);
    }
  }
  return { dtype: x.dtype, shape: x.shape };
}

/**
 * The spec of a gradient whose operands are dy and x, both `[..., width]`, and the weight `[width]`; the same three for all
 * gradients of one normalisation, so that a backend can make them at once. `of` says which operand the result is shaped like.
 */
export function normGradient<K extends NormGradient>(
  of: "x" | "weight",
  build: (
    b: Builder,
    inputs: { readonly dy: Node; readonly x: Node; readonly weight: Node },
    epsilon: number,
  ) => Node,
): OpSpec<K> {
  return {
    infer([dy, x, weight]) {
      const type = normType(x, { weight });
      if (!sameShape(dy.shape, x.shape)) {
        throw new ShapeError(
          `the result's gradient must have shape ${formatShape(x.shape)}, got ${formatShape(dy.shape)}`,
        );
      }
      return of === "x" ? type : { dtype: x.dtype, shape: weight.shape };
    },
    expand(b, node, [dy, x, weight]) {
      return build(b, { dy, x, weight }, (node.attrs as { epsilon: number }).epsilon);
    },
    tolerance: { relative: 1e-4, absolute: 1e-5 },
  };
}

/** x centred and scaled as layer normalisation does it, and the scale of each row. */
export function layerNormalized(
  b: Builder,
  x: Node,
  epsilon: number,
): { readonly normal: Node; readonly scale: Node } {
  const mean = (t: Node) => b.mean(t, [-1], { keepDims: true });
  const centred = b.sub(x, mean(x));
  const scale = b.div(1, b.sqrt(b.add(mean(b.square(centred)), epsilon)));
  return { normal: b.mul(centred, scale), scale };
}

/** x scaled to a mean square of 1, and the scale of each row. */
export function rmsNormalized(
  b: Builder,
  x: Node,
  epsilon: number,
): { readonly normal: Node; readonly scale: Node } {
  const scale = b.div(1, b.sqrt(b.add(b.mean(b.square(x), [-1], { keepDims: true }), epsilon)));
  return { normal: b.mul(x, scale), scale };
}
