import assert from "node:assert/strict";
import type { Kernel, Storage } from "../../../../src/backend/gpu/kernels/writer.ts";
import {
  arrange,
  computePassesOf,
  type Timeline,
  touchesOf,
} from "../../../../src/backend/gpu/plan/timeline.ts";

const storages = new Map<string, Storage>();
function storage(label: string): Storage {
  let found = storages.get(label);
  if (!found) storages.set(label, found = { label, dtype: "f32", elements: 4 } as Storage);
  return found;
}

/** `name: reads > writes`, letters for storages. */
function kernel(text: string): Kernel {
  const [name, uses] = text.split(":");
  const [reads, writes] = uses.split(">").map((s) => [...s.trim()]);
  return {
    name,
    code: { directives: [], body: "" },
    workgroups: [1, 1, 1],
    bindings: [
      ...reads.map((r) => ({ storage: storage(r), lanes: 1 as const, writes: false })),
      ...writes.map((w) => ({ storage: storage(w), lanes: 1 as const, writes: true })),
    ],
  };
}

function show({ kernels, epochs }: Timeline): string {
  return kernels.map((k, i) => `${i > 0 && epochs[i] !== epochs[i - 1] ? "| " : ""}${k.name}`).join(" ");
}

const order = (texts: string[], options = {}) => show(arrange(texts.map(kernel), options));

Deno.test("kernels that depend on nothing in common run in one epoch, a chain in one each", () => {
  assert.equal(order(["p:a>b", "q:b>c", "r:c>d"]), "p | q | r");
  assert.equal(order(["p:a>b", "q:b>c", "r:b>d", "s:cd>e"]), "p | q r | s");
  // The second half of one product waits for its own first half, not for what stands between.
  assert.equal(
    order(["x1:g>h", "w1:ga>s", "w2:s>w", "x2:h>i", "v1:hb>t", "v2:t>v"]),
    "x1 w1 | w2 x2 v1 | v2",
  );
});

Deno.test("a write waits for those who read the old value, and for an earlier write", () => {
  assert.equal(order(["read:p>y", "update:g>p"]), "read | update");
  assert.equal(order(["one:a>p", "two:b>p"]), "one | two");
  assert.equal(order(["update:gp>p", "other:h>q"]), "update other");
});

Deno.test("storages in one buffer do not run together when one of them is written", () => {
  const bufferOf = (s: Storage) => (["m", "n"].includes(s.label) ? "arena" : s);
  assert.equal(order(["p:a>m", "q:b>n", "r:c>o"]), "p q r");
  assert.equal(order(["p:a>m", "q:b>n", "r:c>o"], { bufferOf }), "p r | q");
  assert.equal(order(["p:m>x", "q:n>y"], { bufferOf }), "p q");
});

Deno.test("a kernel that is far down the order stays there", () => {
  const chain = Array.from({ length: 6 }, (_, i) => `k${i}:${"abcdefg"[i]}>${"abcdefg"[i + 1]}`);
  const late = [...chain, "free:z>y"];
  assert.equal(order(late, { window: 2 }), "k0 | k1 | k2 | k3 | k4 | k5 free");
  assert.equal(order(late, { window: 100 }), "k0 free | k1 | k2 | k3 | k4 | k5");
});

Deno.test("a pass ends with the epoch in which it is full", () => {
  const t = arrange(["p:a>b", "q:b>c", "r:b>d", "s:cd>e", "t:e>f"].map(kernel));
  assert.deepEqual(computePassesOf(t, 2), [0, 0, 0, 1, 1]);
  assert.deepEqual(computePassesOf(t, 1), [0, 1, 1, 2, 3]);
  assert.deepEqual(computePassesOf(t, Infinity), [0, 0, 0, 0, 0]);
});

Deno.test("the first of an epoch is bound to what the others read and this pass wrote", () => {
  const t = arrange(["p:a>b", "q:a>c", "r:b>d", "s:ca>e", "t:d>f", "u:ec>g"].map(kernel));
  assert.equal(show(t), "p q | r s | t u");
  const labels = (passes: number[], maxBuffers = 16) =>
    touchesOf(t, passes, { maxBuffers, bufferOf: (s) => s }).map((list) => list.map((s) => s.label).join(""));
  // c was written before r, e before t; b and c were read by then, and a was never written.
  assert.deepEqual(labels([0, 0, 0, 0, 0, 0]), ["", "", "c", "", "e", ""]);
  assert.deepEqual(labels([0, 0, 1, 1, 1, 1]), ["", "", "", "", "e", ""], "a pass begins with no barrier");
  assert.deepEqual(labels([0, 0, 0, 0, 0, 0], 2), ["", "", "", "", "", ""], "no room is no touch");
});
