/**
 * Reading a bundle, with every file that is used checked against the manifest.
 *
 * @module
 */
import type { Manifest } from "./manifest.ts";

/** A bundle as it was read and found whole. */
export interface Bundle {
  readonly directory: string;
  readonly manifest: Manifest;
  /** The parsed `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The texts of `tokenizer.json` and, where the bundle has one, of `tokenizer_config.json`. */
  readonly tokenizer: string;
  readonly tokenizerConfig?: string;
  /** The parsed `baseline.json`, where the bundle has one. */
  readonly baseline?: unknown;
  /** The model files by path, in shared memory: posted to any number of Workers, they stay one copy. */
  readonly models: Readonly<Record<string, Uint8Array>>;
  /** The most tokens that the model takes, special ones included. */
  readonly maxTokens: number;
  /** The longest text that is read, in code points. */
  readonly maxCharacters: number;
}

/** Reads a bundle. */
export declare function readBundle(
  directory: string,
  options?: { readonly models?: boolean },
): Promise<Bundle>;
