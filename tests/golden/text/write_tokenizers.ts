// Writes what make_tokenizers.py reads into the folder named: tokenizers as NAME.json, the texts, and what of them is compared.
//   deno run -A tests/golden/text/write_tokenizers.ts <folder> && python tests/golden/text/make_tokenizers.py <folder>
// The tokenizers of packages have to be in the cache (see tests/text/tokenizer_list.ts).
import {
  assetTokenizers,
  BLOCKS,
  codePointTexts,
  nastyTexts,
  readListed,
  smallTokenizers,
} from "../../text/tokenizer_list.ts";

const [folder] = Deno.args;
const list: { name: string; file: string; all: boolean; probes: boolean }[] = [];
for (const listed of [...assetTokenizers, ...smallTokenizers]) {
  const json = readListed(listed);
  if (json === undefined) throw new Error(`${listed.name}: ${listed.assets[0].path} is not in the cache`);
  const file = `${list.length}.json`;
  Deno.writeTextFileSync(`${folder}/${file}`, JSON.stringify({ ...json, truncation: null, padding: null }));
  list.push({ name: listed.name, file, all: listed.assets.length > 0, probes: listed.probes === true });
}
const write = (name: string, value: unknown) => Deno.writeTextFileSync(`${folder}/${name}`, JSON.stringify(value));
write("list.json", { blocks: BLOCKS, list });
write("strings.json", nastyTexts(20_000));
write("points.json", [...codePointTexts()]);
