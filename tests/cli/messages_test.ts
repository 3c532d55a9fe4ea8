// What commands say where somebody made a mistake.
import assert from "node:assert/strict";
import { join } from "node:path";
import { withFolder } from "../folder.ts";
import { messages, weir, writeJsonl } from "./cli.ts";

/** Runs a command that is called or fed wrongly; what it says on standard error. */
async function refused(...args: string[]): Promise<string> {
  const { code, stderr } = await weir(...args);
  assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
  return stderr;
}

Deno.test("what a terminal would obey is written as escapes in every error of a call", () =>
  withFolder(async (folder) => {
    const evil = "a\u001b[31mb";
    for (
      const args of [
        ["train", "--name", evil, "--data", "spam"],
        ["train", `--${evil}`],
        [evil],
        ["eval", "--worst", evil],
        ["data", "check", join(folder, evil)],
      ]
    ) assert.ok(!(await refused(...args)).includes("\u001b"), args.join(" "));
  }));

Deno.test("YAML that is none is said with its line, in one sentence", () =>
  withFolder(async (folder) => {
    const file = join(folder, "c.yaml");
    await Deno.writeTextFile(file, "name: a\nepochs: 3\n bad: [1\n");
    assert.match(
      await refused("train", "--config", file),
      /It is no YAML: [^.]*, in line \d; --help says how\n$/,
    );
  }));

Deno.test("a precision that a device has not is a wrong call", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "rows.jsonl"), messages(60));
    const args = ["train", "--name", "toy", "--data", data, "--home", folder];
    assert.match(
      await refused(...args, "--precision", "f16", "--device", "wasm"),
      /Cannot train in f16 on wasm/,
    );
  }));

Deno.test("one class is said once, and rows without a label can be left out of a check", () =>
  withFolder(async (folder) => {
    const one = messages(60).map((row) => ({ ...row, label: "spam" }));
    const data = await writeJsonl(join(folder, "one.jsonl"), one);
    const { code, stdout, stderr } = await weir("data", "check", data);
    assert.equal(code, 2);
    assert.equal(stdout.match(/ERROR/g)!.length, 1, stdout);
    assert.match(stderr, /^weir: every row has the label "spam": there is nothing to tell apart\n$/);
    const rows: object[] = messages(60);
    const blank = await writeJsonl(join(folder, "blank.jsonl"), [...rows, {
      text: "nobody said",
      label: null,
    }]);
    assert.match(await refused("data", "check", blank), /column "label" is null/);
    const left = await weir("data", "check", blank, "--skip-blank");
    assert.equal(left.code, 0, left.stderr);
    assert.match(left.stdout, /1 row without a text or label left out, as --skip-blank says/);
  }));

Deno.test("a column that is not there: the names inside of objects, and a delimiter that was wrong", () =>
  withFolder(async (folder) => {
    const nested = await writeJsonl(
      join(folder, "nested.jsonl"),
      messages(40).map(({ text, label }) => ({ doc: { text, lang: "en" }, meta: { label } })),
    );
    const found = /no column "text"; found "doc\.text", "doc\.lang", "meta\.label"/;
    assert.match(await refused("data", "check", nested), found);
    assert.match(await refused("train", "--name", "toy", "--home", folder, "--data", nested), found);
    const table = join(folder, "t.csv");
    await Deno.writeTextFile(
      table,
      `text,label\n${messages(40).map(({ text, label }) => `${text},${label}`).join("\n")}\n`,
    );
    assert.match(
      await refused("data", "check", table, "--delimiter", ";"),
      /found "text,label": that is one column, is "," the delimiter \(--delimiter\)\?/,
    );
  }));

Deno.test("data clean takes columns by their usual names, and says why it shows no labels", () =>
  withFolder(async (folder) => {
    const rows = messages(30).map(({ text, label }) => ({
      Ticket: text.length,
      Body: text,
      Category: label,
    }));
    const file = await writeJsonl(join(folder, "rows.jsonl"), rows);
    const { code, stdout, stderr } = await weir("data", "clean", file, "--clean", "collapse-space");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /column "Body" is read as the text, column "Category" is read as the label/);
    assert.match(stdout, /before/);
    const blank = await writeJsonl(
      join(folder, "blank.jsonl"),
      rows.map((row, i) => i % 10 === 0 ? { ...row, Category: null } : row),
    );
    const without = await weir("data", "clean", blank, "--clean", "collapse-space");
    assert.equal(without.code, 0, without.stderr);
    assert.match(without.stderr, /labels are not shown: column "Category" holds none in 6 rows of 60/);
  }));
