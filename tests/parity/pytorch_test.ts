import assert from "node:assert/strict";
import { continueFrom, gradients, type Graph, trainableStates } from "../../src/graph/graph.ts";
import type { Backend } from "../../src/backend/interface.ts";
import { initialStates } from "../../src/nn/init.ts";
import { softmaxCrossEntropy } from "../../src/nn/losses.ts";
import { buildTrainingGraph } from "../../src/train/step.ts";
import { forwardGraph, trainableModel } from "../../src/tasks/model.ts";
import { fitWeights } from "../../models/index.ts";
import { candidates, testOn } from "../backend/available.ts";
import {
  type Golden,
  goldenBindings,
  goldenFeeds,
  goldenInputs,
  goldens,
  goldenStep,
} from "./model_golden.ts";

for (const candidate of candidates) {
  for (const golden of goldens) {
    const test = (name: string, body: (backend: Backend) => Promise<void>) =>
      testOn(candidate, `${golden.name}: ${name}`, body);
    const bindings = goldenBindings(golden);

    test("logits are those of transformers with the same weights", async (backend) => {
      const graph = forwardGraph(golden.spec);
      const program = await backend.compile(graph, { bindings });
      await program.write(goldenStates(golden, graph));
      const { logits } = await program.run(goldenInputs(golden, 0));
      closeTo(logits.data, golden.logits.flat(), { relative: 1e-4, what: "logits" });
    });

    test("the gradient of every parameter is PyTorch's to 1e-3", async (backend) => {
      const forward = forwardGraph(golden.spec, { training: true });
      const b = continueFrom({ ...forward, outputs: {} });
      const loss = softmaxCrossEntropy(b, forward.outputs.logits, {
        labels: b.input("labels", "i32", ["batch"]),
      });
      const parameters = trainableStates(b.graph());
      gradients(b, loss, parameters).forEach((gradient, i) =>
        b.output(`gradient of ${parameters[i].name}`, gradient)
      );
      const program = await backend.compile(b.graph(), { bindings });
      await program.write(goldenStates(golden, b.graph()));
      const { labels } = goldenFeeds(golden, 0);
      const made = await program.run({ ...goldenInputs(golden, 0), labels });
      assert.deepEqual(parameters.map(({ name }) => name).sort(), Object.keys(golden.gradients).sort());
      for (const [name, { data }] of Object.entries(golden.gradients)) {
        closeTo(made[`gradient of ${name}`].data, data, { relative: 1e-3, what: `gradient of ${name}` });
      }
    });

    test("ten steps of AdamW have PyTorch's losses to 1e-4", async (backend) => {
      const { graph } = buildTrainingGraph(trainableModel(golden.spec), goldenStep(golden.optimizer));
      const program = await backend.compile(graph, { bindings });
      await program.write({ ...initialStates(graph, 0), ...goldenStates(golden, graph) });
      for (let step = 0; step < golden.losses.length; step++) await program.step(goldenFeeds(golden, step));
      const records = await program.drain();
      assert.equal(records.length, golden.losses.length);
      records.forEach(({ loss, gradNorm, nonFinite }, step) => {
        relative(loss, golden.losses[step], { tolerance: 1e-4, what: `loss of step ${step}` });
        relative(gradNorm, golden.gradientNorms[step], {
          tolerance: 1e-3,
          what: `gradient norm of step ${step}`,
        });
        assert.equal(nonFinite, 0);
      });
    });
  }
}

function goldenStates({ weights }: Golden, graph: Graph) {
  const fitted = fitWeights(graph, weights, { strict: true });
  assert.deepEqual(fitted.unexpected, []);
  return fitted.states;
}

function relative(got: number, wanted: number, options: { tolerance: number; what: string }): void {
  const off = Math.abs(got - wanted) / Math.abs(wanted);
  assert.ok(off <= options.tolerance, `${options.what}: got ${got}, PyTorch has ${wanted}, off by ${off}`);
}

/** Elements may be off by the tolerance times the tensor's largest: what is 0 in exact arithmetic is noise in f32. */
function closeTo(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  options: { relative: number; what: string },
): void {
  assert.equal(got.length, wanted.length, options.what);
  const largest = Array.from(wanted).reduce((max, v) => Math.max(max, Math.abs(v)), 1e-4);
  for (let i = 0; i < got.length; i++) {
    const off = Math.abs(got[i] - wanted[i]) / largest;
    assert.ok(
      off <= options.relative,
      `${options.what}[${i}]: got ${got[i]}, PyTorch has ${wanted[i]} (largest ${largest})`,
    );
  }
}
