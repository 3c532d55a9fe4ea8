import assert from "node:assert/strict";
import { createRandomStream } from "../../src/base/random.ts";
import { readConll } from "../../src/data/conll.ts";
import {
  PREFIXES,
  type Span,
  spansToTags,
  type TaggingScheme,
} from "../../src/evaluate/tagging/tagging_schemes.ts";
import { join } from "node:path";
import { bertConfig } from "../../models/bert.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { DataError } from "../../src/data/errors.ts";
import type { DataRecord } from "../../src/data/example.ts";
import { createBuilder, hostTensor } from "../../src/graph/graph.ts";
import { readRows } from "../../src/lifecycle/rows.ts";
import { collate } from "../../src/tasks/collate.ts";
import { OutputError } from "../../src/tasks/errors.ts";
import { forwardGraph } from "../../src/tasks/model.ts";
import type { AnyServedTask, RowOutputs, TextEncoding } from "../../src/tasks/task.ts";
import type { Entities, Tagged } from "../../src/tasks/token_classification/schema.ts";
import { tokenClassification as task } from "../../src/tasks/token_classification/serve.ts";
import { trainTokenClassification as trained } from "../../src/tasks/token_classification/train.ts";
import { loadTokenizer } from "../../src/text/tokenizer.ts";
import { withFolder } from "../folder.ts";

const GOLDEN = new URL("../golden/text/", import.meta.url);
const tokenizer = loadTokenizer(Deno.readTextFileSync(new URL("tokenizer.json", GOLDEN)));
const head = { labels: ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"] };

const target = (record: DataRecord) => task.target(record, "rows.jsonl line 3", task.columns);
const encode = (text: string, maxTokens = 64) => task.encode(tokenizer, text, { maxTokens });

/** Logits that give the words these tags with a probability of about 0.98, and other tokens something wrong. */
function tagged(encoding: TextEncoding, tags: readonly string[]): RowOutputs {
  const width = head.labels.length;
  const data = new Float32Array((encoding.ids.length + 3) * width); // padded, as a batch's are
  for (let token = 0; token < data.length / width; token++) data[token * width + 3] = 5;
  encoding.words!.forEach(({ token }, k) => {
    if (token < 0) return;
    data.fill(0, token * width, (token + 1) * width);
    data[token * width + head.labels.indexOf(tags[k] ?? "O")] = 5;
  });
  return { logits: { shape: [encoding.ids.length + 3, width], data } };
}

function decode(text: string, tags: readonly string[], parameters = {}, maxTokens = 64): Entities {
  const encoding = encode(text, maxTokens);
  return task.decode(tagged(encoding, tags), { query: text, encoding, head }, parameters);
}

/** The entities of an answer, cut out by their places as Python would. */
const cut = (text: string, answer: Entities) =>
  answer.map(({ start, end }) => [...text].slice(start, end).join(""));

Deno.test("an entity is where its characters are: emoji, accents, combining marks, ideographs, dropped characters", () => {
  const cases: [string, string[], string[]][] = [
    ["Angela Merkel visits Berlin.", ["B-PER", "I-PER", "O", "B-LOC", "O"], ["Angela Merkel", "Berlin"]],
    ["👍🏽 😀 José Núñez 🎉 São Paulo!", ["O", "O", "B-PER", "I-PER", "O", "B-LOC", "I-LOC"], [
      "José Núñez",
      "São Paulo",
    ]],
    ["👨‍👩‍👧 in Zu\u0308rich\u0301, Bra\u0301sov", ["O", "O", "B-LOC", "O", "B-LOC"], [
      "Zu\u0308rich\u0301",
      "Bra\u0301sov",
    ]],
    ["𠀀 私は東京に住む", ["O", "O", "O", "B-LOC", "I-LOC"], ["東京"]],
    ["\u200b\ufeffAnna\u200b went to Ro\u00adme\u200b!", ["B-PER", "O", "O", "B-LOC"], [
      "Anna",
      "Ro\u00adme",
    ]],
  ];
  for (const [text, tags, wanted] of cases) {
    const answer = decode(text, tags);
    assert.deepEqual(cut(text, answer), wanted);
    assert.deepEqual(answer.map(({ word }) => word), wanted);
    assert.ok(answer.every(({ score }) => Math.abs(score - 1 / (1 + 4 * Math.exp(-5))) < 1e-6));
    assert.deepEqual(task.answer.parse(answer), answer);
  }
});

Deno.test("neighbouring words are one entity unless a tag begins another, the type changes or a word is between", () => {
  const of = (...tags: string[]) => task.describe(decode("a b c d", tags));
  assert.equal(of("B-PER", "I-PER", "B-PER", "I-LOC"), 'PER "a b" 0-3, PER "c" 4-5, LOC "d" 6-7');
  assert.equal(of("I-PER", "O", "I-PER", "I-PER"), 'PER "a" 0-1, PER "c d" 4-7');
  assert.equal(of(), "no entities");
  const words = decode("a b c", ["B-PER", "I-PER", "O"], { aggregation_strategy: "none" });
  assert.deepEqual(words.map((word) => ({ ...word, score: 1 })), [
    { entity: "B-PER", index: 1, score: 1, word: "a", start: 0, end: 1 },
    { entity: "I-PER", index: 2, score: 1, word: "b", start: 2, end: 3 },
  ]);
  assert.deepEqual(task.answer.parse(words), words);
  assert.equal(task.describe(words), 'B-PER "a" 0-1, I-PER "b" 2-3');
  assert.equal(task.parameters.safeParse({ aggregation_strategy: "max" }).success, false);
});

Deno.test("words that were cut off have no tag, and outputs that are no answer are refused", () => {
  assert.equal(task.describe(decode("a b c d", Array(4).fill("I-PER"), {}, 4)), 'PER "a b" 0-3');
  assert.deepEqual(decode("", []), []);
  const encoding = encode("a");
  const of = { query: "a", encoding, head };
  assert.throws(() => task.decode({ logits: { shape: [3, 2], data: new Float32Array(6) } }, of), OutputError);
  const logits = { shape: [3, 5], data: new Float32Array(15).fill(NaN) };
  assert.throws(() => task.decode({ logits }, of), OutputError);
  assert.throws(() => task.encode(tokenizer, ["a", "b"], { maxTokens: 9 }), /one text at a time/);
});

Deno.test("tags of every scheme are read as the same entities", () => {
  const tokens = ["Anna", "Bo", "Carl", "met", "Rome", "Oslo", "today"];
  const bio = ["B-PER", "I-PER", "B-PER", "O", "B-LOC", "B-LOC", "O"];
  const schemes = {
    IOB1: ["I-PER", "I-PER", "B-PER", "O", "I-LOC", "B-LOC", "O"],
    IOBES: ["B-PER", "E-PER", "S-PER", "O", "S-LOC", "S-LOC", "O"],
    BILOU: ["B-PER", "L-PER", "U-PER", "O", "U-LOC", "U-LOC", "O"],
    IOB2: bio,
    IOE1: ["I-PER", "E-PER", "I-PER", "O", "E-LOC", "I-LOC", "O"],
    IOE2: ["I-PER", "E-PER", "E-PER", "O", "E-LOC", "E-LOC", "O"],
  };
  for (const [scheme, tags] of Object.entries(schemes)) {
    assert.deepEqual(target({ tokens, tags }).tags, bio, scheme);
  }
});

Deno.test("what is written in any scheme is read as it was meant, from columns too", async () => {
  const random = createRandomStream(11);
  for (const scheme of Object.keys(PREFIXES) as TaggingScheme[]) {
    const sentences = Array.from({ length: 200 }, () => {
      const length = 1 + random.integer(9);
      const spans: Span[] = [];
      for (let at = random.integer(2); at < length;) {
        const end = Math.min(length, at + 1 + random.integer(3));
        spans.push({ type: random.pick(["PER", "LOC", "a-b"]), start: at, end });
        at = end + random.integer(2);
      }
      return { spans, length };
    });
    const file = await Deno.makeTempFile({ suffix: ".conll" });
    try {
      const text = sentences.map(({ spans, length }) =>
        spansToTags(spans, length, scheme).map((tag, i) => `w${i} ${tag}\n`).join("")
      );
      await Deno.writeTextFile(file, text.join("\n"));
      const rows = await Array.fromAsync(readConll(file));
      assert.deepEqual(
        rows.map(({ record }) => target(record).tags),
        sentences.map(({ spans, length }) => spansToTags(spans, length, "IOB2")),
        scheme,
      );
    } finally {
      await Deno.remove(file);
    }
  }
});

Deno.test("marked texts are read by their words, in code points", () => {
  const text = "😀 Zu\u0308rich, (東京) Merkel's";
  const { tokens, tags } = target({
    text,
    entities: [{ start: 2, end: 9, label: "LOC" }, { start: 12, end: 14, label: "LOC" }, {
      start: 16,
      end: 22,
      label: "PER",
    }],
  });
  assert.deepEqual(tokens.map(({ start, end }, k) => [text.slice(start, end), tags[k]]), [
    ...[["😀", "O"], ["Zu\u0308rich", "B-LOC"], [",", "O"], ["(", "O"], ["東", "B-LOC"], ["京", "I-LOC"], [
      ")",
      "O",
    ]],
    ...[["Merkel", "B-PER"], ["'", "O"], ["s", "O"]],
  ]);
});

Deno.test("rows that cannot be read are refused with their place", () => {
  const refused = (record: DataRecord, message: RegExp) =>
    assert.throws(() => target(record), (error) => error instanceof DataError && message.test(error.message));
  const marked = (...entities: object[]) => ({ text: "Anna Bo", entities });
  refused(
    { tokens: ["a"], tags: ["O", "O"] },
    /^rows.jsonl line 3: 2 tags in column "tags" for 1 tokens in "tokens"/,
  );
  refused(
    { tokens: ["a", "b"], tags: ["O", "NN"] },
    /the tag "NN" of token 2, "b", is neither O nor a type behind B-, I-/,
  );
  refused({ tokens: ["a"], tags: [1] }, /a list of 1 tags/);
  refused({ tokens: [1], tags: ["O"] }, /a list of tokens was expected/);
  refused({ words: ["a"] }, /no column "tokens"; found "words"/);
  refused({ text: "a" }, /no column "tags"; found "text"/);
  refused(marked({ start: 0, end: 2 }), /a list of entities/);
  refused(marked({ start: 4, end: 5, label: "PER" }), /the entity "PER" from 4 to 5 has no word/);
  refused(marked({ start: 5, end: 9, label: "PER" }), /from 5 to 9 has no word/);
  refused(
    marked({ start: 0, end: 4, label: "A" }, { start: 2, end: 7, label: "B" }),
    /in words: .* overlaps "A"/,
  );
  assert.match(task.problemOf!(target({ tokens: ["a"], tags: ["B-ORG"] }), head)!, /unknown label "B-ORG"/);
  assert.equal(task.queries({ text: "a b" }, "x", task.columns)[0], "a b");
});

Deno.test("a file in columns is read as sentences", async () => {
  await withFolder(async (folder) => {
    const read = async (name: string, text: string) => {
      await Deno.writeTextFile(join(folder, name), text);
      return await readRows(join(folder, name), task as AnyServedTask);
    };
    const rows = await read(
      "a.conll",
      "-DOCSTART- -X- O\n\nAnna NNP B-PER\nBo NNP I-PER\n\n\nin IN O\nRome NNP B-LOC",
    );
    assert.deepEqual(rows.map(({ record }) => record), [
      { tokens: ["Anna", "Bo"], tags: ["B-PER", "I-PER"] },
      { tokens: ["in", "Rome"], tags: ["O", "B-LOC"] },
    ]);
    assert.deepEqual((await read("b.bio", "New York\tB-LOC\r\n\t\r\n#\tO\n"))[0].queries, ["New York"]);
    await assert.rejects(
      read("c.bio", "Anna B-PER\nBo\n"),
      /c\.bio line 2: a token and its tag were expected/,
    );
    await assert.rejects(
      read("d.conll", "\n\n"),
      /d\.conll: no examples; lines with a token and its tag were expected/,
    );
  });
});

Deno.test("the loss reads each word's first token; of a token of several words only the first begins an entity", () => {
  const row = target({ tokens: ["unbelievably", "O'Neill-Smith", "x"], tags: ["O", "B-PER", "O"] });
  const encoding = encode(row.text);
  const labels = trained.encodeTarget(row, [encoding], head);
  const words = encoding.words!.map(({ start, end, token }) => [row.text.slice(start, end), labels[token]]);
  assert.deepEqual(words, [["unbelievably", 0], ["O", 3], ["'", 4], ["Neill", 4], ["-", 4], ["Smith", 4], [
    "x",
    0,
  ]]);
  assert.equal(labels.filter((label) => label !== -100).length, 7);
  assert.ok(labels.length > 9); // "unbelievably" is more than one token
  const cutOff = trained.encodeTarget(row, [encode(row.text, 4)], head);
  assert.equal(cutOff.length, 4);
});

Deno.test("a batch weighs as many words as it labels, and the loss is their mean", async () => {
  const texts = [["a b c", ["B-PER", "I-PER", "O"]], ["d", ["B-LOC"]], ["e f", ["O", "O"]]] as const;
  const rows = texts.map(([text, tags]) => {
    const encodings = [encode(text)];
    return {
      encodings,
      target: trained.encodeTarget(target({ tokens: text.split(" "), tags }), encodings, head),
    };
  });
  const [batch] = collate(rows, {
    batchSize: 4,
    bucketLengths: [8],
    targets: (of, size) => trained.padTargets(of, size, head),
  });
  assert.deepEqual([batch.weight, batch.feeds.labels.shape], [6, [4, 8]]);

  const b = createBuilder();
  const logits = b.input("logits", "f32", ["batch", "sequence", 5]);
  const { loss, weight } = trained.objective(b, { logits }, head, {});
  b.output("loss", loss);
  b.output("weight", weight);
  const program = await createInterpBackend().compile(b.graph(), { bindings: batch.bindings });
  const data = Float32Array.from({ length: 4 * 8 * 5 }, (_, i) => Math.sin(i));
  const out = await program.run({ labels: batch.feeds.labels, logits: hostTensor("f32", [4, 8, 5], data) });
  const losses = [...batch.feeds.labels.data].flatMap((label, token) => {
    if (Number(label) === -100) return [];
    const row = [...data.subarray(token * 5, token * 5 + 5)];
    return [Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - row[Number(label)]];
  });
  assert.equal(out.weight.data[0], 6);
  assert.ok(Math.abs(Number(out.loss.data[0]) - losses.reduce((sum, x) => sum + x) / 6) < 1e-5);
});

Deno.test("answers are judged on the tokens that people tagged", () => {
  const rows = [
    target({
      tokens: ["😀", "O'Neill", "in", "São", "Paulo", "Rome"],
      tags: ["O", "B-PER", "O", "B-LOC", "I-LOC", "B-LOC"],
    }),
    target({ tokens: ["Anna", "Bo"], tags: ["B-PER", "O"] }),
  ];
  const right = (row: Tagged) => {
    const encoding = encode(row.text);
    const labels = trained.encodeTarget(row, [encoding], head);
    const tags = encoding.words!.map(({ token }) => head.labels[labels[token]]);
    return task.decode(tagged(encoding, tags), { query: row.text, encoding, head });
  };
  const answers = rows.map((row) => [right(row)]);
  for (const [row, target] of rows.entries()) {
    assert.deepEqual(task.pair(target, answers[row], { row, targets: rows, answers }), {
      prediction: target.tags,
      reference: target.tags,
    });
  }
  const { metrics, text } = task.judge(rows, [[right(rows[0])], [[]]], { head, resamples: 200 });
  assert.deepEqual([metrics.precision.value, metrics.recall.value, metrics["f1.LOC"].value], [1, 0.75, 1]);
  assert.ok(metrics.f1.low < metrics.f1.value && metrics.accuracy.value === 7 / 8);
  assert.match(text(), /2 texts, 8 tokens, 4 entities\n\n[^]*F1 of entities +0\.8571/);
  const words = decode("Anna Bo", ["B-PER", "O"], { aggregation_strategy: "none" });
  assert.deepEqual(
    task.pair(rows[1], [words], { row: 0, targets: [rows[1]], answers: [[words]] }).prediction,
    ["B-PER", "O"],
  );
});

Deno.test("the head has the tags of the types there are; without an entity there is nothing to learn", () => {
  const row = (tags: string[]) => ({ queries: [""], target: target({ tokens: tags, tags }) });
  assert.deepEqual(trained.headOf([row(["I-PER", "O"]), row(["B-LOC"])], "x"), head);
  assert.throws(() => trained.headOf([row(["O"])], "x.bio"), /x\.bio: no token is in an entity/);
  assert.equal(trained.describeHead(head), "entities of the types LOC, PER");
});

Deno.test("the graph has Hugging Face's names: logits of every token, no pooler", () => {
  const graph = forwardGraph({ task: "token-classification", config: bertConfig({ vocabSize: 50 }), head });
  assert.deepEqual(graph.outputs.logits.shape, ["batch", "sequence", 5]);
  const names = graph.nodes.flatMap(({ name }) =>
    name?.startsWith("classifier") || name?.includes("pooler") ? [name] : []
  );
  assert.ok(names.includes("classifier.weight") && !names.some((name) => name.includes("pooler")));
});

Deno.test("the types of a text's entities are observed, where the model was asked", () => {
  const encoding = encode("Anna in Rome");
  const seen = {
    text: "Anna in Rome",
    characters: 12,
    tokenIds: encoding.ids,
    unknownTokens: encoding.unknownCount,
    tokens: encoding.fullLength,
  };
  assert.deepEqual(task.observe("Anna in Rome", encoding, undefined, head), seen);
  const outputs = tagged(encoding, ["B-PER", "O", "B-LOC"]);
  assert.deepEqual(task.observe("Anna in Rome", encoding, outputs, head), {
    ...seen,
    entityTypes: ["PER", "LOC"],
  });
  assert.deepEqual(task.features({ head }).slice(-2).map(({ name }) => name), ["entityTypes", "entityCount"]);
});
