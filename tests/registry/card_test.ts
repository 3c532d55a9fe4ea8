import assert from "node:assert/strict";
import { modelCard } from "../../src/registry/card.ts";
import type { Manifest } from "../../src/bundle/manifest.ts";
import { draft } from "../bundle/fixture.ts";

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
  assert.match(card, /\| accuracy \| 0\.9855 \| 0\.978 to 0\.9915 \| 95% \| 1174 \|/);
  assert.match(card, /\| run \| run-1 \|/);
  assert.match(card, /Labels: `ham`, `spam`\./);
  assert.ok(!card.includes("license:"), "an unknown licence is not made up");
});

Deno.test("text in the manifest cannot break the front matter or a table", () => {
  const card = modelCard({
    ...manifest,
    head: { labels: ["a`|b"] },
    lineage: { ...manifest.lineage, baseModel: "x: y\n---\nlicense: mit", method: "a\n| b" },
  });
  assert.match(card, /^base_model: "x: y\\n---\\nlicense: mit"$/m);
  assert.match(card, /\| method \| a \\\| b \|/);
  // A backslash means nothing within backticks, so what ends them is written by its number.
  assert.match(card, /Labels: <code>a&#96;&#124;b<\/code>\./);
});

Deno.test("what hides in a name is shown in the card, and the front matter stays YAML", () => {
  const card = modelCard({
    ...manifest,
    head: { labels: ["a\x1b[31m"] },
    lineage: { ...manifest.lineage, baseModel: "x\x9by\u2028z" },
  });
  assert.match(card, /^base_model: "x\\u009by\\u2028z"$/m);
  assert.match(card, /Labels: `a\u241b\[31m`\./);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(card, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
});

Deno.test("a model without metrics gets a card without a model-index", () => {
  assert.ok(!modelCard({ ...manifest, metrics: {} }).includes("model-index"));
});

Deno.test("the card names the method and level of each interval, and claims none that was not recorded", () => {
  const { accuracy } = manifest.metrics;
  const card = modelCard({
    ...manifest,
    metrics: {
      accuracy: { ...accuracy, method: "wilson" },
      macroF1: { ...accuracy, method: "bca", confidence: 0.995 },
      mcc: { ...accuracy, method: "a|b" },
      other: accuracy,
    },
  });
  assert.match(card, /\| accuracy .* \| 95%, Wilson's score \| 1174 \|/);
  assert.match(card, /\| macroF1 .* \| 99\.5%, BCa bootstrap \|/);
  assert.match(card, /\| mcc .* \| 95%, a\\\|b \|/);
  assert.match(card, /\| other .* \| 95% \| 1174 \|/);
  assert.ok(!modelCard(manifest).includes("bootstrap"));
});

Deno.test("an architecture of our own does not claim to load in transformers", () => {
  const card = modelCard({ ...manifest, architecture: "mlp" });
  assert.match(card, /^library_name: weir$/m);
  assert.ok(!card.includes("transformers"), card);
  assert.match(card, /weir serve --model spam/);
  for (const architecture of ["bert", "roberta", "distilbert"]) {
    assert.match(modelCard({ ...manifest, architecture }), /^library_name: transformers$/m);
  }
});

Deno.test("the Hub's name of the task is the caller's, and a head without labels lists none", () => {
  const files = { "modules.json": { sizeBytes: 1, sha256: "0".repeat(64) } };
  const card = modelCard({ ...manifest, task: "embedding", head: { pooling: "mean" }, files }, {
    pipelineTag: "sentence-similarity",
  });
  assert.match(card, /^library_name: sentence-transformers$/m);
  assert.match(card, /^pipeline_tag: sentence-similarity$/m);
  assert.match(card, /SentenceTransformer\("path/);
  assert.ok(!card.includes("Labels"));
});

Deno.test("the card names the base model with its hash, and the method", () => {
  const lineage = { ...manifest.lineage, baseModel: "org/mini", baseModelHash: `sha256:${"c".repeat(64)}` };
  const card = modelCard({ ...manifest, lineage });
  assert.match(card, /\| base model \| org\/mini sha256:c{64} \|/);
  assert.match(card, /\| method \| full \|/);
});

Deno.test("the card says which cleaning other programs must do, whatever the steps hold", () => {
  const cleaning = ["strip-html", "replace=`+\n## Evil=>|"];
  const card = modelCard({ ...manifest, format: "weir-bundle/3", cleaning });
  assert.match(card, /\n\n## Cleaning\n\n.*\*\*Whatever else loads this model must clean texts first\*\*/s);
  assert.match(card, /\n1\. `strip-html`\n2\. `` replace=`\+ ## Evil=>\| ``\n\n## Use\n/);
  assert.doesNotMatch(modelCard(manifest), /Cleaning/);
});
