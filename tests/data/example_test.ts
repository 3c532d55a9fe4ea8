import assert from "node:assert/strict";
import { dataHash, labelsOf } from "../../src/data/example.ts";
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
