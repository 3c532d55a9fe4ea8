import assert from "node:assert/strict";
import { RegistryError } from "../../src/registry/errors.ts";
import {
  isBundlePath,
  manifestLimits,
  parseManifest,
  parseManifestDraft,
} from "../../src/registry/manifest.ts";
import { draft } from "./fixture.ts";

const entry = { sizeBytes: 2, sha256: "0".repeat(64) };
const whole = (fields: Record<string, unknown> = {}) => ({
  ...draft(),
  version: "1.0.0",
  files: { "a.json": entry },
  ...fields,
});

Deno.test("a manifest survives JSON, and fields of a later version are kept", () => {
  const manifest = whole({ note: "kept", lineage: { ...draft().lineage, gitCommit: "abc" } });
  assert.deepEqual(parseManifest(JSON.stringify(manifest)), manifest);
});

Deno.test("each field that is wrong is named with what was wanted", () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ version: undefined }, /^w: version: is missing\.$/],
    [{ version: "1.0" }, /version: is no semantic version/],
    [{ files: undefined }, /files: is missing/],
    [{ name: "../x" }, /name: is no model name/],
    [{ labels: [] }, /labels: /],
    [{ labels: ["a", "a"] }, /labels: names a label twice/],
    [{ createdAt: "yesterday" }, /createdAt: /],
    [{ limits: { maxTokens: 0, maxCharacters: 1 } }, /limits\.maxTokens: /],
    [{ lineage: { ...draft().lineage, dataHash: "md5:1" } }, /lineage\.dataHash: must be sha256: and 64/],
    [{ lineage: { ...draft().lineage, seed: "7" } }, /lineage\.seed: expected number, received string/],
    [{ metrics: { accuracy: { value: 1 } } }, /metrics\.accuracy\.low: /],
    [{ files: { "a.json": { sizeBytes: -1, sha256: entry.sha256 } } }, /files\.a\.json\.sizeBytes: /],
    [{ files: { "a.json": { sizeBytes: 1, sha256: "xyz" } } }, /files\.a\.json\.sha256: must be 64/],
    [
      { files: { "../../etc/passwd": entry } },
      /files\.\.\.\/\.\.\/etc\/passwd: must be a relative path inside the bundle/,
    ],
  ];
  for (const [fields, wanted] of cases) {
    assert.throws(() => parseManifest(whole(fields), "w"), (error: unknown) => {
      assert.ok(error instanceof RegistryError);
      assert.match(error.message, wanted);
      assert.ok(!error.message.includes("\n"), error.message);
      return true;
    });
  }
});

Deno.test("a document of another format, no JSON, or too large is told apart", () => {
  assert.throws(
    () => parseManifest({ format: "weir-bundle/2" }),
    /is of format "weir-bundle\/2" and this Weir reads weir-bundle\/1/,
  );
  assert.throws(() => parseManifest("{"), /weir\.json is not JSON/);
  for (const value of [null, 3, [], "[]", {}]) assert.throws(() => parseManifest(value), RegistryError);
  assert.throws(() => parseManifest(" ".repeat(manifestLimits.manifestBytes + 1)), /is larger than/);
  const files = Object.fromEntries(
    Array.from({ length: manifestLimits.files + 1 }, (_, i) => [`f${i}`, entry]),
  );
  assert.throws(() => parseManifest(whole({ files })), /files: has over 10000 entries/);
});

Deno.test("a draft needs no version and no list of files", () => {
  assert.deepEqual(parseManifestDraft(draft()), draft());
  assert.throws(() => parseManifestDraft({ ...draft(), task: "../x" }), /task: is no task name/);
});

Deno.test("a path is taken only when it stays in the bundle on every file system", () => {
  for (const path of ["a", "onnx/model.onnx", "a-b_c.d", "onnx/model.onnx_data", "é/ü.json", "v1=2/x+y@z"]) {
    assert.equal(isBundlePath(path), true, path);
  }
  for (
    const path of [
      "",
      "/a",
      "a/",
      "a//b",
      ".",
      "..",
      "a/../b",
      "./a",
      "a\\b",
      "C:/x",
      "a\0b",
      "a\nb",
      "nul.",
      "a b",
      "__proto__",
      "a/__proto__",
      "a".repeat(256),
    ]
  ) {
    assert.equal(isBundlePath(path), false, JSON.stringify(path));
  }
});
