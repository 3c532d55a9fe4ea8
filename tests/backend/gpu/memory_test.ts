import assert from "node:assert/strict";
import { assignBuffers, type Lifetime } from "../../../src/backend/gpu/memory.ts";

Deno.test("values that live at the same time never share a buffer, and each fits into its own", () => {
  let seed = 7;
  const random = (n: number) => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % n;
  for (let round = 0; round < 50; round++) {
    const lifetimes = Array.from({ length: 60 }, (_, value): Lifetime<number> => {
      const first = random(40);
      return { value, bytes: 4 * (1 + random(100)), first, last: first + random(12) };
    });
    const { sizes, slotOf } = assignBuffers(lifetimes);
    for (const a of lifetimes) {
      assert.ok(sizes[slotOf.get(a.value)!] >= a.bytes);
      for (const b of lifetimes) {
        if (a === b || slotOf.get(a.value) !== slotOf.get(b.value)) continue;
        assert.ok(a.last < b.first || b.last < a.first, `${a.value} and ${b.value} share a buffer`);
      }
    }
    const most = Math.max(
      ...Array.from({ length: 52 }, (_, t) => lifetimes.filter((l) => l.first <= t && t <= l.last).length),
    );
    assert.equal(sizes.length, most, "no more buffers than are in use at once");
  }
});
