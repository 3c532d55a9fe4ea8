/**
 * The fuzzer for as long as one likes: `deno run -A bench/fuzz.ts --minutes 60 --jobs 4 --seed 2 --out ./found csv mail`. Each
 * input that a parser does not bear is written to the folder, made short; put it under `tests/fuzz/found/PARSER/` when it is
 * mended. `bench/pack_fuzz.sh` packs it for a machine with more cores.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { formatCount } from "../src/base/format.ts";
import { sha256 } from "../src/base/hash.ts";
import { visible } from "../src/base/text.ts";
import { type Finding, fuzz } from "../tests/fuzz/fuzz.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "60" },
    jobs: { type: "string", default: "1" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    out: { type: "string", default: "found" },
  },
});
const start = performance.now();
const jobs = Number(values.jobs);
const cases = new Map<string, number>();
const found = new Map<string, number>();
const add = (counts: Map<string, number>, name: string, count: number) =>
  counts.set(name, (counts.get(name) ?? 0) + count);

/** Keeps a finding at once: the run may be ended before its time. */
function keep({ parser, what, input }: Finding): void {
  const folder = `${values.out}/${parser}`;
  Deno.mkdirSync(folder, { recursive: true });
  const path = `${folder}/${sha256(input).slice(0, 12)}`;
  Deno.writeFileSync(path, input);
  console.log(`${path}: ${visible(what)}`);
  add(found, parser, 1);
}

function report(): void {
  const seconds = (performance.now() - start) / 1000;
  console.log("\n| parser | cases | found |\n|---|--:|--:|");
  for (const [name, count] of cases) {
    console.log(`| ${name} | ${formatCount(count)} | ${found.get(name) ?? 0} |`);
  }
  const total = (counts: Map<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);
  console.log(
    `\nseed ${values.seed}: ${formatCount(total(cases))} cases by ${jobs} processes in ${
      seconds.toFixed(0)
    } s, ` +
      `${total(found)} found`,
  );
  Deno.exit(found.size > 0 ? 1 : 0);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, report);
await fuzz({
  forMs: Number(values.minutes) * 60_000,
  jobs,
  seed: Number(values.seed),
  names: positionals.length > 0 ? positionals : undefined,
  onFinding: keep,
  onCases: (name, count) => add(cases, name, count),
});
report();
