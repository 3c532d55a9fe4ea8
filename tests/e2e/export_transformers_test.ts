import assert from "node:assert/strict";
import { join } from "node:path";
import { nativeAvailable } from "../../src/backend/ort/available.ts";
import { bundleFiles } from "../../src/lifecycle/export.ts";
import { createService } from "../../src/serve/service.ts";
import type { ModelSpec } from "../../src/tasks/model.ts";
import type { Prediction } from "../../src/tasks/text_classification/schema.ts";
import type { TaggedWord } from "../../src/tasks/token_classification/schema.ts";
import { tokenClassification } from "../../src/tasks/token_classification/serve.ts";
import { padTokens } from "../../src/text/pad.ts";
import { loadTokenizer } from "../../src/text/tokenizer.ts";
import { trainWordPiece } from "../../src/text/wordpiece_train.ts";
import { withFolder } from "../folder.ts";
import {
  assertNear,
  batchOf,
  corpus,
  type Input,
  maxTokens,
  ownLogits,
  smallConfig,
  texts,
  TOLERANCE,
  trainedLikeWeights,
  withSmallBundle,
} from "./export_bundle.ts";

/** What `export_transformers.ts` prints. */
interface Printed<E> {
  /** of the texts that are no pairs, by the pipeline */
  scores: E[][];
  /** of each text alone */
  runs: { ids: number[]; typeIds: number[]; logits: number[] }[];
  /** logits of the texts that are no pairs, in one padded batch */
  together: number[][];
}

const runtimes = [
  { runtime: "wasm", available: true },
  { runtime: "native", available: await nativeAvailable() },
];

for (const { runtime, available } of runtimes) {
  Deno.test({
    name:
      `transformers.js on ${runtime} loads the bundle: our ids, our logits, and the server's labels and scores`,
    ignore: !available,
    fn: () =>
      withSmallBundle(async ({ directory, spec, weights, tokenizer }) => {
        // What is too long transformers.js cuts behind the last token, [SEP] too, where Python (and we) keep that one.
        const inputs = texts.filter((input) =>
          typeof input !== "string" || tokenizer.encode(input).fullLength <= spec.config.maxPositions
        );
        assert.equal(inputs.length, texts.length - 1);
        const printed = await runTransformers(directory, { runtime, inputs });

        const alone = inputs.map((input) => batchOf(tokenizer, [input]));
        assert.deepEqual(
          printed.runs.map(({ ids, typeIds }) => ({ ids, typeIds })),
          alone.map(({ input_ids, token_type_ids }) => ({
            ids: [...input_ids.data],
            typeIds: [...token_type_ids.data],
          })),
        );
        const ours = await ownLogits(spec, weights, alone);
        assertNear(printed.runs.map((run) => run.logits), ours.flat(), "alone");
        const singles = inputs.filter((input) => typeof input === "string");
        assertNear(
          printed.together,
          (await ownLogits(spec, weights, [batchOf(tokenizer, singles)]))[0],
          "together",
        );

        const served = await serve(directory, singles);
        for (const [i, scores] of served.entries()) {
          // Nearly equal scores may change places.
          const byLabel = (list: Prediction[]) => list.toSorted((a, b) => a.label < b.label ? -1 : 1);
          assert.deepEqual(
            byLabel(printed.scores[i]).map(({ label }) => label),
            byLabel(scores).map(({ label }) => label),
          );
          assertNear(
            [byLabel(printed.scores[i]).map(({ score }) => score)],
            [byLabel(scores).map(({ score }) => score)],
            `scores of text ${i}`,
          );
          if (scores[0].score - scores[1].score > TOLERANCE) {
            assert.equal(printed.scores[i][0].label, scores[0].label);
          }
        }
      }),
  });
}

Deno.test("transformers.js finds the tags that we find, at the same tokens", async () => {
  await withFolder(async (folder) => {
    const tokenizerFiles = trainWordPiece(corpus, {
      vocabSize: 180,
      modelMaxLength: maxTokens,
      lowercase: false,
    });
    const tokenizer = loadTokenizer(tokenizerFiles.tokenizer, tokenizerFiles.config);
    const head = { labels: ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"] };
    const spec: ModelSpec = { task: "token-classification", config: smallConfig(tokenizer), head };
    const weights = trainedLikeWeights(spec);
    const directory = join(folder, "bundle");
    await Deno.mkdir(join(directory, "onnx"), { recursive: true });
    for (const [path, content] of Object.entries(bundleFiles({ spec, weights, tokenizerFiles, maxTokens }))) {
      const bytes = content instanceof Uint8Array
        ? content
        : new TextEncoder().encode(JSON.stringify(content));
      await Deno.writeFile(join(directory, path), bytes);
    }
    const inputs = ["Angela moved to Zürich; the river may rise.", "日本語 😀 Monday", "loans"];
    const printed = await runTransformers<TaggedWord>(directory, {
      runtime: "wasm",
      task: spec.task,
      inputs,
    });
    for (const [i, query] of inputs.entries()) {
      const encoding = tokenClassification.encode(tokenizer, query, { maxTokens });
      assert.deepEqual(printed.runs[i].ids, encoding.ids);
      const feeds = padTokens([encoding], { padId: tokenizer.padId });
      const [logits] = await ownLogits(spec, weights, [feeds]); // [S, L]
      assertNear(printed.runs[i].logits as unknown as number[][], logits, query);
      const outputs = {
        logits: { shape: [logits.length, head.labels.length], data: Float32Array.from(logits.flat()) },
      };
      const parameters = { aggregation_strategy: "none" };
      const decoded = tokenClassification.decode(
        outputs,
        { query, encoding, head },
        parameters,
      ) as TaggedWord[];
      // The pipeline leaves out unknown tokens, since it takes them for special ones.
      const words = decoded.filter(({ index }) => encoding.ids[index] !== tokenizer.unkId);
      const first = new Set(encoding.words!.map(({ token }) => token));
      const theirs = printed.scores[i].filter(({ entity, index }) => entity !== "O" && first.has(index));
      const tags = (list: TaggedWord[]) => list.map(({ entity, index }) => [entity, index]);
      assert.deepEqual(tags(words), tags(theirs));
      if (words.length > 0) {
        assertNear([theirs.map(({ score }) => score)], [words.map(({ score }) => score)], query);
      }
    }
  });
});

async function runTransformers<E = Prediction>(
  directory: string,
  { runtime, task = "text-classification", inputs }: {
    runtime: string;
    task?: string;
    inputs: readonly Input[];
  },
): Promise<Printed<E>> {
  const script = new URL("./export_transformers.ts", import.meta.url).pathname;
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, directory, runtime, task],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = new Response(child.stdout).text();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(inputs)));
  await writer.close();
  const [text, { code }] = await Promise.all([output, child.status]);
  assert.equal(code, 0);
  return JSON.parse(text);
}

async function serve(bundle: string, inputs: readonly Input[]): Promise<Prediction[][]> {
  const service = await createService({ bundle, device: "wasm", warmUpMs: 0 });
  try {
    return await service.predict(inputs) as Prediction[][];
  } finally {
    await service.close();
  }
}
