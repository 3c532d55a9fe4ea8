/**
 * The passes of attention for any size: each thread keeps a few neighbouring rows, whole blocks of columns lie in workgroup memory. What
 * each pass computes is what its counterpart by blocks does (block_forward.ts, block_gradients.ts).
 *
 * @module
 */
import { StreamText } from "./stream_kernel.ts";
import { accumulators, component, grid, low, range, type Results } from "./scores.ts";

const barrier = "  workgroupBarrier();";

/** Writes a kernel of attention's results and statistics: rows are queries, columns keys. */
export class StreamForward extends StreamText {
  protected override body(made: Results): string[] {
    const { high, scoreQuads, resultQuads, across, columns } = this.layout;
    const [query, key, value] = this.operands("query", "key", "value");
    const groups = range(Math.ceil(high / 4));
    const folded = (make: (i: number) => string) =>
      groups.map((g) => `vec4<f32>(${range(4).map((e) => make(Math.min(4 * g + e, high - 1))).join(", ")})`);
    const of = (name: string, i: number) => `${name}${i >> 2}.${component[i & 3]}`;
    const across4 = (v: string, op: string) =>
      op === "max" ? `max(max(${v}.x, ${v}.y), max(${v}.z, ${v}.w))` : `dot(${v}, vec4<f32>(1.0f))`;
    const rowOf = (i: number, op: string) => {
      const parts = range(scoreQuads).map((j) => `s${i}_${j}`);
      return across4(parts.reduce((a, b) => op === "max" ? `max(${a}, ${b})` : `(${a} + ${b})`), op);
    };
    const exchange = (value: readonly string[]) =>
      value.map((v, g) => `  scores[y][${g * across}u + x] = ${v};`);
    const gather = (into: string, g: number, op: string) =>
      range(across).map((i) => {
        const part = `scores[y][${g * across + i}u]`;
        return op === "max" ? `  ${into} = max(${into}, ${part});` : `  ${into} += ${part};`;
      });
    const lines = [
      ...this.base(query, key, value),
      this.seed(),
      this.fillKept(0, query, { scale: true }),
      ...groups.map((g) => `  var top${g} = vec4<f32>(${low}); var sum${g} = vec4<f32>(0.0f);`),
      ...accumulators("o", high, resultQuads),
      `  for (var c0 = 0u; c0 < ${this.columnsEnd()}; c0 += ${columns}u) {`,
      this.fillTurned(key),
      barrier,
      ...accumulators("s", high, scoreQuads),
      ...this.product("s", "kept0", this.pass.width, scoreQuads),
      ...this.maskScores("query"),
      ...exchange(folded((i) => rowOf(i, "max"))),
      barrier,
      this.fill(value),
      ...groups.flatMap((g) => [
        `  var new_top${g} = top${g};`,
        ...gather(`new_top${g}`, g, "max"),
        `  let shrink${g} = exp(top${g} - new_top${g}); top${g} = new_top${g};`,
      ]),
      ...grid(high, scoreQuads, (i, j) => `  s${i}_${j} = exp(s${i}_${j} - vec4<f32>(${of("top", i)}));`),
      ...folded((i) => rowOf(i, "sum")).map((v, g) => `  sum${g} = sum${g} * shrink${g} + ${v};`),
      ...this.drop("s", "query"),
      ...grid(high, resultQuads, (i, j) => `  o${i}_${j} *= ${of("shrink", i)};`),
      barrier,
      ...this.storeScores("s"),
      barrier,
      ...this.product("o", "scores", columns, resultQuads),
      barrier,
      "  }",
      ...exchange(groups.map((g) => `sum${g}`)),
      barrier,
      ...groups.flatMap((g) => [`  var total${g} = vec4<f32>(0.0f);`, ...gather(`total${g}`, g, "sum")]),
    ];
    const out = made.get("attention");
    if (out) lines.push(...this.storeResult("o", out, (i) => `1.0f / ${of("total", i)}`));
    const stats = made.get("attention_stats");
    if (stats) {
      const name = this.writer.bind(stats.storage, { lanes: 1, write: true });
      const second = `${this.pass.heads * this.queries}u`;
      lines.push(
        "  if (x == 0u) {",
        `  let at = number * ${this.queries}u + row;`,
        ...range(high).map((i) =>
          `  if (row + ${i}u < ${this.queries}u) { ${name}[at + ${i}u] = ${of("top", i)}; ` +
          `${name}[at + ${i}u + ${second}] = ${of("total", i)}; }`
        ),
        "  }",
      );
    }
    return lines;
  }
}

/** Writes a kernel of the query's gradient: rows are queries, columns keys. */
export class StreamQueryGradient extends StreamText {
  protected override body(made: Results): string[] {
    const { high, scoreQuads, resultQuads, columns } = this.layout;
    const [query, key, value, gradient] = this.operands("query", "key", "value", "gradient");
    const statistics = range(high).flatMap((i) => {
      const at = `min(row + ${i}u, ${this.queries - 1}u)`;
      return [
        `  let top${i} = ${this.statistic("top", at)};`,
        `  let part${i} = 1.0f / ${this.statistic("sum", at)};`,
        `  let delta${i} = ${this.statistic("delta", at)};`,
      ];
    });
    return [
      ...this.base(query, key, value, gradient),
      this.seed(),
      this.fillKept(0, query, { scale: true }),
      this.fillKept(1, gradient),
      ...statistics,
      ...accumulators("o", high, resultQuads),
      `  for (var c0 = 0u; c0 < ${this.columnsEnd()}; c0 += ${columns}u) {`,
      this.fillTurned(key),
      barrier,
      ...accumulators("s", high, scoreQuads),
      ...this.product("s", "kept0", this.pass.width, scoreQuads),
      barrier,
      this.fillTurned(value),
      ...this.maskScores("query"),
      barrier,
      ...accumulators("g", high, scoreQuads),
      ...this.product("g", "kept1", this.pass.width, scoreQuads),
      ...this.drop("g", "query"),
      ...grid(high, scoreQuads, (i, j) => {
        const p = `exp(s${i}_${j} - vec4<f32>(top${i})) * part${i}`;
        return `  s${i}_${j} = (${this.ofColumns(j, p)}) * (g${i}_${j} - vec4<f32>(delta${i}));`;
      }),
      ...this.storeScores("s"),
      barrier,
      this.fill(key),
      barrier,
      ...this.product("o", "scores", columns, resultQuads),
      barrier,
      "  }",
      ...this.storeResult("o", made.get("attention_grad_query")!, () => this.float(this.attrs.scale)),
    ];
  }
}

/** Writes a kernel of the key's and the value's gradients, as far as they are asked for: rows are keys, columns queries. */
export class StreamKeyGradients extends StreamText {
  protected override body(made: Results): string[] {
    const { high, scoreQuads, resultQuads, columns } = this.layout;
    const [dkey, dvalue] = [made.get("attention_grad_key"), made.get("attention_grad_value")];
    const [query, key, gradient] = this.operands("query", "key", "gradient");
    // A kernel may not bind what it does not read.
    const value = dkey && this.operands("value")[0];
    return [
      ...this.base(query, key, gradient, ...(value ? [value] : [])),
      this.seed(),
      this.fillKept(0, key),
      ...(value ? [this.fillKept(1, value)] : []),
      ...(dkey ? accumulators("k", high, resultQuads) : []),
      ...(dvalue ? accumulators("v", high, resultQuads) : []),
      `  for (var c0 = ${this.columnsStart()}; c0 < ${this.pass.columns}u; c0 += ${columns}u) {`,
      this.fillTurned(query, { scale: true }),
      barrier,
      ...accumulators("s", high, scoreQuads),
      ...this.product("s", "kept0", this.pass.width, scoreQuads),
      barrier,
      this.fillTurned(gradient),
      ...this.maskScores("key"),
      ...range(scoreQuads).flatMap((j) => {
        const [top, sum] = [this.columnStatistic("top", j), this.columnStatistic("sum", j)];
        return [
          `  let top${j} = ${top}; let part${j} = vec4<f32>(1.0f) / ${sum};`,
          ...range(high).map((i) => {
            const p = `exp(s${i}_${j} - top${j}) * part${j}`;
            return `  s${i}_${j} = ${this.ofColumns(j, p)};`;
          }),
        ];
      }),
      ...this.keepBits("key"),
      ...(dvalue
        ? [
          ...accumulators("d", high, scoreQuads),
          ...grid(high, scoreQuads, (i, j) => `  d${i}_${j} = s${i}_${j};`),
          ...this.applyKeep("d"),
          ...this.storeScores("d"),
        ]
        : []),
      barrier,
      ...(dkey
        ? [
          ...accumulators("g", high, scoreQuads),
          ...this.product("g", "kept1", this.pass.width, scoreQuads),
          ...this.applyKeep("g"),
          ...range(scoreQuads).flatMap((j) => [
            `  let delta${j} = ${this.columnStatistic("delta", j)};`,
            ...range(high).map((i) => `  s${i}_${j} *= g${i}_${j} - delta${j};`),
          ]),
          barrier,
        ]
        : []),
      ...(dvalue
        ? [
          this.fill(gradient),
          barrier,
          ...this.product("v", "scores", columns, resultQuads),
          barrier,
        ]
        : []),
      ...(dkey
        ? [
          ...this.storeScores("s"),
          this.fill(query, { scale: true }),
          barrier,
          ...this.product("k", "scores", columns, resultQuads),
          barrier,
        ]
        : []),
      "  }",
      ...(dkey ? this.storeResult("k", dkey) : []),
      ...(dvalue ? this.storeResult("v", dvalue) : []),
    ];
  }
}
