import assert from "node:assert/strict";
import { createGpuBackend } from "../../../../src/backend/gpu/backend.ts";
import { describeAdapter } from "../../../../src/backend/gpu/device/device.ts";
import { wgslOf } from "../../../../src/backend/gpu/kernels/writer.ts";
import { makePlan, printPlan } from "../../../../src/backend/gpu/plan/plan.ts";
import { cutLargeTensors } from "../../../../src/backend/gpu/split/split.ts";
import { BackendError, type Program, type Tensors } from "../../../../src/backend/interface.ts";
import { createInterpBackend } from "../../../../src/backend/interp/interp.ts";
import {
  createBuilder,
  gradients,
  type Graph,
  hostTensor,
  type Node,
  opTable,
} from "../../../../src/graph/graph.ts";
import { isFloat } from "../../../../src/graph/dtype.ts";
import type { NodeOf, OpName } from "../../../../src/graph/node.ts";
import { bindGraph } from "../../../../src/graph/passes/bind.ts";
import { optimize } from "../../../../src/graph/passes/optimize.ts";
import { adamw } from "../../../../src/nn/optim/adamw.ts";
import { clipScale, summarizeGradients } from "../../../../src/nn/optim/gradients.ts";
import { caseFeeds, caseGraph, type OpCase, opCases } from "../../../graph/op_cases.ts";
import { runCut, type RunResult, runWhole } from "./cut_run.ts";
import { limits } from "../limits.ts";
import { randomProgram } from "../random_graph.ts";

const adapter = await describeAdapter();
const [batch, length, vocabulary, width, heads] = [4, 16, 80, 32, 2];

/** A training step of a language model of one layer: attention, an MLP with dropout, and logits from the embeddings' table. */
function languageModel({ attentionDropout = 0 } = {}): Graph {
  const b = createBuilder();
  const key = b.state("rng", "u32", [], { role: "counter" });
  b.update(key, b.add(key, 12345));
  const parameters: NodeOf<"state">[] = [];
  const parameter = (name: string, shape: number[]) => {
    const decays = !name.endsWith(".bias");
    const made = b.parameter(name, shape, { kind: "fill", value: 0 }, { decays });
    parameters.push(made);
    return made;
  };
  const linear = (name: string, x: Node, size: number) =>
    b.named(name, () =>
      b.add(
        b.matmul(x, parameter(`${name}.weight`, [size, x.shape.at(-1) as number]), { transB: true }),
        parameter(`${name}.bias`, [size]),
      ));
  const norm = (name: string, x: Node) =>
    b.named(
      name,
      () => b.layerNorm(x, parameter(`${name}.weight`, [width]), parameter(`${name}.bias`, [width]), 1e-5),
    );
  const drop = (x: Node) =>
    b.mul(x, b.mul(b.cast(b.less(b.random(key, x.shape), b.scalar(0xe0000000, "u32")), "f32"), 8 / 7));
  const table = parameter("table", [vocabulary, width]);
  let x = b.gather(table, b.input("ids", "i32", [batch, length])); // [B, S, H]
  const read = norm("first", x);
  const [q, k, v] = ["query", "key", "value"].map((name) => linear(name, read, width));
  const attended = b.attention(q, k, v, {
    heads,
    scale: 0.25,
    causal: true,
    dropout: { rate: attentionDropout, key },
  });
  x = b.add(x, linear("out", attended, width));
  x = b.add(x, linear("down", drop(b.gelu(linear("up", norm("second", x), 2 * width))), width));
  const rows = b.reshape(norm("last", x), [batch * length, width]); // [B * S, H]
  const logits = b.named("logits", () => b.matmul(rows, table, { transB: true })); // [B * S, V]
  const losses = b.named(
    "loss",
    () => b.softmaxCrossEntropy(logits, b.input("labels", "i32", [batch * length]), { ignoreIndex: -1 }),
  );
  const loss = b.mul(b.sum(losses), 1 / (batch * length));
  const grads = gradients(b, loss, parameters);
  const summary = summarizeGradients(b, grads);
  adamw({ epsilon: 1e-3 }).emit(b, parameters, grads, {
    rate: b.scalar(0.01),
    scale: clipScale(b, summary.norm, 1),
  });
  b.output("loss", loss);
  b.output("norm", summary.norm);
  b.output("logits", logits);
  b.output("gradient", grads[0]);
  return b.graph();
}

const feeds = {
  ids: hostTensor(
    "i32",
    [batch, length],
    Array.from({ length: batch * length }, (_, i) => i * 31 % vocabulary),
  ),
  labels: hostTensor(
    "i32",
    [batch * length],
    Array.from({ length: batch * length }, (_, i) => i % 7 === 3 ? -1 : (i * 31 + 31) % vocabulary),
  ),
};

/** First values for what a step learns. */
function firstStates(graph: Graph): Tensors {
  return Object.fromEntries(
    graph.nodes.filter((n) => n.op === "state" && n.attrs.trainable).map((n, i) => {
      const shape = n.shape as number[];
      const values = Array.from(
        { length: sizeOf(shape) },
        (_, j) => (shape.length === 1 ? 0.7 : 0) + 0.3 * Math.sin(j * 1.7 + i),
      );
      return [n.name!, hostTensor("f32", shape, values)];
    }),
  );
}

const wide = { ...limits, maxBuffers: 16, maxWorkgroupBytes: 32768 };
const bound = (graph: Graph) => optimize(bindGraph(graph));
Deno.test("every op and its gradient computed in parts is what it is whole", async () => {
  const cut = new Set<string>();
  for (const op of Object.keys(opCases) as OpName[]) {
    for (const c of opCases[op]) {
      for (const graph of [caseGraph(c), gradientGraph(op, c)]) {
        if (graph && await agrees(optimize(bindGraph(graph)), caseFeeds(c), {})) cut.add(op);
      }
    }
  }
  const never = Object.keys(opCases).filter((op) => !cut.has(op));
  assert.deepEqual(never, []);
});

Deno.test("random graphs computed in parts give what they give whole", async () => {
  for (let seed = 1; seed <= 12; seed++) {
    const { graph, feeds, states } = randomProgram(seed);
    await agrees(optimize(bindGraph(graph)), feeds, states);
  }
});

Deno.test("a language model's training step in parts is what it is whole, with the same dropout", async () => {
  for (const attentionDropout of [0, 0.2]) {
    const graph = bound(languageModel({ attentionDropout }));
    for (const limit of [11000, 4400]) {
      const cut = cutLargeTensors(graph, limit);
      assert.deepEqual(largerThan(cut.graph, limit), []);
      const states = firstStates(graph);
      assertClose(await runCut(cut, feeds, states), await runWhole(graph, feeds, states), 1e-5);
    }
  }
});

// A large device makes sums in more parts, whose memory is held to the limit, too.
for (const [limit, attentionDropout, parallelism] of [[11000, 0.2, 2], [4400, 0, 2], [4400, 0, 132]]) {
  Deno.test({
    name:
      `webgpu: a language model trains alike where logits, activations and gradients are over ${limit} bytes` +
      ` and cut, attention dropout ${attentionDropout}, ${parallelism} workgroups at once`,
    ignore: !adapter,
    async fn() {
      const backend = await createGpuBackend({ maxBindingBytes: limit, parallelism });
      try {
        const graph = languageModel({ attentionDropout });
        const cut = await backend.compile(graph);
        assert.ok(makePlan(bound(graph), { ...wide, maxBindingBytes: limit }).cutOutputs.has("logits"));
        const [got, want] = [
          await trainTwice(cut, graph),
          await trainTwice(await createInterpBackend().compile(graph), graph),
        ];
        assertClose({ all: got }, { all: want }, 2e-4);
        if (limit < 10000) return;
        const whole = await createGpuBackend();
        try {
          assertClose({ all: got }, { all: await trainTwice(await whole.compile(graph), graph) }, 2e-4);
        } finally {
          await whole.dispose();
        }
      } finally {
        await backend.dispose();
      }
    },
  });
}

/** Everything there is to see of two steps. */
async function trainTwice(program: Program, graph: Graph): Promise<Tensors> {
  await program.write(firstStates(graph));
  const first = await program.run(feeds);
  await program.step(feeds);
  const [{ loss, norm }] = await program.drain();
  return {
    ...first,
    ...await program.read(),
    "second loss": hostTensor("f32", [], [loss]),
    "second norm": hostTensor("f32", [], [norm]),
  };
}

Deno.test({
  name: "webgpu: what is fed and fetched may be over the limit too",
  ignore: !adapter,
  async fn() {
    const backend = await createGpuBackend({ maxBindingBytes: 1600 });
    try {
      const b = createBuilder();
      const x = b.input("x", "f32", [2, 21, 20]);
      const flags = b.input("flags", "bool", [421]);
      b.output("turned", b.transpose(x, [2, 0, 1]));
      b.output("fed", x);
      b.output("half", b.cast(b.tanh(x), "f16"));
      b.output("not", b.less(b.cast(flags, "f32"), 0.5));
      b.output("most", b.max(x, [0, 1]));
      const tensors = {
        x: hostTensor("f32", [2, 21, 20], Array.from({ length: 840 }, (_, i) => Math.sin(i))),
        flags: hostTensor("bool", [421], Array.from({ length: 421 }, (_, i) => i % 3 === 0 ? 1 : 0)),
      };
      const program = await backend.compile(b.graph());
      const want = await runWhole(b.graph(), tensors, {});
      assertClose({ all: await program.run(tensors) }, { all: want.outputs }, 1e-6);
    } finally {
      await backend.dispose();
    }
  },
});

Deno.test("what is over the limit but never stored is not cut: the plan is that without a limit", () => {
  const b = createBuilder();
  const x = b.input("x", "f32", [1, 64]);
  const mask = b.cast(b.less(b.random(b.input("key", "u32", []), [64, 64]), 2 ** 31), "f32");
  b.output("y", b.sum(b.mul(b.exp(x), mask), [0]));
  const [plan, same] = [2 ** 27, 1024].map((maxBindingBytes) =>
    makePlan(b.graph(), { ...wide, maxBindingBytes })
  );
  assert.equal(printPlan(same), printPlan(plan));
  assert.deepEqual(same.kernels.map(wgslOf), plan.kernels.map(wgslOf));
});

Deno.test("no storage of a plan is over the limit, and parts count as the memory they take", () => {
  const maxBindingBytes = 11000;
  const plan = makePlan(bound(languageModel()), { ...wide, maxBindingBytes });
  assert.ok(plan.storages.every((s) => s.bytes <= maxBindingBytes));
  const logits = plan.storages.filter((s) => s.label === 'matmul "logits"');
  assert.deepEqual(logits.map((s) => s.bytes), [10240, 10240]);
  assert.ok(logits.every((s) => plan.work.slotOf.has(s)));
  assert.deepEqual(plan.cutOutputs.get("logits")?.parts, ["logits[0:32]", "logits[32:64]"]);
});

Deno.test("what cannot be computed in parts is refused with its name, its bytes and its reader", () => {
  const refused = (graph: Graph, message: RegExp) =>
    assert.throws(
      () => makePlan(optimize(bindGraph(graph)), { ...limits, maxBindingBytes: 1000 }),
      (e) => e instanceof BackendError && e.outOfMemory && message.test(e.message),
    );
  const rows = createBuilder();
  rows.output("y", rows.named("wide", () => rows.softmax(rows.input("x", "f32", [3, 500]))));
  refused(
    rows.graph(),
    /softmax "wide" on the GPU: it takes 6000 bytes.* at most 1000 and no part .* use a smaller batch or model/,
  );
  const losses = createBuilder();
  const logits = losses.tanh(losses.input("x", "f32", [2, 300]));
  losses.output(
    "y",
    losses.named("loss", () => losses.softmaxCrossEntropy(logits, losses.input("t", "i32", [2]))),
  );
  refused(
    losses.graph(),
    /tanh %1 .* 2400 bytes.* at most 1000 and softmax_cross_entropy "loss" needs more of it at once/,
  );
});

// ---- helpers -----------------------------------------------------------------------------------------------------------

/** Whether a graph can be cut to parts of some size; what it gives then has to be what it gives whole. */
async function agrees(graph: Graph, feeds: Tensors, states: Tensors): Promise<boolean> {
  const most = Math.max(...graph.nodes.map(bytesOf));
  let found = false;
  for (const share of [0.5, 0.2]) {
    const limit = Math.floor(most * share);
    try {
      const cut = cutLargeTensors(graph, limit);
      assert.deepEqual(largerThan(cut.graph, limit), []);
      assertClose(await runCut(cut, feeds, states), await runWhole(graph, feeds, states), 1e-5);
      found = true;
    } catch (error) {
      if (!(error instanceof BackendError && error.outOfMemory)) throw error;
    }
  }
  return found;
}

function gradientGraph(op: OpName, c: OpCase): Graph | undefined {
  const b = createBuilder();
  const inputs = c.inputs.map((t, i) => b.input(`x${i}`, t.dtype, t.shape));
  const y = c.build(b, inputs);
  const wrt = inputs.filter((n) => isFloat(n.dtype));
  if (!opTable[op].vjp || !isFloat(y.dtype) || wrt.length === 0) return undefined;
  gradients(b, b.sum(b.square(y)), wrt).forEach((g, i) => b.output(`d${wrt[i].name}`, g));
  return b.graph();
}

/** What would be stored and takes more bytes than that. */
function largerThan(graph: Graph, bytes: number): string[] {
  const made = ["constant", "iota", "random", "broadcast", "slice"];
  return graph.nodes.filter((n) => bytesOf(n) > bytes && !made.includes(n.op)).map((n) =>
    `${n.op} [${n.shape.join()}]`
  );
}

function bytesOf(node: Node): number {
  return sizeOf(node.shape as number[]) * (node.dtype === "f16" ? 2 : 4);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, d) => a * d, 1);
}

function assertClose(
  got: Readonly<Record<string, Tensors>> | RunResult,
  want: Readonly<Record<string, Tensors>> | RunResult,
  tolerance: number,
): void {
  for (const [kind, tensors] of Object.entries<Tensors>({ ...want })) {
    const others = (got as Record<string, Tensors>)[kind];
    assert.deepEqual(Object.keys(others).sort(), Object.keys(tensors).sort());
    for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
      const other = others[name];
      assert.deepEqual([other.dtype, [...other.shape]], [dtype, [...shape]], name);
      const scale = Array.from(data, (v) => Math.abs(Number(v))).filter(Number.isFinite)
        .reduce((a, x) => Math.max(a, x), 1);
      const bound = scale * (dtype === "f16" ? 4e-3 : tolerance);
      for (let i = 0; i < data.length; i++) {
        const [x, y] = [Number(other.data[i]), Number(data[i])];
        assert.ok(Object.is(x, y) || Math.abs(x - y) <= bound, `${name}[${i}]: got ${x}, want ${y}`);
      }
    }
  }
}
