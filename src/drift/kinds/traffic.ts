/**
 * Whether an observation says anything new: repeats and empty inputs are counted as that, and by no other feature.
 *
 * A client that sends each text five times, a prober that sends one text again and again, and empty inputs would move the
 * distribution of everything. They are no drift of what users write: they are traffic of a kind of its own, and named so.
 *
 * @module
 */
import { countsOf, wrong } from "../checks.ts";
import { sum } from "../../base/arrays.ts";
import { addCounts } from "../counts.ts";
import type { TrafficFeature } from "../feature.ts";
import { plainHistograms } from "../histogram.ts";
import { testShares } from "./categorical.ts";
import type { Kind } from "./kind.ts";

/** The reference of what inputs are: new ones, repeats, empty ones. */
export interface TrafficReference {
  /** Tells it from the references of other kinds. */
  readonly kind: "traffic";
  /** Observations with a new input, a repeated and an empty one. */
  readonly counts: readonly number[];
}

/** A window's counts of what inputs are. */
export interface TrafficCounts {
  /** Tells them from the counts of other kinds. */
  readonly kind: "traffic";
  /** Observations with a new input, a repeated and an empty one. */
  readonly bins: number[];
}

const LABELS = ["new", "repeated", "empty"];
const NEW = 0, REPEATED = 1, EMPTY = 2;
/** Inputs that are remembered; one that comes again after more others than that is new. */
const REMEMBERED = 10_000;

/** What inputs are, compared by shares. */
export const trafficKind: Kind<string, TrafficReference, TrafficCounts, TrafficFeature<never>> = {
  drawn: "categorical",
  effect: "totalVariation",

  collect() {
    const counts = [0, 0, 0], repeats = createRepeats();
    return {
      problem: () => undefined,
      add(content) {
        const what = content === "" ? EMPTY : repeats.has(content) ? REPEATED : NEW;
        counts[what]++;
        return what === NEW;
      },
      build: () => ({ kind: "traffic", counts }),
    };
  },

  parse(json, where) {
    const counts = countsOf(json.counts, `${where}.counts`, { length: LABELS.length, of: "kind of input" });
    if (sum(counts) === 0) throw wrong(`${where}.counts`, "all 0", "at least one observation");
    return { kind: "traffic", counts };
  },

  prepare({ counts: reference }) {
    const repeats = createRepeats();
    return {
      empty: () => ({ kind: "traffic", bins: [0, 0, 0] }),
      add(counts, content, hit) {
        const what = content === "" ? EMPTY : repeats.has(content) ? REPEATED : NEW;
        counts.bins[what]++;
        hit(what);
        return what === NEW ? "counted" : "set aside";
      },
      cells: { counts: reference, n: sum(reference), ordered: false },
      cellsOf: ({ bins }) => ({ cells: bins, n: sum(bins) }),
      cellLabel: (_, cell) => LABELS[cell],
      test: ({ bins }, threshold) => testShares(reference, bins, threshold),
      draw: (_, { bins }) => plainHistograms(LABELS, reference, bins),
    };
  },

  merge: (a, b, name) => ({ kind: "traffic", bins: addCounts(a.bins, b.bins, name) }),
};

/** Remembers the latest inputs by a hash of 53 bits; `has` takes one in and says whether it is among them. */
function createRepeats(): { has(content: string): boolean } {
  const latest: number[] = [], known = new Set<number>();
  let next = 0;
  return {
    has(content) {
      const hash = hashOf(content);
      if (known.has(hash)) return true;
      if (latest.length === REMEMBERED) known.delete(latest[next]);
      latest[next] = hash;
      known.add(hash);
      next = (next + 1) % REMEMBERED;
      return false;
    },
  };
}

/** FNV-1a of 32 bits and 21 bits of a polynomial in 31, as one whole number. */
function hashOf(text: string): number {
  let fnv = 0x811c9dc5, polynomial = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    fnv = Math.imul(fnv ^ unit, 0x01000193);
    polynomial = Math.imul(polynomial, 31) + unit | 0;
  }
  return (fnv >>> 0) * 2 ** 21 + (polynomial >>> 11);
}
