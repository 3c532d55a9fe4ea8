/**
 * What is wrong with a bundle.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** A folder that is no bundle or a damaged one, or a manifest that is not valid; one line that names the file and its fault. */
export class BundleError extends UserError {}
