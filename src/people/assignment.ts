/**
 * Which annotator sees which items, in what order.
 *
 * @module
 */
import { createRandom } from "../base/random.ts";
import { balancedBlocks, balancedSides, shuffled, shuffleInPlace } from "./blocks.ts";
import { checkDistinct, checkWhole, fail } from "../statistics/checks.ts";

/** Why an annotator sees an item: to rate it, because the answer is known, or to see whether they answer the same again. */
export type TaskKind = "item" | "gold" | "repeat";

/** One item that one annotator is to see. Item and kind together name it. */
export interface AssignedTask {
  /** Its name. */
  readonly item: string;
  /** Why it is shown. */
  readonly kind: TaskKind;
  /** In pairwise tasks: show the second candidate first. */
  readonly swapped: boolean;
}

/** What one annotator is to do, in the order to do it. */
export interface AnnotatorPlan {
  /** Who. */
  readonly annotator: string;
  /** In order. */
  readonly tasks: AssignedTask[];
}

/** Who is to see what. Plain data. */
export interface Assignment {
  /** One plan an annotator. */
  readonly plans: AnnotatorPlan[];
  /** Items whose answers are known. */
  readonly gold: string[];
  /** Items that each annotator sees twice. */
  readonly repeats: number;
  /** Tasks between an item and its repeat, at least. */
  readonly repeatGap: number;
}

/** What is to be rated by whom. */
export interface AssignmentOptions {
  /** Items, all different. */
  readonly items: readonly string[];
  /** Annotators, all different. */
  readonly annotators: readonly string[];
  /** Different annotators that rate each item; default 1. */
  readonly ratingsPerItem?: number;
  /** Some items, drawn at random, that more annotators rate than `ratingsPerItem`, so that agreement can be measured. */
  readonly shared?: { items: number; ratings: number };
  /** Items with known answers that every annotator sees, spread evenly over their tasks; none of `items`. */
  readonly gold?: readonly string[];
  /** Items that each annotator sees a second time, later; default 0. */
  readonly repeats?: number;
  /** Tasks between an item and its repeat, at least; default 10, or less where an annotator has few. */
  readonly repeatGap?: number;
  /** Tasks that an annotator does at most. */
  readonly limit?: number;
  /** Default 0. */
  readonly seed?: number;
}

const MAX_TASKS = 5_000_000;

/**
 * Assigns items to annotators in balanced blocks: every item is rated by as many annotators as asked for, annotators' loads are
 * equal within one, pairs of annotators share items as evenly as a greedy search with swaps finds, and each annotator's order
 * is random.
 *
 * For pairwise tasks sides are balanced exactly: each item is shown swapped to half of its annotators within one, and each
 * annotator sees half of their items and gold swapped within one (an Eulerian orientation of the graph of items and
 * annotators). A repeat has its sides the other way round. Seeded: the same options give the same assignment.
 *
 * @throws {EvaluationError} When a design is impossible; the message says what would work.
 * @example
 * ```ts
 * import { addAnnotators, assignItems } from "./assignment.ts";
 * import assert from "node:assert/strict";
 * const items = Array.from({ length: 30 }, (_, i) => `item ${i}`);
 * const { plans } = assignItems({ items, annotators: ["ann", "bob", "cy", "dee"], ratingsPerItem: 2, repeats: 2 });
 * assert.deepEqual(plans.map(({ tasks }) => tasks.length), [17, 17, 17, 17]); // 15 items and 2 repeats
 * const before = assignItems({ items, annotators: ["ann", "bob"] });
 * const after = addAnnotators(before, ["cy"], { done: () => false });
 * assert.deepEqual(after.plans.map(({ tasks }) => tasks.length), [10, 10, 10]);
 * ```
 */
export function assignItems(options: AssignmentOptions): Assignment {
  const { items, annotators, gold = [], repeats = 0, seed = 0 } = options;
  const sizes = blockSizes(options);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const least = Math.floor(total / annotators.length);
  const repeatGap = options.repeatGap ?? Math.min(10, Math.floor(least / 2));
  checkDesign(options, total, least, repeatGap);

  const random = createRandom(seed);
  const shared = options.shared?.items ?? 0;
  if (shared > 0) {
    // Larger blocks go to random items, not to the first.
    const order = shuffled(items.length, random);
    sizes.fill(options.ratingsPerItem ?? 1);
    for (let i = 0; i < shared; i++) sizes[order[i]] = options.shared!.ratings;
  }
  const blocks = balancedBlocks(annotators.length, sizes, random);
  const edges: [number, number][] = blocks.flatMap((block, i) =>
    Array.from(block, (a): [number, number] => [i, a])
  );
  gold.forEach((_, g) => annotators.forEach((_, a) => edges.push([items.length + g, a])));
  const swapped = balancedSides(edges, items.length + gold.length, annotators.length, random);

  const own = annotators.map(() => ({ items: [] as AssignedTask[], gold: [] as AssignedTask[] }));
  edges.forEach(([i, a], e) => {
    if (i < items.length) own[a].items.push({ item: items[i], kind: "item", swapped: swapped[e] });
    else own[a].gold.push({ item: gold[i - items.length], kind: "gold", swapped: swapped[e] });
  });
  const plans = annotators.map((annotator, a) => ({
    annotator,
    tasks: orderTasks(own[a].items, own[a].gold, repeats, repeatGap, random),
  }));
  return { plans, gold: [...gold], repeats, repeatGap };
}

/**
 * Gives new annotators a fair part of what is not done yet: tasks move, with their sides, from those with most items until
 * loads are equal within one. Done tasks, and items that somebody is to see twice, stay; new annotators get all gold items and
 * their own repeats.
 *
 * @param done Whether an annotator has done a task.
 * @throws {EvaluationError} When an annotator is there already or named twice.
 */
export function addAnnotators(
  assignment: Assignment,
  annotators: readonly string[],
  options: { done: (annotator: string, task: AssignedTask) => boolean; seed?: number },
): Assignment {
  const { plans, gold, repeats, repeatGap } = assignment;
  checkDistinct("Annotator", [...plans.map(({ annotator }) => annotator), ...annotators]);
  const random = createRandom(options.seed ?? 0);
  const donors = plans.map(({ annotator, tasks }) => {
    const repeated = new Set(tasks.filter(({ kind }) => kind === "repeat").map(({ item }) => item));
    const own = tasks.filter(({ kind }) => kind === "item");
    const movable = own.filter((task) => !repeated.has(task.item) && !options.done(annotator, task));
    return { load: own.length, movable: shuffleInPlace(movable, random), given: new Set<AssignedTask>() };
  });
  const takers = annotators.map(() => ({ tasks: [] as AssignedTask[], has: new Set<string>(), swapped: 0 }));
  for (;;) {
    const moved = takers.toSorted((x, y) => x.tasks.length - y.tasks.length).some((taker) =>
      donors.filter(({ load }) => load >= taker.tasks.length + 2).sort((x, y) => y.load - x.load).some(
        (donor) => {
          const wanted = 2 * taker.swapped < taker.tasks.length;
          const free = ({ item }: AssignedTask) => !taker.has.has(item);
          const task = donor.movable.findLast((found) => free(found) && found.swapped === wanted) ??
            donor.movable.findLast(free);
          if (task === undefined) return false;
          donor.movable.splice(donor.movable.lastIndexOf(task), 1);
          donor.given.add(task);
          donor.load--;
          taker.tasks.push(task);
          taker.has.add(task.item);
          if (task.swapped) taker.swapped++;
          return true;
        },
      )
    );
    if (!moved) break;
  }
  const kept = plans.map(({ annotator, tasks }, p) => ({
    annotator,
    tasks: tasks.filter((task) => !donors[p].given.has(task)),
  }));
  const added = annotators.map((annotator, a) => {
    const offset = random() < 0.5 ? 0 : 1;
    const controls = shuffleInPlace([...gold], random).map((item, g): AssignedTask => (
      { item, kind: "gold", swapped: (g + offset) % 2 === 1 }
    ));
    const { tasks } = takers[a];
    const gap = Math.min(repeatGap, Math.floor(tasks.length / 2));
    const own = orderTasks(tasks, controls, Math.min(repeats, tasks.length - gap), gap, random);
    return { annotator, tasks: own };
  });
  return { ...assignment, plans: [...kept, ...added] };
}

/** How many items each pair of annotators both rate; on the diagonal, how many each rates. */
export function overlaps(assignment: Assignment): number[][] {
  const { plans } = assignment;
  const ratings = plans.flatMap(({ tasks }, a) =>
    tasks.flatMap(({ item, kind }) => kind === "item" ? [{ item, a }] : [])
  );
  const out = plans.map(() => new Array<number>(plans.length).fill(0));
  for (const own of Map.groupBy(ratings, ({ item }) => item).values()) {
    for (const { a } of own) for (const { a: b } of own) out[a][b]++;
  }
  return out;
}

/** Items in random order, gold spread evenly among them, repeats at least a gap after the first showing. */
function orderTasks(
  items: readonly AssignedTask[],
  gold: readonly AssignedTask[],
  repeats: number,
  gap: number,
  random: () => number,
): AssignedTask[] {
  const placed = shuffleInPlace([...items], random).map((task, at) => ({ task, at }));
  const early = shuffled(Math.max(0, items.length - gap), random).subarray(0, Math.max(0, repeats));
  for (const first of early) {
    const { task } = placed[first];
    const at = first + gap + 0.5 + random() * (items.length - 1 - first - gap);
    placed.push({ task: { ...task, kind: "repeat", swapped: !task.swapped }, at });
  }
  shuffleInPlace([...gold], random).forEach((task, g) => {
    placed.push({ task, at: (g + random()) * items.length / gold.length - 0.5 });
  });
  return placed.sort((x, y) => x.at - y.at).map(({ task }) => task);
}

function blockSizes({ items, ratingsPerItem = 1, shared }: AssignmentOptions): number[] {
  const sizes = new Array<number>(items.length).fill(ratingsPerItem);
  if (shared) sizes.fill(shared.ratings, 0, Math.min(items.length, shared.items));
  return sizes;
}

function checkDesign(options: AssignmentOptions, total: number, least: number, gap: number): void {
  const { items, annotators, ratingsPerItem = 1, shared, gold = [], repeats = 0, limit = Infinity } = options;
  if (items.length === 0) fail("Cannot assign items: there are none");
  if (annotators.length === 0) fail("Cannot assign items: there are no annotators");
  checkDistinct("Item", [...items, ...gold]);
  checkDistinct("Annotator", annotators);
  checkWhole("ratingsPerItem", ratingsPerItem);
  checkWhole("repeats", repeats, 0);
  checkWhole("repeatGap", gap, 0);
  if (shared) {
    checkWhole("shared.items", shared.items, 1, items.length);
    checkWhole("shared.ratings", shared.ratings, ratingsPerItem);
  }
  const most = Math.max(ratingsPerItem, shared?.ratings ?? 0);
  if (most > annotators.length) {
    fail(
      `Cannot give an item to ${most} different annotators: there are ${annotators.length}; add ` +
        `${most - annotators.length} or ask for at most ${annotators.length} ratings an item`,
    );
  }
  if (total + annotators.length * (gold.length + repeats) > MAX_TASKS) {
    fail(`Cannot assign ${total} ratings at once: at most ${MAX_TASKS} tasks; assign them in parts`);
  }
  const extra = gold.length + repeats;
  const needed = Math.ceil(total / annotators.length) + extra;
  if (needed > limit) {
    const room = Math.max(0, limit - extra), all = room * annotators.length;
    const what = extra > 0 ? ` (${extra} of them gold and repeats)` : "";
    const fewer = all >= items.length ? `${Math.floor(all / items.length)} ratings an item` : `${all} items`;
    const cure = room < 1
      ? `raise the limit to ${needed}`
      : `use ${Math.ceil(total / room)} annotators, a limit of ${needed}, or at most ${fewer}`;
    fail(
      `Cannot fit ${total} ratings into ${annotators.length} annotators with ${limit} tasks each${what}: ${cure}`,
    );
  }
  if (repeats > Math.max(0, least - gap)) {
    fail(
      `Cannot repeat ${repeats} items at least ${gap} tasks later: an annotator has ${least}; repeat at most ` +
        `${Math.max(0, least - gap)}${gap > 0 ? " or lower repeatGap" : ""}`,
    );
  }
}
