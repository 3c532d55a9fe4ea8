import assert from "node:assert/strict";
import { CommandError, explain, processOutput, UsageError, writeText } from "../../src/cli/output.ts";
import { DataError } from "../../src/data/errors.ts";
import { StoreError } from "../../src/store/errors.ts";

const withCode = (code: string, message: string) => Object.assign(new Error(message), { code });

const errors: [what: string, error: unknown, code: number, line: RegExp][] = [
  ["wrong usage", new UsageError("no text"), 2, /^weir: no text; --help says how$/],
  ["a failed command", new CommandError("no baseline"), 1, /^weir: no baseline$/],
  ["an error of the data", new DataError("x.csv line 3: bad"), 2, /^weir: x\.csv line 3: bad$/],
  [
    "an error of the store",
    new StoreError("Cannot open it", { reason: "busy" }),
    1,
    /^weir: Cannot open it$/,
  ],
  ["a missing file", new Deno.errors.NotFound("open 'x'"), 1, /^weir: no such file or folder: open 'x'$/],
  [
    "a full disk",
    withCode("ENOSPC", "write x"),
    1,
    /^weir: the disk is full: write x; free space, or set WEIR_HOME/,
  ],
  [
    "a full disk by its text",
    new Error("No space left on device (os error 28)"),
    1,
    /^weir: the disk is full: /,
  ],
  [
    "a read-only disk",
    new Error("Read-only file system (os error 30)"),
    1,
    /^weir: not writable: .*another folder$/,
  ],
  [
    "what may not be read",
    new Deno.errors.PermissionDenied("open 'x'"),
    1,
    /^weir: not permitted: open 'x'$/,
  ],
  ["what Deno forbids", new Deno.errors.NotCapable("Requires net"), 1, /^weir: not permitted: Requires net$/],
  [
    "a folder for a file",
    new Deno.errors.IsADirectory("read 'x'"),
    1,
    /^weir: expected a file, found a folder/,
  ],
  [
    "a file for a folder",
    new Deno.errors.NotADirectory("mkdir 'x'"),
    1,
    /^weir: expected a folder, found a file/,
  ],
  ["a port that is taken", new Deno.errors.AddrInUse(), 1, /^weir: the port is taken: .* --port, or 0/],
  [
    "too little memory",
    new RangeError("Array buffer allocation failed"),
    1,
    /^weir: out of memory: .* smaller model/,
  ],
  [
    "a bug",
    new TypeError("x is undefined"),
    1,
    /^weir: unexpected TypeError: x is undefined \(WEIR_DEBUG=1 shows/,
  ],
  ["an error of several lines", new CommandError("one\n  two\n"), 1, /^weir: one two$/],
  ["something thrown that is no error", "why\nnot", 1, /^weir: why not$/],
];

for (const [what, error, code, line] of errors) {
  Deno.test(`${what} becomes one line and an exit code`, () => {
    const explained = explain(error);
    assert.match(explained.line, line);
    assert.ok(!explained.line.includes("\n"));
    assert.equal(explained.code, code);
  });
}

Deno.test("a text is written whole to a stream that takes it in pieces, and one that is closed is no error", () => {
  const taken: number[] = [];
  writeText(
    { writeSync: (bytes) => taken.push(...bytes.subarray(0, 3)) && Math.min(3, bytes.length) },
    "grün!",
  );
  assert.equal(new TextDecoder().decode(new Uint8Array(taken)), "grün!");
  const failing = (error: Error) => ({
    writeSync: () => {
      throw error;
    },
  });
  writeText(failing(new Deno.errors.BrokenPipe()), "x");
  assert.throws(() => writeText(failing(new Deno.errors.BadResource("closed")), "x"), /closed/);
});

Deno.test("no text sends the terminal a command, and JSON stays the same JSON", () => {
  const written: string[] = [];
  const { writeSync: toOut } = Deno.stdout, { writeSync: toErr } = Deno.stderr;
  Deno.stdout.writeSync = Deno.stderr.writeSync = (bytes) => {
    written.push(new TextDecoder().decode(bytes));
    return bytes.length;
  };
  const hostile = "a\x1b[2J\x9b\x07\u202eb";
  try {
    const text = processOutput({ json: false });
    text.progress(hostile);
    text.result({}, `${hostile}\nc`);
    text.draw("\r\x1b[K");
    processOutput({ json: true }).result({ label: hostile }, "");
  } finally {
    Deno.stdout.writeSync = toOut;
    Deno.stderr.writeSync = toErr;
  }
  const shown = "a\u241b[2J[U+009B]\u2407[U+202E]b";
  assert.deepEqual(written.slice(0, 3), [`${shown}\n`, `${shown}\nc\n`, "\r\x1b[K"]);
  assert.doesNotMatch(written[3].trimEnd(), /[\p{Cc}\u202e]/u);
  assert.deepEqual(JSON.parse(written[3]), { label: hostile });
  assert.equal(explain(new DataError("x".repeat(100_000))).line.length, 2000 + "weir: ".length);
  assert.equal(explain(new DataError(`x: "${hostile}" is bad`)).line, `weir: x: "${shown}" is bad`);
});
