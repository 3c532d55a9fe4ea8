import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ReadOptions } from "../../../src/data/reading/options.ts";
import { describeSource, readRecords } from "../../../src/data/records.ts";
import { withFolder } from "../../folder.ts";
import { isDataError } from "../files.ts";

/** Writes files below a folder. */
async function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
  }
}

/** The records of a folder, and what was guessed, which is called F. */
async function read(folder: string, options: ReadOptions = {}) {
  const guesses: string[] = [];
  const records = [];
  const onGuess = (line: string) => guesses.push(line.replaceAll(folder, "F"));
  for await (const { record } of readRecords(folder, { ...options, onGuess })) records.push(record);
  return { records, guesses };
}

const plain = Deno.readFileSync(new URL("../../golden/reading/plain.parquet", import.meta.url));

Deno.test("a folder for each label, with a text in each file", async () => {
  await withFolder(async (folder) => {
    await write(folder, {
      "ham/1.txt": "see you\nat noon",
      "ham/2.txt": "caf\u00e9",
      "spam/a.txt": "win now",
      "README.md": "what it is",
      ".git/x/y.txt": "nothing",
    });
    assert.deepEqual(await read(folder), {
      records: [
        { text: "see you\nat noon", label: "ham", file: "ham/1.txt" },
        { text: "café", label: "ham", file: "ham/2.txt" },
        { text: "win now", label: "spam", file: "spam/a.txt" },
      ],
      guesses: ['F: 3 files read as a text each, labelled as their folders: "ham", "spam"'],
    });
  });
});

Deno.test("folders of splits with folders of labels in them: train, unless another is named", async () => {
  await withFolder(async (folder) => {
    await write(folder, { "train/a/1.txt": "one", "train/b/1.txt": "two", "test/a/1.txt": "three" });
    const { records, guesses } = await read(folder);
    assert.deepEqual(records.map(({ text, label }) => [text, label]), [["one", "a"], ["two", "b"]]);
    assert.match(guesses.at(-1)!, /split train is read, and not test \(--read-split\)/);
    assert.deepEqual((await read(folder, { split: "test" })).records.map(({ text }) => text), ["three"]);
    await assert.rejects(
      read(folder, { split: "dev" }),
      isDataError(/no split "validation"; it has test, train/),
    );
  });
});

Deno.test("a hub's data set: shards of a split in order, with the classes' names of its card", async () => {
  await withFolder(async (folder) => {
    const card =
      "---\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names:\n" +
      "          '0': billing\n          '1': tech\n---\n# Tickets\n";
    await write(folder, {
      "README.md": card,
      "data/train-00000-of-00002.parquet": plain,
      "data/train-00001-of-00002.parquet": plain,
      "data/test-00000-of-00001.parquet": plain,
    });
    const { records, guesses } = await read(folder);
    assert.equal(records.length, 24);
    assert.deepEqual(records.slice(11, 14).map(({ label }) => label), ["tech", "billing", "tech"]);
    assert.deepEqual(guesses, [
      "F: 2 files, data/train-00000-of-00002.parquet to data/train-00001-of-00002.parquet are read",
      "F: split train is read, and not test (--read-split)",
      'F: integers of column "label" are read as the names that the file has for them: "billing", "tech"',
    ]);
    const { format, splits, split } = await describeSource(folder, { split: "test" });
    assert.deepEqual({ format, splits, split }, {
      format: "parquet",
      splits: ["test", "train"],
      split: "test",
    });
    await Deno.writeFile(join(folder, "data/train-00001-of-00002.parquet"), plain.slice(0, 300));
    await assert.rejects(
      read(folder),
      isDataError(/train-00001-of-00002.parquet: cannot be read as Parquet/),
    );
  });
});

Deno.test("names of classes in dataset_info.json; -1 is no class", async () => {
  await withFolder(async (folder) => {
    const features = { label: { names: ["neg", "pos"], _type: "ClassLabel" }, text: { _type: "Value" } };
    await write(folder, {
      "dataset_info.json": JSON.stringify({ features }),
      "train.jsonl": '{"text":"a","label":1}\n{"text":"b","label":-1}\n{"text":"c","label":7}\n',
    });
    assert.deepEqual((await read(folder)).records.map(({ label }) => label), ["pos", null, 7]);
  });
});

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const words = "apple bread cloud dance eagle flute grape house ivory juice knife lemon".split(" ");
const table = words.map((word, i) => `${word} and ${word}s;${i % 2 ? "ham" : "spam"}\n`).join("");
const inputs: [kind: string, bytes: Uint8Array][] = [
  ["CSV", new TextEncoder().encode(`text;label\n${table}`)],
  ["Parquet", plain],
];

for (const [kind, bytes] of inputs) {
  Deno.test(`standard input: cat FILE | weir data check - (${kind})`, async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", main, "data", "check", "-", "--json"],
      ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
    }).spawn();
    const writer = child.stdin.getWriter();
    // In two pieces, as a pipe gives them.
    await writer.write(bytes.subarray(0, 10));
    await writer.write(bytes.subarray(10));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    // One of its texts is null: training would refuse.
    assert.equal(code, bytes === plain ? 2 : 0, new TextDecoder().decode(stderr));
    assert.equal(JSON.parse(new TextDecoder().decode(stdout)).rows, bytes === plain ? 11 : 12);
  });
}
