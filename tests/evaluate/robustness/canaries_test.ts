import assert from "node:assert/strict";
import { checkCanaries, parseCanaries } from "../../../src/evaluate/robustness/canaries.ts";

const passes = (canary: object, text: string, score?: number) =>
  checkCanaries(parseCanaries([{ input: "x", ...canary }]), [{ text, score }]).rows[0].passed;

Deno.test("an answer is one of those expected, without regard to case and space around it", () => {
  assert.equal(passes({ expected: "spam" }, " Spam\n"), true);
  assert.equal(passes({ expected: ["Rome", "Roma"] }, "roma"), true);
  assert.equal(passes({ expected: ["Rome", "Roma"] }, "Rome."), false);
  assert.equal(passes({ expected: "caf\u00e9" }, "cafe\u0301"), true);
});

Deno.test("generated text has parts in it, and others not", () => {
  const canary = { contains: ["Rome", "capital"], excludes: "Milan" };
  assert.equal(passes(canary, "Rome is the capital."), true);
  assert.equal(passes(canary, "Rome it is."), false);
  assert.equal(passes(canary, "The capital is Rome, not Milan."), false);
});

Deno.test("a least score holds the answer's own", () => {
  assert.equal(passes({ expected: "spam", minScore: 0.9 }, "spam", 0.9), true);
  assert.equal(passes({ expected: "spam", minScore: 0.9 }, "spam", 0.89), false);
  assert.equal(passes({ expected: "spam", minScore: 0.9 }, "spam"), false);
});

Deno.test("rows say what was expected and what came", () => {
  const canaries = parseCanaries([
    { name: "prize", input: "WIN", expected: "spam", minScore: 0.5 },
    { input: "Hi", contains: "hello", excludes: ["bye"] },
  ]);
  const { rows } = checkCanaries(canaries, [{ text: "ham", score: 0.7 }, { text: "Hello!" }]);
  assert.deepEqual(rows, [
    { name: "prize", input: "WIN", expected: "spam; score at least 0.5", got: "ham (0.700)", passed: false },
    { name: "canary 2", input: "Hi", expected: "with hello; without bye", got: "Hello!", passed: true },
  ]);
});

Deno.test("canaries that cannot be read are refused by their number", () => {
  const read = (record: unknown) => parseCanaries([{ input: "x", expected: "y" }, record]);
  assert.throws(() => parseCanaries([]), /0 canaries/);
  assert.throws(() => read("text"), /canary 2: wanted/);
  assert.throws(() => read({ expected: "y" }), /"input" of canary 2 is undefined, wanted a text/);
  assert.throws(() => read({ input: "x" }), /canary 2: it has neither "expected" nor/);
  assert.throws(() => read({ input: "x", expected: [] }), /"expected" of canary 2/);
  assert.throws(() => read({ input: "x", expected: 7 }), /"expected" of canary 2/);
  assert.throws(() => read({ input: "x", expect: "y" }), /a key of canary 2 is "expect"/);
  assert.throws(
    () => read({ input: "x", expected: "y", minScore: 2 }),
    /"minScore" of canary 2 must be .*, got 2/,
  );
  assert.throws(
    () => checkCanaries(parseCanaries([{ input: "x", expected: "y" }]), []),
    /0 answers with 1 canaries/,
  );
});
