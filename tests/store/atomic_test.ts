import assert from "node:assert/strict";
import { moveFolderDurably, writeFileAtomic, writeFileDurably } from "../../src/store/atomic.ts";
import { explainStorageError, StoreError } from "../../src/store/errors.ts";

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map((e) => e.name).sort();

Deno.test("a file is replaced whole and nothing else stays in the folder", () =>
  withFolder(async (folder) => {
    await writeFileAtomic(`${folder}/a/b/file.json`, "old");
    await writeFileAtomic(`${folder}/a/b/file.json`, new TextEncoder().encode("new"));
    assert.equal(await Deno.readTextFile(`${folder}/a/b/file.json`), "new");
    assert.deepEqual(names(`${folder}/a/b`), ["file.json"]);
  }));

Deno.test("a write that fails leaves the old entry and no temporary file", () =>
  withFolder(async (folder) => {
    // A folder cannot be replaced by a file: the last step, the rename, fails.
    await Deno.mkdir(`${folder}/taken/inside`, { recursive: true });
    await assert.rejects(writeFileAtomic(`${folder}/taken`, "x"));
    assert.deepEqual(names(folder), ["taken"]);
    assert.deepEqual(names(`${folder}/taken`), ["inside"]);
  }));

Deno.test("a process killed while it rewrites a file leaves the old content or the new", () =>
  withFolder(async (folder) => {
    const path = `${folder}/state`;
    await writeFileAtomic(path, "0".repeat(500_000));
    const code = `import { writeFileAtomic } from ${
      JSON.stringify(import.meta.resolve("../../src/store/atomic.ts"))
    };
      console.log("up");
      for (let i = 1;; i = (i + 1) % 10) await writeFileAtomic(${
      JSON.stringify(path)
    }, String(i).repeat(500_000));`;
    for (let round = 0; round < 4; round++) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", code],
        stdout: "piped",
        stderr: "null",
        stdin: "null",
      }).spawn();
      const reader = child.stdout.getReader();
      await reader.read();
      await new Promise((resolve) => setTimeout(resolve, 7 + 13 * round));
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      const content = await Deno.readTextFile(path);
      assert.equal(content, content[0].repeat(500_000));
    }
  }));

Deno.test("a folder appears under its new name with everything in it", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/staged/onnx`, { recursive: true });
    await writeFileDurably(`${folder}/staged/onnx/model.onnx`, "weights");
    await moveFolderDurably(`${folder}/staged`, `${folder}/models/spam/1.0.0`);
    assert.equal(await Deno.readTextFile(`${folder}/models/spam/1.0.0/onnx/model.onnx`), "weights");
    assert.deepEqual(names(folder), ["models"]);
  }));

Deno.test("a file that exists is never overwritten by a durable write", () =>
  withFolder(async (folder) => {
    await writeFileDurably(`${folder}/a`, "first");
    await assert.rejects(writeFileDurably(`${folder}/a`, "second"), Deno.errors.AlreadyExists);
    assert.equal(await Deno.readTextFile(`${folder}/a`), "first");
  }));

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
