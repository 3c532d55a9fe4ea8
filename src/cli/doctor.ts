/**
 * What this machine has and what Weir would make of it.
 *
 * @module
 */
import { statfs } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, cpus } from "node:os";
import { dirname, join, resolve } from "node:path";
import config from "../../deno.json" with { type: "json" };
import type { AdapterDescription } from "../backend/gpu/device/device.ts";
import { readLimited } from "../base/files.ts";
import { formatBytes } from "../base/format.ts";
import { chooseDevice, type ChosenDevice, inspectMachine, type Machine } from "./device.ts";

/** All that `weir doctor --json` prints. */
export interface DoctorReport {
  readonly weir: string;
  readonly deno: string;
  readonly system: string;
  readonly cpu: { model: string; cores: number };
  readonly memory: { totalBytes: number; availableBytes: number };
  /** null where WebGPU finds no adapter */
  readonly adapter: (AdapterDescription & { f16: boolean; timestampQuery: boolean }) | null;
  readonly providers: {
    /** Version null: the package is not installed. */
    native: { usable: boolean; version: string | null };
    wasm: { version: string | null; threads: number };
  };
  /** What `--device auto` takes. */
  readonly auto: ChosenDevice;
  /** freeBytes null: the system does not say */
  readonly home: { path: string; exists: boolean; freeBytes: number | null };
}

/** Options of {@linkcode doctor}. */
export interface DoctorOptions {
  /** Where models and runs live; `$WEIR_HOME` or `.weir` by default. */
  readonly home?: string;
  /** What is known of the devices already; probed by default. */
  readonly machine?: Machine;
}

/**
 * Looks at this machine. Nothing is changed, and nothing that is missing is an error.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { doctor, formatDoctor } from "./doctor.ts";
 *
 * const report = await doctor({ machine: { adapter: null, native: false } });
 * assert.equal(report.auto.device, "wasm");
 * assert.match(formatDoctor(report), /--device auto +wasm: there is no GPU/);
 * ```
 */
export async function doctor(options: DoctorOptions = {}): Promise<DoctorReport> {
  const machine = options.machine ?? await inspectMachine();
  const memory = Deno.systemMemoryInfo();
  const { adapter } = machine;
  return {
    weir: config.version,
    deno: Deno.version.deno,
    system: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    cpu: { model: cpus()[0]?.model.trim() || "unknown", cores: availableParallelism() },
    memory: { totalBytes: memory.total, availableBytes: memory.available },
    adapter: adapter && {
      ...adapter,
      f16: adapter.features.includes("shader-f16"),
      timestampQuery: adapter.features.includes("timestamp-query"),
    },
    providers: {
      native: { usable: machine.native, version: await packageVersion("onnxruntime-node") },
      wasm: { version: await packageVersion("onnxruntime-web"), threads: navigator.hardwareConcurrency },
    },
    auto: chooseDevice("auto", machine),
    home: await inspectHome(resolve(options.home ?? Deno.env.get("WEIR_HOME") ?? ".weir")),
  };
}

/** The report as lines of text for a person. */
export function formatDoctor(report: DoctorReport): string {
  const { adapter, providers: { native, wasm }, home } = report;
  const rows: [string, string][] = [
    ["weir", `${report.weir}, Deno ${report.deno}, ${report.system}`],
    ["CPU", `${report.cpu.model}, ${report.cpu.cores} cores`],
    ["memory", `${size(report.memory.availableBytes)} available of ${size(report.memory.totalBytes)}`],
    ["webgpu", adapter === null ? "no adapter" : describeAdapter(adapter)],
  ];
  if (adapter !== null) {
    rows.push(
      ["", describeFeatures(adapter)],
      ["", describeLimits(adapter.limits)],
    );
  }
  rows.push(
    ["native", describeNative(native)],
    [
      "wasm",
      wasm.version === null
        ? "onnxruntime-web is not installed"
        : `onnxruntime-web ${wasm.version}, ${threads(wasm.threads)}`,
    ],
    ["--device auto", `${report.auto.device}: ${report.auto.why}`],
    ["", `that is to train; models answer on ${report.auto.device === "webgpu" ? "webgpu" : "wasm"}`],
    [
      "home",
      `${home.path}${home.exists ? "" : " (not made yet)"}, ${
        home.freeBytes === null ? "free space unknown" : `${size(home.freeBytes)} free`
      }`,
    ],
  );
  return rows.map(([name, value]) => `${name.padEnd(14)} ${value}`).join("\n");
}

function describeAdapter(adapter: AdapterDescription): string {
  const kind = adapter.software ? "software: runs on the CPU, for tests, never taken by auto" : "hardware";
  // Some drivers name a vendor by its PCI number alone, which says nothing to a person.
  const vendor = /^(0x)?[0-9a-f]*$/i.test(adapter.vendor) ? "" : `, ${adapter.vendor}`;
  return `${adapter.description}${vendor} (${kind})`;
}

/** What each feature is good for in training. */
function describeFeatures({ f16, timestampQuery }: { f16: boolean; timestampQuery: boolean }): string {
  const half = f16 ? "yes: trains with --precision f16" : "no: trains in f32 alone";
  const clock = timestampQuery
    ? "yes: train --profile times every kernel"
    : "no: train --profile times whole steps";
  return `shader-f16 ${half}; timestamp-query ${clock}`;
}

function describeLimits(limits: AdapterDescription["limits"]): string {
  return `buffers to ${size(limits.maxBufferSize)}, bindings to ${
    size(limits.maxStorageBufferBindingSize)
  } (${(limits.maxStorageBufferBindingSize / 4e6).toFixed(0)} M numbers), ` +
    `${limits.maxStorageBuffersPerShaderStage} storage buffers, workgroups of ` +
    `${limits.maxComputeInvocationsPerWorkgroup} with ${size(limits.maxComputeWorkgroupStorageSize)}`;
}

function describeNative({ usable, version }: DoctorReport["providers"]["native"]): string {
  if (usable) return `onnxruntime-node ${version ?? "of unknown version"}`;
  return version === null
    ? "onnxruntime-node is not installed"
    : `onnxruntime-node ${version} is installed and cannot be loaded: allow FFI (--allow-ffi)`;
}

async function inspectHome(path: string): Promise<DoctorReport["home"]> {
  const exists = await Deno.stat(path).then((info) => info.isDirectory, () => false);
  for (let folder = path;; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = await statfs(folder);
      return { path, exists, freeBytes: bavail * bsize };
    } catch {
      // The disk it would lie on is that of the nearest folder above.
      if (folder === dirname(folder)) return { path, exists, freeBytes: null };
    }
  }
}

const MAX_PACKAGE_BYTES = 2 ** 20;

/** The version of an installed package, without loading it. */
async function packageVersion(name: string): Promise<string | null> {
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
      const bytes = await readLimited(join(folder, "package.json"), MAX_PACKAGE_BYTES).catch(() => undefined);
      const manifest: { name?: string; version?: string } = JSON.parse(
        bytes ? new TextDecoder().decode(bytes) : "{}",
      );
      if (manifest.name === name) return manifest.version ?? null;
    }
  } catch {
    // Not installed.
  }
  return null;
}

function size(bytes: number): string {
  return formatBytes(bytes, { binary: true });
}

function threads(count: number): string {
  return count === 1 ? "1 thread" : `${count} threads`;
}
