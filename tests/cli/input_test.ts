import assert from "node:assert/strict";
import { join } from "node:path";
import { messages, tiny, weir, writeJsonl } from "./cli.ts";
import { withFolder } from "../folder.ts";

const spam = (text: string) => JSON.stringify({ text, label: "spam" });
const ham = (text: string) => JSON.stringify({ text, label: "ham" });

const broken: [what: string, file: string, content: string | Uint8Array, line: RegExp][] = [
  ["a broken JSONL line", "x.jsonl", `${spam("a")}\n\n{"text": "b"\n`, /x\.jsonl line 3: not JSON: /],
  [
    "a JSONL line that is no object",
    "x.jsonl",
    `${spam("a")}\n[1]\n`,
    /x\.jsonl line 2: a JSON object was expec/,
  ],
  [
    "a text that is a number",
    "x.jsonl",
    '{"text": 5, "label": "a"}\n',
    /line 1: column "text" is 5; a string was/,
  ],
  [
    "a missing column",
    "x.jsonl",
    '{"txt": "a", "label": "b"}\n',
    /line 1: no column "text"; found "txt", "label"/,
  ],
  [
    "a missing CSV column",
    "x.csv",
    "length,label\na,b\n",
    /x\.csv.*no column "text"; found "length", "label"/,
  ],
  ["a CSV row with a field too many", "x.csv", "text,label\na,b\nc,d,e\n", /x\.csv line 3: /],
  ["an empty file", "x.jsonl", "", /x\.jsonl: no examples/],
  ["a CSV file with a header alone", "x.csv", "text,label\n", /x\.csv: no examples/],
  [
    "a single class",
    "x.jsonl",
    `${spam("a")}\n${spam("b")}\n`,
    /every example has the label "spam"; .* two labels/,
  ],
  [
    "labels that no distinct text has",
    "x.jsonl",
    `${spam("a")}\n${ham("a")}\n${ham("a")}\n`,
    /the same text stands under several labels: "a" \("ham" 2, "spam" 1\); without them, all rows have the label "ham"/,
  ],
  [
    "too few of one label",
    "x.jsonl",
    `${spam("a")}\n${ham("b")}\n`,
    /2 labels, "ham" \(1\), "spam" \(1\), have too few texts, where those that are nearly alike count once; at least 3/,
  ],
  [
    "invalid UTF-8",
    "x.jsonl",
    new Uint8Array([...new TextEncoder().encode(`${spam("a")}\n`), 0x22, 0x81, 0x22, 0x0a]),
    /x\.jsonl.*(UTF-8|encoding)/,
  ],
];

for (const [what, name, content, line] of broken) {
  Deno.test(`training on ${what} fails with one line that names it`, () =>
    withFolder(async (folder) => {
      const data = join(folder, name);
      await Deno.writeFile(data, typeof content === "string" ? new TextEncoder().encode(content) : content);
      const { code, stdout, stderr } = await weir(
        ...["train", "--home", join(folder, "home"), "--data", data, "--name", "toy", ...tiny, "--json"],
      );
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assertOneError(stderr, line);
    }));
}

Deno.test("what is missing is named", () =>
  withFolder(async (home) => {
    const at = ["--home", home];
    const cases: [string[], RegExp][] = [
      [["train", "--data", join(home, "none.jsonl"), "--name", "toy"], /none\.jsonl: no such file/],
      [["train", "--data", `${home}.jsonl/`, "--name", "toy"], /\.jsonl\/: no such file/],
      [
        ["predict", "--model", "toy", "hi"],
        /No model "toy" in the registry .*: it has none yet; weir train makes/,
      ],
      [
        ["predict", "--model", join(home, "none"), "hi"],
        /none is no bundle: it has no weir\.json\. weir train writes bundles; give the folder of one\./,
      ],
      [["predict", "--model", "toy", "--file", join(home, "none.txt")], /none\.txt: no such file/],
      [["predict", "--model", "toy", "--file", home], /No model "toy"/],
      [
        ["export", "--model", join(home, "none"), "--out", join(home, "out")],
        /config\.json is not there; a checkpoint's folder has config\.json/,
      ],
      [["registry", "show", "toy"], /No model "toy"/],
      [["registry", "verify", "toy"], /No model "toy"/],
      [["registry", "alias", "toy", "champion"], /No model "toy"/],
      [["serve", "--model", "toy"], /No model "toy"/],
      [["drift", "--model", "toy", "--data", join(home, "none.csv")], /No model "toy"/],
    ];
    for (const [args, line] of cases) {
      const { code, stdout, stderr } = await weir(...args, ...at);
      assert.equal(code, 2, args.join(" "));
      assert.equal(stdout, "");
      assertOneError(stderr, line);
    }
  }));

Deno.test("a model and what it is given", async (t) => {
  await withFolder(async (folder) => {
    const at = ["--home", join(folder, "home")];
    const on = [...at, "--device", "wasm"];
    const train = ["train", ...at, "--name", "toy", ...tiny];
    const examples = [...messages(30), { text: "", label: "ham" }, {
      text: "a".repeat(1_000_000),
      label: "ham",
    }];

    await t.step("an empty text and one of 1 MB are trained on like others", async () => {
      const data = await writeJsonl(join(folder, "long.jsonl"), examples);
      const { code, stderr } = await weir(...train, "--data", data, "--epochs", "1");
      assert.equal(code, 0, stderr);
      assert.match(
        stderr,
        /^warning: \d+ rows to choose the epoch are too few .*: Share of unknown .*, Predicted class, Confidence of .* not be watched for drift$/m,
      );
    });

    await t.step("an unknown version or alias is answered with those there are", async () => {
      for (const model of ["toy@9.9.9", "toy@nobody"]) {
        const { code, stderr } = await weir("predict", "--model", model, ...on, "hi");
        assert.equal(code, 2);
        assertOneError(
          stderr,
          /Model "toy" has no version or alias ".*": it has 1\.0\.0, and champion \(1\.0\.0\)/,
        );
      }
    });

    await t.step("an unknown label is named with its line and those that are known", async () => {
      const data = await writeJsonl(join(folder, "eggs.jsonl"), [...messages(1), {
        text: "x",
        label: "eggs",
      }]);
      const { code, stderr } = await weir("eval", "--model", "toy", "--data", data, ...on);
      assert.equal(code, 2);
      assertOneError(stderr, /eggs\.jsonl line 3: unknown label "eggs"; known are "ham", "spam"/);
    });

    await t.step(
      "a text above the model's limit is refused by its number, and nothing is predicted",
      async () => {
        const long = join(folder, "long.txt");
        await Deno.writeTextFile(long, `hello\n${"a".repeat(1_000_001)}\n`);
        const { code, stdout, stderr } = await weir("predict", "--model", "toy", "--file", long, ...on);
        assert.deepEqual([code, stdout], [2, ""]);
        assertOneError(
          stderr,
          /text 2 has 1000001 characters, and the model takes at most 1000000: cut or split it/,
        );
      },
    );

    await t.step("drift takes texts without labels, empty ones too", async () => {
      const data = await writeJsonl(join(folder, "plain.jsonl"), [
        ...messages(15).map(({ text }) => ({ text })),
        {
          text: "",
        },
      ]);
      const { code, stderr } = await weir("drift", "--model", "toy", "--data", data, ...on);
      assert.equal(code, 0, stderr);
    });
  });
});

Deno.test("with too few texts for a drift baseline, the bundle is made without, with a warning", () =>
  withFolder(async (folder) => {
    const at = ["--home", join(folder, "home")];
    const data = await writeJsonl(join(folder, "few.jsonl"), messages(8));
    const trained = await weir("train", ...at, "--name", "toy", "--data", data, ...tiny, "--epochs", "1");
    assert.equal(trained.code, 0, trained.stderr);
    assert.match(trained.stderr, /^warning: 16 examples are too few for a drift baseline: /m);
    const files = Array.from(Deno.readDirSync(join(folder, "home/models/toy/1.0.0")), (entry) => entry.name);
    assert.ok(files.includes("weir.json") && !files.includes("baseline.json"), files.join(", "));

    const on = [...at, "--device", "wasm"];
    assert.equal((await weir("predict", "--model", "toy", ...on, "hi")).code, 0);
    const { code, stderr } = await weir("drift", "--model", "toy", "--data", data, ...on);
    assert.equal(code, 2);
    assertOneError(stderr, /toy has no baseline\.json to compare with: .* on more examples/);
  }));

Deno.test("training that diverges stops with what was not finite, and keeps the last good checkpoint", () =>
  withFolder(async (folder) => {
    const home = join(folder, "home");
    const data = await writeJsonl(join(folder, "mails.jsonl"), messages(20));
    const args = ["train", "--home", home, "--name", "toy", "--data", data, ...tiny, "--batch-size", "64"];
    const { code, stdout, stderr } = await weir(
      ...args,
      "--epochs",
      "100",
      "--learning-rate",
      "1e9",
      "--json",
    );
    assert.deepEqual([code, stdout], [1, ""]);
    const [, epoch, output, saved, path] = stderr.match(
      /^weir: Training stopped at the evaluation after epoch (\d+): the model gave a score in "(\S+)" that is not a finite number\. The last good checkpoint, of step (\d+), is (\S+)\. Try a lower/m,
    ) ?? assert.fail(stderr);
    // There is one step in an epoch.
    assert.ok(Number(epoch) > Number(saved) && Number(saved) > 0);
    assert.equal(output, "logits");
    assert.ok((await Deno.stat(path)).isFile);
    assert.equal((await weir("registry", "list", "--home", home, "--json")).stdout, '{"models":[]}\n');
  }));

/** The last line is an error that matches, the only one, and no stack trace is about. */
function assertOneError(stderr: string, line: RegExp): void {
  const errors = stderr.trimEnd().split("\n").filter((text) => text.startsWith("weir: "));
  assert.equal(errors.length, 1, stderr);
  assert.ok(stderr.endsWith(`${errors[0]}\n`), stderr);
  assert.match(errors[0], line);
  assert.doesNotMatch(stderr, /unexpected|^\s+at |\.ts:\d/m);
}
