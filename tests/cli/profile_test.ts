import assert from "node:assert/strict";
import { join } from "node:path";
import { describeAdapter } from "../../src/backend/gpu/device/device.ts";
import { messages, tiny, weir, writeJsonl } from "./cli.ts";
import { withFolder } from "../folder.ts";

const adapter = await describeAdapter();

Deno.test({
  name: "train --profile prints what each kernel takes, writes a trace that browsers load, and trains on",
  ignore: !adapter,
  fn: () =>
    withFolder(async (folder) => {
      const data = await writeJsonl(join(folder, "mails.jsonl"), messages(60));
      const file = join(folder, "trace.json");
      const train = [
        ...["train", "--home", folder, "--data", data, "--name", "toy", ...tiny],
        ...["--device", "webgpu", "--epochs", "1", "--json"],
      ];
      const { code, stdout, stderr } = await weir(...train, "--profile", file);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /^profile of train 16x\d+ on WebGPU on .*$/m);
      assert.match(stderr, /^memory: \d.* of states \+ \d.* to work with = \d/m);
      assert.ok(stderr.includes(`trace: ${file} (open it at https://ui.perfetto.dev or chrome://tracing)`));
      const { profile, losses } = JSON.parse(stdout);
      assert.equal(profile.trace, file);
      assert.ok(profile.stepMs > 0 && profile.memory.stateBytes > 0 && losses.length > 3);
      const { traceEvents } = JSON.parse(await Deno.readTextFile(file));
      const steps = traceEvents.filter((e: { name: string }) => e.name.startsWith("profiled step"));
      assert.equal(steps.length, 5);
      if (!adapter!.features.includes("timestamp-query")) return;
      assert.match(stderr, /^ *ms +share +launches +arithmetic +memory +by kind of kernel$/m);
      assert.match(stderr, /^ *[\d.]+ +[\d.]+% +\d+ +[\d.]+ [kMGT]?FLOP\/s +[\d.]+ [kMGT]?B\/s +matmul \[/m);
      assert.match(stderr, /^ *[\d.]+ +100\.0% .* an ordinary step$/m);
      assert.ok(profile.launches > 5 && profile.kernelMs > 0 && profile.flops > 0);
    }),
});

Deno.test("train --profile says at once that other devices cannot, and that a file cannot be written", async () => {
  await withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "mails.jsonl"), messages(20));
    const train = ["train", "--home", folder, "--data", data, "--name", "toy", ...tiny];
    const wasm = await weir(...train, "--profile", join(folder, "trace.json"));
    assert.equal(wasm.code, 2);
    assert.match(
      wasm.stderr,
      /^weir: --profile times the kernels of --device webgpu, and this run is on wasm/m,
    );
    if (!adapter) return;
    const nowhere = await weir(...train, "--device", "webgpu", "--profile", join(folder, "no", "trace.json"));
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /^weir: no such file or folder: .*trace\.json/m);
    assert.doesNotMatch(nowhere.stderr, /training on/);
  });
});

Deno.test("train --precision f16 says at once where it cannot", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "mails.jsonl"), messages(60));
    const train = ["train", "--home", folder, "--data", data, "--name", "toy", ...tiny];
    const { code, stderr } = await weir(...train, "--device", "wasm", "--precision", "f16");
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^weir: Cannot train in f16 on wasm: f16 needs a GPU \(webgpu\). Train with precision f32/m,
    );
    assert.ok(!stderr.includes("tokenizer"), "before any work");
  }));
