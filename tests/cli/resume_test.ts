import assert from "node:assert/strict";
import { join } from "node:path";
import { messages, spawnWeir, tiny, weir, writeJsonl } from "./cli.ts";
import { withFolder } from "../folder.ts";

const EPOCHS = 18;

interface Stopped {
  code: number;
  signal: Deno.Signal | null;
  stdout: string;
  stderr: string;
}

/** Runs a command line and sends it a signal at the first line on standard error that has `mark` in it. */
async function stopAt(args: string[], mark: string, signal: Deno.Signal): Promise<Stopped> {
  const child = spawnWeir(args);
  const stdout = new Response(child.stdout).text();
  let stderr = "";
  let sent = false;
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    stderr += text;
    if (sent || !stderr.includes(mark)) continue;
    child.kill(signal);
    sent = true;
  }
  return { ...await child.status, stdout: await stdout, stderr };
}

/** The losses that a training ends with, and its weights. It runs in this process, which costs less than a start of its own. */
async function finish(args: string[]): Promise<{ losses: number[]; weights: Uint8Array; stderr: string }> {
  const { code, stdout, stderr } = await weir(...args, "--json");
  assert.equal(code, 0, stderr);
  const { losses, path } = JSON.parse(stdout);
  return { losses, weights: await Deno.readFile(join(path, "model.safetensors")), stderr };
}

Deno.test("training stopped by Ctrl-C or kill -9 and resumed ends with the same losses and weights", async (t) => {
  await withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "mails.jsonl"), messages(120));
    const train = (home: string) => [
      ...["train", "--home", join(folder, home), "--data", data, "--name", "toy", ...tiny],
      ...["--epochs", `${EPOCHS}`],
    ];
    const whole = await finish(train("whole"));

    await t.step("Ctrl-C saves a checkpoint and says how to go on", async () => {
      const { code, signal, stdout, stderr } = await stopAt(
        train("ctrl-c"),
        `epoch 3/${EPOCHS}  train`,
        "SIGINT",
      );
      assert.deepEqual([code, signal, stdout], [1, null, ""]);
      const step = Number(
        stderr.match(/interrupted at step (\d+) of (\d+); saved .*checkpoint\.safetensors/)?.[1],
      );
      assert.ok(step > 0 && step < whole.losses.length, stderr);
      const lines = stderr.trimEnd().split("\n");
      assert.equal(
        lines.at(-1),
        `weir: training was interrupted at step ${step}`,
      );

      const rest = await finish([...train("ctrl-c"), "--resume"]);
      assert.match(rest.stderr, new RegExp(`resumed at step ${step} of ${whole.losses.length}`));
      assert.deepEqual(rest.losses, whole.losses, "those of both sittings");
      assert.deepEqual(rest.weights, whole.weights);
    });

    await t.step("kill -9 leaves the last checkpoint", async () => {
      const killed = await stopAt(train("kill"), `epoch 5/${EPOCHS}  train`, "SIGKILL");
      assert.equal(killed.signal, "SIGKILL");
      const again = await stopAt([...train("kill"), "--resume"], `epoch 11/${EPOCHS}  train`, "SIGKILL");
      assert.equal(again.signal, "SIGKILL");
      assert.match(again.stderr, /resumed at step /);

      const rest = await finish([...train("kill"), "--resume"]);
      assert.match(rest.stderr, /resumed at step [1-9]/);
      assert.deepEqual(rest.losses, whole.losses, "those of all three sittings");
      assert.deepEqual(rest.weights, whole.weights);
    });

    await t.step(
      "a checkpoint of other settings or data is not resumed from: the setting is named",
      async () => {
        await stopAt(train("other"), `epoch 2/${EPOCHS}  train`, "SIGINT");
        const { code, stderr } = await weir(...train("other"), "--resume", "--seed", "3");
        assert.equal(code, 2);
        assert.match(stderr, /^weir: Cannot resume from .*: seed was 0 there and is 3 now[^\n]*$/m);
      },
    );
  });
});
