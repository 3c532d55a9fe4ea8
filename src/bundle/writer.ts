/**
 * Writing a bundle's files into a folder.
 *
 * @module
 */
import type { ManifestDraft } from "./manifest.ts";

/** The content of a file: bytes, a text, a value that is written as JSON, or bytes that come piece by piece. */
export type FileContent = Uint8Array | string | object | AsyncIterable<Uint8Array>;

/** Writes a bundle. */
export declare function writeBundle(
  directory: string,
  files: Readonly<Record<string, FileContent>>,
  manifest: ManifestDraft,
): Promise<void>;
