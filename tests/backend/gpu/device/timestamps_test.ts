import assert from "node:assert/strict";
import { describeAdapter, openDevice } from "../../../../src/backend/gpu/device/device.ts";
import { createPassClock } from "../../../../src/backend/gpu/device/timestamps.ts";

const adapter = await describeAdapter();

Deno.test({
  name: "more passes than one query set holds are timed, in order",
  ignore: !adapter?.features.includes("timestamp-query"),
  async fn() {
    const context = await openDevice();
    const { device } = context;
    const count = 2500;
    const clock = await createPassClock(context, count);
    try {
      const encoder = device.createCommandEncoder();
      for (let i = 0; i < count; i++) encoder.beginComputePass({ timestampWrites: clock.writes(i) }).end();
      clock.resolve(encoder);
      device.queue.submit([encoder.finish()]);
      const times = await clock.read();
      await context.verify();
      assert.equal(times.length, count);
      assert.equal(times[0].startMs, 0);
      for (const [i, { startMs, ms }] of times.entries()) {
        assert.ok(ms >= 0 && ms < 10_000, `pass ${i}: ${ms} ms`);
        if (i > 0) {
          assert.ok(
            startMs >= times[i - 1].startMs + times[i - 1].ms,
            `pass ${i} begins after the one before`,
          );
        }
      }
    } finally {
      clock.dispose();
      await context.dispose();
    }
  },
});
