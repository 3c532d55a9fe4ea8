/**
 * Training tokenizers on much text, beside Python's trainers: time, the most memory, and whether both learn the same merges.
 *
 *     WEIR_PYTHON=python3 deno run -A bench/tokenizer_train.ts [--megabytes 100] [--vocab-size 30000]
 *
 * The text is that of the mails, over and over; each time its letters are exchanged for others, so that there are new words, as
 * many as so much text of people would have and more.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { createRandomStream } from "../src/base/random.ts";
import { readSpam } from "../src/data/spam.ts";
import { trainByteLevelBpe } from "../src/text/bpe_train.ts";
import { trainWordPiece } from "../src/text/wordpiece_train.ts";

/** What one side took, in seconds and bytes. */
interface Measured {
  readonly seconds: number;
  readonly bytes: number;
  readonly vocabulary: string[];
}

const trainers = {
  wordpiece: (texts: Iterable<string>, vocabSize: number) =>
    trainWordPiece(texts, { vocabSize, limitAlphabet: 1000 }),
  bpe: (texts: Iterable<string>, vocabSize: number) => trainByteLevelBpe(texts, { vocabSize }),
};

/** The mails with other letters each time, until there is enough. */
function* corpus(bytes: number): Iterable<string> {
  const mails = readSpam().map(({ text }) => text.toWellFormed());
  const random = createRandomStream(1);
  let written = 0;
  for (let round = 0;; round++) {
    const letters = [..."abcdefghijklmnopqrstuvwxyz"];
    const exchanged = round === 0 ? letters : random.shuffle(letters.slice());
    const other = new Map(letters.map((letter, i) => [letter, exchanged[i]]));
    for (const mail of mails) {
      const text = mail.replace(/[a-z]/g, (letter) => other.get(letter)!);
      yield text;
      written += text.length;
      if (written >= bytes) return;
    }
  }
}

/** One training in this process, reported as JSON: each has a process of its own, so that memory is its own. */
function measure(kind: keyof typeof trainers, bytes: number, vocabSize: number): Measured {
  const texts = [...corpus(bytes)];
  const before = Deno.memoryUsage().rss;
  const start = performance.now();
  let peak = before;
  function* watched() {
    for (const [i, text] of texts.entries()) {
      if (i % 1000 === 0) peak = Math.max(peak, Deno.memoryUsage().rss);
      yield text;
    }
  }
  const { tokenizer } = trainers[kind](watched(), vocabSize);
  const seconds = (performance.now() - start) / 1000;
  peak = Math.max(peak, Deno.memoryUsage().rss);
  const { vocab } = (tokenizer as { model: { vocab: Record<string, number> } }).model;
  return { seconds, bytes: peak - before, vocabulary: Object.keys(vocab) };
}

async function run(command: string, args: string[]): Promise<Measured> {
  const { success, stdout } = await new Deno.Command(command, { args, stderr: "inherit" }).output();
  if (!success) throw new Error(`${command} ${args.join(" ")} failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: {
      megabytes: { type: "string", default: "100" },
      "vocab-size": { type: "string", default: "30000" },
    },
    allowPositionals: true,
  });
  const bytes = Number(values.megabytes) * 1e6;
  const vocabSize = Number(values["vocab-size"]);
  const [kind] = positionals;
  if (kind !== undefined) {
    console.log(JSON.stringify(measure(kind as keyof typeof trainers, bytes, vocabSize)));
  } else {
    const python = Deno.env.get("WEIR_PYTHON");
    const file = await Deno.makeTempFile({ suffix: ".jsonl" });
    try {
      const output = await Deno.open(file, { write: true });
      const encoder = new TextEncoder();
      for (const text of corpus(bytes)) output.writeSync(encoder.encode(JSON.stringify(text) + "\n"));
      output.close();
      console.log(
        `${values.megabytes} MB of text, ${vocabSize} tokens, ${navigator.hardwareConcurrency} cores\n`,
      );
      console.log("| trainer | Weir, s | Weir, MB | Python, s | Python, MB | tokens in common |");
      console.log("| --- | --- | --- | --- | --- | --- |");
      for (const kind of Object.keys(trainers)) {
        const sizes = ["--megabytes", values.megabytes, "--vocab-size", values["vocab-size"]];
        const ours = await run(Deno.execPath(), ["run", "-A", import.meta.filename!, kind, ...sizes]);
        const script = new URL("tokenizer_train.py", import.meta.url).pathname;
        const theirs = python ? await run(python, [script, kind, file, String(vocabSize)]) : undefined;
        const known = new Set(theirs?.vocabulary);
        const shown = ({ seconds, bytes }: Measured) => `${seconds.toFixed(1)} | ${(bytes / 1e6).toFixed(0)}`;
        const common = ours.vocabulary.filter((token) => known.has(token)).length;
        console.log(
          `| ${kind} | ${shown(ours)} | ${theirs ? `${shown(theirs)} | ${common}` : "- | - | -"} |`,
        );
      }
    } finally {
      await Deno.remove(file);
    }
  }
}
