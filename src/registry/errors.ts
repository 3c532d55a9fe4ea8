/**
 * What is wrong with a request to the registry.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** A name that is not allowed, or a model or version that the registry does not have; one line for the person who asked. */
export class RegistryError extends UserError {}
