/**
 * Text of bytes whose encoding nobody may have said, as a stream.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import { show } from "../../base/text.ts";
import { DataError } from "../errors.ts";
import type { ByteSource } from "./bytes.ts";

/** What is told while a text is decoded. */
export interface TextOptions {
  /** A label of the WHATWG Encoding Standard. Unless given it is found out. */
  readonly encoding?: string;
  /** Gets the encoding and the line that says so, where it was found out and is not UTF-8. */
  readonly onEncoding?: (encoding: string, line: string) => void;
}

/**
 * The text of a source: as UTF-8, or UTF-16 where the bytes show it; bytes that are neither are read as windows-1252, of which
 * Latin-1 is a part, where they may well be that. A byte-order mark is dropped.
 *
 * What is ASCII up to its first other byte is decided there, so a text of any length is read once.
 *
 * Source: WHATWG Encoding Standard.
 *
 * @throws {DataError} naming the line that cannot be decoded, and what to do.
 */
export async function* decodeText(source: ByteSource, options: TextOptions = {}): AsyncGenerator<string> {
  const { name, head } = source;
  const found = options.encoding === undefined ? encodingOf(head, name) : undefined;
  if (found === "utf-16le" || found === "utf-16be") {
    options.onEncoding?.(found, `${name}: read as ${found.toUpperCase()} (--encoding)`);
  }
  const encoding = checkEncoding(options.encoding ?? found ?? "utf-8", name);
  if (encoding !== "utf-8") yield* decodeAs(source, encoding);
  else yield* decodeUtf8(source, options);
}

/** The encoding's canonical name. */
function checkEncoding(label: string, name: string): string {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    throw new DataError(
      `${name}: no encoding is called ${show(label)}; ` +
        "known are utf-8, utf-16le, utf-16be, windows-1252, shift_jis, gb18030, euc-kr, big5, koi8-r and their like",
    );
  }
}

/** UTF-16 by its mark, or by zero bytes at every other place; undefined: UTF-8, or what only later bytes tell. */
function encodingOf(head: Uint8Array, name: string): "utf-16le" | "utf-16be" | undefined {
  const [a, b, c, d] = head;
  if (a === 0xff && b === 0xfe && c === 0 && d === 0 || a === 0 && b === 0 && c === 0xfe && d === 0xff) {
    throw new DataError(`${name}: is UTF-32, which is not read; save the file as UTF-8`);
  }
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  const unmarked = unmarkedUtf16(head);
  if (unmarked) return unmarked;
  if (looksBinary(head)) {
    throw new DataError(`${name}: is not text, and of no kind that is read; export it as CSV or JSON lines`);
  }
  return undefined;
}

/**
 * UTF-16 without a mark: zero bytes at every other place, as letters of Western languages have them, or some in what is no UTF-8,
 * as the line ends and delimiters of others do; read as such it is a text. Of the two orders the one with more of ASCII.
 */
function unmarkedUtf16(head: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  let zeros = 0;
  for (const byte of head) if (byte === 0) zeros++;
  if (zeros === 0 || zeros < head.length / 5 && invalidAt(head, true) < 0) return undefined;
  const orders = (["utf-16le", "utf-16be"] as const).map((order) => ({
    order,
    share: asciiShare(head, order),
  }));
  const [best] = orders.sort((a, b) => b.share - a.share);
  return best.share > 0 ? best.order : undefined;
}

/** How much of the bytes is ASCII as UTF-16; 0 where they are none, or no text. */
function asciiShare(head: Uint8Array, encoding: string): number {
  let text: string;
  try {
    // A pair of surrogates may be cut at the end.
    text = new TextDecoder(encoding, { fatal: true }).decode(head.subarray(0, head.length & ~1), {
      stream: true,
    });
  } catch {
    return 0;
  }
  let ascii = 0, others = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 32 && code < 127 || code === 9 || code === 10 || code === 13) ascii++;
    else if (code < 32 || code >= 0xe000 && code < 0xf900 || code >= 0xfff0) others++;
  }
  return others > text.length / 50 ? 0 : ascii / text.length;
}

/** Whether many bytes are control characters that no text has. */
function looksBinary(head: Uint8Array): boolean {
  let control = 0;
  for (const byte of head) {
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27) control++;
  }
  return control > head.length / 10 || control > head.length / 50 && invalidAt(head, true) >= 0;
}

async function* decodeUtf8(
  { name, chunks }: ByteSource,
  { encoding, onEncoding }: TextOptions,
): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const lines = createLineCounter();
  let rest: Uint8Array = new Uint8Array();
  let isAscii = true, isFirst = true, length = 0;
  let other: TextDecoder | undefined;
  const decode = (bytes: Uint8Array, isLast: boolean): string => {
    if (other) return other.decode(bytes, { stream: true });
    const joined = rest.length === 0 ? bytes : concatBytes([rest, bytes]);
    const end = isLast ? joined.length : wholeCharacters(joined);
    let part = joined.subarray(0, end);
    rest = joined.slice(end);
    if (isFirst && part[0] === 0xef && part[1] === 0xbb && part[2] === 0xbf) part = part.subarray(3);
    isFirst &&= part.length === 0;
    try {
      const text = decoder.decode(part);
      isAscii &&= text.length === part.length;
      lines.count(part);
      length += part.length;
      return text;
    } catch {
      const at = invalidAt(part, false);
      const line = lines.at(part.subarray(0, at));
      const byte = `0x${part[at].toString(16).toUpperCase()}`;
      if (encoding === undefined && isAscii && isWestern(joined, length)) {
        other = new TextDecoder("windows-1252");
        onEncoding?.(
          "windows-1252",
          `${name}: read as windows-1252 (Latin-1 is a part of it), since byte ${byte} in line ${line} is not UTF-8 (--encoding)`,
        );
        const text = other.decode(part, { stream: true }) + other.decode(rest, { stream: true });
        return text;
      }
      throw new DataError(
        `${name} line ${line}: not valid UTF-8 (byte ${byte})${
          isAscii ? "" : ", though lines before are"
        }; save the file as UTF-8, or name its encoding, such as --encoding windows-1252, windows-1251, shift_jis or gb18030`,
      );
    }
  };
  for await (const bytes of chunks) yield decode(bytes, false);
  yield decode(new Uint8Array(), true);
}

async function* decodeAs({ name, chunks }: ByteSource, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let line = 1;
  const decode = (bytes?: Uint8Array): string => {
    try {
      const text = decoder.decode(bytes, { stream: bytes !== undefined });
      for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) line++;
      return text;
    } catch {
      throw new DataError(
        `${name}: not valid ${encoding} ${bytes ? `after line ${line}` : "at its end: it is cut off"}; ` +
          "save the file as UTF-8, or name another --encoding",
      );
    }
  };
  for await (const bytes of chunks) yield decode(bytes);
  yield decode();
}

/** Counts lines of bytes that are a superset of ASCII: by LF, or by CR where there is none. */
function createLineCounter(): { count(bytes: Uint8Array): void; at(bytes: Uint8Array): number } {
  let lf = 0, cr = 0;
  const count = (bytes: Uint8Array) => {
    for (const byte of bytes) {
      if (byte === 10) lf++;
      else if (byte === 13) cr++;
    }
  };
  return {
    count,
    at(bytes) {
      count(bytes);
      return 1 + (lf || cr);
    },
  };
}

/** The length without a last character of which only the first bytes are there. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0xc0) === 0x80) continue;
    return byte >= 0xc0 && lengthOf(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function lengthOf(lead: number): number {
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
}

/** Where bytes cease to be UTF-8, or -1. A character that is cut off at the end may be left to what follows. */
function invalidAt(bytes: Uint8Array, mayBeCut: boolean): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const isValid = (from: number, to: number) => {
    try {
      decoder.decode(bytes.subarray(from, to));
      return true;
    } catch {
      return false;
    }
  };
  let from = 0, to = mayBeCut ? wholeCharacters(bytes) : bytes.length;
  if (isValid(from, to)) return -1;
  // The half in which the first bad byte stands, cut between characters, until few bytes are left.
  while (to - from > 8) {
    let middle = (from + to) >> 1;
    while (middle > from && (bytes[middle] & 0xc0) === 0x80) middle--;
    if (middle === from) break;
    if (isValid(from, middle)) from = middle;
    else to = middle;
  }
  while (from < to) {
    const next = from + lengthOf(bytes[from]);
    if (next > to || !isValid(from, next)) return from;
    from = next;
  }
  return from;
}

/**
 * Whether bytes may well be windows-1252: of five letters at most two are beyond ASCII, which holds for the languages that it
 * was made for and not for Greek, Cyrillic or Chinese in encodings of their own; and none is a byte that it lacks.
 *
 * @param before how many bytes of ASCII were read before, which count where few bytes are left
 */
function isWestern(bytes: Uint8Array, before: number): boolean {
  let letters = Math.min(before, 64), high = 0, characters = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte >= 0x80) {
      if (byte === 0x81 || byte === 0x8d || byte === 0x8f || byte === 0x90 || byte === 0x9d) return false;
      high++;
      // What happens to be a character of UTF-8 speaks against it.
      if (byte >= 0xc3 && byte < 0xe0 && (bytes[i + 1] & 0xc0) === 0x80) characters++;
    } else if (byte > 64 && (byte | 32) >= 97 && (byte | 32) <= 122) letters++;
  }
  return high * 5 <= 2 * (letters + high) && characters * 10 <= high;
}
