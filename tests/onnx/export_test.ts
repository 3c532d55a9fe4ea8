import assert from "node:assert/strict";
import type * as Ort from "onnxruntime-web";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { fromOrt, toOrt } from "../../src/backend/ort/backend.ts";
import { loadRuntime } from "../../src/backend/ort/load.ts";
import { type Builder, createBuilder, type HostTensor, hostTensor, opTable } from "../../src/graph/graph.ts";
import { exportOnnx, type ExportOptions, lowerGraph } from "../../src/onnx/export.ts";
import { readModel, writeModel } from "../../src/onnx/model.ts";

const table = opTable;
const runtime = await loadRuntime("wasm", 1);

function graphOf(build: (b: Builder) => void) {
  const b = createBuilder();
  build(b);
  return b.graph();
}

function ramp(shape: readonly number[], dtype: "f32" | "i32" = "f32"): HostTensor {
  const size = shape.reduce((a, d) => a * d, 1);
  return hostTensor(
    dtype,
    shape,
    Array.from({ length: size }, (_, i) => dtype === "f32" ? Math.sin(3 * i + 1) : i % 5),
  );
}

async function runFile(
  file: Uint8Array,
  feeds: Record<string, HostTensor>,
): Promise<Record<string, HostTensor>> {
  const session = await runtime.create(file);
  const given = Object.fromEntries(Object.entries(feeds).map(([name, t]) => [name, toOrt(runtime, t)]));
  const results = await session.run(given);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, t]) => [name, fromOrt(t as Ort.Tensor, "f32")]),
  );
}

/** One file, many shapes: what it gives under ONNX Runtime is what the interpreter gives. */
async function sameForAllShapes(
  build: (b: Builder) => void,
  shapes: readonly Record<string, number>[],
  feeds: (bindings: Record<string, number>) => Record<string, HostTensor>,
  options: Partial<ExportOptions> = {},
): Promise<void> {
  const graph = graphOf(build);
  const states = options.states ?? {};
  const file = exportOnnx(graph, { table, states, ...options });
  for (const bindings of shapes) {
    const program = await createInterpBackend().compile(graph, { bindings });
    await program.write(states);
    const want = await program.run(feeds(bindings));
    const got = await runFile(file, feeds(bindings));
    assert.deepEqual(Object.keys(got).sort(), Object.keys(want).sort());
    for (const [name, w] of Object.entries(want)) {
      assert.deepEqual([...got[name].shape], [...w.shape], `${name} for ${JSON.stringify(bindings)}`);
      w.data.forEach((v, i) => assert.ok(Math.abs(got[name].data[i] - v) < 1e-5, `${name}[${i}]`));
    }
  }
}

const shapes = [{ batch: 1, sequence: 1 }, { batch: 2, sequence: 7 }, { batch: 5, sequence: 3 }];

Deno.test("one file serves every batch and sequence: reshapes that split, merge and move symbols", () =>
  sameForAllShapes(
    (b) => {
      const x = b.input("x", "f32", ["batch", "sequence", 6]);
      const heads = b.transpose(b.reshape(x, ["batch", "sequence", 2, 3]), [0, 2, 1, 3]);
      const rows = b.reshape(heads, ["2*batch*sequence", 3]);
      b.output("merged", b.reshape(b.transpose(heads, [0, 2, 1, 3]), ["batch*sequence", 6]));
      b.output("again", b.reshape(b.mul(rows, 2), ["batch", 2, "sequence", 3]));
      b.output("scores", b.softmax(b.matmul(heads, heads, { transB: true })));
    },
    shapes,
    ({ batch, sequence }) => ({ x: ramp([batch, sequence, 6]) }),
  ));

Deno.test("one file serves every batch and sequence: broadcasts, slices, pads, counters and scatters", () =>
  sameForAllShapes(
    (b) => {
      const ids = b.input("ids", "i32", ["batch", "sequence"]);
      const table = b.state("table", "f32", [9, 4], { role: "cache" });
      const place = b.slice(table, 0, 2, "sequence"); // [S, 4]
      const words = b.gather(table, ids); // [B, S, 4]
      b.output("embedded", b.add(words, place));
      b.output("placed", b.add(words, b.gather(table, b.iota(["sequence"], 0))));
      b.output("wide", b.broadcast(b.sum(words, [0, 2]), ["batch", "sequence"]));
      b.output("columns", b.cast(b.iota(["sequence", "batch"], 1), "f32"));
      b.output("counts", b.scatterAdd(ids, words, 5));
      b.output("padded", b.pad(b.slice(words, 2, 1, 2), 2, 1, 5));
    },
    shapes,
    ({ batch, sequence }) => ({ ids: ramp([batch, sequence], "i32") }),
    { states: { table: ramp([9, 4]) } },
  ));

Deno.test("symbols become named dynamic axes, batch_size and sequence_length unless renamed", () => {
  const graph = graphOf((b) => {
    const x = b.input("x", "f32", ["batch", "sequence", 2]);
    b.output("y", b.reshape(x, ["2*batch*sequence"]));
  });
  const plain = readModel(exportOnnx(graph, { table })).graph;
  assert.deepEqual(plain.inputs[0].shape, ["batch_size", "sequence_length", 2]);
  assert.deepEqual(plain.outputs[0].shape, ["2 * batch_size * sequence_length"]);
  const renamed = readModel(exportOnnx(graph, { table, symbols: { sequence: "tokens" } })).graph;
  assert.deepEqual(renamed.inputs[0].shape, ["batch_size", "tokens", 2]);
});

Deno.test("int64 inputs are cast where they enter", async () => {
  const graph = graphOf((b) => {
    const ids = b.input("ids", "i32", ["batch"]);
    b.output("y", b.cast(b.add(ids, ids), "f32"));
  });
  const file = exportOnnx(graph, { table, int64Inputs: true });
  assert.equal(readModel(file).graph.inputs[0].type, "i64");
  const session = await runtime.create(file);
  const { y } = await session.run({ ids: new runtime.Tensor("int64", BigInt64Array.of(3n, 4n), [2]) });
  assert.deepEqual([...y.data as Float32Array], [6, 8]);
  await session.release();
});

Deno.test("weights are in the file once, transposed where the product wants them so", () => {
  const graph = graphOf((b) => {
    const x = b.input("x", "f32", ["batch", "sequence", 2]);
    const w = b.parameter("w", [3, 2], { kind: "fill", value: 0 });
    b.output("y", b.add(b.matmul(x, w, { transB: true }), b.matmul(b.mul(x, 2), w, { transB: true })));
  });
  const w = hostTensor("f32", [3, 2], [1, 2, 3, 4, 5, 6]);
  const { nodes, initializers } = readModel(exportOnnx(graph, { table, states: { w } })).graph;
  assert.ok(!nodes.some((n) => n.opType === "Transpose"));
  const weights = initializers.filter((t) => t.dims.length === 2);
  assert.equal(weights.length, 1);
  assert.deepEqual(weights[0].dims, [2, 3]);
  assert.deepEqual([...new Float32Array(weights[0].data.slice().buffer)], [1, 3, 5, 2, 4, 6]);
});

Deno.test("equal constants are one; constants that differ only in type or shape are not", () => {
  const graph = graphOf((b) => {
    const x = b.input("x", "f32", [2]);
    const i = b.input("i", "i32", [2]);
    b.output("y", b.mul(b.mul(x, 2), b.add(x, 2)));
    b.output("z", b.mul(b.mul(i, 1073741824), b.constant("i32", [1], [1073741824])));
  });
  // 2.0 as f32 and 1073741824 as i32 are the same bytes.
  const constants = readModel(exportOnnx(graph, { table })).graph.initializers;
  assert.deepEqual(constants.map((t) => `${t.type}[${t.dims}]`).sort(), ["f32[]", "i32[1]", "i32[]"]);
});

Deno.test("a name given twice, an input that is an output and a constant output are all in the file", async () => {
  const graph = graphOf((b) => {
    const x = b.input("x", "f32", [2]);
    const y = b.neg(x);
    b.output("first", y);
    b.output("second", y);
    b.output("same", x);
    b.output("fixed", b.constant("f32", [1], [7]));
    b.output("Neg", b.abs(x)); // a name that nodes would like to have
  });
  const got = await runFile(exportOnnx(graph, { table }), { x: hostTensor("f32", [2], [1, -2]) });
  const values = Object.fromEntries(Object.entries(got).map(([k, t]) => [k, [...t.data]]));
  assert.deepEqual(values, { first: [-1, 2], second: [-1, 2], same: [1, -2], fixed: [7], Neg: [1, 2] });
});

Deno.test("without values states are inputs, and their next values outputs", async () => {
  const graph = graphOf((b) => {
    const x = b.input("x", "f32", []);
    const [a, c] = [
      b.state("a", "f32", [], { role: "counter" }),
      b.state("c", "f32", [], { role: "counter" }),
    ];
    b.update(a, b.add(a, x));
    b.update(c, a); // the value before the run
    b.output("sum", b.add(a, c));
  });
  const scalar = (v: number) => hostTensor("f32", [], [v]);
  const file = exportOnnx(graph, { table });
  assert.deepEqual(readModel(file).graph.inputs.map((i) => i.name), ["x", "a", "c"]);
  const got = await runFile(file, { x: scalar(1), a: scalar(10), c: scalar(5) });
  assert.deepEqual(Object.fromEntries(Object.entries(got).map(([k, t]) => [k, t.data[0]])), {
    "sum": 15,
    "next:a": 11,
    "next:c": 10,
  });
});

Deno.test("metadata, producer, opsets and the graph's name are in the file", () => {
  const graph = graphOf((b) => b.output("y", b.gelu(b.input("x", "f32", [2]))));
  const model = readModel(exportOnnx(graph, { table, name: "tiny", metadata: { version: "1.0.0" } }));
  assert.equal(model.producerName, "weir");
  assert.equal(model.irVersion, 8);
  assert.deepEqual(model.opsets, { "": 18, "com.microsoft": 1 });
  assert.deepEqual(model.metadata, { version: "1.0.0" });
  assert.equal(model.graph.name, "tiny");
});

Deno.test("labels name the nodes", () => {
  const graph = graphOf((b) => {
    const x = b.input("x", "f32", [2]);
    b.output("y", b.named("layer.0", () => b.exp(b.neg(x))));
  });
  assert.deepEqual(lowerGraph(graph, { table }).graph.nodes.map((n) => n.name), [
    "layer.0/Neg",
    "layer.0/Exp",
  ]);
});

Deno.test("a state without a value or of another shape is refused by name", () => {
  const graph = graphOf((b) => b.output("y", b.neg(b.parameter("w", [2], { kind: "fill", value: 0 }))));
  assert.throws(() => exportOnnx(graph, { table, states: {} }), {
    name: "ExportError",
    message: 'Cannot export state "w": no value given for it',
  });
  const states = { w: hostTensor("f32", [3], [1, 2, 3]) };
  assert.throws(() => exportOnnx(graph, { table, states }), {
    message: /"w": it is f32 \[2\], got f32 \[3\]/,
  });
});

Deno.test("an output with the name of an input or a state is refused by name", () => {
  const graph = graphOf((b) => {
    b.output("x", b.neg(b.input("x", "f32", [])));
    b.output("w", b.neg(b.state("w", "f32", [], { role: "cache" })));
  });
  assert.throws(() => exportOnnx(graph, { table }), {
    message: /output "x": an input or a state has that name/,
  });
  const other = graphOf((b) => b.output("w", b.neg(b.state("w", "f32", [], { role: "cache" }))));
  const states = { w: hostTensor("f32", [], [1]) };
  assert.throws(() => exportOnnx(other, { table, states }), { message: /output "w"/ });
});

Deno.test("a symbol that no input carries is refused by name", () => {
  const graph = graphOf((b) => {
    b.output("y", b.add(b.iota(["length"], 0, "f32"), b.input("x", "f32", [])));
  });
  assert.throws(() => exportOnnx(graph, { table }), {
    name: "ShapeError",
    message: /dimension "length": no input has it/,
  });
});

const python = Deno.env.get("WEIR_PYTHON");

Deno.test({
  name: "Python's onnx checks an exported file and onnxruntime runs it (needs WEIR_PYTHON with both)",
  ignore: !python,
  async fn() {
    const graph = graphOf((b) => {
      const x = b.input("x", "f32", ["batch", "sequence", 6]);
      const w = b.parameter("w", [4, 6], { kind: "fill", value: 0 });
      const y = b.gelu(b.matmul(x, w, { transB: true })); // [B, S, 4]
      const norm = b.layerNorm(
        y,
        b.constant("f32", [4], [1, 2, 3, 4]),
        b.constant("f32", [4], [0, 0, 1, 1]),
        1e-5,
      );
      b.output("y", b.reshape(norm, ["batch*sequence", 4]));
    });
    const states = { w: ramp([4, 6]) };
    const bindings = { batch: 3, sequence: 2 };
    const program = await createInterpBackend().compile(graph, { bindings });
    await program.write(states);
    const x = ramp([3, 2, 6]);
    const { y } = await program.run({ x });
    const path = await Deno.makeTempFile({ suffix: ".onnx" });
    await Deno.writeFile(path, writeModel(lowerGraph(graph, { table, states })));
    const script = "import json,sys,numpy as np,onnx,onnxruntime as o\n" +
      "onnx.checker.check_model(onnx.load(sys.argv[1]))\n" +
      "x=np.array(json.loads(sys.argv[2]),np.float32).reshape(3,2,6)\n" +
      "print(json.dumps(o.InferenceSession(sys.argv[1]).run(['y'],{'x':x})[0].tolist()))";
    const { stdout, stderr, success } = await new Deno.Command(python!, {
      args: ["-c", script, path, JSON.stringify([...x.data])],
    }).output();
    await Deno.remove(path);
    assert.ok(success, new TextDecoder().decode(stderr));
    const got = (JSON.parse(new TextDecoder().decode(stdout)) as number[][]).flat();
    y.data.forEach((v, i) => assert.ok(Math.abs(v - got[i]) < 1e-5, `y[${i}]: ours ${v}, Python ${got[i]}`));
  },
});
