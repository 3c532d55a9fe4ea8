/**
 * Which device a command runs on, and why.
 *
 * @module
 */
import { createGpuBackend } from "../backend/gpu/backend.ts";
import { type AdapterDescription, describeAdapter } from "../backend/gpu/device/device.ts";
import type { Backend, DeviceName } from "../backend/interface.ts";
import { createInterpBackend } from "../backend/interp/interp.ts";
import { nativeAvailable } from "../backend/ort/available.ts";
import { createOrtBackend } from "../backend/ort/backend.ts";
import { mayUseVariable } from "../base/environment.ts";

/** What `--device` takes. */
export const deviceNames = ["auto", "webgpu", "native", "wasm", "interp"] as const;

/** A value of `--device`. */
export type DeviceChoice = (typeof deviceNames)[number];

/** What a choice is made from. */
export interface Machine {
  readonly adapter: AdapterDescription | null;
  /** Whether onnxruntime-node is installed and may be loaded. */
  readonly native: boolean;
}

/** A device and the reason it was taken. */
export interface ChosenDevice {
  readonly device: DeviceName;
  readonly why: string;
}

/** Mesa complains on standard error where this is not set, as in containers, though nothing here uses it. */
function quietMesa(): void {
  const variable = "XDG_RUNTIME_DIR";
  if (Deno.build.os !== "linux" || !mayUseVariable(variable) || Deno.env.get(variable)) return;
  Deno.env.set(variable, "/tmp");
}

/** What WebGPU finds on this machine. */
export function findAdapter(): Promise<AdapterDescription | null> {
  quietMesa();
  return describeAdapter();
}

/** Looks at this machine: asks for an adapter and for the native runtime. */
export async function inspectMachine(): Promise<Machine> {
  return { adapter: await findAdapter(), native: await nativeAvailable() };
}

/**
 * The device `auto` stands for: a hardware GPU, else the native runtime, else WebAssembly. A software adapter is never
 * taken by itself, since it is many times slower than either.
 *
 * @example
 * ```ts
 * import { chooseDevice } from "./device.ts";
 * import assert from "node:assert/strict";
 * assert.equal(chooseDevice("auto", { adapter: null, native: false }).device, "wasm");
 * assert.equal(chooseDevice("interp", { adapter: null, native: true }).device, "interp");
 * ```
 */
export function chooseDevice(choice: DeviceChoice, machine: Machine): ChosenDevice {
  if (choice !== "auto") return { device: choice, why: "asked for with --device" };
  if (machine.adapter && !machine.adapter.software) {
    return { device: "webgpu", why: `this machine has a GPU: ${machine.adapter.description}` };
  }
  const gpu = machine.adapter
    ? `the only adapter is software (${machine.adapter.description})`
    : "there is no GPU";
  if (machine.native) return { device: "native", why: `${gpu}, and onnxruntime-node is installed` };
  return { device: "wasm", why: `${gpu}, and onnxruntime-node is not installed or may not be loaded` };
}

/** Decides the device, and looks at the machine only where that decides. */
export async function pickDevice(choice: DeviceChoice): Promise<ChosenDevice> {
  const machine = choice === "auto" ? await inspectMachine() : { adapter: null, native: false };
  return chooseDevice(choice, machine);
}

/** Opens the backend of a chosen device. */
export function openBackend(device: DeviceName): Promise<Backend> {
  switch (device) {
    case "webgpu":
      quietMesa();
      return createGpuBackend({ endHungProcess: true });
    case "native":
    case "wasm":
      return createOrtBackend({ device });
    case "interp":
      return Promise.resolve(createInterpBackend());
  }
}
