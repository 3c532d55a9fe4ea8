/**
 * The fingerprints of a training, and which rows of a data set a model has seen.
 *
 * @module
 */
import {
  encodeFingerprints,
  type FingerprintPart,
  type Fingerprints,
  FINGERPRINTS_FILE,
  hasFingerprint,
} from "../bundle/fingerprints.ts";
import { rowFingerprint } from "../tasks/fingerprint.ts";
import type { Row } from "../tasks/task.ts";
import type { Parts, PreparedRow } from "./prepare.ts";
import type { Pretrained } from "./pretrained.ts";

/** Where a model met a row: its weights were fitted to it, it chose the epoch, or a model that it was made from met it. */
export type SeenIn = "train" | "validation" | "base";

/**
 * The file of a training's fingerprints, with those of the bundle that it started from: what the base has seen, its child has.
 * Near-duplicates, which the split keeps on one side, are not among them.
 */
export function fingerprintsFile(
  parts: Parts<Pick<PreparedRow, "row">>,
  pretrained?: Pick<Pretrained, "manifest" | "fingerprints">,
): Record<string, Uint8Array> {
  const own = (["train", "validation"] as const).map((part): FingerprintPart => ({
    part,
    model: null,
    hashes: BigUint64Array.from(new Set(parts[part].map(({ row }) => rowFingerprint(row)))).sort(),
  }));
  const base = pretrained?.manifest;
  const known = pretrained?.fingerprints;
  const name = base && `${base.name} ${base.version}`;
  return {
    [FINGERPRINTS_FILE]: encodeFingerprints({
      parts: [...own, ...known?.parts.map((part) => ({ ...part, model: part.model ?? name! })) ?? []],
      unknownBases: [...known?.unknownBases ?? [], ...(base && !known ? [name!] : [])],
    }),
  };
}

/**
 * Where a model has met each row; `undefined` where it has not, as far as its fingerprints say. A row that several parts have
 * counts for the first of train, validation and base.
 *
 * @param rows After their cleaning, as the model reads them.
 */
export function seenRows(
  rows: readonly Pick<Row<unknown>, "queries">[],
  { parts }: Fingerprints,
): (SeenIn | undefined)[] {
  const orders: [SeenIn, FingerprintPart[]][] = [
    ["train", parts.filter(({ model, part }) => model === null && part === "train")],
    ["validation", parts.filter(({ model, part }) => model === null && part === "validation")],
    ["base", parts.filter(({ model }) => model !== null)],
  ];
  return rows.map((row) => {
    const hash = rowFingerprint(row);
    return orders.find(([, parts]) => parts.some(({ hashes }) => hasFingerprint(hashes, hash)))?.[0];
  });
}
