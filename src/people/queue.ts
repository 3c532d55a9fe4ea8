/**
 * Handing items to annotators who come and go.
 *
 * @module
 */
import type { AnnotatorPlan, AssignedTask } from "./assignment.ts";
import { checkNumber, checkWhole, fail } from "../statistics/checks.ts";
import { show } from "../base/text.ts";

/** An item held for an annotator until a time. */
export interface Lease {
  /** Which item. */
  readonly item: string;
  /** For whom. */
  readonly annotator: string;
  /** By the clock that is passed in. */
  readonly expiresAtMs: number;
}

/** What a store knows of a task without a plan. Plain data; functions here change nothing. */
export interface QueueState {
  /** Item ids, all different. */
  readonly items: readonly string[];
  /** Different annotators wanted for each item. */
  readonly ratingsPerItem: number;
  /** Answers that are there (a skip is one). */
  readonly done: readonly { item: string; annotator: string }[];
  /** Leases, expired or not. */
  readonly leases: readonly Lease[];
}

/** What an annotator gets next. */
export type NextItem =
  | { status: "item"; lease: Lease; renewed: boolean }
  /** What is left is held by others; a lease ends at `retryAtMs`. */
  | { status: "waiting"; retryAtMs: number }
  /** Nothing is left for this annotator. */
  | { status: "finished" };

/** Half an hour. */
const LEASE_MS = 30 * 60_000;

/**
 * The next item for an annotator, where people come and go and no plan was made.
 *
 * Asking again gives the same item while its lease lasts (renewed). Otherwise: among items that this annotator has not done and
 * that still lack ratings, counting those held by others, the one with fewest; ties are broken by a hash of seed, annotator and
 * item, so annotators go through the items in different orders. Store the lease before it is answered.
 *
 * @throws {EvaluationError} When the lease time or the ratings wanted are out of range.
 * @example
 * ```ts
 * import { nextItem, progress } from "./queue.ts";
 * import assert from "node:assert/strict";
 * const state = { items: ["1"], ratingsPerItem: 1, done: [], leases: [] };
 * const next = nextItem(state, "ann", { nowMs: 0, leaseMs: 1000 });
 * assert.ok(next.status === "item" && next.lease.expiresAtMs === 1000);
 * const later = nextItem({ ...state, leases: [next.lease] }, "bob", { nowMs: 10 });
 * assert.deepEqual(later, { status: "waiting", retryAtMs: 1000 });
 * const done = [{ item: "1", annotator: "ann" }];
 * assert.equal(progress({ items: ["1", "2"], ratingsPerItem: 2, done, leases: [] }, { nowMs: 0 }).share, 0.25);
 * ```
 */
export function nextItem(
  state: QueueState,
  annotator: string,
  options: { nowMs: number; leaseMs?: number; seed?: number },
): NextItem {
  const { nowMs, leaseMs = LEASE_MS, seed = 0 } = options;
  checkWhole("ratingsPerItem", state.ratingsPerItem);
  checkNumber("nowMs", nowMs, {});
  checkNumber("leaseMs", leaseMs, { above: 0, most: 30 * 24 * 3_600_000 });
  const { ratings, mine } = countRatings(state, annotator);
  const active = state.leases.filter((lease) => lease.expiresAtMs > nowMs && ratings.has(lease.item));
  const own = active.find((lease) => lease.annotator === annotator && !mine.has(lease.item));
  if (own && ratings.get(own.item)! < state.ratingsPerItem) {
    return { status: "item", lease: { ...own, expiresAtMs: nowMs + leaseMs }, renewed: true };
  }
  const held = new Map<string, number>(), freeAt = new Map<string, number>();
  for (const { item, annotator: holder, expiresAtMs } of active) {
    if (holder === annotator) continue;
    held.set(item, (held.get(item) ?? 0) + 1);
    freeAt.set(item, Math.min(freeAt.get(item) ?? Infinity, expiresAtMs));
  }
  let best: string | undefined, fewest = Infinity, lowest = Infinity, retryAtMs = Infinity;
  for (const item of state.items) {
    const has = ratings.get(item)!;
    if (mine.has(item) || has >= state.ratingsPerItem) continue;
    const total = has + (held.get(item) ?? 0);
    if (total >= state.ratingsPerItem) {
      retryAtMs = Math.min(retryAtMs, freeAt.get(item)!);
      continue;
    }
    if (total > fewest) continue;
    const place = hash(`${seed}\n${annotator}\n${item}`);
    if (total < fewest || place < lowest) [best, fewest, lowest] = [item, total, place];
  }
  if (best !== undefined) {
    return { status: "item", lease: { item: best, annotator, expiresAtMs: nowMs + leaseMs }, renewed: false };
  }
  return retryAtMs < Infinity ? { status: "waiting", retryAtMs } : { status: "finished" };
}

/** What became of a submission. */
export interface Settled {
  /**
   * "new": one more rating. "again": the annotator had answered this item; the later answer replaces the earlier. "surplus": the
   * item has its ratings already (a lease ran out and somebody else was quicker); keep the answer, it is work done.
   */
  readonly status: "new" | "again" | "surplus";
  /** Leases that are left: neither this one nor any that has run out. */
  readonly leases: Lease[];
}

/**
 * Says what a submission is and which leases remain. An answer after its lease ran out is taken all the same.
 *
 * @throws {EvaluationError} When there is no such item.
 */
export function settle(
  state: QueueState,
  submission: { item: string; annotator: string },
  options: { nowMs: number },
): Settled {
  checkWhole("ratingsPerItem", state.ratingsPerItem);
  const { item, annotator } = submission;
  const { ratings, mine } = countRatings(state, annotator);
  const has = ratings.get(item);
  if (has === undefined) fail(`There is no item ${show(item)} in this task`);
  const leases = state.leases.filter((lease) =>
    lease.expiresAtMs > options.nowMs && !(lease.item === item && lease.annotator === annotator)
  );
  return { status: mine.has(item) ? "again" : has >= state.ratingsPerItem ? "surplus" : "new", leases };
}

/** How far a task is. */
export interface Progress {
  /** Ratings that count toward what is wanted. */
  readonly done: number;
  /** Items times ratings wanted. */
  readonly wanted: number;
  /** Done / wanted. */
  readonly share: number;
  /** Items with all, some and none of their ratings. */
  readonly items: { complete: number; started: number; untouched: number };
  /** Annotators with answers or leases, by name. */
  readonly annotators: { annotator: string; done: number; holding: number }[];
}

/**
 * How far a task is: ratings, items and annotators.
 */
export function progress(state: QueueState, options: { nowMs: number }): Progress {
  checkWhole("ratingsPerItem", state.ratingsPerItem);
  const { ratings } = countRatings(state, "");
  const items = { complete: 0, started: 0, untouched: 0 };
  let done = 0;
  for (const has of ratings.values()) {
    done += Math.min(has, state.ratingsPerItem);
    items[has >= state.ratingsPerItem ? "complete" : has > 0 ? "started" : "untouched"]++;
  }
  const people = new Map<string, { done: Set<string>; holding: number }>();
  const person = (annotator: string) => {
    let found = people.get(annotator);
    if (!found) people.set(annotator, found = { done: new Set(), holding: 0 });
    return found;
  };
  for (const { item, annotator } of state.done) if (ratings.has(item)) person(annotator).done.add(item);
  for (const lease of state.leases) {
    if (lease.expiresAtMs > options.nowMs && ratings.has(lease.item)) person(lease.annotator).holding++;
  }
  const wanted = state.items.length * state.ratingsPerItem;
  return {
    done,
    wanted,
    share: wanted > 0 ? done / wanted : 1,
    items,
    annotators: [...people].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([annotator, { done, holding }]) => ({ annotator, done: done.size, holding })),
  };
}

/** The next task of an annotator who has a plan, or undefined where all are done. The same until it is done. */
export function nextTask(
  plan: AnnotatorPlan,
  done: (task: AssignedTask) => boolean,
): AssignedTask | undefined {
  return plan.tasks.find((task) => !done(task));
}

/** Ratings by different annotators for each item, and the items that this annotator has rated. */
function countRatings(
  state: QueueState,
  annotator: string,
): { ratings: Map<string, number>; mine: Set<string> } {
  const raters = new Map<string, Set<string>>(state.items.map((item) => [item, new Set()]));
  const mine = new Set<string>();
  for (const answer of state.done) {
    raters.get(answer.item)?.add(answer.annotator);
    if (answer.annotator === annotator) mine.add(answer.item);
  }
  return { ratings: new Map([...raters].map(([item, own]) => [item, own.size])), mine };
}

/** FNV-1a over UTF-16 units, its bits mixed once more. */
function hash(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}
