/**
 * What a parser is to the fuzzer, and what its entries are written with.
 *
 * @module
 */

/** One parser of untrusted bytes. */
export interface Parser {
  /** Good inputs, which must be read. */
  readonly seeds: () => readonly Uint8Array[];
  /** Reads bytes, and says how much came out: characters, values, rows. */
  readonly run: (bytes: Uint8Array) => number | Promise<number>;
  /** Whether an error besides those for users is one that the parser may throw. */
  readonly allowed?: (error: unknown) => boolean;
  /** Time of one case, ms; 2000 unless given. A case takes a few, and CI's machine may be busy. */
  readonly limitMs?: number;
}

/** A file below `tests/golden`. */
export const golden = (path: string): Uint8Array<ArrayBuffer> =>
  Deno.readFileSync(new URL(`../golden/${path}`, import.meta.url));
/** A text as UTF-8. */
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
/** What bytes are as UTF-8, well-formed or not. */
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
/** A value as JSON. */
export const jsonBytes = (value: unknown): Uint8Array<ArrayBuffer> => bytesOf(JSON.stringify(value));

let folder: string | undefined;

/** Runs a reader of files on a file of this name. */
export function inFile(
  name: string,
  read: (path: string, folder: string) => number | Promise<number>,
): (bytes: Uint8Array) => Promise<number> {
  return async (bytes) => {
    folder ??= Deno.makeTempDirSync({ prefix: "weir-fuzz-" });
    const path = `${folder}/${name}`;
    Deno.writeFileSync(path, bytes);
    return await read(path, folder);
  };
}

/** Removes the folder that the files were in. */
export function removeFiles(): void {
  if (folder !== undefined) Deno.removeSync(folder, { recursive: true });
  folder = undefined;
}
