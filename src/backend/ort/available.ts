/**
 * onnxruntime-node: whether it can be used here, and how it is found.
 *
 * @module
 */
import { createRequire } from "node:module";
import type * as Ort from "onnxruntime-web";

/** True where foreign code is allowed and onnxruntime-node is installed and loads. */
export async function nativeAvailable(): Promise<boolean> {
  const permission = await Deno.permissions.query({ name: "ffi" });
  if (permission.state !== "granted") return false;

  try {
    await importNative();
    return true;
  } catch {
    return false;
  }
}

/**
 * Imports onnxruntime-node, from a folder node_modules beside the code too, where the code is a bundle with no package.json.
 * Its name is no literal in an import: a bundler would follow it to machine code that it cannot read, and the compiler would
 * want its types where it is not installed.
 *
 * @throws {Error} when it is not installed or does not load.
 */
export async function importNative(): Promise<typeof Ort> {
  const name: string = "onnxruntime-node";
  try {
    return await import(name);
  } catch (error) {
    try {
      return createRequire(import.meta.url)(name);
    } catch {
      throw error;
    }
  }
}
