import assert from "node:assert/strict";
import { ProtobufReader, ProtobufWriter } from "../../src/onnx/protobuf.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

/** Reads one int field and nothing else. */
function firstInt(message: Uint8Array): number {
  const reader = new ProtobufReader(message);
  return reader.int(reader.next()!);
}

Deno.test("a varint is written as the format's documentation shows it", () => {
  assert.deepEqual(new ProtobufWriter().int(1, 150).finish(), bytes(0x08, 0x96, 0x01));
  assert.deepEqual(new ProtobufWriter().string(2, "testing").finish(), bytes(0x12, 7, ...enc("testing")));
  assert.deepEqual(
    new ProtobufWriter().message(3, new ProtobufWriter().int(1, 150)).finish(),
    bytes(0x1a, 0x03, 0x08, 0x96, 0x01),
  );
});

Deno.test("integers come back whatever their size and sign", () => {
  const values = [
    0,
    1,
    127,
    128,
    2 ** 28 - 1,
    2 ** 28,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 42 + 3,
    Number.MAX_SAFE_INTEGER,
  ];
  for (const value of [...values, ...values.map((v) => -v)]) {
    assert.equal(firstInt(new ProtobufWriter().int(1, value).finish()), value === 0 ? 0 : value);
  }
  assert.equal(new ProtobufWriter().int(1, -1).finish().length, 11);
});

Deno.test("floats, strings, bytes and messages come back in order", () => {
  const inner = new ProtobufWriter().string(1, "größe").float(2, 0.1);
  const message = new ProtobufWriter().int(1, 7).message(2, inner).bytes(3, bytes(1, 2, 3))
    .packedFloats(4, [1.5, -2]).finish();
  const r = new ProtobufReader(message);
  assert.equal(r.int(r.next()!), 7);
  const nested = r.message(r.next()!);
  assert.equal(nested.string(nested.next()!), "größe");
  assert.equal(nested.float(nested.next()!), Math.fround(0.1));
  assert.equal(nested.next(), undefined);
  assert.deepEqual([...r.bytes(r.next()!)], [1, 2, 3]);
  const floats: number[] = [];
  r.floats(r.next()!, floats);
  assert.deepEqual(floats, [1.5, -2]);
  assert.equal(r.next(), undefined);
});

Deno.test("repeated integers are read packed and one by one", () => {
  const packed = new ProtobufReader(bytes(0x0a, 4, 1, 0x96, 0x01, 2));
  const single = new ProtobufReader(bytes(0x08, 1, 0x08, 0x96, 0x01));
  const [a, b]: [number[], number[]] = [[], []];
  packed.ints(packed.next()!, a);
  single.ints(single.next()!, b);
  single.ints(single.next()!, b);
  assert.deepEqual([a, b], [[1, 150, 2], [1, 150]]);
});

Deno.test("a nested writer with bytes of its own is not disturbed by what follows", () => {
  const big = new Uint8Array(5000).fill(9);
  const inner = new ProtobufWriter().bytes(1, big);
  const message = new ProtobufWriter().message(1, inner).int(2, 5);
  assert.equal(message.size, message.finish().length);
  const r = new ProtobufReader(message.finish());
  const nested = r.message(r.next()!);
  assert.equal(nested.bytes(nested.next()!).length, 5000);
  assert.equal(r.int(r.next()!), 5);
});

Deno.test("every truncation of a message is an error or a shorter message, never a crash", () => {
  const message = new ProtobufWriter().int(1, 2 ** 40).string(2, "abc").float(3, 1)
    .message(4, new ProtobufWriter().string(1, "x")).finish();
  for (let end = 0; end < message.length; end++) {
    try {
      const r = new ProtobufReader(message.subarray(0, end));
      for (let f = r.next(); f; f = r.next()) r.skip(f);
    } catch (error) {
      assert.equal((error as Error).name, "ProtobufError");
    }
  }
});

Deno.test("errors of malformed bytes give the offset", () => {
  const refuses = (message: Uint8Array, expected: RegExp) =>
    assert.throws(() => {
      const r = new ProtobufReader(message);
      for (let f = r.next(); f; f = r.next()) r.skip(f);
    }, { name: "ProtobufError", message: expected });
  refuses(bytes(0x0a, 5, 1, 2), /field at byte 1 runs past the end of its message at byte 4/);
  refuses(bytes(0x0d, 1, 2), /field at byte 1 runs past the end/);
  refuses(bytes(0x08, ...new Array<number>(11).fill(0x80)), /varint at byte 1 is longer than 10 bytes/);
  refuses(bytes(0x0b), /wire type 3 of field 1 at byte 0 is unknown/);
  refuses(bytes(0x00), /field number 0 at byte 0 is out of range/);
  refuses(bytes(0x0a, ...new Array<number>(9).fill(0xff), 1), /runs past the end/);
});

Deno.test("a value of another type than wanted is an error", () => {
  const r = new ProtobufReader(bytes(0x08, 1));
  const field = r.next()!;
  assert.throws(() => r.string(field), { message: /field 1 at byte 1 has wire type 0, expected 2/ });
});

Deno.test("an integer beyond 2^53 is an error, not another number", () => {
  const message = new ProtobufWriter().int(1, 2n ** 60n).finish();
  assert.throws(() => firstInt(message), { message: /integer at byte 1 is beyond 2\^53/ });
});

Deno.test("a string that is not UTF-8 is an error", () => {
  const r = new ProtobufReader(bytes(0x0a, 2, 0xc3, 0x28));
  const field = r.next()!;
  assert.throws(() => r.string(field), { message: /string field 1 at byte 1 is not UTF-8/ });
});

Deno.test("messages are held to limits of bytes, depth and number of fields", () => {
  assert.throws(() => new ProtobufReader(new Uint8Array(11), { maxBytes: 10 }), {
    message: /the limit is 10/,
  });
  const deep = (levels: number): ProtobufWriter =>
    levels === 0 ? new ProtobufWriter() : new ProtobufWriter().message(1, deep(levels - 1));
  const descend = (r: ProtobufReader) => {
    for (let f = r.next(); f; f = r.next()) descend(r.message(f));
  };
  descend(new ProtobufReader(deep(64).finish()));
  assert.throws(() => descend(new ProtobufReader(deep(65).finish())), {
    message: /more than 64 messages inside/,
  });
  const r = new ProtobufReader(bytes(0x08, 1, 0x08, 1, 0x08, 1), { maxFields: 2 });
  assert.throws(() => {
    for (let f = r.next(); f; f = r.next()) r.skip(f);
  }, { message: /more than 2 fields/ });
});

Deno.test("the limit on fields counts those of nested messages", () => {
  const message = new ProtobufWriter().message(1, new ProtobufWriter().int(1, 1).int(1, 1)).finish();
  const r = new ProtobufReader(message, { maxFields: 2 });
  const nested = r.message(r.next()!);
  nested.skip(nested.next()!);
  assert.throws(() => nested.next(), { message: /more than 2 fields/ });
});

function enc(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("the limit on fields counts the values of packed ones, and a length of 2^63 is one too large", () => {
  const reader = new ProtobufReader(bytes(0x0a, 4, 1, 2, 3, 4), { maxFields: 3 });
  assert.throws(() => reader.ints(reader.next()!, []), /more than 3 fields/);
  const floats = new ProtobufReader(new ProtobufWriter().packedFloats(1, [1, 2, 3, 4]).finish(), {
    maxFields: 3,
  });
  assert.throws(() => floats.floats(floats.next()!, []), /more than 3 fields/);
  const long = new ProtobufReader(bytes(0x0a, ...new Array(9).fill(0xff), 0x01, 1));
  assert.throws(() => long.bytes(long.next()!), /runs past the end of its message/);
});
