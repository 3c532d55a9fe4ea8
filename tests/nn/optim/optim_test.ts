import assert from "node:assert/strict";
import { createInterpBackend } from "../../../src/backend/interp/interp.ts";
import { createBuilder, gradients, hostTensor, statesOf } from "../../../src/graph/graph.ts";
import { initialStates } from "../../../src/nn/init.ts";
import * as layers from "../../../src/nn/layers.ts";
import { adam, adamw } from "../../../src/nn/optim/adamw.ts";
import { clipScale, summarizeGradients } from "../../../src/nn/optim/gradients.ts";
import { lossScale } from "../../../src/nn/optim/loss_scale.ts";
import type { Optimiser } from "../../../src/nn/optim/optimiser.ts";
import { constant, linear, stepCounter } from "../../../src/nn/optim/schedule.ts";
import { sgd } from "../../../src/nn/optim/sgd.ts";
import { runOnce } from "../run.ts";

/** `w` after each of the steps that minimise sum(w^2), from [1, -2]. */
async function descend(
  steps: number,
  { optimiser, rate, scale, emit = optimiser.emit }: {
    optimiser: Optimiser;
    rate: number;
    scale?: number;
    emit?: Optimiser["emit"];
  },
): Promise<number[][]> {
  const b = createBuilder();
  const w = b.parameter("w", [2], { kind: "fill", value: 0 });
  const at = { rate: b.scalar(rate), ...(scale !== undefined && { scale: b.scalar(scale) }) };
  emit(b, [w], gradients(b, b.sum(b.square(w)), [w]), at);
  const program = await createInterpBackend().compile(b.graph());
  await program.write({ ...initialStates(b.graph(), 0), w: hostTensor("f32", [2], [1, -2]) });
  const path: number[][] = [];
  for (let i = 0; i < steps; i++) {
    await program.run({});
    path.push([...(await program.read(["w"])).w.data]);
  }
  return path;
}

function near(got: number[][], wanted: number[][]): void {
  assert.deepEqual(
    got.map((row) => row.map((v) => v.toFixed(5))),
    wanted.map((row) => row.map((v) => v.toFixed(5))),
  );
}

Deno.test("AdamW steps as the paper's algorithm does, bias corrections included", async () => {
  const [rate, beta1, beta2, epsilon, decay] = [0.1, 0.9, 0.999, 1e-8, 0.01];
  const wanted: number[][] = [];
  let [w, m, v] = [[1, -2], [0, 0], [0, 0]];
  for (let t = 1; t <= 5; t++) {
    const g = w.map((x) => 2 * x);
    m = m.map((x, i) => beta1 * x + (1 - beta1) * g[i]);
    v = v.map((x, i) => beta2 * x + (1 - beta2) * g[i] ** 2);
    w = w.map((x, i) =>
      x - rate * (m[i] / (1 - beta1 ** t) / (Math.sqrt(v[i] / (1 - beta2 ** t)) + epsilon) + decay * x)
    );
    wanted.push(w);
  }
  near(await descend(5, { optimiser: adamw({ weightDecay: decay }), rate }), wanted);
});

Deno.test("Adam's first step is the learning rate, whatever the gradient's size", async () => {
  near(await descend(1, { optimiser: adam(), rate: 0.1 }), [[0.9, -1.9]]);
});

Deno.test("AdamW takes the gradients' scale into both moments", async () => {
  const optimiser = adamw({ epsilon: 0.1 });
  const scaled = await descend(3, { optimiser, rate: 0.1, scale: 0.25 });
  const emit: Optimiser["emit"] = (b, p, g, at) => optimiser.emit(b, p, g.map((x) => b.mul(x, 0.25)), at);
  near(scaled, await descend(3, { optimiser, rate: 0.1, emit }));
});

Deno.test("SGD goes down the gradient, with momentum further", async () => {
  near(await descend(2, { optimiser: sgd(), rate: 0.25 }), [[0.5, -1], [0.25, -0.5]]);
  near(await descend(2, { optimiser: sgd({ momentum: 0.5 }), rate: 0.25 }), [[0.5, -1], [0, 0]]);
});

Deno.test("the state declares whether it decays: weights do, biases and normalisations of any name do not", async () => {
  const b = createBuilder();
  const x = layers.layerNorm(b, b.input("x", "f32", [1, 2]), { name: "bn1", size: 2 });
  layers.rmsNorm(b, x, { name: "downsample.1", size: 2 });
  layers.linear(b, x, { name: "norm", in: 2, out: 2, init: { kind: "fill", value: 1 } });
  layers.embedding(b, b.input("ids", "i32", [1]), {
    name: "LayerNorm",
    count: 3,
    size: 2,
    init: { kind: "fill", value: 1 },
  });
  const graph = b.graph();
  const parameters = statesOf(graph, "parameter");
  const still = parameters.map((p) => b.broadcast(b.scalar(0), p.shape));
  adamw({ weightDecay: 0.5 }).emit(b, parameters, still, { rate: b.scalar(0.1) });
  const program = await createInterpBackend().compile(b.graph());
  await program.write(initialStates(b.graph(), 0));
  await program.run({ x: hostTensor("f32", [1, 2], [0, 0]), ids: hostTensor("i32", [1], [0]) });
  const moved = Object.entries(await program.read(parameters.map((p) => p.name!)))
    .flatMap(([name, { data }]) => data[0] === 0 || data[0] === 1 ? [] : [name]);
  assert.deepEqual(moved, ["norm.weight", "LayerNorm.weight"]);
});

Deno.test("optimisers and schedules say what they were made with", () => {
  assert.deepEqual(adamw({ beta2: 0.98 }).settings, {
    beta1: 0.9,
    beta2: 0.98,
    epsilon: 1e-8,
    weightDecay: 0.01,
  });
  const made = [adam(), sgd({ momentum: 0.9 })].map(({ name, settings }) => ({ name, settings }));
  assert.deepEqual(made, [
    { name: "adam", settings: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } },
    { name: "sgd", settings: { momentum: 0.9 } },
  ]);
  assert.deepEqual(constant(0.1).settings, { kind: "constant", rate: 0.1 });
  const corners = { peak: 1, warmupSteps: 2, totalSteps: 3 };
  assert.deepEqual(linear(corners).settings, { kind: "linear", ...corners });
});

Deno.test("a constant schedule is the same number at every step", async () => {
  const { rate, at } = constant(0.25);
  const { y } = await runOnce((b) => b.output("y", rate(b, stepCounter(b))));
  assert.deepEqual([y.data[0], at(0), at(1e6)], [0.25, 0.25, 0.25]);
});

Deno.test("the schedule rises to its peak, falls to 0, and is the number that is reported", async () => {
  const schedule = { peak: 2, warmupSteps: 2, totalSteps: 6 };
  const b = createBuilder();
  const { rate, at } = linear(schedule);
  b.output("rate", rate(b, stepCounter(b)));
  const program = await createInterpBackend().compile(b.graph());
  const rates: number[] = [];
  for (let step = 0; step < 8; step++) rates.push((await program.run({})).rate.data[0]);
  assert.deepEqual(rates, [1, 2, 2, 1.5, 1, 0.5, 0, 0]);
  assert.deepEqual(rates, rates.map((_, step) => at(step)));
});

Deno.test("a schedule that cannot be is refused", () => {
  const build = (peak: number, warmupSteps: number, totalSteps: number) => () =>
    linear({ peak, warmupSteps, totalSteps });
  assert.throws(() => constant(Infinity), /learning rate must be positive, got Infinity/);
  assert.throws(build(0, 1, 2), /learning rate must be positive, got 0/);
  assert.throws(build(1, 3, 2), /3 warm-up steps do not fit in 2 steps/);
});

Deno.test("clipping cuts the norm to the limit and leaves smaller ones alone", async () => {
  const { norm, cut, left } = await runOnce((b) => {
    const { norm } = summarizeGradients(b, [b.constant("f32", [2], [3, 0]), b.constant("f32", [1], [4])]);
    b.output("norm", norm);
    b.output("cut", clipScale(b, norm, 1));
    b.output("left", clipScale(b, norm, 10));
  });
  assert.equal(norm.data[0], 5);
  assert.ok(Math.abs(cut.data[0] - 0.2) < 1e-6);
  assert.equal(left.data[0], 1);
});

for (
  const [what, bad] of [["a NaN", NaN], ["an infinity", -Infinity], [
    "a value too large to square",
    1e30,
  ]] as const
) {
  Deno.test(`the first gradient with ${what} is found`, async () => {
    const b = createBuilder();
    const fed = ["p", "q", "r"].map((name) => b.input(name, "f32", [2]));
    b.output("first", summarizeGradients(b, fed).firstNonFinite);
    const program = await createInterpBackend().compile(b.graph());
    const [fine, broken] = [hostTensor("f32", [2], [1, 2]), hostTensor("f32", [2], [0, bad])];
    const first = async (p = fine, q = fine, r = fine) => (await program.run({ p, q, r })).first.data[0];
    assert.equal(await first(), 0);
    assert.equal(await first(broken), 1);
    assert.equal(await first(fine, broken, broken), 2);
    assert.equal(await first(fine, fine, broken), 3);
  });
}

/** The loss scale and `w` after steps whose gradients are multiplied by the factors. */
async function scaledSteps(
  factors: readonly number[],
  options: { start: number; growEvery: number },
): Promise<{ scale: number; w: number; m: number }[]> {
  const b = createBuilder();
  const w = b.parameter("w", [2], { kind: "fill", value: 1 });
  const scaling = lossScale(b, options);
  const loss = b.mul(b.mul(b.sum(b.square(w)), b.input("factor", "f32", [])), scaling.scale);
  const grads = gradients(b, loss, [w]);
  const good = b.equal(summarizeGradients(b, grads).firstNonFinite, 0);
  scaling.update(good);
  adamw().emit(b, [w], grads, { rate: b.scalar(0.1), scale: b.div(1, scaling.scale), applyIf: good });
  const program = await createInterpBackend().compile(b.graph());
  await program.write(initialStates(b.graph(), 0));
  const path = [];
  for (const factor of factors) {
    await program.run({ factor: hostTensor("f32", [], [factor]) });
    const states = await program.read(["loss_scale", "w", "adamw.m.w"]);
    path.push({ scale: states.loss_scale.data[0], w: states.w.data[0], m: states["adamw.m.w"].data[0] });
  }
  return path;
}

Deno.test("the loss scale doubles after so many good steps, and a bad one halves it and changes nothing else", async () => {
  const path = await scaledSteps([1, 1, 1, 1, Infinity, NaN, 1, 1], { start: 8, growEvery: 3 });
  assert.deepEqual(path.map(({ scale }) => scale), [8, 8, 16, 16, 8, 4, 4, 4]);
  for (const i of [4, 5]) assert.deepEqual([path[i].w, path[i].m], [path[3].w, path[3].m]);
  const good = await scaledSteps([1, 1, 1, 1, 1, 1], { start: 1, growEvery: 1000 });
  const steps = path.filter((_, i) => i !== 4 && i !== 5);
  near(steps.map(({ w, m }) => [w, m]), good.map(({ w, m }) => [w, m]));
});

Deno.test("the loss scale never falls below 1", async () => {
  const path = await scaledSteps([NaN, NaN, NaN], { start: 2, growEvery: 10 });
  assert.deepEqual(path.map(({ scale }) => scale), [1, 1, 1]);
});
