/**
 * What the files beside a data set say of its columns.
 *
 * @module
 */
import { join } from "node:path";
import { readLimited } from "../../base/files.ts";
import { isObject } from "../../base/json.ts";
import { type ClassNames, classNamesOf } from "./class_names.ts";

const MAX_BYTES = 16 * 2 ** 20;

/**
 * The names of classes that a data set's folder has for its integers: in `dataset_info.json`, in `dataset_infos.json` if that
 * describes one data set, or in the front matter of `README.md`. What cannot be read adds nothing.
 */
export async function classNamesOfFolder(folder: string): Promise<ClassNames> {
  const info = await readJson(join(folder, "dataset_info.json"));
  if (isObject(info)) return classNamesOf(info.features);
  const infos = await readJson(join(folder, "dataset_infos.json"));
  const each = isObject(infos) ? Object.values(infos) : [];
  if (each.length === 1 && isObject(each[0])) return classNamesOf(each[0].features);
  return classNamesOfCard(await readText(join(folder, "README.md")) ?? "");
}

/**
 * The classes in the front matter of a data set's card: of each `- name:` the entries of the `names:` below it. One that is
 * named twice, in several data sets of one card, is left out unless both agree.
 *
 * @example
 * ```ts
 * import { classNamesOfCard } from "./hub.ts";
 * import assert from "node:assert/strict";
 *
 * const card = `---
 * dataset_info:
 *   features:
 *   - name: label
 *     dtype:
 *       class_label:
 *         names:
 *           '0': neg
 *           '1': pos
 * ---
 * `;
 * assert.deepEqual([...classNamesOfCard(card)], [["label", ["neg", "pos"]]]);
 * ```
 */
export function classNamesOfCard(card: string): ClassNames {
  const matter = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1] ?? "";
  const found = new Map<string, readonly string[] | null>();
  let column: string | undefined, names: string[] | undefined, indent = 0;
  const keep = () => {
    if (column !== undefined && names !== undefined && names.length > 0) {
      const before = found.get(column);
      const differs = before !== undefined && JSON.stringify(before) !== JSON.stringify(names);
      found.set(column, differs ? null : names);
    }
    names = undefined;
  };
  for (const line of matter.split(/\r?\n/)) {
    const depth = line.search(/\S/);
    // Without the space around it, so that no pattern has to try where that begins and ends: a line may be long.
    const content = line.trim();
    const entry = /^['"]?(\d{1,6})['"]?\s*:(.+)$/.exec(content);
    if (names !== undefined && entry && depth > indent && Number(entry[1]) === names.length) {
      names.push(unquoted(entry[2].trim()));
      continue;
    }
    keep();
    const named = /^(?:-\s*)?name:(.+)$/.exec(content);
    if (named) column = unquoted(named[1].trim());
    else if (content === "names:") [names, indent] = [[], depth];
  }
  keep();
  return new Map([...found].flatMap(([name, list]) => list === null ? [] : [[name, list] as const]));
}

function unquoted(text: string): string {
  return /^(['"]).*\1$/.test(text) ? text.slice(1, -1) : text;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readText(path) ?? "null");
  } catch {
    return null;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    if (!(await Deno.stat(path)).isFile) return undefined;
    const bytes = await readLimited(path, MAX_BYTES);
    return bytes && new TextDecoder().decode(bytes);
  } catch {
    return undefined;
  }
}
