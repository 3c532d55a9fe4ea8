import assert from "node:assert/strict";
import { explainStorageError, StoreError } from "../../src/store/errors.ts";

Deno.test({
  name: "a full disk, as the kernel reports it, becomes one line that says what to do",
  // /dev/full is Linux's device that answers every write with ENOSPC.
  ignore: Deno.build.os !== "linux",
  fn() {
    using full = Deno.openSync("/dev/full", { write: true });
    let error: unknown;
    try {
      full.writeSync(new Uint8Array(8));
    } catch (caught) {
      error = explainStorageError(caught, "write model.onnx", "/data/.weir");
    }
    assert.ok(error instanceof StoreError);
    assert.equal(error.reason, "full");
    assert.match(
      error.message,
      /^Cannot write model\.onnx: the disk that holds \/data\/\.weir is full\. Free/,
    );
  },
});

Deno.test("each error that a person can mend is explained and every other passes unchanged", () => {
  const withCode = (code: string, message = "") => Object.assign(new Error(message), { code });
  const reason = (error: unknown) => (explainStorageError(error, "do it", "/p") as StoreError).reason;
  for (const code of ["EACCES", "EPERM", "EROFS"]) assert.equal(reason(withCode(code)), "denied");
  assert.equal(reason(withCode("EDQUOT")), "full");
  assert.equal(reason(withCode("ENOENT")), "missing");
  assert.equal(reason(withCode("ERR_SQLITE_ERROR", "database disk image is malformed")), "damaged");
  const io = explainStorageError(withCode("ERR_SQLITE_ERROR", "disk I/O error"), "do it", "/p");
  assert.equal((io as StoreError).reason, "failing");
  assert.match((io as StoreError).message, /may be full, or a quota reached: .* or the database is damaged/);
  for (
    const bug of [
      new TypeError("x"),
      withCode("EMFILE"),
      withCode("ERR_SQLITE_ERROR", "no such table: t"),
      "text",
    ]
  ) {
    assert.equal(explainStorageError(bug, "do it", "/p"), bug);
  }
});
