import assert from "node:assert/strict";
import { parseJson } from "../../src/base/json.ts";
import { jsonProblem, MAX_JSON_DEPTH } from "../../src/base/json_scan.ts";

Deno.test("a key that an object has twice is found however it is written, and one of another object is none", () => {
  const twice = (json: string) => jsonProblem(json, { distinctKeys: true });
  const cases: [json: string, problem: string | undefined][] = [
    ['{"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}]}', undefined],
    ['{"a": "a", "b": "a"}', undefined],
    ['{"a": ["a", "a"], "\\"a": 1, "a\\\\": 2}', undefined],
    ['{"__proto__": 1, "constructor": 2}', undefined],
    ['{"a": 1, "a": 1}', 'has the key "a" twice'],
    ['{"x": {"a" : 1, "b": {"a": 1},\n"\\u0061"\t: 2}}', 'has the key "a" twice'],
    ['{"__proto__": 1, "__proto__": 2}', 'has the key "__proto__" twice'],
    ['[{"\\"": 1, "\\u0022": 2}]', 'has the key "\\"" twice'],
  ];
  for (const [json, problem] of cases) {
    JSON.parse(json);
    assert.equal(twice(json), problem, json);
    assert.equal(jsonProblem(json), undefined, json);
  }
});

Deno.test("what is nested deeper than code can walk is refused before it is parsed, in a text of brackets too", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  const parse = (json: string) => parseJson(json, (problem) => new Error(problem));
  parse(nested(MAX_JSON_DEPTH));
  parse(JSON.stringify("[".repeat(1000)));
  parse(`[${nested(100)},${nested(100)}]`);
  for (const json of [nested(MAX_JSON_DEPTH + 1), '{"a":'.repeat(1_000_000), "[".repeat(10_000_000)]) {
    const start = performance.now();
    assert.throws(() => parse(json), { message: `it is nested deeper than ${MAX_JSON_DEPTH}` });
    assert.ok(performance.now() - start < 1000);
  }
});

Deno.test("texts that are no JSON are left to the parser, whatever they end in", () => {
  for (const json of ['{"a', '{"a\\', '"\\u12', '{"a" ', "}}]]", '{"\\x": 1, "\\x": 2}']) {
    jsonProblem(json, { distinctKeys: true });
    assert.throws(() => parseJson(json, (problem) => new Error(problem), { distinctKeys: true }));
  }
});
