// A training run that the test kills: `deno run killed_run.ts DIRECTORY`. It prints a line per step once that is read
// back, waits a little after each, and ends with the losses of all epochs.
import { train } from "../../src/train/trainer.ts";
import { tinyRun } from "./tiny.ts";

const print = (value: unknown) =>
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(value)}\n`));
const result = await train(tinyRun({
  checkpoint: { directory: Deno.args[0], everySteps: 3, resume: true },
  drainEvery: 1,
  callbacks: {
    onStep: (record) => {
      print({ step: record.step, loss: record.loss });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    },
  },
}));
print({ done: true, epochs: result.epochs });
