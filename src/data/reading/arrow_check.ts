/**
 * Checks of a decoded Arrow column: its buffers hold what its length promises, and nothing points out of them. The library takes
 * what is missing for nulls, and what points elsewhere for values.
 *
 * @module
 */
import { Type } from "@uwdata/flechette";

/** What the library keeps of a column in a batch; which parts there are depends on the type. */
interface Batch {
  readonly length: number;
  readonly nullCount: number;
  readonly type: { readonly typeId: number; readonly stride?: number };
  readonly validity?: Uint8Array;
  readonly values?: ArrayLike<number | bigint>;
  readonly offsets?: ArrayLike<number | bigint> | null;
  readonly sizes?: ArrayLike<number | bigint>;
  readonly typeIds?: ArrayLike<number>;
  readonly children?: readonly Batch[];
  /** Of indices into a dictionary: where it is. */
  readonly dictionary?: { readonly data: readonly unknown[]; readonly length: number };
  /** Of what is a view of another batch: that one. */
  readonly source?: Batch;
}

/** @throws an error that says what is wrong. */
export function checkColumn(
  { data, length }: { readonly data: readonly unknown[]; readonly length: number },
  rows: number,
): void {
  if (length !== rows) throw new Error(`a column has ${length} values where there are ${rows} rows`);
  for (const batch of data) checkBatch(batch as Batch);
}

/** Dictionaries that were checked for another batch. */
const checked = new WeakSet<object>();

function checkBatch(batch: Batch): void {
  if (batch.source !== undefined) return checkBatch(batch.source);
  const { length, nullCount, type, validity, values, offsets, sizes, typeIds, children = [] } = batch;
  const { typeId, stride = 1 } = type;
  if (!(length >= 0)) throw new Error(`a column of ${length} values`);
  const has = (there: number, wanted: number) => {
    if (there < wanted) {
      throw new Error(`a column of ${length} values has ${there} where ${wanted} are needed`);
    }
  };
  if (nullCount > 0 && validity !== undefined) has(validity.length, Math.ceil(length / 8));
  if (typeIds !== undefined) has(typeIds.length, length);
  if (offsets && sizes !== undefined) {
    has(Math.min(offsets.length, sizes.length), length);
    for (let i = 0; i < length; i++) {
      checkSpan(offsets[i], Number(offsets[i]) + Number(sizes[i]), children[0].length);
    }
  } else if (offsets && typeIds !== undefined) has(offsets.length, length);
  else if (offsets && length > 0) {
    has(offsets.length, length + 1);
    const end = children[0]?.length ?? values!.length;
    for (let i = 0; i < length; i++) checkSpan(offsets[i], offsets[i + 1], end);
  } else if (values !== undefined && !offsets) {
    has(
      values.length,
      typeId === Type.Bool
        ? Math.ceil(length / 8)
        : typeId === Type.FixedSizeBinary
        ? length * stride
        : length,
    );
  }
  for (const child of children) {
    if (typeId === Type.Struct) has(child.length, length);
    if (typeId === Type.FixedSizeList) has(child.length, length * stride);
    checkBatch(child);
  }
  if (typeId === Type.Dictionary) checkIndices(batch);
}

function checkIndices({ length, nullCount, validity, values, dictionary }: Batch): void {
  if (dictionary === undefined) throw new Error("a dictionary is missing");
  for (let i = 0; i < length; i++) {
    if (nullCount > 0 && validity && !(validity[i >> 3] >> (i & 7) & 1)) continue;
    const index = Number(values![i]);
    if (!(index >= 0 && index < dictionary.length)) {
      throw new Error(`value ${index} of a dictionary of ${dictionary.length}`);
    }
  }
  for (const batch of dictionary.data as Batch[]) {
    if (checked.has(batch)) continue;
    checked.add(batch);
    checkBatch(batch);
  }
}

function checkSpan(from: number | bigint, to: number | bigint, end: number): void {
  if (!(from >= 0 && from <= to && to <= end)) {
    throw new Error(`a value from ${from} to ${to} where there are ${end}`);
  }
}
