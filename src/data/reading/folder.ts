/**
 * What a folder holds: the files of a data set, as its hub keeps them, or texts in a folder for each label.
 *
 * @module
 */
import { isAbsolute, join, relative } from "node:path";
import { plural } from "../../base/format.ts";
import { show } from "../../base/text.ts";
import { DataError } from "../errors.ts";
import { fileError } from "./bytes.ts";
import { formatOfName } from "./format.ts";
import type { Format, ReadOptions } from "./options.ts";

/** Limits of a folder: a link that leads back, or somebody's whole disk, is no data set. */
const MAX_DEPTH = 8;
const MAX_FILES = 2_000_000;

/** A text of its own file. */
export interface TextFile {
  readonly path: string;
  /** Below the folder, as people call it. */
  readonly file: string;
  /** The folder that it is in; undefined: none has a label. */
  readonly label?: string;
}

/** What of a folder is read. */
export type FolderPlan =
  & {
    /** The splits that there are, sorted. */
    readonly splits: readonly string[];
    /** The one that is read; undefined: there are none. */
    readonly split?: string;
    /** What was guessed. */
    readonly guesses: readonly string[];
  }
  & (
    | { readonly format: Format; readonly files: readonly string[] }
    | { readonly format: "folder"; readonly texts: readonly TextFile[] }
  );

/** Which files of a folder are read, in order. */
export async function planFolder(folder: string, options: ReadOptions): Promise<FolderPlan> {
  const paths = await filesBelow(folder);
  const data = paths.flatMap((path) => {
    const format = isDescription(path) ? undefined : formatOfName(path);
    return format === undefined ? [] : [{ path, format, split: splitOf(path) }];
  });
  return data.length > 0 ? planFiles(folder, data, options) : planTexts(folder, paths, options);
}

interface DataFile {
  readonly path: string;
  readonly format: Format;
  readonly split?: string;
}

function planFiles(folder: string, all: readonly DataFile[], options: ReadOptions): FolderPlan {
  const formats = [...new Set(all.map(({ format }) => format))];
  const format = options.format ?? formats[0];
  if (formats.length > 1 && options.format === undefined) {
    throw new DataError(
      `${folder}: holds files of several kinds: ${
        formats.map((kind) => `${kind} (${all.find((file) => file.format === kind)!.path})`).join(", ")
      }; name a file, or a kind with --format`,
    );
  }
  const files = all.filter((file) => file.format === format);
  if (files.length === 0) {
    throw new DataError(`${folder}: holds no file of the kind ${format}; it has ${formats.join(", ")}`);
  }
  const { splits, split, guesses } = chooseSplit(folder, files.map(({ split }) => split), options);
  const chosen = files.filter((file) => file.split === split || splits.length === 0);
  const sets = [...new Set(chosen.map(({ path }) => setOf(path)))];
  if (sets.length > 1) {
    throw new DataError(
      `${folder}: holds several data sets: ${
        sets.slice(0, 10).map((set) => show(set || ".")).join(", ")
      }; name the folder of one`,
    );
  }
  const names = chosen.map(({ path }) => path);
  const what = names.length === 1
    ? names[0]
    : `${plural(names.length, "file")}, ${names[0]} to ${names.at(-1)}`;
  return {
    splits,
    split,
    format,
    files: names.map((path) => join(folder, path)),
    guesses: [`${folder}: ${what} ${names.length === 1 ? "is" : "are"} read`, ...guesses],
  };
}

/** Endings of files that are texts; those of mails and news have numbers, or none. */
const TEXT = /(^|\/)([^./]+|[^/]*\.(txt|text|eml|md|\d+))$/i;

function planTexts(folder: string, paths: readonly string[], options: ReadOptions): FolderPlan {
  const texts = paths.filter((path) => TEXT.test(path) && !/^(readme|licen[cs]e|changes)\b/i.test(path));
  const nested = texts.filter((path) => path.includes("/"));
  if (texts.length === 0) {
    throw new DataError(
      `${folder}: holds nothing to read: a folder has data files (.csv, .jsonl, .parquet, ...), or a folder for each label ` +
        "with .txt files in it",
    );
  }
  if (nested.length === 0) {
    return {
      ...{ format: "folder", splits: [] },
      guesses: [`${folder}: ${plural(texts.length, "file")} read as a text each, without labels`],
      texts: texts.map((file) => ({ path: join(folder, file), file })),
    };
  }
  // Folders of splits have the folders of labels in them.
  const tops = nested.map((path) => path.split("/"));
  const haveSplits = tops.every((parts) =>
    parts.length > 2 && splitNames[parts[0].toLowerCase()] !== undefined
  );
  const ofSplits = tops.map(([top]) => haveSplits ? splitNames[top.toLowerCase()] : undefined);
  const { splits, split, guesses } = chooseSplit(folder, ofSplits, options);
  const chosen = nested.flatMap((file, i): TextFile[] =>
    haveSplits && ofSplits[i] !== split
      ? []
      : [{ path: join(folder, file), file, label: tops[i][haveSplits ? 1 : 0] }]
  );
  const labels = [...new Set(chosen.map(({ label }) => label))];
  const few = labels.slice(0, 5).map((label) => show(label)).join(", ");
  return {
    ...{ format: "folder", splits, split, texts: chosen },
    guesses: [
      `${folder}: ${plural(chosen.length, "file")} read as a text each, labelled as their folders: ${few}${
        labels.length > 5 ? ", ..." : ""
      }`,
      ...guesses,
    ],
  };
}

const splitNames: Readonly<Record<string, string>> = {
  ...{ train: "train", training: "train", test: "test", testing: "test" },
  ...{ validation: "validation", valid: "validation", val: "validation", dev: "validation" },
};

/** The split that a path names, by a whole word of it, as the hub's libraries find it; the last one counts. */
function splitOf(path: string): string | undefined {
  const words = path.toLowerCase().split(/[^a-z]+/).filter((word) => splitNames[word] !== undefined);
  return words.length === 0 ? undefined : splitNames[words.at(-1)!];
}

/** The folder that makes a file one of a data set: without those that name splits, and `data`. */
function setOf(path: string): string {
  return path.split("/").slice(0, -1).filter((part) => splitOf(part) === undefined && part !== "data").join(
    "/",
  );
}

function chooseSplit(
  folder: string,
  ofFiles: readonly (string | undefined)[],
  { split: wanted }: ReadOptions,
): { splits: string[]; split?: string; guesses: string[] } {
  const splits = [...new Set(ofFiles.filter((split) => split !== undefined))].sort();
  if (splits.length === 0) {
    if (wanted !== undefined) {
      throw new DataError(`${folder}: has no splits, so none is called ${show(wanted)}`);
    }
    return { splits, guesses: [] };
  }
  const split = wanted === undefined
    ? splits.length === 1 ? splits[0] : "train"
    : splitNames[wanted.toLowerCase()] ?? wanted;
  if (!splits.includes(split)) {
    throw new DataError(
      `${folder}: has no split ${show(split)}; it has ${splits.join(", ")}: name one with --read-split`,
    );
  }
  const others = splits.filter((name) => name !== split);
  const unnamed = ofFiles.filter((name) => name === undefined).length;
  return {
    splits,
    split,
    guesses: others.length + unnamed === 0 ? [] : [
      `${folder}: split ${split} is read, and not ${
        [...others, ...(unnamed > 0 ? [`${plural(unnamed, "file")} of no split`] : [])].join(", ")
      } (--read-split)`,
    ],
  };
}

/** Whether a folder holds another, or is it. */
function isAbove(folder: string, other: string): boolean {
  const way = relative(folder, other);
  return way === "" || !way.startsWith("..") && !isAbsolute(way);
}

/** Whether a file describes a data set, or is a part of something else. */
function isDescription(path: string): boolean {
  return /(^|\/)(dataset_infos?|dataset_dict|state|package|config|metadata)\.json$/i.test(path);
}

/** The regular files below a folder, sorted; hidden ones, and those of hidden folders, are none. */
async function filesBelow(root: string): Promise<string[]> {
  const files: string[] = [];
  const entered = new Set<string>();
  let top = "";
  const visit = async (below: string, depth: number): Promise<void> => {
    const folder = join(root, below);
    // A link may lead back up: no folder is entered twice.
    const real = await Deno.realPath(folder);
    if (entered.has(real) || below !== "" && isAbove(real, top)) return;
    entered.add(real);
    if (depth > MAX_DEPTH) throw new DataError(`${folder}: folders are nested deeper than ${MAX_DEPTH}`);
    for await (const entry of Deno.readDir(folder)) {
      if (entry.name.startsWith(".")) continue;
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      const kind = entry.isSymlink ? await Deno.stat(join(root, path)).catch(() => undefined) : entry;
      if (kind?.isDirectory) await visit(path, depth + 1);
      else if (kind?.isFile) files.push(path);
      if (files.length > MAX_FILES) throw new DataError(`${root}: holds more than ${MAX_FILES} files`);
    }
  };
  try {
    top = await Deno.realPath(root);
    await visit("", 0);
  } catch (error) {
    throw error instanceof DataError ? error : fileError(root, error);
  }
  return files.sort();
}
