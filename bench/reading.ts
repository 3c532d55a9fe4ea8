/**
 * How fast data sets are read as a stream, and whether memory stays flat: the same rows in a small file and in one of ten times
 * its size, each read by a process of its own. `deno run -A bench/reading.ts --mib 500`; with `WEIR_PYTHON`, which needs pyarrow,
 * Parquet and Arrow too.
 *
 * The files are made for it, in `TMPDIR`, and removed: texts of some 400 characters in words of a made-up vocabulary.
 *
 * @module
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createGzip, createZstdCompress } from "node:zlib";
import { createRandom } from "../src/base/random.ts";
import { readRecords } from "../src/data/records.ts";

const { values: flags } = parseArgs({
  options: { mib: { type: "string", default: "500" }, read: { type: "string" } },
});
const MIB = 2 ** 20;

/** What reading a file took. */
interface Reading {
  readonly rows: number;
  readonly seconds: number;
  /** The most that the process had in memory, bytes. */
  readonly peak: number;
}

async function readHere(path: string): Promise<Reading> {
  const start = performance.now();
  let rows = 0;
  for await (const _record of readRecords(path)) rows++;
  const seconds = (performance.now() - start) / 1000;
  const peak = Number(/VmHWM:\s*(\d+)/.exec(await Deno.readTextFile("/proc/self/status"))![1]) * 1024;
  return { rows, seconds, peak };
}

async function readInChild(path: string): Promise<Reading> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", fileURLToPath(import.meta.url), "--read", path],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${path} could not be read`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Rows without end, the same each time. */
function* rows(): Generator<{ text: string; label: string }> {
  const random = createRandom(1);
  const below = (limit: number) => Math.floor(random() * limit);
  const syllables = "ba de ki lo mu na pe ri so tu vo zé".split(" ");
  const words = Array.from(
    { length: 5000 },
    () => Array.from({ length: 1 + below(4) }, () => syllables[below(syllables.length)]).join(""),
  );
  for (;;) {
    const text = Array.from({ length: 40 + below(60) }, () => words[below(words.length)]).join(" ");
    yield { text: `${text}, "${words[below(words.length)]}"`, label: ["ham", "spam"][below(2)] };
  }
}

const formats: Readonly<Record<string, (row: { text: string; label: string }) => string>> = {
  csv: ({ text, label }) => `"${text.replaceAll('"', '""')}",${label}\n`,
  jsonl: (row) => `${JSON.stringify(row)}\n`,
};

/** Writes a file of about so many bytes before it is packed. */
async function write(path: string, bytes: number): Promise<void> {
  const row = path.includes(".csv") ? formats.csv : formats.jsonl;
  const file = createWriteStream(path);
  const packer = path.endsWith(".gz")
    ? createGzip()
    : path.endsWith(".zst")
    ? createZstdCompress()
    : undefined;
  packer?.pipe(file);
  const out = packer ?? file;
  let [left, piece] = [bytes, path.includes(".csv") ? "text,label\n" : ""];
  for (const one of rows()) {
    piece += row(one);
    if (piece.length < MIB) continue;
    left -= piece.length;
    if (!out.write(piece)) await once(out, "drain");
    piece = "";
    if (left <= 0) break;
  }
  out.end();
  await once(file, "close");
}

/** Parquet in groups of 10,000 rows, or Arrow in batches of as many, out of JSON lines. */
async function convert(python: string, from: string, to: string): Promise<void> {
  const script = "import sys, pyarrow as pa, pyarrow.json as j, pyarrow.parquet as p\n" +
    "t = j.read_json(sys.argv[1])\n" +
    "if sys.argv[2].endswith('.parquet'): p.write_table(t, sys.argv[2], compression='zstd', row_group_size=10000)\n" +
    "else:\n" +
    "  with pa.ipc.new_file(sys.argv[2], t.schema) as w: w.write_table(t, max_chunksize=10000)\n";
  const { success } = await new Deno.Command(python, { args: ["-c", script, from, to], stderr: "inherit" })
    .output();
  if (!success) throw new Error(`${python} did not write ${to}`);
}

async function main(): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "weir-reading-" });
  const python = Deno.env.get("WEIR_PYTHON");
  const large = Number(flags.mib);
  const sizes = [large / 10, large];
  console.log("| file | MiB, unpacked | rows | s | MiB/s | peak MiB |\n|---|--:|--:|--:|--:|--:|");
  const report = async (path: string, name: string, mib: number) => {
    const { rows, seconds, peak } = await readInChild(path);
    const cells = [
      name,
      mib.toFixed(0),
      rows,
      seconds.toFixed(1),
      (mib / seconds).toFixed(0),
      (peak / MIB).toFixed(0),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  };
  try {
    for (const kind of ["csv", "jsonl", "csv.gz", "csv.zst"]) {
      for (const mib of sizes) {
        const path = join(folder, `rows.${kind}`);
        await write(path, mib * MIB);
        await report(path, kind, mib);
        if (kind === "jsonl" && python !== undefined) {
          for (const ending of ["parquet", "arrow"]) {
            const other = join(folder, `rows.${ending}`);
            await convert(python, path, other);
            await report(other, ending, mib);
            await Deno.remove(other);
          }
        }
        await Deno.remove(path);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (flags.read !== undefined) console.log(JSON.stringify(await readHere(flags.read)));
else await main();
