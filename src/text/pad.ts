/**
 * Token ids of several texts side by side, as a model is fed them.
 *
 * @module
 */
import type { Encoding } from "./tokenizer.ts";

/** A tensor of whole numbers, row-major. */
export interface IntTensor {
  /** Token ids, types and masks are whole numbers. */
  readonly dtype: "i32";
  /** `[batch, sequence]`. */
  readonly shape: readonly number[];
  /** Row by row. */
  readonly data: Int32Array<ArrayBuffer>;
}

/** What every model of text may be fed; each is `[rows, sequence]`. */
export interface TokenTensors {
  /** Token ids. */
  readonly input_ids: IntTensor;
  /** 1 for a token, 0 for padding. */
  readonly attention_mask: IntTensor;
  /** 1 for the tokens of a pair's second text. */
  readonly token_type_ids: IntTensor;
}

/**
 * Pads encodings to one length. Rows beyond them only fill a batch up: such a row attends to its first token, so that its softmax
 * stays finite.
 *
 * @param size `rows`: at least as many as encodings; `sequence`: at least the longest. Both as large as the encodings need
 *   unless given
 *
 * @example
 * ```ts
 * import { padTokens } from "./pad.ts";
 * import assert from "node:assert/strict";
 * const { input_ids, attention_mask } = padTokens([{ ids: [2, 7, 3], typeIds: [0, 0, 0] }], { padId: 0, sequence: 4 });
 * assert.deepEqual([...input_ids.data], [2, 7, 3, 0]);
 * assert.deepEqual([...attention_mask.data], [1, 1, 1, 0]);
 * ```
 */
export function padTokens(
  encodings: readonly Pick<Encoding, "ids" | "typeIds">[],
  size: { readonly padId: number; readonly rows?: number; readonly sequence?: number },
): TokenTensors {
  const rows = size.rows ?? encodings.length;
  const sequence = size.sequence ?? encodings.reduce((longest, { ids }) => Math.max(longest, ids.length), 1);
  const tensor = (): IntTensor => ({
    dtype: "i32",
    shape: [rows, sequence],
    data: new Int32Array(rows * sequence),
  });
  const tokens = { input_ids: tensor(), attention_mask: tensor(), token_type_ids: tensor() };
  if (size.padId !== 0) tokens.input_ids.data.fill(size.padId);
  for (let row = 0; row < rows; row++) {
    const start = row * sequence;
    if (row >= encodings.length) {
      tokens.attention_mask.data[start] = 1;
      continue;
    }
    const { ids, typeIds } = encodings[row];
    tokens.input_ids.data.set(ids, start);
    tokens.token_type_ids.data.set(typeIds, start);
    tokens.attention_mask.data.fill(1, start, start + ids.length);
  }
  return tokens;
}
