import assert from "node:assert/strict";
import { runTrials } from "../../bench/resume_trials.ts";
import { withFolder } from "../folder.ts";

Deno.test("killed, without room, two at once or with other options: what is registered is what the run gives undisturbed", () =>
  withFolder(async (folder) => {
    const { trials, wrong, compared } = await runTrials({ trials: 6, seed: 11, disk: "limit", folder });
    assert.deepEqual([trials, wrong], [6, []]);
    assert.ok(compared >= 6);
  }));
