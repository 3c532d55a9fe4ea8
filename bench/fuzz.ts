/**
 * The fuzzer for as long as one likes: `deno run -A bench/fuzz.ts --minutes 60 --seed 2 --out ./found csv mail`. Each input that
 * a parser does not bear is written to the folder, made short; put it under `tests/fuzz/found/PARSER/` when it is mended.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { formatCount } from "../src/base/format.ts";
import { sha256 } from "../src/base/hash.ts";
import { fuzz } from "../tests/fuzz/fuzz.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    out: { type: "string", default: "found" },
  },
});
const start = performance.now();
const { cases, findings } = await fuzz({
  forMs: Number(values.minutes) * 60_000,
  seed: Number(values.seed),
  names: positionals.length > 0 ? positionals : undefined,
  onParser: (name, cases, found) => console.log(`${name}: ${formatCount(cases)} cases, ${found} found`),
});
for (const { parser, what, input } of findings) {
  const folder = `${values.out}/${parser}`;
  await Deno.mkdir(folder, { recursive: true });
  const path = `${folder}/${sha256(input).slice(0, 12)}`;
  await Deno.writeFile(path, input);
  console.log(`${path}: ${what}`);
}
const seconds = ((performance.now() - start) / 1000).toFixed(0);
console.log(`seed ${values.seed}: ${formatCount(cases)} cases in ${seconds} s, ${findings.length} found`);
if (findings.length > 0) Deno.exit(1);
