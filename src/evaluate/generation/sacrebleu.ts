/**
 * What BLEU, chrF and TER have in common in sacrebleu 2.6.0 (Post 2018, "A Call for Clarity in Reporting BLEU Scores"): how a
 * score is written down, and what counts as white space.
 *
 * @module
 */

/** What ends a signature where the caller names no version: who computed the score. */
export const DEFAULT_VERSION = "weir";

/** How many references the rows have, as a signature says it: a number, or "var" where rows differ. */
export function referenceCount(lists: readonly string[][]): string {
  const first = lists[0].length;
  return lists.every((list) => list.length === first) ? String(first) : "var";
}

/** A signature: what has to be the same for two scores to be comparable, as `key:value|key:value`. */
export function signature(entries: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(entries)
    .map(([key, value]) => `${key}:${typeof value === "boolean" ? (value ? "yes" : "no") : value}`)
    .join("|");
}

/** A number with so many decimals, a tie going to the even digit as in C and Python (`toFixed` takes the larger). */
export function fixed(value: number, decimals: number): string {
  const longer = value.toFixed(decimals + 1);
  const tie = longer.endsWith("5") && Number.isInteger(value * 2 ** (decimals + 1));
  if (tie && (longer.at(-2) === "." ? longer.at(-3)! : longer.at(-2)!).charCodeAt(0) % 2 === 0) {
    return longer.slice(0, decimals === 0 ? -2 : -1);
  }
  return value.toFixed(decimals);
}

/** Whether a UTF-16 unit is white space to Python's `str.split`: unlike `\s`, U+001C to U+001F and U+0085 are, U+FEFF is not. */
export function isSpace(code: number): boolean {
  if (code <= 32) return code === 32 || (code >= 9 && code <= 13) || (code >= 28 && code <= 31);
  if (code < 0x85) return false;
  return code === 0x85 || code === 0xa0 || code === 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 || code === 0x2029 || code === 0x202f || code === 0x205f || code === 0x3000;
}

/** The stretches of a text between white space. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let start = -1;
  for (let i = 0; i < text.length; i++) {
    if (isSpace(text.charCodeAt(i))) {
      if (start >= 0) words.push(text.slice(start, i));
      start = -1;
    } else if (start < 0) start = i;
  }
  if (start >= 0) words.push(text.slice(start));
  return words;
}

/** The text without white space at its end. */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text.charCodeAt(end - 1))) end--;
  return end === text.length ? text : text.slice(0, end);
}

/** The text with the entities of SGML read. */
export function unescapeMarkup(text: string): string {
  if (!text.includes("&")) return text;
  return text.replaceAll("&quot;", '"').replaceAll("&amp;", "&").replaceAll("&lt;", "<").replaceAll(
    "&gt;",
    ">",
  );
}
