import assert from "node:assert/strict";
import { describeAdapter } from "../../src/backend/gpu/device/device.ts";
import { join } from "node:path";
import { ServeError } from "../../src/serve/errors.ts";
import { createService, type PredictService, type ServiceOptions } from "../../src/serve/service.ts";
import type { TextObservation } from "../../src/drift/observation.ts";
import expected from "../golden/serve/expected.json" with { type: "json" };

const bundle = new URL("../golden/serve/bundle", import.meta.url).pathname;

async function withService(
  options: Partial<ServiceOptions>,
  use: (service: PredictService) => Promise<void>,
): Promise<void> {
  const service = await createService({ bundle, device: "wasm", warmUpMs: 0, ...options });
  try {
    await use(service);
  } finally {
    await service.close();
  }
}

function failsWith(kind: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ServeError, String(error));
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    return true;
  };
}

const hasAdapter = await describeAdapter() !== null;
for (const device of ["wasm", "native", "webgpu"] as const) {
  Deno.test({
    name: `${device} gives the scores that Python's tokenizers and onnxruntime give, alone and in a batch`,
    ignore: device === "webgpu" && !hasAdapter,
    fn: () =>
      withService({ device }, async (service) => {
        const inputs = expected.rows.map((row) =>
          typeof row.text === "string" ? row.text : row.text as [string, string]
        );
        const together = await service.predict(inputs);
        const raw = await service.predict(inputs, { rawScores: true });
        for (const [i, row] of expected.rows.entries()) {
          const [alone] = await service.predict([inputs[i]]);
          for (const [c, label] of service.info().labels.entries()) {
            const scoreOf = (list: typeof alone) => list.find((p) => p.label === label)!.score;
            assert.ok(Math.abs(scoreOf(alone) - row.probabilities[c]) < 1e-6);
            assert.ok(Math.abs(scoreOf(together[i]) - row.probabilities[c]) < 1e-6);
            assert.ok(Math.abs(scoreOf(raw[i]) - row.logits[c]) < 1e-5);
          }
          assert.ok(alone[0].score >= alone[1].score);
        }
      }),
  });
}

Deno.test("observers hear of every text after its answer, with what the model read", () =>
  withService({ clock: () => 1234 }, async (service) => {
    const seen: [TextObservation, number][] = [];
    service.onObservation(() => {
      throw new Error("a broken listener");
    });
    const stop = service.onObservation((observation, atMs) => seen.push([observation, atMs]));
    const row = expected.rows[0];
    await service.predict([row.text as string, ["free \u{1f600}", "zebra"]]);
    assert.equal(seen.length, 0, "the answer comes first");
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(seen.length, 2);
    const [[first, atMs], [pair]] = seen;
    assert.equal(atMs, 1234);
    assert.equal(first.characters, 15);
    assert.deepEqual(first.tokenIds, row.ids);
    assert.equal(first.unknownTokens, 0);
    assert.ok(Math.abs(first.probabilities[1] - row.probabilities[1]) < 1e-6);
    assert.equal(pair.characters, 11);
    assert.equal(pair.unknownTokens, 1);
    stop();
    await service.predict(["free"]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(seen.length, 2);
  }));

Deno.test("a long text is cut at the end asked for, or refused when cutting is off", () =>
  withService({}, async (service) => {
    const ham = "the meeting ".repeat(100);
    const spam = "free money ".repeat(100);
    const score = async (text: string, truncationDirection?: "left" | "right") => {
      const [list] = await service.predict([text], { truncationDirection });
      return list.find((p) => p.label === "spam")!.score;
    };
    assert.ok(await score(ham + spam) < 0.1);
    assert.ok(await score(ham + spam, "left") > 0.9);
    await assert.rejects(
      service.predict([ham], { truncate: false }),
      failsWith("validation", /at most 32 tokens\. Given: .*\d+/),
    );
    assert.equal((await service.predict(["the meeting"], { truncate: false })).length, 1);
  }));

Deno.test("a text of one megabyte is answered, and one above the limit is refused", () =>
  withService({}, async (service) => {
    assert.equal((await service.predict(["free ".repeat(200_000)]))[0][0].label, "spam");
    // A million characters, each of two code units.
    assert.equal((await service.predict(["\u{1f600}".repeat(1_000_000)]))[0].length, 2);
    await assert.rejects(
      service.predict(["x".repeat(1_000_001)]),
      failsWith("validation", /at most 1000000 characters\. Given: 1000001/),
    );
  }));

Deno.test("too many inputs, or none, are refused", () =>
  withService({ maxClientBatch: 2 }, async (service) => {
    await assert.rejects(
      service.predict(["a", "b", "c"]),
      failsWith("validation", /batch size 3 > maximum allowed batch size 2/),
    );
    await assert.rejects(service.predict([]), failsWith("validation", /empty/));
  }));

Deno.test("a text that the model chokes on fails alone", () =>
  withService({}, async (service) => {
    const [bad, good] = await Promise.allSettled([service.predict(["boom"]), service.predict(["free"])]);
    assert.equal(good.status, "fulfilled");
    assert.equal(bad.status, "rejected");
    failsWith("backend", /not a finite number/)((bad as PromiseRejectedResult).reason);
    assert.equal(service.stats().failedInputs, 1);
    assert.equal(service.stats().inputs, 1);
  }));

Deno.test("many requests at once are batched, and every one gets its own answer", () =>
  withService({ workers: 2 }, async (service) => {
    const reports: number[] = [];
    service.onBatch((report) => reports.push(report.items));
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => service.predict([i % 3 === 0 ? "free money" : "the meeting"])),
    );
    answers.forEach(([[best]], i) => assert.equal(best.label, i % 3 === 0 ? "spam" : "ham"));
    assert.equal(reports.reduce((a, b) => a + b, 0), 200);
    assert.ok(reports.length < 100, `${reports.length} batches`);
    assert.equal(service.stats().inputs, 200);
  }));

Deno.test("a closed service refuses requests", async () => {
  const service = await createService({ bundle, device: "wasm", warmUpMs: 0 });
  await service.close();
  await service.close();
  await assert.rejects(service.predict(["a"]), failsWith("closed", /unloaded/));
});

Deno.test("auto is wasm without a GPU, and where the GPU cannot run the model", async () => {
  await withService({ device: "auto" }, (service) => {
    assert.equal(service.info().device, "wasm");
    return Promise.resolve();
  });
  const { Worker } = globalThis;
  globalThis.Worker = class extends Worker {
    override postMessage(message: unknown, options?: unknown): void {
      const isGpu = (message as { device?: string }).device === "webgpu";
      if (isGpu) {
        queueMicrotask(() =>
          this.dispatchEvent(new ErrorEvent("error", { message: "no", cancelable: true }))
        );
      } else super.postMessage(message, options as StructuredSerializeOptions);
    }
  };
  try {
    await withService({ device: "auto", hasGpu: true }, async (service) => {
      assert.equal(service.info().device, "wasm");
      assert.equal((await service.predict(["free"]))[0][0].label, "spam");
    });
    await assert.rejects(
      createService({ bundle, device: "webgpu" }),
      failsWith("bundle", /on webgpu: .*no\./),
    );
  } finally {
    globalThis.Worker = Worker;
  }
});

Deno.test("an unknown device is refused by name", async () => {
  await assert.rejects(
    createService({ bundle, device: "tpu" as "wasm" }),
    failsWith("bundle", /Unknown device "tpu"; wanted auto, webgpu, wasm or native/),
  );
});

/** A copy of the bundle with one thing changed. */
async function damaged(change: (directory: string) => Promise<void>): Promise<string> {
  const directory = await Deno.makeTempDir();
  await Deno.mkdir(join(directory, "onnx"));
  for (
    const file of ["config.json", "tokenizer.json", "tokenizer_config.json", "weir.json", "onnx/model.onnx"]
  ) {
    await Deno.copyFile(join(bundle, file), join(directory, file));
  }
  await change(directory);
  return directory;
}

const damages: [string, RegExp, (directory: string) => Promise<void>][] = [
  ["without weir.json", /it has no weir\.json/, (d) => Deno.remove(join(d, "weir.json"))],
  ["without a model", /it has no onnx\/model\.onnx/, (d) => Deno.remove(join(d, "onnx/model.onnx"))],
  [
    "with a changed model",
    /onnx\/model\.onnx .* \d+ bytes and weir\.json says/,
    (d) => Deno.writeTextFile(join(d, "onnx/model.onnx"), "x"),
  ],
  ["with a flipped bit", /config\.json .*\(SHA-256 differs\)/, async (d) => {
    const text = await Deno.readTextFile(join(d, "config.json"));
    await Deno.writeTextFile(join(d, "config.json"), text.replace("spam", "spaM"));
  }],
  ["that is not JSON", /weir\.json .* not JSON/, (d) => Deno.writeTextFile(join(d, "weir.json"), "{")],
  [
    "of another format",
    /format is "weir-bundle\/9"; wanted "weir-bundle\/1"/,
    (d) => Deno.writeTextFile(join(d, "weir.json"), `{"format":"weir-bundle/9"}`),
  ],
  [
    "of another task",
    /task is "translation"/,
    (d) => Deno.writeTextFile(join(d, "weir.json"), `{"format":"weir-bundle/1","task":"translation"}`),
  ],
  [
    "that is not UTF-8",
    /weir\.json .* not valid UTF-8/,
    (d) => Deno.writeFile(join(d, "weir.json"), new Uint8Array([0x7b, 0xff, 0x7d])),
  ],
];

Deno.test("a bundle that is damaged is refused in one line that names the file", async (t) => {
  for (const [what, message, change] of damages) {
    await t.step(what, async () => {
      const directory = await damaged(change);
      try {
        await assert.rejects(
          createService({ bundle: directory, device: "wasm", warmUpMs: 0 }),
          failsWith("bundle", message),
        );
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    });
  }
});
