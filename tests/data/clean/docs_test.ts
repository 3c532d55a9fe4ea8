import assert from "node:assert/strict";
import { parseSteps } from "../../../src/data/clean/steps.ts";
import { rowSteps } from "../../../src/data/clean/row_steps.ts";
import { textSteps } from "../../../src/data/clean/text_steps.ts";
import { cleaningSteps } from "../../../src/cli/training/clean.ts";

const page = await Deno.readTextFile(new URL("../../../docs/cleaning.md", import.meta.url));

Deno.test("docs/cleaning.md lists every step and none that there is not", () => {
  const listed = [...page.matchAll(/^\| (`[^|]*(?:\\\|[^|]*)*) \|/gm)]
    .flatMap(([, cell]) => [...cell.matchAll(/`([a-z-]+)/g)].map(([, name]) => name));
  assert.deepEqual(
    [...new Set(listed)].sort(),
    [...Object.keys(textSteps), ...Object.keys(rowSteps)].sort(),
  );
});

Deno.test("the steps in its commands are steps", () => {
  const given = [...page.matchAll(/--clean (?:'([^']+)'|([a-z][^\s'`]*[^\s'`.]))(?=[\s'`])/g)]
    .map(([, quoted, plain]) => quoted ?? plain)
    .filter((argument) => !argument.includes("..."));
  assert.ok(given.length >= 6, `${given.length} arguments`);
  for (const argument of given) assert.ok(parseSteps(cleaningSteps(argument)).length > 0);
});
