import assert from "node:assert/strict";
import {
  and,
  anyJson,
  type Check,
  checkJson,
  fail,
  flag,
  indexed,
  JsonError,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  parseJson,
  record,
  text,
} from "../../src/base/json.ts";

const read = <T>(check: Check<T>, json: unknown) => checkJson(check, json, (problem) => new Error(problem));

Deno.test("the first thing that is wrong is named with its path, what was found and what was wanted", () => {
  const check = object({
    format: oneOf("weir/1", "weir/2"),
    name: text(5),
    metrics: record(object({ value: number({ least: 0, most: 1 }), n: number({ least: 0, whole: true }) }), {
      most: 3,
    }),
    labels: list(text(10), { least: 1, most: 2 }),
    note: optional(text(10)),
    base: nullable(text(10)),
    done: flag,
  });
  const good = {
    format: "weir/1",
    name: "spam",
    metrics: { f1: { value: 0.5, n: 3 } },
    labels: ["a"],
    base: null,
    done: true,
  };
  assert.deepEqual(read(check, good), good);
  assert.deepEqual(read(check, { ...good, unknown: 1 }), good);
  const wrong: [part: object, problem: string][] = [
    [{ format: "weir/3" }, 'format is "weir/3", wanted one of weir/1, weir/2'],
    [{ name: undefined }, "name is missing, wanted a text"],
    [{ name: "spam filter" }, "name has 11 characters, wanted at most 5"],
    [
      { metrics: { f1: { value: null, n: 1 } } },
      "metrics.f1.value is null, wanted a finite number from 0 to 1",
    ],
    [{ metrics: { f1: { value: 2, n: 1 } } }, "metrics.f1.value is 2, wanted a finite number from 0 to 1"],
    [{ metrics: { f1: { value: 1, n: 1.5 } } }, "metrics.f1.n is 1.5, wanted a whole number of at least 0"],
    [{ metrics: { a: 1, b: 1, c: 1, d: 1 } }, "metrics has 4 entries, wanted at most 3"],
    [{ metrics: [] }, "metrics is a list, wanted an object"],
    [{ labels: [] }, "labels has 0 items, wanted 1 to 2"],
    [{ labels: ["a", {}] }, "labels[1] is an object, wanted a text"],
    [{ note: null }, "note is null, wanted a text"],
    [{ done: "yes" }, 'done is "yes", wanted true or false'],
  ];
  for (const [part, message] of wrong) assert.throws(() => read(check, { ...good, ...part }), { message });
  assert.throws(() => read(check, [1]), { message: "it is a list, wanted an object" });
});

Deno.test("a key named __proto__ is a key like any other, and sets no prototype", () => {
  const json = JSON.parse('{ "__proto__": { "polluted": 1 } }');
  const fields = read(object({ polluted: optional(number()) }), json);
  assert.equal(fields.polluted, undefined);
  for (
    const entries of [
      read(record(anyJson({ depth: 2 }), { most: 1 }), json),
      read(anyJson({ depth: 2 }), json),
    ]
  ) {
    assert.deepEqual(Object.keys(entries as object), ["__proto__"]);
    assert.equal((entries as { polluted?: unknown }).polluted, undefined);
  }
});

Deno.test("what was found is shown short, and without control characters", () => {
  const shown = `it is "${"x".repeat(38)}?…", wanted one of a`;
  assert.throws(() => read(oneOf("a"), `${"x".repeat(38)}\u001b${"y".repeat(100)}`), { message: shown });
});

Deno.test("any JSON is taken up to its depth", () => {
  const nested = (depth: number): unknown => depth === 0 ? 1 : [nested(depth - 1)];
  assert.deepEqual(read(anyJson({ depth: 3 }), nested(3)), nested(3));
  assert.throws(() => read(anyJson({ depth: 3 }), { a: nested(3) }), {
    message: "a[0][0] is nested deeper than 3",
  });
  const far = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
  assert.throws(() => read(anyJson({ depth: 3 }), far), /nested deeper than 3/);
});

Deno.test("a further condition fails like a check, and an error of another kind passes as it is", () => {
  const even = and(number(), (value, path) => value % 2 === 0 || fail(path, value, "an even number"));
  assert.equal(read(even, 4), 4);
  assert.throws(() => read(even, 3), { name: "Error", message: "it is 3, wanted an even number" });
  assert.throws(
    () => even(3, "n"),
    (error) => error instanceof JsonError && error.message === "n is 3, wanted an even number",
  );
  const broken: Check<number> = () => {
    throw new TypeError("a bug");
  };
  assert.throws(() => read(broken, 1), TypeError);
});

Deno.test("what is no JSON, or not UTF-8, is an error of one line", () => {
  const parse = (data: string | Uint8Array) =>
    parseJson(data, (problem) => new Error(`weir.json: ${problem}`));
  assert.deepEqual(parse('{"a":1}'), { a: 1 });
  assert.deepEqual(parse(new TextEncoder().encode('"ä"')), "ä");
  assert.throws(() => parse("{"), /^Error: weir\.json: it is not JSON: [^\n]+$/);
  assert.throws(() => parse(Uint8Array.of(0xff)), { message: "weir.json: it is not valid UTF-8" });
});

Deno.test("a list written by its indices keeps their order, and a gap or a foreign key is named", () => {
  const check = indexed(text(9), { least: 1, most: 12 });
  const labels = Array.from({ length: 12 }, (_, i) => `label ${i}`);
  assert.deepEqual(read(check, { ...labels }), labels);
  assert.throws(() => read(check, { 0: "a", 2: "b" }), {
    message: "it has 2 entries and none is 1, wanted 0, 1, 2, ...",
  });
  assert.throws(() => read(check, { 0: "a", "01": "b" }), /none is 1/);
  assert.throws(() => read(check, { 0: "a", 1: 2 }), { message: "[1] is 2, wanted a text" });
  assert.throws(() => read(check, {}), { message: "it has 0 items, wanted 1 to 12" });
  assert.throws(() => read(check, { ...labels, 12: "x" }), { message: "it has 13 items, wanted 1 to 12" });
});
