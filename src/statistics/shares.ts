import { EvaluationError } from "./errors.ts";

/**
 * What to do about bins that are empty on one side, where a logarithm of 0 would be needed:
 *
 * - `"fill"`: Evidently's way. An empty bin's share becomes 1e-4, or a millionth of that side's smallest share if that is
 *   at most 1e-4; the shares then add up to a little over 1.
 * - `"half"`: half a count is added to every bin of both sides (Krichevsky and Trofimov 1981): finite, a distribution, and
 *   calm at small counts. For counts, not shares.
 * - `"none"`: the definition; an empty bin opposite a full one gives Infinity.
 */
export type Zeros = "fill" | "half" | "none";

/**
 * Two lists of counts (or shares) as shares of their totals.
 *
 * @throws {EvaluationError} When the lengths differ, an entry is negative or no number, or a side is all zeros.
 */
export function sharesOf(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  zeros: Zeros,
): [Float64Array, Float64Array] {
  if (reference.length !== current.length) {
    throw new EvaluationError(
      `Cannot compare ${reference.length} reference bins with ${current.length} current ones`,
    );
  }
  return [normalize(reference, zeros, "reference"), normalize(current, zeros, "current")];
}

function normalize(counts: ArrayLike<number>, zeros: Zeros, side: string): Float64Array {
  const added = zeros === "half" ? 0.5 : 0;
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (!(counts[bin] >= 0 && counts[bin] < Infinity)) {
      throw new EvaluationError(
        `The ${side} count of bin ${bin} is ${counts[bin]}, wanted a number of at least 0`,
      );
    }
    total += counts[bin] + added;
  }
  if (!(total > 0)) throw new EvaluationError(`Cannot compare distributions: the ${side} has no counts`);
  const shares = new Float64Array(counts.length);
  let smallest = Infinity;
  for (let bin = 0; bin < counts.length; bin++) {
    shares[bin] = (counts[bin] + added) / total;
    if (shares[bin] > 0) smallest = Math.min(smallest, shares[bin]);
  }
  if (zeros !== "fill") return shares;
  const filler = smallest <= 1e-4 ? smallest / 1e6 : 1e-4;
  return shares.map((share) => share === 0 ? filler : share);
}
