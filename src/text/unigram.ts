/**
 * A Unigram model's search for the most probable tokens of a text.
 *
 * Source: `models/unigram/model.rs` of huggingface/tokenizers; Kudo, "Subword Regularization" (2018), for the model.
 *
 * @module
 */
import { TokenizerError } from "./errors.ts";
import type { Model, Tokens } from "./model.ts";
import { countOf, fail, fieldOf, flagOf, type Part, show } from "./parts.ts";
import { sizeAt, type Work } from "./piece.ts";
import { chargeSteps } from "./steps.ts";
import { createTrie } from "./trie.ts";
import { readScores } from "./vocabulary.ts";

/** What a character that no token has costs more than the least probable token. */
const UNKNOWN_PENALTY = 10;

/** The model that a `Unigram` part describes. */
export function readUnigram(part: Part): Model {
  const scored = readScores(part);
  const given = fieldOf(part, "unk_id");
  if (typeof given === "number" && given >= scored.length) {
    fail(`${part.path}.unk_id is ${show(given)}; the vocabulary has ${scored.length} tokens`);
  }
  const unknown = given === null || given === undefined
    ? -1
    : countOf(part, "unk_id", { least: 0, most: scored.length - 1 });
  const fallsBack = flagOf(part, "byte_fallback", false);
  const vocabulary = new Map(scored.map(([token], id): [string, number] => [token, id]));
  const scores = Float64Array.from(scored, ([, score]) => score);
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;
  const byteIds = Array.from(
    { length: 256 },
    (_, byte) => vocabulary.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`),
  );
  const trie = createTrie(
    scored.map(([token], id): [string, number] => [token, vocabulary.get(token) ?? id]),
  );
  const encoder = new TextEncoder();

  const fail_ = (text: string): never => {
    throw new TokenizerError(
      `Cannot tokenize ${
        JSON.stringify(text.slice(0, 40))
      }: it has unknown characters, and the model has no unknown token`,
    );
  };

  /** The begin and the id of the best token that ends at each place. */
  const search = (text: string, work: Work): { begins: Int32Array; ids: Int32Array } => {
    const { length } = text;
    const best = new Float64Array(length + 1);
    const begins = new Int32Array(length + 1).fill(-1);
    const ids = new Int32Array(length + 1);
    for (let start = 0, next = 0; start < length; start = next) {
      next = start + sizeAt(text, start);
      const here = best[start];
      let isKnown = false;
      let node = 0, at = start;
      while (at < length) {
        node = trie.step(node, text.charCodeAt(at++));
        if (node < 0) break;
        const id = trie.valueAt(node);
        if (id < 0) continue;
        const score = scores[id] + here;
        if (begins[at] < 0 || score > best[at]) {
          best[at] = score;
          begins[at] = start;
          ids[at] = id;
        }
        if (at === next) isKnown = true;
      }
      chargeSteps(work, at - start);
      if (isKnown) continue;
      const score = unknownScore + here;
      if (begins[next] < 0 || score > best[next]) {
        if (unknown < 0) fail_(text);
        best[next] = score;
        begins[next] = start;
        ids[next] = unknown;
      }
    }
    return { begins, ids };
  };

  const tokenize = (text: string, work: Work): Tokens => {
    const found = search(text, work);
    const places: [start: number, end: number, id: number][] = [];
    for (let end = text.length; end > 0; end = found.begins[end]) {
      const start = found.begins[end];
      const id = found.ids[end];
      const last = places.at(-1);
      // Unknown characters in a row are one token.
      if (id === unknown && last?.[2] === unknown) last[0] = start;
      else places.push([start, end, id]);
    }
    const ids: number[] = [];
    const spans: number[] = [];
    for (const [start, end, id] of places.reverse()) {
      if (id !== unknown) {
        ids.push(id);
        spans.push(start, end);
        continue;
      }
      const piece = text.slice(start, end);
      const known = vocabulary.get(piece);
      const bytes = known === undefined && fallsBack
        ? Array.from(encoder.encode(piece), (byte) => byteIds[byte])
        : [known ?? unknown];
      for (const one of bytes.includes(undefined) ? [unknown] : bytes) {
        ids.push(one!);
        spans.push(start, end);
      }
    }
    return { ids, spans };
  };
  return { vocabulary, unknownToken: unknown < 0 ? undefined : scored[unknown][0], tokenize };
}
