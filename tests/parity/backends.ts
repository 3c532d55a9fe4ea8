import type { Backend } from "../../src/backend/interface.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { nativeAvailable } from "../../src/backend/ort/available.ts";
import { createOrtBackend } from "../../src/backend/ort/backend.ts";

/** One way to run a graph, and whether this machine has it. */
export interface Candidate {
  readonly device: Backend["device"];
  readonly available: boolean;
  open(): Promise<Backend>;
}

/** Every backend there is. One that this machine lacks makes its tests ignored, by name. */
export const candidates: readonly Candidate[] = [
  { device: "interp", available: true, open: () => Promise.resolve(createInterpBackend()) },
  {
    device: "native",
    available: await nativeAvailable(),
    open: () => createOrtBackend({ device: "native" }),
  },
  { device: "wasm", available: true, open: () => createOrtBackend({ device: "wasm" }) },
];
