/**
 * What `bench/tune_matmul.ts` measured: for an adapter, the best tile and number of parts of a matrix product, by shape. A
 * table for the H100 is built in; one for another adapter is a JSON file that `readTuning` checks.
 *
 * @module
 */
import { isObject, parseJson } from "../../../base/json.ts";
import { show } from "../../../base/text.ts";
import { BackendError } from "../../interface.ts";

/**
 * Which dimensions of the operands are contiguous: `n` the first operand's inner or the second one's outer dimension, `t` the
 * other.
 */
export type ProductForm = "nn" | "nt" | "tn" | "tt";

/** A measured choice. */
export interface TunedProduct {
  /** Rows x columns of results of a workgroup. */
  readonly tile: string;
  /** Parts that the inner dimension is cut into. */
  readonly parts: number;
}

/** A table of measured choices. */
export interface Tuning {
  /** The adapter it was measured on, as the driver describes it. */
  readonly adapter: string;
  /** The choice for one product, of f32 or of packed halves, if that shape was measured. */
  find(
    form: ProductForm,
    rows: number,
    columns: number,
    depth: number,
    kind?: "f32" | "halves",
  ): TunedProduct | undefined;
}

/**
 * A table as it is written: `products` maps `"nt 2048x768x768"` (form, rows, columns, depth) to `"96x128"` or, in parts,
 * `"96x128/2"`; `halves` likewise for products whose operands are both f16.
 */
export interface TuningFile {
  readonly adapter: string;
  readonly products: Readonly<Record<string, string>>;
  readonly halves?: Readonly<Record<string, string>>;
}

const maxProducts = 10_000;

/** A table from its file. */
export function tuningOf(file: TuningFile): Tuning {
  const tables = {
    f32: new Map(Object.entries(file.products)),
    halves: new Map(Object.entries(file.halves ?? {})),
  };
  return {
    adapter: file.adapter,
    find(form, rows, columns, depth, kind = "f32") {
      const found = tables[kind].get(`${form} ${rows}x${columns}x${depth}`);
      if (found === undefined) return undefined;
      const [tile, parts = "1"] = found.split("/");
      return { tile, parts: Number(parts) };
    },
  };
}

/**
 * Reads a tuning file.
 *
 * @param text The file's contents: JSON, `{ adapter, products, halves? }` with at most 10,000 products.
 * @param options `tiles`: the names of the tiles there are; `path`: the file, for errors.
 * @throws {BackendError} when it is anything else; the message says where.
 * @example
 * ```ts
 * import { readTuning } from "./tuning.ts";
 * import assert from "node:assert/strict";
 * const text = `{ "adapter": "A GPU", "products": { "nt 2048x768x768": "96x128/2" } }`;
 * const tuning = readTuning(text, { tiles: ["96x128"], path: "tuning.json" });
 * assert.deepEqual(tuning.find("nt", 2048, 768, 768), { tile: "96x128", parts: 2 });
 * ```
 */
export function readTuning(
  text: string,
  { tiles, path }: { readonly tiles: readonly string[]; readonly path: string },
): Tuning {
  const value = parseJson(text, (problem) => new BackendError(tuningProblem(path, problem)));
  const { adapter, products, halves = {} } = (value ?? {}) as Partial<TuningFile>;
  if (typeof adapter !== "string") return refuseTuning(path, `"adapter" must be a string`);
  if (!isObject(products)) return refuseTuning(path, `"products" must be an object`);
  if (!isObject(halves)) return refuseTuning(path, `"halves" must be an object`);
  const entries = [...Object.entries(products), ...Object.entries(halves)];
  if (entries.length > maxProducts) {
    refuseTuning(path, `it has ${entries.length} products, at most ${maxProducts} are read`);
  }
  for (const [key, choice] of entries) {
    if (!/^(nn|nt|tn|tt) [1-9]\d{0,8}x[1-9]\d{0,8}x[1-9]\d{0,8}$/.test(key)) {
      refuseTuning(path, `${show(key)} is no product such as "nt 2048x768x768"`);
    }
    const match = typeof choice === "string" ? /^(\d{1,4}x\d{1,4})(\/[1-9]\d?)?$/.exec(choice) : null;
    if (!match || !tiles.includes(match[1])) {
      refuseTuning(path, `${key} must be one of ${tiles.join(", ")}, in parts such as "${tiles[0]}/2"`);
    }
  }
  return tuningOf({ adapter, products, halves });
}

/** Refuses a tuning file. */
export function refuseTuning(path: string, why: string): never {
  throw new BackendError(tuningProblem(path, why));
}

function tuningProblem(path: string, why: string): string {
  return `Cannot use the tuning file ${path}: ${why}; write it again with bench/tune_matmul.ts or delete it`;
}
