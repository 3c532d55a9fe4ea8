/**
 * The root of the errors that are meant for the person who meets them.
 *
 * @module
 */

/**
 * An error whose message is for the user: one line that says what was attempted, what was found and what was wanted. It is shown
 * without a stack trace. Each part has subclasses of its own, so that code can tell them apart; `name` is the subclass's.
 *
 * @example
 * ```ts
 * import { UserError } from "./errors.ts";
 * import assert from "node:assert/strict";
 *
 * class DataError extends UserError {}
 * const error = new DataError("mails.csv line 3: no label");
 * assert.ok(error instanceof UserError);
 * assert.equal(error.name, "DataError");
 * ```
 */
export class UserError extends Error {
  /** True: the message alone is shown. Marks such an error for code that does not import the class. */
  readonly userFacing = true;

  /** An error with a message for the user. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
