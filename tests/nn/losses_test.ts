import assert from "node:assert/strict";
import { type Builder, createBuilder, gradients, hostTensor, type Node } from "../../src/graph/graph.ts";
import { sigmoidCrossEntropy, softmaxCrossEntropy, squaredError } from "../../src/nn/losses.ts";
import { runOnce } from "./run.ts";

async function crossEntropy(
  logits: number[],
  labels: number[],
  options: { weights?: number[]; labelSmoothing?: number } = {},
): Promise<{ loss: number; gradient: number[] }> {
  const shape = [labels.length, logits.length / labels.length];
  const { loss, gradient } = await runOnce((b) => {
    const x = b.input("x", "f32", shape);
    const loss = softmaxCrossEntropy(b, x, {
      labels: b.input("labels", "i32", [labels.length]),
      weights: options.weights && b.input("weights", "f32", [labels.length]),
      labelSmoothing: options.labelSmoothing,
    });
    b.output("loss", loss);
    b.output("gradient", gradients(b, loss, [x])[0]);
  }, {
    feeds: {
      x: hostTensor("f32", shape, logits),
      labels: hostTensor("i32", [labels.length], labels),
      ...(options.weights && { weights: hostTensor("f32", [labels.length], options.weights) }),
    },
  });
  return { loss: loss.data[0], gradient: [...gradient.data] };
}

function near(got: number, wanted: number): void {
  assert.ok(Math.abs(got - wanted) < 1e-6 * Math.max(1, Math.abs(wanted)), `got ${got}, wanted ${wanted}`);
}

Deno.test("cross-entropy of even logits is the logarithm of the number of classes", async () => {
  const { loss, gradient } = await crossEntropy([0, 0, 0], [1]);
  near(loss, Math.log(3));
  [1 / 3, -2 / 3, 1 / 3].forEach((wanted, i) => near(gradient[i], wanted));
});

Deno.test("cross-entropy stays finite for logits of any size", async () => {
  const right = await crossEntropy([1e30, -1e30], [0]);
  assert.equal(right.loss, 0);
  const wrong = await crossEntropy([1000, -1000], [1]);
  near(wrong.loss, 2000);
  assert.deepEqual(wrong.gradient, [1, -1]);
});

Deno.test("rows of weight 0 count neither in the loss nor in the gradient", async () => {
  const both = await crossEntropy([1, 2, 50, -50], [0, 1], { weights: [1, 0] });
  const alone = await crossEntropy([1, 2], [0]);
  near(both.loss, alone.loss);
  assert.deepEqual(both.gradient.slice(2), [0, 0]);
});

Deno.test("a batch of no weight at all has loss 0 and gradient 0", async () => {
  const { loss, gradient } = await crossEntropy([1, 2, 3, 4], [0, 1], { weights: [0, 0] });
  assert.equal(loss, 0);
  assert.ok(gradient.every((v) => v === 0));
});

Deno.test("label smoothing mixes the label with all classes alike", async () => {
  // torch.nn.functional.cross_entropy(torch.tensor([[2., 0., -1.]]), torch.tensor([0]), label_smoothing=.3)
  const logits = [2, 0, -1];
  const logSum = Math.log(logits.reduce((sum, v) => sum + Math.exp(v), 0));
  const wanted = logits.reduce((sum, v, i) => sum + ((i === 0 ? 0.7 : 0) + 0.1) * (logSum - v), 0);
  near((await crossEntropy(logits, [0], { labelSmoothing: 0.3 })).loss, wanted);
});

Deno.test("cross-entropy of tokens is that of the rows they make, padding left out", async () => {
  const logits = [1, 2, 0, 3, 1, -1, 4, 0.5, 2, 0, 0, 0];
  const run = (shape: number[], labels: number[]) =>
    runOnce((b) => {
      const x = b.input("x", "f32", [...shape, 3]);
      const y = b.input("labels", "i32", shape);
      const loss = softmaxCrossEntropy(b, x, { labels: y, ignoreIndex: -100 });
      b.output("loss", loss);
      b.output("gradient", gradients(b, loss, [x])[0]);
    }, {
      feeds: {
        x: hostTensor("f32", [...shape, 3], logits),
        labels: hostTensor("i32", shape, labels),
      },
    });
  const tokens = await run([2, 2], [0, -100, 2, 1]);
  const rows = await run([4], [0, -100, 2, 1]);
  assert.deepEqual([tokens.loss.data, tokens.gradient.data], [rows.loss.data, rows.gradient.data]);
  assert.deepEqual(tokens.gradient.shape, [2, 2, 3]);
  const negative = (row: number[], label: number) =>
    Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - row[label];
  near(
    tokens.loss.data[0],
    (negative([1, 2, 0], 0) + negative([4, 0.5, 2], 2) + negative([0, 0, 0], 1)) / 3,
  );
});

/** A loss of `x` `[2, 2]` and its gradient. */
async function lossOf(
  loss: (b: Builder, x: Node, options: { targets: Node; weights?: Node }) => Node,
  x: number[],
  targets: number[],
  weights?: number[],
): Promise<{ loss: number; gradient: number[] }> {
  const shape = [2, 2];
  const result = await runOnce((b) => {
    const input = b.input("x", "f32", shape);
    const value = loss(b, input, {
      targets: b.constant("f32", shape, targets),
      weights: weights && b.constant("f32", weights.length === 2 ? [2] : shape, weights),
    });
    b.output("loss", value);
    b.output("gradient", gradients(b, value, [input])[0]);
  }, { feeds: { x: hostTensor("f32", shape, x) } });
  return { loss: result.loss.data[0], gradient: [...result.gradient.data] };
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

Deno.test("sigmoid cross-entropy is the mean over labels, and its gradient sigmoid minus target, at 0 too", async () => {
  const [x, targets] = [[2, -1, 0, 0], [1, 0, 1, 0.25]];
  const { loss, gradient } = await lossOf(sigmoidCrossEntropy, x, targets);
  const each = x.map((v, i) => -targets[i] * Math.log(sigmoid(v)) - (1 - targets[i]) * Math.log(sigmoid(-v)));
  near(loss, each.reduce((a, v) => a + v, 0) / 4);
  x.forEach((v, i) => near(gradient[i], (sigmoid(v) - targets[i]) / 4));
});

Deno.test("sigmoid cross-entropy stays finite for logits of any size", async () => {
  const { loss, gradient } = await lossOf(sigmoidCrossEntropy, [1000, -1000, 1e30, -1e30], [0, 1, 1, 0]);
  near(loss, 2000 / 4);
  assert.deepEqual(gradient, [0.25, -0.25, 0, 0]);
});

Deno.test("labels and examples of weight 0 count neither in the loss nor in the gradient", async () => {
  const [x, targets] = [[2, -1, 50, -50], [1, 0, 0, 1]];
  const masked = await lossOf(sigmoidCrossEntropy, x, targets, [1, 0, 0, 0]);
  near(masked.loss, -Math.log(sigmoid(2)));
  assert.deepEqual(masked.gradient.slice(1), [0, 0, 0]);
  const row = await lossOf(sigmoidCrossEntropy, x, targets, [1, 0]);
  near(row.loss, (-Math.log(sigmoid(2)) - Math.log(sigmoid(1))) / 2);
  assert.equal((await lossOf(sigmoidCrossEntropy, x, targets, [0, 0])).loss, 0);
});

Deno.test("squared error is the mean over all elements, weighted", async () => {
  const [x, targets] = [[1, 2, 3, 4], [0, 2, 5, 8]];
  const plain = await lossOf(squaredError, x, targets);
  assert.deepEqual(plain, { loss: (1 + 0 + 4 + 16) / 4, gradient: [0.5, 0, -1, -2] });
  const weighted = await lossOf(squaredError, x, targets, [3, 1]);
  near(weighted.loss, (3 * 1 + 4 + 16) / 8);
  near(weighted.gradient[0], 2 * 3 / 8);
});

Deno.test("a loss whose targets or weights do not fit is refused with the shapes", () => {
  const b = createBuilder();
  const [x, y] = [b.input("x", "f32", [3, 2]), b.input("y", "f32", [2])];
  assert.throws(() => squaredError(b, x, { targets: y }), /the shape \[3, 2\] .* got \[2\]/);
  assert.throws(() => sigmoidCrossEntropy(b, x, { targets: x, weights: y }), /got \[3, 2\] and \[2\]/);
  assert.throws(() => softmaxCrossEntropy(b, x, { labels: y }), /got \[3, 2\] and \[2\]/);
});
