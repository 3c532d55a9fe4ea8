/**
 * Semantic versions: reading, ordering and raising them.
 *
 * @module
 */
import { versionPattern } from "../bundle/names.ts";
import { RegistryError } from "./errors.ts";

/** A semantic version (semver.org 2.0.0). */
export interface Version {
  /** Raised when labels or inputs change. */
  readonly major: number;
  /** Raised for new data or a new method. */
  readonly minor: number;
  /** Raised for everything else. */
  readonly patch: number;
  /** The identifiers after the hyphen, such as `rc` and `1`; empty for a release. */
  readonly prerelease: readonly string[];
}

/** Which number a new version raises: major for changed labels or inputs, minor for new data or method, patch else. */
export type Bump = "major" | "minor" | "patch";

/** The version of a model that has none yet. */
export const firstVersion = "1.0.0";

/**
 * Reads a semantic version.
 *
 * @throws {RegistryError} when `text` is none
 */
export function parseVersion(text: string): Version {
  const match = versionPattern.exec(text);
  if (match === null) {
    throw new RegistryError(`"${text.slice(0, 64)}" is not a version: wanted one such as 1.0.0.`);
  }
  const [major, minor, patch] = match.slice(1, 4).map(Number);
  return { major, minor, patch, prerelease: match[4]?.split(".") ?? [] };
}

/** Writes a version as text. */
export function formatVersion(version: Version): string {
  const { major, minor, patch, prerelease } = version;
  return `${major}.${minor}.${patch}${prerelease.length > 0 ? `-${prerelease.join(".")}` : ""}`;
}

/**
 * Orders versions by semver's precedence: below 0 when `a` comes first, above 0 when `b` does. For `Array.sort`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { compareVersions } from "./versions.ts";
 *
 * assert.deepEqual(["1.10.0", "1.9.0", "1.9.0-rc.1"].sort(compareVersions), ["1.9.0-rc.1", "1.9.0", "1.10.0"]);
 * ```
 */
export function compareVersions(a: string, b: string): number {
  const x = parseVersion(a), y = parseVersion(b);
  return x.major - y.major || x.minor - y.minor || x.patch - y.patch ||
    comparePrerelease(x.prerelease, y.prerelease);
}

/** The release that follows `version`. A pre-release is followed by its own release when the bump asks for no more. */
export function bumpVersion(version: string, bump: Bump): string {
  const { major, minor, patch, prerelease } = parseVersion(version);
  const isPrerelease = prerelease.length > 0;
  switch (bump) {
    case "major":
      return isPrerelease && minor === 0 && patch === 0 ? `${major}.0.0` : `${major + 1}.0.0`;
    case "minor":
      return isPrerelease && patch === 0 ? `${major}.${minor}.0` : `${major}.${minor + 1}.0`;
    case "patch":
      return isPrerelease ? `${major}.${minor}.${patch}` : `${major}.${minor}.${patch + 1}`;
  }
}

function comparePrerelease(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length; // a release comes after its pre-releases
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] === b[i]) continue;
    const aNumeric = /^\d+$/.test(a[i]), bNumeric = /^\d+$/.test(b[i]);
    if (aNumeric && bNumeric) return Number(a[i]) - Number(b[i]);
    if (aNumeric !== bNumeric) return aNumeric ? -1 : 1;
    return a[i] < b[i] ? -1 : 1;
  }
  return a.length - b.length;
}
