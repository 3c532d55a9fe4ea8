/** The op `barrier`: what keeps a recomputation from being merged with the first. @module */
import type { OpSpec } from "../op_spec.ts";
import { exact } from "./unary.ts";

/**
 * `x`, in such a way that nothing computed from it is merged with what is computed from `x` itself: what gradient checkpointing
 * computes a second time would else be computed once and kept. Backends that plan no memory expand it to nothing.
 */
export const barrier: OpSpec<"barrier"> = {
  infer: ([x]) => ({ dtype: x.dtype, shape: x.shape }),
  vjp: (_b, _node, dy) => [dy],
  expand: (_b, _node, [x]) => x,
  takesStored: true,
  view: true,
  tolerance: exact,
};
