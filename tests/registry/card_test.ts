import assert from "node:assert/strict";
import { modelCard } from "../../src/registry/card.ts";
import { architectures } from "../../models/index.ts";
import type { Manifest } from "../../src/bundle/manifest.ts";
import { servedTasks, TASK_NAMES } from "../../src/tasks/served.ts";
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
  assert.match(card, /\| accuracy .* \| 95%, Wilson \| 1174 \|/);
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

for (const task of TASK_NAMES) {
  Deno.test(`${task}: every sentence of the card is of this model, for each architecture`, () => {
    const { pipelineTag } = servedTasks[task];
    const embeds = task === "sentence-embeddings";
    const files: Manifest["files"] = embeds
      ? { "modules.json": { sizeBytes: 1, sha256: "0".repeat(64) } }
      : {};
    for (const architecture of Object.keys(architectures)) {
      const of = (fields: Partial<Manifest> = {}) =>
        modelCard({ ...manifest, task, architecture, files, ...fields }, { pipelineTag });
      const library = architecture === "mlp" ? "weir" : embeds ? "sentence-transformers" : "transformers";
      const card = of();
      assert.match(card, new RegExp(`^library_name: ${library}$`, "m"));
      assert.match(card, new RegExp(`^A ${task} model trained with Weir\\.`, "m"));
      assert.match(card, /\| tokenizer \| trained on the training part \|/);
      assert.equal(card.includes("from transformers import"), library === "transformers");
      assert.equal(card.includes("SentenceTransformer("), library === "sentence-transformers");
      assert.equal(card.includes("transformers.js"), library !== "weir");
      assert.ok(!card.includes("split |"), "an older bundle does not know how its data were split");
      const lineage = {
        ...manifest.lineage,
        baseModel: "org/mini",
        rows: { train: 76, validation: 4, test: 20 },
      };
      const tuned = of({ lineage });
      assert.match(tuned, /model fine-tuned with Weir\..*\| tokenizer \| the base model's \|/s);
      assert.match(tuned, /\| split \| 76 rows to train, 4 to choose the epoch, 20 for the results \|/);
      const imported = of({
        lineage: { ...manifest.lineage, baseModel: "mini", dataHash: null, method: "imported" },
      });
      assert.match(
        imported,
        /imported into Weir as it was\..*given at the import.*\| training data \| not known \|/s,
      );
      assert.doesNotMatch(imported, /trained with Weir|\| epochs|\| seed|\| device|held out/);
    }
  });
}

Deno.test("the pipeline in the card is asked as the model answers here", () => {
  assert.match(
    modelCard({ ...manifest, task: "multi-label-classification" }),
    /\("a text", top_k=None, function_to_apply="sigmoid"\)/,
  );
  assert.match(
    modelCard({ ...manifest, pairColumn: "pair" }),
    /\(\{"text": "a text", "text_pair": "another"\}\)/,
  );
});

Deno.test("three hundred labels are counted, and fifty of them named", () => {
  const labels = Array.from({ length: 300 }, (_, i) => `label ${i}`);
  const card = modelCard({ ...manifest, head: { labels } });
  assert.match(card, /300 labels: `label 0`, .*`label 49` and 250 more, in `config\.json`\./);
  assert.ok(!card.includes("label 50"));
});

Deno.test("intervals in closed form are called what they are, and a value without one has none", () => {
  const { accuracy } = manifest.metrics;
  const card = modelCard({
    ...manifest,
    metrics: { accuracy: { ...accuracy, method: "mover" }, f1: { ...accuracy, method: "none" } },
  });
  assert.match(card, /\| accuracy .* \| 95%, MOVER \| 1174 \|/);
  assert.match(card, /\| f1 .* \| none \| 1174 \|/);
  assert.ok(!card.includes("bootstrap"));
});
