/** The op `matmul`: matrix products. @module */
import type { OpSpec } from "../op_spec.ts";
import { allocate } from "../dtype.ts";
import type { Node, TensorType } from "../node.ts";
import { broadcastShapes, type Dim, formatShape, numeric, product, ShapeError, sizeOf } from "../shape.ts";
import { broadcastOffsets } from "./broadcasting.ts";

/**
 * `a @ b` over the last two dimensions, each optionally transposed first. Leading dimensions broadcast, and a rank-2
 * `b` serves every leading index of `a`.
 */
export const matmul: OpSpec<"matmul"> = {
  infer([a, b], attrs) {
    if (a.shape.length < 2 || b.shape.length < 2) {
      throw new ShapeError(`operands must have rank 2 or more, got ${both(a, b)}`);
    }
    if (a.dtype !== b.dtype) {
      throw new ShapeError(`operands must have one type, got ${a.dtype} and ${b.dtype}`);
    }
    const [m, ka] = lastTwo(a, attrs.transA);
    const [kb, n] = lastTwo(b, attrs.transB);
    if (ka !== kb) throw new ShapeError(`inner dimensions must match, got ${both(a, b)}${transposed(attrs)}`);
    return {
      dtype: attrs.dtype ?? a.dtype,
      shape: [...broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n],
    };
  },
  vjp(b, node, dy, needed) {
    const [x, w] = node.inputs.map((input) => b.cast(input, dy.dtype));
    const { transA, transB } = node.attrs;
    const gradientOf = (operand: Node, product: Node) =>
      b.cast(b.sumTo(product, operand.shape), operand.dtype);
    const dx = () =>
      transA ? b.matmul(w, dy, { transA: transB, transB: true }) : b.matmul(dy, w, { transB: !transB });
    const dw = () => {
      // One product over all leading rows instead of one a row and a sum: only where x's rows are contiguous.
      const flat = w.shape.length === 2 && x.shape.length > 2 && !transA;
      const rows = (t: Node) => b.reshape(t, [product(t.shape.slice(0, -1)), t.shape[t.shape.length - 1]]);
      const [left, right] = flat ? [rows(x), rows(dy)] : [x, dy];
      return transB
        ? b.matmul(right, left, { transA: true, transB: transA })
        : b.matmul(left, right, { transA: !transA });
    };
    return [
      needed[0] ? gradientOf(node.inputs[0], dx()) : null,
      needed[1] ? gradientOf(node.inputs[1], dw()) : null,
    ];
  },
  eval([a, b], attrs, out) {
    const shape = numeric(out.shape);
    const [m, n] = shape.slice(-2);
    const k = lastTwo(a, attrs.transA)[1] as number;
    const batch = shape.slice(0, -2);
    const offsetsA = broadcastOffsets(numeric(a.shape).slice(0, -2), batch);
    const offsetsB = broadcastOffsets(numeric(b.shape).slice(0, -2), batch);
    const [rowA, stepA] = attrs.transA ? [1, m] : [k, 1];
    const [stepB, columnB] = attrs.transB ? [1, k] : [n, 1];
    const data = allocate(out.dtype, sizeOf(shape));
    for (let z = 0, at = 0; z < offsetsA.length; z++) {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++, at++) {
          let p = offsetsA[z] * m * k + i * rowA;
          let q = offsetsB[z] * k * n + j * columnB;
          let sum = 0;
          for (let l = 0; l < k; l++, p += stepA, q += stepB) sum += a.data[p] * b.data[q];
          data[at] = sum;
        }
      }
    }
    return data;
  },
  onnx(scope, node, operands) {
    const [a, b] = node.inputs;
    const { transA, transB, dtype } = node.attrs;
    const wide = (name: string) => scope.emit("Cast", [name], { attrs: { to: 1 } });
    const inputs = dtype !== undefined && a.dtype !== dtype ? operands.map(wide) : operands;
    if (a.shape.length === 2 && b.shape.length === 2 && (transA || transB)) {
      return scope.emit("Gemm", inputs, { attrs: { transA: transA ? 1 : 0, transB: transB ? 1 : 0 } });
    }
    const flip = (name: string, rank: number, on: boolean) => {
      if (!on) return name;
      const perm = [...Array(rank - 2).keys(), rank - 1, rank - 2];
      return scope.emit("Transpose", [name], { attrs: { perm } });
    };
    return scope.emit("MatMul", [
      flip(inputs[0], a.shape.length, transA),
      flip(inputs[1], b.shape.length, transB),
    ]);
  },
  half: () => [0, 1],
  halfAttrs: (attrs) => ({ ...attrs, dtype: "f32" }),
  tolerance: { relative: 1e-4, absolute: 1e-5 },
};

function lastTwo(type: TensorType, swap: boolean): [Dim, Dim] {
  const [rows, columns] = type.shape.slice(-2);
  return swap ? [columns, rows] : [rows, columns];
}

function both(a: TensorType, b: TensorType): string {
  return `${formatShape(a.shape)} and ${formatShape(b.shape)}`;
}

function transposed(attrs: { transA: boolean; transB: boolean }): string {
  const which = [attrs.transA ? "the first" : "", attrs.transB ? "the second" : ""].filter(Boolean);
  return which.length ? ` (${which.join(" and ")} transposed)` : "";
}
