import assert from "node:assert/strict";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { messages, spawnWeir, tiny, weir, weirProcess, writeJsonl } from "./cli.ts";
import { withFolder } from "../folder.ts";

/** Trains a tiny model in `folder`/home and returns the options that reach it, and its data. */
async function trained(folder: string): Promise<{ at: string[]; data: string }> {
  const at = ["--home", join(folder, "home")];
  const data = await writeJsonl(join(folder, "mails.jsonl"), messages(30));
  const { code, stderr } = await weir(
    "train",
    ...at,
    "--name",
    "toy",
    "--data",
    data,
    ...tiny,
    "--epochs",
    "1",
  );
  assert.equal(code, 0, stderr);
  return { at, data };
}

Deno.test("a device that this machine lacks is named, with what to do", async (t) => {
  await withFolder(async (folder) => {
    const { at, data } = await trained(folder);
    const train = ["train", ...at, "--name", "toy", "--data", data, ...tiny];
    // An interface that this system does not have finds no adapter.
    const noGpu = { env: { DENO_WEBGPU_BACKEND: Deno.build.os === "darwin" ? "vulkan" : "metal" } };
    const noFfi = {
      permissions: ["--allow-read", "--allow-write", "--allow-env", "--allow-net", "--allow-sys"],
    };

    await t.step("no GPU to train or predict on", async () => {
      const training = await weirProcess([...train, "--device", "webgpu"], noGpu);
      assert.equal(training.code, 1);
      assert.match(
        training.stderr,
        /^weir: Cannot open WebGPU: no adapter found; install a Vulkan driver [^\n]*\n$/m,
      );
      const predicting = await weirProcess(
        ["predict", "--model", "toy", ...at, "--device", "webgpu", "hi"],
        noGpu,
      );
      assert.equal(predicting.code, 1);
      assert.match(predicting.stderr, /^weir: no GPU: WebGPU finds no adapter; .* or use --device wasm\n$/);
    });

    await t.step("no foreign code for native, and auto takes wasm then", async () => {
      const training = await weirProcess([...train, "--device", "native"], noFfi);
      assert.equal(training.code, 1);
      assert.match(training.stderr, /^weir: Cannot use device "native": [^\n]*--allow-ffi[^\n]*\n$/m);
      const predicting = await weirProcess(
        ["predict", "--model", "toy", ...at, "--device", "native", "hi"],
        noFfi,
      );
      assert.equal(predicting.code, 1);
      assert.match(predicting.stderr, /^weir: onnxruntime-node .* --allow-ffi, or use --device wasm\n$/);
      const auto = await weirProcess(["predict", "--model", "toy", ...at, "--json", "hi"], {
        permissions: noFfi.permissions,
        env: noGpu.env,
      });
      assert.equal(auto.code, 0, auto.stderr);
      assert.equal(JSON.parse(auto.stdout).device, "wasm");
    });

    await t.step("no session of a user: nothing but the answer is written", async () => {
      const { stdout, stderr } = await weirProcess(["predict", "--model", "toy", ...at, "hi"], {
        env: { XDG_RUNTIME_DIR: "" },
      });
      assert.match(stdout, /^(ham|spam) /);
      assert.equal(stderr, "");
    });
  });
});

Deno.test("a model that memory cannot hold is refused before it is made", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "mails.jsonl"), messages(10));
    const { code, stderr } = await weir(
      ...["train", "--home", join(folder, "home"), "--name", "huge", "--data", data, "--device", "interp"],
      ...["--layers", "100", "--hidden-size", "16384"],
    );
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^weir: a model of \d+ M parameters takes at least [\d.]+ [GT]B to train, and this machine/m,
    );
  }));

Deno.test("a home that is no folder, or may not be written, is an error before the work", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "mails.jsonl"), messages(10));
    for (const home of [data, join(data, "below")]) {
      for (const args of [["registry", "list"], ["train", "--name", "toy", "--data", data, ...tiny]]) {
        const { code, stdout, stderr } = await weir(...args, "--home", home);
        assert.deepEqual([code, stdout], [1, ""]);
        assert.match(stderr, /^weir: [^\n]*mails\.jsonl[^\n]*\n$/m);
        assert.doesNotMatch(stderr, /unexpected|epoch|tokenizer/);
      }
    }
    const forbidden = await weirProcess(["registry", "list", "--home", join(folder, "home")], {
      permissions: ["--allow-read", "--allow-env", "--allow-sys", `--allow-write=${join(folder, "other")}`],
    });
    assert.equal(forbidden.code, 1);
    assert.match(forbidden.stderr, /^weir: not permitted: Requires write access to ".*home"[^\n]*\n$/);
  }));

const mount = (folder: string) =>
  new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder],
    stdout: "null",
    stderr: "null",
  }).outputSync().success;
const unmount = (folder: string) => new Deno.Command("umount", { args: [folder] }).outputSync();

function canMount(): boolean {
  if (Deno.build.os !== "linux") return false;
  const folder = Deno.makeTempDirSync();
  try {
    const done = mount(folder);
    if (done) unmount(folder);
    return done;
  } catch {
    return false; // no such command
  } finally {
    Deno.removeSync(folder);
  }
}

Deno.test({
  name:
    "a full disk is named; the version before stays, and training goes on when there is room (needs root to mount a tmpfs)",
  ignore: !canMount(),
  fn: () =>
    withFolder(async (folder) => {
      const home = join(folder, "home");
      const data = await writeJsonl(join(folder, "mails.jsonl"), messages(30));
      const train = ["train", "--home", home, "--name", "toy", "--data", data, ...tiny, "--epochs", "2"];
      await Deno.mkdir(home);
      assert.ok(mount(home));
      try {
        const first = await weir(...train);
        assert.equal(first.code, 0, first.stderr);

        const leave = async (bytes: number) => {
          const { bavail, bsize } = await statfs(home);
          await Deno.writeFile(join(home, "fill"), new Uint8Array(bavail * bsize - bytes));
        };
        // Room for the database's log and shared memory, but not for a checkpoint.
        await leave(56 * 1024);
        const full = await weir(...train);
        assert.deepEqual([full.code, full.stdout], [1, ""], full.stderr);
        assert.match(
          full.stderr,
          /^weir: Cannot save .*home\/checkpoints\/toy\/.*No space left .*Free some space/m,
        );
        await Deno.remove(join(home, "fill"));

        await leave(0);
        const opened = await weir("registry", "list", "--home", home);
        assert.equal(opened.code, 1);
        assert.match(
          opened.stderr,
          /^weir: Cannot open the database: the disk that holds .* is full\. Free some/,
        );
        await Deno.remove(join(home, "fill"));

        assert.equal((await weir("registry", "verify", "toy@1.0.0", "--home", home)).code, 0);
        const again = await weir(...train, "--resume", "--json");
        assert.equal(again.code, 0, again.stderr);
        assert.equal(JSON.parse(again.stdout).version, "1.1.0");
      } finally {
        unmount(home);
      }
    }),
});

Deno.test("serve answers until it is asked to end, and says when its port is taken", () =>
  withFolder(async (folder) => {
    const { at } = await trained(folder);
    const serve = ["serve", "--model", "toy", ...at, "--device", "wasm", "--json"];
    await using child = spawnWeir([...serve, "--port", "0"]);
    const stderr = new Response(child.stderr).text();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { url, model, version } = JSON.parse((await lines.read()).value!);
    assert.deepEqual([model, version], ["toy", "1.0.0"]);

    // Under the alias that the registry has for the version, whatever it was asked for as.
    for (
      const path of ["/predict", "/models/toy/predict?version=1.0.0", "/models/toy/predict?version=champion"]
    ) {
      const response = await fetch(`${url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ inputs: "win cash now" }),
      });
      assert.equal(response.status, 200, path);
      assert.equal((await response.json()).length, 2);
    }

    const second = await weir(...serve, "--port", new URL(url).port);
    assert.deepEqual([second.code, second.stdout], [1, ""]);
    assert.match(
      second.stderr,
      /^weir: Port 127\.0\.0\.1:\d+ is taken\. Choose another with --port, or 0 for a free one\.\n$/,
    );
    const nowhere = await weir(...serve, "--host", "192.0.2.1");
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /^weir: This machine has no address 192\.0\.2\.1[^\n]*\n$/);

    child.kill("SIGTERM");
    assert.ok((await lines.read()).done, "nothing but the one object on standard output");
    const { code, signal } = await child.status;
    assert.deepEqual([code, signal], [0, null]);
    assert.match(await stderr, /^closing: answering what is under way\n$/m);
  }));

Deno.test("a reader that goes away, as head does, is no error", () =>
  withFolder(async (home) => {
    const child = spawnWeir(["registry", "list", "--home", home]);
    await child.stdout.cancel();
    const stderr = await new Response(child.stderr).text();
    assert.deepEqual([(await child.status).code, stderr], [0, ""]);
  }));
