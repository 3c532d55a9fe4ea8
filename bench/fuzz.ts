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
import { fuzz } from "../tests/fuzz/fuzz.ts";

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
const { cases, findings } = await fuzz({
  forMs: Number(values.minutes) * 60_000,
  jobs: Number(values.jobs),
  seed: Number(values.seed),
  names: positionals.length > 0 ? positionals : undefined,
});
console.log("| parser | cases | found |\n|---|--:|--:|");
for (const [name, count] of cases) {
  const found = findings.filter(({ parser }) => parser === name).length;
  console.log(`| ${name} | ${formatCount(count)} | ${found} |`);
}
for (const { parser, what, input } of findings) {
  const folder = `${values.out}/${parser}`;
  await Deno.mkdir(folder, { recursive: true });
  const path = `${folder}/${sha256(input).slice(0, 12)}`;
  await Deno.writeFile(path, input);
  console.log(`${path}: ${visible(what)}`);
}
const seconds = ((performance.now() - start) / 1000).toFixed(0);
const total = [...cases.values()].reduce((sum, count) => sum + count, 0);
console.log(
  `seed ${values.seed}: ${formatCount(total)} cases by ${values.jobs} processes in ${seconds} s, ${findings.length} found`,
);
if (findings.length > 0) Deno.exit(1);
