import assert from "node:assert/strict";
import { dataHash, labelsOf, readLabel } from "../../src/data/example.ts";
import { labelSetOf } from "../../src/tasks/multi_label_classification/schema.ts";
import { isDataError } from "./files.ts";

Deno.test("labels are sorted, so that a class index does not depend on the order of the data", () => {
  assert.deepEqual(
    labelsOf(["spam", "ham", "spam"], "x"),
    ["ham", "spam"],
  );
});

Deno.test("an empty data set and a single class are refused", () => {
  assert.throws(() => labelsOf([], "mails.csv"), isDataError(/^mails\.csv: no examples/));
  assert.throws(
    () => labelsOf(["a", "a"], "mails.csv"),
    isDataError(/^mails\.csv: every example has the label "a"/),
  );
});

Deno.test("the data hash tells order, text and label apart, and where one ends", () => {
  const hashes = [
    dataHash([]),
    dataHash([{ text: "a", label: "b" }]),
    dataHash([{ text: "b", label: "a" }]),
    dataHash([{ text: "ab", label: "" }]),
    dataHash([{ text: "a", label: "b" }, { text: "c", label: "d" }]),
    dataHash([{ text: "c", label: "d" }, { text: "a", label: "b" }]),
    dataHash([{ text: 'a","b"]\n["c', label: "d" }]),
  ];
  assert.equal(new Set(hashes).size, hashes.length);
});

Deno.test("the data hash is the SHA-256 of one JSON line per example", () => {
  // printf '["hello","ham"]\n' | sha256sum
  assert.equal(
    dataHash([{ text: "hello", label: "ham", id: "7" }]),
    "sha256:5dd19bbede631a8b5a13ccc1900eb530f0f27300d4dd014278287d1921382408",
  );
});

Deno.test("a label with control characters is refused with its place, and one of any script is taken", () => {
  for (const label of ["billing\0", "a\nb", "a\tb", "\x1b[31mred\x1b]0;x\x07", "a\x9bb", "a\u0085"]) {
    assert.throws(() => readLabel({ label }, "m.csv line 3", "label"), (error: Error) => {
      assert.equal(error.name, "DataError");
      assert.match(
        error.message,
        /^m\.csv line 3: column "label" holds the label .* has control characters; remove/,
      );
      assert.doesNotMatch(error.message, /\p{Cc}/u);
      return true;
    });
  }
  for (const label of ["\u0e44\u0e17\u0e22", "\u05e2\u200f", "a b", "\u{1f600}"]) {
    assert.equal(readLabel({ label }, "m.csv line 3", "label"), label);
  }
  assert.throws(
    () => labelSetOf({ labels: ["a", "b\0c"] }, "m.csv line 3", { text: "text", label: "labels" }),
    /control characters/,
  );
});
