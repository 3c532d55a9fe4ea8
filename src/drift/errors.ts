/**
 * The error of drift monitoring.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** What is wrong with a baseline, an observation or a policy; the message alone is meant for the reader. */
export class DriftError extends UserError {}
