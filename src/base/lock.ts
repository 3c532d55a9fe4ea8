/**
 * Advisory locks on files. The system releases them when their holder dies, so that none is ever stale.
 *
 * @module
 */
import { dirname, join } from "node:path";
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
  const lock = await lockFile(join(directory, ".lock"), {
    refusal: ({ who }) =>
      `Cannot write to ${directory}: ${who} is writing to it. Wait until it is done, end it, or choose another folder`,
  });
  try {
    await removeUnfinishedFiles(directory);
    return lock;
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** Who holds a lock, as far as that is known. */
export interface LockHolder {
  /** "process 4711", "this process" or "another process". */
  readonly who: string;
  /** "2026-01-31 12:00:00 UTC". */
  readonly since?: string;
}

/**
 * Takes a file for this process alone, for as long as the lock is held. The file and its folder are made if they are missing;
 * while it is held, the file names the holder, and it is removed after.
 *
 * @param options `refusal`: the message where somebody holds it.
 * @returns the lock, released by `using`
 * @throws {UserError} with that message.
 *
 * @example
 * ```ts
 * import { lockFile } from "./lock.ts";
 * import assert from "node:assert/strict";
 *
 * const folder = Deno.makeTempDirSync();
 * const options = { refusal: ({ who, since }: { who: string; since?: string }) => `${who} has it since ${since}` };
 * {
 *   using _lock = await lockFile(`${folder}/spam.lock`, options);
 *   await assert.rejects(lockFile(`${folder}/spam.lock`, options), /^UserError: this process has it since 2/);
 * }
 * assert.deepEqual([...Deno.readDirSync(folder)], []);
 * Deno.removeSync(folder);
 * ```
 */
export async function lockFile(
  path: string,
  options: { readonly refusal: (holder: LockHolder) => string },
): Promise<Disposable> {
  for (;;) {
    await Deno.mkdir(dirname(path), { recursive: true });
    let file: Deno.FsFile | undefined;
    try {
      file = await tryLockAlone(path);
    } catch (error) {
      // The holder before has removed the folder since it was made here.
      if (error instanceof Deno.errors.NotFound) continue;
      throw error;
    }
    if (file === undefined) throw new UserError(options.refusal(await holderOf(path)));
    // The holder before may have removed the file after it was opened here: then nobody else would meet this lock.
    if (await isAt(file, path)) return await held(file, path);
    file.close();
  }
}

async function held(file: Deno.FsFile, path: string): Promise<Disposable> {
  try {
    await file.truncate();
    await file.write(new TextEncoder().encode(`${Deno.pid}\n${new Date().toISOString()}\n`));
  } catch {
    // A full disk keeps nobody from holding a lock: only its holder is not named.
  }
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

/** Where locks are mandatory, as on Windows, the file cannot be read meanwhile. */
async function holderOf(path: string): Promise<LockHolder> {
  let text = "";
  // One that has just taken it is about to write its name.
  for (let tries = 0; tries < 5 && text === ""; tries++) {
    if (tries > 0) await new Promise((done) => setTimeout(done, 20));
    text = new TextDecoder().decode(await readLimited(path, 100).catch(() => undefined));
  }
  const [, pid, at] = /^(\d{1,10})\n(?:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z\n)?/.exec(text) ?? [];
  if (pid === undefined) return { who: "another process" };
  const who = Number(pid) === Deno.pid ? "this process" : `process ${pid}`;
  return { who, ...(at && { since: `${at.replace("T", " ")} UTC` }) };
}
