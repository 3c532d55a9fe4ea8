import assert from "node:assert/strict";
import type { AdapterDescription } from "../../src/backend/gpu/device/device.ts";
import { doctor, formatDoctor } from "../../src/cli/doctor.ts";

const limits: AdapterDescription["limits"] = {
  maxBufferSize: 4 * 2 ** 30,
  maxStorageBufferBindingSize: 2 * 2 ** 30,
  maxStorageBuffersPerShaderStage: 8,
  maxBindingsPerBindGroup: 1000,
  maxComputeWorkgroupStorageSize: 48 * 1024,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupsPerDimension: 65535,
};
const h100: AdapterDescription = {
  vendor: "4318",
  architecture: "",
  description: "NVIDIA H100 80GB HBM3",
  software: false,
  features: ["timestamp-query"],
  limits,
};
const llvmpipe: AdapterDescription = {
  ...h100,
  description: "llvmpipe (LLVM 15.0.6, 256 bits)",
  software: true,
  features: ["shader-f16", "timestamp-query"],
};

const row = (text: string, name: string) => text.split("\n").find((line) => line.startsWith(name + " "))!;

Deno.test("doctor says that auto takes a hardware GPU, else native, else wasm, and never a software adapter", async () => {
  const auto = async (adapter: AdapterDescription | null, native: boolean) =>
    (await doctor({ machine: { adapter, native } })).auto;
  assert.equal((await auto(h100, true)).device, "webgpu");
  assert.match((await auto(h100, true)).why, /NVIDIA H100/);
  assert.equal((await auto(llvmpipe, true)).device, "native");
  assert.match((await auto(llvmpipe, true)).why, /software/);
  assert.equal((await auto(llvmpipe, false)).device, "wasm");
  assert.equal((await auto(null, false)).device, "wasm");
});

Deno.test("doctor describes the adapter in words, with what its limits allow", async () => {
  const hard = formatDoctor(await doctor({ machine: { adapter: h100, native: true } }));
  assert.match(row(hard, "webgpu"), /NVIDIA H100 80GB HBM3 \(hardware\)$/);
  assert.match(
    hard,
    /shader-f16 no: trains in f32 alone; timestamp-query yes: train --profile times every kernel/,
  );
  assert.match(
    hard,
    /buffers to 4 GiB, bindings to 2 GiB \(537 M numbers\), 8 storage buffers, workgroups of 1024 with 48 KiB/,
  );
  const soft = formatDoctor(await doctor({ machine: { adapter: llvmpipe, native: true } }));
  assert.match(row(soft, "webgpu"), /llvmpipe .*\(software: runs on the CPU/);
  assert.match(soft, /shader-f16 yes: trains with --precision f16/);
  const blind = { ...llvmpipe, features: [] };
  const plain = formatDoctor(await doctor({ machine: { adapter: blind, native: true } }));
  assert.match(plain, /timestamp-query no: train --profile times whole steps/);
  const none = formatDoctor(await doctor({ machine: { adapter: null, native: true } }));
  assert.match(row(none, "webgpu"), /no adapter$/);
  assert.ok(!none.includes("shader-f16"));
});

Deno.test("doctor reports this machine: versions, cores, memory, and the packages that are installed", async () => {
  const report = await doctor();
  assert.equal(report.deno, Deno.version.deno);
  assert.ok(report.cpu.cores >= 1);
  assert.ok(report.memory.totalBytes >= report.memory.availableBytes && report.memory.availableBytes > 0);
  assert.equal(report.providers.wasm.version, "1.30.0");
  assert.equal(report.providers.wasm.threads, navigator.hardwareConcurrency);
  if (report.providers.native.usable) assert.match(report.providers.native.version!, /^\d+\.\d+\.\d+/);
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report, "the report is plain JSON");
  for (const name of ["weir", "CPU", "memory", "webgpu", "native", "wasm", "--device auto", "home"]) {
    assert.ok(row(formatDoctor(report), name), `${name} has a line`);
  }
  assert.match(formatDoctor(report), /^ +that is to train; models answer on (webgpu|wasm)$/m);
});

Deno.test("doctor finds the free space of a home that is not made yet, and makes nothing", async () => {
  const folder = await Deno.makeTempDir();
  const home = `${folder}/not/yet`;
  const report = await doctor({ home, machine: { adapter: null, native: false } });
  assert.equal(report.home.path, home);
  assert.equal(report.home.exists, false);
  assert.ok(report.home.freeBytes! > 0);
  assert.match(row(formatDoctor(report), "home"), /\/not\/yet \(not made yet\), [\d.]+ [KMGT]iB free$/);
  assert.deepEqual([...Deno.readDirSync(folder)], []);
  await Deno.mkdir(home, { recursive: true });
  assert.equal((await doctor({ home, machine: { adapter: null, native: false } })).home.exists, true);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("doctor tells a package that is missing from one that may not be loaded", async () => {
  const report = await doctor({ machine: { adapter: null, native: false } });
  const native = (version: string | null) =>
    row(
      formatDoctor({ ...report, providers: { ...report.providers, native: { usable: false, version } } }),
      "native",
    );
  assert.match(native(null), /onnxruntime-node is not installed$/);
  assert.match(native("1.30.0"), /onnxruntime-node 1\.30\.0 is installed and cannot be loaded: allow FFI/);
});
