/**
 * Environment variables, for code that must not stop at a prompt where the permission for one is missing.
 *
 * @module
 */

/** Whether a variable may be read and set; asking does not prompt. */
export function mayUseVariable(name: string): boolean {
  return Deno.permissions.querySync({ name: "env", variable: name }).state === "granted";
}

/** A variable's value; `undefined` where it is unset, empty, or may not be read. */
export function readVariable(name: string): string | undefined {
  return mayUseVariable(name) ? Deno.env.get(name) || undefined : undefined;
}
