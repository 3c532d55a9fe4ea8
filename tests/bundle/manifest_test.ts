import assert from "node:assert/strict";
import { BundleError } from "../../src/bundle/errors.ts";
import { manifestLimits, parseManifest, parseManifestDraft } from "../../src/bundle/manifest.ts";
import { isBundlePath } from "../../src/bundle/names.ts";
import { draft, draft1 } from "./fixture.ts";

const entry = { sizeBytes: 2, sha256: "0".repeat(64) };
const whole = (fields: Record<string, unknown> = {}) => ({
  ...draft(),
  version: "1.0.0",
  files: { "a.json": entry, "onnx/model.onnx": entry },
  ...fields,
});
const model = draft().signatures.model;
const logits = (width: number) => ({
  model: { ...model, outputs: [{ ...model.outputs[0], shape: ["batch_size", width] }] },
});

Deno.test("a manifest survives JSON, and fields of a later version are kept", () => {
  const manifest = whole({ note: "kept", lineage: { ...draft().lineage, gitCommit: "abc" } });
  assert.deepEqual(parseManifest(JSON.stringify(manifest)), manifest);
});

Deno.test("a manifest of format 3 has cleaning steps, and one of format 2 none", () => {
  const manifest = whole({ format: "weir-bundle/3", cleaning: ["strip-html", "lowercase"] });
  assert.deepEqual(parseManifest(JSON.stringify(manifest)).cleaning, ["strip-html", "lowercase"]);
  assert.equal(parseManifest(whole()).cleaning, undefined);
});

Deno.test("each field that is wrong is named with what was wanted", () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ version: undefined }, /^w: version: is missing\.$/],
    [{ version: "1.0" }, /version: is no semantic version/],
    [{ files: undefined }, /files: is missing/],
    [{ name: "../x" }, /name: is no model name/],
    [{ head: { labels: [] } }, /head\.labels: /],
    [{ head: { labels: ["a", "a"] } }, /head\.labels: names a label twice/],
    [{ head: ["ham"] }, /head: /],
    [{ architecture: undefined }, /architecture: /],
    [{ pairColumn: 2 }, /pairColumn: /],
    [{ cleaning: ["lowercase"] }, /cleaning: is of the format weir-bundle\/3/],
    [{ format: "weir-bundle/3", cleaning: [] }, /cleaning: /],
    [{ format: "weir-bundle/3", cleaning: [{ step: "lowercase" }] }, /cleaning\.0: /],
    [{ format: "weir-bundle/3", cleaning: new Array(33).fill("lowercase") }, /cleaning: /],
    [{ signatures: undefined }, /signatures: /],
    [{ signatures: { "../x": model } }, /signatures\.\.\.\/x: is no name of a signature/],
    [
      { signatures: { model: { ...model, file: "../x" } } },
      /signatures\.model\.file: must be a relative path inside/,
    ],
    [
      { signatures: { model: { ...model, file: "b.onnx" } } },
      /signatures\.model\.file: b\.onnx is not among the files/,
    ],
    [{ signatures: { model: { ...model, file: "constructor" } } }, /constructor is not among the files/],
    [
      { signatures: { model: { ...model, inputs: [model.inputs[0], model.inputs[0]] } } },
      /inputs: names a tensor twice/,
    ],
    [{ signatures: { model: { ...model, outputs: [] } } }, /signatures\.model\.outputs: /],
    [{ signatures: logits(3) }, /signatures\.model\.outputs: logits are 3 wide and head\.labels has 2/],
    [{ signatures: logits(1) }, /logits are 1 wide and head\.labels has 2/],
    [{ metrics: { "a\nb": { value: 1 } } }, /metrics\.a b\.low: /],
    [{ createdAt: "yesterday" }, /createdAt: /],
    ...[0, -1, 1.5, NaN, Infinity, 2 ** 30, "8", null].flatMap((
      wrong,
    ): [Record<string, unknown>, RegExp][] => [
      [{ limits: { maxTokens: wrong, maxCharacters: 1 } }, /limits\.maxTokens: /],
      [{ limits: { maxTokens: 1, maxCharacters: wrong } }, /limits\.maxCharacters: /],
    ]),
    ...["epochs", "steps", "trainSeconds"].flatMap((field) =>
      [-1, NaN, Infinity, "8"].map((wrong): [Record<string, unknown>, RegExp] => [
        { lineage: { ...draft().lineage, [field]: wrong } },
        new RegExp(`lineage\\.${field}: `),
      ])
    ),
    [
      { metrics: { f1: { value: 1, low: 0.9, high: 0.8, confidence: 0.95, n: 3 } } },
      /metrics\.f1: has an interval whose low end is above its high end/,
    ],
    [{ files: { "a.json": { ...entry, sizeBytes: 2 ** 34 + 1 } } }, /files\.a\.json\.sizeBytes: /],
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
      assert.ok(error instanceof BundleError);
      assert.match(error.message, wanted);
      assert.ok(!error.message.includes("\n"), error.message);
      return true;
    });
  }
});

Deno.test("a document of another format, no JSON, or too large is refused with its reason", () => {
  assert.throws(
    () => parseManifest({ format: "weir-bundle/4" }),
    /is of format "weir-bundle\/4" and this Weir reads weir-bundle\/1 to weir-bundle\/3: update Weir/,
  );
  assert.throws(() => parseManifest("{"), /weir\.json: it is not JSON/);
  assert.throws(() => parseManifest('{"a":\n\n?'), (error: Error) => !error.message.includes("\n"));
  for (const value of [null, 3, [], "[]", {}]) assert.throws(() => parseManifest(value), BundleError);
  assert.throws(() => parseManifest(" ".repeat(manifestLimits.bytes + 1)), /is larger than/);
  const files = Object.fromEntries(
    Array.from({ length: manifestLimits.files + 1 }, (_, i) => [`f${i}`, entry]),
  );
  assert.throws(() => parseManifest(whole({ files })), /files: has over 10000 entries/);
});

Deno.test("a manifest of format 1 becomes one of format 2 with a head of labels and the signature of a text classifier", () => {
  const files = { "a.json": entry };
  const read = parseManifest(draft1({ version: "1.0.0", files, note: "kept" }));
  assert.deepEqual(read, {
    ...whole({ files, note: "kept" }),
    architecture: "unknown",
  });
  assert.ok(!("labels" in read));
  assert.throws(
    () => parseManifest(draft1({ version: "1.0.0", files, labels: ["a", "a"] })),
    /labels: names a label twice/,
  );
  assert.throws(() => parseManifest(draft1({ files })), /version: is missing/);
});

Deno.test("names that every object has cannot come in by a manifest", () => {
  const json = JSON.stringify(whole())
    .replace('"metrics":{', '"__proto__":{"evil":1},"metrics":{"__proto__":{"value":1},')
    .replace('"head":{', '"head":{"__proto__":{"labels":1},')
    .replace('"files":{', '"files":{"__proto__":{"sizeBytes":1,"sha256":"x"},');
  const read = parseManifest(json);
  for (const part of [read, read.metrics, read.head, read.files]) {
    assert.equal(Object.getPrototypeOf(part), Object.prototype);
    assert.ok(!Object.hasOwn(part, "__proto__"));
  }
  assert.equal((read as unknown as { evil?: number }).evil, undefined);
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
