/**
 * How tiles of operands come into workgroup memory, step by step of a product's sum.
 *
 * A tile lies as `[e][part][quad][place]`: element `4 * quad + e` of part `part` of the sum, 16 elements a part, and at `place`
 * four neighbours of the other side in a vector, so that a thread reads what it multiplies four at a time and by literals.
 * Every thread fetches its share into registers while the last step is multiplied, and stores it once that one is done.
 *
 * @module
 */
import type { BlockTile } from "./block_tiles.ts";
import type { Operand } from "./operands.ts";
import { component, range, vec4 } from "./text.ts";

/** Text that says where a thread's share lies, fetches that of step `next`, and stores what was fetched. */
export interface Fetch {
  readonly start: readonly string[];
  readonly load: readonly string[];
  readonly store: readonly string[];
}

/** Fetches rows, or columns, that are multiplied along the head: turned on their way, rows into `held`, columns into `stage`. */
export function fetchTurned(tile: BlockTile, tag: string, ofRows: Operand, ofColumns: Operand): Fetch {
  const { rows, columns, threads, headDepth: depth } = tile;
  const quads = depth / 4;
  const sides = [
    { o: ofRows, first: "r0", block: rows, into: "held" },
    { o: ofColumns, first: "c0", block: columns, into: "stage" },
  ];
  // A square is of four rows and four neighbours of the head; the rows' squares come first.
  const [rowSquares, squares] = [rows * depth / 16, (rows + columns) * depth / 16];
  const [start, load, store]: string[][] = [[], [], []];
  for (let from = 0, round = 0; from < squares; from += threads, round++) {
    const v = `${tag}${round}`;
    const to = from + threads;
    const kinds = [from < rowSquares, to > rowSquares].flatMap((here, i) => here ? [sides[i]] : []);
    const guard = to > squares ? `if (t < ${squares - from}u) ` : "";
    const indices = kinds.map(({ o, first, block, into }) => {
      const shift = from - (into === "held" ? 0 : rowSquares);
      const square = shift >= 0 ? `(t + ${shift}u)` : `(t - ${-shift}u)`;
      // Of eight threads beside each other, none stores to another's bank.
      const line = quads === 4
        ? `(((${square} >> 2u) & 1u) * 4u + ((${square} >> 3u) & 3u) + (${square} >> 5u) * 8u)`
        : `${square} / ${quads}u`;
      const rowText = (e: number) => {
        const text = `${first} + ${line} * 4u + ${e}u`;
        return o.extent % block === 0 ? `(${text})` : `min(${text}, ${o.extent - 1}u)`;
      };
      return {
        line,
        quad: `${square} % ${quads}u`,
        at: (e: number) =>
          `base_${o.name} + ${rowText(e)} * ${o.strides[1]}u + q_${v} * ${4 * o.strides[2]}u`,
      };
    });
    const choose = (text: (side: number) => string) =>
      kinds.length === 1 ? text(0) : `select(${text(1)}, ${text(0)}, t < ${rowSquares - from}u)`;
    start.push(`  let l_${v} = ${choose((s) => indices[s].line)};`);
    start.push(`  let q_${v} = ${choose((s) => indices[s].quad)};`);
    const [{ o: { strides } }] = kinds;
    const regular = kinds.every(({ o, block }) => o.extent % block === 0 && o.strides[1] === strides[1]);
    for (const e of regular ? [0] : range(4)) {
      start.push(`  let p_${v}_${e} = ${choose((s) => indices[s].at(e))};`);
    }
    for (const e of range(4)) start.push(`  var r_${v}_${e} = vec4<f32>();`);
    const branch = (text: (side: number) => string) =>
      kinds.length === 1
        ? `    ${guard}{ ${text(0)} }`
        : `    if (t < ${rowSquares - from}u) { ${text(0)} } else ${guard}{ ${text(1)} }`;
    const place = (e: number) => regular ? `p_${v}_0 + ${e * strides[1]}u` : `p_${v}_${e}`;
    load.push(branch((s) => {
      const { name, strides } = kinds[s].o;
      const step = `next * ${depth * strides[2]}u`;
      return range(4).map((e) => `r_${v}_${e} = load_${name}(${place(e)} + ${step});`).join(" ");
    }));
    store.push(branch((s) =>
      range(4).map((e) => {
        const value = vec4((r) => `r_${v}_${r}.${component[e]}`);
        return `${kinds[s].into}[${e}][q_${v} >> 2u][q_${v} & 3u][l_${v}] = ${value};`;
      }).join(" ")
    ));
  }
  return { start, load, store };
}

/** Fetches rows of an operand that are summed up, from row `first` of a block of so many, into `stage` as they lie. */
export function fetchRows(
  tile: BlockTile,
  tag: string,
  o: Operand,
  { first, block }: { first: "r0" | "c0"; block: number },
): Fetch {
  const { threads, quads, resultDepth: depth } = tile;
  const [start, load, store]: string[][] = [[], [], []];
  const units = depth * quads;
  for (let from = 0, round = 0; from < units; from += threads, round++) {
    const v = `${tag}${round}`;
    const guard = from + threads > units ? `if (t < ${units - from}u) ` : "";
    const unit = from === 0 ? "t" : `(t + ${from}u)`;
    const aside = `base_${o.name} + ${unit} % ${quads}u * ${4 * o.strides[2]}u`;
    const row = `${first} + ${unit} / ${quads}u`;
    start.push(`  var r_${v} = vec4<f32>();`);
    if (o.extent % block === 0) {
      start.push(`  let p_${v} = ${aside} + (${row}) * ${o.strides[1]}u;`);
      load.push(`    ${guard}{ r_${v} = load_${o.name}(p_${v} + next * ${depth * o.strides[1]}u); }`);
    } else {
      start.push(`  let p_${v} = ${aside}; let row_${v} = ${row};`);
      const at = `min(row_${v} + next * ${depth}u, ${o.extent - 1}u) * ${o.strides[1]}u`;
      load.push(`    ${guard}{ r_${v} = load_${o.name}(p_${v} + ${at}); }`);
    }
    const k = `(${unit} / ${quads}u)`;
    store.push(
      `    ${guard}{ stage[${k} & 3u][${k} >> 4u][(${k} >> 2u) & 3u][${unit} % ${quads}u] = r_${v}; }`,
    );
  }
  return { start, load, store };
}
