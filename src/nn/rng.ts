/**
 * The random state of a training run: one u32 that moves on by itself at every step.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import type { Node } from "../graph/node.ts";

/** The state's name in graphs and checkpoints. `initialStates` sets it from the seed. */
export const RNG_STATE = "rng";

/**
 * Odd, so that the sequence visits every u32, and not the increment between the streams of one key (the golden ratio's):
 * with that one, a layer's mask at one step would be its neighbour's at the next.
 */
const STEP_INCREMENT = 0xb5297a4d;

/** The key for this run's `random` nodes. Appends the state and its update where the graph has none yet. */
export function rngKey(b: Builder): Node {
  const known = b.find(RNG_STATE);
  if (known) return known;
  const state = b.state(RNG_STATE, "u32", [], { role: "counter", init: { kind: "key" } });
  b.update(state, b.add(state, STEP_INCREMENT));
  return state;
}
