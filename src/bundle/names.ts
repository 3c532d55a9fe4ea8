/**
 * Names in a bundle that become parts of paths: of models, versions and files.
 *
 * @module
 */

/** The most characters of a file's path. */
const MAX_PATH = 255;

// Numbers without leading zeros and of at most 9 digits, which stay exact. Build metadata is not taken: two versions that
// differ in it alone would be one in precedence and two in the registry.
const number = "(0|[1-9]\\d{0,8})";
const identifier = "(?:0|[1-9]\\d{0,8}|\\d*[a-zA-Z-][0-9a-zA-Z-]*)";

/** A semantic version (semver.org 2.0.0): major, minor, patch, and the identifiers of a pre-release. */
export const versionPattern: RegExp = new RegExp(
  `^(?=.{1,64}$)${number}\\.${number}\\.${number}(?:-(${identifier}(?:\\.${identifier})*))?$`,
);

/** Whether `text` is a semantic version. */
export function isVersion(text: string): boolean {
  return versionPattern.test(text);
}

/** Whether a model may be called so: 1 to 64 lower-case letters, digits, dots, hyphens and underscores. */
export function isModelName(name: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(name);
}

/** Whether `path` stays inside the bundle on every file system: relative, forward slashes, no empty, `.` or `..` part. */
export function isBundlePath(path: string): boolean {
  return path.length > 0 && path.length <= MAX_PATH &&
    path.split("/").every((part) => partPattern.test(part) && !part.endsWith(".") && part !== "__proto__");
}

// Letters, digits, and what file names of models hold; no backslash, colon, space or control character.
const partPattern = /^(?!\.{1,2}$)[\p{L}\p{N}._@+=,-]+$/u;
