import { explainStorageError } from "../store/errors.ts";

/**
 * Waits for an advisory lock that any number may share. The system releases it when the holder dies.
 *
 * @returns the lock, released by `using`
 */
export async function lockShared(path: string): Promise<Disposable> {
  const file = await open(path);
  await file.lock(false);
  return file;
}

/** The same lock for one alone, or undefined when anybody holds it now. */
export async function tryLockAlone(path: string): Promise<Disposable | undefined> {
  const file = await open(path);
  if (await file.tryLock(true)) return file;
  file.close();
  return undefined;
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { create: true, write: true });
  } catch (error) {
    throw explainStorageError(error, `lock ${path}`, path);
  }
}
