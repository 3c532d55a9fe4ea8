import assert from "node:assert/strict";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import {
  type Builder,
  convertTensor,
  createBuilder,
  type DType,
  dtypes,
  type HostTensor,
  hostTensor,
  type Node,
} from "../../src/graph/graph.ts";
import { allocate, bytesOf, valuesOf } from "../../src/graph/dtype.ts";
import { optimize } from "../../src/graph/passes/optimize.ts";
import { candidates, testOn } from "../backend/available.ts";

const all = Object.keys(dtypes) as DType[];

async function run(build: (b: Builder, x: Node) => Node, x: HostTensor): Promise<HostTensor> {
  const b = createBuilder();
  b.output("y", build(b, b.input("x", x.dtype, x.shape)));
  return (await (await createInterpBackend().compile(b.graph())).run({ x })).y;
}

for (const dtype of all) {
  Deno.test(`${dtype}: numbers go in and come out, in as many bytes as its bits say`, () => {
    const values = dtype === "bool" ? [1, 0, 1] : [3, 1, 2];
    const tensor = hostTensor(dtype, [3], values);
    assert.deepEqual([...Array.from(valuesOf(tensor))], values);
    assert.equal(tensor.data.byteLength, bytesOf(dtype, 3));
    assert.equal(allocate(dtype, 3).byteLength, bytesOf(dtype, 3));
    assert.equal(convertTensor(tensor, dtype), tensor);
  });

  Deno.test(`${dtype}: a cast there and back, an input or a constant, keeps values`, async () => {
    const values = dtype === "bool" ? [1, 0, 1] : [3, 1, 2];
    const x = hostTensor("f32", [3], values);
    assert.deepEqual((await run((b, x) => b.cast(b.cast(x, dtype), "f32"), x)).data, x.data);
    const b = createBuilder();
    b.output("y", b.cast(b.reshape(b.constant(dtype, [3], values), [3, 1]), "i32"));
    const program = await createInterpBackend().compile(optimize(b.graph()));
    assert.deepEqual([...(await program.run({})).y.data], values);
  });
}

Deno.test("bf16 is rounded to nearest, ties to even, and keeps what is not finite", () => {
  // torch.tensor([...]).to(torch.bfloat16).float()
  const x = hostTensor("f32", [6], [1.00390625, 1.01171875, 3.14159, -Infinity, NaN, 3.4e38]);
  const back = convertTensor(convertTensor(x, "bf16"), "f32");
  assert.deepEqual([...back.data], [1, 1.015625, 3.140625, -Infinity, NaN, Infinity]);
});

Deno.test("u4 lies two to a byte, the first in the low half", () => {
  assert.deepEqual([...hostTensor("u4", [3], [1, 15, 7]).data], [0xf1, 0x07]);
});

Deno.test("bytes are computed with and gathered as bytes", async () => {
  const bytes = (values: number[], dtype: DType = "i8") => hostTensor(dtype, [values.length], values);
  assert.deepEqual(await run((b, x) => b.add(x, x), bytes([1, -3, 100])), bytes([2, -6, -56]));
  assert.deepEqual(await run((b, x) => b.maximum(x, 7), bytes([3, 250], "u8")), bytes([7, 250], "u8"));
  const table = hostTensor("u8", [3, 2], [1, 2, 3, 4, 255, 6]);
  const gathered = await run((b, x) => b.gather(x, b.constant("i32", [2], [2, 0])), table);
  assert.deepEqual(gathered, hostTensor("u8", [2, 2], [255, 6, 1, 2]));
});

for (const dtype of ["bf16", "u4"] as const) {
  Deno.test(`${dtype} is only stored: computing with it is refused when the graph is built`, () => {
    const b = createBuilder();
    const x = b.input("x", dtype, [4, 2]);
    assert.throws(() => b.add(x, x), new RegExp(`Cannot build add: ${dtype} is only stored; cast it`));
    assert.throws(() => b.gather(x, b.constant("i32", [1], [0])), /is only stored/);
    assert.throws(() => b.concat([x, x], 0), /is only stored/);
  });
}

for (const candidate of candidates) {
  for (const dtype of all) {
    testOn(candidate, `${dtype} runs, or is refused by type and op before anything runs`, async (backend) => {
      const b = createBuilder();
      b.output("y", b.named("wide", () => b.cast(b.input("x", dtype, [3]), "i32")));
      const compiled = backend.compile(b.graph());
      const { device } = backend;
      const { computes, wgsl } = dtypes[dtype];
      const refused = !computes || device === "webgpu" && !wgsl || device === "native" && dtype === "f16";
      if (device !== "interp" && refused) {
        await assert.rejects(compiled, {
          name: "BackendError",
          message: new RegExp(`^Cannot compile .*input "x".* ${dtype}\\b`),
        });
        return;
      }
      const values = dtype === "bool" ? [1, 0, 1] : [3, 1, 2];
      const { y } = await (await compiled).run({ x: hostTensor(dtype, [3], values) });
      assert.deepEqual([...y.data], values);
    });
  }
}
