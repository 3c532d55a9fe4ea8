import assert from "node:assert/strict";
import { krippendorffAlpha, type MeasurementLevel } from "../../src/people/krippendorff.ts";
import { createRandom } from "../../src/base/random.ts";
import { close, readGolden, readRatings } from "./golden.ts";

type Case = [number[], string[], ...(number | null)[]];
const { krippendorff } = readGolden<{ krippendorff: Case[] }>("agreement");
const LEVELS: MeasurementLevel[] = ["nominal", "ordinal", "interval", "ratio"];

Deno.test("Krippendorff's alpha equals the package krippendorff at every level, with ratings missing", () => {
  assert.ok(krippendorff.length >= 500);
  krippendorff.forEach(([steps, rows, ...expected], i) => {
    const raters = rows.map((row) => readRatings(row).map((rating) => rating === null ? NaN : steps[rating]));
    LEVELS.forEach((level, l) => {
      const { alpha } = krippendorffAlpha(raters, { level, values: steps, resamples: 0 });
      close(alpha.value, expected[l], `case ${i} ${level}`);
      close(
        krippendorffAlpha(raters, { level, resamples: 0 }).alpha.value,
        expected[l],
        `case ${i}, values found`,
      );
    });
  });
});

Deno.test("alpha is 1 for perfect agreement and sees neither the order of raters nor of units", () => {
  const random = createRandom(9);
  for (const level of LEVELS) {
    const ratings = Array.from(
      { length: 4 },
      () => Array.from({ length: 20 }, () => random() < 0.2 ? null : 1 + Math.floor(random() * 5)),
    );
    const { alpha } = krippendorffAlpha(ratings, { level, resamples: 200 });
    assert.ok(alpha.value <= 1 && alpha.low <= alpha.value && alpha.high >= alpha.value);
    close(
      krippendorffAlpha(ratings.toReversed(), { level, resamples: 0 }).alpha.value,
      alpha.value,
      "raters",
    );
    const turned = ratings.map((row) => row.toReversed());
    close(krippendorffAlpha(turned, { level, resamples: 0 }).alpha.value, alpha.value, "units");
    assert.equal(krippendorffAlpha([[1, 2, 5, null], [1, 2, 5, 3]], { level }).alpha.value, 1);
  }
});

Deno.test("two raters on two values: alpha is kappa with pooled shares, corrected for few units", () => {
  const a = [0, 0, 1, 1, 0, 1, 1, 0], b = [0, 1, 1, 1, 0, 0, 1, 0];
  const { alpha } = krippendorffAlpha([a, b], { resamples: 0 });
  const share = (a.concat(b).filter((value) => value === 1).length) / 16;
  const scott = 1 - (2 / 8) / (2 * share * (1 - share));
  close(alpha.value, 1 - (1 - scott) * 15 / 16, "alpha");
});

Deno.test("one value only leaves alpha undefined", () => {
  for (const level of LEVELS) {
    assert.ok(
      Number.isNaN(
        krippendorffAlpha([[0.1, 0.1, 0.1], [0.1, 0.1, 0.1]], { level, values: [0.1, 0.3] }).alpha.value,
      ),
    );
  }
});

Deno.test("names with an order are ordinal; bad data is named", () => {
  const names = [["low", "mid", "high", null], ["low", "high", "high", "mid"]];
  const values = ["low", "mid", "high"];
  const numbers = names.map((row) => row.map((name) => name === null ? null : values.indexOf(name)));
  close(
    krippendorffAlpha(names, { level: "ordinal", values }).alpha.value,
    krippendorffAlpha(numbers, { level: "ordinal" }).alpha.value,
    "names",
  );
  assert.throws(() => krippendorffAlpha(names, { level: "ordinal" }), /need the option values/);
  assert.throws(
    () => krippendorffAlpha(names, { level: "interval" }),
    /level interval must be a finite number, got "high"/,
  );
  assert.throws(
    () => krippendorffAlpha([[1, -1], [1, 1]], { level: "ratio" }),
    /level ratio must be .*, got -1/,
  );
  assert.throws(() => krippendorffAlpha([[1, Infinity], [1, 1]], { level: "interval" }), /finite/);
  assert.throws(() => krippendorffAlpha([[1, 2], [1]]), /Rater 2 has 1 ratings, wanted 2/);
  assert.throws(() => krippendorffAlpha([[1, null], [null, 1]]), /no unit has two ratings/);
  assert.throws(
    () => krippendorffAlpha([[1, 9], [1, 1]], { values: [1, 2] }),
    /Rater 1's rating of unit 2 is 9/,
  );
  assert.throws(() => krippendorffAlpha([]), /no ratings/);
});
