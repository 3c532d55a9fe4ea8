import assert from "node:assert/strict";
import { readLines } from "../../src/data/lines.ts";
import { withFile } from "./files.ts";

Deno.test("lines come without their ends and with their numbers, the last one also without an end", async () => {
  await withFile("x.txt", "\ufeffone\r\n\ntwo\rthree\n\ufefffour", async (path) => {
    assert.deepEqual(await Array.fromAsync(readLines(path)), [
      { number: 1, text: "one" },
      { number: 2, text: "" },
      { number: 3, text: "two\rthree" },
      { number: 4, text: "\ufefffour" },
    ]);
  });
});
