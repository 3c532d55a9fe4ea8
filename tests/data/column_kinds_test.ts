import assert from "node:assert/strict";
import { createColumnCounter } from "../../src/data/check/columns.ts";

const kindsOf = (...records: Record<string, unknown>[]) => {
  const counter = createColumnCounter();
  for (const record of records) counter.add(record);
  return counter.profiles().map(({ kinds }) => kinds);
};

Deno.test("a text that reads as a number is a text where its column has values of other types", () => {
  assert.deepEqual(kindsOf({ label: "1" }, { label: 1 }, { label: true }), [["text", "number", "boolean"]]);
  assert.deepEqual(kindsOf({ label: 1 }, { label: "1" }, { label: "one" }), [["number", "text"]]);
  assert.deepEqual(kindsOf({ id: "7", stars: 5 }), [["number"], ["number"]]);
  assert.deepEqual(
    kindsOf({ stars: "5" }, { stars: "four" }),
    [["number", "text"]],
    "as a CSV file has them",
  );
});
