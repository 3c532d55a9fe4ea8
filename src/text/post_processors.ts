/**
 * What a tokenizer puts around the tokens of one text or of two: the post-processors of `tokenizer.json`.
 *
 * Source: `processors/` of huggingface/tokenizers.
 *
 * @module
 */
import { isObject } from "../base/json.ts";
import { build, fail, fieldOf, flagOf, own, type Part, partsOf, show } from "./parts.ts";
import { ID_WANTED, isId } from "./vocabulary.ts";

/** What an encoding is made of: the tokens of a text, or tokens that are always the same. */
export type TemplateItem =
  | { readonly text: 0 | 1; readonly typeId: number }
  | { readonly ids: readonly number[]; readonly typeId: number };

/** Where one text goes, and where two go. */
export interface PostProcessor {
  readonly single: readonly TemplateItem[];
  readonly pair: readonly TemplateItem[];
  /** Set if tokens' offsets leave out the spaces at their ends; whether the first one's own space is left alone then. */
  readonly trims: { readonly keepsPrefixSpace: boolean } | undefined;
}

/** The types of post-processors. */
export type PostProcessorKind =
  | "BertProcessing"
  | "ByteLevel"
  | "RobertaProcessing"
  | "Sequence"
  | "TemplateProcessing";

/** The post-processor that a part of the file describes, or that of a file without one. */
export function readPostProcessor(part: Part | undefined): PostProcessor {
  const found = part ? build(part, kinds) : {};
  return { single: found.single ?? PLAIN.slice(0, 1), pair: found.pair ?? PLAIN, trims: found.trims };
}

const PLAIN: readonly TemplateItem[] = [{ text: 0, typeId: 0 }, { text: 1, typeId: 1 }];
const MAX_ITEMS = 256;
const MAX_SPECIAL_TOKENS = 1024;

const kinds: Readonly<Record<PostProcessorKind, (part: Part) => Partial<PostProcessor>>> = {
  BertProcessing(part) {
    const cls: TemplateItem = { ids: [tokenId(part, "cls")], typeId: 0 };
    const sep = (typeId: number): TemplateItem => ({ ids: [tokenId(part, "sep")], typeId });
    return { single: [cls, PLAIN[0], sep(0)], pair: [cls, PLAIN[0], sep(0), PLAIN[1], sep(1)] };
  },
  ByteLevel: (part) => ({ trims: trimming(part) }),
  RobertaProcessing(part) {
    const cls: TemplateItem = { ids: [tokenId(part, "cls")], typeId: 0 };
    const sep: TemplateItem = { ids: [tokenId(part, "sep")], typeId: 0 };
    return {
      single: [cls, PLAIN[0], sep],
      pair: [cls, PLAIN[0], sep, sep, { text: 1, typeId: 0 }, sep],
      trims: trimming(part),
    };
  },
  Sequence(part) {
    let all: Partial<PostProcessor> = {};
    for (const one of partsOf(part, "processors")) {
      const found = build(one, kinds);
      if (all.single && found.single) fail(`${one.path} adds special tokens a second time`);
      all = { ...all, ...found, trims: found.trims ?? all.trims };
    }
    return all;
  },
  TemplateProcessing(part) {
    const special = fieldOf(part, "special_tokens") ?? {};
    if (!isObject(special)) fail(`${part.path}.special_tokens is ${show(special)}; an object was expected`);
    return { single: readTemplate(part, "single", special), pair: readTemplate(part, "pair", special) };
  },
};

function trimming(part: Part): PostProcessor["trims"] {
  const keepsPrefixSpace = flagOf(part, "add_prefix_space");
  return flagOf(part, "trim_offsets") ? { keepsPrefixSpace } : undefined;
}

/** The id of a `[token, id]`. */
function tokenId(part: Part, key: string): number {
  const pair = fieldOf(part, key);
  if (!Array.isArray(pair) || typeof pair[0] !== "string" || !isId(pair[1])) {
    fail(`${part.path}.${key} is ${show(pair)}; [token, id] was expected`);
  }
  return pair[1];
}

function readTemplate(part: Part, key: "single" | "pair", special: object): TemplateItem[] {
  const path = `${part.path}.${key}`;
  const list = fieldOf(part, key);
  if (!Array.isArray(list)) fail(`${path} is ${show(list)}; a list was expected`);
  if (list.length > MAX_ITEMS) fail(`${path} has ${list.length} entries; at most ${MAX_ITEMS} are read`);
  let added = 0;
  const items = list.map((item: unknown, i): TemplateItem => {
    const entry = isObject(item) ? own(item, "Sequence") ?? own(item, "SpecialToken") : undefined;
    const name = isObject(entry) ? own(entry, "id") : undefined;
    const typeId = isObject(entry) ? own(entry, "type_id") ?? 0 : 0;
    if (typeof name !== "string") {
      return fail(`${path}[${i}] is ${show(item)}; a Sequence or a SpecialToken with an id was expected`);
    }
    if (!isId(typeId)) fail(`${path}[${i}] has the type_id ${show(typeId)}; ${ID_WANTED}`);
    if (own(item as object, "Sequence") !== undefined) {
      if (name !== "A" && !(name === "B" && key === "pair")) {
        fail(
          `${path}[${i}] names the text ${show(name)}; ${key === "pair" ? '"A" or "B"' : '"A"'} was expected`,
        );
      }
      return { text: name === "A" ? 0 : 1, typeId };
    }
    const token = own(special, name);
    const ids = isObject(token) ? own(token, "ids") : undefined;
    if (!Array.isArray(ids) || !ids.every(isId)) {
      return fail(`${path}[${i}] names ${show(name)}, of which ${part.path}.special_tokens has no ids`);
    }
    added += ids.length;
    if (added > MAX_SPECIAL_TOKENS) fail(`${path} adds more than ${MAX_SPECIAL_TOKENS} tokens`);
    return { ids, typeId };
  });
  for (const text of [0, 1]) {
    const times = items.filter((item) => "text" in item && item.text === text).length;
    if (times > 1) fail(`${path} has the text ${"AB"[text]} ${times} times; once is enough`);
  }
  return items;
}
