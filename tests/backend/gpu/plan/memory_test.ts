import assert from "node:assert/strict";
import { assignBuffers, type Lifetime } from "../../../../src/backend/gpu/plan/memory.ts";

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

Deno.test("what lies in an arena is gone before that part of the arena is used, and lies apart from its like", () => {
  let seed = 3;
  const random = (n: number) => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % n;
  let guests = 0;
  for (let round = 0; round < 50; round++) {
    const parts = Array.from(
      { length: 8 },
      (_, i) => ({ begin: i * 512, end: i * 512 + 400, first: random(40) }),
    );
    const host = { value: -1, bytes: 4096, parts };
    const lifetimes = Array.from({ length: 60 }, (_, value): Lifetime<number> => {
      const first = random(40);
      return { value, bytes: 4 * (1 + random(300)), first, last: first + random(12) };
    });
    lifetimes.push({ value: -1, bytes: 4096, first: Math.min(...parts.map((p) => p.first)), last: 60 });
    const { sizes, slotOf, offsetOf } = assignBuffers(lifetimes, { hosts: [host], least: 64 });
    assert.equal(sizes[slotOf.get(-1)!], 4096);
    const inside = lifetimes.filter((l) => offsetOf.has(l.value));
    guests += inside.length;
    for (const a of inside) {
      const begin = offsetOf.get(a.value)!;
      assert.equal(begin % 256, 0);
      assert.ok(begin + a.bytes <= 4096 && a.bytes >= 64);
      assert.ok(a.first < Math.min(...parts.map((p) => p.first)));
      assert.equal(slotOf.get(a.value), slotOf.get(-1));
      for (const part of parts) {
        assert.ok(
          part.end <= begin || begin + a.bytes <= part.begin || a.last < part.first,
          "in the arena's way",
        );
      }
      for (const b of inside) {
        const other = offsetOf.get(b.value)!;
        const apart = other + b.bytes <= begin || begin + a.bytes <= other || a.last < b.first ||
          b.last < a.first;
        assert.ok(a === b || apart, `${a.value} and ${b.value}`);
      }
    }
  }
  assert.ok(guests > 100);
});
