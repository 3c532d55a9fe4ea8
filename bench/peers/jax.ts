/**
 * jax-js: the whole step, Adam included, is one `jit`; arrays stay on the device, and the end of a window waits for the loss.
 *
 * @module
 */
import { defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import {
  adamOptions,
  type BlockTask,
  type Contestant,
  type MlpTask,
  normEpsilon,
  type Values,
} from "./tasks.ts";

type Params = Record<string, np.Array>;

/** Compiles the task's training step. */
export async function jaxJs(task: MlpTask | BlockTask): Promise<Contestant> {
  const devices = await init("webgpu");
  if (!devices.includes("webgpu")) throw new Error(`jax-js offers ${devices.join(", ")} here, not webgpu`);
  defaultDevice("webgpu");
  const put = ({ data, shape }: Values) => np.array(data as Float32Array<ArrayBuffer>).reshape(shape);
  const zeros = (values: Values) => np.zeros(values.shape);
  const each = (make: (values: Values) => np.Array): Params =>
    Object.fromEntries(Object.entries(task.weights).map(([name, values]) => [name, make(values)]));

  const lossOf = (p: Params, x: np.Array, y: np.Array) =>
    task.kind === "mlp" ? mlpLoss(p, x, y) : blockLoss(p, x, y, task);
  const { learningRate, beta1, beta2, epsilon } = adamOptions;
  const step = jit((p: Params, m: Params, v: Params, powers: Params, x: np.Array, y: np.Array) => {
    const [loss, g] = valueAndGrad(lossOf)(tree.ref(p), x, y) as [np.Array, Params];
    const one = powers.one.mul(beta1);
    const two = powers.two.mul(beta2);
    const [nextP, nextM, nextV]: [Params, Params, Params] = [{}, {}, {}];
    for (const name of Object.keys(p)) {
      nextM[name] = m[name].mul(beta1).add(g[name].ref.mul(1 - beta1));
      nextV[name] = v[name].mul(beta2).add(np.square(g[name]).mul(1 - beta2));
      const mean = nextM[name].ref.div(np.array(1).sub(one.ref));
      const root = np.sqrt(nextV[name].ref.div(np.array(1).sub(two.ref)));
      nextP[name] = p[name].sub(mean.div(root.add(epsilon)).mul(learningRate));
    }
    return { p: nextP, m: nextM, v: nextV, powers: { one, two }, loss };
  });

  let state = {
    p: each(put),
    m: each(zeros),
    v: each(zeros),
    powers: { one: np.array(1), two: np.array(1) },
  };
  const [x, y] = [put(task.x), put(task.y)];
  return {
    async run(steps) {
      let loss: np.Array | undefined;
      for (let i = 0; i < steps; i++) {
        loss?.dispose();
        const next = step(state.p, state.m, state.v, state.powers, x.ref, y.ref);
        ({ loss } = next);
        state = next as unknown as typeof state;
      }
      return (await loss!.data())[0];
    },
    close() {},
  };
}

function mlpLoss(p: Params, x: np.Array, y: np.Array): np.Array {
  let h = x; // [B, F]
  const layers = Object.keys(p).length / 2;
  for (let i = 0; i < layers; i++) {
    h = np.dot(h, p[`w${i}`]).add(p[`b${i}`]);
    if (i < layers - 1) h = nn.relu(h);
  }
  return nn.logSoftmax(h, -1).mul(y).sum(-1).mean().mul(-1);
}

function blockLoss(p: Params, x: np.Array, y: np.Array, task: BlockTask): np.Array {
  const { batch, sequence, hidden, heads } = task;
  const linear = (from: np.Array, name: string) => np.dot(from, p[`${name}.w`]).add(p[`${name}.b`]);
  const norm = (from: np.Array, name: string) =>
    nn.standardize(from, -1, { epsilon: normEpsilon }).mul(p[`${name}.w`]).add(p[`${name}.b`]);
  const split = (from: np.Array) => from.reshape([batch, sequence, heads, hidden / heads]);
  const [q, k, v] = ["query", "key", "value"].map((name) => split(linear(x.ref, name)));
  const context = nn.dotProductAttention(q, k, v).reshape([batch, sequence, hidden]);
  const attended = norm(x.add(linear(context, "out")), "norm1");
  const fed = linear(nn.relu(linear(attended.ref, "up")), "down");
  return np.square(norm(attended.add(fed), "norm2").sub(y)).mean();
}
