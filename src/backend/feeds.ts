/**
 * Checks of what goes into and comes out of a program that every backend makes alike.
 *
 * @module
 */
import type { HostTensor } from "../graph/dtype.ts";
import type { NodeOf } from "../graph/node.ts";
import { formatShape, sameShape } from "../graph/shape.ts";
import { BackendError, type Tensors } from "./interface.ts";

/** The feeds, if each input has one of its type and shape. */
export function checkFeeds(inputs: readonly NodeOf<"input">[], feeds: Tensors): Tensors {
  for (const { name, dtype, shape } of inputs) {
    const feed = feeds[name!];
    if (!feed) throw new BackendError(`Cannot run: input "${name}" was not fed`);
    if (feed.dtype !== dtype || !sameShape(feed.shape, shape)) {
      throw new BackendError(
        `Cannot run: input "${name}" is ${dtype} ${formatShape(shape)}, ` +
          `got ${feed.dtype} ${formatShape(feed.shape)}`,
      );
    }
  }
  return feeds;
}

/** Throws unless every tensor names a known state and has its type and shape. */
export function checkStates(
  known: ReadonlyMap<string, Pick<HostTensor, "dtype" | "shape">>,
  states: Tensors,
): void {
  for (const [name, tensor] of Object.entries(states)) {
    const state = known.get(name);
    if (!state) throw new BackendError(`Cannot write state "${name}": the program has no such state`);
    if (state.dtype !== tensor.dtype || !sameShape(state.shape, tensor.shape)) {
      throw new BackendError(
        `Cannot write state "${name}": it is ${state.dtype} ${formatShape(state.shape)}, ` +
          `got ${tensor.dtype} ${formatShape(tensor.shape)}`,
      );
    }
  }
}

/** The one-element tensors as numbers. */
export function scalarsOf(outputs: Tensors): Record<string, number> {
  const scalars = Object.entries(outputs).filter(([, t]) => t.data.length === 1);
  return Object.fromEntries(scalars.map(([name, t]) => [name, Number(t.data[0])]));
}
