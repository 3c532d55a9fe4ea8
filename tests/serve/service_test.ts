import assert from "node:assert/strict";
import { describeAdapter } from "../../src/backend/gpu/device/device.ts";
import { ServeError } from "../../src/serve/errors.ts";
import {
  createService,
  type PredictOptions,
  type PredictService,
  type ServiceOptions,
} from "../../src/serve/service.ts";
import type { ObservedClasses } from "../../src/drift/features/classes.ts";
import type { ObservedText } from "../../src/drift/features/text.ts";
import { BundleError } from "../../src/bundle/errors.ts";
import type { Manifest } from "../../src/bundle/manifest.ts";
import { type Bundle, readBundle } from "../../src/bundle/reader.ts";
import { encodeRow } from "../../src/lifecycle/prepare.ts";
import type { Prediction } from "../../src/tasks/text_classification/schema.ts";
import type { TextQuery } from "../../src/tasks/task.ts";
import { loadTokenizer } from "../../src/text/tokenizer.ts";
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

/** Ranked labels of texts, which is what the golden bundle's task answers. */
async function classify(
  service: PredictService,
  queries: readonly TextQuery[],
  options?: PredictOptions,
): Promise<Prediction[][]> {
  return await service.predict(queries, options) as Prediction[][];
}

function failsWith(kind: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ServeError, String(error));
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    return true;
  };
}

function isNoBundle(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof BundleError, String(error));
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n/);
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
        const together = await classify(service, inputs);
        const raw = await classify(service, inputs, { parameters: { function_to_apply: "none" } });
        for (const [i, row] of expected.rows.entries()) {
          const [alone] = await classify(service, [inputs[i]]);
          for (const [c, label] of ["ham", "spam"].entries()) {
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

Deno.test("observers are shown every text after its answer, with what the model read", () =>
  withService({ clock: () => 1234 }, async (service) => {
    const seen: [ObservedText & ObservedClasses, number][] = [];
    service.onObservation(() => {
      throw new Error("a broken listener");
    });
    const stop = service.onObservation((observation, atMs) =>
      seen.push([observation as ObservedText & ObservedClasses, atMs])
    );
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
    const answers: unknown[] = [];
    service.onAnswer((answer) => answers.push(answer));
    stop();
    const predicted = await service.predict(["free"], { parameters: { top_k: 1 } });
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(seen.length, 2);
    assert.deepEqual(answers, predicted);
  }));

Deno.test("what is read of a text in training and evaluation is what is served and observed", () =>
  withService({}, async (service) => {
    const seen: ObservedText[] = [];
    service.onObservation((observation) => seen.push(observation as ObservedText));
    const queries: TextQuery[] = [
      "Free\u00a0MONEY now!",
      ["free \u{1f600}", "zebra"],
      "the meeting ".repeat(100),
      "",
    ];
    await service.predict(queries);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { tokenizer, tokenizerConfig, manifest, maxTokens } = await readBundle(bundle);
    const prepared = encodeRow({ queries, target: "ham" }, {
      task: "text-classification",
      tokenizer: loadTokenizer(tokenizer, tokenizerConfig),
      head: manifest.head,
      maxTokens,
    });
    assert.deepEqual(seen.map(({ tokenIds }) => tokenIds), prepared.encodings.map(({ ids }) => ids));
  }));

Deno.test("a long text is cut at the end asked for, or refused when cutting is off", () =>
  withService({}, async (service) => {
    const ham = "the meeting ".repeat(100);
    const spam = "free money ".repeat(100);
    const score = async (text: string, truncationDirection?: "left" | "right") => {
      const [list] = await classify(service, [text], { truncationDirection });
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
  // However busy the machine is: tokenizing it counts towards the deadline.
  withService({ deadlineMs: 600_000 }, async (service) => {
    assert.equal((await classify(service, ["free ".repeat(200_000)]))[0][0].label, "spam");
    // A million characters, each of two code units.
    assert.equal((await classify(service, ["\u{1f600}".repeat(1_000_000)]))[0].length, 2);
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

Deno.test("parameters are the task's: what it does not know of an answer is refused", () =>
  withService({}, async (service) => {
    const [[best, ...others]] = await classify(service, ["free"], { parameters: { top_k: 1 } });
    assert.deepEqual([best.label, others.length], ["spam", 0]);
    assert.equal((await classify(service, ["free"], { parameters: null }))[0].length, 2);
    await assert.rejects(
      service.predict(["free"], { parameters: { top_k: "two" } }),
      failsWith("parameters", /^`parameters` of text-classification: top_k: .*number/),
    );
  }));

Deno.test("a bundle that was read before is served as it was read", async () => {
  const read = await readBundle(bundle);
  const manifest = { ...read.manifest, name: "renamed" };
  await withService({ bundle: { ...read, manifest, directory: "nowhere" } }, async (service) => {
    assert.equal(service.info().manifest.name, "renamed");
    assert.equal((await classify(service, ["free"]))[0][0].label, "spam");
  });
  for (
    const [change, message] of [
      [{ head: { labels: ["a", "a"] } }, /the head in weir\.json: labels: names a label twice/],
      [{ signatures: {} }, /weir\.json has no signature "model"/],
      [
        { signatures: { model: { ...manifest.signatures.model, outputs: [] } } },
        /reads an output "logits", and the model gives none/,
      ],
    ] as const
  ) {
    const changed = { ...read, manifest: { ...read.manifest, ...change } as Manifest };
    await assert.rejects(createService({ bundle: changed, device: "wasm" }), isNoBundle(message));
  }
});

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
      Array.from({ length: 200 }, (_, i) => classify(service, [i % 3 === 0 ? "free money" : "the meeting"])),
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
      assert.equal((await classify(service, ["free"]))[0][0].label, "spam");
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

Deno.test("a bundle that is damaged, or of a task that there is not, is refused in one line", async () => {
  await assert.rejects(
    createService({ bundle: new URL("../golden", import.meta.url).pathname, device: "wasm" }),
    isNoBundle(/is no bundle: it has no weir\.json/),
  );
  const read = await readBundle(bundle);
  const refused = async (changed: Partial<Bundle>, message: RegExp) =>
    await assert.rejects(
      createService({ bundle: { ...read, ...changed }, device: "wasm" }),
      isNoBundle(message),
    );
  await refused(
    { manifest: { ...read.manifest, task: "translation" } },
    /^Cannot serve .*: There is no task "translation"; there are text-classification/,
  );
  await refused({ config: { vocab_size: 2 } }, /table 2 rows/);
  await refused({ maxTokens: 2 }, /no text fits/);
});

Deno.test("a model that was trained on pairs refuses one text, and one that was not refuses a pair", async () => {
  const read = await readBundle(bundle);
  const trainedOn = (pairColumn: string | null): Bundle => ({
    ...read,
    manifest: { ...read.manifest, pairColumn },
  });
  await withService({ bundle: trainedOn("second") }, async (service) => {
    await service.predict([["free", "money"]]);
    await assert.rejects(
      service.predict([["free", "money"], "free money"]),
      failsWith("tokenizer", /^Tokenization error: \S+ reads pairs of texts, and one text was given$/),
    );
  });
  await withService({ bundle: trainedOn(null) }, async (service) => {
    await service.predict(["free money"]);
    await assert.rejects(
      service.predict([["free", "money"]]),
      failsWith("tokenizer", /^Tokenization error: \S+ reads one text, and a pair was given$/),
    );
  });
});
