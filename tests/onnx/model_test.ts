import assert from "node:assert/strict";
import { type OnnxModel, type OnnxTensor, readModel, writeModel } from "../../src/onnx/model.ts";
import { ProtobufWriter } from "../../src/onnx/protobuf.ts";

const tensor: OnnxTensor = {
  name: "w",
  type: "f32",
  dims: [2],
  data: new Uint8Array(Float32Array.of(1, 2).buffer),
};

const model: OnnxModel = {
  irVersion: 8,
  opsets: { "": 18, "com.microsoft": 1 },
  producerName: "weir",
  producerVersion: "1",
  metadata: { run: "7", ["__proto__"]: "kept" },
  graph: {
    name: "g",
    nodes: [
      {
        opType: "Anything",
        domain: "com.microsoft",
        name: "n",
        inputs: ["x", "", "w"],
        outputs: ["y"],
        attributes: {
          int: -3,
          float: { float: 1 },
          string: "é",
          ints: [1, -2, 3],
          none: [],
          floats: { floats: [0.5, 2] },
          strings: { strings: ["a", ""] },
          tensor: { tensor },
        },
      },
    ],
    initializers: [
      tensor,
      { name: "i", type: "i64", dims: [], data: new Uint8Array(BigInt64Array.of(-5n).buffer) },
      { name: "empty", type: "bool", dims: [0, 3], data: new Uint8Array(0) },
    ],
    inputs: [{ name: "x", type: "i32", shape: ["batch_size", 4, undefined] }],
    outputs: [{ name: "y", type: "f32", shape: [] }],
  },
};

Deno.test("a model comes back from its bytes as it was", () => {
  const plain = (m: OnnxModel) => JSON.stringify(m, (_, v) => v instanceof Uint8Array ? [...v] : v);
  assert.equal(plain(readModel(writeModel(model))), plain(model));
});

Deno.test("every truncation and every flipped byte is read or refused with a ProtobufError", () => {
  const bytes = writeModel(model);
  const attempt = (candidate: Uint8Array) => {
    try {
      readModel(candidate);
    } catch (error) {
      assert.equal((error as Error).name, "ProtobufError", String((error as Error).stack));
    }
  };
  for (let i = 0; i < bytes.length; i++) {
    attempt(bytes.subarray(0, i));
    for (const mask of [0x01, 0x80, 0xff]) {
      const changed = bytes.slice();
      changed[i] ^= mask;
      attempt(changed);
    }
  }
});

Deno.test("tensors in the typed fields are read like raw ones", () => {
  const read = (write: (w: ProtobufWriter) => ProtobufWriter) => {
    const graph = new ProtobufWriter().message(5, write(new ProtobufWriter()));
    return readModel(new ProtobufWriter().message(7, graph).finish()).graph.initializers[0];
  };
  const floats = read((w) => w.int(1, 2).int(2, 1).packedFloats(4, [1.5, -1]));
  assert.deepEqual([...new Float32Array(floats.data.slice().buffer)], [1.5, -1]);
  const longs = read((w) => w.int(1, 2).int(2, 7).int(7, -4).int(7, 2 ** 40));
  assert.deepEqual([...new BigInt64Array(longs.data.slice().buffer)], [-4n, 2n ** 40n]);
  const ints = read((w) => w.int(1, 1).int(2, 6).int(5, -9));
  assert.deepEqual([...new Int32Array(ints.data.slice().buffer)], [-9]);
  const bools = read((w) => w.int(1, 2).int(2, 9).int(5, 1).int(5, 0));
  assert.deepEqual([...bools.data], [1, 0]);
});

Deno.test("what would change a model's meaning is refused, with its name", () => {
  const withTensor = (t: ProtobufWriter) =>
    readModel(new ProtobufWriter().message(7, new ProtobufWriter().message(5, t)).finish());
  const named = () => new ProtobufWriter().string(8, "w");
  assert.throws(() => withTensor(named().int(2, 1).int(1, 3).bytes(9, new Uint8Array(8))), {
    name: "ProtobufError",
    message: /tensor "w": f32 \[3\] takes 12 bytes, found 8/,
  });
  assert.throws(() => withTensor(named().int(2, 8)), {
    message: /tensor "w": its data type 8 is not supported/,
  });
  assert.throws(() => withTensor(named().int(2, 1).int(14, 1)), {
    message: /tensor "w": its data are in another file/,
  });
  assert.throws(() => withTensor(named().int(2, 1).int(1, -1)), { message: /its shape \[-1\] is not one/ });
  assert.throws(() => withTensor(named().int(2, 1).int(1, 2 ** 50).int(1, 2 ** 50)), {
    message: /is not one/,
  });
  assert.throws(() => readModel(new Uint8Array(0)), { message: /holds no graph/ });
  const loop = new ProtobufWriter().string(1, "body").int(20, 5);
  const node = new ProtobufWriter().string(4, "Loop").message(5, loop);
  assert.throws(
    () => readModel(new ProtobufWriter().message(7, new ProtobufWriter().message(1, node)).finish()),
    {
      message: /attribute "body": its type 5 is not supported/,
    },
  );
});

Deno.test("a model of 2 GiB is refused with a line, before its bytes are put together", () => {
  // The same 1 GiB twice: nothing is copied before the size is known.
  const data = new Uint8Array(2 ** 30);
  const huge = ["a", "b"].map((name): OnnxTensor => ({ name, type: "u8", dims: [2 ** 30], data }));
  assert.throws(() => writeModel({ ...model, graph: { ...model.graph, initializers: huge } }), {
    name: "ProtobufError",
    message: /ONNX model "g": it is 2147\d+ bytes and an ONNX file holds less than 2147483648/,
  });
});
