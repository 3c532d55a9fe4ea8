import assert from "node:assert/strict";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { createRandom } from "../../../src/base/random.ts";
import { taggedEntities } from "../../../src/evaluate/tagging/tagging.ts";
import {
  convertTags,
  PREFIXES,
  type Span,
  spansToTags,
  type TaggingScheme,
  tagsToSpans,
} from "../../../src/evaluate/tagging/tagging_schemes.ts";

const SCHEMES = Object.keys(PREFIXES) as TaggingScheme[];

function randomSpans(random: () => number, length: number): Span[] {
  const spans: Span[] = [];
  for (let at = 0; at < length;) {
    if (random() < 0.4) {
      at++;
      continue;
    }
    const end = Math.min(length, at + 1 + Math.floor(random() * 3));
    spans.push({ type: ["PER", "LOC", "a-b"][Math.floor(random() * 3)], start: at, end });
    at = end;
  }
  return spans;
}

Deno.test("spans survive every scheme, and tags every conversion there and back", () => {
  const random = createRandom(1);
  for (let round = 0; round < 300; round++) {
    const length = Math.floor(random() * 10);
    const spans = randomSpans(random, length);
    for (const from of SCHEMES) {
      const suffix = round % 2 === 1;
      const tags = spansToTags(spans, length, from, { suffix });
      assert.deepEqual(tagsToSpans(tags, from, { suffix }), spans);
      for (const to of SCHEMES) {
        const there = convertTags(tags, { from, to, suffix });
        assert.deepEqual(convertTags(there, { from: to, to: from, suffix }), tags, `${from} to ${to}`);
      }
    }
  }
});

Deno.test("what is written in a scheme is read in seqeval's strict mode, but for its IOE1", () => {
  const random = createRandom(2);
  for (let round = 0; round < 100; round++) {
    const spans = randomSpans(random, 12);
    for (const scheme of SCHEMES) {
      if (scheme === "IOE1") continue;
      const read = taggedEntities([spansToTags(spans, 12, scheme)], { mode: "strict", scheme });
      assert.deepEqual(read.map(({ type, start, end }) => ({ type, start, end })), spans, scheme);
    }
  }
});

Deno.test("IOB1 and IOE1 mark only what meets its own type", () => {
  const spans = [{ type: "X", start: 0, end: 2 }, { type: "X", start: 2, end: 3 }, {
    type: "Y",
    start: 3,
    end: 4,
  }];
  assert.deepEqual(spansToTags(spans, 5, "IOB1"), ["I-X", "I-X", "B-X", "I-Y", "O"]);
  assert.deepEqual(spansToTags(spans, 5, "IOE1"), ["I-X", "E-X", "I-X", "I-Y", "O"]);
  assert.deepEqual(convertTags(["I", "O"], { from: "IOB1", to: "IOBES" }), ["S", "O"]);
});

const refused = (run: () => unknown, message: string) =>
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof EvaluationError);
    assert.equal(error.message, message);
    return true;
  });

Deno.test("malformed tags are refused, or repaired on request", () => {
  refused(
    () => tagsToSpans(["O", "I-PER", "I-PER"], "IOB2"),
    'Cannot read token 1: the tag "I-PER" is malformed, IOB2 would have "B-PER" there; malformed: "repair" reads it so',
  );
  assert.deepEqual(tagsToSpans(["O", "I-PER", "I-PER"], "IOB2", { malformed: "repair" }), [
    { type: "PER", start: 1, end: 3 },
  ]);
  assert.deepEqual(
    convertTags(["B-PER", "I-LOC", "E-LOC"], { from: "IOBES", to: "IOB2", malformed: "repair" }),
    ["B-PER", "B-LOC", "I-LOC"],
  );
  refused(
    () => tagsToSpans(["U-PER"], "IOB2"),
    'Cannot read token 0: the tag "U-PER" is outside IOB2, whose prefixes are I, O, B',
  );
  refused(
    () => tagsToSpans(["O", ""], "IOB2"),
    'Cannot read token 1: the tag "" is outside IOB2, whose prefixes are I, O, B',
  );
});

Deno.test("spans that overlap, are empty or leave the sentence are refused", () => {
  const span = (start: number, end: number) => ({ type: "X", start, end });
  refused(
    () => spansToTags([span(0, 2), span(1, 3)], 4, "IOB2"),
    'Cannot tag the entity "X" from 1 to 3: it overlaps "X" from 0 to 2',
  );
  for (const [start, end] of [[1, 1], [-1, 1], [2, 5], [0.5, 2]]) {
    refused(
      () => spansToTags([span(start, end)], 4, "IOB2"),
      `Cannot tag the entity "X" from ${start} to ${end}: the sentence has tokens 0 to 4`,
    );
  }
});
