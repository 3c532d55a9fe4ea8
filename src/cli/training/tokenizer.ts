/**
 * The options of `weir train` for the tokenizer.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { TOKENIZER_KINDS } from "../../lifecycle/tokenizer.ts";
import { integer } from "../options.ts";

/** Adds the options; their values are those of `TokenizerOptions` in `src/lifecycle/tokenizer.ts`. */
export function withTokenizerOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--tokenizer <kind>",
        "kind of tokenizer to train: wordpiece, BERT's, or bpe, RoBERTa's byte-level one, which knows every text " +
          "(default: bpe for --model-type roberta, wordpiece for others)",
      ).choices(TOKENIZER_KINDS),
    )
    .option("--cased", "keep capitals (default: lower-cased, but for token-classification)")
    .option("--no-cased", "lower-case texts")
    .option("--strip-accents", `read "é" as "e" (default: where texts are lower-cased)`)
    .option("--no-strip-accents", "keep accents")
    .option(
      "--limit-alphabet <n>",
      "most distinct characters in the vocabulary, the commonest first (default: as --vocab-size allows)",
      integer({ min: 1, max: 1_114_112 }),
    );
}
