/**
 * Names that the registry gives: of models and aliases. They become parts of paths and addresses.
 *
 * @module
 */
import { isModelName, isVersion } from "../bundle/names.ts";
import { RegistryError } from "./errors.ts";

/** The alias that always means the highest version, and cannot be set. */
export const latest = "latest";

/**
 * Checks the name of a model or an alias.
 *
 * @throws {RegistryError} When it holds anything but lower-case letters, digits, dots, hyphens and underscores.
 */
export function checkName(kind: "model" | "alias", name: string): string {
  if (isModelName(name)) return name;
  throw new RegistryError(
    `"${
      name.slice(0, 80)
    }" is no ${kind} name: wanted 1 to 64 of a-z, 0-9, ".", "_" and "-", beginning with a ` +
      `letter or digit.`,
  );
}

/**
 * Checks that an alias may be set: a name, not `latest`, and nothing that reads as a version.
 *
 * @throws {RegistryError} When it may not.
 */
export function checkAlias(alias: string): string {
  checkName("alias", alias);
  if (alias === latest || isVersion(alias)) {
    throw new RegistryError(
      alias === latest
        ? `"latest" always means the highest version and cannot be set: choose another alias, such as champion.`
        : `"${alias}" is a version and cannot be an alias: choose a word, such as champion.`,
    );
  }
  return alias;
}
