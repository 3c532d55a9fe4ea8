/**
 * A spam filter with the parts themselves instead of the command line: `deno run -A examples/spam_filter.ts`. A perceptron on a
 * fifth of the mails, so that it takes seconds.
 *
 * @module
 */
import {
  buildClassifier,
  classificationReport,
  collate,
  createEvaluator,
  createOrtBackend,
  deduplicate,
  formatReport,
  labelsOf,
  loadTokenizer,
  mlpConfig,
  readSpam,
  splitExamples,
  train,
  trainWordPiece,
} from "../mod.ts";

// Real mail, subject and body; near-duplicates stay on one side of the split.
const mails = deduplicate(readSpam().filter((_, i) => i % 5 === 0)).examples;
const labels = labelsOf(mails, "spam");
const parts = splitExamples(mails, { fractions: { train: 0.8, test: 0.2 }, seed: 1 });

// A tokenizer that has seen the training part alone.
const files = trainWordPiece(parts.train.map((mail) => mail.text), { vocabSize: 4000, modelMaxLength: 128 });
const tokenizer = loadTokenizer(files.tokenizer, files.config);
const encode = (examples: typeof mails) =>
  examples.map(({ text, label }) => ({
    ids: tokenizer.encode(text, { maxTokens: 128 }).ids,
    label: labels.indexOf(label),
  }));
const [training, held] = [encode(parts.train), encode(parts.test)];

// A model is a function that builds graph; the backend runs forward, backward and AdamW as one program.
const config = mlpConfig({ vocabSize: tokenizer.vocabSize, labels });
const backend = await createOrtBackend({ device: "wasm" });
const shape = { batchSize: 32, bucketLengths: [128] };
const { parameters, epochs } = await train({
  backend,
  build: (b, inputs, options) => buildClassifier(b, config, inputs, options),
  labels,
  batches: (epoch) => collate(training, { ...shape, seed: 1, epoch }),
  epochs: 8,
  learning: { learningRate: 5e-3 },
});
console.log(`loss ${epochs[0].trainLoss.toFixed(3)} -> ${epochs.at(-1)!.trainLoss.toFixed(3)}`);

// How good it is on mail it has not seen, with intervals.
const evaluator = createEvaluator(backend, (b, inputs) => buildClassifier(b, config, inputs));
await evaluator.load(parameters);
const { references, predictions } = (await evaluator.predict(collate(held, shape)))!;
console.log(formatReport(classificationReport(references, predictions, { labels })));
await evaluator.dispose();
await backend.dispose();
