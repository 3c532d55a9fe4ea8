import {
  classFeatures,
  type Feature,
  type ObservedClasses,
  type ObservedText,
  textFeatures,
} from "../../src/drift/mod.ts";
import { createHashedRandom } from "../../src/base/random.ts";

/** What the simulated traffic is like. */
export interface Traffic {
  /** Share of texts predicted as spam. */
  spamShare: number;
  /** Median length in words. */
  length: number;
  /** Another language: the same rank-frequency law over other tokens, and more unknown words. */
  foreign: boolean;
}

export const USUAL: Traffic = { spamShare: 0.3, length: 150, foreign: false };
export const LABELS = ["ham", "spam"];
export const VOCABULARY = 4000;

/** What is observed of a classified text. */
export type Observed = ObservedText & ObservedClasses;

/** The features of a text and of its predicted class. */
export function featuresOf(vocabSize = VOCABULARY, topTokens?: number): readonly Feature<Observed>[] {
  return [...textFeatures({ vocabSize, topTokens }), ...classFeatures(LABELS)];
}

const TOPICS = 40;
const PLAIN_TOKENS = VOCABULARY - 10;
const zipfSums = new Float64Array(PLAIN_TOKENS);
for (let rank = 0, sum = 0; rank < PLAIN_TOKENS; rank++) zipfSums[rank] = sum += 1 / (rank + 2.7);

/**
 * A seeded source of observations with what makes real text hard to test: Zipf's law, a topic per text, words that repeat
 * within a text, lengths over two orders of magnitude, predictions that are mostly sure.
 */
export function simulateTexts(seed: number): (traffic: Traffic) => Observed {
  const random = createHashedRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const zipf = () => {
    const wanted = random() * zipfSums[PLAIN_TOKENS - 1];
    let low = 0, high = PLAIN_TOKENS - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (wanted < zipfSums[middle]) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return (traffic) => {
    const spam = random() < traffic.spamShare;
    const words = Math.max(1, Math.round(traffic.length * Math.exp(normal())));
    const topic = Math.floor(random() * TOPICS);
    const tokenIds = [2];
    let unknownTokens = 0;
    for (let i = 0; i < Math.min(words, 126); i++) {
      const luck = random();
      if (luck < 0.25 && i > 3) tokenIds.push(tokenIds[1 + Math.floor(random() * i)]);
      else if (luck < 0.45) {
        tokenIds.push(10 + (topic * 197 + 7 * Math.floor(60 * random() ** 3)) % PLAIN_TOKENS);
      } else if (random() < (traffic.foreign ? 0.1 : 0.01)) tokenIds.push(1);
      else {
        const word = zipf();
        const shuffled = traffic.foreign ? word * 53 + 7 : spam && random() < 0.2 ? word * 31 : word;
        tokenIds.push(10 + shuffled % PLAIN_TOKENS);
      }
      if (tokenIds[tokenIds.length - 1] === 1) unknownTokens++;
    }
    tokenIds.push(3);
    const confidence = 1 - 0.5 * Math.exp(-Math.abs(4 + 2 * normal()));
    return {
      characters: Math.round(words * 5.3 + 9 * random()),
      tokenIds,
      tokens: words + 2,
      unknownTokens,
      probabilities: spam ? [1 - confidence, confidence] : [confidence, 1 - confidence],
    };
  };
}
