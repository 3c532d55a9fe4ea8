import assert from "node:assert/strict";
import { median } from "../../../../src/base/arrays.ts";
import {
  chromeTrace,
  formatProfile,
  kindOf,
  type ProfileInput,
  summarizeProfile,
} from "../../../../src/backend/gpu/device/profile.ts";

/** Two profiled steps of three kernels, the second one slower, and one ordinary step. */
function measured(options: Partial<ProfileInput> = {}): ProfileInput {
  const run = (start: number, scale: number) => ({
    kernels: [
      { name: 'matmul "a" [64x64]', startMs: 0, ms: 1 * scale, flops: 4e9, bytes: 1e6 },
      { name: 'matmul "b" [64x64]', startMs: 1 * scale, ms: 2 * scale, flops: 4e9, bytes: 1e6 },
      { name: "add %17 [4096]", startMs: 3 * scale, ms: 0.5 * scale, flops: 4096, bytes: 49152 },
    ],
    phases: [
      { name: "feed", startMs: start, ms: 0.2 },
      { name: "submit", startMs: start + 0.2, ms: 0.3 },
      { name: "wait", startMs: start + 0.5, ms: 12 },
    ],
  });
  return {
    label: "train 8x16",
    device: "a GPU",
    runs: [run(100, 1), run(120, 3), run(140, 1)],
    stepMs: 5,
    host: [{ name: "step", startMs: 50, ms: 0.4 }],
    memory: { stateBytes: 2.5e9, workBytes: 5e8 },
    ...options,
  };
}

Deno.test("a profile takes each kernel's median, adds up kinds, and says what the kernels leave of a step", () => {
  const profile = summarizeProfile(measured());
  assert.deepEqual(profile.kernels.map((k) => k.ms), [1, 2, 0.5]);
  assert.deepEqual(profile.kinds.map((k) => [k.name, k.launches, k.ms, k.flops]), [
    ["matmul [64x64]", 2, 3, 8e9],
    ["add [4096]", 1, 0.5, 4096],
  ]);
  assert.deepEqual(profile.ops.map((k) => k.name), ["matmul", "add"]);
  assert.deepEqual([profile.steps, profile.launches, profile.kernelMs, profile.restMs], [3, 3, 3.5, 1.5]);
  assert.ok(Math.abs(profile.kinds[0].share - 0.6) < 1e-12);
});

Deno.test("the table has times, shares, FLOP/s, bytes/s, launch gaps as a row, and the memory", () => {
  const text = formatProfile(summarizeProfile(measured()));
  const row = (name: string) =>
    text.split("\n").find((line) => line.endsWith(`  ${name}`))?.trim().split(/\s{2,}/);
  assert.deepEqual(row("matmul [64x64]"), [
    "3.000",
    "60.0%",
    "2",
    "2.7 TFLOP/s",
    "667 MB/s",
    "matmul [64x64]",
  ]);
  assert.deepEqual(row('matmul "b" [64x64]')?.slice(0, 4), ["2.000", "40.0%", "1", "2.0 TFLOP/s"]);
  assert.deepEqual(row("between kernels: launches, copies, the host")?.slice(0, 2), ["1.500", "30.0%"]);
  assert.deepEqual(row("an ordinary step")?.slice(0, 3), ["5.000", "100.0%", "3"]);
  assert.match(text, /^memory: 2\.5 GB of states \+ 500 MB to work with = 3\.0 GB$/m);
  const columns = text.split("\n").filter((l) => l.endsWith("[64x64]")).map((l) => l.indexOf("matmul"));
  assert.equal(new Set(columns).size, 1, "names begin in one column");
});

Deno.test("kernels that take longer alone than in a step are reported as running side by side", () => {
  const text = formatProfile(summarizeProfile(measured({ stepMs: 2.5 })));
  assert.match(text, /-1\.000 +-40\.0% +kernels that run side by side in an ordinary step/);
});

Deno.test("without a clock for kernels the table says so and gives the whole step", () => {
  const runs = [{ kernels: [], phases: [{ name: "wait", startMs: 0, ms: 5 }] }];
  const text = formatProfile(summarizeProfile(measured({ runs })));
  assert.match(text, /a step takes 5\.000 ms; this adapter has no timestamp-query/);
  assert.match(text, /memory: /);
});

Deno.test("many kinds are cut to the longest, and the others added up", () => {
  const kernels = Array.from({ length: 50 }, (_, i) => ({
    name: `add [${i}]`,
    startMs: i,
    ms: 1 + i,
    flops: 1,
    bytes: 1,
  }));
  const profile = summarizeProfile(measured({ runs: [{ kernels, phases: [] }], stepMs: 2000 }));
  const text = formatProfile(profile, { kinds: 3, kernels: 2 });
  const others = text.split("\n").find((line) => line.endsWith("47 others"))!;
  assert.equal(Number(others.trim().split(/\s+/)[0]), 1275 - 50 - 49 - 48);
});

Deno.test("a kind is a kernel's name without its labels", () => {
  assert.equal(kindOf('matmul "h.0.qkv" [8x8] +add'), "matmul [8x8] +add");
  assert.equal(kindOf("add %308 [8x8]"), "add [8x8]");
  assert.equal(median([4, 1, 3]), 3);
  assert.equal(median([4, 1]), 2.5);
});

Deno.test("the trace is what Chrome and Perfetto load: named lanes, complete events in microseconds, none across another", () => {
  const trace = JSON.parse(JSON.stringify(chromeTrace(measured())));
  const events: Record<string, unknown>[] = trace.traceEvents;
  const lanes = events.filter((e) => e.name === "thread_name").map((e) => (e.args as { name: string }).name);
  assert.deepEqual(lanes, ["steps", "GPU kernels (a GPU)", "host"]);
  for (const event of events) {
    assert.ok(["X", "M"].includes(event.ph as string) && Number.isInteger(event.pid));
    if (event.ph !== "X") continue;
    assert.ok(Number.isInteger(event.tid) && typeof event.name === "string");
    assert.ok(Number.isFinite(event.ts) && (event.dur as number) >= 0);
  }
  const spans = (tid: number) => events.filter((e) => e.ph === "X" && e.tid === tid) as unknown as Span[];
  assert.deepEqual(spans(1).map((e) => e.name), ["profiled step 1", "profiled step 2", "profiled step 3"]);
  const kernels = spans(2);
  assert.equal(kernels.length, 9);
  assert.deepEqual(
    [kernels[1].ts, kernels[1].dur],
    [101_200, 2000],
    "from the moment the step was submitted",
  );
  assert.equal((kernels[1].args as { flops: number }).flops, 4e9);
  assert.deepEqual(new Set(spans(3).map((e) => e.name)), new Set(["step", "feed", "submit", "wait"]));
  for (const tid of [1, 2, 3]) {
    const sorted = spans(tid).sort((p, q) => p.ts - q.ts);
    sorted.slice(1).forEach((e, i) => assert.ok(sorted[i].ts + sorted[i].dur <= e.ts + 1e-6, `${e.name}`));
  }
});

interface Span {
  name: string;
  ts: number;
  dur: number;
  args: unknown;
}
