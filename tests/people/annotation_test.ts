import assert from "node:assert/strict";
import { type AnnotationItem, parseTask, readAnnotation } from "../../src/people/annotation.ts";

const shown = (task: unknown, item: Partial<AnnotationItem> = {}, swapped = false) => ({
  task: parseTask(task),
  item: { id: "7", ...item },
  annotator: "ann",
  nowMs: 5,
  swapped,
});
const likert = { kind: "likert", question: "Fluent?", scale: { low: 1, high: 5 } };
const choice = { kind: "choice", question: "Which?", choices: ["a", "b", "c"], most: 2 };
const pairwise = { kind: "pairwise", question: "Better?" };
const bestWorst = { kind: "best-worst", question: "Best and worst?" };
const spans = { kind: "spans", question: "Mark names", labels: ["PER", "LOC"] };
const free = { kind: "text", question: "Why?", most: 20 };

Deno.test("an answer that fits its task is read, with who and when from the server", () => {
  const read = readAnnotation({ value: { score: 4 }, comment: "fine", seconds: 2.5 }, shown(likert));
  assert.deepEqual(read, {
    item: "7",
    annotator: "ann",
    reason: "item",
    swapped: false,
    value: { kind: "likert", score: 4 },
    comment: "fine",
    seconds: 2.5,
    atMs: 5,
  });
  const valueOf = (value: unknown, context: ReturnType<typeof shown>) =>
    readAnnotation({ value }, context).value;
  assert.deepEqual(valueOf({ choices: ["c", "a"] }, shown(choice)), { kind: "choice", choices: ["a", "c"] });
  assert.deepEqual(
    valueOf({ best: "x", worst: "z" }, shown(bestWorst, { candidates: ["x", "y", "z"] })),
    { kind: "best-worst", best: "x", worst: "z" },
  );
  const marked = [{ start: 9, end: 15, label: "LOC" }, { start: 0, end: 5, label: "PER" }];
  assert.deepEqual(
    valueOf({ spans: marked }, shown(spans, { text: "Marie in Geneva" })),
    { kind: "spans", spans: marked.toReversed() },
  );
  assert.deepEqual(valueOf({ text: "because" }, shown(free)), { kind: "text", text: "because" });
  assert.equal(readAnnotation({ skipped: true }, shown(likert)).value, null);
});

Deno.test("a pairwise answer is turned back when sides were swapped", () => {
  const winner = (side: string, swapped: boolean) => {
    const { value } = readAnnotation({ value: { winner: side } }, shown(pairwise, {}, swapped));
    return value?.kind === "pairwise" ? value.winner : undefined;
  };
  assert.deepEqual(
    [
      winner("first", false),
      winner("second", false),
      winner("first", true),
      winner("second", true),
      winner("tie", true),
    ],
    ["a", "b", "b", "a", "tie"],
  );
});

Deno.test("an answer that does not fit is refused in one line that names field and value", () => {
  const refused = (json: unknown, context: ReturnType<typeof shown>, message: RegExp) =>
    assert.throws(() => readAnnotation(json, context), (error: Error) => {
      assert.match(error.message, message);
      assert.ok(!error.message.includes("\n") && error.message.length < 400, error.message);
      return error.name === "EvaluationError";
    });
  refused(
    { value: { score: 9 } },
    shown(likert),
    /item "7": score must be a whole number from 1 to 5, got 9/,
  );
  refused({ value: { score: "4" } }, shown(likert), /got "4"/);
  refused({ value: { score: 4.5 } }, shown(likert), /got 4.5/);
  refused({ value: { score: 4, admin: true } }, shown(likert), /unknown field "admin"/);
  refused({ value: { score: 4 }, annotator: "bob" }, shown(likert), /unknown field "annotator"/);
  refused({}, shown(likert), /value must be an object, got nothing/);
  refused(null, shown(likert), /must be an object, got null/);
  refused([], shown(likert), /must be an object, got a list of 0/);
  refused({ skipped: true, value: { score: 1 } }, shown(likert), /skipped item has no value/);
  refused({ skipped: true }, shown({ ...likert, skippable: false }), /does not let items be skipped/);
  refused({ value: { score: 4 }, seconds: -1 }, shown(likert), /seconds must be/);
  refused({ value: { score: 4 }, seconds: 1e9 }, shown(likert), /seconds must be/);
  refused(
    { value: { score: 4 }, comment: "x".repeat(10_001) },
    shown(likert),
    /comment must have 0 to 10000 characters/,
  );
  refused({ value: { choices: ["a", "b", "c"] } }, shown(choice), /1 to 2 entries, got 3/);
  refused({ value: { choices: ["a", "a"] } }, shown(choice), /twice/);
  refused({ value: { choices: ["constructor"] } }, shown(choice), /one of "a", "b", "c", got "constructor"/);
  refused({ value: { winner: "a" } }, shown(pairwise), /"first", "second", "tie", got "a"/);
  refused({ value: { winner: "tie" } }, shown({ ...pairwise, ties: false }), /"first", "second", got "tie"/);
  const tuple = { candidates: ["x", "y"] };
  refused({ value: { best: "x", worst: "x" } }, shown(bestWorst, tuple), /both "x"/);
  refused(
    { value: { best: "q", worst: "x" } },
    shown(bestWorst, tuple),
    /best must be one of "x", "y", got "q"/,
  );
  const text = { text: "a 😀 b" };
  const span = (start: number, end: number, label = "PER") => ({ start, end, label });
  refused(
    { value: { spans: [span(2, 9)] } },
    shown(spans, text),
    /span 1 end must be a whole number from 3 to 6/,
  );
  refused({ value: { spans: [span(3, 5)] } }, shown(spans, text), /cuts a character in two at 3/);
  refused(
    { value: { spans: [span(0, 2), span(1, 4)] } },
    shown(spans, text),
    /must not overlap, got 0 to 2 and 1 to 4/,
  );
  refused(
    { value: { spans: [span(0, 1), span(0, 1)] } },
    shown({ ...spans, overlapping: true }, text),
    /twice/,
  );
  refused(
    { value: { spans: [span(0, 1, "ORG")] } },
    shown(spans, text),
    /label must be one of "PER", "LOC", got "ORG"/,
  );
  refused({ value: { spans: new Array(2001).fill(span(0, 1)) } }, shown(spans, text), /0 to 2000 entries/);
  refused({ value: { text: "x".repeat(21) } }, shown(free), /1 to 20 characters, got 21/);
  refused({ value: { text: "\ud800" } }, shown(free), /half a character/);
  refused(
    JSON.parse(`{"value":{"text":"x"},"__proto__":{"skipped":true}}`),
    shown(free),
    /unknown field "__proto__"/,
  );
});

Deno.test("a task definition is read with its defaults, or refused", () => {
  assert.deepEqual(parseTask(pairwise), {
    kind: "pairwise",
    question: "Better?",
    guidelines: undefined,
    skippable: true,
    ties: true,
  });
  for (const task of [likert, choice, pairwise, bestWorst, spans, free]) {
    const read = parseTask(task);
    assert.deepEqual(parseTask(JSON.parse(JSON.stringify(read))), read);
  }
  assert.throws(() => parseTask({ ...likert, kind: "toString" }), /kind must be one of/);
  assert.throws(
    () => parseTask({ ...likert, question: "" }),
    /question must have 1 to 2000 characters, got 0/,
  );
  assert.throws(() => parseTask({ ...likert, scale: { low: 5, high: 1 } }), /scale high must be .* from 6/);
  assert.throws(() => parseTask({ ...likert, labels: ["bad"] }), /labels must be 5, one a point, got 1/);
  assert.throws(() => parseTask({ ...choice, choices: ["a", "a"] }), /"a" twice/);
  assert.throws(() => parseTask({ ...choice, choices: ["a"] }), /2 to 1000 entries/);
  assert.throws(() => parseTask({ ...choice, extra: 1 }), /unknown field "extra"/);
  assert.throws(() => parseTask({ ...pairwise, ties: "no" }), /ties must be true or false, got "no"/);
  assert.throws(() => parseTask("likert"), /Task must be an object/);
});
