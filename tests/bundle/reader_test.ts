import assert from "node:assert/strict";
import { join } from "node:path";
import { checkMaxTokens, checkVocabulary } from "../../src/bundle/checks.ts";
import { BundleError } from "../../src/bundle/errors.ts";
import { readBundle, readManifest, verifyBundle } from "../../src/bundle/reader.ts";
import { type BundleContent, writeBundle } from "../../src/bundle/writer.ts";
import { loadTokenizer } from "../../src/text/tokenizer.ts";
import { withFolder } from "../folder.ts";
import { draft, draft1, listing, payload, writeContents } from "./fixture.ts";

const golden = new URL("../golden/serve/bundle", import.meta.url).pathname;

/** A whole bundle of format 2, with a baseline. */
async function withBundle(
  use: (folder: string) => Promise<void>,
  files: Record<string, BundleContent> = {},
): Promise<void> {
  await withFolder(async (folder) => {
    const all = { ...payload(), "baseline.json": "{}", ...files };
    await writeBundle(folder, all, draft({ version: "1.0.0" }));
    await use(folder);
  });
}

/** Changes weir.json. */
async function edit(folder: string, change: (manifest: Json) => void): Promise<void> {
  const manifest = JSON.parse(await Deno.readTextFile(join(folder, "weir.json")));
  change(manifest);
  await Deno.writeTextFile(join(folder, "weir.json"), JSON.stringify(manifest));
}

// deno-lint-ignore no-explicit-any
type Json = any;

async function refused(folder: string, wanted: RegExp): Promise<void> {
  await assert.rejects(readBundle(folder), (error) => {
    assert.ok(error instanceof BundleError, String(error));
    assert.match(error.message, wanted);
    assert.doesNotMatch(error.message, /\n/);
    assert.ok(error.message.includes(folder), error.message);
    return true;
  });
}

Deno.test("a bundle is read with its model in memory that Workers share", () =>
  withBundle(async (directory) => {
    const bundle = await readBundle(directory);
    assert.deepEqual(bundle.manifest.head.labels, ["ham", "spam"]);
    assert.equal(bundle.config.model_type, "bert");
    assert.equal(bundle.tokenizer, "{}");
    assert.equal(bundle.tokenizerConfig, undefined);
    assert.deepEqual(bundle.baseline, {});
    assert.deepEqual([bundle.maxTokens, bundle.maxCharacters], [64, 1_000_000]);
    const model = bundle.models["onnx/model.onnx"];
    assert.equal(new TextDecoder().decode(new Uint8Array(model)), "a".repeat(5000));
    const worker = new Worker(
      "data:text/javascript,onmessage = ({ data }) => { data[0] = 66; postMessage(data.length); }",
      { type: "module" },
    );
    const length = new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
    worker.postMessage(model);
    assert.equal(await length, 5000);
    assert.equal(model[0], 66, "the Worker wrote into the same memory");
    worker.terminate();
  }));

Deno.test("without models, theirs are not read", () =>
  withBundle(async (directory) => {
    await Deno.remove(join(directory, "onnx/model.onnx"));
    assert.deepEqual((await readBundle(directory, { models: false })).models, {});
    await refused(directory, /onnx\/model\.onnx is listed in weir\.json and missing/);
  }));

Deno.test("a bundle of format 1 is read as one of format 2, with the architecture of its config.json", async () => {
  const { manifest, maxTokens } = await readBundle(golden);
  assert.equal(manifest.format, "weir-bundle/2");
  assert.equal(manifest.architecture, "bert");
  assert.deepEqual(manifest.head, { labels: ["ham", "spam"] });
  assert.equal(manifest.signatures.model.file, "onnx/model.onnx");
  assert.equal(maxTokens, 32);
  assert.equal((await readManifest(golden)).architecture, "bert");
  assert.equal((await verifyBundle(golden)).name, "spam");
});

Deno.test("a whole bundle is verified, and one file more in its folder is too many", () =>
  withBundle(async (directory) => {
    assert.equal((await verifyBundle(directory)).version, "1.0.0");
    await Deno.writeTextFile(join(directory, "onnx/other.onnx"), "");
    await assert.rejects(verifyBundle(directory), /damaged: onnx\/other\.onnx is not listed in weir\.json/);
  }));

Deno.test("files that the manifest does not list are not looked at", () =>
  withBundle(async (directory) => {
    await edit(directory, (manifest) => delete manifest.files["baseline.json"]);
    await Deno.remove(join(directory, "baseline.json"));
    await new Deno.Command("mkfifo", { args: [join(directory, "baseline.json")] }).output();
    await Deno.writeTextFile(join(directory, "tokenizer_config.json"), "{");
    const { baseline, tokenizerConfig } = await readBundle(directory);
    assert.equal(baseline, undefined);
    assert.equal(tokenizerConfig, undefined);
    await assert.rejects(verifyBundle(directory), /baseline\.json, which is a link or a device/);
  }));

const config = (fields: Record<string, unknown>) =>
  JSON.stringify({ ...JSON.parse(payload()["config.json"]), ...fields });

const damages: [what: string, wanted: RegExp, change: (folder: string) => Promise<void>][] = [
  ["without weir.json", /is no bundle: it has no weir\.json/, (d) => Deno.remove(join(d, "weir.json"))],
  ["that is not there", /is no bundle: it has no weir\.json/, (d) => Deno.remove(d, { recursive: true })],
  [
    "whose weir.json is not JSON",
    /weir\.json: it is not JSON/,
    (d) => Deno.writeTextFile(join(d, "weir.json"), "{"),
  ],
  [
    "whose weir.json is not UTF-8",
    /weir\.json: it is not valid UTF-8/,
    (d) => Deno.writeFile(join(d, "weir.json"), new Uint8Array([0x7b, 0xff, 0x7d])),
  ],
  [
    "that lists no files",
    /signatures\.model\.file: onnx\/model\.onnx is not among/,
    (d) => edit(d, (m) => m.files = {}),
  ],
  ["without a list of files", /files: is missing/, (d) => edit(d, (m) => delete m.files)],
  [
    "without a hash",
    /files\.config\.json\.sha256: /,
    (d) => edit(d, (m) => delete m.files["config.json"].sha256),
  ],
  [
    "that lists no tokenizer",
    /weir\.json does not list tokenizer\.json/,
    (d) => edit(d, (m) => delete m.files["tokenizer.json"]),
  ],
  [
    "without its baseline",
    /baseline\.json is listed in weir\.json and missing/,
    (d) => Deno.remove(join(d, "baseline.json")),
  ],
  [
    "with a changed model",
    /onnx\/model\.onnx has 1 bytes and weir\.json says 5000/,
    (d) => Deno.writeTextFile(join(d, "onnx/model.onnx"), "x"),
  ],
  [
    "with a flipped bit",
    /onnx\/model\.onnx does not match its SHA-256 in weir\.json/,
    (d) => Deno.writeTextFile(join(d, "onnx/model.onnx"), "a".repeat(4999) + "b"),
  ],
  [
    "whose model is larger than is read",
    /onnx\/model\.onnx has 3000000000 bytes, and at most 2147483648 are read/,
    (d) => edit(d, (m) => m.files["onnx/model.onnx"].sizeBytes = 3e9),
  ],
  [
    "of another architecture",
    /config\.json has the model_type "bert" and weir\.json the architecture "mlp"/,
    (d) => edit(d, (m) => m.architecture = "mlp"),
  ],
  [
    "whose labels are others in config.json",
    /config\.json has "ham" as label 0 and weir\.json has "spam"/,
    (d) => edit(d, (m) => m.head.labels = ["spam", "ham"]),
  ],
];

Deno.test("a damaged bundle is refused in one line that names file and fault", async (t) => {
  for (const [what, wanted, change] of damages) {
    await t.step(what, () =>
      withFolder(async (folder) => {
        const directory = join(folder, "bundle");
        await writeBundle(directory, { ...payload(), "baseline.json": "{}" }, draft({ version: "1.0.0" }));
        await change(directory);
        await refused(directory, wanted);
      }));
  }
});

const contradictions: [what: string, wanted: RegExp, files: Record<string, string>][] = [
  ["with a label more", /config\.json has 3 labels in id2label and weir\.json has 2/, {
    "config.json": config({ id2label: { 0: "ham", 1: "spam", 2: "news" } }),
  }],
  ["with a label less", /config\.json has 1 labels in id2label and weir\.json has 2/, {
    "config.json": config({ id2label: { 0: "ham" } }),
  }],
  ["with an odd number", /config\.json has undefined as label 1 and weir\.json has "spam"/, {
    "config.json": config({ id2label: { 0: "ham", constructor: "spam" } }),
  }],
  ["without labels", /config\.json has no id2label; weir\.json has labels/, {
    "config.json": config({ id2label: undefined }),
  }],
  ["that is a list", /config\.json does not hold a JSON object/, { "config.json": "[]" }],
  ["with half a baseline", /baseline\.json is not JSON/, { "baseline.json": '{"a":\n' }],
  ["with binary text", /tokenizer\.json is not valid UTF-8/, {}],
];

Deno.test("a bundle whose files disagree is refused, whatever their hashes", async (t) => {
  for (const [what, wanted, files] of contradictions) {
    const broken = what === "with binary text" ? { "tokenizer.json": new Uint8Array([0xff]) } : files;
    await t.step(what, () => withBundle((folder) => refused(folder, wanted), broken));
  }
  await t.step("in format 1", () =>
    withFolder(async (folder) => {
      const files = payload();
      const manifest = draft1({ version: "1.0.0", files: listing(files), labels: ["ham", "spam", "news"] });
      await writeContents(folder, { ...files, "weir.json": JSON.stringify(manifest) });
      await refused(folder, /config\.json has 2 labels in id2label and weir\.json has 3/);
      await edit(folder, (listed) => listed.files = {});
      await refused(folder, /weir\.json does not list config\.json/);
    }));
});

Deno.test("where a file should be, anything else is refused without being opened", async (t) => {
  const kinds: [kind: string, make: (path: string) => Promise<unknown>][] = [
    ["a folder", (path) => Deno.mkdir(path)],
    ["a FIFO", (path) => new Deno.Command("mkfifo", { args: [path] }).output()],
    ["a link", (path) => Deno.symlink("/dev/zero", path)],
  ];
  for (const [kind, make] of kinds) {
    for (const file of ["weir.json", "config.json", "tokenizer.json", "baseline.json", "onnx/model.onnx"]) {
      await t.step(`${kind}: ${file}`, () =>
        withBundle(async (folder) => {
          await Deno.remove(join(folder, file));
          await make(join(folder, file));
          await refused(folder, new RegExp(`is damaged: ${file} is ${kind}; a bundle holds plain files`));
        }));
    }
  }
  await t.step("a link to a folder", () =>
    withBundle(async (folder) => {
      await Deno.rename(join(folder, "onnx"), join(folder, "elsewhere"));
      await Deno.symlink(join(folder, "elsewhere"), join(folder, "onnx"));
      await refused(folder, /is damaged: onnx is a link, and the bundle has a folder there/);
    }));
});

Deno.test("a file that grows without end while it is read is given up at its listed size", () =>
  withBundle(async (folder) => {
    const { open } = Deno;
    let reads = 0;
    Deno.open = async (path, options) => {
      const file = await open(path, options);
      if (String(path).endsWith("model.onnx")) {
        file.read = (buffer: Uint8Array) => Promise.resolve((reads++, buffer.length));
      }
      return file;
    };
    try {
      await refused(folder, /onnx\/model\.onnx grows while it is read/);
      assert.equal(reads, 1);
    } finally {
      Deno.open = open;
    }
  }));

Deno.test("each file is opened once: what was checked is what is used", () =>
  withBundle(async (folder) => {
    const { open } = Deno;
    const opened: string[] = [];
    Deno.open = (path, options) => {
      opened.push(String(path).slice(folder.length + 1));
      return open(path, options);
    };
    try {
      await readBundle(folder);
    } finally {
      Deno.open = open;
    }
    assert.deepEqual(opened.toSorted(), [
      "baseline.json",
      "config.json",
      "onnx/model.onnx",
      "tokenizer.json",
      "weir.json",
    ]);
  }));

Deno.test("a tokenizer with more ids than the model's table and a length that no text fits are refused", async () => {
  const bundle = await readBundle(golden);
  const tokenizer = loadTokenizer(bundle.tokenizer, bundle.tokenizerConfig);
  checkVocabulary(tokenizer.vocabSize, bundle.config, "spam");
  checkVocabulary(tokenizer.vocabSize, {}, "spam");
  assert.throws(
    () =>
      checkVocabulary(tokenizer.vocabSize, { ...bundle.config, vocab_size: tokenizer.vocabSize - 1 }, "spam"),
    new RegExp(
      `BundleError: The tokenizer of spam has ${tokenizer.vocabSize} ids and .* ${
        tokenizer.vocabSize - 1
      } rows`,
    ),
  );
  const specialTokens = tokenizer.encode("").ids.length;
  checkMaxTokens(bundle.maxTokens, specialTokens);
  assert.throws(() => checkMaxTokens(1, specialTokens), /maxTokens is 1, and the special tokens alone are 2/);
});
