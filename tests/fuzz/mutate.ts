/**
 * Changed copies of good inputs: of their bytes, of their text, and of the JSON in them. Which copy comes out is decided by a
 * seed and a number alone, so that a case can be made again.
 *
 * @module
 */
import { createRandom } from "../../src/base/random.ts";
import { concatBytes } from "../../src/base/bytes.ts";

/** The longest case, in bytes: what is large is tried by tests of the limits. */
export const MAX_CASE_BYTES = 256 * 1024;

/** The case of a number: a seed that was changed once to six times. */
export function mutant(
  seeds: readonly Uint8Array[],
  { seed, index }: { seed: number; index: number },
): Uint8Array {
  const random = createRandom((seed * 1_000_003 + index) >>> 0);
  const below = (limit: number) => Math.floor(random() * limit);
  let bytes = seeds[index % seeds.length];
  for (let left = 1 + below(6); left > 0; left--) {
    const change = changes[below(changes.length)];
    bytes = change(bytes, { below, other: seeds[below(seeds.length)] }).subarray(0, MAX_CASE_BYTES);
  }
  return bytes.slice();
}

interface Draw {
  /** A whole number from 0 up to a limit. */
  readonly below: (limit: number) => number;
  readonly other: Uint8Array;
}

type Change = (bytes: Uint8Array, draw: Draw) => Uint8Array;

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const numbers =
  "0 -0 -1 1e0 0.5 1e308 1e999 -1e999 255 256 65535 65536 2147483647 2147483648 -2147483649 4294967296 " +
  "9007199254740993 9223372036854775808 18446744073709551616";
const pieces = [
  ...[
    "",
    "\0",
    "\n",
    "\r",
    "\r\n\r\n",
    "\t",
    "\ufeff",
    "\ud800",
    "\u2028",
    "\u0085",
    "\x1b[31m",
    "\u202e",
    "\u0301",
  ],
  ...[
    '"',
    "'",
    "\\",
    ",",
    ";",
    ":",
    "<",
    ">",
    "&",
    "=",
    "--",
    "__proto__",
    "constructor",
    "../..",
    "=?utf-8?b?",
    "&#",
  ],
  ...[
    "null",
    "true",
    "NaN",
    "[]",
    "{}",
    "(a+)+$",
    "\u{1f600}",
    "ﬃ",
    "İ",
    "ß",
    "Σ",
    "ไทย",
    "中",
    "a".repeat(1000),
  ],
];
const values: readonly unknown[] = [
  ...[null, true, "", "__proto__", [], {}, -1, 0.5, 1e308, 2 ** 53, 2 ** 31, 1e9, "x".repeat(5000)],
  ...[Array(1000).fill(0), Array(100).fill("a"), [[[[[[[[]]]]]]]], "\ud800", "\0", "(a+)+$"],
];

const changes: readonly Change[] = [
  function flip(bytes, { below }) {
    const copy = bytes.slice();
    for (let left = 1 + below(4); left > 0 && copy.length > 0; left--) {
      copy[below(copy.length)] ^= 1 << below(8);
    }
    return copy;
  },
  function overwrite(bytes, { below }) {
    const copy = bytes.slice();
    const width = [1, 2, 4, 8][below(4)], at = below(copy.length + 1);
    copy.fill([0, 0xff, 0x7f, 0x80][below(4)], at, at + width);
    return copy;
  },
  (bytes, { below }) => bytes.subarray(0, below(bytes.length + 1)),
  function drop(bytes, { below }) {
    const at = below(bytes.length + 1);
    return concatBytes([bytes.subarray(0, at), bytes.subarray(at + 1 + below(16))]);
  },
  function splice(bytes, { below, other }) {
    const from = below(other.length + 1);
    const at = below(bytes.length + 1);
    return concatBytes([bytes.subarray(0, at), other.subarray(from, from + below(200)), bytes.subarray(at)]);
  },
  function repeat(bytes, { below }) {
    const at = below(bytes.length + 1);
    const part = bytes.subarray(at, at + 1 + below(64));
    const times = Math.min([2, 10, 1000, 20_000][below(4)], Math.floor(65_536 / (part.length + 1)));
    return concatBytes([bytes.subarray(0, at), ...Array<Uint8Array>(times).fill(part), bytes.subarray(at)]);
  },
  function insert(bytes, { below }) {
    const at = below(bytes.length + 1);
    return concatBytes([bytes.subarray(0, at), encode(pieces[below(pieces.length)]), bytes.subarray(at)]);
  },
  function otherNumber(bytes, { below }) {
    const text = decode(bytes);
    const found = [...text.matchAll(/-?\d+(\.\d+)?/g)].slice(0, 2000);
    if (found.length === 0) return bytes;
    const { index, 0: old } = found[below(found.length)];
    const all = numbers.split(" ");
    return encode(text.slice(0, index) + all[below(all.length)] + text.slice(index + old.length));
  },
  inJson((json, { below }) => replaceOne(json, below, () => values[below(values.length)])),
  inJson((json, { below }) => replaceOne(json, below, (old) => [old, old])),
  inJson((json, { below }) => replaceOne(json, below, (old) => deep(old, [3, 100, 200, 5000][below(4)]))),
  inJson((json, { below }) => replaceOne(json, below, () => replaceOne(json, below, () => undefined))),
  inJson((json, { below }) => replaceOne(json, below, () => undefined)),
  function twiceAKey(bytes, { below }) {
    const text = decode(bytes);
    const keys = [...text.matchAll(/"[^"\\]{0,60}"\s*:/g)].slice(0, 2000);
    if (keys.length === 0) return bytes;
    const { index, 0: key } = keys[below(keys.length)];
    const all = numbers.split(" ");
    return encode(`${text.slice(0, index)}${key}${all[below(all.length)]},${text.slice(index)}`);
  },
];

/** A change of the first JSON value of a case, where it holds one: behind eight bytes of length in a safetensors file. */
function inJson(change: (json: unknown, draw: Draw) => unknown): Change {
  return (bytes, draw) => {
    const text = decode(bytes);
    const [document, write] = jsonIn(bytes, text) ?? [];
    if (write === undefined) return bytes;
    return write(encode(written(change(document, draw)) ?? ""));
  };
}

function jsonIn(bytes: Uint8Array, text: string): [unknown, (json: Uint8Array) => Uint8Array] | undefined {
  const parse = (json: string) => {
    try {
      return { value: JSON.parse(json) as unknown };
    } catch {
      return undefined;
    }
  };
  const whole = parse(text);
  if (whole) return [whole.value, (json) => json];
  if (bytes.length < 9) return undefined;
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = size < bytes.length ? parse(decode(bytes.subarray(8, 8 + size))) : undefined;
  if (header) {
    return [header.value, (json) => {
      const length = new Uint8Array(8);
      new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
      return concatBytes([length, json, bytes.subarray(8 + size)]);
    }];
  }
  const end = text.indexOf("\n");
  const line = end > 0 ? parse(text.slice(0, end)) : undefined;
  return line && [line.value, (json) => concatBytes([json, encode(text.slice(end))])];
}

/** Infinity and its like are written as numbers that JSON has and doubles do not. */
function written(json: unknown): string | undefined {
  try {
    return JSON.stringify(json);
  } catch {
    return undefined;
  }
}

/** A copy of JSON in which one value, drawn by the way down from the root, is another; undefined takes it away. */
function replaceOne(
  json: unknown,
  below: (limit: number) => number,
  make: (old: unknown) => unknown,
): unknown {
  if (typeof json !== "object" || json === null || below(4) === 0) return make(json);
  const keys = Object.keys(json);
  if (keys.length === 0) return make(json);
  const key = keys[below(keys.length)];
  const value = replaceOne((json as Record<string, unknown>)[key], below, make);
  if (Array.isArray(json)) {
    return value === undefined ? json.toSpliced(Number(key), 1) : json.with(Number(key), value);
  }
  return Object.fromEntries(Object.entries(json).map(([k, v]) => [k, k === key ? value : v]));
}

function deep(value: unknown, depth: number): unknown {
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}
