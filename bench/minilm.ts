/**
 * Fine-tunes a checkpoint, such as all-MiniLM-L6-v2, on labelled texts, with its body trained along and with it frozen, and
 * prints what was measured as one JSON object a line:
 *
 *     deno run -A bench/minilm.ts CHECKPOINT_FOLDER DATA.jsonl [--epochs 3] [--rows 500] [--only full|frozen]
 *
 * It runs on WebGPU or the `--device` asked for (`interp` shows that everything is in place). `DATA.jsonl` has columns `text`
 * and `label`; `--spam DATA.jsonl` writes the SpamAssassin mails so and ends, for a machine that has no package of them.
 * Nothing is registered. For a machine without network, `deno bundle --platform deno` makes one file of it: `native` then finds
 * onnxruntime-node in a node_modules beside that file, and `wasm` wants onnxruntime-web's two
 * `dist/ort-wasm-simd-threaded.*` (.mjs, .wasm) beside it.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { deviceNames, openBackend, pickDevice } from "../src/cli/device.ts";
import { readSpam } from "../src/data/spam.ts";
import { evaluateRows, fit, judge } from "../src/lifecycle/fit.ts";
import { learningRateFor, trainingDefaults } from "../src/lifecycle/options.ts";
import { prepare } from "../src/lifecycle/prepare.ts";
import { readPretrained } from "../src/lifecycle/pretrained.ts";
import { readRows } from "../src/lifecycle/rows.ts";
import { servedTasks } from "../src/tasks/served.ts";

const { values, positionals } = parseArgs({
  options: {
    spam: { type: "string" },
    device: { type: "string", default: "webgpu" },
    epochs: { type: "string", default: "3" },
    "batch-size": { type: "string", default: "32" },
    rows: { type: "string" },
    only: { type: "string" },
  },
  allowPositionals: true,
});

if (values.spam !== undefined) {
  const lines = readSpam().map(({ text, label }) => JSON.stringify({ text, label }) + "\n");
  await Deno.writeTextFile(values.spam, lines.join(""));
  console.error(`${lines.length} mails in ${values.spam}`);
  Deno.exit(0);
}
const choice = deviceNames.find((name) => name === values.device);
if (positionals.length !== 2 || choice === undefined) {
  console.error(
    `usage: minilm.ts CHECKPOINT_FOLDER DATA.jsonl [--device ${deviceNames.join("|")}], ` +
      "or --spam DATA.jsonl to write the data",
  );
  Deno.exit(2);
}

const [folder, source] = positionals;
const task = "text-classification";
const output = { progress: console.error, draw: () => {}, terminal: false };
const pretrained = await readPretrained(folder);
const all = await readRows(source, servedTasks[task]);
const count = Number(values.rows ?? all.length);
// Evenly spread over the file, since rows of a label often stand together.
const rows = Array.from(
  { length: Math.min(count, all.length) },
  (_, i) => all[Math.floor((i * all.length) / count)],
);
const options = {
  ...trainingDefaults,
  epochs: Number(values.epochs),
  batchSize: Number(values["batch-size"]),
  source,
  pretrained,
  output,
};
const data = prepare(rows, options);
const spec = { task, config: pretrained.config, head: data.head } as const;
const backend = await openBackend((await pickDevice(choice)).device);
try {
  for (
    const method of ["full", "frozen"].filter((name) => values.only === undefined || name === values.only)
  ) {
    await measure(method === "frozen");
  }
} finally {
  await backend.dispose();
}

/** Trains, scores the held-out rows, and prints a line. */
async function measure(freezeTrunk: boolean): Promise<void> {
  const checkpoints = await Deno.makeTempDir({ prefix: "weir-minilm-" });
  try {
    const learningRate = learningRateFor({ isPretrained: true, freezeTrunk });
    const run = {
      ...options,
      freezeTrunk,
      learningRate,
      backend,
      checkpoints,
      resume: false,
      note: {},
      callbacks: {},
    };
    const training = await fit(spec, data, run);
    const [test] = await evaluateRows(spec, data, [data.parts.test], {
      ...run,
      weights: training.parameters,
    });
    const { accuracy, macroF1 } = judge(spec, data.parts.test, test, { resamples: 1000 }).metrics;
    console.log(JSON.stringify({
      model: pretrained.name,
      method: freezeTrunk ? "frozen trunk" : "full",
      device: backend.device,
      learningRate,
      epochs: training.epochs.length,
      batchSize: options.batchSize,
      steps: training.step,
      seconds: Math.round(training.seconds * 10) / 10,
      msPerStep: Math.round(10_000 * training.seconds / training.step) / 10,
      trainRows: data.parts.train.length,
      testRows: data.parts.test.length,
      accuracy,
      macroF1,
    }));
  } finally {
    await Deno.remove(checkpoints, { recursive: true });
  }
}
