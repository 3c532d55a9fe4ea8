/**
 * The GPU's rules of ops whose elements are made from their number: counters and random bits.
 *
 * @module
 */
import type { OpName } from "../../../graph/node.ts";
import { numeric, sizeOf } from "../../../graph/shape.ts";
import { computeTypes, vectorType } from "../kernels/wgsl.ts";
import type { SourceRule } from "./element.ts";

/** What sources make of an element's number. */
export const sourceRules = {
  iota: {
    kind: "source",
    element(node, index, scope) {
      const shape = numeric(node.shape);
      const inner = sizeOf(shape.slice(node.attrs.axis + 1));
      const type = vectorType(computeTypes[node.dtype], index.lanes);
      const u = vectorType("u32", index.lanes);
      const at = `(${scope.counter(index)} / ${u}(${inner}u)) % ${u}(${shape[node.attrs.axis]}u)`;
      return scope.let(type, `${type}(${at})`);
    },
    free: true,
  },
  random: {
    kind: "source",
    element(node, index, scope) {
      scope.need("mix");
      const key = scope.operand(node.inputs[0], [], { name: "0u", lanes: 1 });
      const base = scope.once(`seed ${key} ${node.attrs.stream}`, () => {
        const step = `${Math.imul(node.attrs.stream, 0x9e3779b9) >>> 0}u`;
        return scope.let("u32", `mix_bits(${key} + ${step})`);
      });
      const bits = (at: string) => `mix_bits(${at} * 0x85ebca6bu + ${base})`;
      if (index.lanes === 1) return scope.let("u32", bits(index.name));
      const counter = scope.counter(index);
      const parts = ["x", "y", "z", "w"].map((c) => bits(`${counter}.${c}`));
      return scope.let("vec4<u32>", `vec4<u32>(${parts.join(", ")})`);
    },
    steps: 8,
  },
} satisfies { readonly [K in OpName]?: SourceRule<K> };
