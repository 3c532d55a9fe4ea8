import assert from "node:assert/strict";
import { type Lease, nextItem, nextTask, progress, type QueueState, settle } from "../../src/people/queue.ts";
import { createRandom } from "../../src/base/random.ts";

const items = Array.from({ length: 12 }, (_, i) => `item ${i}`);

Deno.test("annotators who come and go finish every item exactly as often as wanted", () => {
  const random = createRandom(7);
  for (let round = 0; round < 20; round++) {
    const done: { item: string; annotator: string }[] = [];
    let leases: Lease[] = [], nowMs = 0;
    const people = ["ann", "bob", "cy", "dee"], ratingsPerItem = 1 + round % 3;
    const state = (): QueueState => ({ items, ratingsPerItem, done, leases });
    for (let step = 0; step < 5000; step++) {
      nowMs += Math.floor(random() * 100);
      const annotator = people[Math.floor(random() * people.length)];
      const next = nextItem(state(), annotator, { nowMs, leaseMs: 1000 });
      if (next.status === "waiting") assert.ok(next.retryAtMs > nowMs);
      if (next.status !== "item") continue;
      leases = leases.filter((lease) => lease.annotator !== annotator).concat(next.lease);
      if (random() < 0.3) continue; // closes the page
      const settled = settle(state(), next.lease, { nowMs });
      assert.equal(settled.status, "new");
      leases = settled.leases;
      done.push({ item: next.lease.item, annotator });
      const counts = items.map((item) => done.filter((answer) => answer.item === item).length);
      assert.ok(Math.max(...counts) <= ratingsPerItem);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 2, "breadth first");
    }
    assert.equal(done.length, items.length * ratingsPerItem);
    assert.equal(new Set(done.map(({ item, annotator }) => item + annotator)).size, done.length);
    for (const annotator of people) assert.equal(nextItem(state(), annotator, { nowMs }).status, "finished");
    assert.equal(progress(state(), { nowMs }).share, 1);
  }
});

Deno.test("asking twice gives the same item with its lease renewed; after it ran out others may have it", () => {
  const state: QueueState = { items: ["only"], ratingsPerItem: 1, done: [], leases: [] };
  const first = nextItem(state, "ann", { nowMs: 0, leaseMs: 100 });
  assert.ok(first.status === "item" && !first.renewed);
  const leases = [first.lease];
  const second = nextItem({ ...state, leases }, "ann", { nowMs: 50, leaseMs: 100 });
  assert.deepEqual(second, {
    status: "item",
    lease: { item: "only", annotator: "ann", expiresAtMs: 150 },
    renewed: true,
  });
  assert.deepEqual(nextItem({ ...state, leases }, "bob", { nowMs: 99 }), {
    status: "waiting",
    retryAtMs: 100,
  });
  assert.equal(nextItem({ ...state, leases }, "bob", { nowMs: 100 }).status, "item");
});

Deno.test("annotators go through the items in different orders, the same each time", () => {
  const orderOf = (annotator: string, seed: number) => {
    const done: { item: string; annotator: string }[] = [];
    for (;;) {
      const next = nextItem({ items, ratingsPerItem: 1, done, leases: [] }, annotator, { nowMs: 0, seed });
      if (next.status !== "item") return done.map(({ item }) => item).join();
      done.push({ item: next.lease.item, annotator });
    }
  };
  assert.equal(orderOf("ann", 0), orderOf("ann", 0));
  assert.equal(new Set([orderOf("ann", 0), orderOf("bob", 0), orderOf("ann", 1), items.join()]).size, 4);
});

Deno.test("a submission is new, again or surplus, and late ones are taken", () => {
  const lease = { item: "item 1", annotator: "ann", expiresAtMs: 10 };
  const state: QueueState = { items, ratingsPerItem: 1, done: [], leases: [lease] };
  assert.deepEqual(settle(state, lease, { nowMs: 50 }), { status: "new", leases: [] });
  assert.equal(settle({ ...state, done: [lease] }, lease, { nowMs: 5 }).status, "again");
  assert.equal(
    settle({ ...state, done: [{ item: "item 1", annotator: "bob" }] }, lease, { nowMs: 5 }).status,
    "surplus",
  );
  assert.throws(() => settle(state, { item: "nope", annotator: "ann" }, { nowMs: 0 }), /no item "nope"/);
  assert.throws(() => nextItem({ ...state, ratingsPerItem: 0 }, "ann", { nowMs: 0 }), /ratingsPerItem must/);
  assert.throws(() => nextItem(state, "ann", { nowMs: 0, leaseMs: 0 }), /leaseMs must be/);
});

Deno.test("progress counts ratings, items and people", () => {
  const done = [["item 0", "ann"], ["item 0", "bob"], ["item 0", "cy"], ["item 1", "ann"], ["gone", "ann"]]
    .map(([item, annotator]) => ({ item, annotator }));
  const leases = [{ item: "item 2", annotator: "cy", expiresAtMs: 10 }, {
    item: "item 3",
    annotator: "bob",
    expiresAtMs: 1,
  }];
  assert.deepEqual(progress({ items, ratingsPerItem: 2, done, leases }, { nowMs: 5 }), {
    done: 3,
    wanted: 24,
    share: 3 / 24,
    items: { complete: 1, started: 1, untouched: 10 },
    annotators: [
      { annotator: "ann", done: 2, holding: 0 },
      { annotator: "bob", done: 1, holding: 0 },
      { annotator: "cy", done: 1, holding: 1 },
    ],
  });
});

Deno.test("with a plan the next task is the first that is not done", () => {
  const tasks = ["p", "q"].map((item) => ({ item, kind: "item" as const, swapped: false }));
  const plan = { annotator: "ann", tasks };
  assert.equal(nextTask(plan, () => false)!.item, "p");
  assert.equal(nextTask(plan, ({ item }) => item === "p")!.item, "q");
  assert.equal(nextTask(plan, () => true), undefined);
});
