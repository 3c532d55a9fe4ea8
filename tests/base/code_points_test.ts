import assert from "node:assert/strict";
import { codePoints } from "../../src/base/code_points.ts";

Deno.test("the length of a text is counted in code points, lone surrogates included", () => {
  for (const text of ["", "abc", "caf\u00e9", "\u{1f600}x\u{1f600}", "\ud800a", "\udc00\ud800"]) {
    assert.equal(codePoints(text), [...text].length, JSON.stringify(text));
  }
});
