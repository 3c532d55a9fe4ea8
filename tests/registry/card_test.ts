import assert from "node:assert/strict";
import { modelCard } from "../../src/registry/card.ts";
import type { Manifest } from "../../src/registry/manifest.ts";
import { draft } from "./fixture.ts";

const manifest: Manifest = { ...draft(), version: "1.2.0", files: {} };

Deno.test("the front matter is what the Hugging Face Hub reads", () => {
  const card = modelCard(manifest, {
    license: "apache-2.0",
    language: ["en", "no"],
    dataset: "SpamAssassin",
  });
  const front = card.split("---\n")[1];
  assert.equal(
    front,
    `language:
- en
- "no"
license: apache-2.0
library_name: transformers
pipeline_tag: text-classification
tags:
- weir
- onnx
- transformers.js
metrics:
- accuracy
- f1
model-index:
- name: spam
  results:
  - task:
      type: text-classification
    dataset:
      name: SpamAssassin
      type: SpamAssassin
    metrics:
    - type: accuracy
      value: 0.9855
      name: accuracy
    - type: f1
      value: 0.983
      name: macroF1
`,
  );
});

Deno.test("the card says where the model came from and how good it is", () => {
  const card = modelCard(manifest);
  assert.match(card, /^# spam 1\.2\.0$/m);
  assert.match(card, /\| accuracy \| 0\.9855 \| 0\.978 to 0\.9915 \| 1174 \|/);
  assert.match(card, /\| run \| run-1 \|/);
  assert.match(card, /Labels: `ham`, `spam`\./);
  assert.ok(!card.includes("license:"), "an unknown licence is not made up");
});

Deno.test("text in the manifest cannot break the front matter or a table", () => {
  const card = modelCard({
    ...manifest,
    labels: ["a`|b"],
    lineage: { ...manifest.lineage, baseModel: "x: y\n---\nlicense: mit", method: "a\n| b" },
  });
  assert.match(card, /^base_model: "x: y\\n---\\nlicense: mit"$/m);
  assert.match(card, /\| method \| a \\\| b \|/);
  assert.match(card, /`a\\`\\\|b`/);
});

Deno.test("a model without metrics gets a card without a model-index", () => {
  assert.ok(!modelCard({ ...manifest, metrics: {} }).includes("model-index"));
});
