import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createGpuBackend } from "../../src/backend/gpu/backend.ts";
import { describeAdapter } from "../../src/backend/gpu/device/device.ts";
import { TrainingError } from "../../src/train/errors.ts";
import type { TrainOptions, TrainResult } from "../../src/train/options.ts";
import { train } from "../../src/train/trainer.ts";
import { tinyRun } from "./tiny.ts";
import { withFolder } from "../folder.ts";

const adapter = await describeAdapter();

/** A run on a GPU of its own; `destroyAt` destroys that in the middle of the run, before so many steps. */
async function onGpu(options: Partial<TrainOptions>, destroyAt?: number): Promise<TrainResult> {
  let device: GPUDevice;
  const backend = await createGpuBackend({ onDevice: (d) => device = d });
  const run = tinyRun(options);
  let asked = 0;
  try {
    return await train({
      ...run,
      backend,
      batches: (epoch) => {
        const batches = run.batches(epoch);
        return {
          ...batches,
          at(k) {
            if (++asked === destroyAt) device.destroy();
            return batches.at(k);
          },
        };
      },
    });
  } finally {
    await backend.dispose();
  }
}

const lossesOf = (result: TrainResult) => result.steps.map(({ step, loss }) => [step, loss]);

Deno.test({
  name:
    "a GPU that is lost in the middle of training is one line with step, checkpoint and the way on, and resuming " +
    "gives the same bits",
  ignore: !adapter,
  fn: () =>
    withFolder(async (directory) => {
      const whole = await onGpu({});
      const checkpoint = { directory, everySteps: 3, resume: true };
      const resumeHint = "run it again";
      await assert.rejects(onGpu({ checkpoint, resumeHint }, 12), (error: Error) => {
        assert.ok(error instanceof TrainingError);
        assert.doesNotMatch(error.message, /\n/);
        assert.match(
          error.message,
          /^Training stopped at step 1[12] of 18: WebGPU device lost \(destroyed\): /,
        );
        assert.match(
          error.message,
          /the last work it was given is a run of "\w+ \d+x\d+" \(\d+ kernels, the largest /,
        );
        assert.ok(
          error.message.endsWith(
            `. The last checkpoint, of step 9, is ${directory}/checkpoint.safetensors; to go on, run it again`,
          ),
          error.message,
        );
        return true;
      });
      const rest = await onGpu({ checkpoint });
      assert.deepEqual(lossesOf(rest), lossesOf(whole).slice(9));
      assert.deepEqual(rest.parameters, whole.parameters);
    }),
});

Deno.test({
  name: "a GPU that is lost before anything was saved says so",
  ignore: !adapter,
  async fn() {
    await assert.rejects(
      onGpu({}, 3),
      /Nothing was saved, since this run writes no checkpoint: begin it anew$/,
    );
    await withFolder(async (directory) => {
      await assert.rejects(onGpu({ checkpoint: { directory } }, 3), /No checkpoint was written yet$/);
    });
  },
});

Deno.test({
  name:
    "a GPU that hangs ends the process with one line that names the work, and the run goes on from its checkpoint",
  // A long loop hangs nothing but an adapter that is a CPU.
  ignore: !adapter?.software || Deno.build.os === "windows",
  fn: () =>
    withFolder(async (directory) => {
      const script = fileURLToPath(new URL("./hung_run.ts", import.meta.url));
      const { signal, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", script, directory],
        stdout: "piped",
        stderr: "piped",
      }).output();
      const decoder = new TextDecoder();
      assert.equal(signal, "SIGKILL", decoder.decode(stderr));
      const lines = decoder.decode(stderr).split("\n").filter((line) => line.startsWith("weir:"));
      assert.equal(lines.length, 1, decoder.decode(stderr));
      assert.match(
        lines[0],
        /^weir: The GPU does not answer: nothing came back for 2(\.\d)? s; the last work it was given is a run of "\w+ \d+x/,
      );
      assert.match(
        lines[0],
        /The last checkpoint, of step 9, is .*checkpoint\.safetensors; to go on, run the same command with --resume$/,
      );
      const printed = decoder.decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
      const whole = await onGpu({});
      const rest = await onGpu({ checkpoint: { directory, everySteps: 3, resume: true } });
      assert.deepEqual(
        [...printed.map((r) => [r.step, r.loss]).slice(0, 9), ...lossesOf(rest)],
        lossesOf(whole),
      );
    }),
});

Deno.test({
  name: "profiling a run changes nothing of it",
  ignore: !adapter,
  async fn() {
    const plain = await onGpu({ epochs: 1 });
    let kernels = 0;
    const profiled = await onGpu({
      epochs: 1,
      profile: {
        steps: 2,
        busyMs: 20,
        onMeasured({ label, stepMs, runs, host, memory }) {
          assert.equal(label, "train 8x8");
          assert.ok(stepMs > 0 && memory.stateBytes > 0 && memory.workBytes > 0);
          assert.equal(runs.length, 2);
          kernels = runs[0].kernels.length;
          for (const run of runs) {
            assert.deepEqual(run.phases.map((p) => p.name), ["batch", "feed", "submit", "wait"]);
            assert.ok(run.kernels.every((k) => k.ms >= 0 && k.bytes > 0 && k.flops >= 0));
          }
          assert.deepEqual(new Set(host.map((p) => p.name)), new Set(["batch", "step", "drain"]));
        },
      },
    });
    if (adapter!.features.includes("timestamp-query")) assert.ok(kernels > 10);
    assert.deepEqual(lossesOf(profiled), lossesOf(plain));
    assert.deepEqual(profiled.parameters, plain.parameters);
  },
});
