// Tables that are compared without a model.
import assert from "node:assert/strict";
import { join } from "node:path";
import { createHashedRandom } from "../../src/base/random.ts";
import { columnKinds, tableFeatures } from "../../src/drift/mod.ts";
import { withFolder } from "../folder.ts";
import { weir, writeJsonl } from "./cli.ts";

/** People of two cities, whose age, city and whether an income is given can move. */
function people(
  seed: number,
  count: number,
  move: { age?: number; newcomers?: number; silent?: number } = {},
) {
  const random = createHashedRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: count }, (_, i) => ({
    id: `${seed}-${i}`,
    age: Math.round(40 + (move.age ?? 0) + 12 * normal()),
    income: random() < (move.silent ?? 0.05) ? null : Math.round(1000 * Math.exp(10 + normal() / 2)) / 1000,
    city: random() < (move.newcomers ?? 0) ? "Oslo" : random() < 0.4 ? "Rome" : "Bonn",
  }));
}

Deno.test("a table that changes is found by column, in words; one that does not is no alarm", () =>
  withFolder(async (folder) => {
    const reference = await writeJsonl(join(folder, "reference.jsonl"), people(1, 3000));
    const same = await writeJsonl(join(folder, "same.jsonl"), people(2, 3000));
    const calm = await weir("drift", "--reference", reference, "--current", same, "--json");
    assert.equal(calm.code, 0, calm.stderr);
    const report = JSON.parse(calm.stdout);
    assert.deepEqual([report.alarm, report.alarmFeatures, report.windows.length], [false, [], 3]);
    const moved = people(3, 3000, { age: 5, newcomers: 0.1, silent: 0.2 }).map((row) => ({
      ...row,
      extra: 1,
    }));
    const current = await writeJsonl(join(folder, "current.jsonl"), moved);
    const { stdout, stderr } = await weir(
      "drift",
      ...["--reference", reference, "--current", current, "--window", "500"],
    );
    assert.match(stderr, /1 column of .*current\.jsonl is not in the reference: extra/);
    assert.match(stdout, /^ALARM: age, income, city \(6 windows of up to 500 rows/);
    assert.match(stdout, /^age .*ALARM {2}larger: 6\d% are above the reference's median/m);
    assert.match(
      stdout,
      /^income .*ALARM {2}no value in (1[5-9]|2\d)% of observations, [3-6](\.\d)?% in the reference/m,
    );
    assert.match(stdout, /^city .*ALARM {2}"new or rare values": 0% in the reference, [\d.]+% now/m);
    const page = join(folder, "drift.html");
    await weir("drift", "--reference", reference, "--current", current, "--window", "500", "--out", page);
    const html = await Deno.readTextFile(page);
    assert.match(html, /larger: 6\d% are above the reference&#39;s median.*difference \+\d/s);
    assert.match(html, /aria-label="6 windows of age"/);
    assert.doesNotMatch(html, /<script|https?:\/\/(?!www\.w3\.org)/);
    // What nobody can compare is said.
    const other = await writeJsonl(join(folder, "other.jsonl"), [{ a: 1 }, { a: 2 }]);
    const none = await weir("drift", "--reference", reference, "--current", other);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /has none of the columns of .*: id, age, income, city; it has a/);
    const few = await weir("drift", "--reference", other, "--current", reference);
    assert.equal(few.code, 2);
    assert.match(few.stderr, /other\.jsonl: Cannot build a drift baseline from 2 observations/);
    for (const args of [["--reference", reference], ["--model", "toy", "--reference", reference], []]) {
      const { code, stderr } = await weir("drift", ...args);
      assert.equal(code, 2);
      assert.match(stderr, /give --model and --data, or --reference and --current/);
    }
  }));

Deno.test("with the time of each row a change is dated, and what repeats by the hour is no drift", () =>
  withFolder(async (folder) => {
    const hour = 3_600_000, start = Date.UTC(2026, 2, 2);
    const orders = (seed: number, from: number, days: number, shiftFrom = Infinity) => {
      const random = createHashedRandom(seed);
      return Array.from({ length: days * 24 * 30 }, (_, i) => {
        const atMs = start + from * 24 * hour + i * hour / 30;
        const wave = Math.sin(2 * Math.PI * (atMs - start) / (24 * hour));
        const share = 0.5 + 0.25 * wave + (i >= shiftFrom * 24 * 30 ? 0.12 : 0);
        return { time: new Date(atMs).toISOString(), channel: random() < share ? "web" : "shop", seed };
      });
    };
    const reference = await writeJsonl(join(folder, "reference.jsonl"), orders(1, 0, 14));
    const calm = await writeJsonl(join(folder, "calm.jsonl"), orders(2, 14, 10));
    const moved = await writeJsonl(join(folder, "moved.jsonl"), orders(3, 14, 10, 6));
    const drift = async (current: string, ...more: string[]) => {
      const args = ["drift", "--reference", reference, "--current", current, "--time-column", "time"];
      const { code, stdout, stderr } = await weir(...args, "--window", "200", ...more, "--json");
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout);
    };
    const alarms = ({ windows }: { windows: { features: { name: string; alarm: boolean }[] }[] }) =>
      windows.filter(({ features }) => features.some(({ name, alarm }) => name === "channel" && alarm))
        .length;
    assert.equal(alarms(await drift(calm, "--season", "hour-of-day")), 0);
    assert.ok(alarms(await drift(calm)) > 0, "without the season the first days are");
    const found = await drift(moved, "--season", "hour-of-day");
    assert.ok(found.alarmFeatures.includes("channel"));
    const { sinceMs } = found.windows.at(-1).features.find(({ name }: { name: string }) =>
      name === "channel"
    ).change;
    const days = (sinceMs - start) / (24 * hour) - 20;
    assert.ok(Math.abs(days) < 1.5, `dated ${days} days off`);
    const mixed = await writeJsonl(join(folder, "mixed.jsonl"), orders(2, 14, 1).toReversed());
    const unsorted = await weir(
      "drift",
      "--reference",
      reference,
      "--current",
      mixed,
      "--time-column",
      "time",
    );
    assert.equal(unsorted.code, 2);
    assert.match(
      unsorted.stderr,
      /mixed\.jsonl line 2: rows are not in order of time: sort the file by it first/,
    );
    const none = await weir(
      "drift",
      "--reference",
      reference,
      "--current",
      calm,
      "--time-column",
      "when",
      "--season",
      "day-of-week",
    );
    assert.equal(none.code, 2);
    assert.match(none.stderr, /line 1: column "when" is missing; a time was expected/);
  }));

Deno.test("columns are numbers, categories or texts by what they hold, and empty cells are missing", () => {
  const rows = Array.from({ length: 300 }, (_, i) => ({
    price: `${i / 7}`,
    month: String(1 + i % 10),
    flag: i % 2 === 0,
    note: `this is note ${i}`,
    nothing: "",
  }));
  const columns = columnKinds(rows);
  assert.deepEqual(columns.map(({ name, kind }) => `${name} ${kind}`), [
    "price number",
    "month category",
    "flag category",
    "note text",
  ]);
  const [price, month, flag, note] = tableFeatures(columns);
  const row = { price: "12.5", month: 3, flag: true, note: "hello" };
  assert.deepEqual([price, month, flag, note].map((feature) => feature.read(row)), [12.5, "3", "true", 5]);
  assert.deepEqual([price.read({ price: "n/a" }), price.read({ price: " " }), price.read({})], [
    null,
    undefined,
    undefined,
  ]);
});
