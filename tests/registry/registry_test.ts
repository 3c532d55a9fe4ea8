import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { readBundle } from "../../src/bundle/reader.ts";
import { RegistryError } from "../../src/registry/errors.ts";
import { openRegistry, type PublishStep } from "../../src/registry/registry.ts";
import { contents, draft1, tree, writeContents } from "../bundle/fixture.ts";
import { withFolder } from "../folder.ts";

Deno.test("the first version is 1.0.0, and the next is what the bump asks for", () =>
  withFolder(async (home) => {
    const registry = openRegistry(home);
    const versions: string[] = [];
    for (const bump of ["major", undefined, "minor", "patch", "major"] as const) {
      versions.push((await registry.publish({ name: "spam", files: contents(), bump })).version);
    }
    assert.deepEqual(versions, ["1.0.0", "1.0.1", "1.1.0", "1.1.1", "2.0.0"]);
    await registry.close();
  }));

Deno.test("a published folder is stored whole, with its version, its list of files and a model card", () =>
  withFolder(async (folder) => {
    await writeContents(`${folder}/out`, contents("x"));
    const registry = openRegistry(`${folder}/home`);
    const { version, path } = await registry.publish({ name: "mail.spam-2", directory: `${folder}/out` });
    assert.equal(path, `${folder}/home/models/mail.spam-2/${version}`);
    assert.deepEqual(tree(path), [
      "README.md",
      "config.json",
      "onnx/model.onnx",
      "tokenizer.json",
      "weir.json",
    ]);
    assert.equal(await Deno.readTextFile(`${path}/onnx/model.onnx`), "x".repeat(5000));
    const { manifest } = await registry.verify("mail.spam-2");
    assert.equal(manifest.name, "mail.spam-2");
    assert.equal(manifest.version, "1.0.0");
    assert.equal(manifest.lineage.steps, 441);
    assert.deepEqual(manifest, JSON.parse(await Deno.readTextFile(`${path}/weir.json`)));
    assert.deepEqual(Object.keys(manifest.files).sort(), [
      "README.md",
      "config.json",
      "onnx/model.onnx",
      "tokenizer.json",
    ]);
    assert.deepEqual(tree(`${folder}/home/staging`), []);
    assert.ok((await Deno.stat(`${folder}/out/weir.json`)).isFile, "the source stays");
    await registry.close();
  }));

Deno.test("a model card that the bundle brings is kept", () =>
  withFolder(async (home) => {
    const registry = openRegistry(home);
    const { path } = await registry.publish({
      name: "spam",
      files: { ...contents(), "README.md": "# mine" },
    });
    assert.equal(await Deno.readTextFile(`${path}/README.md`), "# mine");
    await registry.close();
  }));

Deno.test("a reference is a version, an alias, latest, or nothing for champion and else latest", () =>
  withFolder(async (home) => {
    const registry = openRegistry(home);
    for (const tag of ["a", "b", "c"]) await registry.publish({ name: "spam", files: contents(tag) });
    const version = async (reference?: string) => (await registry.resolve("spam", reference)).version;
    assert.equal(await version(), "1.0.2");
    await registry.setAlias("spam", "champion", "1.0.0");
    await registry.setAlias("spam", "challenger", "latest");
    assert.equal(await version(), "1.0.0");
    assert.equal(await version("1.0.1"), "1.0.1");
    assert.equal(await version("challenger"), "1.0.2");
    assert.equal(await version("latest"), "1.0.2");
    await registry.setAlias("spam", "champion", "challenger");
    assert.equal(await version("champion"), "1.0.2");
    await registry.deleteAlias("spam", "challenger");
    await assert.rejects(version("challenger"), RegistryError);
    await assert.rejects(registry.deleteAlias("spam", "challenger"), /has no version or alias "challenger"/);
    await registry.close();
  }));

Deno.test("what cannot be found is answered with what there is", () =>
  withFolder(async (home) => {
    const registry = openRegistry(home);
    await assert.rejects(
      registry.resolve("spam"),
      /^RegistryError: No model "spam" in the registry .*none yet; weir train/,
    );
    await registry.publish({ name: "spam", files: contents() });
    await registry.publish({ name: "spam", files: contents(), aliases: ["champion"] });
    await registry.publish({ name: "topic", files: contents() });
    await assert.rejects(
      registry.resolve("sapm"),
      /No model "sapm" in the registry .*: it has spam, topic\.$/,
    );
    await assert.rejects(
      registry.resolve("spam", "3.0.0"),
      /^RegistryError: Model "spam" has no version or alias "3\.0\.0": it has 1\.0\.0, 1\.0\.1, and champion \(1\.0\.1\)\.$/,
    );
    await assert.rejects(registry.resolve("topic", "../spam"), /and no aliases\.$/);
    await assert.rejects(registry.setAlias("topic", "champion", "2.0.0"), /it has 1\.0\.0/);
    await registry.close();
  }));

Deno.test("list gives models by name, versions in order, and where the aliases point", () =>
  withFolder(async (home) => {
    const registry = openRegistry(home);
    for (let i = 0; i < 11; i++) await registry.publish({ name: "b", files: contents(), bump: "minor" });
    await registry.publish({ name: "a", files: contents(), aliases: ["champion", "eu"] });
    const [a, b] = await registry.list();
    assert.deepEqual([a.name, b.name], ["a", "b"]);
    assert.deepEqual(a.aliases, { champion: "1.0.0", eu: "1.0.0" });
    assert.deepEqual(a.versions[0].aliases, ["champion", "eu"]);
    assert.equal(a.versions[0].metrics.accuracy.value, 0.9855);
    assert.equal(b.versions.at(-1)?.version, "1.10.0");
    assert.equal(b.versions.at(-2)?.version, "1.9.0");
    await registry.close();
  }));

Deno.test("names that would leave the folder or be mistaken for a version are refused", () =>
  withFolder(async (home) => {
    const registry = openRegistry(home);
    for (
      const name of ["../x", "", ".", "..", "Spam", "a/b", "a\\b", "a b", "a".repeat(65), ".hidden", "ä"]
    ) {
      await assert.rejects(registry.publish({ name, files: contents() }), /is no model name/, name);
    }
    for (const alias of ["1.0.0", "latest", "../x", "UP"]) {
      await assert.rejects(
        registry.publish({ name: "spam", files: contents(), aliases: [alias] }),
        RegistryError,
        alias,
      );
      await assert.rejects(registry.setAlias("spam", alias, "latest"), RegistryError, alias);
    }
    assert.deepEqual(await registry.list(), []);
    await registry.close();
  }));

Deno.test("a source that is damaged or no bundle is refused and leaves nothing", () =>
  withFolder(async (folder) => {
    const registry = openRegistry(`${folder}/home`);
    const refused = (files: Record<string, string>, wanted: RegExp) =>
      assert.rejects(registry.publish({ name: "spam", files }), wanted);
    const good = contents();
    const { "onnx/model.onnx": _, ...without } = good;
    await refused({ ...good, "config.json": "{}" }, /config\.json has 2 bytes and weir\.json says \d+/);
    await refused(
      { ...good, "onnx/model.onnx": "b".repeat(5000) },
      /onnx\/model\.onnx does not match its SHA-256/,
    );
    await refused(without, /onnx\/model\.onnx is listed in weir\.json and missing/);
    await refused({ ...good, "../evil": "" }, /"\.\.\/evil" is no path inside a bundle/);
    await refused({ "config.json": "{}" }, /has no weir\.json/);
    await assert.rejects(
      registry.publish({ name: "spam", directory: `${folder}/none` }),
      /none is no bundle: it has no weir/,
    );
    await writeContents(`${folder}/out`, good);
    await Deno.symlink("/etc/passwd", `${folder}/out/vocab.txt`);
    await assert.rejects(
      registry.publish({ name: "spam", directory: `${folder}/out` }),
      /vocab\.txt, which is a link/,
    );
    assert.deepEqual(await registry.list(), []);
    assert.deepEqual(tree(`${folder}/home`).filter((path) => !path.startsWith("weir.db")), ["registry.lock"]);
    await registry.close();
  }));

Deno.test("a step that fails leaves the old version, its alias, and no trace of the new", () =>
  withFolder(async (home) => {
    const first = openRegistry(home);
    await first.publish({ name: "spam", files: contents("a"), aliases: ["champion"] });
    await first.close();
    for (const failing of ["copied", "locked", "sealed", "placed", "inserted"] satisfies PublishStep[]) {
      const registry = openRegistry(home, {
        onStep(step) {
          if (step === failing) throw Object.assign(new Error("write"), { code: "ENOSPC" });
        },
      });
      await assert.rejects(registry.publish({ name: "spam", files: contents("b"), aliases: ["champion"] }));
      assert.deepEqual((await registry.list())[0].versions.map((v) => v.version), ["1.0.0"], failing);
      assert.equal((await registry.verify("spam", "champion")).version, "1.0.0");
      assert.deepEqual(tree(home).filter((path) => /staging|1\.0\.1/.test(path)), []);
      await registry.close();
    }
  }));

const publisher = new URL("./publisher.ts", import.meta.url).pathname;

function spawn(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", publisher, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

Deno.test("a process killed after any step leaves the old version or the new one, and its remains are cleared", () =>
  withFolder(async (home) => {
    const first = openRegistry(home);
    await first.publish({ name: "spam", files: contents("a"), aliases: ["champion"] });
    await first.close();
    for (
      const step of ["copied", "locked", "sealed", "placed", "inserted", "committed"] satisfies PublishStep[]
    ) {
      const { signal } = await spawn(home, "1", "b", step).output();
      assert.equal(signal, "SIGKILL");
      const left = tree(home).filter((path) => path.startsWith("staging/"));
      assert.ok(left.length > 0, `${step}: the dead process left something to clear`);
      const registry = openRegistry(home);
      const version = step === "committed" ? "1.0.1" : "1.0.0";
      const [model] = await registry.list();
      assert.equal(model.versions.at(-1)?.version, version, step);
      assert.equal((await registry.verify("spam", "champion")).version, version, step);
      assert.deepEqual([...Deno.readDirSync(`${home}/models/spam`)].length, model.versions.length, step);
      assert.deepEqual([...Deno.readDirSync(`${home}/staging`)], [], step);
      await registry.close();
    }
  }));

Deno.test("a process killed at any moment loses no version that it had announced, and every version is whole", () =>
  withFolder(async (home) => {
    const announced: string[] = [];
    for (let round = 0; round < 4; round++) {
      const child = spawn(home, "300", `r${round}`);
      const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      let killAt: ReturnType<typeof setTimeout> | undefined;
      for (let chunk; !(chunk = await lines.read()).done;) {
        text += chunk.value;
        // Once a version is out, some milliseconds into one of the next.
        if (/^\d/m.test(text)) killAt ??= setTimeout(() => child.kill("SIGKILL"), 3 + 11 * round);
      }
      assert.equal((await child.status).signal, "SIGKILL");
      announced.push(...text.split("\n").slice(0, -1).filter((line) => line !== "up"));
      const registry = openRegistry(home);
      const versions = (await registry.list())[0]?.versions.map((v) => v.version) ?? [];
      for (const version of announced) assert.ok(versions.includes(version), `${version} was announced`);
      for (const version of versions) await registry.verify("spam", version);
      if (versions.length > 0) {
        assert.equal((await registry.resolve("spam", "champion")).version, versions.at(-1));
        assert.deepEqual([...Deno.readDirSync(`${home}/models/spam`)].length, versions.length);
      }
      assert.deepEqual(tree(home).filter((path) => path.startsWith("staging/")), []);
      await registry.close();
    }
  }));

Deno.test("two processes that publish at once get distinct versions, all of them whole", () =>
  withFolder(async (home) => {
    const outputs = await Promise.all(["a", "b"].map((tag) => spawn(home, "8", tag).output()));
    const versions = outputs.flatMap(({ stdout }) =>
      new TextDecoder().decode(stdout).trim().split("\n").slice(1)
    );
    assert.deepEqual(
      versions.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })),
      Array.from({ length: 16 }, (_, i) => `1.0.${i}`),
    );
    const registry = openRegistry(home);
    for (const version of versions) await registry.verify("spam", version);
    await registry.close();
  }));

Deno.test("a publish that is under way survives another registry opening the same home", () =>
  withFolder(async (home) => {
    const registry = openRegistry(home, {
      async onStep(step) {
        if (step !== "placed") return;
        const other = openRegistry(home);
        assert.deepEqual(await other.list(), []);
        await other.close();
      },
    });
    await registry.publish({ name: "spam", files: contents() });
    assert.equal((await registry.verify("spam")).version, "1.0.0");
    await registry.close();
  }));

Deno.test("when the database is lost, the bundles are registered anew", () =>
  withFolder(async (home) => {
    const first = openRegistry(home);
    for (const tag of ["a", "b"]) {
      await first.publish({ name: "spam", files: contents(tag), aliases: ["champion"] });
    }
    await first.close();
    for (const file of ["weir.db", "weir.db-wal", "weir.db-shm"]) {
      await Deno.remove(`${home}/${file}`).catch(() => {});
    }
    await writeContents(`${home}/models/spam/notes`, { "a.txt": "not a bundle" });
    const second = openRegistry(home);
    const [model] = await second.list();
    assert.deepEqual(
      model.versions.map((v) => v.version),
      ["1.0.0", "1.0.1"],
    );
    assert.deepEqual(model.aliases, {});
    assert.equal((await second.publish({ name: "spam", files: contents("c") })).version, "1.0.2");
    await second.close();
  }));

Deno.test("a bundle of format 1 is published as format 2, and versions that were registered with format 1 are still there", () =>
  withFolder(async (home) => {
    const golden = new URL("../golden/serve/bundle", import.meta.url).pathname;
    const registry = openRegistry(home);
    const { path } = await registry.publish({ name: "spam", directory: golden });
    const written = JSON.parse(await Deno.readTextFile(`${path}/weir.json`));
    assert.equal(written.format, "weir-bundle/2");
    assert.equal(written.architecture, "bert");
    assert.deepEqual(written.head, { labels: ["ham", "spam"] });
    assert.deepEqual((await readBundle(path)).manifest, written);

    const old = JSON.stringify(draft1({ version: "1.0.0", files: {} }));
    const raw = new DatabaseSync(`${home}/weir.db`);
    raw.prepare("UPDATE versions SET manifest = ?").run(old);
    raw.close();
    assert.deepEqual((await registry.list())[0].versions.map(({ version }) => version), ["1.0.0"]);
    assert.deepEqual((await registry.resolve("spam")).manifest.head, { labels: ["ham", "spam"] });
    await registry.close();
  }));

Deno.test("a version is written with the caller's words in its model card", () =>
  withFolder(async (home) => {
    const registry = openRegistry(home);
    const words = { pipelineTag: "token-classification", license: "mit" };
    const { path } = await registry.publish({ name: "ner", files: contents(), ...words });
    const text = await Deno.readTextFile(`${path}/README.md`);
    assert.match(text, /^license: mit$/m);
    assert.match(text, /^pipeline_tag: token-classification$/m);
    await registry.close();
  }));

Deno.test("a version whose folder is gone or changed is named", () =>
  withFolder(async (home) => {
    const registry = openRegistry(home);
    const { path } = await registry.publish({ name: "spam", files: contents() });
    await Deno.writeTextFile(`${path}/config.json`, "{}");
    await assert.rejects(registry.verify("spam"), /is damaged: config\.json has 2 bytes/);
    await Deno.remove(path, { recursive: true });
    await assert.rejects(
      registry.resolve("spam"),
      /spam 1\.0\.0 is registered, but its folder .* is missing: restore it/,
    );
    await registry.close();
  }));

Deno.test("a journal that somebody has forged removes nothing", () =>
  withFolder(async (folder) => {
    const home = `${folder}/home`;
    await writeContents(`${folder}/1.0.0`, { "a.txt": "keep" });
    for (
      const forged of [{ name: "../..", version: "1.0.0" }, { name: "spam", version: "../../../1.0.0" }, {}]
    ) {
      await writeContents(home, { "staging/x.journal.json": JSON.stringify(forged) });
      const registry = openRegistry(home);
      await assert.rejects(registry.list(), /x\.journal\.json is no journal of the registry: move it away/);
      assert.equal(await Deno.readTextFile(`${folder}/1.0.0/a.txt`), "keep");
      await registry.close();
    }
  }));

Deno.test("an alias in the database never points at a version that is not there", () =>
  withFolder(async (home) => {
    const registry = openRegistry(home);
    await registry.publish({ name: "spam", files: contents(), aliases: ["champion"] });
    await registry.close();
    const raw = new DatabaseSync(`${home}/weir.db`);
    assert.throws(() => raw.exec("DELETE FROM versions"), /FOREIGN KEY/);
    raw.close();
  }));
