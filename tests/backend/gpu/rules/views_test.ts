import assert from "node:assert/strict";
import { isIdentity, mergedDims, reshapeStrides } from "../../../../src/backend/gpu/rules/strides.ts";
import { viewOf } from "../../../../src/backend/gpu/rules/view_of.ts";
import { createBuilder } from "../../../../src/graph/graph.ts";

const never = () => false;

Deno.test("a transposed and split tensor is read by strides, without a copy", () => {
  const b = createBuilder();
  const x = b.input("x", "f32", [2, 3, 8]);
  const heads = b.transpose(b.reshape(x, [2, 3, 4, 2]), [0, 2, 1, 3]);
  const { base, shape, strides, offset } = viewOf(heads, never);
  assert.equal(base, x);
  assert.deepEqual([shape, strides, offset], [[2, 4, 3, 2], [24, 2, 8, 1], 0]);
});

Deno.test("a reshape across a transposition cannot be strides and stays a tensor of its own", () => {
  const b = createBuilder();
  const x = b.input("x", "f32", [3, 4]);
  const flat = b.reshape(b.transpose(x, [1, 0]), [12]);
  assert.equal(viewOf(flat, never).base, flat);
  assert.equal(reshapeStrides([4, 3], [1, 4], [12]), undefined);
  assert.deepEqual(reshapeStrides([4, 3], [1, 4], [2, 2, 3]), [2, 1, 4]);
});

Deno.test("slices and broadcasts are offsets and zero strides", () => {
  const b = createBuilder();
  const x = b.input("x", "f32", [4, 6]);
  const part = viewOf(b.slice(x, 1, 2, 3), never);
  assert.deepEqual([part.strides, part.offset], [[6, 1], 2]);
  const spread = viewOf(b.broadcast(b.slice(x, 0, 1, 1), [5, 4, 6]), never);
  assert.deepEqual([spread.strides, spread.offset], [[0, 0, 1], 6]);
});

Deno.test("following views stops at the given nodes", () => {
  const b = createBuilder();
  const x = b.input("x", "f32", [4, 6]);
  const turned = b.transpose(x, [1, 0]);
  const { base, strides } = viewOf(b.slice(turned, 0, 1, 2), (n) => n === turned);
  assert.equal(base, turned);
  assert.deepEqual(strides, [4, 1]);
});

Deno.test("dimensions that step alike are one", () => {
  assert.deepEqual(mergedDims({ shape: [2, 3, 1, 4], strides: [12, 4, 9, 1], offset: 0 }), [{
    size: 24,
    stride: 1,
  }]);
  assert.ok(isIdentity({ shape: [2, 1, 3], strides: [3, 7, 1], offset: 0 }));
  assert.ok(!isIdentity({ shape: [2, 3], strides: [3, 1], offset: 1 }));
  assert.ok(!isIdentity({ shape: [3, 2], strides: [1, 3], offset: 0 }));
});
