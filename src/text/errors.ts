/**
 * The error of tokenizers.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** A tokenizer file or option that cannot be used. The message is one line, written for whoever supplied it. */
export class TokenizerError extends UserError {}
