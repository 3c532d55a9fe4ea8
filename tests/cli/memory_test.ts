import assert from "node:assert/strict";
import { type Backend, BackendError } from "../../src/backend/interface.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { mix32 } from "../../src/graph/ops/random.ts";
import { memoryAdvice } from "../../src/cli/memory.ts";
import { type Output, processOutput } from "../../src/cli/output.ts";
import { trainAndRegister } from "../../src/cli/pipeline.ts";
import { trainDefaults } from "../../src/cli/train.ts";

const words = "blue dog paper river stone lamp green house road cloud apple chair music winter garden sun"
  .split(" ");

/** Texts of eight words, no two alike. */
const texts = Array.from({ length: 60 }, (_, i) => ({
  text: Array.from({ length: 8 }, (_, k) => words[mix32(mix32(i) + k) % words.length]).join(" "),
  label: i % 2 ? "spam" : "ham",
}));

Deno.test("a model that the device cannot hold is refused in one line with the options that take less", async () => {
  const home = await Deno.makeTempDir();
  const backend: Backend = {
    ...createInterpBackend(),
    precisions: ["f32", "f16"],
    compile: () =>
      Promise.reject(
        new BackendError("Cannot place train 32x128 in 8 MB of GPU memory", { outOfMemory: true }),
      ),
  };
  const output: Output = { ...processOutput({ json: true }), progress() {}, draw() {} };
  try {
    await assert.rejects(
      trainAndRegister(texts, {
        ...trainDefaults,
        vocabSize: 60,
        maxTokens: 16,
        name: "spam",
        source: "a test",
        home,
        bump: "minor",
        aliases: ["champion"],
        resume: false,
        backend,
        output,
      }),
      {
        name: "CommandError",
        message:
          "Cannot place train 32x128 in 8 MB of GPU memory. Options for that: --batch-size 16 --accumulate 2 " +
          "(the same steps), --precision f16, --checkpoint-gradients",
      },
    );
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("what is taken already is not advised", () => {
  assert.equal(
    memoryAdvice({ batchSize: 1, accumulate: 64, precision: "f16", checkpointGradients: true }, [
      "f32",
      "f16",
    ]),
    "Options for that: --hidden-size, --layers",
  );
  assert.equal(
    memoryAdvice({ batchSize: 3, accumulate: 2, precision: "f32", checkpointGradients: false }, ["f32"]),
    "Options for that: --batch-size 2 --accumulate 4 (the same steps), --checkpoint-gradients",
  );
});
