/**
 * All benchmarks in a row, as one Markdown page beside the machine they ran on: `deno task bench [--save FILE] [name ...]`,
 * names as in `benchmarks` below. Each runs in a process of its own. `WEIR_PYTHON` names a Python with torch, for the other
 * side.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { doctor, formatDoctor } from "../src/cli/doctor.ts";

/** What can be run: a line of explanation, and the arguments of `deno run`. */
const benchmarks: Record<string, { about: string; args: string[] }> = {
  train_step: {
    about: "One training step of the demo's model (2 layers, 128 hidden, batch 32 x 128, AdamW, dropout .1)",
    args: ["bench/train_step.ts"],
  },
  webgpu: {
    about: "A small set on WebGPU beside the last figures from this machine",
    args: ["bench/regression.ts"],
  },
  checkpoint: {
    about: "Saving 64 million numbers as a checkpoint, as the trainer does",
    args: ["bench/checkpoint.ts"],
  },
  serve: {
    about: "The server with that model: single short texts over loopback",
    args: ["bench/serve.ts", "--connections", "1,2,4,8"],
  },
  evaluate: {
    about:
      "Metrics of 10,000 sentence pairs beside their Python references, one core each (a quarter of an hour)",
    args: ["bench/evaluate.ts"],
  },
  demo: {
    about: "The whole demo, from mails to alarm",
    args: [
      "src/cli/main.ts",
      "demo",
      "--once",
      "--json",
      "--home",
      Deno.makeTempDirSync({ prefix: "weir-bench-" }),
    ],
  },
};

const { values, positionals } = parseArgs({ options: { save: { type: "string" } }, allowPositionals: true });
const names = positionals.length > 0 ? positionals : Object.keys(benchmarks);
const unknown = names.find((name) => !benchmarks[name]);
if (unknown) {
  console.error(`unknown benchmark "${unknown}": choose of ${Object.keys(benchmarks).join(", ")}`);
  Deno.exit(2);
}

const date = new Date().toISOString().slice(0, 10);
// Where models are kept says nothing about speed.
const machine = formatDoctor(await doctor()).split("\n").filter((line) => !line.startsWith("home")).join(
  "\n",
);
let page = `# Benchmarks, ${date}\n\n\`\`\`\n${machine}\n\`\`\`\n`;
console.log(page);
for (const name of names) {
  const { about, args } = benchmarks[name];
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...args],
    stdout: "piped",
    stderr: "inherit",
    env: { NO_COLOR: "1" },
  });
  const { code, stdout } = await command.output();
  const printed = code === 0 ? new TextDecoder().decode(stdout).trimEnd() : `failed with exit code ${code}`;
  const section = `\n## ${about}\n\n\`\`\`\n${printed}\n\`\`\`\n`;
  console.log(section);
  page += section;
}
if (values.save) await Deno.writeTextFile(values.save, page);
