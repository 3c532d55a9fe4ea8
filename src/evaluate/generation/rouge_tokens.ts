/**
 * How ROUGE splits texts into tokens.
 *
 * @module
 */
import { porterStem } from "./porter.ts";
import { fail, refuse } from "../../statistics/checks.ts";
import { show } from "../../base/text.ts";

/**
 * How texts are split into tokens. `"default"`: rouge-score's rule, the runs of a-z and 0-9 of the lowercased text, so words of
 * other scripts count for nothing. `"unicode"`: the runs of letters, marks and numbers of any script in the lowercased,
 * composed (NFC) text, and for scripts written without spaces (Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar) each
 * character, with the marks that follow it. A function: the tokens it returns for a text.
 */
export type RougeTokenizer = "default" | "unicode" | ((text: string) => readonly string[]);

/** Tokens of a text as whole numbers, and where its lines end. */
export interface Tokens {
  /** The tokens; equal tokens have equal numbers. Only the first `length` are of this text. */
  ids: Int32Array;
  length: number;
  /** For each line with tokens, the index after its last one. */
  readonly lineEnds: number[];
}

/** An empty list of tokens, to read texts into. */
export function createTokens(): Tokens {
  return { ids: new Int32Array(64), length: 0, lineEnds: [] };
}

/** Turns texts into numbered tokens; numbers hold among all texts that one reader has read. */
export class TokenReader {
  readonly #vocabulary = new Vocabulary();
  readonly #tokenizer: RougeTokenizer;
  readonly #stemmed: boolean;

  constructor(options: { tokenizer: RougeTokenizer; stemmer: boolean }) {
    this.#tokenizer = options.tokenizer;
    this.#stemmed = options.stemmer;
  }

  /** Numbers are below this. */
  get size(): number {
    return this.#vocabulary.size;
  }

  /** Whether the tokens of lines may differ from those of the whole text, so that lines must be read on their own. */
  get linesApart(): boolean {
    return typeof this.#tokenizer === "function";
  }

  /** Replaces what is in `into` by the tokens of the text; of its lines too, unless `linesApart`. */
  read(text: string, into: Tokens): void {
    into.length = 0;
    into.lineEnds.length = 0;
    if (this.#tokenizer === "default") this.#readAscii(text, into);
    else if (this.#tokenizer === "unicode") this.#readUnicode(text, into);
    else this.#readWith(this.#tokenizer, text, into);
    endLine(into);
    if (this.#stemmed) this.#vocabulary.stem(into);
  }

  /** Replaces what is in `into` by the tokens of each line, read as a text of its own. */
  readLines(text: string, into: Tokens): void {
    const line = createTokens(), all = createTokens();
    for (const part of text.split("\n")) {
      if (part === "") continue;
      this.read(part, line);
      for (let i = 0; i < line.length; i++) push(all, line.ids[i]);
      endLine(all);
    }
    Object.assign(into, all);
  }

  #readAscii(text: string, into: Tokens): void {
    const vocabulary = this.#vocabulary, units = vocabulary.open(text.length);
    let start = vocabulary.end, at = start, hash = vocabulary.seed;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      const letter = unit < 128 ? ASCII_TOKEN[unit] : unit === KELVIN ? 107 : unit === DOTTED_I ? 105 : 0;
      if (letter !== 0) {
        units[at++] = letter;
        hash = Math.imul(hash ^ letter, FNV_PRIME);
        if (unit !== DOTTED_I) continue; // in lower case it is i and a combining dot, which ends the token
      }
      if (at > start) {
        push(into, vocabulary.close(at, hash));
        start = at = vocabulary.end;
        hash = vocabulary.seed;
      }
      if (unit === NEWLINE) endLine(into);
    }
    if (at > start) push(into, vocabulary.close(at, hash));
  }

  #readUnicode(text: string, into: Tokens): void {
    for (const [token] of text.toLowerCase().normalize("NFC").matchAll(UNICODE_TOKEN)) {
      if (token === "\n") endLine(into);
      else push(into, this.#vocabulary.idOf(token));
    }
  }

  #readWith(tokenizer: (text: string) => readonly string[], text: string, into: Tokens): void {
    const tokens: unknown = tokenizer(text);
    if (!Array.isArray(tokens)) fail(`Cannot split ${show(text)}: the tokenizer gave no list`);
    for (const token of tokens) {
      if (typeof token !== "string") refuse(`a token of ${show(text)}`, token, "a string");
      push(into, this.#vocabulary.idOf(token));
    }
  }
}

const NEWLINE = 10, FNV_PRIME = 0x01000193;
// The only characters beyond ASCII with a lower case that has a letter of a-z in it.
const KELVIN = 0x212a, DOTTED_I = 0x130;

/** Lower case of letters and digits, 0 for all else. */
const ASCII_TOKEN = Uint8Array.from({ length: 128 }, (_, unit) => {
  const lower = String.fromCharCode(unit).toLowerCase();
  return /[a-z0-9]/.test(lower) ? lower.charCodeAt(0) : 0;
});

const UNSPACED = String
  .raw`[[\p{L}\p{N}]&&[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]]`;
const UNICODE_TOKEN = new RegExp(String.raw`\n|${UNSPACED}\p{M}*|[[\p{L}\p{N}\p{M}]--${UNSPACED}]+`, "gv");

function push(tokens: Tokens, id: number): void {
  if (tokens.length === tokens.ids.length) tokens.ids = grow(tokens.ids, Int32Array);
  tokens.ids[tokens.length++] = id;
}

function endLine({ length, lineEnds }: Tokens): void {
  if (length > (lineEnds.length === 0 ? 0 : lineEnds[lineEnds.length - 1])) lineEnds.push(length);
}

/**
 * Numbers for tokens, in the order they are first met. A token's UTF-16 units are written behind those of the tokens before it,
 * and stay there if it is new; so no string is made for it, which would take most of the time that ROUGE takes.
 */
class Vocabulary {
  size = 0;
  // Results do not depend on it: with a start that nobody knows, no text can be made whose tokens all collide.
  readonly seed = (Math.random() * 0x100000000) | 0;
  #units = new Uint16Array(1 << 14);
  #starts = new Int32Array(1 << 11); // of token i: starts[i] to starts[i + 1]
  #hashes = new Int32Array(1 << 11);
  #stems = new Int32Array(1 << 11); // 1 + the number of the stem, 0 while unknown
  #slots = new Int32Array(1 << 12); // 1 + a token's number, 0 where free; at most half are taken

  /** Where the units of the next token go, in what `open` returned. */
  get end(): number {
    return this.#starts[this.size];
  }

  /** Makes room for tokens of `length` units in all. */
  open(length: number): Uint16Array {
    const wanted = this.end + length;
    if (wanted > this.#units.length) this.#units = grow(this.#units, Uint16Array, wanted);
    return this.#units;
  }

  /** Number of the token that was written from `end` to `to`; its hash is FNV-1a from `seed`. */
  close(to: number, hash: number): number {
    const slots = this.#slots, starts = this.#starts, units = this.#units, hashes = this.#hashes;
    const start = starts[this.size], length = to - start, mask = slots.length - 1;
    let slot = spread(hash) & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const id = slots[slot] - 1, at = starts[id];
      if (hashes[id] !== hash || starts[id + 1] - at !== length) continue;
      let i = 0;
      while (i < length && units[at + i] === units[start + i]) i++;
      if (i === length) return id;
    }
    const id = this.size++;
    slots[slot] = id + 1;
    hashes[id] = hash;
    if (this.size + 1 === starts.length) this.#growTokens();
    this.#starts[this.size] = to;
    if (this.size * 2 > slots.length) this.#growSlots();
    return id;
  }

  idOf(token: string): number {
    const units = this.open(token.length);
    let at = this.end, hash = this.seed;
    for (let i = 0; i < token.length; i++) {
      hash = Math.imul(hash ^ (units[at++] = token.charCodeAt(i)), FNV_PRIME);
    }
    return this.close(at, hash);
  }

  /** Puts stems in the place of tokens. */
  stem({ ids, length }: Tokens): void {
    let stems = this.#stems;
    for (let i = 0; i < length; i++) {
      const id = ids[i];
      if (stems[id] === 0) {
        const stem = this.#stemOf(id);
        stems = this.#stems;
        stems[id] = stem + 1;
      }
      ids[i] = stems[id] - 1;
    }
  }

  /** rouge-score stems what has more than three characters; only words of a-z and 0-9 are stemmed. */
  #stemOf(id: number): number {
    const start = this.#starts[id], end = this.#starts[id + 1];
    if (end - start <= 3) return id;
    let token = "";
    for (let i = start; i < end; i++) {
      const unit = this.#units[i];
      if (unit >= 128 || ASCII_TOKEN[unit] !== unit) return id;
      token += String.fromCharCode(unit);
    }
    return this.idOf(porterStem(token));
  }

  #growTokens(): void {
    this.#starts = grow(this.#starts, Int32Array);
    this.#hashes = grow(this.#hashes, Int32Array);
    this.#stems = grow(this.#stems, Int32Array);
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2), mask = slots.length - 1;
    for (let id = 0; id < this.size; id++) {
      let slot = spread(this.#hashes[id]) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
  }
}

/** The low bits of a hash choose the slot: they should depend on all of it. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return mixed ^ (mixed >>> 15);
}

function grow<A extends Uint16Array | Int32Array>(array: A, type: { new (length: number): A }, least = 0): A {
  const grown = new type(Math.max(array.length * 2, least));
  grown.set(array);
  return grown;
}
