/**
 * The errors of the database, with what to do about each.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../base/errors.ts";

/** A failure of the disk or the database, in one line for the person who meets it. */
export class StoreError extends UserError {
  /** What went wrong, for code that reacts to it; the message is for people. */
  readonly reason: StoreErrorReason;

  constructor(message: string, options: { reason: StoreErrorReason; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.reason = options.reason;
  }
}

/** The failures that a person can do something about. */
export type StoreErrorReason =
  | "full"
  | "denied"
  | "damaged"
  | "failing"
  | "busy"
  | "newer"
  | "not-a-folder"
  | "missing";

/**
 * Turns an error of the file system or of SQLite into a {@linkcode StoreError} that says what to do. An error that no
 * advice exists for comes back as it is: it is a bug, and its stack trace is wanted.
 *
 * @param doing what was attempted, to follow "Cannot": `write the model card`
 * @param path the file or folder that it concerned
 */
export function explainStorageError(error: unknown, doing: string, path: string): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error;
  const reason = reasonOf(error, path);
  if (reason === undefined) return error;
  return new StoreError(`Cannot ${doing}: ${advice[reason](path)}`, { reason, cause: error });
}

const advice: Record<Exclude<StoreErrorReason, "newer">, (path: string) => string> = {
  full: (path) =>
    `the disk that holds ${path} is full. Free some space and run it again; what was there before is untouched.`,
  denied: (path) => `${path} cannot be written. Make the folder writable, or set WEIR_HOME to one that is.`,
  damaged: (path) =>
    `the database ${path} is damaged. Move it away together with its -wal and -shm files and run again: ` +
    `models are registered anew from their folders; aliases and runs are lost.`,
  failing: (path) =>
    `the disk could not be read or written at ${path}. It may be full, or a quota reached: free some space and run again. ` +
    `Where there is space, the disk or the database is damaged: look at the disk's own errors first.`,
  busy: (path) => `another process keeps ${path} locked. Wait until it is done, or end it, and run again.`,
  "not-a-folder": (path) => `a part of ${path} is a file, not a folder. Set WEIR_HOME to a folder.`,
  missing: (path) => `${path} does not exist.`,
};

function reasonOf(
  error: Error & { code?: unknown },
  path: string,
): Exclude<StoreErrorReason, "newer"> | undefined {
  switch (error.code) {
    case "ENOSPC":
    case "EDQUOT":
      return "full";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "denied";
    case "ENOTDIR":
      return "not-a-folder";
    case "ENOENT":
      return "missing";
    case "ERR_SQLITE_ERROR":
      // node:sqlite in Deno carries no result code, so SQLite's fixed English texts (sqlite3_errstr) decide.
      if (/disk is full/.test(error.message)) return "full";
      if (/readonly database|unable to open database file/.test(error.message)) return "denied";
      // What SQLite says, too, when there is no room for its shared memory beside the database.
      if (/disk I\/O error/.test(error.message)) return isFull(dirname(path)) ? "full" : "failing";
      if (/not a database|malformed/.test(error.message)) return "damaged";
      if (/database (table )?is locked|database is busy/.test(error.message)) return "busy";
  }
  return undefined;
}

/** Whether the disk of a folder has less room than SQLite's shared memory takes. */
function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < 64 * 1024;
  } catch {
    return false;
  }
}
