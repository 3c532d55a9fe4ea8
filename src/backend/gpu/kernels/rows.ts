/**
 * Anchors that take a row at a time: softmax, softmax cross-entropy, the gradients of both, and normalisations
 * (norm_grad.ts has the gradients of those). A few threads share a row, which is read once and kept in registers where it
 * is short.
 *
 * @module
 */
import type { Node, NodeOf, OpName } from "../../../graph/node.ts";
import { numeric } from "../../../graph/shape.ts";
import type { Group } from "../plan/group.ts";
import { type GroupWriter, type Lowering, nameOf, widest } from "./fused.ts";
import { safeChunk, type Team, teamFold, teamOf } from "./team.ts";
import { computeTypes, type Lanes, literal, vectorType } from "./wgsl.ts";
import { type Kernel, workgroupsFor } from "./writer.ts";

/** Chunks of a row that one thread keeps in registers. */
const maxKept = 16;

/** What a kernel does with each row of its anchor's first operand. */
export interface RowProgram<K extends OpName> {
  /** Whether the second operand is read with the first, as `d` beside `x`. */
  readonly paired?: true;
  /** Whether a row's result is one number. */
  readonly single?: true;
  /** The statements that make a row's results. */
  lines(row: Row, anchor: NodeOf<K>, w: GroupWriter): string[];
}

/** The kernel of a group around an anchor of rows. */
export function rowKernel<K extends OpName>(
  group: Group,
  lowering: Lowering,
  program: RowProgram<K>,
): Kernel {
  const anchor = group.anchor!;
  const shape = numeric(anchor.inputs[0].shape);
  const width = shape.at(-1)!;
  const rows = shape.reduce((a, d) => a * d, 1) / width;
  return widest(group, lowering, width % 4 === 0, (w, lanes) => {
    const row = new Row(w, anchor, { width, lanes, isPaired: program.paired ?? false });
    w.declareLoad("load", anchor.inputs[0], lanes);
    if (program.paired) w.declareLoad("load_d", anchor.inputs[1], lanes);
    const lines = program.lines(row, anchor as unknown as NodeOf<K>, w);
    w.declareFinish(program.single ? 1 : lanes);
    return finished(w, group, row, rows, lines);
  });
}

/** Text for one chunk of a row: of its value, its number and the second operand's value. */
type Value = (x: string, at: string, d: string) => string;

/** Text that walks along a row. */
export class Row {
  readonly team: Team;
  readonly width: number;
  readonly lanes: Lanes;
  readonly type: string;
  readonly zero: string;
  readonly lowest: string;
  /** Whether a thread's share is too much for its registers: then it is read again for every walk. */
  readonly isLong: boolean;
  readonly #isPaired: boolean;

  constructor(w: GroupWriter, anchor: Node, options: { width: number; lanes: Lanes; isPaired: boolean }) {
    const { width, lanes } = options;
    this.width = width;
    this.lanes = lanes;
    this.team = teamOf(width, lanes);
    this.type = vectorType(computeTypes[anchor.dtype], lanes);
    this.zero = `${this.type}(0.0f)`;
    this.lowest = `${this.type}(-3.4028235e38f)`;
    this.#isPaired = options.isPaired;
    this.isLong = this.team.kept > maxKept;
    w.writer.declare(teamFold("row_sum", this.team, { op: "sum", type: "f32" }));
    w.writer.declare(teamFold("row_max", this.team, { op: "max", type: "f32" }));
  }

  /** What comes before the walks: a short row's loads. */
  get prologue(): string[] {
    const { team } = this;
    if (this.isLong) return [];
    return [
      ...(team.ragged
        ? [`  let last_inside = lane + ${(team.kept - 1) * team.size}u < ${team.chunks}u;`]
        : []),
      ...Array.from({ length: team.kept }, (_, k) => this.#loads(`${k}`, safeChunk(team, k))),
    ];
  }

  #loads(suffix: string, at: string): string {
    const index = `base + ${at} * ${this.lanes}u`;
    const paired = this.#isPaired ? ` let d${suffix} = load_d(${index});` : "";
    return `  let x${suffix} = load(${index});${paired}`;
  }

  /**
   * Runs `body` for each chunk of the row: `x` its value, `at` its number, `inside` whether it is in the row, `d` the second
   * operand's value.
   */
  each(body: (x: string, at: string, inside: string, d: string) => string): string {
    const { size, chunks, kept, ragged } = this.team;
    if (this.isLong) {
      return `  for (var c = lane; c < ${chunks}u; c += ${size}u) {
  ${this.#loads("", "c")}
    ${body("x", "c", "true", "d")}
  }`;
    }
    return Array.from({ length: kept }, (_, k) => {
      const at = k === 0 ? "lane" : `(lane + ${k * size}u)`;
      return `  { ${body(`x${k}`, at, ragged && k === kept - 1 ? "last_inside" : "true", `d${k}`)} }`;
    }).join("\n");
  }

  /** The sum or the maximum of an expression over the row, as a number that all threads have. */
  fold(op: "sum" | "max", name: string, value: Value): string {
    const otherwise = op === "sum" ? this.zero : this.lowest;
    const pass = this.each((x, at, inside, d) => {
      const one = value(x, at, d);
      const safe = inside === "true" ? one : `select(${otherwise}, ${one}, ${inside})`;
      return op === "sum" ? `${name}_lanes += ${safe};` : `${name}_lanes = max(${name}_lanes, ${safe});`;
    });
    return `  var ${name}_lanes = ${otherwise};
${pass}
  let ${name} = row_${op}(t, lane, ${this.across(op, `${name}_lanes`)});`;
  }

  /** Stores a value for each element of the row. */
  put(value: Value): string {
    return this.each((x, at, inside, d) => {
      const when = inside === "true" ? "valid" : `valid && ${inside}`;
      return `if (${when}) { finish(base + ${at} * ${this.lanes}u, ${value(x, at, d)}); }`;
    });
  }

  /** The row's maximum `top` and the sum `total` of e^(x - top), and other sums over the row, with few walks along a long one. */
  exponentials(extra: Readonly<Record<string, (x: string, at: string) => string>> = {}): string {
    if (!this.isLong) {
      return [
        this.fold("max", "top", (x) => x),
        this.fold("sum", "total", (x) => `exp(${x} - top)`),
        ...Object.entries(extra).map(([name, value]) => this.fold("sum", name, value)),
      ].join("\n");
    }
    // The sum so far is scaled down whenever the maximum so far rises.
    const { size, chunks } = this.team;
    const names = Object.keys(extra);
    const add = (xs: readonly string[], at: readonly string[]) => {
      const highest = xs.reduce((a, x) => `max(${a}, ${x})`);
      const sum = xs.map((x) => `exp(${x} - higher)`).join(" + ");
      return [
        `let higher = max(top_lanes, ${highest});`,
        `total_lanes = total_lanes * exp(top_lanes - higher) + ${sum};`,
        `top_lanes = higher;`,
        ...names.map((n) => `${n}_lanes += ${xs.map((x, i) => extra[n](x, at[i])).join(" + ")};`),
      ].join("\n    ");
    };
    const four = [0, 1, 2, 3].map((k) => k === 0 ? "c" : `(c + ${k * size}u)`);
    return `  var top_lanes = ${this.lowest};
  var total_lanes = ${this.zero};
${names.map((n) => `  var ${n}_lanes = ${this.zero};`).join("\n")}
  var c = lane;
  for (; c + ${3 * size}u < ${chunks}u; c += ${4 * size}u) {
    ${four.map((at, k) => `let e${k} = load(base + ${at} * ${this.lanes}u);`).join("\n    ")}
    ${add(["e0", "e1", "e2", "e3"], four)}
  }
  for (; c < ${chunks}u; c += ${size}u) {
    let x = load(base + c * ${this.lanes}u);
    ${add(["x"], ["c"])}
  }
  let top = row_max(t, lane, ${this.across("max", "top_lanes")});
  let scaled = total_lanes * exp(top_lanes - top);
  let total = row_sum(t, lane, ${this.across("sum", "scaled")});
${names.map((n) => `  let ${n} = row_sum(t, lane, ${this.across("sum", `${n}_lanes`)});`).join("\n")}`;
  }

  /** Whether the elements of chunk `at` are the label's. */
  isLabel(at: string): string {
    return this.lanes === 1
      ? `(${at} == label)`
      : `(vec4<u32>(${at} * 4u) + vec4<u32>(0u, 1u, 2u, 3u) == vec4<u32>(label))`;
  }

  /** A number for each element of a chunk. */
  all(x: string): string {
    return this.lanes === 1 ? x : `vec4<f32>(${x})`;
  }

  /** The lanes of a value folded. */
  across(op: "sum" | "max", x: string): string {
    if (this.lanes === 1) return x;
    return op === "sum" ? `dot(${x}, vec4<f32>(1.0f))` : `max(max(${x}.x, ${x}.y), max(${x}.z, ${x}.w))`;
  }
}

/** `e^x / sum(e^x)`. */
export const softmax: RowProgram<"softmax"> = {
  lines: (row) => [
    row.exponentials(),
    `  let scale = 1.0f / total;`,
    row.put((x) => `exp(${x} - top) * scale`),
  ],
};

/** `y * (dy - sum(dy * y))`. */
export const softmaxGradient: RowProgram<"softmax_grad"> = {
  paired: true,
  lines: (row) => [
    row.fold("sum", "along", (x, _, d) => `${x} * ${d}`),
    row.put((x, _, d) => `${d} * (${x} - along)`),
  ],
};

/** Rows of mean 0 and variance 1, scaled and shifted. */
export const layerNorm: RowProgram<"layer_norm"> = {
  lines(row, anchor, w) {
    w.declareLoad("load_weight", anchor.inputs[1], row.lanes);
    w.declareLoad("load_bias", anchor.inputs[2], row.lanes);
    return [
      row.fold("sum", "sum", (x) => x),
      `  let mean = sum * ${number(1 / row.width)};`,
      row.fold("sum", "squares", (x) => `(${x} - mean) * (${x} - mean)`),
      `  let scale = 1.0f / sqrt(squares * ${number(1 / row.width)} + ${number(anchor.attrs.epsilon)});`,
      row.put((x, at) =>
        `(${x} - mean) * scale * load_weight(${at} * ${row.lanes}u) + load_bias(${at} * ${row.lanes}u)`
      ),
    ];
  },
};

/** Rows of mean square 1, scaled. */
export const rmsNorm: RowProgram<"rms_norm"> = {
  lines(row, anchor, w) {
    w.declareLoad("load_weight", anchor.inputs[1], row.lanes);
    return [
      row.fold("sum", "squares", (x) => `${x} * ${x}`),
      `  let scale = 1.0f / sqrt(squares * ${number(1 / row.width)} + ${number(anchor.attrs.epsilon)});`,
      row.put((x, at) => `${x} * scale * load_weight(${at} * ${row.lanes}u)`),
    ];
  },
};

/** The loss of each row. */
export const crossEntropy: RowProgram<"softmax_cross_entropy"> = {
  single: true,
  lines(row, anchor, w) {
    const smoothing = anchor.attrs.labelSmoothing;
    const shares = smoothing === 0 ? "" : ` + ${number(smoothing / row.width)} * whole`;
    const chosen = (x: string, at: string) => `select(${row.zero}, ${x}, ${row.isLabel(at)})`;
    const shifted = row.isLong ? "" : " - top";
    return [
      ...loadLabel(row, anchor, w),
      row.exponentials({
        chosen: (x, at) => chosen(`${x}${shifted}`, at),
        ...(smoothing === 0 ? {} : { whole: (x: string) => `(${x}${shifted})` }),
      }),
      row.isLong
        ? `  let at_label = select(0.0f, chosen - top, label < ${row.width}u);`
        : "  let at_label = chosen;",
      smoothing !== 0 && row.isLong
        ? `  let loss = log(total) - (${number(1 - smoothing)} * at_label + ${number(smoothing)} * (whole * ${
          number(1 / row.width)
        } - top));`
        : `  let loss = log(total) - (${number(1 - smoothing)} * at_label${shares});`,
      `  if (valid && lane == 0u) { finish(row, ${unlessIgnored(anchor, "loss")}); }`,
    ];
  },
};

/** `(softmax(x) - target) * dy`. */
export const crossEntropyGradient: RowProgram<"softmax_cross_entropy_grad"> = {
  lines(row, anchor, w) {
    const smoothing = anchor.attrs.labelSmoothing;
    w.declareLoad("load_dy", anchor.inputs[2], 1);
    const target = (at: string) => {
      const [hit, miss] = [1 - smoothing + smoothing / row.width, smoothing / row.width];
      return `select(${row.all(number(miss))}, ${row.all(number(hit))}, ${row.isLabel(at)})`;
    };
    return [
      ...loadLabel(row, anchor, w),
      `  let dy = ${unlessIgnored(anchor, "load_dy(row)")};`,
      row.exponentials(),
      `  let scale = 1.0f / total;`,
      row.put((x, at) => `(exp(${x} - top) * scale - ${target(at)}) * dy`),
    ];
  },
};

type CrossEntropy = NodeOf<"softmax_cross_entropy"> | NodeOf<"softmax_cross_entropy_grad">;

/** The row's label; one that is no class is beyond all of them. */
function loadLabel(row: Row, anchor: CrossEntropy, w: GroupWriter): string[] {
  w.declareLoad("load_label", anchor.inputs[1], 1);
  return [
    `  let given = load_label(row);`,
    `  let label = select(${row.width}u, u32(given), given >= 0i);`,
  ];
}

function unlessIgnored(
  anchor: CrossEntropy,
  value: string,
): string {
  const { ignoreIndex } = anchor.attrs;
  return ignoreIndex === null
    ? value
    : `select(${value}, 0.0f, given == ${literal("i32", ignoreIndex, new Set())})`;
}

/** A number as f32 text. */
function number(value: number): string {
  return literal("f32", value, new Set());
}

function finished(w: GroupWriter, group: Group, row: Row, rows: number, lines: readonly string[]): Kernel {
  const { size, threads, perGroup } = row.team;
  const main = `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) t: u32) {
  let lane = t % ${size}u;
  let number = (group.x + group.y * groups.x) * ${perGroup}u + t / ${size}u;
  let valid = number < ${rows}u;
  let row = min(number, ${rows - 1}u);
  let base = row * ${row.width}u;
${[...row.prologue, ...lines].join("\n")}
}`;
  return w.writer.kernel(nameOf(group), main, workgroupsFor(Math.ceil(rows / perGroup)));
}
