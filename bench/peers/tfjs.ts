/**
 * TensorFlow.js with its WebGPU backend: variables on the device, `minimize` inside `tidy`, products fused with bias and ReLU.
 *
 * @module
 */
import {
  adamOptions,
  type BlockTask,
  type Contestant,
  type MlpTask,
  normEpsilon,
  type Values,
} from "./tasks.ts";

// The backend registers itself where there is a window; Deno has navigator.gpu without one.
(globalThis as { window?: unknown }).window ??= globalThis;
const module = await import("@tensorflow/tfjs");
// Bundled it is an ES module, else CommonJS.
const tf = (module as unknown as { default?: typeof module }).default ?? module;
await import("@tensorflow/tfjs-backend-webgpu");

type Tensor = ReturnType<typeof tf.tensor>;
type Params = Record<string, Tensor>;

/** Makes the task's training step. */
export async function tfjs(task: MlpTask | BlockTask): Promise<Contestant> {
  if (!await tf.setBackend("webgpu")) throw new Error("tf.setBackend('webgpu') gave false");
  await tf.ready();
  const put = ({ data, shape }: Values) => tf.tensor(data, shape, "float32");
  const p: Params = Object.fromEntries(
    Object.entries(task.weights).map(([name, values]) => [name, tf.variable(put(values))]),
  );
  const [x, y] = [put(task.x), put(task.y)];
  const { learningRate, beta1, beta2, epsilon } = adamOptions;
  const optimizer = tf.train.adam(learningRate, beta1, beta2, epsilon);
  const lossOf = () => task.kind === "mlp" ? mlpLoss(p, x, y) : blockLoss(p, x, y, task);
  return {
    async run(steps) {
      let loss: Tensor | undefined;
      for (let i = 0; i < steps; i++) {
        loss?.dispose();
        loss = tf.tidy(() =>
          optimizer.minimize(lossOf as Parameters<typeof optimizer.minimize>[0], true) as Tensor
        );
      }
      const [value] = await loss!.data();
      loss!.dispose();
      return value;
    },
    close() {
      tf.disposeVariables();
      optimizer.dispose();
    },
  };
}

function dense(
  from: Tensor,
  p: Params,
  [w, b]: [string, string],
  activation: "linear" | "relu" = "linear",
): Tensor {
  return tf.fused.matMul(
    { a: from, b: p[w], bias: p[b], activation } as Parameters<typeof tf.fused.matMul>[0],
  );
}

function mlpLoss(p: Params, x: Tensor, y: Tensor): Tensor {
  let h = x; // [B, F]
  const layers = Object.keys(p).length / 2;
  for (let i = 0; i < layers; i++) h = dense(h, p, [`w${i}`, `b${i}`], i < layers - 1 ? "relu" : "linear");
  return tf.losses.softmaxCrossEntropy(y, h) as Tensor;
}

function blockLoss(p: Params, x: Tensor, y: Tensor, task: BlockTask): Tensor {
  const { batch, sequence, hidden, heads } = task;
  const width = hidden / heads;
  const linear = (from: Tensor, name: string, activation?: "relu") =>
    dense(from, p, [`${name}.w`, `${name}.b`], activation);
  const norm = (from: Tensor, name: string) => {
    const { mean, variance } = tf.moments(from, -1, true);
    return from.sub(mean).mul(variance.add(normEpsilon).rsqrt()).mul(p[`${name}.w`]).add(p[`${name}.b`]);
  };
  const flat = x.reshape([batch * sequence, hidden]); // [BS, H]
  const [q, k, v] = ["query", "key", "value"].map((name) =>
    linear(flat, name).reshape([batch, sequence, heads, width]).transpose([0, 2, 1, 3]) // [B, h, S, d]
  );
  const shares = tf.softmax(tf.matMul(q, k, false, true).mul(1 / Math.sqrt(width))); // [B, h, S, S]
  const context = tf.matMul(shares, v).transpose([0, 2, 1, 3]).reshape([batch * sequence, hidden]);
  const attended = norm(flat.add(linear(context, "out")), "norm1");
  const out = norm(attended.add(linear(linear(attended, "up", "relu"), "down")), "norm2");
  return tf.losses.meanSquaredError(y.reshape([batch * sequence, hidden]), out) as Tensor;
}
