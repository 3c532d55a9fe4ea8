/**
 * Advisory locks on files. The system releases them when their holder dies, so that none is ever stale.
 *
 * @module
 */
import { join } from "node:path";
import { UserError } from "./errors.ts";
import { readLimited, removeUnfinishedFiles } from "./files.ts";

/**
 * Takes a folder for this process alone, for as long as the lock is held, and removes what writers that were killed left in
 * it. The folder is made if it is missing; while it is held, its file `.lock` names the holder.
 *
 * @returns the lock, released by `using`
 * @throws {UserError} when a process holds it now, naming that.
 *
 * @example
 * ```ts
 * import { lockDirectory } from "./lock.ts";
 * import assert from "node:assert/strict";
 *
 * const folder = Deno.makeTempDirSync();
 * {
 *   using _lock = await lockDirectory(folder);
 *   await assert.rejects(lockDirectory(folder), /this process/);
 * }
 * (await lockDirectory(folder))[Symbol.dispose]();
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function lockDirectory(directory: string): Promise<Disposable> {
  await Deno.mkdir(directory, { recursive: true });
  const path = join(directory, ".lock");
  let file: Deno.FsFile | undefined;
  do {
    file?.close();
    file = await tryLockAlone(path);
    if (file === undefined) {
      const holder = await holderOf(path);
      throw new UserError(
        `Cannot write to ${directory}: ${holder} is writing to it. Wait until it is done, end it, or choose another folder`,
      );
    }
    // The holder before may have removed the file after it was opened here: then nobody else would meet this lock.
  } while (!await isAt(file, path));
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  await removeUnfinishedFiles(directory);
  return {
    [Symbol.dispose]() {
      try {
        Deno.removeSync(path);
      } catch {
        // Gone with its folder, or not to be removed while it is open, as on Windows: a file without a holder locks no
        // process out.
      }
      file.close();
    },
  };
}

/**
 * Waits for a lock that any number may share.
 *
 * @returns the lock, released by `using`
 */
export async function lockShared(path: string): Promise<Disposable> {
  const file = await Deno.open(path, { create: true, write: true });
  await file.lock(false);
  return file;
}

/** The same lock for one alone, or undefined when anybody holds it now. */
export async function tryLockAlone(path: string): Promise<Deno.FsFile | undefined> {
  const file = await Deno.open(path, { create: true, write: true });
  if (await file.tryLock(true)) return file;
  file.close();
  return undefined;
}

async function isAt(file: Deno.FsFile, path: string): Promise<boolean> {
  const [own, there] = await Promise.all([file.stat(), Deno.stat(path).catch(() => undefined)]);
  return there !== undefined && there.ino === own.ino;
}

/** Who holds a folder, as far as is known: where locks are mandatory, as on Windows, the file cannot be read meanwhile. */
async function holderOf(path: string): Promise<string> {
  const bytes = await readLimited(path, 100).catch(() => undefined);
  const text = new TextDecoder().decode(bytes);
  const pid = /^(\d{1,10})\n/.exec(text)?.[1];
  if (pid === undefined) return "another process";
  return Number(pid) === Deno.pid ? "this process" : `process ${pid}`;
}
