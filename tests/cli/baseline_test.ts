// What training keeps as the reference of drift.
import assert from "node:assert/strict";
import { join } from "node:path";
import { withFolder } from "../folder.ts";
import { messages, tiny, weir, writeJsonl } from "./cli.ts";

Deno.test("unknown tokens are those of held-out texts: a tokenizer knows the words it was trained on", () =>
  withFolder(async (folder) => {
    const rows = messages(400).map((row, i) => ({ ...row, text: `${row.text} ${i}` }));
    const data = await writeJsonl(join(folder, "rows.jsonl"), rows);
    const args = ["train", "--home", folder, "--name", "toy", "--data", data, ...tiny, "--epochs", "1"];
    const { code, stderr } = await weir(...args, "--device", "wasm", "--near-duplicates", "ignore");
    assert.equal(code, 0, stderr);
    const kept = JSON.parse(await Deno.readTextFile(join(folder, "models/toy/1.0.0/baseline.json")));
    const of = (name: string) => kept.features.find((feature: { name: string }) => feature.name === name);
    const sum = (counts: number[]) => counts.reduce((all, count) => all + count, 0);
    const heldOut = sum(of("predictedClass").counts);
    assert.equal(sum(of("unknownRate").ranks.counts), heldOut);
    assert.ok(sum(of("characters").ranks.counts) > 5 * heldOut, "lengths are those of all texts");
  }));
