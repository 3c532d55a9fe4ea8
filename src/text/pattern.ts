/**
 * The regular expressions of a `tokenizer.json`: which file they come from is not known, so they end whatever they and the text
 * are.
 *
 * Those of well-known tokenizers, and those that plainly cannot backtrack, become a RegExp, with the Unicode of Python's
 * tokenizers spelled out. All others are run here, step by step, and are stopped when they take too many.
 *
 * @module
 */
import { show } from "../base/text.ts";
import { TokenizerError } from "./errors.ts";
import { type Match, sizeAt, type Work } from "./piece.ts";
import { type Anchor, parsePattern, type PatternNode, widthsOf } from "./pattern_parse.ts";
import { type Ranges, rangesOf } from "./unicode.ts";
import { PATTERN_WORD } from "./unicode_data.ts";

/** Finds all matches of a pattern in a text, as Oniguruma does: no empty one at the end of another. */
export type Pattern = (text: string, work: Work) => Match[];

/**
 * Compiles a regular expression.
 *
 * @throws {TokenizerError} if it is wrong, or uses what Weir does not have; and in use, if it takes more steps than it may
 */
export function compilePattern(source: string, path: string): Pattern {
  const node = parsePattern(source, path);
  return KNOWN_PATTERNS.has(source) || isPlain(node)
    ? nativePattern(node)
    : steppedPattern(node, source, path);
}

/** A pattern that is a text, taken as it is. */
export function literalPattern(content: string): Pattern {
  return (text) => {
    const matches: Match[] = [];
    for (let at = text.indexOf(content); at >= 0; at = text.indexOf(content, at + content.length)) {
      matches.push([at, at + content.length]);
    }
    return matches;
  };
}

/** The pattern of byte-level tokenizers, from GPT-2 on. */
export const GPT2_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * Patterns that backtrack, but not far: whatever they try at a place, the match found there takes nearly all that was looked at.
 */
export const KNOWN_PATTERNS: ReadonlySet<string> = new Set([
  GPT2_PATTERN,
  // Llama 3, Qwen 2, GPT-4o and what was made after them.
  ...["\\p{N}{1,3}", "\\p{N}"].flatMap((
    digits,
  ) => [
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" + digits +
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  ]),
  ...["[\\r\\n/]*", "[\\r\\n]*"].flatMap((ends) => {
    const short = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
    const upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]", lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    return ["\\p{N}{1,3}", "\\p{N}"].flatMap((digits) =>
      [short, ""].map((contraction) =>
        `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+${contraction}|[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*${contraction}|` +
        `${digits}| ?[^\\s\\p{L}\\p{N}]+${ends}|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`
      )
    );
  }),
]);

/** Whether every attempt at a place is over after a few characters, or succeeds: nothing behind an endless repetition fails. */
function isPlain(node: PatternNode): boolean {
  const branches = node.kind === "choice" ? node.nodes : [node];
  return branches.every((branch) => {
    const items = branch.kind === "sequence" ? branch.nodes : [branch];
    return items.every((item, i) =>
      item.kind === "set" ||
      (item.kind === "repeat" && item.node.kind === "set" && !item.isLazy &&
        (item.most === Infinity ? i === items.length - 1 && item.least <= 8 : item.most <= 3)) ||
      (item.kind === "choice" && item.nodes.every((option) => option.kind === "set"))
    ) && items.length > 0 && items.length <= 20 &&
      items.filter((item) => item.kind === "repeat").length <= 3;
  });
}

function nativePattern(node: PatternNode): Pattern {
  const regExp = new RegExp(nativeSource(node), "gu");
  return (text) => {
    const matches: Match[] = [];
    let last = -1;
    for (const { index, 0: found } of text.matchAll(regExp)) {
      if (found === "" && index === last) continue;
      last = index + found.length;
      matches.push([index, last]);
    }
    return matches;
  };
}

function nativeSource(node: PatternNode): string {
  switch (node.kind) {
    case "set":
      return nativeSet(node.ranges);
    case "sequence":
      return node.nodes.map(nativeSource).join("");
    case "choice":
      return `(?:${node.nodes.map(nativeSource).join("|")})`;
    case "repeat": {
      const most = node.most === Infinity ? "" : node.most;
      return `(?:${nativeSource(node.node)}){${node.least},${most}}${node.isLazy ? "?" : ""}`;
    }
    case "look":
      return `(?${node.isBehind ? "<" : ""}${node.isNegative ? "!" : "="}${nativeSource(node.node)})`;
    case "atomic":
    case "anchor":
      throw new Error(`no known pattern has ${node.kind}`);
  }
}

function nativeSet(ranges: Ranges): string {
  let set = "";
  for (let i = 0; i < ranges.length; i += 2) {
    const [low, high] = [ranges[i], ranges[i + 1] - 1].map((code) => `\\u{${code.toString(16)}}`);
    set += low === high ? low : `${low}-${high}`;
  }
  return `[${set}]`;
}

/** An instruction of a compiled pattern; a `next` is the place of another in the program. */
type Step =
  | { readonly do: "take"; readonly ranges: Ranges }
  | { readonly do: "try"; readonly first: number; readonly then: number }
  | { readonly do: "jump"; readonly to: number }
  | { readonly do: "anchor"; readonly at: Anchor }
  | {
    readonly do: "look";
    readonly program: readonly Step[];
    readonly isNegative: boolean;
    /** Characters to go back first; none looks ahead. */
    readonly widths?: readonly number[];
  }
  | { readonly do: "atomic"; readonly program: readonly Step[] };

const MAX_STEPS_OF_PROGRAM = 20_000;

function steppedPattern(node: PatternNode, source: string, path: string): Pattern {
  const name = `the regular expression ${show(source)} of ${path}`;
  let size = 0;
  const programOf = (part: PatternNode): Step[] => {
    const program: Step[] = [];
    const emit = (step: Step): number => {
      if (++size > MAX_STEPS_OF_PROGRAM) throw new TokenizerError(`tokenizer.json: ${name} is too large`);
      return program.push(step) - 1;
    };
    const add = (part: PatternNode): void => {
      switch (part.kind) {
        case "set":
          emit({ do: "take", ranges: part.ranges });
          break;
        case "sequence":
          part.nodes.forEach(add);
          break;
        case "anchor":
          emit({ do: "anchor", at: part.at });
          break;
        case "look":
          emit({
            do: "look",
            program: programOf(part.node),
            isNegative: part.isNegative,
            ...(part.isBehind ? { widths: widthsOf(part.node) } : {}),
          });
          break;
        case "atomic":
          emit({ do: "atomic", program: programOf(part.node) });
          break;
        case "choice": {
          const ends: number[] = [];
          part.nodes.forEach((option, i) => {
            if (i === part.nodes.length - 1) return add(option);
            const split = emit({ do: "jump", to: 0 });
            add(option);
            ends.push(emit({ do: "jump", to: 0 }));
            program[split] = { do: "try", first: split + 1, then: program.length };
          });
          for (const end of ends) program[end] = { do: "jump", to: program.length };
          break;
        }
        case "repeat": {
          for (let i = 0; i < part.least; i++) add(part.node);
          const tries = part.most === Infinity ? 1 : part.most - part.least;
          const splits: number[] = [];
          for (let i = 0; i < tries; i++) {
            splits.push(emit({ do: "jump", to: 0 }));
            add(part.node);
          }
          if (part.most === Infinity) emit({ do: "jump", to: splits[0] });
          for (const split of splits) {
            const [inside, behind] = [split + 1, program.length];
            program[split] = part.isLazy
              ? { do: "try", first: behind, then: inside }
              : { do: "try", first: inside, then: behind };
          }
        }
      }
    };
    add(part);
    return program;
  };
  const program = programOf(node);

  return (text, work) => {
    const spent = (): never => {
      throw new TokenizerError(
        `Cannot tokenize the text: ${name} takes too many steps on it, because it tries too many ways to match`,
      );
    };
    /** Where a match that begins at `start` ends; -1 if there is none. */
    const run = (steps: readonly Step[], start: number): number => {
      const waiting: number[] = []; // places in the program and in the text, to go on from after a failure
      let pc = 0, at = start;
      for (;;) {
        if (--work.steps < 0) spent();
        if (pc === steps.length) return at;
        const step = steps[pc];
        let holds = true;
        switch (step.do) {
          case "take":
            holds = at < text.length && contains(step.ranges, text.codePointAt(at)!);
            if (holds) at += sizeAt(text, at);
            pc++;
            break;
          case "try":
            waiting.push(step.then, at);
            pc = step.first;
            break;
          case "jump":
            pc = step.to;
            break;
          case "anchor":
            holds = isAt(step.at, text, at);
            pc++;
            break;
          case "atomic": {
            const end = run(step.program, at);
            holds = end >= 0;
            if (holds) at = end;
            pc++;
            break;
          }
          case "look": {
            const found = step.widths
              ? step.widths.some((width) => {
                const from = back(text, at, width);
                return from >= 0 && run(step.program, from) === at;
              })
              : run(step.program, at) >= 0;
            holds = found !== step.isNegative;
            pc++;
          }
        }
        if (holds) continue;
        if (waiting.length === 0) return -1;
        at = waiting.pop()!;
        pc = waiting.pop()!;
      }
    };
    const matches: Match[] = [];
    let last = -1;
    for (let from = 0; from <= text.length;) {
      const end = run(program, from);
      if (end < 0 || (end === from && end === last)) {
        from += from < text.length ? sizeAt(text, from) : 1;
        continue;
      }
      matches.push([from, end]);
      from = last = end;
    }
    return matches;
  };
}

function contains(ranges: Ranges, code: number): boolean {
  let low = 0, high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle] <= code) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}

function back(text: string, at: number, characters: number): number {
  for (; characters > 0 && at >= 0; characters--) {
    at--;
    if (at > 0 && (text.charCodeAt(at) & 0xfc00) === 0xdc00) at--;
  }
  return at;
}

function isAt(anchor: Anchor, text: string, at: number): boolean {
  const { length } = text;
  switch (anchor) {
    case "start":
      return at === 0;
    case "end":
      return at === length;
    case "lineStart":
      return at === 0 || (text[at - 1] === "\n" && at < length);
    case "lineEnd":
      return at === length || text[at] === "\n";
    case "lastLineEnd":
      return at === length || (at === length - 1 && text[at] === "\n");
    case "word":
    case "notWord": {
      const before = at > 0 && isWord(text.codePointAt(back(text, at, 1))!);
      const behind = at < length && isWord(text.codePointAt(at)!);
      return (before !== behind) === (anchor === "word");
    }
  }
}

let wordRanges: Ranges | undefined;

function isWord(code: number): boolean {
  return contains(wordRanges ??= rangesOf(PATTERN_WORD), code);
}
