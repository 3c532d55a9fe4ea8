/**
 * Unicode's normal forms as Python's tokenizers have them: those of Unicode 9.
 *
 * Deno's own `normalize` gives the same for every character that Unicode 9 has, whichever version it is of, because Unicode
 * promises never to change that (https://www.unicode.org/policies/stability_policy.html). Characters from later on are left as
 * they are, and nothing composes or is sorted across them.
 *
 * @module
 */
import { checkLength, type Piece, realigned, sizeAt, type Work } from "./piece.ts";
import { combiningClass, isAscii, properties, UNKNOWN } from "./unicode.ts";

/** The names of the forms. */
export type NormalForm = "NFC" | "NFD" | "NFKC" | "NFKD";

/** A piece in a normal form. */
export function normalForm(piece: Piece, form: NormalForm, work: Work): Piece {
  const { text } = piece;
  if (isAscii(text)) return piece;
  if (!piece.at) {
    const normal = normalText(text, form);
    checkLength(normal.length, work);
    return normal === text ? piece : { text: normal };
  }
  const { characters, changes } = normalCharacters(text, form);
  const normal = characters.join("");
  checkLength(normal.length, work);
  return normal === text ? piece : realigned(piece, normal, changes);
}

/** A text in a normal form. */
export function normalText(text: string, form: NormalForm): string {
  const flags = properties();
  let marks = 0;
  let normal = "";
  let from = 0;
  for (let i = 0, next = 0; i < text.length; i = next) {
    const code = text.codePointAt(i)!;
    next = i + (code > 0xffff ? 2 : 1);
    if (code < 0x300) {
      marks = 0;
      continue;
    }
    marks = combiningClass(code) > 0 ? marks + 1 : 0;
    // Deno sorts a run of marks in quadratic time: 40 s for 100,000.
    if (marks > 30) return normalCharacters(text, form).characters.join("");
    if ((flags[code] & UNKNOWN) === 0) continue;
    normal += text.slice(from, i).normalize(form) + text.slice(i, next);
    from = next;
  }
  return normal + text.slice(from).normalize(form);
}

/** The characters of a text in a normal form, with their `changes` (see `realigned`). */
function normalCharacters(text: string, form: NormalForm): { characters: string[]; changes: number[] } {
  const decomposed = form === "NFC" || form === "NFD" ? "NFD" : "NFKD";
  const flags = properties();
  const characters: string[] = [];
  const changes: number[] = [];
  const orders: number[] = [];
  let from = 0; // where the run of marks begins that is not sorted yet
  const sort = () => {
    const run = orders.slice(from);
    if (run.some((order, i) => i > 0 && order < run[i - 1])) {
      const places = run.map((_, i) => i).sort((a, b) => run[a] - run[b]);
      const [texts, kinds] = [characters.slice(from), changes.slice(from)];
      places.forEach((place, i) => {
        characters[from + i] = texts[place];
        changes[from + i] = kinds[place];
      });
    }
    from = characters.length;
  };
  const parts = new Map<number, readonly (readonly [character: string, order: number])[]>();
  for (let i = 0, next = 0; i < text.length; i = next) {
    const code = text.codePointAt(i)!;
    next = i + (code > 0xffff ? 2 : 1);
    let made = parts.get(code);
    if (made === undefined) {
      const original = text.slice(i, next);
      made = flags[code] & UNKNOWN
        ? [[original, 0]]
        : Array.from(original.normalize(decomposed), (part) => [part, combiningClass(part.codePointAt(0)!)]);
      parts.set(code, made);
    }
    for (let k = 0; k < made.length; k++) {
      const [character, order] = made[k];
      if (order === 0) sort();
      characters.push(character);
      orders.push(order);
      changes.push(k === 0 ? 0 : 1);
      if (order === 0) from = characters.length;
    }
  }
  sort();
  return form === decomposed ? { characters, changes } : composed(characters, changes);
}

/** Composes what was decomposed, by the algorithm of Unicode's chapter 3.11. */
function composed(
  characters: readonly string[],
  changes: readonly number[],
): { characters: string[]; changes: number[] } {
  const out: { characters: string[]; changes: number[] } = { characters: [], changes: [] };
  let starter = -1; // its place in `out`
  let lastOrder = -1; // of what stands behind the starter; -1 where nothing does
  characters.forEach((character, i) => {
    const order = combiningClass(character.codePointAt(0)!);
    if (starter >= 0 && lastOrder < order) {
      const pair = compose(out.characters[starter], character);
      if (pair !== undefined) {
        out.characters[starter] = pair;
        out.changes[starter] += changes[i] - 1;
        return;
      }
    }
    if (order === 0) {
      starter = out.characters.length;
      lastOrder = -1;
    } else lastOrder = order;
    out.characters.push(character);
    out.changes.push(changes[i]);
  });
  return out;
}

function compose(left: string, right: string): string | undefined {
  const flags = properties();
  if ((flags[left.codePointAt(0)!] | flags[right.codePointAt(0)!]) & UNKNOWN) return undefined;
  const pair = (left + right).normalize("NFC");
  return pair.length === sizeAt(pair, 0) ? pair : undefined;
}
