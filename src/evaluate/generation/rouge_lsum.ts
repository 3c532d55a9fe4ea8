/**
 * The matches of rougeLsum: lines of a reference against all lines of a prediction.
 *
 * @module
 */
import type { Lcs, Span } from "./lcs.ts";
import { PairNumbers } from "./rouge_ngrams.ts";
import type { Tokens } from "./rouge_tokens.ts";

/** A line, and how often the text has it. */
interface Line {
  span: Span;
  times: number;
}

/**
 * Matches of rougeLsum. Each line of the reference is matched with the union of its longest common subsequences with the lines
 * of the prediction; a token counts as a match at most as often as the prediction has it. A line that a text has many times is
 * matched once: a model that repeats itself makes thousands.
 */
export class SummaryLcs {
  readonly #lcs: Lcs;
  readonly #nodes = new PairNumbers();
  #left = new Int32Array(0); // for each token, how many of the prediction's are not matched
  #found = new Uint8Array(64);

  constructor(lcs: Lcs) {
    this.#lcs = lcs;
  }

  /** Tokens are below `size`, and the subsequences have room for them. */
  matches(reference: Tokens, prediction: Tokens, size: number): number {
    if (reference.length === 0 || prediction.length === 0) return 0;
    if (reference.lineEnds.length === 1 && prediction.lineEnds.length === 1) {
      return this.#lcs.lengthOf(
        { ids: reference.ids, start: 0, end: reference.length },
        { ids: prediction.ids, start: 0, end: prediction.length },
      );
    }
    if (size > this.#left.length) this.#left = new Int32Array(2 * size);
    if (reference.length > this.#found.length) this.#found = new Uint8Array(2 * reference.length);
    const left = this.#left, found = this.#found, { ids, length } = prediction;
    for (let j = 0; j < length; j++) left[ids[j]]++;
    const candidates = this.#distinct(prediction);
    let matches = 0;
    for (const { span, times } of this.#distinct(reference)) {
      found.fill(0, 0, span.end - span.start);
      for (const candidate of candidates) this.#lcs.mark(span, candidate.span, found);
      for (let i = span.start; i < span.end; i++) {
        if (found[i - span.start] === 0) continue;
        const taken = Math.min(times, left[span.ids[i]]);
        left[span.ids[i]] -= taken;
        matches += taken;
      }
    }
    for (let j = 0; j < length; j++) left[ids[j]] = 0;
    return matches;
  }

  /** The lines that differ from all before them. A line is known by its way through a tree of tokens. */
  #distinct({ ids, length, lineEnds }: Tokens): Line[] {
    const nodes = this.#nodes, lines = new Map<number, Line>();
    nodes.clear(length);
    let start = 0;
    for (const end of lineEnds) {
      let node = -1;
      for (let i = start; i < end; i++) node = nodes.add(node, ids[i]);
      const line = lines.get(node);
      if (line === undefined) lines.set(node, { span: { ids, start, end }, times: 1 });
      else line.times++;
      start = end;
    }
    return [...lines.values()];
  }
}
