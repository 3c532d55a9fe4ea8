// Judging a model whose products are done in 8 bits.
import assert from "node:assert/strict";
import { join } from "node:path";
import { withFolder } from "../folder.ts";
import { messages, tiny, weir, writeJsonl } from "./cli.ts";

Deno.test("a model is compared with itself in 8 bits, and one that is too small for that is refused", async () => {
  await withFolder(async (folder) => {
    const at = ["--home", join(folder, "home")], on = [...at, "--device", "wasm"];
    const data = await writeJsonl(join(folder, "mails.jsonl"), messages(80));
    for (const [name, width] of [["wide", "64"], ["narrow", "16"]]) {
      const size = ["--hidden-size", width, "--epochs", "1"];
      const { code, stderr } = await weir("train", ...at, "--data", data, "--name", name, ...tiny, ...size);
      assert.equal(code, 0, stderr);
    }
    const asked = ["--data", data, ...on, "--precision", "int8", "--json", "--resamples", "100"];
    const { code, stdout, stderr } = await weir("compare", "wide", "wide", ...asked, "--trials", "100");
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout);
    const { a, b, rows } = report.sections.find(({ kind }: { kind: string }) => kind === "comparison");
    assert.deepEqual([a, b], ["wide 1.0.0", "wide 1.0.0 in int8"]);
    const loss = rows.find(({ name }: { name: string }) => name === "logLoss");
    assert.ok(loss.difference.value !== 0 && Math.abs(loss.difference.value) < 0.01, JSON.stringify(loss));

    const alone = await weir("eval", "--model", "wide", ...asked);
    assert.equal(alone.code, 0, alone.stderr);
    assert.match(JSON.parse(alone.stdout).notes.join("\n"), /Products were done in 8 bits/);

    const refused = await weir("eval", "--model", "narrow", ...asked);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /Cannot run \S+ in int8: its weights are smaller than 64 x 64/);
    assert.doesNotMatch(refused.stderr, /at .*\.ts/);
  });
});
