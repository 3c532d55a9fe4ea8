import assert from "node:assert/strict";
import { loadTokenizer } from "../../src/text/tokenizer.ts";
import { sha256 } from "../../src/base/hash.ts";
import {
  assetTokenizers,
  BLOCKS,
  codePointTexts,
  digest,
  nastyTexts,
  readListed,
  smallTokenizers,
} from "./tokenizer_list.ts";

interface Golden {
  readonly tokenizers: Readonly<
    Record<
      string,
      {
        readonly codePoints?: readonly string[];
        readonly strings: readonly string[];
        readonly offsets: readonly string[];
        readonly pairs: readonly string[];
        readonly decoded?: string;
      }
    >
  >;
}

const golden: Golden = JSON.parse(
  Deno.readTextFileSync(new URL("../golden/text/tokenizers.json", import.meta.url)),
);
const all = Deno.env.get("WEIR_PARITY") === "all";
const strings = nastyTexts(20_000);

for (const listed of [...assetTokenizers, ...smallTokenizers]) {
  if (!Object.hasOwn(golden.tokenizers, listed.name)) continue;
  const json = readListed(listed);
  Deno.test({
    name: `${listed.name}: ids, offsets, cut pairs and decoded texts are those of Python's tokenizers`,
    ignore: json === undefined,
    fn() {
      const tokenizer = loadTokenizer(json!);
      const wanted = golden.tokenizers[listed.name];
      const few = all
        ? strings.slice(0, listed.assets.length > 0 ? 20_000 : 2000)
        : strings.slice(0, BLOCKS.strings);
      const ofText = (text: string) => {
        const { ids } = tokenizer.encode(text);
        return [ids.length, ...ids];
      };
      compare(few, BLOCKS.strings, wanted.strings, ofText);
      // Python's offsets drift where a model drops what it does not know or has a suffix: no digests of those are kept.
      if (!listed.probes && wanted.offsets.length > 0) {
        compare(
          few,
          BLOCKS.strings,
          wanted.offsets,
          (text) => tokenizer.encode(text, { withOffsets: true }).offsets!.flat(),
        );
      }
      const cuts = [5, 12, 31].flatMap((maxTokens) =>
        (["left", "right"] as const).map((truncationDirection) => ({ maxTokens, truncationDirection }))
      );
      cuts.slice(0, wanted.pairs.length).forEach((cut, k) => {
        compare(strings.slice(0, 300), 300, wanted.pairs.slice(k, k + 1), (text, i) => {
          const { ids, typeIds } = tokenizer.encode(text, { ...cut, pair: strings[300 + i] });
          return [ids.length, ...ids, ...typeIds];
        });
      });
      if (wanted.decoded !== undefined) {
        const decoded = strings.slice(0, 500).flatMap((text) => {
          const { ids } = tokenizer.encode(text);
          return [false, true].map((skipSpecialTokens) => tokenizer.decode(ids, { skipSpecialTokens }));
        });
        assert.equal(
          sha256([new TextEncoder().encode(decoded.join("\0"))]).slice(0, 8),
          wanted.decoded,
          "decoded",
        );
      }
      if (all && wanted.codePoints) {
        compare([...codePointTexts()], BLOCKS.codePoints, wanted.codePoints, ofText);
      }
    },
  });
}

/** Compares blocks of texts by their digests. */
function compare(
  texts: readonly string[],
  size: number,
  wanted: readonly string[],
  numbersOf: (text: string, i: number) => readonly number[],
): void {
  const blocks = Math.ceil(texts.length / size);
  for (let block = 0; block < blocks; block++) {
    const numbers: number[] = [];
    texts.slice(block * size, (block + 1) * size).forEach((text, i) => {
      for (const number of numbersOf(text, i)) numbers.push(number);
    });
    assert.equal(digest(numbers), wanted[block], `texts ${block * size} to ${(block + 1) * size}`);
  }
}
