import assert from "node:assert/strict";
import {
  bytes,
  figure,
  fixed,
  milliseconds,
  partPercent,
  range,
  short,
  sides,
  signed,
  signedRange,
  significant,
  time,
  trimmed,
} from "../../src/report/numbers.ts";

const span = (value: number, low: number, high: number) => ({ value, low, high });

Deno.test("a figure has as many digits as its interval can bear", () => {
  const cases: [ReturnType<typeof span>, string, string][] = [
    [span(0.97634, 0.96711, 0.98502), "0.976", "0.967 to 0.985"],
    [span(0.97634, 0.8, 0.99), "0.98", "0.80 to 0.99"],
    [span(0.99512, 0.99221, 0.99789), "0.9951", "0.9922 to 0.9979"],
    [span(32.417, 30.1, 33.52), "32.4", "30.1 to 33.5"],
    [span(1234.56, 1100, 1400), "1,235", "1,100 to 1,400"],
    [span(-0.0132, -0.0212, -0.0061), "−0.013", "−0.021 to −0.006"],
    [span(0.5, 0.5, 0.5), "0.5000", ""],
    [span(0, 0, 0), "0.000", ""],
  ];
  for (const [interval, value, ends] of cases) {
    assert.equal(figure(interval), value);
    assert.equal(range(interval), ends);
  }
});

Deno.test("differences have signs, and one that rounds to 0 has none", () => {
  assert.equal(signed(span(0.0093, 0.0034, 0.0161)), "+0.009");
  assert.equal(signedRange(span(0.0093, 0.0034, 0.0161)), "+0.003 to +0.016");
  assert.equal(signed(span(-0.022, -0.037, -0.009)), "−0.022");
  assert.equal(signed(span(-0.0001, -0.02, 0.02)), "0.000");
  assert.equal(signed(span(0.0001, -0.02, 0.02)), "0.000");
  assert.equal(signedRange(span(0, 0, 0)), "");
});

Deno.test("numbers that are none, infinite, huge or tiny are written as such", () => {
  assert.equal(fixed(NaN, 3), "–");
  assert.equal(fixed(-Infinity, 3), "−∞");
  assert.equal(fixed(1234567.891, 1), "1,234,567.9");
  assert.equal(fixed(1.5e15, 0), "1.50e15");
  assert.equal(figure(span(2e-9, 1e-9, 3e-9)), "2.00e−9");
  assert.equal(significant(Infinity), "∞");
  assert.equal(figure(span(NaN, NaN, NaN)), "–");
});

Deno.test("the sides of a condition have digits enough to tell them apart", () => {
  assert.deepEqual(sides(0.96712, 0.97063), ["0.9671", "0.9706"]);
  assert.deepEqual(sides(0.9500001, 0.95), ["0.95000010", "0.95000000"]);
  assert.deepEqual(sides(31.4, 36.96), ["31.4", "37.0"]);
  assert.deepEqual(sides(1, 0), ["1", "0"]);
  assert.deepEqual(sides(NaN, 0.5), ["–", "0.5000"]);
});

Deno.test("shares that are almost none or all are not written as none or all", () => {
  assert.deepEqual([0, 1, 0.9999, 0.0001, 0.1234, NaN].map(partPercent), [
    "0%",
    "100%",
    ">99.9%",
    "<0.1%",
    "12.3%",
    "–",
  ]);
});

Deno.test("units, counts and times read well", () => {
  assert.deepEqual([17_640_000, 17_640, 999, 1_000_000_000].map(bytes), [
    "17.6 MB",
    "17.6 kB",
    "999 B",
    "1.00 GB",
  ]);
  assert.deepEqual([18.8, 0.0421, 12_345].map(milliseconds), ["18.8 ms", "0.0421 ms", "12.3 s"]);
  assert.deepEqual([4_386_178, 512].map(short), ["4.39 M", "512"]);
  assert.equal(time("2026-03-02T14:05:09.123Z"), "2026-03-02 14:05 UTC");
  assert.deepEqual([0, 0.05, 0.1, 1, 1000, 2500].map((edge) => trimmed(edge)), [
    "0",
    "0.05",
    "0.1",
    "1",
    "1,000",
    "2,500",
  ]);
});
