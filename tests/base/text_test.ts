import assert from "node:assert/strict";
import {
  codePointIndices,
  compareCodePoints,
  countCodePoints,
  firstLine,
  oneLine,
  shorten,
  show,
} from "../../src/base/text.ts";

Deno.test("the length of a text is counted in code points, lone surrogates included", () => {
  for (const text of ["", "abc", "caf\u00e9", "\u{1f600}x\u{1f600}", "\ud800a", "\udc00\ud800"]) {
    assert.equal(countCodePoints(text), [...text].length, JSON.stringify(text));
  }
});

Deno.test("a place in UTF-16 units is a place in code points", () => {
  for (const text of ["", "abc", "\u{1f600}x\u{1f600}", "\ud800a", "a\udc00\ud800"]) {
    const place = codePointIndices(text);
    for (let unit = 0; unit <= text.length; unit++) {
      const inHalf = unit > 0 && text.codePointAt(unit - 1)! > 0xffff;
      assert.equal(
        place(unit),
        countCodePoints(text.slice(0, inHalf ? unit - 1 : unit)),
        JSON.stringify([text, unit]),
      );
    }
  }
});

Deno.test("strings are ordered by their code points, as their UTF-8 bytes are", () => {
  const texts = ["", "a", "ab", "b", "\ufb01", "\uffff", "\u{10000}", "\u{1f600}"];
  assert.deepEqual(texts.toReversed().sort(compareCodePoints), texts);
  assert.equal(compareCodePoints("a", "a"), 0);
});

Deno.test("a text that is cut ends with an ellipsis, and no character is cut in half", () => {
  assert.equal(shorten("spam", 4), "spam");
  assert.equal(shorten("spams", 4), "spa…");
  assert.equal(shorten("sp\u{1f600}s", 4), "sp…");
});

Deno.test("a message is one line", () => {
  assert.equal(oneLine(" a\n  b\r\n\nc \n"), "a b c");
  assert.equal(firstLine(new Error("first\nsecond")), "first");
  assert.equal(firstLine("plain"), "plain");
});

Deno.test("a message shows any value, and no character of it is a command to a terminal", () => {
  assert.equal(show("a\x1b]8;;x\x07b\x9bc\u202ed"), '"a\\u001b]8;;x\\u0007b[U+009B]c[U+202E]d"');
  assert.equal(show(undefined), "undefined");
  const circle: unknown[] = [];
  circle.push(circle);
  for (const value of [circle, 1n]) assert.equal(show(value), "a value that JSON cannot hold");
});
