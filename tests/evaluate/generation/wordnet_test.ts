import assert from "node:assert/strict";
import { openWordNet } from "../../../src/cli/wordnet.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { readWordNet, WORDNET_FILES } from "../../../src/evaluate/generation/wordnet.ts";

const folder = new URL("../../golden/evaluate/wordnet/", import.meta.url);
const golden: { synonyms: Record<string, string[]> } = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/evaluate/meteor.json", import.meta.url)),
);
const bytes = (text: string) => new TextEncoder().encode(text);
const files = Object.fromEntries(
  WORDNET_FILES.map((name) => [name, Deno.readFileSync(new URL(name, folder))]),
);
const withFile = (name: string, text: string) => readWordNet({ ...files, [name]: bytes(text) });
const refuses = (run: () => unknown, message: RegExp) =>
  assert.throws(run, (error) => {
    assert.ok(error instanceof EvaluationError, String(error));
    assert.match(error.message, message);
    return true;
  });

Deno.test("a word's synonyms are those that nltk finds, through endings and exceptions", async () => {
  const wordNet = await openWordNet(folder.pathname);
  assert.ok(Object.keys(golden.synonyms).length > 80);
  for (const [word, wanted] of Object.entries(golden.synonyms)) {
    assert.deepEqual([...wordNet.synonyms(word)].sort(), wanted, word);
  }
  assert.ok(wordNet.synonyms("bought").includes("purchase"), "an exception");
  assert.ok(wordNet.synonyms("Automobiles").includes("car"), "an ending");
  assert.ok(wordNet.synonyms("abounding").includes("galore"), "an adjective's marker is no part of it");
  assert.deepEqual(wordNet.synonyms("zyzzyva"), []);
  assert.deepEqual(wordNet.synonyms("constructor"), []);
  assert.ok(wordNet.size > 500);
});

Deno.test("files of exceptions may be missing, the others not", async () => {
  const { "verb.exc": _, ...rest } = files;
  assert.deepEqual(readWordNet(rest).synonyms("bought"), []);
  const { "data.verb": __, ...without } = files;
  refuses(() => readWordNet(without), /data\.verb is missing/);
  const empty = await Deno.makeTempDir();
  await assert.rejects(openWordNet(empty), /index\.noun is not there; give the "dict" folder/);
  await Deno.remove(empty);
});

Deno.test("a file that is not what it should be is refused with its name and line", () => {
  refuses(
    () => withFile("index.verb", "  1 licence\nbuy v 2 0 2 0 00000001\n"),
    /line 2 of index\.verb: "buy" lacks one of its 2 offsets/,
  );
  refuses(() => withFile("index.verb", "buy v many 0 1 0 1\n"), /"buy" has "many" synsets/);
  refuses(() => withFile("index.verb", "buy\n"), /"buy" has undefined synsets/);
  refuses(() => withFile("index.verb", "buy v 1 0 1 0 -7\n"), /lacks one of its 1 offsets/);
  refuses(() => withFile("index.verb", "buy v 1 9999999 1 0 7\n"), /lacks one/);
  refuses(() => withFile("index.verb", "a".repeat(2 ** 20 + 1)), /longer than 1048576 bytes/);
  const beyond = withFile("index.verb", "buy v 1 0 1 0 99999999\n");
  refuses(() => beyond.synonyms("buy"), /offset 99999999 of data\.verb: the file has \d+ bytes/);
  const between = withFile("index.verb", "buy v 1 0 1 0 00000003\n");
  refuses(() => between.synonyms("buy"), /offset 3 of data\.verb: there is no synset/);
  const short = readWordNet({
    ...files,
    "index.verb": bytes("buy v 1 0 1 0 0"),
    "data.verb": bytes("00000000 40 v ff buy 0 000 |"),
  });
  refuses(() => short.synonyms("buy"), /there is no synset/);
});
