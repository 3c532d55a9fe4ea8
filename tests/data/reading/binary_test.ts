import { tableFromArrays, tableToIPC } from "@uwdata/flechette";
import assert from "node:assert/strict";
import { keepThreads } from "../../../src/data/reading/decoder.ts";
import type { ReadOptions } from "../../../src/data/reading/options.ts";
import { describeSource, readRecords } from "../../../src/data/records.ts";
import { isDataError, withFile } from "../files.ts";

const golden = (name: string) => Deno.readFileSync(new URL(`../../golden/reading/${name}`, import.meta.url));
const expected: { text: string | null; label: number }[] = JSON.parse(
  new TextDecoder().decode(golden("expected.json")),
);
const named = expected.map(({ text, label }) => ({ text, label: ["billing", "tech"][label] }));

/** The records of a file, and what was guessed about it, which is called F. */
async function read(path: string, options: ReadOptions = {}) {
  const guesses: string[] = [];
  const records = [];
  const onGuess = (line: string) => guesses.push(line.replaceAll(path, "F"));
  for await (const { record } of readRecords(path, { ...options, onGuess })) records.push(record);
  return { records, guesses };
}

const CLASSES =
  'F: integers of column "label" are read as the names that the file has for them: "billing", "tech"';

const parquet = ["plain", "zstd", "gzip", "brotli", "lz4", "delta"].map((name) => `${name}.parquet`);
const arrow = ["stream.arrow", "lz4.feather", "zstd.feather"];

Deno.test("what pyarrow writes, integers as their classes' names where the file has them", async (t) => {
  const threads = keepThreads();
  for (const name of [...parquet, ...arrow]) {
    await t.step(name, () =>
      withFile(name, golden(name), async (path) => {
        assert.deepEqual(
          await read(path),
          arrow.includes(name) ? { records: named, guesses: [CLASSES] } : { records: expected, guesses: [] },
        );
      }));
  }
  await threads.close();
});

Deno.test("every type of column, over several groups", async (t) => {
  const threads = keepThreads();
  for (const name of ["all.parquet", "all.feather"]) {
    await t.step(name, () => withFile(name, golden(name), readsAll));
  }
  await threads.close();
});

async function readsAll(path: string): Promise<void> {
  const { records, guesses } = await read(path);
  assert.deepEqual(guesses, [CLASSES]);
  assert.deepEqual(records.map(({ text, label }) => ({ text, label })), named);
  assert.deepEqual(records[0], {
    ...{ text: "an invoice for 0 euros", label: "billing", kind: "billing", tags: [] },
    ...{ at: "1970-01-01T00:00:00.000Z", score: 0.5, seen: true, big: "9007199254740993" },
    place: { x: 0, y: null },
  });
  assert.deepEqual(records.map(({ tags }) => tags).slice(0, 4), [[], ["a"], null, ["a", "b"]]);
  assert.deepEqual(records.map(({ at }) => at).slice(1, 3), [null, "2023-11-14T22:13:20.000Z"]);
  assert.deepEqual(records.map(({ seen }) => seen).slice(0, 3), [true, false, null]);
  assert.deepEqual(records.map(({ kind }) => kind).slice(0, 2), ["billing", "tech"]);
}

for (const name of ["rows.csv.gz", "rows.csv.zst"]) {
  Deno.test(`packed text is known by its bytes, whatever its name: ${name}`, async () => {
    for (const as of [name, "rows.csv", "rows"]) {
      await withFile(as, golden(name), async (path) => {
        const { records } = await read(path);
        assert.deepEqual(
          records,
          expected.map(({ text, label }) => ({ text: text ?? "?", label: String(label) })),
        );
      });
    }
    await withFile(name, golden(name).slice(0, -9), async (path) => {
      await assert.rejects(read(path), isDataError(/broken or cut off/));
    });
  });
}

Deno.test("a batch of 12 MB is handed to the thread at once, and not a byte at a time", async () => {
  const texts = Array.from("abcdefghijkl", (letter) => letter.repeat(1_000_000));
  const table = tableToIPC(tableFromArrays({ text: texts }), { format: "file" })!;
  await withFile("x.arrow", table, async (path) => {
    const start = performance.now();
    const { records } = await read(path);
    assert.equal(records.length, 12);
    assert.ok(performance.now() - start < 4000);
  });
});

Deno.test("a reader that stops early leaves no thread behind", async () => {
  await withFile("x.parquet", golden("all.parquet"), async (path) => {
    assert.equal((await describeSource(path)).columns.length, 9);
    for await (const _first of readRecords(path)) break;
  });
});

/** A column of three values; each says that a billion of them are there, in some way. */
const LIARS: [what: string, base64: string, message: RegExp][] = [
  [
    "a run of levels",
    "UEFSMRUAFSwVLCwVBhUAFQYVBgAABgAAAP7///8HAQEAAAACAAAAAwAAABUCGSxIAXIVAgAVAiUCGAFhABYGGRwZHCYIHBUCGRUAGRgBYRUAFgYWThZOJggAABZOFgYAADYAAABQQVIx",
    // Which of the two comes first depends on the machine.
    /takes over \d+ MiB of memory|does not end in the time that a file of its size should take/,
  ],
  [
    "a packed run",
    "UEFSMRUAFSoVKiwVBhUAFQYVBgAABQAAAP////8HAQAAAAIAAAADAAAAFQIZLEgBchUCABUCJQIYAWEAFgYZHBkcJggcFQIZFQAZGAFhFQAWBhZMFkwmCAAAFkwWBgAANgAAAFBBUjE=",
    /it points to what is not there/,
  ],
  [
    "a page",
    "UEFSMRUAFSQVJCwVgICAgAgVABUGFQYAAAIAAAAGAQEAAAACAAAAAwAAABUCGSxIAXIVAgAVAiUCGAFhABYGGRwZHCYIHBUCGRUAGRgBYRUAFgYWThZOJggAABZOFgYAADYAAABQQVIx",
    /a page of 1073741824 values, and 3 are the most/,
  ],
];

for (const [what, base64, message] of LIARS) {
  Deno.test(`Parquet that lies of its size is refused in seconds: ${what}`, () =>
    withFile("x.parquet", Uint8Array.fromBase64(base64), async (path) => {
      const start = performance.now();
      await assert.rejects(read(path), isDataError(message));
      assert.ok(performance.now() - start < 20_000);
    }));
}

Deno.test("Arrow whose description lists two billion fields, or points out of itself, is refused at once", async () => {
  for (const name of ["fields-without-end", "fields-elsewhere"]) {
    const bytes = Deno.readFileSync(new URL(`../../fuzz/found/arrow/${name}`, import.meta.url));
    await withFile("x.arrow", bytes, async (path) => {
      await assert.rejects(read(path), isDataError(/its description points outside of itself/));
    });
  }
});

Deno.test("Arrow whose offsets, indices or lengths point elsewhere is refused, and not read as nulls", async () => {
  const good = golden("all.feather");
  const kinds = new Set<string>();
  let same = 0;
  const threads = keepThreads();
  for (let at = 0; at < good.length; at += 61) {
    const bytes = good.slice();
    bytes.fill(0xff, at, at + 4);
    await withFile("x.arrow", bytes, async (path) => {
      try {
        same += (await read(path)).records.length === 12 ? 1 : 0;
      } catch (error) {
        assert.ok(isDataError(/./)(error as Error), String(error));
        kinds.add((error as Error).message.slice(path.length).replace(/\d+/g, "#"));
      }
    });
  }
  await threads.close();
  assert.ok(kinds.size > 5, [...kinds].join("\n"));
  assert.ok(
    [...kinds].some((kind) => /a value from -?# to -?# where there are #/.test(kind)),
    [...kinds].join("\n"),
  );
  assert.ok(same > 0);
});
