/**
 * Products of a few rows of 8-bit levels: the weight is read once. Neighbouring threads take neighbouring fours of columns,
 * as the weight lies, and threads of one workgroup take turns along the inner dimension. The sums are whole numbers, so
 * that any order of them gives the same bits.
 *
 * @module
 */
import type { Lanes } from "./wgsl.ts";

/** With more rows a tile is faster. */
const maxRows = 8;

/** Fours of columns of a workgroup, so that what is read at once is 128 neighbouring bytes. */
const fours = 8;

/** Threads that share a four of columns. */
const team = 32;

/** Words that a thread asks for before it waits for the first. */
const ahead = 4;

/** How a product of few rows is made. */
export interface FewRows {
  readonly rows: number;
  readonly columns: number;
  /** Words of the inner dimension. */
  readonly inner: number;
}

/** Whether a product is one of a few rows, with columns in fours. */
export function isFewRows({ rows, columns }: FewRows): boolean {
  return rows <= maxRows && columns % 4 === 0;
}

/** Into how many parts the inner dimension is cut, where there are too few columns to fill the device. */
export function fewRowsParts(p: FewRows, limits: { parallelism: number; maxScratchBytes: number }): number {
  const wanted = Math.ceil(2 * limits.parallelism / fewRowsGroups(p));
  const most = Math.min(
    Math.floor(p.inner / (team * ahead)),
    limits.maxScratchBytes / (4 * p.rows * p.columns),
  );
  return Math.max(1, Math.min(wanted, Math.floor(most), 16));
}

/** Workgroups for all columns. */
export function fewRowsGroups({ columns }: FewRows): number {
  return Math.ceil(columns / 4 / fours);
}

/**
 * The entry point: `store(sum, row)` are the statements that take a row's four sums from `column` on. `load` are the names of
 * functions that read a word of the rows, and four of the weight.
 */
export function fewRowsText(
  { rows, columns, inner }: FewRows,
  { parts, dot, load, store }: {
    readonly parts: number;
    readonly dot: string;
    readonly load: { readonly rows: string; readonly columns: string };
    store(sum: string, row: number): string;
  },
): { readonly declarations: string; readonly main: string } {
  const threads = fours * team;
  const per = Math.ceil(inner / parts);
  const all = Array.from({ length: rows }, (_, m) => m);
  const step = (count: number) => {
    const steps = Array.from({ length: count }, (_, u) => u);
    const at = (u: number) => u === 0 ? "k" : `(k + ${u * team}u)`;
    const reads = steps.map((u) => `    let w${u} = ${load.columns}(${at(u)} * ${columns}u + column);`);
    const sums = steps.flatMap((u) =>
      all.map((m) => {
        const dots = ["x", "y", "z", "w"].map((c) => `${dot}(w${u}.${c}, x)`).join(", ");
        return `    { let x = ${load.rows}(${m * inner}u + ${at(u)}); h${m} += vec4<i32>(${dots}); }`;
      })
    );
    return [...reads, ...sums].join("\n");
  };
  const folds = (m: number) => {
    const lines = [`  shared_sums[t] = h${m};`, "  workgroupBarrier();"];
    for (let half = team / 2; half >= 1; half /= 2) {
      lines.push(`  if (t < ${half * fours}u) { shared_sums[t] += shared_sums[t + ${half * fours}u]; }`);
      lines.push("  workgroupBarrier();");
    }
    lines.push(`  if (isInside) { let sum = shared_sums[t]; ${store("sum", m)} }`, "  workgroupBarrier();");
    return lines.join("\n");
  };
  return {
    declarations: `var<workgroup> shared_sums: array<vec4<i32>, ${threads}>;`,
    main: `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let four = group.x * ${fours}u + t % ${fours}u;
  let isInside = t < ${fours}u && four < ${columns / 4}u;
  let column = min(four, ${columns / 4 - 1}u) * 4u;
  let part = group.z;
  let end = min((part + 1u) * ${per}u, ${inner}u);
${all.map((m) => `  var h${m} = vec4<i32>();`).join("\n")}
  var k = part * ${per}u + t / ${fours}u;
  for (; k + ${(ahead - 1) * team}u < end; k += ${ahead * team}u) {
${step(ahead)}
  }
  for (; k < end; k += ${team}u) {
${step(1)}
  }
${all.map(folds).join("\n")}
}`,
  };
}

/** The statements that finish four sums at once, or one by one where the group needs single elements. */
export function finishFew(
  lanes: Lanes,
  sum: string,
  result: (c: string, column: string) => [string, string],
): string {
  if (lanes === 4) return `finish(${result(sum, "column").join(", ")});`;
  return ["x", "y", "z", "w"].map((c, l) =>
    `finish(${result(`${sum}.${c}`, `(column + ${l}u)`).join(", ")});`
  )
    .join(" ");
}
