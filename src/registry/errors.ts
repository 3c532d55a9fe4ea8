import { UserError } from "../base/errors.ts";

/** What is wrong with a bundle, a name or a request to the registry, told in one line to the person who meets it. */
export class RegistryError extends UserError {}
