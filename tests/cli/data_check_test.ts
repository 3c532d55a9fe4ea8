import assert from "node:assert/strict";
import { join } from "node:path";
import { withFolder } from "../folder.ts";
import { messages, tiny, weir, writeJsonl } from "./cli.ts";

Deno.test("data check tells what a file holds and what training would do, as text, JSON and a page", async () => {
  await withFolder(async (folder) => {
    const rows = messages(60);
    rows[0] = { ...rows[0], label: "Ham" };
    rows[2] = { ...rows[2], label: "" };
    rows[3] = { ...rows[1] };
    const file = await writeJsonl(join(folder, "mails.jsonl"), rows);
    const page = join(folder, "check.html");
    const shown = await weir("data", "check", file, "--out", page);
    // As training would, which reads the label that is empty.
    assert.equal(shown.code, 2, shown.stderr);
    assert.match(shown.stdout, /119 rows that can be read and 1 that cannot/);
    assert.match(shown.stdout, /"ham" \(58\), "Ham" \(1\)/);
    assert.match(shown.stdout, /ERROR +1 row of 120 cannot be trained on: .*line 3: column "label" is empty/);
    assert.match(await Deno.readTextFile(page), /<h2>Findings<\/h2>/);

    const { code, stdout } = await weir("data", "check", file, "--json");
    assert.equal(code, 2);
    const check = JSON.parse(stdout);
    assert.equal(check.rows, 119);
    assert.equal(check.repeats.duplicates, 1);
    assert.deepEqual(check.columns.map(({ name }: { name: string }) => name), ["text", "label"]);
    assert.ok(
      check.findings.some(({ kind }: { kind: string }) => kind === "labels-rare"),
      "one row of Ham",
    );
  });
});

Deno.test("data check reads the columns of other tasks", async () => {
  await withFolder(async (folder) => {
    const file = await writeJsonl(
      join(folder, "stars.jsonl"),
      messages(30).map(({ text }, i) => ({ review: text, stars: i % 5 })),
    );
    const columns = ["--text-column", "review", "--label-column", "stars"];
    const { code, stdout, stderr } = await weir(
      "data",
      "check",
      file,
      "--task",
      "text-regression",
      ...columns,
      "--json",
    );
    assert.equal(code, 0, stderr);
    const { classes, numbers, training } = JSON.parse(stdout);
    assert.deepEqual(classes, []);
    assert.equal(numbers.mean, 2);
    assert.equal(training.parts.train + training.parts.validation + training.parts.test, 60);
  });
});

Deno.test("train --dry-run prints the plan with its memory and time, and trains nothing", async () => {
  await withFolder(async (folder) => {
    const file = await writeJsonl(join(folder, "mails.jsonl"), messages(60));
    const home = join(folder, "home");
    const given = ["--data", file, "--name", "dry", "--home", home, "--dry-run", ...tiny];
    const { code, stdout, stderr } = await weir("train", ...given, "--json");
    assert.equal(code, 0, stderr);
    const { training } = JSON.parse(stdout);
    assert.ok(training.seconds > 0 && training.deviceBytes > 0);
    assert.equal(training.steps, training.stepsPerEpoch * training.epochs);
    await assert.rejects(Deno.stat(home), Deno.errors.NotFound);
  });
});

Deno.test("a dry run knows the columns to group by and what is left out, and ends as the training would", async () => {
  await withFolder(async (folder) => {
    const rows = messages(60).map((row, i) => ({
      ...row,
      who: `p${i % 12}`,
      ...(i % 10 === 0 && { label: "" }),
    }));
    const file = await writeJsonl(join(folder, "mails.jsonl"), rows);
    const given = ["train", "--name", "dry", "--home", join(folder, "home"), "--dry-run", ...tiny];
    const grouped = await weir(...given, "--data", file, "--group", "who", "--skip-blank", "--json");
    assert.equal(grouped.code, 0, grouped.stderr);
    const { findings, unreadable, rows: count } = JSON.parse(grouped.stdout);
    assert.deepEqual([count, unreadable], [108, 0]);
    assert.ok(
      findings.some(({ what }: { what: string }) =>
        what.startsWith("12 rows without a text or label left out")
      ),
    );
    const twice = await writeJsonl(
      join(folder, "twice.jsonl"),
      rows.slice(1, 9).map((row) => ({ ...row, label: "one" })),
    );
    const refused = await weir(...given, "--data", twice);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^weir: every row has the label "one": there is nothing to tell apart$/m);
    assert.equal((await weir("data", "check", twice)).code, 2);
    // Rows that cannot be trained on are refused by training, too.
    const broken = await writeJsonl(join(folder, "broken.jsonl"), [...messages(20), {
      text: "a",
      label: {},
    }]);
    for (const args of [["data", "check", broken], [...given, "--data", broken]]) {
      const { code, stderr } = await weir(...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /weir: 1 row of 41 cannot be trained on: .*broken\.jsonl line 41/);
    }
    assert.equal(
      (await weir("train", ...given.slice(1).filter((arg) => arg !== "--dry-run"), "--data", broken)).code,
      2,
    );
  });
});
