import assert from "node:assert/strict";
import { mlpConfig } from "../../models/mlp.ts";
import { readManifest } from "../../src/bundle/reader.ts";
import { publishBundle } from "../../src/lifecycle/publish.ts";
import { withFolder } from "../folder.ts";

Deno.test("a metric that is not defined on the held-out rows is left out with a warning: the work is registered", () =>
  withFolder(async (home) => {
    const lines: string[] = [];
    const output = { terminal: false, progress: (line: string) => lines.push(line), draw() {} };
    const metric = { low: 0.5, high: 1, confidence: 0.95, n: 4 };
    const { path } = await publishBundle({
      spec: {
        task: "text-classification",
        config: mlpConfig({ vocabSize: 30, embeddingSize: 8, hiddenSize: 8 }),
        head: { labels: ["a", "b"] },
      },
      files: { "config.json": { model_type: "mlp" }, "onnx/model.onnx": new Uint8Array(3) },
      lineage: {
        ...{ runId: "r", dataHash: null, baseModel: null, method: "full", seed: 0, device: "interp" },
        ...{ epochs: 1, steps: 1, trainSeconds: 1 },
      },
      metrics: { accuracy: { ...metric, value: 0.75 }, spearman: { ...metric, value: NaN } },
      maxTokens: 16,
    }, { name: "toy", home, bump: "minor", aliases: [], output });
    assert.deepEqual(Object.keys((await readManifest(path)).metrics), ["accuracy"]);
    assert.deepEqual(lines, [
      "warning: spearman: not defined on these held-out rows, and left out of the bundle",
    ]);
  }));
