/**
 * The complaints lab: a CSV file of consumer complaints with a long tail of products is cleaned, its labels are shown before and
 * after, and a classifier is trained that cleans by itself what it is asked: `deno run -A examples/complaints_lab.ts`.
 *
 * The complaints are made up, in the form of the file that the Consumer Financial Protection Bureau publishes: its columns, its
 * masks (`XXXX`, `XX/XX/2014`), empty narratives, names of one product that changed over the years, and products with few rows.
 *
 * @module
 */
import { join } from "node:path";
import { writeRecords } from "../mod.ts";
import { createRandomStream } from "../src/base/random.ts";
import { main } from "../src/cli/main.ts";

/** What a narrative of each product speaks of, how many rows it has, and other names that it had. */
const products: Record<string, { rows: number; words: string; formerly?: string }> = {
  "Credit reporting": {
    rows: 420,
    words: "report bureau inquiry score dispute equifax accounts",
    formerly: "Credit report",
  },
  "Debt collection": { rows: 260, words: "collector calls debt owe harassing letter validation" },
  "Mortgage": { rows: 170, words: "mortgage escrow foreclosure servicer refinance house modification" },
  "Credit card": {
    rows: 130,
    words: "card purchase statement cashback limit merchant annual",
    formerly: "Prepaid card",
  },
  "Student loan": { rows: 24, words: "student tuition forbearance navient college graduation" },
  "Payday loan": { rows: 9, words: "payday lender rollover paycheck" },
  "Money transfers": { rows: 7, words: "transfer wire recipient abroad" },
  "Virtual currency": { rows: 3, words: "coin wallet exchange blockchain" },
};
const common = "i the a my to and they on was of for me told that bank after not have this it when with"
  .split(" ");

/** The rows of the file. */
function complaints(seed: number): Record<string, string>[] {
  const random = createRandomStream(seed);
  const rows = Object.entries(products).flatMap(([product, { rows, words, formerly }]) =>
    Array.from({ length: rows }, (_, i) => {
      const own = words.split(" ");
      const length = 8 + random.integer(40);
      const said = Array.from({ length }, () => random.pick(random.next() < 0.35 ? own : common)).join(" ");
      const text = `On XX/XX/2014 ${said} XXXX XXXX &amp; paid $${random.integer(5000)}.00 !!`;
      return {
        "Product": formerly !== undefined && i % 6 === 0 ? formerly : product,
        "Consumer complaint narrative": i % 11 === 0 ? "" : i % 13 === 0 ? "<p>XXXX</p>" : `<p>${text}</p>`,
      };
    })
  );
  return random.shuffle(rows);
}

/** A command of `weir` that must succeed. */
async function weir(...args: string[]): Promise<void> {
  if (await main(args) !== 0) Deno.exit(1);
}

const folder = await Deno.makeTempDir({ prefix: "complaints-" });
const file = join(folder, "complaints.csv");
await Deno.writeFile(file, ReadableStream.from(writeRecords(file, complaints(1))));

const columns = ["--text-column", "Consumer complaint narrative", "--label-column", "Product"];
const steps = [
  // What serving does, too: texts without markup and masks.
  ...[
    "--clean",
    "strip-html",
    "--clean",
    "replace=X{2,}(/X{2,})*(/\\d{4})?=> ",
    "--clean",
    "strip-punctuation,lowercase,collapse-space",
  ],
  // What is for the training alone: rows and labels.
  ...["--clean", "drop-empty,min-words=3", "--clean", "merge-labels=Credit report=Credit reporting"],
  ...[
    "--clean",
    "merge-labels=Prepaid card=Credit card",
    "--clean",
    "merge-rest=4=Other",
    "--clean",
    "sample=800",
  ],
];

// Look first: what the steps do, as text here and as a page.
await weir("data", "clean", file, ...columns, ...steps, "--report", join(folder, "labels.html"));

// The same steps in training; the bundle keeps those of texts.
const home = ["--home", join(folder, "home"), "--device", "wasm"];
const small = ["--model-type", "mlp", "--hidden-size", "32", "--vocab-size", "400", "--max-tokens", "64"];
await weir(
  ...["train", "--data", file, "--name", "complaints", ...columns, ...steps, ...home, ...small],
  ...["--epochs", "6", "--batch-size", "16", "--learning-rate", "0.01"],
);

// A narrative as it comes in, and as it is after cleaning: the model reads the same.
await weir(
  ...["predict", "--model", "complaints", ...home],
  "<p>On XX/XX/2014 my MORTGAGE servicer XXXX lost the escrow!!</p>",
  "on my mortgage servicer lost the escrow",
);
await Deno.remove(folder, { recursive: true });
