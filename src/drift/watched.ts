/**
 * Which features are watched: those that both the code and the baseline know.
 *
 * @module
 */
import type { Baseline } from "./baseline.ts";
import { BlockComparison } from "./evidence/dependence.ts";
import { projectionsOf } from "./evidence/directions.ts";
import { type Feature, gatesFirst } from "./feature.ts";
import type { Prepared } from "./kinds/kind.ts";
import { kinds, type NamedReference, type Reference } from "./kinds/mod.ts";

/** A feature with its reference. */
export interface Watched<O> {
  readonly feature: Feature<O>;
  readonly reference: Reference & Pick<NamedReference, "missing" | "seasons">;
  readonly prepared: Prepared;
  /** Compares neighbouring blocks of what this monitor is given; absent where the baseline has no cells. */
  readonly blocks?: BlockComparison;
  /** Tells `blocks` the cells of an observation. */
  hit(cell: number): void;
}

/** Pairs the features with their references, in the order of the features; `notes` says what is left out, and why. */
export function matchFeatures<O>(
  features: readonly Feature<O>[],
  baseline: Baseline,
): { watched: readonly Watched<O>[]; notes: readonly string[] } {
  const references = new Map(
    baseline.features.map(({ name, ...reference }) => [name, reference as Watched<O>["reference"]]),
  );
  const watched: Watched<O>[] = [], notes: string[] = [];
  for (const feature of gatesFirst(features)) {
    const reference = references.get(feature.name);
    references.delete(feature.name);
    if (reference === undefined) {
      notes.push(`"${feature.name}" is not watched for drift: the baseline has no reference of it`);
    } else if (reference.kind !== feature.kind) {
      notes.push(
        `"${feature.name}" is not watched for drift: it is ${feature.kind}, and the baseline's is ${reference.kind}`,
      );
    } else {
      const prepared = kinds[feature.kind].prepare(reference);
      const blocks = prepared.cells &&
        new BlockComparison(
          prepared.cells.counts.length,
          projectionsOf(prepared.cells),
          expectedShares(prepared.cells, reference),
        );
      watched.push({ feature, reference, prepared, blocks, hit: (cell) => blocks?.hit(cell) });
    }
  }
  for (const name of [...references.keys(), ...baseline.skipped ?? []]) {
    notes.push(`"${name}" is not watched for drift: the baseline has it, and this version does not know it`);
  }
  return { watched, notes };
}

/** The share of each cell in each season; of one that the reference has not seen, in all. */
function expectedShares(
  { counts, n }: NonNullable<Prepared["cells"]>,
  { seasons }: Pick<NamedReference, "seasons">,
): Float64Array[] | undefined {
  return seasons?.counts.map((own, s) =>
    seasons.n[s] > 0
      ? Float64Array.from(own, (count) => count / seasons.n[s])
      : Float64Array.from(counts, (count) => count / n)
  );
}
