/**
 * How a data set is read: what a caller may say, and what was found out about a source.
 *
 * @module
 */

/** The kinds of content that can be read. */
export const FORMATS = [
  "csv",
  "jsonl",
  "json",
  "parquet",
  "arrow",
  "conll",
  "fasttext",
  "lines",
] as const;

/** A kind of content. */
export type Format = typeof FORMATS[number];

/** What stands around a cell that holds delimiters or line ends. */
export type Quote = '"' | "'" | "none";

/** What a caller says of a source; what is not said is found out from its content. */
export interface ReadOptions {
  /** The kind of content, where its name and its first bytes do not say it. */
  readonly format?: Format;
  /** What stands between two cells of a row. */
  readonly delimiter?: string;
  /** What stands around a cell; `none`: quotes are part of the text. */
  readonly quote?: Quote;
  /** A label of the WHATWG Encoding Standard, such as `windows-1252` or `shift_jis`. */
  readonly encoding?: string;
  /** Whether the first row names the columns. Without names the columns are called `1`, `2`, ... */
  readonly header?: boolean;
  /** Lines of delimited text above its first row. */
  readonly skipLines?: number;
  /** Which split of a data set's folder is read. */
  readonly split?: string;
  /** Names of the columns that somebody wants: they tell a header from a row, and which columns must not be named twice. */
  readonly columns?: readonly string[];
  /** Gets a line for each thing that was guessed, with the option that says otherwise. */
  readonly onGuess?: (line: string) => void;
}

/** How a source's bytes are packed. */
export type Compression = "gzip" | "zstd" | "bzip2";

/** What was found out about a source. */
export interface SourceDescription {
  /** As messages call it. */
  readonly name: string;
  /** The kind of content. */
  readonly format: Format | "folder" | "spam";
  /** How the bytes are packed; null: they are not, or inside the format. */
  readonly compression: Compression | null;
  /** Of text. */
  readonly encoding?: string;
  /** Between two cells of a row; null: a row is one cell. */
  readonly delimiter?: string | null;
  /** Around a cell. */
  readonly quote?: Quote;
  /** Whether the first row names the columns. */
  readonly header?: boolean;
  /** The columns of the first record. */
  readonly columns: readonly string[];
  /** Of a folder: the files that are read, in order; the first thousand. */
  readonly files?: readonly string[];
  /** Of a folder: the splits that it has, and the one that is read. */
  readonly splits?: readonly string[];
  readonly split?: string;
  /** A line for each thing that was guessed. */
  readonly guesses: readonly string[];
}
