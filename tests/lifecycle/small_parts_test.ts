import assert from "node:assert/strict";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { trainingDefaults } from "../../src/lifecycle/options.ts";
import { trainAndRegister } from "../../src/lifecycle/train.ts";
import { withFolder } from "../folder.ts";

Deno.test("a metric that one row does not define, such as R² of one number, stops no training", () =>
  withFolder(async (home) => {
    const words = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu".split(" ");
    const rows = Array.from({ length: 24 }, (_, i) => ({
      queries: [Array.from({ length: 6 }, (_, k) => `${words[(i * 5 + k * k) % 12]}${i}${k}`).join(" ")],
      target: i % 7,
    }));
    const { version, parts } = await trainAndRegister(rows, {
      ...trainingDefaults,
      ...{
        task: "text-regression",
        modelType: "mlp",
        vocabSize: 100,
        maxTokens: 16,
        hiddenSize: 8,
        epochs: 2,
      },
      ...{ name: "toy", source: "a test", bump: "minor", aliases: [], resume: false, home },
      backend: createInterpBackend(),
      output: { terminal: false, progress() {}, draw() {} },
    });
    assert.equal(version, "1.0.0");
    assert.equal(parts.validation.length, 1);
  }));
