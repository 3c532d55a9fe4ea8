/**
 * The backends this machine can run, for suites that loop over them. One that is missing is reported as ignored, by name.
 *
 * @module
 */
import { createGpuBackend } from "../../src/backend/gpu/backend.ts";
import { describeAdapter } from "../../src/backend/gpu/device/device.ts";
import type { Backend, DeviceName } from "../../src/backend/interface.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { nativeAvailable } from "../../src/backend/ort/available.ts";
import { createOrtBackend } from "../../src/backend/ort/backend.ts";

/** A device, how to open it, and whether it is there. */
export interface Candidate {
  readonly device: DeviceName;
  readonly available: boolean;
  readonly open: () => Promise<Backend>;
}

/** Every backend; the interpreter last, since it is what the others are held to. */
export const candidates: readonly Candidate[] = [
  { device: "webgpu", available: await describeAdapter() !== null, open: () => createGpuBackend() },
  {
    device: "native",
    available: await nativeAvailable(),
    open: () => createOrtBackend({ device: "native" }),
  },
  { device: "wasm", available: true, open: () => createOrtBackend({ device: "wasm" }) },
  { device: "interp", available: true, open: () => Promise.resolve(createInterpBackend()) },
];

/** Registers a test on a candidate, with a backend that is open as long as the test runs. */
export function testOn(
  { device, available, open }: Candidate,
  name: string,
  body: (backend: Backend) => Promise<void>,
): void {
  Deno.test({
    name: `${device}: ${name}`,
    ignore: !available,
    async fn() {
      const backend = await open();
      try {
        await body(backend);
      } finally {
        await backend.dispose();
      }
    },
  });
}
