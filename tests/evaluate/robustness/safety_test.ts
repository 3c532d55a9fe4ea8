import assert from "node:assert/strict";
import {
  checkSafety,
  personalData,
  type SafetyFilter,
  termsFilter,
} from "../../../src/evaluate/robustness/safety.ts";

const output = (text: string, i: number) => ({ row: i + 1, where: "output" as const, text });
const found = async (text: string, filter: SafetyFilter = personalData) =>
  (await filter.check(text)).map((finding) => `${finding.rule}: ${finding.text}`);

Deno.test("personal data is found by its form and its check digits", async () => {
  assert.deepEqual(await found("mail ann.b+c@mail.example.org."), [
    "e-mail address: ann.b+c@mail.example.org",
  ]);
  assert.deepEqual(await found("card 4111 1111 1111 1111, ok"), ["card number: 4111 1111 1111 1111"]);
  assert.deepEqual(await found("card 4111 1111 1111 1112"), []);
  assert.deepEqual(await found("0000 0000 0000 0000"), []);
  assert.deepEqual(await found("IBAN GB82 WEST 1234 5698 7654 32"), ["IBAN: GB82 WEST 1234 5698 7654 32"]);
  assert.deepEqual(await found("IBAN GB83 WEST 1234 5698 7654 32"), []);
  assert.deepEqual(await found("at 192.168.1.20 and 300.1.1.1 and 1.2.3.4.5"), ["IP address: 192.168.1.20"]);
  assert.deepEqual(await found("Nothing here, on 2024-01-31 at 12:30."), []);
});

Deno.test("terms are whole words, in any case, and may have several words", async () => {
  const filter = termsFilter(["Badword", "very  bad thing"]);
  assert.deepEqual(await found("A BADWORD, badwords", filter), ["term: badword"]);
  assert.deepEqual(await found("a very bad THING!", filter), ["term: very bad thing"]);
  assert.throws(() => termsFilter([" "]), /has no terms/);
});

Deno.test("the share of flagged rows counts a row once, with an interval", async () => {
  const texts = ["a@b.org and c@d.org", "fine", "fine", "x@y.org"].map(output);
  const section = await checkSafety(texts, [personalData, termsFilter(["x"])]);
  assert.equal(section.flagged.value, 0.5);
  assert.equal(section.flagged.n, 4);
  assert.ok(section.flagged.low < 0.3 && section.flagged.high > 0.7);
  assert.deepEqual(section.rows.map((row) => [row.row, row.rule]), [
    [1, "e-mail address"],
    [1, "e-mail address"],
    [4, "e-mail address"],
    [4, "term"],
  ]);
  assert.equal(section.title, "Safety: personal data, terms");
});

Deno.test("a filter may be anything that answers, and one that fails is named with the row", async () => {
  const model: SafetyFilter = {
    name: "toxicity",
    check: (text) => Promise.resolve(text.includes("hate") ? [{ rule: "toxic", text }] : []),
  };
  const section = await checkSafety(["I hate it", "ok"].map(output), [model]);
  assert.deepEqual(section.rows, [{ row: 1, where: "output", rule: "toxic", text: "I hate it" }]);
  const broken: SafetyFilter = { name: "broken", check: () => Promise.reject(new Error("no answer")) };
  await assert.rejects(
    checkSafety(["a"].map(output), [broken]),
    /filter "broken" failed at row 1: no answer/,
  );
  await assert.rejects(checkSafety([], [model]), /there are no texts/);
});

Deno.test("hostile texts take time in proportion", async () => {
  for (
    const text of [
      "a".repeat(300_000),
      "1 ".repeat(150_000),
      "a@".repeat(150_000),
      "AB12".repeat(75_000),
      "1.".repeat(150_000),
    ]
  ) {
    assert.ok(Array.isArray(await personalData.check(text)));
  }
});
