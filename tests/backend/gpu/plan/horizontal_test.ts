import assert from "node:assert/strict";
import { createGpuBackend } from "../../../../src/backend/gpu/backend.ts";
import { describeAdapter } from "../../../../src/backend/gpu/device/device.ts";
import { makePlan, type Plan, type PlanLimits, printPlan } from "../../../../src/backend/gpu/plan/plan.ts";
import { rootOf } from "../../../../src/backend/gpu/plan/storages.ts";
import { createInterpBackend } from "../../../../src/backend/interp/interp.ts";
import {
  type Builder,
  createBuilder,
  gradients,
  type Graph,
  hostTensor,
  type Node,
  type NodeOf,
} from "../../../../src/graph/graph.ts";
import { bindGraph } from "../../../../src/graph/passes/bind.ts";
import { optimize } from "../../../../src/graph/passes/optimize.ts";
import { adamw } from "../../../../src/nn/optim/adamw.ts";
import { clipScale, summarizeGradients } from "../../../../src/nn/optim/gradients.ts";
import { linear, stepCounter } from "../../../../src/nn/optim/schedule.ts";
import { sgd } from "../../../../src/nn/optim/sgd.ts";
import { limits } from "../limits.ts";

const adapter = await describeAdapter();

type Optimizer = (
  b: Builder,
  parameters: readonly NodeOf<"state">[],
  grads: readonly Node[],
  scale: Node,
) => void;

const byAdamw: Optimizer = (b, parameters, grads, scale) =>
  adamw({ epsilon: 1e-3 }).emit(b, parameters, grads, {
    // More numbers than 8 buffers leave room for beside the tensors.
    rate: linear({ peak: 0.01, warmupSteps: 2, totalSteps: 9 }).rate(b, stepCounter(b)),
    scale,
  });

const widths = [8, 64, 5, 33, 128, 3];

/** A small network of odd sizes that learns to give ones, with its gradients clipped. */
function network(optimize: Optimizer = byAdamw): Graph {
  const b = createBuilder();
  // As positions are learnt: what a batch does not reach of the table has a gradient of zeros.
  const table = b.parameter("table.weight", [16, widths[0]], { kind: "fill", value: 0 });
  let x: Node = b.add(b.input("x", "f32", ["batch", widths[0]]), b.slice(table, 0, 0, "batch"));
  const parameters: NodeOf<"state">[] = [table];
  widths.slice(1).forEach((width, i) => {
    const w = b.parameter(`l${i}.weight`, [width, widths[i]], { kind: "fill", value: 0 });
    const bias = b.parameter(`l${i}.bias`, [width], { kind: "fill", value: 0 }, { decays: false });
    parameters.push(w, bias);
    x = b.tanh(b.add(b.matmul(x, w, { transB: true }), bias));
  });
  b.output("y", x);
  const loss = b.mul(b.sum(b.square(b.sub(x, 1))), 0.1);
  const grads = gradients(b, loss, parameters);
  const summary = summarizeGradients(b, grads);
  optimize(b, parameters, grads, clipScale(b, summary.norm, 0.5));
  b.output("loss", loss);
  b.output("norm", summary.norm);
  b.output("nonFinite", summary.firstNonFinite);
  return b.graph();
}

const planOf = (graph: Graph, options: Partial<PlanLimits> = {}): Plan =>
  makePlan(optimize(bindGraph(graph, { batch: 6 })), { ...limits, ...options });

const updates = (plan: Plan, name: string) =>
  plan.kernels.filter((k) => k.bindings.some((b) => b.writes && rootOf(b.storage).label.includes(name)));

const feedsOf = (batch: number) => ({
  x: hostTensor("f32", [batch, 8], Array.from({ length: batch * 8 }, (_, i) => Math.sin(i))),
});

function initial(graph: Graph): Record<string, ReturnType<typeof hostTensor>> {
  const states = graph.nodes.filter((n) => n.op === "state" && n.attrs.trainable);
  return Object.fromEntries(states.map((n, s) => {
    const shape = n.shape as number[];
    const size = shape.reduce((a, d) => a * d, 1);
    return [
      n.name!,
      hostTensor("f32", shape, Array.from({ length: size }, (_, i) => Math.sin(i * 7 + s) / 5)),
    ];
  }));
}

Deno.test("AdamW of many parameters is one kernel for those that decay and one for the others", () => {
  const plan = planOf(network());
  assert.equal(updates(plan, "adamw.m").length, 2, printPlan(plan));
  assert.deepEqual(plan.copies, []);
});

Deno.test("the norm of many gradients takes three kernels", () => {
  const names = planOf(network()).kernels.map((k) => k.name).filter((n) => n.includes('"gradients"'));
  assert.equal(names.length, 4, names.join("\n")); // parts, one sum a gradient, the norm, the first that is not finite
});

Deno.test("other optimisers are merged as well", () => {
  const plan = planOf(
    network((b, parameters, grads, scale) =>
      sgd({ momentum: 0.9 }).emit(b, parameters, grads, { rate: b.scalar(0.1), scale })
    ),
  );
  assert.equal(updates(plan, "sgd.v").length, 1, printPlan(plan));
});

Deno.test("counters and what is computed from them are one kernel, unless one has to wait for the others' readers", () => {
  const b = createBuilder();
  const counters = ["a", "b", "c"].map((name) => b.state(name, "f32", [], { role: "counter" }));
  counters.forEach((c, i) => b.update(c, b.add(b.mul(c, 0.5), i)));
  const [scale] = counters;
  b.output("rate", b.div(b.sqrt(b.add(scale, 1)), b.add(b.exp(counters[1]), 2)));
  const random = b.state("rng", "u32", [], { role: "counter" });
  b.update(random, b.add(random, 1));
  b.output("noise", b.cast(b.random(random, [64]), "f32"));
  const plan = makePlan(optimize(b.graph()), limits);
  assert.equal(plan.kernels.length, 2, printPlan(plan));
  assert.deepEqual(plan.copies, []);
});

Deno.test("an arena that a kernel cannot bind is cut", () => {
  const plan = planOf(network(), { maxBindingBytes: 20_000 });
  const written = updates(plan, "adamw.m");
  assert.ok(written.length > 2 && written.length < 6, printPlan(plan));
  for (const { bytes } of plan.storages) assert.ok(bytes <= 20_000);
});

Deno.test("members begin at multiples of 256 bytes and do not overlap", () => {
  const parts = planOf(network()).storages.filter((s) => s.within && s.node);
  assert.equal(parts.length, 3 * 11);
  for (const a of parts) {
    assert.equal(a.within!.offset % 256, 0);
    for (const b of parts) {
      if (a === b || a.within!.storage !== b.within!.storage) continue;
      const [x, y] = [a.within!.offset, b.within!.offset];
      assert.ok(x + a.bytes <= y || y + b.bytes <= x, `${a.label} and ${b.label}`);
    }
  }
});

Deno.test("updates that need each other's results stay kernels of their own", () => {
  const b = createBuilder();
  const [s, t] = [b.state("s", "f32", [8], { role: "cache" }), b.state("t", "f32", [8], { role: "cache" })];
  const x = b.add(b.sum(b.matmul(b.reshape(s, [2, 4]), b.input("x", "f32", [4, 3]))), 0);
  const next = b.mul(s, b.add(x, 1));
  b.update(s, next);
  b.update(t, b.mul(t, b.add(b.sum(next), 1)));
  const plan = makePlan(optimize(b.graph()), limits);
  assert.ok(plan.kernels.every((k) => !k.name.includes(" of 2")), printPlan(plan));
});

function test(
  name: string,
  fn: (backend: Awaited<ReturnType<typeof createGpuBackend>>) => Promise<void>,
): void {
  Deno.test({
    name: `webgpu: ${name}`,
    ignore: !adapter,
    async fn() {
      for (const maxBuffers of [8, 16]) {
        const backend = await createGpuBackend({ maxBuffers });
        try {
          await fn(backend);
        } finally {
          await backend.dispose();
        }
      }
    },
  });
}

function assertNear(got: Record<string, { data: ArrayLike<number> }>, want: typeof got): void {
  for (const [name, { data }] of Object.entries(want)) {
    for (let i = 0; i < data.length; i++) {
      const [x, y] = [Number(got[name].data[i]), Number(data[i])];
      assert.ok(Math.abs(x - y) <= 2e-5 * (1 + Math.abs(y)), `${name}[${i}]: ${x}, want ${y}`);
    }
  }
}

test("merged updates and norms are the interpreter's, and states are read and written one by one", async (backend) => {
  const graph = network();
  const reference = await createInterpBackend().compile(graph, { bindings: { batch: 6 } });
  const program = await backend.compile(graph, { bindings: { batch: 6 } });
  for (const p of [reference, program]) await p.write(initial(graph));
  for (let i = 0; i < 3; i++) assertNear(await program.run(feedsOf(6)), await reference.run(feedsOf(6)));
  assertNear(await program.read(), await reference.read());
  assertNear(await program.read(["l3.bias"]), await reference.read(["l3.bias"]));
});

test("maxima of several states that are made together keep a NaN", async (backend) => {
  const b = createBuilder();
  const states = [300, 40, 1000].map((size, i) => b.state(`s${i}`, "f32", [size], { role: "cache" }));
  b.output("y", b.concat(states.map((s) => b.reshape(b.max(s), [1])), 0));
  const program = await backend.compile(b.graph());
  assert.ok(program.kernels.some((k) => k.name.includes(" of 3")));
  const first = hostTensor("f32", [300], new Float32Array(300).fill(-2).with(299, NaN).with(3, 7));
  await program.write({ s0: first, s1: hostTensor("f32", [40], new Float32Array(40).fill(-3)) });
  assert.deepEqual([...(await program.run({})).y.data], [NaN, -3, 0]);
});

test("work memory in the arenas of gradients changes no bit", async (backend) => {
  const tight = await createGpuBackend({ smallWorkBytes: 4096 });
  try {
    const graph = network();
    const programs = [backend, tight].map((b) => b.compile(graph, { bindings: { batch: 6 } }));
    const [roomy, dense] = await Promise.all(programs);
    assert.ok(dense.memory.workBytes < roomy.memory.workBytes);
    for (const p of [roomy, dense]) await p.write(initial(graph));
    for (let i = 0; i < 3; i++) assert.deepEqual(await dense.run(feedsOf(6)), await roomy.run(feedsOf(6)));
    assert.deepEqual(await dense.read(), await roomy.read());
  } finally {
    await tight.dispose();
  }
});

test("programs of other batches and of evaluation find the states in their arenas", async (backend) => {
  const graph = network();
  const forward = createBuilder();
  const sums = widths.slice(1).map((width, i) => b2(forward, `l${i}.weight`, [width, widths[i]]));
  function b2(b: Builder, name: string, shape: number[]): Node {
    return b.sum(b.parameter(name, shape, { kind: "fill", value: 0 }));
  }
  sums.forEach((s, i) => forward.output(`s${i}`, s));
  const orders = [["train", "other", "evaluate"], ["evaluate", "train", "other"]];
  for (const order of orders) {
    const run = async (target: typeof backend | ReturnType<typeof createInterpBackend>) => {
      const programs: Record<string, Awaited<ReturnType<typeof target.compile>>> = {};
      for (const name of order) {
        const share = programs[order[0]];
        programs[name] = name === "evaluate"
          ? await target.compile(forward.graph(), { share })
          : await target.compile(graph, { bindings: { batch: name === "train" ? 6 : 4 }, share });
      }
      await programs.train.write(initial(graph));
      await programs.train.run(feedsOf(6));
      await programs.other.run(feedsOf(4));
      await programs.train.run(feedsOf(6));
      const sums = await programs.evaluate.run({});
      return { ...sums, ...await programs.other.read() };
    };
    assertNear(await run(backend), await run(createInterpBackend()));
  }
});

/** Three projections by one product, as attention has them; `width` elements each. */
function projections(width: number): Graph {
  const b = createBuilder();
  const x = b.input("x", "f32", ["batch", 16]);
  const names = ["query", "key", "value"];
  const weights = names.map((n) => b.parameter(`${n}.weight`, [width, 16], { kind: "fill", value: 0 }));
  const biases = names.map((n) =>
    b.parameter(`${n}.bias`, [width], { kind: "fill", value: 0 }, { decays: false })
  );
  const all = b.add(b.matmul(x, b.concat(weights, 0), { transB: true }), b.concat(biases, 0));
  const [q, k, v] = names.map((_, i) => b.slice(all, 1, i * width, width));
  const loss = b.mul(b.sum(b.square(b.sub(b.mul(b.tanh(q), b.add(k, v)), 1))), 0.1);
  const parameters = [...weights, ...biases];
  const grads = gradients(b, loss, parameters);
  const summary = summarizeGradients(b, grads);
  byAdamw(b, parameters, grads, clipScale(b, summary.norm, 0.5));
  b.output("loss", loss);
  b.output("norm", summary.norm);
  return b.graph();
}

Deno.test("states that are concatenated lie side by side, and so do the parts of the gradient", () => {
  const plan = planOf(projections(64));
  const names = plan.kernels.map((k) => k.name);
  assert.deepEqual(names.filter((n) => /^(concat|slice|reshape)/.test(n)), [], printPlan(plan));
  assert.equal(updates(plan, "adamw.m").length, 2, printPlan(plan));
  const ragged = planOf(projections(10));
  assert.ok(ragged.kernels.some((k) => k.name.startsWith("concat")), printPlan(ragged));
});

Deno.test("concatenated casts of states lie side by side, and one kernel makes them", () => {
  const b = createBuilder();
  const weights = ["q", "k", "v", "w"].map((n) => b.parameter(n, [64, 16], { kind: "fill", value: 0 }));
  const x = b.cast(b.input("x", "f32", [4, 16]), "f16");
  const [q, k, v, w] = weights.map((state) => b.cast(state, "f16"));
  b.output("y", b.matmul(x, b.concat([q, k, v], 0), { transB: true }));
  b.output("z", b.matmul(x, w, { transB: true }));
  const plan = makePlan(optimize(b.graph()), limits);
  assert.deepEqual(plan.kernels.map((k) => k.name.split(" ")[0]).sort(), [
    "cast",
    "cast",
    "matmul",
    "matmul",
  ]);
});

Deno.test("concatenated states of an inference lie side by side as well", () => {
  const b = createBuilder();
  const weights = ["q", "k", "v"].map((n) => b.parameter(n, [64, 16], { kind: "fill", value: 0 }));
  b.output("y", b.matmul(b.input("x", "f32", [4, 16]), b.concat(weights, 0), { transB: true }));
  const plan = makePlan(optimize(b.graph()), limits);
  assert.equal(plan.kernels.length, 1, printPlan(plan));
});

test("projections by one product are the interpreter's, whether their weights lie side by side or not", async (backend) => {
  for (const width of [64, 10]) {
    const graph = projections(width);
    const feeds = { x: hostTensor("f32", [6, 16], Array.from({ length: 96 }, (_, i) => Math.sin(i))) };
    const reference = await createInterpBackend().compile(graph, { bindings: { batch: 6 } });
    const program = await backend.compile(graph, { bindings: { batch: 6 } });
    for (const p of [reference, program]) await p.write(initial(graph));
    for (let i = 0; i < 3; i++) assertNear(await program.run(feeds), await reference.run(feeds));
    assertNear(await program.read(), await reference.read());
  }
});

/** Updates put together at random: of some shapes, by some of three rules, from gradients that lie in several ways. */
function randomUpdates(seed: number): Graph {
  let word = Math.imul(seed + 1, 2654435761) >>> 0;
  const random = (n: number) => (word = (Math.imul(word, 1664525) + 1013904223) >>> 0) % n;
  const b = createBuilder();
  const x = b.input("x", "f32", [6, 8]);
  const parameters: Node[] = [];
  const grads: Node[] = [];
  const add = (rows: number, columns: number, gradient: Node) => {
    const shape = random(3) === 0 ? [rows * columns] : [rows, columns];
    parameters.push(b.parameter(`p${parameters.length}`, shape, { kind: "fill", value: 0 }));
    grads.push(b.reshape(gradient, shape));
  };
  const product = (rows: number, columns: number) =>
    b.tanh(
      b.matmul(b.slice(b.concat([x, x, x], 1), 1, 0, rows), b.slice(x, 1, 0, columns), { transA: true }),
    );
  for (let i = 0; i < 8; i++) {
    const [rows, columns] = [1 + random(16), [8, 4, 3][random(3)]];
    switch (random(4)) {
      case 0: // parts of one result
        for (const half of [0, 1]) add(8, 8, b.slice(product(16, 8), 0, 8 * half, 8));
        break;
      case 1: // some rows of a table
        add(rows + 3, columns, b.pad(product(rows, columns), 0, 2, rows + 3));
        break;
      case 2:
        add(columns, rows, b.transpose(product(rows, columns), [1, 0]));
        break;
      default:
        add(rows, columns, product(rows, columns));
    }
  }
  const squares = b.concat(grads.map((g) => b.reshape(b.sum(b.square(g)), [1])), 0);
  const scale = b.minimum(b.div(1, b.add(b.sqrt(b.sum(squares)), 1)), 0.5);
  const steps = b.state("steps", "f32", [], { role: "counter" });
  b.update(steps, b.add(steps, 1));
  parameters.forEach((p, i) => {
    const g = b.mul(grads[i], scale);
    if (random(5) === 0) return b.update(p, b.sub(p, b.mul(g, 0.1)));
    const m = b.state(`m${i}`, "f32", p.shape, { role: "moment" });
    const next = b.add(b.mul(m, 0.9), random(4) === 0 ? b.square(g) : g);
    b.update(m, next);
    if (random(6) > 0) b.update(p, b.sub(p, b.div(next, b.add(steps, 3))));
    if (random(8) === 0) b.output(`next${i}`, next);
  });
  b.output("squares", squares);
  return b.graph();
}

test("updates put together at random are the interpreter's", async (backend) => {
  const narrow = await createGpuBackend({ maxBuffers: 8, maxBindingBytes: 4096, smallWorkBytes: 2048 });
  try {
    for (let seed = 0; seed < 5; seed++) {
      const graph = randomUpdates(seed);
      const feeds = {
        x: hostTensor("f32", [6, 8], Array.from({ length: 48 }, (_, i) => Math.sin(i + seed))),
      };
      const reference = await createInterpBackend().compile(graph);
      for (const program of [await backend.compile(graph), await narrow.compile(graph)]) {
        await reference.write(initial(graph));
        const zeros = Object.entries(await reference.read()).filter(([name]) => !name.startsWith("p"));
        await reference.write(
          Object.fromEntries(zeros.map(([n, t]) => [n, { ...t, data: t.data.map(() => 0) }])) as never,
        );
        await program.write(initial(graph));
        for (let i = 0; i < 2; i++) assertNear(await program.run(feeds), await reference.run(feeds));
        assertNear(await program.read(), await reference.read());
        await program.dispose();
      }
    }
  } finally {
    await narrow.dispose();
  }
});

Deno.test({
  name: "webgpu: states of one arena may take one value",
  ignore: !adapter,
  async fn() {
    const b = createBuilder();
    const x = b.input("x", "f32", [64]);
    const cleared = b.mul(x, 0);
    for (let i = 0; i < 3; i++) {
      const parameter = b.state(`p${i}`, "f32", [64], { role: "cache" });
      const sum = b.state(`sum${i}`, "f32", [64], { role: "cache" });
      b.update(parameter, b.add(parameter, b.mul(b.add(sum, 1), 0.5)));
      b.update(sum, cleared);
    }
    b.output("loss", b.sum(x));
    const gpu = await createGpuBackend();
    try {
      const program = await gpu.compile(b.graph());
      const full = (value: number) => hostTensor("f32", [64], new Array<number>(64).fill(value));
      await program.write({ sum0: full(3), sum1: full(5), sum2: full(7) });
      for (let step = 0; step < 2; step++) await program.step({ x: full(2) });
      assert.deepEqual(await program.drain(), [{ loss: 128 }, { loss: 128 }]);
      const states = await program.read();
      assert.deepEqual([0, 1, 2].map((i) => states[`p${i}`].data[63]), [2.5, 3.5, 4.5]);
      assert.deepEqual([0, 1, 2].map((i) => states[`sum${i}`].data[0]), [0, 0, 0]);
    } finally {
      await gpu.dispose();
    }
  },
});
