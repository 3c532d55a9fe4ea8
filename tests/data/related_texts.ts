import type { RandomStream } from "../../src/base/random.ts";

const WORDS =
  "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau".split(
    " ",
  );

/** Texts many of which are others with a few words changed. */
export function relatedTexts(count: number, random: RandomStream): string[] {
  const texts: string[] = [];
  while (texts.length < count) {
    if (texts.length > 0 && random.next() < 0.5) {
      const words = random.pick(texts).split(" ");
      for (let changes = random.integer(4); changes > 0; changes--) {
        words[random.integer(words.length)] = random.pick(WORDS);
      }
      texts.push(words.join(" "));
    } else texts.push(Array.from({ length: 1 + random.integer(60) }, () => random.pick(WORDS)).join(" "));
  }
  return texts;
}
