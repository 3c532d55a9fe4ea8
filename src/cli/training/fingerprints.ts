/**
 * `--no-fingerprints`: whether a bundle says which rows its model has seen.
 *
 * @module
 */
import type { Command } from "commander";

/** What `--no-fingerprints` was given. */
export interface FingerprintOptions {
  readonly fingerprints: boolean;
}

/** Adds `--no-fingerprints`. */
export function withFingerprintOptions(command: Command): Command {
  return command.option(
    "--no-fingerprints",
    "keep no hashes of the rows in the bundle; weir eval cannot tell then what the model has seen",
  );
}
