import assert from "node:assert/strict";
import { join } from "node:path";
import { readManifest } from "../../src/bundle/reader.ts";
import { withFolder } from "../folder.ts";
import { messages, weir, writeJsonl } from "./cli.ts";

const small = [
  ...["--device", "interp", "--model-type", "mlp", "--hidden-size", "8", "--vocab-size", "100"],
  ...["--max-tokens", "16", "--batch-size", "16", "--epochs", "1"],
];

Deno.test("rows are divided by shares, by files of their own and by groups, and the manifest says how", () =>
  withFolder(async (folder) => {
    const rows = messages(50).map((row, i) => ({ ...row, author: `a${i % 25}` }));
    const data = await writeJsonl(join(folder, "rows.jsonl"), rows);
    const own = async (name: string, from: number) =>
      await writeJsonl(join(folder, name), messages(200).slice(from, from + 20));
    const test = await own("test.jsonl", 300);
    const validation = await own("validation.jsonl", 340);
    const train = async (...args: string[]) => {
      const { code, stdout, stderr } = await weir(
        ...["train", "--home", folder, "--data", data, "--name", "toy", ...small, "--json", ...args],
      );
      assert.equal(code, 0, stderr);
      const { path, evaluation } = JSON.parse(stdout);
      const { lineage } = await readManifest(path);
      assert.deepEqual(lineage.evaluation, evaluation);
      assert.equal(evaluation.method, "held-out");
      return { rows: Object.values(lineage.rows!), origin: evaluation.origin as string, stderr };
    };
    assert.deepEqual((await train("--split", ".6,.1,.3")).rows, [60, 10, 30]);
    assert.deepEqual((await train("--split", "50,50")).rows, [48, 2, 50]);
    const own2 = await train("--validation", validation, "--test", test);
    assert.deepEqual(own2, { ...own2, rows: [100, 20, 20], origin: "test.jsonl, a file of its own" });
    const grouped = await train("--group", "author", "--near-duplicates", "ignore");
    assert.match(grouped.stderr, /25 groups by column "author", each in one part/);
    assert.match(grouped.origin, /^20% of rows\.jsonl, rows of one "author" kept on one side$/);
    assert.ok(grouped.rows.every((count) => count % 4 === 0), "four rows of each author");
  }));

Deno.test("shares and files that do not fit are refused before the work", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "rows.jsonl"), messages(20));
    const copy = await writeJsonl(join(folder, "copy.jsonl"), messages(20));
    const unknown = await writeJsonl(join(folder, "unknown.jsonl"), [
      { text: "win a prize", label: "spam" },
      { text: "come at noon", label: "Ham" },
    ]);
    for (
      const [args, message] of [
        [["--split", ".8,.3"], /two or three positive shares that sum to 1, such as \.8,\.1,\.1/],
        [["--split", "1"], /two or three positive shares/],
        [["--split", ".8,,.2"], /two or three positive shares/],
        [
          ["--split", ".8,.1,.1", "--test", copy],
          /--split 0\.8,0\.1,0\.1 has 3 shares; with --test two were expected/,
        ],
        [["--test", join(folder, "none.jsonl")], /none\.jsonl: no such file/],
        [["--test", copy], /every row comes again in copy\.jsonl: none is left to train on/],
        [
          ["--test", data],
          /--data and --test are the same file, .*: give other rows to each, or leave --test out/,
        ],
        [
          ["--validation", copy, "--test", copy],
          /--validation and --test are the same file, .*copy\.jsonl: give other/,
        ],
        [["--test", unknown], /unknown\.jsonl line 2: unknown label "Ham"/],
        [["--group", "patient"], /no column "patient" to group by; its columns are "text", "label"/],
      ] as const
    ) {
      const { code, stderr } = await weir(
        ...["train", "--home", folder, "--data", data, "--name", "toy", ...small, ...args],
      );
      assert.notEqual(code, 0, args.join(" "));
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /^epoch 1\//m);
    }
  }));

Deno.test("a run does not go on under another division", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "rows.jsonl"), messages(40));
    const train = (...args: string[]) =>
      weir(
        ...["train", "--home", folder, "--data", data, "--name", "toy", ...small, "--keep-checkpoints", "1"],
        ...args,
      );
    assert.equal((await train()).code, 0);
    for (const other of [["--split", ".5,.5"], ["--near-duplicates", "ignore"], ["--duplicates", "keep"]]) {
      const { code, stderr } = await train("--resume", "--use-epoch", "best", ...other);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /Cannot resume.*division/);
    }
    assert.equal((await train("--resume", "--use-epoch", "best")).code, 0);
  }));
