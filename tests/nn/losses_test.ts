import assert from "node:assert/strict";
import { gradients, hostTensor } from "../../src/graph/graph.ts";
import { softmaxCrossEntropy } from "../../src/nn/losses.ts";
import { runOnce } from "./run.ts";

async function crossEntropy(
  logits: number[],
  labels: number[],
  options: { weights?: number[]; labelSmoothing?: number } = {},
): Promise<{ loss: number; slope: number[] }> {
  const shape = [labels.length, logits.length / labels.length];
  const { loss, slope } = await runOnce((b) => {
    const x = b.input("x", "f32", shape);
    const loss = softmaxCrossEntropy(b, x, {
      labels: b.input("labels", "i32", [labels.length]),
      weights: options.weights && b.input("weights", "f32", [labels.length]),
      labelSmoothing: options.labelSmoothing,
    });
    b.output("loss", loss);
    b.output("slope", gradients(b, loss, [x])[0]);
  }, {
    feeds: {
      x: hostTensor("f32", shape, logits),
      labels: hostTensor("i32", [labels.length], labels),
      ...(options.weights && { weights: hostTensor("f32", [labels.length], options.weights) }),
    },
  });
  return { loss: loss.data[0], slope: [...slope.data] };
}

function near(got: number, wanted: number): void {
  assert.ok(Math.abs(got - wanted) < 1e-6 * Math.max(1, Math.abs(wanted)), `got ${got}, wanted ${wanted}`);
}

Deno.test("cross-entropy of even logits is the logarithm of the number of classes", async () => {
  const { loss, slope } = await crossEntropy([0, 0, 0], [1]);
  near(loss, Math.log(3));
  [1 / 3, -2 / 3, 1 / 3].forEach((wanted, i) => near(slope[i], wanted));
});

Deno.test("cross-entropy stays finite for logits of any size", async () => {
  const right = await crossEntropy([1e30, -1e30], [0]);
  assert.equal(right.loss, 0);
  const wrong = await crossEntropy([1000, -1000], [1]);
  near(wrong.loss, 2000);
  assert.deepEqual(wrong.slope, [1, -1]);
});

Deno.test("rows of weight 0 count neither in the loss nor in the gradient", async () => {
  const both = await crossEntropy([1, 2, 50, -50], [0, 1], { weights: [1, 0] });
  const alone = await crossEntropy([1, 2], [0]);
  near(both.loss, alone.loss);
  assert.deepEqual(both.slope.slice(2), [0, 0]);
});

Deno.test("a batch of no weight at all has loss 0 and gradient 0", async () => {
  const { loss, slope } = await crossEntropy([1, 2, 3, 4], [0, 1], { weights: [0, 0] });
  assert.equal(loss, 0);
  assert.ok(slope.every((v) => v === 0));
});

Deno.test("label smoothing mixes the label with all classes alike", async () => {
  // torch.nn.functional.cross_entropy(torch.tensor([[2., 0., -1.]]), torch.tensor([0]), label_smoothing=.3)
  const logits = [2, 0, -1];
  const logSum = Math.log(logits.reduce((sum, v) => sum + Math.exp(v), 0));
  const wanted = logits.reduce((sum, v, i) => sum + ((i === 0 ? 0.7 : 0) + 0.1) * (logSum - v), 0);
  near((await crossEntropy(logits, [0], { labelSmoothing: 0.3 })).loss, wanted);
});
