/**
 * Attention's gradients. Their definitions compute the probabilities anew, as the definition of attention does, and merge with
 * it; a kernel takes them from the rows' statistics instead.
 *
 * @module
 */
import type { CompositeOp } from "../op_spec.ts";
import type { AttentionAttrs, Node, TensorType } from "../node.ts";
import { sameShape, ShapeError } from "../shape.ts";
import { attentionGradients, attentionOperands, attentionType } from "./attention.ts";

type GradientName = "attention_grad_query" | "attention_grad_key" | "attention_grad_value";

/** The operands of attention that have gradients, in their order. */
export const attentionParts = ["query", "key", "value"] as const;
/** One of them. */
export type AttentionPart = typeof attentionParts[number];

const partOf: { readonly [K in GradientName]: AttentionPart } = {
  attention_grad_query: "query",
  attention_grad_key: "key",
  attention_grad_value: "value",
};

/** The operand of attention that a node is the gradient of, if it is one by itself. */
export function attentionPartOf({ op }: Node): AttentionPart | undefined {
  return Object.hasOwn(partOf, op) ? partOf[op as GradientName] : undefined;
}

/**
 * The gradient with respect to the query. After attention's own operands come its `attention_stats`, f32 `[B, S, h]` sums over
 * each head of result times gradient, and the result's gradient `[B, S, H]`.
 */
export const attentionGradQuery: CompositeOp<"attention_grad_query"> = gradient("query");
/** The gradient with respect to the key, from the same operands. */
export const attentionGradKey: CompositeOp<"attention_grad_key"> = gradient("key");
/** The gradient with respect to the value, from the same operands. */
export const attentionGradValue: CompositeOp<"attention_grad_value"> = gradient("value");

/** Gradients of one length side by side: `[B, *, parts * H]`, so that products with all of them are one product. */
export const attentionGradPacked: CompositeOp<"attention_grad_packed"> = {
  infer(inputs, attrs) {
    const types = attrs.parts.map((part) => gradientType(inputs, attrs, part));
    const { dtype, shape } = types[0];
    if (types.some((t) => !sameShape(t.shape, shape))) {
      throw new ShapeError("gradients side by side must be of one shape");
    }
    return { dtype, shape: [...shape.slice(0, 2), shape[2] as number * types.length] };
  },
  expand(b, { attrs }, inputs) {
    const operands = attentionOperands(inputs, attrs);
    const gradients = attentionGradients(b, operands, attrs, operands.rest[2]);
    return b.concat(attrs.parts.map((part) => gradients[part]()), 2);
  },
  attends: true,
  tolerance: { relative: 1e-4, absolute: 1e-5 },
};

function gradient<K extends GradientName>(of: AttentionPart): CompositeOp<K> {
  return {
    infer: (inputs: readonly TensorType[], attrs: AttentionAttrs) => gradientType(inputs, attrs, of),
    expand(b, node, inputs) {
      const attrs = node.attrs as AttentionAttrs;
      const operands = attentionOperands(inputs, attrs);
      return attentionGradients(b, operands, attrs, operands.rest[2])[of]();
    },
    half: (_attrs, operands) => [0, 1, 2, operands - 1],
    attends: true,
    tolerance: { relative: 1e-4, absolute: 1e-5 },
  };
}

function gradientType(
  inputs: readonly TensorType[],
  attrs: AttentionAttrs,
  of: AttentionPart,
): TensorType {
  return attentionType(inputs, attrs, attentionParts.indexOf(of), [
    ({ batch, rows }) => [2, batch, attrs.heads, rows],
    ({ batch, rows }) => [batch, rows, attrs.heads],
    ({ batch, rows, size }) => [batch, rows, size],
  ]);
}
