/**
 * Reading the regular expressions of a `tokenizer.json`, which are in Oniguruma's syntax (Ruby's).
 *
 * Source: `doc/RE` and `doc/SYNTAX.md` of kkos/oniguruma 6.9.
 *
 * @module
 */
import { show } from "../base/text.ts";
import { TokenizerError } from "./errors.ts";
import { categoryRanges, lowerOf, type Ranges, rangesOf } from "./unicode.ts";
import { ANY_CASE, PATTERN_SCRIPTS, PATTERN_WORD, WHITESPACE } from "./unicode_data.ts";

/** A part of a regular expression. */
export type PatternNode =
  | { readonly kind: "set"; readonly ranges: Ranges }
  | { readonly kind: "sequence" | "choice"; readonly nodes: readonly PatternNode[] }
  | {
    readonly kind: "repeat";
    readonly node: PatternNode;
    readonly least: number;
    readonly most: number;
    readonly isLazy: boolean;
  }
  | { readonly kind: "atomic"; readonly node: PatternNode }
  | {
    readonly kind: "look";
    readonly node: PatternNode;
    readonly isBehind: boolean;
    readonly isNegative: boolean;
  }
  | { readonly kind: "anchor"; readonly at: Anchor };

/** Places that an anchor stands for. */
export type Anchor = "start" | "end" | "lineStart" | "lineEnd" | "lastLineEnd" | "word" | "notWord";

const MAX_PATTERN = 20_000;
const MAX_GROUPS = 50;
const MAX_REPEAT = 1000;

/** Parses a regular expression. @throws {TokenizerError} where it is wrong, or uses what Weir does not have. */
export function parsePattern(source: string, path: string): PatternNode {
  const fail = (problem: string): never => {
    throw new TokenizerError(
      `tokenizer.json: the regular expression ${show(source)} of ${path} ${problem}`,
    );
  };
  if (source.length > MAX_PATTERN) fail(`has ${source.length} characters; at most ${MAX_PATTERN} are read`);
  let at = 0;
  const peek = (text: string) => source.startsWith(text, at);
  const take = (text: string) => {
    if (!peek(text)) return false;
    at += text.length;
    return true;
  };
  const next = (): string => {
    if (at >= source.length) fail("ends too early");
    const character = String.fromCodePoint(source.codePointAt(at)!);
    at += character.length;
    return character;
  };

  const choice = (ignoresCase: boolean, depth: number): PatternNode => {
    if (depth > MAX_GROUPS) fail(`has groups ${depth} deep; at most ${MAX_GROUPS} are read`);
    const branches: PatternNode[] = [];
    const flags = { ignoresCase };
    do {
      const nodes: PatternNode[] = [];
      while (at < source.length && !peek("|") && !peek(")")) {
        const node = repeated(item(flags, depth));
        if (node) nodes.push(node);
      }
      branches.push(nodes.length === 1 ? nodes[0] : { kind: "sequence", nodes });
    } while (take("|"));
    return branches.length === 1 ? branches[0] : { kind: "choice", nodes: branches };
  };

  const repeated = (node: PatternNode | undefined): PatternNode | undefined => {
    for (;;) {
      const before = at;
      let least = 0, most = Infinity, isInterval = false;
      if (take("?")) most = 1;
      else if (take("+")) least = 1;
      else if (!take("*")) {
        const interval = /^\{(\d{0,6})(,?)(\d{0,6})\}/.exec(source.slice(at, at + 16));
        if (!interval || (interval[1] === "" && interval[3] === "")) return node;
        at += interval[0].length;
        least = Number(interval[1] || 0);
        most = interval[2] === "" ? least : interval[3] === "" ? Infinity : Number(interval[3]);
        isInterval = true;
      }
      if (node === undefined || node.kind === "anchor" || node.kind === "look") {
        return fail(`repeats nothing at ${before}`);
      }
      if (least > most) fail(`repeats ${least} to ${most} times at ${before}`);
      if (least > MAX_REPEAT || (most !== Infinity && most > MAX_REPEAT)) {
        fail(`repeats more than ${MAX_REPEAT} times at ${before}`);
      }
      if (most === Infinity && canBeEmpty(node)) {
        fail(`repeats without end what can match nothing, at ${before}; Weir does not`);
      }
      const isLazy = take("?");
      const isPossessive = !isLazy && !isInterval && take("+");
      const repeat: PatternNode = { kind: "repeat", node, least, most, isLazy };
      node = isPossessive ? { kind: "atomic", node: repeat } : repeat;
    }
  };

  const item = (flags: { ignoresCase: boolean }, depth: number): PatternNode | undefined => {
    const character = next();
    if (character === "(") return group(flags, depth);
    if (character === "[") return { kind: "set", ranges: bracket(flags.ignoresCase, 0) };
    if (character === ".") return { kind: "set", ranges: without([0x0a, 0x0b]) };
    if (character === "^") return { kind: "anchor", at: "lineStart" };
    if (character === "$") return { kind: "anchor", at: "lineEnd" };
    if (character !== "\\") return single(character.codePointAt(0)!, flags.ignoresCase);
    const anchor =
      ({ A: "start", z: "end", Z: "lastLineEnd", b: "word", B: "notWord" } as const)[source[at] as "A"];
    if (anchor) {
      at++;
      return { kind: "anchor", at: anchor };
    }
    if (/[1-9kgGKXRNO]/.test(source[at] ?? "")) fail(`uses \\${source[at]}, which Weir does not have`);
    const escaped = escape();
    return typeof escaped === "number"
      ? single(escaped, flags.ignoresCase)
      : { kind: "set", ranges: escaped };
  };

  /** One character. Where case is ignored, one such as ß also stands for several, which Weir does not have. */
  const single = (code: number, ignoresCase: boolean): PatternNode => {
    const ranges: Ranges = [code, code + 1];
    if (ignoresCase && code > 0x7f && String.fromCodePoint(code).toUpperCase().length > 1) {
      fail(`ignores the case of ${String.fromCodePoint(code)}, which Weir does not`);
    }
    return { kind: "set", ranges: ignoresCase ? inAnyCase(ranges) : ranges };
  };

  const group = (flags: { ignoresCase: boolean }, depth: number): PatternNode | undefined => {
    let wrap = (node: PatternNode): PatternNode => node;
    let inner = flags.ignoresCase;
    const look = (isBehind: boolean, isNegative: boolean) => (node: PatternNode): PatternNode => {
      if (isBehind && widthsOf(node) === undefined) {
        fail("looks back over a text of no fixed length; Weir does not");
      }
      return { kind: "look", node, isBehind, isNegative };
    };
    if (take("?:")) wrap = (node) => node;
    else if (take("?=")) wrap = look(false, false);
    else if (take("?!")) wrap = look(false, true);
    else if (take("?<=")) wrap = look(true, false);
    else if (take("?<!")) wrap = look(true, true);
    else if (take("?>")) wrap = (node) => ({ kind: "atomic", node });
    else if (take("?#")) {
      while (!take(")")) next();
      return undefined;
    } else if (peek("?")) {
      const name = /^\?(?:<[A-Za-z_]\w*>|'[A-Za-z_]\w*')/.exec(source.slice(at, at + 80));
      const option = /^\?(-?)i([:)])/.exec(source.slice(at, at + 4));
      if (name) at += name[0].length;
      else if (option) {
        at += option[0].length;
        inner = option[1] === "";
        if (option[2] === ")") {
          // For the rest of the group around it, alternatives included.
          flags.ignoresCase = inner;
          return undefined;
        }
      } else fail(`uses (${source.slice(at, at + 3)}, which Weir does not have`);
    }
    const node = choice(inner, depth + 1);
    if (!take(")")) fail("has a group without its end");
    return wrap(node);
  };

  /** The code point, or the set, that a backslash and what follows it mean. */
  const escape = (): number | Ranges => {
    const letter = next();
    switch (letter) {
      case "n":
        return 0x0a;
      case "t":
        return 0x09;
      case "r":
        return 0x0d;
      case "f":
        return 0x0c;
      case "v":
        return 0x0b;
      case "a":
        return 0x07;
      case "e":
        return 0x1b;
      case "s":
        return rangesOf(WHITESPACE);
      case "S":
        return without(rangesOf(WHITESPACE));
      case "d":
        return categoryRanges("Nd")!;
      case "D":
        return without(categoryRanges("Nd")!);
      case "w":
        return rangesOf(PATTERN_WORD);
      case "W":
        return without(rangesOf(PATTERN_WORD));
      case "h":
        return [0x30, 0x3a, 0x41, 0x47, 0x61, 0x67];
      case "H":
        return without([0x30, 0x3a, 0x41, 0x47, 0x61, 0x67]);
      case "p":
      case "P": {
        const property = /^\{(\^?)([A-Za-z_]+)\}/.exec(source.slice(at, at + 40));
        if (!property) return fail(`has \\${letter} without a property`);
        at += property[0].length;
        const name = property[2];
        const ranges = categoryRanges(name) ??
          (Object.hasOwn(PATTERN_SCRIPTS, name) ? rangesOf(PATTERN_SCRIPTS[name]) : undefined);
        if (!ranges) return fail(`names the property ${name}, which Weir does not know`);
        return (letter === "P") !== (property[1] === "^") ? without(ranges) : ranges;
      }
      case "x":
      case "u": {
        const digits = letter === "u" ? /^[0-9a-fA-F]{4}/ : /^\{([0-9a-fA-F]{1,6})\}|^[0-9a-fA-F]{1,2}/;
        const match = digits.exec(source.slice(at, at + 8));
        if (!match) return fail(`has \\${letter} without its digits`);
        at += match[0].length;
        const code = parseInt(match[1] ?? match[0], 16);
        if (code > 0x10ffff) fail(`has \\${letter}${match[0]}, which is no character`);
        return code;
      }
      default:
        if (/[A-Za-z0-9]/.test(letter)) {
          if (letter === "0") return 0;
          return fail(`uses \\${letter}, which Weir does not have`);
        }
        return letter.codePointAt(0)!;
    }
  };

  const bracket = (ignoresCase: boolean, depth: number): Ranges => {
    if (depth > MAX_GROUPS) fail("has too many brackets in each other");
    const isNegative = take("^");
    let ranges: Ranges = [];
    let kept: Ranges | undefined; // what stands before an &&
    const finish = (found: Ranges) => kept === undefined ? found : common(kept, found);
    for (let isFirst = true;; isFirst = false) {
      if (at >= source.length) fail("has a bracket without its end");
      if (!isFirst && take("]")) break;
      if (peek("[:")) fail("uses a POSIX bracket, which Weir does not have");
      if (take("&&")) {
        kept = finish(ranges);
        ranges = [];
        continue;
      }
      if (take("[")) {
        ranges = union(ranges, bracket(ignoresCase, depth + 1));
        continue;
      }
      const low = member();
      const isRange = typeof low === "number" && peek("-") && !source.startsWith("]", at + 1) &&
        !source.startsWith("[", at + 1);
      if (!isRange) {
        ranges = union(ranges, typeof low === "number" ? [low, low + 1] : low);
        continue;
      }
      at++;
      const high = member();
      if (typeof high !== "number") ranges = union(union(ranges, [low, low + 1, 0x2d, 0x2e]), high);
      else if (high < low) fail(`has the range ${low} to ${high}, which is empty`);
      else ranges = union(ranges, [low, high + 1]);
    }
    const all = finish(ignoresCase ? inAnyCase(ranges) : ranges);
    return isNegative ? without(all) : all;
  };

  const member = (): number | Ranges => {
    const character = next();
    if (character !== "\\") return character.codePointAt(0)!;
    if (take("b")) return 0x08;
    // Within brackets Oniguruma's \w lacks six of the characters that it has outside.
    if (take("w")) return wordInBrackets();
    if (take("W")) return without(wordInBrackets());
    return escape();
  };

  const pattern = choice(false, 0);
  if (at < source.length) fail(`has a ")" too many at ${at}`);
  return pattern;
}

/** A set with what its ASCII letters match where case is ignored, and with the other case of other single letters. */
function inAnyCase(ranges: Ranges): Ranges {
  let all = ranges;
  const add = (code: number) => all = union(all, [code, code + 1]);
  for (let i = 0; i < ranges.length; i += 2) {
    for (let code = ranges[i]; code < Math.min(ranges[i + 1], 0x250); code++) {
      const small = lowerOf(code)?.codePointAt(0) ?? code;
      add(small);
      const capital = String.fromCodePoint(small).toUpperCase();
      if (capital.length === 1) add(capital.charCodeAt(0));
      const letter = String.fromCodePoint(small);
      if (Object.hasOwn(ANY_CASE, letter)) {
        for (const other of ANY_CASE[letter]) add(other.codePointAt(0)!);
      }
    }
  }
  return all;
}

function wordInBrackets(): Ranges {
  return common(rangesOf(PATTERN_WORD), without([0xb2, 0xb4, 0xb9, 0xba, 0xbc, 0xbf]));
}

function union(a: Ranges, b: Ranges): Ranges {
  const edges: [number, number][] = [];
  for (const ranges of [a, b]) {
    for (let i = 0; i < ranges.length; i += 2) edges.push([ranges[i], ranges[i + 1]]);
  }
  edges.sort((x, y) => x[0] - y[0]);
  const all: number[] = [];
  for (const [start, end] of edges) {
    if (all.length > 0 && start <= all[all.length - 1]) {
      all[all.length - 1] = Math.max(all[all.length - 1], end);
    } else all.push(start, end);
  }
  return all;
}

function without(ranges: Ranges): Ranges {
  const rest = ranges[0] === 0 ? ranges.slice(1) : [0, ...ranges];
  return rest.at(-1) === 0x110000 ? rest.slice(0, -1) : [...rest, 0x110000];
}

function common(a: Ranges, b: Ranges): Ranges {
  return without(union(without(a), without(b)));
}

/** Whether a part can match without taking a character. */
export function canBeEmpty(node: PatternNode): boolean {
  switch (node.kind) {
    case "set":
      return false;
    case "sequence":
      return node.nodes.every(canBeEmpty);
    case "choice":
      return node.nodes.some(canBeEmpty);
    case "repeat":
      return node.least === 0 || canBeEmpty(node.node);
    case "atomic":
      return canBeEmpty(node.node);
    case "look":
    case "anchor":
      return true;
  }
}

/** The numbers of characters that a part can take; `undefined` where they are not few. */
export function widthsOf(node: PatternNode): number[] | undefined {
  switch (node.kind) {
    case "set":
      return [1];
    case "look":
    case "anchor":
      return [0];
    case "atomic":
      return widthsOf(node.node);
    case "choice": {
      const all = node.nodes.map(widthsOf);
      return all.includes(undefined) ? undefined : [...new Set(all.flatMap((widths) => widths!))];
    }
    case "repeat": {
      const width = widthsOf(node.node);
      return width?.length === 1 && node.least === node.most ? [width[0] * node.least] : undefined;
    }
    case "sequence": {
      let total = 0;
      for (const part of node.nodes) {
        const width = widthsOf(part);
        if (width?.length !== 1) return undefined;
        total += width[0];
      }
      return [total];
    }
  }
}
