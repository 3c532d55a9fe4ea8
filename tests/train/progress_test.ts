import assert from "node:assert/strict";
import { createProgress } from "../../src/train/progress.ts";

function recorder(options: { isTerminal: boolean; columns?: number }) {
  const written: string[] = [];
  let at = 0;
  const progress = createProgress({
    write: (text) => written.push(text),
    isTerminal: options.isTerminal,
    columns: () => options.columns ?? 80,
  }, { now: () => at });
  return { written, progress, wait: (ms: number) => at += ms };
}

const state = { totalSteps: 100, epoch: 1, epochs: 2 };

Deno.test("away from a terminal there is a plain line now and then, with no control characters", () => {
  const { written, progress, wait } = recorder({ isTerminal: false });
  for (let step = 1; step <= 100; step++) {
    progress.update({ ...state, step, loss: 0.25 });
    wait(500);
  }
  assert.deepEqual(written.slice(0, 2), [
    "epoch 1/2  step 1/100  loss 0.2500\n",
    "epoch 1/2  step 21/100  loss 0.2500  500 ms/step  0:40 left\n",
  ]);
  assert.equal(written.length, 5);
  assert.ok(written.every((line) => !line.includes("\r") && !line.includes("\x1b")));
});

Deno.test("on a terminal the bar is redrawn in place, and lines stay above it", () => {
  const { written, progress, wait } = recorder({ isTerminal: true });
  progress.update({ ...state, step: 0 });
  wait(1000);
  progress.update({ ...state, step: 50 });
  progress.line("epoch 1 done");
  progress.done();
  const bar = "█".repeat(12) + "░".repeat(12);
  assert.equal(written[1], `\r${bar}  epoch 1/2  step 50/100  20 ms/step  0:01 left\x1b[K`);
  assert.deepEqual(written.slice(2), ["\r\x1b[K", "epoch 1 done\n"]);
});

Deno.test("a narrow terminal is never wrapped", () => {
  const { written, progress } = recorder({ isTerminal: true, columns: 20 });
  progress.update({ ...state, step: 50, loss: 1 });
  assert.ok(written[0].replace("\r", "").replace("\x1b[K", "").length < 20, written[0]);
});
