/**
 * What is watched of entities found in a text (token classification).
 *
 * @module
 */
import { lengths } from "../bins.ts";
import type { Feature } from "../feature.ts";

/** What is observed of the entities of a text. */
export interface ObservedEntities {
  /** The type of each entity ("PER", "ORG"), as often as it occurs; absent where no prediction was made. */
  readonly entityTypes?: readonly string[];
}

/** The features of entities: which types there are, and how many a text has. */
export function entityFeatures(): readonly Feature<ObservedEntities>[] {
  return [{
    name: "entityTypes",
    kind: "bag",
    title: "Types of entities",
    unit: "entities",
    meaning: "Texts are about other kinds of things, or the model takes one type for another.",
    read: ({ entityTypes }) => entityTypes,
  }, {
    name: "entityCount",
    kind: "numeric",
    title: "Entities in a text",
    unit: "entities",
    meaning: "Texts name more or fewer things, or the model no longer finds them.",
    scale: lengths,
    read: ({ entityTypes }) => entityTypes?.length,
  }];
}
