/**
 * Ours, of the parts every model here is built of.
 *
 * @module
 */
import { createGpuBackend } from "../../src/backend/gpu/backend.ts";
import {
  createBuilder,
  gradients,
  type HostTensor,
  hostTensor,
  type Node,
  statesOf,
} from "../../src/graph/graph.ts";
import { attention } from "../../src/nn/attention.ts";
import { initialStates } from "../../src/nn/init.ts";
import { feedForward, layerNorm, linear } from "../../src/nn/layers.ts";
import { softmaxCrossEntropy } from "../../src/nn/losses.ts";
import { adam } from "../../src/nn/optim/adamw.ts";
import {
  adamOptions,
  type BlockTask,
  type Contestant,
  type MlpTask,
  normEpsilon,
  type Values,
} from "./tasks.ts";

/** Compiles the task's training step. */
export async function weir(task: MlpTask | BlockTask): Promise<Contestant> {
  const b = createBuilder();
  // The data lies on the device, as it does for the others.
  const x = b.state("x", "f32", task.x.shape, { role: "cache" });
  const loss = task.kind === "mlp" ? mlpLoss(x, task) : blockLoss(x, task);
  const parameters = statesOf(b.graph()).filter((state) => state.attrs.trainable);
  const rate = b.scalar(adamOptions.learningRate);
  adam(adamOptions).emit(b, parameters, gradients(b, loss, parameters), { rate });
  b.output("loss", loss);

  const backend = await createGpuBackend();
  const graph = b.graph();
  const program = await backend.compile(graph);
  const states: Record<string, HostTensor> = { ...initialStates(graph, 1), x: tensor(task.x) };
  if (task.kind === "mlp") states.labels = hostTensor("i32", [task.labels.length], task.labels);
  else states.y = tensor(task.y);
  for (const [name, values] of Object.entries(task.weights)) states[ourName(name)] = transposed(values);
  await program.write(states);
  return {
    async run(steps) {
      for (let i = 0; i < steps; i++) await program.step({});
      return (await program.drain()).at(-1)!.loss;
    },
    close: () => backend.dispose(),
  };

  function mlpLoss(x: Node, task: MlpTask): Node {
    let h = x; // [B, F]
    const layers = Object.keys(task.weights).length / 2;
    for (let i = 0; i < layers; i++) {
      const [from, to] = task.weights[`w${i}`].shape;
      h = linear(b, h, { name: `layer${i}`, in: from, out: to });
      if (i < layers - 1) h = b.relu(h);
    }
    return softmaxCrossEntropy(b, h, { labels: b.state("labels", "i32", [task.labels.length], { role: "cache" }) });
  }

  function blockLoss(x: Node, { hidden: size, heads, inner, y }: BlockTask): Node {
    const names = { query: "query", key: "key", value: "value", output: "out" };
    const context = attention(b, x, { names, size, heads }); // [B, S, H]
    const norm = { size, epsilon: normEpsilon };
    const attended = layerNorm(b, b.add(x, context), { name: "norm1", ...norm });
    const fed = feedForward(b, attended, {
      names: { up: "up", down: "down" },
      size,
      inner,
      activation: "relu",
    });
    const out = layerNorm(b, b.add(attended, fed), { name: "norm2", ...norm });
    const error = b.square(b.sub(out, b.state("y", "f32", y.shape, { role: "cache" })));
    return b.div(b.sum(error), y.data.length);
  }
}

function ourName(name: string): string {
  return name.replace(/^w(\d)$/, "layer$1.weight").replace(/^b(\d)$/, "layer$1.bias").replace(
    /\.w$/,
    ".weight",
  )
    .replace(/\.b$/, ".bias");
}

function tensor(values: Values): HostTensor {
  return { dtype: "f32", shape: values.shape, data: values.data };
}

/** Matrices are `[out, in]` here, as in PyTorch. */
function transposed(values: Values): HostTensor {
  if (values.shape.length < 2) return tensor(values);
  const [rows, columns] = values.shape;
  const data = new Float32Array(values.data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) data[j * rows + i] = values.data[i * columns + j];
  }
  return { dtype: "f32", shape: [columns, rows], data };
}
