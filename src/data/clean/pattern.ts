/**
 * The cleaning step that replaces what a pattern finds. A bundle may come from anywhere and its patterns run on every request,
 * so they are read by RE2's rules, which match in time proportional to the text; the engine of JavaScript takes hours for
 * `(a+)+$`. The command line has the same rules, since what is trained is stored.
 *
 * @module
 */
import { RE2JS } from "re2js";
import { firstLine, show } from "../../base/text.ts";
import { DataError } from "../errors.ts";
import { growthLimit } from "./limits.ts";
import { readPlaceholder, readText } from "./values.ts";

/**
 * Limits on a pattern: its length, the instructions that it compiles to, these times the length of a text (one search takes about
 * 30 ns of each at worst), and the time that all searches of one text may take.
 */
const limits = { characters: 500, instructions: 1_000, work: 100_000_000, ms: 2_000 };

/**
 * The function of `replace=PATTERN=>TEXT`; the last `=>` divides the two. The text is put in as it is: `$1` means nothing in it.
 *
 * @throws {DataError} when there is no `=>`, or the pattern is none of RE2 or larger than the limits. The function throws it for
 *   a text that takes too long, as a pattern that looks for its end from every place may.
 *
 * @example
 * ```ts
 * import { patternReplacer } from "./pattern.ts";
 * import assert from "node:assert/strict";
 *
 * const mask = patternReplacer("X{2,}(/X{2,})*=><mask>");
 * assert.equal(mask("On XX/XX/2014 my card XXXX"), "On <mask>/2014 my card <mask>");
 * assert.throws(() => patternReplacer("(?=a)=>"), /RE2/);
 * ```
 */
export function patternReplacer(value: string | undefined): (text: string) => string {
  const both = readText(value, "replace", "X{2,}=>TEXT");
  const arrow = both.lastIndexOf("=>");
  if (arrow < 1) throw new DataError(`the step replace=${show(both)} has no =>: write replace=PATTERN=>TEXT`);
  const pattern = both.slice(0, arrow);
  const placeholder = readPlaceholder(both.slice(arrow + 2), "replace");
  const compiled = compile(pattern);
  const tooLong = (text: string, problem: string) =>
    new DataError(`the step replace=${show(both)} ${problem} for a text of ${text.length} characters`);
  return (text) => {
    if (text.length * compiled.programSize() > limits.work) {
      throw tooLong(text, `compiles to ${compiled.programSize()} instructions, which is too much work`);
    }
    const matcher = compiled.matcher(text);
    const most = growthLimit(text.length);
    const parts: string[] = [];
    let length = 0, at = 0, begun = 0;
    for (let matches = 0; matcher.find(); matches++) {
      const start = matcher.start(), end = matcher.end();
      parts.push(text.slice(at, start), placeholder);
      length += start - at + placeholder.length;
      at = end;
      if (length > most) break; // the caller says so
      // One search is linear; many that each look through the rest of the text are not.
      if (matches === 0) begun = performance.now();
      else if (performance.now() - begun > limits.ms) {
        throw tooLong(text, `takes over ${limits.ms} ms`);
      }
    }
    return parts.length === 0 ? text : parts.join("") + text.slice(at);
  };
}

function compile(pattern: string): RE2JS {
  const refuse = (problem: string) => new DataError(`the pattern ${show(pattern)} ${problem}`);
  if (pattern.length > limits.characters) {
    throw refuse(`has ${pattern.length} characters, and at most ${limits.characters} are read`);
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    throw refuse(`is none of RE2, which has no look-around and no back-references: ${firstLine(error)}`);
  }
  if (compiled.programSize() > limits.instructions) {
    throw refuse(
      `compiles to ${compiled.programSize()} instructions, and at most ${limits.instructions} are run: repeat less`,
    );
  }
  return compiled;
}
