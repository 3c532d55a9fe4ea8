import assert from "node:assert/strict";
import { join } from "node:path";
import { bertConfig } from "../../models/bert.ts";
import { distilBertConfig } from "../../models/distilbert.ts";
import { architectureOf, type ModelConfig } from "../../models/index.ts";
import { trainableStates } from "../../src/graph/graph.ts";
import { startOf } from "../../src/lifecycle/fit.ts";
import { maxTokensIn, type Pretrained, readPretrained } from "../../src/lifecycle/pretrained.ts";
import { initialStates } from "../../src/nn/init.ts";
import { forwardGraph, type ModelSpec } from "../../src/tasks/model.ts";
import { trainedTasks } from "../../src/tasks/trained.ts";
import { withFolder } from "../folder.ts";
import { goldenTokenizer } from "./golden_tokenizer.ts";

const sizes = { vocabSize: 50, hiddenSize: 8, layers: 1, heads: 2, intermediateSize: 16, maxPositions: 16 };
const config = bertConfig(sizes);

function specOf(labels: string[], of: ModelConfig = config): ModelSpec {
  return { task: "text-classification", config: of, head: { labels } };
}

/** A checkpoint of a trained classifier, but for changes. */
function checkpoint(spec: ModelSpec, changes: Partial<Pretrained> = {}): Pretrained {
  const architecture = architectureOf(spec.config);
  return {
    name: "base",
    config: spec.config,
    configJson: {
      ...trainedTasks[spec.task].configJson(architecture, spec.head),
      ...architecture.json(spec.config),
    },
    tensors: initialStates(forwardGraph(spec), 3),
    ...goldenTokenizer,
    hash: "",
    ...changes,
  };
}

const head = ["classifier.weight", "classifier.bias"];
const pooler = ["bert.pooler.dense.weight", "bert.pooler.dense.bias"];

Deno.test("a classifier of the same labels is trained on, and one of others is replaced, though it would fit", () => {
  const pretrained = checkpoint(specOf(["ham", "spam"]));
  const same = startOf(specOf(["ham", "spam"]), { pretrained, freezeTrunk: false });
  assert.deepEqual([same.missing, same.unexpected], [[], []]);
  for (const labels of [["bad", "good"], ["a", "b", "c"]]) {
    const other = startOf(specOf(labels), { pretrained, freezeTrunk: false });
    assert.deepEqual([other.missing, other.unexpected], [head, head]);
    assert.ok(head.every((name) => !Object.hasOwn(other.states, name)));
    assert.ok(pooler.every((name) => Object.hasOwn(other.states, name)));
  }
});

Deno.test("what is frozen is the body: pooler and head are trained, also where the checkpoint has both", () => {
  const spec = specOf(["ham", "spam"]);
  const { passes } = startOf(spec, { pretrained: checkpoint(spec), freezeTrunk: true });
  const graph = passes.reduce((graph, pass) => pass(graph), forwardGraph(spec, { training: true }));
  assert.deepEqual(trainableStates(graph).map(({ name }) => name), [...pooler, ...head]);
});

Deno.test("a bare body starts a classifier, with or without its pooler", () => {
  const full = checkpoint(specOf(["ham", "spam"]));
  const bare = Object.entries(full.tensors).filter(([name]) => !head.includes(name)).map(([name, tensor]) =>
    [name.replace("bert.", ""), tensor] as const
  );
  const start = (tensors: typeof bare) =>
    startOf(specOf(["ham", "spam"]), {
      pretrained: { ...full, tensors: Object.fromEntries(tensors) },
      freezeTrunk: false,
    });
  assert.deepEqual(start(bare).missing, head);
  assert.deepEqual(start(bare.filter(([name]) => !name.startsWith("pooler."))).missing, [...pooler, ...head]);
});

Deno.test("a checkpoint without the body's tensors is refused, with what it lacks and what it has instead", () => {
  const distilled = checkpoint(specOf(["ham", "spam"], distilBertConfig(sizes)));
  assert.throws(
    () => startOf(specOf(["ham", "spam"]), { pretrained: { ...distilled, config }, freezeTrunk: false }),
    /ModelError: Cannot load the checkpoint: it lacks bert\.embeddings\.word_embeddings\.weight, .* and 17 more; it has distilbert\./,
  );
  const narrow = checkpoint(specOf(["ham", "spam"], bertConfig({ ...sizes, hiddenSize: 4 })));
  assert.throws(
    () => startOf(specOf(["ham", "spam"]), { pretrained: { ...narrow, config }, freezeTrunk: false }),
    /"bert\.embeddings\.word_embeddings\.weight": the model wants shape \[50, 8\], the checkpoint has \[50, 4\]/,
  );
});

const files = { "config.json": "{}", "tokenizer.json": "{}" };
const lacking: [string, Record<string, string>, RegExp][] = [
  [
    "no configuration",
    {},
    /config\.json is not there; a checkpoint's folder has config\.json, tokenizer\.json and model\.safetensors$/,
  ],
  [
    "no weights",
    files,
    /model\.safetensors is not there; [^.]*\.json, tokenizer\.json and model\.safetensors$/,
  ],
  [
    "weights in a pickle",
    { ...files, "pytorch_model.bin": "\x80\x02}." },
    /There is pytorch_model\.bin, which is a pickle: .* never read here\. .*save_pretrained/,
  ],
  [
    "weights in several files",
    { ...files, "model.safetensors.index.json": "{}" },
    /There is model\.safetensors\.index\.json, so the weights are in several files/,
  ],
  [
    "a vocabulary in place of a tokenizer",
    { "config.json": "{}", "vocab.txt": "[PAD]" },
    /tokenizer\.json is not there; .* There is vocab\.txt, of which transformers makes it: AutoTokenizer/,
  ],
];

for (const [what, given, message] of lacking) {
  Deno.test(`a folder with ${what} is refused in one line that says what to do`, () =>
    withFolder(async (folder) => {
      for (const [name, text] of Object.entries(given)) await Deno.writeTextFile(join(folder, name), text);
      await assert.rejects(readPretrained(folder), (error: Error) => {
        assert.equal(error.name, "LifecycleError");
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    }));
}

const model = new URL("../golden/models/bert/model/", import.meta.url);
const bundle = new URL("../golden/serve/bundle/", import.meta.url);

/** A folder that is read, but for changes. */
async function wholeFolder(folder: string, changes: Record<string, unknown> = {}): Promise<void> {
  const config = JSON.parse(await Deno.readTextFile(new URL("config.json", model)));
  await Deno.copyFile(new URL("model.safetensors", model), join(folder, "model.safetensors"));
  await Deno.copyFile(new URL("tokenizer.json", bundle), join(folder, "tokenizer.json"));
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify({ ...config, ...changes }));
}

Deno.test("a checkpoint's folder of links is read, and what is no file is refused without waiting for it", async () => {
  const kinds: [file: string, make: (path: string) => Promise<unknown>, problem: RegExp][] = [
    ["weir.json", (path) => new Deno.Command("mkfifo", { args: [path] }).output(), /weir\.json is a FIFO/],
    [
      "config.json",
      (path) => Deno.symlink("config.json", path),
      /config\.json is a link that leads to itself/,
    ],
    ["model.safetensors", (path) => Deno.symlink("/dev/zero", path), /model\.safetensors is a device/],
    ["tokenizer_config.json", (path) => Deno.mkdir(path), /tokenizer_config\.json is a folder/],
  ];
  for (const [file, make, problem] of kinds) {
    await withFolder(async (folder) => {
      await wholeFolder(folder);
      await Deno.mkdir(join(folder, "links"));
      for (const name of ["config.json", "model.safetensors", "tokenizer.json"]) {
        await Deno.symlink(join(folder, name), join(folder, "links", name));
      }
      assert.equal((await readPretrained(join(folder, "links"))).config.modelType, "bert");
      await Deno.remove(join(folder, "links", file)).catch(() => {});
      await make(join(folder, "links", file));
      await assert.rejects(readPretrained(join(folder, "links")), problem);
    });
  }
});

Deno.test("a number of tokens that is none is refused with the file that says it", () =>
  withFolder(async (folder) => {
    await wholeFolder(folder);
    const lengthOf = async (file: string, settings: object) => {
      await Deno.writeTextFile(join(folder, file), JSON.stringify(settings));
      return await maxTokensIn(folder, await readPretrained(folder));
    };
    const longest = await lengthOf("tokenizer_config.json", {});
    assert.equal(await lengthOf("tokenizer_config.json", { model_max_length: 1e30 }), longest);
    assert.equal(await lengthOf("sentence_bert_config.json", { max_seq_length: 7 }), 7);
    assert.equal(await lengthOf("sentence_bert_config.json", { max_seq_length: null }), longest);
    for (const wrong of [-1, 0, 1.5, "12", []]) {
      await assert.rejects(
        lengthOf("sentence_bert_config.json", { max_seq_length: wrong }),
        /sentence_bert_config\.json: max_seq_length is .*, wanted a whole number of tokens of at least 1$/,
      );
    }
    await Deno.remove(join(folder, "sentence_bert_config.json"));
    await assert.rejects(
      lengthOf("tokenizer_config.json", { model_max_length: -1 }),
      /tokenizer_config\.json: model_max_length is -1, wanted a whole number/,
    );
  }));
