/**
 * Loads a bundle with transformers.js and prints what its pipeline and its model make of texts, as JSON.
 *
 * A process of its own, since transformers.js takes its runtime from the global scope when it is imported, and keeps it.
 *
 * Arguments: the bundle's folder, `wasm` or `native`, the task. Standard input: a JSON list of texts and pairs.
 *
 * @module
 */
import { basename, dirname } from "node:path";

const [directory, runtime, task] = Deno.args;
const inputs = JSON.parse(await new Response(Deno.stdin.readable).text()) as (string | [string, string])[];

if (runtime === "wasm") {
  const ort = await import("onnxruntime-web");
  ort.env.wasm.numThreads = 1;
  // Else transformers.js points it at a content delivery network.
  ort.env.wasm.wasmPaths = new URL("./", import.meta.resolve("onnxruntime-web")).href;
  Object.assign(globalThis, { [Symbol.for("onnxruntime")]: ort });
}
const { AutoModelForSequenceClassification, AutoModelForTokenClassification, AutoTokenizer, env, pipeline } =
  await import(
    "@huggingface/transformers"
  );
env.allowRemoteModels = false;
env.allowLocalModels = true;
env.localModelPath = dirname(directory);
// Whatever it may want to know, it finds in the folder.
globalThis.fetch = (input) => Promise.reject(new Error(`asked the network for ${input}`));

const id = basename(directory);
const options = { dtype: "fp32", device: runtime === "wasm" ? "auto" : "cpu" } as const;
const labelsTokens = task === "token-classification";
const classify = await pipeline(task as "text-classification", id, options);
const tokenizer = await AutoTokenizer.from_pretrained(id);
const model = await (labelsTokens ? AutoModelForTokenClassification : AutoModelForSequenceClassification)
  .from_pretrained(id, options);

const texts = inputs.map((input) => typeof input === "string" ? input : input[0]);
const pairs = inputs.map((input) => typeof input === "string" ? "" : input[1]);
const single = texts.filter((_, i) => typeof inputs[i] === "string");
const scores = await classify(single, (labelsTokens ? { ignore_labels: [] } : { top_k: null }) as never);
const runs = [];
for (const [i, text] of texts.entries()) {
  const paired = typeof inputs[i] !== "string";
  const encoded = tokenizer(text, { truncation: true, ...(paired ? { text_pair: pairs[i] } : {}) });
  const { logits } = await model(encoded);
  runs.push({
    ids: encoded.input_ids.tolist()[0].map(Number),
    typeIds: encoded.token_type_ids!.tolist()[0].map(Number),
    logits: logits.tolist()[0],
  });
}
const together = await model(tokenizer(single, { padding: true, truncation: true }));
const out = { scores, runs, together: together.logits.tolist() };
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(out)));
Deno.exit(0);
