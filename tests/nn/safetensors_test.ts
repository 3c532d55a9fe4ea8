import assert from "node:assert/strict";
import { hostTensor } from "../../src/graph/graph.ts";
import { readSafetensors, writeSafetensors } from "../../src/nn/safetensors.ts";

function file(header: unknown, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(body, 8 + json.length);
  return bytes;
}

Deno.test("what is written is read back, every type, bit for bit", () => {
  const tensors = {
    "a.f32": hostTensor("f32", [2, 2], [1.5, -0, 1e-45, 3e38]),
    "b.bool": hostTensor("bool", [3], [1, 0, 1]),
    "c.u32": hostTensor("u32", [], [0xffffffff]),
    "d.i32": hostTensor("i32", [1], [-5]),
    "e.f16": hostTensor("f16", [3], [1, 0.5, -2]),
    "e.bf16": hostTensor("bf16", [2], [1, -3]),
    "e.i8": hostTensor("i8", [2], [-128, 127]),
    "e.u8": hostTensor("u8", [3], [0, 1, 255]),
    "f.empty": hostTensor("f32", [0, 4], []),
    "__proto__": hostTensor("f32", [1], [9]),
  };
  const bytes = writeSafetensors(tensors, { metadata: { weir: '{"step":7}' } });
  const { tensors: read, metadata } = readSafetensors(bytes);
  assert.deepEqual(metadata, { weir: '{"step":7}' });
  assert.deepEqual(Object.keys(read).sort(), Object.keys(tensors).sort());
  for (const [name, tensor] of Object.entries(tensors)) assert.deepEqual(read[name], tensor, name);
});

Deno.test("a file that transformers saved is read", () => {
  const path = new URL("../golden/models/bert/model/model.safetensors", import.meta.url);
  const { tensors, metadata } = readSafetensors(Deno.readFileSync(path));
  assert.equal(metadata.format, "pt");
  assert.deepEqual(tensors["bert.embeddings.word_embeddings.weight"].shape, [200, 32]);
});

const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

Deno.test("types are kept, and 64-bit ones narrowed where their values fit", () => {
  const body = new Uint8Array([
    ...new Uint8Array(BigInt64Array.of(-3n).buffer),
    ...new Uint8Array(Float64Array.of(1.5, Infinity).buffer),
    ...[0x80, 0x3f, 0x00, 0xc0, 0xfe, 0xff, 0x07, 0x01],
  ]);
  const { tensors } = readSafetensors(file({
    position_ids: entry("I64", [1], 0, 8),
    double: entry("F64", [2], 8, 24),
    brain: entry("BF16", [2], 24, 28),
    signed: entry("I8", [1], 28, 29),
    unsigned: entry("U8", [2], 29, 31),
    flag: entry("BOOL", [1], 31, 32),
  }, body));
  assert.deepEqual(tensors, {
    position_ids: hostTensor("i32", [1], [-3]),
    double: hostTensor("f32", [2], [1.5, Infinity]),
    brain: hostTensor("bf16", [2], [1, -2]),
    signed: hostTensor("i8", [1], [-2]),
    unsigned: hostTensor("u8", [2], [255, 7]),
    flag: hostTensor("bool", [1], [1]),
  });
});

Deno.test("a type that the format lacks is not written as another", () => {
  assert.throws(
    () => writeSafetensors({ w: hostTensor("u4", [2], [1, 2]) }),
    /Cannot write tensor "w": safetensors files have no type u4/,
  );
});

const four = new Uint8Array(4);
const sound = { dtype: "F32", shape: [1], data_offsets: [0, 4] };

const json = JSON.stringify(sound);

const broken: [string, Uint8Array, RegExp][] = [
  // What the reference implementation (safetensors 0.8.0) refuses too.
  ["a byte-order mark", file(`\ufeff{"w":${json}}`, four), /its header is not JSON/],
  [
    "two lists of metadata",
    file(`{"__metadata__":{},"__metadata__":{}}`),
    /has the key "__metadata__" twice/,
  ],
  [
    "two types of a tensor",
    file(`{"w":{"dtype":"F16","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, four),
    /its header has the key "dtype" twice/,
  ],
  ...["1.0", "1e0", "-0", "[1]", '"1"', "null"].map((size): [string, Uint8Array, RegExp] => [
    `the size ${size}`,
    file(`{"w":{"dtype":"F32","shape":[${size}],"data_offsets":[0,4]}}`, four),
    /tensor "w" has no sound shape/,
  ]),
  [
    "offsets with a fraction",
    file(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[0.0,4]}}`, four),
    /tensor "w" has no sound data_offsets/,
  ],
  [
    "a shape whose product overflows to 0",
    file(`{"w":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}`),
    /takes \d+ bytes, got 0/,
  ],
  [
    "half a character in a name",
    file(`{"\\ud800":${json}}`, four),
    /tensor "\\ud800" has half a character in its name/,
  ],
  ["a header of values", file(`{"a":[${"[],".repeat(2_000_000)}0]}`), /its header holds over 2000000 values/],
  ["a header without end", file("[".repeat(1_000_000)), /its header is nested deeper than 128/],
  // What it takes, though the format's text forbids it: which of the two tensors counts is left to the reader.
  ["two tensors of a name", file(`{"w":${json},"w":${json}}`, four), /its header has the key "w" twice/],
  ["a name written in two ways", file(`{"w":${json},"\\u0077":${json}}`, four), /has the key "w" twice/],
  [
    "a name that is a command to a terminal",
    file({ "\x1b[2J\x9b": { ...sound, shape: [2] } }, four),
    /tensor "\\u001b\[2J\[U\+009B\]" of type/,
  ],
  ["an empty file", new Uint8Array(0), /is 0 bytes long/],
  ["a text file", new TextEncoder().encode("hello, this is no model"), /header claims \d+ bytes/],
  ["a header longer than the file", file({ w: sound }, four).slice(0, 20), /only 12 follow/],
  ["a header that is no JSON", file("{nope"), /header is not JSON/],
  ["a header that is a list", file([]), /header is not an object/],
  ["a tensor cut short", file({ w: sound }, four.slice(0, 3)), /take 4 bytes, the file holds 3/],
  ["bytes that belong to no tensor", file({ w: sound }, new Uint8Array(5)), /the file holds 5/],
  [
    "overlapping tensors",
    file({ w: sound, v: sound }, four),
    /tensor "v" starts at byte 0, the one before it ends at 4/,
  ],
  [
    "a shape that does not fit",
    file({ w: { ...sound, shape: [2] } }, four),
    /tensor "w" .* takes 8 bytes, got 4/,
  ],
  ["a negative shape", file({ w: { ...sound, shape: [-1] } }, four), /tensor "w" has no sound shape/],
  ["an unknown type", file({ w: { ...sound, dtype: "Q7" } }, four), /tensor "w" has type "Q7"/],
  [
    "a type from Object's prototype",
    file({ w: { ...sound, dtype: "toString" } }, four),
    /has type "toString"/,
  ],
  ["backward offsets", file({ w: { ...sound, data_offsets: [4, 0] } }, four), /no sound data_offsets/],
  [
    "an integer beyond 32 bits",
    file({ w: entry("I64", [2], 0, 16) }, new Uint8Array(BigInt64Array.of(1n, 2n ** 31n).buffer)),
    /tensor "w" holds the I64 value 2147483648, which does not fit in i32/,
  ],
  [
    "a double beyond the range of f32",
    file({ w: entry("F64", [1], 0, 8) }, new Uint8Array(Float64Array.of(-1e39).buffer)),
    /tensor "w" holds the F64 value -1e\+39, which is beyond the range of f32/,
  ],
  ["an entry that is null", file({ w: null }), /tensor "w" has type undefined/],
  ["metadata that are no texts", file({ __metadata__: { a: 1 } }), /metadata is not a map of texts/],
];

for (const [what, bytes, message] of broken) {
  Deno.test(`${what} is refused in one line that names the file`, () => {
    assert.throws(() => readSafetensors(bytes, { name: "model.safetensors" }), (error: Error) => {
      assert.equal(error.name, "SafetensorsError");
      assert.match(error.message, /^Cannot read model.safetensors: [^\n]+$/);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("what the reference implementation takes is read", () => {
  const read = (header: unknown, body?: Uint8Array) => readSafetensors(file(header, body));
  const taken: [string, Record<string, unknown>, Uint8Array, string[]][] = [
    ["names of JavaScript's own", { constructor: sound }, four, ["constructor"]],
    ["an empty name and one with NUL", { "": sound, "a\0b": entry("F32", [0], 4, 4) }, four, ["", "a\0b"]],
    ["metadata that are null", { __metadata__: null, w: sound } as Record<string, unknown>, four, ["w"]],
    ["a further field", { w: { ...sound, note: 1.5 } }, four, ["w"]],
    [
      "tensors that are not aligned",
      { a: entry("U8", [1], 0, 1), b: entry("F32", [1], 1, 5) },
      new Uint8Array(5),
      [
        "a",
        "b",
      ],
    ],
    ["no tensors", {}, new Uint8Array(), []],
  ];
  for (const [what, header, body, names] of taken) {
    assert.deepEqual(Object.keys(read(header, body).tensors).sort(), names, what);
  }
  assert.deepEqual(Object.keys(read(`\n {"w":${json}}  \n`, four).tensors), ["w"]);
});

Deno.test("a header may not claim more than its limit", () => {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, 1n << 60n, true);
  assert.throws(() => readSafetensors(bytes), /the limit is 100000000/);
});
