import assert from "node:assert/strict";
import { architectureOf } from "../../models/index.ts";
import { UserError } from "../../src/base/errors.ts";
import { checkedPaths } from "../../src/bundle/writer.ts";
import { classIndices } from "../../src/evaluate/classification/counts.ts";
import { rouge } from "../../src/evaluate/generation/rouge.ts";
import { outside } from "../../src/evaluate/tagging/tagging_schemes.ts";
import { tallyComparisons } from "../../src/people/pairwise.ts";
import { categoryIndex } from "../../src/statistics/categories.ts";
import { checkDistinct, checkOneOf } from "../../src/statistics/checks.ts";
import { servedTask } from "../../src/tasks/served.ts";

const long = "x".repeat(10_000);

/** What names or values of ten thousand characters are given to. */
const calls: Readonly<Record<string, () => unknown>> = {
  "a category twice": () => categoryIndex([long, long]),
  "a name twice": () => checkDistinct("model", [long, long]),
  "none of a list": () => checkOneOf("average", long, ["macro", "micro"]),
  "a label twice": () => classIndices([], [long, long]),
  "a label that is not there": () => classIndices([long], ["a"]),
  "a tag": () => {
    throw new UserError(outside(long, "IOB2"));
  },
  "a kind of ROUGE": () => rouge(["a"], ["a"], { types: [long] } as never),
  "a file of a bundle": () => checkedPaths([`../${long}`]),
  "a comparison": () => tallyComparisons([{ a: long, b: long, winner: "a" }] as never),
  "a type of model": () => architectureOf({ modelType: long } as never),
  "a task": () => servedTask(long),
};

for (const [what, call] of Object.entries(calls)) {
  Deno.test(`a message shows the beginning of what is too long for it: ${what}`, () => {
    assert.throws(call, (error: Error) => {
      assert.ok(error.message.length < 1000, `${error.message.length} characters`);
      assert.match(error.message, /xxx/);
      return true;
    });
  });
}
