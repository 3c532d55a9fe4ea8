import assert from "node:assert/strict";
import { readLabel, readText } from "../../src/data/example.ts";

Deno.test("a list where one label is wanted names the task that reads lists of labels", () => {
  assert.throws(
    () => readLabel({ label: ["refund"] }, "line 1", "label"),
    /a label was expected\. A list of labels is read with --task multi-label-classification$/,
  );
  assert.throws(() => readText({ text: ["a"] }, "line 1", "text"), /a string was expected$/);
});
