/**
 * The reference of one model version: what its bundle's `baseline.json` holds.
 *
 * @module
 */
import { readBaselineV1 } from "./baseline_v1.ts";
import { array, countsOf, record, string, whole, wrong } from "./checks.ts";
import { isKind, kinds, type NamedReference, type Reference } from "./kinds/mod.ts";
import { type Season, seasonCounts, type SeasonReference } from "./season.ts";

/** The reference that live traffic is compared with. Plain JSON. */
export interface Baseline {
  /** Names the layout of the file. */
  readonly format: "weir-baseline/2";
  /** Observations that went into it. */
  readonly observations: number;
  /** What is known of each feature, by its name. */
  readonly features: readonly NamedReference[];
  /** Never in a file: the features of one that were left out because their kind is not known here. */
  readonly skipped?: readonly string[];
}

const MAX_FEATURES = 1000;

/**
 * Checks what was read from a `baseline.json` and returns it as a baseline. Files of the first format are read too. Unknown
 * fields are dropped; features of a kind that this version does not know are left out and named in `skipped`.
 *
 * @param json The parsed file.
 * @throws {DriftError} Naming the first field that is not what it should be.
 * @example
 * ```ts
 * import { parseBaseline } from "./baseline.ts";
 * import assert from "node:assert/strict";
 *
 * assert.throws(() => parseBaseline({ format: "weir-baseline/9" }), /format is "weir-baseline\/9"/);
 * ```
 */
export function parseBaseline(json: unknown): Baseline {
  const root = record(json, "the baseline");
  if (root.format === "weir-baseline/1") return { format: "weir-baseline/2", ...readBaselineV1(root) };
  if (root.format !== "weir-baseline/2") throw wrong("format", root.format, '"weir-baseline/2"');
  const observations = whole(root.observations, "observations", { least: 1 });
  const features: NamedReference[] = [], skipped: string[] = [];
  const seen = new Set<string>();
  array(root.features, "features", { most: MAX_FEATURES, least: 0 }).forEach((entry, i) => {
    const feature = record(entry, `features[${i}]`);
    const name = string(feature.name, `features[${i}].name`);
    const kind = string(feature.kind, `features[${i}].kind`);
    if (seen.has(name)) throw wrong(`features[${i}].name`, name, "a name that no other feature has");
    seen.add(name);
    const missing = feature.missing === undefined
      ? {}
      : { missing: whole(feature.missing, `${name}.missing`, { least: 0 }) };
    if (isKind(kind)) {
      const reference = kinds[kind].parse(feature, name) as Reference;
      const seasons = feature.seasons === undefined
        ? {}
        : { seasons: parseSeasons(feature.seasons, `${name}.seasons`, reference) };
      features.push({ name, ...missing, ...seasons, ...reference });
    } else skipped.push(name);
  });
  return { format: "weir-baseline/2", observations, features, ...(skipped.length > 0 ? { skipped } : {}) };
}

function parseSeasons(json: unknown, where: string, reference: Reference): SeasonReference {
  const { of, n, counts } = record(json, where);
  if (!Object.hasOwn(seasonCounts, String(of))) {
    throw wrong(`${where}.of`, of, `one of ${Object.keys(seasonCounts).join(", ")}`);
  }
  const season = of as Season, length = seasonCounts[season];
  const cells = kinds[reference.kind].prepare(reference).cells?.counts.length ?? 0;
  const lists = array(counts, `${where}.counts`, { most: length, least: length });
  return {
    of: season,
    n: countsOf(n, `${where}.n`, { length, of: "season" }),
    counts: lists.map((list, s) => countsOf(list, `${where}.counts[${s}]`, { length: cells, of: "cell" })),
  };
}
