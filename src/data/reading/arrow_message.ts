/**
 * The description of an Arrow message, a flatbuffer, checked before a library follows what it points to: that takes what lies
 * outside for zeros, and a list of two billion fields for what it says.
 *
 * Source: Apache Arrow, `Message.fbs` and `Schema.fbs`; FlatBuffers, "Internals".
 *
 * @module
 */

/** What a message is, and how many bytes follow its description. */
export interface MessageHeader {
  readonly kind: number;
  readonly bodyLength: number;
}

/** The kinds of messages that are read; others are left out. */
export const [SCHEMA, DICTIONARY, BATCH] = [1, 2, 3];

/** Fields are nested no deeper. */
const MAX_DEPTH = 64;

/** @throws an error that says what is wrong. */
export function readMessageHeader(metadata: Uint8Array): MessageHeader {
  const buffer = createChecked(metadata);
  const message = buffer.table(0);
  const kind = message.byte(6);
  const header = message.at(8);
  const check = checks[kind];
  if (check !== undefined) {
    if (header === 0) throw new Error("a message has no header");
    check(buffer, header);
  }
  return { kind, bodyLength: Number(message.long(10)) };
}

type Check = (buffer: Checked, at: number) => void;

const checks: Readonly<Record<number, Check>> = {
  [SCHEMA]: checkSchema,
  [DICTIONARY](buffer, at) {
    const data = buffer.table(at).at(6);
    if (data === 0) throw new Error("a dictionary has no values");
    checkBatch(buffer, data);
  },
  [BATCH]: checkBatch,
};

function checkSchema(buffer: Checked, at: number): void {
  const schema = buffer.table(at);
  checkFields(buffer, schema.at(6), 0);
  checkPairs(buffer, schema.at(8));
}

function checkFields(buffer: Checked, at: number, depth: number): void {
  if (depth > MAX_DEPTH) throw new Error(`fields are nested deeper than ${MAX_DEPTH}`);
  for (const one of buffer.items(at, 4)) {
    const field = buffer.table(one);
    buffer.text(field.at(4));
    checkType(buffer, field.byte(8), field.at(10));
    const dictionary = field.at(12);
    if (dictionary !== 0) {
      const indices = buffer.table(dictionary).at(6);
      if (indices !== 0) buffer.table(indices);
    }
    checkFields(buffer, field.at(14), depth + 1);
    checkPairs(buffer, field.at(16));
  }
}

const [TIMESTAMP, UNION] = [10, 14];

function checkType(buffer: Checked, kind: number, at: number): void {
  if (at === 0) throw new Error("a field has no type");
  const type = buffer.table(at);
  if (kind === TIMESTAMP) buffer.text(type.at(6));
  if (kind === UNION) buffer.items(type.at(6), 4);
}

function checkPairs(buffer: Checked, at: number): void {
  for (const one of buffer.items(at, 4)) {
    const pair = buffer.table(one);
    buffer.text(pair.at(4));
    buffer.text(pair.at(6));
  }
}

function checkBatch(buffer: Checked, at: number): void {
  const batch = buffer.table(at);
  buffer.items(batch.at(6), 16);
  buffer.items(batch.at(8), 16);
  if (batch.at(10) !== 0) buffer.table(batch.at(10));
  buffer.items(batch.at(12), 8);
}

interface Table {
  /** Where a field is, by its place in the table's list of them; 0: it is left out. */
  at(slot: number): number;
  /** Fields that are numbers; 0 where they are left out. */
  byte(slot: number): number;
  long(slot: number): bigint;
}

interface Checked {
  /** The table that the offset at a place leads to. */
  table(place: number): Table;
  /** The places of a list's items of a size; none where it is left out (0). */
  items(place: number, size: number): Iterable<number>;
  text(place: number): void;
}

function createChecked(bytes: Uint8Array): Checked {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Several offsets may lead to one table, but not so many that following them takes longer than the tables allow.
  let tables = bytes.length / 4;
  const outside = () => new Error("its description points outside of itself");
  const has = (at: number, size: number) => {
    if (!(at >= 0 && at + size <= bytes.length)) throw outside();
  };
  const follow = (place: number) => {
    has(place, 4);
    const at = place + view.getUint32(place, true);
    has(at, 4);
    return at;
  };
  const list = (place: number, size: number) => {
    const at = follow(place);
    const count = view.getUint32(at, true);
    has(at + 4, count * size);
    return { at: at + 4, count };
  };
  return {
    table(place) {
      if (--tables < 0) throw new Error("its description repeats itself");
      const at = follow(place);
      const fields = at - view.getInt32(at, true);
      has(fields, 4);
      const size = view.getUint16(fields, true);
      has(fields, size);
      const fieldAt = (slot: number) => {
        const offset = slot + 2 <= size ? view.getUint16(fields + slot, true) : 0;
        if (offset !== 0) has(at + offset, 1);
        return offset === 0 ? 0 : at + offset;
      };
      return {
        at: fieldAt,
        byte: (slot) => fieldAt(slot) === 0 ? 0 : bytes[fieldAt(slot)],
        long(slot) {
          const found = fieldAt(slot);
          if (found === 0) return 0n;
          has(found, 8);
          return view.getBigInt64(found, true);
        },
      };
    },
    items(place, size) {
      if (place === 0) return [];
      const { at, count } = list(place, size);
      return (function* () {
        for (let i = 0; i < count; i++) yield at + i * size;
      })();
    },
    text(place) {
      if (place !== 0) list(place, 1);
    },
  };
}
