/**
 * Reading JSON bodies within limits.
 *
 * @module
 */
import { concatBytes } from "../src/base/bytes.ts";
import { parseJson } from "../src/base/json.ts";
import { shorten } from "../src/base/text.ts";
import { HttpError } from "./errors.ts";

/**
 * Reads a JSON body of at most `limitBytes`.
 *
 * @throws {HttpError} 415 for another content type and for a compressed body, 413 above the limit, 400 for what is not UTF-8 or
 *   not JSON
 */
export async function readJson(request: Request, limitBytes: number): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new HttpError(
      415,
      "Validation",
      `Expected request with \`Content-Type: application/json\`. Given: ${shorten(type, 80) || "none"}.`,
    );
  }
  const coding = request.headers.get("content-encoding") ?? "identity";
  if (coding.toLowerCase() !== "identity") {
    throw new HttpError(
      415,
      "Validation",
      `Expected a body without \`Content-Encoding\`. Given: ${shorten(coding, 80)}.`,
    );
  }
  return parseJson(await readBytes(request, limitBytes), (problem) => {
    const what = shorten(problem.replace(/^it /, ""), 200);
    return new HttpError(400, "Validation", `The body ${what}.`);
  });
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
