/**
 * Byte-pair encoding: the characters of a word, merged pair by pair in the order in which the pairs were learned.
 *
 * Source: `models/bpe/` of huggingface/tokenizers; Sennrich et al., "Neural Machine Translation of Rare Words with Subword
 * Units" (2016), for the method. Dropout is for training and not applied.
 *
 * @module
 */
import { TokenizerError } from "./errors.ts";
import type { Model } from "./model.ts";
import { fail, fieldOf, flagOf, type Part, show, textOf } from "./parts.ts";
import { sizeAt } from "./piece.ts";
import { checkSize, readVocabulary } from "./vocabulary.ts";

const MAX_MERGES = 4_000_000;

/** The model that a `BPE` part describes. */
export function readBpe(part: Part): Model {
  const vocabulary = readVocabulary(part);
  const optional = (key: string) => {
    const value = fieldOf(part, key);
    return value === null || value === undefined ? undefined : textOf(part, key);
  };
  const unknownToken = optional("unk_token");
  const prefix = optional("continuing_subword_prefix") ?? "";
  const suffix = optional("end_of_word_suffix") ?? "";
  const fusesUnknown = flagOf(part, "fuse_unk", false);
  const fallsBack = flagOf(part, "byte_fallback", false);
  const ignoresMerges = flagOf(part, "ignore_merges", false);
  const merges = readMerges(part, vocabulary, prefix);
  const unknown = unknownToken === undefined ? undefined : vocabulary.get(unknownToken);
  const byteIds = Array.from(
    { length: 256 },
    (_, byte) => vocabulary.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`),
  );
  const encoder = new TextEncoder();

  /** The characters of a word as tokens. */
  const charactersOf = (word: string): Symbols => {
    const symbols: Symbols = { ids: [], starts: [], ends: [] };
    let pendingStart = -1, pendingEnd = -1; // unknown characters that are not a token yet
    const add = (id: number, start: number, end: number) => {
      symbols.ids.push(id);
      symbols.starts.push(start);
      symbols.ends.push(end);
    };
    const flush = () => {
      if (pendingStart >= 0) add(unknown!, pendingStart, pendingEnd);
      pendingStart = -1;
    };
    for (let at = 0, next = 0; at < word.length; at = next) {
      next = at + sizeAt(word, at);
      let character = word.slice(at, next);
      if (at > 0) character = prefix + character;
      if (next === word.length) character += suffix;
      const id = vocabulary.get(character);
      if (id !== undefined) {
        flush();
        add(id, at, next);
        continue;
      }
      if (fallsBack) {
        const bytes = Array.from(encoder.encode(character), (byte) => byteIds[byte]);
        if (!bytes.includes(undefined)) {
          for (const byte of bytes) add(byte!, at, next);
          continue;
        }
      }
      if (unknownToken === undefined) continue; // as Python does: it is left out
      if (unknown === undefined) {
        throw new TokenizerError(
          `Cannot tokenize ${
            JSON.stringify(word.slice(0, 40))
          }: it has unknown characters, and the unknown token ` +
            `${show(unknownToken)} is not in the vocabulary`,
        );
      }
      if (!fusesUnknown) flush();
      if (pendingStart < 0) pendingStart = at;
      pendingEnd = next;
    }
    flush();
    return symbols;
  };

  return {
    vocabulary,
    unknownToken,
    tokenize(word) {
      if (ignoresMerges) {
        const id = vocabulary.get(word);
        if (id !== undefined) return { ids: [id], spans: [0, word.length] };
      }
      const { ids, starts, ends } = merges.apply(charactersOf(word));
      const spans: number[] = [];
      for (let i = 0; i < ids.length; i++) spans.push(starts[i], ends[i]);
      return { ids, spans };
    },
  };
}

interface Symbols {
  readonly ids: number[];
  readonly starts: number[];
  readonly ends: number[];
}

interface Merges {
  apply(symbols: Symbols): Symbols;
}

/** The merges of a part, found by the two tokens that they join. */
function readMerges(part: Part, vocabulary: ReadonlyMap<string, number>, prefix: string): Merges {
  const list = fieldOf(part, "merges");
  if (!Array.isArray(list)) fail(`${part.path}.merges is ${show(list)}; a list was expected`);
  checkSize(`${part.path}.merges`, list.length, MAX_MERGES);
  let capacity = 16;
  while (capacity < list.length * 2) capacity *= 2;
  const mask = capacity - 1;
  const lefts = new Int32Array(capacity).fill(-1);
  const rights = new Int32Array(capacity);
  const ranks = new Int32Array(capacity);
  const joined = new Int32Array(capacity);
  const slotOf = (left: number, right: number): number => {
    let slot = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> 0;
    slot = (slot ^ slot >>> 15) & mask;
    while (lefts[slot] >= 0 && (lefts[slot] !== left || rights[slot] !== right)) slot = (slot + 1) & mask;
    return slot;
  };
  const idOf = (token: string, rank: number): number =>
    vocabulary.get(token) ??
      fail(`entry ${rank} of ${part.path}.merges needs ${show(token)}, which is not in the vocabulary`);
  list.forEach((entry: unknown, rank) => {
    const pair = typeof entry === "string" ? entry.split(" ") : entry;
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((token) => typeof token === "string")) {
      // Files made of merges.txt may begin with its version.
      if (typeof entry === "string" && entry.startsWith("#version")) return;
      fail(
        `entry ${rank} of ${part.path}.merges is ${
          show(entry)
        }; "left right" or ["left", "right"] was expected`,
      );
    }
    const [left, right] = pair as [string, string];
    const slot = slotOf(idOf(left, rank), idOf(right, rank));
    lefts[slot] = idOf(left, rank);
    rights[slot] = idOf(right, rank);
    ranks[slot] = rank;
    joined[slot] = idOf(left + right.slice(prefix.length), rank);
  });

  const apply = ({ ids, starts, ends }: Symbols): Symbols => {
    const count = ids.length;
    if (count < 2) return { ids, starts, ends };
    const next = new Int32Array(count);
    const before = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      next[i] = i + 1;
      before[i] = i - 1;
    }
    const heap = createHeap();
    const offer = (left: number) => {
      const right = next[left];
      if (left < 0 || right >= count) return;
      const slot = slotOf(ids[left], ids[right]);
      if (lefts[slot] >= 0) heap.push(ranks[slot] * count + left);
    };
    for (let i = 0; i < count - 1; i++) offer(i);
    for (let key = heap.pop(); key >= 0; key = heap.pop()) {
      const left = key % count;
      const right = next[left];
      if (ids[left] < 0 || right >= count) continue; // merged away
      const slot = slotOf(ids[left], ids[right]);
      if (lefts[slot] < 0 || ranks[slot] !== Math.floor(key / count)) continue; // one of the two has grown
      ids[left] = joined[slot];
      ids[right] = -1;
      ends[left] = ends[right];
      next[left] = next[right];
      if (next[left] < count) before[next[left]] = left;
      if (before[left] >= 0) offer(before[left]);
      offer(left);
    }
    const merged: Symbols = { ids: [], starts: [], ends: [] };
    for (let i = 0; i < count; i = next[i]) {
      merged.ids.push(ids[i]);
      merged.starts.push(starts[i]);
      merged.ends.push(ends[i]);
    }
    return merged;
  };
  return { apply };
}

/** A heap of numbers, the least first; `pop` gives -1 when it is empty. */
function createHeap(): { push(key: number): void; pop(): number } {
  const keys: number[] = [];
  return {
    push(key) {
      let at = keys.push(key) - 1;
      for (let parent = (at - 1) >> 1; at > 0 && keys[parent] > key; parent = (at - 1) >> 1) {
        keys[at] = keys[parent];
        at = parent;
      }
      keys[at] = key;
    },
    pop() {
      if (keys.length === 0) return -1;
      const [least] = keys;
      const key = keys.pop()!;
      if (keys.length === 0) return least;
      let at = 0;
      for (let child = 1; child < keys.length; child = 2 * at + 1) {
        if (child + 1 < keys.length && keys[child + 1] < keys[child]) child++;
        if (keys[child] >= key) break;
        keys[at] = keys[child];
        at = child;
      }
      keys[at] = key;
      return least;
    },
  };
}
