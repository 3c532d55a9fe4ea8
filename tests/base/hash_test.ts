import assert from "node:assert/strict";
import { hashFile, sha256 } from "../../src/base/hash.ts";

// printf abc | sha256sum
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

Deno.test("texts, bytes and their parts have the digest that sha256sum prints", () => {
  assert.equal(sha256("abc"), ABC);
  assert.equal(sha256(new TextEncoder().encode("abc")), ABC);
  assert.equal(sha256(["a", Uint8Array.of(98), "c"]), ABC);
  assert.equal(sha256([]), sha256(""));
});

Deno.test("a file is hashed in pieces, each of which can be copied on the way", async () => {
  const path = await Deno.makeTempFile();
  try {
    const bytes = Uint8Array.from({ length: 3 * 2 ** 20 + 5 }, (_, i) => i);
    await Deno.writeFile(path, bytes);
    const copied: number[] = [];
    const digest = await hashFile(path, (chunk) => Promise.resolve(void copied.push(chunk.length)));
    assert.deepEqual(digest, { sizeBytes: bytes.length, sha256: sha256(bytes) });
    assert.equal(copied.reduce((sum, n) => sum + n), bytes.length);
    assert.ok(copied.length >= 4, "a piece is at most a mebibyte");
  } finally {
    await Deno.remove(path);
  }
});
