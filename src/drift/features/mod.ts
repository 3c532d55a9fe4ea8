/**
 * Features to compose: a task lists those of its inputs and those of its predictions.
 *
 * @module
 */
export { classFeatures, type ObservedClasses } from "./classes.ts";
export { embeddingFeatures, type ObservedEmbedding } from "./embedding.ts";
export { entityFeatures, type ObservedEntities } from "./entities.ts";
export { labelSetFeatures, type ObservedLabels } from "./label_set.ts";
export { numberFeatures, type ObservedNumber } from "./number.ts";
export {
  type ColumnKind,
  columnKinds,
  type ObservedRow,
  tableFeatures,
  type WatchedColumn,
} from "./table.ts";
export { type ObservedText, type TextFeatureOptions, textFeatures } from "./text.ts";
