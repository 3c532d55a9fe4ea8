// Files that commands write.
import assert from "node:assert/strict";
import { join } from "node:path";
import { withFolder } from "../folder.ts";
import { messages, weir, writeJsonl } from "./cli.ts";

/** Commands that write a file, with what they read; none of them comes to its work. */
const commands = (data: string, out: string): string[][] => [
  ["predict", "--model", "none", "--file", data, "--out", out, "--out-format", "jsonl"],
  ["eval", "--model", "none", "--data", data, "--out", out],
  ["compare", "none", "none", "--data", data, "--out", out],
  ["train", "--name", "toy", "--data", data, "--report", out],
  ["data", "check", data, "--out", out],
  ["data", "clean", data, "--clean", "strip-html", "--report", out],
];

Deno.test("a file that is read is not written over, under whatever name", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "rows.json"), messages(4));
    const link = join(folder, "link.json");
    await Deno.symlink(data, link);
    const before = await Deno.readTextFile(data);
    for (const out of [data, link]) {
      for (const args of commands(data, out)) {
        const { code, stderr } = await weir(...args, "--home", folder);
        assert.equal(code, 2, args.join(" "));
        assert.match(stderr, /\.json is the file that is read: write to another/, args.join(" "));
      }
    }
    assert.equal(await Deno.readTextFile(data), before);
  }));

Deno.test("a folder that is not there is said before the work", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "rows.jsonl"), messages(4));
    for (const args of commands(data, join(folder, "none", "out.json"))) {
      const { code, stderr } = await weir(...args, "--home", folder);
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, /There is no folder .*none: make it first/, args.join(" "));
    }
    for (const args of commands(data, join(data, "out.json"))) {
      assert.match((await weir(...args, "--home", folder)).stderr, /rows\.jsonl is a file, not a folder/);
    }
    await Deno.mkdir(join(folder, "out.json"));
    for (const args of commands(data, join(folder, "out.json"))) {
      assert.match((await weir(...args, "--home", folder)).stderr, /It is a folder: name a file in it/);
    }
  }));
