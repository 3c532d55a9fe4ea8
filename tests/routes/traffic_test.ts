import assert from "node:assert/strict";
import { createTraffic } from "../../routes/traffic.ts";

Deno.test("the rate is that of the last ten whole seconds", () => {
  const traffic = createTraffic(30);
  for (let second = 100; second < 120; second++) {
    for (let i = 0; i < second - 99; i++) traffic.record(1, { failed: false, atMs: second * 1000 + i });
  }
  traffic.record(1, { failed: true, atMs: 120_500 });
  const view = traffic.view(120_900);
  // Seconds 110 to 119 had 11 to 20 requests; the second under way does not count yet.
  assert.equal(view.requestsPerSecond, 15.5);
  assert.equal(view.requests, 211);
  assert.equal(view.errors, 1);
  assert.equal(view.series.length, 30);
  assert.deepEqual(view.series.at(-2)!.requests, 20);
  assert.equal(view.series.at(-1)!.errors, 1);
});

Deno.test("quantiles are within 6% over five orders of magnitude", () => {
  for (const ms of [0.1, 1, 9.7, 130, 4_000]) {
    const traffic = createTraffic(30);
    for (let i = 1; i <= 100; i++) traffic.record(i <= 94 ? ms : ms * 3, { failed: false, atMs: 1_000 });
    const view = traffic.view(2_000);
    assert.ok(Math.abs(view.p50Ms! / ms - 1) < 0.06, `${ms}: ${view.p50Ms}`);
    assert.ok(Math.abs(view.p95Ms! / (ms * 3) - 1) < 0.06, `${ms}: ${view.p95Ms}`);
  }
});

Deno.test("seconds without requests are empty, and old ones are forgotten", () => {
  const traffic = createTraffic(10);
  traffic.record(1, { failed: false, atMs: 5_000 });
  assert.equal(traffic.view(6_000).series.filter((point) => point.requests > 0).length, 1);
  const later = traffic.view(60_000);
  assert.equal(later.series.filter((point) => point.requests > 0).length, 0);
  assert.equal(later.p50Ms, undefined);
  assert.equal(later.requests, 1);
});
