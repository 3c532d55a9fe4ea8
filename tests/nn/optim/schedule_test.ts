import assert from "node:assert/strict";
import { SCHEDULE_KINDS, scheduleOf } from "../../../src/nn/optim/schedule.ts";
import { runOnce } from "../run.ts";
import { hostTensor } from "../../../src/graph/graph.ts";

Deno.test("every schedule's graph computes what its number says, at every step and past the end", async () => {
  for (const kind of SCHEDULE_KINDS) {
    for (const [warmupSteps, totalSteps] of [[0, 7], [3, 40], [10, 10], [5, 2000]]) {
      const schedule = scheduleOf(kind, { peak: 0.3, warmupSteps, totalSteps });
      const steps = Array.from({ length: 60 }, (_, i) => Math.floor(i * (totalSteps + 2) / 59));
      for (const step of steps) {
        const { rate } = await runOnce(
          (b) => b.output("rate", schedule.rate(b, b.input("step", "i32", []))),
          {
            feeds: { step: hostTensor("i32", [], [step]) },
          },
        );
        const [got, wanted] = [rate.data[0], schedule.at(step)];
        assert.ok(
          Math.abs(got - wanted) < 1e-7,
          `${kind} ${warmupSteps}/${totalSteps} at ${step}: ${got}, ${wanted}`,
        );
      }
    }
  }
});

Deno.test("schedules have the values of transformers at the same place: half the cosine, half the line", () => {
  const at = (kind: "cosine" | "linear" | "constant" | "inverse-sqrt") =>
    [0, 4, 9, 55, 100].map((step) =>
      Number(scheduleOf(kind, { peak: 1, warmupSteps: 10, totalSteps: 100 }).at(step).toFixed(5))
    );
  assert.deepEqual(at("linear"), [0.1, 0.5, 1, 0.5, 0]);
  assert.deepEqual(at("cosine"), [0.1, 0.5, 1, 0.5, 0]);
  assert.deepEqual(at("constant"), [0.1, 0.5, 1, 1, 1]);
  assert.deepEqual(at("inverse-sqrt"), [
    0.1,
    0.5,
    1,
    Number(Math.sqrt(10 / 56).toFixed(5)),
    Number(Math.sqrt(10 / 101).toFixed(5)),
  ]);
});
