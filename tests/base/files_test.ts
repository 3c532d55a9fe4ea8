import assert from "node:assert/strict";
import {
  isThere,
  moveFolderDurably,
  openForReading,
  readLimited,
  readLimitedSync,
  removeUnfinishedFiles,
  writeFileAtomic,
  writeFileDurably,
} from "../../src/base/files.ts";
import { hashFile } from "../../src/base/hash.ts";
import { withFolder } from "../folder.ts";

const names = (folder: string) => [...Deno.readDirSync(folder)].map((e) => e.name).sort();

Deno.test("a file is replaced whole and nothing else stays in the folder", () =>
  withFolder(async (folder) => {
    await writeFileAtomic(`${folder}/a/b/file.json`, "old");
    await writeFileAtomic(`${folder}/a/b/file.json`, new TextEncoder().encode("new"));
    assert.equal(await Deno.readTextFile(`${folder}/a/b/file.json`), "new");
    assert.deepEqual(names(`${folder}/a/b`), ["file.json"]);
  }));

Deno.test("a write that fails leaves the old entry and no temporary file", () =>
  withFolder(async (folder) => {
    // A folder cannot be replaced by a file: the last step, the rename, fails.
    await Deno.mkdir(`${folder}/taken/inside`, { recursive: true });
    await assert.rejects(writeFileAtomic(`${folder}/taken`, "x"));
    assert.deepEqual(names(folder), ["taken"]);
    assert.deepEqual(names(`${folder}/taken`), ["inside"]);
  }));

Deno.test("a process killed while it rewrites a file leaves the old content or the new", () =>
  withFolder(async (folder) => {
    const path = `${folder}/state`;
    await writeFileAtomic(path, "0".repeat(500_000));
    const code = `import { writeFileAtomic } from ${
      JSON.stringify(import.meta.resolve("../../src/base/files.ts"))
    };
      console.log("up");
      for (let i = 1;; i = (i + 1) % 10) await writeFileAtomic(${
      JSON.stringify(path)
    }, String(i).repeat(500_000));`;
    for (let round = 0; round < 4; round++) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", code],
        stdout: "piped",
        stderr: "null",
        stdin: "null",
      }).spawn();
      const reader = child.stdout.getReader();
      await reader.read();
      await new Promise((resolve) => setTimeout(resolve, 7 + 13 * round));
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      const content = await Deno.readTextFile(path);
      assert.equal(content, content[0].repeat(500_000));
    }
  }));

Deno.test("a folder appears under its new name with everything in it", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/staged/onnx`, { recursive: true });
    await writeFileDurably(`${folder}/staged/onnx/model.onnx`, "weights");
    await moveFolderDurably(`${folder}/staged`, `${folder}/models/spam/1.0.0`);
    assert.equal(await Deno.readTextFile(`${folder}/models/spam/1.0.0/onnx/model.onnx`), "weights");
    assert.deepEqual(names(folder), ["models"]);
  }));

Deno.test("a file that exists is never overwritten by a durable write", () =>
  withFolder(async (folder) => {
    await writeFileDurably(`${folder}/a`, "first");
    await assert.rejects(writeFileDurably(`${folder}/a`, "second"), Deno.errors.AlreadyExists);
    assert.equal(await Deno.readTextFile(`${folder}/a`), "first");
  }));

Deno.test("two writers of one file do not disturb each other, and what stays is whole", () =>
  withFolder(async (folder) => {
    const contents = ["a", "b", "c", "d"].map((letter) => letter.repeat(300_000));
    for (let round = 0; round < 5; round++) {
      await Promise.all(contents.map((content) => writeFileAtomic(`${folder}/state`, content)));
      assert.ok(contents.includes(await Deno.readTextFile(`${folder}/state`)));
    }
    assert.deepEqual(names(folder), ["state"]);
  }));

Deno.test("a file is written part by part, and a part that cannot be made leaves the old file", () =>
  withFolder(async (folder) => {
    function* parts(fail: boolean): Generator<Uint8Array> {
      yield Uint8Array.of(1, 2);
      if (fail) throw new Error("no more");
      yield Uint8Array.of(3);
    }
    await writeFileAtomic(`${folder}/state`, parts(false));
    assert.deepEqual([...await Deno.readFile(`${folder}/state`)], [1, 2, 3]);
    await assert.rejects(writeFileAtomic(`${folder}/state`, parts(true)), /no more/);
    assert.deepEqual([...await Deno.readFile(`${folder}/state`)], [1, 2, 3]);
    assert.deepEqual(names(folder), ["state"]);
  }));

Deno.test("what a killed writer left goes, and nothing else", () =>
  withFolder(async (folder) => {
    const kept = [".lock", ".notes.tmp", "state", "state.tmp"];
    for (const name of [...kept, `.state.${crypto.randomUUID()}.tmp`]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    await removeUnfinishedFiles(folder);
    assert.deepEqual(names(folder), kept);
  }));

Deno.test("a file is read up to its limit and refused above, with both numbers", () =>
  withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a`, Uint8Array.of(1, 2, 3));
    assert.deepEqual([...(await readLimited(`${folder}/a`, 3))!], [1, 2, 3]);
    await assert.rejects(readLimited(`${folder}/a`, 2), {
      name: "UserError",
      message: `${folder}/a has 3 bytes; the limit is 2`,
    });
    await Deno.writeFile(`${folder}/empty`, new Uint8Array());
    assert.equal((await readLimited(`${folder}/empty`, 0))!.length, 0);
    assert.equal(await readLimited(`${folder}/none`, 9), undefined);
    assert.equal(await readLimited(`${folder}/a/none`, 9), undefined);
  }));

const linux = Deno.build.os === "linux";

Deno.test({
  name: "a file of unknown size is read to its end, or to the limit",
  ignore: !linux,
  async fn() {
    const status = (await readLimited("/proc/self/status", 1_000_000))!;
    assert.match(new TextDecoder().decode(status), /^Name:[^]*VmPeak/);
    await assert.rejects(readLimited("/proc/self/status", 10), /has over 10 bytes; the limit is 10/);
  },
});

Deno.test({
  name: "what is no file is refused before it is opened, by every way of reading",
  ignore: !linux,
  fn: () =>
    withFolder(async (folder) => {
      await new Deno.Command("mkfifo", { args: [`${folder}/fifo`] }).output();
      using _socket = Deno.listen({ transport: "unix", path: `${folder}/socket` });
      await Deno.symlink("/dev/zero", `${folder}/endless`);
      await Deno.symlink("loop", `${folder}/loop`);
      await Deno.mkdir(`${folder}/sub`);
      const cases: [name: string, problem: RegExp][] = [
        ["fifo", /fifo is a FIFO; a file was expected$/],
        ["socket", /socket is a socket; a file was expected$/],
        ["endless", /endless is a device; a file was expected$/],
        ["loop", /loop is a link that leads to itself; a file was expected$/],
        ["sub", /sub is a folder; a file was expected$/],
      ];
      for (const [name, message] of cases) {
        const wanted = { name: "UserError", message };
        await assert.rejects(readLimited(`${folder}/${name}`, 1000), wanted);
        await assert.rejects(openForReading(`${folder}/${name}`), wanted);
        await assert.rejects(hashFile(`${folder}/${name}`), wanted);
        assert.throws(() => readLimitedSync(`${folder}/${name}`, 1000), wanted);
        assert.equal(await isThere(`${folder}/${name}`), true);
      }
    }),
});

Deno.test("a link to a file is followed, and one to nothing is no file", () =>
  withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/blob`, Uint8Array.of(1, 2));
    await Deno.symlink("blob", `${folder}/link`);
    await Deno.symlink("none", `${folder}/broken`);
    assert.deepEqual([...(await readLimited(`${folder}/link`, 2))!], [1, 2]);
    assert.deepEqual([...readLimitedSync(`${folder}/link`, 2)!], [1, 2]);
    assert.equal(await readLimited(`${folder}/broken`, 2), undefined);
    assert.equal(readLimitedSync(`${folder}/broken`, 2), undefined);
    assert.equal(await isThere(`${folder}/broken`), false);
    assert.throws(() => readLimitedSync(`${folder}/link`, 1), /has 2 bytes; the limit is 1/);
    await assert.rejects(
      hashFile(`${folder}/link`, undefined, { maxBytes: 1 }),
      /has 2 bytes; the limit is 1/,
    );
  }));

Deno.test({
  name: "a stream that a user names is read where that is meant, up to the limit",
  ignore: !linux,
  async fn() {
    await assert.rejects(
      readLimited("/dev/zero", 100_000, { streams: true }),
      /has over 100000 bytes; the limit is 100000/,
    );
  },
});
