import type { Watch } from "../src/drift/live.ts";
import type { PredictService } from "../src/serve/service.ts";
import type { TextObservation } from "../src/serve/text_classification.ts";
import { HttpError } from "./errors.ts";

/** A model that the server answers for. */
export interface ServedModel {
  /** answers */
  service: PredictService;
  /** names of this version besides its number, such as champion */
  aliases?: readonly string[];
  /** watches what comes in; the app feeds it */
  monitor?: Watch<TextObservation>;
}

/** The name and version that a model was registered under. */
export function identityOf(model: ServedModel): { name: string; version: string } {
  const { name, version } = model.service.info().manifest;
  return { name, version };
}

/**
 * Finds a served model.
 *
 * @param reference a version or an alias; the first model of the name if not given
 * @throws {HttpError} 404, naming what is served
 */
export function findModel(models: readonly ServedModel[], name?: string, reference?: string): ServedModel {
  const found = models.find((model) => {
    const identity = identityOf(model);
    return (name === undefined || identity.name === name) &&
      (reference === undefined || identity.version === reference || model.aliases?.includes(reference));
  });
  if (found) return found;
  const served = models.map((model) => {
    const { name, version } = identityOf(model);
    return `${name} ${version}${model.aliases?.length ? ` (${model.aliases.join(", ")})` : ""}`;
  });
  const asked = [name, reference].filter((part) => part !== undefined).join(" ");
  throw new HttpError(
    404,
    "NotFound",
    `No model ${JSON.stringify(asked.slice(0, 200))} is served here. Served: ${served.join("; ") || "none"}.`,
  );
}
