/**
 * Reading JSON bodies within limits.
 *
 * @module
 */
import { concatBytes } from "../src/base/bytes.ts";
import { HttpError } from "./errors.ts";

/**
 * Reads a JSON body of at most `limitBytes`.
 *
 * @throws {HttpError} 415 for another content type, 413 above the limit, 400 for what is not UTF-8 or not JSON
 */
export async function readJson(request: Request, limitBytes: number): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new HttpError(415, "Validation", "Expected request with `Content-Type: application/json`.");
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await readBytes(request, limitBytes));
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new HttpError(400, "Validation", "The body is not valid UTF-8.");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new HttpError(
      400,
      "Validation",
      `The body is not JSON: ${(error as Error).message.slice(0, 200)}.`,
    );
  }
  return value;
}

async function readBytes(request: Request, limitBytes: number): Promise<Uint8Array> {
  const announced = request.headers.get("content-length");
  if (announced !== null) {
    // The HTTP layer hands over no more than was announced.
    if (Number(announced) > limitBytes) throw tooLarge(limitBytes);
    return await request.bytes();
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

function tooLarge(limitBytes: number): HttpError {
  return new HttpError(
    413,
    "Validation",
    `The body is larger than ${limitBytes} bytes. Send less at a time.`,
  );
}
