/** Writes a data file into a fresh folder, calls `use` with its path, and removes it. */
export async function withFile<T>(
  name: string,
  content: string | Uint8Array,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/${name}`;
    await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    return await use(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Checks that an error is of the kind shown to people: one line, no stack needed. */
export function isDataError(message: RegExp): (error: Error & { userFacing?: boolean }) => boolean {
  return (error) =>
    error.name === "DataError" && error.userFacing === true && message.test(error.message) &&
    !error.message.includes("\n");
}
