import assert from "node:assert/strict";
import { addAnnotators, assignItems, type Assignment, overlaps } from "../../src/people/assignment.ts";
import { createRandom } from "../../src/base/random.ts";

const names = (count: number, what: string) => Array.from({ length: count }, (_, i) => `${what} ${i}`);
const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values);
const main = (assignment: Assignment) =>
  assignment.plans.map(({ tasks }) => tasks.filter(({ kind }) => kind === "item"));

Deno.test("every item has its ratings, loads are equal within one, pairs overlap evenly, sides are balanced", () => {
  const random = createRandom(3);
  for (let round = 0; round < 60; round++) {
    const people = 1 + Math.floor(random() * 9), ratings = 1 + Math.floor(random() * people);
    const items = names(1 + Math.floor(random() * 60), "item"), annotators = names(people, "rater");
    const gold = names(Math.floor(random() * 4), "gold");
    const options = { items, annotators, gold, ratingsPerItem: ratings, seed: round };
    const assignment = assignItems(options);
    assert.deepEqual(assignment, assignItems(options));
    const own = main(assignment);
    assert.ok(spread(own.map((tasks) => tasks.length)) <= 1);
    const perItem = new Map<string, boolean[]>(items.map((item) => [item, []]));
    own.flat().forEach(({ item, swapped }) => perItem.get(item)!.push(swapped));
    for (const sides of perItem.values()) {
      assert.equal(sides.length, ratings);
      assert.ok(Math.abs(2 * sides.filter(Boolean).length - ratings) <= 1, "an item's sides");
    }
    for (const { tasks } of assignment.plans) {
      assert.equal(new Set(tasks.map(({ item }) => item)).size, tasks.length, "nobody sees an item twice");
      assert.equal(tasks.filter(({ kind }) => kind === "gold").length, gold.length);
      assert.ok(
        Math.abs(2 * tasks.filter(({ swapped }) => swapped).length - tasks.length) <= 1,
        "an annotator's sides",
      );
    }
    const shared = overlaps(assignment).flatMap((row, a) => row.filter((_, b) => b > a));
    const even = shared.reduce((sum, count) => sum + count, 0) / shared.length;
    if (shared.length > 0) {
      assert.ok(spread(shared) <= Math.max(2, 0.12 * even), `${people} raters: ${shared}`);
    }
  }
});

Deno.test("orders differ between annotators, gold is spread out, repeats come later with sides turned", () => {
  const { plans } = assignItems({
    items: names(100, "item"),
    annotators: names(4, "rater"),
    gold: names(5, "gold"),
    ratingsPerItem: 4,
    repeats: 10,
    repeatGap: 20,
  });
  assert.notDeepEqual(plans[0].tasks.map(({ item }) => item), plans[1].tasks.map(({ item }) => item));
  for (const { tasks } of plans) {
    assert.equal(tasks.length, 115);
    const at = tasks.flatMap(({ kind }, i) => kind === "gold" ? [i] : []);
    at.forEach((place, g) => assert.ok(place >= g * 23 - 16 && place <= g * 23 + 39, `${at}`));
    const repeats = tasks.flatMap((task, i) => task.kind === "repeat" ? [[task, i] as const] : []);
    assert.equal(repeats.length, 10);
    for (const [repeat, i] of repeats) {
      const first = tasks.findIndex(({ item }) => item === repeat.item);
      assert.equal(tasks[first].kind, "item");
      assert.equal(tasks[first].swapped, !repeat.swapped);
      assert.ok(i - first > 20, `${first} and ${i}`);
    }
  }
});

Deno.test("some items can be shared by more annotators than the rest", () => {
  const own = main(assignItems({
    items: names(50, "item"),
    annotators: names(5, "rater"),
    shared: { items: 10, ratings: 3 },
    seed: 1,
  }));
  const counts = new Map<string, number>();
  own.flat().forEach(({ item }) => counts.set(item, (counts.get(item) ?? 0) + 1));
  assert.equal([...counts.values()].filter((count) => count === 3).length, 10);
  assert.equal([...counts.values()].filter((count) => count === 1).length, 40);
  assert.ok(spread(own.map((tasks) => tasks.length)) <= 1);
  assert.notDeepEqual(
    [...counts].filter(([, count]) => count === 3).map(([item]) => item),
    names(10, "item"),
  );
});

Deno.test("new annotators take over what is not done; nothing done moves and no item is lost or doubled", () => {
  const before = assignItems({
    items: names(120, "item"),
    annotators: names(4, "rater"),
    gold: ["g"],
    ratingsPerItem: 2,
    repeats: 3,
    seed: 2,
  });
  const doneTasks = new Set(
    before.plans.flatMap(({ annotator, tasks }) =>
      tasks.slice(0, 20).map(({ item, kind }) => JSON.stringify([annotator, item, kind]))
    ),
  );
  const done = (annotator: string, { item, kind }: { item: string; kind: string }) =>
    doneTasks.has(JSON.stringify([annotator, item, kind]));
  const after = addAnnotators(before, ["x", "y"], { done });
  assert.deepEqual(after, addAnnotators(before, ["x", "y"], { done }));
  const own = main(after);
  assert.deepEqual(own.map((tasks) => tasks.length), [40, 40, 40, 40, 40, 40]);
  const counts = new Map<string, Set<number>>();
  own.forEach((tasks, a) =>
    tasks.forEach(({ item }) => counts.set(item, (counts.get(item) ?? new Set()).add(a)))
  );
  assert.ok([...counts.values()].every((raters) => raters.size === 2) && counts.size === 120);
  for (const name of doneTasks) {
    const [annotator, item, kind] = JSON.parse(name);
    const plan = after.plans.find((found) => found.annotator === annotator)!;
    assert.ok(plan.tasks.some((task) => task.item === item && task.kind === kind));
  }
  for (const { tasks } of after.plans) {
    for (const { item, kind } of tasks) {
      if (kind === "repeat") {
        assert.ok(tasks.some((task) => task.item === item && task.kind === "item"), "a repeat's first");
      }
    }
  }
  for (const { tasks } of after.plans.slice(4)) {
    assert.equal(tasks.filter(({ kind }) => kind === "gold").length, 1);
    assert.equal(tasks.filter(({ kind }) => kind === "repeat").length, 3);
    const sides = tasks.filter(({ kind, swapped }) => kind === "item" && swapped).length;
    assert.ok(Math.abs(sides - 20) <= 2, `${sides} of 40 swapped`);
  }
  assert.throws(() => addAnnotators(before, ["rater 0"], { done }), /"rater 0" is there twice/);
  const late = addAnnotators(before, ["z"], { done: () => true });
  assert.equal(main(late)[4].length, 0);
});

Deno.test("an impossible design is refused with what would work", () => {
  const items = names(100, "item"), annotators = names(3, "rater");
  assert.throws(
    () => assignItems({ items, annotators, ratingsPerItem: 5 }),
    /to 5 different annotators: there are 3; add 2 or ask for at most 3 ratings an item/,
  );
  assert.throws(
    () => assignItems({ items, annotators, ratingsPerItem: 3, limit: 80 }),
    /300 ratings into 3 annotators with 80 tasks each: use 4 annotators, a limit of 100, or at most 2 ratings an item/,
  );
  assert.throws(
    () => assignItems({ items, annotators, limit: 20, gold: ["g"] }),
    /\(1 of them gold and repeats\): use 6 annotators, a limit of 35, or at most 57 items/,
  );
  assert.throws(
    () => assignItems({ items, annotators, repeats: 30, repeatGap: 10 }),
    /repeat at most 23 or lower repeatGap/,
  );
  assert.throws(() => assignItems({ items: [], annotators }), /there are none/);
  assert.throws(() => assignItems({ items, annotators: [] }), /no annotators/);
  assert.throws(() => assignItems({ items, annotators, gold: ["item 3"] }), /Item "item 3" is there twice/);
  assert.throws(() => assignItems({ items, annotators, ratingsPerItem: 0 }), /ratingsPerItem must/);
  assert.throws(
    () => assignItems({ items, annotators, shared: { items: 200, ratings: 2 } }),
    /shared.items must be .* from 1 to 100, got 200/,
  );
});
