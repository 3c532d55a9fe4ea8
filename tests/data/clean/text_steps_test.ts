import assert from "node:assert/strict";
import { textCleaner } from "../../../src/data/clean/clean.ts";
import { textSteps } from "../../../src/data/clean/text_steps.ts";

for (const [name, { example: { step, text, cleaned } }] of Object.entries(textSteps)) {
  Deno.test(`${name}: its example is what it does`, () => {
    assert.ok(step === name || step.startsWith(`${name}=`));
    assert.equal(textCleaner([step])(text), cleaned);
  });
}

const clean = (text: string, ...steps: string[]) => textCleaner(steps)(text);

Deno.test("steps are applied in the order given", () => {
  assert.equal(clean("WIN a TV", "lowercase", "replace=[a-z]=>.", "replace=[.]+=>-"), "- - -");
  assert.equal(clean("WIN a TV", "replace=[a-z]=>.", "lowercase", "replace=[.]+=>-"), "win - tv");
});

Deno.test("no step leaves a text as it is", () => {
  assert.equal(clean(" As  IT is\n"), " As  IT is\n");
});

Deno.test("addresses end before the punctuation of their sentence, and mail addresses are no web addresses", () => {
  assert.equal(clean("(see http://a.example/x,y). ok", "strip-urls=U"), "(see U). ok");
  assert.equal(clean("HTTPS://A.EXAMPLE and www.b.example!", "strip-urls="), " and !");
  assert.equal(clean("mail ада@пример.рф or @nobody, a@b", "strip-emails=M"), "mail M or @nobody, a@b");
});

Deno.test("numbers of any script are numbers, with their points and commas", () => {
  assert.equal(clean("1.250,50 und ٣٤, 7.", "strip-numbers=N"), "N und N, N.");
});

Deno.test("a value that a step does not take is refused with what it takes", () => {
  const cases: [string, RegExp][] = [
    ["lowercase=yes", /lowercase takes no value, and "yes" was given/],
    ["normalize=NFX", /normalize takes NFC, NFKC; "NFX" was given/],
    ["cut", /cut takes a whole number of at least 1, such as cut=10$/],
    ["cut=-3", /cut takes a whole number.*"-3" was given/],
    ["remove-characters=vowels", /remove-characters takes control, format.*"vowels" was given/],
    ["remove-characters", /remove-characters takes control/],
    [`strip-urls=${"x".repeat(41)}`, /at most 40 characters .*41 were given/],
    ["replace", /replace takes a value: write replace=X\{2,\}=>TEXT/],
    ["replace=X+", /has no =>: write replace=PATTERN=>TEXT/],
    ["replace=(=>x", /pattern "\(" is none of RE2.*missing/],
    ["replace=(a)\\1=>x", /is none of RE2, which has no look-around and no back-references/],
    ["replace=(?=a)=>x", /is none of RE2/],
    ["replace=((a{0,100}){0,10}){5}=>x", /RE2|instructions/],
    [`replace=(abcdefghij){150}=>x`, /instructions, and at most 1000 are run/],
    ["strip-hmtl", /no cleaning step "strip-hmtl"; of texts there are strip-html, .* of rows drop-empty/],
    ["min-words=3", /"min-words=3" chooses rows, and a text is no row/],
    ["toString", /no cleaning step "toString"/],
  ];
  for (const [step, message] of cases) {
    assert.throws(() => textCleaner([step]), { name: "DataError", message }, step);
  }
  assert.throws(() => textCleaner(new Array(33).fill("lowercase")), /33 cleaning steps .* at most 32/);
});

Deno.test("what is put in place of a pattern is a text, and no reference to a group", () => {
  assert.equal(clean("ab", "replace=(a)=>$1$&\\1"), "$1$&\\1b");
  assert.equal(clean("a=>b", "replace=a=>=>c"), "cb");
});

Deno.test("every step takes time in proportion to the text, on texts made to be slow", () => {
  const letters = "a".repeat(500_000);
  const texts = [letters, `${letters}@`, "a@".repeat(250_000), "<".repeat(500_000), "&".repeat(500_000)];
  texts.push(
    "1,".repeat(250_000),
    "http://" + ".".repeat(500_000),
    " ".repeat(500_000) + "x",
    "é".repeat(500_000),
  );
  for (const [name, { example: { step } }] of Object.entries(textSteps)) {
    const apply = textCleaner([step]);
    for (const [i, text] of texts.entries()) {
      const begun = performance.now();
      apply(text);
      const ms = performance.now() - begun;
      assert.ok(ms < 5_000, `${name} took ${ms.toFixed(0)} ms for text ${i}`);
    }
  }
});

Deno.test("a pattern that is exponential elsewhere is linear here, and one that looks ahead at each place is stopped", () => {
  assert.equal(clean(`${"a".repeat(100_000)}b`, "replace=(a+)+$=>x").length, 100_001);
  const begun = performance.now();
  assert.throws(
    () => clean("a".repeat(1_000_000), "replace=a.*b|a=>x"),
    /replace=.* takes over 2000 ms for a text of 1000000 characters/,
  );
  assert.throws(
    () => clean("a".repeat(1_000_000), "replace=(?:a?){50}a{100}=>x"),
    /compiles to \d+ instructions, which is too much work for a text of 1000000 characters/,
  );
  assert.ok(performance.now() - begun < 10_000);
});

Deno.test("steps that would fill the memory are refused with the step", () => {
  const doubling = new Array(32).fill("replace=a=>aa");
  assert.throws(
    () => clean("a".repeat(1_000), ...doubling),
    /"replace=a=>aa" makes over 14000 characters of a text of 1000/,
  );
  assert.throws(
    () => clean("a".repeat(1_000_000), `replace=a=>${"x".repeat(40)}`),
    /makes over 4010000 characters/,
  );
  assert.throws(() => clean("1 ".repeat(100_000), `strip-numbers=${"9".repeat(40)}`), /makes over/);
  assert.equal(clean("ﷺ".repeat(500), "normalize=NFKC").length, 9_000);
});
