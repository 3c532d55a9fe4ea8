/**
 * One training step of an MLP and of a transformer block in the libraries that train on WebGPU in Deno, in turns on one device:
 *
 *     cd bench/peers && deno install && deno run -A gpu_peers.ts [--json FILE] [--library weir] [--tiny]
 *
 * They are no dependencies of the project: they are installed here alone, in the versions of this folder's package.json.
 *
 * @module
 */
import { parseArgs } from "node:util";
import process from "node:process";
import { quick, Recorder, timeWindows, tiny } from "../measure.ts";
import { type BlockTask, blockTask, type Contestant, type MlpTask, mlpTask } from "./tasks.ts";

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    library: { type: "string", default: "weir,jax-js,tfjs" },
    tiny: { type: "boolean", default: false },
  },
});
/** Imported when their turn comes, so that one that cannot be loaded costs its own rows alone. */
const libraries: Record<string, (task: MlpTask | BlockTask) => Promise<Contestant>> = {
  weir: async (task) => await (await import("./weir.ts")).weir(task),
  "jax-js": async (task) => await (await import("./jax.ts")).jaxJs(task),
  tfjs: async (task) => await (await import("./tfjs.ts")).tfjs(task),
};

const recorder = new Recorder(values.json);
const comparedSteps = 10;
for (const task of [mlpTask(values), blockTask(values)]) {
  for (const name of values.library.split(",")) {
    const record = { side: name, part: "peers", name: task.name, variant: "Adam" };
    await recorder.try(record, async () => {
      const start = performance.now();
      const contestant = await libraries[name](task);
      const first = await contestant.run(1);
      const compileSeconds = (performance.now() - start) / 1000;
      const tenth = await contestant.run(comparedSteps - 1);
      const times = await timeWindows((steps) => contestant.run(steps), values.tiny ? tiny : quick);
      await contestant.close();
      return { ...times, compileSeconds, losses: [first, tenth] as const };
    });
  }
}
process.exit(0); // some of them keep the event loop busy
