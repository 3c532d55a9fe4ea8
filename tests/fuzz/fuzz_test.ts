import assert from "node:assert/strict";
import { createRunner, fuzz } from "./fuzz.ts";
import { mutant } from "./mutate.ts";
import { bytesOf } from "./parser.ts";
import { endParsers, parsers } from "./parsers.ts";

const found = new URL("./found/", import.meta.url);
/** What was found and is made in a line. */
const long: Readonly<Record<string, Record<string, string>>> = {
  "training's options": {
    "six thousand keys": Array.from({ length: 6000 }, (_, i) => `k${i}: 1\n`).join(""),
  },
};
/** Of all parsers together; `bench/fuzz.ts` goes on for as long as it is told. */
const SECONDS = 60;

Deno.test("a case is made again from its seed and number, and two numbers are two cases", () => {
  const seeds = parsers.jsonl.seeds();
  const all = Array.from({ length: 200 }, (_, index) => mutant(seeds, { seed: 7, index }).toHex());
  assert.deepEqual(Array.from({ length: 200 }, (_, index) => mutant(seeds, { seed: 7, index }).toHex()), all);
  assert.ok(new Set(all).size > 150);
});

Deno.test("every parser reads its good inputs", async (t) => {
  for (const [name, { seeds, run }] of Object.entries(parsers)) {
    // Half a model is there to be broken off elsewhere.
    const whole = name === "onnx" ? seeds().slice(1) : seeds();
    await t.step(name, async () => {
      for (const bytes of whole) assert.ok(await run(bytes) >= 0);
      await endParsers();
    });
  }
});

Deno.test("what the fuzzer has found is borne now: FOLDER/PARSER/NAME", async (t) => {
  await using runner = createRunner();
  for await (const { name: parser } of Deno.readDir(found)) {
    await t.step(parser, async () => {
      const names = [...Deno.readDirSync(new URL(`${parser}/`, found))].map(({ name }) => name).sort();
      const inputs = names.map((name) => Deno.readFileSync(new URL(`${parser}/${name}`, found)));
      for (const [name, text] of Object.entries(long[parser] ?? {})) {
        names.push(name);
        inputs.push(bytesOf(text));
      }
      const problems = await runner.tryInputs(parser, inputs);
      assert.deepEqual(problems.map((what, i) => what && `${names[i]}: ${what}`).filter(Boolean), []);
    });
  }
});

Deno.test(`no parser hangs, grows or fails otherwise than for a user in ${SECONDS} s of changed inputs`, async () => {
  const { cases, findings } = await fuzz({ forMs: SECONDS * 1000, seed: 1 });
  const lines = findings.map(({ parser, what, input }) =>
    `${parser}: ${what}\n  ${input.subarray(0, 400).toBase64()}`
  );
  assert.deepEqual(lines, []);
  assert.ok(cases > 1000, `${cases} cases`);
});
