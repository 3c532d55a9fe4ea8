import assert from "node:assert/strict";
import { textSteps } from "../../../src/data/clean/text_steps.ts";

const clean = textSteps["remove-characters"].make("control");

Deno.test("control characters go with the whole code of a terminal that they begin", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["\u001b[2J\u001b[31mplease\u001b[0m help", "please help"],
    ["\u009b1;31mred", "red"],
    ["\u001b]0;a title\u0007text", "text"],
    ["see \u001b]8;;http://a.example\u001b\\here\u001b]8;;\u001b\\", "see here"],
    ["\u001b(Bplain", "plain"],
    ["cut off \u001b[31", "cut off "],
    ["\u001bHello [31m] \u0000there", "Hello [31m] there"],
    ["\u001b]never closed", "]never closed"],
  ];
  for (const [text, cleaned] of cases) assert.equal(clean(text), cleaned, JSON.stringify(text));
});

Deno.test("beginnings of terminal codes without an end are read in time that grows with the text", () => {
  for (const part of ["\u001b[", "\u001b]", "\u009d", "\u009b1", "\u001b]a"]) {
    const start = performance.now();
    clean(part.repeat(500_000));
    assert.ok(performance.now() - start < 2000, JSON.stringify(part));
  }
});
