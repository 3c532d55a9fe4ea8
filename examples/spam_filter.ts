/**
 * A spam filter with the parts themselves instead of the command line: `deno run -A examples/spam_filter.ts`. A perceptron on a
 * fifth of the mails, so that it takes seconds.
 *
 * @module
 */
import {
  collate,
  createEvaluator,
  createOrtBackend,
  deduplicate,
  labelsOf,
  linearSchedule,
  loadTokenizer,
  mlpConfig,
  readSpam,
  servedTasks,
  splitExamples,
  train,
  trainableModel,
  trainedTasks,
  trainWordPiece,
} from "../mod.ts";

// Real mail, subject and body; near-duplicates stay on one side of the split.
const mails = deduplicate(readSpam().filter((_, i) => i % 5 === 0)).examples;
const labels = labelsOf(mails.map(({ label }) => label), "spam");
const parts = splitExamples(mails, { fractions: { train: 0.8, test: 0.2 }, seed: 1 });

// A tokenizer that has seen the training part alone.
const files = trainWordPiece(parts.train.map((mail) => mail.text), { vocabSize: 4000, modelMaxLength: 128 });
const tokenizer = loadTokenizer(files.tokenizer, files.config);

// A task says how texts are encoded and fed, what stands on the architecture, and how good answers are.
const task = servedTasks["text-classification"];
const learning = trainedTasks["text-classification"];
const head = { labels };
const encode = (examples: typeof mails) =>
  examples.map(({ text, label }) => {
    const encodings = [task.encode(tokenizer, text, { maxTokens: 128 })];
    return { encodings, target: learning.encodeTarget(label, encodings, head) };
  });
const [training, held] = [encode(parts.train), encode(parts.test)];
const shape = {
  batchSize: 32,
  bucketLengths: [128],
  targets: (of: readonly unknown[], size: { rows: number; sequence: number }) =>
    learning.padTargets(of, size, head),
};

// A model is a function that builds graph; the backend runs forward, backward and AdamW as one program.
const model = trainableModel({
  task: "text-classification",
  config: mlpConfig({ vocabSize: tokenizer.vocabSize }),
  head,
});
const backend = await createOrtBackend({ device: "wasm" });
const { parameters, epochs } = await train({
  backend,
  model,
  batches: (epoch) => collate(training, { ...shape, seed: 1, epoch }),
  epochs: 8,
  schedule: (totalSteps) =>
    linearSchedule({ peak: 5e-3, warmupSteps: Math.round(totalSteps / 10), totalSteps }),
});
console.log(`loss ${epochs[0].trainLoss.toFixed(3)} -> ${epochs.at(-1)!.trainLoss.toFixed(3)}`);

// How good it is on mail it has not seen, with intervals.
const evaluator = createEvaluator(backend, model);
await evaluator.load(parameters);
const { rows, outputs } = (await evaluator.run(collate(held, shape)))!;
const answers = outputs.map(([text], i) => [
  task.decode(text, { query: parts.test[rows[i]].text, encoding: held[rows[i]].encodings[0], head }),
]);
const scores = task.judge(Array.from(rows, (i) => parts.test[i].label), answers, { head, resamples: 1000 });
console.log(scores.text());
await evaluator.dispose();
await backend.dispose();
