/**
 * The text of an HTML mail.
 *
 * @module
 */

/**
 * The text that a reader of an HTML mail would see: tags, comments, scripts and styles are dropped, blocks become lines,
 * entities characters. Takes time proportional to the text, however broken the markup is.
 *
 * Ours and no library: html-to-text 10.0.1 throws "Maximum call stack size exceeded" on a few thousand unclosed tags, and
 * htmlparser2 12.0.0 is a tokeniser, over which the rules below would stand all the same.
 *
 * Comments vanish without a trace, since spam hides words with them: `V<!-- x -->iagra` reads "Viagra".
 *
 * @example
 * ```ts
 * import { htmlToText } from "./html.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(htmlToText("<p>Fish &amp; <b>chips</b></p><style>p {}</style><p>now"), "Fish & chips\nnow");
 * ```
 */
export function htmlToText(html: string): string {
  const parts: string[] = [];
  let at = 0;
  let commentsEnd = true; // false once no "-->" is left, so that it is not looked for again
  for (;;) {
    const open = html.indexOf("<", at);
    if (open < 0) break;
    TAG.lastIndex = open;
    const tag = TAG.exec(html);
    if (tag === null) {
      // Not a tag: a bare "<", as in "a < b".
      parts.push(oneLine(html.slice(at, open + 1)));
      at = open + 1;
      continue;
    }
    parts.push(oneLine(html.slice(at, open)));
    const name = tag[2].toLowerCase();
    if (name === "!--") {
      const end: number | undefined = commentsEnd ? endOf(html, "-->", open + 4) : undefined;
      commentsEnd = end !== undefined;
      at = end ?? endOf(html, ">", open + 4) ?? html.length;
      continue;
    }
    const close = html.indexOf(">", open);
    if (close < 0) {
      at = html.length; // cut off in the middle of a tag
      break;
    }
    at = close + 1;
    if (tag[1] === "" && HIDDEN.has(name)) {
      END_TAG[name].lastIndex = at;
      const end = END_TAG[name].exec(html);
      at = end ? END_TAG[name].lastIndex : html.length;
    } else if (BLOCK.has(name)) parts.push("\n");
    else if (CELL.has(name)) parts.push(" ");
  }
  parts.push(oneLine(html.slice(at)));
  return decodeEntities(parts.join("")).replace(/[ \u00a0]+/g, " ").replace(/ ?\n[ \n]*/g, "\n")
    .trim();
}

const TAG = /<(\/?)(!--|[a-z!?][a-z0-9]*)/iy;
const HIDDEN = new Set(["script", "style", "title"]);
const END_TAG: Record<string, RegExp> = {
  script: /<\/script\s*>/gi,
  style: /<\/style\s*>/gi,
  title: /<\/title\s*>/gi,
};
const CELL = new Set(["td", "th", "img", "input", "option"]);
const BLOCK = new Set([
  ..."address article blockquote body br center dd div dl dt footer form h1 h2 h3 h4 h5 h6 head header".split(
    " ",
  ),
  ..."hr html li ol p pre section table tr ul".split(" "),
]);

/** Line ends of the source mean no more than a space. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

function endOf(text: string, mark: string, from: number): number | undefined {
  const found = text.indexOf(mark, from);
  return found < 0 ? undefined : found + mark.length;
}

function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]{2,8}));?/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? ENTITIES[name.toLowerCase()] ?? whole;
    const code = decimal !== undefined ? Number(decimal) : parseInt(hex, 16);
    // 128 to 159 mean Windows-1252 in HTML; the rest of that page is Latin-1, which Unicode continues.
    if (code >= 0x80 && code <= 0x9f) return windows1252(code);
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
      ? String.fromCodePoint(code)
      : "\ufffd";
  });
}

const WINDOWS_1252 = new TextDecoder("windows-1252");

function windows1252(code: number): string {
  return WINDOWS_1252.decode(Uint8Array.of(code));
}

const ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  copy: "©",
  reg: "®",
  trade: "™",
  bull: "•",
  middot: "·",
  hellip: "…",
  ndash: "–",
  mdash: "—",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  laquo: "«",
  raquo: "»",
  pound: "£",
  euro: "€",
  cent: "¢",
  yen: "¥",
  sect: "§",
  deg: "°",
  plusmn: "±",
  times: "×",
  frac12: "½",
  frac14: "¼",
  iexcl: "¡",
  iquest: "¿",
  agrave: "à",
  aacute: "á",
  acirc: "â",
  atilde: "ã",
  auml: "ä",
  aring: "å",
  aelig: "æ",
  ccedil: "ç",
  egrave: "è",
  eacute: "é",
  ecirc: "ê",
  euml: "ë",
  igrave: "ì",
  iacute: "í",
  icirc: "î",
  iuml: "ï",
  ntilde: "ñ",
  ograve: "ò",
  oacute: "ó",
  ocirc: "ô",
  otilde: "õ",
  ouml: "ö",
  oslash: "ø",
  ugrave: "ù",
  uacute: "ú",
  ucirc: "û",
  uuml: "ü",
  yacute: "ý",
  szlig: "ß",
};
