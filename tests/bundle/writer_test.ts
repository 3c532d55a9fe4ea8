import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../../src/base/errors.ts";
import { BundleError } from "../../src/bundle/errors.ts";
import { parseManifestDraft } from "../../src/bundle/manifest.ts";
import { readBundle, verifyBundle } from "../../src/bundle/reader.ts";
import { writeBundle } from "../../src/bundle/writer.ts";
import { withFolder } from "../folder.ts";
import { draft, listing, payload, tree } from "./fixture.ts";

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += 1000) {
    yield await Promise.resolve(new TextEncoder().encode(text.slice(at, at + 1000)));
  }
}

Deno.test("what is written is read again: texts, bytes, values and files that come in pieces", () =>
  withFolder(async (folder) => {
    const files = payload();
    await writeBundle(`${folder}/new/bundle`, {
      "config.json": JSON.parse(files["config.json"]),
      "tokenizer.json": files["tokenizer.json"],
      "vocab.bin": new Uint8Array([1, 2, 3]),
      "onnx/model.onnx": pieces(files["onnx/model.onnx"]),
    }, draft({ version: "1.0.0" }));
    const bundle = await readBundle(`${folder}/new/bundle`);
    assert.deepEqual(bundle.config, JSON.parse(files["config.json"]));
    assert.deepEqual(bundle.manifest.files["onnx/model.onnx"], listing(files)["onnx/model.onnx"]);
    await verifyBundle(`${folder}/new/bundle`);
    assert.deepEqual(tree(`${folder}/new/bundle`), [
      "config.json",
      "onnx/model.onnx",
      "tokenizer.json",
      "vocab.bin",
      "weir.json",
    ]);
  }));

Deno.test("a draft gets no version, and a list of files that it brings is replaced", () =>
  withFolder(async (folder) => {
    await writeBundle(folder, payload(), draft({ files: listing({ "old.bin": "x" }) }));
    const written = parseManifestDraft(await Deno.readTextFile(join(folder, "weir.json")));
    assert.equal(written.version, undefined);
    assert.deepEqual(written.files, listing(payload()));
  }));

Deno.test("nothing is written of a manifest or a path that is not valid", () =>
  withFolder(async (folder) => {
    const { "onnx/model.onnx": _, ...without } = payload();
    const cases: [RegExp, Parameters<typeof writeBundle>[1], Parameters<typeof writeBundle>[2]][] = [
      [/"\.\.\/x" is no path inside a bundle/, { ...payload(), "../x": "" }, draft()],
      [/"weir\.json" is no path/, { ...payload(), "weir.json": "{}" }, draft()],
      [/signatures\.model\.file: onnx\/model\.onnx is not among the files/, without, draft()],
      [/name: is no model name/, payload(), draft({ name: "../x" })],
      [/lineage\.dataHash/, payload(), draft({ lineage: { ...draft().lineage, dataHash: "md5:1" } })],
    ];
    for (const [wanted, files, manifest] of cases) {
      await assert.rejects(writeBundle(folder, files, manifest), (error) => {
        assert.ok(error instanceof BundleError);
        assert.match(error.message, wanted);
        return true;
      });
    }
    assert.deepEqual(tree(folder), []);
  }));

Deno.test("a bundle that is half written over is refused, and no file of it is torn", () =>
  withFolder(async (folder) => {
    await writeBundle(folder, payload("a"), draft({ version: "1.0.0" }));
    async function* dying() {
      yield new TextEncoder().encode("b");
      await Promise.reject(new Error("the source failed"));
    }
    const files = { ...payload("b"), "onnx/model.onnx": dying() };
    await assert.rejects(
      writeBundle(folder, files, draft({ version: "1.0.1" })),
      /^Error: the source failed/,
    );
    assert.equal(await Deno.readTextFile(join(folder, "onnx/model.onnx")), payload("a")["onnx/model.onnx"]);
    await assert.rejects(readBundle(folder), /config\.json does not match its SHA-256/);
    assert.ok(tree(folder).every((path) => !path.endsWith(".tmp")));
  }));

Deno.test("a folder that cannot be written is one line", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await assert.rejects(writeBundle(`${folder}/file/bundle`, payload(), draft()), (error) => {
      assert.ok(error instanceof UserError && !(error instanceof BundleError));
      assert.match(error.message, /^Cannot write the bundle .*file\/bundle: [^\n]*$/);
      return true;
    });
  }));
