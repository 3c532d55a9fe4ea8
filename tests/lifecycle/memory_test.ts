import assert from "node:assert/strict";
import { createGpuBackend } from "../../src/backend/gpu/backend.ts";
import { describeAdapter } from "../../src/backend/gpu/device/device.ts";
import { type Backend, BackendError } from "../../src/backend/interface.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { createBuilder, freeze } from "../../src/graph/graph.ts";
import { mix32 } from "../../src/graph/ops/random.ts";
import { checkMemory, memoryAdvice } from "../../src/lifecycle/memory.ts";
import { trainingDefaults } from "../../src/lifecycle/options.ts";
import { trainAndRegister } from "../../src/lifecycle/train.ts";

const words = "blue dog paper river stone lamp green house road cloud apple chair music winter garden sun"
  .split(" ");

/** Texts of eight words, no two alike. */
const texts = Array.from({ length: 60 }, (_, i) => ({
  queries: [Array.from({ length: 8 }, (_, k) => words[mix32(mix32(i) + k) % words.length]).join(" ")],
  target: i % 2 ? "spam" : "ham",
}));

const run = {
  ...trainingDefaults,
  vocabSize: 60,
  maxTokens: 16,
  name: "spam",
  source: "a test",
  bump: "minor",
  aliases: ["champion"],
  resume: false,
} as const;
const output = { terminal: false, progress() {}, draw() {} };

/** The message of a training that has to fail. */
async function refusal(backend: Backend): Promise<string> {
  const home = await Deno.makeTempDir();
  try {
    await trainAndRegister(texts, { ...run, home, backend, output });
  } catch (error) {
    assert.equal((error as Error).name, "LifecycleError");
    return (error as Error).message;
  } finally {
    await Deno.remove(home, { recursive: true });
  }
  throw new Error("it was not refused");
}

Deno.test("a model that the device cannot hold is refused in one line with the options that take less", async () => {
  const message = "Cannot place train 32x16 in 8 MB";
  const backend: Backend = {
    ...createInterpBackend(),
    device: "webgpu",
    compile: () => Promise.reject(new BackendError(message, { outOfMemory: true })),
  };
  assert.equal(
    await refusal(backend),
    `${message}. Options for that: --batch-size 16 --accumulate 2 (the same steps), --precision f16, --checkpoint-gradients`,
  );
});

Deno.test({
  name: "a GPU with too little memory for a training step refuses it before the first one",
  ignore: await describeAdapter() === null,
  async fn() {
    const backend = await createGpuBackend({ maxTotalBytes: 2e6 });
    try {
      assert.match(
        await refusal(backend),
        /^Cannot place train 32x16 in 2 MB of GPU memory: it takes .* of states and [^\n]+ Options for that: --batch-size 16 /,
      );
    } finally {
      await backend.dispose();
    }
  },
});

Deno.test("a frozen parameter takes its own 4 bytes, one that is trained its moments' too", () => {
  const b = createBuilder();
  b.parameter("head", [1e6], { kind: "normal", std: 0.02 });
  b.parameter("trunk", [1e8], { kind: "normal", std: 0.02 });
  const frozen = freeze((name) => name === "trunk")(b.graph());
  checkMemory(frozen, 412e6);
  assert.throws(() => checkMemory(frozen, 411e6), /101 M parameters takes at least 412 MB/);
  assert.throws(() => checkMemory(b.graph(), 412e6), /101 M parameters takes at least 1.21 GB/);
});

Deno.test("what is taken already, or would not help there, is not advised", () => {
  const gpu = { device: "webgpu", precisions: ["f32", "f16"] } as const;
  assert.equal(
    memoryAdvice({ batchSize: 1, accumulate: 64, precision: "f16", checkpointGradients: true }, gpu),
    "Options for that: --hidden-size, --layers",
  );
  const cpu = { device: "wasm", precisions: ["f32"] } as const;
  assert.equal(
    memoryAdvice({ batchSize: 3, accumulate: 2, precision: "f32", checkpointGradients: false }, cpu),
    "Options for that: --batch-size 2 --accumulate 4 (the same steps)",
  );
});
