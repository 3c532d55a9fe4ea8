import assert from "node:assert/strict";
import { join } from "node:path";
import { withFolder } from "../folder.ts";
import { messages, tiny, weir, writeJsonl } from "./cli.ts";

/** Runs a command that must succeed with `--json`; its object, and what it wrote beside. */
// deno-lint-ignore no-explicit-any -- whatever a command prints
async function json(...args: string[]): Promise<{ result: Record<string, any>; stderr: string }> {
  const { code, stdout, stderr } = await weir(...args, "--json");
  assert.equal(code, 0, stderr);
  return { result: JSON.parse(stdout), stderr };
}

Deno.test("an evaluation says which rows its model has seen, and scores the others apart", async (t) => {
  await withFolder(async (folder) => {
    const home = join(folder, "home");
    const rows = messages(150);
    const data = await writeJsonl(join(folder, "mails.jsonl"), rows);
    const fresh = await writeJsonl(
      join(folder, "fresh.jsonl"),
      rows.slice(0, 40).map(({ text, label }) => ({ text: `${text} and one more thing`, label })),
    );
    const on = ["--home", home, "--device", "wasm"];
    const train = ["train", "--home", home, "--data", data, ...tiny, "--epochs", "2"];
    const evaluated = (model: string, ...args: string[]) =>
      json("eval", ...on, "--model", model, "--no-latency", ...args);

    await t.step("rows of the training file are seen, but for those that were held out", async () => {
      const { stderr } = await json(...train, "--name", "toy");
      const [, trained, chose, held] = /; (\d+) to train, (\d+) to choose the epoch, (\d+) held out/.exec(
        stderr,
      )!;
      const page = join(folder, "report.html");
      const { result, stderr: said } = await evaluated("toy", "--data", data, "--out", page);
      assert.deepEqual(result.data.seen, { train: Number(trained), validation: Number(chose), base: 0 });
      assert.match(
        said,
        new RegExp(
          `warning: toy 1.0.0 has seen ${
            300 - Number(held)
          } of 300 rows in training: judge it by the ${held} rows`,
        ),
      );
      const slices = result.sections.find(({ title }: { title: string }) => title === "Unseen and seen rows");
      assert.deepEqual(slices.rows.map(({ value, n }: { value: string; n: number }) => [value, n]), [
        ["unseen", Number(held)],
        ["seen", 300 - Number(held)],
      ]);
      assert.ok(slices.rows[0].intervals[0].low <= slices.rows[0].intervals[0].value);
      const html = await Deno.readTextFile(page);
      assert.match(
        html,
        /The model has seen 240 of 300 rows in training|The model has seen 2\d\d of 300 rows/,
      );
      assert.match(html, /<dt>seen in training<\/dt><dd>2\d\d \(\d+ trained on, \d+ chose the epoch\)/);
    });

    await t.step("the text says so, too", async () => {
      const { stdout } = await weir("eval", ...on, "--model", "toy", "--no-latency", "--data", data);
      assert.match(
        stdout,
        /^300 rows of mails\.jsonl; seen in training: 2\d\d \(\d+ trained on, \d+ chose the epoch\)/,
      );
      assert.match(
        stdout,
        /Unseen and seen rows\ntraining +rows +macro F1 +accuracy.*\nunseen +60 .*\nseen +240 /,
      );
    });

    await t.step("case and white space make no other row; another text does", async () => {
      const { result } = await evaluated("toy", "--data", fresh);
      assert.deepEqual(result.data.seen, { train: 0, validation: 0, base: 0 });
      assert.match(result.notes[0], /None of the 40 rows is one that toy 1\.0\.0 has seen in training/);
      const shouted = await writeJsonl(
        join(folder, "shouted.jsonl"),
        rows.map(({ text, label }) => ({ text: ` ${text.toUpperCase().replaceAll(" ", "  ")}`, label })),
      );
      const { result: loud } = await evaluated("toy", "--data", shouted);
      assert.ok(loud.data.seen.train > 200);
    });

    await t.step("where all rows are seen, the report says that it shows nothing", async () => {
      const { parts } = await seenParts(home, rows);
      const only = await writeJsonl(join(folder, "only.jsonl"), parts);
      const { result, stderr } = await evaluated("toy", "--data", only);
      assert.equal(
        result.sections.some(({ title }: { title: string }) => title === "Unseen and seen rows"),
        false,
      );
      assert.match(
        stderr,
        /has seen all \d+ rows in training: these scores say nothing about texts that are new to it/,
      );
    });

    await t.step("a gate can ask for the unseen rows' score, and for the share of seen ones", async () => {
      const gate = join(folder, "gate.json");
      await Deno.writeTextFile(
        gate,
        JSON.stringify({ conditions: ["slices.training.unseen.accuracy.low >= 0.5", "seen.share <= 0.1"] }),
      );
      const { code, stderr } = await weir(
        "eval",
        ...on,
        "--model",
        "toy",
        "--no-latency",
        "--data",
        data,
        "--gate",
        gate,
      );
      assert.equal(code, 1);
      assert.match(stderr, /1 of 2 conditions unmet: seen\.share <= 0\.1/);
    });

    await t.step("a model that was made from another has seen what that one has", async () => {
      const more = await writeJsonl(join(folder, "more.jsonl"), messages(190).slice(300));
      await json(
        "train",
        "--home",
        home,
        "--device",
        "wasm",
        "--epochs",
        "1",
        "--data",
        more,
        "--name",
        "child",
        "--from",
        "toy",
      );
      const { result } = await evaluated("child", "--data", data);
      const { train, validation, base } = result.data.seen;
      assert.equal(train + validation, 0);
      assert.ok(base > 200);
    });

    await t.step("a comparison is also made on the rows that neither model has seen", async () => {
      await json(...train, "--name", "toy", "--seed", "9");
      const { result, stderr } = await json(
        "compare",
        "toy@1.0.0",
        "toy@1.1.0",
        "--data",
        data,
        ...on,
        "--trials",
        "100",
      );
      const [all, unseen] = result.sections.filter(({ kind }: { kind: string }) => kind === "comparison");
      assert.equal(all.only, undefined);
      assert.equal(unseen.only, "unseen rows");
      assert.match(unseen.title, /toy 1\.1\.0 beside toy 1\.0\.0, on \d+ unseen rows/);
      assert.ok(unseen.rows[0].a.n < 60);
      assert.match(stderr, /warning: toy 1\.0\.0 has seen/);
      assert.match(stderr, /warning: toy 1\.1\.0 has seen/);
      assert.ok(result.notes.some((note: string) => note.startsWith("toy 1.0.0 has seen")));
    });

    await t.step(
      "with --no-fingerprints nothing is kept, and the report says that it is not known",
      async () => {
        const { result } = await json(...train, "--name", "private", "--no-fingerprints");
        const files = JSON.parse(await Deno.readTextFile(join(result.path, "weir.json"))).files;
        assert.equal(Object.hasOwn(files, "fingerprints.bin"), false);
        const { result: report } = await evaluated("private", "--data", data);
        assert.equal(report.data.seen, undefined);
        assert.match(
          report.notes[0],
          /private 1\.0\.0 has no fingerprints of its training rows: it is not known/,
        );
        const again = await json(
          "train",
          ...on,
          "--epochs",
          "1",
          "--data",
          data,
          "--name",
          "of-private",
          "--from",
          "private",
        );
        assert.ok(again.result.version);
        const { result: child } = await evaluated("of-private", "--data", data);
        assert.ok(
          child.notes.some((note: string) =>
            /was made from private 1\.0\.0, which has no fingerprints/.test(note)
          ),
        );
      },
    );

    await t.step(
      "fingerprints are listed with the bundle's files, and a changed one is refused",
      async () => {
        const path = join(home, "models", "toy", "1.0.0");
        const { files } = JSON.parse(await Deno.readTextFile(join(path, "weir.json")));
        const bytes = await Deno.readFile(join(path, "fingerprints.bin"));
        assert.equal(files["fingerprints.bin"].sizeBytes, bytes.length);
        assert.equal((await weir("registry", "verify", "toy@1.0.0", "--home", home)).code, 0);
        bytes[bytes.length - 1] ^= 1;
        await Deno.writeFile(join(path, "fingerprints.bin"), bytes);
        assert.notEqual((await weir("registry", "verify", "toy@1.0.0", "--home", home)).code, 0);
        const { code, stderr } = await weir(
          "eval",
          ...on,
          "--model",
          "toy@1.0.0",
          "--no-latency",
          "--data",
          data,
        );
        assert.equal(code, 2);
        assert.match(stderr, /fingerprints\.bin/);
      },
    );
  });
});

/** The rows that toy 1.0.0 has seen. */
async function seenParts(home: string, rows: { text: string; label: string }[]) {
  const { readFingerprints } = await import("../../src/bundle/fingerprints.ts");
  const { readManifest } = await import("../../src/bundle/reader.ts");
  const { seenRows } = await import("../../src/lifecycle/fingerprints.ts");
  const path = join(home, "models", "toy", "1.0.0");
  const fingerprints = (await readFingerprints(path, await readManifest(path)))!;
  const where = seenRows(rows.map(({ text }) => ({ queries: [text] })), fingerprints);
  return { parts: rows.filter((_, i) => where[i] !== undefined) };
}
