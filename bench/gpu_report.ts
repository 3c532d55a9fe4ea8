/**
 * Tables and a plot of what `gpu.sh` recorded: `deno run -A bench/gpu_report.ts [--save NAME] FILE_OR_FOLDER ...` prints
 * them. With `--save h100` the records become `bench/results/gpu-h100.jsonl`, the tables stand in `docs/performance.md`
 * between their marks, and the plot is `docs/step-time.svg`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import cases from "./gpu_cases.json" with { type: "json" };
import { growthPlot } from "./gpu_plot.ts";
import { type BenchRecord, print, readRecords } from "./measure.ts";

const { values, positionals } = parseArgs({ options: { save: { type: "string" } }, allowPositionals: true });
const records = positionals.flatMap((path) => {
  const files = Deno.statSync(path).isDirectory
    ? Array.from(Deno.readDirSync(path), ({ name }) => `${path}/${name}`).filter((f) => f.endsWith(".jsonl"))
    : [path];
  return files.sort().flatMap(readRecords);
});
const page = report();
print(page);
if (values.save) {
  const at = (path: string) => new URL(`../${path}`, import.meta.url);
  const lines = records.map((record) => `${JSON.stringify(record)}\n`).join("");
  Deno.writeTextFileSync(at(`bench/results/gpu-${values.save}.jsonl`), lines);
  const plot = growthPlot(records);
  if (plot) Deno.writeTextFileSync(at("docs/step-time.svg"), plot);
  const guide = Deno.readTextFileSync(at("docs/performance.md"));
  const marks = /(<!-- figures:[^>]*-->\n)[\s\S]*(\n<!-- end of figures -->)/;
  if (!marks.test(guide)) throw new Error("docs/performance.md has lost the marks around its figures");
  const filled = guide.replace(marks, (_, start, end) => `${start}\n${page.trim()}\n${end}`);
  Deno.writeTextFileSync(at("docs/performance.md"), filled);
  const fmt = [
    "fmt",
    "--quiet",
    ...["docs/performance.md", "docs/step-time.svg"].map((path) => at(path).pathname),
  ];
  new Deno.Command(Deno.execPath(), { args: fmt }).outputSync();
}

/** The record of a side, the newest if it was measured twice. */
function find(wanted: Partial<BenchRecord>): BenchRecord | undefined {
  return records.findLast((record) =>
    Object.entries(wanted).every(([key, value]) => record[key as keyof BenchRecord] === value)
  );
}

function report(): string {
  const [ours, theirs] = ["weir", "pytorch"].map((side) => find({ side, part: "machine" }));
  return [
    ours ? `${ours.name}, ${ours.variant}; ${theirs?.variant ?? "PyTorch not measured"}.` : "",
    training(),
    profiles(),
    memory(),
    large(),
    half(),
    inference(),
    products(),
    peers(),
    growth(),
    repeats(),
  ].filter((text) => text).join("\n\n");
}

function training(): string {
  const columns = ["eager", "eager, no clipping", "eager, no mask", "compile", "reduce-overhead"];
  const rows = Object.entries(cases.goals).map(([name, goal]) => {
    const of = (side: string, variant: string) => find({ side, part: "training", name, variant });
    const eager = of("pytorch", "eager");
    const [ours, whole] = ["first token only", "whole last layer"].map((variant) => of("weir", variant));
    const times = columns.map((variant) => ms(of("pytorch", variant)));
    return [
      name,
      ...times,
      ms(ours),
      ms(whole),
      `${factor(eager, ours, goal)} of ${goal}`,
      factor(eager, whole),
    ];
  });
  const { batch, sequence } = cases.training;
  return table(
    `### One training step, batch ${batch} × ${sequence}, f32`,
    `Milliseconds, the median window; AdamW, dropout .1. "Faster" is PyTorch eager's time over ours, beside the goal.`,
    [
      "layers/hidden",
      ...columns.map((name) => `PyTorch ${name}`),
      "Weir",
      "Weir, whole last layer",
      "faster",
      "faster, whole last layer",
    ],
    rows,
  );
}

/** The ops that take most of some model's step, as columns. */
function profiles(): string {
  const measured = Object.keys(cases.models).flatMap((name) => {
    const record = find({ side: "weir", part: "training", name, variant: "first token only" });
    return record?.profile && record.ms ? [{ ...record, profile: record.profile, ms: record.ms }] : [];
  });
  const most = new Map<string, number>();
  for (const { profile, ms } of measured) {
    for (const op of profile.ops) most.set(op.name, Math.max(most.get(op.name) ?? 0, op.ms / ms));
  }
  const shown = [...most].sort((p, q) => q[1] - p[1]).slice(0, 7).map(([name]) => name);
  const percent = (part: number, whole: number) => `${(100 * part / whole).toFixed(0)}%`;
  const rows = measured.map(({ name, ms, kernels, profile: { ops, restMs } }) => {
    const took = (op: string) => ops.find((o) => o.name === op)?.ms ?? 0;
    const others = ops.filter((op) => !shown.includes(op.name)).reduce((sum, op) => sum + op.ms, 0);
    return [
      name,
      `${kernels}`,
      ...shown.map((op) => percent(took(op), ms)),
      percent(others, ms),
      percent(restMs, ms),
    ];
  });
  return table(
    "### Where a step's time goes",
    "Kernels by their main op, each timed in a pass of its own, as a share of an ordinary step; the rest is " +
      "launches, copies and the " +
      "host, and below zero where kernels overlap.",
    ["layers/hidden", "kernels", ...shown.map((op) => `\`${op}\``), "others", "rest"],
    rows,
  );
}

function memory(): string {
  const rows = Object.keys(cases.models).map((name) => {
    const [ours, theirs] = both({ part: "training", name }, "first token only", "eager");
    const share = ours?.peakBytes && theirs?.peakBytes ? ours.peakBytes / theirs.peakBytes : undefined;
    const cells = [ours?.peakBytes, theirs?.peakBytes].map(megabytes);
    return [
      name,
      ...cells,
      share?.toFixed(2) ?? "–",
      ...[ours?.deviceBytes, theirs?.deviceBytes].map(megabytes),
    ];
  });
  const about = "Megabytes at the peak of those steps: what the plan allocates, states included, beside " +
    "`torch.cuda.max_memory_allocated`; and what nvidia-smi counts more than before the process started.";
  const header = ["layers/hidden", "Weir", "PyTorch", "share", "Weir, device", "PyTorch, device"];
  return table("### Memory", about, header, rows);
}

function large(): string {
  const { model: name, batch, sequence } = cases.large;
  const [ours, theirs] = both({ part: "large", name }, "first token only", "eager");
  const half = find({ side: "pytorch", part: "large", name, variant: "eager, no mask" });
  const row = [name, ms(theirs), ms(half), ms(ours), factor(theirs, ours), megabytes(theirs?.peakBytes)];
  return table(`### Batch ${batch} × ${sequence}`, "", [
    "layers/hidden",
    "PyTorch eager",
    "PyTorch eager, no mask",
    "Weir",
    "faster",
    "PyTorch MB",
    "Weir MB",
  ], [[...row, megabytes(ours?.peakBytes)]]);
}

function half(): string {
  const rows = Object.keys(cases.models).map((name) => {
    const [ours, theirs] = both({ part: "half", name }, "first token only", "eager, f16 autocast");
    return [name, ms(theirs), ms(ours), factor(theirs, ours), ours?.error ?? ours?.note ?? ""];
  });
  return table("### Mixed precision, f16", "The same step under `torch.autocast` with a GradScaler.", [
    "layers/hidden",
    "PyTorch",
    "Weir",
    "faster",
    "",
  ], rows);
}

function inference(): string {
  const rows = Object.keys(cases.models).flatMap((name) =>
    cases.inference.batch.map((batch) => {
      const pairs = ["answer read", "in a row"].map((variant) =>
        both({ part: "inference", name, batch }, variant, variant)
      );
      return [
        `${name}, batch ${batch}`,
        ...pairs.flatMap(([ours, theirs]) => [ms(theirs), ms(ours), factor(theirs, ours)]),
      ];
    })
  );
  const about =
    `Milliseconds a batch of ${cases.inference.sequence} tokens: each answer read before the next is asked for, ` +
    "and batches in a row, as fast as the device takes them.";
  return table("### Inference, f32", about, [
    "layers/hidden",
    "PyTorch, read",
    "Weir, read",
    "faster",
    "PyTorch, in a row",
    "Weir, in a row",
    "faster",
  ], rows);
}

function products(): string {
  const rows = cases.matmul.flatMap(({ use, m, n, k, form }) => {
    const [ours, theirs] = both({ part: "matmul", name: use }, undefined, undefined);
    if (!ours && !theirs) return [];
    const share = ours?.tflops && theirs?.tflops ? `${(100 * ours.tflops / theirs.tflops).toFixed(0)}%` : "–";
    return [[use, `${m} × ${n} × ${k} ${form}`, tera(theirs), tera(ours), share]];
  });
  const about = "TFLOP/s; n: as it lies in memory, t: transposed.";
  return table("### Matrix products, f32", about, ["use", "m × n × k", "cuBLAS", "Weir", "share"], rows);
}

function peers(): string {
  const measured = records.filter(({ part }) => part === "peers");
  const rows = [...new Set(measured.map(({ name }) => name))].map((name) => {
    const [ours, ...others] = ["weir", "jax-js", "tfjs"].map((side) => find({ side, part: "peers", name }));
    const cells = others.flatMap((other) => [ms(other), factor(other, ours)]);
    return [name, ms(ours), ...cells, others.map((other) => other?.error).filter((e) => e).join("; ")];
  });
  const about =
    "Milliseconds for a training step with Adam, f32, the data on the device; their losses agree.";
  const header = ["task", "Weir", "jax-js", "faster", "TensorFlow.js", "faster", ""];
  return table("### Other libraries on WebGPU in Deno", about, header, rows);
}

function growth(): string {
  const rows = (["batch", "sequence", "hiddenSize"] as const).flatMap((key) =>
    cases.growth[key].map((value) => {
      const point = { part: "growth", ...baseOf(), [key]: value };
      const [ours, theirs] = both(point, "first token only", "eager");
      const name = key === "hiddenSize" ? "hidden" : key;
      return [`${name} ${value}`, ms(theirs), ms(ours), factor(theirs, ours)];
    })
  );
  const text = table(
    `### How a step's time grows`,
    `From ${cases.growth.model} at batch ${cases.training.batch} × ${cases.training.sequence}, one thing at a time.`,
    ["", "PyTorch eager", "Weir", "faster"],
    rows,
  );
  const picture =
    "![Milliseconds of a training step against batch, sequence and hidden size, PyTorch eager and Weir](step-time.svg)";
  return text && growthPlot(records) ? text.replace("\n\n|", `\n\n${picture}\n\n|`) : text;
}

function repeats(): string {
  const rows = records.filter(({ part }) => part === "repeat").map(({ name, variant, note, error }) => [
    name,
    variant,
    note ?? error ?? "",
  ]);
  return table("### Two runs of one seed", "", ["layers/hidden", "", ""], rows);
}

function baseOf(): Partial<BenchRecord> {
  const { hiddenSize } = cases.models[cases.growth.model as keyof typeof cases.models];
  return { ...cases.training, hiddenSize };
}

function both(what: Partial<BenchRecord>, ours?: string, theirs?: string) {
  const of = (side: string, variant?: string) => find({ ...what, side, ...(variant ? { variant } : {}) });
  return [of("weir", ours), of("pytorch", theirs)];
}

/** Without a row that says something there is no table. */
function table(title: string, about: string, header: string[], rows: string[][]): string {
  const filled = rows.filter((row) => row.slice(1).some((cell) => !/^(–.*|)$/.test(cell)));
  if (filled.length === 0) return "";
  const lines = [header, header.map(() => "---"), ...filled].map((cells) => `| ${cells.join(" | ")} |`);
  return [title, about, lines.join("\n")].filter((text) => text).join("\n\n");
}

function ms(record?: BenchRecord): string {
  if (record?.ms === undefined) return "–";
  return record.ms < 10 ? record.ms.toFixed(2) : record.ms.toFixed(1);
}

function factor(theirs?: BenchRecord, ours?: BenchRecord, goal?: number): string {
  if (!theirs?.ms || !ours?.ms) return "–";
  const times = `${(theirs.ms / ours.ms).toFixed(2)}×`;
  return goal !== undefined && theirs.ms / ours.ms >= goal ? `**${times}**` : times;
}

function megabytes(bytes?: number): string {
  return bytes === undefined || bytes === null ? "–" : (bytes / 1e6).toFixed(0);
}

function tera(record?: BenchRecord): string {
  return record?.tflops?.toFixed(1) ?? "–";
}
