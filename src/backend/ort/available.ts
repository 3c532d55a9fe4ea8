/**
 * Whether the native runtime can be used here, without opening a session.
 *
 * @module
 */

/** True where foreign code is allowed and onnxruntime-node is installed and loads. */
export async function nativeAvailable(): Promise<boolean> {
  const permission = await Deno.permissions.query({ name: "ffi" });
  if (permission.state !== "granted") return false;

  try {
    await import("onnxruntime-node");
    return true;
  } catch {
    return false;
  }
}
