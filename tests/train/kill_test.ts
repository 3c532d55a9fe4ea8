import assert from "node:assert/strict";
import { train } from "../../src/train/trainer.ts";
import { tinyRun } from "./tiny.ts";

const script = new URL("./killed_run.ts", import.meta.url).pathname;

interface Line {
  step?: number;
  loss?: number;
  done?: boolean;
  epochs?: unknown;
}

/** Runs the script; kills it with SIGKILL at the line that says it made `killAt` steps. */
async function runScript(directory: string, killAt = Infinity): Promise<Line[]> {
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, directory],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines: Line[] = [];
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    lines.push(...parts.map((line) => JSON.parse(line)));
    if (lines.some((line) => line.step === killAt)) {
      child.kill("SIGKILL");
      break;
    }
  }
  const status = await child.status;
  assert.equal(status.signal, killAt === Infinity ? null : "SIGKILL");
  return lines;
}

Deno.test("a run killed twice with -9 and resumed has the losses of one that was never stopped", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const whole = await train(tinyRun());
    const losses = new Map(whole.steps.map(({ step, loss }) => [step, loss]));
    const sittings = [
      await runScript(directory, 5),
      await runScript(directory, 14),
      await runScript(directory),
    ];
    const firsts = sittings.map((lines) => lines[0].step!);
    assert.equal(firsts[0], 1);
    assert.ok(firsts[1] > 1 && firsts[2] > firsts[1], `each sitting went on from a checkpoint: ${firsts}`);
    for (const { step, loss } of sittings.flat()) {
      if (step !== undefined) assert.equal(loss, losses.get(step), `loss of step ${step}`);
    }
    const last = sittings[2].at(-1)!;
    assert.equal(last.done, true);
    assert.deepEqual(last.epochs, JSON.parse(JSON.stringify(whole.epochs)));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
