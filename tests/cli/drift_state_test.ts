// What a server keeps of its drift monitor, and how a policy is given.
import assert from "node:assert/strict";
import { join } from "node:path";
import { openStateFile } from "../../src/cli/drift_state.ts";
import { BaselineBuilder, DriftMonitor, watchLive } from "../../src/drift/mod.ts";
import { featuresOf, simulateTexts, USUAL } from "../drift/simulate.ts";
import { withFolder } from "../folder.ts";
import { weir } from "./cli.ts";

const builder = new BaselineBuilder(featuresOf());
const text = simulateTexts(1);
for (let i = 0; i < 200; i++) builder.observe(text(USUAL));
const baseline = builder.build();
const model = { name: "toy", version: "1.0.0" };

Deno.test("each window is in the file once it is told, and the next server goes on from there", () =>
  withFolder(async (home) => {
    const lines: string[] = [];
    const output = { progress: (line: string) => void lines.push(line) };
    const path = join(home, "drift", "toy", "1.0.0.json");
    const start = async () => {
      const file = await openStateFile(home, model, output);
      const monitor = new DriftMonitor(featuresOf(), baseline, { windowSize: 50, state: file.state });
      const watch = watchLive(monitor);
      if (file.note !== undefined) lines.push(file.note);
      return { watch, stop: file.keep(watch) };
    };
    const first = await start();
    // Of the same model only one process keeps what it saw; another serves all the same.
    const second = await start();
    assert.match(
      lines.pop()!,
      /^warning: what is watched for drift is not kept: this process keeps it already/,
    );
    await second.stop();
    second.watch.dispose();
    for (let i = 0; i < 130; i++) first.watch.observe(text(USUAL), i);
    await first.watch.save();
    await new Promise((resolve) => setTimeout(resolve, 50)); // the file is written after the window is told
    const kept = JSON.parse(await Deno.readTextFile(path));
    assert.deepEqual([kept.windowsClosed, kept.open.n], [2, 30]);
    await first.stop();
    first.watch.dispose();
    const next = await start();
    for (let i = 0; i < 20; i++) next.watch.observe(text(USUAL), i);
    const { windowsClosed, open } = await next.watch.save();
    assert.deepEqual([windowsClosed, open], [3, undefined]);
    await next.stop();
    next.watch.dispose();
    // A file that somebody has cut is said, and watching begins anew.
    await Deno.truncate(path, 100);
    const anew = await start();
    assert.match(lines.pop()!, /1\.0\.0\.json cannot be read, watching begins anew/);
    await anew.stop();
    anew.watch.dispose();
  }));

Deno.test("a policy file that is wrong is refused with what is wrong, and so is a time that is none", () =>
  withFolder(async (folder) => {
    const cases: [string, RegExp][] = [
      ["windowsize: 100", /There is no "windowsize"; did you mean "windowSize"\?/],
      ["windowSize: many", /windowSize is "many", wanted a whole number/],
      ["smallestEffect: 7", /smallestEffect is 7, wanted a number between 0 and 1/],
      ["thresholds:\n  characters: 3", /threshold of characters is 3/],
      ["- 1", /It must be an object of names and values/],
    ];
    for (const [text, message] of cases) {
      const file = join(folder, "policy.yaml");
      await Deno.writeTextFile(file, text);
      const { code, stderr } = await weir("serve", "--model", "toy", "--home", folder, "--policy", file);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
    const { code, stderr } = await weir("drift", "--model", "toy", "--data", "spam", "--window-time", "soon");
    assert.equal(code, 2);
    assert.match(stderr, /It must be a time from 1s to 366d/);
  }));
