/**
 * Which values share a buffer: two may if no compute pass needs both.
 *
 * @module
 */

/** A value and the compute passes, by number, that use it first and last. */
export interface Lifetime<T> {
  readonly value: T;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** Memory that is filled part by part: until a part is used, something else may lie there. */
export interface Host<T> {
  readonly value: T;
  readonly bytes: number;
  readonly parts: readonly { readonly begin: number; readonly end: number; readonly first: number }[];
}

/** Buffers, by size, and the buffer of each value. */
export interface Assignment<T> {
  readonly sizes: readonly number[];
  readonly slotOf: ReadonlyMap<T, number>;
  /** The byte of its buffer that a value begins at, for those that do not begin at the first. */
  readonly offsetOf: ReadonlyMap<T, number>;
}

/**
 * Gives each value the free buffer that fits it best, grows the largest one if none does, and makes a new one if none is free.
 *
 * @example
 * ```ts
 * import { assignBuffers } from "./memory.ts";
 * import assert from "node:assert/strict";
 * const { sizes, slotOf } = assignBuffers([
 *   { value: "a", bytes: 64, first: 0, last: 1 },
 *   { value: "b", bytes: 64, first: 1, last: 2 },
 *   { value: "c", bytes: 48, first: 2, last: 3 },
 * ]);
 * assert.deepEqual(sizes, [64, 64]);
 * assert.equal(slotOf.get("c"), slotOf.get("a"));
 * ```
 *
 * Values of at least `least` bytes lie in `hosts` where they fit before those are used, the largest first, if they are made
 * before any part of a host is: what comes later would make kernels wait that use parts of the same buffer. Hosts have
 * buffers of their own.
 */
export function assignBuffers<T>(
  lifetimes: readonly Lifetime<T>[],
  options: { hosts?: readonly Host<T>[]; least?: number } = {},
): Assignment<T> {
  const { hosts = [], least = 0 } = options;
  const guests = hosts.map((host) => new Guests(host));
  const isHost = new Set(hosts.map((h) => h.value));
  const guestOf = new Map<T, { host: T; offset: number }>();
  for (const lifetime of [...lifetimes].sort((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    if (lifetime.bytes < least || isHost.has(lifetime.value)) continue;
    for (const [i, host] of guests.entries()) {
      const offset = host.take(lifetime);
      if (offset === undefined) continue;
      guestOf.set(lifetime.value, { host: hosts[i].value, offset });
      break;
    }
  }
  const { sizes, slotOf } = assignSlots(
    lifetimes.filter((l) => !guestOf.has(l.value))
      .map((l) => isHost.has(l.value) ? { ...l, first: -Infinity, last: Infinity } : l),
  );
  const offsetOf = new Map([...guestOf].map(([value, { offset }]) => [value, offset]));
  for (const [value, { host }] of guestOf) slotOf.set(value, slotOf.get(host)!);
  return { sizes, slotOf, offsetOf };
}

const alignment = 256;

/** What lies in a host before it is used. */
class Guests<T> {
  readonly #taken: { begin: number; end: number; first: number; last: number }[];
  readonly #bytes: number;
  readonly #begin: number;

  constructor({ bytes, parts }: Host<T>) {
    this.#bytes = bytes;
    this.#begin = Math.min(...parts.map((p) => p.first));
    this.#taken = parts.map((part) => ({ ...part, last: Infinity }));
  }

  /** The first byte from which a value finds room for as long as it lives. */
  take({ bytes, first, last }: Lifetime<T>): number | undefined {
    if (first >= this.#begin) return undefined;
    const others = this.#taken.filter((t) => t.first <= last && first <= t.last)
      .sort((a, b) => a.begin - b.begin);
    let begin = 0;
    for (const other of others) {
      if (begin + bytes <= other.begin) break;
      begin = Math.max(begin, Math.ceil(other.end / alignment) * alignment);
    }
    if (begin + bytes > this.#bytes) return undefined;
    this.#taken.push({ begin, end: begin + bytes, first, last });
    return begin;
  }
}

function assignSlots<T>(lifetimes: readonly Lifetime<T>[]): { sizes: number[]; slotOf: Map<T, number> } {
  const sizes: number[] = [];
  const busyUntil: number[] = [];
  const slotOf = new Map<T, number>();
  for (
    const { value, bytes, first, last } of [...lifetimes].sort((a, b) =>
      a.first - b.first || b.bytes - a.bytes
    )
  ) {
    let best = -1;
    for (let i = 0; i < sizes.length; i++) {
      if (busyUntil[i] >= first) continue;
      if (best < 0 || isBetter(sizes[i], sizes[best], bytes)) best = i;
    }
    if (best < 0) best = sizes.push(0) - 1;
    sizes[best] = Math.max(sizes[best], bytes);
    busyUntil[best] = last;
    slotOf.set(value, best);
  }
  return { sizes, slotOf };
}

function isBetter(size: number, than: number, bytes: number): boolean {
  if (size >= bytes) return than < bytes || size < than;
  return than < bytes && size > than;
}
