/**
 * SentencePiece's normalisation by a table, as T5's and XLM-R's tokenizers have it.
 *
 * The table is a double array, in which the units of a key's bytes lead from node to node, and the texts that its leaves name.
 *
 * Source: `src/normalizer.cc` of google/sentencepiece, and huggingface/spm_precompiled, which takes the shortest key that a
 * grapheme cluster begins with and drops the rest of the cluster.
 *
 * @module
 */
import { forEachGrapheme } from "./graphemes.ts";
import { fail, type Part, textOf } from "./parts.ts";
import { checkLength, type Piece, realigned, sizeAt, type Work } from "./piece.ts";

const MAX_CHARSMAP_BYTES = 16 * 1024 * 1024;
const MAX_CLUSTERS = 50_000;

/** The normalisation of a `Precompiled` part. */
export function charsmapNormalizer(part: Part): (piece: Piece, work: Work) => Piece {
  const replace = readCharsmap(part);
  // null: the characters of the cluster are looked up one by one
  const known = new Map<string, { readonly text: string; readonly changes: number[] } | null>();
  const ascii = new RegExp(
    "[^" +
      Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter((character) =>
        replace(character) === undefined
      ).map((character) => `\\x${character.charCodeAt(0).toString(16)}`).join("") + "]",
  );
  const look = (cluster: string) => {
    const replacement = utf8Length(cluster) < 6 ? replace(cluster) : undefined;
    return replacement === undefined ? null : { text: replacement, changes: changesOf(cluster, replacement) };
  };
  const find = (cluster: string) => {
    let found = known.get(cluster);
    if (found === undefined) {
      found = look(cluster);
      if (known.size >= MAX_CLUSTERS) known.clear();
      if (cluster.length <= 8) known.set(cluster, found);
    }
    return found;
  };
  return (piece, work) => {
    const { text } = piece;
    if (!ascii.test(text)) return piece;
    let normal = "";
    let isChanged = false;
    const changes: number[] = [];
    const put = (found: { readonly text: string; readonly changes: number[] }, at: number) => {
      isChanged = true;
      normal += found.text;
      if (found.text === "" && changes.length > 0) changes[changes.length - 1] -= at;
      changes.push(...found.changes);
    };
    forEachGrapheme(text, (start, end) => {
      const cluster = text.slice(start, end);
      const whole = find(cluster);
      if (whole) return put(whole, characters(cluster));
      for (let at = start; at < end;) {
        const character = text.slice(at, at += sizeAt(text, at));
        const one = find(character);
        if (one) put(one, 1);
        else {
          normal += character;
          changes.push(0);
        }
      }
    });
    if (!isChanged) return piece;
    checkLength(normal.length, work);
    return realigned(piece, normal, changes);
  };
}

/** How the characters of a replacement came about (see `realigned`). */
function changesOf(old: string, replacement: string): number[] {
  const [before, behind] = [characters(old), characters(replacement)];
  const changes = new Array<number>(behind).fill(0);
  if (behind > before) changes.fill(1, behind - (behind - before));
  else if (behind > 0) changes[behind - 1] -= before - behind;
  return changes;
}

function characters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += sizeAt(text, at)) count++;
  return count;
}

function utf8Length(text: string): number {
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    length += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit < 0xe000 ? 2 : 3;
  }
  return length;
}

/** What the shortest key that a text begins with stands for. */
function readCharsmap(part: Part): (text: string) => string | undefined {
  const bytes = decode(part);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length < 4 ? NaN : view.getUint32(0, true);
  if (!(size >= 4 && size % 4 === 0 && size + 4 <= bytes.length)) {
    fail(`${part.path}.precompiled_charsmap is not whole`);
  }
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const texts = bytes.subarray(4 + size);
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    utf8.decode(texts);
  } catch {
    fail(`${part.path}.precompiled_charsmap has texts that are not UTF-8`);
  }
  const encoder = new TextEncoder();
  return (text) => {
    let node = offsetOf(units[0]);
    for (const byte of encoder.encode(text)) {
      if (byte === 0) return undefined;
      node ^= byte;
      const unit = units[node];
      // A unit's label is its low byte, with its highest bit as a mark of leaves.
      if (unit === undefined || (unit & 0x800000ff) !== byte) return undefined;
      node ^= offsetOf(unit);
      if ((unit >>> 8) & 1) {
        const leaf = units[node];
        if (leaf === undefined) return undefined;
        const start = leaf & 0x7fffffff;
        if (start > texts.length) return undefined;
        const end = texts.indexOf(0, start);
        try {
          return utf8.decode(texts.subarray(start, end < 0 ? texts.length : end));
        } catch {
          return undefined;
        }
      }
    }
    return undefined;
  };
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 512) >>> 6);
}

function decode(part: Part): Uint8Array {
  const given = part.fields.precompiled_charsmap;
  const base64 = typeof given === "string" ? given : textOf(part, "precompiled_charsmap");
  if (base64.length > MAX_CHARSMAP_BYTES) {
    fail(
      `${part.path}.precompiled_charsmap has ${base64.length} characters; at most ${MAX_CHARSMAP_BYTES} are read`,
    );
  }
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return fail(`${part.path}.precompiled_charsmap is not base64`);
  }
}
