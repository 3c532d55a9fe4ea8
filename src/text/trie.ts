/**
 * The tokens of a vocabulary as a tree of their UTF-16 units, so that what a text begins with is found without cutting it.
 *
 * @module
 */
import { TokenizerError } from "./errors.ts";

/** A tree of texts. Node 0 is its root. */
export interface Trie {
  /** The node behind a unit; -1 if no text goes on that way. */
  step(node: number, unit: number): number;
  /** The value of the text that ends at a node; -1 if none does. */
  valueAt(node: number): number;
}

const MAX_NODES = 8_000_000;

/** Builds a tree; of equal texts the last one's value counts. @throws {TokenizerError} if the texts are too many */
export function createTrie(texts: Iterable<readonly [text: string, value: number]>): Trie {
  let capacity = 1 << 12;
  let keys = new Float64Array(capacity); // node * 65536 + unit + 1; 0 where free
  let nodes = new Int32Array(capacity);
  let values = new Int32Array(capacity).fill(-1);
  let size = 1;

  const slotOf = (node: number, unit: number): number => {
    const key = node * 65536 + unit + 1;
    const mask = capacity - 1;
    let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) >>> 0;
    slot = (slot ^ slot >>> 15) & mask;
    while (keys[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  };
  const grow = () => {
    const [oldKeys, oldNodes] = [keys, nodes];
    capacity *= 2;
    keys = new Float64Array(capacity);
    nodes = new Int32Array(capacity);
    for (let i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] === 0) continue;
      const key = oldKeys[i] - 1;
      const slot = slotOf(Math.floor(key / 65536), key % 65536);
      keys[slot] = oldKeys[i];
      nodes[slot] = oldNodes[i];
    }
    const longer = new Int32Array(capacity).fill(-1);
    longer.set(values);
    values = longer;
  };

  for (const [text, value] of texts) {
    let node = 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      let slot = slotOf(node, unit);
      if (keys[slot] === 0) {
        if (size >= MAX_NODES) {
          throw new TokenizerError(
            `tokenizer.json: its tokens are too long; at most ${MAX_NODES} characters are loaded`,
          );
        }
        if (size * 2 >= capacity) {
          grow();
          slot = slotOf(node, unit);
        }
        keys[slot] = node * 65536 + unit + 1;
        nodes[slot] = size++;
      }
      node = nodes[slot];
    }
    values[node] = value;
  }
  return {
    step(node, unit) {
      const slot = slotOf(node, unit);
      return keys[slot] === 0 ? -1 : nodes[slot];
    },
    valueAt: (node) => values[node],
  };
}
