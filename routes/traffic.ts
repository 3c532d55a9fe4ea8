/**
 * Requests and latencies of the last seconds, for the dashboard.
 *
 * @module
 */

/** What one second of traffic looked like. */
export interface TrafficPoint {
  /** Seconds before now; 0 is the second under way. */
  readonly secondsAgo: number;
  readonly requests: number;
  readonly errors: number;
  /** ms, absent without requests */
  readonly p50Ms?: number;
  readonly p95Ms?: number;
}

/** Traffic of the last seconds. */
export interface TrafficView {
  /** Requests a second, over the last 10 whole seconds. */
  readonly requestsPerSecond: number;
  /** Over the last 10 seconds, ms; absent without requests. */
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
  readonly requests: number;
  readonly errors: number;
  /** Oldest first. */
  readonly series: TrafficPoint[];
}

/** Counts requests and their latencies by the second, in bounded memory. */
export interface Traffic {
  record(durationMs: number, options: { failed: boolean; atMs: number }): void;
  view(nowMs: number): TrafficView;
}

/** Bins of equal ratio from 0.05 ms to above a minute: quantiles come out within 6%. */
const binCount = 128;
const firstMs = 0.05;
const ratio = 1.12;
const recentSeconds = 10;

interface Second {
  second: number;
  requests: number;
  errors: number;
  bins: Uint32Array;
}

/**
 * Makes a traffic counter that remembers `seconds` seconds.
 *
 * @example
 * ```ts
 * import { createTraffic } from "./traffic.ts";
 * import assert from "node:assert/strict";
 *
 * const traffic = createTraffic(60);
 * for (let i = 0; i < 20; i++) traffic.record(2, { failed: false, atMs: 5_000 });
 * const view = traffic.view(6_000);
 * assert.equal(view.requestsPerSecond, 2); // 20 in the last 10 seconds
 * assert.ok(Math.abs(view.p50Ms! - 2) < 0.2);
 * ```
 */
export function createTraffic(seconds = 120): Traffic {
  const ring: Second[] = Array.from({ length: seconds + 1 }, () => ({
    second: -1,
    requests: 0,
    errors: 0,
    bins: new Uint32Array(binCount),
  }));
  const total = { requests: 0, errors: 0 };

  /** The slot of a second, emptied if it still held an older one. */
  function slotOf(second: number): Second {
    const slot = ring[second % ring.length];
    if (slot.second !== second) {
      slot.second = second;
      slot.requests = slot.errors = 0;
      slot.bins.fill(0);
    }
    return slot;
  }

  return {
    record(durationMs, { failed, atMs }) {
      const slot = slotOf(Math.floor(atMs / 1_000));
      slot.requests++;
      total.requests++;
      if (failed) {
        slot.errors++;
        total.errors++;
      }
      slot.bins[binOf(durationMs)]++;
    },
    view(nowMs) {
      const now = Math.floor(nowMs / 1_000);
      const series: TrafficPoint[] = [];
      const recent = new Uint32Array(binCount);
      let recentRequests = 0;
      for (let second = now - seconds + 1; second <= now; second++) {
        const slot = ring[((second % ring.length) + ring.length) % ring.length];
        const isLive = slot.second === second && slot.requests > 0;
        const secondsAgo = now - second;
        series.push(
          isLive
            ? {
              secondsAgo,
              requests: slot.requests,
              errors: slot.errors,
              p50Ms: quantile(slot.bins, slot.requests, 0.5),
              p95Ms: quantile(slot.bins, slot.requests, 0.95),
            }
            : { secondsAgo, requests: 0, errors: 0 },
        );
        // The second under way is not over, and would make the rate look low.
        if (isLive && secondsAgo >= 1 && secondsAgo <= recentSeconds) {
          recentRequests += slot.requests;
          for (let i = 0; i < binCount; i++) recent[i] += slot.bins[i];
        }
      }
      const at = (q: number) => recentRequests > 0 ? quantile(recent, recentRequests, q) : undefined;
      return {
        requestsPerSecond: recentRequests / recentSeconds,
        p50Ms: at(0.5),
        p95Ms: at(0.95),
        p99Ms: at(0.99),
        requests: total.requests,
        errors: total.errors,
        series,
      };
    },
  };
}

function binOf(durationMs: number): number {
  const bin = Math.ceil(Math.log(Math.max(durationMs, firstMs) / firstMs) / Math.log(ratio));
  return Math.min(binCount - 1, bin);
}

/** The geometric middle of the bin that the quantile falls into. */
function quantile(bins: Uint32Array, count: number, q: number): number {
  let seen = 0;
  for (let i = 0; i < bins.length; i++) {
    seen += bins[i];
    if (seen >= q * count) return firstMs * ratio ** (i - 0.5);
  }
  return firstMs * ratio ** bins.length;
}
