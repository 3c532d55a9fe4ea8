import assert from "node:assert/strict";
import { checkFootprint, footprintOf } from "../../../../src/backend/gpu/plan/footprint.ts";
import { makePlan, type Plan, type PlanLimits, printPlan } from "../../../../src/backend/gpu/plan/plan.ts";
import { workgroupsFor } from "../../../../src/backend/gpu/kernels/writer.ts";
import { BackendError } from "../../../../src/backend/interface.ts";
import { type Builder, createBuilder, gradients, type Node } from "../../../../src/graph/graph.ts";
import { optimize } from "../../../../src/graph/passes/optimize.ts";
import { adamw } from "../../../../src/nn/optim/adamw.ts";
import { limits } from "../limits.ts";

function planOf(build: (b: Builder) => void, options: Partial<PlanLimits> = {}): Plan {
  const b = createBuilder();
  build(b);
  return makePlan(optimize(b.graph()), { ...limits, ...options });
}

const written = (plan: Plan) =>
  plan.kernels.map((k) => k.bindings.filter((b) => b.writes).map((b) => b.storage.label));

Deno.test("a chain of elementwise ops, broadcasts and casts is one kernel", () => {
  const plan = planOf((b) => {
    const x = b.input("x", "f32", [16, 8]);
    const y = b.mul(b.tanh(b.add(x, b.input("bias", "f32", [8]))), b.cast(b.less(x, 0), "f32"));
    b.output("y", b.exp(b.sub(y, b.input("column", "f32", [16, 1]))));
  });
  assert.equal(plan.kernels.length, 1);
  assert.equal(plan.kernels[0].bindings.length, 4);
  assert.equal(plan.work.sizes.length, 1);
});

Deno.test("bias and activation are computed where the product is stored", () => {
  const plan = planOf((b) => {
    const y = b.matmul(b.input("x", "f32", [16, 8]), b.parameter("w", [8, 12], { kind: "fill", value: 0 }));
    b.output("y", b.gelu(b.add(y, b.parameter("bias", [12], { kind: "fill", value: 0 }))));
  });
  assert.equal(plan.kernels.length, 1);
});

Deno.test("what is summed is computed inside the sum", () => {
  const plan = planOf((b) => {
    const x = b.input("x", "f32", [16, 8]);
    b.output("y", b.sqrt(b.sum(b.exp(b.mul(x, b.tanh(x))), [1])));
  });
  assert.equal(plan.kernels.length, 1);
});

Deno.test("split and turned operands of a product are read where they lie", () => {
  const plan = planOf((b) => {
    const split = (name: string) =>
      b.transpose(b.reshape(b.input(name, "f32", [2, 6, 8]), [2, 6, 2, 4]), [0, 2, 1, 3]);
    b.output("scores", b.matmul(split("q"), split("k"), { transB: true }));
  });
  assert.deepEqual(plan.kernels.map((k) => k.bindings.length), [3]);
});

Deno.test("AdamW is one kernel a parameter that writes the parameter and both moments in place", () => {
  const plan = planOf((b) => {
    const w = b.parameter("w", [8, 4], { kind: "fill", value: 0 });
    const y = b.matmul(b.input("x", "f32", [16, 8]), w);
    const loss = b.sum(b.square(b.sub(y, 1)));
    adamw().emit(b, [w], gradients(b, loss, [w]), {
      rate: b.scalar(1e-3),
      scale: b.input("scale", "f32", []),
    });
    b.output("loss", loss);
  });
  const last = written(plan).filter((labels) => labels.includes('state "w"'));
  assert.deepEqual(last.map((labels) => labels.sort()), [[
    'state "adamw.m.w"',
    'state "adamw.v.w"',
    'state "w"',
  ]]);
  assert.deepEqual(plan.copies, []);
  for (const kernel of plan.kernels) assert.ok(kernel.bindings.length <= limits.maxBuffers, kernel.name);
});

Deno.test("a state is overwritten only after every other reader of it", () => {
  const plan = planOf((b) => {
    const s = b.state("s", "f32", [8, 8], { role: "cache" });
    const next = b.add(s, 1);
    b.update(s, next);
    b.output("y", b.sum(b.matmul(s, s)));
  });
  const writes = written(plan).findIndex((labels) => labels.includes('state "s"'));
  const reads = plan.kernels.findLastIndex((k) =>
    k.bindings.some((b) => !b.writes && b.storage.label === 'state "s"')
  );
  assert.ok(writes > reads, printPlan(plan));
});

Deno.test("states that swap their values go through memory of their own", () => {
  const plan = planOf((b) => {
    const [s, t] = [b.state("s", "f32", [4], { role: "cache" }), b.state("t", "f32", [4], { role: "cache" })];
    b.update(s, b.tanh(b.add(t, 1)));
    b.update(t, b.tanh(b.sub(s, 1)));
  });
  // The first can be in place only if the second, which reads it, has gone before; then the second cannot be.
  assert.equal(plan.copies.length, 1, printPlan(plan));
});

Deno.test("no kernel binds more buffers than the device has, however many operands come together", () => {
  const plan = planOf((b) => {
    const parts = Array.from({ length: 40 }, (_, i) => b.input(`x${i}`, "f32", [4, 4]));
    b.output("y", parts.reduce<Node>((a, x) => b.add(b.tanh(a), x), parts[0]));
    b.output("sums", b.concat(parts.map((x) => b.sum(x, [0], { keepDims: true })), 0));
    b.output("z", b.concat(parts, 0));
  });
  for (const kernel of plan.kernels) {
    assert.ok(kernel.bindings.length <= 8, `${kernel.name}: ${kernel.bindings.length}`);
  }
});

Deno.test("a value read by a reduction and by its readers is stored once, and the kernels are in order", () => {
  const plan = planOf((b) => {
    const e = b.exp(b.input("x", "f32", [4, 4]));
    b.output("y", b.div(e, b.sum(e, [1], { keepDims: true })));
  });
  assert.equal(plan.kernels.length, 3);
  const ready = new Set(plan.storages.filter((s) => s.kind !== "work"));
  for (const kernel of plan.kernels) {
    for (const b of kernel.bindings) if (!b.writes) assert.ok(ready.has(b.storage as never), printPlan(plan));
    for (const b of kernel.bindings) if (b.writes) ready.add(b.storage as never);
  }
});

Deno.test("small products of long rows are made in parts where the device is wide", () => {
  const build = (rows: number) => (b: Builder) =>
    b.output(
      "y",
      b.matmul(b.input("x", "f32", [rows, 64]), b.input("g", "f32", [rows, 64]), { transA: true }),
    );
  assert.equal(planOf(build(64), { parallelism: 264 }).kernels.length, 1);
  const wide = planOf(build(4096), { parallelism: 264 });
  assert.deepEqual(wide.kernels.map((k) => k.name.split(" ").at(-1)), ["part", "rest"]);
  assert.ok(wide.kernels[0].workgroups[2] > 8);
});

Deno.test("what the device cannot bind is refused with its name and bytes", () => {
  assert.throws(
    () => planOf((b) => b.output("y", b.named("huge", () => b.softmax(b.input("x", "f32", [40_000_000]))))),
    (e) =>
      e instanceof BackendError && e.outOfMemory &&
      /softmax "huge".*160000000 bytes.*134217728.*no part of it can be computed alone/.test(e.message),
  );
});

Deno.test("what is too much in all is refused with the bytes, the largest of it, and what to try", () => {
  const plan = planOf((b) => {
    const w = b.parameter("w", [1000, 500], { kind: "fill", value: 0 });
    b.output("y", b.tanh(b.add(b.input("x", "f32", [500]), w)));
  });
  const footprint = footprintOf(plan);
  assert.deepEqual([footprint.stateBytes, footprint.workBytes], [2e6, 2e6 + 2e3]);
  checkFootprint(footprint, { maxBytes: 4.1e6 });
  assert.throws(
    () => checkFootprint(footprint, { maxBytes: 3e6, label: "train 8x200" }),
    (e) =>
      e instanceof BackendError &&
      /train 8x200 in 3 MB.*takes 4 MB: 2 MB of states.*state "w" 2 MB, .*input "x".*smaller batch.*checkpointing/
        .test(e.message),
  );
});

Deno.test("a product of integers is refused by name", () => {
  assert.throws(
    () => planOf((b) => b.output("y", b.matmul(b.input("x", "i32", [2, 2]), b.input("w", "i32", [2, 2])))),
    (e) => e instanceof BackendError && /matmul.*i32/.test(e.message),
  );
});

Deno.test("more workgroups than one dimension has are spread over two", () => {
  assert.deepEqual(workgroupsFor(65535), [65535, 1, 1]);
  const [x, y] = workgroupsFor(70001);
  assert.ok(x <= 65535 && y <= 65535 && x * y >= 70001);
});

Deno.test("a plan prints one line a kernel", () => {
  const plan = planOf((b) => b.output("y", b.tanh(b.input("x", "f32", [4]))));
  assert.equal(
    printPlan(plan),
    '  0    0 tanh %1 [4] <1 1 1> input "x" -> tanh %1#0\n1 kernels, 1 buffers of 16 bytes',
  );
});
