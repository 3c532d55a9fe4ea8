/**
 * The models that the server answers for, and which of them a request asks for.
 *
 * @module
 */
import type { Watch } from "../src/drift/live.ts";
import type { PredictService } from "../src/serve/service.ts";
import { HttpError } from "./errors.ts";

/** A model that the server answers for. */
export interface ServedModel {
  /** Answers. */
  readonly service: PredictService;
  /** Names of this version besides its number, such as champion. */
  readonly aliases?: readonly string[];
  /** Watches what comes in; the app feeds it. */
  readonly monitor?: Watch<unknown>;
}

/** What a contract is mounted over. */
export interface Models {
  /** The first one that can answer is asked where a request names none. */
  readonly served: readonly ServedModel[];
  /** Longest request body that is read. */
  readonly bodyBytes: number;
}

/** The name and version that a model was registered under. */
export function identityOf(model: ServedModel): { name: string; version: string } {
  const { name, version } = model.service.info().manifest;
  return { name, version };
}

/**
 * Finds a served model.
 *
 * @param reference A version or an alias; the first model of the name if not given.
 * @throws {HttpError} 404, naming what is served.
 */
export function findModel(models: readonly ServedModel[], name?: string, reference?: string): ServedModel {
  const [found] = matching(models, name, reference);
  if (found) return found;
  const asked = [name, reference].filter((part) => part !== undefined).join(" ");
  throw new HttpError(
    404,
    "NotFound",
    `No model ${JSON.stringify(asked.slice(0, 200))} is served here. Served: ${
      models.map(describe).join("; ") || "none"
    }.`,
  );
}

/**
 * Finds a served model that can answer in the way a contract does.
 *
 * @param fitting Those of the models that can.
 * @param wanted What the contract answers with, for the error: "ranked labels".
 * @throws {HttpError} 404 where no such model is served, 422 where there is one of another task.
 */
export function fittingModel(
  models: readonly ServedModel[],
  fitting: readonly ServedModel[],
  wanted: string,
  { name, reference }: { readonly name?: string; readonly reference?: string } = {},
): ServedModel {
  const [found] = matching(fitting, name, reference);
  if (found) return found;
  const other = findModel(models, name, reference);
  const { title } = other.service.task;
  throw new HttpError(
    422,
    "Validation",
    `${
      describe(other)
    } does ${title}, and ${wanted} were asked for; POST /v1/${other.service.task.name} asks it.`,
  );
}

function matching(models: readonly ServedModel[], name?: string, reference?: string): ServedModel[] {
  return models.filter((model) => {
    const identity = identityOf(model);
    return (name === undefined || identity.name === name) &&
      (reference === undefined || identity.version === reference || model.aliases?.includes(reference));
  });
}

/** A model with its version and aliases. */
export function describe(model: ServedModel): string {
  const { name, version } = identityOf(model);
  return `${name} ${version}${model.aliases?.length ? ` (${model.aliases.join(", ")})` : ""}`;
}
