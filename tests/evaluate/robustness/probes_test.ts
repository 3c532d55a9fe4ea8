import assert from "node:assert/strict";
import { perturb, type Probe, probes } from "../../../src/evaluate/robustness/probes.ts";

const text = "Congratulations, you have WON a café voucher worth 500 euros! Reply now to claim it.";
const of = (probe: Probe, input = text, seed = 0) => perturb([input], probe, { seed })[0];

Deno.test("a probe's change depends on seed and row alone", () => {
  for (const probe of Object.keys(probes) as Probe[]) {
    const many = perturb([text, text, text], probe, { seed: 3 });
    assert.deepEqual(perturb([text, text, text], probe, { seed: 3 }), many);
    assert.equal(perturb([text, "another row", text], probe, { seed: 3 })[2], many[2]);
  }
  assert.notEqual(of("typos", text, 1), of("typos", text, 2));
});

Deno.test("typos change about one word in ten, by a letter or two, and leave the first letter", () => {
  const words = Array.from({ length: 200 }, (_, i) => ["message", "receive", "account", "standard"][i % 4]);
  const changed = of("typos", words.join(" ")).split(" ");
  assert.equal(changed.length, words.length);
  const different = words.flatMap((word, i) => word === changed[i] ? [] : [[word, changed[i]]]);
  assert.ok(different.length >= 15 && different.length <= 20, `${different.length}`);
  for (const [before, after] of different) {
    assert.equal(after[0], before[0]);
    assert.ok(Math.abs(after.length - before.length) <= 1, `${before} ${after}`);
  }
});

Deno.test("casing, truncation, punctuation, accents and spaces", () => {
  assert.equal(of("uppercase", "Straße, ok"), "STRASSE, OK");
  assert.equal(of("lowercase", "WIN Now"), "win now");
  assert.equal(of("truncated", "one two three four five"), "one two three");
  assert.equal(of("no punctuation", "Win, now! (free)"), "Win now free");
  assert.equal(of("no accents", "perché café naïve"), "perche cafe naive");
  assert.equal(of("spaces", "a b\tc"), "a  \nb  \nc");
});

Deno.test("lookalikes read the same and are other characters", () => {
  const changed = of("lookalikes", "please access your account");
  assert.notEqual(changed, "please access your account");
  assert.equal(changed.length, 26);
  assert.match(changed, /[\u0400-\u04ff]/);
});

Deno.test("texts with nothing to change stay as they are", () => {
  for (const probe of Object.keys(probes) as Probe[]) {
    assert.equal(of(probe, ""), "");
    assert.equal(typeof of(probe, "😀 42 我"), "string");
  }
  assert.equal(of("typos", "a b 7 我"), "a b 7 我");
});

Deno.test("long texts take time in proportion", () => {
  const long = "word ".repeat(200_000);
  for (const probe of Object.keys(probes) as Probe[]) assert.ok(of(probe, long).length > 0);
});

Deno.test("an unknown probe is refused with those there are", () => {
  assert.throws(() => of("upside down" as Probe), /Unknown probe "upside down": choose of typos, uppercase/);
});
