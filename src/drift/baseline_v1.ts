/**
 * Reads the first format of `baseline.json`, which had six features of text classification in fields of their own.
 *
 * @module
 */
import { array, record, string, whole, wholes } from "./checks.ts";
import { bagKind } from "./kinds/bag.ts";
import { categoricalKind } from "./kinds/categorical.ts";
import type { NamedReference } from "./kinds/mod.ts";
import { numericKind } from "./kinds/numeric.ts";

/**
 * What a baseline of today holds, out of a file of the first format.
 *
 * @throws {DriftError} Naming the first field that is not what it should be.
 */
export function readBaselineV1(
  root: Record<string, unknown>,
): { observations: number; features: NamedReference[] } {
  const labels = array(root.labels, "labels", { most: 10_000 })
    .map((label, i) => string(label, `labels[${i}]`));
  const vocabSize = whole(root.vocabSize, "vocabSize", { least: 1, most: 2 ** 24 });
  const observations = whole(root.texts, "texts", { least: 1 });
  const features: NamedReference[] = [];
  const numeric = record(root.numeric, "numeric");
  for (const name of ["characters", "tokens", "unknownRate", "confidence"]) {
    if (numeric[name] === undefined) continue;
    const where = `numeric.${name}`;
    features.push({ name, ...numericKind.parse(record(numeric[name], where), where) });
  }
  if (root.predictedClass !== undefined) {
    const { counts } = record(root.predictedClass, "predictedClass");
    const name = "predictedClass";
    features.push({ name, ...categoricalKind.parse({ categories: labels, counts }, name) });
  }
  const name = "tokenDistribution";
  const tokens = record(root.tokenDistribution, name);
  const items = wholes(tokens.ids, `${name}.ids`, { most: 10_000, below: vocabSize, least: 0 });
  const noise = array(tokens.noise, `${name}.noise`, { most: 100 }).map((entry, i) => {
    const { texts, referenceTexts, ...moments } = record(entry, `${name}.noise[${i}]`);
    return { ...moments, observations: texts, referenceObservations: referenceTexts };
  });
  features.push({ name, ...bagKind.parse({ ...tokens, items, noise, observations }, name) });
  return { observations, features };
}
