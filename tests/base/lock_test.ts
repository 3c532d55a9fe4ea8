import assert from "node:assert/strict";
import { UserError } from "../../src/base/errors.ts";
import { lockDirectory, lockShared, tryLockAlone } from "../../src/base/lock.ts";
import { withFolder } from "../folder.ts";

/** A process that holds a folder until it is killed. */
async function holdElsewhere(folder: string): Promise<Deno.ChildProcess> {
  const code = `import { lockDirectory } from ${
    JSON.stringify(import.meta.resolve("../../src/base/lock.ts"))
  };
    using _lock = await lockDirectory(${JSON.stringify(folder)});
    console.log("held");
    await new Promise((resolve) => setTimeout(resolve, 60_000));`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", code],
    stdout: "piped",
    stderr: "null",
    stdin: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  return child;
}

Deno.test("a folder that another process holds is refused in one line that names it, and is free once that was killed", () =>
  withFolder(async (folder) => {
    const child = await holdElsewhere(folder);
    try {
      await assert.rejects(lockDirectory(folder), (error) => {
        assert.ok(error instanceof UserError);
        assert.equal(
          error.message,
          `Cannot write to ${folder}: process ${child.pid} is writing to it. Wait until it is done, end it, or choose ` +
            "another folder",
        );
        return true;
      });
    } finally {
      child.kill("SIGKILL");
      await child.status;
    }
    (await lockDirectory(folder))[Symbol.dispose]();
  }));

Deno.test("a folder is held once within a process too, is made if missing, and loses what killed writers left", () =>
  withFolder(async (folder) => {
    const inner = `${folder}/runs/a`;
    await Deno.mkdir(inner, { recursive: true });
    await Deno.writeTextFile(`${inner}/.state.${crypto.randomUUID()}.tmp`, "half");
    {
      using _lock = await lockDirectory(inner);
      await assert.rejects(lockDirectory(inner), /: this process is writing to it/);
    }
    (await lockDirectory(inner))[Symbol.dispose]();
    assert.deepEqual([...Deno.readDirSync(inner)], []);
    (await lockDirectory(`${folder}/new/one`))[Symbol.dispose]();
  }));

Deno.test("a shared lock keeps out the one who wants it alone, not another sharer", () =>
  withFolder(async (folder) => {
    const path = `${folder}/lock`;
    {
      using _one = await lockShared(path);
      using _other = await lockShared(path);
      assert.equal(await tryLockAlone(path), undefined);
    }
    const alone = await tryLockAlone(path);
    assert.ok(alone);
    alone[Symbol.dispose]();
  }));
