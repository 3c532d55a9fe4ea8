import assert from "node:assert/strict";
import { nativeAvailable } from "../../src/backend/ort/available.ts";
import { createService } from "../../src/serve/service.ts";
import type { Prediction } from "../../src/tasks/text_classification/schema.ts";
import {
  assertNear,
  batchOf,
  type Input,
  ownLogits,
  texts,
  TOLERANCE,
  withSmallBundle,
} from "./export_bundle.ts";

/** What `export_transformers.ts` prints. */
interface Printed {
  /** of the texts that are no pairs, by the pipeline */
  scores: Prediction[][];
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

async function runTransformers(
  directory: string,
  { runtime, inputs }: { runtime: string; inputs: readonly Input[] },
): Promise<Printed> {
  const script = new URL("./export_transformers.ts", import.meta.url).pathname;
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, directory, runtime],
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
